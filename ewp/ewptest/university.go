package ewptest

import (
	"context"
	"crypto"
	"crypto/rsa"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/aesgcm"
	"github.com/passerelle-sup/passerelle/ewp/discovery"
	"github.com/passerelle-sup/passerelle/ewp/echo"
	"github.com/passerelle-sup/passerelle/ewp/ewpclient"
	"github.com/passerelle-sup/passerelle/ewp/ewpserver"
	"github.com/passerelle-sup/passerelle/ewp/httpsig"
	"github.com/passerelle-sup/passerelle/ewp/registry"
	"github.com/passerelle-sup/passerelle/transport"
)

// UniversityConfig is what a University is made from. HEI is required.
type UniversityConfig struct {
	// HEI is the identifier of the institution.
	HEI ewp.HEIID
	// Names and OtherIDs describe it. No names is one, in English, that is HEI.
	Names    ewp.Texts
	OtherIDs []ewp.OtherID
	// Security is that of its APIs, where Register says nothing else. 0 is
	// ewpserver.DefaultSecurity.
	Security ewp.Methods
	// Register serves the APIs of the university on u.Server. Echo is served already.
	// Nil serves nothing else.
	Register func(u *University) error
	// Manifest changes the manifest that follows from what is served, each time that
	// it is asked for. Nil leaves it.
	Manifest func(m *discovery.Manifest)
	// Document changes the document of the manifest as it is served, to what the
	// registry would refuse and discovery would not write. Nil leaves it.
	Document func(doc []byte) []byte
	// Client changes how the client is made. Nil leaves it.
	Client func(cfg *ewpclient.Config)
}

// University is a member of a Network: host and client. It is an http.Handler, which
// serves the manifest at PathManifest and the rest by Server, unless a fault was
// injected. It is safe for concurrent use.
type University struct {
	HEI         ewp.HEIID
	Institution ewp.Institution
	// URL is where it is reached, without a path.
	URL string
	// ClientKey signs its requests and ServerKey its answers.
	ClientKey, ServerKey *rsa.PrivateKey
	// Catalogue is its own copy of the catalogue, which Network.Refresh brings up to
	// date.
	Catalogue *registry.Client
	Server    *ewpserver.Server
	Client    *ewpclient.Client

	network  *Network
	manifest func(*discovery.Manifest)
	document func([]byte) []byte
	faults   faults
}

// newUniversity makes the next university of the network.
func (n *Network) newUniversity(cfg UniversityConfig, address string) (*University, error) {
	number := len(n.Universities())
	u := &University{
		HEI: cfg.HEI, URL: address, network: n, manifest: cfg.Manifest, document: cfg.Document,
		Institution: ewp.Institution{ID: cfg.HEI, Names: cfg.Names, OtherIDs: cfg.OtherIDs},
		ClientKey:   Key(2 * number), ServerKey: Key(2*number + 1),
	}
	if len(u.Institution.Names) == 0 {
		u.Institution.Names = ewp.Texts{{Lang: "en", Value: cfg.HEI.String()}}
	}
	var err error
	if u.Catalogue, err = registry.New(registry.Config{
		Source: registry.URL(n.Registry.URL()), MinGap: -1, Transport: transport.Config{Base: n.http}, Logger: n.logger,
	}); err != nil {
		return nil, err
	}
	if err := u.makeServer(cfg); err != nil {
		return nil, err
	}
	if err := u.makeClient(cfg); err != nil {
		return nil, err
	}
	if err := echo.Register(u.Server); err != nil {
		return nil, err
	}
	if cfg.Register != nil {
		err = cfg.Register(u)
	}
	return u, err
}

