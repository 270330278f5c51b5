package omobilitylas

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/cnr"
	"github.com/passerelle-sup/passerelle/ewp/ewpserver"
)

// ReceiverConfig is what a [Receiver] is made from. Store and Client are required.
type ReceiverConfig struct {
	Store Store
	// Client returns the one that calls in the name of an own institution, or nil.
	Client func(own ewp.HEIID) *Client
	// Seen is told of each agreement that was read and differs from what was known, and
	// of what should not be in it: see [State.Observe]. It must not block. Nil is not
	// told.
	Seen func(ctx context.Context, s State, findings passerelle.FieldErrors)
	// Clock tells the time. Nil is time.Now.
	Clock func() time.Time
}

// Receiver is the desk of a receiving institution, or of several: copies of the
// agreements of partners, and the decisions. It is safe for concurrent use.
type Receiver struct{ cfg ReceiverConfig }

// NewReceiver returns a desk. Its error is passerelle.FieldErrors with every fault of
// cfg.
func NewReceiver(cfg ReceiverConfig) (*Receiver, error) {
	var faults passerelle.FieldErrors
	if cfg.Store == nil {
		faults.Add("Store", "required", "where states are")
	}
	if cfg.Client == nil {
		faults.Add("Client", "required", "a function that returns clients")
	}
	if cfg.Clock == nil {
		cfg.Clock = time.Now
	}
	return &Receiver{cfg}, faults.Err()
}

// Fetch reads the agreements of a notification from their sending institution and keeps
// them: it is the Fetch of a cnr.Inbox. One that is not shown any more, and is known here,
// loses its proposal: it was withdrawn. Its error is a *cnr.PartError where some could not
// be read or kept, or that of the call.
func (r *Receiver) Fetch(ctx context.Context, n cnr.Notification) error {
	client := r.cfg.Client(n.To)
	if client == nil {
		return noClient()
	}
	left := make(map[string]int64, len(n.IDs)) // versions that were known before
	for _, id := range n.IDs {
		s, err := r.cfg.Store.Get(ctx, Key{n.From, id})
		if err != nil && !errors.Is(err, passerelle.ErrNotFound) {
			return err
		}
		left[id] = s.Version
	}
	failed := map[string]error{}
	var unread error // a failure of which it is not known which agreements it is about
	for a, err := range client.Get(ctx, GetRequest{HEI: n.From, IDs: n.IDs}) {
		if err != nil {
			unread = err
			continue
		}
		version, ok := left[a.OMobilityID]
		if !ok {
			continue // a second time
		}
		delete(left, a.OMobilityID)
		if err := r.keep(ctx, a, version); err != nil {
			failed[a.OMobilityID] = err
		}
	}
	if unread != nil && len(left) == len(n.IDs) {
		return unread
	}
	for id, version := range left {
		err := unread
		if err == nil {
			err = r.lose(ctx, Key{n.From, id}, version)
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

// keep takes over an agreement that was read, over the version that was known before it
// was asked for.
func (r *Receiver) keep(ctx context.Context, a Agreement, version int64) error {
	return r.write(ctx, Key{a.Sending.HEI, a.OMobilityID}, version, func(s State) (State, passerelle.FieldErrors, error) {
		return s.Observe(a, r.cfg.Clock())
	})
}

// lose takes the proposal from an agreement that is not shown any more. What was signed
// by all stays.
func (r *Receiver) lose(ctx context.Context, k Key, version int64) error {
	if version == 0 {
		return nil
	}
	return r.write(ctx, k, version, func(s State) (State, passerelle.FieldErrors, error) {
		if s.Agreement.Proposal != nil {
			s.Agreement.Proposal, s.Modified = nil, r.cfg.Clock().UTC()
		}
		return s, nil, nil
	})
}

// write changes a state, unless somebody wrote it while the agreement was read: what came
// may be older than what was done, and is to be read again.
func (r *Receiver) write(ctx context.Context, k Key, version int64, change func(State) (State, passerelle.FieldErrors, error)) error {
	var findings passerelle.FieldErrors
	s, err := Do(ctx, r.cfg.Store, k, true, func(s State) (next State, err error) {
		if s.Version != version {
			return s, fmt.Errorf("omobilitylas: the state was written while the agreement was read: %w", passerelle.ErrUnavailable)
		}
		next, findings, err = change(s)
		return next, err
	})
	if err == nil && r.cfg.Seen != nil && s.Version != version {
		r.cfg.Seen(ctx, s, findings)
	}
	return err
}

// Decide keeps a decision, sends it, and reads the agreement again: the messages are the
// partner's words for the person. The same request again sends what may not have arrived.
// Where the partner did what was asked, and its answer was lost, there is no error. Its
// error is that of [State.Decide], of the store, or of [Client.Update];
// passerelle.ErrConflict says that there is another proposal by now, which was read, and
// the person must look.
func (r *Receiver) Decide(ctx context.Context, u UpdateRequest) (State, ewp.Texts, error) {
	d, approves := u.Decision()
	if d == nil {
		return State{}, nil, u.Validate()
	}
	k := Key{u.Sending, d.OMobilityID}
	s, err := Do(ctx, r.cfg.Store, k, false, func(s State) (State, error) {
		if last := s.Last(); last != nil && last.ProposalID == d.ProposalID && last.Approved == approves && last.Comment == d.Comment &&
			d.Signature != nil && last.Signature == *d.Signature {
			return s, nil // once more
		}
		return s.Decide(u, r.cfg.Clock())
	})
	if err != nil {
		return s, nil, err
	}
	own := s.Agreement.Receiving.HEI
	client := r.cfg.Client(own)
	if client == nil {
		return s, nil, noClient()
	}
	messages, failure := client.Update(ctx, u)
	again := cnr.Notification{Route: cnr.Route{From: k.Sending, To: own, API: ewp.OMobilityLACNR}, IDs: []string{k.ID}}
	fetched := r.Fetch(context.WithoutCancel(ctx), again) // else the notification, or the nightly list, brings it
	if now, err := r.cfg.Store.Get(ctx, k); err == nil {
		s = now
	}
	if failure != nil && fetched == nil && approves && s.settled(*d) {
		return s, messages, nil
	}
	return s, messages, failure
}

// settled reports whether a version bears the signature of an approval.
func (s State) settled(d Decision) bool {
	for _, v := range []*Version{s.Agreement.First, s.Agreement.Changes} {
		if v != nil && v.ReceivingSignature != nil && *v.ReceivingSignature == *d.Signature {
			return true
		}
	}
	return false
}

// Incoming counts the agreements of an own institution, by [CountIncoming]: it serves the
// statistics, see [RegisterIncoming].
func (r *Receiver) Incoming(ctx context.Context, p ewpserver.Parties) iter.Seq2[Incoming, error] {
	return rows(CountIncoming(r.cfg.Store.States(ctx), p.HEI))
}

func noClient() error {
	return fmt.Errorf("omobilitylas: no client calls in the name of the receiving institution: %w", passerelle.ErrUnavailable)
}

// Indexer returns the Index of a cnr.Puller for the notifications of this API: the
// nightly list that finds what a lost notification should have told.
func Indexer(client func(own ewp.HEIID) *Client) func(ctx context.Context, route cnr.Route, since time.Time) iter.Seq2[string, error] {
	return func(ctx context.Context, route cnr.Route, since time.Time) iter.Seq2[string, error] {
		c := client(route.To)
		if c == nil {
			return func(yield func(string, error) bool) { yield("", noClient()) }
		}
		return c.Index(ctx, IndexRequest{HEI: route.From, ModifiedSince: since})
	}
}
