package omobilities_test

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/cnr"
	"github.com/passerelle-sup/passerelle/ewp/internal/documenttest"
	"github.com/passerelle-sup/passerelle/ewp/omobilities"
	"github.com/passerelle-sup/passerelle/internal/testutil"
)

var (
	march  = time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	april  = march.AddDate(0, 1, 0)
	strict omobilities.Rules
	loose  = omobilities.Rules{RejectApproved: true}
)

// at returns a record of S with a status, as the rules make it.
func at(t *testing.T, s omobilities.Status) omobilities.Record {
	t.Helper()
	r, _, err := strict.Nominate(nomination("m1"), march)
	switch u := decision(r, omobilities.Approve); {
	case err != nil:
	case s == omobilities.Approved:
		r, err = strict.Apply(r, uniB, u, march)
	case s == omobilities.Rejected:
		r, err = strict.Apply(r, uniB, decision(r, omobilities.Reject), march)
	case s == omobilities.Cancelled:
		r, _, err = strict.Cancel(r, march)
	}
	if err != nil || r.Mobility.Status != s {
		t.Fatalf("a record that is %s: %s, %v", s, r.Mobility.Status, err)
	}
	r.Untold = false
	return r
}

// decision is one about the current proposal of a record.
func decision(r omobilities.Record, v omobilities.Verdict) omobilities.Update {
	u := omobilities.Update{Verdict: v, ID: r.Mobility.ID, ProposalID: r.Mobility.Nomination.ProposalID}
	if v == omobilities.Reject {
		u.Comment = "no place left"
	}
	return u
}

func TestNominate(t *testing.T) {
	t.Parallel()
	m := nomination("m1")
	m.Status, m.Nomination.ProposalID = omobilities.Approved, ""
	r, due, err := strict.Nominate(m, march)
	if err != nil {
		t.Fatal(err)
	}
	testutil.Equal(t, "status", r.Mobility.Status, omobilities.Pending)
	testutil.Equal(t, "proposal", r.Mobility.Nomination.ProposalID, nomination("m1").Nomination.ProposalID)
	testutil.Equal(t, "times", []time.Time{r.Created, r.Modified}, []time.Time{march, march})
	if len(due) != 1 || due[0] != (cnr.Change{Route: cnr.Route{From: uniA, To: uniB, API: ewp.OMobilityCNR}, ID: "m1"}) || !r.Untold {
		t.Errorf("due: %v, untold: %v", due, r.Untold)
	}
	m.Student.Email = ""
	if _, due, err := strict.Nominate(m, march); !errors.Is(err, passerelle.ErrInvalid) || due != nil {
		t.Errorf("an incomplete nomination: %v, %v; want ErrInvalid", due, err)
	}
	m = nomination("m1")
	m.Nomination.ProposalID = "given by another system"
	if r, _, err := strict.Nominate(m, march); err != nil || r.Mobility.Nomination.ProposalID != "given by another system" {
		t.Errorf("a proposal with an identifier: %v", err)
	}
}

