package iias

import (
	"time"

	"github.com/passerelle-sup/passerelle/ewp/cnr"
)

// ApproveWithin is how old a fetched copy may be when it is approved. The specification
// says that it is fetched right before; the span is deduced.
const ApproveWithin = 10 * time.Minute

// Create makes the own copy of a new agreement, a draft that the partner sees from now
// on. answers is the partner's copy that it answers, nil where we propose first: the
// new copy is mapped to it. See [Mirror] for the copy that agrees with the partner's.
//
// Stored: the record. Due: the partner is told of our copy. Its error is that of
// [Seal], or a [*RefusedError].
func Create(a Agreement, answers *Verified, at time.Time) (Record, []cnr.Change, error) {
	if err := a.Flags().Err(); err != nil {
		return Record{}, nil, err
	}
	r := Record{ID: a.Owner().IIAID, HEI: a.Owner().HEI, Partner: a.Other().HEI}
	if answers != nil {
		if err := r.of(answers, Creating); err != nil {
			return Record{}, nil, err
		}
		if answers.PartnerID() != "" && answers.PartnerID() != r.ID {
			return Record{}, nil, Creating.refuse("mapped", "a copy of the partner's that is not mapped to another one of ours")
		}
		r.PartnerID, r.Seen = answers.ID(), answers.seen()
	}
	return r.serve(a, at)
}

// serve makes an agreement the own copy. Its identifiers are those of the record.
func (r Record) serve(a Agreement, at time.Time) (Record, []cnr.Change, error) {
	if len(a.Partners) == 2 {
		partners := [2]Partner{a.Partners[0], a.Partners[1]}
		partners[0].HEI, partners[0].IIAID = r.HEI, r.ID
		partners[1].HEI, partners[1].IIAID = r.Partner, r.PartnerID
		a.Partners = partners[:]
	}
	own, err := Seal(a)
	if err != nil {
		return r, nil, err
	}
	if own == r.Own {
		return r, nil, nil
	}
	r.Own, r.Changed = own, at.UTC()
	return r.settle(at), r.copyChanged(), nil
}

// settle keeps the state when both approve it.
func (r Record) settle(at time.Time) Record {
	if r.IsMutual() {
		if r.Agreed.Own != r.Own || r.Agreed.Partner.Hash != r.Approved.Hash {
			r.Agreed = Agreed{Own: r.Own, Partner: r.Approved, At: at.UTC()}
		}
	}
	return r
}

// Map binds the own copy to the partner's, because a person says that the two are one
// agreement. [Record.Saw] does it by itself when the partner's copy names ours.
//
// Stored: the identifier of the partner's copy; the own copy names it, so that its hash
// changes. Due: the partner is told.
func (r Record) Map(v *Verified, at time.Time) (Record, []cnr.Change, error) {
	if err := r.exists(Mapping); err != nil {
		return r, nil, err
	}
	if err := r.of(v, Mapping); err != nil {
		return r, nil, err
	}
	switch {
	case r.PartnerID == v.ID():
		return r, nil, nil
	case r.PartnerID != "":
		return r, nil, Mapping.refuse("mapped", "a copy that is not mapped to another one of the partner's")
	case v.PartnerID() != "" && v.PartnerID() != r.ID:
		return r, nil, Mapping.refuse("mapped", "a copy of the partner's that is not mapped to another one of ours")
	case !r.Approved.IsZero() && r.Approved.ID != v.ID():
		return r, nil, Mapping.refuse("approved", "the approval of the partner's former copy withdrawn first")
	}
	before := r
	r.PartnerID, r.Seen = v.ID(), v.seen()
	return r.again(before, at, func(*Agreement) {})
}

// again serves the own copy once more, after a change.
func (r Record) again(before Record, at time.Time, change func(*Agreement)) (Record, []cnr.Change, error) {
	a, err := r.Own.Agreement()
	if err != nil {
		return before, nil, err
	}
	change(&a)
	next, due, err := r.serve(a, at)
	if err != nil {
		return before, nil, err
	}
	return next, due, nil
}

// Unmap undoes a mapping that was wrong.
//
// Stored: the own copy without the partner's identifier. Due: the partner is told. An
// approval of the partner's copy stays until it is withdrawn.
func (r Record) Unmap(at time.Time) (Record, []cnr.Change, error) { return r.unmap(Unmapping, at) }

func (r Record) unmap(s Step, at time.Time) (Record, []cnr.Change, error) {
	if err := r.exists(s); err != nil {
		return r, nil, err
	}
	if !r.Agreed.IsZero() {
		return r, nil, s.refuse("agreed", "an agreement that was never approved by both")
	}
	if r.PartnerID == "" {
		return r, nil, nil
	}
	before := r
	r.PartnerID, r.Seen, r.ApprovedByPartner = "", Seen{}, Hash{}
	return r.again(before, at, func(*Agreement) {})
}

