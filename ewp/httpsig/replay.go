package httpsig

import (
	"container/heap"
	"context"
	"sync"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp"
)

// Nonce is a request that was verified: the identifier it bore, which a client
// uses once.
type Nonce struct {
	Key ewp.Fingerprint
	ID  string // X-Request-Id, a canonical UUID
	Now time.Time
	// Until is when the dates that were signed stop being accepted: afterwards a
	// replay is refused for its date, and the nonce can be forgotten.
	Until time.Time
}

// ReplayStore remembers requests, so that none is accepted twice. It is optional
// under TLS (ewp-specs-sec-cliauth-httpsig, verify the nonce). It is safe for
// concurrent use. Where several processes answer for one host they need one store
// between them.
type ReplayStore interface {
	// First records a nonce and reports whether it is new for its key, both as one
	// step. It is told of requests only whose signature and digest are good. An
	// error refuses the request, with status 429 if it is a
	// passerelle.ErrRateLimited and else 503.
	First(ctx context.Context, n Nonce) (bool, error)
}

// Values that stand for the zero fields of ReplayConfig.
const (
	DefaultReplayMax    = 1 << 17
	DefaultReplayMaxKey = 1 << 15
)

// ReplayConfig bounds a [ReplayWindow]. The zero value is ready to use. Nonces
// live for twice the accepted skew at most, so ten minutes: the defaults allow 218
// requests a second in all, and 54 of one client, in about 40 MB when full.
type ReplayConfig struct {
	Max       int // nonces in all; 0 is DefaultReplayMax
	MaxPerKey int // nonces of one key, so that none takes the room of all; 0 is DefaultReplayMaxKey
}

// ReplayWindow is a [ReplayStore] in memory. It is bounded, and refuses new
// requests when it is full: forgetting would let replays through.
type ReplayWindow struct {
	cfg ReplayConfig

	mu     sync.Mutex
	seen   map[nonceKey]struct{}
	perKey map[ewp.Fingerprint]int
	order  nonceHeap
}

type nonceKey struct {
	key ewp.Fingerprint
	id  string
}

type nonceEntry struct {
	nonceKey
	until time.Time
}

// NewReplayWindow returns an empty window.
func NewReplayWindow(cfg ReplayConfig) *ReplayWindow {
	if cfg.Max <= 0 {
		cfg.Max = DefaultReplayMax
	}
	if cfg.MaxPerKey <= 0 {
		cfg.MaxPerKey = DefaultReplayMaxKey
	}
	return &ReplayWindow{cfg: cfg, seen: map[nonceKey]struct{}{}, perKey: map[ewp.Fingerprint]int{}}
}

// First records a nonce, see [ReplayStore]. Its errors are
// passerelle.ErrRateLimited for a key that has too many, and
// passerelle.ErrUnavailable when there is no room at all.
func (w *ReplayWindow) First(_ context.Context, n Nonce) (bool, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for len(w.order) > 0 && w.order[0].until.Before(n.Now) {
		old := heap.Pop(&w.order).(nonceEntry)
		delete(w.seen, old.nonceKey)
		if w.perKey[old.key]--; w.perKey[old.key] == 0 {
			delete(w.perKey, old.key)
		}
	}
	k := nonceKey{n.Key, n.ID}
	if _, known := w.seen[k]; known {
		return false, nil
	}
	if w.perKey[n.Key] >= w.cfg.MaxPerKey {
		return false, passerelle.ErrRateLimited
	}
	if len(w.seen) >= w.cfg.Max {
		return false, passerelle.ErrUnavailable
	}
	w.seen[k] = struct{}{}
	w.perKey[n.Key]++
	heap.Push(&w.order, nonceEntry{k, n.Until})
	return true, nil
}

// Len returns how many nonces are remembered.
func (w *ReplayWindow) Len() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.seen)
}

// nonceHeap has the nonce that expires first at its root.
type nonceHeap []nonceEntry

func (h nonceHeap) Len() int           { return len(h) }
func (h nonceHeap) Less(i, j int) bool { return h[i].until.Before(h[j].until) }
func (h nonceHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }

// Push appends an entry, for container/heap.
func (h *nonceHeap) Push(x any) { *h = append(*h, x.(nonceEntry)) }

// Pop takes the last entry off, for container/heap.
func (h *nonceHeap) Pop() any {
	old := *h
	last := old[len(old)-1]
	old[len(old)-1] = nonceEntry{}
	*h = old[:len(old)-1]
	return last
}
