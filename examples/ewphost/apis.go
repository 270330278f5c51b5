package main

import (
	"path/filepath"
	"slices"

	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/courses"
	"github.com/passerelle-sup/passerelle/ewp/echo"
	"github.com/passerelle-sup/passerelle/ewp/factsheet"
	"github.com/passerelle-sup/passerelle/ewp/file"
	"github.com/passerelle-sup/passerelle/ewp/institutions"
	"github.com/passerelle-sup/passerelle/ewp/monitoring"
	"github.com/passerelle-sup/passerelle/ewp/ounits"
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
	ewp.Institutions: func(s *site, c apiConfig) error {
		p := publishedInstitutions{publish(s, ewp.Institutions, institutions.Decode)}
		return institutions.Register(s.server, p, institutions.Limits{HEIs: c.Limits["max-hei-ids"]}, s.options(c)...)
	},
	ewp.OrganizationalUnits: func(s *site, c apiConfig) error {
		p := publishedUnits{publish(s, ewp.OrganizationalUnits, ounits.Decode)}
		return ounits.Register(s.server, p, ounits.Limits{IDs: c.Limits["max-ounit-ids"], Codes: c.Limits["max-ounit-codes"]}, s.options(c)...)
	},
	ewp.Factsheet: func(s *site, c apiConfig) error {
		p := publishedFactsheets{publish(s, ewp.Factsheet, factsheet.Decode)}
		return factsheet.Register(s.server, p, factsheet.Limits{HEIs: c.Limits["max-hei-ids"]}, s.options(c)...)
	},
	ewp.Courses: func(s *site, c apiConfig) error {
		return courses.Register(s.server, s.courses(), courses.Limits{IDs: c.Limits["max-los-ids"], Codes: c.Limits["max-los-codes"]}, s.options(c)...)
	},
	ewp.SimpleCourseReplication: func(s *site, c apiConfig) error {
		return courses.RegisterReplication(s.server, s.courses(), s.options(c)...)
	},
	ewp.IMobilityToRs: serveToRs, ewp.IMobilityToRCNR: serveToRNotifications, ewp.IMobilityToRStats: serveToRStats,
	ewp.OMobilityLAs:   serveLAs,
	ewp.OMobilityLACNR: serveLANotifications,
	ewp.IIAs:           serveIIAs, ewp.IIAsApproval: serveIIAApprovals,
	ewp.OMobilities: serveNominations, ewp.OMobilityCNR: serveMobilityNotices(ewp.OMobilityCNR),
	ewp.IMobilities: serveStays, ewp.IMobilityCNR: serveMobilityNotices(ewp.IMobilityCNR),
	ewp.IIACNR: serveIIANotices(ewp.IIACNR), ewp.IIAApprovalCNR: serveIIANotices(ewp.IIAApprovalCNR),
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
