package supdatatest

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"sync"
	"time"

	"github.com/passerelle-sup/passerelle/particulier"
	"github.com/passerelle-sup/passerelle/supdata"
)

// TestKey is the key that a zero Config takes.
const TestKey = "cle-de-test"

// Prefix is the path before the operation.
const Prefix = "/api"

// Config says what a [Service] is. The zero value is the sandbox of the published text.
type Config struct {
	Store *Store // nil: Sandbox()
	Key   string // "": TestKey
	// Codes are the texts of statut and regime. Zero is supdata.InferredCodes: the
	// real ones are not public.
	Codes supdata.Codes
	// DateObject writes the birth date as an object, as the schema of the published text
	// says and its example does not.
	DateObject bool
	Latency    time.Duration // waited before each answer
	// Sleep waits out the Latency; nil is time.Sleep, which on some systems wakes up to a
	// millisecond late.
	Sleep  func(time.Duration)
	Delay  time.Duration // of Slow; 0: one second
	Seed   uint64        // determines which requests meet the Faults
	Faults map[Fault]float64
	Now    func() time.Time // nil: time.Now
}

// Service imitates the write API. It is an http.Handler, safe for concurrent use.
// Create it with [New].
type Service struct {
	cfg      Config
	statuses map[string]particulier.AdmissionStatus
	regimes  map[string]particulier.RegimeCode

	mu       sync.Mutex
	script   []Fault
	faults   map[Fault]float64
	requests int
	flying   int
	peak     int
}

// New returns a service.
func New(cfg Config) *Service {
	if cfg.Store == nil {
		cfg.Store = Sandbox()
	}
	cfg.Key = cmp.Or(cfg.Key, TestKey)
	cfg.Delay = cmp.Or(cfg.Delay, time.Second)
	if cfg.Codes.Statuses == nil {
		cfg.Codes = supdata.InferredCodes()
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Sleep == nil {
		cfg.Sleep = time.Sleep
	}
	s := &Service{
		cfg: cfg, faults: cfg.Faults,
		statuses: make(map[string]particulier.AdmissionStatus), regimes: make(map[string]particulier.RegimeCode),
	}
	for status, code := range cfg.Codes.Statuses {
		s.statuses[code] = status
	}
	for regime, code := range cfg.Codes.Regimes {
		s.regimes[code] = regime
	}
	return s
}

// Store returns what holds the enrolments.
func (s *Service) Store() *Store { return s.cfg.Store }

// Requests returns how many requests arrived, and Peak how many at the same time.
func (s *Service) Requests() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.requests
}

// Peak returns how many requests were under way at the same time at the most.
func (s *Service) Peak() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.peak
}

// details is the error object.
type details struct {
	Message string `json:"message"`
	UID     string `json:"uid"`
	Details struct {
		Method    string `json:"method"`
		Endpoint  string `json:"endpoint"`
		Parameter any    `json:"parameter"`
	} `json:"details"`
}

// The messages of the published text.
const (
	saysCreated  = "une nouvelle inscription créée"
	saysBadValue = "la valeur du paramètre n'est pas valide"
	saysBadKey   = "échec d'authentification"
	saysUnknown  = "étudiant introuvable"
	saysInternal = "erreur serveur interne"
)

// fail writes an error object.
func (s *Service) fail(w http.ResponseWriter, status int, message string, parameter any) {
	s.mu.Lock()
	n := s.requests
	s.mu.Unlock()
	var d details
	d.Message, d.UID = message, fmt.Sprintf("%013x_%04d", 0x5e68e563116ab+n, n%10000)
	d.Details.Method, d.Details.Endpoint, d.Details.Parameter = http.MethodPost, "inscription", parameter
	say(w, status, d)
}

func say(w http.ResponseWriter, status int, v any) {
	data, err := json.Marshal(v)
	if err != nil {
		panic(err) // values of this package
	}
	write(w, status, "application/json", data)
}

func write(w http.ResponseWriter, status int, media string, data []byte) {
	w.Header().Set("Content-Type", media)
	w.Header().Set("Content-Length", strconv.Itoa(len(data)))
	w.WriteHeader(status)
	_, _ = w.Write(data)
}

const page = "<html><body><h1>Service momentanément indisponible</h1></body></html>\n"

