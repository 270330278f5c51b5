package ewptest

import (
	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/ewpserver"
)

// statistics reads the statistics, which the portal must get and others may.
func (s *session) statistics(c Combination) error {
	if !c.has(ewp.ClientHTTPSig) {
		return nil
	}
	for _, method := range []string{"POST", "PUT", "DELETE"} {
		if err := s.wrongMethod(c.by(method)); err != nil {
			return err
		}
	}
	if err := s.anonymous(c); err != nil {
		return err
	}
	if s.as.HEI != ewpserver.StatsPortal {
		return s.step(c, "statistics", "200, or 403 for all but the portal", func() error {
			err := s.ask(c, probe{})
			if err != nil && s.ask(c, probe{refused: []int{403}}) == nil {
				return nil
			}
			return err
		})
	}
	return s.probe(c, probe{name: "statistics", params: nil})
}
