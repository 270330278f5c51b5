package cnr_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/cnr"
	"github.com/passerelle-sup/passerelle/internal/testutil"
)

func values(ids ...string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for _, id := range ids {
			if !yield(id, nil) {
				return
			}
		}
	}
}

// from is the way by which peer tells own.
var from = cnr.Route{From: peer, To: own, API: ewp.IIACNR}

func TestInbox(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p, q := newPartner(ok), cnr.NewMemory()
		in, err := cnr.NewInbox(cnr.InboxConfig{Queue: q, Fetch: p.send, Limit: func(cnr.Route) int { return 10 }})
		if err != nil {
			t.Fatal(err)
		}
		take := func(ids ...string) {
			t.Helper()
			if err := in.Take(t.Context(), cnr.Notification{Route: from, IDs: ids}); err != nil {
				t.Fatal(err)
			}
		}
		take("1", "1")
		take("1", "", strings.Repeat("x", 300)) // what can be no object's is understood and dropped
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go in.Run(ctx)
		synctest.Wait()
		p.wants(t, "0s univ-a.example [1]")
		time.Sleep(time.Hour)
		if err := in.Refresh(t.Context(), cnr.Change{Route: from, ID: "1"}); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		p.wants(t, "0s univ-a.example [1]", "1h0m0s univ-a.example [1]")
		if got, err := in.Counts(t.Context(), cnr.Filter{}); err != nil || got != (cnr.Counts{Done: 1}) {
			t.Errorf("Counts: %+v, %v, want 1 done", got, err)
		}
	})
}

// TestPull plays ten nights: what changed is fetched although no message came, what
// is gone is found by the full index, and an index that broke off moves nothing on.
func TestPull(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q := cnr.NewMemory()
		in, err := cnr.NewInbox(cnr.InboxConfig{Queue: q, Fetch: ok})
		if err != nil {
			t.Fatal(err)
		}
		begun := time.Now()
		var asked []string
		broken := false
		puller, err := cnr.NewPuller(cnr.PullerConfig{
			Inbox: in, Marks: q,
			Routes: func(context.Context) iter.Seq2[cnr.Route, error] {
				return func(yield func(cnr.Route, error) bool) { yield(from, nil) }
			},
			Index: func(_ context.Context, r cnr.Route, since time.Time) iter.Seq2[string, error] {
				if since.IsZero() {
					asked = append(asked, "all")
				} else {
					asked = append(asked, fmt.Sprint(since.Sub(begun)))
				}
				return func(yield func(string, error) bool) {
					if yield("a", nil) && broken {
						yield("", passerelle.ErrUnavailable)
					}
				}
			},
			Known: func(context.Context, cnr.Route) iter.Seq2[string, error] { return values("a", "gone") },
		})
		if err != nil {
			t.Fatal(err)
		}
		if n, err := puller.Pull(t.Context(), from); n != 2 || err != nil {
			t.Errorf("the first night: %d, %v, want a and the copy that is in no index", n, err)
		}
		if e := only(t, q, cnr.Change{Route: from, ID: "gone"}); e.State != cnr.Waiting {
			t.Errorf("a copy that is in no index: %+v, want it to be fetched", e)
		}
		for night := range 9 {
			time.Sleep(24 * time.Hour)
			broken = night == 3
			err := puller.PullAll(t.Context())
			if broken != errors.Is(err, passerelle.ErrUnavailable) || !broken && err != nil {
				t.Errorf("night %d: %v", night, err)
			}
		}
		// A day of overlap; the night after the broken one asks from before it; the full one after a week.
		testutil.Equal(t, "modified_since", asked, []string{"all", "-24h0m0s", "0s", "24h0m0s", "48h0m0s", "48h0m0s", "96h0m0s", "all", "144h0m0s", "168h0m0s"})
	})
}

