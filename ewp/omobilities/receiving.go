package omobilities

import (
	"errors"
	"slices"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp"
)

// Finding is something in an answer of S that its own earlier answers, or the rules,
// contradict: a stable word. Findings are for people, and for the one who runs S.
type Finding string

// The findings.
const (
	PartiesChanged    Finding = "institutions"       // the institutions of a mobility never change
	StudentReplaced   Finding = "student"            // neither does the student
	SilentChange      Finding = "proposal kept"      // the nomination changed, and its identifier did not
	EmptyChange       Finding = "proposal renamed"   // the identifier changed, and the nomination did not
	ApprovedChanged   Finding = "approved changed"   // an approved nomination was changed
	CancelledRevived  Finding = "cancelled revived"  // a cancelled mobility has another status
	DecisionInvented  Finding = "decision invented"  // S says approved or rejected, and we decided nothing, or the opposite
	DecisionForgotten Finding = "decision forgotten" // S took our approval of this very proposal, and does not show it
	Faulty            Finding = "faulty"             // Validate finds faults
)

// Observe returns the record of R after a mobility was fetched, the zero record being
// that of a new one. What S serves is kept as it is, with Findings where that
// contradicts the rules; but a mobility with other institutions or another student is
// not taken over, and is [OtherParties] or [OtherStudent].
//
// A decision about another proposal than the current one stays in the record until
// there is a new one: see [Record.Open].
func (rules Rules) Observe(r Record, m Mobility, at time.Time) (Record, error) {
	if r.Key().IsZero() {
		r = Record{Mobility: m, Created: at, Modified: at}.clone()
		r.Findings = rules.findings(nil, r)
		return r, nil
	}
	before := r
	old := r.Mobility
	switch {
	case m.ID != old.ID || m.Nomination.Sending.HEI != old.Nomination.Sending.HEI || m.Nomination.Receiving.HEI != old.Nomination.Receiving.HEI:
		return r, refused(OtherParties)
	case !m.Student.sameID(old.Student) && m.Student.BirthDate != old.Student.BirthDate:
		return r, refused(OtherStudent)
	}
	r.Mobility, r.Gone = m, false
	r = r.clone()
	d := &r.Decision
	if d.Delivery == "" && d.ProposalID == m.Nomination.ProposalID && m.Status == d.status() {
		d.Delivery = Taken // its answer was lost, or it was applied twice
	}
	if !d.IsZero() && d.Delivery == "" && d.ProposalID != m.Nomination.ProposalID {
		d.Delivery = Stale
	}
	r.Findings = rules.findings(&before, r)
	if before.Gone || !sameMobility(old, m) {
		r.Modified = at
	}
	return r, nil
}

// findings are those of a record, and of the step from the one before.
func (rules Rules) findings(before *Record, r Record) []Finding {
	var found []Finding
	say := func(is bool, f Finding) {
		if is {
			found = append(found, f)
		}
	}
	m, d := r.Mobility, r.Decision
	if before != nil {
		old := before.Mobility
		same, renamed := m.Nomination.Same(old.Nomination), m.Nomination.ProposalID != old.Nomination.ProposalID
		say(!same && !renamed, SilentChange)
		say(same && renamed, EmptyChange)
		say(!same && old.Status == Approved, ApprovedChanged)
		say(old.Status == Cancelled && m.Status != Cancelled, CancelledRevived)
	}
	decided := d.ProposalID == m.Nomination.ProposalID && !d.IsZero()
	answered := m.Status == Approved || m.Status == Rejected
	// Of two decisions of which neither was answered, either may have arrived.
	say(answered && (!decided || d.Delivery == Taken && d.status() != m.Status), DecisionInvented)
	// A rejected nomination may be changed and changed back, unseen between two looks.
	say(decided && d.Verdict == Approve && d.Delivery == Taken && m.Status != Approved && m.Status != Cancelled, DecisionForgotten)
	say(m.Validate() != nil, Faulty)
	return found
}

