package supdatatest

import (
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/passerelle-sup/passerelle/supdata"
	"github.com/passerelle-sup/passerelle/transport"
)

// Server is a [Service] that listens on a port of the loopback interface.
type Server struct {
	*Service
	URL string // base URL for supdata.Config, with the path prefix

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

// Listen starts a service over http. Close stops it.
func Listen(cfg Config) *Server {
	s := &Server{Service: New(cfg)}
	s.server = httptest.NewUnstartedServer(s.Service)
	s.server.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.server.Start()
	s.URL = s.server.URL + Prefix
	return s
}

// Close stops listening.
func (s *Server) Close() {
	s.server.CloseClientConnections()
	s.server.Close()
}

// ClientConfig returns a configuration that reaches the server with its key and its
// codes, without pace.
func (s *Server) ClientConfig() supdata.Config {
	return supdata.Config{
		BaseURL: s.URL, Key: s.cfg.Key, Codes: s.cfg.Codes, PerSecond: -1,
		Transport: transport.Config{Base: &http.Transport{MaxIdleConnsPerHost: 64, IdleConnTimeout: 10 * time.Second}},
		Now:       s.cfg.Now,
	}
}
