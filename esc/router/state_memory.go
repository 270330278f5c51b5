package router

import (
	"context"
	"fmt"
	"iter"
	"sync"

	"github.com/passerelle-sup/passerelle"
)

// MemoryState keeps records for the life of the process: for tests and dry runs. The
// zero value is empty. It is safe for concurrent use.
type MemoryState struct {
	mu      sync.Mutex
	records map[Key]Record
	names   map[string]Key
}

var _ State = (*MemoryState)(nil)

// Load implements [State].
func (m *MemoryState) Load(_ context.Context, k Key) (Record, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	r, ok := m.records[k]
	if !ok {
		return Record{}, fmt.Errorf("record of a student: %w", passerelle.ErrNotFound)
	}
	return r.clone(), nil
}

// Save implements [State].
func (m *MemoryState) Save(_ context.Context, r Record) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.records == nil {
		m.records = make(map[Key]Record)
	}
	m.records[r.Key] = r.clone()
	return nil
}

// Reserve implements [State].
func (m *MemoryState) Reserve(_ context.Context, name string, k Key) (Key, error) {
	holder, _ := m.reserve(name, k)
	return holder, nil
}

func (m *MemoryState) reserve(name string, k Key) (holder Key, isNew bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if holder, taken := m.names[name]; taken {
		return holder, false
	}
	if m.names == nil {
		m.names = make(map[string]Key)
	}
	m.names[name] = k
	return k, true
}

// Release implements [State].
func (m *MemoryState) Release(_ context.Context, name string, k Key) error {
	m.release(name, k)
	return nil
}

func (m *MemoryState) release(name string, k Key) (held bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.names[name] != k {
		return false
	}
	delete(m.names, name)
	return true
}

// size returns the number of records and names.
func (m *MemoryState) size() int64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	return int64(len(m.records) + len(m.names))
}

// Records implements [State].
func (m *MemoryState) Records(ctx context.Context) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		m.mu.Lock()
		keys := make([]Key, 0, len(m.records))
		for k := range m.records {
			keys = append(keys, k)
		}
		m.mu.Unlock()
		for _, k := range keys {
			if err := ctx.Err(); err != nil {
				yield(Record{}, err)
				return
			}
			r, err := m.Load(ctx, k)
			if err != nil || !yield(r, nil) {
				return
			}
		}
	}
}
