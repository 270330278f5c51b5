package transport

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/internal/testutil"
)

func TestConfigFaults(t *testing.T) {
	t.Parallel()
	_, err := New(Config{
		AttemptTimeout: -1, TotalTimeout: -1, MaxBody: -1, UserAgent: "a\nb",
		Retry: RetryPolicy{MaxAttempts: -1, MinWait: -1, MaxWait: -1, MaxRetryAfter: -1},
	})
	faults, _ := errors.AsType[passerelle.FieldErrors](err)
	var fields []string
	for _, f := range faults {
		fields = append(fields, f.Field+" "+f.Rule)
	}
	testutil.Equal(t, "faults", fields, []string{
		"AttemptTimeout range", "TotalTimeout range", "Retry.MaxAttempts range", "Retry.MinWait range", "Retry.MaxWait range",
		"Retry.MaxRetryAfter range", "MaxBody range", "UserAgent character",
	})

	tests := map[int]struct {
		cfg  Config
		want string
	}{
		0: {Config{}, ""},
		1: {Config{TotalTimeout: time.Second}, ""},
		2: {Config{AttemptTimeout: 3 * time.Minute}, "Transport.AttemptTimeout: range: want at most TotalTimeout, which is 2m0s"},
		3: {Config{Retry: RetryPolicy{MaxWait: time.Millisecond}}, ""},
		4: {Config{Retry: RetryPolicy{MinWait: time.Minute}}, "Transport.Retry.MinWait: range: want at most Retry.MaxWait, which is 20s"},
	}
	for i, tt := range tests {
		got := ""
		if err := tt.cfg.Faults("Transport.").Err(); err != nil {
			got = err.Error()
		}
		if got != tt.want {
			t.Errorf("%d: got %q, want %q", i, got, tt.want)
		}
	}
	if d := (Config{TotalTimeout: time.Second, Retry: RetryPolicy{MaxWait: time.Millisecond}}).withDefaults(); d.AttemptTimeout != time.Second || d.Retry.MinWait != time.Millisecond {
		t.Errorf("defaults above what was set: attempt %v, wait %v", d.AttemptTimeout, d.Retry.MinWait)
	}
}

func TestRequestFaults(t *testing.T) {
	t.Parallel()
	tests := map[int]struct {
		req  Request
		want string
	}{
		0: {Request{URL: "/relative", Class: Read}, "URL: url: want an absolute http or https URL"},
		1: {Request{URL: "http://%zz/123456789AB", Class: Read}, "URL: url: want an absolute http or https URL"},
		2: {Request{URL: "ftp://a.invalid/", Class: Read}, "URL: url: want an absolute http or https URL"},
		3: {Request{URL: "https://me:secret@a.invalid/", Class: Read}, "URL: userinfo: want credentials in a header, not in the URL"},
		4: {Request{URL: "https://a.invalid/"}, "Class: method: want Read or Idempotent for GET, which is never sent only once for sure"},
		5: {Request{URL: "https://a.invalid/", Method: "PO ST"}, "Method: character: want an HTTP method such as GET or POST"},
		6: {Request{URL: "https://a.invalid/", Class: 9}, "Class: range: want Create, Idempotent or Read"},
		7: {Request{URL: "https://a.invalid/", Class: Read, MaxBody: -1}, "MaxBody: range: want no negative value; 0 is that of the Config"},
		8: {Request{URL: "https://a.invalid/", Class: Read, Header: http.Header{"Authorization": {"Bearer secret\n"}}},
			"Header.Authorization: character: want no control character, as at byte 14"},
		9:  {Request{URL: "https://a.invalid/", Class: Read, Header: http.Header{"bad name": {"x"}}}, "Header: name: want header names of RFC 9110 token characters"},
		10: {Request{URL: "https://a.invalid/", Class: Read, Host: "a\r\nb"}, "Host: character: want no control character"},
	}
	c := newClient(t, Config{Base: memory(func(*http.Request) (*http.Response, error) { t.Error("sent"); return nil, io.EOF })})
	for i, tt := range tests {
		_, err := c.Do(t.Context(), &tt.req)
		if err == nil || err.Error() != tt.want || passerelle.OutcomeOf(err) != notSent || !errors.Is(err, passerelle.ErrInvalid) {
			t.Errorf("%d: got %v, want %s", i, err, tt.want)
		}
		if _, err := c.Stream(t.Context(), &tt.req); err == nil || err.Error() != tt.want {
			t.Errorf("%d: stream: got %v, want %s", i, err, tt.want)
		}
	}
}

