package ewptest

import "github.com/passerelle-sup/passerelle/ewp"

// The suites of arrivals and departures. There is no list of them: the validator is given
// an "omobility_id" of a student that the participant sent, and so are the steps; without
// one they are not done.
var (
	imobilitiesGetSuite = suite{api: ewp.IMobilities, endpoint: "get", anonymous: anonymityUseless, prepare: (*session).aStay, steps: regular((*session).imobilitiesGet)}
	imobilityCNRSuite   = suite{api: ewp.IMobilityCNR, anonymous: anonymityUseless, steps: regular((*session).mobilityCNR)}
)

// aStay wants to be given one.
func (s *session) aStay() error {
	if s.value(paramMobility) != "" {
		return nil
	}
	err := s.step(Combination{}, "find a "+paramMobility, "one that the host knows", func() error {
		return notice("no endpoint lists them: give one in Values, as imobilities.%s", paramMobility)
	})
	if err == nil {
		err = errSuiteOver
	}
	return err
}

func (s *session) imobilitiesGet(c Combination) error {
	return s.mobilitiesGet(c, func(c Combination, asOther probe) error {
		asOther.mild = Warning
		return s.probe(c, asOther)
	})
}
