package emrex

import (
	"context"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"slices"
	"strings"
	"sync"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp/registry"
	"github.com/passerelle-sup/passerelle/transport"
)

// Provider is a contact point, as the registry of EMREX or the catalogue of EWP
// lists it.
type Provider struct {
	Name         string
	Country      string   // ISO 3166-1 alpha-2
	Institutions []string // names for people
	URL          string
	Certificates []*x509.Certificate // several while a key is replaced
	// SingleFetch says that the country has a contact point for each institution, of
	// which the student chooses one.
	SingleFetch bool
}

// Directory knows contact points.
type Directory interface {
	// Providers returns them all. It is called often, and safe for concurrent use.
	Providers(ctx context.Context) ([]Provider, error)
}

// Static is a directory that never changes: for tests, and for pinned partners.
type Static []Provider

// Providers returns s.
func (s Static) Providers(context.Context) ([]Provider, error) { return s, nil }

// find returns the provider of an address.
func find(ctx context.Context, d Directory, address string) (Provider, error) {
	list, err := d.Providers(ctx)
	if err != nil {
		return Provider{}, err
	}
	for _, p := range list {
		if p.URL == address {
			return p, nil
		}
	}
	return Provider{}, fmt.Errorf("emrex: no contact point at this address: %w", passerelle.ErrNotFound)
}

// maxList bounds a list of contact points.
const maxList = 16 << 20

// ReadList reads the JSON list of version 1 in both of its spellings ("ncps" and
// "emps"). Entries without a usable address or certificate, and null ones, are left
// out and told in dropped, by their place. Those of one address are one contact point
// with the certificates of all. Its error is a [*passerelle.ParseError].
func ReadList(r io.Reader) (list []Provider, dropped passerelle.FieldErrors, err error) {
	type entry struct {
		Acronym      string   `json:"acronym"`
		Country      string   `json:"countryCode"`
		Institutions []string `json:"institutions"`
		URL          string   `json:"url"`
		Certificate  string   `json:"pubKey"` // a certificate, in spite of its name
	}
	var doc struct {
		Countries []*struct {
			Code        string `json:"countryCode"`
			SingleFetch bool   `json:"singleFetch"`
		} `json:"countries"`
		NCPs []*entry `json:"ncps"`
		EMPs []*entry `json:"emps"`
	}
	limited := &io.LimitedReader{R: r, N: maxList + 1}
	if err := json.NewDecoder(limited).Decode(&doc); err != nil || limited.N <= 0 {
		return nil, nil, &passerelle.ParseError{Type: "EMREX list", Rule: "json", Want: "the list of contact points in JSON, of at most 16 MiB"}
	}
	single := map[string]bool{}
	for _, c := range doc.Countries {
		if c != nil {
			single[strings.ToUpper(c.Code)] = c.SingleFetch
		}
	}
	name, entries := "emps", doc.EMPs
	if len(entries) == 0 {
		name, entries = "ncps", doc.NCPs
	}
	for i, e := range entries {
		field := fmt.Sprintf("%s[%d]", name, i)
		if e == nil {
			dropped.Add(field, "null", "an entry")
			continue
		}
		p := Provider{Name: e.Acronym, Country: strings.ToUpper(e.Country), Institutions: e.Institutions, URL: e.URL}
		p.SingleFetch = single[p.Country]
		for block, rest := pem.Decode([]byte(e.Certificate)); block != nil; block, rest = pem.Decode(rest) {
			if c, err := x509.ParseCertificate(block.Bytes); err == nil {
				p.Certificates = append(p.Certificates, c)
			}
		}
		if fault := p.fault(); fault.Rule != "" {
			dropped.Add(field+"."+fault.Field, fault.Rule, fault.Want)
			continue
		}
		list = append(list, p)
	}
	return merge(list, union), dropped, nil
}

// merge makes one contact point of those at one address.
func merge(list []Provider, both func(a, b []*x509.Certificate) []*x509.Certificate) []Provider {
	var out []Provider
	at := map[string]int{}
	for _, p := range list {
		i, ok := at[p.URL]
		if !ok {
			at[p.URL] = len(out)
			out = append(out, p)
			continue
		}
		q := &out[i]
		q.Certificates = both(q.Certificates, p.Certificates)
		for _, name := range p.Institutions {
			if !slices.Contains(q.Institutions, name) {
				q.Institutions = append(q.Institutions, name)
			}
		}
	}
	return out
}

func holds(list []*x509.Certificate, c *x509.Certificate) bool {
	return slices.ContainsFunc(list, c.Equal)
}

// union is for a list of one authority, which names a key anew to replace it.
func union(a, b []*x509.Certificate) []*x509.Certificate {
	for _, c := range b {
		if !holds(a, c) {
			a = append(a, c)
		}
	}
	return a
}

// common is for a list that many write: nobody adds a key to another's address.
func common(a, b []*x509.Certificate) []*x509.Certificate {
	return slices.DeleteFunc(a, func(c *x509.Certificate) bool { return !holds(b, c) })
}

// fault says why a provider cannot be used.
func (p Provider) fault() passerelle.FieldError {
	u, err := url.Parse(p.URL)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "https" && !isLoopback(u):
		return passerelle.FieldError{Field: "url", Rule: "url", Want: "an https address"}
	case len(p.Certificates) == 0:
		return passerelle.FieldError{Field: "pubKey", Rule: "certificate", Want: "an X.509 certificate"}
	}
	return passerelle.FieldError{}
}

