// Package mobilitytest is the conformance suite of mobility.Store. Every
// implementation passes it: those of the SDK, those of the adapters, and yours.
//
//	func TestMyStore(t *testing.T) {
//		mobilitytest.Store(t, func(t *testing.T) mobility.Store { return openMine(t) })
//	}
package mobilitytest

import (
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/mobility"
)

// at is when the suite takes place.
var at = time.Date(2026, 4, 1, 8, 0, 0, 0, time.UTC)

// Store runs the suite. open returns a new, empty store each time.
func Store(t *testing.T, open func(t *testing.T) mobility.Store) {
	for _, c := range []struct {
		name string
		run  func(t *testing.T, s mobility.Store)
	}{
		{"nothing", nothing}, {"put and get", putAndGet}, {"versions", versions}, {"race", race}, {"records", records}, {"own values", ownValues}, {"flow", flow},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.run(t, open(t))
		})
	}
}

// full returns a record with something in each field.
func full(id string) mobility.Record {
	choice := []mobility.Course{{Code: "ALG2", Title: "Algèbre 2", Credits: 750, Term: "1", Replaces: "MAT202"}}
	content := mobility.Fingerprint(choice)
	return mobility.Record{
		ID: id, Direction: mobility.Incoming, Student: "csv:1", Partner: "uni-beispiel.de", Country: "DE", Component: "UFR1", Type: mobility.FullYear,
		Programme: mobility.DoubleDegree, Year: 2026, Status: mobility.Open, Step: mobility.HomeApproval, Since: at, Started: at.Add(-time.Hour), Choice: choice, Changes: 1,
		Approvals: []mobility.ApprovalGiven{{Step: mobility.ReferentApproval, By: mobility.Referent, At: at, Content: content}},
		Documents: []mobility.DocumentMade{{Document: "learning-agreement", Step: mobility.LearningAgreement, At: at, Content: content, Approvals: []string{"a", "b"}}},
		History:   []mobility.Done{{Step: mobility.PreRegistration, By: mobility.Student, At: at, Note: "é"}}, Reason: "r",
	}
}

func nothing(t *testing.T, s mobility.Store) {
	if _, err := s.Get(t.Context(), "m1"); !errors.Is(err, passerelle.ErrNotFound) {
		t.Errorf("Get of nothing: %v; want ErrNotFound", err)
	}
	if _, err := s.Put(t.Context(), mobility.Record{}); !errors.Is(err, passerelle.ErrInvalid) {
		t.Errorf("Put without identifier: %v; want ErrInvalid", err)
	}
	for r, err := range s.Records(t.Context()) {
		t.Errorf("an empty store gives %v, %v", r, err)
	}
}

// same compares two records by what is kept of them.
func same(t *testing.T, got, want mobility.Record) {
	t.Helper()
	a, errA := json.Marshal(got)
	b, errB := json.Marshal(want)
	if errA != nil || errB != nil || string(a) != string(b) {
		t.Errorf("the store gives\n%s\nwant\n%s", a, b)
	}
}

func putAndGet(t *testing.T, s mobility.Store) {
	want := full("m1")
	written, err := s.Put(t.Context(), want)
	if err != nil {
		t.Fatal(err)
	}
	want.Version = 1
	same(t, written, want)
	got, err := s.Get(t.Context(), "m1")
	if err != nil {
		t.Fatal(err)
	}
	same(t, got, want)
}

func versions(t *testing.T, s mobility.Store) {
	first, err := s.Put(t.Context(), full("m1"))
	if err != nil {
		t.Fatal(err)
	}
	second, err := s.Put(t.Context(), first)
	if err != nil || second.Version != 2 {
		t.Fatalf("version %d, %v; want 2", second.Version, err)
	}
	for i, stale := range []mobility.Record{0: full("m1"), 1: first} {
		if _, err := s.Put(t.Context(), stale); !errors.Is(err, passerelle.ErrConflict) {
			t.Errorf("%d: version %d over 2: %v; want ErrConflict", i, stale.Version, err)
		}
	}
	absent := full("m2")
	absent.Version = 3
	if _, err := s.Put(t.Context(), absent); !errors.Is(err, passerelle.ErrConflict) {
		t.Errorf("version 3 of nothing: %v; want ErrConflict", err)
	}
}

func race(t *testing.T, s mobility.Store) {
	if _, err := s.Put(t.Context(), full("m1")); err != nil {
		t.Fatal(err)
	}
	var won atomic.Int32
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			r := full("m1")
			r.Version = 1
			if _, err := s.Put(t.Context(), r); err == nil {
				won.Add(1)
			} else if !errors.Is(err, passerelle.ErrConflict) {
				t.Errorf("a lost race: %v; want ErrConflict", err)
			}
		})
	}
	wg.Wait()
	if won.Load() != 1 {
		t.Errorf("%d writers wrote over one version; want 1", won.Load())
	}
}

func records(t *testing.T, s mobility.Store) {
	want := map[string]bool{}
	for i := range 250 {
		id := fmt.Sprintf("m%d", i)
		want[id] = true
		if _, err := s.Put(t.Context(), full(id)); err != nil {
			t.Fatal(err)
		}
	}
	for r, err := range s.Records(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		if !want[r.ID] {
			t.Errorf("%s is given twice, or was never put", r.ID)
		}
		delete(want, r.ID)
	}
	if len(want) > 0 {
		t.Errorf("%d records are not given", len(want))
	}
}

func ownValues(t *testing.T, s mobility.Store) {
	r := full("m1")
	written, err := s.Put(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	r.Choice[0].Code, written.Choice[0].Code, written.Documents[0].Approvals[0] = "changed", "changed", "changed"
	got, err := s.Get(t.Context(), "m1")
	if err != nil || got.Choice[0].Code != "ALG2" || got.Documents[0].Approvals[0] != "a" {
		t.Errorf("what a caller does to a value changes the store: %+v, %v", got, err)
	}
}

// flow plays two people who act at the same time: both are heard, one after the other.
func flow(t *testing.T, s mobility.Store) {
	f, err := mobility.NewFlow(mobility.DefaultPlan(mobility.Incoming), nil)
	if err != nil {
		t.Fatal(err)
	}
	r, err := f.Start(mobility.Record{ID: "m1", Student: "csv:1", Partner: "uni-beispiel.de", Type: mobility.FullYear, Programme: mobility.DoubleDegree}, at)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Put(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	var done atomic.Int32
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			_, _, err := f.Do(t.Context(), s, "m1", mobility.Event{Action: mobility.Complete, Step: mobility.PreRegistration, By: mobility.Student, At: at.Add(time.Minute)})
			if err == nil {
				done.Add(1)
			} else if _, ok := errors.AsType[*mobility.RefusedError](err); !ok {
				t.Errorf("the step done by another: %v; want a RefusedError", err)
			}
		})
	}
	wg.Wait()
	if got, err := s.Get(t.Context(), "m1"); err != nil || done.Load() != 1 || got.Step != mobility.Nomination || len(got.History) != 1 {
		t.Errorf("%d of four did the step, which leaves %+v, %v", done.Load(), got, err)
	}
}
