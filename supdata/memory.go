package supdata

import (
	"context"
	"iter"
	"sync"
)

// Memory is a [Ledger] that lives as long as the process: for tests and dry runs.
// Create it with [NewMemory].
type Memory struct {
	mu      sync.Mutex
	records map[string]Record
	holders map[string]string // fingerprint to the key that holds it
}

// NewMemory returns an empty ledger.
func NewMemory() *Memory {
	return &Memory{records: make(map[string]Record), holders: make(map[string]string)}
}

// Get implements [Ledger].
func (m *Memory) Get(_ context.Context, key string) (Record, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	r, ok := m.records[key]
	if !ok {
		return Record{}, errNoRecord()
	}
	return r.clone(), nil
}

// Put implements [Ledger].
func (m *Memory) Put(ctx context.Context, r Record) (Record, error) {
	if err := ctx.Err(); err != nil {
		return Record{}, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := checkPut(m.records[r.Key], r); err != nil {
		return Record{}, err
	}
	r = r.clone()
	r.Version++
	m.index(r)
	return r.clone(), nil
}

// Claim implements [Ledger].
func (m *Memory) Claim(ctx context.Context, c Claim) (Record, error) {
	if err := ctx.Err(); err != nil {
		return Record{}, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	rec := m.records[c.Key]
	var holder Record
	if h := m.holders[c.Sending.Fingerprint()]; h != "" && h != c.Key {
		holder = m.records[h]
	}
	if err := CheckClaim(rec, holder, c); err != nil {
		return Record{}, err
	}
	rec = c.Apply(rec.clone())
	rec.Version++
	m.index(rec)
	return rec.clone(), nil
}

// index makes r the current record of its key. The caller holds the lock.
func (m *Memory) index(r Record) {
	if old := m.records[r.Key]; m.holders[old.Fingerprint] == r.Key {
		delete(m.holders, old.Fingerprint)
	}
	m.records[r.Key] = r
	if r.Holds() {
		m.holders[r.Fingerprint] = r.Key
	}
}

// Records implements [Ledger]. It gives the records of the keys that were there when
// the range began.
func (m *Memory) Records(ctx context.Context) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		m.mu.Lock()
		keys := make([]string, 0, len(m.records))
		for key := range m.records {
			keys = append(keys, key)
		}
		m.mu.Unlock()
		for _, key := range keys {
			r, err := m.Get(ctx, key)
			if err == nil {
				err = ctx.Err()
			}
			if err != nil {
				yield(Record{}, err)
				return
			}
			if !yield(r, nil) {
				return
			}
		}
	}
}
