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

// cnrLimits runs steps of ours, of notifications that may carry several identifiers: how
// many, and the parameter of the sender.
func (s *session) cnrLimits(c Combination, p cnrPattern) error {
	most := s.limit("max-omobility-ids")
	from := params{}.with(p.sender, s.as.HEI.String())
	probes := []probe{
		refuse("more "+p.id+" than allowed", 400, from.with(times(most+1, p.id, p.known)...)),
		{name: "exactly as many " + p.id + " as allowed", params: from.with(times(most, p.id, p.known)...)},
	}
	if p.sender != "" {
		probes = append(probes, refuse("no "+p.sender, 400, params{p.id, p.known}),
			refuse(p.sender+" twice", 400, from.with(p.sender, s.as.HEI.String(), p.id, p.known)))
	}
	return s.oursAll(c, probes...)
}
