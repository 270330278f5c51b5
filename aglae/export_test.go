package aglae_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/aglae"
	"github.com/passerelle-sup/passerelle/aglae/aglaetest"
	"github.com/passerelle-sup/passerelle/internal/testutil"
)

func newExports(tb testing.TB, s *aglaetest.CnousServer, store aglae.ExportStore, change func(*aglae.ExportsConfig)) *aglae.Exports {
	tb.Helper()
	cfg := aglae.ExportsConfig{
		BaseURL: s.BaseURL(), Tokens: cnousTokens(tb, s.Credentials()), Store: store, Poll: time.Millisecond, Transport: once(),
		Now: func() time.Time { return time.Date(2026, 10, 1, 8, 0, 0, 0, time.UTC) },
	}
	if change != nil {
		change(&cfg)
	}
	x, err := aglae.NewExports(cfg)
	if err != nil {
		tb.Fatal(err)
	}
	return x
}

var versailles = aglae.ExportRequest{Reference: "2026-10 Versailles", COGCodes: []string{"78646"}, MinLevel: "1", Campaign: 2026}

func TestExport(t *testing.T) {
	t.Parallel()
	s := aglaetest.NewCnousServer(t, aglaetest.CnousConfig{ExportLooks: 3, Records: []json.RawMessage{
		cnousStudentWith("1234567890V"), cnousStudentWith("1234567891W", "0Bis", "5", "Zoé", "Ada"), cnousStudentWith("1234567892X", "0Bis", "7", "2026", "2025"),
	}})
	x := newExports(t, s, aglae.NewMemoryExports(), nil)
	if _, err := x.Open(t.Context(), versailles.Reference); !errors.Is(err, passerelle.ErrNotFound) {
		t.Errorf("an export that was not created: %v", err)
	}
	rec, err := x.Create(t.Context(), versailles)
	if err != nil {
		t.Fatal(err)
	}
	testutil.Equal(t, "record", rec, aglae.ExportRecord{
		Request: versailles, State: aglae.ExportCreated, ID: "1000", At: time.Date(2026, 10, 1, 8, 0, 0, 0, time.UTC), Version: 2,
	})
	for range 2 { // it can be downloaded again
		file, err := x.Open(t.Context(), versailles.Reference)
		if err != nil {
			t.Fatal(err)
		}
		var numbers []string
		for row, err := range aglae.ReadCrous(file, "export", aglae.HealthSocialLayout()) {
			if err != nil {
				t.Error(err)
			}
			numbers = append(numbers, row.INE+" "+string(row.Level)+" "+row.Person.GivenNames[0])
		}
		if err := file.Close(); err != nil {
			t.Error(err)
		}
		testutil.Equal(t, "holders", numbers, []string{"1234567891W 5 Ada"})
	}
	if n := s.Requests("/v1/export/1000/download"); n != 5 {
		t.Errorf("%d looks; want three in vain and two downloads", n)
	}
	again, err := x.Create(t.Context(), versailles)
	if err != nil || again.ID != rec.ID || s.Exports() != 1 {
		t.Errorf("created again: %v, %v, %d exports", again, err, s.Exports())
	}
	other := versailles
	other.COGCodes = []string{"75056"}
	if _, err := x.Create(t.Context(), other); !errors.Is(err, passerelle.ErrConflict) || errors.Is(err, aglae.ErrExportDoubtful) {
		t.Errorf("the reference for another request: %v", err)
	}
	s.PurgeExports()
	_, err = x.Open(t.Context(), versailles.Reference)
	if e, ok := errors.AsType[*aglae.Error](err); !ok || e.HTTP != 404 || e.Message != "Export introuvable" || !errors.Is(err, passerelle.ErrNotFound) {
		t.Errorf("after the purge: %v", err)
	}
}

