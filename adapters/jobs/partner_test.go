package jobs_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/cnr"
)

// sender delivers notifications to a partner of the test.
func sender(url string) cnr.Handler {
	return func(ctx context.Context, n cnr.Notification) error {
		var body strings.Builder
		for _, id := range n.IDs {
			fmt.Fprintf(&body, "%s %s\n", n.To, id)
		}
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, strings.NewReader(body.String()))
		if err != nil {
			return err
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			return fmt.Errorf("the partner: %w", passerelle.ErrUnavailable)
		}
		defer resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			return fmt.Errorf("the partner answers %d: %w", resp.StatusCode, passerelle.ErrUnavailable)
		}
		return nil
	}
}

// partner takes notifications, and now and then fails, before or after it took them.
type partner struct {
	URL string

	mu       sync.Mutex
	requests int
	told     map[string]int
}

func newPartner(t testing.TB) *partner {
	t.Helper()
	p := &partner{told: make(map[string]int)}
	server := httptest.NewServer(p)
	t.Cleanup(server.Close)
	p.URL = server.URL
	return p
}

func (p *partner) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.requests++
	if err != nil || p.requests%7 == 3 {
		http.Error(w, "away", http.StatusServiceUnavailable)
		return
	}
	for line := range strings.Lines(string(body)) {
		p.told[strings.TrimSpace(line)]++
	}
	if p.requests%11 == 5 {
		http.Error(w, "lost", http.StatusBadGateway)
	}
}

// change keeps n changes in a queue, a few at a time while workers deliver, and gives them
// all in the end.
func (p *partner) change(t *testing.T, q cnr.Queue, n int) <-chan []cnr.Change {
	t.Helper()
	done := make(chan []cnr.Change, 1)
	go func() {
		var all []cnr.Change
		defer func() { done <- all }()
		for i := range n {
			c := cnr.Change{
				Route: cnr.Route{From: ewp.MustParseHEIID("univ-a.example"), To: ewp.MustParseHEIID(fmt.Sprintf("univ-%d.example", i%9)), API: ewp.OMobilityCNR},
				ID:    fmt.Sprint("mobility-", i),
			}
			if err := q.Add(context.Background(), time.Now(), c); err != nil {
				t.Errorf("a change was not kept: %v", err)
				return
			}
			all = append(all, c)
			time.Sleep(10 * time.Millisecond)
		}
	}()
	return done
}

// wait waits until everything is delivered, and checks that all changes were told.
func (p *partner) wait(t *testing.T, q cnr.Queue, all []cnr.Change) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(100 * time.Millisecond) {
		counts, err := cnr.Count(t.Context(), q, time.Now(), cnr.Filter{})
		if err != nil {
			t.Fatal(err)
		}
		if counts.Done == len(all) {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("of %d changes: %+v", len(all), counts)
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	twice := 0
	for _, c := range all {
		switch n := p.told[c.To.String()+" "+c.ID]; {
		case n == 0:
			t.Errorf("the partner was never told of %s", c.ID)
		case n > 1:
			twice++
		}
	}
	t.Logf("%d changes were told in %d requests, %d of them more than once", len(all), p.requests, twice)
}
