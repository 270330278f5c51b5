package pegase

import (
	"cmp"
	"log/slog"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/sis"
	"github.com/passerelle-sup/passerelle/transport"
)

// Values that stand for the zero fields of Config.
const (
	DefaultSystem    = "pegase"
	DefaultStructure = "ETAB00" // code of the establishment in almost every tenant
	DefaultOverlap   = 2 * time.Minute
	DefaultParallel  = 4
	DefaultSort      = "codeApprenant,asc"

	defaultRate = 5 // requests a second
	pageSize    = 500
)

// Endpoints are the addresses of the APIs, each up to and without its last slash.
// Token, IDT and INS are required; a method that needs another one fails with
// passerelle.FieldErrors when it is empty. None has a default: see [TenantEndpoints].
type Endpoints struct {
	Token   string // token service: …/cas/v1/tickets
	IDT     string // identities, external v1: …/api/idt/ext/v1
	INS     string // enrolments, external v2: …/api/ins/ext/v2
	Gestion string // enrolments, "gestion" v5, for the correction of an INE: …/api/v5/ins
	ODF     string // programmes, external v1: …/api/odf/ext/v1
	CHC     string // course choices, external v1: …/api/ext/chc/v1
	COC     string // published marks, v2: …/api/coc/publication/v2
}

var tenantName = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)

// TenantEndpoints writes the addresses of a tenant in the published form:
// "bas-esup" is a sandbox, "test-…" a test tenant, the name alone production. They
// are not checked against anything. Its error is passerelle.FieldErrors.
func TenantEndpoints(tenant string) (Endpoints, error) {
	if !tenantName.MatchString(tenant) {
		return Endpoints{}, passerelle.FieldErrors{{Field: "tenant", Rule: "character", Want: "small letters, digits and hyphens, such as test-univ"}}
	}
	at := func(host, path string) string { return "https://" + host + "." + tenant + ".pc-scol.fr" + path }
	return Endpoints{
		Token:   at("authn-app", "/cas/v1/tickets"),
		IDT:     at("idt", "/api/idt/ext/v1"),
		INS:     at("ins", "/api/ins/ext/v2"),
		Gestion: at("ins", "/api/v5/ins"),
		ODF:     at("odf", "/api/odf/ext/v1"),
		CHC:     at("chc", "/api/ext/chc/v1"),
		COC:     at("coc", "/api/coc/publication/v2"),
	}, nil
}

// Details says of which students the whole identity is read, at one call each.
// Without it a student has no birthplace, no second given name and no usage name.
type Details uint8

const (
	// DetailsWhenNeeded reads those whose INE is not known to be confirmed.
	DetailsWhenNeeded Details = iota
	// DetailsAlways reads everybody.
	DetailsAlways
	// DetailsNever reads nobody, apart from students named in Query.IDs and those whose state
	// no search tells.
	DetailsNever
)

// Config says how to reach a tenant. Endpoints, Username and Password are required.
type Config struct {
	Endpoints Endpoints
	Username  string // service account, usually svc-api
	Password  string

	// OmitTokenParam leaves token=true out of the request for a token. A public client says
	// that newer versions of the token service want that.
	OmitTokenParam bool

	Structure string        // code of the establishment in the tenant; empty: DefaultStructure
	System    string        // system of the student IDs; empty: DefaultSystem
	Details   Details       // whose identity is read
	Sort      string        // property and direction of searches (deduced); empty: DefaultSort; "-": none
	Overlap   time.Duration // how far back changes are read again, for those that were stored late; 0: DefaultOverlap
	Parallel  int           // identities read at the same time; 0: DefaultParallel

	// Passing tells which result codes (TRE001…) are passes and which are not. The list
	// belongs to each establishment. A code that is not there is a pass when credits were
	// obtained (deduced) and unknown otherwise.
	Passing map[string]sis.Passed

	// Location is the zone of times that have none. nil means UTC.
	Location *time.Location

	// Transport is the HTTP policy. A nil Limiter means five requests a second, four at once.
	Transport transport.Config
	// Now is the clock; nil: time.Now.
	Now func() time.Time
}

