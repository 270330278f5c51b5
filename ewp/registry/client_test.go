package registry

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
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

func TestCanceledRefresh(t *testing.T) {
	t.Parallel()
	s := &server{body: one("a.example")}
	c := s.client(t, Config{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.Refresh(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if changed, err := c.Refresh(t.Context()); !changed || err != nil {
		t.Errorf("then %v, %v: the canceled query counts", changed, err)
	}
}

func TestCopy(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		names := func() []string {
			var names []string
			entries, err := os.ReadDir(dir)
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range entries {
				names = append(names, e.Name())
			}
			return names
		}
		s := &server{body: one("a.example")}
		c := s.client(t, Config{CopyDir: dir})
		if _, err := c.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		first := names()
		if len(first) != 2 || first[1] != "catalogue.json" {
			t.Fatalf("files %v", first)
		}

		// A restart: no query until the copy is due, then a conditional one.
		time.Sleep(10 * time.Minute)
		os.WriteFile(filepath.Join(dir, "catalogue-1.part"), nil, 0o600) // of a process that was killed
		c = s.client(t, Config{CopyDir: dir})
		holds(t, c, "a.example")
		if st := c.State(); !st.Restored || time.Until(st.Next) != 5*time.Minute || time.Since(st.Confirmed) != 10*time.Minute {
			t.Errorf("state %+v", st)
		}
		testutil.Equal(t, "files", names(), first)
		if changed, err := c.Refresh(t.Context()); changed || err != nil || s.requests[1].Header.Get("If-None-Match") == "" {
			t.Errorf("refresh after restart: %v %v", changed, err)
		}

		// The 304 is remembered as a confirmation.
		time.Sleep(time.Hour)
		c = s.client(t, Config{CopyDir: dir})
		if st := c.State(); time.Since(st.Confirmed) != time.Hour || time.Until(st.Next) != 0 {
			t.Errorf("state %+v", st)
		}

		// Another catalogue takes the place of the copy, and no file is left over.
		s.body = one("b.example")
		if changed, err := c.Refresh(t.Context()); !changed || err != nil {
			t.Errorf("changed: %v %v", changed, err)
		}
		if second := names(); len(second) != 2 || second[0] == first[0] {
			t.Errorf("files %v after %v", second, first)
		}
		holds(t, s.client(t, Config{CopyDir: dir}), "b.example")

		// A copy that is too old is there and not trusted.
		time.Sleep(DefaultMaxAge + time.Second)
		c = s.client(t, Config{CopyDir: dir})
		holds(t, c, "")
		c.Refresh(t.Context())
		holds(t, c, "b.example")
	})
}

func TestDamagedCopy(t *testing.T) {
	t.Parallel()
	tests := map[int]struct {
		name   string
		damage func(dir, file string) error
	}{
		0: {"no note", func(dir, file string) error { return os.Remove(filepath.Join(dir, noteName)) }},
		1: {"a note cut short", func(dir, file string) error { return os.Truncate(filepath.Join(dir, noteName), 20) }},
		2: {"no catalogue", func(dir, file string) error { return os.Remove(file) }},
		3: {"a catalogue cut short", func(dir, file string) error { return os.Truncate(file, 200) }},
		4: {"another catalogue", func(dir, file string) error { return os.WriteFile(file, []byte(one("evil.example")), 0o600) }},
		5: {"of another source", func(dir, file string) error { return edit(dir, address, "https://other.invalid/") }},
		6: {"of another format", func(dir, file string) error { return edit(dir, noteFormat, "x/2") }},
		7: {"of another folder", func(dir, file string) error { return edit(dir, `"file": "`, `"file": "../`) }},
		8: {"whole", func(dir, file string) error { return nil }},
	}
	for i := range len(tests) {
		tt := tests[i]
		t.Run(fmt.Sprint(i, " ", tt.name), func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			s := &server{body: one("a.example")}
			if _, err := s.client(t, Config{CopyDir: dir}).Refresh(t.Context()); err != nil {
				t.Fatal(err)
			}
			files, err := filepath.Glob(filepath.Join(dir, "catalogue-*.xml"))
			if err != nil || len(files) != 1 {
				t.Fatal(files, err)
			}
			if err := tt.damage(dir, files[0]); err != nil {
				t.Fatal(err)
			}
			var l testutil.Leaks
			c := s.client(t, Config{CopyDir: dir, Logger: l.Logger()})
			want := ""
			if tt.name == "whole" {
				want = "a.example"
			} else if l.Log() == "" {
				t.Error("nothing is logged")
			}
			holds(t, c, want)
			if _, err := c.Refresh(t.Context()); err != nil {
				t.Error(err)
			}
			holds(t, c, "a.example")
			holds(t, s.client(t, Config{CopyDir: dir}), "a.example")
		})
	}
}

