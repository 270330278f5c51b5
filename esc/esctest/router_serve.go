package esctest

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/passerelle-sup/passerelle"
)

// Fault is a kind of trouble. Before work, nothing was done; after work, the router
// did what it was asked and the client may never know.
type Fault string

// The faults.
const (
	NoFault Fault = ""

	Unavailable   Fault = "503"         // before work: HTTP 503
	Maintenance   Fault = "maintenance" // before work: HTTP 503 with a page
	RateLimited   Fault = "429"         // before work: HTTP 429 with Retry-After: 1
	CutBefore     Fault = "cut-before"  // before work: the connection is cut
	InternalError Fault = "500"         // before work: HTTP 500 with a code that nobody knows
	Slow          Fault = "slow"        // after work: the answer comes after Faults.Delay
	AnswerLost    Fault = "answer-lost" // after work: the connection is cut
	Truncated     Fault = "truncated"   // after work: half of the body, then the connection is cut
	BadGateway    Fault = "502"         // after work: HTTP 502
	NotJSON       Fault = "not-json"    // after work: a page with the status of success
)

// Faults is how often each kind of trouble happens: shares of the requests, from 0
// to 1, together 1 at most. The zero value makes no trouble.
type Faults struct {
	Unavailable, Maintenance, RateLimited, CutBefore, InternalError float64
	Slow, AnswerLost, Truncated, BadGateway, NotJSON                float64

	Delay time.Duration // of Slow; 0 is one second
}

// Harsh is a bad day: a third of the requests meet some trouble.
var Harsh = Faults{
	Unavailable: 0.06, Maintenance: 0.03, CutBefore: 0.04, InternalError: 0.03,
	Slow: 0.03, AnswerLost: 0.06, Truncated: 0.04, BadGateway: 0.04, NotJSON: 0.02, Delay: 5 * time.Millisecond,
}

// share is how often a fault happens.
type share struct {
	fault Fault
	rate  float64
}

func (f Faults) shares() []share {
	return []share{
		{Unavailable, f.Unavailable}, {Maintenance, f.Maintenance}, {RateLimited, f.RateLimited}, {CutBefore, f.CutBefore},
		{InternalError, f.InternalError}, {Slow, f.Slow}, {AnswerLost, f.AnswerLost}, {Truncated, f.Truncated},
		{BadGateway, f.BadGateway}, {NotJSON, f.NotJSON},
	}
}

func (f Faults) check() *passerelle.FieldError {
	sum, wrong := 0.0, f.Delay < 0
	for _, s := range f.shares() {
		sum += s.rate
		wrong = wrong || !(s.rate >= 0)
	}
	if wrong || !(sum <= 1+1e-9) {
		return &passerelle.FieldError{Field: "Faults", Rule: "range", Want: "shares from 0 to 1 that are 1 at most together, and no negative delay"}
	}
	return nil
}

// Script makes the next requests of an operation ("create-card", or "" for any) meet
// these troubles, one each, before any is drawn.
func (r *Router) Script(operation string, faults ...Fault) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.script[operation] = append(r.script[operation], faults...)
}

// draw returns the trouble of a request. The router is locked.
func (r *Router) draw(operation string) Fault {
	for _, name := range []string{operation, ""} {
		if queue := r.script[name]; len(queue) > 0 {
			r.script[name] = queue[1:]
			return queue[0]
		}
	}
	x := r.random.Float64()
	for _, s := range r.config.Faults.shares() {
		if x -= s.rate; x < 0 {
			return s.fault
		}
	}
	return NoFault
}

const (
	page    = "<html><head><title>502 Bad Gateway</title></head><body><h1>Bad Gateway</h1></body></html>"
	maxBody = 8 << 20
)

// serve answers one request: trouble, token, work, trouble.
func (r *Router) serve(w http.ResponseWriter, req *http.Request, op operation) {
	body, err := io.ReadAll(http.MaxBytesReader(w, req.Body, maxBody))
	if err != nil {
		w.WriteHeader(http.StatusRequestEntityTooLarge)
		return
	}
	r.mu.Lock()
	fault := r.draw(op.name)
	delay := r.config.Faults.Delay
	a, worked := r.before(fault)
	c := &call{Request: req, body: body}
	if !worked {
		a = r.work(c, op)
	}
	if fault == AnswerLost || fault == CutBefore || fault == Truncated {
		r.requests = append(r.requests, Request{Operation: op.name, PIC: c.pic, Body: string(body)})
	} else {
		r.requests = append(r.requests, Request{Operation: op.name, PIC: c.pic, Body: string(body), Status: a.status})
	}
	html := r.config.HTMLErrors && a.status >= 400
	r.mu.Unlock()

	data, media := a.raw, a.media
	switch {
	case html || fault == NotJSON && a.status < 400:
		data, media = []byte(page), "text/html"
	case a.body != nil:
		if data, err = json.Marshal(a.body); err != nil {
			panic(err) // the types of package router always marshal
		}
		media = "application/json"
	}
	switch fault {
	case CutBefore, AnswerLost:
		panic(http.ErrAbortHandler)
	case Slow:
		if delay == 0 {
			delay = time.Second
		}
		select {
		case <-time.After(delay):
		case <-req.Context().Done():
		}
	case BadGateway:
		a.status, data, media = http.StatusBadGateway, []byte(page), "text/html"
	case RateLimited:
		w.Header().Set("Retry-After", "1")
	case Truncated:
		w.Header().Set("Content-Length", strconv.Itoa(len(data)+16))
	}
	if media != "" {
		w.Header().Set("Content-Type", media)
	}
	w.WriteHeader(a.status)
	if fault == Truncated {
		_, _ = io.Copy(w, bytes.NewReader(data[:len(data)/2]))
		panic(http.ErrAbortHandler)
	}
	_, _ = w.Write(data)
}

// before answers in place of the operation when the trouble comes before work.
func (r *Router) before(fault Fault) (a answer, done bool) {
	switch fault {
	case Unavailable:
		return plain(http.StatusServiceUnavailable), true
	case Maintenance:
		return answer{status: http.StatusServiceUnavailable, raw: []byte(page), media: "text/html"}, true
	case RateLimited:
		return plain(http.StatusTooManyRequests), true
	case InternalError:
		return refuse(http.StatusInternalServerError, "SE-9999", "internal error"), true
	case CutBefore:
		return answer{}, true
	}
	return answer{}, false
}

// work checks the token and runs the operation.
func (r *Router) work(c *call, op operation) answer {
	if r.config.Unlisted {
		return answer{status: http.StatusForbidden, raw: []byte(page), media: "text/html"}
	}
	if !op.public {
		token, found := strings.CutPrefix(c.Header.Get("Authorization"), "Bearer ")
		if !found {
			return plain(http.StatusUnauthorized)
		}
		if c.pic = r.tokens[token]; c.pic == "" {
			return plain(http.StatusUnauthorized)
		}
	}
	return op.run(r, c)
}
