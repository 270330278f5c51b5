package ewptest

import (
	"context"
	"encoding/xml"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/discovery"
	"github.com/passerelle-sup/passerelle/ewp/ewpserver"
	"github.com/passerelle-sup/passerelle/internal/testutil"
)

// What the university of the tests knows: a unit with a code, and a mobility towards
// the one that speaks, with a proposal.
const (
	unitID, unitCode             = "unit-1", "FR-1"
	mobilityID, proposalID       = "mobility-1", "proposal-1"
	mobilityYear                 = "2025/2026"
	testHEI, testPartner, tested = "uni-a.example", "uni-b.example", "uni-c.example"
)

type unit struct {
	XMLName xml.Name `xml:"https://github.com/erasmus-without-paper/ewp-specs-api-ounits/tree/stable-v2 ounit"`
	ID      string   `xml:"ounit-id"`
	Code    string   `xml:"ounit-code"`
}

type agreement struct {
	XMLName xml.Name `xml:"https://github.com/erasmus-without-paper/ewp-specs-api-omobility-las/blob/stable-v1/endpoints/get-response.xsd la"`
	ID      string   `xml:"omobility-id"`
}

type change struct {
	XMLName  xml.Name `xml:"urn:test update"`
	ID       string   `xml:"omobility-id"`
	Proposal string   `xml:"proposal-id"`
}

// habits are what the university of the tests does wrong.
type habits struct {
	unknownUnits bool // gives an object for whatever is asked
	declares     int  // maximum in the manifest; 0 is the true one
	leaks        bool // shows everything to everybody
	forgetsSince bool
	forgetsYears bool
	emptyList    bool
	emptyUnknown bool // unknown institutions are answered with nothing
	refusesCNR   bool // 400 for what it does not know
	takesUnknown bool // updates of unknown mobilities
	anyProposal  bool
}

// patternHost is a university with an endpoint of each pattern.
func patternHost(t *testing.T, h habits) Host {
	t.Helper()
	n := NewNetwork(t, Config{Universities: []UniversityConfig{
		// No signatures of answers: these are tested elsewhere, and double the combinations.
		{HEI: ewp.MustParseHEIID(testHEI), Register: h.register, Manifest: h.manifest,
			Security: ewp.ClientHTTPSig | ewp.ServerTLSCert | ewp.RequestTLS | ewp.ResponseTLS},
		{HEI: ewp.MustParseHEIID(testPartner)}, {HEI: ewp.MustParseHEIID(tested)},
	}})
	return n.Host(testHEI, testPartner)
}

func (h habits) manifest(m *discovery.Manifest) {
	if h.declares == 0 {
		return
	}
	for _, e := range m.APIs {
		for i := range e.Elements {
			if e.Elements[i].Name.Local == "max-ounit-ids" {
				e.Elements[i].Text = fmt.Sprint(h.declares)
			}
		}
	}
}

func (h habits) register(u *University) error {
	owner := ewpserver.Owner{Param: "hei_id"}
	if h.emptyUnknown {
		owner.Unknown = ewpserver.EmptyUnknown
	}
	sender := owner
	sender.Param = "sending_hei_id"
	handlers := []struct {
		api      ewp.API
		endpoint string
		handler  ewpserver.Handler
	}{
		{ewp.OrganizationalUnits, "", ewpserver.Get[unit]{
			ID: "ounit_id", Max: 3, Code: "ounit_code", MaxCodes: 2, Owner: owner, Find: h.units,
		}},
		{ewp.OMobilityLAs, "get", ewpserver.Get[agreement]{ID: "omobility_id", Max: 1, Owner: sender, Find: h.agreements}},
		{ewp.OMobilityLAs, "index", ewpserver.Index{
			Owner: sender, Partner: "receiving_hei_id", Years: paramYear, Since: true, Item: "omobility-id", List: h.list,
		}},
		{ewp.OMobilityLAs, "update", ewpserver.Update[change]{Root: xml.Name{Space: "urn:test", Local: "update"}, Apply: h.apply}},
		{ewp.OMobilityLACNR, "", ewpserver.Notification{ID: "omobility_id", Sender: "sending_hei_id", Take: h.notice}},
	}
	for _, e := range handlers {
		if err := u.Server.Handle(e.api, e.endpoint, e.handler); err != nil {
			return err
		}
	}
	return nil
}

func (h habits) units(_ context.Context, q ewpserver.Query) iter.Seq2[unit, error] {
	return func(yield func(unit, error) bool) {
		for _, asked := range append(slices.Clone(q.IDs), q.Codes...) {
			if (asked == unitID || asked == unitCode || h.unknownUnits) && !yield(unit{ID: unitID, Code: unitCode}, nil) {
				return
			}
		}
	}
}

