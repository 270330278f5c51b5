package omobilitylas_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/internal/documenttest"
	la "github.com/passerelle-sup/passerelle/ewp/omobilitylas"
	"github.com/passerelle-sup/passerelle/internal/testutil"
)

// TestLife plays the life of an agreement: commented, corrected, approved, changed twice,
// extended. Both sides end with the same document, and what each may do is as it should.
func TestLife(t *testing.T) {
	t.Parallel()
	send := proposed("m1")
	var receive la.State
	step := 0
	check := func(stage la.Stage, due bool, mayS, mayR []la.Action) {
		t.Helper()
		step++
		if send.Stage() != stage || send.Due != due {
			t.Fatalf("step %d: %s, due %t; want %s, %t", step, send.Stage(), send.Due, stage, due)
		}
		testutil.Equal(t, fmt.Sprintf("step %d: sending", step), send.May(la.Sending), mayS)
		testutil.Equal(t, fmt.Sprintf("step %d: receiving", step), send.May(la.Receiving), mayR)
		var findings passerelle.FieldErrors
		receive, findings = observe(t, receive, send.Agreement, day(step))
		testutil.Equal(t, fmt.Sprintf("step %d: findings", step), findings, nil)
		if receive.Stage() != stage {
			t.Fatalf("step %d: the receiving side is at %s, want %s", step, receive.Stage(), stage)
		}
		send = send.Told()
	}
	decide := func(r la.UpdateRequest) {
		t.Helper()
		receive = must(receive.Decide(r, day(step)))
		send = must(send.Apply(uniB, r, day(step)))
	}
	open, waiting, decisions := []la.Action{la.Propose, la.Amend}, []la.Action{la.Propose, la.Withdraw, la.Amend}, []la.Action{la.Approve, la.Comment}

	check(la.FirstProposed, true, waiting, decisions)
	decide(la.NewComment(receive.Agreement, "Logic is full", receivingSigned))
	check(la.FirstCommented, false, waiting, decisions)
	if send.Last().Comment != "Logic is full" || send.Last().Approved {
		t.Errorf("the comment is kept as %+v", send.Last())
	}
	first := semester()
	first.Studied.Components[1] = component("Sets")
	send = must(send.Propose(*proposal(first), day(2)))
	check(la.FirstProposed, true, waiting, decisions)
	decide(approve(receive))
	if receive.Unsettled() == nil {
		t.Error("an approval that the agreement does not show yet is settled")
	}
	check(la.Agreed, true, open, nil)
	if receive.Unsettled() != nil || send.Agreement.First.ReceivingSignature == nil || *send.Agreement.First.ReceivingSignature != receivingSigned {
		t.Errorf("after the approval: %+v", send.Agreement.First)
	}

	changes := *proposal(la.Tables{Studied: la.TableOf(change(la.Deleted, component("Sets")), change(la.Inserted, component("Graphs")))})
	changes.Student = &la.Student{FamilyName: "Autre"}
	send = must(send.Propose(changes, day(5)))
	check(la.ChangesProposed, true, waiting, decisions)
	decide(la.NewComment(receive.Agreement, "No", receivingSigned))
	check(la.ChangesCommented, false, waiting, decisions)
	decide(approve(receive)) // minds change
	check(la.Agreed, true, open, nil)
	if send.Agreement.Student.FamilyName != "Autre" || send.Agreement.Changes == nil {
		t.Errorf("the changes are not in force: %+v", send.Agreement.Student)
	}
	testutil.Equal(t, "in force", titles(send.Agreement.Current()), []string{"A Algebra", "A Graphs", "B Algèbre"})

	longer := *proposal(la.Tables{Studied: la.TableOf(append(changes.Studied.Components, func() la.Component {
		c := component("Topology")
		c.Status, c.Reason = la.Inserted, la.ReasonExtendingMobility
		return c
	}())...)})
	send = must(send.Extend("2027-07", longer, day(8)))
	check(la.ChangesProposed, true, waiting, decisions)
	if send.Agreement.EndMonth != "2027-07" {
		t.Error("the new end is not in force at once")
	}
	decide(approve(receive))
	check(la.Agreed, true, open, nil)
	testutil.Equal(t, "in force", titles(send.Agreement.Current()), []string{"A Algebra", "A Graphs", "A Topology", "B Algèbre"})
	testutil.Equal(t, "both sides", receive.Agreement, send.Agreement, documenttest.HEIs)
	testutil.Equal(t, "faults at the end", documenttest.Faults(t, send.Agreement.Validate()), nil)
	if len(send.Decisions) != 5 || len(receive.Decisions) != 5 {
		t.Errorf("%d and %d decisions, want 5", len(send.Decisions), len(receive.Decisions))
	}
}

