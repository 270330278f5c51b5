package omobilities_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/cnr"
	"github.com/passerelle-sup/passerelle/ewp/ewpclient"
	"github.com/passerelle-sup/passerelle/ewp/ewptest"
	"github.com/passerelle-sup/passerelle/ewp/internal/documenttest"
	"github.com/passerelle-sup/passerelle/ewp/omobilities"
	"github.com/passerelle-sup/passerelle/ewp/omobilities/omobilitiestest"
	"github.com/passerelle-sup/passerelle/internal/testutil"
)

// pair is two universities with all that they need: uni-a sends, uni-b receives.
type pair struct {
	network  *ewptest.Network
	sender   *omobilities.Sender
	receiver *omobilities.Receiver
	outbox   *cnr.Outbox
	inbox    *cnr.Inbox

	mu   sync.Mutex
	seen []string // of each mobility that R saw change: its identifier and status
}

var quick = cnr.Work{Poll: 20 * time.Millisecond, Backoff: func(int) time.Duration { return 20 * time.Millisecond }}

func newPair(t *testing.T, rules omobilities.Rules) *pair {
	t.Helper()
	p := &pair{}
	var err error
	fail := func(what string) {
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
	}
	outgoing, err := omobilities.OpenFile(filepath.Join(t.TempDir(), "outgoing"))
	fail("store")
	t.Cleanup(func() { outgoing.Close() })
	clients := func(hei ewp.HEIID) *ewpclient.Client { return p.network.University(hei.String()).Client }
	send, limit := cnr.Sender(clients)
	p.outbox, err = cnr.NewOutbox(cnr.OutboxConfig{Queue: cnr.NewMemory(), Send: send, Limit: limit, Work: quick})
	fail("outbox")
	p.receiver, err = omobilities.NewReceiver(omobilities.ReceiverConfig{
		Store: omobilities.NewMemory(), Rules: rules, Client: func(hei ewp.HEIID) *omobilities.Client { return omobilities.NewClient(clients(hei)) },
		Seen: func(_, after omobilities.Record) {
			p.mu.Lock()
			defer p.mu.Unlock()
			p.seen = append(p.seen, after.Mobility.ID+" "+string(after.Mobility.Status))
		},
	})
	fail("receiver")
	p.inbox, err = cnr.NewInbox(cnr.InboxConfig{Queue: cnr.NewMemory(), Fetch: p.receiver.Fetch, Work: quick})
	fail("inbox")
	p.sender, err = omobilities.NewSender(omobilities.SenderConfig{Store: outgoing, Notify: p.outbox.Notify, Rules: rules})
	fail("sender")
	p.network = ewptest.NewNetwork(t, ewptest.Config{Universities: []ewptest.UniversityConfig{
		{HEI: uniA, Register: func(u *ewptest.University) error {
			return omobilities.Register(u.Server, p.sender, omobilities.Limits{IDs: 3})
		}},
		{HEI: uniB, Register: func(u *ewptest.University) error { return p.inbox.Register(u.Server, 2, ewp.OMobilityCNR) }},
	}})
	ctx, stop := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { p.outbox.Run(ctx) })
	running.Go(func() { p.inbox.Run(ctx) })
	t.Cleanup(func() { stop(); running.Wait() })
	return p
}

