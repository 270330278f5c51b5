package transport

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/passerelle-sup/passerelle"
)

func TestRedirects(t *testing.T) {
	t.Parallel()
	var arrivals, referers atomic.Int32
	count := func(w http.ResponseWriter, r *http.Request) {
		arrivals.Add(1)
		if r.Header.Get("Referer") != "" {
			referers.Add(1)
		}
	}
	plain := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		count(w, r)
		w.Write([]byte("plain"))
	}))
	defer plain.Close()
	var location string
	var hops int
	secure := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		count(w, r)
		if r.URL.Path == "/end" {
			w.Write([]byte("end " + r.Header.Get("X-Kept")))
			return
		}
		to := location
		if hops > 0 {
			hops--
			to = "/again?ine=123456789AB"
		}
		w.Header().Set("Location", to)
		w.WriteHeader(http.StatusFound)
		w.Write([]byte("moved"))
	}))
	defer secure.Close()
	other := strings.Replace(secure.URL, "127.0.0.1", "other.invalid", 1)

	get := Request{Class: Read}
	tests := map[int]struct {
		name     string
		req      Request
		location string
		hops     int
		arrivals int32
		refused  string // reason; empty when followed
		target   string
	}{
		0:  {"followed on the same host", get, "/end", 0, 2, "", ""},
		1:  {"five in a row", get, "/end", 4, 6, "", ""},
		2:  {"six in a row", get, "/end", 5, 6, "too many in a row", secure.URL},
		3:  {"from https to http", get, plain.URL + "/?ine=123456789AB", 0, 1, "the connection would not be protected any more", plain.URL},
		4:  {"another host", get, other + "/123456789AB", 0, 1, "it is another host", other},
		5:  {"another scheme", get, "file:///etc/passwd", 0, 1, "the connection would not be protected any more", "file://"},
		6:  {"unreadable", get, "http://%zz/123456789AB", 0, 1, "its Location is not a URL", ""},
		7:  {"credentials said", Request{Class: Read, Credentials: true}, "/end", 0, 1, "the request carries credentials", secure.URL},
		8:  {"credentials by token", Request{Class: Read, Token: StaticToken("t0")}, "/end", 0, 1, "the request carries credentials", secure.URL},
		9:  {"credentials by header", Request{Class: Read, Header: http.Header{"Cookie": {"a=b"}}}, "/end", 0, 1, "the request carries credentials", secure.URL},
		10: {"credentials by Prepare", Request{Class: Read, Prepare: func(*http.Request) error { return nil }}, "/end", 0, 1, "the request carries credentials", secure.URL},
		11: {"create", Request{Method: "POST", Body: []byte("x")}, "/end", 0, 1, "the request is not a read", secure.URL},
		12: {"idempotent", Request{Class: Idempotent}, "/end", 0, 1, "the request is not a read", secure.URL},
		13: {"read by POST", Request{Method: "POST", Body: []byte("x"), Class: Read}, "/end", 0, 1, "the request is not a GET", secure.URL},
	}
	for i := range len(tests) { // one after the other: the service has one state
		tt := tests[i]
		t.Run(fmt.Sprint(i, " ", tt.name), func(t *testing.T) {
			arrivals.Store(0)
			location, hops = tt.location, tt.hops
			c := newClient(t, Config{Base: secure.Client().Transport})
			r := tt.req
			r.Operation, r.URL = "test.read", secure.URL+"/start?ine=123456789AB"
			if r.Header == nil {
				r.Header = http.Header{"X-Kept": {"kept"}}
			}
			resp, err := c.Do(t.Context(), &r)
			if got := arrivals.Load(); got != tt.arrivals {
				t.Errorf("%d requests arrived, want %d", got, tt.arrivals)
			}
			if tt.refused == "" {
				if err != nil || string(resp.Body) != "end kept" || resp.Attempts != 1 {
					t.Errorf("got %+v, %v; want the end in one attempt", resp, err)
				}
				return
			}
			e, _ := errors.AsType[*Error](err)
			redirect, ok := errors.AsType[*RedirectError](err)
			if !ok || e == nil {
				t.Fatalf("got %v, want a *RedirectError in an *Error", err)
			}
			if *redirect != (RedirectError{Target: tt.target, Reason: tt.refused}) {
				t.Errorf("got %+v, want %q to %q", *redirect, tt.refused, tt.target)
			}
			if !errors.Is(err, passerelle.ErrProtocol) || e.Outcome() != answered || e.Status != 302 || string(e.Body) != "moved" {
				t.Errorf("got %v, outcome %v, body %q; want protocol, answered, %q", err, e.Outcome(), e.Body, "moved")
			}
			if !strings.Contains(err.Error(), tt.target) || strings.Contains(err.Error(), "123456789AB") {
				t.Errorf("the text must name the host of the target and nothing more: %v", err)
			}
			hops = tt.hops
			if _, err := c.Stream(t.Context(), &r); !errors.Is(err, passerelle.ErrProtocol) {
				t.Errorf("stream: got %v, want protocol", err)
			}
		})
	}
	if n := referers.Load(); n != 0 {
		t.Errorf("%d requests carried a Referer, which holds the whole URL", n)
	}
}