func (h habits) agreements(_ context.Context, q ewpserver.Query) iter.Seq2[agreement, error] {
	return func(yield func(agreement, error) bool) {
		if slices.Contains(q.IDs, mobilityID) && h.sees(q.Parties) {
			yield(agreement{ID: mobilityID}, nil)
		}
	}
}

func (h habits) sees(p ewpserver.Parties) bool { return h.leaks || p.Caller.String() == testPartner }

func (h habits) list(_ context.Context, f ewpserver.Filter) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		inYear := h.forgetsYears || len(f.Years) == 0 || slices.Contains(f.Years, mobilityYear)
		changed := h.forgetsSince || f.ModifiedSince.Year() < 2026
		if !h.emptyList && inYear && changed && h.sees(f.Parties) {
			yield(mobilityID, nil)
		}
	}
}

func (h habits) notice(_ context.Context, n ewpserver.Notice) error {
	if h.refusesCNR && !slices.Contains(n.IDs, mobilityID) {
		return &ewpserver.Error{Status: 400, DeveloperMessage: "unknown"}
	}
	return nil
}

func (h habits) apply(_ context.Context, p ewpserver.Parties, c *change) (ewp.Texts, error) {
	switch {
	case !h.takesUnknown && (c.ID != mobilityID || !h.sees(p)):
		return nil, passerelle.ErrNotFound
	case !h.anyProposal && c.Proposal != proposalID:
		return nil, passerelle.ErrConflict
	case c.Proposal == "":
		return nil, passerelle.ErrInvalid
	}
	return nil, nil
}

// patternSuites run each pattern against the endpoint of its kind.
var patternSuites = []suite{
	{api: ewp.OrganizationalUnits, anonymous: anonymityUseless, steps: regular(func(s *session, c Combination) error {
		return s.ids(c, idsPattern{
			prefix: "ounit", id: unitID, max: s.limit("max-ounit-ids"), owner: "hei_id", hei: testHEI,
			codes: true, code: unitCode, maxCodes: s.limit("max-ounit-codes"), found: selector{"ounit", "ounit-id"},
			also: selector{"ounit", "ounit-id"}.exactlyOnceEach,
		})
	})},
	{api: ewp.OMobilityLAs, endpoint: "get", anonymous: anonymityUseless, prepare: func(s *session) error {
		return s.findOut("omobility_id", ewp.OMobilityLAs, "index", params{"sending_hei_id", testHEI}, selector{"omobility-id"})
	}, steps: regular(func(s *session, c Combination) error {
		return s.ids(c, idsPattern{
			prefix: "omobility", id: s.value("omobility_id"), max: s.limit("max-omobility-ids"), owner: "sending_hei_id", hei: testHEI,
			found: selector{"la", "omobility-id"},
		})
	})},
	{api: ewp.OMobilityLAs, endpoint: "index", anonymous: anonymityUseless, steps: regular(indexSteps)},
	{api: ewp.OMobilityLAs, endpoint: "update", anonymous: anonymityUseless, steps: func(s *session, c Combination) error {
		if err := s.updateMethods(c); err != nil {
			return err
		}
		doc := func(id, proposal string) []byte {
			data, err := xml.Marshal(change{ID: id, Proposal: proposal})
			if err != nil {
				panic(err)
			}
			return data
		}
		return s.update(c, updatePattern{
			kind: "approve", doc: doc, id: mobilityID, proposal: proposalID, takes: []int{200, 409}, private: true,
			broken: []brokenDocument{{"with another root", []byte("<other/>")}},
		})
	}},
	{api: ewp.OMobilityLACNR, anonymous: anonymityUseless, steps: regular(func(s *session, c Combination) error {
		return s.cnr(c, cnrPattern{id: "omobility_id", known: mobilityID, sender: "sending_hei_id"})
	})},
}

// exactlyOnceEach wants no identifier twice: a check of the test's own.
func (p selector) exactlyOnceEach(root *element) error {
	ids := p.texts(root)
	if unique := slices.Compact(slices.Sorted(slices.Values(ids))); len(unique) != len(ids) {
		return failure("%v are there twice", ids)
	}
	return nil
}

func indexSteps(s *session, c Combination) error {
	p := indexPattern{
		owner: "sending_hei_id", hei: testHEI, partner: "receiving_hei_id", since: true, found: selector{"omobility-id"},
		id: mobilityID, year: mobilityYear,
	}
	if err := s.listed(c, &p, 0); err != nil {
		return err
	}
	for _, part := range []func(Combination, indexPattern) error{s.parties, s.academicYears, s.modifiedSince, s.permissions, s.contains} {
		if err := part(c, p); err != nil {
			return err
		}
	}
	return nil
}

