package esc

import (
	"context"
	"encoding/json"
	"iter"
	"sync"

	passerelle "github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/internal/journal"
)

// Reservations remembers up to where the ticks of one prefix are taken, across
// restarts. A generator reserves ticks before it uses the first of them, so that a
// crash loses ticks and never yields one twice.
//
// An implementation that several processes share, a table of a database, lets
// them use one prefix together, provided that Reserve is atomic.
type Reservations interface {
	// Reserve takes the ticks from first up to end, not included. When every tick
	// from first on is free, it records end durably and returns a value that is not
	// above first. Otherwise it changes nothing and returns the first tick that is free.
	Reserve(ctx context.Context, first, end uint64) (free uint64, err error)
}

// MemoryReservations keeps reservations for the life of the process: for tests,
// and for generators that follow each other. The zero value is empty. It is safe
// for concurrent use.
type MemoryReservations struct {
	mu   sync.Mutex
	free uint64
}

// Reserve implements [Reservations].
func (m *MemoryReservations) Reserve(_ context.Context, first, end uint64) (uint64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	free := m.free
	if free <= first {
		m.free = end
	}
	return free, nil
}

// FileReservations keeps reservations in a file, on the disk before Reserve
// returns. The file is locked: it serves one process at a time. It is safe for concurrent use.
type FileReservations struct {
	mu      sync.Mutex
	free    uint64
	journal *journal.Journal
}

const (
	reservationKind = "escn-ticks/1"

	// maxReservations is how many records the file holds before it is rewritten.
	maxReservations = 1000
)

// reservation is a record of the file.
type reservation struct {
	Free uint64 `json:"free"` // first tick that is not taken
}

// OpenReservations opens the reservations kept in the file of the given path,
// which is created when there is none. Close it in the end.
//
// A file that is damaged or holds something else is an error for which
// errors.Is(err, passerelle.ErrInvalid) is true: guessing would allow duplicates. One
// that another process holds is passerelle.ErrConflict. Where a clock that ran far
// ahead has been put right, remove the file once it is certain that no number of that
// time was issued.
func OpenReservations(path string) (*FileReservations, error) {
	f := new(FileReservations)
	j, err := journal.Open(path, journal.Options{
		Kind: reservationKind,
		Replay: func(r journal.Record) error {
			var v reservation
			if err := json.Unmarshal(r.Data, &v); err != nil || v.Free == 0 {
				return &passerelle.ParseError{Type: "ESCN reservations", Rule: "record", Want: `{"free":…}`}
			}
			f.free = max(f.free, v.Free)
			return nil
		},
	})
	if err != nil {
		return nil, err
	}
	f.journal = j
	return f, nil
}

// Reserve implements [Reservations]. After an error of the disk every later call
// fails as well: what is on the disk is known when the file is opened again.
func (f *FileReservations) Reserve(_ context.Context, first, end uint64) (uint64, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	free := f.free
	if free > first {
		return free, nil
	}
	f.free = end // stays so when the record fails: ticks are lost, none is used twice
	if f.journal.Len() < maxReservations {
		return free, f.journal.Append(reservation{end})
	}
	return free, f.journal.Compact(snapshot(end))
}

// snapshot is the one record that replaces all others.
func snapshot(free uint64) iter.Seq[any] {
	return func(yield func(any) bool) { yield(reservation{free}) }
}

// Close closes the file and lets other processes open it.
func (f *FileReservations) Close() error { return f.journal.Close() }
