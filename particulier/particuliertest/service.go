package particuliertest

import (
	"io"
	"log"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

var discard = log.New(io.Discard, "", 0)

// Service imitates API Particulier. It is an http.Handler, safe for concurrent use.
// Create it with [New].
type Service struct {
	cfg Config

	mu       sync.Mutex
	offset   time.Duration
	script   []Fault
	faults   map[Fault]float64
	requests int
	perCall  map[string]int  // requests by path
	inFlight map[string]bool // token and parameters being answered
	arrivals []time.Time     // of the last minute
	byToken  map[string][]time.Time
	refused  time.Time // the last 429
	until    time.Time // when it ends
	banned   time.Time // until when the address gets no answer
	health   string
}

// New returns a service.
func New(cfg Config) *Service {
	cfg = cfg.withDefaults()
	return &Service{
		cfg: cfg, faults: cfg.Faults, perCall: make(map[string]int), inFlight: make(map[string]bool), byToken: make(map[string][]time.Time), health: "ok",
	}
}

func (s *Service) now() time.Time { return s.cfg.Now().Add(s.offset) }

// Advance moves the clock of the service on by d.
func (s *Service) Advance(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.offset += d
}

// SetHealth sets what the pings answer: "ok", "bad_gateway", "maintenance", "unknown".
func (s *Service) SetHealth(status string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.health = status
}

// Banned reports whether the address was cut off.
func (s *Service) Banned() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now().Before(s.banned)
}

// Requests returns how many requests arrived for a path; "" for all.
func (s *Service) Requests(path string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if path == "" {
		return s.requests
	}
	return s.perCall[path]
}

// reply is an answer to be written.
type reply struct {
	status int
	media  string
	body   []byte
	header http.Header
}

// ServeHTTP answers as the service does.
func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.requests++
	s.perCall[r.URL.Path]++
	silent := s.overBan()
	var limited *reply
	if !silent {
		limited = s.limits(r)
	}
	fault := NoFault
	if !silent && limited == nil {
		fault = s.draw()
	}
	if fault == TooMany || fault == TooManyBare {
		refusal := s.tooMany(10*time.Second, fault == TooManyBare, r)
		limited = &refusal
	}
	s.mu.Unlock()
	if silent || fault == Cut {
		panic(http.ErrAbortHandler)
	}
	if s.cfg.Latency > 0 || fault == Slow {
		delay := s.cfg.Latency
		if fault == Slow {
			delay = s.cfg.Delay
		}
		timer := time.NewTimer(delay)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-r.Context().Done():
			return
		}
	}
	if limited != nil {
		limited.write(w, NoFault)
		return
	}
	out := fault.spoil(s.route(r, fault))
	out.write(w, fault)
}

func (r reply) write(w http.ResponseWriter, f Fault) {
	for name, values := range r.header {
		w.Header()[name] = values
	}
	w.Header().Set("Content-Type", r.media)
	w.Header().Set("Content-Length", strconv.Itoa(len(r.body)))
	w.WriteHeader(r.status)
	if f == Truncated {
		_, _ = w.Write(r.body[:len(r.body)/2])
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}
	_, _ = w.Write(r.body)
}

// overBan notes a request that comes although the address was told to stop, and
// reports whether it gets no answer. The caller holds the lock.
func (s *Service) overBan() bool {
	now := s.now()
	if now.Before(s.banned) {
		return true
	}
	if now.Before(s.until) && now.Sub(s.refused) > s.cfg.Grace {
		s.banned = now.Add(12 * time.Hour)
		return true
	}
	return false
}

// limits counts a request and refuses it above the limits. The caller holds the lock.
func (s *Service) limits(r *http.Request) *reply {
	now := s.now()
	s.arrivals = append(after(s.arrivals, now.Add(-time.Minute)), now)
	token := credential(r)
	s.byToken[token] = append(after(s.byToken[token], now.Add(-time.Second)), now)
	switch {
	case s.cfg.PerMinute > 0 && len(s.arrivals) > s.cfg.PerMinute:
		refusal := s.tooMany(time.Minute, false, r)
		return &refusal
	case s.cfg.PerSecond > 0 && len(s.byToken[token]) > s.cfg.PerSecond:
		refusal := s.tooMany(time.Second, false, r)
		return &refusal
	}
	return nil
}

// after drops the instants up to t.
func after(times []time.Time, t time.Time) []time.Time {
	i := 0
	for i < len(times) && !times[i].After(t) {
		i++
	}
	return times[i:]
}

// tooMany is the 429 that ends after d. The caller holds the lock.
func (s *Service) tooMany(d time.Duration, bare bool, r *http.Request) reply {
	now := s.now()
	s.refused, s.until = now, now.Add(d)
	op, _ := operationOf(r.URL.Path)
	if bare || op.version == 2 {
		out := texts(http.StatusTooManyRequests, "Vous avez effectué trop de requêtes")
		if !bare {
			out.header = s.limitHeader(d)
		}
		return out
	}
	out := op.fail(http.StatusTooManyRequests, "00429", "Trop de requêtes", "Vous avez effectué trop de requêtes.")
	out.header = s.limitHeader(d)
	return out
}

func (s *Service) limitHeader(d time.Duration) http.Header {
	return http.Header{
		"Retry-After":         {strconv.Itoa(int((d + time.Second - 1) / time.Second))},
		"Ratelimit-Limit":     {strconv.Itoa(max(s.cfg.PerSecond, 0))},
		"Ratelimit-Remaining": {"0"},
		"Ratelimit-Reset":     {strconv.FormatInt(s.now().Add(d).Unix(), 10)},
	}
}

// credential returns the token of a request.
func credential(r *http.Request) string {
	if key := r.Header.Get("X-Api-Key"); key != "" {
		return key
	}
	token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	return token
}

// RoundTrip lets a client reach the service without a network, as in tests of
// virtual time: *Service is an http.RoundTripper.
func (s *Service) RoundTrip(r *http.Request) (resp *http.Response, err error) {
	rec := &recorder{header: make(http.Header)}
	defer func() {
		if v := recover(); v != nil {
			if v != http.ErrAbortHandler {
				panic(v)
			}
			resp, err = nil, io.ErrUnexpectedEOF
		}
	}()
	s.ServeHTTP(rec, r)
	if r.Context().Err() != nil {
		return nil, r.Context().Err()
	}
	return &http.Response{
		StatusCode: rec.status, Header: rec.header, Body: io.NopCloser(strings.NewReader(rec.body.String())), ContentLength: int64(rec.body.Len()),
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Request: r,
	}, nil
}

// recorder keeps what a handler writes.
type recorder struct {
	header http.Header
	status int
	body   strings.Builder
}

func (w *recorder) Header() http.Header         { return w.header }
func (w *recorder) WriteHeader(status int)      { w.status = status }
func (w *recorder) Write(p []byte) (int, error) { return w.body.Write(p) }
func (w *recorder) FlushError() error           { return nil }
