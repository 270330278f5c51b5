package registry

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/internal/testutil"
	"github.com/passerelle-sup/passerelle/transport"
)

// server is a registry in memory. As a RoundTripper it works in synctest bubbles.
type server struct {
	mu       sync.Mutex
	body     string
	status   int
	header   http.Header   // of every answer
	ignore   bool          // conditions
	clock    time.Duration // ahead of ours
	requests []*http.Request

	etag, etagOf string // of the body that etagOf is
}

func (s *server) set(change func(*server)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(s)
}

func (s *server) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.requests)
}

func (s *server) RoundTrip(r *http.Request) (*http.Response, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = append(s.requests, r)
	resp := &http.Response{StatusCode: 200, Header: http.Header{}, Request: r, ContentLength: -1}
	if s.etagOf != s.body {
		s.etag, s.etagOf = fmt.Sprintf("\"%x\"", sha256Of([]byte(s.body))), s.body
	}
	resp.Header.Set("ETag", s.etag)
	resp.Header.Set("Date", time.Now().Add(s.clock).UTC().Format(http.TimeFormat))
	body := s.body
	switch {
	case s.status != 0:
		resp.StatusCode, body = s.status, "<error-response/>"
	case !s.ignore && r.Header.Get("If-None-Match") == s.etag && s.etag != "":
		resp.StatusCode, body = 304, ""
	}
	for k, v := range s.header {
		resp.Header[k] = v
	}
	resp.Body = io.NopCloser(strings.NewReader(body))
	return resp, nil
}

const address = "https://registry.invalid/catalogue-v1.xml"

func (s *server) client(tb testing.TB, cfg Config) *Client {
	tb.Helper()
	cfg.Source = URL(address)
	cfg.Transport.Base = s
	c, err := New(cfg)
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

// one is a catalogue with a single host of an institution.
func one(id string) string {
	return catalogue("<host><institutions-covered><hei-id>" + id + "</hei-id></institutions-covered></host><institutions><hei id='" + id + "'><name>N</name></hei></institutions>")
}

// holds fails the test unless the client knows exactly one institution, with this
// id; "" when it must have no answer.
func holds(tb testing.TB, c *Client, id string) {
	tb.Helper()
	x, err := c.Index()
	if id == "" {
		if e, ok := errors.AsType[*Error](err); !ok || e.Op != "ask" || !errors.Is(err, passerelle.ErrUnavailable) || x != nil {
			tb.Errorf("got %v, want no index", err)
		}
		return
	}
	if err != nil {
		tb.Error(err)
		return
	}
	for h := range x.HEIs() {
		if h.ID.String() != id {
			tb.Errorf("holds %v, want %s", h.ID, id)
		}
	}
}

func TestRefresh(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &server{body: one("a.example")}
		changes := 0
		c := s.client(t, Config{OnChange: func(x *Index) { changes++ }})
		holds(t, c, "")
		refresh := func(want bool, wantErr error) {
			t.Helper()
			time.Sleep(DefaultMinGap)
			changed, err := c.Refresh(t.Context())
			if changed != want || wantErr == nil && err != nil || wantErr != nil && !errors.Is(err, wantErr) {
				t.Errorf("changed %v, error %v; want %v, %v", changed, err, want, wantErr)
			}
		}
		refresh(true, nil)
		holds(t, c, "a.example")
		before, _ := c.Index()
		refresh(false, nil) // 304
		after, _ := c.Index()
		if s.requests[1].Header.Get("If-None-Match") == "" || before != after {
			t.Error("an unchanged catalogue was read again")
		}
		s.ignore = true
		refresh(false, nil) // the same bytes
		if after, _ = c.Index(); before != after {
			t.Error("the same bytes were read again")
		}
		s.body, s.header = one("b.example"), http.Header{"Last-Modified": {"Tue, 05 Sep 2017 08:49:37 GMT"}}
		refresh(true, nil)
		holds(t, c, "b.example")
		if before.Report().HEIs != 1 {
			t.Error("the old index is broken")
		}
		s.body = "<catalogue>"
		refresh(false, passerelle.ErrProtocol)
		s.status = 503
		refresh(false, passerelle.ErrUnavailable)
		holds(t, c, "b.example")
		if got := s.requests[len(s.requests)-1].Header.Get("If-Modified-Since"); got != "Tue, 05 Sep 2017 08:49:37 GMT" {
			t.Errorf("If-Modified-Since %q", got)
		}
		if changes != 2 {
			t.Errorf("%d changes were told, want 2", changes)
		}
		st := c.State()
		if st.Err == nil || st.Stale || st.Restored || time.Since(st.Confirmed) != 2*DefaultMinGap || len(st.SHA256) != 64 {
			t.Errorf("state %+v", st)
		}
	})
}

func TestNotModifiedSinceNothing(t *testing.T) {
	t.Parallel()
	s := &server{status: 304}
	c := s.client(t, Config{})
	if _, err := c.Refresh(t.Context()); !errors.Is(err, passerelle.ErrProtocol) {
		t.Errorf("got %v", err)
	}
	holds(t, c, "")
}

