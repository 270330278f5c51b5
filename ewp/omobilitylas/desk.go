package omobilitylas

import (
	"context"
	"errors"
	"iter"
	"net/http"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/ewpserver"
	"github.com/passerelle-sup/passerelle/ewp/internal/lexical"
)

// Desk is the sending institution's side: a [Provider] on a [Store], and what its own
// people do. Store is required. It is safe for concurrent use.
type Desk struct {
	Store Store
	// Notify tells the receiving institution that an agreement changed: it puts the
	// change into an outbox (ewp/cnr, ewp.OMobilityLACNR) and returns. It is called after
	// the change was written; one that fails, or is lost in a crash, stays due, see
	// Remind. Nil notifies nobody, and leaves it due.
	Notify func(ctx context.Context, s State) error
	// Decided is told of each decision that a receiving institution took, approvals and
	// comments: people are to hear of it. It is called after it was written. Nil is not.
	Decided func(ctx context.Context, s State)
	// Clock tells the time. Nil is time.Now.
	Clock func() time.Time
}

func (d *Desk) now() time.Time {
	if d.Clock == nil {
		return time.Now()
	}
	return d.Clock()
}

// Open puts a new agreement into the store, with its first proposal, and notifies. Its
// error is that of [NewState], passerelle.ErrConflict for one that is there already, or
// one of the store.
func (d *Desk) Open(ctx context.Context, a Agreement) (State, error) {
	s, err := NewState(a, d.now())
	if err != nil {
		return State{}, err
	}
	if s, err = d.Store.Put(ctx, s); err != nil {
		return State{}, err
	}
	return d.notify(ctx, s)
}

// Do changes an agreement by one of the methods of its State, and notifies where that is
// due:
//
//	s, err := desk.Do(ctx, key, func(s State, at time.Time) (State, error) { return s.Propose(p, at) })
//
// Its error is that of the method or of the store.
func (d *Desk) Do(ctx context.Context, k Key, change func(s State, at time.Time) (State, error)) (State, error) {
	s, err := Do(ctx, d.Store, k, false, func(s State) (State, error) { return change(s, d.now()) })
	if err != nil {
		return s, err
	}
	return d.notify(ctx, s)
}

// notify tells what is due. A failure leaves it due and is no error of the change.
func (d *Desk) notify(ctx context.Context, s State) (State, error) {
	if !s.Due || d.Notify == nil || d.Notify(ctx, s) != nil {
		return s, nil
	}
	told, err := d.Store.Put(ctx, s.Told())
	if errors.Is(err, passerelle.ErrConflict) { // changed again meanwhile, and due again
		return s, nil
	}
	if err != nil {
		return s, err
	}
	return told, nil
}

// Remind notifies of every change that is still due, as after a crash, and returns how
// many are left. To be called at the start, and from time to time. Its error is one of
// the store.
func (d *Desk) Remind(ctx context.Context) (left int, err error) {
	for s, err := range d.Store.States(ctx) {
		if err != nil {
			return left, err
		}
		if !s.Due {
			continue
		}
		if s, err = d.notify(ctx, s); err != nil {
			return left, err
		}
		if s.Due {
			left++
		}
	}
	return left, nil
}

// Agreements implements [Provider].
func (d *Desk) Agreements(ctx context.Context, p ewpserver.Parties, ids []string) iter.Seq2[Agreement, error] {
	return func(yield func(Agreement, error) bool) {
		for _, id := range ids {
			s, err := d.Store.Get(ctx, Key{p.HEI, id})
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
func (d *Desk) IDs(ctx context.Context, f Filter) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for s, err := range d.Store.States(ctx) {
			if (err != nil || f.Matches(s)) && !yield(s.Agreement.OMobilityID, err) {
				return
			}
		}
	}
}

// Update implements [Provider], by [State.Apply].
func (d *Desk) Update(ctx context.Context, p ewpserver.Parties, r UpdateRequest) (ewp.Texts, error) {
	if err := r.checked(); err != nil {
		return nil, err
	}
	if r.Sending != p.HEI {
		return nil, passerelle.ErrNotFound
	}
	decision, _ := r.Decision()
	k := Key{p.HEI, lexical.Token(decision.OMobilityID)}
	s, err := Do(ctx, d.Store, k, false, func(s State) (State, error) { return s.Apply(p.Caller, r, d.now()) })
	if _, refused := errors.AsType[*RefusedError](err); refused {
		return nil, &ewpserver.Error{Status: http.StatusConflict, Err: err, DeveloperMessage: "changes-proposal-id is not that of the present proposal", UserMessages: staleMessages}
	}
	if err != nil {
		return nil, err
	}
	if d.Decided != nil {
		d.Decided(ctx, s)
	}
	if _, err := d.notify(ctx, s); err != nil {
		return nil, err
	}
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
func (d *Desk) Outgoing(ctx context.Context, p ewpserver.Parties) iter.Seq2[Outgoing, error] {
	return rows(CountOutgoing(d.Store.States(ctx), p.HEI))
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
