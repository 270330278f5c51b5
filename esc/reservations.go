package esc

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	passerelle "github.com/passerelle-sup/passerelle"
)

// Reservations remembers up to where the ticks of one prefix are taken, across
// restarts. A generator reserves ticks before it uses the first of them, so that a
// crash loses ticks and never yields one twice.
//
// An implementation that several processes share, a table of a database, lets
// them use one prefix together, provided that Reserve is atomic.
type Reservations interface {
	// Reserve takes the ticks from first up to end, not included. When every tick
	// from first on is free, it records end durably and returns a value that is not above
	// first. Otherwise it changes nothing and returns the first tick that is free.
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

// FileReservations keeps reservations in a small text file, replaced as a whole
// and synchronised to the disk before Reserve returns. It is safe for concurrent
// use within one process; the file serves one process at a time.
type FileReservations struct {
	path string

	mu   sync.Mutex
	free uint64
}

// OpenReservations returns the reservations kept in the file of the given path,
// which is created by the first reservation. A file with anything else in it is an
// error: guessing would allow duplicates. So is a folder that cannot be written to, at
// the first reservation. Where a clock that ran far ahead has been put right, remove the
// file once numbers of that time are known not to have been issued.
func OpenReservations(path string) (*FileReservations, error) {
	f := &FileReservations{path: path}
	if err := f.load(); err != nil {
		return nil, err
	}
	return f, nil
}

// reservationHeader begins the file; the number that follows is the first free tick.
const reservationHeader = "passerelle escn ticks "

func (f *FileReservations) load() error {
	data, err := os.ReadFile(f.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return fmt.Errorf("ESCN reservations: %w", err)
	}
	text, ok := strings.CutPrefix(strings.TrimSuffix(string(data), "\n"), reservationHeader)
	free, err := strconv.ParseUint(text, 10, 60)
	if !ok || err != nil {
		return fmt.Errorf("ESCN reservations: %w: %s does not hold %q and a number", passerelle.ErrInvalid, f.path, reservationHeader)
	}
	f.free = free
	return nil
}

// Reserve implements [Reservations].
func (f *FileReservations) Reserve(_ context.Context, first, end uint64) (uint64, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.free > first {
		return f.free, nil
	}
	if err := replaceFile(f.path, reservationHeader+strconv.FormatUint(end, 10)+"\n"); err != nil {
		return 0, fmt.Errorf("ESCN reservations: %w", err)
	}
	free := f.free
	f.free = end
	return free, nil
}

// replaceFile writes a file that after a crash is either the old one or the new one.
func replaceFile(path, content string) error {
	dir := filepath.Dir(path)
	temp, err := os.CreateTemp(dir, filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	_, err = temp.WriteString(content)
	err = errors.Join(err, temp.Sync(), temp.Close())
	if err == nil {
		err = os.Rename(temp.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(temp.Name()))
	}
	return syncDir(dir)
}

// syncDir makes a rename durable. Systems that cannot open a folder do not need it.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return nil
	}
	defer d.Close()
	if err := d.Sync(); err != nil && !errors.Is(err, errors.ErrUnsupported) {
		return err
	}
	return nil
}

// ClockError says that no number can be made because the clock stands before the
// last tick taken, or outside the years that a number can hold. Waiting or setting
// the clock right is all there is to do. errors.Is(err, passerelle.ErrUnavailable) is true of it.
type ClockError struct {
	Last time.Time // last millisecond used or reserved; zero when the clock is out of range
	Now  time.Time // what the clock says
}

// Error returns how far the clock is behind.
func (e *ClockError) Error() string {
	if e.Last.IsZero() {
		return "ESCN: the clock says " + e.Now.UTC().Format(time.RFC3339) + ", which a card number cannot hold"
	}
	return "ESCN: the clock is " + e.Last.Sub(e.Now).String() + " behind the ticks already taken: was it set back?"
}

// Is reports whether target is passerelle.ErrUnavailable.
func (e *ClockError) Is(target error) bool { return target == passerelle.ErrUnavailable }

// Outcome returns NotSent: the failure is local.
func (e *ClockError) Outcome() passerelle.Outcome { return passerelle.NotSent }
