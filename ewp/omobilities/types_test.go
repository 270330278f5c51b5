package omobilities_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/internal/documenttest"
	"github.com/passerelle-sup/passerelle/ewp/omobilities"
	"github.com/passerelle-sup/passerelle/ewp/omobilities/omobilitiestest"
	"github.com/passerelle-sup/passerelle/internal/testutil"
)

const (
	schemas   = "ewp-specs-api-omobilities/stable-v3/endpoints/"
	getSchema = schemas + "get-response.xsd"
)

var (
	uniA = ewp.MustParseHEIID("uni-a.example")
	uniB = ewp.MustParseHEIID("uni-b.example")
	uniC = ewp.MustParseHEIID("uni-c.example")
)

// nomination is one from uni-a to uni-b.
func nomination(id string) omobilities.Mobility { return omobilitiestest.Mobility(id, uniA, uniB) }

func TestExamples(t *testing.T) {
	t.Parallel()
	for _, name := range []string{schemas + "get-response-example.xml", "own-samples/empty-omobilities-get-response-v3.xml"} {
		got := documenttest.RoundTrip(t, getSchema, documenttest.Example(t, name), omobilities.Decode, omobilities.Encode)
		if strings.Contains(name, "empty") {
			testutil.Equal(t, "mobilities of the empty answer", len(got), 0)
			continue
		}
		m := got[0]
		if err := m.Validate(); err != nil {
			t.Error(err)
		}
		birth, err := m.Student.Birth()
		id, err2 := m.Student.ESI()
		academic, err3 := m.Nomination.AcademicTerm()
		year, err4 := m.Nomination.AcademicYear()
		if err := errors.Join(err, err2, err3, err4); err != nil {
			t.Error(err)
		}
		testutil.Equal(t, "mobility", []string{m.ID, m.Student.GivenNames.In("ru").Value, birth.String(), id.Code(), m.Nomination.ProposalID, academic.String(), year.String(), string(m.Status)},
			[]string{"c442c289-5541-4cae-9edb-8ad83e133613", "Иван Петрович", "1985-05-05", "1234567890", "AE61266750D019063512516C7EE01968012C81F25A89", "2022/2023-2/2", "2022/2023", "approved"})
	}
}

// TestMobilityFile reads the file by which systems exchange mobilities outside the
// network: its mobilities are those of the answer in another root element.
func TestMobilityFile(t *testing.T) {
	t.Parallel()
	got, err := omobilities.Decode(bytes.NewReader(documenttest.Example(t, "ewp-specs-fileext-ewpmobility/stable-v1/example.xml")))
	if err != nil || len(got) != 1 || got[0].Status != omobilities.Pending || got[0].Validate() != nil {
		t.Fatalf("%d mobilities, %v; want one that is pending", len(got), err)
	}
}

func TestFull(t *testing.T) {
	t.Parallel()
	standard, other := nomination("m1"), nomination("m2")
	other.Nomination.Term, other.Nomination.NonStandard, other.Nomination.Comment = "", &omobilities.Period{}, "One more than agreed: Łódź <&> \"ok\""
	other.Nomination.Receiving.OUnitID = "unit/1"
	var b bytes.Buffer
	if err := omobilities.Encode(&b, []omobilities.Mobility{standard, other}); err != nil {
		t.Fatal(err)
	}
	testutil.Equal(t, "mobilities", documenttest.RoundTrip(t, getSchema, b.Bytes(), omobilities.Decode, omobilities.Encode), []omobilities.Mobility{standard, other}, documenttest.HEIs)
}

