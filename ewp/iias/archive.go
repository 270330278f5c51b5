package iias

import (
	"fmt"
	"time"

	"github.com/passerelle-sup/passerelle"
)

// ArchiveV6 is an agreement as a system kept it under version 6 of the API.
type ArchiveV6 struct {
	// Own is the own copy as it is to be served under version 7. Values that version 6
	// did not ask for carry the flags of [Agreement.Flags].
	Own Agreement
	// OwnApproved is the document of version 6 of the own copy that the partner approved,
	// nil where none is. OwnAgreed is the same copy for version 7, nil where it is Own.
	OwnApproved []byte
	OwnAgreed   *Agreement
	// Partner is the document of version 6 of the partner's copy, as it was last
	// fetched, and Approved the one that was approved here; nil where there is none.
	Partner, Approved []byte
	// ApprovedHash is the conditions-hash that was stored with that approval.
	ApprovedHash string
}

// FromV6 makes the record of an agreement of version 6: hashes of version 7 take the
// place of the conditions-hashes, and what was approved stays approved. Nothing is due:
// both sides do the same, and tell each other nothing.
//
// Its error is passerelle.ErrConflict where a document has not the hash that was
// approved, or the copy for version 7 does not say what the one of version 6 does: such
// an agreement has to be cleared up with the partner.
func FromV6(a ArchiveV6, at time.Time) (Record, error) {
	own, err := Seal(a.Own)
	if err != nil {
		return Record{}, err
	}
	r := Record{
		ID: a.Own.Owner().IIAID, HEI: a.Own.Owner().HEI, Partner: a.Own.Other().HEI, PartnerID: a.Own.Other().IIAID,
		Own: own, Changed: at.UTC(),
	}
	if r.Seen, err = seenV6(a.Partner, r.PartnerID, at); err != nil {
		return Record{}, err
	}
	if r.Approved, err = seenV6(a.Approved, r.PartnerID, at); err != nil {
		return Record{}, err
	}
	if !r.Approved.IsZero() {
		conditions, err := ConditionsHash(a.Approved)
		if err != nil {
			return Record{}, err
		}
		if conditions.Hash.String() != a.ApprovedHash {
			return Record{}, fmt.Errorf("iias: the partner's copy has not the conditions-hash that was approved: %w", passerelle.ErrConflict)
		}
	}
	if a.OwnApproved == nil {
		return r, nil
	}
	approved, err := ComputeOfV6(a.OwnApproved)
	if err != nil {
		return Record{}, err
	}
	agreed := own
	if a.OwnAgreed != nil {
		if agreed, err = Seal(*a.OwnAgreed); err != nil {
			return Record{}, err
		}
	}
	if agreed.Hash != approved.Hash {
		return Record{}, fmt.Errorf("iias: the own copy for version 7 says something else than the one that was approved: %w", passerelle.ErrConflict)
	}
	r.ApprovedByPartner = approved.Hash
	if !r.Approved.IsZero() {
		r.Agreed = Agreed{Own: agreed, Partner: r.Approved, At: at.UTC()}
	}
	return r, nil
}

// seenV6 is a partner's document of version 6 under the hash of version 7.
func seenV6(document []byte, id string, at time.Time) (Seen, error) {
	if document == nil {
		return Seen{}, nil
	}
	computed, err := ComputeOfV6(document)
	if err != nil {
		return Seen{}, err
	}
	if computed.ID != id {
		return Seen{}, fmt.Errorf("iias: the partner's document is not that of the copy that ours names: %w", passerelle.ErrConflict)
	}
	return Seen{ID: id, Hash: computed.Hash, XML: string(document), At: at.UTC()}, nil
}
