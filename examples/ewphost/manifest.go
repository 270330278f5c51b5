package main

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strconv"

	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/discovery"
	"github.com/passerelle-sup/passerelle/ewp/ewpserver"
)

// manifestPath is where the registry fetches the manifest, below the base address.
const manifestPath = "/manifest.xml"

// printManifest prints the manifest of a configuration.
func printManifest(_ context.Context, c *console, args []string) error {
	flags := newFlags("manifest")
	name := flags.String("config", "", "")
	if err := parse(flags, args, "config"); err != nil {
		return err
	}
	cfg, err := readConfig(*name)
	if err != nil {
		return err
	}
	s, err := newSite(cfg, unasked{}, nil)
	if err != nil {
		return err
	}
	m, err := s.manifest()
	if err != nil {
		return err
	}
	data, err := m.Marshal()
	if err != nil {
		return err
	}
	for _, w := range m.Check(discovery.Against{}).Warnings {
		c.note("ewphost: warning: %v", w)
	}
	_, err = c.out.Write(data)
	return err
}

// manifest says what is served, as it is served.
func (s *site) manifest() (*discovery.Manifest, error) {
	clientKeys, err := readKeys(s.config.ClientKeys)
	if err != nil {
		return nil, err
	}
	m := &discovery.Manifest{
		URL:           s.config.BaseURL + manifestPath,
		AdminEmails:   []string{s.config.AdminEmail},
		AdminProvider: s.config.AdminProvider,
		HEI:           s.config.institution(),
		ServerKeys:    s.serverKeys,
	}
	if m.ClientKeys, err = publicKeys(clientKeys); err != nil {
		return nil, err
	}
	routes := map[served][]ewpserver.Route{}
	for r := range s.server.Routes() {
		at := served{r.API, r.Major}
		routes[at] = append(routes[at], r)
	}
	for _, at := range slices.SortedFunc(maps.Keys(routes), served.compare) {
		m.APIs = append(m.APIs, s.entry(at, routes[at]))
	}
	return m, nil
}

// served is an API in one of the major versions that are served.
type served struct {
	api   ewp.API
	major int
}

// compare puts the newest version of an API first.
func (a served) compare(b served) int {
	return cmp.Or(cmp.Compare(a.api, b.api), cmp.Compare(b.major, a.major))
}

// entry is the manifest entry of an API, in one version.
func (s *site) entry(at served, routes []ewpserver.Route) discovery.Entry {
	api := at.api
	e := discovery.ForMajor(api, at.major)
	origin := s.config.origin()
	limits := map[string]int{}
	for _, r := range routes {
		e.Security = r.Security
		e.Elements = append(e.Elements, discovery.Value(r.Endpoint.Element, origin+r.Path))
		if api == ewp.SimpleCourseReplication { // says twice whether anonymous clients may call
			e.Elements = append(e.Elements,
				discovery.Value("allows-anonymous-access", strconv.FormatBool(r.Security.Has(ewp.ClientAnonymous))),
				discovery.Value("supports-modified-since", "true"))
		}
		for i, n := range r.Limits {
			limits[api.Limits()[i]] = n
		}
	}
	for _, name := range api.Limits() {
		if n := limits[name]; n > 0 {
			e.Elements = append(e.Elements, discovery.Value(name, strconv.Itoa(n)))
		}
	}
	return e
}
