package emrex

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/passerelle-sup/passerelle"
)

// Session is one fetch of results. It binds the answer, which comes from a browser,
// to what was asked: the cookie of a login does not come with it.
type Session struct {
	ID       string // 32 hexadecimal digits
	Provider string // address of the contact point that was asked
	Opened   time.Time
	// Bound is the caller's: who asked, in the caller's own words. It is not sent.
	Bound   string
	Outcome Outcome // of the answer that came first; "" while none did
}

// Sessions keeps sessions. It is safe for concurrent use.
type Sessions interface {
	// Open keeps a new session. One of the same ID is passerelle.ErrConflict.
	Open(ctx context.Context, s Session) error
	// Claim takes an open session for its answer, once. passerelle.ErrNotFound says
	// that there is no such session; passerelle.ErrConflict that it was claimed before,
	// with the session as it is.
	Claim(ctx context.Context, id string) (Session, error)
	// Close notes the outcome of a claimed session.
	Close(ctx context.Context, id string, o Outcome) error
}

// MemorySessions keeps sessions in memory, for a while. The zero value is ready
// and keeps them for DefaultSessionAge.
type MemorySessions struct {
	// Age is how long a session is kept from its opening.
	Age time.Duration
	// Now is the clock; nil is time.Now.
	Now func() time.Time

	mu       sync.Mutex
	sessions map[string]*memorySession
}

type memorySession struct {
	Session
	claimed bool
}

// DefaultSessionAge is how long a student has at the contact point.
const DefaultSessionAge = time.Hour

func (m *MemorySessions) now() time.Time {
	if m.Now != nil {
		return m.Now()
	}
	return time.Now()
}

// Open implements [Sessions]. It forgets those that are too old.
func (m *MemorySessions) Open(_ context.Context, s Session) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.sessions == nil {
		m.sessions = map[string]*memorySession{}
	}
	for id, old := range m.sessions {
		if m.old(old) && (!old.claimed || old.Outcome != "") { // an answer that is being read still closes its session
			delete(m.sessions, id)
		}
	}
	if m.sessions[s.ID] != nil {
		return fmt.Errorf("emrex: a session of this identifier is open: %w", passerelle.ErrConflict)
	}
	m.sessions[s.ID] = &memorySession{Session: s}
	return nil
}

func (m *MemorySessions) old(s *memorySession) bool {
	age := m.Age
	if age == 0 {
		age = DefaultSessionAge
	}
	return m.now().Sub(s.Opened) > age
}

// Claim implements [Sessions].
func (m *MemorySessions) Claim(_ context.Context, id string) (Session, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	s := m.sessions[id]
	if s == nil || m.old(s) {
		return Session{}, fmt.Errorf("emrex: no such session: %w", passerelle.ErrNotFound)
	}
	if s.claimed {
		return s.Session, fmt.Errorf("emrex: the session was answered before: %w", passerelle.ErrConflict)
	}
	s.claimed = true
	return s.Session, nil
}

// Close implements [Sessions].
func (m *MemorySessions) Close(_ context.Context, id string, o Outcome) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	s := m.sessions[id]
	if s == nil {
		return fmt.Errorf("emrex: no such session: %w", passerelle.ErrNotFound)
	}
	s.Outcome = o
	return nil
}