// TestSending goes through what can happen at S in each status.
func TestSending(t *testing.T) {
	t.Parallel()
	const (
		pending, approved, rejected, cancelled = omobilities.Pending, omobilities.Approved, omobilities.Rejected, omobilities.Cancelled
		none                                   = omobilities.Reason("")
	)
	changed := func(n omobilities.Nomination) omobilities.Nomination { n.EQF = "7"; return n }
	type result struct {
		status  omobilities.Status
		reason  omobilities.Reason
		renamed bool // the proposal has another identifier
		due     bool // R is to be told
		moved   bool // modified_since sees it
	}
	type step func(r omobilities.Record) (omobilities.Record, []cnr.Change, error)
	change := func(r omobilities.Record) (omobilities.Record, []cnr.Change, error) {
		return strict.ChangeNomination(r, changed(r.Mobility.Nomination), april)
	}
	same := func(r omobilities.Record) (omobilities.Record, []cnr.Change, error) {
		n := r.Mobility.Nomination
		n.ProposalID = "whatever"
		return strict.ChangeNomination(r, n, april)
	}
	student := func(r omobilities.Record) (omobilities.Record, []cnr.Change, error) {
		s := r.Mobility.Student
		s.FamilyName = ewp.Texts{{Value: "Modèle"}}
		return strict.ChangeStudent(r, s, april)
	}
	sameStudent := func(r omobilities.Record) (omobilities.Record, []cnr.Change, error) {
		return strict.ChangeStudent(r, r.Mobility.Student, april)
	}
	cancel := func(r omobilities.Record) (omobilities.Record, []cnr.Change, error) { return strict.Cancel(r, april) }
	apply := func(rules omobilities.Rules, v omobilities.Verdict, edit func(*omobilities.Update), by ewp.HEIID) step {
		return func(r omobilities.Record) (omobilities.Record, []cnr.Change, error) {
			u := decision(r, v)
			if edit != nil {
				edit(&u)
			}
			next, err := rules.Apply(r, by, u, april)
			return next, nil, err
		}
	}
	stale := func(u *omobilities.Update) { u.ProposalID = "another" }
	for name, c := range map[string]struct {
		step step
		want map[omobilities.Status]result
	}{
		"another nomination": {change, map[omobilities.Status]result{
			pending: {pending, none, true, true, true}, rejected: {pending, none, true, true, true},
			approved: {approved, omobilities.IsApproved, false, false, false}, cancelled: {cancelled, omobilities.IsCancelled, false, false, false},
		}},
		"the same nomination": {same, map[omobilities.Status]result{
			pending: {status: pending}, rejected: {status: rejected}, approved: {status: approved}, cancelled: {status: cancelled},
		}},
		"other personal data": {student, map[omobilities.Status]result{
			pending: {pending, none, false, true, true}, rejected: {rejected, none, false, true, true},
			approved: {approved, none, false, true, true}, cancelled: {cancelled, none, false, true, true},
		}},
		"the same personal data": {sameStudent, map[omobilities.Status]result{
			pending: {status: pending}, rejected: {status: rejected}, approved: {status: approved}, cancelled: {status: cancelled},
		}},
		"cancel": {cancel, map[omobilities.Status]result{
			pending: {cancelled, none, false, true, true}, rejected: {cancelled, none, false, true, true},
			approved: {cancelled, none, false, true, true}, cancelled: {status: cancelled},
		}},
		"approve": {apply(strict, omobilities.Approve, nil, uniB), map[omobilities.Status]result{
			pending: {status: approved, moved: true}, rejected: {status: approved, moved: true}, approved: {status: approved},
			cancelled: {status: cancelled, reason: omobilities.IsCancelled},
		}},
		"reject": {apply(strict, omobilities.Reject, nil, uniB), map[omobilities.Status]result{
			pending: {status: rejected, moved: true}, rejected: {status: rejected},
			approved: {status: approved, reason: omobilities.IsApproved}, cancelled: {status: cancelled, reason: omobilities.IsCancelled},
		}},
		"reject, where that is allowed": {apply(loose, omobilities.Reject, nil, uniB), map[omobilities.Status]result{
			approved: {status: rejected, moved: true}, cancelled: {status: cancelled, reason: omobilities.IsCancelled},
		}},
		"approve another proposal": {apply(loose, omobilities.Approve, stale, uniB), map[omobilities.Status]result{
			pending: {status: pending, reason: omobilities.OtherProposal}, approved: {status: approved, reason: omobilities.OtherProposal},
			rejected: {status: rejected, reason: omobilities.OtherProposal}, cancelled: {status: cancelled, reason: omobilities.OtherProposal},
		}},
		"reject another proposal": {apply(strict, omobilities.Reject, stale, uniB), map[omobilities.Status]result{
			pending: {status: pending, reason: omobilities.OtherProposal}, approved: {status: approved, reason: omobilities.OtherProposal},
		}},
		"approve as a third institution": {apply(loose, omobilities.Approve, nil, uniC), map[omobilities.Status]result{
			pending: {status: pending, reason: omobilities.UnknownMobility}, cancelled: {status: cancelled, reason: omobilities.UnknownMobility},
		}},
		"approve as the sending institution": {apply(loose, omobilities.Approve, nil, uniA), map[omobilities.Status]result{
			pending: {status: pending, reason: omobilities.UnknownMobility},
		}},
		"approve as nobody": {apply(loose, omobilities.Approve, nil, ewp.HEIID{}), map[omobilities.Status]result{
			pending: {status: pending, reason: omobilities.UnknownMobility},
		}},
		"another sending institution": {func(r omobilities.Record) (omobilities.Record, []cnr.Change, error) {
			n := changed(r.Mobility.Nomination)
			n.Sending.HEI = uniC
			return strict.ChangeNomination(r, n, april)
		}, map[omobilities.Status]result{pending: {status: pending, reason: omobilities.OtherParties}, approved: {status: approved, reason: omobilities.OtherParties}}},
		"another receiving institution": {func(r omobilities.Record) (omobilities.Record, []cnr.Change, error) {
			n := changed(r.Mobility.Nomination)
			n.Receiving.HEI = uniC
			return strict.ChangeNomination(r, n, april)
		}, map[omobilities.Status]result{pending: {status: pending, reason: omobilities.OtherParties}}},
		"another student": {func(r omobilities.Record) (omobilities.Record, []cnr.Change, error) {
			s := r.Mobility.Student
			s.GlobalID, s.BirthDate = "urn:schac:personalUniqueCode:int:esi:uni-a.example:other", "2003-01-01"
			return strict.ChangeStudent(r, s, april)
		}, map[omobilities.Status]result{pending: {status: pending, reason: omobilities.OtherStudent}, approved: {status: approved, reason: omobilities.OtherStudent}}},
		"a corrected identifier": {func(r omobilities.Record) (omobilities.Record, []cnr.Change, error) {
			s := r.Mobility.Student
			s.GlobalID = "urn:schac:personalUniqueCode:int:esi:uni-a.example:other"
			return strict.ChangeStudent(r, s, april)
		}, map[omobilities.Status]result{approved: {approved, none, false, true, true}}},
	} {
		for status, want := range c.want {
			before := at(t, status)
			after, due, err := c.step(before)
			var reason omobilities.Reason
			if refused, ok := errors.AsType[*omobilities.RefusedError](err); ok {
				reason = refused.Reason
			} else if err != nil {
				t.Errorf("%s when %s: %v", name, status, err)
			}
			renamed := after.Mobility.Nomination.ProposalID != before.Mobility.Nomination.ProposalID
			got := result{after.Mobility.Status, reason, renamed, len(due) == 1, after.Modified.Equal(april)}
			if got != want {
				t.Errorf("%s when %s: %+v; want %+v", name, status, got, want)
			}
			if after.Untold != want.due {
				t.Errorf("%s when %s: untold is %v", name, status, after.Untold)
			}
			if renamed != !after.Mobility.Nomination.Same(before.Mobility.Nomination) {
				t.Errorf("%s when %s: the identifier does not go with the content", name, status)
			}
		}
	}
}

