package ewptest

import (
	"slices"

	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/iias"
	"github.com/passerelle-sup/passerelle/internal/xmlx"
)

// The suites of agreements: those of the validator for index (basic and complex), get
// and iia-cnr, in version 7, and ours for the statistics, the approvals and their
// notification. They need an agreement with the participant: the parameter "iia_id", of
// the host's copy, or the first that index lists. The steps of approvals need one that
// the host approves: "approved_iia_id", of the participant's copy, or that which the
// agreement names.
var (
	iiasIndexSuite = suite{api: ewp.IIAs, endpoint: "index", anonymous: anonymityUseless, prepare: (*session).anIIA, steps: regular((*session).iiasIndex)}
	iiasGetSuite   = suite{api: ewp.IIAs, endpoint: "get", anonymous: anonymityUseless, prepare: (*session).anIIA, steps: regular((*session).iiasGet)}
	iiasStatsSuite = suite{api: ewp.IIAs, endpoint: "stats", anonymous: anonymityUseless, ours: true, steps: (*session).statistics}
	iiaCNRSuite    = suite{api: ewp.IIACNR, anonymous: anonymityUseless, steps: regular((*session).iiaCNR)}

	iiasApprovalSuite   = suite{api: ewp.IIAsApproval, anonymous: anonymityUseless, ours: true, prepare: (*session).anIIAApproval, steps: regular((*session).iiasApproval)}
	iiaApprovalCNRSuite = suite{api: ewp.IIAApprovalCNR, anonymous: anonymityUseless, ours: true, steps: regular((*session).iiaCNR)}
)

// Parameters of the agreements.
const (
	paramIIA      = "iia_id"
	paramApproved = "approved_iia_id"
)

var (
	listedIIAs   = selector{"iia-id"}
	approvedIIAs = selector{"approval", "iia-id"}
)

// partnerIDs returns the iia-id of the partner at a position of each agreement.
func partnerIDs(position int) func(*element) []string {
	return func(root *element) []string {
		space := xmlx.Name(root).Space
		var ids []string
		for _, iia := range xmlx.Children(root, space, "iia") {
			if partners := xmlx.Children(iia, space, "partner"); position < len(partners) {
				if id := xmlx.Text(xmlx.Child(partners[position], space, "iia-id")); id != "" {
					ids = append(ids, id)
				}
			}
		}
		return ids
	}
}

// years returns the first year of each condition.
func years(root *element) []string {
	space := xmlx.Name(root).Space
	var found []string
	for _, iia := range xmlx.Children(root, space, "iia") {
		if conditions := xmlx.Child(iia, space, "cooperation-conditions"); conditions != nil {
			for _, spec := range conditions.ChildElements() {
				found = append(found, xmlx.Text(xmlx.Child(spec, space, "receiving-first-academic-year-id")))
			}
		}
	}
	return found
}

// anIIA finds an agreement of the host with who speaks, and a year of it.
func (s *session) anIIA() error {
	if err := s.findOut(paramIIA, ewp.IIAs, "index", nil, listedIIAs); err != nil {
		return err
	}
	if s.suite.endpoint != "index" {
		return nil
	}
	return s.findBy(paramYear, ewp.IIAs, "get", params{paramIIA, s.value(paramIIA)}, years)
}

// anIIAApproval finds an agreement of who speaks that the host approves.
func (s *session) anIIAApproval() error {
	if s.value(paramApproved) != "" {
		return nil
	}
	if err := s.findOut(paramIIA, ewp.IIAs, "index", nil, listedIIAs); err != nil {
		return err
	}
	const candidate = "iia_id of the participant"
	if err := s.findBy(candidate, ewp.IIAs, "get", params{paramIIA, s.value(paramIIA)}, partnerIDs(1)); err != nil {
		return err
	}
	return s.findOut(paramApproved, ewp.IIAsApproval, "", params{paramIIA, s.value(candidate)}, approvedIIAs)
}

func (s *session) iiasIndex(c Combination) error {
	p := indexPattern{since: true, found: listedIIAs, id: s.value(paramIIA), year: s.value(paramYear)}
	for _, part := range []func() error{
		func() error { return s.listed(c, &p, Notice) },
		func() error { return s.academicYears(c, p) },
		func() error { return s.modifiedSince(c, p) },
		func() error { return s.contains(c, p) },
	} {
		if err := part(); err != nil {
			return err
		}
	}
	return s.oursAll(c, probe{name: "list as another participant", want: "without the known object", ok: listedIIAs.lacks(p.id), other: true})
}

// lacks wants a value not to be there.
func (p selector) lacks(value string) check {
	return func(root *element) error {
		if slices.Contains(p.texts(root), value) {
			return failure("%s %s should not be there", p.name(), value)
		}
		return nil
	}
}

// ownIIAs wants the agreements with these identifiers of the host's copies, and no
// others.
func ownIIAs(want ...string) check {
	return func(root *element) error {
		got := partnerIDs(0)(root)
		if more, less := minus(got, want), minus(want, got); len(more)+len(less) > 0 {
			return failure("the agreements %v came, and %v are expected", got, want)
		}
		return nil
	}
}

