package ewptest

import (
	"strconv"

	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/discovery"
	"github.com/passerelle-sup/passerelle/ewp/ewpserver"
)

// besideAddress returns the elements that the manifest entry of an API has after its
// address, beside limits: simple-course-replication says twice whether anonymous clients
// may call, and that modified_since is understood.
func besideAddress(r ewpserver.Route) []discovery.Element {
	if r.API != ewp.SimpleCourseReplication {
		return nil
	}
	return []discovery.Element{
		discovery.Value("allows-anonymous-access", strconv.FormatBool(r.Security.Has(ewp.ClientAnonymous))),
		discovery.Value("supports-modified-since", "true"),
	}
}