// TestFaultyChanges: what is incomplete is refused with its path, and changes nothing.
func TestFaultyChanges(t *testing.T) {
	t.Parallel()
	r := at(t, omobilities.Pending)
	n, s := r.Mobility.Nomination, r.Mobility.Student
	n.EQF, s.Email = "9", ""
	_, _, err := strict.ChangeNomination(r, n, april)
	if want := "nomination.eqf-level-studied-at-departure: pattern: want a level from 1 to 8"; err == nil || err.Error() != want {
		t.Errorf("%v; want %s", err, want)
	}
	if _, _, err = strict.ChangeStudent(r, s, april); err == nil || err.Error() != "student.email: pattern: want an e-mail address" {
		t.Errorf("%v", err)
	}
	u := decision(r, omobilities.Reject)
	u.Comment = ""
	if next, err := strict.Apply(r, uniB, u, april); !errors.Is(err, passerelle.ErrInvalid) || next.Mobility.Status != omobilities.Pending {
		t.Errorf("a rejection without a comment: %s, %v", next.Mobility.Status, err)
	}
}

// TestCommentReplaced: the comment of a rejection can be replaced, and that is no change
// of what is served.
func TestCommentReplaced(t *testing.T) {
	t.Parallel()
	r := at(t, omobilities.Rejected)
	u := decision(r, omobilities.Reject)
	u.Comment = "no place left in the laboratories"
	next, err := strict.Apply(r, uniB, u, april)
	if err != nil || next.Decision.Comment != u.Comment || !next.Modified.Equal(march) || !next.Decision.At.Equal(april) {
		t.Errorf("%+v, %v", next.Decision, err)
	}
}

