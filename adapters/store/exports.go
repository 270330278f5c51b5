package store

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/aglae"
)

// exports are an aglae.ExportStore.
type exports struct{ *ledger[aglae.ExportRecord] }

// Exports returns the memory of the exports of grant holders that were created at the Cnous.
// Nothing of it is personal.
func (s *Store) Exports() aglae.ExportStore {
	return exports{newLedger(s, kind[aglae.ExportRecord]{
		table: "grant_exports", name: "aglae",
		key:     func(r *aglae.ExportRecord) string { return r.Request.Reference },
		student: func(*aglae.ExportRecord) string { return "" },
		version: func(r *aglae.ExportRecord) *int64 { return &r.Version },
		holds:   func(*aglae.ExportRecord) string { return "" },
		claimed: func(*aglae.ExportRecord) bool { return false }, // a write may claim it too
		open:    func(r *aglae.ExportRecord) bool { return r.State == aglae.ExportClaimed },
		clone: func(r aglae.ExportRecord) aglae.ExportRecord {
			r.Request.COGCodes = slices.Clone(r.Request.COGCodes)
			return r
		},
		missing: func(string) error {
			return fmt.Errorf("aglae: no export has this reference: %w", passerelle.ErrNotFound)
		},
	})}
}

// takenError ends a claim that finds another.
type takenError struct{ by aglae.ExportRecord }

func (e *takenError) Error() string        { return "aglae: the export was claimed already" }
func (e *takenError) Is(target error) bool { return target == passerelle.ErrConflict }

// ClaimExport implements aglae.ExportStore.
func (e exports) ClaimExport(ctx context.Context, rec aglae.ExportRecord) (stored aglae.ExportRecord, claimed bool, err error) {
	stored, err = e.claim(ctx, rec.Request.Reference, "", func(before, _ aglae.ExportRecord) (aglae.ExportRecord, error) {
		if before.State == aglae.ExportClaimed || before.State == aglae.ExportCreated {
			return before, &takenError{before}
		}
		return rec, nil
	}, func(before aglae.ExportRecord) bool {
		return before.State == rec.State && before.At.Equal(rec.At)
	})
	if taken, ok := errors.AsType[*takenError](err); ok {
		return taken.by, false, nil
	}
	return stored, err == nil, err
}

// PutExport implements aglae.ExportStore.
func (e exports) PutExport(ctx context.Context, rec aglae.ExportRecord) (aglae.ExportRecord, error) {
	return e.Put(ctx, rec)
}

// Export implements aglae.ExportStore.
func (e exports) Export(ctx context.Context, reference string) (aglae.ExportRecord, error) {
	return e.Get(ctx, reference)
}
