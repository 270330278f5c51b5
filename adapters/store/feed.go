package store

import (
	"context"
	"fmt"
	"slices"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/supdata"
)

// feedLedger is a supdata.Ledger.
type feedLedger struct{ *ledger[supdata.Record] }

// Feed returns the ledger of what was fed to SUPDATA. Personal: the key and the
// reference, the fingerprint of the enrolment, and the record, which holds the enrolment.
func (s *Store) Feed() supdata.Ledger {
	return feedLedger{newLedger(s, kind[supdata.Record]{
		table: "feed_records", name: "supdata",
		key:     func(r *supdata.Record) string { return r.Key },
		student: func(r *supdata.Record) string { return r.Student },
		version: func(r *supdata.Record) *int64 { return &r.Version },
		holds: func(r *supdata.Record) string {
			if r.Holds() {
				return r.Fingerprint
			}
			return ""
		},
		claimed: func(r *supdata.Record) bool { return r.State == supdata.StateClaimed },
		open:    func(r *supdata.Record) bool { return r.State.Pending() },
		clone: func(r supdata.Record) supdata.Record {
			r.Fed, r.Sending, r.IDs = clone(r.Fed), clone(r.Sending), slices.Clone(r.IDs)
			return r
		},
		missing: func(string) error {
			return fmt.Errorf("supdata: no record of that enrolment: %w", passerelle.ErrNotFound)
		},
	})}
}

// Claim implements supdata.Ledger.
func (l feedLedger) Claim(ctx context.Context, c supdata.Claim) (supdata.Record, error) {
	return l.claim(ctx, c.Key, c.Sending.Fingerprint(), func(rec, holder supdata.Record) (supdata.Record, error) {
		if err := supdata.CheckClaim(rec, holder, c); err != nil {
			return rec, err
		}
		return c.Apply(rec), nil
	}, func(rec supdata.Record) bool { return rec.State == supdata.StateClaimed && rec.ClaimID == c.ID })
}

// clone copies what p points to.
func clone[T any](p *T) *T {
	if p == nil {
		return nil
	}
	v := *p
	return &v
}
