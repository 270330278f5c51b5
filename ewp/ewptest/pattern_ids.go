package ewptest

import "strconv"

// idsPattern is the pattern of endpoints that return objects by identifiers or codes:
// generalTestsIdsAndCodes of AbstractValidationSuite, and the same without institution,
// as institutions, factsheet and iias 7 have it.
type idsPattern struct {
	// prefix begins the parameters: "ounit" for ounit_id and ounit_code.
	prefix string
	// id is one that the host knows, and max how many it takes.
	id  string
	max int
	// owner is the parameter with the institution, hei its value; "" where the API has
	// none.
	owner, hei string
	// emptyForUnknown says that an institution that the host does not know gets an empty
	// answer, where others are refused: imobility-tors.
	emptyForUnknown bool
	// codes says that the API has codes; code is that of the object, "" where it has
	// none, and maxCodes how many the host takes.
	codes    bool
	code     string
	maxCodes int
	// found are the elements with identifiers in an answer.
	found selector
	// also judges each answer beside, and first that with the known object alone; nil
	// does not.
	also, first check
}

// ids runs the pattern, inside regular.
func (s *session) ids(c Combination, p idsPattern) error {
	probes := p.known()
	probes = append(probes, p.missing()...)
	probes = append(probes, p.limits()...)
	return s.probe(c, append(probes, p.confused()...)...)
}

// param returns the name of a parameter: "ounit_id".
func (p idsPattern) param(suffix string) string { return p.prefix + "_" + suffix }

// of returns the parameters of a call about the institution.
func (p idsPattern) of(more ...string) params { return params{}.with(p.owner, p.hei).with(more...) }

// many returns a call with the same value many times.
func (p idsPattern) many(n int, suffix, value string) params {
	return p.of(times(n, p.param(suffix), value)...)
}

// noCode is why steps with codes are skipped, "" where there is a code.
func (p idsPattern) noCode() string {
	if p.code == "" {
		return "the object has no code"
	}
	return ""
}

// wants returns a probe that is answered.
func (p idsPattern) wants(name, want string, ok check, call params) probe {
	return probe{name: name, want: want, params: call, ok: both(ok, p.also)}
}

// both returns a check that is two; the second may be nil.
func both(first, second check) check {
	if second == nil {
		return first
	}
	return func(root *element) error {
		if err := first(root); err != nil {
			return err
		}
		return second(root)
	}
}

// known asks for what the host knows, and for what it does not.
func (p idsPattern) known() []probe {
	id, code := p.param("id"), p.param("code")
	exactly, few, fewCodes := p.found.exactly(p.id), "", ""
	if p.max == 1 {
		few = "the maximum is 1"
	}
	if p.maxCodes == 1 {
		fewCodes = "the maximum is 1"
	}
	probes := []probe{p.wants("one known "+id, "that object", both(exactly, p.first), p.of(id, p.id))}
	if p.codes {
		probes = append(probes, p.wants("one known "+code, "that object", exactly, p.of(code, p.code)).unless(p.noCode()))
	}
	probes = append(probes,
		p.wants("one unknown "+id, "empty", p.found.nothing(), p.of(id, FakeID)),
		p.wants("one known and one unknown "+id, "the known object", exactly, p.of(id, p.id, id, FakeID)).unless(few))
	if p.codes {
		probes = append(probes, p.wants("one known and one unknown "+code, "the known object", exactly, p.of(code, p.code, code, FakeID)).
			unless(either(fewCodes, p.noCode())))
	}
	return probes
}

// missing leaves out what a call must have, or asks about an unknown institution.
func (p idsPattern) missing() []probe {
	probes := []probe{refuse("no parameter", 400, nil)}
	if p.owner == "" {
		return probes
	}
	id, code := p.param("id"), p.param("code")
	probes = append(probes,
		refuse("no "+p.owner, 400, params{id, p.id}),
		refuse(p.owner+" alone", 400, params{p.owner, p.hei}))
	unknown := params{p.owner, FakeID, id, p.id}
	if p.emptyForUnknown {
		probes = append(probes, p.wants("known "+id+" of an unknown "+p.owner, "empty", p.found.nothing(), unknown))
	} else {
		probes = append(probes, refuse("known "+id+" of an unknown "+p.owner, 400, unknown))
	}
	if p.codes {
		probes = append(probes, refuse("known "+code+" of an unknown "+p.owner, 400, params{p.owner, FakeID, code, p.code}).unless(p.noCode()))
	}
	return probes
}

// limits asks for as much as is allowed, and more.
func (p idsPattern) limits() []probe {
	id, code := p.param("id"), p.param("code")
	most, mostCodes := strconv.Itoa(p.max), strconv.Itoa(p.maxCodes)
	probes := []probe{
		refuse("more than "+most+" known "+id, 400, p.many(p.max+1, "id", p.id)),
		refuse("more than "+most+" unknown "+id, 400, p.many(p.max+1, "id", FakeID)),
		p.wants("exactly "+most+" known "+id, "with the object", p.found.with(p.id), p.many(p.max, "id", p.id)),
	}
	if p.codes {
		probes = append(probes,
			refuse("more than "+mostCodes+" known "+code, 400, p.many(p.maxCodes+1, "code", p.code)).unless(p.noCode()),
			refuse("more than "+mostCodes+" unknown "+code, 400, p.many(p.maxCodes+1, "code", FakeID)),
			p.wants("exactly "+mostCodes+" known "+code, "with the object", p.found.with(p.id), p.many(p.maxCodes, "code", p.code)).unless(p.noCode()))
	}
	return probes
}

// confused sends parameters that do not go together.
func (p idsPattern) confused() []probe {
	id := p.param("id")
	probes := []probe{refuse("wrong name of the parameter", 400, params{p.param("id_param"), p.id})}
	if p.codes {
		probes = append(probes, refuse("identifier and code together", 400, p.of(id, p.id, p.param("code"), p.code)).unless(p.noCode()))
	}
	if p.owner != "" {
		probes = append(probes,
			refuse(p.owner+" twice", 400, params{p.owner, p.hei, p.owner, p.hei, id, p.id}),
			refuse(p.owner+", and an unknown one", 400, params{p.owner, p.hei, p.owner, FakeID, id, p.id}))
	}
	return probes
}

// either returns the first reason that is one.
func either(reasons ...string) string {
	for _, r := range reasons {
		if r != "" {
			return r
		}
	}
	return ""
}
