package ewptest

// updatePattern is the pattern of endpoints by which a partner asks for a change of a
// mobility, with an XML document: the suites of omobilities and omobility-las.
type updatePattern struct {
	// kind is the element of the change: "approve-proposal-v1".
	kind string
	// doc returns the document of a change of an object, in answer to a proposal.
	doc func(id, proposal string) []byte
	// id and proposal are known to the host.
	id, proposal string
	// takes are the statuses for what is right: 200, and 409 where the host may have
	// changed its mind meanwhile.
	takes []int
	// broken are further documents that must be refused with 400, by name.
	broken []brokenDocument
	// private says that another participant is refused: omobility-las.
	private bool
}

// brokenDocument is one that must be refused.
type brokenDocument struct {
	name string
	doc  []byte
}

// update runs the pattern. An endpoint has several kinds of change: the method that it
// must not have is tried apart, with updateMethods.
func (s *session) update(c Combination, p updatePattern) error {
	unknown := ""
	if p.id == "" || p.proposal == "" {
		unknown = "no mobility with a proposal is known"
	}
	right := probe{name: p.kind + " of a known proposal", doc: p.doc(p.id, p.proposal), skip: unknown}
	probes := []probe{
		{name: p.kind + " of an unknown mobility", doc: p.doc(FakeID, either(p.proposal, FakeID)), refused: []int{400}},
		{name: p.kind + " of an unknown proposal", doc: p.doc(p.id, FakeID), refused: []int{409}, skip: unknown},
	}
	for _, b := range p.broken {
		probes = append(probes, probe{name: p.kind + " " + b.name, doc: b.doc, refused: []int{400}})
	}
	if p.private {
		probes = append(probes, probe{name: p.kind + " as another participant", doc: p.doc(p.id, p.proposal), refused: []int{400}, other: true, skip: unknown})
	}
	if err := s.applied(c, right, p.takes); err != nil {
		return err
	}
	return s.probe(c, probes...)
}

// applied runs the probe of a change that is right, where several statuses are.
func (s *session) applied(c Combination, p probe, statuses []int) error {
	if p.skip != "" || len(statuses) < 2 {
		return s.probe(c, p)
	}
	return s.step(c, p.name, anyOf(statuses), func() error {
		k, err := s.callXML(c, p.doc)
		if err != nil {
			return err
		}
		if err := s.sign(k); err != nil {
			return err
		}
		a, err := s.send(k)
		if err != nil {
			return err
		}
		if a.status == 200 {
			return s.judge200(k, a, c, nil)
		}
		notices, err := s.open(k, a, c)
		if err != nil {
			return err
		}
		return s.judgeError(a, notices, statuses)
	})
}

// updateMethods tries the method that an update endpoint does not have.
func (s *session) updateMethods(c Combination) error {
	return s.wrongMethod(plainGET(c))
}