func edit(dir, old, new string) error {
	path := filepath.Join(dir, noteName)
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	return os.WriteFile(path, []byte(strings.Replace(string(data), old, new, 1)), 0o600)
}

// TestCopyCannotBeWritten checks that a full or missing disk does not cost the index.
func TestCopyCannotBeWritten(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := &server{body: one("a.example")}
	var l testutil.Leaks
	c := s.client(t, Config{CopyDir: dir, MinGap: -1, Logger: l.Logger()})
	if err := os.Mkdir(filepath.Join(dir, noteName), 0o700); err != nil { // no note can take its place
		t.Fatal(err)
	}
	if _, err := c.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	holds(t, c, "a.example")
	if !strings.Contains(l.Log(), "could not be written") {
		t.Error("nothing is logged")
	}
	os.RemoveAll(dir)
	if _, err := c.Refresh(t.Context()); err != nil { // 304: nothing to spool
		t.Error(err)
	}
	s.body = one("b.example")
	if _, err := c.Refresh(t.Context()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
	holds(t, c, "a.example")
}

func TestFiles(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "catalogue.xml")
	write := func(content string, at int) {
		t.Helper()
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		when := time.Date(2030, 1, 1, 0, 0, at, 0, time.UTC)
		if err := os.Chtimes(path, when, when); err != nil {
			t.Fatal(err)
		}
	}
	c, err := New(Config{Source: File(path)})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Refresh(t.Context()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
	steps := []struct {
		content string
		at      int
		changed bool
		holds   string
	}{
		{one("a.example"), 1, true, "a.example"},
		{one("b.example"), 1, false, "a.example"}, // same time and size: taken for the same
		{one("b.example"), 2, true, "b.example"},
		{one("b.example"), 3, false, "b.example"}, // same bytes
		{"<", 4, false, "b.example"},
		{one("c.example"), 5, true, "c.example"},
	}
	for i, s := range steps {
		write(s.content, s.at)
		changed, err := c.Refresh(t.Context())
		if changed != s.changed || (err != nil) != (s.content == "<") {
			t.Errorf("%d: changed %v, error %v", i, changed, err)
		}
		holds(t, c, s.holds)
	}
}

// plain hides that a file can be read twice.
type plain struct{ fs.FS }

func (p plain) Open(name string) (fs.File, error) {
	f, err := p.FS.Open(name)
	return struct{ fs.File }{f}, err
}

func TestFS(t *testing.T) {
	t.Parallel()
	for name, fsys := range map[string]fs.FS{
		"seekable": fstest.MapFS{"x/catalogue.xml": {Data: []byte(one("a.example"))}},
		"plain":    plain{fstest.MapFS{"x/catalogue.xml": {Data: []byte(one("a.example"))}}},
	} {
		c, err := New(Config{Source: FS(fsys, "x/catalogue.xml")})
		if err != nil {
			t.Fatal(err)
		}
		for i := range 3 {
			if changed, err := c.Refresh(t.Context()); changed != (i == 0) || err != nil {
				t.Errorf("%s: %d: %v %v", name, i, changed, err)
			}
		}
		holds(t, c, "a.example")
		small, err := New(Config{Source: FS(fsys, "x/catalogue.xml"), Limits: Limits{MaxBytes: 100}})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := small.Refresh(t.Context()); !errors.Is(err, passerelle.ErrProtocol) {
			t.Errorf("%s: beyond the limit: %v", name, err)
		}
	}
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

// TestTLS downloads a catalogue over a real connection, compressed.
func TestTLS(t *testing.T) {
	t.Parallel()
	s := &server{body: one("a.example")}
	srv := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		resp, _ := s.RoundTrip(r)
		for k, v := range resp.Header {
			w.Header()[k] = v
		}
		w.WriteHeader(resp.StatusCode)
		io.Copy(w, resp.Body)
	}))
	defer srv.Close()
	c, err := New(Config{Source: URL(srv.URL + "/catalogue-v1.xml"), MinGap: -1, Transport: transport.Config{Base: srv.Client().Transport}})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 2 {
		if changed, err := c.Refresh(t.Context()); changed != (i == 0) || err != nil {
			t.Errorf("%d: %v %v", i, changed, err)
		}
	}
	holds(t, c, "a.example")
	small, err := New(Config{Source: URL(srv.URL), Limits: Limits{MaxBytes: 100}, Transport: transport.Config{Base: srv.Client().Transport}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := small.Refresh(t.Context()); !errors.Is(err, passerelle.ErrProtocol) {
		t.Errorf("beyond the limit: %v", err)
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
