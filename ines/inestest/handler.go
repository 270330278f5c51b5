package inestest

import (
	"bytes"
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"
)

func (s *Service) routes() http.Handler {
	mux := http.NewServeMux()
	mux.Handle(PathSOAP, s.faulty(s.soap()))
	mux.Handle(PathToken, s.faulty(http.HandlerFunc(s.token)))
	mux.Handle(PathVerify, s.faulty(http.HandlerFunc(s.verify)))
	return mux
}

// plan is the fault that a handler drew, for what stands around it.
type plan struct{ fault Fault }

type planKey struct{}

func planOf(ctx context.Context) *plan { return ctx.Value(planKey{}).(*plan) }

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
func (s *Service) faulty(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var p plan
		a := &answer{header: make(http.Header)}
		next.ServeHTTP(a, r.WithContext(context.WithValue(r.Context(), planKey{}, &p)))
		s.mu.Lock()
		faults := s.faults
		s.mu.Unlock()
		a.spoil(p.fault, faults)
		switch p.fault {
		case CutBefore, AnswerLost, LateCreation:
			panic(http.ErrAbortHandler)
		case Slow:
			delay := faults.Delay
			if delay == 0 {
				delay = time.Second
			}
			select {
			case <-time.After(delay):
			case <-r.Context().Done():
			}
		}
		body := a.body.Bytes()
		for name, values := range a.header {
			w.Header()[name] = values
		}
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
		w.WriteHeader(max(a.status, http.StatusOK))
		if p.fault == Truncated {
			_, _ = w.Write(body[:len(body)/2])
			_ = http.NewResponseController(w).Flush()
			panic(http.ErrAbortHandler)
		}
		_, _ = w.Write(body)
	})
}

// spoil replaces or damages the answer.
func (a *answer) spoil(f Fault, faults Faults) {
	replace := func(status int, kind, body string) {
		a.status, a.header = status, http.Header{"Content-Type": {kind}}
		a.body.Reset()
		a.body.WriteString(body)
	}
	switch f {
	case Unavailable:
		replace(http.StatusServiceUnavailable, "text/plain; charset=utf-8", "service unavailable\n")
	case Maintenance:
		replace(http.StatusServiceUnavailable, "text/html; charset=utf-8", "<html><body><h1>Le service est en maintenance</h1></body></html>\n")
	case RateLimited:
		replace(http.StatusTooManyRequests, "text/plain; charset=utf-8", "too many requests\n")
	case Unauthorized:
		replace(http.StatusUnauthorized, "text/plain; charset=utf-8", "unauthorized\n")
		a.header.Set("WWW-Authenticate", "Bearer")
	case WrongCharset:
		// é in ISO-8859-1, under whatever label: not UTF-8, and no label that has it is left.
		media, _, _ := strings.Cut(a.header.Get("Content-Type"), ";")
		a.header.Set("Content-Type", media+"; charset=us-ascii")
		old := a.body.String()
		a.body.Reset()
		a.body.WriteString(damage(old))
	}
	if (f == Unavailable || f == RateLimited) && faults.RetryAfter > 0 {
		a.header.Set("Retry-After", strconv.Itoa(int(faults.RetryAfter.Seconds())))
	}
}

// damage writes the answer in a character set that nothing declares.
func damage(body string) string {
	const declaration = `encoding="`
	if before, after, ok := strings.Cut(body, declaration); ok { // XML
		_, rest, _ := strings.Cut(after, `"`)
		return before + declaration + `US-ASCII"` + rest + "<!-- \xe9 -->"
	}
	return strings.TrimSuffix(body, "}") + `,"x":"` + "\xe9" + `"}` // JSON
}
