package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/passerelle-sup/passerelle"
)

// maxBody bounds what the control reads.
const maxBody = 1 << 20

// action is something that a service can be told to do.
type action struct {
	does string // what, and the body that it takes
	do   func(body []byte) (any, error)
}

// do makes an action of a function of one JSON value, which is read strictly.
func do[T any](does string, f func(T) (any, error)) action {
	return action{does: does, do: func(body []byte) (any, error) {
		var v T
		if err := decode(body, &v); err != nil {
			return nil, err
		}
		return f(v)
	}}
}

// decode reads one JSON value and nothing after it; no body is an empty object.
func decode(body []byte, v any) error {
	if len(body) == 0 {
		return nil
	}
	dec := json.NewDecoder(strings.NewReader(string(body)))
	dec.DisallowUnknownFields()
	if err := dec.Decode(v); err != nil {
		return badRequest(err.Error())
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return badRequest("want one JSON value")
	}
	return nil
}

// calls lists what the control answers.
var calls = []string{
	"GET /                      this list, and the services",
	"GET /clock                 the time of the fakes",
	"PUT /clock                 move it: {\"advance\":\"24h\"} or {\"set\":\"2026-09-01T08:00:00Z\"}",
	"GET /SERVICE               one service: its line, faults and actions",
	"GET /SERVICE/state         what it holds and has seen",
	"GET /SERVICE/faults        its kinds of trouble, and those in force",
	"PUT /SERVICE/faults        change them: {\"preset\":…}, {\"shares\":…}, {\"next\":[…],\"operation\":…} or {\"always\":[…]}",
	"POST /SERVICE/do/ACTION    have it do something",
}

// listenControl serves the control and returns its line.
func (h *house) listenControl() (line, error) {
	address, err := h.serveAt(0, ownOnly(h.control()))
	if err != nil {
		return line{}, err
	}
	f := &fake{name: "control", url: address, notes: "faults, clock and state of all services over HTTP, in JSON; GET / lists the calls"}
	return f.line(), nil
}

func (h *house) control() http.Handler {
	mux := http.NewServeMux()
	handle := func(pattern string, f func(r *http.Request, body []byte) (any, error)) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
			if err != nil {
				answer(w, nil, badRequest("a body of 1 MiB at the most"))
				return
			}
			v, err := f(r, body)
			answer(w, v, err)
		})
	}
	handle("GET /{$}", func(*http.Request, []byte) (any, error) {
		lines := make([]any, len(h.fakes))
		for i, f := range h.fakes {
			lines[i] = f.line()
		}
		return map[string]any{"calls": calls, "services": lines}, nil
	})
	handle("GET /clock", func(*http.Request, []byte) (any, error) { return h.time(), nil })
	handle("PUT /clock", func(_ *http.Request, body []byte) (any, error) {
		var m move
		if err := decode(body, &m); err != nil {
			return nil, err
		}
		return h.time(), h.clock.move(m)
	})
	of := func(pattern string, f func(s *fake, r *http.Request, body []byte) (any, error)) {
		handle(pattern, func(r *http.Request, body []byte) (any, error) {
			i := slices.IndexFunc(h.fakes, func(s *fake) bool { return s.name == r.PathValue("service") })
			if i < 0 {
				return nil, notFound("service")
			}
			return f(h.fakes[i], r, body)
		})
	}
	of("GET /{service}", func(s *fake, _ *http.Request, _ []byte) (any, error) { return s.describe(), nil })
	of("GET /{service}/state", func(s *fake, r *http.Request, _ []byte) (any, error) {
		if s.state == nil {
			return nil, notFound("state: the service keeps none")
		}
		return s.state(r.URL.Query())
	})
	of("GET /{service}/faults", func(s *fake, _ *http.Request, _ []byte) (any, error) {
		if s.faults == nil {
			return nil, notFound("fault: the service has none")
		}
		return s.faults.panel(), nil
	})
	of("PUT /{service}/faults", func(s *fake, _ *http.Request, body []byte) (any, error) {
		var c change
		if s.faults == nil {
			return nil, notFound("fault: the service has none")
		}
		if err := decode(body, &c); err != nil {
			return nil, err
		}
		err := s.faults.change(c)
		return s.faults.panel(), err
	})
	of("POST /{service}/do/{action}", func(s *fake, r *http.Request, body []byte) (any, error) {
		a, ok := s.actions[r.PathValue("action")]
		if !ok {
			return nil, notFound("action: want one of " + strings.Join(slices.Sorted(maps.Keys(s.actions)), ", "))
		}
		return a.do(body)
	})
	return mux
}

// describe is what the control tells of a service: its line, and what can be done.
func (f *fake) describe() line {
	does := make(map[string]string)
	for name, a := range f.actions {
		does[name] = a.does
	}
	l := f.line()
	l.more = map[string]any{"actions": does}
	maps.Copy(l.more, f.more)
	if f.faults != nil {
		l.more["faults"] = f.faults.panel()
	}
	return l
}

func (h *house) time() any { return timeNow{h.clock} }

// timeNow is written when the answer is, after a move.
type timeNow struct{ clock *clock }

// MarshalJSON writes the time of the fakes.
func (t timeNow) MarshalJSON() ([]byte, error) {
	return json.Marshal(map[string]any{"now": t.clock.Now().UTC().Truncate(1e9)})
}

// answer writes a value, or what is wrong.
func answer(w http.ResponseWriter, v any, err error) {
	status := http.StatusOK
	if err != nil {
		v, status = map[string]string{"error": err.Error()}, http.StatusInternalServerError
		if _, bad := errors.AsType[badRequest](err); bad || errors.Is(err, passerelle.ErrInvalid) {
			status = http.StatusBadRequest
		} else if errors.Is(err, errMissing) || errors.Is(err, passerelle.ErrNotFound) {
			status = http.StatusNotFound
		} else if errors.Is(err, passerelle.ErrConflict) {
			status = http.StatusConflict
		}
	}
	if v == nil {
		v = map[string]bool{"done": true}
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(v) // the client is gone
}

// ownOnly refuses requests that a web page makes a browser send: those whose Host is the
// name of another host that was made to point here, and those with a foreign Origin.
func ownOnly(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		local, _ := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
		_, port, err := net.SplitHostPort(local.String())
		if err != nil || !own(r.Host, port) {
			refuse(w, "Host: want 127.0.0.1 or localhost, with the port")
			return
		}
		if origin := r.Header.Get("Origin"); origin != "" {
			if u, err := url.Parse(origin); err != nil || u.Scheme != "http" || !own(u.Host, port) {
				refuse(w, "Origin: requests of other sites are refused")
				return
			}
		}
		next.ServeHTTP(w, r)
	})
}

// own reports whether a host and port are those of the control.
func own(hostport, port string) bool {
	host, p, err := net.SplitHostPort(hostport)
	if err != nil || p != port {
		return false
	}
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

func refuse(w http.ResponseWriter, why string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusForbidden)
	fmt.Fprintf(w, "{\"error\":%q}\n", why)
}
