package iias

import (
	"fmt"
	"log/slog"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp"
)

// Verified is a partner's copy as it was just fetched, whose hash was computed from the
// bytes that came and is the one that the copy declares. Only [Client.Fetch] makes one,
// and only with one can a copy be approved: never with the own copy, and never with an
// older one.
type Verified struct {
	owner, other ewp.HEIID
	computed     Computed
	document     string
	agreement    Agreement
	at           time.Time
}

// Owner returns the institution whose copy it is.
func (v *Verified) Owner() ewp.HEIID { return v.owner }

// ID returns its iia-id.
func (v *Verified) ID() string { return v.computed.ID }

// PartnerID returns the iia-id of our copy that it is mapped to, "" for none.
func (v *Verified) PartnerID() string { return v.computed.PartnerID }

// Hash returns the hash that was computed.
func (v *Verified) Hash() Hash { return v.computed.Hash }

// Approvable reports whether it may be approved as far as its content goes: see
// [Agreement.Flags].
func (v *Verified) Approvable() bool { return v.computed.Approvable }

// Agreement returns what the copy says.
func (v *Verified) Agreement() Agreement { return v.agreement }

// Document returns the copy byte for byte, in a document of its own.
func (v *Verified) Document() string { return v.document }

// At returns when it was fetched.
func (v *Verified) At() time.Time { return v.at }

// LogValue returns the owner, the identifier and the hash.
func (v *Verified) LogValue() slog.Value {
	return slog.GroupValue(slog.Any("owner", v.owner), slog.String("id", v.ID()), slog.String("hash", v.Hash().String()))
}

func (v *Verified) seen() Seen {
	return Seen{ID: v.ID(), Hash: v.Hash(), XML: v.document, At: v.at.UTC()}
}

// verify finds the copy with an identifier in an answer and computes its hash. Copies
// that were not asked for are passed over.
func verify(answer []byte, owner, caller ewp.HEIID, id string, at time.Time) (*Verified, error) {
	parts, err := Split(answer)
	if err != nil {
		return nil, err
	}
	var found *Verified
	for _, part := range parts {
		computed, err := Compute(part)
		if err != nil {
			return nil, err
		}
		if computed.ID != id {
			continue
		}
		if found != nil {
			return nil, fmt.Errorf("iias: two copies with the same iia-id: %w", passerelle.ErrProtocol)
		}
		agreement, err := Decode(part)
		if err != nil {
			return nil, err
		}
		found = &Verified{owner, caller, computed, string(part), agreement, at}
	}
	switch {
	case found == nil:
		return nil, &AbsentError{HEI: owner, ID: id, at: at}
	case found.agreement.Owner().HEI != owner || found.agreement.Other().HEI != caller || len(found.agreement.Partners) != 2:
		return nil, fmt.Errorf("iias: the partners of the copy are not the institution that was called, first, and the one that calls: %w", passerelle.ErrProtocol)
	case !found.computed.Right():
		return nil, &HashError{HEI: owner, ID: id, Declared: found.computed.Declared, Computed: found.computed.Hash}
	}
	return found, nil
}

// AbsentError says that a partner answered without the copy that was asked for: it
// deleted it, or shows it to nobody, or not to us. errors.Is knows it as
// passerelle.ErrNotFound. Only [Client.Fetch] makes one that [Record.Gone] believes.
type AbsentError struct {
	HEI ewp.HEIID
	ID  string

	at time.Time
}

// Error returns the institution.
func (e *AbsentError) Error() string {
	return "iias: " + e.HEI.String() + " has no such agreement, or none for us"
}

// Is reports whether target is passerelle.ErrNotFound.
func (e *AbsentError) Is(target error) bool { return target == passerelle.ErrNotFound }

// Outcome returns passerelle.Answered.
func (e *AbsentError) Outcome() passerelle.Outcome { return passerelle.Answered }

// HashError says that a partner's copy declares another hash than the one of its bytes,
// so that it cannot be approved: the partner has to put it right. The most common
// causes are a hash computed from parsed values and partners in the wrong order.
// errors.Is knows it as passerelle.ErrProtocol.
type HashError struct {
	HEI      ewp.HEIID
	ID       string
	Declared string
	Computed Hash
}

// Error returns the institution and both hashes.
func (e *HashError) Error() string {
	declared := e.Declared
	if _, err := ParseHash(declared); err != nil {
		declared = "something else"
	}
	return "iias: a copy of " + e.HEI.String() + " declares the hash " + declared + ", and its bytes have " + e.Computed.String()
}

// Is reports whether target is passerelle.ErrProtocol.
func (e *HashError) Is(target error) bool { return target == passerelle.ErrProtocol }

// Outcome returns passerelle.Answered.
func (e *HashError) Outcome() passerelle.Outcome { return passerelle.Answered }
