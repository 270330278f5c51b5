package aglaetest

import (
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/aglae"
	"github.com/passerelle-sup/passerelle/transport"
)

// Config says what a [Service] is. The zero value knows nobody, speaks the reference
// contract and behaves well.
type Config struct {
	// Contract is what the connector speaks. The zero Contract is
	// aglae.ReferenceContract.
	Contract aglae.Contract
	// Account, when set, is asked of the connector: by HTTP Basic, or by the WS-Security
	// UsernameToken as text or digest. Events ask for it by HTTP Basic.
	Account aglae.Credentials
	// Files are those of the start.
	Files []File
	// Seed determines which requests meet the Faults, shares of the requests from 0 to 1,
	// together 1 at the most.
	Seed   uint64
	Faults map[Fault]float64
	Delay  time.Duration    // of Slow; 0 is one second
	Now    func() time.Time // nil is time.Now
}

func (c Config) withDefaults() Config {
	if c.Contract.Fields == nil {
		c.Contract = aglae.ReferenceContract()
	}
	if c.Delay == 0 {
		c.Delay = time.Second
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return c
}

func checkFaults(shares map[Fault]float64) error {
	var faults passerelle.FieldErrors
	sum := 0.0
	for f, share := range shares {
		if !(share >= 0 && share <= 1) {
			faults.Add("Faults["+string(f)+"]", "range", "a share from 0 to 1")
		}
		sum += share
	}
	if sum > 1+1e-9 {
		faults.Add("Faults", "range", "shares that are 1 at the most together")
	}
	return faults.Err()
}

// The paths of the handler. That of OLAFE is its own.
const (
	PathConnector = "/connecteur"
	PathEvent     = "/evenements"
	PathOLAFE     = aglae.OLAFEPath
)

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
	Fatal(args ...any)
}

// NewServer starts a service for a test and stops it at its end.
func NewServer(tb TB, cfg Config) *Server {
	tb.Helper()
	s, err := Listen(cfg)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(s.Close)
	return s
}

// Listen starts a service over http. Close stops it.
func Listen(cfg Config) (*Server, error) {
	service, err := New(cfg)
	if err != nil {
		return nil, err
	}
	server := httptest.NewServer(service)
	return &Server{Service: service, URL: server.URL, server: server}, nil
}

// Close stops listening and ends the requests under way.
func (s *Server) Close() {
	s.server.CloseClientConnections()
	s.server.Close()
}

// Transport returns a transport of its own for a client of the server.
func (s *Server) Transport() http.RoundTripper { return &http.Transport{MaxIdleConnsPerHost: 16} }

// SOAPConfig returns a configuration for aglae.NewSOAP that reaches the server, with its
// account and its clock.
func (s *Server) SOAPConfig() aglae.SOAPConfig {
	c := s.cfg.Contract
	c.Basic = s.basic()
	return aglae.SOAPConfig{Contract: c, Endpoint: s.URL + PathConnector, Transport: transport.Config{Base: s.Transport()}, Now: s.cfg.Now}
}

// EventsConfig returns a configuration for aglae.NewEvents that reaches the server.
func (s *Server) EventsConfig() aglae.EventsConfig {
	return aglae.EventsConfig{
		URL: s.URL + PathEvent, Encoding: aglae.ReferenceEncoding(), Basic: s.basic(),
		Transport: transport.Config{Base: s.Transport()}, Now: s.cfg.Now,
	}
}

// OLAFEConfig returns a configuration for aglae.NewOLAFE that reaches the server.
func (s *Server) OLAFEConfig() aglae.EventsConfig {
	cfg := s.EventsConfig()
	cfg.URL = s.URL
	return cfg
}

func (s *Server) basic() *aglae.Credentials {
	if s.cfg.Account == (aglae.Credentials{}) {
		return nil
	}
	account := s.cfg.Account
	return &account
}