// observe lets the receiving side read what the sending side serves, by way of JSON, so
// that nothing is shared.
func observe(t *testing.T, s la.State, a la.Agreement, at time.Time) (la.State, passerelle.FieldErrors) {
	t.Helper()
	var read la.Agreement
	if err := json.Unmarshal(must(json.Marshal(a)), &read); err != nil {
		t.Fatal(err)
	}
	next, findings, err := s.Observe(read, at)
	if err != nil {
		t.Fatal(err)
	}
	return next, findings
}

// TestRefused: what is refused, and why; the state stays as it was.
func TestRefused(t *testing.T) {
	t.Parallel()
	first, done := proposed("m1"), agreed("m1")
	short := must(la.NewState(agreement("m1", blended()), at))
	shortDone := must(short.Apply(uniB, approve(short), at))
	withdrawn := must(first.Withdraw(at))
	edit := func(s la.State, f func(*la.UpdateRequest)) func() (la.State, error) {
		return func() (la.State, error) {
			r := approve(s)
			f(&r)
			return s.Apply(uniB, r, at)
		}
	}
	amend := func(s la.State, f func(*la.Agreement)) func() (la.State, error) {
		return func() (la.State, error) {
			a := s.Agreement
			f(&a)
			return s.Amend(a, at)
		}
	}
	signedByAll := changesOf()
	signedByAll.ReceivingSignature = &receivingSigned
	for name, c := range map[string]struct {
		was  la.State
		do   func() (la.State, error)
		rule string // of a RefusedError, or
		is   error
	}{
		"approve another proposal":    {first, edit(first, func(r *la.UpdateRequest) { r.Approve.ProposalID = "old" }), "stale", nil},
		"approve twice":               {done, func() (la.State, error) { return done.Apply(uniB, approve(first), at) }, "proposal", nil},
		"approve what was withdrawn":  {withdrawn, func() (la.State, error) { return withdrawn.Apply(uniB, approve(first), at) }, "", passerelle.ErrForbidden},
		"approve by a third":          {first, func() (la.State, error) { return first.Apply(uniC, approve(first), at) }, "", passerelle.ErrForbidden},
		"approve by the sending HEI":  {first, func() (la.State, error) { return first.Apply(uniA, approve(first), at) }, "", passerelle.ErrForbidden},
		"approve by nobody":           {first, func() (la.State, error) { return first.Apply(ewp.HEIID{}, approve(first), at) }, "", passerelle.ErrForbidden},
		"approve another mobility":    {first, edit(first, func(r *la.UpdateRequest) { r.Approve.OMobilityID = "m2" }), "", passerelle.ErrNotFound},
		"approve another sender's":    {first, edit(first, func(r *la.UpdateRequest) { r.Sending = uniC }), "", passerelle.ErrNotFound},
		"approve without signature":   {first, edit(first, func(r *la.UpdateRequest) { r.Approve.Signature = nil }), "", passerelle.ErrInvalid},
		"approve without a name":      {first, edit(first, func(r *la.UpdateRequest) { r.Approve.Signature = &la.Signature{Time: "2026-05-05T09:00:00Z"} }), "", passerelle.ErrInvalid},
		"approve and comment":         {first, edit(first, func(r *la.UpdateRequest) { r.Comment = r.Approve }), "", passerelle.ErrInvalid},
		"neither":                     {first, edit(first, func(r *la.UpdateRequest) { r.Approve = nil }), "", passerelle.ErrInvalid},
		"comment without words":       {first, edit(first, func(r *la.UpdateRequest) { r.Comment, r.Approve = r.Approve, nil }), "", passerelle.ErrInvalid},
		"change of a blended":         {shortDone, func() (la.State, error) { return shortDone.Propose(*proposal(blended()), at) }, "type", nil},
		"extension of a blended":      {shortDone, func() (la.State, error) { return shortDone.Extend("2027-02", *proposal(blended()), at) }, "type", nil},
		"change without status":       {done, func() (la.State, error) { return done.Propose(*proposal(semester()), at) }, "", passerelle.ErrInvalid},
		"change of another type":      {done, func() (la.State, error) { return done.Propose(*proposal(doctoral()), at) }, "", passerelle.ErrInvalid},
		"signed by all":               {done, func() (la.State, error) { return done.Propose(signedByAll, at) }, "signature", nil},
		"withdraw nothing":            {done, func() (la.State, error) { return done.Withdraw(at) }, "proposal", nil},
		"another receiving HEI":       {done, amend(done, func(a *la.Agreement) { a.Receiving.HEI = uniC }), "immutable", nil},
		"another identifier":          {done, amend(done, func(a *la.Agreement) { a.OMobilityID = "m2" }), "immutable", nil},
		"another name":                {done, amend(done, func(a *la.Agreement) { a.Student.FamilyName = "X" }), "important", nil},
		"another name, first version": {first, amend(first, func(a *la.Agreement) { a.Student.GivenNames = "X" }), "important", nil},
		"no e-mail":                   {done, amend(done, func(a *la.Agreement) { a.Student.Email = "" }), "", passerelle.ErrInvalid},
		"an end before the start":     {done, func() (la.State, error) { return done.Extend("2026-08-31", changesOf(), at) }, "", passerelle.ErrInvalid},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := c.do()
			if c.rule != "" {
				e, ok := errors.AsType[*la.RefusedError](err)
				if !ok || e.Rule != c.rule || !errors.Is(err, passerelle.ErrConflict) || e.Want == "" {
					t.Errorf("%v, want the rule %q", err, c.rule)
				}
			} else if !errors.Is(err, c.is) {
				t.Errorf("%v, want %v", err, c.is)
			}
			if fmt.Sprint(got.Stage(), got.Due, len(got.Decisions)) != fmt.Sprint(c.was.Stage(), c.was.Due, len(c.was.Decisions)) {
				t.Errorf("the state is another: %s", got.Stage())
			}
		})
	}
}