// TestRefused: each reason has its kind, and words for a person in two languages.
func TestRefused(t *testing.T) {
	t.Parallel()
	for reason, kind := range map[omobilities.Reason]error{
		omobilities.UnknownMobility: passerelle.ErrNotFound, omobilities.OtherProposal: passerelle.ErrConflict, omobilities.IsCancelled: passerelle.ErrConflict,
		omobilities.IsApproved: passerelle.ErrConflict, omobilities.OtherParties: passerelle.ErrInvalid, omobilities.OtherStudent: passerelle.ErrInvalid,
		omobilities.IsGone: passerelle.ErrConflict, omobilities.Exists: passerelle.ErrConflict, omobilities.NotDecidable: passerelle.ErrConflict,
	} {
		err := &omobilities.RefusedError{Reason: reason}
		if !errors.Is(err, kind) || err.Error() == "omobilities: " || passerelle.OutcomeOf(err) != passerelle.NotSent {
			t.Errorf("%s: %v", reason, err)
		}
		for _, lang := range []string{"en", "fr"} {
			if err.Messages().In(lang).Value == "" {
				t.Errorf("%s: nothing in %s", reason, lang)
			}
		}
	}
}

// served returns a mobility as S serves it after changes.
func served(change ...func(*omobilities.Mobility)) omobilities.Mobility {
	m := nomination("m1")
	for _, c := range change {
		c(&m)
	}
	return m
}

func eqf7(m *omobilities.Mobility)      { m.Nomination.EQF = "7" }
func renamed(m *omobilities.Mobility)   { m.Nomination.ProposalID = "p2" }
func approved(m *omobilities.Mobility)  { m.Status = omobilities.Approved }
func cancelled(m *omobilities.Mobility) { m.Status = omobilities.Cancelled }

// decided is a record of R that decided, and heard that S took it.
func decided(t *testing.T, v omobilities.Verdict) omobilities.Record {
	t.Helper()
	r, err := strict.Observe(omobilities.Record{}, served(), march)
	if err != nil {
		t.Fatal(err)
	}
	r, u, err := strict.Decide(r, v, decision(r, v).Comment, march)
	if err != nil {
		t.Fatal(err)
	}
	r, _ = strict.Answered(r, u, nil, march)
	return r
}

