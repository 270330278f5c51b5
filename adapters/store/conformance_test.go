package store_test

import (
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/aglae"
	"github.com/passerelle-sup/passerelle/aglae/detectiontest"
	"github.com/passerelle-sup/passerelle/esc"
	"github.com/passerelle-sup/passerelle/esc/esctest"
	"github.com/passerelle-sup/passerelle/esc/router"
	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/discovery"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/passerelle-sup/passerelle/adapters/store"
	"github.com/passerelle-sup/passerelle/adapters/store/storetest"
	"github.com/passerelle-sup/passerelle/ines/campaign"
	"github.com/passerelle-sup/passerelle/ines/campaign/campaigntest"
	"github.com/passerelle-sup/passerelle/supdata"
	"github.com/passerelle-sup/passerelle/supdata/feedtest"
)

func TestMain(m *testing.M) {
	store.SetUpgradeURLs(func(tb testing.TB) map[string]string {
		urls := map[string]string{"sqlite": storetest.URL(tb, "sqlite")}
		if storetest.HasServer() {
			urls["postgres"] = storetest.URL(tb, "postgres")
		}
		return urls
	})
	os.Exit(storetest.Main(m))
}

func TestCampaign(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, open func(t *testing.T) *store.Store) {
		campaigntest.Ledger(t, func(t *testing.T) campaign.Ledger { return open(t).Campaign() })
	})
}

func TestFeed(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, open func(t *testing.T) *store.Store) {
		feedtest.Ledger(t, func(t *testing.T) supdata.Ledger { return open(t).Feed() })
	})
}

func TestCards(t *testing.T) {
	t.Parallel()
	for _, kind := range storetest.Databases {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			urls := make(map[string]string)
			esctest.TestState(t, true, func(t *testing.T, name string) (router.State, func()) {
				t.Helper()
				if urls[name] == "" {
					urls[name] = storetest.URL(t, kind)
				}
				s, err := store.Open(t.Context(), store.Config{URL: urls[name], Connections: 4})
				if err != nil {
					t.Fatal(err)
				}
				return s.Cards(), func() {
					if err := s.Close(); err != nil {
						t.Error(err)
					}
				}
			})
		})
	}
}

// Two processes with one prefix never make one number: each has a store of its own on the
// same database.
func TestReservations(t *testing.T) {
	t.Parallel()
	for _, kind := range storetest.Databases {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			url := storetest.URL(t, kind)
			numbers := make([][]esc.Number, 2)
			var all sync.WaitGroup
			for i := range numbers {
				s := storetest.Open(t, store.Config{URL: url})
				g, err := esc.NewGenerator(esc.Config{Prefix: 7, Reservations: s.Reservations(7), Ahead: 3 * time.Millisecond, MaxWait: 10 * time.Second})
				if err != nil {
					t.Fatal(err)
				}
				all.Go(func() {
					for range 30_000 {
						n, err := g.Next(t.Context(), "999893752")
						if err != nil {
							t.Error(err)
							return
						}
						numbers[i] = append(numbers[i], n)
					}
				})
			}
			all.Wait()
			seen := make(map[uint64]bool)
			for _, n := range slices.Concat(numbers...) {
				if seen[n.Ticks()] {
					t.Fatalf("tick %d was used twice", n.Ticks())
				}
				seen[n.Ticks()] = true
			}
			s := storetest.Open(t, store.Config{URL: url})
			first, end := uint64(1)<<59, uint64(1)<<59+10
			if free, err := s.Reservations(7).Reserve(t.Context(), first, end); err != nil || free > first {
				t.Errorf("Reserve = %d, %v; want granted", free, err)
			}
			if free, err := s.Reservations(7).Reserve(t.Context(), first+3, end+3); err != nil || free != end {
				t.Errorf("Reserve of taken ticks = %d, %v; want %d", free, err, end)
			}
			if free, err := s.Reservations(8).Reserve(t.Context(), 1, 2); err != nil || free > 1 {
				t.Errorf("another prefix: Reserve = %d, %v; want granted", free, err)
			}
			if _, err := s.Reservations(8).Reserve(t.Context(), 3, 1<<60+1); !errors.Is(err, passerelle.ErrInvalid) {
				t.Errorf("ticks beyond a card number: %v; want ErrInvalid", err)
			}
		})
	}
}

func TestKeyring(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, open func(t *testing.T) *store.Store) {
		s := open(t)
		ring := s.Keyring("client")
		if records, err := ring.Load(t.Context()); err != nil || len(records) != 0 {
			t.Fatalf("Load of nothing = %v, %v", records, err)
		}
		key, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			t.Fatal(err)
		}
		public, err := ewp.NewPublicKey(&key.PublicKey)
		if err != nil {
			t.Fatal(err)
		}
		want := []discovery.KeyRecord{{Key: public, Phase: discovery.Announced, Since: time.Date(2026, 9, 1, 8, 0, 0, 0, time.UTC)}}
		for _, phase := range []discovery.Phase{discovery.Announced, discovery.Active} {
			want[0].Phase = phase
			if err := ring.Save(t.Context(), want); err != nil {
				t.Fatal(err)
			}
			if got, err := ring.Load(t.Context()); err != nil || len(got) != 1 || got[0].Phase != phase || got[0].Key.Fingerprint() != public.Fingerprint() || !got[0].Since.Equal(want[0].Since) {
				t.Errorf("Load = %v, %v; want %v", got, err, want)
			}
		}
		if got, err := s.Keyring("server").Load(t.Context()); err != nil || len(got) != 0 {
			t.Errorf("another ring = %v, %v; want nothing", got, err)
		}
	})
}

func TestDetections(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, open func(t *testing.T) *store.Store) {
		detectiontest.Log(t, func(t *testing.T) aglae.DetectionLog { return open(t).Detections() })
	})
}
