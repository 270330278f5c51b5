package transport

import (
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/passerelle-sup/passerelle"
)

// discardLog keeps the servers of the tests quiet.
var discardLog = log.New(io.Discard, "", 0)

// fast is a policy that waits next to nothing, for tests over real connections.
var fast = RetryPolicy{MaxAttempts: 3, MinWait: time.Millisecond, MaxWait: 2 * time.Millisecond}

func newClient(tb testing.TB, cfg Config) *Client {
	tb.Helper()
	if cfg.Base == nil {
		base := &http.Transport{}
		tb.Cleanup(base.CloseIdleConnections)
		cfg.Base = base
	}
	if cfg.Retry == (RetryPolicy{}) {
		cfg.Retry = fast
	}
	c, err := New(cfg)
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

func TestDoReturnsEveryAnswer(t *testing.T) {
	t.Parallel()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Path", r.URL.Path)
		if r.URL.Path == "/gone" {
			w.WriteHeader(http.StatusGone)
		}
		w.Write([]byte("body"))
	}))
	defer srv.Close()
	c := newClient(t, Config{})
	resp, err := c.Do(t.Context(), &Request{Operation: "test.read", URL: srv.URL + "/x", Class: Read})
	if err != nil {
		t.Fatal(err)
	}
	if resp.Status != 200 || string(resp.Body) != "body" || resp.Header.Get("X-Path") != "/x" || resp.Attempts != 1 || resp.Err() != nil {
		t.Errorf("got %+v, Err %v", resp, resp.Err())
	}
	resp, err = c.Do(t.Context(), &Request{Operation: "test.read", URL: srv.URL + "/gone", Class: Read})
	if err != nil {
		t.Fatal(err)
	}
	err = resp.Err()
	if !errors.Is(err, passerelle.ErrGone) || passerelle.OutcomeOf(err) != passerelle.Answered {
		t.Errorf("got %v, outcome %v", err, passerelle.OutcomeOf(err))
	}
	if got, want := err.Error(), "test.read: GET "+srv.URL+": 410 Gone"; got != want {
		t.Errorf("text %q, want %q", got, want)
	}
}
