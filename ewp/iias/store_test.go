package iias_test

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"testing"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/cnr"
	"github.com/passerelle-sup/passerelle/ewp/iias"
	"github.com/passerelle-sup/passerelle/ewp/iias/iiastest"
	"github.com/passerelle-sup/passerelle/internal/testutil"
)

func TestMemory(t *testing.T) {
	t.Parallel()
	iiastest.Store(t, func(*testing.T) iias.Store { return iias.NewMemory() })
}

func TestFile(t *testing.T) {
	t.Parallel()
	iiastest.Store(t, func(t *testing.T) iias.Store {
		s, err := iias.OpenFile(filepath.Join(t.TempDir(), "iias"))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { s.Close() })
		return s
	})
}

// outbox keeps what it is given, unless it fails.
type outbox struct {
	err  error
	told []cnr.Change
}

func (o *outbox) Notify(_ context.Context, changes ...cnr.Change) error {
	if o.err == nil {
		o.told = append(o.told, changes...)
	}
	return o.err
}

// TestNothingDueIsLost: what was not handed on when the process ended is handed on by
// the next one.
func TestNothingDueIsLost(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "iias")
	store, err := iias.OpenFile(path)
	if err != nil {
		t.Fatal(err)
	}
	r, due, err := iias.Create(sheet(uniA, uniB, "A-1", "", 1).Agreement(), nil, day)
	if err != nil {
		t.Fatal(err)
	}
	want := []cnr.Change{{Route: cnr.Route{From: uniA, To: uniB, API: ewp.IIACNR}, ID: "A-1"}}
	broken := &outbox{err: passerelle.ErrUnavailable}
	if r, err = iias.Keep(t.Context(), store, r, due, broken.Notify); !errors.Is(err, passerelle.ErrUnavailable) || !slices.Equal(r.Due, want) {
		t.Fatalf("Keep: %v, due %v; want the error of the outbox, and what is due kept", err, r.Due)
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	if store, err = iias.OpenFile(path); err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	var good outbox
	for range 2 {
		if err := iias.Flush(t.Context(), store, good.Notify); err != nil {
			t.Fatal(err)
		}
	}
	if !slices.Equal(good.told, want) {
		t.Errorf("handed on: %v, want %v once", good.told, want)
	}
	if r, err = store.Get(t.Context(), "A-1"); err != nil || len(r.Due) != 0 || r.Own.IsZero() {
		t.Errorf("stored: %+v, %v; want a copy, and nothing due", r, err)
	}
}

// TestDo: two people who act at once are heard one after the other.
func TestDo(t *testing.T) {
	t.Parallel()
	store, out := iias.NewMemory(), &outbox{}
	r, due, err := iias.Create(sheet(uniA, uniB, "A-1", "", 1).Agreement(), nil, day)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := iias.Keep(t.Context(), store, r, due, out.Notify); err != nil {
		t.Fatal(err)
	}
	tries := 0
	modify := func(persons int) func(iias.Record) (iias.Record, []cnr.Change, error) {
		return func(r iias.Record) (iias.Record, []cnr.Change, error) {
			return r.Modify(sheet(uniA, uniB, "A-1", "", persons).Agreement(), day)
		}
	}
	r, err = iias.Do(t.Context(), store, "A-1", out.Notify, func(r iias.Record) (iias.Record, []cnr.Change, error) {
		if tries++; tries == 1 { // somebody else, meanwhile
			if _, err := iias.Do(t.Context(), store, "A-1", out.Notify, modify(2)); err != nil {
				t.Error(err)
			}
		}
		return modify(3)(r)
	})
	if err != nil || tries != 2 || len(out.told) != 3 {
		t.Errorf("%d tries, %d notifications, %v; want 2 and 3", tries, len(out.told), err)
	}
	a, err := r.Own.Agreement()
	if err != nil || a.Conditions.StudentStudies[0].MobilitiesPerYear.Value != "3" {
		t.Errorf("%+v, %v", a, err)
	}
	refusal := errors.New("no")
	if _, err := iias.Do(t.Context(), store, "A-1", out.Notify, func(r iias.Record) (iias.Record, []cnr.Change, error) {
		return r, nil, refusal
	}); err != refusal {
		t.Errorf("%v, want the error of the step", err)
	}
	if _, err := iias.Do(t.Context(), store, "A-2", out.Notify, modify(1)); !errors.Is(err, passerelle.ErrNotFound) {
		t.Errorf("%v, want ErrNotFound", err)
	}
}

func TestCount(t *testing.T) {
	t.Parallel()
	store := iias.NewMemory()
	put := func(id string, change func(*iias.Record)) {
		r := iias.Record{
			ID: id, HEI: uniA, Partner: uniB, PartnerID: "B-" + id, Own: iias.Revision{XML: "<iia/>", Hash: iias.Hash{1}},
			Seen: iias.Seen{ID: "B-" + id, Hash: iias.Hash{2}},
		}
		change(&r)
		if _, err := store.Put(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	byPartner := func(r *iias.Record) { r.ApprovedByPartner = r.Own.Hash }
	here := func(r *iias.Record) { r.Approved = r.Seen }
	put("1", func(*iias.Record) {})
	put("2", byPartner)
	put("3", here)
	put("4", func(r *iias.Record) { byPartner(r); here(r) })
	put("5", func(r *iias.Record) { byPartner(r); here(r); r.Own.Hash = iias.Hash{3} }) // modified
	put("6", func(r *iias.Record) { byPartner(r); here(r); r.Disputed = true })
	put("7", func(r *iias.Record) { here(r); r.Own, r.Deleted = iias.Revision{}, true })
	put("8", func(r *iias.Record) { r.HEI = uniB })
	got, err := iias.Count(t.Context(), store, uniA)
	if err != nil {
		t.Fatal(err)
	}
	testutil.Equal(t, "counts", got, iias.Stats{Fetchable: 6, PartnerApproved: 1, LocalApproved: 3, BothApproved: 1})
}
