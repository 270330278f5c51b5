package cvec

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"sync"
)

// Cache keeps the valid answers of a campaign. Its methods are safe for concurrent
// use. What it keeps is personal data. The key is a digest that tells nothing by itself
// and includes the campaign.
type Cache interface {
	// Get returns the record of a key, with ok false when there is none.
	Get(ctx context.Context, key string) (r Record, ok bool, err error)
	// Put keeps a record.
	Put(ctx context.Context, key string, r Record) error
}

// DefaultCacheSize is the number of answers that a zero Memory keeps: the students of a
// large university.
const DefaultCacheSize = 100_000

// Memory is a Cache that lives as long as the process. The zero value is ready to use.
// When it is full, some answer makes room for each new one.
type Memory struct {
	// Size is how many answers are kept at most. 0 is DefaultCacheSize.
	Size int

	mu      sync.Mutex
	records map[string]Record
}

// Get implements [Cache].
func (m *Memory) Get(_ context.Context, key string) (Record, bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	r, ok := m.records[key]
	return r, ok, nil
}

// Put implements [Cache].
func (m *Memory) Put(_ context.Context, key string, r Record) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.records == nil {
		m.records = make(map[string]Record)
	}
	size := m.Size
	if size <= 0 {
		size = DefaultCacheSize
	}
	if _, known := m.records[key]; !known && len(m.records) >= size {
		for other := range m.records {
			delete(m.records, other)
			break
		}
	}
	m.records[key] = r
	return nil
}

// Len returns how many answers are kept.
func (m *Memory) Len() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.records)
}

// cacheKey is the key of a request in a campaign.
func cacheKey(campaign int, r Request) string {
	sum := sha256.Sum256([]byte(strconv.Itoa(campaign) + "\x00" + r.Number.text + "\x00" + string(r.Key)))
	return hex.EncodeToString(sum[:])
}
