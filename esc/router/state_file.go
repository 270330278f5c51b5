package router

import (
	"context"
	"encoding/json"
	"iter"
	"maps"
	"sync"

	"github.com/passerelle-sup/passerelle/internal/journal"
)

// FileState keeps records in a journal: one file, written behind and synchronised to
// the disk before Save and Reserve return, read whole when it is opened. It serves one
// process at a time and holds all records in memory. The file is private: it holds
// identifiers of students. It is safe for concurrent use.
type FileState struct {
	memory     MemoryState
	compacting sync.Mutex
	least      int64 // records below which the file is not written anew
	journal    *journal.Journal
}

var _ State = (*FileState)(nil)

const (
	fileKind = "esc-router-state/1"

	// compactAbove is how many times more records than students and names the
	// file may hold before it is written anew.
	compactAbove = 4
	compactMin   = 10_000
)

// entry is one record of the journal: one of its fields.
type entry struct {
	Record  *Record      `json:"record,omitempty"`
	Reserve *reservation `json:"reserve,omitempty"`
	Release string       `json:"release,omitempty"` // name
}

type reservation struct {
	Name string `json:"name"`
	Key  Key    `json:"key"`
}

// OpenState opens the state in the file of a path, which is created when there is
// none. Close it. A file that is in use, of another kind or damaged is an error of the
// journal: passerelle.ErrConflict, passerelle.ErrInvalid or passerelle.ErrUnavailable.
func OpenState(path string) (*FileState, error) {
	s := &FileState{least: compactMin, memory: MemoryState{records: make(map[Key]Record), names: make(map[string]Key)}}
	var err error
	s.journal, err = journal.Open(path, journal.Options{Kind: fileKind, Replay: func(r journal.Record) error {
		var e entry
		if err := json.Unmarshal(r.Data, &e); err != nil {
			return err
		}
		if e.Record != nil {
			s.memory.records[e.Record.Key] = *e.Record
		}
		if e.Reserve != nil {
			s.memory.names[e.Reserve.Name] = e.Reserve.Key
		}
		delete(s.memory.names, e.Release)
		return nil
	}})
	if err != nil {
		return nil, err
	}
	return s, nil
}

// Close closes the file.
func (s *FileState) Close() error { return s.journal.Close() }

// Load implements [State].
func (s *FileState) Load(ctx context.Context, k Key) (Record, error) { return s.memory.Load(ctx, k) }

// Save implements [State]. Memory changes before the file, as compaction wants it: a
// failed write breaks the journal and every later call with it.
func (s *FileState) Save(ctx context.Context, r Record) error {
	if err := s.memory.Save(ctx, r); err != nil {
		return err
	}
	if err := s.journal.Append(entry{Record: &r}); err != nil {
		return err
	}
	return s.compact()
}

// Reserve implements [State].
func (s *FileState) Reserve(ctx context.Context, name string, k Key) (Key, error) {
	holder, isNew := s.memory.reserve(name, k)
	if !isNew {
		return holder, nil
	}
	if err := s.journal.Append(entry{Reserve: &reservation{Name: name, Key: k}}); err != nil {
		return Key{}, err
	}
	return k, nil
}

// Release implements [State].
func (s *FileState) Release(_ context.Context, name string, k Key) error {
	if !s.memory.release(name, k) {
		return nil
	}
	return s.journal.Append(entry{Release: name})
}

// compact writes the file anew when most of it is history.
func (s *FileState) compact() error {
	if s.journal.Len() < s.least || s.journal.Len() < compactAbove*s.memory.size() || !s.compacting.TryLock() {
		return nil
	}
	defer s.compacting.Unlock()
	return s.journal.Compact(func(yield func(any) bool) {
		s.memory.mu.Lock()
		records, names := maps.Clone(s.memory.records), maps.Clone(s.memory.names)
		s.memory.mu.Unlock()
		for _, r := range records {
			if !yield(entry{Record: &r}) {
				return
			}
		}
		for name, k := range names {
			if !yield(entry{Reserve: &reservation{Name: name, Key: k}}) {
				return
			}
		}
	})
}

// Records implements [State].
func (s *FileState) Records(ctx context.Context) iter.Seq2[Record, error] {
	return s.memory.Records(ctx)
}
