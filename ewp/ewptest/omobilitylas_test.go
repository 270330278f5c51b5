package ewptest_test

import (
	"context"
	"encoding/xml"
	"errors"
	"iter"
	"strings"
	"testing"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/cnr"
	"github.com/passerelle-sup/passerelle/ewp/ewpserver"
	"github.com/passerelle-sup/passerelle/ewp/ewptest"
	"github.com/passerelle-sup/passerelle/ewp/omobilitylas"
)

func notifyNobody(context.Context, ...cnr.Change) error { return nil }

// laHost is a university that sends students to uniB.
func laHost(t *testing.T, register func(*ewptest.University) error) ewptest.Host {
	t.Helper()
	n := ewptest.NewNetwork(t, three(ewptest.UniversityConfig{Register: register}))
	host := n.Host(uniA, uniB)
	host.Only = []ewp.API{ewp.OMobilityLAs, ewp.OMobilityLACNR}
	return host
}

func serveLAs(u *ewptest.University) error {
	_, err := ewptest.ServeLAs(u, ewp.MustParseHEIID(uniB))
	return err
}

// TestConformanceLAs holds the learning agreements of this package against the steps,
// each answer against the published schemas.
func TestConformanceLAs(t *testing.T) {
	t.Parallel()
	validate := xmllint(t)
	host := laHost(t, serveLAs)
	validated := map[string]int{}
	host.Schema = func(root xml.Name, doc []byte) error {
		schema := "ewp-specs-architecture/stable-v1/common-types.xsd"
		if root.Local != "error-response" {
			schema = strings.NewReplacer("https://github.com/erasmus-without-paper/", "", "/blob/", "/", "/tree/", "/").Replace(root.Space)
			if !strings.HasSuffix(schema, ".xsd") {
				schema += "/response.xsd"
			}
		}
		validated[schema]++
		return validate(schema, doc)
	}
	report, err := ewptest.Check(t.Context(), host)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range report {
		if r.Status != ewptest.Success {
			t.Errorf("%s\n%s", r, r.Reason)
		}
	}
	if len(validated) != 7 {
		t.Errorf("answers were validated against %v; want errors and six documents", validated)
	}
}

// careless is a sending institution with a fault.
type careless struct {
	*omobilitylas.Sender
	lists, takes bool
}

func (c careless) IDs(ctx context.Context, f omobilitylas.Filter) iter.Seq2[string, error] {
	if c.lists {
		f.Caller, f.GlobalID = ewp.MustParseHEIID(uniB), ""
	}
	return c.Sender.IDs(ctx, f)
}

func (c careless) Update(ctx context.Context, p ewpserver.Parties, r omobilitylas.UpdateRequest) (ewp.Texts, error) {
	messages, err := c.Sender.Update(ctx, p, r)
	if c.takes && !errors.Is(err, passerelle.ErrInvalid) {
		return messages, nil
	}
	return messages, err
}

// TestConformanceLAsFinds: each fault of a host fails a step.
func TestConformanceLAsFinds(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		fault careless
		steps []string
	}{
		"list for all": {careless{lists: true}, []string{"whole list as another participant", "list of an unknown global_id"}},
		"any update": {careless{takes: true}, []string{
			"approve-proposal-v1 of an unknown mobility", "approve-proposal-v1 of an unknown proposal", "approve-proposal-v1 as another participant",
			"comment-proposal-v1 of an unknown mobility", "comment-proposal-v1 of an unknown proposal", "comment-proposal-v1 as another participant",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			host := laHost(t, func(u *ewptest.University) error {
				sender, err := omobilitylas.NewSender(omobilitylas.SenderConfig{Store: omobilitylas.NewMemory(), Notify: notifyNobody})
				if err != nil {
					return err
				}
				if _, err := sender.Open(context.Background(), ewptest.LASheet(u.HEI, ewp.MustParseHEIID(uniB), omobilitylas.Semester)); err != nil {
					return err
				}
				fault := c.fault
				fault.Sender = sender
				return omobilitylas.Register(u.Server, fault, omobilitylas.Limits{OMobilityIDs: 2})
			})
			host.Only = []ewp.API{ewp.OMobilityLAs}
			report, err := ewptest.Check(t.Context(), host)
			if err != nil {
				t.Fatal(err)
			}
			want := map[string]bool{}
			for _, step := range c.steps {
				want[step] = true
			}
			found := map[string]bool{}
			for _, r := range report {
				if r.Status > ewptest.Notice {
					found[r.Step] = true
				}
				if r.Status > ewptest.Notice && !want[r.Step] {
					t.Errorf("%s\n%s", r, r.Reason)
				}
			}
			for step := range want {
				if !found[step] {
					t.Errorf("the step %q does not find it", step)
				}
			}
		})
	}
}

