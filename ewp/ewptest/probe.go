package ewptest

import (
	"errors"
	"slices"

	"github.com/passerelle-sup/passerelle/ewp"
)

// noOther is why steps are skipped that need a second participant.
const noOther = "Host.Other is not set: no other participant can ask"

// probe is a step of one call that is right in its security, and asks for something.
type probe struct {
	name   string
	params params
	doc    []byte // an XML document in place of the parameters

	// refused are the statuses with which it must be refused. None wants 200.
	refused []int
	// ok judges an answer 200; nil takes any that the schema allows. want says in
	// words what it wants, beside the status.
	ok   check
	want string
	// mild is the verdict where the validator does not insist; zero is Failure.
	mild Status
	// skip is why the step is not done; "" does it.
	skip string
	// other asks as the other participant.
	other bool
}

// expect returns what a probe expects, in words.
func (p probe) expect() string {
	switch {
	case len(p.refused) > 0:
		return anyOf(p.refused)
	case p.want == "":
		return "200"
	}
	return "200, " + p.want
}

// refuse returns a probe that must be refused.
func refuse(name string, status int, p params) probe {
	return probe{name: name, params: p, refused: []int{status}}
}

// unless skips a probe when a reason is given.
func (p probe) unless(reason string) probe {
	p.skip = reason
	return p
}

// probe runs probes, each as a step. An error ends the suite.
func (s *session) probe(c Combination, probes ...probe) error {
	for _, p := range probes {
		if err := s.probeOne(c, p); err != nil {
			return err
		}
	}
	return nil
}

func (s *session) probeOne(c Combination, p probe) error {
	if p.skip != "" {
		s.skip(c, p.name, p.expect(), p.skip)
		return nil
	}
	ask := func() error {
		return s.step(c, p.name, p.expect(), func() error { return s.ask(c, p) })
	}
	if !p.other {
		return ask()
	}
	done, err := s.asOther(ask)
	if !done {
		s.skip(c, p.name, p.expect(), noOther)
	}
	return err
}

// ask makes the call of a probe.
func (s *session) ask(c Combination, p probe) error {
	k, err := s.call(c, p.params)
	if p.doc != nil {
		k, err = s.callXML(c, p.doc)
	}
	if err != nil {
		return err
	}
	if err := s.sign(k); err != nil {
		return err
	}
	if len(p.refused) > 0 {
		return s.expectError(k, c, p.refused...)
	}
	return lowered(s.expect200(k, c, p.ok), p.mild)
}

// oursAll runs probes that the validator does not have.
func (s *session) oursAll(c Combination, probes ...probe) error {
	before := s.suite.ours
	s.suite.ours = true
	defer func() { s.suite.ours = before }()
	return s.probe(c, probes...)
}

// lowered turns a failure into another verdict; zero leaves it. A document that is not
// what the schema says stays a failure, as in the validator.
func lowered(err error, to Status) error {
	v, ok := errors.AsType[*verdict](err)
	if !ok || to == 0 || v.status != Failure || v.strict {
		return err
	}
	lower := *v
	lower.status = to
	return &lower
}

// with returns the parameters with others after them. A parameter without a name is
// left out: that of the institution, where an API has none.
func (p params) with(more ...string) params {
	all := slices.Clone(p)
	for pair := range slices.Chunk(more, 2) {
		if pair[0] != "" {
			all = append(all, pair...)
		}
	}
	return all
}

// regular returns the steps of an endpoint that is called by GET and POST, or by POST:
// the validator tries other methods before them.
func regular(steps func(*session, Combination) error) func(*session, Combination) error {
	return func(s *session, c Combination) error {
		if c.Method == "POST" {
			if err := s.wrongMethods(c); err != nil {
				return err
			}
		}
		return steps(s, c)
	}
}

// wrongMethods tries methods that no endpoint of the network has.
func (s *session) wrongMethods(c Combination) error {
	for _, method := range []string{"PUT", "DELETE"} {
		if err := s.wrongMethod(c.by(method)); err != nil {
			return err
		}
	}
	return nil
}

// wrongMethod tries a method that the endpoint does not have.
func (s *session) wrongMethod(c Combination) error {
	return s.probe(c, probe{name: "method " + c.Method, refused: []int{405}})
}

// anonymous tries an endpoint without a name, where its entry does not declare that.
// The validator does so for echo alone; of data of two partners it even expects an
// answer, which no host should give it.
func (s *session) anonymous(c Combination) error {
	if s.entry.Security().Has(ewp.ClientAnonymous) {
		return nil
	}
	nobody := c.with(ewp.ClientMethods, ewp.ClientAnonymous)
	return s.ours(nobody, "anonymous client", "401 or 403", func() error {
		k, err := s.call(nobody, nil)
		if err != nil {
			return err
		}
		return s.expectError(k, nobody, 401, 403)
	})
}
