package aglae_test

import (
	"context"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/aglae"
	"github.com/passerelle-sup/passerelle/aglae/aglaetest"
	"github.com/passerelle-sup/passerelle/ine"
	"github.com/passerelle-sup/passerelle/internal/testutil"
)

// TestPilot runs the six reports over the shape of the university of the pilot. The 28
// whose INE is not the grant number are found, and nobody else is said to be one.
func TestPilot(t *testing.T) {
	t.Parallel()
	var pilot aglaetest.Pilot
	counts := pilot.Counts()
	definitive, conditional := counts[aglaetest.IsDefinitive]+counts[aglaetest.Undeclared], counts[aglaetest.IsConditional]
	if definitive != 1871 || conditional != 709 || counts[aglaetest.IsDifferent] != 28 {
		t.Fatalf("the pilot has %d definitive, %d conditional, %d different", definitive, conditional, counts[aglaetest.IsDifferent])
	}
	groups := map[string]aglaetest.Group{}
	total, holders := 0, 0
	for s := range pilot.Students() {
		groups[s.Registration.Student] = s.Group
		total++
		if !s.Number.IsZero() && s.File.State != aglaetest.Rejected {
			holders++
		}
	}
	if total != 19_000 || len(groups) != total || holders != 2850 {
		t.Fatalf("the pilot has %d enrolments of %d students, %d holders", total, len(groups), holders)
	}

	numbers := aglae.Gather(aglae.ControlNumbers, time.Now(), aglae.CheckNumbers(pilot.Registrations(), aglae.NumberOptions{}))
	testutil.Equal(t, "numbers", numbers.Counts, map[aglae.Finding]int{
		aglae.FoundMistyped:       21, // a slip, a swap or a character lost
		aglae.FoundDifferent:      7,  // two numbers of one person
		aglae.FoundMissingINE:     counts[aglaetest.WithoutINE],
		aglae.FoundProvisionalINE: counts[aglaetest.IsNewcomer] + counts[aglaetest.IsForeign],
	})
	for _, r := range numbers.Rows {
		said := r.Finding == aglae.FoundMistyped || r.Finding == aglae.FoundDifferent
		if is := groups[r.Student] == aglaetest.IsDifferent; said != is {
			t.Errorf("%s is in group %d and is said to be %s", r.Student, groups[r.Student], r.Finding)
		}
		if r.Finding == aglae.FoundMistyped && r.Suggestion == "" {
			t.Errorf("%s is mistyped (%s) and no number is proposed", r.Student, r.Reason)
		}
	}

	open := aglae.Gather(aglae.ControlConditional, time.Now(), aglae.OpenConditional(pilot.Registrations(), passerelle.NewDate(2026, 11, 27), 0))
	testutil.Equal(t, "conditional", open.Counts[aglae.FoundConditional], 709+28+counts[aglaetest.IsNewcomer])
	testutil.Equal(t, "parts", len(open.Split()), 7)

	log := aglae.NewMemoryLog()
	c := connector(t, crous(pilot.Files()), log)
	positive := 0
	for s := range pilot.Students() {
		n, _ := ine.Parse(s.Registration.INE)
		a, _ := c.Ask(t.Context(), aglae.Question{Student: s.Registration.Student, Year: 2026, INE: n})
		if a.Verdict == aglae.Holder {
			positive++
		}
	}
	testutil.Equal(t, "positive answers", positive, 1871+709) // none of the 28, none of the newcomers
	detections := log.Detections(t.Context(), time.Time{})
	unconfirmed := aglae.Gather(aglae.ControlUnconfirmed, time.Now(), aglae.DeclaredUnconfirmed(pilot.Registrations(), detections, aglae.Join{Rows: 5000, Dir: t.TempDir()}))
	testutil.Equal(t, "unconfirmed", unconfirmed.Counts, map[aglae.Finding]int{
		aglae.FoundWaiting: 28 + counts[aglaetest.IsNewcomer] + counts[aglaetest.IsWaiting] + counts[aglaetest.FalselyDeclared],
	})
	undeclared := aglae.Gather(aglae.ControlUndeclared, time.Now(), aglae.ConfirmedUndeclared(pilot.Registrations(), detections, aglae.Join{}))
	testutil.Equal(t, "undeclared", undeclared.Counts, map[aglae.Finding]int{aglae.FoundUndeclared: counts[aglaetest.Undeclared]})
	journal := aglae.Gather(aglae.ControlDetections, time.Now(), aglae.ListDetections(detections, false))
	testutil.Equal(t, "not confirmed yet", len(journal.Rows), 19_000-positive)

	cross := aglae.Gather(aglae.ControlCrous, time.Now(), aglae.CrossCrous(pilot.Registrations(), pilot.CrousRows(), aglae.CrossOptions{Unenrolled: true}))
	for _, r := range cross.Rows {
		if r.Finding == aglae.FoundOtherNumber && groups[r.Student] != aglaetest.IsNewcomer {
			t.Errorf("%s of group %d is said to have another number", r.Student, groups[r.Student])
		}
	}
	testutil.Equal(t, "newcomers whom the connector cannot know", cross.Counts[aglae.FoundOtherNumber], counts[aglaetest.IsNewcomer])
	testutil.Equal(t, "absent", cross.Counts[aglae.FoundAbsent], counts[aglaetest.IsWaiting]+counts[aglaetest.FalselyDeclared])
	testutil.Equal(t, "not enrolled", cross.Counts[aglae.FoundUnenrolled]+cross.Counts[aglae.FoundHomonyms], 0)
	if moved := cross.Counts[aglae.FoundDefinitive]; moved < 300 || moved > 709+28 {
		t.Errorf("%d conditional grants move to definitive", moved)
	}
}

