package cnrtest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/cnr"
)

var (
	// start is some moment; stores keep times to the microsecond at least.
	start = time.Date(2026, 11, 2, 8, 0, 0, 0, time.UTC)
	own   = ewp.MustParseHEIID("univ-a.example")
	peer  = ewp.MustParseHEIID("univ-b.example")
	other = ewp.MustParseHEIID("univ-c.example")
)

const lease = time.Minute

func at(minutes int) time.Time { return start.Add(time.Duration(minutes) * time.Minute) }

func change(to ewp.HEIID, api ewp.API, id string) cnr.Change {
	return cnr.Change{Route: cnr.Route{From: own, To: to, API: api}, ID: id}
}

// Queue runs the tests of a store. open returns a new empty queue, and closes it when
// the test ends.
func Queue(t *testing.T, open func(t *testing.T) cnr.Queue) {
	for _, test := range []struct {
		name string
		run  func(*testing.T, cnr.Queue)
	}{
		{"merge", testMerge},
		{"refused changes", testCheck},
		{"again", testAgain},
		{"claim in order", testOrder},
		{"one message at a time", testOneAtATime},
		{"lease", testLease},
		{"settle", testSettle},
		{"changed meanwhile", testMeanwhile},
		{"next", testNext},
		{"filter", testFilter},
		{"purge", testPurge},
		{"cancelled", testCancelled},
		{"many at once", testConcurrent},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			test.run(t, open(t))
		})
	}
}

// Reopened runs the tests of a store that lasts. open opens the same store again, after
// the one returned before was closed by close.
func Reopened(t *testing.T, open func(t *testing.T) (q cnr.Queue, close func())) {
	q, done := open(t)
	add(t, q, at(0), change(peer, ewp.IIACNR, "done"), change(peer, ewp.IIACNR, "late"))
	add(t, q, at(1), change(peer, ewp.IIACNR, "refused"), change(other, ewp.OMobilityCNR, "waits"))
	claimed := claim(t, q, at(2), 3)
	settle(t, q, cnr.Result{At: at(2), State: cnr.Done, Tried: true, Status: 200}, pick(t, claimed, "done"))
	settle(t, q, cnr.Result{At: at(2), State: cnr.Refused, Tried: true, Status: 400, Reason: "refused", Said: "no such parameter é"}, pick(t, claimed, "refused"))
	settle(t, q, cnr.Result{At: at(2), State: cnr.Waiting, Due: at(30), Tried: true, Status: 503, Reason: "unavailable"}, pick(t, claimed, "late"))
	before := all(t, q)
	done()
	q, done = open(t)
	defer done()
	after := all(t, q)
	for id, want := range before {
		if got := after[id]; got != want {
			t.Errorf("%q after opening again: %+v, want %+v", id, got, want)
		}
	}
	if len(after) != len(before) {
		t.Errorf("after opening again: %d entries, want %d", len(after), len(before))
	}
	wantIDs(t, claim(t, q, at(3), 10), "waits")
	wantIDs(t, claim(t, q, at(30), 10), "waits") // its lease has ended
	wantIDs(t, claim(t, q, at(30), 10), "late")
}

func testMerge(t *testing.T, q cnr.Queue) {
	c := change(peer, ewp.IIACNR, "1")
	add(t, q, at(0), c)
	add(t, q, at(3), c, c)
	got := all(t, q)["1"]
	want := cnr.Entry{Change: c, State: cnr.Waiting, Changes: 3, Since: at(0), Changed: at(3), Due: at(0)}
	if got != want {
		t.Errorf("three changes: %+v, want %+v", got, want)
	}
	// The same identifier elsewhere is another object.
	add(t, q, at(3), change(other, ewp.IIACNR, "1"), change(peer, ewp.IIAApprovalCNR, "1"))
	if n := len(list(t, q, cnr.Filter{})); n != 3 {
		t.Errorf("%d entries, want 3", n)
	}
}

