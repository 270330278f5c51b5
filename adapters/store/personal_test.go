package store_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/adapters/store"
	"github.com/passerelle-sup/passerelle/adapters/store/storetest"
	"github.com/passerelle-sup/passerelle/aglae"
	"github.com/passerelle-sup/passerelle/esc/router"
	"github.com/passerelle-sup/passerelle/ine"
	"github.com/passerelle-sup/passerelle/ines/campaign"
	"github.com/passerelle-sup/passerelle/supdata"
)

// personalDay is when the rows of these tests are written.
var personalDay = time.Date(2026, 9, 1, 8, 0, 0, 0, time.UTC)

// fillPersonal writes rows about two students: one whose dealings are all settled, and one
// with a doubt in each table.
func fillPersonal(t *testing.T, s *store.Store) {
	t.Helper()
	ctx := t.Context()
	put := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	_, err := s.Campaign().Put(ctx, campaign.Record{
		Student: "csv:settled", State: campaign.StateConfirmed, Outcome: campaign.Created, INE: ine.MustParse("223456789HE"), WrittenAt: personalDay,
	})
	put(err)
	_, err = s.Campaign().Claim(ctx, campaign.Claim{ID: "c1", Student: "csv:open", Identity: "identity", At: personalDay})
	put(err)
	_, err = s.Campaign().Put(ctx, campaign.Record{
		Student: "csv:unwritten", State: campaign.StateConfirmed, Outcome: campaign.Created, INE: ine.MustParse("223456789HE"),
	})
	put(err)
	for _, student := range []string{"csv:settled", "csv:open"} {
		for _, n := range []string{"1", "2"} {
			state := supdata.StateFed
			if student == "csv:open" {
				state = supdata.StateDoubtful
			}
			_, err := s.Feed().Put(ctx, supdata.Record{Key: student + "/2026/" + n, Student: student, State: state, Since: personalDay})
			put(err)
		}
		k := router.Key{PIC: "999893752", Student: student}
		put(s.Cards().Save(ctx, router.Record{Key: k, Present: student == "csv:open"}))
		_, err := s.Cards().Reserve(ctx, "escn:"+student, k)
		put(err)
		put(s.Detections().Record(ctx, aglae.Detection{Student: student, Year: 2026, At: personalDay, Verdict: aglae.Wait}))
	}
}

func TestExport(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, open func(t *testing.T) *store.Store) {
		s := open(t)
		fillPersonal(t, s)
		var got []string
		for e, err := range s.Export(t.Context(), "csv:settled") {
			if err != nil {
				t.Fatal(err)
			}
			if e.Written.IsZero() || !strings.HasPrefix(string(e.Record), "{") {
				t.Errorf("entry %s %s: written %v, record %s", e.Table, e.ID, e.Written, e.Record)
			}
			got = append(got, e.Table+" "+e.ID)
		}
		want := []string{
			"campaign_records csv:settled", "feed_records csv:settled/2026/1", "feed_records csv:settled/2026/2", "card_records 999893752", "card_names escn:csv:settled",
			"grant_detections 1",
		}
		if !slices.Equal(got, want) {
			t.Errorf("exported %q; want %q", got, want)
		}
		for e := range s.Export(t.Context(), "csv:nobody") {
			t.Errorf("exported about nobody: %v", e)
		}
	})
}

func TestPurge(t *testing.T) {
	t.Parallel()
	for _, kind := range storetest.Databases {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			s := storetest.Open(t, store.Config{URL: storetest.URL(t, kind), Now: func() time.Time { return personalDay }})
			fillPersonal(t, s)
			p, err := s.Purge(t.Context(), personalDay) // nothing is older
			if err != nil {
				t.Fatal(err)
			}
			for table, n := range p.Removed {
				if n != 0 {
					t.Errorf("%s: %d rows of that very moment were removed", table, n)
				}
			}
			if p, err = s.Purge(t.Context(), personalDay.Add(time.Second)); err != nil {
				t.Fatal(err)
			}
			for table, want := range map[string][2]int64{"campaign_records": {1, 2}, "feed_records": {2, 2}, "card_records": {1, 1}, "card_names": {1, 1}, "grant_detections": {2, 0}} {
				if got := [2]int64{p.Removed[table], p.Kept[table]}; got != want {
					t.Errorf("%s: removed and kept %v; want %v", table, got, want)
				}
			}
			for e := range s.Export(t.Context(), "csv:settled") {
				t.Errorf("left after the purge: %s %s", e.Table, e.ID)
			}
			if _, err := s.Campaign().Get(t.Context(), "csv:settled"); !errors.Is(err, passerelle.ErrNotFound) {
				t.Errorf("the purged record is there still: %v", err)
			}
			if _, err := s.Campaign().Claim(t.Context(), campaign.Claim{ID: "c2", Student: "csv:other", Identity: "identity", At: personalDay}); !errors.Is(err, passerelle.ErrConflict) {
				t.Errorf("a purge freed an identity in doubt: %v", err)
			}
		})
	}
}
