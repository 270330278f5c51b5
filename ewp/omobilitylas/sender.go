package omobilitylas

import (
	"context"
	"errors"
	"iter"
	"net/http"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/cnr"
	"github.com/passerelle-sup/passerelle/ewp/ewpserver"
	"github.com/passerelle-sup/passerelle/ewp/internal/lexical"
)

// SenderConfig is what a [Sender] is made from. Store and Notify are required.
type SenderConfig struct {
	Store Store
	// Notify keeps the notifications that are due: the Notify of a cnr.Outbox. It is
	// called after the state is written. When it fails the error is returned, and the
	// state stays written and due: see [Sender.Resume].
	Notify func(ctx context.Context, changes ...cnr.Change) error
	// Decided is told of each decision that a receiving institution took, approvals and
	// comments: people are to hear of it. It is called after it was written, and must not
	// block. Nil is not told.
	Decided func(ctx context.Context, s State)
	// Clock tells the time. Nil is time.Now.
	Clock func() time.Time
}

// Sender is the desk of a sending institution, or of several: what its own people do,
// and the [Provider] of what its partners ask. It is safe for concurrent use.
type Sender struct{ cfg SenderConfig }

// NewSender returns a desk. Its error is passerelle.FieldErrors with every fault of cfg.
func NewSender(cfg SenderConfig) (*Sender, error) {
	var faults passerelle.FieldErrors
	if cfg.Store == nil {
		faults.Add("Store", "required", "where states are")
	}
	if cfg.Notify == nil {
		faults.Add("Notify", "required", "the Notify of a cnr.Outbox")
	}
	if cfg.Clock == nil {
		cfg.Clock = time.Now
	}
	return &Sender{cfg}, faults.Err()
}

// Open puts a new agreement into the store, with its first proposal, and notifies. Its
// error is that of [NewState], passerelle.ErrConflict for one that is there already, or
// one of the store.
func (d *Sender) Open(ctx context.Context, a Agreement) (State, error) {
	s, err := NewState(a, d.cfg.Clock())
	if err != nil {
		return State{}, err
	}
	if s, err = d.cfg.Store.Put(ctx, s); err != nil {
		return State{}, err
	}
	return d.notify(ctx, s)
}

// Do changes an agreement by one of the methods of its State, and notifies where that is
// due:
//
//	s, err := sender.Do(ctx, key, func(s State, at time.Time) (State, error) { return s.Propose(p, at) })
//
// Its error is that of the method or of the store.
func (d *Sender) Do(ctx context.Context, k Key, change func(s State, at time.Time) (State, error)) (State, error) {
	s, err := Do(ctx, d.cfg.Store, k, false, func(s State) (State, error) { return change(s, d.cfg.Clock()) })
	if err != nil {
		return s, err
	}
	return d.notify(ctx, s)
}

// notify tells what is due.
func (d *Sender) notify(ctx context.Context, s State) (State, error) {
	if !s.Due {
		return s, nil
	}
	a := s.Agreement
	route := cnr.Route{From: a.Sending.HEI, To: a.Receiving.HEI, API: ewp.OMobilityLACNR}
	if err := d.cfg.Notify(ctx, cnr.Change{Route: route, ID: a.OMobilityID}); err != nil {
		return s, err
	}
	told, err := d.cfg.Store.Put(ctx, s.Told())
	if errors.Is(err, passerelle.ErrConflict) { // changed meanwhile: that change is told by who made it
		return s, nil
	}
	return told, err
}

// Resume hands on the notifications that were not when the process died, or Notify
// failed. To be called when the process starts. Its error is the first.
func (d *Sender) Resume(ctx context.Context) error {
	for s, err := range d.cfg.Store.States(ctx) {
		if err == nil {
			_, err = d.notify(ctx, s)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// Agreements implements [Provider].
func (d *Sender) Agreements(ctx context.Context, p ewpserver.Parties, ids []string) iter.Seq2[Agreement, error] {
	return func(yield func(Agreement, error) bool) {
		for _, id := range ids {
			s, err := d.cfg.Store.Get(ctx, Key{p.HEI, id})
			if err == nil && !s.VisibleTo(p.Caller) {
				err = passerelle.ErrForbidden
			}
			if err != nil {
				s = State{}
			}
			if !yield(s.Agreement, err) {
				return
			}
		}
	}
}

// IDs implements [Provider].
func (d *Sender) IDs(ctx context.Context, f Filter) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for s, err := range d.cfg.Store.States(ctx) {
			if (err != nil || f.Matches(s)) && !yield(s.Agreement.OMobilityID, err) {
				return
			}
		}
	}
}

// Update implements [Provider], by [State.Apply].
func (d *Sender) Update(ctx context.Context, p ewpserver.Parties, r UpdateRequest) (ewp.Texts, error) {
	if err := r.checked(); err != nil {
		return nil, err
	}
	if r.Sending != p.HEI {
		return nil, passerelle.ErrNotFound
	}
	decision, _ := r.Decision()
	k := Key{p.HEI, lexical.Token(decision.OMobilityID)}
	s, err := Do(ctx, d.cfg.Store, k, false, func(s State) (State, error) { return s.Apply(p.Caller, r, d.cfg.Clock()) })
	if _, refused := errors.AsType[*RefusedError](err); refused {
		return nil, &ewpserver.Error{Status: http.StatusConflict, Err: err, DeveloperMessage: "changes-proposal-id is not that of the present proposal", UserMessages: staleMessages}
	}
	if err != nil {
		return nil, err
	}
	if d.cfg.Decided != nil {
		d.cfg.Decided(ctx, s)
	}
	// The decision is taken, whether or not its notification could be kept: that is due.
	_, _ = d.notify(context.WithoutCancel(ctx), s)
	if s.Last().Approved {
		return approvedMessages, nil
	}
	return commentedMessages, nil
}

// The words for the person who decided.
var (
	staleMessages = ewp.Texts{
		{Lang: "en", Value: "Your copy of the learning agreement is not up to date. Please read it again and repeat your decision."},
		{Lang: "fr", Value: "Votre exemplaire du contrat d'études n'est pas à jour. Relisez-le, puis renouvelez votre décision."},
	}
	approvedMessages = ewp.Texts{
		{Lang: "en", Value: "The sending institution has received your signature of the learning agreement."},
		{Lang: "fr", Value: "L'établissement d'origine a reçu votre signature du contrat d'études."},
	}
	commentedMessages = ewp.Texts{
		{Lang: "en", Value: "The sending institution has received your comment on the learning agreement."},
		{Lang: "fr", Value: "L'établissement d'origine a reçu votre commentaire sur le contrat d'études."},
	}
)

// Outgoing implements [Provider], by [CountOutgoing].
func (d *Sender) Outgoing(ctx context.Context, p ewpserver.Parties) iter.Seq2[Outgoing, error] {
	return rows(CountOutgoing(d.cfg.Store.States(ctx), p.HEI))
}

// rows yields a list, or the error in its place.
func rows[T any](list []T, err error) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		if err != nil {
			var zero T
			yield(zero, err)
			return
		}
		for _, v := range list {
			if !yield(v, nil) {
				return
			}
		}
	}
}
