package ewptest

import (
	"bytes"

	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/omobilities"
)

// The suites of the nominations. The validator has none for the statistics. The steps of
// the update approve a proposal and then reject the same, and want 200 both times, as the
// validator does: they are not for a host with nominations of real people, and a host that
// holds to what was approved fails them (omobilities.Rules.RejectApproved).
var (
	omobilitiesIndexSuite  = suite{api: ewp.OMobilities, endpoint: "index", anonymous: anonymityUseless, prepare: (*session).aNomination, steps: regular((*session).omobilitiesIndex)}
	omobilitiesGetSuite    = suite{api: ewp.OMobilities, endpoint: "get", anonymous: anonymityUseless, prepare: (*session).aNomination, steps: regular((*session).omobilitiesGet)}
	omobilitiesUpdateSuite = suite{api: ewp.OMobilities, endpoint: "update", anonymous: anonymityUseless, prepare: (*session).aNominee, steps: (*session).omobilitiesUpdate}
	omobilityCNRSuite      = suite{api: ewp.OMobilityCNR, anonymous: anonymityUseless, steps: regular((*session).mobilityCNR)}
	omobilityStatsSuite    = suite{api: ewp.OMobilityStats, anonymous: anonymityUseless, ours: true, steps: (*session).statistics}
)

// paramMobility and paramNominee are parameters of these APIs.
const (
	paramMobility   = "omobility_id"
	paramNominee    = "global_id"
	paramAttributes = "activity_attributes"
	paramProposal   = "latest_proposal_id" // by which the validator is given one
)

// aNomination finds out one that the host shows, its academic year and its student.
func (s *session) aNomination() error {
	if err := s.findOut(paramMobility, ewp.OMobilities, "index", nil, selector{"omobility-id"}); err != nil {
		return err
	}
	of := params{paramMobility, s.value(paramMobility)}
	if err := s.findOut(paramYear, ewp.OMobilities, "get", of, selector{"student-mobility", "nomination", "receiving-academic-year-id"}); err != nil {
		return err
	}
	if err := s.findOut(paramAttributes, ewp.OMobilities, "get", of, selector{"student-mobility", "nomination", "activity-attributes"}); err != nil {
		return err
	}
	return s.findOut(paramNominee, ewp.OMobilities, "get", of, selector{"student-mobility", "student", "global-id"})
}

// aNominee finds out one that can be decided about.
func (s *session) aNominee() error {
	if err := s.findOut(paramMobility, ewp.OMobilities, "index", nil, selector{"omobility-id"}); err != nil {
		return err
	}
	return s.findOut(paramProposal, ewp.OMobilities, "get", params{paramMobility, s.value(paramMobility)}, selector{"student-mobility", "nomination", "@proposal-id"})
}

func (s *session) omobilitiesGet(c Combination) error {
	return s.mobilitiesGet(c, func(c Combination, asOther probe) error { return s.oursAll(c, asOther) })
}

// mobilitiesGet has the steps of "get" of both sides. others tries it as another
// participant, which the validator does for imobilities alone.
func (s *session) mobilitiesGet(c Combination, others func(Combination, probe) error) error {
	if !c.has(ewp.ClientHTTPSig) {
		return nil
	}
	if err := s.anonymous(c); err != nil {
		return err
	}
	p := idsPattern{prefix: "omobility", id: s.value(paramMobility), max: s.limit("max-omobility-ids"), found: selector{"student-mobility", "omobility-id"}}
	if err := s.probe(c, probe{name: "one of known " + paramMobility, params: p.of(paramMobility, p.id)}); err != nil {
		return err
	}
	if err := s.ids(c, p); err != nil {
		return err
	}
	return others(c, probe{name: "known " + paramMobility + " as another participant", want: "empty", params: p.of(paramMobility, p.id), ok: p.found.nothing(), other: true})
}

