package aglaetest

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/aglae"
)

// What a zero [CnousConfig] knows.
const (
	CnousClientID     = "universite-de-test"
	CnousClientSecret = "secret-de-test"
)

// The roles of the Cnous.
const (
	RoleReadStatus = "ETU_READ_STATUT" // grants of students
	RoleReadFile   = "ETU_READ_FILE"   // exports
)

// CnousConfig says what a [Cnous] is. The zero value knows nobody.
type CnousConfig struct {
	ClientID, ClientSecret string   // empty are the constants above
	Roles                  []string // of the client; nil is all
	TokenLife              time.Duration
	// Records are the students, in the form of the API's answers. A student may have one
	// for each campaign.
	Records []json.RawMessage
	// ExportLooks is how many downloads of a new export are answered "not ready".
	ExportLooks int
	// ExportFile makes the file of an export. Nil writes the records in the layout of
	// the health-social file, which is the fake's choice: the form is not published.
	ExportFile func(aglae.ExportRequest) []byte
	// Seed determines which requests meet the Faults, shares from 0 to 1.
	Seed   uint64
	Faults map[CnousFault]float64
	Delay  time.Duration // of CnousSlow; 0 is one second
	Now    func() time.Time
}

// Cnous imitates the API "Boursier" of the Cnous, its token endpoints, both the current
// one and the older one, and its export API. It is an http.Handler, safe for concurrent
// use. Create it with [NewCnous].
type Cnous struct {
	cfg CnousConfig

	mu       sync.Mutex
	people   []person
	tokens   map[string]time.Time // to their end
	issued   int
	script   []CnousFault
	faults   map[CnousFault]float64
	requests int
	perPath  map[string]int
	exports  map[string]*export
}

type person struct {
	raw    json.RawMessage
	record aglae.CnousRecord
}

// NewCnous returns a service. A record of cfg that is none is an error.
func NewCnous(cfg CnousConfig) (*Cnous, error) {
	cfg.ClientID = cmp.Or(cfg.ClientID, CnousClientID)
	cfg.ClientSecret = cmp.Or(cfg.ClientSecret, CnousClientSecret)
	cfg.TokenLife = cmp.Or(cfg.TokenLife, 2*time.Hour)
	cfg.Delay = cmp.Or(cfg.Delay, time.Second)
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	s := &Cnous{
		cfg: cfg, tokens: make(map[string]time.Time), faults: maps.Clone(cfg.Faults), perPath: make(map[string]int),
		exports: make(map[string]*export),
	}
	for i, raw := range cfg.Records {
		if err := s.Add(raw); err != nil {
			return nil, fmt.Errorf("aglaetest: record %d: %w", i, err)
		}
	}
	return s, nil
}

// Add adds a student, or a further campaign of one.
func (s *Cnous) Add(raw json.RawMessage) error {
	records, err := aglae.DecodeCnous(raw)
	if err != nil {
		return err
	}
	if len(records) != 1 || len(raw) > 0 && raw[0] == '[' {
		return fmt.Errorf("one record is wanted: %w", passerelle.ErrInvalid)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.people = append(s.people, person{slices.Clone(raw), records[0]})
	return nil
}

// Requests returns how many requests arrived for a path such as "/v1/boursier/find"; ""
// is all of them, those for tokens apart.
func (s *Cnous) Requests(path string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if path == "" {
		return s.requests
	}
	return s.perPath[path]
}

// TokensIssued returns how many tokens were given.
func (s *Cnous) TokensIssued() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.issued
}

// RevokeTokens ends the life of all tokens.
func (s *Cnous) RevokeTokens() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.tokens)
}

// cnousReply is an answer to be written.
type cnousReply struct {
	status int
	media  string
	body   []byte
	header http.Header
}

func cnousJSON(status int, v any) cnousReply {
	body, err := json.Marshal(v)
	if err != nil {
		panic(err) // values of this package only
	}
	return cnousReply{status: status, media: "application/json", body: body}
}

func cnousRefusal(status int, description string) cnousReply {
	return cnousJSON(status, map[string]any{"description": description, "code": status})
}

// Paths of the token endpoints. The older one is the fake's own.
const (
	CnousTokenPath       = "/api-pp/oauth/token"
	CnousLegacyTokenPath = "/oauth/token"
	cnousPrefix          = "/statut-boursier"
)

// ServeHTTP answers as the service does.
func (s *Cnous) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == CnousTokenPath || r.URL.Path == CnousLegacyTokenPath {
		s.token(r).write(w, false)
		return
	}
	path := strings.TrimPrefix(r.URL.Path, cnousPrefix)
	s.mu.Lock()
	s.requests++
	s.perPath[path]++
	fault := s.draw()
	s.mu.Unlock()
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
	if err != nil || fault == CnousCut {
		panic(http.ErrAbortHandler)
	}
	if fault == CnousSlow {
		timer := time.NewTimer(s.cfg.Delay)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-r.Context().Done():
			return
		}
	}
	if reply, ok := fault.instead(); ok {
		reply.write(w, false)
		return
	}
	reply := s.route(r, path, body)
	if fault == CnousLost {
		panic(http.ErrAbortHandler)
	}
	if fault == CnousWrongCharset {
		reply.body = append(slices.Clone(reply.body), 0xE9)
	}
	reply.write(w, fault == CnousTruncated)
}

func (r cnousReply) write(w http.ResponseWriter, truncated bool) {
	maps.Copy(w.Header(), r.header)
	w.Header().Set("Content-Type", r.media)
	w.Header().Set("Content-Length", strconv.Itoa(len(r.body)))
	w.WriteHeader(r.status)
	if truncated {
		_, _ = w.Write(r.body[:len(r.body)/2])
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}
	_, _ = w.Write(r.body)
}
