package sistest

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/sis"
)

// Deltas checks the changes of a base that rests: each of the students is given once
// from the beginning, a call that resumes after any of them gives the rest and
// nothing else, and foreign cursors are refused.
func Deltas(t *testing.T, d sis.Deltas, students int) {
	t.Helper()
	all, _ := read(t, d.Changes(t.Context(), ""))
	if len(all) != students || len(all) < 3 {
		t.Fatalf("%d changes from the beginning, want %d, and three at least", len(all), students)
	}
	of := func(deltas []sis.Delta) []sis.StudentID {
		out := make([]sis.StudentID, len(deltas))
		for i, delta := range deltas {
			out[i] = delta.Student.ID
		}
		return out
	}
	for i, delta := range all {
		if delta.Cursor == "" || delta.Student.ID.Local == "" {
			t.Fatalf("change %d: want a cursor and a student", i)
		}
		if i > 0 && delta.Student.ModifiedAt.Before(all[i-1].Student.ModifiedAt) {
			t.Errorf("change %d is older than the one before", i)
		}
		if slices.Contains(of(all[:i]), delta.Student.ID) {
			t.Errorf("student %s is given twice", delta.Student.ID)
		}
	}
	for i := 0; i < len(all); i += max(1, len(all)/7) {
		rest, _ := read(t, d.Changes(t.Context(), all[i].Cursor))
		if !slices.Equal(of(rest), of(all[i+1:])) {
			t.Errorf("resumed after change %d: %d more, want %d", i, len(rest), len(all)-i-1)
		}
	}
	if rest, _ := read(t, d.Changes(t.Context(), all[len(all)-1].Cursor)); len(rest) > 0 {
		t.Errorf("%d changes after the last one", len(rest))
	}
	for _, cursor := range []string{"x", "....", "bm90IGEgY3Vyc29y"} {
		last := error(nil)
		for _, err := range d.Changes(t.Context(), cursor) {
			last = err
		}
		if !errors.Is(last, passerelle.ErrInvalid) {
			t.Errorf("cursor %q: error %v, want ErrInvalid", cursor, last)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	last := error(nil)
	for _, err := range d.Changes(ctx, "") {
		last = err
	}
	if !errors.Is(last, context.Canceled) {
		t.Errorf("cancelled before: error %v, want that of the context", last)
	}
}
