package omobilitylas_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp/internal/documenttest"
	la "github.com/passerelle-sup/passerelle/ewp/omobilitylas"
	"github.com/passerelle-sup/passerelle/ewp/term"
	"github.com/passerelle-sup/passerelle/internal/testutil"
)

const (
	schemas        = "ewp-specs-api-omobility-las/stable-v1/endpoints/"
	getSchema      = schemas + "get-response.xsd"
	updateSchema   = schemas + "update-request.xsd"
	outgoingSchema = schemas + "stats-response.xsd"
	incomingSchema = "ewp-specs-api-omobility-la-cnr/stable-v1/endpoints/stats-response.xsd"
	examples       = "ewp-specs-api-omobility-las/stable-v1/examples/"
)

func TestExample(t *testing.T) {
	t.Parallel()
	got := documenttest.RoundTrip(t, getSchema, documenttest.Example(t, examples+"get-response-example.xml"), la.Decode, la.Encode)
	if len(got) != 1 {
		t.Fatalf("%d agreements, want 1", len(got))
	}
	a := got[0]
	testutil.Equal(t, "faults", documenttest.Faults(t, a.Validate()), nil)
	if a.Type() != la.Semester || a.Sending.HEI.String() != "uio.no" || a.Receiving.Contact.GivenNames != "Paweł Tomasz" {
		t.Errorf("%s from %s to %s", a.Type(), a.Sending.HEI, a.Receiving.Contact.GivenNames)
	}
	testutil.Equal(t, "begin", must(a.Begins()).String(), "2019-02-00")
	testutil.Equal(t, "proposal", a.Proposal.ID, "59B15BAF222F868493C167125FA32452E946")
	testutil.Equal(t, "student's change", *a.Proposal.Student, la.Student{FamilyName: "Karamazov"})
	if a.Proposal.Recognized == nil || len(a.Proposal.Recognized.Components) != 0 || a.Changes.Recognized != nil {
		t.Error("an empty table and an absent one are not told apart")
	}
	c := a.Changes.Studied.Components[0]
	testutil.Equal(t, "change", []string{string(c.Status), string(c.KnownReason()), c.LOSID, c.LOIID, c.ECTS(), c.Term.Number},
		[]string{"inserted", "extending-mobility", "CR/f9c7677f-e3e3-4106-a865-1d1e8867830e", "CRI/fbe7f54e-af18-4e3e-bc74-c3d3392131b3", "6", "2"})
	testutil.Equal(t, "in force", titles(a.Current()), []string{"A Introductory calculus", "A Algebra", "B Calculus", "B Algebra with Geometry"})
	testutil.Equal(t, "proposed", titles(a.Proposed()), []string{"A Elementary Set Theory", "B Calculus", "B Algebra with Geometry"})
	if got := documenttest.RoundTrip(t, getSchema, documenttest.Example(t, "ewp-registry-service/api-responses/omobility-las-get-empty.xml"), la.Decode, la.Encode); len(got) != 0 {
		t.Errorf("%d agreements in an empty answer", len(got))
	}
}

func titles(tables la.Tables) []string {
	var list []string
	for _, r := range tables.Rows() {
		list = append(list, string(r.Table)+" "+r.Title)
	}
	return list
}

// TestFull: every element of every type comes back, in the order of the schema.
func TestFull(t *testing.T) {
	t.Parallel()
	changed := must(agreed("m1").Propose(changesOf(), day(2)))
	changed = must(changed.Apply(uniB, approve(changed), day(3)))
	again := changesOf()
	again.Student = &la.Student{GivenNames: "Zoé", FamilyName: "Autre", GlobalID: "x", BirthDate: "2004-03-01", Citizenship: "DE", Gender: "9", Email: "z@example.org"}
	again.Studied.Components[1].LOSID, again.Studied.Components[1].LOIID = "CR/1", "CRI/1"
	again.Studied.Components[1].Reason = la.ReasonExtendingMobility
	again.Recognized = la.TableOf(change(la.Inserted, component("Ensembles")))
	again.Recognized.Components[0].RecognitionConditions = "Grade C or better"
	changed = must(changed.Propose(again, day(4)))
	changed.Agreement.ISCEDClarification = "Logic"
	want := []la.Agreement{changed.Agreement, must(la.NewState(agreement("m2", blended()), at)).Agreement, must(la.NewState(agreement("m3", doctoral()), at)).Agreement}
	for i, a := range want {
		testutil.Equal(t, "faults of "+a.OMobilityID, documenttest.Faults(t, a.Validate()), nil)
		if kind := []la.Type{la.Semester, la.Blended, la.Doctoral}[i]; a.Type() != kind {
			t.Errorf("%s is %q, want %s", a.OMobilityID, a.Type(), kind)
		}
	}
	var b bytes.Buffer
	if err := la.Encode(&b, want); err != nil {
		t.Fatal(err)
	}
	got := documenttest.RoundTrip(t, getSchema, b.Bytes(), la.Decode, la.Encode)
	testutil.Equal(t, "agreements", got, want, documenttest.HEIs)
}

