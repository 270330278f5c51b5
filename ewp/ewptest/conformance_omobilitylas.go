package ewptest

import (
	"bytes"

	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/omobilitylas"
)

// The suites of the learning agreements. The validator has none for the statistics of
// either API. The steps of the update take and comment a proposal: they are not for a host
// with agreements of real people.
var (
	lasIndexSuite  = suite{api: ewp.OMobilityLAs, endpoint: "index", anonymous: anonymityUseless, prepare: (*session).anAgreement, steps: regular((*session).lasIndex)}
	lasGetSuite    = suite{api: ewp.OMobilityLAs, endpoint: "get", anonymous: anonymityUseless, prepare: (*session).anAgreement, steps: regular((*session).lasGet)}
	lasUpdateSuite = suite{api: ewp.OMobilityLAs, endpoint: "update", anonymous: anonymityUseless, prepare: (*session).aProposal, steps: (*session).lasUpdate}
	lasStatsSuite  = suite{api: ewp.OMobilityLAs, endpoint: "stats", anonymous: anonymityUseless, ours: true, steps: (*session).statistics}
	laCNRSuite     = suite{api: ewp.OMobilityLACNR, anonymous: anonymityUseless, steps: regular((*session).laCNR)}
	laStatsSuite   = suite{api: ewp.OMobilityLACNR, endpoint: "stats", anonymous: anonymityUseless, ours: true, steps: (*session).statistics}
)

// anAgreement finds out one that the host shows, and its academic year and student.
func (s *session) anAgreement() error {
	owner := params{omobilitylas.ParamSending, s.host.HEI.String()}
	if err := s.findOut(omobilitylas.ParamID, ewp.OMobilityLAs, "index", owner, selector{"omobility-id"}); err != nil {
		return err
	}
	of := owner.with(omobilitylas.ParamID, s.value(omobilitylas.ParamID))
	if err := s.findOut(omobilitylas.ParamYear, ewp.OMobilityLAs, "get", of, selector{"la", "receiving-academic-year-id"}); err != nil {
		return err
	}
	return s.findOut(omobilitylas.ParamGlobalID, ewp.OMobilityLAs, "get", of, selector{"la", "student", "global-id"})
}

// aProposal finds out one that waits for an answer.
func (s *session) aProposal() error {
	owner := params{omobilitylas.ParamSending, s.host.HEI.String()}
	if err := s.findOut(omobilitylas.ParamID, ewp.OMobilityLAs, "index", owner, selector{"omobility-id"}); err != nil {
		return err
	}
	return s.findOut("latest_proposal_id", ewp.OMobilityLAs, "get", owner.with(omobilitylas.ParamID, s.value(omobilitylas.ParamID)),
		selector{"la", "changes-proposal", "@id"})
}

func (s *session) lasGet(c Combination) error {
	if !c.has(ewp.ClientHTTPSig) {
		return nil
	}
	if err := s.anonymous(c); err != nil {
		return err
	}
	p := idsPattern{
		prefix: "omobility", id: s.value(omobilitylas.ParamID), max: s.limit("max-omobility-ids"),
		owner: omobilitylas.ParamSending, hei: s.host.HEI.String(), found: selector{"la", "omobility-id"},
	}
	if err := s.probe(c, probe{name: "one of known omobility_id", params: p.of(omobilitylas.ParamID, p.id)}); err != nil {
		return err
	}
	if err := s.ids(c, p); err != nil {
		return err
	}
	// What the validator does not try: whether agreements are shown to others.
	return s.oursAll(c, probe{name: "known omobility_id as another participant", want: "empty", params: p.of(omobilitylas.ParamID, p.id),
		ok: p.found.nothing(), other: true})
}

