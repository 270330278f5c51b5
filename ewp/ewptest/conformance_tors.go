package ewptest

import (
	"github.com/passerelle-sup/passerelle/ewp"
)

// The suites of the transcripts. The validator knows one form for all versions, that of
// version 2 (IMobilityTorsGetValidationSuite, IMobilityTorsIndexValidationSuite), whose
// parameter receiving_hei_id version 3 does not have: its steps for version 3 are those
// without it, and are marked as ours. Notifications and statistics have no steps there.
var (
	torsIndexSuite      = suite{api: ewp.IMobilityToRs, endpoint: "index", anonymous: anonymityUseless, ours: true, steps: regular((*session).torsIndex)}
	torsGetSuite        = suite{api: ewp.IMobilityToRs, endpoint: "get", anonymous: anonymityUseless, ours: true, prepare: (*session).aTranscript, steps: regular((*session).torsGet)}
	olderTorsIndexSuite = suite{api: ewp.IMobilityToRs, endpoint: "index", major: 2, anonymous: anonymityUseless, steps: regular((*session).torsIndex)}
	olderTorsGetSuite   = suite{api: ewp.IMobilityToRs, endpoint: "get", major: 2, anonymous: anonymityUseless, prepare: (*session).aTranscript, steps: regular((*session).torsGet)}
	torCNRSuite         = suite{api: ewp.IMobilityToRCNR, anonymous: anonymityUseless, ours: true, steps: regular((*session).torCNR)}
	olderTorCNRSuite    = suite{api: ewp.IMobilityToRCNR, major: 1, anonymous: anonymityUseless, ours: true, steps: regular((*session).torCNR)}
	torStatsSuite       = suite{api: ewp.IMobilityToRStats, anonymous: anonymityUseless, ours: true, steps: (*session).statistics}
)

// receiving returns the parameter with the institution that is called, "" where the
// version has none.
func (s *session) receiving() string {
	if s.suite.version() == 2 {
		return "receiving_hei_id"
	}
	return ""
}

func (s *session) aTranscript() error {
	var p params
	if owner := s.receiving(); owner != "" {
		p = params{owner, s.host.HEI.String()}
	}
	return s.findOut("omobility_id", ewp.IMobilityToRs, "index", p, selector{"omobility-id"})
}

func (s *session) torsGet(c Combination) error {
	p := idsPattern{
		prefix: "omobility", id: s.value("omobility_id"), max: s.limit("max-omobility-ids"),
		owner: s.receiving(), hei: s.host.HEI.String(), emptyForUnknown: true, found: selector{"tor", "omobility-id"},
	}
	if !c.has(ewp.ClientHTTPSig) {
		return nil
	}
	if err := s.anonymous(c); err != nil {
		return err
	}
	if err := s.ids(c, p); err != nil {
		return err
	}
	// What the validator does not try: whether transcripts are shown to others.
	return s.oursAll(c, probe{name: "known omobility_id as another participant", want: "empty", params: p.of("omobility_id", p.id),
		ok: p.found.nothing(), other: true})
}

func (s *session) torsIndex(c Combination) error {
	if !c.has(ewp.ClientHTTPSig) {
		return nil
	}
	if err := s.anonymous(c); err != nil {
		return err
	}
	p := indexPattern{owner: s.receiving(), hei: s.host.HEI.String(), since: true, emptyForUnknown: true, found: selector{"omobility-id"}}
	if p.owner != "" {
		p.partner = "sending_hei_id"
	}
	if err := s.listed(c, &p, Notice); err != nil {
		return err
	}
	if p.partner != "" {
		if err := s.parties(c, p); err != nil {
			return err
		}
	}
	if err := s.modifiedSince(c, p); err != nil {
		return err
	}
	return s.permissions(c, p)
}

// torCNR has what the suites of the other notifications have.
func (s *session) torCNR(c Combination) error {
	if !c.has(ewp.ClientHTTPSig) {
		return nil
	}
	if err := s.anonymous(c); err != nil {
		return err
	}
	p := cnrPattern{id: "omobility_id", known: FakeID}
	if id := s.value("omobility_id"); id != "" {
		p.known = id
	}
	if s.suite.version() == 1 {
		p.sender = "receiving_hei_id"
	}
	if err := s.cnr(c, p); err != nil {
		return err
	}
	return s.cnrLimits(c, p)
}
