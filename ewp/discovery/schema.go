package discovery

import (
	"encoding/xml"
	"strings"

	"github.com/passerelle-sup/passerelle/ewp"
)

// kind is the type of an element of an entry.
type kind uint8

const (
	address  kind = iota // HTTPS
	positive             // xs:positiveInteger
	boolean              // xs:boolean
	empty                // no content
)

// part is an element that a schema puts into an entry.
type part struct {
	name     string
	kind     kind
	optional bool
}

// shapes has the elements of the entries of each API and major version, in the
// order of its schema (manifest-entry.xsd of each repository, versions as in the
// registry's bundle of 2026-08-12), after admin-email, admin-notes and
// http-security. The registry drops an entry that does not fit.
var shapes = func() map[xml.Name][]part {
	shapes := make(map[xml.Name][]part)
	add := func(api ewp.API, majors []int, parts string) {
		var list []part
		for name := range strings.FieldsSeq(parts) {
			name, optional := strings.CutSuffix(name, "?")
			list = append(list, part{name, kindOf(name), optional})
		}
		for _, major := range majors {
			shapes[xml.Name{Space: api.NamespaceOf(major), Local: api.String()}] = list
		}
	}
	v := func(majors ...int) []int { return majors }
	add(ewp.Discovery, v(6), "url")
	add(ewp.Registry, v(1), "catalogue-url")
	add(ewp.Echo, v(1, 2), "url")
	add(ewp.Monitoring, v(1), "url")
	add(ewp.Institutions, v(2), "url max-hei-ids")
	add(ewp.OrganizationalUnits, v(2), "url max-ounit-ids max-ounit-codes")
	add(ewp.Courses, v(1), "url max-los-ids max-los-codes")
	add(ewp.SimpleCourseReplication, v(1), "url allows-anonymous-access supports-modified-since")
	add(ewp.Factsheet, v(1), "url max-hei-ids")
	add(ewp.File, v(1), "url")
	add(ewp.IIAs, v(6), "get-url max-iia-ids max-iia-codes index-url stats-url?")
	add(ewp.IIAs, v(7), "get-url max-iia-ids index-url stats-url?")
	add(ewp.IIACNR, v(2, 3), "url")
	add(ewp.IIAsApproval, v(1, 2), "url max-iia-ids")
	add(ewp.IIAApprovalCNR, v(1, 2), "url")
	add(ewp.OMobilityLAs, v(1), "get-url index-url update-url? stats-url? max-omobility-ids")
	add(ewp.OMobilityLACNR, v(1), "url stats-url? max-omobility-ids")
	add(ewp.OMobilities, v(1, 2), "get-url index-url max-omobility-ids sends-notifications?")
	add(ewp.OMobilities, v(3), "get-url index-url update-url max-omobility-ids")
	add(ewp.OMobilityCNR, v(1, 2), "url max-omobility-ids")
	add(ewp.OMobilityStats, v(1), "url")
	add(ewp.IMobilities, v(1), "get-url max-omobility-ids sends-notifications?")
	add(ewp.IMobilities, v(2), "get-url max-omobility-ids")
	add(ewp.IMobilityCNR, v(1, 2), "url max-omobility-ids")
	add(ewp.IMobilityToRs, v(1, 2), "get-url index-url max-omobility-ids sends-notifications?")
	add(ewp.IMobilityToRs, v(3), "get-url index-url max-omobility-ids")
	add(ewp.IMobilityToRCNR, v(1, 2), "url max-omobility-ids")
	add(ewp.IMobilityToRStats, v(1), "url")
	return shapes
}()

// unsecured are the entries whose schema has no http-security.
var unsecured = map[xml.Name]bool{
	{Space: ewp.Discovery.NamespaceOf(6), Local: "discovery"}: true,
	{Space: ewp.Registry.NamespaceOf(1), Local: "registry"}:   true,
	{Space: ewp.Echo.NamespaceOf(1), Local: "echo"}:           true,
}

func kindOf(name string) kind {
	switch {
	case name == "url", strings.HasSuffix(name, "-url"):
		return address
	case strings.HasPrefix(name, "max-"):
		return positive
	case name == "sends-notifications":
		return empty
	}
	return boolean
}
