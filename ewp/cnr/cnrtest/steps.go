package cnrtest

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/passerelle-sup/passerelle/ewp/cnr"
)

func add(t *testing.T, q cnr.Queue, when time.Time, changes ...cnr.Change) {
	t.Helper()
	if err := q.Add(t.Context(), when, changes...); err != nil {
		t.Fatalf("Add: %v", err)
	}
}

func claim(t *testing.T, q cnr.Queue, now time.Time, limit int) []cnr.Entry {
	t.Helper()
	claimed, err := q.Claim(t.Context(), now, now.Add(lease), limit)
	if err != nil {
		t.Fatalf("Claim: %v", err)
	}
	return claimed
}

func settle(t *testing.T, q cnr.Queue, r cnr.Result, claimed ...cnr.Entry) {
	t.Helper()
	if len(claimed) == 0 {
		t.Fatal("nothing was claimed")
	}
	if err := q.Settle(t.Context(), r, claimed...); err != nil {
		t.Fatalf("Settle: %v", err)
	}
}

func list(t *testing.T, q cnr.Queue, f cnr.Filter) []cnr.Entry {
	t.Helper()
	var found []cnr.Entry
	for e, err := range q.Entries(t.Context(), f) {
		if err != nil {
			t.Fatalf("Entries: %v", err)
		}
		found = append(found, e)
	}
	slices.SortFunc(found, func(a, b cnr.Entry) int { return strings.Compare(a.Change.ID, b.Change.ID) })
	return found
}

// all returns the entries by identifier.
func all(t *testing.T, q cnr.Queue) map[string]cnr.Entry {
	t.Helper()
	byID := map[string]cnr.Entry{}
	for _, e := range list(t, q, cnr.Filter{}) {
		byID[e.Change.ID] = e
	}
	return byID
}

func ids(entries []cnr.Entry) []string {
	var list []string
	for _, e := range entries {
		list = append(list, e.Change.ID)
	}
	return list
}

func wantIDs(t *testing.T, got []cnr.Entry, want ...string) {
	t.Helper()
	if !slices.Equal(ids(got), want) {
		t.Fatalf("claimed %v, want %v", ids(got), want)
	}
}

func pick(t *testing.T, entries []cnr.Entry, id string) cnr.Entry {
	t.Helper()
	for _, e := range entries {
		if e.Change.ID == id {
			return e
		}
	}
	t.Fatalf("%q was not claimed among %v", id, ids(entries))
	return cnr.Entry{}
}

func second[T any](_ T, err error) error { return err }
