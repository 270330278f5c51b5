package ewptest

import (
	"slices"

	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/internal/xmlx"
)

// institutionsSuite is InstitutionsValidationSuite.
var institutionsSuite = suite{api: ewp.Institutions, steps: regular(func(s *session, c Combination) error {
	return s.ids(c, idsPattern{
		prefix: "hei", id: s.ownHEI(), max: s.limit("max-hei-ids"), found: selector{"hei", "hei-id"}, also: rootUnitListed,
	})
})}

// ownHEI is the institution to ask about: that of the host, unless another is given.
func (s *session) ownHEI() string {
	if hei := s.value("hei_id"); hei != "" {
		return hei
	}
	return s.host.HEI.String()
}

// rootUnitListed wants the root unit of each institution among its units.
func rootUnitListed(root *element) error {
	space := xmlx.Name(root).Space
	for _, hei := range xmlx.Children(root, space, "hei") {
		unit := xmlx.Child(hei, space, "root-ounit-id")
		if unit == nil {
			continue
		}
		if !slices.ContainsFunc(xmlx.Children(hei, space, "ounit-id"), func(el *element) bool { return xmlx.Text(el) == xmlx.Text(unit) }) {
			return failure("root-ounit-id is not among the ounit-id")
		}
	}
	return nil
}
