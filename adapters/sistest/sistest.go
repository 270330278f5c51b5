package sistest

import (
	"context"
	"errors"
	"iter"
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/sis"
)

// Base is what the base behind a source holds, as its author knows it. It must not
// change during the test, and have three students or more.
type Base struct {
	Students  int // records that can be read
	RowErrors int // records that cannot
	Year      int // an academic year of some of the enrolments; 0 skips the queries by year
	// Since is a time after which some, and not all, students changed; zero skips the
	// queries by time of change.
	Since time.Time
}

// Source checks a source: stable order, row errors that do not end a sequence, the
// context, the filters of sis.Query, concurrent use, and the form of each record.
func Source(t *testing.T, s sis.Source, b Base) {
	t.Helper()
	all, faults := read(t, s.Students(t.Context(), sis.Query{}))
	if len(all) != b.Students || len(faults) != b.RowErrors {
		t.Fatalf("%d students and %d row errors, want %d and %d", len(all), len(faults), b.Students, b.RowErrors)
	}
	if len(all) < 3 {
		t.Fatal("a base of fewer than three students proves nothing")
	}
	t.Run("records", func(t *testing.T) { records(t, all, faults) })
	t.Run("order", func(t *testing.T) { order(t, s, all) })
	t.Run("break", func(t *testing.T) { leave(t, s) })
	t.Run("context", func(t *testing.T) { ended(t, s) })
	t.Run("IDs", func(t *testing.T) { byID(t, s, all) })
	t.Run("INE states", func(t *testing.T) { byState(t, s, all) })
	if b.Year != 0 {
		t.Run("year", func(t *testing.T) { byYear(t, s, all, b.Year) })
	}
	if !b.Since.IsZero() {
		t.Run("time of change", func(t *testing.T) { bySince(t, s, all, b.Since) })
	}
}

// read collects a sequence. A fatal error fails the test.
func read[T any](t *testing.T, seq iter.Seq2[T, error]) (values []T, faults []*sis.RowError) {
	t.Helper()
	for v, err := range seq {
		if err == nil {
			values = append(values, v)
			continue
		}
		row, ok := errors.AsType[*sis.RowError](err)
		if !ok {
			t.Fatalf("fatal error after %d records: %v", len(values), err)
		}
		faults = append(faults, row)
	}
	return values, faults
}

func ids(students []sis.Student) []sis.StudentID {
	out := make([]sis.StudentID, len(students))
	for i, s := range students {
		out[i] = s.ID
	}
	return out
}

func records(t *testing.T, all []sis.Student, faults []*sis.RowError) {
	seen := make(map[sis.StudentID]bool)
	for _, s := range all {
		if s.ID.System == "" || s.ID.Local == "" || s.Provenance.Source == "" {
			t.Errorf("student %s at %+v: want a system, a number and a provenance", s.ID, s.Provenance)
		}
		if seen[s.ID] {
			t.Errorf("student %s is given twice", s.ID)
		}
		seen[s.ID] = true
		if s.INE == "" && s.INEState == sis.INEVerified || s.INE != "" && s.INEState == sis.INENone {
			t.Errorf("student %s: INE state %q does not fit an INE of %d characters", s.ID, s.INEState, len(s.INE))
		}
		if err := s.Person.Birthplace.Validate(); err != nil {
			t.Errorf("student %s: %v", s.ID, err)
		}
	}
	for _, fault := range faults {
		if fault.Source == "" || fault.Err == nil || !errors.Is(fault, passerelle.ErrInvalid) {
			t.Errorf("row error %v: want a source, a reason, and ErrInvalid", fault)
		}
	}
}

func order(t *testing.T, s sis.Source, all []sis.Student) {
	var readers sync.WaitGroup
	for range 3 {
		readers.Go(func() {
			var again []sis.Student
			for student, err := range s.Students(t.Context(), sis.Query{}) {
				if err == nil {
					again = append(again, student)
				}
			}
			if !reflect.DeepEqual(again, all) {
				t.Errorf("another reading, beside others, gave other records or another order: %d, first %d", len(again), len(all))
			}
		})
	}
	readers.Wait()
	first, _ := read(t, s.Enrolments(t.Context(), sis.Query{}))
	second, _ := read(t, s.Enrolments(t.Context(), sis.Query{}))
	if !reflect.DeepEqual(first, second) {
		t.Error("a second reading of the enrolments gave other records or another order")
	}
	for _, e := range first {
		if e.Student.Local == "" || e.Year == 0 {
			t.Errorf("enrolment %q of student %s: want a student and a year", e.ID, e.Student)
		}
	}
}

func leave(t *testing.T, s sis.Source) {
	for stop := range 3 {
		n := 0
		for range s.Students(t.Context(), sis.Query{}) {
			if n++; n > stop {
				break
			}
		}
		if n != stop+1 {
			t.Errorf("left after %d elements, want %d", n, stop+1)
		}
		for range s.Enrolments(t.Context(), sis.Query{}) {
			break
		}
	}
}

