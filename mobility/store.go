package mobility

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/internal/ledger"
)

// Store keeps records. Every implementation passes mobilitytest.Store. It is safe
// for concurrent use, and what it acknowledges survives as long as it does.
type Store interface {
	// Get returns a record. passerelle.ErrNotFound says that there is none.
	Get(ctx context.Context, id string) (Record, error)
	// Put writes a record over the version that it was read in, and returns it with
	// its new version. Another version in the store is passerelle.ErrConflict, and
	// nothing is written.
	Put(ctx context.Context, r Record) (Record, error)
	// Records gives all records that were there when the range began, in any order. An
	// error is the last element.
	Records(ctx context.Context) iter.Seq2[Record, error]
}

// Do applies an event to a stored record, again when somebody else wrote it
// meanwhile, and returns what the event demands. The effects are the caller's to do
// now; when they are lost in a crash, Timeline and Documents tell what was done.
// Its error is a [*RefusedError] or one of the store.
func (f *Flow) Do(ctx context.Context, s Store, id string, e Event) (Record, []Effect, error) {
	const most = 5
	for attempt := 1; ; attempt++ {
		r, err := s.Get(ctx, id)
		if err != nil {
			return Record{}, nil, err
		}
		next, effects, err := f.Apply(r, e)
		if err != nil {
			return r, nil, err
		}
		if next, err = s.Put(ctx, next); err == nil {
			return next, effects, nil
		}
		if !errors.Is(err, passerelle.ErrConflict) || attempt == most {
			return r, nil, fmt.Errorf("mobility: writing the record: %w", err)
		}
	}
}

// records says what the records of a store are.
var records = ledger.Kind[Record]{
	Name: "mobility", File: "mobility/1",
	Key:     func(r *Record) string { return r.ID },
	Version: func(r *Record) *int64 { return &r.Version },
	Holds:   func(*Record) string { return "" },
	Clone:   Record.clone,
	Missing: func(string) error { return fmt.Errorf("mobility: no such record: %w", passerelle.ErrNotFound) },
	Check: func(stored, r *Record) error {
		if r.ID == "" {
			return passerelle.FieldErrors{{Field: "ID", Rule: "required", Want: "the identifier of the mobility"}}
		}
		if stored.Version != r.Version {
			return fmt.Errorf("mobility: the record was written meanwhile: %w", passerelle.ErrConflict)
		}
		return nil
	},
}

// clone copies what the slices hold.
func (r Record) clone() Record {
	r.Choice = slices.Clone(r.Choice)
	r.Approvals = slices.Clone(r.Approvals)
	r.Documents = slices.Clone(r.Documents)
	for i := range r.Documents {
		r.Documents[i].Approvals = slices.Clone(r.Documents[i].Approvals)
	}
	r.History = slices.Clone(r.History)
	return r
}

// Memory is a [Store] that lives as long as the process. Create it with [NewMemory].
type Memory struct{ records *ledger.Memory[Record] }

// NewMemory returns an empty store.
func NewMemory() *Memory { return &Memory{ledger.NewMemory(records)} }

// Get implements [Store].
func (m *Memory) Get(_ context.Context, id string) (Record, error) { return m.records.Get(id) }

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
func (f *File) Get(_ context.Context, id string) (Record, error) { return f.records.Get(id) }

// Put implements [Store].
func (f *File) Put(ctx context.Context, r Record) (Record, error) { return f.records.Put(ctx, r) }

// Records implements [Store].
func (f *File) Records(ctx context.Context) iter.Seq2[Record, error] { return f.records.Records(ctx) }

// Close closes the file. Writes after it fail.
func (f *File) Close() error { return f.records.Close() }
