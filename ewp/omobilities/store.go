package omobilities

import (
	"context"
	"fmt"
	"iter"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/internal/ledger"
)

// Store keeps records, of one side: S and R of one process need a store each. Every
// implementation passes omobilitiestest.Store. It is safe for concurrent use, and what
// it acknowledges survives as long as it does.
type Store interface {
	// Get returns a record. passerelle.ErrNotFound says that there is none.
	Get(ctx context.Context, k Key) (Record, error)
	// Put writes a record over the version that it was read in, and returns it with its
	// new version. Another version in the store is passerelle.ErrConflict, and nothing
	// is written.
	Put(ctx context.Context, r Record) (Record, error)
	// Records gives all records that were there when the range began, in any order. An
	// error is the last element.
	Records(ctx context.Context) iter.Seq2[Record, error]
}

// records says what the records of a store are.
var records = ledger.Kind[Record]{
	Name: "omobilities", File: "ewp-omobilities/1",
	Key: func(r *Record) string {
		if r.Key().IsZero() {
			return ""
		}
		return ledgerKey(r.Key())
	},
	Version: func(r *Record) *int64 { return &r.Version },
	Holds:   func(*Record) string { return "" },
	Clone:   Record.clone,
	Missing: func(string) error { return fmt.Errorf("omobilities: no such record: %w", passerelle.ErrNotFound) },
	Check: func(stored, r *Record) error {
		if r.Key().IsZero() {
			return passerelle.FieldErrors{{Field: "Mobility", Rule: "required", Want: "the identifier of the mobility and its sending institution"}}
		}
		if stored.Version != r.Version {
			return fmt.Errorf("omobilities: the record was written meanwhile: %w", passerelle.ErrConflict)
		}
		return nil
	},
}

// ledgerKey joins the parts of a key: neither can hold a blank.
func ledgerKey(k Key) string { return k.Sending.String() + " " + k.ID }

// Memory is a [Store] that lives as long as the process. Create it with [NewMemory].
type Memory struct{ records *ledger.Memory[Record] }

// NewMemory returns an empty store.
func NewMemory() *Memory { return &Memory{ledger.NewMemory(records)} }

// Get implements [Store].
func (m *Memory) Get(_ context.Context, k Key) (Record, error) { return m.records.Get(ledgerKey(k)) }

// Put implements [Store].
func (m *Memory) Put(ctx context.Context, r Record) (Record, error) { return m.records.Put(ctx, r) }

// Records implements [Store].
func (m *Memory) Records(ctx context.Context) iter.Seq2[Record, error] { return m.records.Records(ctx) }

// File is a [Store] in one append-only file, for one process at a time. What it
// acknowledges is on the disk. Open it with [OpenFile]. The records are in memory too.
type File struct{ records *ledger.File[Record] }

// OpenFile opens the store at path, or creates it, readable by its owner alone. A
// file that another process has open is refused with passerelle.ErrConflict, a
// damaged one with passerelle.ErrInvalid. An end cut by a crash is repaired.
func OpenFile(path string) (*File, error) {
	f, err := ledger.Open(path, records)
	if err != nil {
		return nil, err
	}
	return &File{f}, nil
}

// Get implements [Store].
func (f *File) Get(_ context.Context, k Key) (Record, error) { return f.records.Get(ledgerKey(k)) }

// Put implements [Store].
func (f *File) Put(ctx context.Context, r Record) (Record, error) { return f.records.Put(ctx, r) }

// Records implements [Store].
func (f *File) Records(ctx context.Context) iter.Seq2[Record, error] { return f.records.Records(ctx) }

// Close closes the file. Writes after it fail.
func (f *File) Close() error { return f.records.Close() }
