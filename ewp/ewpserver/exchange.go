package ewpserver

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"runtime/debug"
	"strconv"
	"sync"
	"time"

	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/httpsig"
)

// Exchange is one request and what became of it, as [Config.Observe] is told.
type Exchange struct {
	Parties   // HEI is zero for a path that is nobody's, Caller where none was proved
	API       ewp.API
	Endpoint  string
	Method    string
	RequestID string // X-Request-Id as it came, proved or not
	Key       ewp.Fingerprint
	Quirks    httpsig.Quirks // without which the request would have been refused

	Status   int
	Signed   bool // the answer was
	Size     int64
	Duration time.Duration
	// Err is why Status is no success, nil where it is one. Its text is personal when
	// it comes from a handler.
	Err error
	// Stack is where a handler panicked, nil where none did.
	Stack []byte
}

// exchange leads one request through the steps of the package comment.
type exchange struct {
	s           *Server
	r           *http.Request
	route       *route // nil where nothing is served
	institution Institution
	ref         httpsig.Ref
	sign        bool // the answer is to be signed
	verified    *httpsig.Verified
	answers     answerCoding
	spools      []*httpsig.Spool
	seen        Exchange
	start       time.Time
}

func newExchange(s *Server, r *http.Request) *exchange {
	x := &exchange{s: s, start: time.Now(), ref: httpsig.RefOf(r)}
	x.route, x.institution = s.find(r.URL.Path)
	security := s.cfg.Security
	if x.route != nil {
		security = x.route.Security
	}
	// Asked before unsigned headers are dropped: some clients do not sign this one.
	x.sign = security.Has(ewp.ServerHTTPSig) && httpsig.AsksSigned(r.Header)
	x.seen = Exchange{Method: r.Method, RequestID: x.ref.ID}
	if x.route != nil {
		x.seen.HEI, x.seen.API, x.seen.Endpoint = x.route.HEI, x.route.API, x.route.Endpoint.Name
	}
	x.r = r.WithContext(context.WithValue(r.Context(), lookupKey{}, &lookup{catalogue: s.cfg.Catalogue}))
	return x
}

// answer does all of it.
func (x *exchange) answer(w http.ResponseWriter) {
	a, err := x.serve()
	if err != nil {
		x.encryptRefusal()
		a = x.failure(err)
	}
	x.seen.Err = err
	x.send(w, a)
	x.observe()
}

// serve returns the answer of the handler, or why there is none.
func (x *exchange) serve() (a *Answer, err error) {
	defer func() {
		switch v := recover(); v {
		case nil:
		case http.ErrAbortHandler:
			panic(v)
		default:
			a, err = nil, &panicError{v}
			x.seen.Stack = debug.Stack()
		}
	}()
	if x.route == nil {
		return nil, refuse(http.StatusNotFound, "no endpoint has this address", nil)
	}
	if !x.route.Endpoint.Methods.Allows(x.r.Method) {
		return nil, refuse(http.StatusMethodNotAllowed, "this endpoint is called by "+x.route.Endpoint.Methods.Allow(), nil)
	}
	body := x.spool(x.s.cfg.Bodies)
	if err := x.authenticate(body); err != nil {
		return nil, err
	}
	if x.answers, err = x.negotiate(); err != nil {
		return nil, err
	}
	request, err := x.request(body)
	if err != nil {
		return nil, err
	}
	a = x.newAnswer()
	if err := x.route.handler.Serve(x.r.Context(), request, a); err != nil {
		a.release()
		return nil, err
	}
	return a, a.finish()
}

// authenticate receives the body and finds out who calls.
func (x *exchange) authenticate(body *httpsig.Spool) error {
	incoming := body.Receive(x.r.Body)
	security := x.route.Security
	verify := security.Has(ewp.ClientHTTPSig)
	if security.Has(ewp.ClientAnonymous) && x.ref.Signature == "" && x.r.Header.Get("Authorization") == "" {
		verify = false
	}
	if !verify {
		if _, err := incoming.SHA256(); err != nil {
			return bodyError(err)
		}
		return nil
	}
	verified, err := x.s.verifier.Verify(x.r, incoming)
	if err != nil {
		return err
	}
	x.r.Header = x.r.Header.Clone() // the original is whoever's stands around the server
	verified.Strip(x.r.Header)
	x.r.Trailer = nil
	x.verified = verified
	x.seen.Key, x.seen.Quirks = verified.Key, verified.Quirks
	x.seen.Caller, err = x.r.Context().Value(lookupKey{}).(*lookup).caller(verified.Key)
	return err
}

// spool returns a new spool that lives as long as the exchange.
func (x *exchange) spool(cfg httpsig.SpoolConfig) *httpsig.Spool {
	s := httpsig.NewSpool(cfg)
	x.spools = append(x.spools, s)
	return s
}

func (x *exchange) close() {
	for _, s := range x.spools {
		if err := s.Close(); err != nil {
			x.s.cfg.Logger.Warn("ewpserver: a temporary file could not be removed", "error", err)
		}
	}
}

// send writes an answer, signed where that was asked for.
func (x *exchange) send(w http.ResponseWriter, a *Answer) {
	h := w.Header() // may have headers of whoever's stands around the server, which are signed too
	for name, values := range a.header {
		h[name] = values
	}
	if x.sign {
		if err := x.institution.Signer.SignResponse(h, x.ref, a.body); err != nil {
			// A client that asked for a signature must not get an answer without one.
			x.seen.Err = fmt.Errorf("signing the answer: %w", err)
			x.sign = false
			clear(h)
			a = x.failure(&Error{Status: http.StatusServiceUnavailable, Err: err})
			x.send(w, a)
			return
		}
	} else if x.ref.ID != "" {
		h.Set("X-Request-Id", x.ref.ID)
	}
	if a.Status != http.StatusNotModified {
		h.Set("Content-Length", strconv.FormatInt(a.body.Size(), 10))
	}
	x.seen.Status, x.seen.Signed, x.seen.Size = a.Status, x.sign, a.body.Size()
	w.WriteHeader(a.Status)
	buf := buffers.Get().(*[32 << 10]byte)
	defer buffers.Put(buf)
	// The Writer alone: its ReadFrom would send headers and body in two segments.
	if _, err := io.CopyBuffer(struct{ io.Writer }{w}, a.body.Reader(), buf[:]); err != nil && x.seen.Err == nil {
		x.seen.Err = fmt.Errorf("sending the answer: %w", err)
	}
}

// buffers carry bodies from their spools to the wire.
var buffers = sync.Pool{New: func() any { return new([32 << 10]byte) }}
