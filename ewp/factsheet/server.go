package factsheet

import (
	"context"
	"iter"
	"slices"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/ewpserver"
)

// Provider has factsheets. It is safe for concurrent use.
type Provider interface {
	// Factsheets yields those of the institutions asked for that there are, in any order;
	// the others are left out. An error that is passerelle.ErrNotFound or ErrForbidden is
	// passed over, any other ends the request. p.Caller is zero for an anonymous client.
	//
	// What is wrong with the data of the provider must not be told as
	// passerelle.ErrInvalid, as Validate does: that is answered with 400, as a fault of the
	// caller's. Any other error is a 500.
	Factsheets(ctx context.Context, p ewpserver.Parties, heis []ewp.HEIID) iter.Seq2[Factsheet, error]
}

// Limits are how many institutions one request may ask for, as the manifest entry says
// (max-hei-ids). 0 is 1.
type Limits struct{ HEIs int }

// Register serves the API on s. Its error is that of ewpserver.Server.Handle, or
// passerelle.FieldErrors for a nil provider.
func Register(s *ewpserver.Server, p Provider, max Limits, opts ...ewpserver.Option) error {
	if p == nil {
		return passerelle.FieldErrors{{Field: "Provider", Rule: "required", Want: "what has factsheets"}}
	}
	return s.Handle(ewp.Factsheet, "", ewpserver.Get[Factsheet]{
		ID: Param, Max: max.HEIs, HEIs: true, Item: item,
		Find: func(ctx context.Context, q ewpserver.Query) iter.Seq2[Factsheet, error] {
			return p.Factsheets(ctx, q.Parties, q.HEIs)
		},
	}, opts...)
}

// List is a Provider of factsheets in memory. It must not be changed while it is
// served.
type List []Factsheet

// Factsheets implements Provider.
func (l List) Factsheets(_ context.Context, _ ewpserver.Parties, heis []ewp.HEIID) iter.Seq2[Factsheet, error] {
	return func(yield func(Factsheet, error) bool) {
		for _, s := range l {
			if slices.Contains(heis, s.HEI) && !yield(s, nil) {
				return
			}
		}
	}
}