// crous answers from files without a network, as the fake does.
func crous(files []aglaetest.File) aglae.Asker {
	yes := map[aglae.GrantNumber]bool{}
	for _, f := range files {
		yes[f.Number] = f.State == aglaetest.Conditional || f.State == aglaetest.Definitive
	}
	return asker(func(_ context.Context, q aglae.Question) (aglae.Answer, error) {
		switch {
		case q.INE.IsZero():
			return aglae.Answer{Verdict: aglae.Unavailable, Causes: []aglae.Cause{aglae.CauseNoNumber}}, passerelle.ErrInvalid
		case yes[aglae.GrantNumberOf(q.INE)]:
			return aglae.Answer{Verdict: aglae.Holder}, nil
		}
		return aglae.Answer{Verdict: aglae.Wait, Causes: aglae.WaitCauses()}, nil
	})
}

// million runs the six controls over bases of a size and returns the largest heap seen.
func million(tb testing.TB, size int, j aglae.Join) (rows int, peak uint64) {
	tb.Helper()
	pilot := aglaetest.Pilot{Size: size}
	at := time.Date(2026, 9, 7, 8, 0, 0, 0, time.UTC)
	seen := 0
	watch := func() { // every 20 000th record, after a collection: what is really held
		if seen++; seen%20_000 == 0 {
			runtime.GC()
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			peak = max(peak, m.HeapAlloc)
		}
	}
	detections := func(yield func(aglae.Detection, error) bool) {
		for s := range pilot.Students() {
			watch()
			v := aglae.Wait
			if s.File.State >= aglaetest.Conditional {
				v = aglae.Holder
			}
			if !yield(aglae.Detection{Student: s.Registration.Student, Year: 2026, At: at, Verdict: v, Source: aglae.SourceConnector}, nil) {
				return
			}
		}
	}
	regs := func(yield func(aglae.Registration, error) bool) {
		for s := range pilot.Students() {
			watch()
			if !yield(s.Registration, nil) {
				return
			}
		}
	}
	for _, out := range []iter.Seq2[aglae.Row, error]{
		aglae.CheckNumbers(regs, aglae.NumberOptions{}),
		aglae.OpenConditional(regs, passerelle.NewDate(2026, 11, 27), 0),
		aglae.DeclaredUnconfirmed(regs, detections, j),
		aglae.ConfirmedUndeclared(regs, detections, j),
		aglae.ListDetections(detections, false),
		aglae.CrossCrous(regs, pilot.CrousRows(), aglae.CrossOptions{Join: j}),
	} {
		counted := func(yield func(aglae.Row, error) bool) {
			for row, err := range out {
				if watch(); !yield(row, err) {
					return
				}
			}
		}
		s, err := aglae.WriteCSV(io.Discard, aglae.French, counted)
		if err != nil || s.Lost > 0 {
			tb.Fatal(err, s.Errors)
		}
		rows += s.Rows
	}
	return rows, peak
}

// TestMillionInConstantMemory runs the six controls, their CSV included, over bases of
// growing size. "Constant" means: what is held depends on Join.Rows and not on the base.
// With 10 000 records in memory at a time a base that is several times larger must not
// need more, give or take 8 MB. CI_LONG=1 takes the million.
func TestMillionInConstantMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("big volumes")
	}
	small, large := 25_000, 100_000
	if testutil.IsLong() {
		small, large = 100_000, 1_000_000
	}
	dir := t.TempDir()
	j := aglae.Join{Rows: 10_000, Dir: dir}
	_, before := million(t, small, j)
	began := time.Now()
	rows, after := million(t, large, j)
	t.Logf("%d enrolments: %d rows, %.1f MB held at most, %v; %d enrolments: %.1f MB", large, rows, float64(after)/1e6, time.Since(began).Round(time.Millisecond), small, float64(before)/1e6)
	if after > before+8e6 {
		t.Errorf("%d enrolments hold %.1f MB, %d hold %.1f MB", large, float64(after)/1e6, small, float64(before)/1e6)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("%d temporary files are left (%v)", len(left), err)
	}
}

