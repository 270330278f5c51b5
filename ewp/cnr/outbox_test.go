package cnr_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/cnr"
	"github.com/passerelle-sup/passerelle/internal/testutil"
)

// partner answers notifications as it is told, and writes down when they came.
type partner struct {
	mu     sync.Mutex
	begun  time.Time
	answer func(ctx context.Context, n cnr.Notification) error
	got    []string // "0s univ-b.example 1 2"
}

func newPartner(answer func(context.Context, cnr.Notification) error) *partner {
	return &partner{begun: time.Now(), answer: answer}
}

func (p *partner) send(ctx context.Context, n cnr.Notification) error {
	p.mu.Lock()
	p.got = append(p.got, fmt.Sprint(time.Since(p.begun), " ", n.To, " ", n.IDs))
	answer := p.answer
	p.mu.Unlock()
	return answer(ctx, n)
}

// becomes changes how it answers.
func (p *partner) becomes(answer func(context.Context, cnr.Notification) error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.answer = answer
}

// count returns how many messages came.
func (p *partner) count() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.got)
}

func (p *partner) wants(t *testing.T, want ...string) {
	t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	testutil.Equal(t, "messages", p.got, want)
}

func ok(context.Context, cnr.Notification) error { return nil }

func failWith(status int) func(context.Context, cnr.Notification) error {
	return func(context.Context, cnr.Notification) error {
		return &ewp.Error{HEI: peer, API: "iia-cnr", Status: status, Response: &ewp.ErrorResponse{DeveloperMessage: "secret words"}, Result: passerelle.Answered}
	}
}

// steps is a back-off without chance.
func steps(attempt int) time.Duration { return time.Minute << (attempt - 1) }

// begin starts an outbox in a bubble, which stops it.
func begin(t *testing.T, q cnr.Queue, p *partner, limit int, work cnr.Work) *cnr.Outbox {
	t.Helper()
	if work.Backoff == nil {
		work.Backoff = steps
	}
	o, err := cnr.NewOutbox(cnr.OutboxConfig{Queue: q, Send: p.send, Limit: func(cnr.Route) int { return limit }, Work: work})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { o.Run(ctx) })
	t.Cleanup(func() { cancel(); running.Wait() })
	return o
}

func notify(t *testing.T, o *cnr.Outbox, changes ...cnr.Change) {
	t.Helper()
	if err := o.Notify(t.Context(), changes...); err != nil {
		t.Fatal(err)
	}
}

func only(t *testing.T, q cnr.Queue, c cnr.Change) cnr.Entry {
	t.Helper()
	e, found := entries(t, q)[c]
	if !found {
		t.Fatalf("nothing is known of %v", c)
	}
	return e
}

func TestDelivery(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p, q := newPartner(ok), cnr.NewMemory()
		o := begin(t, q, p, 2, cnr.Work{Workers: 1})
		synctest.Wait()
		notify(t, o, iia(peer, "1"), iia(peer, "1"))
		synctest.Wait()
		p.wants(t, "0s univ-b.example [1]") // at once, and once
		time.Sleep(time.Hour)
		notify(t, o, iia(peer, "1"), iia(peer, "2"), iia(peer, "3"))
		synctest.Wait()
		p.mu.Lock()
		n := 0
		for _, m := range p.got[1:] {
			n++
			if m[:6] != "1h0m0s" {
				t.Errorf("message %q, want it after an hour", m)
			}
		}
		p.mu.Unlock()
		if n != 2 {
			t.Errorf("three objects by two were %d messages, want 2", n)
		}
		if got, err := o.Counts(t.Context(), cnr.Filter{}); err != nil || got != (cnr.Counts{Done: 3}) {
			t.Errorf("Counts: %+v, %v, want 3 done", got, err)
		}
	})
}

