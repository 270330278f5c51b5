package cvectest

import (
	"cmp"
	"encoding/json"
	"io"
	"log"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/cvec"
)

// Certificate is one that the service knows.
type Certificate struct {
	Number    cvec.Number
	Person    passerelle.Person
	INE       string
	Crous     string
	State     cvec.State
	Label     string          // of the state; empty is its text in English
	Exemption *cvec.Exemption // nil is answered as null
	Key       cvec.NameKey    // empty is that of the birth name
}

// Spelling is the description that the answers follow.
type Spelling uint8

// The spellings.
const (
	Current Spelling = iota // date_naissance, sexe M or F, state as text
	Older                   // dateNaissance, sexe 1 or 2, state as number
)

// Config says what a [Service] is. The zero value knows no certificate.
type Config struct {
	Certificates []Certificate
	Spelling     Spelling
	// PerSecond is how many requests are answered in a second, 429 above; 0 is no limit:
	// that of the service is not published.
	PerSecond int
	// Seed determines which requests meet the Faults, shares from 0 to 1.
	Seed    uint64
	Faults  map[Fault]float64
	Delay   time.Duration // of Slow; 0 is one second
	Latency time.Duration // waited before each answer
	Now     func() time.Time
}

// Service imitates the service. It is an http.Handler, safe for concurrent use. Create it
// with [New].
type Service struct {
	cfg Config

	mu       sync.Mutex
	known    map[cvec.Number]Certificate
	script   []Fault
	faults   map[Fault]float64
	requests int
	recent   []time.Time
}

// New returns a service.
func New(cfg Config) *Service {
	cfg.Delay = cmp.Or(cfg.Delay, time.Second)
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	s := &Service{cfg: cfg, known: make(map[cvec.Number]Certificate), faults: maps.Clone(cfg.Faults)}
	for _, c := range cfg.Certificates {
		s.Put(c)
	}
	return s
}

// Put adds a certificate, or replaces the one with its number.
func (s *Service) Put(c Certificate) {
	if c.Key == "" {
		c.Key = cvec.NameKeyOf(c.Person.BirthName)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.known[c.Number] = c
}

// SetState changes the state of a certificate, and reports whether it is known.
func (s *Service) SetState(n cvec.Number, state cvec.State) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, ok := s.known[n]
	if ok {
		c.State, c.Label = state, ""
		s.known[n] = c
	}
	return ok
}

// Requests returns how many requests arrived.
func (s *Service) Requests() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.requests
}

// overLimit counts a request. The caller holds the lock.
func (s *Service) overLimit() bool {
	if s.cfg.PerSecond <= 0 {
		return false
	}
	now := s.cfg.Now()
	s.recent = slices.DeleteFunc(s.recent, func(t time.Time) bool { return now.Sub(t) >= time.Second })
	s.recent = append(s.recent, now)
	return len(s.recent) > s.cfg.PerSecond
}

// reply is an answer to be written.
type reply struct {
	status int
	media  string
	body   []byte
}

func refusal(status int, message string) reply {
	return jsonReply(status, map[string]any{"code": strconv.Itoa(status), "message": message})
}

func jsonReply(status int, v any) reply {
	body, err := json.Marshal(v)
	if err != nil {
		panic(err) // maps of texts only
	}
	return reply{status, "application/json", body}
}

// ServeHTTP answers as the service does.
func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.requests++
	fault := s.draw()
	if fault == NoFault && s.overLimit() {
		fault = TooMany
	}
	answer := s.answer(r)
	s.mu.Unlock()
	delay := s.cfg.Latency
	if fault == Slow {
		delay += s.cfg.Delay
	}
	if delay > 0 {
		timer := time.NewTimer(delay)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-r.Context().Done():
			return
		}
	}
	if fault == Cut {
		panic(http.ErrAbortHandler)
	}
	answer = fault.spoil(answer)
	if fault == TooMany {
		w.Header().Set("Retry-After", "1")
	}
	w.Header().Set("Content-Type", answer.media)
	w.Header().Set("Content-Length", strconv.Itoa(len(answer.body)))
	w.WriteHeader(answer.status)
	if fault == Truncated {
		_, _ = w.Write(answer.body[:len(answer.body)/2])
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}
	_, _ = w.Write(answer.body)
}

// answer looks a certificate up. The caller holds the lock.
func (s *Service) answer(r *http.Request) reply {
	legacy, isLegacy := strings.CutPrefix(r.URL.Path, "/api/content_certificat/")
	code, current := strings.CutPrefix(r.URL.Path, "/api/attestation/")
	key := cvec.NameKey(r.URL.Query().Get("etudiant"))
	switch {
	case r.Method != http.MethodGet || !isLegacy && !current:
		return reply{http.StatusNotFound, "text/html", []byte("<html>404</html>")}
	case isLegacy:
		code = legacy
		for n, c := range s.known {
			if n.String()+string(c.Key) == legacy {
				code, key = n.String(), c.Key
			}
		}
	}
	if strings.TrimSpace(code) == "" {
		return refusal(http.StatusNotFound, "Le code est manquant")
	}
	number, err := cvec.Parse(code)
	c, ok := s.known[number]
	if err != nil || !ok || !strings.EqualFold(string(key), string(c.Key)) {
		return refusal(http.StatusBadRequest, "Attestation non trouvée")
	}
	record := s.record(c)
	if isLegacy {
		return jsonReply(http.StatusOK, map[string]any{"message": "le certificat est valide", "content": record})
	}
	return jsonReply(http.StatusOK, record)
}

// record is a certificate in the spelling of the service.
func (s *Service) record(c Certificate) map[string]any {
	p := c.Person
	date := p.BirthDate.French()
	state := map[string]any{"code": string(c.State), "libelle": cmp.Or(c.Label, c.State.Text())}
	m := map[string]any{
		"nom": p.BirthName, "nomUsage": p.UsageName, "prenom": p.GivenNames[0], "sexe": passerelle.SexCodesMF.Format(p.Sex), "date_naissance": date,
		"ine": c.INE, "crous": c.Crous, "etat": state, "exoneration": nil,
	}
	if c.Exemption != nil {
		m["exoneration"] = map[string]any{"active": c.Exemption.Active, "motif": c.Exemption.Motive}
	}
	if s.cfg.Spelling == Older {
		delete(m, "date_naissance")
		m["dateNaissance"] = date
		m["sexe"] = passerelle.SexCodesSISE.Format(p.Sex)
		if n, err := strconv.Atoi(string(c.State)); err == nil {
			state["code"] = n
		}
	}
	return m
}

// Server is a [Service] that listens on a port of the loopback interface.
type Server struct {
	*Service
	URL string

	server *httptest.Server
}

// Listen starts a service; Close stops it.
func Listen(cfg Config) *Server {
	s := &Server{Service: New(cfg)}
	s.server = httptest.NewUnstartedServer(s.Service)
	s.server.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.server.Start()
	s.URL = s.server.URL
	return s
}

// NewServer starts a service for a test and stops it at its end.
func NewServer(tb interface {
	Helper()
	Cleanup(func())
}, cfg Config) *Server {
	tb.Helper()
	s := Listen(cfg)
	tb.Cleanup(s.Close)
	return s
}

// Close stops listening.
func (s *Server) Close() {
	s.server.CloseClientConnections()
	s.server.Close()
}
