package discovery

import (
	"context"
	"encoding/json"
	"slices"
	"sync"

	"github.com/passerelle-sup/passerelle/internal/journal"
)

// Store keeps the records of one Keyring.
type Store interface {
	// Load returns what was saved last, nothing before that.
	Load(ctx context.Context) ([]KeyRecord, error)
	// Save puts records in the place of all there are. After an error the old ones
	// are there, or the new ones.
	Save(ctx context.Context, records []KeyRecord) error
}

// memory is the store of a ring that is forgotten.
type memory struct {
	mu      sync.Mutex
	records []KeyRecord
}

func (m *memory) Load(context.Context) ([]KeyRecord, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.records), nil
}

func (m *memory) Save(_ context.Context, records []KeyRecord) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.records = slices.Clone(records)
	return nil
}

// FileStore is a Store in a file that survives crashes. It holds public keys only,
// each state after the other, so the file is also the history of the ring. One
// process opens it at a time.
type FileStore struct {
	mu      sync.Mutex
	journal *journal.Journal
	last    []KeyRecord
}

// OpenFileStore opens a file, and makes it when it is not there.
func OpenFileStore(path string) (*FileStore, error) {
	s := &FileStore{}
	var err error
	s.journal, err = journal.Open(path, journal.Options{
		Kind: "ewp-keyring/1",
		Replay: func(r journal.Record) error {
			var records []KeyRecord
			if err := json.Unmarshal(r.Data, &records); err != nil {
				return err
			}
			s.last = records
			return nil
		},
	})
	if err != nil {
		return nil, err
	}
	return s, nil
}

// Load returns the last state.
func (s *FileStore) Load(context.Context) ([]KeyRecord, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.last), nil
}

// Save writes a state and returns when it is on the disk.
func (s *FileStore) Save(_ context.Context, records []KeyRecord) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.journal.Append(records); err != nil {
		return err
	}
	s.last = slices.Clone(records)
	return nil
}

// Close closes the file.
func (s *FileStore) Close() error { return s.journal.Close() }