func encodeUpdate(w io.Writer, list []la.UpdateRequest) error {
	for _, r := range list {
		data, err := r.Encode()
		if err != nil {
			return err
		}
		if _, err := w.Write(data); err != nil {
			return err
		}
	}
	return nil
}

func decodeUpdate(r io.Reader) ([]la.UpdateRequest, error) {
	request, err := la.DecodeUpdate(r)
	if err != nil {
		return nil, err
	}
	return []la.UpdateRequest{request}, nil
}

func TestUpdateExamples(t *testing.T) {
	t.Parallel()
	for name, approves := range map[string]bool{"approve": true, "comment": false} {
		doc := documenttest.Example(t, examples+"update-request-examples/"+name+"-proposal-v1.xml")
		r := documenttest.RoundTrip(t, updateSchema, doc, decodeUpdate, encodeUpdate)[0]
		d, approved := r.Decision()
		if d == nil || approved != approves || (d.Comment == "") != approves || d.Signature.Position != "Mobility coordinator" {
			t.Errorf("%s is read as %+v, %t", name, d, approved)
		}
		testutil.Equal(t, "faults of "+name, documenttest.Faults(t, r.Validate()), nil)
	}
}

func TestStatsExamples(t *testing.T) {
	t.Parallel()
	out := documenttest.RoundTrip(t, outgoingSchema, documenttest.Example(t, examples+"stats-response-example.xml"), la.DecodeOutgoing, la.EncodeOutgoing)
	testutil.Equal(t, "outgoing", out[0], la.Outgoing{YearID: "2021/2022", Total: 14, NotModified: 3, Modified: 3, LatestApproved: 5, LatestAwaiting: 4})
	in := documenttest.RoundTrip(t, incomingSchema, documenttest.Example(t, "ewp-specs-api-omobility-la-cnr/stable-v1/endpoints/stats-response-example.xml"), la.DecodeIncoming, la.EncodeIncoming)
	if len(in) != 2 || in[0].Total == 0 {
		t.Errorf("incoming: %+v", in)
	}
}

// wrap makes a document of an answer of what examples show without it, or without its
// namespace.
func wrap(doc []byte) string {
	text := string(doc)
	if !strings.Contains(text, "<la>") {
		text = "<la>" + text + "</la>"
	}
	return `<omobility-las-get-response xmlns="` + la.Namespace + `">` + text + `</omobility-las-get-response>`
}

// TestFaultyExamples: the published scenarios are not valid (no namespace of the terms,
// the attribute reason, the student at another place), and are read.
func TestFaultyExamples(t *testing.T) {
	t.Parallel()
	var names []string
	for _, pattern := range []string{"example-scenario/*.part.xml", "ola-dashboard-example-scenarios/src/xml/*.xml"} {
		found, err := filepath.Glob(filepath.Join(testutil.Shared(t, "ewp/examples/"+examples), pattern))
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, found...)
	}
	if len(names) != 32 {
		t.Fatalf("%d examples, want 32", len(names))
	}
	for _, name := range names {
		doc, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		got, err := la.Decode(strings.NewReader(wrap(doc)))
		if err != nil || len(got) != 1 {
			t.Errorf("%s: %d agreements, %v", filepath.Base(name), len(got), err)
			continue
		}
		for _, r := range got[0].Proposed().Rows() {
			if r.Title == "" || (r.Table == la.A && r.Term == 0) {
				t.Errorf("%s: the component %+v has lost something", filepath.Base(name), r)
			}
		}
		if changes := got[0].Changes; changes != nil {
			for _, r := range changes.Rows() {
				if r.Status == "" || r.Reason == "" && r.Text == "" {
					t.Errorf("%s: the change %+v has lost its status or reason", filepath.Base(name), r)
				}
			}
		}
	}
}

// TestLenient: order, unknown elements, prefixes and foreign namespaces do not matter.
func TestLenient(t *testing.T) {
	t.Parallel()
	doc := `<x:omobility-las-get-response xmlns:x="` + la.Namespace + `"><x:la future="1"><x:later><x:title>no</x:title></x:later>
		<x:changes-proposal id="p"><x:student><x:email>z@example.org</x:email></x:student><x:components-studied><x:component reason="timetable-conflict" status="deleted">
		<x:term-id><total-terms>2</total-terms><x:term-number>1</x:term-number></x:term-id><x:title>Algebra</x:title></x:component></x:components-studied></x:changes-proposal>
		<x:receiving-hei><x:contact-person><x:phone-number><x:e164>+49</x:e164></x:phone-number></x:contact-person><x:hei-id> uni-b.example </x:hei-id></x:receiving-hei>
		<x:omobility-id>m1</x:omobility-id></x:la></x:omobility-las-get-response>`
	got, err := la.Decode(strings.NewReader(doc))
	if err != nil || len(got) != 1 {
		t.Fatalf("%v, %v", got, err)
	}
	a := got[0]
	testutil.Equal(t, "component", a.Proposal.Studied.Components, []la.Component{{
		Status: la.Deleted, Reason: la.ReasonTimetableConflict, Title: "Algebra", Term: &term.Part{Number: "1", Total: "2"},
	}})
	if a.OMobilityID != "m1" || a.Receiving.HEI != uniB || a.Receiving.Contact.Phone.E164 != "+49" || a.Proposal.Student.Email != "z@example.org" {
		t.Errorf("read as %+v", a)
	}
}

