package omobilitylas

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"fmt"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp/internal/lexical"
)

// Observe takes over what the receiving institution has read from the sending one. The
// zero state is that of an agreement that is read for the first time. The findings are
// what should not be, each with its path, for a person to look at; the state follows what
// was read all the same, because the sending institution keeps the agreement:
//
//   - "signed": a version that both had signed is another one, or has gone;
//   - "identifier": the proposal changed and not its identifier, or the other way round;
//   - "decision": what was approved here came back with other tables or another signature;
//   - "important": the student's names, identifier or birth date changed without proposal.
//
// Its error is a [*RefusedError] for what is not the same mobility: nothing is taken over.
func (s State) Observe(a Agreement, at time.Time) (State, passerelle.FieldErrors, error) {
	was := s.Agreement
	if !s.Key().IsZero() && (a.OMobilityID != was.OMobilityID || a.Sending.HEI != was.Sending.HEI || a.Receiving.HEI != was.Receiving.HEI) {
		return s, nil, Action("observe").refuse("immutable", "the same mobility, sending and receiving institution as before")
	}
	next := s
	next.Agreement = a
	if s.Key().IsZero() || fingerprint(a) != fingerprint(was) {
		next.Modified = at.UTC()
	}
	if s.Key().IsZero() {
		return next, nil, nil
	}
	return next, s.findings(a), nil
}

func (s State) findings(a Agreement) passerelle.FieldErrors {
	var found passerelle.FieldErrors
	was := s.Agreement
	if was.First != nil && (a.First == nil || fingerprint(*a.First) != fingerprint(*was.First)) {
		found.Add("first-version", "signed", "the version that was signed")
	}
	firstIsNew := was.First == nil && a.First != nil
	changesAreNew := a.Changes != nil && (was.Changes == nil || fingerprint(*a.Changes) != fingerprint(*was.Changes))
	if was.Changes != nil && a.Changes == nil {
		found.Add("approved-changes", "signed", "the changes that were signed")
	}
	switch {
	case firstIsNew && changesAreNew: // both came since the last time
	case firstIsNew:
		s.came(&found, "first-version", *a.First)
	case changesAreNew:
		s.came(&found, "approved-changes", *a.Changes)
	}
	if was.Proposal != nil && a.Proposal != nil {
		same := fingerprint(was.Proposal.anonymous()) == fingerprint(a.Proposal.anonymous())
		if (was.Proposal.ID == a.Proposal.ID) != same {
			found.Add("changes-proposal@id", "identifier", "an identifier that changes if and only if the content does")
		}
	}
	if was.Student.Important() != a.Student.Important() && !firstIsNew && !changesAreNew {
		found.Add("student", "important", "the names, identifier and birth date as they were, until a proposal is approved")
	}
	return found
}

// anonymous returns the proposal without its identifier.
func (p Proposal) anonymous() Proposal {
	p.ID = ""
	return p
}

// came compares a version that became agreed with what was approved here.
func (s State) came(found *passerelle.FieldErrors, path string, v Version) {
	var approval *Decided
	for i := range s.Decisions {
		if s.Decisions[i].Approved {
			approval = &s.Decisions[i]
		}
	}
	if approval == nil {
		found.Add(path, "decision", "a version that was approved here: this one was not")
		return
	}
	signature := v.ReceivingSignature
	v.ReceivingSignature = nil
	if fingerprint(v) != approval.Content {
		found.Add(path, "decision", "what was approved here")
	}
	if signature == nil || *signature != approval.Signature {
		found.Add(path+".receiving-hei-signature", "decision", "the signature that was given here")
	}
}

// Decide records the answer of the receiving institution to the present proposal, before
// the request is sent by [Client.Update], so that what was signed is known whatever
// becomes of the call: see Unsettled. Its error is that of [UpdateRequest.Validate],
// passerelle.ErrNotFound for a request about another agreement, or a [*RefusedError] for
// another proposal than the present one.
func (s State) Decide(r UpdateRequest, at time.Time) (State, error) {
	if err := r.Validate(); err != nil {
		return s, err
	}
	d, approves := r.Decision()
	action := Comment
	if approves {
		action = Approve
	}
	if r.Sending != s.Agreement.Sending.HEI || lexical.Token(d.OMobilityID) != s.Agreement.OMobilityID {
		return s, fmt.Errorf("omobilitylas: the request is about another agreement: %w", passerelle.ErrNotFound)
	}
	if err := s.present(action, d.ProposalID); err != nil {
		return s, err
	}
	return s.decided(Decided{
		ProposalID: d.ProposalID, Approved: approves, Comment: d.Comment, Signature: *d.Signature, At: at.UTC(), Content: fingerprint(s.Agreement.Proposal.Version),
	}), nil
}

// Unsettled returns the approval that was decided here and that the agreement does not
// show, nil where there is none. After a call whose outcome is unknown, the agreement is
// read again: an approval that is still unsettled then can be sent again, because an
// update that was done is answered with 409 and changes nothing.
func (s State) Unsettled() *Decided {
	if d := s.Last(); d != nil && d.Approved && s.Agreement.Proposal != nil && s.Agreement.Proposal.ID == d.ProposalID {
		return d
	}
	return nil
}

// fingerprint identifies a part of an agreement by what [Encode] writes of it.
func fingerprint(v any) string {
	data, err := xml.Marshal(v)
	if err != nil {
		panic("omobilitylas: a value that encoding/xml cannot write: " + err.Error()) // strings alone
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}
