package cnr

import (
	"context"
	"iter"
	"time"
)

// Queue keeps changes until they are done. Each method is atomic and, in a durable
// queue, on the disk when it returns nil. It is safe for concurrent use, and a
// shared store also by several processes. Package cnrtest has the tests that every
// Queue must pass.
type Queue interface {
	// Add merges each change into its entry, or makes one: see [Entry.Merge]. All
	// changes are kept, or none. Its error is passerelle.FieldErrors for a change that
	// [Change.Check] refuses.
	Add(ctx context.Context, at time.Time, changes ...Change) error

	// Again is Add for what is to be done at once, whatever back-off it waits for: see
	// [Entry.Again].
	Again(ctx context.Context, at time.Time, changes ...Change) error

	// Claim leases up to limit entries of one route until a moment and returns them
	// as they are stored then, see [Entry.Lease]: waiting ones that are ready at now.
	// The route is that of the entry which is ready first; its entries come in the
	// order of Ready, then Attempts, then Since. Nothing is claimed between two
	// institutions of which an entry is under a lease that has not ended: one message
	// at a time is under way from one to the other. It returns none when there is none.
	// A limit below 1 and a lease that does not end after now are passerelle.ErrInvalid.
	Claim(ctx context.Context, now, until time.Time, limit int) ([]Entry, error)

	// Settle ends the leases of claimed entries with one result: see [Entry.Settle].
	// Entries whose claim was lost are left alone, the others are settled; then its
	// error is passerelle.ErrConflict.
	Settle(ctx context.Context, r Result, claimed ...Entry) error

	// Next returns when the first waiting entry will be ready, the zero time when
	// none waits.
	Next(ctx context.Context) (time.Time, error)

	// Entries yields those that match, in any order. Its first error is the last
	// element.
	Entries(ctx context.Context, f Filter) iter.Seq2[Entry, error]

	// Purge forgets final entries that were settled before a moment, and returns how
	// many. Waiting ones are never forgotten.
	Purge(ctx context.Context, before time.Time) (int, error)
}

// Filter selects entries: those that match each field that is not zero.
type Filter struct {
	Route  Route // by each of its fields that is not zero
	ID     string
	States []State
}

// Match reports whether e is selected.
func (f Filter) Match(e Entry) bool {
	c := e.Change
	return (f.Route.From.IsZero() || f.Route.From == c.From) &&
		(f.Route.To.IsZero() || f.Route.To == c.To) &&
		(f.Route.API.IsZero() || f.Route.API == c.API) &&
		(f.ID == "" || f.ID == c.ID) &&
		(len(f.States) == 0 || hasState(f.States, e.State))
}

func hasState(states []State, s State) bool {
	for _, t := range states {
		if t == s {
			return true
		}
	}
	return false
}

// Counts are the indicators of a queue.
type Counts struct {
	Waiting, Done, Refused, Expired int

	Leased   int       // of those that wait: being done now
	Retrying int       // of those that wait: tried before, and failed
	Oldest   time.Time // Since of the oldest that waits; zero when none does
}

// Count reads the indicators of a queue, or of what a filter selects.
func Count(ctx context.Context, q Queue, now time.Time, f Filter) (Counts, error) {
	var n Counts
	for e, err := range q.Entries(ctx, f) {
		if err != nil {
			return Counts{}, err
		}
		switch e.State {
		case Done:
			n.Done++
		case Refused:
			n.Refused++
		case Expired:
			n.Expired++
		default:
			n.Waiting++
			if e.Leased.After(now) {
				n.Leased++
			}
			if e.Attempts > 0 {
				n.Retrying++
			}
			if n.Oldest.IsZero() || e.Since.Before(n.Oldest) {
				n.Oldest = e.Since
			}
		}
	}
	return n, nil
}

// Mark says how far a [Puller] has come on a route. Times are UTC, by the clock here.
type Mark struct {
	Seen time.Time `json:"seen"` // an index that began then was read to its end
	Full time.Time `json:"full"` // the same, of one without modified_since
}

// Marks keeps the marks of a [Puller]. [Memory] and [File] do it too. It is safe for
// concurrent use.
type Marks interface {
	// Mark returns the mark of a route, the zero one where there is none.
	Mark(ctx context.Context, r Route) (Mark, error)
	// SetMark keeps the mark of a route.
	SetMark(ctx context.Context, r Route, m Mark) error
}