func TestDecodeRefuses(t *testing.T) {
	t.Parallel()
	root := `omobility-las-get-response xmlns="` + la.Namespace + `"`
	for i, doc := range map[int]string{
		0: "", 1: "<" + root + ">", 2: `<omobility-las-get-response/>`, 3: `<!DOCTYPE a><` + root + `/>`, 4: "<" + root + "/><a/>",
		5: "<" + root + `><la><sending-hei><hei-id>two words</hei-id></sending-hei></la></omobility-las-get-response>`,
	} {
		if _, err := la.Decode(strings.NewReader(doc)); !errors.Is(err, passerelle.ErrProtocol) {
			t.Errorf("%d: %v, want ErrProtocol", i, err)
		}
	}
	for i, doc := range map[int]string{
		0: "", 1: "<omobility-las-update-request/>", 2: `<!DOCTYPE a><omobility-las-update-request xmlns="` + la.NamespaceUpdate + `"/>`,
		3: `<omobility-las-update-request xmlns="` + la.NamespaceUpdate + `"/><a/>`, 4: strings.Repeat(" ", 1<<20) + `<a/>`,
	} {
		if _, err := la.DecodeUpdate(strings.NewReader(doc)); !errors.Is(err, passerelle.ErrProtocol) {
			t.Errorf("update %d: %v, want ErrProtocol", i, err)
		}
	}
	bad := la.NewComment(proposed("m1").Agreement, "a\x00b", receivingSigned)
	if _, err := bad.Encode(); !errors.Is(err, passerelle.ErrInvalid) {
		t.Errorf("a character that XML cannot hold: %v, want ErrInvalid", err)
	}
}

// seeds are a document of each kind.
func seeds() [][]byte {
	s := must(agreed("m1").Propose(changesOf(), day(2)))
	var b, c bytes.Buffer
	_ = la.Encode(&b, []la.Agreement{s.Agreement, agreement("m2", blended())})
	_ = encodeUpdate(&c, []la.UpdateRequest{approve(s)})
	return [][]byte{b.Bytes(), c.Bytes(), must(os.ReadFile("testdata/agreement.xml")),
		[]byte(`<las-outgoing-stats-response xmlns="https://github.com/erasmus-without-paper/ewp-specs-api-omobility-las/blob/stable-v1/endpoints/stats-response.xsd"><academic-year-la-stats><receiving-academic-year-id>2026/2027</receiving-academic-year-id><la-outgoing-total>14</la-outgoing-total></academic-year-la-stats></las-outgoing-stats-response>`),
		[]byte(`<las-incoming-stats-response xmlns="https://github.com/erasmus-without-paper/ewp-specs-api-omobility-la-cnr/tree/stable-v1/endpoints/stats-response.xsd"><academic-year-la-stats><la-incoming-total>-1</la-incoming-total></academic-year-la-stats></las-incoming-stats-response>`),
	}
}

func FuzzDecode(f *testing.F)       { documenttest.Fuzz(f, seeds(), la.Decode, la.Encode) }
func FuzzDecodeUpdate(f *testing.F) { documenttest.Fuzz(f, seeds(), decodeUpdate, encodeUpdate) }
func FuzzDecodeOutgoing(f *testing.F) {
	documenttest.Fuzz(f, seeds(), la.DecodeOutgoing, la.EncodeOutgoing)
}
func FuzzDecodeIncoming(f *testing.F) {
	documenttest.Fuzz(f, seeds(), la.DecodeIncoming, la.EncodeIncoming)
}

func BenchmarkDecode(b *testing.B) {
	var list []la.Agreement
	for range 100 {
		list = append(list, must(agreed("m1").Propose(changesOf(), day(2))).Agreement)
	}
	var doc bytes.Buffer
	if err := la.Encode(&doc, list); err != nil {
		b.Fatal(err)
	}
	var whole struct {
		XMLName    xml.Name       `xml:"omobility-las-get-response"`
		Agreements []la.Agreement `xml:"la"`
	}
	documenttest.Bench(b, doc.Bytes(), la.Decode, &whole)
}