func testCheck(t *testing.T, q cnr.Queue) {
	good := change(peer, ewp.IIACNR, "1")
	for name, bad := range map[string]cnr.Change{
		"no sender":         {Route: cnr.Route{To: peer, API: ewp.IIACNR}, ID: "1"},
		"no receiver":       {Route: cnr.Route{From: own, API: ewp.IIACNR}, ID: "1"},
		"to itself":         {Route: cnr.Route{From: own, To: own, API: ewp.IIACNR}, ID: "1"},
		"no notifications":  change(peer, ewp.IIAs, "1"),
		"no identifier":     change(peer, ewp.IIACNR, ""),
		"a long identifier": change(peer, ewp.IIACNR, strings.Repeat("x", 257)),
	} {
		if err := q.Add(t.Context(), at(0), good, bad); !errors.Is(err, passerelle.ErrInvalid) {
			t.Errorf("%s: %v, want ErrInvalid", name, err)
		}
	}
	if n := len(all(t, q)); n != 0 {
		t.Errorf("%d changes beside a refused one were kept, want none", n)
	}
	for name, err := range map[string]error{
		"no limit":    second(q.Claim(t.Context(), at(0), at(1), 0)),
		"ended lease": second(q.Claim(t.Context(), at(1), at(1), 1)),
	} {
		if !errors.Is(err, passerelle.ErrInvalid) {
			t.Errorf("claim, %s: %v, want ErrInvalid", name, err)
		}
	}
}

func testAgain(t *testing.T, q cnr.Queue) {
	c := change(peer, ewp.IIACNR, "1")
	add(t, q, at(0), c)
	settle(t, q, cnr.Result{At: at(0), State: cnr.Waiting, Due: at(60), Tried: true}, claim(t, q, at(0), 1)...)
	add(t, q, at(1), c)
	if got := claim(t, q, at(2), 1); len(got) != 0 {
		t.Errorf("a change while the partner is down: %+v was claimed before it is due", got)
	}
	if err := q.Again(t.Context(), at(2), c); err != nil {
		t.Fatal(err)
	}
	got := claim(t, q, at(2), 1)
	wantIDs(t, got, "1")
	settle(t, q, cnr.Result{At: at(3), State: cnr.Refused, Tried: true, Status: 403, Reason: "forbidden", Said: "who?"}, got...)
	if err := q.Again(t.Context(), at(9), c); err != nil {
		t.Fatal(err)
	}
	want := cnr.Entry{Change: c, State: cnr.Waiting, Changes: 4, Since: at(9), Changed: at(9), Due: at(9), Settled: at(3)}
	if got := all(t, q)["1"]; got != want {
		t.Errorf("again after a refusal: %+v, want %+v", got, want)
	}
}

func testOrder(t *testing.T, q cnr.Queue) {
	add(t, q, at(2), change(peer, ewp.IIACNR, "c"))
	add(t, q, at(0), change(peer, ewp.IIACNR, "a"))
	add(t, q, at(1), change(peer, ewp.IIACNR, "b"), change(other, ewp.IIACNR, "x"))
	add(t, q, at(5), change(peer, ewp.IIACNR, "later"))
	got := claim(t, q, at(4), 2)
	wantIDs(t, got, "a", "b")
	wantIDs(t, claim(t, q, at(4), 10), "x") // one route only, and no other to the same partner
	settle(t, q, cnr.Result{At: at(4), State: cnr.Waiting, Due: at(4), Tried: true}, got[0])
	settle(t, q, cnr.Result{At: at(4), State: cnr.Waiting, Due: at(4)}, got[1])
	// c is ready since 2; of those ready at 4, first what was not tried.
	wantIDs(t, claim(t, q, at(4), 10), "c", "b", "a")
}

