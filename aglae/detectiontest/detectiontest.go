// Package detectiontest is the conformance suite of aglae.DetectionLog. Every
// implementation passes it: those of package aglae, those of the adapters, and yours.
//
//	func TestMyLog(t *testing.T) {
//		detectiontest.Log(t, func(t *testing.T) aglae.DetectionLog { return openMine(t) })
//	}
package detectiontest

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/aglae"
	"github.com/passerelle-sup/passerelle/ine"
)

// noon is when the answers of the suite begin.
var noon = time.Date(2026, time.September, 7, 12, 0, 0, 0, time.UTC)

// detection is the nth answer about a student.
func detection(student string, n int, v aglae.Verdict) aglae.Detection {
	d := aglae.Detection{
		Student: student, Year: 2026, At: noon.Add(time.Duration(n) * time.Minute), Verdict: v, Key: aglae.KeyINE, Source: aglae.SourceConnector,
		INE: ine.MustParse("223456789HE"), GrantNumber: aglae.MustParseGrantNumber("2234567890123"), BirthDate: passerelle.NewDate(2007, time.March, 4), Code: "C-1",
	}
	if v == aglae.Wait {
		d.Causes = aglae.WaitCauses()
	}
	return d
}

// Log runs the suite. open returns a new, empty log each time.
func Log(t *testing.T, open func(t *testing.T) aglae.DetectionLog) {
	t.Helper()
	t.Run("every field comes back", func(t *testing.T) { everyField(t, open(t)) })
	t.Run("the latest answer counts", func(t *testing.T) { latestCounts(t, open(t)) })
	t.Run("a wait stays a wait", func(t *testing.T) { waitStays(t, open(t)) })
	t.Run("open ones by reference", func(t *testing.T) { openOnes(t, open(t)) })
	t.Run("history in order, from a time on", func(t *testing.T) { history(t, open(t)) })
	t.Run("bad answers are refused", func(t *testing.T) { refused(t, open(t)) })
	t.Run("an ended context", func(t *testing.T) { ended(t, open(t)) })
	t.Run("many at once", func(t *testing.T) { atOnce(t, open(t)) })
}

func record(t *testing.T, log aglae.DetectionLog, all ...aglae.Detection) {
	t.Helper()
	for _, d := range all {
		if err := log.Record(t.Context(), d); err != nil {
			t.Fatalf("recording an answer about %s: %v", d.Student, err)
		}
	}
}

// collect reads a sequence that must have no error.
func collect(t *testing.T, seq iter.Seq2[aglae.Detection, error]) []aglae.Detection {
	t.Helper()
	var all []aglae.Detection
	for d, err := range seq {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, d)
	}
	return all
}

// same compares answers; times as instants.
func same(t *testing.T, what string, got, want []aglae.Detection) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%s: got %d answers, want %d", what, len(got), len(want))
		return
	}
	for i := range got {
		g, w := got[i], want[i]
		if !g.At.Equal(w.At) {
			t.Errorf("%s: answer %d is of %v, want %v", what, i, g.At, w.At)
		}
		if g.At, w.At = noon, noon; !reflect.DeepEqual(g, w) {
			t.Errorf("%s: answer %d: got %+v, want %+v", what, i, g, w)
		}
	}
}

func everyField(t *testing.T, log aglae.DetectionLog) {
	want := detection("S-1", 0, aglae.Wait)
	record(t, log, want)
	got, err := log.Latest(t.Context(), "S-1", 2026)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "latest", []aglae.Detection{got}, []aglae.Detection{want})
	same(t, "history", collect(t, log.Detections(t.Context(), time.Time{})), []aglae.Detection{want})
	for _, q := range []struct {
		student string
		year    int
	}{{"S-2", 2026}, {"S-1", 2025}, {"", 0}} {
		if d, err := log.Latest(t.Context(), q.student, q.year); !errors.Is(err, passerelle.ErrNotFound) || d.Verdict != aglae.Undetermined {
			t.Errorf("%q in %d: got %v, %v, want nothing known and not found", q.student, q.year, d.Verdict, err)
		}
	}
}

func latestCounts(t *testing.T, log aglae.DetectionLog) {
	late, early, equal := detection("S-1", 9, aglae.Holder), detection("S-1", 1, aglae.Wait), detection("S-1", 9, aglae.Unavailable)
	record(t, log, late, early)
	got, err := log.Latest(t.Context(), "S-1", 2026)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "an older answer that is recorded later", []aglae.Detection{got}, []aglae.Detection{late})
	record(t, log, equal)
	if got, err = log.Latest(t.Context(), "S-1", 2026); err != nil {
		t.Fatal(err)
	}
	same(t, "of two at one time the last recorded", []aglae.Detection{got}, []aglae.Detection{equal})
}

