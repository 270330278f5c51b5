package cnr

import (
	"context"
	"iter"
	"time"

	"github.com/passerelle-sup/passerelle"
)

// InboxConfig is what an [Inbox] is made from. Queue and Fetch are required.
type InboxConfig struct {
	Queue Queue // for this inbox alone, or shared with those of other processes; not that of an outbox
	// Fetch gets the objects of a notification from From by the API that [About]
	// names, compares them with the copies here, and keeps what is new. An object that
	// the partner does not give may be gone, or never was: that is no error.
	Fetch Handler
	// Limit is how many objects the partner gives at once. Nil is one.
	Limit func(Route) int
	Work  Work
}

// Inbox takes what partners say changed there, and has it fetched. It is safe for
// concurrent use.
type Inbox struct{ w *worker }

// NewInbox returns an inbox; nothing is fetched before Run. Its error is
// passerelle.FieldErrors with every fault of cfg.
func NewInbox(cfg InboxConfig) (*Inbox, error) {
	var faults passerelle.FieldErrors
	if cfg.Queue == nil {
		faults.Add("Queue", "required", "a Queue, such as that of Open")
	}
	if cfg.Fetch == nil {
		faults.Add("Fetch", "required", "a function that fetches the objects")
	}
	work := cfg.Work.check(&faults)
	if len(faults) > 0 {
		return nil, faults
	}
	return &Inbox{newWorker(cfg.Queue, cfg.Fetch, cfg.Limit, work)}, nil
}

// Take keeps a notification and returns when it is kept, without asking the partner
// for anything: the partner waits. Identifiers that cannot be any object's are
// dropped, because the specification has them answered with 200 like the others.
// From is the partner, known by its key. Its error is that of the queue.
func (b *Inbox) Take(ctx context.Context, n Notification) error {
	changes := make([]Change, 0, len(n.IDs))
	for _, id := range n.IDs {
		c := Change{Route: n.Route, ID: id}
		if id != "" && len(id) <= maxID {
			changes = append(changes, c)
		}
	}
	return add(ctx, b.w, b.w.queue.Add, changes)
}

// Run fetches until ctx ends, and returns then, when nothing is under way any more.
func (b *Inbox) Run(ctx context.Context) { b.w.run(ctx) }

// Refresh fetches objects at once, because a person wants to see them as they are.
func (b *Inbox) Refresh(ctx context.Context, changes ...Change) error {
	return add(ctx, b.w, b.w.queue.Again, changes)
}

// Retry fetches again, at once, what a filter selects: see [Outbox.Resend].
func (b *Inbox) Retry(ctx context.Context, f Filter) (int, error) { return again(ctx, b.w, f) }

// Entries yields what the inbox knows.
func (b *Inbox) Entries(ctx context.Context, f Filter) iter.Seq2[Entry, error] {
	return b.w.queue.Entries(ctx, f)
}

// Counts returns the indicators of what a filter selects.
func (b *Inbox) Counts(ctx context.Context, f Filter) (Counts, error) {
	return Count(ctx, b.w.queue, time.Now(), f)
}