// TestJoinAgrees compares what is crossed in memory and through files of any size.
func TestJoinAgrees(t *testing.T) {
	t.Parallel()
	pilot := aglaetest.Pilot{Size: 700}
	dir := t.TempDir()
	all := func(j aglae.Join) string {
		var b strings.Builder
		if _, err := aglae.WriteCSV(&b, aglae.English, aglae.CrossCrous(pilot.Registrations(), pilot.CrousRows(), aglae.CrossOptions{Join: j, Unenrolled: true})); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	want := all(aglae.Join{})
	for _, rows := range []int{1, 7, 100, 699, 1400, 5000} { // one row a file: files are merged many times over
		if got := all(aglae.Join{Rows: rows, Dir: dir}); got != want {
			t.Errorf("%d rows in memory give another report", rows)
		}
	}
}

// TestJoinFiles checks that files are for the owner alone, gone when the caller stops
// early, and that a folder that cannot be written is an error that says so.
func TestJoinFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	pilot := aglaetest.Pilot{Size: 300}
	var mode atomic.Uint32
	regs := func(yield func(aglae.Registration, error) bool) {
		for r, err := range pilot.Registrations() {
			if names, _ := filepath.Glob(filepath.Join(dir, "*")); len(names) > 0 {
				if info, err := os.Stat(names[0]); err == nil {
					mode.Store(uint32(info.Mode().Perm()))
				}
			}
			if !yield(r, err) {
				return
			}
		}
	}
	for range aglae.DeclaredUnconfirmed(regs, seq[aglae.Detection](), aglae.Join{Rows: 10, Dir: dir}) {
		break
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("%d temporary files are left (%v)", len(left), err)
	}
	if m := mode.Load(); m&0o077 != 0 {
		t.Errorf("others may read the files: %o", m)
	}
	_, errs := rowsOf(aglae.DeclaredUnconfirmed(regs, seq[aglae.Detection](), aglae.Join{Rows: 10, Dir: filepath.Join(dir, "none")}))
	if len(errs) != 1 || !isUnavailable(errs[0]) {
		t.Errorf("no folder: got %v, want one error, unavailable", errs)
	}
	_, errs = rowsOf(aglae.CrossCrous(regs, pilot.CrousRows(), aglae.CrossOptions{Join: aglae.Join{Rows: 10, Dir: filepath.Join(dir, "none")}}))
	if len(errs) != 1 || !isUnavailable(errs[0]) {
		t.Errorf("no folder: got %v, want one error, unavailable", errs)
	}
}

func BenchmarkCheckNumbers(b *testing.B) {
	var regs []aglae.Registration
	for r := range (aglaetest.Pilot{Size: 2000}).Registrations() {
		regs = append(regs, r)
	}
	b.ReportAllocs()
	for b.Loop() {
		for range aglae.CheckNumbers(seq(regs...), aglae.NumberOptions{}) {
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(regs)), "ns/enrolment")
}

// BenchmarkCheckNumbersFloor compares the two texts and does nothing else.
func BenchmarkCheckNumbersFloor(b *testing.B) {
	var regs []aglae.Registration
	for r := range (aglaetest.Pilot{Size: 2000}).Registrations() {
		regs = append(regs, r)
	}
	different := 0
	b.ReportAllocs()
	for b.Loop() {
		for r := range seq(regs...) {
			if !strings.EqualFold(r.INE, r.GrantNumber) {
				different++
			}
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(regs)), "ns/enrolment")
}

func BenchmarkDeclaredUnconfirmed(b *testing.B) {
	const size = 20_000
	pilot := aglaetest.Pilot{Size: size}
	var regs []aglae.Registration
	var dets []aglae.Detection
	for s := range pilot.Students() {
		regs = append(regs, s.Registration)
		dets = append(dets, answerOf(s.Registration.Student, 1, aglae.Wait))
	}
	for _, rows := range []int{0, 4000} {
		b.Run(fmt.Sprintf("rows=%d", rows), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				for range aglae.DeclaredUnconfirmed(seq(regs...), seq(dets...), aglae.Join{Rows: rows}) {
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*size), "ns/enrolment")
		})
	}
}
