package iias

import (
	"log/slog"
	"time"

	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/cnr"
)

// Record is what an institution knows of one agreement: all that the life cycle of
// version 7 needs, and what must be stored after each step. Steps are methods that
// return a new record; nothing else changes one. Keep it in a [Store].
//
// The zero value is no agreement; [Create] makes the first record of one.
type Record struct {
	ID      string    `json:"id"` // iia-id of the own copy: never used again, deleted or not
	HEI     ewp.HEIID `json:"hei"`
	Partner ewp.HEIID `json:"partner"`
	// PartnerID is the iia-id of the partner's copy, "" while the two are not mapped.
	PartnerID string `json:"partner_id,omitempty"`

	// Own is the copy that is served, zero when it is deleted.
	Own     Revision `json:"own,omitzero"`
	Deleted bool     `json:"deleted,omitempty"`
	// Seen is the partner's copy as it was last fetched and verified, zero when none was,
	// or the partner deleted it.
	Seen Seen `json:"seen,omitzero"`

	// ApprovedByPartner is the hash of the own copy that the partner approves, by its
	// last answer. Approved is the partner's copy that is approved here: the hash is what
	// the approval API answers, the document is the proof.
	ApprovedByPartner Hash `json:"approved_by_partner,omitempty"`
	Approved          Seen `json:"approved,omitzero"`
	// Agreed is the last state in which both approved the copy of the other.
	Agreed Agreed `json:"agreed,omitzero"`
	// Disputed says that the partner no longer confirms its approval of the agreed state,
	// which it may not take back: an error on its side, to be cleared up by people.
	Disputed bool `json:"disputed,omitempty"`

	// Due are notifications that were not handed on yet: see [Keep].
	Due []cnr.Change `json:"due,omitempty"`

	Changed time.Time `json:"changed"` // of what partners see, for modified_since; UTC
	Version int64     `json:"version"` // in the Store, from 1
}

// Seen is a partner's copy that was fetched.
type Seen struct {
	ID   string    `json:"id,omitempty"`   // its iia-id
	Hash Hash      `json:"hash,omitempty"` // computed from the bytes
	XML  string    `json:"xml,omitempty"`  // a document with it alone, byte for byte: see [Split]
	PDF  string    `json:"pdf,omitempty"`  // of an approval: identifier of the countersigned file
	At   time.Time `json:"at,omitzero"`
}

// Agreed is a state that both approved.
type Agreed struct {
	Own     Revision  `json:"own,omitzero"`
	Partner Seen      `json:"partner,omitzero"`
	At      time.Time `json:"at,omitzero"`
}

// IsZero reports whether there is none.
func (a Agreed) IsZero() bool { return a.Own.IsZero() }

// IsZero reports whether there is none.
func (s Seen) IsZero() bool { return s.Hash.IsZero() }

// Agreement reads the copy. Its error is that of [Decode].
func (s Seen) Agreement() (Agreement, error) { return Decode([]byte(s.XML)) }

// IsMutual reports whether both partners approve the copy of the other in its current
// state, as far as is known here: the agreement is concluded.
func (r Record) IsMutual() bool {
	return r.approvedByPartner() && r.approvedHere()
}

// approvedByPartner reports whether the partner approves the own copy as it is.
func (r Record) approvedByPartner() bool {
	return !r.Own.IsZero() && r.PartnerID != "" && r.ApprovedByPartner == r.Own.Hash && !r.Disputed
}

// approvedHere reports whether the partner's copy is approved as it was last seen.
func (r Record) approvedHere() bool {
	return !r.Seen.IsZero() && r.PartnerID != "" && r.Approved.ID == r.PartnerID && r.Approved.Hash == r.Seen.Hash
}

// Approval returns what the approval API answers about the partner's copy; false where
// it is silent.
func (r Record) Approval() (Approval, bool) {
	if r.Approved.IsZero() {
		return Approval{}, false
	}
	return Approval{ID: r.Approved.ID, Hash: r.Approved.Hash, PDF: r.Approved.PDF}, true
}

// LogValue returns the institutions and the identifiers.
func (r Record) LogValue() slog.Value {
	return slog.GroupValue(slog.String("id", r.ID), slog.Any("hei", r.HEI), slog.Any("partner", r.Partner), slog.String("partner_id", r.PartnerID), slog.Int64("version", r.Version))
}

// LogValue returns the identifier and the hash: a copy names persons.
func (s Seen) LogValue() slog.Value {
	return slog.GroupValue(slog.String("id", s.ID), slog.String("hash", s.Hash.String()))
}

// LogValue returns the hash: a copy names persons.
func (r Revision) LogValue() slog.Value { return slog.StringValue(r.Hash.String()) }

// copyChanged is the notification that the own copy changed, by its own identifier.
func (r Record) copyChanged() []cnr.Change {
	return []cnr.Change{{Route: cnr.Route{From: r.HEI, To: r.Partner, API: ewp.IIACNR}, ID: r.ID}}
}

// approvalChanged is the notification that the approval of a partner's copy changed,
// by the identifier of that copy.
func (r Record) approvalChanged(id string) []cnr.Change {
	return []cnr.Change{{Route: cnr.Route{From: r.HEI, To: r.Partner, API: ewp.IIAApprovalCNR}, ID: id}}
}
