package esctest

import (
	"encoding/json"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/esc"
	"github.com/passerelle-sup/passerelle/esc/router"
)

// RouterConfig is how the fake router behaves. The zero value has no institution
// and the quirks that the real one was observed to have for everybody.
type RouterConfig struct {
	// Organisations are the institutions, each with the token that is accepted for
	// it. Their names are invented when they have none.
	Organisations []router.Organisation
	// Now is the clock; nil is time.Now. Expiry is judged by it.
	Now func() time.Time
	// PageCap is how many rows a page holds at most whatever is asked. 0 is 10, as
	// observed in 2026; a negative value gives what is asked, as observed elsewhere.
	PageCap int
	// DateTimes gives dates as 2025-06-19T02:00:00.000+02 in place of 2025-06-19.
	DateTimes bool
	// LowerCase gives identifiers back in lower case.
	LowerCase bool
	// Loose leaves fields out, gives null for others, and some texts as numbers.
	Loose bool
	// HTMLErrors gives errors as a gateway does: a page in place of a code.
	HTMLErrors bool
	// Unlisted answers 403 to everything, as production does to addresses that it
	// does not know.
	Unlisted bool
	// IgnoreSearch gives all rows whatever is searched: the search is observed, not
	// documented.
	IgnoreSearch bool
	// CardsBlockPersons refuses to delete a person who has cards left, as version 1
	// did. Whether version 2 does is not known.
	CardsBlockPersons bool
	// Chains are the chains of certificates by PIC, served where the first router did
	// (trust.LegacyPath under /v1) to whoever gives a token in the header Key.
	Chains map[string][]byte
	// Faults is how often trouble happens, drawn from Seed.
	Faults Faults
	Seed   uint64
}

// Router is the ESC-Router in memory: version 2 of the API, the public verifier,
// and the chains of the first router. It is an http.Handler, safe for concurrent use.
// It decodes strictly what clients send.
type Router struct {
	mux *http.ServeMux

	mu         sync.Mutex
	config     RouterConfig
	generators map[int]*esc.Generator // by prefix
	random     *rand.Rand
	script     map[string][]Fault
	requests   []Request
	persons    map[string]*person // by identifier in lower case
	cards      map[string]*card   // by number in lower case
	orgs       []router.Institution
	tokens     map[string]string // token to PIC
	csvShift   int
}

// person is a student as the router keeps it.
type person struct {
	identifier string // as it was first sent; it never changes
	fullName   string
	enrolments map[string]router.Enrolment // by PIC
	pictures   map[string][]byte           // by PIC
	anonymised bool
}

// card is a card as the router keeps it; its person is a key.
type card struct {
	router.CardUpdate
	person string
}

// Request is a request that the fake got.
type Request struct {
	Operation string // as in errors of the client, without "router.": "create-card"
	PIC       string // institution of the token; "" without
	Body      string
	Status    int // answered; 0 when the connection was cut
}

// NewRouter makes a fake router. The error lists every fault of the configuration as
// passerelle.FieldErrors.
func NewRouter(config RouterConfig) (*Router, error) {
	var faults passerelle.FieldErrors
	if err := config.Faults.check(); err != nil {
		faults = append(faults, *err)
	}
	r := &Router{
		script: make(map[string][]Fault), persons: make(map[string]*person), cards: make(map[string]*card), tokens: make(map[string]string),
	}
	for i, o := range config.Organisations {
		if o.PIC == "" || o.Token == "" || r.tokens[o.Token] != "" {
			faults.Add("Organisations", "required", "a PIC and a token of its own for each")
			break
		}
		r.tokens[o.Token] = o.PIC
		r.orgs = append(r.orgs, institution(i, o.PIC))
	}
	if err := faults.Err(); err != nil {
		return nil, err
	}
	if config.Now == nil {
		config.Now = time.Now
	}
	config.Chains = maps.Clone(config.Chains)
	r.config = config
	r.random = rand.New(rand.NewPCG(config.Seed, 2024))
	generator, err := esc.NewGenerator(esc.Config{Prefix: ownPrefix})
	if err != nil {
		return nil, err
	}
	r.generators = map[int]*esc.Generator{ownPrefix: generator}
	r.routes()
	return r, nil
}

// NewServer serves a fake router on loopback. Close it.
func NewServer(r *Router) *httptest.Server { return httptest.NewServer(r) }

// ClientConfig returns the configuration of a client of the fake at an address, with
// all its institutions.
func (r *Router) ClientConfig(address string) router.Config {
	r.mu.Lock()
	defer r.mu.Unlock()
	return router.Config{Environment: router.Custom, BaseURL: address, Organisations: slices.Clone(r.config.Organisations)}
}

// Change changes the behaviour while the fake runs. The institutions stay.
func (r *Router) Change(f func(*RouterConfig)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	organisations := r.config.Organisations
	f(&r.config)
	r.config.Organisations = organisations
}

// ExpireToken makes the router refuse the token of an institution from now on.
func (r *Router) ExpireToken(pic string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	maps.DeleteFunc(r.tokens, func(_, p string) bool { return p == pic })
}

