package iias_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp/iias"
)

// v6Document is the copy of a node for so many persons, as it was served under version 6.
func v6Document(n *node, persons int) []byte {
	a := sheet(n.hei, n.partner.hei, n.id, n.partner.id, persons).Agreement()
	m, s := a.Conditions.StudentStudies[0], a.Conditions.StaffTeaching[0]
	condition := func(kind iias.Kind, m iias.Condition, end string) string {
		return fmt.Sprintf(`<%s>
	<sending-hei-id>%s</sending-hei-id><sending-contact><c:contact-name>Office</c:contact-name></sending-contact><receiving-hei-id>%s</receiving-hei-id>
	<receiving-academic-year-id>2026/2027</receiving-academic-year-id><receiving-academic-year-id>2027/2028</receiving-academic-year-id><receiving-academic-year-id>2028/2029</receiving-academic-year-id>
	<mobilities-per-year>%s</mobilities-per-year><recommended-language-skill><language>%s</language><cefr-level>%s</cefr-level></recommended-language-skill>
	<subject-area><isced-f-code>%s</isced-f-code></subject-area>%s</%s>`,
			kind, m.SendingHEI, m.ReceivingHEI, m.MobilitiesPerYear.Value, m.Languages[0].Code, m.Languages[0].Level, m.SubjectAreas[0].ISCED.Code, end, kind)
	}
	return fmt.Appendf(nil, `<iias-get-response xmlns="https://github.com/erasmus-without-paper/ewp-specs-api-iias/blob/stable-v6/endpoints/get-response.xsd" xmlns:c="https://github.com/erasmus-without-paper/ewp-specs-types-contact/tree/stable-v1">
<iia><partner><hei-id>%s</hei-id><iia-id>%s</iia-id></partner><partner><hei-id>%s</hei-id><iia-id>%s</iia-id></partner><in-effect>true</in-effect>
<cooperation-conditions>%s%s</cooperation-conditions></iia></iias-get-response>`,
		n.hei, n.id, n.partner.hei, n.partner.id,
		condition(iias.StudentStudies, m, "<total-months-per-year>5</total-months-per-year><blended>false</blended><eqf-level>6</eqf-level><eqf-level>7</eqf-level>"),
		condition(iias.StaffTeaching, s, "<total-days-per-year>5.5</total-days-per-year>"))
}

func conditionsHash(t *testing.T, document []byte) string {
	t.Helper()
	c, err := iias.ConditionsHash(document)
	if err != nil {
		t.Fatal(err)
	}
	return c.Hash.String()
}

// TestFromV6Faults: what does not fit together is no agreement.
func TestFromV6Faults(t *testing.T) {
	t.Parallel()
	g := newGame(t)
	g.a.record.PartnerID = g.b.id
	good := iias.ArchiveV6{
		Own: g.a.content(1), OwnApproved: v6Document(g.a, 1), Partner: v6Document(g.b, 1), Approved: v6Document(g.b, 1),
		ApprovedHash: conditionsHash(t, v6Document(g.b, 1)),
	}
	if _, err := iias.FromV6(good, day); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		change func(*iias.ArchiveV6)
		want   error
	}{
		"other hash approved":         {func(a *iias.ArchiveV6) { a.ApprovedHash = "00" }, passerelle.ErrConflict},
		"other copy approved":         {func(a *iias.ArchiveV6) { a.OwnApproved = v6Document(g.a, 2) }, passerelle.ErrConflict},
		"document of another copy":    {func(a *iias.ArchiveV6) { a.Partner = v6Document(g.a, 1) }, passerelle.ErrConflict},
		"own copy that is not valid":  {func(a *iias.ArchiveV6) { a.Own.InEffect = "" }, passerelle.ErrInvalid},
		"no document":                 {func(a *iias.ArchiveV6) { a.Approved = []byte("<iia>") }, passerelle.ErrProtocol},
		"document of version 7 is no": {func(a *iias.ArchiveV6) { a.Partner = []byte(`<iia xmlns="` + iias.Namespace + `"/>`) }, passerelle.ErrProtocol},
	} {
		archive := good
		c.change(&archive)
		if r, err := iias.FromV6(archive, day); !errors.Is(err, c.want) || r.ID != "" {
			t.Errorf("%s: %v; want %v", name, err, c.want)
		}
	}
}

// TestRefusesV6: a document of version 6 is recognised, and refused with its name.
func TestRefusesV6(t *testing.T) {
	t.Parallel()
	g := newGame(t)
	document := v6Document(g.a, 1)
	_, computed := iias.Compute(document)
	_, decoded := iias.Decode(document)
	_, fetched := iias.Verify(document, uniA, uniB, "A-1", day)
	for name, err := range map[string]error{"Compute": computed, "Decode": decoded, "Fetch": fetched} {
		e, ok := errors.AsType[*iias.VersionError](err)
		if !ok || e.Major != 6 || !errors.Is(err, passerelle.ErrProtocol) {
			t.Errorf("%s: %v; want a VersionError", name, err)
			continue
		}
		const want = "iias: the document is of version 6 of the API, and version 7 is read here: the network left version 6 in the spring of 2024"
		if e.Error() != want {
			t.Errorf("%s: %q", name, e)
		}
	}
}
