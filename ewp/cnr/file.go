package cnr

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/internal/journal"
)

// File is a [Queue], and [Marks], in one append-only file, for one process at a
// time. What it acknowledges is on the disk; its entries are in memory too. Leases
// are in memory only: what was under way when the process died waits again.
type File struct {
	*Memory
	journal    *journal.Journal
	compacting sync.Mutex
	broken     atomic.Bool // a write failed
}

var (
	_ Queue = (*File)(nil)
	_ Marks = (*File)(nil)
)

// record is a line of the file: an entry, one that was forgotten, or a mark.
type record struct {
	Seq   int64   `json:"seq"` // two writes may reach the disk in either order: the highest counts
	Entry *Entry  `json:"entry,omitempty"`
	Gone  *Change `json:"gone,omitempty"`
	Route *Change `json:"route,omitempty"` // with the identifier "-"
	Mark  *Mark   `json:"mark,omitempty"`
}

func markRecord(seq int64, r Route, m Mark) record {
	return record{Seq: seq, Route: &Change{Route: r, ID: "-"}, Mark: &m}
}

// Open opens the queue at path, or creates it, readable by its owner alone. Its
// errors are those of the file, or passerelle.ErrInvalid for one that is not a
// queue of this version.
func Open(path string) (*File, error) {
	f := &File{Memory: NewMemory()}
	gone, marked := map[Change]int64{}, map[Route]int64{}
	j, err := journal.Open(path, journal.Options{
		Kind: "ewp-cnr/1",
		Replay: func(line journal.Record) error {
			var r record
			if err := json.Unmarshal(line.Data, &r); err != nil {
				return fmt.Errorf("cnr: record %d is not one of this version: %w", line.Seq, passerelle.ErrInvalid)
			}
			f.seq = max(f.seq, r.Seq)
			switch {
			case r.Entry != nil:
				c := r.Entry.Change
				if old := f.entries[c]; gone[c] < r.Seq && (old == nil || old.seq < r.Seq) {
					f.index(*r.Entry, r.Seq)
				}
			case r.Gone != nil:
				gone[*r.Gone] = max(gone[*r.Gone], r.Seq)
				if old := f.entries[*r.Gone]; old != nil && old.seq < r.Seq {
					f.unplace(old)
					delete(f.entries, *r.Gone)
				}
			case r.Route != nil && r.Mark != nil:
				if marked[r.Route.Route] < r.Seq {
					marked[r.Route.Route], f.marks[r.Route.Route] = r.Seq, *r.Mark
				}
			default:
				return fmt.Errorf("cnr: record %d is empty: %w", line.Seq, passerelle.ErrInvalid)
			}
			return nil
		},
	})
	if err != nil {
		return nil, fmt.Errorf("cnr: opening the queue: %w", err)
	}
	f.journal = j
	// Leases ended with the process that held them.
	f.mu.Lock()
	for _, it := range f.entries {
		if it.Claim != 0 {
			e := it.Entry
			e.Claim, e.Leased = 0, time.Time{}
			f.index(e, it.seq)
		}
	}
	f.mu.Unlock()
	if err := f.tidy(); err != nil {
		return nil, errors.Join(err, j.Close())
	}
	return f, nil
}

// Add is that of [Queue].
func (f *File) Add(ctx context.Context, at time.Time, changes ...Change) error {
	written, err := f.add(ctx, at, changes, Entry.Merge)
	return errors.Join(err, f.save(written))
}

// Again is that of [Queue].
func (f *File) Again(ctx context.Context, at time.Time, changes ...Change) error {
	written, err := f.add(ctx, at, changes, Entry.Again)
	return errors.Join(err, f.save(written))
}

// Claim is that of [Queue]. After a write that failed it is passerelle.ErrUnavailable:
// what could not be settled would be done over and over.
func (f *File) Claim(ctx context.Context, now, until time.Time, limit int) ([]Entry, error) {
	if f.broken.Load() {
		return nil, fmt.Errorf("cnr: claim: an earlier write of the queue failed: %w", passerelle.ErrUnavailable)
	}
	return f.Memory.Claim(ctx, now, until, limit)
}

// Settle is that of [Queue].
func (f *File) Settle(ctx context.Context, r Result, claimed ...Entry) error {
	written, err := f.settle(ctx, r, claimed)
	return errors.Join(err, f.save(written))
}

// Purge is that of [Queue].
func (f *File) Purge(ctx context.Context, before time.Time) (int, error) {
	gone, err := f.purge(ctx, before)
	return len(gone), errors.Join(err, f.save(gone))
}

// SetMark is that of [Marks].
func (f *File) SetMark(ctx context.Context, r Route, mark Mark) error {
	written, err := f.setMark(ctx, r, mark)
	if err != nil {
		return err
	}
	return f.save([]record{written})
}

// Close closes the file. Writes after it fail.
func (f *File) Close() error { return f.journal.Close() }

// save makes records durable. When that fails the file is broken for good: every
// later write and claim fails, and what the memory is ahead of it is gone with the
// process.
func (f *File) save(records []record) error {
	if len(records) == 0 {
		return nil
	}
	values := make([]any, len(records))
	for i := range records {
		values[i] = &records[i]
	}
	if err := f.journal.Append(values...); err != nil {
		f.broken.Store(true)
		return fmt.Errorf("cnr: writing the queue: %w", err)
	}
	return f.tidy()
}

// tidy rewrites a file that has grown far beyond what it holds.
func (f *File) tidy() error {
	if !f.compacting.TryLock() {
		return nil // somebody is at it
	}
	defer f.compacting.Unlock()
	f.mu.Lock()
	live := int64(len(f.entries) + len(f.marks))
	f.mu.Unlock()
	if lines := f.journal.Len(); lines < 1000 || lines < 4*live {
		return nil
	}
	err := f.journal.Compact(func(yield func(any) bool) {
		f.mu.Lock()
		defer f.mu.Unlock()
		for _, it := range f.entries {
			if !yield(record{Seq: it.seq, Entry: &it.Entry}) {
				return
			}
		}
		for r, mark := range f.marks {
			if !yield(markRecord(f.seq, r, mark)) {
				return
			}
		}
	})
	if err != nil {
		return fmt.Errorf("cnr: compacting the queue: %w", err)
	}
	return nil
}
