package aglae

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/internal/ledger"
)

// ExportStore remembers the exports that were created, so that none is created twice.
// Its methods are safe for concurrent use, and what they acknowledge is kept.
type ExportStore interface {
	// ClaimExport writes rec, unless its reference is claimed or created already. It
	// returns what stands then, and whether that is the caller's claim. It is atomic.
	ClaimExport(ctx context.Context, rec ExportRecord) (stored ExportRecord, claimed bool, err error)
	// PutExport writes rec over the version that it was read in; else the error is
	// passerelle.ErrConflict.
	PutExport(ctx context.Context, rec ExportRecord) (ExportRecord, error)
	// Export returns the record of a reference, or passerelle.ErrNotFound.
	Export(ctx context.Context, reference string) (ExportRecord, error)
}

// ExportState tells how far an export is.
type ExportState string

// The states.
const (
	ExportFree    ExportState = "free"    // refused, or settled as not created: it may be created
	ExportClaimed ExportState = "claimed" // its creation was begun; doubtful when nobody is at it any more
	ExportCreated ExportState = "created" // the service gave a number
)

// ExportRecord is what a store remembers of one export.
type ExportRecord struct {
	Request ExportRequest `json:"request"`
	State   ExportState   `json:"state"`
	ID      string        `json:"id,omitempty"` // number that the service gave
	At      time.Time     `json:"at"`           // of the claim
	Version int64         `json:"version"`      // counted by the store
}

var exportKind = ledger.Kind[ExportRecord]{
	Name: "aglae", File: "aglae-exports/1",
	Key:     func(r *ExportRecord) string { return r.Request.Reference },
	Version: func(r *ExportRecord) *int64 { return &r.Version },
	Holds:   func(*ExportRecord) string { return "" },
	Clone: func(r ExportRecord) ExportRecord {
		r.Request.COGCodes = slices.Clone(r.Request.COGCodes)
		return r
	},
	Missing: func(string) error {
		return fmt.Errorf("aglae: no export has this reference: %w", passerelle.ErrNotFound)
	},
	Check: func(stored, r *ExportRecord) error {
		if stored.Version != r.Version {
			return fmt.Errorf("aglae: the record was changed meanwhile: %w", passerelle.ErrConflict)
		}
		return nil
	},
}

// MemoryExports is an [ExportStore] that lives as long as the process.
type MemoryExports struct{ exportLedger }

// NewMemoryExports returns an empty store.
func NewMemoryExports() *MemoryExports {
	return &MemoryExports{exportLedger{ledger.NewMemory(exportKind)}}
}

// FileExports is an [ExportStore] in one file, for one process at a time: what it
// acknowledges is on the disk. The file holds no personal data.
type FileExports struct {
	exportLedger
	file *ledger.File[ExportRecord]
}

// OpenExports opens the store at path, or creates it.
func OpenExports(path string) (*FileExports, error) {
	f, err := ledger.Open(path, exportKind)
	if err != nil {
		return nil, err
	}
	return &FileExports{exportLedger{f}, f}, nil
}

// Close closes the file. Writes after it fail.
func (f *FileExports) Close() error { return f.file.Close() }

// exportLedger makes a store of a ledger.
type exportLedger struct {
	ledger interface {
		Get(key string) (ExportRecord, error)
		Put(ctx context.Context, r ExportRecord) (ExportRecord, error)
		Claim(ctx context.Context, key, name string, grant func(rec, holder ExportRecord) (ExportRecord, error)) (ExportRecord, error)
	}
}

// errTaken ends a claim that finds another; it does not leave this file.
var errTaken = errors.New("taken")

// ClaimExport implements [ExportStore].
func (l exportLedger) ClaimExport(ctx context.Context, rec ExportRecord) (ExportRecord, bool, error) {
	var found ExportRecord
	stored, err := l.ledger.Claim(ctx, rec.Request.Reference, "", func(before, _ ExportRecord) (ExportRecord, error) {
		if before.State == ExportClaimed || before.State == ExportCreated {
			found = before
			return before, errTaken
		}
		rec.Version = before.Version
		return rec, nil
	})
	if errors.Is(err, errTaken) {
		return found, false, nil
	}
	return stored, err == nil, err
}

// PutExport implements [ExportStore].
func (l exportLedger) PutExport(ctx context.Context, rec ExportRecord) (ExportRecord, error) {
	return l.ledger.Put(ctx, rec)
}

// Export implements [ExportStore].
func (l exportLedger) Export(_ context.Context, reference string) (ExportRecord, error) {
	return l.ledger.Get(reference)
}