func ended(t *testing.T, s sis.Source) {
	check := func(what string, seq iter.Seq2[struct{}, error], cancel func(), after, limit int) {
		t.Helper()
		n, values := 0, 0
		var last error
		for _, err := range seq {
			if last = err; err == nil {
				values++
			}
			if n++; n == after {
				cancel()
			}
		}
		if !errors.Is(last, context.Canceled) {
			t.Errorf("%s: last error %v, want that of the context", what, last)
		}
		if values > limit {
			t.Errorf("%s: %d records came, want %d at the most", what, values, limit)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	check("students, cancelled before", drop(s.Students(ctx, sis.Query{})), cancel, -1, 0)
	check("enrolments, cancelled before", drop(s.Enrolments(ctx, sis.Query{})), cancel, -1, 0)
	ctx, cancel = context.WithCancel(t.Context())
	defer cancel()
	check("students, cancelled at the first", drop(s.Students(ctx, sis.Query{})), cancel, 1, 1)
}

func drop[T any](seq iter.Seq2[T, error]) iter.Seq2[struct{}, error] {
	return func(yield func(struct{}, error) bool) {
		for _, err := range seq {
			if !yield(struct{}{}, err) {
				return
			}
		}
	}
}

func byID(t *testing.T, s sis.Source, all []sis.Student) {
	one := all[len(all)/2]
	for name, c := range map[string]struct {
		ids  []sis.StudentID
		want []sis.Student
	}{
		"one":              {[]sis.StudentID{one.ID}, []sis.Student{one}},
		"without a system": {[]sis.StudentID{{Local: one.ID.Local}}, []sis.Student{one}},
		"twice the same":   {[]sis.StudentID{one.ID, one.ID}, []sis.Student{one}},
		"two":              {[]sis.StudentID{all[2].ID, all[0].ID}, []sis.Student{all[0], all[2]}},
		"another system":   {[]sis.StudentID{{System: "sistest-other", Local: one.ID.Local}}, nil},
		"nobody":           {[]sis.StudentID{{System: one.ID.System, Local: "0"}}, nil},
	} {
		got, _ := read(t, s.Students(t.Context(), sis.Query{IDs: c.ids}))
		slices.SortFunc(got, func(a, b sis.Student) int {
			return slices.Index(ids(all), a.ID) - slices.Index(ids(all), b.ID)
		})
		for i := range got {
			got[i].Provenance = sis.Provenance{} // rows are numbered within a reading
		}
		want := slices.Clone(c.want)
		for i := range want {
			want[i].Provenance = sis.Provenance{}
		}
		if !slices.EqualFunc(got, want, func(a, b sis.Student) bool { return reflect.DeepEqual(a, b) }) {
			t.Errorf("%s: got %v, want %v", name, ids(got), ids(want))
		}
		enrolments, _ := read(t, s.Enrolments(t.Context(), sis.Query{IDs: c.ids}))
		for _, e := range enrolments {
			if !slices.Contains(ids(c.want), e.Student) {
				t.Errorf("%s: enrolment of %s, who was not asked for", name, e.Student)
			}
		}
	}
}

func byState(t *testing.T, s sis.Source, all []sis.Student) {
	for _, state := range []sis.INEState{sis.INENone, sis.INEUnverified, sis.INEVerified, sis.INELitige} {
		var want []sis.StudentID
		for _, student := range all {
			if student.INEState == state {
				want = append(want, student.ID)
			}
		}
		got, _ := read(t, s.Students(t.Context(), sis.Query{INEStates: []sis.INEState{state}}))
		if !slices.Equal(ids(got), want) {
			t.Errorf("state %q: %d students, want %d", state, len(got), len(want))
		}
	}
}

func byYear(t *testing.T, s sis.Source, all []sis.Student, year int) {
	enrolments, _ := read(t, s.Enrolments(t.Context(), sis.Query{Year: year}))
	if len(enrolments) == 0 {
		t.Fatalf("no enrolment of %d: the check would prove nothing", year)
	}
	for _, e := range enrolments {
		if e.Year != year {
			t.Errorf("enrolment of %d in a query for %d", e.Year, year)
		}
	}
	of, _ := read(t, s.Students(t.Context(), sis.Query{Year: year}))
	if len(of) == 0 || len(of) > len(all) {
		t.Errorf("%d students of %d, out of %d", len(of), year, len(all))
	}
	for _, id := range ids(of) {
		if !slices.Contains(ids(all), id) {
			t.Errorf("student %s is given by year and not without", id)
		}
	}
	if none, _ := read(t, s.Students(t.Context(), sis.Query{Year: 1900})); len(none) > 0 {
		t.Errorf("%d students of 1900", len(none))
	}
}

func bySince(t *testing.T, s sis.Source, all []sis.Student, since time.Time) {
	var want []sis.StudentID
	for _, student := range all {
		if student.ModifiedAt.IsZero() || !student.ModifiedAt.Before(since) {
			want = append(want, student.ID)
		}
	}
	if len(want) == 0 || len(want) == len(all) {
		t.Fatalf("%d of %d students changed since then: the check would prove nothing", len(want), len(all))
	}
	got, _ := read(t, s.Students(t.Context(), sis.Query{ModifiedSince: since}))
	if !slices.Equal(ids(got), want) {
		t.Errorf("%d students changed, want %d", len(got), len(want))
	}
}
