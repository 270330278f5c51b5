package campaign

import (
	"context"
	"iter"
	"slices"
	"sync"
)

// Memory is a [Ledger] that lives as long as the process: for tests and dry runs.
// Create it with [NewMemory].
type Memory struct {
	mu      sync.Mutex
	records map[string]Record
	holders map[string]string // identity to the student that holds it
}

// NewMemory returns an empty ledger.
func NewMemory() *Memory {
	return &Memory{records: make(map[string]Record), holders: make(map[string]string)}
}

// Get implements [Ledger].
func (m *Memory) Get(_ context.Context, student string) (Record, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	r, ok := m.records[student]
	if !ok {
		return Record{}, errNoRecord(student)
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
	if err := checkPut(m.records[r.Student], r); err != nil {
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
	rec := m.records[c.Student]
	var holder Record
	if h := m.holders[c.Identity]; h != "" && h != c.Student {
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

// index makes r the current record of its student. The caller holds the lock.
func (m *Memory) index(r Record) {
	if old := m.records[r.Student]; m.holders[old.Identity] == r.Student {
		delete(m.holders, old.Identity)
	}
	m.records[r.Student] = r
	if r.HoldsIdentity() {
		m.holders[r.Identity] = r.Student
	}
}

// Records implements [Ledger]. It gives the records as they were when the
// range began.
func (m *Memory) Records(ctx context.Context) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		m.mu.Lock()
		all := make([]Record, 0, len(m.records))
		for _, r := range m.records {
			all = append(all, r.clone())
		}
		m.mu.Unlock()
		for _, r := range all {
			if err := ctx.Err(); err != nil {
				yield(Record{}, err)
				return
			}
			if !yield(r, nil) {
				return
			}
		}
	}
}

// clone returns r with slices of its own.
func (r Record) clone() Record {
	r.Alternates = slices.Clone(r.Alternates)
	r.History = slices.Clone(r.History)
	r.Closed = slices.Clone(r.Closed)
	return r
}
