package courses

import (
	"context"
	"iter"
	"slices"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/ewpserver"
)

// Provider knows the courses of an institution. It is safe for concurrent use.
type Provider interface {
	// Courses yields those of the specifications asked for that exist, in any order; the
	// others are left out. Instances that by.Filter does not want may be among them: they
	// are taken out. An error that is passerelle.ErrNotFound or ErrForbidden is passed
	// over, any other ends the request. p.HEI is the institution, p.Caller is zero for an
	// anonymous client.
	//
	// What is wrong with the data of the provider must not be told as
	// passerelle.ErrInvalid, as Validate does: that is answered with 400, as a fault of the
	// caller's. Any other error is a 500.
	Courses(ctx context.Context, p ewpserver.Parties, by Selection) iter.Seq2[Specification, error]
}

// Lister knows which courses there are. It is safe for concurrent use.
type Lister interface {
	// Changed yields the identifiers of all specifications that [Provider] shows to the
	// caller, those that are no longer given included, in any order. Where since is not
	// zero, those that did not change since may be left out. Its first error ends the
	// request.
	Changed(ctx context.Context, p ewpserver.Parties, since time.Time) iter.Seq2[string, error]
}

// Selection says which specifications are meant, by identifier or by code, never both,
// and which of their instances.
type Selection struct {
	IDs   []string
	Codes []string
	Filter
}

// Has reports whether a specification is meant.
func (s Selection) Has(c Specification) bool {
	return slices.Contains(s.IDs, c.ID) || slices.Contains(s.Codes, c.Code)
}

// Limits are how many specifications one request may ask for, as the manifest entry
// says (max-los-ids, max-los-codes). 0 is 1.
type Limits struct{ IDs, Codes int }

// Register serves the Courses API on s. Its error is that of ewpserver.Server.Handle, or
// passerelle.FieldErrors for a nil provider.
func Register(s *ewpserver.Server, p Provider, max Limits, opts ...ewpserver.Option) error {
	if p == nil {
		return passerelle.FieldErrors{{Field: "Provider", Rule: "required", Want: "what knows courses"}}
	}
	return s.Handle(ewp.Courses, "", ewpserver.Get[Specification]{
		ID: ParamID, Max: max.IDs, Code: ParamCode, MaxCodes: max.Codes, Owner: ewpserver.Owner{Param: ParamHEI}, Item: item,
		Find: func(ctx context.Context, q ewpserver.Query) iter.Seq2[Specification, error] {
			by := Selection{IDs: q.IDs, Codes: q.Codes}
			by.Before, _ = q.Check.Date(ParamBefore)
			by.After, _ = q.Check.Date(ParamAfter)
			by.At, _ = q.Check.Date(ParamAt)
			return by.filtered(p.Courses(ctx, q.Parties, by))
		},
	}, opts...)
}

// filtered takes out the instances that are not wanted.
func (f Filter) filtered(specifications iter.Seq2[Specification, error]) iter.Seq2[Specification, error] {
	if f.Before.IsZero() && f.After.IsZero() {
		return specifications
	}
	return func(yield func(Specification, error) bool) {
		for s, err := range specifications {
			if !yield(f.Of(s), err) {
				return
			}
		}
	}
}

// RegisterReplication serves Simple Course Replication on s. The manifest entry has two
// elements beside those of other APIs: allows-anonymous-access, and
// supports-modified-since, which is true where l leaves out what did not change. The
// error is like that of Register.
func RegisterReplication(s *ewpserver.Server, l Lister, opts ...ewpserver.Option) error {
	if l == nil {
		return passerelle.FieldErrors{{Field: "Lister", Rule: "required", Want: "what knows which courses there are"}}
	}
	return s.Handle(ewp.SimpleCourseReplication, "", ewpserver.Index{
		Owner: ewpserver.Owner{Param: ParamHEI}, Since: true, Item: itemReplicated,
		List: func(ctx context.Context, f ewpserver.Filter) iter.Seq2[string, error] {
			return l.Changed(ctx, f.Parties, f.ModifiedSince)
		},
	}, opts...)
}

// List is a Provider and a Lister of courses in memory, all of one institution. It does
// not know when they changed. It must not be changed while it is served.
type List []Specification

// Courses implements Provider.
func (l List) Courses(_ context.Context, _ ewpserver.Parties, by Selection) iter.Seq2[Specification, error] {
	return func(yield func(Specification, error) bool) {
		for _, s := range l {
			if by.Has(s) && !yield(s, nil) {
				return
			}
		}
	}
}

// Changed implements Lister.
func (l List) Changed(context.Context, ewpserver.Parties, time.Time) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for _, s := range l {
			if !yield(s.ID, nil) {
				return
			}
		}
	}
}