// TestMinGap checks that no caller can make more than one query a minute.
func TestMinGap(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &server{body: one("a.example")}
		c := s.client(t, Config{})
		var wg sync.WaitGroup
		for range 20 {
			wg.Go(func() {
				for range 6 {
					if _, err := c.Refresh(t.Context()); err != nil {
						t.Error(err)
					}
					time.Sleep(time.Second)
				}
			})
		}
		wg.Wait()
		if got := s.count(); got != 1 {
			t.Errorf("%d queries in the first minute, want 1", got)
		}
		s.set(func(s *server) { s.status = 500 })
		time.Sleep(time.Minute)
		for range 3 {
			if _, err := c.Refresh(t.Context()); !errors.Is(err, passerelle.ErrUnavailable) {
				t.Errorf("got %v, want the failure of the last query", err)
			}
		}
		if got := s.count(); got != 2 {
			t.Errorf("%d queries, want 2", got)
		}
		free := s.client(t, Config{MinGap: -1})
		for range 3 {
			free.Refresh(t.Context())
		}
		if got := s.count(); got != 5 {
			t.Errorf("%d queries without a gap, want 5", got)
		}
	})
}

// TestSchedule checks when Run asks.
func TestSchedule(t *testing.T) {
	t.Parallel()
	const m = time.Minute
	tests := map[int]struct {
		cfg    Config
		status int
		header http.Header
		clock  time.Duration
		gap    time.Duration
	}{
		0:  {gap: 15 * m},
		1:  {cfg: Config{Interval: m}, gap: 5 * m}, // no Expires: five minutes
		2:  {cfg: Config{Interval: m}, header: http.Header{"Cache-Control": {"public", "max-age=90"}}, gap: 90 * time.Second},
		3:  {cfg: Config{Interval: m}, header: http.Header{"Cache-Control": {"max-age=0"}}, gap: m},
		4:  {header: http.Header{"Cache-Control": {"max-age=86400"}}, gap: 180 * m},
		5:  {header: http.Header{"Expires": {"Sat, 01 Jan 2000 03:00:00 GMT"}}, clock: time.Hour, gap: 120 * m}, // by the registry's clock
		6:  {header: http.Header{"Expires": {"0"}}, gap: 15 * m},
		7:  {cfg: Config{Interval: 180 * m}, header: http.Header{"Expires": {"Mon, 01 Jan 2001 00:00:00 GMT"}}, gap: 180 * m},
		8:  {status: 503, gap: 3 * m},
		9:  {cfg: Config{RetryAfter: m}, status: 500, gap: m},
		10: {status: 503, header: http.Header{"Retry-After": {"600"}}, gap: 10 * m},
		11: {status: 503, header: http.Header{"Retry-After": {"864000"}}, gap: 180 * m},
		12: {cfg: Config{RetryAfter: m, MinGap: 7 * m}, status: 500, gap: 7 * m},
	}
	for i := range len(tests) {
		tt := tests[i]
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := &server{body: one("a.example"), status: tt.status, header: tt.header, clock: tt.clock}
				c := s.client(t, tt.cfg)
				ctx, cancel := context.WithCancel(t.Context())
				done := make(chan error)
				go func() { done <- c.Run(ctx) }()
				synctest.Wait()
				if got := s.count(); got != 1 {
					t.Fatalf("%d queries at the start, want 1", got)
				}
				if next := time.Until(c.State().Next); next != tt.gap {
					t.Errorf("next query in %v, want %v", next, tt.gap)
				}
				time.Sleep(tt.gap - time.Millisecond)
				synctest.Wait()
				if got := s.count(); got != 1 {
					t.Errorf("%d queries before %v, want 1", got, tt.gap)
				}
				time.Sleep(2 * time.Millisecond)
				synctest.Wait()
				if got := s.count(); got != 2 {
					t.Errorf("%d queries after %v, want 2", got, tt.gap)
				}
				cancel()
				if err := <-done; err != context.Canceled {
					t.Errorf("Run returned %v", err)
				}
			})
		})
	}
}

// TestStale checks how long a copy is trusted while the registry is down, and that
// it is trusted again afterwards.
func TestStale(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var l testutil.Leaks
		s := &server{body: one("a.example")}
		c := s.client(t, Config{MaxAge: 10 * time.Hour, Logger: l.Logger()})
		forever := s.client(t, Config{MaxAge: -1, MinGap: -1})
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go c.Run(ctx)
		forever.Refresh(t.Context())
		synctest.Wait()
		s.set(func(s *server) { s.status = 500 })
		time.Sleep(2 * time.Hour)
		if st := c.State(); st.Aging || st.Stale {
			t.Errorf("after two hours: %+v", st)
		}
		if strings.Contains(l.Log(), `"ERROR"`) {
			t.Error("errors are logged too soon")
		}
		time.Sleep(time.Hour)
		if st := c.State(); !st.Aging || st.Stale {
			t.Errorf("after three hours: %+v", st)
		}
		if !strings.Contains(l.Log(), `"ERROR"`) {
			t.Error("no error is logged")
		}
		time.Sleep(7*time.Hour - time.Second)
		holds(t, c, "a.example")
		time.Sleep(2 * time.Second)
		holds(t, c, "")
		if st := c.State(); !st.Stale {
			t.Errorf("after ten hours: %+v", st)
		}
		s.set(func(s *server) { s.status = 0 })
		time.Sleep(DefaultRetryAfter)
		synctest.Wait()
		holds(t, c, "a.example")
		time.Sleep(1000 * time.Hour)
		holds(t, forever, "a.example")
	})
}

