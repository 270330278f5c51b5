package imobilities

import (
	"context"
	"iter"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/ewpserver"
)

// Provider has what a receiving institution knows of mobilities. It is safe for
// concurrent use. [Stays] is one.
type Provider interface {
	// Mobilities yields those of the identifiers that p.Caller sent, in any order; any
	// other caller gets none, also where it has given the same identifier to another
	// mobility. An error that is passerelle.ErrNotFound or ErrForbidden leaves one out,
	// any other ends the request.
	Mobilities(ctx context.Context, p ewpserver.Parties, ids []string) iter.Seq2[Mobility, error]
}

// Limits are how many mobilities one call may be about, as the manifest entry says
// (max-omobility-ids). 0 is 1.
type Limits struct{ IDs int }

// Register serves the API on s. Its error is that of ewpserver.Server.Handle, or
// passerelle.FieldErrors for a nil provider.
func Register(s *ewpserver.Server, p Provider, max Limits, opts ...ewpserver.Option) error {
	if p == nil {
		return passerelle.FieldErrors{{Field: "Provider", Rule: "required", Want: "who knows of arrivals"}}
	}
	find := func(ctx context.Context, q ewpserver.Query) iter.Seq2[Mobility, error] {
		return p.Mobilities(ctx, q.Parties, q.IDs)
	}
	return s.Handle(ewp.IMobilities, "get", ewpserver.Get[Mobility]{ID: paramID, Max: max.IDs, Item: item, Find: find}, opts...)
}

// RegisterNotifications serves imobility-cnr at S: take keeps a notice and returns, see
// [ewpserver.Notification]. cnr.Inbox.Register does it for an inbox.
func RegisterNotifications(s *ewpserver.Server, take func(context.Context, ewpserver.Notice) error, max Limits, opts ...ewpserver.Option) error {
	return s.Handle(ewp.IMobilityCNR, "", ewpserver.Notification{ID: paramID, Max: max.IDs, Take: take}, opts...)
}