// Anonymise makes a person one who does not come back: 410 from now on.
func (r *Router) Anonymise(identifier string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	key := strings.ToLower(identifier)
	r.persons[key] = &person{identifier: identifier, anonymised: true}
	maps.DeleteFunc(r.cards, func(_ string, c *card) bool { return c.person == key })
}

// Person returns what the router holds of a person, for assertions: enrolments by
// PIC, nil when there is none or an anonymised one.
func (r *Router) Person(identifier string) map[string]router.Enrolment {
	r.mu.Lock()
	defer r.mu.Unlock()
	if p := r.persons[strings.ToLower(identifier)]; p != nil && !p.anonymised {
		return maps.Clone(p.enrolments)
	}
	return nil
}

// Card returns what the router holds of a card, for assertions.
func (r *Router) Card(number string) (router.CardUpdate, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if c := r.cards[strings.ToLower(number)]; c != nil {
		return c.CardUpdate, true
	}
	return router.CardUpdate{}, false
}

// Counts returns how many persons and cards the router holds.
func (r *Router) Counts() (persons, cards int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, p := range r.persons {
		if !p.anonymised {
			persons++
		}
	}
	return persons, len(r.cards)
}

// Requests returns the requests got so far, and forgets them.
func (r *Router) Requests() []Request {
	r.mu.Lock()
	defer r.mu.Unlock()
	requests := r.requests
	r.requests = nil
	return requests
}

// answer is what an operation gives.
type answer struct {
	status int
	body   any    // JSON; nil for none
	raw    []byte // in place of body
	media  string // of raw
}

func ok(body any) answer { return answer{status: http.StatusOK, body: body} }

// refuse is an error with a code.
func refuse(status int, code, message string) answer {
	return answer{status: status, body: router.ErrorMessage{Code: router.Text(code), Message: message}}
}

// plain is an answer without content, or an error without a code: those of which none
// is known. The published document has a body for every error.
func plain(status int) answer {
	if status < 400 {
		return answer{status: status}
	}
	return refuse(status, "", http.StatusText(status))
}

// call is one request in the hands of an operation. The router is locked.
type call struct {
	*http.Request
	body []byte
	pic  string // institution of the token
}

// json decodes the body strictly.
func (c *call) json(out any) bool {
	dec := json.NewDecoder(strings.NewReader(string(c.body)))
	dec.DisallowUnknownFields()
	return dec.Decode(out) == nil
}

// operation is one of the API; public ones take no token.
type operation struct {
	name   string
	public bool
	run    func(*Router, *call) answer
}

// ownPrefix is that of the numbers which the router assigns itself: deduced from
// numbers in circulation.
const ownPrefix = 988

const (
	rest     = "/esc-rest/api/v2"
	verifier = "/esc-verifier-service/api/v1"
)

func (r *Router) routes() {
	r.mux = http.NewServeMux()
	for pattern, op := range map[string]operation{
		"GET " + rest + "/persons":                                    {"persons", false, (*Router).listPersons},
		"POST " + rest + "/persons":                                   {"create-person", false, (*Router).createPerson},
		"GET " + rest + "/persons/{esi}":                              {"person", false, (*Router).getPerson},
		"PUT " + rest + "/persons/{esi}":                              {"update-person", false, (*Router).updatePerson},
		"DELETE " + rest + "/persons/{esi}":                           {"delete-person", false, (*Router).deletePerson},
		"GET " + rest + "/cards":                                      {"cards", false, (*Router).listCards},
		"POST " + rest + "/cards":                                     {"create-card", false, (*Router).createCard},
		"GET " + rest + "/cards/{escn}":                               {"card", false, (*Router).getCard},
		"PUT " + rest + "/cards/{escn}":                               {"update-card", false, (*Router).updateCard},
		"DELETE " + rest + "/cards/{escn}":                            {"delete-card", false, (*Router).deleteCard},
		"GET " + rest + "/cards/{escn}/status":                        {"card-status", true, (*Router).cardStatus},
		"GET " + rest + "/cards/{escn}/qr":                            {"qr", true, (*Router).cardQR},
		"GET " + rest + "/cards/generate-escn":                        {"generate-escn", true, (*Router).generate},
		"GET " + rest + "/cards/csv-config":                           {"csv-config", false, (*Router).csvConfig},
		"POST " + rest + "/cards/validate-csv":                        {"validate-csv", false, (*Router).validateCSV},
		"POST " + rest + "/organisations/{id}/person/{esi}/picture":   {"set-picture", false, (*Router).setPicture},
		"GET " + rest + "/organisations/{id}/person/{esi}/picture":    {"picture", false, (*Router).getPicture},
		"DELETE " + rest + "/organisations/{id}/person/{esi}/picture": {"delete-picture", false, (*Router).deletePicture},
		"GET " + verifier + "/cards/verify/{escn}":                    {"verify", true, (*Router).verifyCard},
		"GET /v1/certs/files/{pic}/ca-chain.cert.pem":                 {"certificates", true, (*Router).certificates},
	} {
		r.mux.HandleFunc(pattern, func(w http.ResponseWriter, req *http.Request) { r.serve(w, req, op) })
	}
}

// ServeHTTP answers as the router does.
func (r *Router) ServeHTTP(w http.ResponseWriter, req *http.Request) { r.mux.ServeHTTP(w, req) }
