package ewptest

import (
	"fmt"
)

// indexPattern is the pattern of endpoints that list identifiers by a filter: what the
// suites of iias, omobilities, omobility-las and imobility-tors have in common. Each of
// its methods is one part, because no two APIs have all of them.
type indexPattern struct {
	// owner is the parameter with the institution that is called, hei its value; "" where
	// the API has none.
	owner, hei string
	// partner is the parameter with institutions on the side of who speaks.
	partner string
	// emptyForUnknown says that an unknown owner gets an empty answer, where others are
	// refused.
	emptyForUnknown bool
	// id is one that the list must have; "" where none is known.
	id string
	// year is the academic year of that object.
	year string
	// since says that the host supports modified_since.
	since bool
	// found are the elements with identifiers.
	found selector
	// empty is why steps are skipped that need a list with something in it; "" does
	// them.
	empty string
}

// of returns the parameters of a call about the institution.
func (p indexPattern) of(more ...string) params { return params{}.with(p.owner, p.hei).with(more...) }

// listed asks for the whole list, and finds out whether there is something in it, on
// which other steps depend. mild is the verdict for an empty one.
func (s *session) listed(c Combination, p *indexPattern, mild Status) error {
	p.empty = "the list is empty"
	return s.probe(c, probe{name: "whole list", want: "not empty", params: p.of(), mild: mild, ok: func(root *element) error {
		err := p.found.something()(root)
		if err == nil {
			p.empty = ""
		}
		return err
	}})
}

// contains asks for the list, for all of a year, and for all that changed since long
// ago, and wants the known object.
func (s *session) contains(c Combination, p indexPattern) error {
	unknown, noYear, noSince := "", "", ""
	if p.id == "" {
		unknown = "no object of the list is known"
	}
	if p.year == "" {
		noYear = "no academic year of the object is known"
	}
	if !p.since {
		noSince = noModifiedSince
	}
	with, want := p.found.with(p.id), "with the known object"
	return s.probe(c,
		probe{name: "list", want: want, params: p.of(), ok: with, skip: unknown},
		probe{name: "list of a known academic year", want: want, params: p.of(paramYear, p.year), ok: with, skip: either(unknown, noYear)},
		probe{name: "list since long ago", want: want, params: p.of(paramSince, longAgo), ok: with, skip: either(unknown, noSince)},
	)
}

// Parameters of the filters, and their values in the validator.
const (
	paramYear       = "receiving_academic_year_id"
	paramSince      = "modified_since"
	longAgo         = "2000-02-12T15:19:21+01:00"
	someTimeAgo     = "2004-02-12T15:19:21+01:00"
	laterStill      = "2004-02-13T15:19:21+01:00"
	noModifiedSince = "the host does not support modified_since"

	// unknownYear is one in which nobody was on exchange.
	unknownYear = "1653/1654"
	// yearsAhead is how far away the future is.
	yearsAhead = 20
)

// academicYears has testReceivingAcademicYears. The form of the southern hemisphere,
// 2010/2010, is in the specification, and commented out in the validator.
func (s *session) academicYears(c Combination, p indexPattern) error {
	err := s.probe(c,
		probe{name: "academic year 2010/2011", params: p.of(paramYear, "2010/2011")},
		refuse("academic year test/test", 400, p.of(paramYear, "test/test")),
		probe{name: "academic year " + unknownYear, want: "empty", params: p.of(paramYear, unknownYear), ok: p.found.nothing()},
	)
	if err != nil {
		return err
	}
	return s.oursAll(c, probe{name: "academic year 2010/2010", params: p.of(paramYear, "2010/2010")})
}

// modifiedSince has modifiedSinceTests. A host that does not support the parameter is
// still held to its form, as in the validator.
func (s *session) modifiedSince(c Combination, p indexPattern) error {
	unsupported := ""
	if !p.since {
		unsupported = noModifiedSince
	}
	future := fmt.Sprintf("%04d%s", s.host.Clock().Year()+yearsAhead, longAgo[4:])
	return s.probe(c,
		refuse(paramSince+" twice", 400, p.of(paramSince, someTimeAgo, paramSince, laterStill)).unless(unsupported),
		probe{name: paramSince + " in the future", want: "empty", params: p.of(paramSince, future), ok: p.found.nothing(),
			mild: Warning, skip: either(unsupported, p.empty)},
		probe{name: paramSince + " long ago", want: "not empty", params: p.of(paramSince, longAgo), ok: p.found.something(),
			skip: either(unsupported, p.empty)},
		probe{name: paramSince + " some time ago", params: p.of(paramSince, someTimeAgo)},
		refuse(paramSince+" that is text", 400, p.of(paramSince, FakeID)),
		refuse(paramSince+" that is a date", 400, p.of(paramSince, "2004-02-12")),
		refuse(paramSince+" in another form", 400, p.of(paramSince, "05/29/2015 05:50")),
	)
}

// parties has testsRequestingReceivingHeiIds: the institution that is called, and those
// on the side of who speaks.
func (s *session) parties(c Combination, p indexPattern) error {
	ours := s.as.HEI.String()
	unknown := probe{name: "unknown " + p.owner, params: params{p.owner, FakeID}, refused: []int{400}, skip: p.empty}
	if p.emptyForUnknown {
		unknown.refused, unknown.want, unknown.ok = nil, "empty", p.found.nothing()
	}
	return s.probe(c,
		refuse(p.owner+" twice", 400, p.of(p.owner, p.hei)),
		refuse("no "+p.owner, 400, params{p.partner, ours}),
		refuse(p.owner+", and an unknown one", 400, p.of(p.owner, FakeID)),
		refuse("no parameter", 400, nil),
		probe{name: "unknown " + p.partner, want: "empty", params: p.of(p.partner, FakeID), ok: p.found.nothing(), skip: p.empty},
		probe{name: "no " + p.partner, want: "not empty", params: p.of(), ok: p.found.something(), skip: p.empty},
		unknown,
		probe{name: p.partner + ", and an unknown one", want: "not empty", params: p.of(p.partner, ours, p.partner, FakeID),
			ok: p.found.something(), skip: p.empty},
		probe{name: "two unknown " + p.partner, want: "empty", params: p.of(p.partner, FakeID, p.partner, FakeID), ok: p.found.nothing(), skip: p.empty},
	)
}

// permissions asks for what is not for who asks: data of a third institution, and the
// same as another participant.
func (s *session) permissions(c Combination, p indexPattern) error {
	if p.partner != "" {
		third, none := "", ""
		if s.host.Other.IsZero() {
			none = noOther
		} else {
			third = s.host.Other.HEI.String()
		}
		err := s.probe(c, probe{name: p.partner + " of another participant", want: "empty", params: p.of(p.partner, third),
			ok: p.found.nothing(), mild: Warning, skip: either(p.empty, none)})
		if err != nil {
			return err
		}
	}
	return s.probe(c, probe{name: "whole list as another participant", want: "empty", params: p.of(), ok: p.found.nothing(),
		other: true, skip: p.empty})
}

// limit returns how many identifiers one call may carry, by an element of the entry.
func (s *session) limit(element string) int { return s.entry.Limit(element) }
