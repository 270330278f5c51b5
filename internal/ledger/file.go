package ledger

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/internal/journal"
)

// File is a ledger in one append-only file, for one process at a time: what it
// acknowledges is on the disk. The records are in memory too.
type File[R any] struct {
	*Memory[R]
	journal *journal.Journal
}

// Open opens the ledger at path, or creates it. Its errors are those of package
// journal, or passerelle.ErrInvalid for a record of another version.
func Open[R any](path string, kind Kind[R]) (*File[R], error) {
	f := &File[R]{Memory: NewMemory(kind)}
	lines := int64(0)
	j, err := journal.Open(path, journal.Options{
		Kind: kind.File,
		Replay: func(line journal.Record) error {
			var r R
			if err := json.Unmarshal(line.Data, &r); err != nil {
				return fmt.Errorf("%s: ledger record %d: not a record of this version: %w", kind.Name, line.Seq, passerelle.ErrInvalid)
			}
			lines++
			// Two writes may reach the disk in either order: the newest version counts.
			before := f.records[kind.Key(&r)]
			if *kind.Version(&r) > *kind.Version(&before) {
				f.index(r)
			}
			return nil
		},
	})
	if err != nil {
		return nil, fmt.Errorf("%s: opening the ledger: %w", kind.Name, err)
	}
	f.journal = j
	if live := int64(len(f.records)); lines > 1000 && lines > 4*live {
		if err := f.compact(); err != nil {
			j.Close()
			return nil, fmt.Errorf("%s: compacting the ledger: %w", kind.Name, err)
		}
	}
	return f, nil
}

// compact keeps the current records only.
func (f *File[R]) compact() error {
	return f.journal.Compact(func(yield func(any) bool) {
		for _, r := range f.records {
			if !yield(r) {
				return
			}
		}
	})
}

// Put is that of [Memory], made durable.
func (f *File[R]) Put(ctx context.Context, r R) (R, error) {
	return f.save(f.Memory.Put(ctx, r))
}

// Claim is that of [Memory], made durable.
func (f *File[R]) Claim(ctx context.Context, key, name string, grant func(rec, holder R) (R, error)) (R, error) {
	return f.save(f.Memory.Claim(ctx, key, name, grant))
}

// save makes a record durable. When that fails the file is broken for good, and
// so what the memory is ahead of it is never acted upon: every later write fails.
func (f *File[R]) save(r R, err error) (R, error) {
	var zero R
	if err != nil {
		return zero, err
	}
	if err := f.journal.Append(r); err != nil {
		return zero, fmt.Errorf("%s: writing the ledger: %w", f.kind.Name, err)
	}
	return r, nil
}

// Close closes the file. Writes after it fail.
func (f *File[R]) Close() error { return f.journal.Close() }
