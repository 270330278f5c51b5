package store_test

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/adapters/store"
	"github.com/passerelle-sup/passerelle/adapters/store/storetest"
	"github.com/passerelle-sup/passerelle/aglae"
)

// An export is claimed once whoever asks, and again only when it was set free.
func TestExports(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, open func(t *testing.T) *store.Store) {
		l := open(t).Exports()
		rec := aglae.ExportRecord{Request: aglae.ExportRequest{Reference: "2026-10", COGCodes: []string{"78590"}}, State: aglae.ExportClaimed, At: personalDay}
		if _, err := l.Export(t.Context(), "2026-10"); !errors.Is(err, passerelle.ErrNotFound) {
			t.Errorf("Export of nothing = %v; want ErrNotFound", err)
		}
		var won atomic.Int64
		var all sync.WaitGroup
		for range 12 {
			all.Go(func() {
				stored, claimed, err := l.ClaimExport(t.Context(), rec)
				if err != nil || stored.State != aglae.ExportClaimed || stored.Version != 1 {
					t.Errorf("ClaimExport = %+v, %v", stored, err)
				}
				if claimed {
					won.Add(1)
				}
			})
		}
		all.Wait()
		if won.Load() != 1 {
			t.Errorf("%d of 12 claims were granted; want 1", won.Load())
		}
		stored, err := l.Export(t.Context(), "2026-10")
		if err != nil {
			t.Fatal(err)
		}
		stored.State = aglae.ExportFree
		if stored, err = l.PutExport(t.Context(), stored); err != nil || stored.Version != 2 {
			t.Fatalf("PutExport = %+v, %v", stored, err)
		}
		old := stored
		old.Version = 1
		if _, err := l.PutExport(t.Context(), old); !errors.Is(err, passerelle.ErrConflict) {
			t.Errorf("PutExport over another version = %v; want ErrConflict", err)
		}
		if stored, claimed, err := l.ClaimExport(t.Context(), rec); err != nil || !claimed || stored.Version != 3 {
			t.Errorf("ClaimExport of a free one = %+v, %v, %v; want granted", stored, claimed, err)
		}
	})
}
