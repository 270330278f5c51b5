package iias

import (
	"context"
	"errors"
	"iter"
	"slices"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp/ewpserver"
)

// Served is the [Provider] and the [Approver] of the records of a store. [FromStore]
// makes it.
type Served struct{ store Store }

// FromStore returns what serves the records of a store. An index reads all of them.
func FromStore(s Store) Served { return Served{s} }

// served reports whether the own copy of a record is for a caller.
func served(r Record, p ewpserver.Parties) bool {
	return r.HEI == p.HEI && r.Partner == p.Caller && !r.Own.IsZero()
}

// Agreements implements [Provider].
func (v Served) Agreements(ctx context.Context, p ewpserver.Parties, ids []string) iter.Seq2[Revision, error] {
	return func(yield func(Revision, error) bool) {
		for _, id := range ids {
			r, err := v.store.Get(ctx, id)
			if err == nil && !served(r, p) {
				err = passerelle.ErrForbidden
			}
			if !yield(r.Own, err) {
				return
			}
		}
	}
}

// IDs implements [Provider].
func (v Served) IDs(ctx context.Context, p ewpserver.Parties, f Filter) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for r, err := range v.store.Records(ctx) {
			in := false
			if err == nil && served(r, p) && !r.Changed.Before(f.ModifiedSince) {
				in, err = inYears(r.Own, f.Years)
			}
			if (err != nil || in) && !yield(r.ID, err) || err != nil {
				return
			}
		}
	}
}

// inYears reports whether a condition covers one of the years; none is all.
func inYears(own Revision, years []string) (bool, error) {
	if len(years) == 0 {
		return true, nil
	}
	a, err := own.Agreement()
	if err != nil {
		return false, err
	}
	for _, kind := range Kinds() {
		for _, c := range *a.Conditions.Of(kind) {
			if slices.ContainsFunc(years, c.Covers) {
				return true, nil
			}
		}
	}
	return false, nil
}

// Approvals implements [Approver].
func (v Served) Approvals(ctx context.Context, p ewpserver.Parties, ids []string) iter.Seq2[Approval, error] {
	return func(yield func(Approval, error) bool) {
		for _, id := range ids {
			r, err := v.store.Find(ctx, p.Caller, id)
			if errors.Is(err, passerelle.ErrNotFound) {
				continue
			}
			approval, ok := r.Approval()
			if err == nil && (!ok || approval.ID != id || r.HEI != p.HEI) {
				continue
			}
			if !yield(approval, err) {
				return
			}
		}
	}
}

// Stats implements [Provider].
func (v Served) Stats(ctx context.Context, p ewpserver.Parties) (Stats, error) {
	return Count(ctx, v.store, p.HEI)
}