// TestPure: a step leaves the state that it was made from as it was.
func TestPure(t *testing.T) {
	t.Parallel()
	s := must(agreed("m1").Propose(changesOf(), day(2)))
	before := string(must(json.Marshal(s)))
	one := must(s.Apply(uniB, approve(s), day(3)))
	two := must(s.Apply(uniB, la.NewComment(s.Agreement, "No", receivingSigned), day(3)))
	_ = must(s.Withdraw(day(3)))
	if after := string(must(json.Marshal(s))); after != before {
		t.Errorf("the state became\n%s\nfrom\n%s", after, before)
	}
	if !one.Last().Approved || two.Last().Approved {
		t.Error("two steps from one state share their decisions")
	}
}

// TestProposalID: the identifier changes if and only if the content does.
func TestProposalID(t *testing.T) {
	t.Parallel()
	base := changesOf()
	id := la.ProposalID(base)
	ids := []string{id}
	for i, edit := range map[int]func(*la.Proposal){
		0: func(p *la.Proposal) { p.Studied.Components[0].Title = "Other" },
		1: func(p *la.Proposal) { p.Recognized = nil },
		2: func(p *la.Proposal) { p.Student = &la.Student{Email: "a@example.org"} },
		3: func(p *la.Proposal) { p.StudentSignature.Time = "2026-05-01T09:00:01+02:00" },
		4: func(p *la.Proposal) { slices.Reverse(p.Studied.Components) },
	} {
		p := changesOf()
		edit(&p)
		if got := la.ProposalID(p); slices.Contains(ids, got) {
			t.Errorf("%d: another content has the same identifier", i)
		} else {
			ids = append(ids, got)
		}
	}
	base.ID = "anything"
	if got := la.ProposalID(base); got != id || len(got) != 64 {
		t.Errorf("%s for the same content, want %s", got, id)
	}
	s := must(agreed("m1").Propose(changesOf(), day(2))).Told()
	if same := must(s.Propose(changesOf(), day(3))); same.Due || !same.Modified.Equal(s.Modified) {
		t.Error("the same proposal once more is a change")
	}
	if same := must(s.Amend(s.Agreement, day(3))); same.Due {
		t.Error("the same agreement once more is a change")
	}
	a := s.Agreement
	a.Student.Email, a.Sending.Contact.Email, a.EndMonth = "new@example.org", "new@uni-a.example", "2027-02"
	if next := must(s.Amend(a, day(3))); !next.Due || next.Agreement.Proposal.ID != s.Agreement.Proposal.ID || next.Stage() != la.ChangesProposed {
		t.Errorf("a minor change: due %t, %s", next.Due, next.Stage())
	}
}

