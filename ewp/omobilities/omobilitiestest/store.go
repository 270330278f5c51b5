// Package omobilitiestest is the conformance suite of omobilities.Store. Every
// implementation passes it: those of the SDK, those of the adapters, and yours.
//
//	func TestMyStore(t *testing.T) {
//		omobilitiestest.Store(t, func(t *testing.T) omobilities.Store { return openMine(t) })
//	}
package omobilitiestest

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
	"github.com/passerelle-sup/passerelle/ewp/omobilities"
)

var (
	at   = time.Date(2026, 3, 2, 8, 0, 0, 5, time.UTC)
	uniA = ewp.MustParseHEIID("uni-a.example")
	uniB = ewp.MustParseHEIID("uni-b.example")
	uniC = ewp.MustParseHEIID("uni-c.example")
)

// Mobility returns a nomination from one institution to another that is valid, with
// invented data: for tests.
func Mobility(id string, sending, receiving ewp.HEIID) omobilities.Mobility {
	m := omobilities.Mobility{
		ID: id,
		Student: omobilities.Student{
			GivenNames: ewp.Texts{{Value: "Zoé"}, {Lang: "el", Value: "Ζωή"}}, FamilyName: ewp.Texts{{Value: "Exemple"}},
			GlobalID: "urn:schac:personalUniqueCode:int:esi:" + sending.String() + ":" + id, BirthDate: "2004-02-29", Nationality: "FR",
			Gender: omobilities.GenderFemale, Email: "zoe.exemple@example.org",
		},
		Nomination: omobilities.Nomination{
			Sending: omobilities.HEI{HEI: sending, OUnitID: "UFR-SCI", IIAID: "iia-1"}, Receiving: omobilities.HEI{HEI: receiving, IIAID: "iia-2"},
			Term: "2026/2027-1/2", Year: "2026/2027", ActivityType: omobilities.StudentStudies, ActivityAttributes: omobilities.LongTerm,
			AgreementISCED: "0541", EQF: "6", NomineeISCED: "0541",
		},
		Status: omobilities.Pending,
	}
	m.Nomination.ProposalID = omobilities.ProposalID(id, m.Nomination)
	return m
}

// Store runs the suite. open returns a new, empty store each time.
func Store(t *testing.T, open func(t *testing.T) omobilities.Store) {
	for _, c := range []struct {
		name string
		run  func(t *testing.T, s omobilities.Store)
	}{
		{"nothing", nothing}, {"put and get", putAndGet}, {"keys", keys}, {"versions", versions}, {"race", race}, {"records", records}, {"own values", ownValues},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.run(t, open(t))
		})
	}
}

// full returns a record with something in each field.
func full(id string) omobilities.Record {
	m := Mobility(id, uniA, uniB)
	m.Nomination.Term, m.Nomination.NonStandard, m.Nomination.Comment = "", &omobilities.Period{}, "a comment"
	return omobilities.Record{
		Mobility: m, Created: at, Modified: at.Add(time.Hour), Untold: true, Gone: true,
		Decision: omobilities.Decision{Verdict: omobilities.Reject, ProposalID: "p", Comment: "é", At: at, Delivery: omobilities.Taken},
		Findings: []omobilities.Finding{omobilities.Faulty, omobilities.EmptyChange},
	}
}

func nothing(t *testing.T, s omobilities.Store) {
	if _, err := s.Get(t.Context(), omobilities.Key{Sending: uniA, ID: "m1"}); !errors.Is(err, passerelle.ErrNotFound) {
		t.Errorf("Get of nothing: %v; want ErrNotFound", err)
	}
	for i, r := range []omobilities.Record{0: {}, 1: {Mobility: omobilities.Mobility{ID: "m1"}}, 2: full("")} {
		if _, err := s.Put(t.Context(), r); !errors.Is(err, passerelle.ErrInvalid) {
			t.Errorf("%d: Put without a whole key: %v; want ErrInvalid", i, err)
		}
	}
	for r, err := range s.Records(t.Context()) {
		t.Errorf("an empty store gives %v, %v", r, err)
	}
}

// same compares two records by what is kept of them.
func same(t *testing.T, got, want omobilities.Record) {
	t.Helper()
	a, errA := json.Marshal(got)
	b, errB := json.Marshal(want)
	if errA != nil || errB != nil || string(a) != string(b) {
		t.Errorf("the store gives\n%s\nwant\n%s", a, b)
	}
}

func put(t *testing.T, s omobilities.Store, r omobilities.Record) omobilities.Record {
	t.Helper()
	written, err := s.Put(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	return written
}

func putAndGet(t *testing.T, s omobilities.Store) {
	want := full("m1")
	written := put(t, s, want)
	want.Version = 1
	same(t, written, want)
	got, err := s.Get(t.Context(), want.Key())
	if err != nil {
		t.Fatal(err)
	}
	same(t, got, want)
}

// keys: two senders may give the same identifier.
func keys(t *testing.T, s omobilities.Store) {
	other := full("m1")
	other.Mobility.Nomination.Sending.HEI = uniC
	put(t, s, full("m1"))
	put(t, s, other)
	for _, hei := range []ewp.HEIID{uniA, uniC} {
		if got, err := s.Get(t.Context(), omobilities.Key{Sending: hei, ID: "m1"}); err != nil || got.Mobility.Nomination.Sending.HEI != hei || got.Version != 1 {
			t.Errorf("of %s: %v, version %d, %v", hei, got, got.Version, err)
		}
	}
	if _, err := s.Get(t.Context(), omobilities.Key{Sending: uniB, ID: "m1"}); !errors.Is(err, passerelle.ErrNotFound) {
		t.Errorf("of another sender: %v; want ErrNotFound", err)
	}
}

func versions(t *testing.T, s omobilities.Store) {
	first := put(t, s, full("m1"))
	if second := put(t, s, first); second.Version != 2 {
		t.Fatalf("version %d; want 2", second.Version)
	}
	for i, stale := range []omobilities.Record{0: full("m1"), 1: first} {
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

func race(t *testing.T, s omobilities.Store) {
	put(t, s, full("m1"))
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

func records(t *testing.T, s omobilities.Store) {
	want := map[string]bool{}
	for i := range 250 {
		id := fmt.Sprintf("m%d", i)
		want[id] = true
		put(t, s, full(id))
	}
	for r, err := range s.Records(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		if !want[r.Mobility.ID] {
			t.Errorf("%s is given twice, or was never put", r.Mobility.ID)
		}
		delete(want, r.Mobility.ID)
	}
	if len(want) > 0 {
		t.Errorf("%d records are not given", len(want))
	}
}

func ownValues(t *testing.T, s omobilities.Store) {
	r := full("m1")
	written := put(t, s, r)
	r.Mobility.Student.GivenNames[0].Value, written.Mobility.Student.FamilyName[0].Value, written.Findings[0] = "changed", "changed", "changed"
	got, err := s.Get(t.Context(), r.Key())
	if err != nil || got.Mobility.Student.GivenNames[0].Value != "Zoé" || got.Mobility.Student.FamilyName[0].Value != "Exemple" || got.Findings[0] != omobilities.Faulty {
		t.Errorf("what a caller does to a value changes the store: %+v, %v", got, err)
	}
}