func TestBackoffAndExpiry(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p, q := newPartner(failWith(503)), cnr.NewMemory()
		o := begin(t, q, p, 1, cnr.Work{Expiry: 20 * time.Minute})
		notify(t, o, iia(peer, "1"))
		time.Sleep(5 * time.Minute)
		synctest.Wait()
		e := only(t, q, iia(peer, "1"))
		if e.State != cnr.Waiting || e.Attempts != 3 || e.Status != 503 || e.Said != "secret words" {
			t.Errorf("after five minutes: %+v, want three failed tries", e)
		}
		time.Sleep(24 * time.Hour)
		p.wants(t, "0s univ-b.example [1]", "1m0s univ-b.example [1]", "3m0s univ-b.example [1]",
			"7m0s univ-b.example [1]", "15m0s univ-b.example [1]", "20m0s univ-b.example [1]")
		if e := only(t, q, iia(peer, "1")); e.State != cnr.Expired || e.Attempts != 6 {
			t.Errorf("after a day: %+v, want it expired after six tries", e)
		}
		p.becomes(ok)
		if n, err := o.Resend(t.Context(), cnr.Filter{Route: cnr.Route{To: peer}}); n != 1 || err != nil {
			t.Errorf("Resend: %d, %v, want 1", n, err)
		}
		synctest.Wait()
		if e := only(t, q, iia(peer, "1")); e.State != cnr.Done || e.Said != "" {
			t.Errorf("after Resend: %+v, want it done", e)
		}
	})
}

// TestVerdicts: what the specification has repeated is, and nothing else.
func TestVerdicts(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		err  error
		want cnr.State
	}{
		{"400", failWith(400)(nil, cnr.Notification{}), cnr.Refused},
		{"401", failWith(401)(nil, cnr.Notification{}), cnr.Refused},
		{"405", failWith(405)(nil, cnr.Notification{}), cnr.Refused},
		{"408", failWith(408)(nil, cnr.Notification{}), cnr.Waiting},
		{"429", failWith(429)(nil, cnr.Notification{}), cnr.Waiting},
		{"500", failWith(500)(nil, cnr.Notification{}), cnr.Waiting},
		{"302", failWith(302)(nil, cnr.Notification{}), cnr.Waiting},
		{"no answer", &ewp.Error{Err: passerelle.ErrUnavailable}, cnr.Waiting},
		{"an answer that cannot be believed", &ewp.Error{Status: 200, Err: passerelle.ErrProtocol}, cnr.Waiting},
		{"cannot be sent", passerelle.FieldErrors{{Field: "HEI", Rule: "required"}}, cnr.Refused},
		{"anything", errors.New("secret words"), cnr.Waiting},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var leaks testutil.Leaks
				leaks.Secret(t, "secret words", "the-mobility")
				p, q := newPartner(func(context.Context, cnr.Notification) error { return c.err }), cnr.NewMemory()
				o := begin(t, q, p, 1, cnr.Work{Logger: leaks.Logger()})
				notify(t, o, iia(peer, "the-mobility"))
				time.Sleep(time.Second)
				e := only(t, q, iia(peer, "the-mobility"))
				if e.State != c.want || e.Attempts != 1 || e.Reason == "" {
					t.Errorf("%+v, want %s with a reason after one try", e, c.want)
				}
				leaks.Check(t)
				time.Sleep(90 * time.Second)
				if again := p.count() > 1; again != (c.want == cnr.Waiting) {
					t.Errorf("%d messages after 90 seconds", p.count())
				}
			})
		})
	}
}

