package aglaetest

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
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

// CnousFault is a kind of trouble.
type CnousFault string

// The faults.
const (
	NoCnousFault CnousFault = ""

	CnousDown         CnousFault = "503"           // with a page of HTML
	CnousError        CnousFault = "500"           // {"status","message"}
	CnousTooMany      CnousFault = "429"           // with Retry-After
	CnousForbidden    CnousFault = "403"           // the role is missing
	CnousPage         CnousFault = "page-200"      // 200 with a page of HTML
	CnousPageNotFound CnousFault = "page-404"      // 404 with a page of HTML: says nothing of anybody
	CnousBadRequest   CnousFault = "400"           // "Mauvais paramètres"
	CnousEmpty        CnousFault = "empty"         // 200 without a body
	CnousEmptyList    CnousFault = "empty-list"    // 200 with []
	CnousNull         CnousFault = "null"          // 200 with null
	CnousNameless     CnousFault = "nameless"      // 200 with {}
	CnousNoStatus     CnousFault = "no-status"     // 200 with a name alone
	CnousWrongType    CnousFault = "wrong-type"    // 200 with a number where a text should be
	CnousWrongCharset CnousFault = "wrong-charset" // bytes that are not UTF-8
	CnousTruncated    CnousFault = "truncated"     // half of the body, then the connection is cut
	CnousCut          CnousFault = "cut"           // the connection is cut before the work
	CnousLost         CnousFault = "lost"          // the work is done, and the connection cut before the answer
	CnousSlow         CnousFault = "slow"          // after CnousConfig.Delay
)

// AllCnousFaults lists the kinds of trouble.
func AllCnousFaults() []CnousFault {
	return []CnousFault{
		CnousDown, CnousError, CnousTooMany, CnousForbidden, CnousPage, CnousPageNotFound, CnousBadRequest, CnousEmpty, CnousEmptyList, CnousNull,
		CnousNameless, CnousNoStatus, CnousWrongType, CnousWrongCharset, CnousTruncated, CnousCut, CnousLost, CnousSlow,
	}
}

// Script sets the faults of the next requests, one by one, before any draw;
// [NoCnousFault] lets one through. Requests for tokens meet none.
func (s *Cnous) Script(faults ...CnousFault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.script = append(s.script, faults...)
}

// SetFaults replaces the shares of trouble.
func (s *Cnous) SetFaults(shares map[CnousFault]float64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = maps.Clone(shares)
}

