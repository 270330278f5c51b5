package particuliertest

import (
	"cmp"
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/particulier"
	"github.com/passerelle-sup/passerelle/transport"
)

// Config says what a [Service] is. The zero value knows one token, TestToken, with
// all scopes, and nobody.
type Config struct {
	// Tokens are those of API Particulier. Nil is TestToken with all scopes.
	Tokens map[string]Token
	// FranceConnect are the access tokens of people who signed in.
	FranceConnect map[string]Pivot
	// Cases are served first. See [LoadCases].
	Cases *Cases
	// ScopedCases hides members of the cases by the scopes of the token; the staging
	// host does not.
	ScopedCases bool
	// Students and Scholarships are asked when no case fits. Nil knows nobody.
	Students     Students
	Scholarships Scholarships

	// PerSecond is how many requests of one token are answered in a second, and
	// PerMinute how many of one address in a minute. 0 are the limits of the service, 20
	// and 1000; negative is no limit.
	PerSecond, PerMinute int
	// Grace is how long after a 429 requests that were under way may still arrive
	// before the address is banned. 0 is 200 ms.
	Grace time.Duration
	// UnknownV4 is the status of a v4 operation for people who are no case: 0 is 404,
	// 500 is what the code of the staging host seems to do.
	UnknownV4 int
	// Seed determines which requests meet the Faults.
	Seed uint64
	// Faults are shares of requests, from 0 to 1, together 1 at the most.
	Faults map[Fault]float64
	// Delay is that of [Slow]. 0 is one second.
	Delay time.Duration
	// Latency is waited before each answer.
	Latency time.Duration
	// Now is the clock; nil is time.Now.
	Now func() time.Time
}

// TestToken is the token that a zero Config knows, and TestRecipient the recipient
// of the staging documentation.
const (
	TestToken     = "jeton-de-test"
	TestRecipient = "13002526500013"
)

// Token is a token of API Particulier.
type Token struct {
	ID, Name string
	Scopes   []string // nil: all
	State    TokenState
	// WrongAddress answers that the IP address is not allowed.
	WrongAddress bool
}

// TokenState tells whether a token is good. The zero value is.
type TokenState uint8

// The states of a token.
const (
	TokenActive TokenState = iota
	TokenExpired
	TokenBlacklisted
	TokenNotFound
)

// Pivot is what FranceConnect tells of a person: the pivot identity.
type Pivot struct {
	FamilyName, GivenName string // given names with blanks between
	BirthDate             string // YYYY-MM-DD
	Gender                string // "male" or "female"
	Birthplace            string // COG code
	Birthcountry          string // COG code
	PreferredUsername     string
	Scopes                []string // scopes of the resources; nil: all
	NoIdentity            bool     // the scopes of the pivot identity are missing
	Expired               bool
}

// Students knows students by what the fake is asked.
type Students interface {
	StudentStatusByINE(ine string) (particulier.StudentStatus, bool)
	StudentStatusByIdentity(p passerelle.Person) []particulier.StudentStatus // several are homonyms
}

// Scholarships knows holders of grants. campaign is 0 for the current one.
type Scholarships interface {
	ScholarshipByINE(ine string, campaign int) (particulier.Scholarship, bool)
	ScholarshipByIdentity(p passerelle.Person, campaign int) []particulier.Scholarship
}

func (c Config) withDefaults() Config {
	if c.Tokens == nil {
		c.Tokens = map[string]Token{TestToken: {ID: "00000000-0000-4000-8000-000000000001", Name: "test"}}
	}
	c.PerSecond = cmp.Or(c.PerSecond, 20)
	c.PerMinute = cmp.Or(c.PerMinute, 1000)
	c.Grace = cmp.Or(c.Grace, 200*time.Millisecond)
	c.Delay = cmp.Or(c.Delay, time.Second)
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Cases == nil {
		c.Cases = &Cases{}
	}
	return c
}

// Server is a [Service] that listens on a port of the loopback interface.
type Server struct {
	*Service
	URL string

	server *httptest.Server
}

// TB is the part of testing.TB that NewServer needs.
type TB interface {
	Helper()
	Cleanup(f func())
}

// NewServer starts a service for a test and stops it at its end.
func NewServer(tb TB, cfg Config) *Server {
	tb.Helper()
	s := Listen(cfg)
	tb.Cleanup(s.Close)
	return s
}

// Listen starts a service over https, with a certificate of its own that
// [Server.Transport] trusts. Close stops it.
func Listen(cfg Config) *Server {
	s := &Server{Service: New(cfg)}
	s.server = httptest.NewUnstartedServer(s.Service)
	s.server.Config.ErrorLog = discard
	s.server.StartTLS()
	s.URL = s.server.URL
	return s
}

// Close stops listening.
func (s *Server) Close() {
	s.server.CloseClientConnections()
	s.server.Close()
}

// Transport returns a transport that trusts the certificate of the server.
func (s *Server) Transport() http.RoundTripper {
	roots := x509.NewCertPool()
	roots.AddCert(s.server.Certificate())
	return &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}, MaxIdleConnsPerHost: 64, IdleConnTimeout: 10 * time.Second,
	}
}

// ClientConfig returns a configuration that reaches the server with TestToken.
func (s *Server) ClientConfig() particulier.Config {
	return particulier.Config{
		BaseURL: s.URL, Token: TestToken, Recipient: particulier.MustParseRecipient(TestRecipient), Transport: transport.Config{Base: s.Transport()},
		Now: s.cfg.Now,
	}
}