// LogValue gives the addresses, and no credentials.
func (c Config) LogValue() slog.Value {
	return slog.GroupValue(slog.String("idt", c.Endpoints.IDT), slog.String("ins", c.Endpoints.INS), slog.String("username", c.Username))
}

// Client reads a tenant. It is safe for concurrent use.
type Client struct {
	cfg    Config
	http   *transport.Client
	tokens *tokens

	mu      sync.Mutex
	refused map[string]time.Time // operations that a fresh token was refused for
}

var (
	_ sis.Source       = (*Client)(nil)
	_ sis.Deltas       = (*Client)(nil)
	_ sis.GradesReader = (*Client)(nil)
)

// New checks the configuration and returns a client. It sends nothing. Its error is
// passerelle.FieldErrors with every fault.
func New(cfg Config) (*Client, error) {
	var faults passerelle.FieldErrors
	cfg.Endpoints.check(&faults)
	if cfg.Username == "" {
		faults.Add("Username", "required", "the service account, usually svc-api")
	}
	if cfg.Password == "" {
		faults.Add("Password", "required", "the password of the service account")
	}
	if cfg.Details > DetailsNever {
		faults.Add("Details", "range", "DetailsWhenNeeded, DetailsAlways or DetailsNever")
	}
	if cfg.Overlap < 0 {
		faults.Add("Overlap", "range", "no negative value; 0 is the default")
	}
	if cfg.Parallel < 0 {
		faults.Add("Parallel", "range", "no negative value; 0 is the default")
	}
	faults = append(faults, cfg.Transport.Faults("Transport.")...)
	if err := faults.Err(); err != nil {
		return nil, err
	}
	cfg.Structure = cmp.Or(cfg.Structure, DefaultStructure)
	cfg.System = cmp.Or(cfg.System, DefaultSystem)
	cfg.Sort = cmp.Or(cfg.Sort, DefaultSort)
	cfg.Overlap = cmp.Or(cfg.Overlap, DefaultOverlap)
	cfg.Parallel = cmp.Or(cfg.Parallel, DefaultParallel)
	if cfg.Location == nil {
		cfg.Location = time.UTC
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Transport.Limiter == nil {
		cfg.Transport.Limiter = rate.NewLimiter(defaultRate, DefaultParallel)
	}
	client, err := transport.New(cfg.Transport)
	if err != nil {
		return nil, err
	}
	return &Client{cfg: cfg, http: client, tokens: newTokens(client, cfg), refused: make(map[string]time.Time)}, nil
}

// check adds what is wrong with the addresses, and takes off their last slash.
func (e *Endpoints) check(faults *passerelle.FieldErrors) {
	for _, a := range []struct {
		name     string
		address  *string
		required bool
	}{
		{"Token", &e.Token, true}, {"IDT", &e.IDT, true}, {"INS", &e.INS, true},
		{"Gestion", &e.Gestion, false}, {"ODF", &e.ODF, false}, {"CHC", &e.CHC, false}, {"COC", &e.COC, false},
	} {
		if *a.address == "" {
			if a.required {
				faults.Add("Endpoints."+a.name, "required", "the base URL of the API in your tenant; TenantEndpoints writes the published form")
			}
			continue
		}
		u, err := url.Parse(*a.address)
		if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Scheme != "http" && u.Scheme != "https" {
			faults.Add("Endpoints."+a.name, "url", "an absolute http or https URL without credentials or query")
			continue
		}
		*a.address = strings.TrimRight(*a.address, "/")
	}
}

// needed returns the error of a method whose address is not configured, or nil.
func needed(name, address string) error {
	if address != "" {
		return nil
	}
	return passerelle.FieldErrors{{Field: "Endpoints." + name, Rule: "required", Want: "the base URL of the API in your tenant"}}
}