// TestFindings: what a sending institution does wrong is found, and nothing else.
func TestFindings(t *testing.T) {
	t.Parallel()
	waiting := must(agreed("m1").Propose(changesOf(), day(2)))
	decided := must(waiting.Decide(approve(waiting), day(3)))
	served := func() la.Agreement { return must(waiting.Apply(uniB, approve(waiting), day(3))).Agreement }
	for name, c := range map[string]struct {
		was  la.State
		edit func(*la.Agreement)
		want []string
	}{
		"the same":                    {waiting, func(*la.Agreement) {}, nil},
		"approved":                    {decided, func(a *la.Agreement) { *a = served() }, nil},
		"withdrawn":                   {waiting, func(a *la.Agreement) { a.Proposal = nil }, nil},
		"first version replaced":      {waiting, func(a *la.Agreement) { a.First.Studied = la.TableOf() }, []string{"first-version signed"}},
		"first version gone":          {waiting, func(a *la.Agreement) { a.First = nil }, []string{"first-version signed"}},
		"same identifier":             {waiting, func(a *la.Agreement) { a.Proposal.Virtual = nil }, []string{"changes-proposal@id identifier"}},
		"same content":                {waiting, func(a *la.Agreement) { a.Proposal.ID = "x" }, []string{"changes-proposal@id identifier"}},
		"new proposal":                {waiting, func(a *la.Agreement) { a.Proposal.ID, a.Proposal.Virtual = "x", nil }, nil},
		"name":                        {waiting, func(a *la.Agreement) { a.Student.FamilyName = "X" }, []string{"student important"}},
		"e-mail":                      {waiting, func(a *la.Agreement) { a.Student.Email = "x@example.org" }, nil},
		"never approved here":         {waiting, func(a *la.Agreement) { *a = served() }, []string{"approved-changes decision"}},
		"another content is approved": {decided, func(a *la.Agreement) { *a = served(); a.Changes.Virtual = nil }, []string{"approved-changes decision"}},
		"another signature": {decided, func(a *la.Agreement) { *a = served(); a.Changes.ReceivingSignature.Name = "X" },
			[]string{"approved-changes.receiving-hei-signature decision"}},
	} {
		t.Run(name, func(t *testing.T) {
			var a la.Agreement
			if err := json.Unmarshal(must(json.Marshal(c.was.Agreement)), &a); err != nil {
				t.Fatal(err)
			}
			c.edit(&a)
			_, findings := observe(t, c.was, a, day(4))
			testutil.Equal(t, "findings", documenttest.Faults(t, findings.Err()), c.want)
		})
	}
	other := waiting.Agreement
	other.Receiving.HEI = uniC
	if _, _, err := waiting.Observe(other, at); !errors.Is(err, passerelle.ErrConflict) {
		t.Errorf("another receiving institution: %v, want ErrConflict", err)
	}
	if _, err := waiting.Decide(la.NewComment(la.Agreement{}, "x", receivingSigned), at); !errors.Is(err, passerelle.ErrInvalid) {
		t.Errorf("a decision on nothing: %v, want ErrInvalid", err)
	}
	if _, err := waiting.Decide(approve(proposed("m1")), at); !errors.Is(err, passerelle.ErrConflict) {
		t.Errorf("a decision on an old proposal: %v, want ErrConflict", err)
	}
}
