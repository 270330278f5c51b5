package ewptest

// cnrPattern is the pattern of change notifications: the suites of iia-cnr,
// omobility-cnr, imobility-cnr and omobility-la-cnr.
type cnrPattern struct {
	// id is the parameter with identifiers, and known the value of one.
	id, known string
	// sender is the parameter with the institution that sends, "" where the API has none.
	sender string
}

// cnr runs the pattern, inside regular.
func (s *session) cnr(c Combination, p cnrPattern) error {
	from := params{}.with(p.sender, s.as.HEI.String())
	err := s.probe(c,
		probe{name: "notification", params: from.with(p.id, p.known)},
		refuse("no "+p.id, 400, nil),
	)
	if err != nil {
		return err
	}
	// What the architecture says of receivers, and the validator does not try.
	return s.oursAll(c,
		probe{name: "notification of an unknown object", params: from.with(p.id, FakeID)},
		probe{name: "notification as another participant", params: from.with(p.id, p.known), other: true},
	)
}
