package cnr

import (
	"container/heap"
	"context"
	"errors"
	"fmt"
	"iter"
	"sync"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp"
)

// Memory is a [Queue], and [Marks], that lives as long as the process. It is safe
// for concurrent use.
type Memory struct {
	mu      sync.Mutex
	entries map[Change]*item
	routes  map[Route]*waiting
	busy    map[pair]time.Time // end of the lease between two institutions
	marks   map[Route]Mark
	seq     int64 // of the last write or claim
}

var (
	_ Queue = (*Memory)(nil)
	_ Marks = (*Memory)(nil)
)

type pair struct{ from, to ewp.HEIID }

func pairOf(r Route) pair { return pair{r.From, r.To} }

// item is an entry in its place.
type item struct {
	Entry
	seq   int64
	place int // in the heap of its route, -1 outside
}

// NewMemory returns an empty queue.
func NewMemory() *Memory {
	return &Memory{
		entries: make(map[Change]*item),
		routes:  make(map[Route]*waiting),
		busy:    make(map[pair]time.Time),
		marks:   make(map[Route]Mark),
	}
}

// Add is that of [Queue].
func (m *Memory) Add(ctx context.Context, at time.Time, changes ...Change) error {
	_, err := m.add(ctx, at, changes, Entry.Merge)
	return err
}

// Again is that of [Queue].
func (m *Memory) Again(ctx context.Context, at time.Time, changes ...Change) error {
	_, err := m.add(ctx, at, changes, Entry.Again)
	return err
}

