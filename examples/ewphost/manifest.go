package main

import (
	"context"
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
	var routes []ewpserver.Route
	for r := range s.server.Routes() {
		routes = append(routes, r)
	}
	for api := range ewp.APIs() {
		if e, ok := s.entry(api, routes); ok {
			m.APIs = append(m.APIs, e)
		}
	}
	return m, nil
}

// entry is the manifest entry of an API, if it is served.
func (s *site) entry(api ewp.API, routes []ewpserver.Route) (discovery.Entry, bool) {
	e := discovery.For(api)
	origin := s.config.origin()
	var served bool
	limits := map[string]int{}
	for _, r := range routes {
		if r.API != api {
			continue
		}
		served = true
		e.Security = r.Security
		e.Elements = append(e.Elements, discovery.Value(r.Endpoint.Element, origin+r.Path))
		for i, n := range r.Limits {
			limits[api.Limits()[i]] = n
		}
	}
	for _, name := range api.Limits() {
		if n := limits[name]; n > 0 {
			e.Elements = append(e.Elements, discovery.Value(name, strconv.Itoa(n)))
		}
	}
	return e, served
}
