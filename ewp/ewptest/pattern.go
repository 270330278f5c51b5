package ewptest

import (
	"strconv"

	"github.com/passerelle-sup/passerelle/ewp"
)

// noOther is why steps are skipped that need a second participant.
const noOther = "Host.Other is not set: no other participant can ask"

// refusal is a call that must be refused with one status.
type refusal struct {
	name   string
	params params
	status int
}

// expectErrors runs a step for each refusal.
func (s *session) expectErrors(c Combination, refusals []refusal) error {
	for _, r := range refusals {
		err := s.step(c, r.name, strconv.Itoa(r.status), func() error {
			k, err := s.signed(c, r.params)
			if err != nil {
				return err
			}
			return s.expectError(k, c, r.status)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// wanted is a call that must be answered.
type wanted struct {
	name   string
	params params
	want   string // in words; "" is "200"
	ok     check  // nil takes any answer of the schema
	// mild is the verdict where the validator does not insist; zero is Failure.
	mild Status
}

// expectAnswers runs a step for each answer.
func (s *session) expectAnswers(c Combination, answers []wanted) error {
	for _, w := range answers {
		if w.want == "" {
			w.want = "200"
		}
		err := s.step(c, w.name, w.want, func() error {
			k, err := s.signed(c, w.params)
			if err != nil {
				return err
			}
			return lowered(s.expect200(k, c, w.ok), w.mild)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// lowered turns a failure into another verdict; zero leaves it. A document against the
// schema stays a failure, as in the validator.
func lowered(err error, to Status) error {
	v, ok := err.(*verdict)
	if !ok || to == 0 || v.status != Failure || v.strict {
		return err
	}
	lower := *v
	lower.status = to
	return &lower
}

// signed returns a signed call with parameters.
func (s *session) signed(c Combination, p params) (*call, error) {
	k, err := s.call(c, p)
	if err != nil {
		return nil, err
	}
	return k, s.sign(k)
}

// anonymous tries an endpoint without a name, where its entry does not declare that.
// The validator does so for echo alone.
func (s *session) anonymous(c Combination) error {
	if s.entry.Security().Has(ewp.ClientAnonymous) {
		return nil
	}
	nobody := c.with(ewp.ClientMethods, ewp.ClientAnonymous)
	return s.ours(nobody, "anonymous client", "401 or 403", func() error {
		k, err := s.signed(nobody, nil)
		if err != nil {
			return err
		}
		return s.expectError(k, nobody, 401, 403)
	})
}