func testOneAtATime(t *testing.T, q cnr.Queue) {
	add(t, q, at(0), change(peer, ewp.IIACNR, "1"), change(peer, ewp.IIACNR, "2"), change(peer, ewp.OMobilityCNR, "3"))
	first := claim(t, q, at(0), 2)
	if len(first) == 0 {
		t.Fatal("nothing was claimed")
	}
	if got := claim(t, q, at(0), 9); len(got) != 0 {
		t.Errorf("%+v was claimed beside a message under way to the same institution", got)
	}
	settle(t, q, cnr.Result{At: at(0), State: cnr.Done, Tried: true, Status: 200}, first...)
	if got := claim(t, q, at(0), 9); len(got) == 0 {
		t.Error("nothing was claimed after the message")
	}
}

func testLease(t *testing.T, q cnr.Queue) {
	c := change(peer, ewp.IIACNR, "1")
	add(t, q, at(0), c)
	first := claim(t, q, at(0), 1)
	wantIDs(t, first, "1")
	if first[0].Claim == 0 || !first[0].Leased.Equal(at(0).Add(lease)) {
		t.Errorf("claimed %+v, want a claim until %v", first[0], at(0).Add(lease))
	}
	if got := claim(t, q, at(0).Add(lease-time.Second), 1); len(got) != 0 {
		t.Error("claimed twice within a lease")
	}
	second := claim(t, q, at(0).Add(lease), 1)
	wantIDs(t, second, "1")
	if second[0].Claim == first[0].Claim {
		t.Error("two claims with the same number")
	}
	err := q.Settle(t.Context(), cnr.Result{At: at(2), State: cnr.Done}, first[0])
	if !errors.Is(err, passerelle.ErrConflict) {
		t.Errorf("settling a claim that was lost: %v, want ErrConflict", err)
	}
	if got := all(t, q)["1"]; got != second[0] {
		t.Errorf("after that: %+v, want %+v", got, second[0])
	}
	// A lease that ended and that nobody took over still counts.
	settle(t, q, cnr.Result{At: at(9), State: cnr.Done, Tried: true, Status: 200}, second[0])
	if err := q.Settle(t.Context(), cnr.Result{At: at(9), State: cnr.Refused}, second[0]); !errors.Is(err, passerelle.ErrConflict) {
		t.Errorf("settling twice: %v, want ErrConflict", err)
	}
	if err := q.Settle(t.Context(), cnr.Result{At: at(9), State: cnr.Done}, cnr.Entry{Change: change(peer, ewp.IIACNR, "none"), Claim: 1}); !errors.Is(err, passerelle.ErrConflict) {
		t.Errorf("settling what is not there: %v, want ErrConflict", err)
	}
}

func testSettle(t *testing.T, q cnr.Queue) {
	for i, r := range []cnr.Result{
		{At: at(1), State: cnr.Done, Tried: true, Status: 200},
		{At: at(1), State: cnr.Refused, Tried: true, Status: 400, Reason: "invalid", Said: "l'identifiant manque"},
		{At: at(1), State: cnr.Expired, Tried: true, Status: 500, Reason: "unavailable"},
		{At: at(1), State: cnr.Waiting, Due: at(5), Tried: true, Status: 503, Reason: "unavailable", Said: "maintenance"},
		{At: at(1), State: cnr.Waiting, Due: at(6)},
	} {
		c := change(peer, ewp.IIACNR, fmt.Sprint(i))
		add(t, q, at(0), c)
		settle(t, q, r, claim(t, q, at(0), 1)...)
		want := cnr.Entry{Change: c, State: r.State, Changes: 1, Since: at(0), Changed: at(0), Due: r.Due, Settled: at(1), Status: r.Status, Reason: r.Reason, Said: r.Said}
		if r.Tried && r.State != cnr.Done {
			want.Attempts = 1
		}
		if got := all(t, q)[c.ID]; got != want {
			t.Errorf("%d: %+v, want %+v", i, got, want)
		}
	}
	// A lost claim among good ones is left alone.
	a, b := change(other, ewp.IIACNR, "a"), change(other, ewp.IIACNR, "b")
	add(t, q, at(0), a, b)
	claimed := claim(t, q, at(0), 9)
	lost := pick(t, claimed, "a")
	lost.Claim += 1000
	if err := q.Settle(t.Context(), cnr.Result{At: at(1), State: cnr.Done}, lost, pick(t, claimed, "b")); !errors.Is(err, passerelle.ErrConflict) {
		t.Errorf("one claim lost: %v, want ErrConflict", err)
	}
	if got := all(t, q); got["a"].State != cnr.Waiting || got["b"].State != cnr.Done {
		t.Errorf("one claim lost: a %s, b %s, want waiting and done", got["a"].State, got["b"].State)
	}
}