func (u *University) makeServer(cfg UniversityConfig) error {
	signer, err := u.signer(u.ServerKey)
	if err != nil {
		return err
	}
	decrypter, err := aesgcm.NewDecrypter(aesgcm.DecrypterConfig{Keys: []crypto.Decrypter{u.ServerKey}})
	if err != nil {
		return err
	}
	at, err := url.Parse(u.URL)
	if err != nil {
		return err
	}
	u.Server, err = ewpserver.New(ewpserver.Config{
		Institutions: []ewpserver.Institution{{HEI: u.HEI}}, Catalogue: u.Catalogue, Hosts: []string{at.Hostname()},
		Signer: signer, Decrypter: decrypter, Security: cfg.Security,
		Policy: httpsig.Policy{Clock: u.network.Clock.Now}, Logger: u.network.logger,
	})
	return err
}

func (u *University) makeClient(cfg UniversityConfig) error {
	signer, err := u.signer(u.ClientKey)
	if err != nil {
		return err
	}
	c := ewpclient.Config{
		HEI: u.HEI, Catalogue: u.Catalogue, Signer: signer, Policy: httpsig.Policy{Clock: u.network.Clock.Now},
		Transport: transport.Config{
			Base: u.network.http, Logger: u.network.logger,
			// Tests need not wait as long as the services of the world.
			Retry: transport.RetryPolicy{MinWait: 10 * time.Millisecond, MaxWait: 100 * time.Millisecond},
		},
	}
	if cfg.Client != nil {
		cfg.Client(&c)
	}
	u.Client, err = ewpclient.New(c)
	return err
}

func (u *University) signer(key *rsa.PrivateKey) (*httpsig.Signer, error) {
	return httpsig.NewSigner(httpsig.SignerConfig{Key: key, Clock: u.network.Clock.Now})
}

// ManifestURL returns where the registry fetches the manifest.
func (u *University) ManifestURL() string { return u.URL + PathManifest }

// Participant returns the university as one that speaks in Conformance.
func (u *University) Participant() Participant {
	return Participant{HEI: u.HEI, ClientKey: u.ClientKey, ServerKey: u.ServerKey}
}

// Refresh brings its copy of the catalogue up to date.
func (u *University) Refresh(ctx context.Context) error {
	_, err := u.Catalogue.Refresh(ctx)
	return err
}

// Manifest returns the manifest: an entry for each API that Server serves, and each
// version of it, with the
// addresses and limits of its endpoints.
func (u *University) Manifest() *discovery.Manifest {
	m := &discovery.Manifest{
		URL: u.ManifestURL(), AdminEmails: []string{"ewp-admin@" + u.HEI.String()}, AdminProvider: "ewptest",
		HEI: u.Institution, ClientKeys: []ewp.PublicKey{public(u.ClientKey)}, ServerKeys: []ewp.PublicKey{public(u.ServerKey)},
	}
	type version struct {
		api   ewp.API
		major int
	}
	at := map[version]int{}
	for r := range u.Server.Routes() {
		i, ok := at[version{r.API, r.Major}]
		if !ok {
			i = len(m.APIs)
			at[version{r.API, r.Major}] = i
			entry := discovery.ForMajor(r.API, r.Major)
			entry.Security = r.Security
			m.APIs = append(m.APIs, entry)
		}
		entry := &m.APIs[i]
		entry.Elements = append(entry.Elements, discovery.Value(r.Endpoint.Element, u.URL+r.Path))
		entry.Elements = append(entry.Elements, besideAddress(r)...)
		for j, limit := range r.Limits {
			if name := r.API.Limits()[j]; limit > 0 {
				if _, declared := entry.Value(name); !declared {
					entry.Elements = append(entry.Elements, discovery.Value(name, strconv.Itoa(limit)))
				}
			}
		}
	}
	if u.manifest != nil {
		u.manifest(m)
	}
	return m
}

// ServeHTTP serves the manifest, and the endpoints with the faults that were injected.
func (u *University) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == PathManifest {
		u.serveManifest(w)
		return
	}
	u.serve(w, r)
}

func (u *University) serveManifest(w http.ResponseWriter) {
	doc, err := u.Manifest().Marshal()
	if err != nil {
		writeError(w, http.StatusInternalServerError, err.Error())
		return
	}
	if u.document != nil {
		doc = u.document(doc)
	}
	w.Header().Set("Content-Type", mimeXML)
	_, _ = w.Write(doc)
}