// TestExportOnce: whoever asks, and however often, one export is created.
func TestExportOnce(t *testing.T) {
	t.Parallel()
	s := aglaetest.NewCnousServer(t, aglaetest.CnousConfig{Delay: 50 * time.Millisecond})
	x := newExports(t, s, aglae.NewMemoryExports(), nil)
	s.Script(aglaetest.CnousSlow)
	var all sync.WaitGroup
	var created, doubtful atomic.Int32
	for range 8 {
		all.Go(func() {
			switch _, err := x.Create(t.Context(), versailles); {
			case err == nil:
				created.Add(1)
			case errors.Is(err, aglae.ErrExportDoubtful):
				doubtful.Add(1)
			default:
				t.Error(err)
			}
		})
	}
	all.Wait()
	if s.Exports() != 1 || created.Load() < 1 || created.Load()+doubtful.Load() != 8 {
		t.Errorf("%d exports, %d callers have it, %d are told to wait", s.Exports(), created.Load(), doubtful.Load())
	}
}

// TestExportLost: an answer that is lost leaves a doubt, which outlives the process and
// which a person settles.
func TestExportLost(t *testing.T) {
	t.Parallel()
	s := aglaetest.NewCnousServer(t, aglaetest.CnousConfig{})
	path := filepath.Join(t.TempDir(), "exports")
	open := func() (*aglae.Exports, *aglae.FileExports) {
		store, err := aglae.OpenExports(path)
		if err != nil {
			t.Fatal(err)
		}
		return newExports(t, s, store, nil), store
	}
	x, store := open()
	s.Script(aglaetest.CnousLost)
	if _, err := x.Create(t.Context(), versailles); err == nil || passerelle.OutcomeOf(err) != passerelle.Unknown {
		t.Errorf("the answer was lost: %v", err)
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	x, store = open()
	if _, err := x.Create(t.Context(), versailles); !errors.Is(err, aglae.ErrExportDoubtful) || !errors.Is(err, passerelle.ErrConflict) {
		t.Errorf("after a restart: %v", err)
	}
	if _, err := x.Open(t.Context(), versailles.Reference); !errors.Is(err, aglae.ErrExportDoubtful) {
		t.Errorf("opening it: %v", err)
	}
	if s.Exports() != 1 {
		t.Fatalf("%d exports", s.Exports())
	}
	if _, err := x.Settle(t.Context(), "another", "1000"); !errors.Is(err, passerelle.ErrNotFound) {
		t.Errorf("settling what is not there: %v", err)
	}
	if rec, err := x.Settle(t.Context(), versailles.Reference, "1000"); err != nil || rec.State != aglae.ExportCreated {
		t.Errorf("settled: %v, %v", rec.State, err)
	}
	if _, err := x.Settle(t.Context(), versailles.Reference, ""); !errors.Is(err, passerelle.ErrConflict) {
		t.Errorf("settling what is not doubtful: %v", err)
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	x, store = open()
	defer store.Close()
	file, err := x.Open(t.Context(), versailles.Reference)
	if err != nil {
		t.Fatal(err)
	}
	file.Close()

	lost := versailles
	lost.Reference = "not created"
	s.Script(aglaetest.CnousTruncated) // the answer breaks: it may have been created
	if _, err := x.Create(t.Context(), lost); passerelle.OutcomeOf(err) != passerelle.Unknown {
		t.Errorf("the answer broke: %v", err)
	}
	if rec, err := x.Settle(t.Context(), lost.Reference, ""); err != nil || rec.State != aglae.ExportFree || rec.ID != "" {
		t.Errorf("settled as not created: %+v, %v", rec, err)
	}
	if rec, err := x.Create(t.Context(), lost); err != nil || rec.State != aglae.ExportCreated {
		t.Errorf("created after all: %v, %v", rec.State, err)
	}
}

// TestExportRefused: what the service refuses was not created, and may be asked again.
func TestExportRefused(t *testing.T) {
	t.Parallel()
	s := aglaetest.NewCnousServer(t, aglaetest.CnousConfig{})
	x := newExports(t, s, aglae.NewMemoryExports(), nil)
	for i, c := range []struct {
		fault    aglaetest.CnousFault
		want     error
		outcome  passerelle.Outcome
		doubtful bool
	}{
		0: {aglaetest.CnousForbidden, passerelle.ErrForbidden, passerelle.Answered, false},
		1: {aglaetest.CnousBadRequest, passerelle.ErrInvalid, passerelle.Answered, false},
		2: {aglaetest.CnousTooMany, passerelle.ErrRateLimited, passerelle.Answered, false},
		3: {aglaetest.CnousError, passerelle.ErrUnavailable, passerelle.Unknown, true},
		4: {aglaetest.CnousDown, passerelle.ErrUnavailable, passerelle.Unknown, true},
		5: {aglaetest.CnousNameless, passerelle.ErrProtocol, passerelle.Unknown, true}, // a success without number
		6: {aglaetest.CnousPage, passerelle.ErrProtocol, passerelle.Unknown, true},
	} {
		r := versailles
		r.Reference = string(c.fault)
		s.Script(c.fault)
		_, err := x.Create(t.Context(), r)
		if !errors.Is(err, c.want) || passerelle.OutcomeOf(err) != c.outcome {
			t.Errorf("%d: %v, %v; want %v, %v", i, err, passerelle.OutcomeOf(err), c.want, c.outcome)
		}
		_, err = x.Create(t.Context(), r)
		if errors.Is(err, aglae.ErrExportDoubtful) != c.doubtful || !c.doubtful && err != nil {
			t.Errorf("%d: the second time: %v; doubtful %v is wanted", i, err, c.doubtful)
		}
	}
	before := s.Requests("")
	_, err := x.Create(t.Context(), aglae.ExportRequest{COGCodes: []string{"99132", "x"}, MinLevel: "12", Campaign: 26})
	if faults, _ := errors.AsType[passerelle.FieldErrors](err); len(faults) != 5 || s.Requests("") != before {
		t.Errorf("a wrong request: %v", err)
	}
}

// TestExportInterrupted: who stops waiting, and whose download breaks, asks again.
func TestExportInterrupted(t *testing.T) {
	t.Parallel()
	s := aglaetest.NewCnousServer(t, aglaetest.CnousConfig{ExportLooks: 1_000_000, ExportFile: func(aglae.ExportRequest) []byte { return make([]byte, 1<<20) }})
	x := newExports(t, s, aglae.NewMemoryExports(), nil)
	if _, err := x.Create(t.Context(), versailles); err != nil {
		t.Fatal(err)
	}
	short, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
	defer cancel()
	if _, err := x.Open(short, versailles.Reference); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("waiting was given up: %v", err)
	}
	ready := aglaetest.NewCnousServer(t, aglaetest.CnousConfig{ExportFile: func(aglae.ExportRequest) []byte { return make([]byte, 1<<20) }})
	y := newExports(t, ready, aglae.NewMemoryExports(), nil)
	if _, err := y.Create(t.Context(), versailles); err != nil {
		t.Fatal(err)
	}
	ready.Script(aglaetest.CnousTruncated)
	for i, whole := range []bool{false, true} {
		file, err := y.Open(t.Context(), versailles.Reference)
		if err != nil {
			t.Fatal(err)
		}
		n, err := io.Copy(io.Discard, file)
		file.Close()
		if (n == 1<<20 && err == nil) != whole {
			t.Errorf("%d: %d bytes, %v; whole %v is wanted", i, n, err, whole)
		}
	}
	small := newExports(t, ready, aglae.NewMemoryExports(), func(c *aglae.ExportsConfig) { c.MaxExport = 1000 })
	if _, err := small.Create(t.Context(), versailles); err != nil {
		t.Fatal(err)
	}
	if _, err := small.Open(t.Context(), versailles.Reference); !errors.Is(err, passerelle.ErrProtocol) {
		t.Errorf("a file that is too long: %v", err)
	}
}