// found returns the steps with a verdict above Notice, by endpoint and name.
func found(r Report) map[string]Status {
	steps := map[string]Status{}
	for _, result := range r {
		if result.Status > Notice {
			steps[strings.TrimSpace(result.API.String()+" "+result.Endpoint)+": "+result.Step] = result.Status
		}
	}
	return steps
}

func TestPatterns(t *testing.T) {
	t.Parallel()
	const (
		units  = "organizational-units: "
		get    = "omobility-las get: "
		index  = "omobility-las index: "
		update = "omobility-las update: "
		cnr    = "omobility-la-cnr: "
	)
	for name, c := range map[string]struct {
		habits habits
		want   map[string]Status
	}{
		"right": {},
		"objects for unknown identifiers": {habits{unknownUnits: true}, map[string]Status{
			units + "one unknown ounit_id":                 Failure,
			units + "one known and one unknown ounit_id":   Failure,
			units + "one known and one unknown ounit_code": Failure,
		}},
		"more than declared": {habits{declares: 2}, map[string]Status{
			units + "more than 2 known ounit_id": Failure, units + "more than 2 unknown ounit_id": Failure,
		}},
		"less than declared": {habits{declares: 5}, map[string]Status{
			units + "exactly 5 known ounit_id": Failure,
		}},
		"nothing for unknown institutions": {habits{emptyUnknown: true}, map[string]Status{
			units + "known ounit_id of an unknown hei_id":           Failure,
			units + "known ounit_code of an unknown hei_id":         Failure,
			get + "known omobility_id of an unknown sending_hei_id": Failure,
			index + "unknown sending_hei_id":                        Failure,
		}},
		"everything for everybody": {habits{leaks: true}, map[string]Status{
			index + "whole list as another participant": Failure,
			update + "approve as another participant":   Failure,
		}},
		"modified_since ignored": {habits{forgetsSince: true}, map[string]Status{
			index + "modified_since in the future": Warning,
		}},
		"years ignored": {habits{forgetsYears: true}, map[string]Status{
			index + "academic year 1653/1654": Failure,
		}},
		"empty list": {habits{emptyList: true}, map[string]Status{
			index + "whole list": Failure, index + "list": Failure, index + "list of a known academic year": Failure,
			index + "list since long ago": Failure,
		}},
		"notifications of the unknown refused": {habits{refusesCNR: true}, map[string]Status{
			cnr + "notification of an unknown object": Failure,
		}},
		"unknown mobilities updated": {habits{takesUnknown: true}, map[string]Status{
			update + "approve of an unknown mobility": Failure,
			update + "approve as another participant": Failure,
		}},
		"unknown proposals taken": {habits{anyProposal: true}, map[string]Status{
			update + "approve of an unknown proposal": Failure,
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			report, err := examine(t.Context(), patternHost(t, c.habits), patternSuites)
			if err != nil {
				t.Fatal(err)
			}
			if c.want == nil {
				c.want = map[string]Status{}
			}
			testutil.Equal(t, "steps that are not passed", found(report), c.want)
			if t.Failed() {
				t.Log(report)
			}
		})
	}
}

// TestPatternsSkip checks that what cannot be asked is skipped, and said so.
func TestPatternsSkip(t *testing.T) {
	t.Parallel()
	host := patternHost(t, habits{emptyList: true})
	host.Other = Participant{}
	report, err := examine(t.Context(), host, patternSuites)
	if err != nil {
		t.Fatal(err)
	}
	skipped := map[string]bool{}
	for _, r := range report {
		if r.Status == Skipped {
			skipped[r.Step+": "+r.Reason] = true
		}
	}
	if !slices.ContainsFunc(report, func(r Result) bool {
		return r.Endpoint == "get" && r.Status == Notice && r.Reason == "omobility-las index lists none: give one in Values"
	}) {
		t.Errorf("nothing says that no mobility was found: %v", report)
	}
	want := []string{
		"approve as another participant: " + noOther,
		"modified_since in the future: the list is empty", "modified_since long ago: the list is empty",
		"no receiving_hei_id: the list is empty", "notification as another participant: " + noOther,
		"receiving_hei_id of another participant: the list is empty",
		"receiving_hei_id, and an unknown one: the list is empty", "two unknown receiving_hei_id: the list is empty",
		"unknown receiving_hei_id: the list is empty", "unknown sending_hei_id: the list is empty",
		"whole list as another participant: the list is empty",
	}
	testutil.Equal(t, "skipped steps", slices.Sorted(maps.Keys(skipped)), want)
}
