package ewpserver

import (
	"context"
	"iter"
	"slices"
	"time"

	"github.com/passerelle-sup/passerelle"
)

// Filter is what a client asks of an endpoint of the kind of "index".
type Filter struct {
	Parties
	// Years are those that an object must concern, any of them; none stands for all.
	Years []string
	// ModifiedSince leaves out what did not change since; zero leaves out nothing. It
	// is allowed to list more than that, never less.
	ModifiedSince time.Time
	// Check reads further parameters of the API; its faults are answered with 400.
	Check *Check
}

// Index is the handler of endpoints that list identifiers by a filter: iias index,
// omobilities index, and simple-course-replication. It must list exactly what the
// "get" of the same API shows to the same caller.
type Index struct {
	// Owner is the parameter with the institution, for the APIs that have one.
	Owner Owner
	// Partner is the parameter with institutions on the side of the caller
	// ("receiving_hei_id" of the learning agreements), for the APIs that have one.
	// It may be repeated; where it is given and does not name the caller, the answer
	// is empty, because a caller sees what it has part in.
	Partner string
	// Years is the parameter with academic years, which may be repeated. Empty for
	// APIs that have none.
	Years string
	// Since takes the parameter "modified_since".
	Since bool
	// Item is the element of an identifier in the answer: "iia-id". Required.
	Item string
	// List yields the identifiers that the caller may see, in any order. Its first
	// error ends the request. Required.
	List func(context.Context, Filter) iter.Seq2[string, error]
}

// Serve answers a request.
func (x Index) Serve(ctx context.Context, r *Request, a *Answer) error {
	c := r.Check()
	some := x.Owner.check(c, r.HEI)
	f := Filter{Parties: r.Parties, Check: c}
	if x.Years != "" {
		f.Years = c.AcademicYears(x.Years)
	}
	if x.Since {
		f.ModifiedSince, _ = c.DateTime("modified_since")
	}
	if x.Partner != "" && c.Has(x.Partner) {
		some = some && slices.Contains(c.values[x.Partner], r.Caller.String())
	}
	var ids iter.Seq2[string, error]
	if some && len(c.faults) == 0 {
		ids = x.List(ctx, f)
	}
	if err := c.Err(); err != nil {
		return err
	}
	d := r.document(a)
	if ids != nil {
		if err := Each(d, x.Item, ids); err != nil {
			return err
		}
		if err := c.Err(); err != nil { // List may have read parameters late
			return err
		}
	}
	return d.Close()
}

func (x Index) faults() passerelle.FieldErrors {
	var faults passerelle.FieldErrors
	if x.Item == "" {
		faults.Add("Index.Item", "required", "the element of an identifier")
	}
	if x.List == nil {
		faults.Add("Index.List", "required", "a function that lists identifiers")
	}
	return faults
}

func (x Index) limits() []int { return nil }
