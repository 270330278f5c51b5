package ewptest

import "github.com/passerelle-sup/passerelle/ewp"

// factsheetSuite is FactsheetValidationSuite.
var factsheetSuite = suite{api: ewp.Factsheet, steps: regular(func(s *session, c Combination) error {
	return s.ids(c, idsPattern{prefix: "hei", id: s.ownHEI(), max: s.limit("max-hei-ids"), found: selector{"factsheet", "hei-id"}})
})}