// TestObserve compares what R finds in the answers of S.
func TestObserve(t *testing.T) {
	t.Parallel()
	fresh := func(t *testing.T) omobilities.Record {
		r, err := strict.Observe(omobilities.Record{}, served(), march)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	type F = omobilities.Finding
	for name, c := range map[string]struct {
		before func(t *testing.T) omobilities.Record
		now    omobilities.Mobility
		found  []F
		open   bool
		moved  bool
	}{
		"new":                      {func(*testing.T) omobilities.Record { return omobilities.Record{} }, served(), nil, true, true},
		"new and approved":         {func(*testing.T) omobilities.Record { return omobilities.Record{} }, served(approved), []F{omobilities.DecisionInvented}, false, true},
		"the same":                 {fresh, served(), nil, true, false},
		"another proposal":         {fresh, served(eqf7, renamed), nil, true, true},
		"silent change":            {fresh, served(eqf7), []F{omobilities.SilentChange}, true, true},
		"empty change":             {fresh, served(renamed), []F{omobilities.EmptyChange}, true, true},
		"cancelled":                {fresh, served(cancelled), nil, false, true},
		"approved by nobody":       {fresh, served(approved), []F{omobilities.DecisionInvented}, false, true},
		"approved by us":           {func(t *testing.T) omobilities.Record { return decided(t, omobilities.Approve) }, served(approved), nil, false, false},
		"approved, then pending":   {func(t *testing.T) omobilities.Record { return decided(t, omobilities.Approve) }, served(), []F{omobilities.DecisionForgotten}, true, true},
		"approved, then changed":   {func(t *testing.T) omobilities.Record { return decided(t, omobilities.Approve) }, served(eqf7, renamed), []F{omobilities.ApprovedChanged}, true, true},
		"rejected, then corrected": {func(t *testing.T) omobilities.Record { return decided(t, omobilities.Reject) }, served(eqf7, renamed), nil, true, true},
		"rejected, now approved":   {func(t *testing.T) omobilities.Record { return decided(t, omobilities.Reject) }, served(approved), []F{omobilities.DecisionInvented}, false, true},
		"revived": {func(t *testing.T) omobilities.Record {
			r, _ := strict.Observe(fresh(t), served(cancelled), march)
			return r
		}, served(), []F{omobilities.CancelledRevived}, true, true},
		"personal data":       {fresh, served(func(m *omobilities.Mobility) { m.Student.Email = "z@example.org" }), nil, true, true},
		"faulty":              {fresh, served(func(m *omobilities.Mobility) { m.Student.Gender = "F" }), []F{omobilities.Faulty}, true, true},
		"gone and here again": {func(t *testing.T) omobilities.Record { return strict.Lost(fresh(t), march) }, served(), nil, true, true},
	} {
		got, err := strict.Observe(c.before(t), c.now, april)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		testutil.Equal(t, name+": findings", got.Findings, c.found)
		if got.Open() != c.open || got.Modified.Equal(april) != c.moved {
			t.Errorf("%s: open %v, moved %v; want %v, %v", name, got.Open(), got.Modified.Equal(april), c.open, c.moved)
		}
	}
	for reason, change := range map[omobilities.Reason]func(*omobilities.Mobility){
		omobilities.OtherParties: func(m *omobilities.Mobility) { m.Nomination.Receiving.HEI = uniC },
		omobilities.OtherStudent: func(m *omobilities.Mobility) {
			m.Student.GlobalID, m.Student.BirthDate = "urn:schac:personalUniqueCode:int:esi:uni-a.example:other", "2003-01-01"
		},
	} {
		before := fresh(t)
		after, err := strict.Observe(before, served(change), april)
		if refused, ok := errors.AsType[*omobilities.RefusedError](err); !ok || refused.Reason != reason || !after.Modified.Equal(march) {
			t.Errorf("%s: %v", reason, err)
		}
	}
}

// TestDecide compares what R may decide, and what becomes of it.
func TestDecide(t *testing.T) {
	t.Parallel()
	observed := func(changes ...func(*omobilities.Mobility)) omobilities.Record {
		r, err := strict.Observe(omobilities.Record{}, served(), march)
		if err == nil {
			r, err = strict.Observe(r, served(changes...), march)
		}
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	for name, c := range map[string]struct {
		r       omobilities.Record
		rules   omobilities.Rules
		verdict omobilities.Verdict
		reason  omobilities.Reason
	}{
		"approve":                     {observed(), strict, omobilities.Approve, ""},
		"reject":                      {observed(), strict, omobilities.Reject, ""},
		"nothing":                     {omobilities.Record{}, strict, omobilities.Approve, omobilities.UnknownMobility},
		"cancelled":                   {observed(cancelled), strict, omobilities.Approve, omobilities.IsCancelled},
		"gone":                        {strict.Lost(observed(), march), strict, omobilities.Approve, omobilities.IsGone},
		"silent change":               {observed(eqf7), strict, omobilities.Approve, omobilities.NotDecidable},
		"reject what is approved":     {decided(t, omobilities.Approve), strict, omobilities.Reject, omobilities.IsApproved},
		"reject it where allowed":     {decided(t, omobilities.Approve), loose, omobilities.Reject, ""},
		"approve what is rejected":    {decided(t, omobilities.Reject), strict, omobilities.Approve, ""},
		"approve what is approved":    {decided(t, omobilities.Approve), strict, omobilities.Approve, ""},
		"reject what others approved": {observed(approved), strict, omobilities.Reject, omobilities.IsApproved},
	} {
		next, u, err := c.rules.Decide(c.r, c.verdict, decision(c.r, c.verdict).Comment, april)
		var reason omobilities.Reason
		if refused, ok := errors.AsType[*omobilities.RefusedError](err); ok {
			reason = refused.Reason
		}
		if reason != c.reason || (err == nil) != (reason == "") {
			t.Errorf("%s: %v; want %q", name, err, c.reason)
			continue
		}
		if err == nil && (u != decision(c.r, c.verdict) || next.Decision.Verdict != c.verdict || next.Open()) {
			t.Errorf("%s: %+v, %+v", name, u, next.Decision)
		}
	}
	if _, _, err := strict.Decide(observed(), omobilities.Reject, "", april); !errors.Is(err, passerelle.ErrInvalid) {
		t.Errorf("a rejection without a comment: %v", err)
	}
	// A decision whose fate is not known keeps its opposite from being made.
	r, u, err := strict.Decide(observed(), omobilities.Approve, "", april)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		err      error
		delivery omobilities.Delivery
		fetch    bool
	}{
		"taken":    {nil, omobilities.Taken, false},
		"conflict": {&ewp.Error{Status: 409, Result: passerelle.Answered}, omobilities.Stale, true},
		"unknown":  {&ewp.Error{Status: 400, Result: passerelle.Answered}, omobilities.Refused, true},
		"lost":     {fmt.Errorf("reading: %w", io.ErrUnexpectedEOF), "", true},
		"not sent": {passerelle.FieldErrors{{Field: "x"}}, "", false},
		"down":     {&ewp.Error{Status: 503}, "", true},
	} {
		next, fetch := strict.Answered(r, u, c.err, april)
		if next.Decision.Delivery != c.delivery || fetch != c.fetch {
			t.Errorf("%s: delivery %q, fetch %v; want %q, %v", name, next.Decision.Delivery, fetch, c.delivery, c.fetch)
		}
		_, _, err := strict.Decide(next, omobilities.Reject, "no", april)
		if held := c.delivery == "" || c.delivery == omobilities.Taken; held != (err != nil) {
			t.Errorf("%s: the opposite is decided: %v", name, err)
		}
	}
	// What S shows settles it.
	if next, err := strict.Observe(r, served(approved), april); err != nil || next.Decision.Delivery != omobilities.Taken || next.Findings != nil {
		t.Errorf("a lost answer: %+v, %v", next.Decision, err)
	}
	if next, err := strict.Observe(r, served(eqf7, renamed), april); err != nil || next.Decision.Delivery != omobilities.Stale || !next.Open() {
		t.Errorf("a decision overtaken by a change: %+v, %v", next.Decision, err)
	}
}

// TestPlay plays both sides at random over a network that loses what it likes. Whatever
// happens, what the rules promise holds at each step, and a last exchange brings both
// sides to the same state.
func TestPlay(t *testing.T) {
	t.Parallel()
	for seed := range uint64(300) {
		play(t, seed)
	}
}

func play(t *testing.T, seed uint64) {
	random := rand.New(rand.NewPCG(seed, 1))
	now := march
	s, _, err := strict.Nominate(nomination("m1"), now)
	if err != nil {
		t.Fatal(err)
	}
	var r omobilities.Record
	fetch := func() {
		if r, err = strict.Observe(r, s.Mobility, now); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		if len(r.Findings) > 0 {
			t.Fatalf("seed %d: R finds %v in a game by the rules", seed, r.Findings)
		}
	}
	approvedContent := ""
	for range 40 {
		now = now.Add(time.Hour)
		before := s
		switch random.IntN(8) {
		case 0:
			n := s.Mobility.Nomination
			n.EQF = fmt.Sprint(1 + random.IntN(8))
			s, _, _ = strict.ChangeNomination(s, n, now)
		case 1:
			st := s.Mobility.Student
			st.Email = fmt.Sprintf("z%d@example.org", random.IntN(100))
			s, _, _ = strict.ChangeStudent(s, st, now)
		case 2:
			if random.IntN(10) == 0 {
				s, _, _ = strict.Cancel(s, now)
			}
		case 3, 4:
			fetch()
		default:
			verdict := []omobilities.Verdict{omobilities.Approve, omobilities.Reject}[random.IntN(2)]
			next, u, err := strict.Decide(r, verdict, map[omobilities.Verdict]string{omobilities.Reject: "no"}[verdict], now)
			if err != nil {
				break
			}
			r = next
			lost := random.IntN(3) // the request, the answer, or nothing
			answer := io.ErrUnexpectedEOF
			if lost != 0 {
				s, err = strict.Apply(s, uniB, u, now)
				if answer = nil; lost == 1 {
					answer = io.ErrUnexpectedEOF
				} else if refused, ok := errors.AsType[*omobilities.RefusedError](err); ok && errors.Is(refused, passerelle.ErrConflict) {
					answer = &ewp.Error{Status: 409, Result: passerelle.Answered}
				} else if err != nil {
					t.Fatalf("seed %d: %v", seed, err)
				}
			}
			again := false
			if r, again = strict.Answered(r, u, answer, now); again && random.IntN(2) == 0 {
				fetch()
			}
		}
		if before.Mobility.Status == omobilities.Approved {
			if s.Mobility.Status != omobilities.Approved && s.Mobility.Status != omobilities.Cancelled {
				t.Fatalf("seed %d: approved became %s", seed, s.Mobility.Status)
			}
			if id := s.Mobility.Nomination.ProposalID; id != approvedContent && approvedContent != "" {
				t.Fatalf("seed %d: what was approved changed", seed)
			}
		}
		if s.Mobility.Status == omobilities.Approved {
			approvedContent = s.Mobility.Nomination.ProposalID
		}
		if before.Mobility.Status == omobilities.Cancelled && s.Mobility.Status != omobilities.Cancelled {
			t.Fatalf("seed %d: cancelled became %s", seed, s.Mobility.Status)
		}
	}
	fetch()
	testutil.Equal(t, fmt.Sprintf("seed %d: R's copy", seed), r.Mobility, s.Mobility, documenttest.HEIs)
}
