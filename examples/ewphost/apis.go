package main

import (
	"path/filepath"
	"slices"

	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/echo"
	"github.com/passerelle-sup/passerelle/ewp/file"
	"github.com/passerelle-sup/passerelle/ewp/monitoring"
)

// services are the APIs that can be in a configuration: each puts its handlers on the
// server of a site, and finds what it serves in a folder of its name in the data
// folder (sample/data/README.md). The manifest follows from what is on the server.
var services = map[ewp.API]func(*site, apiConfig) error{
	ewp.Echo: func(s *site, c apiConfig) error { return echo.Register(s.server, s.options(c)...) },
	ewp.File: func(s *site, c apiConfig) error {
		return file.Register(s.server, files(s.folder(ewp.File)), s.options(c)...)
	},
	ewp.Monitoring: func(s *site, c apiConfig) error {
		return monitoring.Register(s.server, &reports{path: filepath.Join(s.folder(ewp.Monitoring), "reports.jsonl")}, s.options(c)...)
	},
}

// serviceNames lists them, sorted.
func serviceNames() []string {
	var names []string
	for api := range services {
		names = append(names, api.String())
	}
	slices.Sort(names)
	return names
}