func TestNights(t *testing.T) {
	t.Parallel()
	paris, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		t.Skip("no time zones here")
	}
	night := cnr.Night{From: 2 * time.Hour, To: 4 * time.Hour, Zone: paris}
	times := map[string]bool{}
	for i := range 50 {
		name := fmt.Sprintf("univ-%d.example", i)
		now := start
		for range 400 { // through both changes of the clock
			next := night.Next(now, name)
			if !next.After(now) || next.Sub(now) > 26*time.Hour {
				t.Fatalf("after %v comes %v", now, next)
			}
			if h := next.Hour(); h < 1 || h > 4 {
				t.Fatalf("%v is not at night", next)
			}
			now = next
		}
		times[now.Format("15:04:05")] = true
	}
	if len(times) < 40 {
		t.Errorf("50 institutions begin at %d times, want them spread", len(times))
	}
	if got := (cnr.Night{}).Next(start, "x"); got.UTC().Hour() < 1 || got.UTC().Hour() > 3 || got.Day() != 3 {
		t.Errorf("the zero value: %v, want the next night from one to four o'clock", got)
	}
}

func TestPullerRuns(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q := cnr.NewMemory()
		in, err := cnr.NewInbox(cnr.InboxConfig{Queue: q, Fetch: ok})
		if err != nil {
			t.Fatal(err)
		}
		var mu sync.Mutex
		var at []time.Time
		puller, err := cnr.NewPuller(cnr.PullerConfig{
			Inbox: in, Marks: q,
			Routes: func(context.Context) iter.Seq2[cnr.Route, error] {
				return func(yield func(cnr.Route, error) bool) { yield(from, nil) }
			},
			Index: func(context.Context, cnr.Route, time.Time) iter.Seq2[string, error] {
				mu.Lock()
				defer mu.Unlock()
				at = append(at, time.Now().UTC())
				return values()
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		var running sync.WaitGroup
		running.Go(func() { puller.Run(ctx, "univ-a.example") })
		time.Sleep(72 * time.Hour)
		cancel()
		running.Wait()
		if len(at) != 3 || at[1].Sub(at[0]) != 24*time.Hour {
			t.Errorf("pulled at %v, want three nights", at)
		}
	})
}

func TestParams(t *testing.T) {
	t.Parallel()
	var forms []string
	for _, api := range cnr.APIs() {
		n := cnr.Notification{Route: cnr.Route{From: own, To: peer, API: api}, IDs: []string{"1", "2"}}
		forms = append(forms, fmt.Sprintf("%s %s %s | %s", api, cnr.About(api), n.Params(api.Version().Major).Encode(), n.Params(1).Encode()))
		if cnr.By(cnr.About(api)) != api {
			t.Errorf("%s is about %s, by which %s notifies", api, cnr.About(api), cnr.By(cnr.About(api)))
		}
	}
	slices.Sort(forms)
	testutil.Equal(t, "forms, of the current version and of the first", forms, []string{
		"iia-approval-cnr iias-approval iia_id=1&iia_id=2 | approving_hei_id=univ-a.example&iia_id=1&iia_id=2&owner_hei_id=univ-b.example",
		"iia-cnr iias iia_id=1&iia_id=2 | iia_id=1&iia_id=2",
		"imobility-cnr imobilities omobility_id=1&omobility_id=2 | omobility_id=1&omobility_id=2&receiving_hei_id=univ-a.example",
		"imobility-tor-cnr imobility-tors omobility_id=1&omobility_id=2 | omobility_id=1&omobility_id=2&receiving_hei_id=univ-a.example",
		"omobility-cnr omobilities omobility_id=1&omobility_id=2 | omobility_id=1&omobility_id=2&sending_hei_id=univ-a.example",
		"omobility-la-cnr omobility-las omobility_id=1&omobility_id=2&sending_hei_id=univ-a.example | omobility_id=1&omobility_id=2&sending_hei_id=univ-a.example",
	})
	if cnr.By(0) != 0 || cnr.By(ewp.Echo) != 0 {
		t.Error("what is not notified has no notification")
	}
}