func (s *session) lasIndex(c Combination) error {
	if !c.has(ewp.ClientHTTPSig) {
		return nil
	}
	if err := s.anonymous(c); err != nil {
		return err
	}
	p := indexPattern{
		owner: omobilitylas.ParamSending, hei: s.host.HEI.String(), partner: omobilitylas.ParamReceiving,
		id: s.value(omobilitylas.ParamID), year: s.value(omobilitylas.ParamYear), since: true, found: selector{"omobility-id"},
	}
	if err := s.listed(c, &p, Failure); err != nil {
		return err
	}
	for _, part := range []func(Combination, indexPattern) error{s.parties, s.academicYears, s.modifiedSince, s.permissions, s.contains} {
		if err := part(c, p); err != nil {
			return err
		}
	}
	// The two filters that the validator does not try.
	probes := []probe{
		{name: "list of a known global_id", want: "with the known object", params: p.of(omobilitylas.ParamGlobalID, s.value(omobilitylas.ParamGlobalID)), ok: p.found.with(p.id)},
		{name: "list of an unknown global_id", want: "empty", params: p.of(omobilitylas.ParamGlobalID, FakeID), ok: p.found.nothing()},
	}
	for _, kind := range omobilitylas.Types() {
		probes = append(probes, probe{name: "list of mobility_type " + string(kind), params: p.of(omobilitylas.ParamType, string(kind))})
	}
	return s.oursAll(c, probes...)
}

func (s *session) lasUpdate(c Combination) error {
	if !c.has(ewp.ClientHTTPSig) {
		return nil
	}
	if c.Method != "POST" {
		return nil
	}
	if err := s.updateMethods(c); err != nil {
		return err
	}
	if err := s.anonymous(c); err != nil {
		return err
	}
	empty := s.updateDocument(nil, nil)
	err := s.probe(c,
		probe{name: "no kind of change", doc: empty, refused: []int{400}},
		probe{name: "unknown kind of change", doc: bytes.Replace(empty, []byte("</omobility-las-"), []byte("<test/></omobility-las-"), 1), refused: []int{400}},
	)
	if err != nil {
		return err
	}
	for _, approves := range []bool{true, false} {
		if err := s.update(c, s.decisions(approves)); err != nil {
			return err
		}
	}
	return nil
}

// decisions is the pattern of one kind of answer to a proposal.
func (s *session) decisions(approves bool) updatePattern {
	document := func(d omobilitylas.Decision) []byte {
		if approves {
			return s.updateDocument(&d, nil)
		}
		d.Comment = "test"
		return s.updateDocument(nil, &d)
	}
	p := updatePattern{
		kind: "comment-proposal-v1", id: s.value(omobilitylas.ParamID), proposal: s.value("latest_proposal_id"), takes: []int{200, 409}, private: true,
		doc: func(id, proposal string) []byte {
			signature := omobilitylas.Signature{
				Name: "Erika Beispiel", Position: "Mobility coordinator", Email: "erika@" + s.as.HEI.String(), Time: "2000-01-01T00:00:00Z", App: "ewptest",
			}
			return document(omobilitylas.Decision{OMobilityID: id, ProposalID: proposal, Signature: &signature})
		},
	}
	if approves {
		p.kind = "approve-proposal-v1"
	}
	p.broken = []brokenDocument{{name: "without signature", doc: document(omobilitylas.Decision{OMobilityID: p.id, ProposalID: p.proposal})}}
	return p
}

// updateDocument returns the document of a request, whatever is missing in it.
func (s *session) updateDocument(approve, comment *omobilitylas.Decision) []byte {
	doc, err := omobilitylas.UpdateRequest{Sending: s.host.HEI, Approve: approve, Comment: comment}.Encode()
	if err != nil {
		panic("ewptest: " + err.Error()) // an identifier of a host that XML cannot hold
	}
	return doc
}

func (s *session) laCNR(c Combination) error {
	if !c.has(ewp.ClientHTTPSig) {
		return nil
	}
	if err := s.anonymous(c); err != nil {
		return err
	}
	p := cnrPattern{id: omobilitylas.ParamID, known: either(s.value(omobilitylas.ParamID), "1"), sender: omobilitylas.ParamSending}
	if err := s.cnr(c, p); err != nil {
		return err
	}
	return s.cnrLimits(c, p)
}
