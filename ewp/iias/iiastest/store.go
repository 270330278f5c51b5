// Package iiastest is the conformance suite of iias.Store. Every implementation passes
// it: those of the SDK, those of the adapters, and yours.
//
//	func TestMyStore(t *testing.T) {
//		iiastest.Store(t, func(t *testing.T) iias.Store { return openMine(t) })
//	}
package iiastest

import (
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/cnr"
	"github.com/passerelle-sup/passerelle/ewp/iias"
)

// at is when the suite takes place.
var at = time.Date(2026, 4, 1, 8, 0, 0, 0, time.UTC)

var (
	own     = ewp.MustParseHEIID("uni-a.example")
	partner = ewp.MustParseHEIID("uni-b.example")
	third   = ewp.MustParseHEIID("uni-c.example")
)

// Store runs the suite. open returns a new, empty store each time.
func Store(t *testing.T, open func(t *testing.T) iias.Store) {
	for _, c := range []struct {
		name string
		run  func(t *testing.T, s iias.Store)
	}{
		{"nothing", nothing}, {"put and get", putAndGet}, {"versions", versions}, {"race", race}, {"records", records},
		{"own values", ownValues}, {"find", find}, {"one record a copy", oneRecordACopy}, {"names given back", namesGivenBack},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.run(t, open(t))
		})
	}
}

// full returns a record with something in each field.
func full(id, partnerID string) iias.Record {
	hash := func(b byte) iias.Hash { return iias.Hash{b, 1} }
	seen := iias.Seen{ID: partnerID, Hash: hash(2), XML: "<iia>é\r\n</iia>", PDF: "pdf-1", At: at.Add(-time.Hour)}
	revision := iias.Revision{XML: "<iia>ü</iia>", Hash: hash(1)}
	return iias.Record{
		ID: id, HEI: own, Partner: partner, PartnerID: partnerID, Own: revision, Seen: seen,
		ApprovedByPartner: hash(3), Approved: seen, Agreed: iias.Agreed{Own: revision, Partner: seen, At: at}, Disputed: true,
		Due: []cnr.Change{
			{Route: cnr.Route{From: own, To: partner, API: ewp.IIACNR}, ID: id},
			{Route: cnr.Route{From: own, To: partner, API: ewp.IIAApprovalCNR}, ID: partnerID},
		},
		Changed: at,
	}
}

func nothing(t *testing.T, s iias.Store) {
	if _, err := s.Get(t.Context(), "1"); !errors.Is(err, passerelle.ErrNotFound) {
		t.Errorf("Get of nothing: %v; want ErrNotFound", err)
	}
	if _, err := s.Find(t.Context(), partner, "1"); !errors.Is(err, passerelle.ErrNotFound) {
		t.Errorf("Find of nothing: %v; want ErrNotFound", err)
	}
	if _, err := s.Put(t.Context(), iias.Record{}); !errors.Is(err, passerelle.ErrInvalid) {
		t.Errorf("Put without identifier: %v; want ErrInvalid", err)
	}
	for r, err := range s.Records(t.Context()) {
		t.Errorf("an empty store gives %v, %v", r, err)
	}
}

// same compares two records by what is kept of them.
func same(t *testing.T, got, want iias.Record) {
	t.Helper()
	a, errA := json.Marshal(got)
	b, errB := json.Marshal(want)
	if errA != nil || errB != nil || string(a) != string(b) {
		t.Errorf("the store gives\n%s\nwant\n%s", a, b)
	}
}