func testMeanwhile(t *testing.T, q cnr.Queue) {
	for i, state := range []cnr.State{cnr.Done, cnr.Refused, cnr.Expired} {
		c := change(peer, ewp.IIACNR, fmt.Sprint(i))
		add(t, q, at(0), c)
		claimed := claim(t, q, at(0), 1)
		add(t, q, at(1), c)
		settle(t, q, cnr.Result{At: at(2), State: state, Tried: true, Status: 200}, claimed...)
		got := all(t, q)[c.ID]
		if got.State != cnr.Waiting || got.Attempts != 0 || !got.Since.Equal(at(1)) || !got.Due.Equal(at(2)) {
			t.Errorf("changed while it was %s: %+v, want it waiting since minute 1, due at minute 2", state, got)
		}
		settle(t, q, cnr.Result{At: at(3), State: cnr.Done, Tried: true, Status: 200}, claim(t, q, at(2), 1)...)
		if got := all(t, q)[c.ID]; got.State != cnr.Done {
			t.Errorf("told again: %+v, want done", got)
		}
	}
}

func testNext(t *testing.T, q cnr.Queue) {
	next := func(want time.Time) {
		t.Helper()
		got, err := q.Next(t.Context())
		if err != nil || !got.Equal(want) {
			t.Errorf("Next: %v, %v, want %v", got, err, want)
		}
	}
	next(time.Time{})
	add(t, q, at(3), change(peer, ewp.IIACNR, "1"))
	add(t, q, at(1), change(other, ewp.IIACNR, "2"))
	next(at(1))
	claimed := claim(t, q, at(1), 1)
	next(at(1).Add(lease))
	settle(t, q, cnr.Result{At: at(2), State: cnr.Waiting, Due: at(8), Tried: true}, claimed...)
	next(at(3))
	settle(t, q, cnr.Result{At: at(3), State: cnr.Done}, claim(t, q, at(3), 1)...)
	next(at(8))
}

func testFilter(t *testing.T, q cnr.Queue) {
	add(t, q, at(0), change(peer, ewp.IIACNR, "1"))
	settle(t, q, cnr.Result{At: at(0), State: cnr.Refused, Tried: true, Status: 400}, claim(t, q, at(0), 1)...)
	add(t, q, at(4), change(other, ewp.IIACNR, "2"), change(peer, ewp.OMobilityCNR, "3"))
	for i, c := range []struct {
		f    cnr.Filter
		want []string
	}{
		0: {cnr.Filter{}, []string{"1", "2", "3"}},
		1: {cnr.Filter{Route: cnr.Route{To: peer}}, []string{"1", "3"}},
		2: {cnr.Filter{Route: cnr.Route{API: ewp.IIACNR}}, []string{"1", "2"}},
		3: {cnr.Filter{Route: cnr.Route{From: other}}, nil},
		4: {cnr.Filter{ID: "2"}, []string{"2"}},
		5: {cnr.Filter{States: []cnr.State{cnr.Refused, cnr.Expired}}, []string{"1"}},
		6: {cnr.Filter{Route: cnr.Route{To: peer}, States: []cnr.State{cnr.Waiting}}, []string{"3"}},
	} {
		if got := ids(list(t, q, c.f)); !slices.Equal(got, c.want) {
			t.Errorf("%d: %v, want %v", i, got, c.want)
		}
	}
	got, err := cnr.Count(t.Context(), q, at(5), cnr.Filter{})
	want := cnr.Counts{Waiting: 2, Refused: 1, Oldest: at(4)}
	if err != nil || got != want {
		t.Errorf("Count: %+v, %v, want %+v", got, err, want)
	}
}