// Saw takes note of the partner's copy, as it is after a notification or a nightly
// refresh. A copy that names ours, which was not mapped, is mapped.
//
// Stored: the copy and its hash; what is approved stays approved, because a partner
// that modifies its copy is no reason to take an approval back. Due: nothing, or what
// [Record.Map] says.
func (r Record) Saw(v *Verified, at time.Time) (Record, []cnr.Change, error) {
	if err := r.exists(Seeing); err != nil {
		return r, nil, err
	}
	if err := r.of(v, Seeing); err != nil {
		return r, nil, err
	}
	if r.PartnerID == "" && v.PartnerID() == r.ID {
		return r.Map(v, at)
	}
	if r.PartnerID != v.ID() {
		return r, nil, Seeing.refuse("mapped", "the copy that ours is mapped to")
	}
	r.Seen = v.seen()
	return r.settle(at), nil, nil
}

// Gone takes note that the partner deleted its copy. absent is the error of
// [Client.Fetch]. Our copy stays: keep it, or delete it too, and withdraw the approval,
// if one was given.
//
// Stored: the own copy without the partner's identifier. Due: the partner is told. A
// copy that both approved must not be deleted: the step is refused then, and the
// partner is to be asked by people.
func (r Record) Gone(absent *AbsentError, at time.Time) (Record, []cnr.Change, error) {
	if r.Deleted {
		return r, nil, nil
	}
	switch {
	case absent == nil || absent.at.IsZero():
		return r, nil, Losing.refuse("fetched", "an answer without the copy, as Client.Fetch got it")
	case absent.HEI != r.Partner || absent.ID != r.PartnerID:
		return r, nil, Losing.refuse("mapped", "the copy that ours is mapped to")
	case absent.at.Before(r.Seen.At):
		return r, nil, Losing.refuse("older", "an answer that did not come before the last copy that was seen")
	}
	return r.unmap(Losing, at)
}

// Approve approves the partner's copy. shown is the hash of the copy that a person
// looked at and decided on; v is the copy as it was fetched right now, which must be
// the same. Look at [Differences] from the own copy beforehand.
//
// Stored: identifier, hash and document of what is approved; the agreed state when both
// approve now. Due: the partner is told that our approval changed.
func (r Record) Approve(shown Hash, v *Verified, at time.Time) (Record, []cnr.Change, error) {
	if err := r.exists(Approving); err != nil {
		return r, nil, err
	}
	if err := r.of(v, Approving); err != nil {
		return r, nil, err
	}
	switch {
	case at.Sub(v.at) > ApproveWithin:
		return r, nil, Approving.refuse("older", "a copy fetched right before")
	case r.PartnerID == "" || v.ID() != r.PartnerID || v.PartnerID() != r.ID:
		return r, nil, Approving.refuse("mapped", "two copies that name each other: approving changes nothing about that")
	case v.Hash() != shown:
		return r, nil, Approving.refuse("changed", "the copy that was decided on: the partner changed it since")
	case !v.Approvable():
		return r, nil, Approving.refuse("not-yet-defined", "a copy without values of version 6: see Agreement.Flags")
	}
	if err := r.corresponds(v); err != nil {
		return r, nil, err
	}
	r.Seen = v.seen()
	if r.Approved.ID == v.ID() && r.Approved.Hash == v.Hash() {
		return r.settle(at), nil, nil
	}
	r.Approved = v.seen()
	return r.settle(at), r.approvalChanged(v.ID()), nil
}

// corresponds refuses a copy with another number of conditions than ours, which the
// specification does.
func (r Record) corresponds(v *Verified) error {
	own, err := r.Own.Agreement()
	if err != nil {
		return err
	}
	theirs := v.Agreement()
	for _, kind := range Kinds() {
		if len(*own.Conditions.Of(kind)) != len(*theirs.Conditions.Of(kind)) {
			return Approving.refuse("conditions", "two copies with the same number of "+string(kind))
		}
	}
	return nil
}

// Heard takes note of what the partner's approval API answered about our copy, see
// [Client.Approval]: the hash, or the zero Hash for silence. An answer that did not
// come is no silence.
//
// Stored: the hash; the agreed state when both approve now. A partner that no longer
// confirms what both had agreed on breaks the rules: its approval is kept, and Disputed
// is set until it confirms one again. Due: nothing.
func (r Record) Heard(h Hash, at time.Time) (Record, []cnr.Change, error) {
	if err := r.exists(Hearing); err != nil {
		return r, nil, err
	}
	if h.IsZero() && !r.Agreed.IsZero() && r.ApprovedByPartner == r.Agreed.Own.Hash {
		r.Disputed = true
		return r, nil, nil
	}
	r.ApprovedByPartner, r.Disputed = h, false
	return r.settle(at), nil, nil
}

// Modify replaces the own copy by a new revision, before an agreement is concluded and
// after. Identifiers and institutions stay those of the record. To shorten the last
// year is how an agreement ends under which exchanges took place.
//
// Stored: the revision. What the partner approved, and what we approved, is answered
// until it is approved anew. Due: the partner is told, unless nothing changed.
func (r Record) Modify(a Agreement, at time.Time) (Record, []cnr.Change, error) {
	if err := r.exists(Modifying); err != nil {
		return r, nil, err
	}
	if err := a.Flags().Err(); err != nil {
		return r, nil, err
	}
	next, due, err := r.serve(a, at)
	if err != nil {
		return r, nil, err
	}
	return next, due, nil
}

