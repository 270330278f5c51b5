package aglaetest

import (
	"io"
	"log"
	"net/http/httptest"

	"github.com/passerelle-sup/passerelle/aglae"
)

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
