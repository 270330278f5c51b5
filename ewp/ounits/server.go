package ounits

import (
	"context"
	"iter"
	"slices"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/ewpserver"
)

// Provider knows the units of an institution. It is safe for concurrent use.
type Provider interface {
	// Units yields those of the units asked for that exist, in any order; the others are
	// left out. An error that is passerelle.ErrNotFound or ErrForbidden is passed over, any
	// other ends the request. p.HEI is the institution, p.Caller is zero for an anonymous
	// client.
	//
	// What is wrong with the data of the provider must not be told as
	// passerelle.ErrInvalid, as Validate does: that is answered with 400, as a fault of the
	// caller's. Any other error is a 500.
	Units(ctx context.Context, p ewpserver.Parties, by Selection) iter.Seq2[Unit, error]
}

// Selection says which units are meant: by identifier or by code, never both.
type Selection struct {
	IDs   []string
	Codes []string
}

// Has reports whether a unit is meant.
func (s Selection) Has(u Unit) bool {
	return slices.Contains(s.IDs, u.ID) || slices.Contains(s.Codes, u.Code)
}

// Limits are how many units one request may ask for, as the manifest entry says
// (max-ounit-ids, max-ounit-codes). 0 is 1.
type Limits struct{ IDs, Codes int }

// Register serves the API on s. Its error is that of ewpserver.Server.Handle, or
// passerelle.FieldErrors for a nil provider.
func Register(s *ewpserver.Server, p Provider, max Limits, opts ...ewpserver.Option) error {
	if p == nil {
		return passerelle.FieldErrors{{Field: "Provider", Rule: "required", Want: "what knows units"}}
	}
	return s.Handle(ewp.OrganizationalUnits, "", ewpserver.Get[Unit]{
		ID: ParamID, Max: max.IDs, Code: ParamCode, MaxCodes: max.Codes, Owner: ewpserver.Owner{Param: ParamHEI}, Item: item,
		Find: func(ctx context.Context, q ewpserver.Query) iter.Seq2[Unit, error] {
			return p.Units(ctx, q.Parties, Selection{q.IDs, q.Codes})
		},
	}, opts...)
}

// List is a Provider of units in memory, all of one institution. It must not be changed
// while it is served.
type List []Unit

// Units implements Provider.
func (l List) Units(_ context.Context, _ ewpserver.Parties, by Selection) iter.Seq2[Unit, error] {
	return func(yield func(Unit, error) bool) {
		for _, u := range l {
			if by.Has(u) && !yield(u, nil) {
				return
			}
		}
	}
}
