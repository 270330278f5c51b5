package omobilitylas

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/internal/ledger"
)

// Store keeps states. Every implementation passes omobilitylastest.Store. It is safe for
// concurrent use, and what it acknowledges survives as long as it does.
type Store interface {
	// Get returns a state. passerelle.ErrNotFound says that there is none.
	Get(ctx context.Context, k Key) (State, error)
	// Put writes a state over the version that it was read in, and returns it with its
	// new version. Another version in the store is passerelle.ErrConflict, and nothing is
	// written.
	Put(ctx context.Context, s State) (State, error)
	// States gives all states that were there when the range began, in any order. An
	// error is the last element.
	States(ctx context.Context) iter.Seq2[State, error]
}

// Do changes a stored state by a function, again when somebody else wrote it meanwhile,
// and returns what was written. A function that changes nothing writes nothing. create
// lets the function begin from the zero state where there is none. Its error is that of
// the function or of the store.
func Do(ctx context.Context, store Store, k Key, create bool, change func(State) (State, error)) (State, error) {
	const most = 5
	for attempt := 1; ; attempt++ {
		s, err := store.Get(ctx, k)
		if err != nil && !(create && errors.Is(err, passerelle.ErrNotFound)) {
			return State{}, err
		}
		next, err := change(s)
		if err != nil || s.Version > 0 && s.same(next) {
			return s, err
		}
		if next, err = store.Put(ctx, next); err == nil {
			return next, nil
		}
		if !errors.Is(err, passerelle.ErrConflict) || attempt == most {
			return s, fmt.Errorf("omobilitylas: writing the state: %w", err)
		}
	}
}

// same reports whether two states hold the same.
func (s State) same(t State) bool {
	return len(s.Decisions) == len(t.Decisions) && s.Due == t.Due && s.Modified.Equal(t.Modified) && fingerprint(s.Agreement) == fingerprint(t.Agreement)
}

// states says what the states of a store are.
var states = ledger.Kind[State]{
	Name: "omobilitylas", File: "omobility-las/1",
	Key:     func(s *State) string { return s.Key().String() },
	Version: func(s *State) *int64 { return &s.Version },
	Holds:   func(*State) string { return "" },
	Clone:   State.clone,
	Missing: func(string) error {
		return fmt.Errorf("omobilitylas: no such agreement: %w", passerelle.ErrNotFound)
	},
	Check: func(stored, s *State) error {
		if k := s.Key(); k.Sending.IsZero() || k.ID == "" {
			return passerelle.FieldErrors{{Field: "Agreement.OMobilityID", Rule: "required", Want: "the sending institution and the identifier of the mobility"}}
		}
		if stored.Version != s.Version {
			return fmt.Errorf("omobilitylas: the state was written meanwhile: %w", passerelle.ErrConflict)
		}
		return nil
	},
}

// Memory is a [Store] that lives as long as the process. Create it with [NewMemory].
type Memory struct{ states *ledger.Memory[State] }

// NewMemory returns an empty store.
func NewMemory() *Memory { return &Memory{ledger.NewMemory(states)} }

// Get implements [Store].
func (m *Memory) Get(_ context.Context, k Key) (State, error) { return m.states.Get(k.String()) }

// Put implements [Store].
func (m *Memory) Put(ctx context.Context, s State) (State, error) { return m.states.Put(ctx, s) }

// States implements [Store].
func (m *Memory) States(ctx context.Context) iter.Seq2[State, error] { return m.states.Records(ctx) }

// File is a [Store] in one append-only file, for one process at a time. What it
// acknowledges is on the disk. Open it with [OpenFile]. The states are in memory too.
type File struct{ states *ledger.File[State] }

// OpenFile opens the store at path, or creates it, readable by its owner alone. A file
// that another process has open is refused with passerelle.ErrConflict, a damaged one
// with passerelle.ErrInvalid. An end cut by a crash is repaired.
func OpenFile(path string) (*File, error) {
	f, err := ledger.Open(path, states)
	if err != nil {
		return nil, err
	}
	return &File{f}, nil
}

// Get implements [Store].
func (f *File) Get(_ context.Context, k Key) (State, error) { return f.states.Get(k.String()) }

// Put implements [Store].
func (f *File) Put(ctx context.Context, s State) (State, error) { return f.states.Put(ctx, s) }

// States implements [Store].
func (f *File) States(ctx context.Context) iter.Seq2[State, error] { return f.states.Records(ctx) }

// Close closes the file. Writes after it fail.
func (f *File) Close() error { return f.states.Close() }