// draw picks the fault of the next request. The caller holds the lock.
func (s *Cnous) draw() CnousFault {
	if len(s.script) > 0 {
		f := s.script[0]
		s.script = s.script[1:]
		return f
	}
	if len(s.faults) == 0 {
		return NoCnousFault
	}
	at := rand.New(rand.NewPCG(s.cfg.Seed, uint64(s.requests))).Float64()
	for _, f := range slices.Sorted(maps.Keys(s.faults)) {
		if at < s.faults[f] {
			return f
		}
		at -= s.faults[f]
	}
	return NoCnousFault
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

// instead is what a fault answers in place of the service, if it is one of those.
func (f CnousFault) instead() (cnousReply, bool) {
	page := func(status int) (cnousReply, bool) {
		return cnousReply{status: status, media: "text/html", body: []byte("<html><body>Service momentanément indisponible</body></html>\n")}, true
	}
	ok := func(body string) (cnousReply, bool) {
		return cnousReply{status: http.StatusOK, media: "application/json", body: []byte(body)}, true
	}
	switch f {
	case CnousDown:
		return page(http.StatusServiceUnavailable)
	case CnousError:
		return cnousJSON(http.StatusInternalServerError, map[string]any{"status": 500, "message": "Erreur interne"}), true
	case CnousTooMany:
		r := cnousRefusal(http.StatusTooManyRequests, "Trop de requêtes")
		r.header = http.Header{"Retry-After": {"1"}}
		return r, true
	case CnousForbidden:
		return cnousRefusal(http.StatusForbidden, "Accès refusé"), true
	case CnousPage:
		return page(http.StatusOK)
	case CnousPageNotFound:
		return page(http.StatusNotFound)
	case CnousBadRequest:
		return cnousRefusal(http.StatusBadRequest, "Mauvais paramètres"), true
	case CnousEmpty:
		return ok("")
	case CnousEmptyList:
		return ok("[]")
	case CnousNull:
		return ok("null")
	case CnousNameless:
		return ok("{}")
	case CnousNoStatus:
		return ok(`{"lastName":"Inconnu"}`)
	case CnousWrongType:
		return ok(`{"lastName":5,"boursier":"non"}`)
	}
	return cnousReply{}, false
}

// token answers both ways of asking for one.
func (s *Cnous) token(r *http.Request) cnousReply {
	pair := base64.StdEncoding.EncodeToString([]byte(s.cfg.ClientID + ":" + s.cfg.ClientSecret))
	legacy := r.URL.Path == CnousLegacyTokenPath
	grant := r.URL.Query().Get("grant_type")
	if legacy {
		grant = r.PostFormValue("grant_type")
		if env := r.PostFormValue("env"); env != "PRD" && env != "PPD" {
			return cnousRefusal(http.StatusBadRequest, "Mauvais paramètres")
		}
	}
	switch {
	case r.Method != http.MethodPost:
		return cnousRefusal(http.StatusMethodNotAllowed, "Méthode non autorisée")
	case r.Header.Get("Authorization") != "Basic "+pair:
		return cnousRefusal(http.StatusUnauthorized, "Identifiants invalides")
	case grant != "client_credentials":
		return cnousRefusal(http.StatusBadRequest, "Mauvais paramètres")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.issued++
	token := "jeton-" + strconv.Itoa(s.issued)
	s.tokens[token] = s.cfg.Now().Add(s.cfg.TokenLife)
	if legacy {
		return cnousReply{status: http.StatusOK, media: "text/plain", header: http.Header{"Authorization": {"Bearer " + token}}}
	}
	return cnousJSON(http.StatusOK, map[string]any{"access_token": token, "expires_in": int(s.cfg.TokenLife.Seconds())})
}

// route answers one request that meets no fault.
func (s *Cnous) route(r *http.Request, path string, body []byte) cnousReply {
	s.mu.Lock()
	defer s.mu.Unlock()
	token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if end, ok := s.tokens[token]; !ok || !s.cfg.Now().Before(end) {
		return cnousRefusal(http.StatusUnauthorized, "Jeton invalide")
	}
	role, answer := RoleReadStatus, s.grants
	if strings.Contains(path, "export") {
		role, answer = RoleReadFile, s.files
	}
	if s.cfg.Roles != nil && !slices.Contains(s.cfg.Roles, role) {
		return cnousRefusal(http.StatusForbidden, "Accès refusé")
	}
	return answer(r, path, body)
}

// pivots are the two identities that can be asked for.
type pivots struct {
	LastName, FirstNames, BirthPlace, Civility string
	BirthDate                                  string
	CampaignYear                               int
}

// grants answers the operations about one student. The caller holds the lock.
func (s *Cnous) grants(r *http.Request, path string, body []byte) cnousReply {
	unknown := cnousRefusal(http.StatusNotFound, "Étudiant(e) non trouvé(e)")
	wrong := cnousRefusal(http.StatusBadRequest, "Mauvais paramètres")
	switch number, ok := strings.CutPrefix(path, "/v1/boursier/"); {
	case !ok:
		return cnousReply{status: http.StatusNotFound, media: "text/html", body: []byte("<html>404</html>")}
	case r.Method == http.MethodPost && number == "donnees-pivots":
		var q pivots
		if json.Unmarshal(body, &q) != nil {
			return wrong
		}
		return s.byIdentity(q, wrong, unknown)
	case r.Method == http.MethodGet && number == "find":
		var w struct {
			Given    string `json:"given_name"`
			Family   string `json:"family_name"`
			Date     string `json:"birthdate"`
			Gender   string `json:"gender"`
			Place    string `json:"birthplace"`
			Campaign int    `json:"campaignYear"`
		}
		if json.Unmarshal(body, &w) != nil {
			return wrong
		}
		first, _, _ := strings.Cut(w.Given, " ")
		return s.byIdentity(pivots{w.Family, first, w.Place, w.Gender, w.Date, w.Campaign}, wrong, unknown)
	case r.Method == http.MethodGet && len(number) == 11:
		campaign := 0
		if text := r.URL.Query().Get("campaignYear"); text != "" {
			var err error
			if campaign, err = strconv.Atoi(text); err != nil {
				return wrong
			}
		}
		found := s.find(campaign, func(p aglae.CnousRecord) bool { return strings.EqualFold(p.INE.Value, number) })
		if len(found) == 0 {
			return unknown
		}
		return cnousReply{status: http.StatusOK, media: "application/json", body: found[0]}
	}
	return wrong
}

func (s *Cnous) byIdentity(q pivots, wrong, unknown cnousReply) cnousReply {
	first, _, _ := strings.Cut(q.FirstNames, ",")
	date, err := passerelle.ParseFrenchDate(q.BirthDate)
	if err != nil || strings.TrimSpace(q.LastName) == "" || strings.TrimSpace(first) == "" {
		return wrong
	}
	found := s.find(q.CampaignYear, func(p aglae.CnousRecord) bool {
		born, err := p.BirthDate.Value.Date()
		place, placed := p.BirthPlace.Value.COG.Get()
		return err == nil && born == date && passerelle.SameName(p.LastName.Value, q.LastName) &&
			passerelle.SameName(p.FirstName.Value, first) && (q.Civility == "" || q.Civility == p.Civility.Value) &&
			(q.BirthPlace == "" || !placed || place == q.BirthPlace)
	})
	if len(found) == 0 {
		return unknown
	}
	return cnousJSON(http.StatusOK, found)
}

// find returns one record of each student that fits: that of the campaign, or the newest.
func (s *Cnous) find(campaign int, fits func(aglae.CnousRecord) bool) (found []json.RawMessage) {
	newest := map[string]person{}
	for _, p := range s.people {
		year := p.record.Campaign.Value.Year.Value
		if !fits(p.record) || campaign != 0 && year != campaign {
			continue
		}
		key := p.record.INE.Value
		if before, ok := newest[key]; !ok || year >= before.record.Campaign.Value.Year.Value {
			newest[key] = p
		}
	}
	for _, key := range slices.Sorted(maps.Keys(newest)) {
		found = append(found, newest[key].raw)
	}
	return found
}

// CnousServer is a [Cnous] that listens on a port of the loopback interface.
type CnousServer struct {
	*Cnous
	URL string

	server *httptest.Server
}

// ListenCnous starts a service; Close stops it.
func ListenCnous(cfg CnousConfig) (*CnousServer, error) {
	service, err := NewCnous(cfg)
	if err != nil {
		return nil, err
	}
	s := &CnousServer{Cnous: service, server: httptest.NewUnstartedServer(service)}
	s.server.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.server.Start()
	s.URL = s.server.URL
	return s, nil
}

// NewCnousServer starts a service for a test and stops it at its end.
func NewCnousServer(tb interface {
	Helper()
	Cleanup(func())
	Fatal(...any)
}, cfg CnousConfig) *CnousServer {
	tb.Helper()
	s, err := ListenCnous(cfg)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(s.Close)
	return s
}

// Close stops listening.
func (s *CnousServer) Close() {
	s.server.CloseClientConnections()
	s.server.Close()
}

// BaseURL is what stands before /v1.
func (s *CnousServer) BaseURL() string { return s.URL + cnousPrefix }

// Credentials are those that the service takes.
func (s *CnousServer) Credentials() aglae.CnousCredentials {
	return aglae.CnousCredentials{TokenURL: s.URL + CnousTokenPath, ClientID: s.cfg.ClientID, ClientSecret: s.cfg.ClientSecret}
}

// LegacyCredentials are those that the older token endpoint takes.
func (s *CnousServer) LegacyCredentials() aglae.CnousCredentials {
	return aglae.CnousCredentials{
		TokenURL: s.URL + CnousLegacyTokenPath, ClientID: s.cfg.ClientID, ClientSecret: s.cfg.ClientSecret, LegacyEnv: "PPD",
	}
}
