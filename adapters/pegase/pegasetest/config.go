package pegasetest

import (
	"cmp"
	"context"
	"net/http/httptest"
	"net/url"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/adapters/pegase"
	"github.com/passerelle-sup/passerelle/transport"
)

// Operation is something that the tenant is asked.
type Operation string

// The operations.
const (
	Token      Operation = "token"
	Search     Operation = "search"
	Identity   Operation = "identity"
	Flow       Operation = "flow"
	File       Operation = "file"
	Correction Operation = "correction" // modifierDonneesIne
	Periods    Operation = "periods"
	Programmes Operation = "programmes"
	Tree       Operation = "tree"
	Courses    Operation = "courses"
	Marks      Operation = "marks"
)

// Quirks are habits of the real service that its contracts do not tell, or tell wrongly.
type Quirks struct {
	UnknownIs500      bool // an unknown student is answered with HTTP 500 and "apprenant non trouve"
	SwappedErrorType  bool // errors are announced as json/application
	StatusName        bool // statusInscription in place of statutInscription
	Discriminator     bool // est1 properties in files
	NullEnrolmentDate bool // dateInscription is null
	NewWords          bool // words that no enumeration has yet: states, origins, mobilities, payments
	WrappedErrors     bool // errors come wrapped, with a correlation identifier
	NumericCodes      bool // country codes of files are numbers
	SmallPages        int  // a lower limit of pages than the contract's; 0: 500
}

// AllQuirks are all of them at once.
var AllQuirks = Quirks{
	UnknownIs500: true, SwappedErrorType: true, StatusName: true, Discriminator: true, NullEnrolmentDate: true, NewWords: true,
	WrappedErrors: true, NumericCodes: true, SmallPages: 37,
}

// Config says what a [Service] is. The zero value is an empty tenant that behaves well.
type Config struct {
	Seed       uint64 // determines the population and the faults
	Population int    // students at start; see [Service.Populate]
	Username   string // service account; empty: "svc-api"
	Password   string // its password; empty: "secret"
	Structure  string // code of the establishment; empty: "ETAB00"

	// TokenLife is how long tokens live by the clock of the service; 0: one hour.
	TokenLife time.Duration
	// Confirms plays INES for a correction: whether it confirms the number for the person. Nil
	// confirms everything.
	Confirms func(ine string, p passerelle.Person) bool
	// ReadOnly refuses corrections to the service account, with 403.
	ReadOnly bool

	Quirks Quirks
	Faults Faults

	// Before is called before the nth request of an operation is answered, n from 1, with its
	// query; it may change the state of the service.
	Before func(op Operation, n int, query url.Values)
	// Now is the clock that Advance moves on from; nil is time.Now.
	Now func() time.Time
}

func (c Config) withDefaults() Config {
	c.Username = cmp.Or(c.Username, "svc-api")
	c.Password = cmp.Or(c.Password, "secret")
	c.Structure = cmp.Or(c.Structure, "ETAB00")
	c.TokenLife = cmp.Or(c.TokenLife, time.Hour)
	if c.Now == nil {
		c.Now = time.Now
	}
	return c
}

func (c Config) check() error {
	var faults passerelle.FieldErrors
	if c.Population < 0 {
		faults.Add("Population", "range", "a number of students")
	}
	if c.TokenLife < 0 {
		faults.Add("TokenLife", "range", "a duration")
	}
	if c.Quirks.SmallPages < 0 {
		faults.Add("Quirks.SmallPages", "range", "a number of rows, or 0")
	}
	c.Faults.check(&faults)
	return faults.Err()
}

// Server is a [Service] that listens on a port of the loopback interface.
type Server struct {
	*Service
	URL string // http://127.0.0.1:port

	server *httptest.Server
}

// TB is the part of testing.TB that NewServer needs.
type TB interface {
	Helper()
	Cleanup(f func())
	Fatal(args ...any)
}

// NewServer starts a tenant for a test and stops it at its end.
func NewServer(tb TB, cfg Config) *Server {
	tb.Helper()
	s, err := Listen(cfg)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(s.Close)
	return s
}

// Listen starts a tenant. Close stops it. Its error is passerelle.FieldErrors.
func Listen(cfg Config) (*Server, error) {
	service, err := New(cfg)
	if err != nil {
		return nil, err
	}
	server := httptest.NewServer(service.Handler())
	return &Server{Service: service, URL: server.URL, server: server}, nil
}

// Close stops listening and ends the requests under way.
func (s *Server) Close() {
	s.server.CloseClientConnections()
	s.server.Close()
}

// The paths of the handler, which are those of the real hosts.
const (
	pathToken   = "/cas/v1/tickets"
	pathIDT     = "/api/idt/ext/v1"
	pathINS     = "/api/ins/ext/v2"
	pathGestion = "/api/v5/ins"
	pathODF     = "/api/odf/ext/v1"
	pathCHC     = "/api/ext/chc/v1"
	pathCOC     = "/api/coc/publication/v2"
)

// Endpoints are the addresses of the server's APIs.
func (s *Server) Endpoints() pegase.Endpoints {
	return pegase.Endpoints{
		Token: s.URL + pathToken, IDT: s.URL + pathIDT, INS: s.URL + pathINS, Gestion: s.URL + pathGestion,
		ODF: s.URL + pathODF, CHC: s.URL + pathCHC, COC: s.URL + pathCOC,
	}
}

// ClientConfig returns a configuration for pegase.New that reaches the server, with its
// account, its clock and no limit of requests.
func (s *Server) ClientConfig() pegase.Config {
	return pegase.Config{
		Endpoints: s.Endpoints(), Username: s.cfg.Username, Password: s.cfg.Password, Structure: s.cfg.Structure,
		Transport: transport.Config{Base: s.server.Client().Transport, Limiter: unlimited{}}, Now: s.Now,
	}
}

// unlimited is a Limiter that lets everything through.
type unlimited struct{}

func (unlimited) Wait(context.Context) error { return nil }