func (s *session) iiasGet(c Combination) error {
	id, most := s.value(paramIIA), s.limit("max-iia-ids")
	few := ""
	if most == 1 {
		few = "the maximum is 1"
	}
	var document []byte
	if err := s.step(c, "one known iia_id", "200, that agreement", func() (err error) {
		document, err = s.fetchIIA(c, id)
		return err
	}); err != nil {
		return err
	}
	if err := s.probe(c,
		probe{name: "one unknown iia_id", params: params{paramIIA, FakeID}, want: "empty", ok: ownIIAs()},
		probe{name: "one known and one unknown iia_id", params: params{paramIIA, id, paramIIA, FakeID}, want: "the known one", ok: ownIIAs(id), skip: few},
		refuse("no parameter", 400, nil),
		refuse("more known iia_id than allowed", 400, times(most+1, paramIIA, id)),
		refuse("more unknown iia_id than allowed", 400, times(most+1, paramIIA, FakeID)),
		probe{name: "exactly as many known iia_id as allowed", params: times(most, paramIIA, id), want: "with the agreement", ok: func(root *element) error {
			if !slices.Contains(partnerIDs(0)(root), id) {
				return failure("the agreement %s should be there", id)
			}
			return nil
		}},
		refuse("wrong name of the parameter", 400, params{"iia_id_param", id}),
	); err != nil {
		return err
	}
	if err := s.step(c, "iia-hash", "the hash of what was served", func() error { return checkIIAHash(document) }); err != nil {
		return err
	}
	if err := s.ours(c, "partners of the agreement", "the host first, with identifier and number, and who asks", func() error { return s.checkIIA(document) }); err != nil {
		return err
	}
	return s.oursAll(c, probe{name: "known iia_id as another participant", params: params{paramIIA, id}, want: "empty", ok: ownIIAs(), other: true})
}

// fetchIIA gets an agreement, byte for byte.
func (s *session) fetchIIA(c Combination, id string) ([]byte, error) {
	k, err := s.call(c, params{paramIIA, id})
	if err != nil {
		return nil, err
	}
	if err := s.sign(k); err != nil {
		return nil, err
	}
	a, err := s.send(k)
	if err != nil {
		return nil, err
	}
	err = s.judge200(k, a, c, ownIIAs(id)) // undoes the codings too
	return a.body, err
}

// checkIIAHash compares hashes, one agreement at a time.
func checkIIAHash(document []byte) error {
	parts, err := iias.Split(document)
	if err != nil {
		return &verdict{status: Broken, reason: err.Error()}
	}
	if len(parts) == 0 {
		return &verdict{status: Broken, reason: "there is no agreement to compute the hash of"}
	}
	for _, part := range parts {
		computed, err := iias.Compute(part)
		if err != nil {
			return &verdict{status: Broken, reason: err.Error()}
		}
		if !computed.Right() {
			return failure("iia-hash is %q, and %s is expected, of %q", computed.Declared, computed.Hash, computed.Text)
		}
	}
	return nil
}

// checkIIA holds the agreement against the text of the specification.
func (s *session) checkIIA(document []byte) error {
	a, err := iias.Decode(document)
	if err != nil {
		return failure("%v", err)
	}
	switch owner, other := a.Owner(), a.Other(); {
	case len(a.Partners) != 2 || owner.HEI != s.host.HEI || other.HEI != s.as.HEI:
		return failure("the partners are not %s, first, and %s", s.host.HEI, s.as.HEI)
	case owner.IIAID == "" || owner.Code == "":
		return failure("the first partner has no iia-id or no iia-code")
	case other.IIAID == "":
		return notice("the agreement is not mapped to one of the partner's")
	}
	if err := a.Validate(); err != nil {
		return notice("%v", err)
	}
	return nil
}

// iiaCNR has the steps of both notifications. The validator sends "1" where it is given
// no identifier.
func (s *session) iiaCNR(c Combination) error {
	known := s.value(paramIIA)
	if known == "" {
		known = "1"
	}
	if err := s.cnr(c, cnrPattern{id: paramIIA, known: known}); err != nil {
		return err
	}
	return s.oursAll(c, refuse("iia_id twice", 400, params{paramIIA, known, paramIIA, known}))
}

func (s *session) iiasApproval(c Combination) error {
	if !c.has(ewp.ClientHTTPSig) {
		return nil
	}
	id := s.value(paramApproved)
	hash := func(root *element) error {
		for _, hash := range (selector{"approval", "iia-hash"}).texts(root) {
			if _, err := iias.ParseHash(hash); err != nil {
				return failure("an approval has no iia-hash: %v", err)
			}
		}
		return nil
	}
	if err := s.ids(c, idsPattern{prefix: "iia", id: id, max: s.limit("max-iia-ids"), found: approvedIIAs, also: hash}); err != nil {
		return err
	}
	return s.probe(c, probe{name: "known iia_id as another participant", params: params{paramIIA, id}, want: "empty", ok: approvedIIAs.nothing(), other: true})
}