// The namespaces of the entry in the catalogue of EWP, the second one met in a guide.
var entryNamespaces = []string{
	"https://github.com/erasmus-without-paper/ewp-specs-api-emrex-data-access-point/blob/stable-v1/manifest-entry.xsd",
	"https://github.com/erasmus-without-paper/ewp-specs-api-emrex-ncp/blob/stable-v1/manifest-entry.xsd",
}

// FromCatalogue returns the contact points that hosts of EWP declare
// (emrex-data-access-point 1). Entries that cannot be used are told in dropped.
// Several hosts may declare one address, as those of a country with one contact
// point do: only the certificates that all of them name count, because any host can
// write any address. One on which they agree in none is dropped.
func FromCatalogue(x *registry.Index) (list []Provider, dropped passerelle.FieldErrors) {
	const name = "emrex-data-access-point"
	for _, q := range []registry.Query{{Namespace: entryNamespaces[0], Name: name}, {Namespace: entryNamespaces[1], Name: name}, {Namespace: entryNamespaces[1], Name: "emrex-ncp"}} {
		for e := range x.Entries(q) {
			p := Provider{SingleFetch: true}
			for n := range e.Nodes() {
				switch n.Name.Local {
				case "url":
					p.URL = n.Text
				case "name":
					p.Name = n.Text
				case "country-code":
					p.Country = strings.ToUpper(n.Text)
				case "institution":
					p.Institutions = append(p.Institutions, n.Text)
				case "certificate":
					if der, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(n.Text), "")); err == nil {
						if c, err := x509.ParseCertificate(der); err == nil {
							p.Certificates = append(p.Certificates, c)
						}
					}
				}
			}
			if fault := p.fault(); fault.Rule != "" {
				dropped.Add(p.Name+"."+fault.Field, fault.Rule, fault.Want)
				continue
			}
			list = append(list, p)
		}
	}
	list = slices.DeleteFunc(merge(list, common), func(p Provider) bool {
		if len(p.Certificates) > 0 {
			return false
		}
		dropped.Add(p.Name+".certificate", "ambiguous", "a certificate that every host names which declares this address")
		return true
	})
	return list, dropped
}

// Catalogue is a directory over the catalogue of EWP, as it is at each question.
type Catalogue struct{ registry.Catalogue }

// Providers returns the contact points of the newest catalogue.
func (c Catalogue) Providers(context.Context) ([]Provider, error) {
	x, err := c.Index()
	if err != nil {
		return nil, err
	}
	list, _ := FromCatalogue(x)
	return list, nil
}

// ListConfig says where a List is.
type ListConfig struct {
	URL       string // of the JSON list. Required; the public addresses may move, so there is no default
	Transport transport.Config
	Logger    *slog.Logger // nil: nothing is logged
}

// List is a directory over the JSON list at an address. Refresh reads it; while a
// refresh fails, the last good list stays. It is safe for concurrent use.
type List struct {
	cfg    ListConfig
	client *transport.Client
	mu     sync.RWMutex
	list   []Provider
	loaded bool
}

// NewList returns a directory that has not been read yet. Its error is
// [passerelle.FieldErrors].
func NewList(cfg ListConfig) (*List, error) {
	var faults passerelle.FieldErrors
	if u, err := url.Parse(cfg.URL); err != nil || u.Host == "" || u.Scheme != "https" && !isLoopback(u) {
		faults.Add("URL", "url", "the https address of the list")
	}
	faults = append(faults, cfg.Transport.Faults("Transport.")...)
	if err := faults.Err(); err != nil {
		return nil, err
	}
	if cfg.Transport.MaxBody == 0 {
		cfg.Transport.MaxBody = maxList
	}
	client, err := transport.New(cfg.Transport)
	if err != nil {
		return nil, err
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	return &List{cfg: cfg, client: client}, nil
}

// Refresh reads the list. A certificate that changed is logged: it is how a
// contact point's key is replaced, and how it would be forged.
func (l *List) Refresh(ctx context.Context) error {
	resp, err := l.client.Do(ctx, &transport.Request{Operation: "emrex.list", Method: "GET", URL: l.cfg.URL, Class: transport.Read})
	if err == nil {
		err = resp.Err()
	}
	if err != nil {
		return err
	}
	list, dropped, err := ReadList(strings.NewReader(string(resp.Body)))
	if err != nil {
		return fmt.Errorf("%w: %w", passerelle.ErrProtocol, err)
	}
	for _, d := range dropped {
		l.cfg.Logger.Warn("an entry of the EMREX list is left out", "entry", d.Field, "rule", d.Rule)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, p := range list {
		i := slices.IndexFunc(l.list, func(q Provider) bool { return q.URL == p.URL })
		if i >= 0 && !slices.EqualFunc(l.list[i].Certificates, p.Certificates, (*x509.Certificate).Equal) {
			l.cfg.Logger.Warn("a contact point has another certificate", "url", p.URL)
		}
	}
	l.list, l.loaded = list, true
	return nil
}

// Providers returns the last good list, which it reads first when there is none.
func (l *List) Providers(ctx context.Context) ([]Provider, error) {
	l.mu.RLock()
	list, loaded := l.list, l.loaded
	l.mu.RUnlock()
	if loaded {
		return list, nil
	}
	if err := l.Refresh(ctx); err != nil {
		return nil, err
	}
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.list, nil
}
