package ledger

import (
	"context"
	"iter"
	"sync"
)

// Kind says what the records of a ledger are.
type Kind[R any] struct {
	Name string // of the package, in errors: "campaign"
	File string // kind of the journal, with its version: "ines-ledger/1"

	Key     func(r *R) string // names the record; not empty
	Version func(r *R) *int64 // where its version stands
	Holds   func(r *R) string // the name that the record holds, "" for none
	Clone   func(r R) R       // a copy with slices of its own

	Missing func(key string) error   // what Get returns for a key without record
	Check   func(stored, r *R) error // whether r may be written over stored, the version included
}

// Memory is a ledger that lives as long as the process. It is safe for
// concurrent use.
type Memory[R any] struct {
	kind    Kind[R]
	mu      sync.Mutex
	records map[string]R
	holders map[string]string // name to the key that holds it
}

// NewMemory returns an empty ledger.
func NewMemory[R any](kind Kind[R]) *Memory[R] {
	return &Memory[R]{kind: kind, records: make(map[string]R), holders: make(map[string]string)}
}

// Get returns the record of a key, or what Kind.Missing says.
func (m *Memory[R]) Get(key string) (R, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	r, ok := m.records[key]
	if !ok {
		return r, m.kind.Missing(key)
	}
	return m.kind.Clone(r), nil
}

// Put writes r, if Kind.Check allows it, and returns it with its new version.
func (m *Memory[R]) Put(ctx context.Context, r R) (R, error) {
	return m.update(ctx, m.kind.Key(&r), "", func(stored, _ R) (R, error) {
		return r, m.kind.Check(&stored, &r)
	})
}

// Claim writes what grant makes of the record of a key, the zero record when
// there is none, and of the record of another key that holds name, the zero record
// when there is none. An error of grant is returned and nothing is written.
func (m *Memory[R]) Claim(ctx context.Context, key, name string, grant func(rec, holder R) (R, error)) (R, error) {
	return m.update(ctx, key, name, grant)
}

func (m *Memory[R]) update(ctx context.Context, key, name string, change func(rec, holder R) (R, error)) (R, error) {
	var zero, holder R
	if err := ctx.Err(); err != nil {
		return zero, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if h := m.holders[name]; name != "" && h != "" && h != key {
		holder = m.records[h]
	}
	next, err := change(m.kind.Clone(m.records[key]), holder)
	if err != nil {
		return zero, err
	}
	next = m.kind.Clone(next)
	*m.kind.Version(&next)++
	m.index(next)
	return m.kind.Clone(next), nil
}

// index makes r the current record of its key. The caller holds the lock.
func (m *Memory[R]) index(r R) {
	key := m.kind.Key(&r)
	if old, ok := m.records[key]; ok {
		if name := m.kind.Holds(&old); name != "" && m.holders[name] == key {
			delete(m.holders, name)
		}
	}
	m.records[key] = r
	if name := m.kind.Holds(&r); name != "" {
		m.holders[name] = key
	}
}

// Records gives the records of the keys that were there when the range began, each
// as it is when its turn comes.
func (m *Memory[R]) Records(ctx context.Context) iter.Seq2[R, error] {
	return func(yield func(R, error) bool) {
		m.mu.Lock()
		keys := make([]string, 0, len(m.records))
		for key := range m.records {
			keys = append(keys, key)
		}
		m.mu.Unlock()
		for _, key := range keys {
			r, err := m.Get(key)
			if err == nil {
				err = ctx.Err()
			}
			if err != nil {
				var zero R
				yield(zero, err)
				return
			}
			if !yield(r, nil) {
				return
			}
		}
	}
}