// TestDeadPartner: one that answers nothing is asked once for all that it is owed, and
// does not keep the others waiting; one object that it cannot digest does not stand
// before the others.
func TestDeadPartner(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		hang := func(ctx context.Context, _ cnr.Notification) error { <-ctx.Done(); return ctx.Err() }
		p := newPartner(func(ctx context.Context, n cnr.Notification) error {
			if n.To == other || !slices.Contains(n.IDs, "1") {
				return nil
			}
			return hang(ctx, n)
		})
		q := cnr.NewMemory()
		o := begin(t, q, p, 1, cnr.Work{Workers: 2, Lease: 10 * time.Second})
		notify(t, o, iia(peer, "1"))
		synctest.Wait() // under way
		notify(t, o, iia(peer, "2"), iia(peer, "3"), iia(other, "4"))
		synctest.Wait()
		if got := only(t, q, iia(other, "4")); got.State != cnr.Done {
			t.Errorf("another partner: %+v, want it told at once", got)
		}
		time.Sleep(10 * time.Second)
		for _, id := range []string{"2", "3"} {
			if got := only(t, q, iia(peer, id)); got.State != cnr.Done {
				t.Errorf("beside an object that hangs: %+v, want it done", got)
			}
		}
		p.becomes(hang)
		before := p.count()
		notify(t, o, iia(peer, "5"), iia(peer, "6"), iia(peer, "7"))
		time.Sleep(20 * time.Second)
		if n := p.count() - before; n != 1 {
			t.Errorf("a dead partner got %d messages at first, want 1", n)
		}
	})
}

// TestStop: what is under way when the outbox stops is released, and not counted.
func TestStop(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPartner(func(ctx context.Context, _ cnr.Notification) error { <-ctx.Done(); return ctx.Err() })
		q := cnr.NewMemory()
		o, err := cnr.NewOutbox(cnr.OutboxConfig{Queue: q, Send: p.send})
		if err != nil {
			t.Fatal(err)
		}
		notify(t, o, iia(peer, "1"), iia(peer, "2"))
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { o.Run(ctx); close(done) }()
		time.Sleep(time.Second)
		cancel()
		<-done
		for _, id := range []string{"1", "2"} {
			if e := only(t, q, iia(peer, id)); e.State != cnr.Waiting || e.Attempts != 0 || e.Reason != "" {
				t.Errorf("%+v, want it waiting, untried", e)
			}
		}
		if got, err := q.Claim(t.Context(), time.Now(), time.Now().Add(time.Minute), 9); err != nil || len(got) != 2 {
			t.Errorf("claimed %d, %v, want 2: released ones can be claimed at once", len(got), err)
		}
	})
}

func TestPart(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPartner(func(context.Context, cnr.Notification) error {
			return &cnr.PartError{Failed: map[string]error{"2": failWith(http.StatusBadRequest)(nil, cnr.Notification{})}}
		})
		q := cnr.NewMemory()
		o := begin(t, q, p, 5, cnr.Work{})
		notify(t, o, iia(peer, "1"), iia(peer, "2"))
		synctest.Wait()
		if a, b := only(t, q, iia(peer, "1")), only(t, q, iia(peer, "2")); a.State != cnr.Done || b.State != cnr.Refused {
			t.Errorf("1 is %s, 2 is %s, want done and refused", a.State, b.State)
		}
	})
}

func TestConfig(t *testing.T) {
	t.Parallel()
	_, err := cnr.NewOutbox(cnr.OutboxConfig{Work: cnr.Work{Workers: -1}})
	faults, _ := errors.AsType[passerelle.FieldErrors](err)
	if len(faults) != 3 {
		t.Errorf("faults %v, want those of Queue, Send and Work.Workers", faults)
	}
	_, err = cnr.NewInbox(cnr.InboxConfig{})
	if faults, _ := errors.AsType[passerelle.FieldErrors](err); len(faults) != 2 {
		t.Errorf("faults %v, want those of Queue and Fetch", faults)
	}
	_, err = cnr.NewPuller(cnr.PullerConfig{Night: cnr.Night{From: 2, To: 1}})
	if faults, _ := errors.AsType[passerelle.FieldErrors](err); len(faults) != 5 {
		t.Errorf("faults %v, want five", faults)
	}
	for attempt := range 2000 {
		if d := cnr.Backoff(attempt); d < 48*time.Second || d > 4*time.Hour {
			t.Fatalf("Backoff(%d) is %v", attempt, d)
		}
	}
}