// TestExchangeLAs: two universities whose hosts and wires misbehave end with the same
// agreements. Each sends to the other; each decides on what it reads.
func TestExchangeLAs(t *testing.T) {
	t.Parallel()
	a, b := ewp.MustParseHEIID(uniA), ewp.MustParseHEIID(uniB)
	desks := map[ewp.HEIID]*ewptest.LAs{}
	serve := func(partner ewp.HEIID) func(*ewptest.University) error {
		return func(u *ewptest.University) (err error) {
			desks[u.HEI], err = ewptest.ServeLAs(u, partner)
			return err
		}
	}
	n := ewptest.NewNetwork(t, ewptest.Config{Universities: []ewptest.UniversityConfig{{HEI: a, Register: serve(b)}, {HEI: b, Register: serve(a)}}})
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	n.Registry.Freeze(true) // stale, and good enough
	misbehave := func() {
		for _, u := range n.Universities() {
			u.Repair()
			u.Inject(ewptest.Injection{Fault: ewptest.Unavailable, Times: 2})
			u.Inject(ewptest.Injection{Fault: ewptest.LostAnswer, Times: 2})
			u.Inject(ewptest.Injection{Fault: ewptest.Truncated, Times: 1, API: ewp.OMobilityLAs, Endpoint: "get"})
		}
	}
	settle := func() {
		t.Helper()
		if err := ewptest.SettleLAs(ctx, desks[a], desks[b]); err != nil {
			t.Fatal(err)
		}
	}
	// decide answers until the answer is known to have arrived.
	decide := func(own ewp.HEIID, r omobilitylas.UpdateRequest) {
		t.Helper()
		for ctx.Err() == nil {
			_, _, err := desks[own].Receiver.Decide(ctx, r)
			if err == nil || errors.Is(err, passerelle.ErrConflict) {
				return
			}
		}
		t.Fatal("the decision did not arrive")
	}
	pairs := []struct{ from, to ewp.HEIID }{{a, b}, {b, a}}
	misbehave()
	settle()
	for _, p := range pairs {
		for _, kind := range omobilitylas.Types() {
			s, err := desks[p.to].Received.Get(ctx, omobilitylas.Key{Sending: p.from, ID: ewptest.LAID(p.from, p.to, kind)})
			if err != nil {
				t.Fatal(err)
			}
			misbehave()
			decide(p.to, omobilitylas.NewApproval(s.Agreement, ewptest.LASignature(p.to, "2026-05-06T10:00:00+02:00")))
		}
	}
	misbehave()
	settle()
	for _, p := range pairs {
		k := omobilitylas.Key{Sending: p.from, ID: ewptest.LAID(p.from, p.to, omobilitylas.Semester)}
		s, err := desks[p.from].Sender.Do(ctx, k, func(s omobilitylas.State, at time.Time) (omobilitylas.State, error) {
			first := s.Agreement.First.Rows()
			wanted := append(first[1:], omobilitylas.Row{Table: omobilitylas.A, Title: "Geometry", Credits: 600, Term: 2, Terms: 2})
			rows := omobilitylas.ChangeRows(first, wanted, func(r omobilitylas.Row) (omobilitylas.Reason, string) {
				if r.Status == omobilitylas.Inserted {
					return omobilitylas.ReasonExtendingMobility, ""
				}
				return omobilitylas.ReasonTimetableConflict, ""
			})
			proposal := omobilitylas.Proposal{Version: omobilitylas.Version{
				Tables: omobilitylas.TablesOf(rows), StudentSignature: s.Agreement.First.StudentSignature, SendingSignature: s.Agreement.First.SendingSignature,
			}}
			return s.Extend("2027-07", proposal, at)
		})
		if err != nil {
			t.Fatal(err)
		}
		misbehave()
		settle()
		misbehave()
		decide(p.to, omobilitylas.NewComment(s.Agreement, "Geometry is full", ewptest.LASignature(p.to, "2026-10-06T10:00:00+02:00")))
		decide(p.to, omobilitylas.NewApproval(s.Agreement, ewptest.LASignature(p.to, "2026-10-07T10:00:00+02:00")))
	}
	settle()
	for _, p := range pairs {
		count := 0
		for s, err := range desks[p.from].Sent.States(ctx) {
			if err != nil {
				t.Fatal(err)
			}
			count++
			got, err := desks[p.to].Received.Get(ctx, s.Key())
			if err != nil {
				t.Fatal(err)
			}
			if s.Stage() != omobilitylas.Agreed || s.Due || text(t, got.Agreement) != text(t, s.Agreement) {
				t.Errorf("%v: %s, due %t; the other side has\n%s\nwant\n%s", s.Key(), s.Stage(), s.Due, text(t, got.Agreement), text(t, s.Agreement))
			}
			if changed := s.Agreement.Changes != nil; changed != (s.Agreement.Type() == omobilitylas.Semester) {
				t.Errorf("%v: changed %t", s.Key(), changed)
			}
		}
		if count != 3 {
			t.Errorf("%d agreements from %s, want 3", count, p.from)
		}
		if found := desks[p.to].Findings(); len(found) > 0 {
			t.Errorf("%s found %v", p.to, found)
		}
	}
	for _, u := range n.Universities() {
		if u.Hits(ewptest.Unavailable) == 0 || u.Hits(ewptest.LostAnswer) == 0 {
			t.Errorf("%s never misbehaved", u.HEI)
		}
	}
}

func text(t *testing.T, a omobilitylas.Agreement) string {
	t.Helper()
	var b strings.Builder
	if err := omobilitylas.Encode(&b, []omobilitylas.Agreement{a}); err != nil {
		t.Fatal(err)
	}
	return b.String()
}