// patient answers when it is told to, or when the caller gives up.
type patient struct {
	*server
	wait time.Duration
}

func (p patient) RoundTrip(r *http.Request) (*http.Response, error) {
	select {
	case <-time.After(p.wait):
		return p.server.RoundTrip(r)
	case <-r.Context().Done():
		return nil, context.Cause(r.Context())
	}
}

// TestCanceledRefresh checks that a call which was canceled before it began does
// not count as a query, and one that was canceled on its way does.
func TestCanceledRefresh(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &server{body: one("a.example")}
		c, err := New(Config{Source: URL(address), Transport: transport.Config{Base: patient{s, 10 * time.Second}}})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		before, stop := context.WithCancel(t.Context())
		stop()
		if _, err := c.Refresh(before); !errors.Is(err, context.Canceled) {
			t.Errorf("canceled before: %v", err)
		}
		if _, err := c.Refresh(ctx); !errors.Is(err, context.DeadlineExceeded) || time.Until(c.State().Next) != DefaultRetryAfter {
			t.Errorf("canceled on its way: %v", err)
		}
		if _, err := c.Refresh(t.Context()); !errors.Is(err, context.DeadlineExceeded) || s.count() != 0 {
			t.Errorf("at once again: %v", err)
		}
		time.Sleep(DefaultMinGap)
		if changed, err := c.Refresh(t.Context()); !changed || err != nil {
			t.Errorf("a minute later: %v %v", changed, err)
		}
	})
}

func TestConfigFaults(t *testing.T) {
	t.Parallel()
	tests := map[int]struct {
		cfg  Config
		want string
	}{
		0: {Config{Source: URL("http://registry.invalid/")}, "Source"},
		1: {Config{Source: URL("https://user@registry.invalid/")}, "Source"},
		2: {Config{Source: URL("https://")}, "Source"},
		3: {Config{Source: FS(nil, "x")}, "Source"},
		4: {Config{Source: FS(fstest.MapFS{}, "/x")}, "Source"},
		5: {Config{Source: FS(fstest.MapFS{}, "x"), CopyDir: "y"}, "CopyDir"},
		6: {Config{Interval: time.Second, RetryAfter: 4 * time.Hour}, "Interval RetryAfter"},
		7: {Config{Limits: Limits{MaxBytes: -1, MaxElements: -1}}, "Limits.MaxBytes Limits.MaxElements"},
		8: {Config{Transport: transport.Config{TotalTimeout: -1}}, "Transport.TotalTimeout"},
		9: {Config{}, ""},
	}
	for i := range len(tests) {
		tt := tests[i]
		_, err := New(tt.cfg)
		var fields []string
		faults, _ := errors.AsType[passerelle.FieldErrors](err)
		for _, f := range faults {
			fields = append(fields, f.Field)
		}
		if got := strings.Join(fields, " "); got != tt.want {
			t.Errorf("%d: faults %q (%v), want %q", i, got, err, tt.want)
		}
	}
}

// TestReadersNeverWait asks questions while the catalogue changes under them; the
// race detector watches. Each answer must be that of one whole catalogue.
func TestReadersNeverWait(t *testing.T) {
	t.Parallel()
	s := &server{}
	c := s.client(t, Config{MinGap: -1})
	change := func(i int) {
		id := fmt.Sprintf("h%d.example", i)
		s.set(func(s *server) {
			s.body = catalogue("<host><apis-implemented><a xmlns='urn:a' version='1.0." + fmt.Sprint(i) + "'><url>https://" + id + "/</url></a></apis-implemented>" +
				"<institutions-covered><hei-id>" + id + "</hei-id></institutions-covered></host><institutions><hei id='" + id + "'><name>N</name></hei></institutions>")
		})
		if changed, err := c.Refresh(t.Context()); !changed || err != nil {
			t.Fatal(changed, err)
		}
	}
	change(0)
	stop := make(chan struct{})
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				x, err := c.Index()
				if err != nil {
					t.Error(err)
					return
				}
				for h := range x.HEIs() {
					e, ok := x.Find(Query{HEI: h.ID, Namespace: "urn:a"})
					if !ok || e.URL("url") != "https://"+h.ID.String()+"/" {
						t.Errorf("the entry of %v: %v", h.ID, ok)
					}
				}
				c.State()
			}
		})
	}
	for i := range 50 {
		change(i + 1)
	}
	close(stop)
	wg.Wait()
}