// ServeHTTP answers as the write API does.
func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	fault := s.arrive()
	defer func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.flying--
	}()
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 64<<10))
	if err != nil {
		return
	}
	if s.cfg.Latency > 0 {
		s.cfg.Sleep(s.cfg.Latency)
	}
	switch {
	case r.URL.Path != Prefix+supdata.Path || fault == PageNotFound:
		write(w, http.StatusNotFound, "text/html; charset=utf-8", []byte(page))
	case fault == Cut:
		panic(http.ErrAbortHandler)
	case fault == Unavailable:
		s.fail(w, http.StatusServiceUnavailable, "service indisponible", "")
	case fault == Maintenance:
		write(w, http.StatusServiceUnavailable, "text/html; charset=utf-8", []byte(page))
	case fault == TooMany:
		w.Header().Set("Retry-After", "30")
		s.fail(w, http.StatusTooManyRequests, "trop de requêtes", "")
	case fault == Internal:
		s.fail(w, http.StatusInternalServerError, saysInternal, "")
	case r.Method != http.MethodPost:
		w.Header().Set("Allow", http.MethodPost)
		write(w, http.StatusMethodNotAllowed, "text/plain", nil)
	case r.Header.Get("X-Api-Key") != s.cfg.Key || fault == Unauthorized:
		s.fail(w, http.StatusUnauthorized, saysBadKey, "le token 384 n'est pas valide")
	case r.Header.Get("Content-Type") != "application/json" || fault == BadValue:
		s.fail(w, http.StatusBadRequest, saysBadValue, "le format ode l' INE n'est pas valide")
	default:
		s.post(w, r, body, fault)
	}
}

var (
	formINE     = regexp.MustCompile(`^[0-9A-Z]{11}$`)
	formDate    = regexp.MustCompile(`^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$`)
	formCommune = regexp.MustCompile(`^(\d{5}|2[AB]\d{3})?$`)
	formUAI     = regexp.MustCompile(`^\d{7}[A-Z]$`)
	formCursus  = regexp.MustCompile(`^[LMD]?$`)
)

// wrong names the first field that is not as it should be.
func (s *Service) wrong(f Fed) string {
	for _, c := range []struct {
		name, value string
		form        *regexp.Regexp
	}{
		{"ine", f.INE, formINE}, {"dateNaissance", f.DateNaissance, formDate}, {"dateDebutInscription", f.Debut, formDate},
		{"dateFinInscription", f.Fin, formDate}, {"codeCommune", f.CodeCommune, formCommune}, {"uai", f.UAI, formUAI},
		{"cursus", f.Cursus, formCursus},
	} {
		if !c.form.MatchString(c.value) {
			return c.name
		}
	}
	if s.statuses[f.Statut] == "" {
		return "statut"
	}
	if f.Regime != "" && s.regimes[f.Regime] == "" {
		return "regime"
	}
	return ""
}

// post records an enrolment and answers.
func (s *Service) post(w http.ResponseWriter, r *http.Request, body []byte, fault Fault) {
	var f Fed
	if err := json.Unmarshal(body, &f); err != nil {
		s.fail(w, http.StatusBadRequest, saysBadValue, "le corps de la requête n'est pas valide")
		return
	}
	if field := s.wrong(f); field != "" {
		s.fail(w, http.StatusBadRequest, saysBadValue, "le format de "+field+" n'est pas valide")
		return
	}
	f.At, f.status, f.regime = s.cfg.Now(), s.statuses[f.Statut], s.regimes[f.Regime]
	f, found, school := s.cfg.Store.record(f)
	switch {
	case !found:
		s.fail(w, http.StatusNotFound, saysUnknown, []string{f.INE, f.DateNaissance})
		return
	case !school:
		s.fail(w, http.StatusNotFound, saysUnknown, []string{f.UAI})
		return
	}
	s.answer(w, r, f, fault)
}

// answer tells that an enrolment was recorded, or loses that.
func (s *Service) answer(w http.ResponseWriter, r *http.Request, f Fed, fault Fault) {
	var birth any = f.DateNaissance
	if s.cfg.DateObject {
		birth = map[string]string{"date": f.DateNaissance + " 00:00:00.000000", "timezone": "Europe/Paris"}
	}
	inscription := map[string]any{
		"id_inscription": f.ID, "ine": f.INE, "dateNaissance": birth, "dateDebutInscription": f.Debut, "dateFinInscription": f.Fin,
		"statut": f.status, "codeCommune": f.CodeCommune, "uai": f.UAI,
	}
	if fault == NoNumber {
		delete(inscription, "id_inscription")
	}
	data, err := json.Marshal(map[string]any{"message": saysCreated, "inscription": inscription})
	if err != nil {
		panic(err) // values of this package
	}
	switch fault {
	case AnswerLost:
		panic(http.ErrAbortHandler)
	case InternalAfter:
		s.fail(w, http.StatusInternalServerError, saysInternal, "")
	case GatewayAfter:
		write(w, http.StatusGatewayTimeout, "text/html; charset=utf-8", []byte(page))
	case PageAfter:
		write(w, http.StatusOK, "text/html; charset=utf-8", []byte(page))
	case WrongCharset:
		write(w, http.StatusOK, "application/json", append(data[:len(data)-1], ",\"x\":\"\xe9\"}"...))
	case Truncated:
		w.Header().Set("Content-Length", strconv.Itoa(len(data)))
		_, _ = w.Write(data[:len(data)/2])
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	default:
		if fault == Slow {
			timer := time.NewTimer(s.cfg.Delay)
			defer timer.Stop()
			select {
			case <-timer.C:
			case <-r.Context().Done():
			}
		}
		write(w, http.StatusOK, "application/json", data)
	}
}