// Lost returns the record of R after S did not show the mobility when asked: it is
// gone, or never was for us.
func (Rules) Lost(r Record, at time.Time) Record {
	if !r.Gone && !r.Key().IsZero() {
		r = r.clone()
		r.Gone, r.Modified = true, at
	}
	return r
}

// Open reports whether R owes a decision: the mobility is pending, and there is none
// about the current proposal that may still arrive.
func (r Record) Open() bool {
	d := r.Decision
	underWay := !d.IsZero() && d.ProposalID == r.Mobility.Nomination.ProposalID && d.Delivery == ""
	return !r.Key().IsZero() && !r.Gone && r.Mobility.Status == Pending && !underWay
}

// Decide returns the record of R after a decision about the proposal that was fetched
// last, and the document to send to S; [Rules.Answered] says what became of it. The same
// decision again gives the same document: sending it twice does nothing twice. A
// rejection needs a comment. Refused is what Apply would refuse: a mobility that is
// cancelled or gone, and a rejection of what is approved; and a nomination that changed
// under the identifier of another one ([NotDecidable]), because nobody can tell which of
// them S would take as approved.
func (rules Rules) Decide(r Record, v Verdict, comment string, at time.Time) (Record, Update, error) {
	m, d := r.Mobility, r.Decision
	u := Update{Verdict: v, ID: m.ID, ProposalID: m.Nomination.ProposalID, Comment: comment}
	approved := m.Status == Approved || d.Verdict == Approve && d.ProposalID == u.ProposalID && (d.Delivery == Taken || d.Delivery == "")
	switch {
	case r.Key().IsZero():
		return r, Update{}, refused(UnknownMobility)
	case r.Gone:
		return r, Update{}, refused(IsGone)
	case m.Status == Cancelled:
		return r, Update{}, refused(IsCancelled)
	case v == Reject && approved && !rules.RejectApproved:
		return r, Update{}, refused(IsApproved)
	case slices.Contains(r.Findings, SilentChange):
		return r, Update{}, refused(NotDecidable)
	}
	if err := u.Validate(); err != nil {
		return r, Update{}, err
	}
	if d.Verdict == v && d.ProposalID == u.ProposalID && d.Comment == comment && (d.Delivery == "" || d.Delivery == Taken) {
		return r, u, nil
	}
	r = r.clone()
	r.Decision = Decision{Verdict: v, ProposalID: u.ProposalID, Comment: comment, At: at}
	return r, u, nil
}

// Answered returns the record of R after a decision was sent, given what
// [Client.Update] returned, and whether the mobility is to be fetched again: after a
// conflict, because S has something else, and after an outcome that is not known,
// because only a look tells what became of it. An answer about another decision than
// the last changes nothing.
func (Rules) Answered(r Record, u Update, err error, at time.Time) (next Record, fetch bool) {
	d := r.Decision
	if d.Verdict != u.Verdict || d.ProposalID != u.ProposalID || d.Comment != u.Comment {
		return r, false
	}
	r = r.clone()
	switch {
	case err == nil:
		r.Decision.Delivery = Taken
		if r.Mobility.Nomination.ProposalID == u.ProposalID && r.Mobility.Status != Cancelled {
			r.Mobility.Status, r.Modified = r.Decision.status(), at
		}
		return r, false
	case status(err) == 409:
		r.Decision.Delivery = Stale
		return r, true
	case status(err) == 400:
		r.Decision.Delivery = Refused
		return r, true
	}
	return r, passerelle.OutcomeOf(err) != passerelle.NotSent
}

// status returns the HTTP status with which a partner refused, 0 where none did.
func status(err error) int {
	if e, ok := errors.AsType[*ewp.Error](err); ok {
		return e.Status
	}
	return 0
}

// status is the one that S gives a mobility after the decision.
func (d Decision) status() Status {
	switch d.Verdict {
	case Approve:
		return Approved
	case Reject:
		return Rejected
	}
	return ""
}

// sameMobility reports whether S serves the same as before.
func sameMobility(a, b Mobility) bool {
	return a.ID == b.ID && a.Student.same(b.Student) && a.Nomination.Same(b.Nomination) && a.Nomination.ProposalID == b.Nomination.ProposalID && a.Status == b.Status
}
