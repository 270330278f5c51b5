package ewptest

import "github.com/passerelle-sup/passerelle/ewp"

// ounitsSuite is OUnitsValidationSuite. It finds a unit by the Institutions API.
var ounitsSuite = suite{api: ewp.OrganizationalUnits, prepare: (*session).findUnit, steps: regular(func(s *session, c Combination) error {
	return s.ids(c, idsPattern{
		prefix: "ounit", id: s.value("ounit_id"), max: s.limit("max-ounit-ids"), owner: "hei_id", hei: s.ownHEI(),
		codes: true, code: s.value("ounit_code"), maxCodes: s.limit("max-ounit-codes"), found: selector{"ounit", "ounit-id"},
	})
})}

func (s *session) findUnit() error {
	if err := s.findOut("ounit_id", ewp.Institutions, "", params{"hei_id", s.ownHEI()}, selector{"hei", "ounit-id"}); err != nil {
		return err
	}
	return s.findDetails("details of the unit", params{"hei_id", s.ownHEI(), "ounit_id", s.value("ounit_id")}, map[string]selector{
		"ounit_code": {"ounit", "ounit-code"},
	})
}

// findDetails asks the endpoint itself for what other steps need and may do without: the
// first value at each path, by the name it is kept under. The validator takes them from
// the answer of its first step, in each combination.
func (s *session) findDetails(name string, p params, paths map[string]selector) error {
	return s.ours(Combination{}, name, "200", func() error {
		c := usual(s.entry.Security())
		k, err := s.call(c, p)
		if err != nil {
			return err
		}
		if err := s.sign(k); err != nil {
			return err
		}
		return s.expect200(k, c, func(root *element) error {
			for param, path := range paths {
				if values := path.texts(root); len(values) > 0 && s.value(param) == "" {
					s.known[param] = values[0]
				}
			}
			return nil
		})
	})
}
