package omobilities

import (
	"slices"
	"time"

	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/cnr"
	"github.com/passerelle-sup/passerelle/ewp/internal/lexical"
)

// Rules are the rules of statuses, for both sides. Each method is a pure function: it
// returns the record after something was done, and the notifications that are due, to
// be kept in a cnr.Outbox together with the record. Doing again what is done already
// returns the record as it is, and no notification. The error is a *[RefusedError], or
// passerelle.FieldErrors, and then nothing was done.
//
// The zero value holds to the user guide of version 3.
type Rules struct {
	// RejectApproved lets R reject a proposal that it has approved. The user guide
	// forbids it [second hand], the schema does not mention it, and the official
	// validator does it: it approves a proposal, then rejects the same one, and wants
	// 200 both times.
	RejectApproved bool
}

// Nominate begins a mobility at S: it is pending, whatever m.Status is, under an
// identifier of its proposal that is computed where m has none. R is to be told.
func (Rules) Nominate(m Mobility, at time.Time) (Record, []cnr.Change, error) {
	m.Status = Pending
	if m.Nomination.ProposalID == "" {
		m.Nomination.ProposalID = ProposalID(m.ID, m.Nomination)
	}
	if err := m.Validate(); err != nil {
		return Record{}, nil, err
	}
	r := Record{Mobility: m, Created: at, Modified: at, Untold: true}.clone()
	return r, r.change(), nil
}

// ChangeNomination makes another proposal at S: it is pending, under a new identifier,
// and R is to be told. A pending nomination can be changed, and a rejected one
// corrected. An approved one cannot: cancel it, and nominate anew [second hand]. A
// nomination that says the same changes nothing: a rejected one stays rejected.
func (Rules) ChangeNomination(r Record, n Nomination, at time.Time) (Record, []cnr.Change, error) {
	old := r.Mobility.Nomination
	switch {
	case n.Sending.HEI != old.Sending.HEI || n.Receiving.HEI != old.Receiving.HEI:
		return r, nil, refused(OtherParties)
	case n.Same(old):
		return r, nil, nil
	case r.Mobility.Status == Cancelled:
		return r, nil, refused(IsCancelled)
	case r.Mobility.Status == Approved:
		return r, nil, refused(IsApproved)
	}
	if err := n.Validate(); err != nil {
		var f lexical.Faults
		f.In("nomination", err)
		return r, nil, f.Err()
	}
	n.ProposalID = ProposalID(r.Mobility.ID, n)
	r.Mobility.Nomination, r.Mobility.Status, r.Modified, r.Untold = n, Pending, at, true
	r = r.clone()
	return r, r.change(), nil
}

// ChangeStudent changes the student's data at S, in any status. Neither the proposal nor
// R's decision is touched, and R is to be told. The student stays the same person:
// another European Student Identifier together with another birth date is refused, and
// one of them alone is a correction, such as of a provisional INE [deduced].
func (Rules) ChangeStudent(r Record, s Student, at time.Time) (Record, []cnr.Change, error) {
	old := r.Mobility.Student
	if s.same(old) {
		return r, nil, nil
	}
	if !s.sameID(old) && s.BirthDate != old.BirthDate {
		return r, nil, refused(OtherStudent)
	}
	if err := s.Validate(); err != nil {
		var f lexical.Faults
		f.In("student", err)
		return r, nil, f.Err()
	}
	r.Mobility.Student, r.Modified, r.Untold = s, at, true
	r = r.clone()
	return r, r.change(), nil
}

// Cancel ends a mobility at S, from any status and for good. R is to be told.
func (Rules) Cancel(r Record, at time.Time) (Record, []cnr.Change, error) {
	if r.Mobility.Status == Cancelled {
		return r, nil, nil
	}
	r = r.clone()
	r.Mobility.Status, r.Modified, r.Untold = Cancelled, at, true
	return r, r.change(), nil
}

// Apply does at S what an institution decided. R alone may, about the current
// proposal: any other is [OtherProposal], also after a cancellation, and the current
// one of a cancelled mobility is [IsCancelled]. A proposal that was rejected may be
// approved after all, and the comment of a rejection may be replaced [deduced]; one
// that was approved cannot be rejected, unless RejectApproved says so. Nobody is to be
// told: R did it itself.
func (rules Rules) Apply(r Record, by ewp.HEIID, u Update, at time.Time) (Record, error) {
	m := r.Mobility
	switch {
	case by.IsZero() || by != m.Nomination.Receiving.HEI || u.ID != m.ID:
		return r, refused(UnknownMobility)
	case u.ProposalID != m.Nomination.ProposalID:
		return r, refused(OtherProposal)
	case m.Status == Cancelled:
		return r, refused(IsCancelled)
	case u.Verdict == Reject && m.Status == Approved && !rules.RejectApproved:
		return r, refused(IsApproved)
	}
	if faults := u.faults(); len(faults) > 0 {
		return r, faults
	}
	status := Approved
	if u.Verdict == Reject {
		status = Rejected
	}
	if m.Status == status && r.Decision.Comment == u.Comment {
		return r, nil
	}
	r = r.clone()
	if m.Status != status {
		r.Modified = at
	}
	r.Mobility.Status = status
	r.Decision = Decision{Verdict: u.Verdict, ProposalID: u.ProposalID, Comment: u.Comment, At: at, Delivery: Taken}
	return r, nil
}

// same reports whether two students are written alike.
func (s Student) same(o Student) bool {
	return slices.Equal(s.GivenNames, o.GivenNames) && slices.Equal(s.FamilyName, o.FamilyName) && s.GlobalID == o.GlobalID &&
		s.BirthDate == o.BirthDate && s.Nationality == o.Nationality && s.Gender == o.Gender && s.Email == o.Email
}

// sameID compares European Student Identifiers as they must be: without regard to case.
func (s Student) sameID(o Student) bool {
	a, errA := s.ESI()
	b, errB := o.ESI()
	return s.GlobalID == o.GlobalID || errA == nil && errB == nil && a.Equal(b)
}