// TestLenient reads what other systems may write: prefixes, any order, blanks around
// values, elements of the future, and a period that says something.
func TestLenient(t *testing.T) {
	t.Parallel()
	const doc = `<?xml version="1.0"?>
<o:omobilities-get-response xmlns:o="https://github.com/erasmus-without-paper/ewp-specs-api-omobilities/blob/stable-v3/endpoints/get-response.xsd" xmlns:x="urn:x">
  <x:student-mobility/>
  <o:staff-mobility><o:omobility-id>no</o:omobility-id></o:staff-mobility>
  <o:student-mobility>
    <o:status> live </o:status>
    <o:nomination proposal-id=" p 1 ">
      <o:non-standard-mobility-period><o:start-date>2026-07-01</o:start-date></o:non-standard-mobility-period>
      <o:receiving-hei><o:hei-id>
         uni-b.example </o:hei-id></o:receiving-hei>
      <o:sending-hei><o:hei-id>uni-a.example</o:hei-id></o:sending-hei>
    </o:nomination>
    <o:omobility-id>
      m1
    </o:omobility-id>
    <o:future>1</o:future>
  </o:student-mobility>
</o:omobilities-get-response>`
	got, err := omobilities.Decode(strings.NewReader(doc))
	if err != nil || len(got) != 1 {
		t.Fatalf("%d mobilities, %v", len(got), err)
	}
	m := got[0]
	testutil.Equal(t, "values", []string{m.ID, m.Nomination.Sending.HEI.String(), m.Nomination.Receiving.HEI.String(), m.Nomination.ProposalID, string(m.Status)},
		[]string{"m1", "uni-a.example", "uni-b.example", " p 1 ", "live"})
	if m.Nomination.NonStandard == nil {
		t.Error("a period that says something is lost")
	}
}

func TestDecodeRefuses(t *testing.T) {
	t.Parallel()
	const older = `<omobilities-get-response xmlns="https://github.com/erasmus-without-paper/ewp-specs-api-omobilities/blob/stable-v%d/endpoints/get-response.xsd"/>`
	for i, c := range map[int]struct{ doc, reason string }{
		0: {"", "empty"},
		1: {"<a>", "root element"},
		2: {"<!DOCTYPE a><a/>", "doctype"},
		3: {fmt.Sprintf(older, 2), "a document of version 2, and this package reads version 3 alone"},
		4: {fmt.Sprintf(older, 1), "version 1"},
		5: {fmt.Sprintf(older, 3) + "<a/>", ""},
		6: {strings.Replace(fmt.Sprintf(older, 3), "/>", "><student-mobility><omobility-id>", 1), "truncated"},
		7: {strings.Replace(fmt.Sprintf(older, 3), "/>", "><student-mobility><nomination><sending-hei><hei-id>secret é</hei-id></sending-hei></nomination></student-mobility></omobilities-get-response>", 1), "no mobility"},
	} {
		_, err := omobilities.Decode(strings.NewReader(c.doc))
		if !errors.Is(err, passerelle.ErrProtocol) || !strings.Contains(strings.ToLower(err.Error()), c.reason) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%d: %v; want ErrProtocol and %q", i, err, c.reason)
		}
	}
	// Published examples of version 2 are recognised as such.
	old := documenttest.Example(t, "ewp-specs-api-omobilities/stable-v2/endpoints/get-response-example.xml")
	if _, err := omobilities.Decode(bytes.NewReader(old)); err == nil || !strings.Contains(err.Error(), "version 2") {
		t.Errorf("the example of version 2: %v", err)
	}
}

