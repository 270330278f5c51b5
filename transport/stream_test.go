package transport

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/passerelle-sup/passerelle"
)

func TestStream(t *testing.T) {
	t.Parallel()
	big := bytes.Repeat([]byte("0123456789abcdef"), 3<<20/16)
	var arrivals atomic.Int32
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n := arrivals.Add(1)
		switch {
		case r.URL.Path == "/late" && n < 3:
			w.WriteHeader(http.StatusServiceUnavailable)
		case r.URL.Path == "/down":
			w.WriteHeader(http.StatusServiceUnavailable)
			w.Write([]byte("maintenance"))
		case r.URL.Path == "/none":
			w.WriteHeader(http.StatusNotFound)
			w.Write([]byte("none"))
		case r.URL.Path == "/cut":
			w.Header().Set("Content-Length", fmt.Sprint(len(big)))
			w.Write(big[:1<<20])
		case r.Header.Get("If-None-Match") == `"1"`:
			w.WriteHeader(http.StatusNotModified)
		default:
			w.Header().Set("ETag", `"1"`)
			if r.URL.Path == "/sized" {
				w.Header().Set("Content-Length", fmt.Sprint(len(big)))
			}
			w.Write(big)
		}
	}))
	defer srv.Close()
	tests := map[int]struct {
		name     string
		path     string
		header   http.Header
		max      int64
		arrivals int32
		status   int
		read     int   // bytes that can be read
		openErr  error // of Stream
		readErr  error
	}{
		0: {name: "whole", path: "/", max: 4 << 20, arrivals: 1, status: 200, read: len(big)},
		1: {name: "exactly at the limit", path: "/", max: 3 << 20, arrivals: 1, status: 200, read: len(big)},
		2: {name: "one byte over the limit", path: "/", max: 3<<20 - 1, arrivals: 1, status: 200, read: len(big) - 1, readErr: passerelle.ErrProtocol},
		3: {name: "announced over the limit", path: "/sized", max: 3<<20 - 1, arrivals: 1, status: 200, openErr: passerelle.ErrProtocol},
		4: {name: "not modified", path: "/", header: http.Header{"If-None-Match": {`"1"`}}, max: 4 << 20, arrivals: 1, status: 304},
		5: {name: "third attempt", path: "/late", max: 4 << 20, arrivals: 3, status: 200, read: len(big)},
		6: {name: "never", path: "/down", max: 4 << 20, arrivals: 3, status: 503, openErr: passerelle.ErrUnavailable},
		7: {name: "not there", path: "/none", max: 4 << 20, arrivals: 1, status: 404, openErr: passerelle.ErrNotFound},
		8: {name: "cut", path: "/cut", max: 4 << 20, arrivals: 1, status: 200, read: 1 << 20, readErr: passerelle.ErrUnavailable},
	}
	for i := range len(tests) {
		tt := tests[i]
		t.Run(fmt.Sprint(i, " ", tt.name), func(t *testing.T) {
			arrivals.Store(0)
			c := newClient(t, Config{})
			s, err := c.Stream(t.Context(), &Request{URL: srv.URL + tt.path, Header: tt.header, Class: Read, MaxBody: tt.max})
			if got := arrivals.Load(); got != tt.arrivals {
				t.Errorf("%d requests arrived, want %d", got, tt.arrivals)
			}
			if tt.openErr != nil {
				e, ok := errors.AsType[*Error](err)
				if !ok || !errors.Is(err, tt.openErr) || e.Status != tt.status {
					t.Fatalf("got %v, want %v with status %d", err, tt.openErr, tt.status)
				}
				if tt.status > 299 && len(e.Body) == 0 {
					t.Error("the body of the answer is lost")
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			if s.Status != tt.status || s.Header.Get("Date") == "" || s.Attempts != int(tt.arrivals) {
				t.Errorf("status %d, %d attempts", s.Status, s.Attempts)
			}
			got, err := io.ReadAll(s)
			if !bytes.Equal(got, big[:tt.read]) {
				t.Errorf("read %d bytes, want %d of the original", len(got), tt.read)
			}
			if tt.readErr == nil && err != nil || tt.readErr != nil && !errors.Is(err, tt.readErr) {
				t.Errorf("reading ended with %v, want %v", err, tt.readErr)
			}
			if tt.readErr != nil && passerelle.OutcomeOf(err) != unknown {
				t.Errorf("outcome %v, want unknown", passerelle.OutcomeOf(err))
			}
			if _, again := s.Read(make([]byte, 1)); err != nil && again != err {
				t.Errorf("Read after %v returns %v", err, again)
			}
			if s.Close(); s.Close() != nil {
				t.Error("closing twice is an error")
			}
		})
	}
}

// drip is a body that gives one byte after each of its pauses.
type drip struct {
	ctx    context.Context
	pauses []time.Duration
}

func (d *drip) Read(p []byte) (int, error) {
	if len(d.pauses) == 0 {
		return 0, io.EOF
	}
	select {
	case <-time.After(d.pauses[0]):
	case <-d.ctx.Done():
		return 0, context.Cause(d.ctx)
	}
	d.pauses = d.pauses[1:]
	p[0] = '.'
	return 1, nil
}

func (d *drip) Close() error { return nil }

// TestStreamTime checks that a long download is not cut by the time-outs of a
// call, and a stalled one is.
func TestStreamTime(t *testing.T) {
	t.Parallel()
	const s = time.Second
	tests := map[int]struct {
		name   string
		pauses []time.Duration
		think  time.Duration // of the reader, around each read
		cancel time.Duration
		read   int
		took   time.Duration
		want   error
		text   string
	}{
		0: {"longer than the total time-out", []time.Duration{9 * s, 9 * s, 9 * s, 9 * s, 9 * s}, 0, 0, 5, 45 * s, nil, ""},
		1: {"stalled", []time.Duration{9 * s, 11 * s}, 0, 0, 1, 19 * s, passerelle.ErrUnavailable, "no answer within the time-out"},
		2: {"slow reader", []time.Duration{1 * s, 1 * s, 1 * s}, 40 * s, 0, 3, 203 * s, nil, ""},
		3: {"canceled by the caller", []time.Duration{9 * s, 9 * s}, 0, 12 * s, 1, 12 * s, context.Canceled, "context canceled"},
	}
	for i, tt := range tests {
		t.Run(fmt.Sprint(i, " ", tt.name), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c := newClient(t, Config{AttemptTimeout: 10 * s, TotalTimeout: 20 * s, Base: memory(func(r *http.Request) (*http.Response, error) {
					return &http.Response{StatusCode: 200, Header: http.Header{}, ContentLength: -1, Body: &drip{r.Context(), tt.pauses}}, nil
				})})
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				if tt.cancel > 0 {
					time.AfterFunc(tt.cancel, cancel)
				}
				start := time.Now()
				st, err := c.Stream(ctx, &Request{URL: "http://service.invalid/", Class: Read})
				if err != nil {
					t.Fatal(err)
				}
				defer st.Close()
				read := 0
				time.Sleep(tt.think)
				for err == nil {
					var n int
					n, err = st.Read(make([]byte, 8))
					read += n
					time.Sleep(tt.think)
				}
				if err == io.EOF {
					err = nil
				}
				if read != tt.read || time.Since(start) != tt.took {
					t.Errorf("%d bytes in %v, want %d in %v", read, time.Since(start), tt.read, tt.took)
				}
				if !errors.Is(err, tt.want) || tt.want == nil && err != nil || tt.want != nil && !strings.Contains(err.Error(), tt.text) {
					t.Errorf("got %v, want %v saying %q", err, tt.want, tt.text)
				}
			})
		})
	}
}

// TestStreamCloseFreesTheRequest checks that the request of a stream closed early
// is over for the service.
func TestStreamCloseFreesTheRequest(t *testing.T) {
	t.Parallel()
	over := make(chan struct{})
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Write(make([]byte, 4096))
		w.(http.Flusher).Flush()
		<-r.Context().Done()
		close(over)
	}))
	defer srv.Close()
	s, err := newClient(t, Config{}).Stream(t.Context(), &Request{URL: srv.URL, Class: Read})
	if err != nil {
		t.Fatal(err)
	}
	if n, err := s.Read(make([]byte, 16)); n != 16 || err != nil {
		t.Errorf("read %d, %v", n, err)
	}
	s.Close()
	select {
	case <-over:
	case <-time.After(5 * time.Second):
		t.Error("the service still waits after Close")
	}
	if n, err := s.Read(make([]byte, 16)); n != 0 || err == nil || err == io.EOF {
		t.Errorf("read after Close gives %d, %v", n, err)
	}
}
