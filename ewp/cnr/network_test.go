package cnr_test

import (
	"context"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/cnr"
	"github.com/passerelle-sup/passerelle/ewp/ewpclient"
	"github.com/passerelle-sup/passerelle/ewp/ewptest"
)

// TestNetwork sends every kind of notification from one university to another, over
// signed HTTPS, while the receiver has a bad day: all of them arrive, and the inbox
// fetches each object once or more.
func TestNetwork(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	fetched := map[cnr.Change]int{}
	inbox, err := cnr.NewInbox(cnr.InboxConfig{
		Queue: openFile(t, filepath.Join(t.TempDir(), "inbox")),
		Fetch: func(_ context.Context, n cnr.Notification) error {
			mu.Lock()
			defer mu.Unlock()
			for _, id := range n.IDs {
				fetched[cnr.Change{Route: n.Route, ID: id}]++
			}
			return nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	n := ewptest.NewNetwork(t, ewptest.Config{Universities: []ewptest.UniversityConfig{
		{HEI: own},
		{HEI: peer, Register: func(u *ewptest.University) error { return inbox.Register(u.Server, 3, cnr.APIs()...) }},
		{HEI: other}, // takes no notifications
	}})
	send, limit := cnr.Sender(func(hei ewp.HEIID) *ewpclient.Client {
		if u := n.University(hei.String()); u != nil {
			return u.Client
		}
		return nil
	})
	outbox, err := cnr.NewOutbox(cnr.OutboxConfig{
		Queue: openFile(t, filepath.Join(t.TempDir(), "outbox")), Send: send, Limit: limit,
		Work: cnr.Work{Poll: 20 * time.Millisecond, Backoff: func(int) time.Duration { return 30 * time.Millisecond }},
	})
	if err != nil {
		t.Fatal(err)
	}
	testLimits(t, limit)

	var want []cnr.Change
	for _, api := range cnr.APIs() {
		for _, id := range []string{"1", "2", "3"} {
			want = append(want, cnr.Change{Route: cnr.Route{From: own, To: peer, API: api}, ID: id})
		}
	}
	receiver := n.University(peer.String())
	receiver.Inject(ewptest.Injection{Fault: ewptest.LostAnswer, Times: 2})
	receiver.Inject(ewptest.Injection{Fault: ewptest.Unavailable, Times: 2})
	notify(t, outbox, want...)
	notify(t, outbox, iia(other, "1"))
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { outbox.Run(ctx) })
	running.Go(func() { inbox.Run(ctx) })
	defer running.Wait()
	defer cancel()
	deadline := time.Now().Add(30 * time.Second)
	for time.Now().Before(deadline) {
		mu.Lock()
		done := len(fetched) == len(want)
		mu.Unlock()
		if c, err := outbox.Counts(t.Context(), cnr.Filter{Route: cnr.Route{To: peer}}); err == nil && c.Waiting == 0 && done {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	mu.Lock()
	for c := range fetched {
		if !slices.Contains(want, c) {
			t.Errorf("%+v was fetched, and never changed", c)
		}
	}
	if len(fetched) != len(want) {
		t.Errorf("%d objects were fetched, want %d", len(fetched), len(want))
	}
	mu.Unlock()
	for e, err := range outbox.Entries(t.Context(), cnr.Filter{}) {
		switch {
		case err != nil:
			t.Error(err)
		case e.Change.To == peer && e.State != cnr.Done:
			t.Errorf("%+v, want done", e)
		case e.Change.To == other && (e.State != cnr.Waiting || e.Attempts == 0 || e.Reason == ""):
			t.Errorf("to one that takes no notifications: %+v, want it to be tried until the expiry", e)
		}
	}
}

func testLimits(t *testing.T, limit func(cnr.Route) int) {
	t.Helper()
	for _, c := range []struct {
		to   ewp.HEIID
		api  ewp.API
		want int
	}{{peer, ewp.OMobilityCNR, 3}, {peer, ewp.IIACNR, 1}, {other, ewp.OMobilityCNR, 1}} {
		if got := limit(cnr.Route{From: own, To: c.to, API: c.api}); got != c.want {
			t.Errorf("%s to %s: %d at once, want %d", c.api, c.to, got, c.want)
		}
	}
}
