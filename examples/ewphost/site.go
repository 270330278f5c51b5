package main

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"path/filepath"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/ewpserver"
	"github.com/passerelle-sup/passerelle/ewp/httpsig"
	"github.com/passerelle-sup/passerelle/ewp/registry"
	"github.com/passerelle-sup/passerelle/transport"
)

// site is the host of a configuration: what is served, under which keys.
type site struct {
	config     *config
	server     *ewpserver.Server
	serverKeys []ewp.PublicKey
	logger     *slog.Logger
}

// gcmSecurity is declared for an API with "gcm": true.
const gcmSecurity = ewpserver.DefaultSecurity | ewp.RequestGCM | ewp.ResponseGCM

// newSite registers every API of the configuration.
func newSite(c *config, catalogue registry.Catalogue, logger *slog.Logger) (*site, error) {
	keys, err := readKeys(c.ServerKeys)
	if err != nil {
		return nil, err
	}
	if logger == nil {
		logger = slog.New(slog.DiscardHandler)
	}
	s := &site{config: c, logger: logger}
	if s.serverKeys, err = publicKeys(keys); err != nil {
		return nil, err
	}
	signer, err := httpsig.NewSigner(httpsig.SignerConfig{Key: keys[0]})
	if err != nil {
		return nil, err
	}
	decrypter, err := newDecrypter(keys)
	if err != nil {
		return nil, err
	}
	base, err := url.Parse(c.BaseURL)
	if err != nil {
		return nil, err
	}
	s.server, err = ewpserver.New(ewpserver.Config{
		Institutions: []ewpserver.Institution{{HEI: c.HEI, Path: base.Path, Signer: signer}},
		Catalogue:    catalogue,
		Hosts:        []string{base.Hostname()}, // with any port: some clients leave it out
		Decrypter:    decrypter,
		Logger:       logger,
	})
	if err != nil {
		return nil, err
	}
	for name, settings := range c.APIs {
		api, _ := ewp.ParseAPI(name)
		if err := services[api](s, settings); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	return s, nil
}

// options are those of every endpoint of an API.
func (s *site) options(settings apiConfig) []ewpserver.Option {
	security := ewpserver.DefaultSecurity
	if settings.GCM {
		security = gcmSecurity
	}
	if settings.Anonymous {
		security |= ewp.ClientAnonymous
	}
	return []ewpserver.Option{ewpserver.Security(security)}
}

// folder is where the data of an API is.
func (s *site) folder(api ewp.API) string { return filepath.Join(s.config.Data, api.String()) }

// unasked stands for the catalogue where nobody is answered.
type unasked struct{}

func (unasked) Index() (*registry.Index, error) { return nil, passerelle.ErrUnavailable }

// openCatalogue returns the client of the registry, or of the file that stands for it.
// Each command has a copy of its own: two processes must not share one.
func openCatalogue(c *config, command string, logger *slog.Logger) (*registry.Client, error) {
	t, err := outward(c, logger)
	if err != nil {
		return nil, err
	}
	cfg := registry.Config{Transport: t, Logger: logger}
	if isURL(c.Catalogue) {
		cfg.Source = registry.URL(c.Catalogue)
		if c.Copies != "" {
			cfg.CopyDir = filepath.Join(c.Copies, command)
			if err := os.MkdirAll(cfg.CopyDir, 0o755); err != nil {
				return nil, err
			}
		}
	} else {
		cfg.Source, cfg.Interval, cfg.MaxAge = registry.File(c.Catalogue), fileInterval, -1
	}
	return registry.New(cfg)
}

// outward is how partners and the registry are called.
func outward(c *config, logger *slog.Logger) (transport.Config, error) {
	t := transport.Config{Logger: logger}
	if len(c.TLSRoots) == 0 {
		return t, nil
	}
	roots, err := x509.SystemCertPool()
	if err != nil {
		roots = x509.NewCertPool()
	}
	for _, name := range c.TLSRoots {
		data, err := os.ReadFile(name)
		if err != nil {
			return t, err
		}
		if !roots.AppendCertsFromPEM(data) {
			return t, fmt.Errorf("%s: want certificates in PEM", name)
		}
	}
	base := http.DefaultTransport.(*http.Transport).Clone()
	base.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots}
	t.Base = base
	return t, nil
}
