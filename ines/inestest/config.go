package inestest

import (
	"cmp"
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ines"
	"github.com/passerelle-sup/passerelle/transport"
)

// Config says what a [Service] is. The zero value is an empty register that
// speaks the reference contract and behaves well.
type Config struct {
	// Seed determines the population, the numbers created, which registrations
	// come back tomorrow, and the faults.
	Seed uint64
	// Population is the number of people that the register knows at start; see
	// [Generate].
	Population int
	// Contract is what the SOAP side speaks. The zero Contract is
	// ines.ReferenceContract.
	Contract ines.Contract
	// Account, when set, is asked of SOAP requests: by HTTP Basic, or by the
	// WS-Security UsernameToken as text or digest.
	Account ines.Credentials
	// Client are the OAuth2 credentials of the REST side, and Channel its X-channel;
	// "client", "secret" and "channel" when empty.
	Client  ines.Credentials
	Channel string
	// TokenLife is how long tokens live by the clock of the service. 0 is one hour.
	TokenLife time.Duration
	// Tomorrow is the share of registrations, from 0 to 1, that are answered
	// IMAT_EN_COURS and done after Delay.
	Tomorrow float64
	// Delay is how long those and the late creations take. 0 is 24 hours.
	Delay time.Duration
	// Faults is the trouble made on purpose.
	Faults Faults
	// Now is the clock that Advance moves on from; nil is time.Now.
	Now func() time.Time
	// Journal, when set, is the file that keeps what happened, written before it is
	// answered: a service opened on it again goes on where the other stopped. The
	// same Seed and Population are required. The file holds the people, readable.
	Journal string
}

func (c Config) withDefaults() Config {
	if c.Contract.Operations == nil {
		c.Contract = ines.ReferenceContract()
	}
	if c.Client == (ines.Credentials{}) {
		c.Client = ines.Credentials{Username: "client", Password: "secret"}
	}
	c.Channel = cmp.Or(c.Channel, "channel")
	c.TokenLife = cmp.Or(c.TokenLife, time.Hour)
	c.Delay = cmp.Or(c.Delay, 24*time.Hour)
	if c.Now == nil {
		c.Now = time.Now
	}
	return c
}

func (c Config) check() error {
	var faults passerelle.FieldErrors
	if c.Population < 0 {
		faults.Add("Population", "range", "a number of people")
	}
	if c.Tomorrow < 0 || c.Tomorrow > 1 {
		faults.Add("Tomorrow", "range", "a share from 0 to 1")
	}
	if c.Delay < 0 {
		faults.Add("Delay", "range", "a duration")
	}
	c.Faults.check(&faults)
	return faults.Err()
}

// The paths of the handler. The REST ones are those of INES.
const (
	PathSOAP   = "/soap"
	PathToken  = ines.TokenPath
	PathVerify = ines.VerifyPath
)

// Server is a [Service] that listens on a port of the loopback interface.
type Server struct {
	*Service
	URL string // http://127.0.0.1:port or https://127.0.0.1:port

	server *httptest.Server
}

// TB is the part of testing.TB that NewServer needs.
type TB interface {
	Helper()
	Cleanup(f func())
	Fatal(args ...any)
}

// NewServer starts a service for a test and stops it at its end.
func NewServer(tb TB, cfg Config) *Server {
	tb.Helper()
	s, err := Listen(cfg)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = s.Close() })
	return s
}

// NewTLSServer is NewServer over https.
func NewTLSServer(tb TB, cfg Config) *Server {
	tb.Helper()
	s, err := ListenTLS(cfg)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = s.Close() })
	return s
}

// Listen starts a service over http. Close stops it.
func Listen(cfg Config) (*Server, error) { return listen(cfg, (*httptest.Server).Start) }

// ListenTLS starts a service over https, with a certificate of its own that
// [Server.Transport] trusts. Close stops it.
func ListenTLS(cfg Config) (*Server, error) { return listen(cfg, (*httptest.Server).StartTLS) }

func listen(cfg Config, start func(*httptest.Server)) (*Server, error) {
	service, err := New(cfg)
	if err != nil {
		return nil, err
	}
	s := &Server{Service: service, server: httptest.NewUnstartedServer(service.Handler())}
	start(s.server)
	s.URL = s.server.URL
	return s, nil
}

// Close stops listening, ends the requests under way and closes the journal.
func (s *Server) Close() error {
	s.server.CloseClientConnections()
	s.server.Close()
	return s.Service.Close()
}

// Transport returns a transport that trusts the certificate of the server. Each
// call returns a new one, without connections.
func (s *Server) Transport() http.RoundTripper {
	t := &http.Transport{ForceAttemptHTTP2: true}
	if cert := s.server.Certificate(); cert != nil {
		roots := x509.NewCertPool()
		roots.AddCert(cert)
		t.TLSClientConfig = &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
	}
	return t
}

// SOAPConfig returns a configuration for ines.NewSOAP that reaches the server,
// with its account and its clock.
func (s *Server) SOAPConfig() ines.SOAPConfig {
	c := s.cfg.Contract
	if s.cfg.Account != (ines.Credentials{}) {
		account := s.cfg.Account
		c.Basic = &account
	}
	return ines.SOAPConfig{Contract: c, Endpoint: s.URL + PathSOAP, Transport: transport.Config{Base: s.Transport()}, Now: s.Now}
}

// RESTConfig returns a configuration for ines.NewREST that reaches the server.
func (s *Server) RESTConfig() ines.RESTConfig {
	return ines.RESTConfig{
		BaseURL: s.URL, Username: s.cfg.Client.Username, Password: s.cfg.Client.Password, Channel: s.cfg.Channel,
		Transport: transport.Config{Base: s.Transport()}, Now: s.Now,
	}
}
