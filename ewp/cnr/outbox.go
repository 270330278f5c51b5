package cnr

import (
	"context"
	"iter"
	"time"

	"github.com/passerelle-sup/passerelle"
)

// OutboxConfig is what an [Outbox] is made from. Queue and Send are required.
type OutboxConfig struct {
	Queue Queue   // for this outbox alone, or shared with those of other processes
	Send  Handler // delivers one notification: see [Sender]
	// Limit is how many identifiers the partner takes at once. Nil is one.
	Limit func(Route) int
	Work  Work
}

// Outbox tells partners what changed here. It is safe for concurrent use.
type Outbox struct{ w *worker }

// NewOutbox returns an outbox; nothing is sent before Run. Its error is
// passerelle.FieldErrors with every fault of cfg.
func NewOutbox(cfg OutboxConfig) (*Outbox, error) {
	var faults passerelle.FieldErrors
	if cfg.Queue == nil {
		faults.Add("Queue", "required", "a Queue, such as that of Open")
	}
	if cfg.Send == nil {
		faults.Add("Send", "required", "a function that sends, such as that of Sender")
	}
	work := cfg.Work.check(&faults)
	if len(faults) > 0 {
		return nil, faults
	}
	return &Outbox{newWorker(cfg.Queue, cfg.Send, cfg.Limit, work)}, nil
}

// Notify keeps changes to be told to partners, and returns when they are kept. Call
// it after the change itself is kept, in the same transaction where the Queue
// allows: what is lost between the two is found by the partner's nightly index only.
// From is the own institution. Its error is that of [Queue.Add].
func (o *Outbox) Notify(ctx context.Context, changes ...Change) error {
	return add(ctx, o.w, o.w.queue.Add, changes)
}

// add keeps changes and wakes who works on them.
func add(ctx context.Context, w *worker, keep func(context.Context, time.Time, ...Change) error, changes []Change) error {
	if len(changes) == 0 {
		return nil
	}
	if err := keep(ctx, time.Now(), changes...); err != nil {
		return err
	}
	w.nudge()
	return nil
}

// Run delivers until ctx ends, and returns then, when nothing is under way any more.
// Failures are logged and kept in the entries.
func (o *Outbox) Run(ctx context.Context) { o.w.run(ctx) }

// Resend tells again, at once, what a filter selects, and returns how many entries
// that were: those that wait for a back-off, and those that were given up or done. A
// filter without States selects what was given up, Refused and Expired.
func (o *Outbox) Resend(ctx context.Context, f Filter) (int, error) { return again(ctx, o.w, f) }

func again(ctx context.Context, w *worker, f Filter) (int, error) {
	if len(f.States) == 0 {
		f.States = []State{Refused, Expired}
	}
	var changes []Change
	for e, err := range w.queue.Entries(ctx, f) {
		if err != nil {
			return 0, err
		}
		changes = append(changes, e.Change)
	}
	return len(changes), add(ctx, w, w.queue.Again, changes)
}

// Entries yields what the outbox knows: who was told what, and what was given up.
func (o *Outbox) Entries(ctx context.Context, f Filter) iter.Seq2[Entry, error] {
	return o.w.queue.Entries(ctx, f)
}

// Counts returns the indicators of what a filter selects.
func (o *Outbox) Counts(ctx context.Context, f Filter) (Counts, error) {
	return Count(ctx, o.w.queue, time.Now(), f)
}
