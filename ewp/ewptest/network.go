package ewptest

import (
	"context"
	"crypto/rsa"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"regexp"
	"slices"
	"sync"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp"
)

// Config is what a Network is made from. The zero value has two universities,
// "uni-a.example" and "uni-b.example", that serve echo.
type Config struct {
	// Universities are the members of the network.
	Universities []UniversityConfig
	// InMemory connects the members by pipes within the process, each under a name of its
	// own ("https://uni-a.example"), in place of ports of the loopback interface. The
	// network then works inside a testing/synctest bubble, where hours of refreshing,
	// retries and time-outs pass at once. Only Network.HTTP reaches it.
	InMemory bool
	// Logger gets what servers and clients log. Nil discards.
	Logger *slog.Logger
}

// Network is a registry and universities on the loopback interface. It is safe for
// concurrent use.
type Network struct {
	Registry *Registry
	Clock    *Clock

	joining sync.Mutex // held while a university is made

	mu           sync.Mutex
	universities []*University
	servers      []*http.Server

	authority *authority
	http      *http.Transport
	logger    *slog.Logger
	pipes     *pipes // nil on the loopback interface
}

// TB is the part of testing.TB that NewNetwork needs.
type TB interface {
	Helper()
	Cleanup(f func())
	Fatal(args ...any)
}

// NewNetwork starts a network for a test and stops it at its end.
func NewNetwork(tb TB, cfg Config) *Network {
	tb.Helper()
	n, err := Listen(cfg)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = n.Close() })
	return n
}

// Listen starts a network, whose universities know of each other when it returns.
// Close stops it. Its error is passerelle.FieldErrors for faults of cfg.
func Listen(cfg Config) (*Network, error) {
	if len(cfg.Universities) == 0 {
		cfg.Universities = []UniversityConfig{
			{HEI: ewp.MustParseHEIID("uni-a.example")}, {HEI: ewp.MustParseHEIID("uni-b.example")},
		}
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	authority, err := newAuthority()
	if err != nil {
		return nil, err
	}
	n := &Network{Clock: &Clock{}, authority: authority, logger: cfg.Logger, http: &http.Transport{
		TLSClientConfig:    &tls.Config{RootCAs: authority.pool, MinVersion: tls.VersionTLS12},
		DisableCompression: true, // bodies must come as they were signed
		IdleConnTimeout:    time.Minute, TLSHandshakeTimeout: 10 * time.Second,
	}}
	if cfg.InMemory {
		n.pipes = &pipes{}
		n.http.DialContext = n.pipes.dial
	}
	if err := n.start(cfg); err != nil {
		return nil, errors.Join(err, n.Close())
	}
	return n, nil
}

func (n *Network) start(cfg Config) error {
	err := n.listen("registry.example", func(url string) (_ http.Handler, err error) {
		n.Registry, err = NewRegistry(RegistryConfig{BaseURL: url, HTTP: n.http, Clock: n.Clock.Now})
		return n.Registry, err
	})
	if err != nil {
		return err
	}
	seen := map[ewp.HEIID]bool{}
	for i, uc := range cfg.Universities {
		if uc.HEI.IsZero() || seen[uc.HEI] {
			return passerelle.FieldErrors{{Field: fmt.Sprintf("Universities[%d].HEI", i), Rule: "unique", Want: "an identifier of its own"}}
		}
		seen[uc.HEI] = true
		if err := n.Join(uc); err != nil {
			return err
		}
	}
	return n.Refresh(context.Background())
}

// Join adds a university, which others know of after the next Refresh.
func (n *Network) Join(cfg UniversityConfig) error {
	n.joining.Lock()
	defer n.joining.Unlock()
	return n.listen(cfg.HEI.String(), func(url string) (http.Handler, error) {
		u, err := n.newUniversity(cfg, url)
		if err != nil {
			return nil, err
		}
		n.mu.Lock()
		n.universities = append(n.universities, u)
		n.mu.Unlock()
		n.Registry.Add(u.ManifestURL(), regexp.MustCompile(regexp.QuoteMeta(u.HEI.String())))
		return u, nil
	})
}

// listen serves a handler over TLS, on a port of the loopback interface or in memory.
// The handler is made when its address is known.
func (n *Network) listen(name string, handler func(url string) (http.Handler, error)) error {
	cert, err := n.authority.issue(name)
	if err != nil {
		return err
	}
	var plain net.Listener
	if n.pipes != nil {
		plain, err = n.pipes.listen(name + ":443")
	} else if plain, err = net.Listen("tcp", "127.0.0.1:0"); err == nil {
		name = plain.Addr().String()
	}
	if err != nil {
		return err
	}
	listener := tls.NewListener(plain, &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12})
	h, err := handler("https://" + name)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	server := &http.Server{
		Handler: h, ReadHeaderTimeout: 10 * time.Second,
		ErrorLog: log.New(io.Discard, "", 0), // connections that faults break on purpose
	}
	n.mu.Lock()
	n.servers = append(n.servers, server)
	n.mu.Unlock()
	go func() {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) && !errors.Is(err, net.ErrClosed) {
			n.logger.Error("ewptest: a server ended", slog.String("server", name), slog.Any("error", err))
		}
	}()
	return nil
}

// Close stops all servers and breaks what is under way.
func (n *Network) Close() error {
	n.mu.Lock()
	servers := slices.Clone(n.servers)
	n.mu.Unlock()
	var errs []error
	for _, s := range servers {
		errs = append(errs, s.Close())
	}
	n.http.CloseIdleConnections()
	return errors.Join(errs...)
}

// Refresh lets the registry fetch all manifests, and all universities the catalogue.
// Its error says what the registry refused of their manifests, entries and keys
// included.
func (n *Network) Refresh(ctx context.Context) error {
	imports, err := n.Registry.Refresh(ctx)
	errs := []error{err}
	for _, i := range imports {
		if i.Err != nil {
			errs = append(errs, fmt.Errorf("ewptest: manifest %s: %w", i.URL, i.Err))
		} else if err := i.Dropped.Err(); err != nil {
			errs = append(errs, fmt.Errorf("ewptest: manifest %s: %w", i.URL, err))
		}
	}
	for _, u := range n.Universities() {
		_, err := u.Catalogue.Refresh(ctx)
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// University returns the university with an identifier, nil where there is none.
func (n *Network) University(hei string) *University {
	for _, u := range n.Universities() {
		if u.HEI.String() == hei {
			return u
		}
	}
	return nil
}

// Universities returns all universities, in the order in which they joined.
func (n *Network) Universities() []*University {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Clone(n.universities)
}

// HTTP returns a transport that trusts the certificates of the network.
func (n *Network) HTTP() *http.Transport { return n.http }

// Host returns what Conformance needs to hold a university against the steps, with
// another one speaking, and a third where there is one.
func (n *Network) Host(hei, as string) Host {
	host := Host{HTTP: n.http, Clock: n.Clock.Now}
	for _, u := range n.Universities() {
		switch u.HEI.String() {
		case hei:
			host.HEI, host.Catalogue = u.HEI, u.Catalogue
		case as:
			host.As = u.Participant()
		default:
			host.Other = u.Participant()
		}
	}
	return host
}

// ownerOf returns the university that has a key, client or server key.
func (n *Network) ownerOf(id ewp.Fingerprint) (u *University, key *rsa.PrivateKey) {
	for _, u := range n.Universities() {
		for _, key := range []*rsa.PrivateKey{u.ClientKey, u.ServerKey} {
			if public(key).Fingerprint() == id {
				return u, key
			}
		}
	}
	return nil, nil
}
