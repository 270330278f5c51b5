package ewpserver

import (
	"context"
	"errors"
	"iter"
	"slices"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp"
)

// StatsPortal is the institution in whose name the network's portal reads
// statistics, on the first day of each month. It must be let in.
var StatsPortal = ewp.MustParseHEIID("stats.erasmuswithoutpaper.eu")

// Stats is the handler of endpoints that return counts. They have no parameters.
// The portal expects an answer at once: count beforehand.
type Stats[T any] struct {
	// Item is the element of one row, such as "academic-year-stats". Empty is for the
	// counts of the agreements, where the fields of a single T stand in the root.
	Item string
	// Callers are those that may read the counts beside the StatsPortal. Nil lets
	// every institution in: no specification restricts it.
	Callers []ewp.HEIID
	// Count yields the rows. Its first error ends the request. Required.
	Count func(context.Context, Parties) iter.Seq2[T, error]
}

// Serve answers a request.
func (s Stats[T]) Serve(ctx context.Context, r *Request, a *Answer) error {
	if s.Callers != nil && r.Caller != StatsPortal && !slices.Contains(s.Callers, r.Caller) {
		return passerelle.ErrForbidden
	}
	if s.Item == "" {
		for row, err := range s.Count(ctx, r.Parties) {
			if err != nil {
				return err
			}
			return a.Encode(r.Root(), row)
		}
		return &internalError{"statistics", errors.New("no row")}
	}
	d := r.document(a)
	if err := Each(d, s.Item, s.Count(ctx, r.Parties)); err != nil {
		return err
	}
	return d.Close()
}

func (s Stats[T]) faults() passerelle.FieldErrors {
	var faults passerelle.FieldErrors
	if s.Count == nil {
		faults.Add("Stats.Count", "required", "a function that counts")
	}
	return faults
}

func (s Stats[T]) limits() []int { return nil }
