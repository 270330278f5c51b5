package omobilities

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/cnr"
)

// ReceiverConfig is what a [Receiver] is made from. Store and Client are required.
type ReceiverConfig struct {
	Store Store
	// Client returns the one that calls in the name of an own institution, or nil.
	Client func(own ewp.HEIID) *Client
	Rules  Rules
	// Seen is told of each mobility that was fetched and differs from what was known:
	// a nomination to decide about, personal data that changed, a cancellation. It
	// must not block. Nil is not told.
	Seen func(before, after Record)
	// Clock tells the time. Nil is time.Now.
	Clock func() time.Time
}

// Receiver is the desk of a receiving institution, or of several: copies of what
// partners nominate, and the decisions. It is safe for concurrent use.
type Receiver struct{ cfg ReceiverConfig }

// NewReceiver returns a desk. Its error is passerelle.FieldErrors with every fault of
// cfg.
func NewReceiver(cfg ReceiverConfig) (*Receiver, error) {
	var faults passerelle.FieldErrors
	if cfg.Store == nil {
		faults.Add("Store", "required", "where records are")
	}
	if cfg.Client == nil {
		faults.Add("Client", "required", "a function that returns clients")
	}
	if cfg.Clock == nil {
		cfg.Clock = time.Now
	}
	return &Receiver{cfg}, faults.Err()
}

// Fetch gets the mobilities of a notification from their sending institution and keeps
// them: it is the Fetch of a cnr.Inbox. What S does not show, and is known here, is
// gone. Its error is a *cnr.PartError where some could not be read or kept, or that of
// the call.
func (r *Receiver) Fetch(ctx context.Context, n cnr.Notification) error {
	client := r.cfg.Client(n.To)
	if client == nil {
		return noClient()
	}
	known := make(map[string]Record, len(n.IDs))
	for _, id := range n.IDs {
		record, err := r.cfg.Store.Get(ctx, Key{n.From, id})
		if err != nil && !errors.Is(err, passerelle.ErrNotFound) {
			return err
		}
		known[id] = record
	}
	failed := map[string]error{}
	var unread error // a failure of which it is not known which mobilities it is about
	for m, err := range client.Get(ctx, GetRequest{HEI: n.From, IDs: n.IDs}) {
		if err != nil {
			unread = err
			continue
		}
		before, ok := known[m.ID]
		if !ok {
			continue // a second time
		}
		delete(known, m.ID)
		if err := r.keep(ctx, before, m); err != nil {
			failed[m.ID] = err
		}
	}
	if unread != nil && len(known) == len(n.IDs) {
		return unread
	}
	for id, record := range known {
		err := unread
		if err == nil {
			err = r.lose(ctx, record)
		}
		if err != nil {
			failed[id] = err
		}
	}
	if len(failed) > 0 {
		return &cnr.PartError{Failed: failed}
	}
	return nil
}

// keep writes what was fetched over what was known before it was asked for. A record
// that was written meanwhile is a conflict, and the mobility is fetched again: what came
// may be older than what was done.
func (r *Receiver) keep(ctx context.Context, before Record, m Mobility) error {
	after, err := r.cfg.Rules.Observe(before, m, r.now())
	if err != nil {
		return err
	}
	return r.write(ctx, before, after)
}

func (r *Receiver) lose(ctx context.Context, before Record) error {
	if before.Key().IsZero() || before.Gone {
		return nil
	}
	return r.write(ctx, before, r.cfg.Rules.Lost(before, r.now()))
}

func (r *Receiver) write(ctx context.Context, before, after Record) error {
	if before.Version > 0 && after.same(before) {
		return nil
	}
	written, err := r.cfg.Store.Put(ctx, after)
	if errors.Is(err, passerelle.ErrConflict) {
		return fmt.Errorf("omobilities: the record was written while its mobility was fetched: %w", passerelle.ErrUnavailable)
	}
	if err == nil && r.cfg.Seen != nil && (before.Version == 0 || after.Modified != before.Modified) {
		r.cfg.Seen(before, written)
	}
	return err
}

// DecideRequest is a decision about a mobility.
type DecideRequest struct {
	Key     Key
	Verdict Verdict
	Comment string // required of a rejection
	// ProposalID is that of the proposal that the person looked at. Another one that was
	// fetched since is a *[RefusedError] with [OtherProposal]. Empty is whichever is
	// current here.
	ProposalID string
}

// Decide keeps a decision, sends it, and keeps what S answered: the messages are S's
// words for the person. The record says where it stands when there is an error too. A
// conflict, or an outcome that is not known, has the mobility fetched again at once;
// where S has another proposal, Record.Open is true again, and the person must look.
// Decide with the same request sends again what may not have arrived.
//
// Its error is that of [Rules.Decide], of the store, or of [Client.Update].
func (r *Receiver) Decide(ctx context.Context, d DecideRequest) (Record, ewp.Texts, error) {
	var u Update
	record, err := update(ctx, r.cfg.Store, d.Key, func(record Record) (_ Record, err error) {
		if d.ProposalID != "" && d.ProposalID != record.Mobility.Nomination.ProposalID {
			return record, refused(OtherProposal)
		}
		record, u, err = r.cfg.Rules.Decide(record, d.Verdict, d.Comment, r.now())
		return record, err
	})
	if err != nil {
		return record, nil, err
	}
	own := record.Mobility.Nomination.Receiving.HEI
	client := r.cfg.Client(own)
	if client == nil {
		return record, nil, noClient()
	}
	messages, sendErr := client.Update(ctx, UpdateRequest{HEI: d.Key.Sending, Update: u})
	fetch := false
	answered, err := update(context.WithoutCancel(ctx), r.cfg.Store, d.Key, func(record Record) (Record, error) {
		record, fetch = r.cfg.Rules.Answered(record, u, sendErr, r.now())
		return record, nil
	})
	if err != nil {
		return record, messages, errors.Join(sendErr, err)
	}
	if fetch {
		again := cnr.Notification{Route: cnr.Route{From: d.Key.Sending, To: own, API: ewp.OMobilityCNR}, IDs: []string{d.Key.ID}}
		if r.Fetch(ctx, again) == nil { // else the notification or the nightly index brings it
			if now, err := r.cfg.Store.Get(ctx, d.Key); err == nil {
				answered = now
			}
		}
	}
	if sendErr != nil && answered.Decision.Delivery == Taken && answered.Decision.ProposalID == u.ProposalID && answered.Decision.Verdict == u.Verdict {
		return answered, messages, nil // the answer was lost, and S did it
	}
	return answered, messages, sendErr
}

// Records gives the records of the desk.
func (r *Receiver) Records(ctx context.Context) iter.Seq2[Record, error] {
	return r.cfg.Store.Records(ctx)
}

func noClient() error {
	return fmt.Errorf("omobilities: no client calls in the name of the receiving institution: %w", passerelle.ErrUnavailable)
}

func (r *Receiver) now() time.Time { return r.cfg.Clock().UTC() }

// Indexer returns the Index of a cnr.Puller for the notifications of this API: the
// nightly list that finds what a lost notification should have told.
func Indexer(client func(own ewp.HEIID) *Client) func(ctx context.Context, route cnr.Route, since time.Time) iter.Seq2[string, error] {
	return func(ctx context.Context, route cnr.Route, since time.Time) iter.Seq2[string, error] {
		c := client(route.To)
		if c == nil {
			return func(yield func(string, error) bool) {
				yield("", noClient())
			}
		}
		return c.Index(ctx, IndexRequest{HEI: route.From, ModifiedSince: since})
	}
}