func (s *session) omobilitiesIndex(c Combination) error {
	if !c.has(ewp.ClientHTTPSig) {
		return nil
	}
	if err := s.anonymous(c); err != nil {
		return err
	}
	p := indexPattern{id: s.value(paramMobility), year: s.value(paramYear), since: true, found: selector{"omobility-id"}}
	if err := s.listed(c, &p, Failure); err != nil {
		return err
	}
	for _, part := range []func(Combination, indexPattern) error{s.academicYears, s.modifiedSince, s.contains} {
		if err := part(c, p); err != nil {
			return err
		}
	}
	// What the validator does not try in this version: the two other filters, and whether
	// nominations are shown to others.
	with, nothing := p.found.with(p.id), p.found.nothing()
	student, attributes := s.value(paramNominee), s.value(paramAttributes)
	return s.oursAll(c,
		probe{name: "list of a known global_id", want: "with the known object", params: p.of(paramNominee, student), ok: with},
		probe{name: "list of an unknown global_id", want: "empty", params: p.of(paramNominee, FakeID), ok: nothing},
		probe{name: "list of known activity_attributes", want: "with the known object", params: p.of(paramAttributes, attributes), ok: with},
		probe{name: "whole list as another participant", want: "without the known object", params: p.of(), ok: lacking(p.found, p.id), other: true},
		probe{name: "list of a known global_id as another participant", want: "without the known object", params: p.of(paramNominee, student), ok: lacking(p.found, p.id), other: true},
	)
}

// lacking wants that a value is not there.
func lacking(found selector, id string) check {
	return func(root *element) error {
		if found.with(id)(root) == nil {
			return failure("%s %s should not be there", found.name(), id)
		}
		return nil
	}
}

func (s *session) omobilitiesUpdate(c Combination) error {
	if !c.has(ewp.ClientHTTPSig) || c.Method != "POST" {
		return nil
	}
	if err := s.updateMethods(c); err != nil {
		return err
	}
	if err := s.anonymous(c); err != nil {
		return err
	}
	id, proposal := s.value(paramMobility), s.value(paramProposal)
	for _, verdict := range []omobilities.Verdict{omobilities.Approve, omobilities.Reject} {
		doc := func(id, proposal string) []byte { return decisionDocument(verdict, id, proposal) }
		p := updatePattern{kind: string(verdict), doc: doc, id: id, proposal: proposal, takes: []int{200}}
		if err := s.update(c, p); err != nil {
			return err
		}
		if err := s.oursAll(c, probe{name: p.kind + " as another participant", doc: doc(id, proposal), refused: []int{400}, other: true}); err != nil {
			return err
		}
	}
	// What the validator does not try.
	rejection := decisionDocument(omobilities.Reject, id, proposal)
	cut := func(from, to string) []byte {
		start, end := bytes.Index(rejection, []byte(from)), bytes.Index(rejection, []byte(to))
		return append(bytes.Clone(rejection[:start]), rejection[end:]...)
	}
	return s.oursAll(c,
		probe{name: "rejection without a comment", doc: cut("<comment>", "</reject-"), refused: []int{400}},
		probe{name: "no kind of decision", doc: cut("<reject-", "</omobilities-"), refused: []int{400}},
		probe{name: "no proposal-id", doc: cut("<proposal-id>", "<comment>"), refused: []int{400}},
		probe{name: "another document", doc: []byte("<omobilities-update-request/>"), refused: []int{400}},
		probe{name: "a document that is cut short", doc: rejection[:len(rejection)-2], refused: []int{400}},
	)
}

// decisionDocument returns the document of a decision.
func decisionDocument(v omobilities.Verdict, id, proposal string) []byte {
	u := omobilities.Update{Verdict: v, ID: id, ProposalID: proposal}
	if v == omobilities.Reject {
		u.Comment = "test"
	}
	doc, err := u.Encode()
	if err != nil {
		panic("ewptest: " + err.Error()) // an identifier of a host that is none
	}
	return doc
}

// mobilityCNR has the steps of both notifications.
func (s *session) mobilityCNR(c Combination) error {
	if !c.has(ewp.ClientHTTPSig) {
		return nil
	}
	if err := s.anonymous(c); err != nil {
		return err
	}
	p := cnrPattern{id: paramMobility, known: either(s.value(paramMobility), "1")}
	if err := s.cnr(c, p); err != nil {
		return err
	}
	return s.cnrLimits(c, p)
}