func TestValidate(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("é", 256)
	for i, c := range map[int]struct {
		change func(*omobilities.Mobility)
		want   string
	}{
		0:  {func(m *omobilities.Mobility) { m.ID = "a b" }, "omobility-id pattern"},
		1:  {func(m *omobilities.Mobility) { m.Status = "live" }, "status code"},
		2:  {func(m *omobilities.Mobility) { m.Student.GivenNames = nil }, "student.given-names required"},
		3:  {func(m *omobilities.Mobility) { m.Student.FamilyName = ewp.Texts{{Value: long}} }, "student.family-name[0] length"},
		4:  {func(m *omobilities.Mobility) { m.Student.GlobalID = "123" }, "student.global-id esi"},
		5:  {func(m *omobilities.Mobility) { m.Student.BirthDate = "2004-02-30" }, "student.birth-date date"},
		6:  {func(m *omobilities.Mobility) { m.Student.Nationality = "fr" }, "student.nationality pattern"},
		7:  {func(m *omobilities.Mobility) { m.Student.Gender = "3" }, "student.gender code"},
		8:  {func(m *omobilities.Mobility) { m.Student.Email = "zoe" }, "student.email pattern"},
		9:  {func(m *omobilities.Mobility) { m.Nomination.ProposalID = "" }, "nomination@proposal-id required"},
		10: {func(m *omobilities.Mobility) { m.Nomination.Sending.HEI = ewp.HEIID{} }, "nomination.sending-hei.hei-id required"},
		11: {func(m *omobilities.Mobility) { m.Nomination.Receiving.HEI = uniA }, "nomination.receiving-hei.hei-id conflict"},
		12: {func(m *omobilities.Mobility) { m.Nomination.Receiving.IIAID = "" }, "nomination.receiving-hei.iia-id required"},
		13: {func(m *omobilities.Mobility) { m.Nomination.Sending.OUnitID = "é" }, "nomination.sending-hei.ounit-id pattern"},
		14: {func(m *omobilities.Mobility) { m.Nomination.Term = "" }, "nomination.sending-academic-term-ewp-id required"},
		15: {func(m *omobilities.Mobility) { m.Nomination.NonStandard = &omobilities.Period{} }, "nomination.sending-academic-term-ewp-id exclusive"},
		16: {func(m *omobilities.Mobility) { m.Nomination.Term = "2026/2027-3/2" }, "nomination.sending-academic-term-ewp-id pattern"},
		17: {func(m *omobilities.Mobility) { m.Nomination.Year = "2026" }, "nomination.receiving-academic-year-id pattern"},
		18: {func(m *omobilities.Mobility) { m.Nomination.ActivityType = "student-traineeships" }, "nomination.activity-type code"},
		19: {func(m *omobilities.Mobility) { m.Nomination.ActivityAttributes = "" }, "nomination.activity-attributes code"},
		20: {func(m *omobilities.Mobility) { m.Nomination.AgreementISCED = "54" }, "nomination.agreement-isced-f-code pattern"},
		21: {func(m *omobilities.Mobility) { m.Nomination.EQF = "06" }, "nomination.eqf-level-studied-at-departure pattern"},
		22: {func(m *omobilities.Mobility) { m.Nomination.NomineeISCED = "" }, "nomination.nominee-isced-f-code pattern"},
		23: {func(m *omobilities.Mobility) { m.Nomination.Comment = strings.Repeat("é", 1001) }, "nomination.comment length"},
	} {
		m := nomination("m1")
		c.change(&m)
		testutil.Equal(t, fmt.Sprintf("%d: faults", i), documenttest.Faults(t, m.Validate()), []string{c.want})
	}
	if err := nomination("m1").Validate(); err != nil {
		t.Error(err)
	}
	testutil.Equal(t, "statistics", documenttest.Faults(t, omobilities.YearStats{Year: "x", Pending: -1, Approved: -1}.Validate()),
		[]string{"receiving-academic-year-id pattern", "omobility-pending range", "omobility-approved range"})
}

// TestUpdates reads and writes the published requests.
func TestUpdates(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]omobilities.Update{
		schemas + "approve-proposal-v1.xml": {Verdict: omobilities.Approve, ID: "c442c289-5541-4cae-9edb-8ad83e133613", ProposalID: "AE61266750D019063512516C7EE01968012C81F25A89"},
		schemas + "reject-proposal-v1.xml": {Verdict: omobilities.Reject, ID: "c442c289-5541-4cae-9edb-8ad83e133613", ProposalID: "93C167125FA32452E9460731C57515E76B603EB1",
			Comment: "The limit of mobilities has already been reached."},
	} {
		doc := documenttest.Example(t, name)
		var got omobilities.Update
		if err := xml.Unmarshal(doc, &got); err != nil {
			t.Fatal(err)
		}
		testutil.Equal(t, name, got, want)
		again, err := got.Encode()
		if err != nil {
			t.Fatal(err)
		}
		documenttest.Valid(t, schemas+"update-request.xsd", again)
		testutil.Equal(t, name, documenttest.Canonical(t, again), documenttest.Canonical(t, doc))
	}
}