// CanRevert reports whether the partner still approves the agreed state, so that the
// own copy can go back to it.
func (r Record) CanRevert() bool { return r.canRevert() == nil }

func (r Record) canRevert() error {
	if err := r.exists(Reverting); err != nil {
		return err
	}
	switch {
	case r.Agreed.IsZero():
		return Reverting.refuse("agreed", "a state that both approved")
	case r.Own == r.Agreed.Own:
		return Reverting.refuse("modified", "a copy that was modified since")
	case r.ApprovedByPartner != r.Agreed.Own.Hash:
		return Reverting.refuse("approved", "a revision that the partner has not approved: the former state has to be made anew by Modify, and approved anew")
	}
	return nil
}

// Revert goes back to the agreed state, which the partner recognises by its hash.
//
// Stored: the former revision. Due: the partner is told. It is refused after the partner
// approved a newer revision: see [Record.Modify].
func (r Record) Revert(at time.Time) (Record, []cnr.Change, error) {
	if err := r.canRevert(); err != nil {
		return r, nil, err
	}
	r.Own, r.Changed = r.Agreed.Own, at.UTC()
	return r.settle(at), r.copyChanged(), nil
}

// Reverted reports whether the partner's copy, as it was last seen, is the one that
// both had agreed on: a partner that had modified it went back.
func (r Record) Reverted() bool {
	return !r.Agreed.IsZero() && r.Seen.Hash == r.Agreed.Partner.Hash
}

// Withdraw takes back the approval of the partner's copy, as long as the agreement is
// not concluded with it. Where both had agreed on a state before, that is approved
// again.
//
// Stored: the approval before, or none. Due: the partner is told that our approval
// changed. It can be done after the own copy was deleted, and after the partner's was.
func (r Record) Withdraw(at time.Time) (Record, []cnr.Change, error) {
	switch {
	case r.Approved.IsZero():
		return r, nil, nil
	case r.IsMutual():
		return r, nil, Withdrawing.refuse("agreed", "an agreement that is not concluded")
	case !r.Agreed.IsZero() && r.Approved.Hash == r.Agreed.Partner.Hash:
		return r, nil, Withdrawing.refuse("agreed", "another approval than that of the agreed state: a modification is no reason to take it back")
	}
	id := r.Approved.ID
	r.Approved = r.Agreed.Partner
	return r.settle(at), r.approvalChanged(id), nil
}

// Delete stops serving the own copy. Its identifier is never used again.
//
// Stored: that it is deleted; an approval of the partner's copy stays until it is
// withdrawn. Due: the partner is told. What both ever approved cannot be deleted.
func (r Record) Delete(at time.Time) (Record, []cnr.Change, error) {
	if err := r.exists(Deleting); err != nil {
		return r, nil, err
	}
	if !r.Agreed.IsZero() {
		return r, nil, Deleting.refuse("agreed", "an agreement that was never approved by both: terminate it")
	}
	due := r.copyChanged()
	r.Deleted, r.Own, r.PartnerID, r.Seen, r.ApprovedByPartner, r.Changed = true, Revision{}, "", Seen{}, Hash{}, at.UTC()
	return r, due, nil
}

// Terminate terminates a concluded agreement as a whole, before any exchange took
// place under it: exchanges is how many mobilities exist. The partner does the same,
// and both approve the new hashes.
//
// Stored: the own copy with the mark. Due: the partner is told. A partner that finds
// that it cannot follow reports that to the Monitoring API, and people talk. Whether a
// termination can be undone is not answered by the specification; [Record.Revert] is
// possible until the partner approves.
func (r Record) Terminate(exchanges int, at time.Time) (Record, []cnr.Change, error) {
	if err := r.exists(Terminating); err != nil {
		return r, nil, err
	}
	stands, err := r.stands()
	switch {
	case err != nil:
		return r, nil, err
	case !stands:
		return r, nil, Terminating.refuse("agreed", "a concluded agreement")
	case exchanges != 0:
		return r, nil, Terminating.refuse("exchanges", "an agreement without mobilities: else shorten its last year by Modify")
	}
	return r.again(r, at, func(a *Agreement) { a.Conditions.TerminatedAsAWhole = "true" })
}

// stands reports whether the agreement is concluded, or would be but for a partner that
// terminated its copy first.
func (r Record) stands() (bool, error) {
	if r.IsMutual() {
		return true, nil
	}
	if r.Agreed.IsZero() || r.Own != r.Agreed.Own || !r.approvedByPartner() || r.Approved.Hash != r.Agreed.Partner.Hash || r.Seen.IsZero() {
		return false, nil
	}
	theirs, err := r.Seen.Agreement()
	return err == nil && theirs.Conditions.Terminated(), err
}
