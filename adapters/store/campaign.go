package store

import (
	"context"
	"fmt"
	"slices"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ines/campaign"
)

// campaignLedger is a campaign.Ledger.
type campaignLedger struct{ *ledger[campaign.Record] }

// Campaign returns the ledger of INES campaigns. Personal: the reference, the fingerprint
// of the identity, and the record, which holds numbers and INES's words.
func (s *Store) Campaign() campaign.Ledger {
	return campaignLedger{newLedger(s, kind[campaign.Record]{
		table: "campaign_records", name: "campaign",
		key:     func(r *campaign.Record) string { return r.Student },
		student: func(r *campaign.Record) string { return r.Student },
		version: func(r *campaign.Record) *int64 { return &r.Version },
		holds: func(r *campaign.Record) string {
			if r.HoldsIdentity() {
				return r.Identity
			}
			return ""
		},
		claimed: func(r *campaign.Record) bool { return r.State == campaign.StateClaimed },
		open: func(r *campaign.Record) bool {
			return r.State.Pending() || r.Outcome.Changed() && r.WrittenAt.IsZero()
		},
		clone: func(r campaign.Record) campaign.Record {
			r.Alternates, r.History, r.Closed = slices.Clone(r.Alternates), slices.Clone(r.History), slices.Clone(r.Closed)
			return r
		},
		missing: func(student string) error {
			return fmt.Errorf("campaign: no record of %s: %w", student, passerelle.ErrNotFound)
		},
	})}
}

// Claim implements campaign.Ledger.
func (l campaignLedger) Claim(ctx context.Context, c campaign.Claim) (campaign.Record, error) {
	return l.claim(ctx, c.Student, c.Identity, func(rec, holder campaign.Record) (campaign.Record, error) {
		if err := campaign.CheckClaim(rec, holder, c); err != nil {
			return rec, err
		}
		return c.Apply(rec), nil
	}, func(rec campaign.Record) bool { return rec.State == campaign.StateClaimed && rec.ClaimID == c.ID })
}