func putAndGet(t *testing.T, s iias.Store) {
	for id, want := range map[string]iias.Record{
		"full": full("full", "p-1"), "bare": {ID: "bare", HEI: own, Partner: partner}, "deleted": {ID: "deleted", HEI: own, Partner: partner, Deleted: true, Changed: at},
	} {
		written, err := s.Put(t.Context(), want)
		if err != nil {
			t.Fatal(err)
		}
		want.Version = 1
		same(t, written, want)
		got, err := s.Get(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		same(t, got, want)
	}
}

func versions(t *testing.T, s iias.Store) {
	first, err := s.Put(t.Context(), full("1", "p-1"))
	if err != nil {
		t.Fatal(err)
	}
	second, err := s.Put(t.Context(), first)
	if err != nil || second.Version != 2 {
		t.Fatalf("version %d, %v; want 2", second.Version, err)
	}
	for i, stale := range []iias.Record{0: full("1", "p-1"), 1: first} {
		if _, err := s.Put(t.Context(), stale); !errors.Is(err, passerelle.ErrConflict) {
			t.Errorf("%d: version %d over 2: %v; want ErrConflict", i, stale.Version, err)
		}
	}
	absent := full("2", "p-2")
	absent.Version = 3
	if _, err := s.Put(t.Context(), absent); !errors.Is(err, passerelle.ErrConflict) {
		t.Errorf("version 3 of nothing: %v; want ErrConflict", err)
	}
}

func race(t *testing.T, s iias.Store) {
	if _, err := s.Put(t.Context(), full("1", "p-1")); err != nil {
		t.Fatal(err)
	}
	var won atomic.Int32
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			r := full("1", "p-1")
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

func records(t *testing.T, s iias.Store) {
	want := map[string]bool{}
	for i := range 250 {
		id := fmt.Sprint(i)
		want[id] = true
		if _, err := s.Put(t.Context(), full(id, "p-"+id)); err != nil {
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

func ownValues(t *testing.T, s iias.Store) {
	r := full("1", "p-1")
	written, err := s.Put(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	r.Due[0].ID, written.Due[1].ID = "changed", "changed"
	found, err := s.Find(t.Context(), partner, "p-1")
	if err != nil {
		t.Fatal(err)
	}
	found.Due[0].ID = "changed"
	got, err := s.Get(t.Context(), "1")
	if err != nil || got.Due[0].ID != "1" || got.Due[1].ID != "p-1" {
		t.Errorf("what a caller does to a value changes the store: %+v, %v", got.Due, err)
	}
}

func find(t *testing.T, s iias.Store) {
	mapped, approved, bare := full("mapped", "p-1"), full("approved", "p-2"), full("bare", "")
	approved.PartnerID = ""
	bare.Approved = iias.Seen{}
	for _, r := range []iias.Record{mapped, approved, bare} {
		if _, err := s.Put(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	for i, c := range []struct {
		hei      ewp.HEIID
		id, want string
	}{
		0: {partner, "p-1", "mapped"},
		1: {partner, "p-2", "approved"},
		2: {partner, "p-3", ""},
		3: {third, "p-1", ""},
		4: {partner, "", ""},
		5: {partner, "mapped", ""},
	} {
		got, err := s.Find(t.Context(), c.hei, c.id)
		if got.ID != c.want || (c.want == "") != errors.Is(err, passerelle.ErrNotFound) {
			t.Errorf("%d: Find gives %q, %v; want %q", i, got.ID, err, c.want)
		}
	}
}

func oneRecordACopy(t *testing.T, s iias.Store) {
	if _, err := s.Put(t.Context(), full("1", "p-1")); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Put(t.Context(), full("2", "p-1")); !errors.Is(err, passerelle.ErrConflict) {
		t.Errorf("two records for one copy of the partner's: %v; want ErrConflict", err)
	}
	if _, err := s.Get(t.Context(), "2"); !errors.Is(err, passerelle.ErrNotFound) {
		t.Errorf("the second is there nevertheless: %v", err)
	}
	other := full("3", "p-1")
	other.Partner = third
	if _, err := s.Put(t.Context(), other); err != nil {
		t.Errorf("the same identifier of another partner: %v", err)
	}
}

func namesGivenBack(t *testing.T, s iias.Store) {
	first, err := s.Put(t.Context(), full("1", "p-1"))
	if err != nil {
		t.Fatal(err)
	}
	first.PartnerID, first.Approved = "", iias.Seen{}
	if _, err := s.Put(t.Context(), first); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Put(t.Context(), full("2", "p-1")); err != nil {
		t.Errorf("the copy that nobody is mapped to any more: %v", err)
	}
}
