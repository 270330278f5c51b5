package mobility_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/internal/testutil"
	"github.com/passerelle-sup/passerelle/mobility"
	"github.com/passerelle-sup/passerelle/mobility/mobilitytest"
)

// TestMessages: the default plans name APIs and endpoints that exist.
func TestMessages(t *testing.T) {
	t.Parallel()
	n := 0
	for _, d := range []mobility.Direction{mobility.Incoming, mobility.Outgoing} {
		for _, s := range mobility.DefaultPlan(d).Steps {
			for _, m := range append(s.Causes, s.CausedBy...) {
				n++
				api, ok := ewp.ParseAPI(m.API)
				if !ok {
					t.Errorf("%s: no API %q", s.Code, m.API)
					continue
				}
				if _, ok := api.Endpoint(m.Endpoint); !ok {
					t.Errorf("%s: %s has no endpoint %q", s.Code, m.API, m.Endpoint)
				}
			}
		}
	}
	if n < 15 {
		t.Errorf("%d messages in both plans; want more", n)
	}
}

// TestReadPlan: a plan survives a file, and what is wrong with one is told by field.
func TestReadPlan(t *testing.T) {
	t.Parallel()
	want := mobility.DefaultPlan(mobility.Incoming)
	data, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	got, err := mobility.ReadPlan(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	testutil.Equal(t, "plan", got, want)
	step := func(s string) string { return `{"direction":"incoming","steps":[` + s + `]}` }
	for i, c := range []struct{ text, want string }{
		0:  {`{}`, "direction, steps"},
		1:  {step(`{"code":"","active":true,"order":1,"validator":"","kind":"x"}`), "steps[0].code, steps[0].validator, steps[0].kind"},
		2:  {step(`{"code":"a","active":true,"order":1,"validator":"home","kind":"form"},{"code":"a","active":true,"order":1,"validator":"home","kind":"form"}`), "steps[1].code, steps[1].order"},
		3:  {step(`{"code":"a","active":true,"order":1,"validator":"home","kind":"approval"}`), "steps.a"},
		4:  {step(`{"code":"a","active":true,"order":1,"validator":"home","kind":"choice"},{"code":"b","active":true,"order":2,"validator":"home","kind":"choice"}`), "steps.b"},
		5:  {step(`{"code":"a","active":true,"order":1,"validator":"home","kind":"document"}`), "steps[0].document"},
		6:  {step(`{"code":"a","active":false,"order":1,"validator":"home","kind":"form"}`), "steps"},
		7:  {`{"direction":"outgoing","steps":[{"code":"a","active":true,"validator":"home","kind":"form"}],"types":[{"code":"t","min_credits":"9","max_credits":"5"}],"programmes":{"p":["u"]}}`, "types[0].min_credits, programmes.p"},
		8:  {`{"stepz":[]}`, "json"},
		9:  {`{"types":[{"code":"t","max_credits":"many"}]}`, "json"},
		10: {`{"direction":"incoming"}}`, "end"},
		11: {strings.Repeat(" ", 1<<20) + "{}", "length"},
		12: {`{"steps":`, "json"},
		13: {step(`{"code":"undone:a","active":true,"order":1,"validator":"home","kind":"form"},{"code":"reopened","active":true,"order":2,"validator":"home","kind":"form"},{"code":"withdrawn","order":3,"validator":"home","kind":"form"}`),
			"steps[0].code, steps[1].code, steps[2].code"},
	} {
		_, err := mobility.ReadPlan(strings.NewReader(c.text))
		var got string
		if faults, ok := errors.AsType[passerelle.FieldErrors](err); ok {
			var fields []string
			for _, f := range faults {
				fields = append(fields, f.Field)
			}
			got = strings.Join(fields, ", ")
		} else if fault, ok := errors.AsType[*passerelle.ParseError](err); ok {
			got = fault.Rule
		}
		if got != c.want {
			t.Errorf("%d: %v; want faults of %s", i, err, c.want)
		}
	}
	if _, err := mobility.NewFlow(want, mobility.Offer{"x": nil}); !errors.Is(err, passerelle.ErrInvalid) {
		t.Errorf("an offer of an unknown type: %v", err)
	}
	_, err = mobility.NewFlow(want, mobility.Offer{mobility.FullYear: {{Code: "A", Credits: 500}, {Credits: 500}, {Code: "A", Credits: 600}}})
	if faults, _ := errors.AsType[passerelle.FieldErrors](err); len(faults) != 2 || faults[0].Field != "offer.full-year[1]" || faults[1].Field != "offer.full-year[2]" {
		t.Errorf("an offer with a course without code, and one twice: %v", err)
	}
}

func FuzzReadPlan(f *testing.F) {
	data, err := json.Marshal(mobility.DefaultPlan(mobility.Outgoing))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Add([]byte(`{"direction":"incoming","steps":[{"code":"a","active":true,"order":1,"validator":"home","kind":"form"}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := mobility.ReadPlan(bytes.NewReader(data))
		if err != nil {
			return
		}
		flow, err := mobility.NewFlow(p, nil)
		if err != nil {
			t.Fatalf("a plan that was read makes no flow: %v", err)
		}
		if len(flow.Steps()) == 0 {
			t.Fatal("a plan without steps was read")
		}
	})
}

func TestCredits(t *testing.T) {
	t.Parallel()
	for i, c := range []struct{ text, want string }{
		0: {"7.5", "7.5"}, 1: {"7,50", "7.5"}, 2: {"30", "30"}, 3: {"0.25", "0.25"}, 4: {"0", "0"}, 5: {"1000", "1000"}, 6: {"0.05", "0.05"},
		7: {"", ""}, 8: {".5", ""}, 9: {"7.", ""}, 10: {"7.555", ""}, 11: {"-1", ""}, 12: {"1001", ""}, 13: {"12345", ""}, 14: {"+1", ""}, 15: {"1e2", ""},
	} {
		got, err := mobility.ParseCredits(c.text)
		if c.want == "" {
			if _, ok := errors.AsType[*passerelle.ParseError](err); !ok {
				t.Errorf("%d: %q is read as %s", i, c.text, got)
			}
			continue
		}
		if err != nil || got.String() != c.want {
			t.Errorf("%d: %q is %s, %v; want %s", i, c.text, got, err, c.want)
		}
	}
}

func TestStores(t *testing.T) {
	t.Parallel()
	t.Run("memory", func(t *testing.T) {
		t.Parallel()
		mobilitytest.Store(t, func(*testing.T) mobility.Store { return mobility.NewMemory() })
	})
	t.Run("file", func(t *testing.T) {
		t.Parallel()
		mobilitytest.Store(t, func(t *testing.T) mobility.Store {
			f, err := mobility.OpenFile(filepath.Join(t.TempDir(), "mobility.journal"))
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { f.Close() })
			return f
		})
	})
}

// TestFileRemembers: what was put is there after the file was closed.
func TestFileRemembers(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "mobility.journal")
	f, err := mobility.OpenFile(path)
	if err != nil {
		t.Fatal(err)
	}
	flow := flowOf(t, mobility.DefaultPlan(mobility.Incoming), offer)
	want, err := f.Put(t.Context(), until(t, flow, mobility.LearningAgreement))
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if f, err = mobility.OpenFile(path); err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	got, err := f.Get(t.Context(), "m1")
	if err != nil {
		t.Fatal(err)
	}
	testutil.Equal(t, "record", got, want)
}

// TestIndicators counts three mobilities and their delays.
func TestIndicators(t *testing.T) {
	t.Parallel()
	f := flowOf(t, mobility.DefaultPlan(mobility.Incoming), offer)
	one, two := until(t, f, mobility.Admission), until(t, f, "")
	three := two
	three.ID, three.Partner, three.Component = "m3", "=cmd", "UFR2"
	var x mobility.Indicators
	for _, r := range []mobility.Record{one, two, three} {
		x.Add(f, r, r.Since.Add(48*time.Hour))
	}
	var csv, out bytes.Buffer
	if err := x.WriteCSV(&csv); err != nil {
		t.Fatal(err)
	}
	testutil.Golden(t, "indicators.csv", csv.Bytes())
	if err := x.WriteJSON(&out); err != nil {
		t.Fatal(err)
	}
	var cells []mobility.Cell
	if err := json.Unmarshal(out.Bytes(), &cells); err != nil {
		t.Fatal(err)
	}
	testutil.Equal(t, "cells", cells, x.Cells())
	for range 2 { // three students of a partner at the admission, two of whom have passed it
		x.Add(f, two, two.Since)
	}
	x.Least = 2
	kept := 0
	for _, c := range x.Cells() {
		kept++
		if c.Count == 1 || c.Passed == 1 {
			t.Errorf("a line with a figure of one person: %+v", c)
		}
	}
	if kept == 0 || kept >= len(cells) {
		t.Errorf("%d lines of %d are kept", kept, len(cells))
	}
	var w mobility.Weekly
	w.Add(time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC), "litige", 2)
	w.Add(time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC), "litige", 1) // week 53 of 2026
	w.Add(time.Date(2026, 9, 3, 0, 0, 0, 0, time.UTC), "definitive", 40)
	csv.Reset()
	if err := w.WriteCSV(&csv); err != nil {
		t.Fatal(err)
	}
	testutil.Equal(t, "weeks", csv.String(), "week;definitive;litige\n2026-W36;40;2\n2026-W53;0;1\n")
	out.Reset()
	if err := w.WriteJSON(&out); err != nil {
		t.Fatal(err)
	}
	testutil.Equal(t, "weeks", strings.TrimSpace(out.String()), `[{"definitive":40,"litige":2,"week":"2026-W36"},{"definitive":0,"litige":1,"week":"2026-W53"}]`)
}

func BenchmarkApply(b *testing.B) {
	f, err := mobility.NewFlow(mobility.DefaultPlan(mobility.Incoming), offer)
	if err != nil {
		b.Fatal(err)
	}
	r, err := f.Start(mobility.Record{ID: "m1", Student: "csv:1", Partner: "uni-beispiel.de", Type: mobility.FirstSemester, Programme: mobility.ExchangeProgramme}, spring)
	if err != nil {
		b.Fatal(err)
	}
	e := mobility.Event{Action: mobility.Complete, Step: r.Step, By: mobility.Student, At: spring}
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := f.Apply(r, e); err != nil {
			b.Fatal(err)
		}
	}
}

// busy is a store that somebody else writes first, some times.
type busy struct {
	mobility.Store
	times int
}

func (b *busy) Put(ctx context.Context, r mobility.Record) (mobility.Record, error) {
	if b.times > 0 {
		b.times--
		return mobility.Record{}, fmt.Errorf("busy: %w", passerelle.ErrConflict)
	}
	return b.Store.Put(ctx, r)
}

// TestDo: an event is applied anew to what somebody else wrote, and not for ever.
func TestDo(t *testing.T) {
	t.Parallel()
	f := flowOf(t, mobility.DefaultPlan(mobility.Incoming), nil)
	for times, want := range map[int]bool{0: true, 1: true, 4: true, 5: false} {
		s := &busy{mobility.NewMemory(), 0}
		if _, err := s.Put(t.Context(), start(t, f)); err != nil {
			t.Fatal(err)
		}
		s.times = times
		r, _, err := f.Do(t.Context(), s, "m1", mobility.Event{Action: mobility.Complete, Step: mobility.PreRegistration, By: mobility.Student, At: spring})
		if want != (err == nil) || err == nil && (r.Step != mobility.Nomination || r.Version != 2) || err != nil && !errors.Is(err, passerelle.ErrConflict) {
			t.Errorf("%d conflicts: %+v, %v", times, r, err)
		}
	}
}