// settled waits until nothing is under way any more.
func (p *pair) settled(t *testing.T) {
	t.Helper()
	for range 500 {
		out, err := p.outbox.Counts(t.Context(), cnr.Filter{})
		in, err2 := p.inbox.Counts(t.Context(), cnr.Filter{})
		if err := errors.Join(err, err2); err != nil {
			t.Fatal(err)
		}
		if out.Waiting+in.Waiting == 0 {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Fatal("notifications are still under way after ten seconds")
}

// same compares what both sides hold.
func (p *pair) same(t *testing.T, what string) {
	t.Helper()
	p.settled(t)
	ours, theirs := records(t, p.sender), records(t, p.receiver)
	for id, r := range ours {
		testutil.Equal(t, what+": "+id, theirs[id].Mobility, r.Mobility, documenttest.HEIs)
		if r.Untold {
			t.Errorf("%s: %s is untold", what, id)
		}
	}
	if len(ours) != len(theirs) {
		t.Errorf("%s: %d mobilities at S, %d at R", what, len(ours), len(theirs))
	}
}

func key(id string) omobilities.Key { return omobilities.Key{Sending: uniA, ID: id} }

// TestExchange is a whole season between two universities, on a good day and on bad ones:
// both sides end with the same state.
func TestExchange(t *testing.T) {
	t.Parallel()
	for name, faults := range map[string]map[ewp.HEIID][]ewptest.Injection{
		"good day":    nil,
		"unavailable": {uniA: {{Fault: ewptest.Unavailable, API: ewp.OMobilities, Endpoint: "get", Times: 4}}, uniB: {{Fault: ewptest.Unavailable, Times: 4}}},
		"lost answers": {uniA: {{Fault: ewptest.LostAnswer, API: ewp.OMobilities, Endpoint: "update", Times: 3}, {Fault: ewptest.LostAnswer, API: ewp.OMobilities, Endpoint: "get", Times: 2}},
			uniB: {{Fault: ewptest.LostAnswer, Times: 3}}},
		"cut short": {uniA: {{Fault: ewptest.Truncated, API: ewp.OMobilities, Endpoint: "get", Times: 3}, {Fault: ewptest.Truncated, API: ewp.OMobilities, Endpoint: "update", Times: 2}}, uniB: {{Fault: ewptest.Truncated, Times: 2}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPair(t, strict)
			for hei, list := range faults {
				for _, i := range list {
					p.network.University(hei.String()).Inject(i)
				}
			}
			season(t, p)
			for hei, list := range faults {
				for _, i := range list {
					if p.network.University(hei.String()).Hits(i.Fault) == 0 {
						t.Errorf("%s never acted at %s", i.Fault, hei)
					}
				}
			}
		})
	}
}

func season(t *testing.T, p *pair) {
	t.Helper()
	ctx := t.Context()
	must := func(r omobilities.Record, err error) omobilities.Record {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	for i := range 5 {
		must(p.sender.Nominate(ctx, nomination(fmt.Sprintf("m%d", i))))
	}
	must(p.sender.Nominate(ctx, nomination("m0"))) // again, as after a lost acknowledgement
	p.same(t, "nominated")
	for id, r := range records(t, p.receiver) {
		if !r.Open() || len(r.Findings) > 0 {
			t.Errorf("%s: open %v, findings %v", id, r.Open(), r.Findings)
		}
	}
	for _, d := range []omobilities.DecideRequest{
		{Key: key("m0"), Verdict: omobilities.Approve}, {Key: key("m1"), Verdict: omobilities.Reject, Comment: "no place left in spring"}, {Key: key("m2"), Verdict: omobilities.Approve},
	} {
		p.decide(t, d)
	}
	p.same(t, "decided")
	testutil.Equal(t, "comment at S", records(t, p.sender)["m1"].Decision.Comment, "no place left in spring")

	n := records(t, p.sender)["m1"].Mobility.Nomination
	n.Term = "2026/2027-2/2"
	must(p.sender.ChangeNomination(ctx, key("m1"), n))
	student := records(t, p.sender)["m0"].Mobility.Student
	student.Email = "zoe@example.org"
	must(p.sender.ChangeStudent(ctx, key("m0"), student))
	must(p.sender.Cancel(ctx, key("m2")))
	must(p.sender.Cancel(ctx, key("m3")))
	p.same(t, "changed")
	p.decide(t, omobilities.DecideRequest{Key: key("m1"), Verdict: omobilities.Approve})
	p.same(t, "decided again")

	want := map[string]omobilities.Status{"m0": omobilities.Approved, "m1": omobilities.Approved, "m2": omobilities.Cancelled, "m3": omobilities.Cancelled, "m4": omobilities.Pending}
	for id, r := range records(t, p.receiver) {
		if r.Mobility.Status != want[id] || len(r.Findings) > 0 {
			t.Errorf("%s is %s with %v; want %s", id, r.Mobility.Status, r.Findings, want[id])
		}
	}
	for id, reason := range map[string]omobilities.Reason{"m0": omobilities.IsApproved, "m3": omobilities.IsCancelled, "m9": ""} {
		_, _, err := p.receiver.Decide(ctx, omobilities.DecideRequest{Key: key(id), Verdict: omobilities.Reject, Comment: "no"})
		refused, ok := errors.AsType[*omobilities.RefusedError](err)
		if ok && refused.Reason != reason || !ok && (reason != "" || !errors.Is(err, passerelle.ErrNotFound)) {
			t.Errorf("%s: %v; want %s", id, err, reason)
		}
	}
}

// decide decides, again while nobody knows what became of it, as a person would.
func (p *pair) decide(t *testing.T, d omobilities.DecideRequest) {
	t.Helper()
	for range 10 {
		r, _, err := p.receiver.Decide(t.Context(), d)
		if err == nil {
			if r.Decision.Delivery != omobilities.Taken {
				t.Errorf("%v: %q", d.Verdict, r.Decision.Delivery)
			}
			return
		}
		if passerelle.OutcomeOf(err) != passerelle.Unknown {
			t.Fatalf("%v: %v", d.Verdict, err)
		}
	}
	t.Fatalf("%v is never answered", d.Verdict)
}

// TestOvertaken: a decision about a proposal that S changed meanwhile is refused, the new
// one is fetched at once, and the person must look at it.
func TestOvertaken(t *testing.T) {
	t.Parallel()
	p := newPair(t, strict)
	if _, err := p.sender.Nominate(t.Context(), nomination("m1")); err != nil {
		t.Fatal(err)
	}
	p.same(t, "nominated")
	shown := records(t, p.receiver)["m1"].Mobility.Nomination
	p.network.University(uniB.String()).Inject(ewptest.Injection{Fault: ewptest.Unavailable}) // no notification arrives
	n := shown
	n.EQF = "7"
	if _, err := p.sender.ChangeNomination(t.Context(), key("m1"), n); err != nil {
		t.Fatal(err)
	}
	d := omobilities.DecideRequest{Key: key("m1"), Verdict: omobilities.Approve, ProposalID: shown.ProposalID}
	r, _, err := p.receiver.Decide(t.Context(), d)
	if !errors.Is(err, passerelle.ErrConflict) || !r.Open() || r.Mobility.Nomination.EQF != "7" {
		t.Errorf("open %v, %v; want a conflict, and the new proposal", r.Open(), err)
	}
	_, _, err = p.receiver.Decide(t.Context(), d)
	if refused, ok := errors.AsType[*omobilities.RefusedError](err); !ok || refused.Reason != omobilities.OtherProposal {
		t.Errorf("the person looked at the former one: %v", err)
	}
	d.ProposalID = r.Mobility.Nomination.ProposalID
	p.decide(t, d)
	p.network.University(uniB.String()).Repair()
	p.same(t, "approved")
	testutil.Equal(t, "status", records(t, p.sender)["m1"].Mobility.Status, omobilities.Approved)
}

// TestResume: what was written and not told is told when the process starts again.
func TestResume(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "outgoing")
	open := func() (*omobilities.File, *omobilities.Sender, *[]cnr.Change, *error) {
		store, err := omobilities.OpenFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var told []cnr.Change
		failure := errors.New("no outbox")
		s, err := omobilities.NewSender(omobilities.SenderConfig{Store: store, Notify: func(_ context.Context, changes ...cnr.Change) error {
			if failure == nil {
				told = append(told, changes...)
			}
			return failure
		}})
		if err != nil {
			t.Fatal(err)
		}
		return store, s, &told, &failure
	}
	store, s, _, failure := open()
	if _, err := s.Nominate(t.Context(), nomination("m1")); !errors.Is(err, *failure) {
		t.Fatalf("%v; want that of the outbox", err)
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	store, s, told, failure := open()
	defer store.Close()
	*failure = nil
	for range 2 {
		if err := s.Resume(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if len(*told) != 1 || (*told)[0].ID != "m1" || records(t, s)["m1"].Untold {
		t.Errorf("told %v; want m1 once", *told)
	}
	other := nomination("m1")
	other.Nomination.EQF = "8"
	_, err := s.Nominate(t.Context(), other)
	if refused, ok := errors.AsType[*omobilities.RefusedError](err); !ok || refused.Reason != omobilities.Exists {
		t.Errorf("another nomination under one identifier: %v", err)
	}
}

// TestGone: a mobility that S does not show any more is gone at R, and comes back.
func TestGone(t *testing.T) {
	t.Parallel()
	p := newPair(t, strict)
	if _, err := p.sender.Nominate(t.Context(), nomination("m1")); err != nil {
		t.Fatal(err)
	}
	p.same(t, "nominated")
	from := cnr.Notification{Route: cnr.Route{From: uniA, To: uniB, API: ewp.OMobilityCNR}, IDs: []string{"m1", "m2"}}
	empty := desk(t, strict)
	lost := network(t, empty, 3)
	r, err := omobilities.NewReceiver(omobilities.ReceiverConfig{Store: storeOf(t, p.receiver), Client: func(ewp.HEIID) *omobilities.Client { return client(lost, uniB) }})
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Fetch(t.Context(), from); err != nil {
		t.Fatal(err)
	}
	all := records(t, r)
	if len(all) != 1 || !all["m1"].Gone || all["m1"].Open() {
		t.Errorf("%v; want m1 alone, gone", all)
	}
	if _, err := empty.Nominate(t.Context(), nomination("m1")); err != nil {
		t.Fatal(err)
	}
	if err := r.Fetch(t.Context(), from); err != nil || records(t, r)["m1"].Gone {
		t.Errorf("it is shown again: %v", err)
	}
}

// storeOf copies the records of a desk.
func storeOf(t *testing.T, r *omobilities.Receiver) omobilities.Store {
	t.Helper()
	s := omobilities.NewMemory()
	for _, record := range records(t, r) {
		record.Version = 0
		if _, err := s.Put(t.Context(), record); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

func TestStores(t *testing.T) {
	t.Parallel()
	t.Run("memory", func(t *testing.T) {
		t.Parallel()
		omobilitiestest.Store(t, func(*testing.T) omobilities.Store { return omobilities.NewMemory() })
	})
	t.Run("file", func(t *testing.T) {
		t.Parallel()
		omobilitiestest.Store(t, func(t *testing.T) omobilities.Store {
			f, err := omobilities.OpenFile(filepath.Join(t.TempDir(), "mobilities"))
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { f.Close() })
			return f
		})
	})
}
