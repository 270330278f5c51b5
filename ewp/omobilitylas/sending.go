package omobilitylas

import (
	"fmt"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/internal/lexical"
)

// RefusedError says why something cannot be done as the agreement stands. errors.Is
// knows it as passerelle.ErrConflict.
type RefusedError struct {
	Action Action
	Rule   string // the broken rule, a stable word: "stale", "proposal", "type", "immutable", "important"
	Want   string // what must be so, for a person to read
}

// Error returns the action, the rule and what must be so.
func (e *RefusedError) Error() string {
	return fmt.Sprintf("omobilitylas: %s: %s: want %s", e.Action, e.Rule, e.Want)
}

// Is reports whether target is passerelle.ErrConflict.
func (e *RefusedError) Is(target error) bool { return target == passerelle.ErrConflict }

// Outcome returns passerelle.NotSent.
func (e *RefusedError) Outcome() passerelle.Outcome { return passerelle.NotSent }

func (a Action) refuse(rule, want string) error { return &RefusedError{a, rule, want} }

// NewState begins the life of an agreement at the sending institution: a has the first
// proposal, signed by the student and by the institution, whose identifier is computed.
// An agreement that was begun elsewhere may have its versions already. Its error is that
// of [Agreement.Validate].
func NewState(a Agreement, at time.Time) (State, error) {
	if a.Proposal != nil {
		a.Proposal = a.Proposal.sealed()
	}
	if err := a.Validate(); err != nil {
		return State{}, err
	}
	return State{Agreement: a}.changed(at), nil
}

// sealed returns the proposal under the identifier of its content.
func (p Proposal) sealed() *Proposal {
	p.ID = ProposalID(p)
	return &p
}

// Propose puts a proposal, signed by the student and by the sending institution, in the
// place of the present one: of the first version, and when that is agreed of all changes
// to it. Its identifier is computed. The present proposal once more changes nothing. Its
// error is a [*RefusedError] or that of [Agreement.Validate].
func (s State) Propose(p Proposal, at time.Time) (State, error) {
	if err := s.open(Propose); err != nil {
		return s, err
	}
	next := s
	next.Agreement.Proposal = p.sealed()
	if s.Agreement.Proposal != nil && s.Agreement.Proposal.ID == next.Agreement.Proposal.ID {
		return s, nil
	}
	if p.ReceivingSignature != nil {
		return s, Propose.refuse("signature", "no signature of the receiving institution, which signs by approving")
	}
	if err := next.Agreement.Validate(); err != nil {
		return s, err
	}
	return next.changed(at), nil
}

// Withdraw takes the proposal back (deduced: the specification neither has nor forbids
// it). Before the first version is agreed nothing is left to be seen. Its error is a
// [*RefusedError].
func (s State) Withdraw(at time.Time) (State, error) {
	if s.Agreement.Proposal == nil {
		return s, Withdraw.refuse("proposal", "a proposal that waits")
	}
	s.Agreement.Proposal = nil
	return s.changed(at), nil
}

// Amend takes over what stands outside the versions, which needs no new signatures:
// dates, contacts, links, and of the student what is not important. The versions of a
// are not looked at. An agreement that is the same changes nothing. Its error is a
// [*RefusedError] for what is immutable or needs a proposal, or that of
// [Agreement.Validate].
func (s State) Amend(a Agreement, at time.Time) (State, error) {
	was := s.Agreement
	if a.OMobilityID != was.OMobilityID || a.Sending.HEI != was.Sending.HEI || a.Receiving.HEI != was.Receiving.HEI {
		return s, Amend.refuse("immutable", "the same mobility, sending and receiving institution: another mobility has another identifier")
	}
	a.First, a.Changes, a.Proposal = was.First, was.Changes, was.Proposal
	if s.Stage() != "" {
		if a.Student.Important() != was.Student.Important() {
			return s, Amend.refuse("important", "the names, identifier and birth date as they are: they change by a proposal")
		}
		if err := a.Validate(); err != nil {
			return s, err
		}
	}
	if fingerprint(a) == fingerprint(was) {
		return s, nil
	}
	s.Agreement = a
	if s.Stage() == "" { // nobody sees it
		s.Modified = at.UTC()
		return s, nil
	}
	return s.changed(at), nil
}

// Extend lets a mobility last longer, by a change of the same agreement: the planned end,
// a day (YYYY-MM-DD) or a month (YYYY-MM), which is in force at once, and the proposal
// with the components of the added time, which waits. Its errors are those of Amend and
// Propose, and nothing is done where either fails.
func (s State) Extend(end string, p Proposal, at time.Time) (State, error) {
	a := s.Agreement
	a.EndDate, a.EndMonth = end, ""
	if len(lexical.Token(end)) == len("2006-01") {
		a.EndDate, a.EndMonth = "", end
	}
	next, err := s.Amend(a, at)
	if err != nil {
		return s, err
	}
	if next, err = next.Propose(p, at); err != nil {
		return s, err
	}
	return next, nil
}

// Apply does what the receiving institution asks for by an update. caller is who asks,
// as its key proves. An approved proposal becomes the first version, or the agreed
// changes, and what it says of the student is true from now on; a comment changes
// nothing that "get" shows. What is refused:
//
//   - passerelle.FieldErrors for a request that is not what the schema says, and for an
//     approval whose signature lacks name, position or e-mail (400);
//   - passerelle.ErrNotFound for another sending institution, ErrForbidden for another
//     caller than the receiving one (400);
//   - a [*RefusedError] for a proposal that is not the present one (409), an approved one
//     included.
func (s State) Apply(caller ewp.HEIID, r UpdateRequest, at time.Time) (State, error) {
	if err := r.checked(); err != nil {
		return s, err
	}
	d, approves := r.Decision()
	a := s.Agreement
	switch {
	case r.Sending != a.Sending.HEI || lexical.Token(d.OMobilityID) != a.OMobilityID:
		return s, fmt.Errorf("omobilitylas: the request is about another agreement: %w", passerelle.ErrNotFound)
	case !s.VisibleTo(caller):
		return s, fmt.Errorf("omobilitylas: the caller is not the receiving institution: %w", passerelle.ErrForbidden)
	}
	action := Comment
	if approves {
		action = Approve
	}
	if err := s.present(action, d.ProposalID); err != nil {
		return s, err
	}
	next := s.decided(Decided{
		ProposalID: a.Proposal.ID, Approved: approves, Comment: d.Comment, Signature: *d.Signature, At: at.UTC(), Content: fingerprint(a.Proposal.Version),
	})
	if !approves {
		return next, nil
	}
	signature, version := *d.Signature, a.Proposal.Version
	version.ReceivingSignature = &signature
	if a.Proposal.Student != nil {
		next.Agreement.Student = a.Student.With(*a.Proposal.Student)
	}
	next.Agreement.Proposal = nil
	if a.First == nil {
		next.Agreement.First = &version
	} else {
		next.Agreement.Changes = &version
	}
	return next.changed(at), nil
}

// present refuses a decision on another proposal than the present one.
func (s State) present(action Action, id string) error {
	switch p := s.Agreement.Proposal; {
	case p == nil:
		return action.refuse("proposal", "a proposal that waits")
	case p.ID != id:
		return action.refuse("stale", "the identifier of the present proposal: read the agreement again")
	}
	return nil
}
