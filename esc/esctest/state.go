package esctest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/esc/router"
	"github.com/passerelle-sup/passerelle/esi"
)

// TestState is the conformance suite of router.State. Open opens the same state
// again after close, or returns a new and empty one each time it is given another name;
// an implementation that forgets when it is closed returns durable false.
func TestState(t *testing.T, durable bool, open func(t *testing.T, name string) (s router.State, closeState func())) {
	ctx := context.Background()
	key := router.Key{PIC: "999465982", Student: "20260001"}
	full := router.Record{
		Key: key, ESI: esi.MustParse("urn:schac:personalUniqueCode:int:esi:fr:123456789AB"),
		Former: []esi.ID{esi.MustParse("FR-999465982-0617102195")}, Replacing: esi.MustParse("urn:schac:personalUniqueCode:int:esi:univ-ville.example:x"),
		Person: "digest", Present: true, Gone: true,
		Cards: map[string]router.CardRecord{
			"d88b02c1-894e-1038-a711-001999465982": {Digest: "other", Expires: passerelle.MustParseDate("2027-09-30")},
			"not an ESCN":                          {},
		},
		Pending: &router.Pending{
			Since: time.Date(2026, 10, 1, 8, 0, 0, 0, time.UTC), Last: time.Date(2026, 10, 2, 8, 0, 0, 5, time.UTC), Attempts: 3, Deferred: true, Reason: "away",
		},
	}
	same := func(t *testing.T, got, want router.Record) {
		t.Helper()
		if g, w := text(t, got), text(t, want); g != w {
			t.Errorf("record\n%s\nwant\n%s", g, w)
		}
	}
	load := func(t *testing.T, s router.State, k router.Key) router.Record {
		t.Helper()
		r, err := s.Load(ctx, k)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	save := func(t *testing.T, s router.State, r router.Record) {
		t.Helper()
		if err := s.Save(ctx, r); err != nil {
			t.Fatal(err)
		}
	}

	t.Run("empty", func(t *testing.T) {
		s, closeState := open(t, t.Name())
		defer closeState()
		if _, err := s.Load(ctx, key); !errors.Is(err, passerelle.ErrNotFound) {
			t.Errorf("Load of nothing: %v, want ErrNotFound", err)
		}
		for r, err := range s.Records(ctx) {
			t.Errorf("Records of nothing yields %v, %v", r, err)
		}
	})

	t.Run("a record comes back whole", func(t *testing.T) {
		s, closeState := open(t, t.Name())
		defer closeState()
		save(t, s, full)
		same(t, load(t, s, key), full)
		changed := full
		changed.Pending, changed.Cards = nil, map[string]router.CardRecord{}
		save(t, s, changed)
		if got := load(t, s, key); got.Pending != nil || len(got.Cards) != 0 {
			t.Errorf("the second Save did not replace the first: %+v", got)
		}
		other := router.Record{Key: router.Key{PIC: "999893752", Student: key.Student}}
		save(t, s, other)
		if got := load(t, s, key); got.ESI != full.ESI {
			t.Error("a student of another institution is the same record")
		}
		count := 0
		for _, err := range s.Records(ctx) {
			if err != nil {
				t.Fatal(err)
			}
			count++
		}
		if count != 2 {
			t.Errorf("%d records, want 2", count)
		}
	})

	t.Run("what is given is not shared", func(t *testing.T) {
		s, closeState := open(t, t.Name())
		defer closeState()
		save(t, s, full)
		got := load(t, s, key)
		got.Cards["another"] = router.CardRecord{}
		got.Pending.Attempts = 99
		got.Former[0] = esi.ID{}
		same(t, load(t, s, key), full)
	})

	t.Run("a name goes to the first", func(t *testing.T) {
		s, closeState := open(t, t.Name())
		defer closeState()
		const claimants = 16
		holders := make([]router.Key, claimants)
		var all sync.WaitGroup
		for i := range claimants {
			all.Go(func() {
				holder, err := s.Reserve(ctx, "escn:x", router.Key{PIC: key.PIC, Student: fmt.Sprint(i)})
				if err != nil {
					t.Error(err)
				}
				holders[i] = holder
			})
		}
		all.Wait()
		for i, holder := range holders {
			if holder != holders[0] || holder.Student == "" {
				t.Errorf("claimant %d is told %v, claimant 0 %v", i, holder, holders[0])
			}
		}
		if holder, err := s.Reserve(ctx, "escn:y", key); err != nil || holder != key {
			t.Errorf("another name: %v, %v", holder, err)
		}
		stranger := router.Key{PIC: key.PIC, Student: "stranger"}
		if err := s.Release(ctx, "escn:y", stranger); err != nil {
			t.Error(err)
		}
		if holder, err := s.Reserve(ctx, "escn:y", stranger); err != nil || holder != key {
			t.Errorf("released by a stranger: %v, %v", holder, err)
		}
		if err := s.Release(ctx, "escn:y", key); err != nil {
			t.Error(err)
		}
		if holder, err := s.Reserve(ctx, "escn:y", stranger); err != nil || holder != stranger {
			t.Errorf("released: %v, %v", holder, err)
		}
	})

	t.Run("students beside each other", func(t *testing.T) {
		s, closeState := open(t, t.Name())
		defer closeState()
		var all sync.WaitGroup
		for i := range 8 {
			all.Go(func() {
				k := router.Key{PIC: key.PIC, Student: fmt.Sprint(i)}
				for n := range 20 {
					if err := s.Save(ctx, router.Record{Key: k, Person: fmt.Sprint(n)}); err != nil {
						t.Error(err)
					}
				}
				if r, err := s.Load(ctx, k); err != nil || r.Person != "19" {
					t.Errorf("student %d: %q, %v", i, r.Person, err)
				}
			})
		}
		all.Wait()
	})

	t.Run("after closing", func(t *testing.T) {
		if !durable {
			t.Skip("this state forgets when it is closed")
		}
		s, closeState := open(t, t.Name())
		save(t, s, router.Record{Key: key})
		save(t, s, full)
		if _, err := s.Reserve(ctx, "escn:x", key); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Reserve(ctx, "escn:free", key); err != nil {
			t.Fatal(err)
		}
		if err := s.Release(ctx, "escn:free", key); err != nil {
			t.Fatal(err)
		}
		closeState()
		s, closeState = open(t, t.Name())
		defer closeState()
		late := router.Key{PIC: key.PIC, Student: "late"}
		if holder, err := s.Reserve(ctx, "escn:free", late); err != nil || holder != late {
			t.Errorf("the freed name is still held, by %v, %v", holder, err)
		}
		same(t, load(t, s, key), full)
		if holder, err := s.Reserve(ctx, "escn:x", router.Key{PIC: key.PIC, Student: "late"}); err != nil || holder != key {
			t.Errorf("the name is given again, to %v, %v", holder, err)
		}
	})
}

// text writes a record so that two can be compared.
func text(t *testing.T, r router.Record) string {
	t.Helper()
	data, err := json.MarshalIndent(r, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