func waitStays(t *testing.T, log aglae.DetectionLog) {
	for i, v := range []aglae.Verdict{aglae.Wait, aglae.Unavailable, aglae.Holder} {
		student := fmt.Sprintf("S-%d", i)
		record(t, log, detection(student, i, v))
		got, err := log.Latest(t.Context(), student, 2026)
		if err != nil || got.Verdict != v || got.Verdict.AskPaper() != (v != aglae.Holder) {
			t.Errorf("%v came back as %v (%v)", v, got.Verdict, err)
		}
	}
}

func openOnes(t *testing.T, log aglae.DetectionLog) {
	other := detection("S-9", 0, aglae.Wait)
	other.Year = 2025
	waiting, gone := detection("S-3", 3, aglae.Wait), detection("S-1", 1, aglae.Unavailable)
	record(t, log, waiting, gone, other, detection("S-2", 1, aglae.Wait), detection("S-2", 2, aglae.Holder))
	same(t, "open", collect(t, log.Open(t.Context(), 2026)), []aglae.Detection{gone, waiting})
	for range log.Open(t.Context(), 2026) {
		break // a caller may stop
	}
}

func history(t *testing.T, log aglae.DetectionLog) {
	all := []aglae.Detection{detection("S-2", 1, aglae.Wait), detection("S-1", 2, aglae.Holder), detection("S-2", 3, aglae.Holder)}
	record(t, log, all...)
	same(t, "all", collect(t, log.Detections(t.Context(), time.Time{})), all)
	same(t, "since", collect(t, log.Detections(t.Context(), noon.Add(2*time.Minute))), all[1:])
	same(t, "since tomorrow", collect(t, log.Detections(t.Context(), noon.Add(24*time.Hour))), nil)
}

func refused(t *testing.T, log aglae.DetectionLog) {
	for i, spoil := range []func(*aglae.Detection){
		0: func(d *aglae.Detection) { d.Student = "" },
		1: func(d *aglae.Detection) { d.Year = 26 },
		2: func(d *aglae.Detection) { d.At = time.Time{} },
		3: func(d *aglae.Detection) { d.Verdict = aglae.Undetermined },
		4: func(d *aglae.Detection) { d.Verdict = 9 },
	} {
		d := detection("S-1", 0, aglae.Holder)
		spoil(&d)
		if err := log.Record(t.Context(), d); !errors.Is(err, passerelle.ErrInvalid) {
			t.Errorf("%d: got %v, want invalid", i, err)
		}
	}
	same(t, "history", collect(t, log.Detections(t.Context(), time.Time{})), nil)
}

func ended(t *testing.T, log aglae.DetectionLog) {
	record(t, log, detection("S-1", 0, aglae.Wait))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := log.Record(ctx, detection("S-1", 1, aglae.Holder)); !errors.Is(err, context.Canceled) {
		t.Errorf("recording: got %v, want the end of the context", err)
	}
	if _, err := log.Latest(ctx, "S-1", 2026); !errors.Is(err, context.Canceled) {
		t.Errorf("reading the latest: got %v, want the end of the context", err)
	}
	for name, seq := range map[string]iter.Seq2[aglae.Detection, error]{"open": log.Open(ctx, 2026), "history": log.Detections(ctx, time.Time{})} {
		n := 0
		for _, err := range seq {
			if n++; !errors.Is(err, context.Canceled) {
				t.Errorf("%s: got %v, want the end of the context", name, err)
			}
		}
		if n != 1 {
			t.Errorf("%s: %d elements, want the error alone", name, n)
		}
	}
}

func atOnce(t *testing.T, log aglae.DetectionLog) {
	const writers, each = 8, 20
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for n := range each {
				if err := log.Record(t.Context(), detection(fmt.Sprintf("S-%d", w), n, aglae.Wait)); err != nil {
					t.Error(err)
				}
				for range log.Detections(t.Context(), noon.Add(time.Hour)) {
					t.Error("an answer from the future")
				}
			}
		})
	}
	wg.Wait()
	if got := len(collect(t, log.Detections(t.Context(), time.Time{}))); got != writers*each {
		t.Errorf("%d answers kept, want %d", got, writers*each)
	}
	for _, d := range collect(t, log.Open(t.Context(), 2026)) {
		if want := noon.Add((each - 1) * time.Minute); !d.At.Equal(want) {
			t.Errorf("%s: the latest is of %v, want %v", d.Student, d.At, want)
		}
	}
}