func TestUpdateValidate(t *testing.T) {
	t.Parallel()
	for i, c := range map[int]struct {
		update omobilities.Update
		want   []string
	}{
		0: {omobilities.Update{}, []string{"omobilities-update-request choice"}},
		1: {omobilities.Update{Verdict: omobilities.Approve}, []string{"omobility-id pattern", "proposal-id required"}},
		2: {omobilities.Update{Verdict: omobilities.Reject, ID: "m1", ProposalID: "p", Comment: " \n"}, []string{"comment required"}},
		3: {omobilities.Update{Verdict: omobilities.Approve, ID: "m1", ProposalID: "p", Comment: "yes"}, []string{"comment absent"}},
		4: {omobilities.Update{Verdict: omobilities.Reject, ID: "m1", ProposalID: "p", Comment: strings.Repeat("é", 1001)}, []string{"comment length"}},
		5: {omobilities.Update{Verdict: omobilities.Reject, ID: "m1", ProposalID: "p", Comment: strings.Repeat("é", 1000)}, nil},
	} {
		testutil.Equal(t, fmt.Sprintf("%d: faults", i), documenttest.Faults(t, c.update.Validate()), c.want)
		if _, err := c.update.Encode(); (err == nil) != (c.want == nil) {
			t.Errorf("%d: Encode: %v", i, err)
		}
	}
	// A request with two decisions, or one of the future, has none.
	for i, inner := range map[int]string{0: "<approve-proposal-v1/><reject-proposal-v1/>", 1: "<approve-proposal-v1/><approve-proposal-v1/>", 2: "<approve-proposal-v2/>", 3: ""} {
		u := omobilities.Update{Verdict: omobilities.Approve}
		if err := xml.Unmarshal([]byte("<omobilities-update-request>"+inner+"</omobilities-update-request>"), &u); err != nil || u != (omobilities.Update{}) {
			t.Errorf("%d: %+v, %v; want no decision", i, u, err)
		}
	}
}

func FuzzDecode(f *testing.F) {
	var b bytes.Buffer
	if err := omobilities.Encode(&b, []omobilities.Mobility{nomination("m1"), {}}); err != nil {
		f.Fatal(err)
	}
	documenttest.Fuzz(f, [][]byte{b.Bytes(), []byte("<a>")}, omobilities.Decode, omobilities.Encode)
}

func FuzzUpdate(f *testing.F) {
	for _, u := range []omobilities.Update{{Verdict: omobilities.Approve, ID: "m1", ProposalID: "p"}, {Verdict: omobilities.Reject, ID: "m1", ProposalID: "p", Comment: "<no>"}} {
		doc, err := u.Encode()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(doc)
	}
	f.Fuzz(func(t *testing.T, doc []byte) {
		var u omobilities.Update
		if xml.Unmarshal(doc, &u) != nil || u.Validate() != nil {
			return
		}
		again, err := u.Encode()
		if err != nil {
			t.Fatal(err)
		}
		var same omobilities.Update
		if err := xml.Unmarshal(again, &same); err != nil || same != u {
			t.Errorf("%+v comes back as %+v, %v", u, same, err)
		}
	})
}

func BenchmarkDecode(b *testing.B) {
	all := make([]omobilities.Mobility, 100)
	for i := range all {
		all[i] = nomination(fmt.Sprintf("m%d", i))
	}
	var doc bytes.Buffer
	if err := omobilities.Encode(&doc, all); err != nil {
		b.Fatal(err)
	}
	type plain struct {
		Mobilities []struct {
			ID         string                 `xml:"omobility-id"`
			Student    omobilities.Student    `xml:"student"`
			Nomination omobilities.Nomination `xml:"nomination"`
			Status     string                 `xml:"status"`
		} `xml:"student-mobility"`
	}
	documenttest.Bench(b, doc.Bytes(), omobilities.Decode, new(plain))
}
