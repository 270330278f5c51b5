package omobilitylas

import (
	"context"
	"iter"
	"slices"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/ewpserver"
)

// Provider is what a sending institution serves. A [Sender] is one.
type Provider interface {
	// Agreements yields those with the identifiers that the caller may see, in any
	// order; the others are left out. An error that is passerelle.ErrNotFound or
	// ErrForbidden is passed over, any other ends the request.
	Agreements(ctx context.Context, p ewpserver.Parties, ids []string) iter.Seq2[Agreement, error]
	// IDs yields the identifiers that a filter asks for, exactly of what Agreements
	// shows to the same caller. Its first error ends the request.
	IDs(ctx context.Context, f Filter) iter.Seq2[string, error]
	// Update does what a receiving institution asks for, and returns messages for the
	// person there, or none. The errors of [State.Apply] become the right statuses.
	Update(ctx context.Context, p ewpserver.Parties, r UpdateRequest) (ewp.Texts, error)
	// Outgoing counts the agreements, a row for each academic year.
	Outgoing(ctx context.Context, p ewpserver.Parties) iter.Seq2[Outgoing, error]
}

// Limits are how many agreements one request may ask for, as the manifest entry says
// (max-omobility-ids). 0 is 1.
type Limits struct{ OMobilityIDs int }

// Register serves get, index, update and stats on s. Whatever the provider yields, get
// answers the receiving institution of an agreement alone. Its error is that of
// ewpserver.Server.Handle, or passerelle.FieldErrors for a nil provider.
func Register(s *ewpserver.Server, p Provider, max Limits, opts ...ewpserver.Option) error {
	if p == nil {
		return passerelle.FieldErrors{{Field: "Provider", Rule: "required", Want: "what knows learning agreements"}}
	}
	owner := ewpserver.Owner{Param: ParamSending}
	for _, e := range []struct {
		endpoint string
		handler  ewpserver.Handler
	}{
		{"get", ewpserver.Get[Agreement]{
			ID: ParamID, Max: max.OMobilityIDs, Owner: owner, Item: item,
			Find: func(ctx context.Context, q ewpserver.Query) iter.Seq2[Agreement, error] {
				return own(q, p.Agreements(ctx, q.Parties, q.IDs))
			},
		}},
		{"index", ewpserver.Index{
			Owner: owner, Partner: ParamReceiving, Years: ParamYear, Since: true, Item: "omobility-id",
			List: func(ctx context.Context, in ewpserver.Filter) iter.Seq2[string, error] {
				return p.IDs(ctx, readFilter(in))
			},
		}},
		{"update", ewpserver.Update[UpdateRequest]{
			Root: updateRoot,
			Apply: func(ctx context.Context, parties ewpserver.Parties, r *UpdateRequest) (ewp.Texts, error) {
				return p.Update(ctx, parties, *r)
			},
		}},
		{"stats", ewpserver.Stats[Outgoing]{Item: statsItem, Count: p.Outgoing}},
	} {
		if err := s.Handle(ewp.OMobilityLAs, e.endpoint, e.handler, opts...); err != nil {
			return err
		}
	}
	return nil
}

// own leaves out what was not asked for, or is another institution's.
func own(q ewpserver.Query, agreements iter.Seq2[Agreement, error]) iter.Seq2[Agreement, error] {
	return func(yield func(Agreement, error) bool) {
		for a, err := range agreements {
			ours := a.Sending.HEI == q.HEI && a.Receiving.HEI == q.Caller && slices.Contains(q.IDs, a.OMobilityID)
			if (err != nil || ours) && !yield(a, err) {
				return
			}
		}
	}
}

// RegisterNotifications serves omobility-la-cnr on s. take keeps the identifiers of
// agreements that the caller says it changed, to read them later, and returns at once; an
// error makes the sender notify again. cnr.Inbox.Register does the same with a queue. Its
// error is like that of Register.
func RegisterNotifications(s *ewpserver.Server, take func(context.Context, ewpserver.Notice) error, max Limits, opts ...ewpserver.Option) error {
	return s.Handle(ewp.OMobilityLACNR, "", ewpserver.Notification{ID: ParamID, Max: max.OMobilityIDs, Sender: ParamSending, Take: take}, opts...)
}

// RegisterIncoming serves the stats of omobility-la-cnr on s. Its error is like that of
// Register.
func RegisterIncoming(s *ewpserver.Server, count func(context.Context, ewpserver.Parties) iter.Seq2[Incoming, error], opts ...ewpserver.Option) error {
	return s.Handle(ewp.OMobilityLACNR, "stats", ewpserver.Stats[Incoming]{Item: statsItem, Count: count}, opts...)
}