func (m *Memory) add(ctx context.Context, at time.Time, changes []Change, merge func(Entry, Change, time.Time) Entry) ([]record, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	for _, c := range changes {
		if err := c.Check(); err != nil {
			return nil, err
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	written := make([]record, len(changes))
	for i, c := range changes {
		var e Entry
		if old := m.entries[c]; old != nil {
			e = old.Entry
		}
		written[i] = m.put(merge(e, c, at))
	}
	return written, nil
}

// put stores an entry under the next number. The caller holds the lock.
func (m *Memory) put(e Entry) record {
	m.seq++
	m.index(e, m.seq)
	return record{Seq: m.seq, Entry: &e}
}

// index stores an entry and keeps its route in order. The caller holds the lock.
func (m *Memory) index(e Entry, seq int64) {
	it := m.entries[e.Change]
	if it == nil {
		it = &item{place: -1}
		m.entries[e.Change] = it
	}
	it.Entry, it.seq = e, seq
	w := m.routes[e.Change.Route]
	switch {
	case e.State != Waiting:
		m.unplace(it)
	case it.place >= 0:
		heap.Fix(w, it.place)
	default:
		if w == nil {
			w = new(waiting)
			m.routes[e.Change.Route] = w
		}
		heap.Push(w, it)
	}
}

// unplace takes an entry out of those that wait. The caller holds the lock.
func (m *Memory) unplace(it *item) {
	if it.place < 0 {
		return
	}
	w := m.routes[it.Change.Route]
	if heap.Remove(w, it.place); len(*w) == 0 {
		delete(m.routes, it.Change.Route)
	}
}

// Claim is that of [Queue].
func (m *Memory) Claim(ctx context.Context, now, until time.Time, limit int) ([]Entry, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if limit < 1 || !until.After(now) {
		return nil, fmt.Errorf("cnr: claim: a limit above 0 and a lease that ends after now are needed: %w", passerelle.ErrInvalid)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	var first *waiting
	for route, w := range m.routes {
		head := (*w)[0]
		if head.Ready().After(now) || m.busy[pairOf(route)].After(now) {
			continue
		}
		if first == nil || before(head, (*first)[0]) {
			first = w
		}
	}
	if first == nil {
		return nil, nil
	}
	var claimed []Entry
	for len(claimed) < limit {
		head := (*first)[0]
		if head.Ready().After(now) {
			break
		}
		m.seq++
		head.Entry = head.Lease(m.seq, until)
		heap.Fix(first, 0)
		claimed = append(claimed, head.Entry)
	}
	m.busy[pairOf(claimed[0].Change.Route)] = until
	return claimed, nil
}

// Settle is that of [Queue].
func (m *Memory) Settle(ctx context.Context, r Result, claimed ...Entry) error {
	_, err := m.settle(ctx, r, claimed)
	return err
}

// settle returns what it wrote even with an error, ErrConflict.
func (m *Memory) settle(ctx context.Context, r Result, claimed []Entry) (written []record, err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	var lost error
	for _, c := range claimed {
		it := m.entries[c.Change]
		if it == nil {
			lost = fmt.Errorf("cnr: settle: no such entry: %w", passerelle.ErrConflict)
			continue
		}
		next, err := it.Settle(c, r)
		if err != nil {
			lost = err
			continue
		}
		written = append(written, m.put(next))
	}
	for _, w := range written {
		m.release(pairOf(w.Entry.Change.Route), r.At)
	}
	return written, lost
}

// release frees the way between two institutions when nothing is leased on it any
// more. The caller holds the lock.
func (m *Memory) release(p pair, now time.Time) {
	if _, ok := m.busy[p]; !ok {
		return
	}
	for route, w := range m.routes {
		if pairOf(route) == p && w.leased(now) {
			return
		}
	}
	delete(m.busy, p)
}

// Next is that of [Queue].
func (m *Memory) Next(ctx context.Context) (time.Time, error) {
	if err := ctx.Err(); err != nil {
		return time.Time{}, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	var next time.Time
	for route, w := range m.routes {
		ready := (*w)[0].Ready()
		if b := m.busy[pairOf(route)]; b.After(ready) {
			ready = b
		}
		if next.IsZero() || ready.Before(next) {
			next = ready
		}
	}
	return next, nil
}

// Entries is that of [Queue]. It yields what is stored when the range begins.
func (m *Memory) Entries(ctx context.Context, f Filter) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		m.mu.Lock()
		var found []Entry
		for _, it := range m.entries {
			if f.Match(it.Entry) {
				found = append(found, it.Entry)
			}
		}
		m.mu.Unlock()
		for _, e := range found {
			if err := ctx.Err(); err != nil {
				yield(Entry{}, err)
				return
			}
			if !yield(e, nil) {
				return
			}
		}
	}
}

// Purge is that of [Queue].
func (m *Memory) Purge(ctx context.Context, before time.Time) (int, error) {
	gone, err := m.purge(ctx, before)
	return len(gone), err
}

func (m *Memory) purge(ctx context.Context, before time.Time) ([]record, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	var gone []record
	for c, it := range m.entries {
		if it.State.IsFinal() && it.Settled.Before(before) {
			m.seq++
			delete(m.entries, c)
			gone = append(gone, record{Seq: m.seq, Gone: &c})
		}
	}
	return gone, nil
}

// Mark is that of [Marks].
func (m *Memory) Mark(ctx context.Context, r Route) (Mark, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.marks[r], ctx.Err()
}

// SetMark is that of [Marks].
func (m *Memory) SetMark(ctx context.Context, r Route, mark Mark) error {
	_, err := m.setMark(ctx, r, mark)
	return err
}

func (m *Memory) setMark(ctx context.Context, r Route, mark Mark) (record, error) {
	if err := errors.Join(ctx.Err(), Change{Route: r, ID: "-"}.Check()); err != nil {
		return record{}, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.seq++
	m.marks[r] = mark
	return markRecord(m.seq, r, mark), nil
}

// waiting is the heap of the entries of one route that wait.
type waiting []*item

func before(a, b *item) bool {
	if c := a.Ready().Compare(b.Ready()); c != 0 {
		return c < 0
	}
	if a.Attempts != b.Attempts {
		return a.Attempts < b.Attempts
	}
	return a.Since.Before(b.Since)
}

func (w waiting) leased(now time.Time) bool {
	for _, it := range w {
		if it.Claim != 0 && it.Leased.After(now) {
			return true
		}
	}
	return false
}

func (w waiting) Len() int           { return len(w) }
func (w waiting) Less(i, j int) bool { return before(w[i], w[j]) }
func (w waiting) Swap(i, j int) {
	w[i], w[j] = w[j], w[i]
	w[i].place, w[j].place = i, j
}

// Push is that of heap.Interface.
func (w *waiting) Push(x any) {
	it := x.(*item)
	it.place = len(*w)
	*w = append(*w, it)
}

// Pop is that of heap.Interface.
func (w *waiting) Pop() any {
	last := len(*w) - 1
	it := (*w)[last]
	(*w)[last] = nil
	*w = (*w)[:last]
	it.place = -1
	return it
}
