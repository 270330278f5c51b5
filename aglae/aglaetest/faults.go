package aglaetest

import (
	"bytes"
	"context"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Fault is a kind of trouble.
type Fault string

// The faults. Those of the third group are answers of the connector only; events meet
// an HTTP 500 instead.
const (
	NoFault Fault = ""

	Unavailable  Fault = "503"         // before work: HTTP 503
	Maintenance  Fault = "maintenance" // before work: HTTP 503 with a page
	RateLimited  Fault = "429"         // before work
	Unauthorized Fault = "401"         // before work
	Forbidden    Fault = "403"         // before work
	NotFound     Fault = "404"         // before work: a page, as from a wrong address
	CutBefore    Fault = "cut-before"  // before work: the connection is cut

	PageOK       Fault = "page-200"      // before work: HTTP 200 with a page of HTML
	Slow         Fault = "slow"          // after work: the answer comes after Config.Delay
	AnswerLost   Fault = "answer-lost"   // after work: the connection is cut
	Truncated    Fault = "truncated"     // after work: half of the body, then the connection is cut
	WrongCharset Fault = "wrong-charset" // after work: bytes that are not of the declared character set
	EmptyBody    Fault = "empty"         // after work: HTTP 200 and nothing

	ServerFault  Fault = "server-fault"  // SOAP fault of the server, which repeats the number
	ClientFault  Fault = "client-fault"  // SOAP fault of the client: the number is refused
	UnknownWord  Fault = "unknown-word"  // a verdict that no contract has: NON-BOURSIER
	PersonalWord Fault = "personal-word" // a verdict that repeats the number
	NoWord       Fault = "no-word"       // an empty verdict
	NoVerdict    Fault = "no-verdict"    // an answer without verdict
	TwoVerdicts  Fault = "two-verdicts"  // an answer with the verdict twice
	OtherElement Fault = "other-element" // the answer to another question
)

// AllFaults lists the kinds of trouble.
func AllFaults() []Fault {
	return []Fault{
		Unavailable, Maintenance, RateLimited, Unauthorized, Forbidden, NotFound, CutBefore, PageOK, Slow, AnswerLost, Truncated,
		WrongCharset, EmptyBody, ServerFault, ClientFault, UnknownWord, PersonalWord, NoWord, NoVerdict, TwoVerdicts, OtherElement,
	}
}

// Script sets the faults of the next requests of an operation, one by one, before any
// draw; NoFault lets one through.
func (s *Service) Script(op Operation, faults ...Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.script[op] = append(s.script[op], faults...)
}

// SetFaults replaces the shares of trouble.
func (s *Service) SetFaults(shares map[Fault]float64) error {
	if err := checkFaults(shares); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = shares
	return nil
}

// draw counts a request and picks its fault: the script, then the shares.
func (s *Service) draw(op Operation) Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.received[op]++
	if queue := s.script[op]; len(queue) > 0 {
		s.script[op] = queue[1:]
		return queue[0]
	}
	at := rand.New(rand.NewPCG(s.cfg.Seed, uint64(s.received[op])<<8|uint64(len(op)))).Float64()
	for _, f := range AllFaults() {
		if share := s.faults[f]; at < share {
			return f
		} else {
			at -= share
		}
	}
	return NoFault
}

type faultKey struct{}

func faultOf(ctx context.Context) Fault {
	f, _ := ctx.Value(faultKey{}).(Fault)
	return f
}

// answer is what a handler wrote.
type answer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (a *answer) Header() http.Header { return a.header }

func (a *answer) WriteHeader(status int) {
	if a.status == 0 {
		a.status = status
	}
}

func (a *answer) Write(p []byte) (int, error) {
	a.WriteHeader(http.StatusOK)
	return a.body.Write(p)
}

// faulty lets next write its answer, and then spoils it as the fault wants.
func (s *Service) faulty(op Operation, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f := s.draw(op)
		if f == CutBefore {
			panic(http.ErrAbortHandler)
		}
		a := &answer{header: make(http.Header)}
		if early := a.refuse(f, op); !early {
			next.ServeHTTP(a, r.WithContext(context.WithValue(r.Context(), faultKey{}, f)))
		}
		switch f {
		case AnswerLost:
			panic(http.ErrAbortHandler)
		case Slow:
			select {
			case <-time.After(s.cfg.Delay):
			case <-r.Context().Done():
			}
		case WrongCharset:
			a.damage()
		case EmptyBody:
			a.body.Reset()
		}
		body := a.body.Bytes()
		for name, values := range a.header {
			w.Header()[name] = values
		}
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
		w.WriteHeader(max(a.status, http.StatusOK))
		if f == Truncated {
			_, _ = w.Write(body[:len(body)/2])
			_ = http.NewResponseController(w).Flush()
			panic(http.ErrAbortHandler)
		}
		_, _ = w.Write(body)
	})
}

// refuse answers in the place of the service, and reports whether it did.
func (a *answer) refuse(f Fault, op Operation) bool {
	const page = "<html><body><h1>Le service est en maintenance</h1></body></html>\n"
	status, kind, body := 0, "text/html; charset=utf-8", page
	switch f {
	case Unavailable:
		status, kind, body = http.StatusServiceUnavailable, "text/plain; charset=utf-8", "service unavailable\n"
	case Maintenance:
		status = http.StatusServiceUnavailable
	case RateLimited:
		status, kind, body = http.StatusTooManyRequests, "text/plain; charset=utf-8", "too many requests\n"
	case Unauthorized:
		status = http.StatusUnauthorized
	case Forbidden:
		status = http.StatusForbidden
	case NotFound:
		status = http.StatusNotFound
	case PageOK:
		status = http.StatusOK
	default:
		answers := []Fault{ServerFault, ClientFault, UnknownWord, PersonalWord, NoWord, NoVerdict, TwoVerdicts, OtherElement}
		if op == OpAsk || !slices.Contains(answers, f) {
			return false
		}
		status, kind, body = http.StatusInternalServerError, "application/json", `{"code":"ERREUR","message":"erreur interne"}`
	}
	a.header.Set("Content-Type", kind)
	a.WriteHeader(status)
	a.body.WriteString(body)
	return true
}

// damage writes the answer in a character set that nothing declares: é in ISO-8859-1
// under the label of US-ASCII.
func (a *answer) damage() {
	media, _, _ := strings.Cut(a.header.Get("Content-Type"), ";")
	a.header.Set("Content-Type", media+"; charset=us-ascii")
	old := a.body.String()
	a.body.Reset()
	const declaration = `encoding="`
	if before, after, ok := strings.Cut(old, declaration); ok {
		_, rest, _ := strings.Cut(after, `"`)
		a.body.WriteString(before + declaration + `US-ASCII"` + rest + "<!-- \xe9 -->")
		return
	}
	a.body.WriteString("\xe9" + old)
}
