package main

import (
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/discovery"
	"github.com/passerelle-sup/passerelle/ewp/echo"
	"github.com/passerelle-sup/passerelle/ewp/file"
	"github.com/passerelle-sup/passerelle/ewp/monitoring"
)

// service is an API that this program serves.
type service struct {
	// register puts the handlers of the API on the server of a site.
	register func(*site, apiConfig) error
	// elements are in the manifest entry beside addresses and limits.
	elements []discovery.Element
}

// services are the APIs that can be in a configuration. Each reads what it serves
// from a folder of its name in the data folder (sample/data/README.md).
var services = map[ewp.API]service{
	ewp.Echo: {register: func(s *site, c apiConfig) error { return echo.Register(s.server, s.options(c)...) }},
	ewp.File: {register: func(s *site, c apiConfig) error {
		return file.Register(s.server, files(s.folder(ewp.File)), s.options(c)...)
	}},
	ewp.Monitoring: {register: func(s *site, c apiConfig) error {
		return monitoring.Register(s.server, &reports{path: filepath.Join(s.folder(ewp.Monitoring), "reports.jsonl")}, s.options(c)...)
	}},
}

// serviceNames lists them for messages.
func serviceNames() []string {
	return slices.SortedFunc(func(yield func(string) bool) {
		for api := range maps.Keys(services) {
			if !yield(api.String()) {
				return
			}
		}
	}, strings.Compare)
}