func TestWhatIsSent(t *testing.T) {
	t.Parallel()
	var got []*http.Request
	var bodies []string
	c := newClient(t, Config{UserAgent: "sis/1.0", Base: memory(func(r *http.Request) (*http.Response, error) {
		got = append(got, r)
		body, _ := io.ReadAll(r.Body)
		bodies = append(bodies, string(body))
		if len(got) < 3 {
			return reply(503, ""), nil
		}
		return reply(200, ""), nil
	})})
	n := 0
	header := http.Header{"X-Given": {"a", "b"}}
	_, err := c.Do(t.Context(), &Request{
		Method: "PUT", URL: "https://127.0.0.1:1/p?q=1", Host: "ewp.example.org", Class: Idempotent,
		Header: header, Body: []byte("payload"), Token: StaticToken("t0"),
		Prepare: func(r *http.Request) error {
			n++
			if r.Header.Get("Authorization") != "Bearer t0" || r.ContentLength != 7 || r.Host != "ewp.example.org" {
				t.Errorf("Prepare sees %v", r.Header)
			}
			r.Header.Add("X-Request-Id", fmt.Sprint(n))
			r.Header["X-Given"][0] += "!"
			return nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	for i, r := range got {
		testutil.Equal(t, fmt.Sprintf("header of attempt %d", i+1), r.Header, http.Header{
			"User-Agent": {"sis/1.0"}, "Authorization": {"Bearer t0"}, "X-Given": {"a!", "b"}, "X-Request-Id": {fmt.Sprint(i + 1)},
		})
		if r.Method != "PUT" || r.URL.String() != "https://127.0.0.1:1/p?q=1" || r.Host != "ewp.example.org" || bodies[i] != "payload" {
			t.Errorf("attempt %d is %s %s for %s with %q", i+1, r.Method, r.URL, r.Host, bodies[i])
		}
	}
	testutil.Equal(t, "the caller's header", header, http.Header{"X-Given": {"a", "b"}})
}

func TestPrepareFails(t *testing.T) {
	t.Parallel()
	locked := errors.New("the key store is locked")
	tests := map[int]struct {
		prepare func(*http.Request) error
		kind    error
		cause   error
		text    string
	}{
		0: {func(*http.Request) error { return locked }, passerelle.ErrUnavailable, locked, "prepare: the key store is locked"},
		1: {func(*http.Request) error { return fmt.Errorf("key: %w", passerelle.ErrForbidden) }, passerelle.ErrForbidden, passerelle.ErrForbidden, "prepare: key: forbidden"},
		2: {func(*http.Request) error {
			return &url.Error{Op: "Get", URL: "http://keys.invalid/?ine=123456789AB", Err: locked}
		}, passerelle.ErrUnavailable, locked, "prepare: the key store is locked"},
		3: {func(r *http.Request) error { r.Header.Set("Signature", "a\nb"); return nil }, passerelle.ErrInvalid, nil, "prepare: Header.Signature: character"},
	}
	for i, tt := range tests {
		c := newClient(t, Config{Base: memory(func(*http.Request) (*http.Response, error) { t.Error("sent"); return nil, io.EOF })})
		_, err := c.Do(t.Context(), &Request{URL: "http://service.invalid/", Method: "POST", Prepare: tt.prepare})
		e, ok := errors.AsType[*Error](err)
		if !ok || e.Attempts != 1 || e.Outcome() != notSent || !errors.Is(err, tt.kind) || !strings.Contains(err.Error(), tt.text) {
			t.Errorf("%d: got %v", i, err)
		}
		if tt.cause != nil && !errors.Is(err, tt.cause) {
			t.Errorf("%d: the cause is lost in %v", i, err)
		}
		if tt.kind != passerelle.ErrUnavailable && errors.Is(err, passerelle.ErrUnavailable) {
			t.Errorf("%d: %v is unavailable too", i, err)
		}
	}
}

func TestJudge(t *testing.T) {
	t.Parallel()
	soap := func(r *Response) Verdict {
		switch {
		case bytes.Contains(r.Body, []byte("Fault>busy")):
			return Unprocessed
		case bytes.Contains(r.Body, []byte("Fault")):
			return Final
		case r.Status == 500:
			return Transient
		}
		return ByStatus
	}
	tests := map[int]struct {
		status   int
		body     string
		class    Class
		attempts int
		returned bool // by Do as an answer
		kind     error
		outcome  passerelle.Outcome
	}{
		0: {500, "<Fault/>", Create, 1, true, passerelle.ErrUnavailable, answered},
		1: {500, "<Fault/>", Read, 1, true, passerelle.ErrUnavailable, answered},
		2: {503, "<Fault/>", Read, 1, true, passerelle.ErrUnavailable, answered},
		3: {500, "proxy page", Read, 3, false, passerelle.ErrUnavailable, unknown},
		4: {500, "proxy page", Create, 1, false, passerelle.ErrUnavailable, unknown},
		5: {200, "<Fault>busy</Fault>", Create, 3, false, passerelle.ErrUnavailable, answered},
		6: {403, "<Fault>busy</Fault>", Create, 3, false, passerelle.ErrForbidden, answered},
		7: {404, "nobody", Read, 1, true, passerelle.ErrNotFound, answered},
	}
	for i, tt := range tests {
		n := 0
		c := newClient(t, Config{Base: memory(func(*http.Request) (*http.Response, error) { n++; return reply(tt.status, tt.body), nil })})
		resp, err := c.Do(t.Context(), &Request{URL: "http://service.invalid/", Method: "POST", Class: tt.class, Judge: soap})
		if (err == nil) != tt.returned {
			t.Errorf("%d: answer returned: %v, want %v (%v)", i, err == nil, tt.returned, err)
		}
		if err == nil {
			err = resp.Err()
		}
		e, ok := errors.AsType[*Error](err)
		if !ok || n != tt.attempts || !errors.Is(err, tt.kind) || e.Outcome() != tt.outcome || string(e.Body) != tt.body {
			t.Errorf("%d: got %v after %d attempts, outcome %v, body %q", i, err, n, passerelle.OutcomeOf(err), e.Body)
		}
	}
}

func TestBodyLimitCountsDecompressed(t *testing.T) {
	t.Parallel()
	var bomb bytes.Buffer
	zw := gzip.NewWriter(&bomb)
	zw.Write(make([]byte, 1<<20))
	zw.Close()
	var sent atomic.Int32
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		sent.Add(1)
		w.Header().Set("Content-Encoding", "gzip")
		w.Write(bomb.Bytes())
	}))
	defer srv.Close()
	c := newClient(t, Config{MaxBody: 64 << 10})
	if bomb.Len() > 64<<10 {
		t.Fatalf("the compressed body of %d bytes is over the limit by itself", bomb.Len())
	}
	_, err := c.Do(t.Context(), &Request{URL: srv.URL, Class: Read})
	if !errors.Is(err, passerelle.ErrProtocol) || passerelle.OutcomeOf(err) != unknown || sent.Load() != 1 {
		t.Errorf("got %v after %d requests, want protocol after 1", err, sent.Load())
	}
	resp, err := c.Do(t.Context(), &Request{URL: srv.URL, Class: Read, MaxBody: 1 << 20})
	if err != nil || len(resp.Body) != 1<<20 {
		t.Errorf("a body exactly at the limit of the request: %v", err)
	}
	if _, err := c.Do(t.Context(), &Request{URL: srv.URL, Class: Read, MaxBody: 1<<20 - 1}); !errors.Is(err, passerelle.ErrProtocol) {
		t.Errorf("a body one byte over the limit of the request: %v", err)
	}
}