func testPurge(t *testing.T, q cnr.Queue) {
	for i, state := range []cnr.State{cnr.Done, cnr.Refused, cnr.Expired, cnr.Done} {
		add(t, q, at(0), change(peer, ewp.IIACNR, fmt.Sprint(i)))
		settle(t, q, cnr.Result{At: at(i), State: state, Tried: true}, claim(t, q, at(0), 1)...)
	}
	add(t, q, at(0), change(peer, ewp.IIACNR, "waits"))
	n, err := q.Purge(t.Context(), at(3))
	if err != nil || n != 3 {
		t.Errorf("Purge: %d, %v, want 3", n, err)
	}
	if got := ids(list(t, q, cnr.Filter{})); !slices.Equal(got, []string{"3", "waits"}) {
		t.Errorf("left: %v, want 3 and waits", got)
	}
	add(t, q, at(9), change(peer, ewp.IIACNR, "0"))
	if got := all(t, q)["0"]; got.Changes != 1 || got.State != cnr.Waiting {
		t.Errorf("a forgotten object that changes: %+v, want a new entry", got)
	}
}

func testCancelled(t *testing.T, q cnr.Queue) {
	c := change(peer, ewp.IIACNR, "1")
	add(t, q, at(0), c)
	claimed := claim(t, q, at(0), 1)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for name, err := range map[string]error{
		"Add":    q.Add(ctx, at(1), c),
		"Again":  q.Again(ctx, at(1), c),
		"Claim":  second(q.Claim(ctx, at(9), at(10), 1)),
		"Settle": q.Settle(ctx, cnr.Result{At: at(1), State: cnr.Done}, claimed...),
		"Next":   second(q.Next(ctx)),
		"Purge":  second(q.Purge(ctx, at(9))),
	} {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v, want context.Canceled", name, err)
		}
	}
	if got := all(t, q)["1"]; got != claimed[0] {
		t.Errorf("after cancelled calls: %+v, want %+v", got, claimed[0])
	}
}

// testConcurrent has workers share a queue while others add to it: every change is
// done after it was made, and no object by two at the same time.
func testConcurrent(t *testing.T, q cnr.Queue) {
	const adders, changes, objects = 4, 25, 7
	var mu sync.Mutex
	under := map[string]bool{}
	var adding, working sync.WaitGroup
	stop := make(chan struct{})
	for a := range adders {
		adding.Go(func() {
			for i := range changes {
				to := []ewp.HEIID{peer, other}[i%2]
				if err := q.Add(t.Context(), at(0), change(to, ewp.OMobilityCNR, fmt.Sprint((a+i)%objects))); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for range 3 {
		working.Go(func() {
			for {
				claimed, err := q.Claim(t.Context(), at(1), at(100), 3)
				if err != nil {
					t.Error(err)
					return
				}
				if len(claimed) == 0 {
					select {
					case <-stop:
						return
					case <-time.After(time.Millisecond):
						continue
					}
				}
				mu.Lock()
				key := claimed[0].Change.To.String()
				if under[key] {
					t.Errorf("two messages to %s at the same time", key)
				}
				under[key] = true
				mu.Unlock()
				time.Sleep(time.Millisecond)
				mu.Lock()
				under[key] = false
				mu.Unlock()
				if err := q.Settle(t.Context(), cnr.Result{At: at(1), State: cnr.Done, Tried: true, Status: 200}, claimed...); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	adding.Wait()
	deadline := time.Now().Add(time.Minute)
	for time.Now().Before(deadline) {
		if next, err := q.Next(t.Context()); err != nil || next.IsZero() {
			break
		}
		time.Sleep(time.Millisecond)
	}
	close(stop)
	working.Wait()
	total := int64(0)
	for _, e := range list(t, q, cnr.Filter{}) {
		if total += e.Changes; e.State != cnr.Done {
			t.Errorf("%+v, want done", e)
		}
	}
	if total != adders*changes {
		t.Errorf("%d changes were kept, want %d", total, adders*changes)
	}
}
