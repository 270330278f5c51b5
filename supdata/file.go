package supdata

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/internal/journal"
)

// fileKind is the kind of journal that a ledger is.
const fileKind = "supdata-ledger/1"

// File is a [Ledger] in one append-only file, for one process at a time: what it
// acknowledges is on the disk, and survives a kill at any instant. Open it with
// [OpenFile]. The records are in memory too, some seven hundred bytes each.
type File struct {
	mem     *Memory
	journal *journal.Journal
}

// OpenFile opens the ledger at path, or creates it, readable by its owner alone.
// A file that another process has open is refused with passerelle.ErrConflict, a
// damaged one with passerelle.ErrInvalid. An end cut by a crash is repaired.
func OpenFile(path string) (*File, error) {
	f := &File{mem: NewMemory()}
	lines := int64(0)
	j, err := journal.Open(path, journal.Options{
		Kind: fileKind,
		Replay: func(line journal.Record) error {
			var r Record
			if err := json.Unmarshal(line.Data, &r); err != nil {
				return fmt.Errorf("supdata: ledger record %d: not a record of this version: %w", line.Seq, passerelle.ErrInvalid)
			}
			lines++
			// Two writes may reach the disk in either order: the newest version counts.
			if r.Version > f.mem.records[r.Key].Version {
				f.mem.index(r)
			}
			return nil
		},
	})
	if err != nil {
		return nil, fmt.Errorf("supdata: opening the ledger: %w", err)
	}
	f.journal = j
	if live := int64(len(f.mem.records)); lines > 1000 && lines > 4*live {
		if err := j.Compact(f.snapshot()); err != nil {
			j.Close()
			return nil, fmt.Errorf("supdata: compacting the ledger: %w", err)
		}
	}
	return f, nil
}

// snapshot gives the current records for a compaction.
func (f *File) snapshot() iter.Seq[any] {
	return func(yield func(any) bool) {
		for _, r := range f.mem.records {
			if !yield(r) {
				return
			}
		}
	}
}

// Get implements [Ledger].
func (f *File) Get(ctx context.Context, key string) (Record, error) { return f.mem.Get(ctx, key) }

// Put implements [Ledger].
func (f *File) Put(ctx context.Context, r Record) (Record, error) { return f.save(f.mem.Put(ctx, r)) }

// Claim implements [Ledger].
func (f *File) Claim(ctx context.Context, c Claim) (Record, error) {
	return f.save(f.mem.Claim(ctx, c))
}

// save makes a record durable. When that fails the file is broken for good, and
// so what the memory is ahead of it is never acted upon: every later write fails.
func (f *File) save(r Record, err error) (Record, error) {
	if err != nil {
		return Record{}, err
	}
	if err := f.journal.Append(r); err != nil {
		return Record{}, fmt.Errorf("supdata: writing the ledger: %w", err)
	}
	return r, nil
}

// Records implements [Ledger].
func (f *File) Records(ctx context.Context) iter.Seq2[Record, error] { return f.mem.Records(ctx) }

// Close closes the file. Writes after it fail.
func (f *File) Close() error { return f.journal.Close() }
