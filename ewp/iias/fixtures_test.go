package iias_test

import (
	"bytes"
	"encoding/xml"
	"io"
	"slices"
	"testing"

	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/iias"
	"github.com/passerelle-sup/passerelle/ewp/internal/document"
	"github.com/passerelle-sup/passerelle/ewp/internal/documenttest"
	"github.com/passerelle-sup/passerelle/internal/testutil"
)

var (
	getRoot      = document.Root(ewp.IIAs, "get")
	approvalRoot = document.Root(ewp.IIAsApproval, "")
)

const getSchema = "ewp-specs-api-iias/stable-v7/endpoints/get-response.xsd"

func decodeGet(r io.Reader) ([]iias.Agreement, error) {
	return document.Decode[iias.Agreement](r, getRoot, "iia")
}

func encodeGet(w io.Writer, all []iias.Agreement) error {
	return document.Encode(w, getRoot, "iia", all)
}

// TestExamples: every published document of version 7 that is valid, decoded, encoded,
// validated and compared.
func TestExamples(t *testing.T) {
	t.Parallel()
	names := []string{
		"ewp-specs-api-iias/stable-v7/endpoints/get-response-example.xml", "ewp-specs-api-iias/stable-v7/resources/xsltKit/get-response-v7.xml",
		"ewp-registry-service/iia/get-response-example-v7.xml", "ewp-registry-service/iia/get-response-wrong-hash-v7.xml", "ewp-registry-service/iia/get-response-xsltkit-v7.xml",
	}
	list, _ := vectors(t, hashVectors+"/expected.json", hashVectors)
	for _, v := range list {
		names = append(names, "iia-hash-vectors/"+v.File)
	}
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		doc := documenttest.Example(t, name)
		all := documenttest.RoundTrip(t, getSchema, doc, decodeGet, encodeGet)
		parts, err := iias.Split(doc)
		if err != nil || len(parts) != len(all) {
			t.Fatalf("%s: %d parts of %d, %v", name, len(parts), len(all), err)
		}
		for i, part := range parts {
			// What is written again spells every hashed leaf as it came.
			before, err := iias.Compute(part)
			if err != nil {
				t.Fatal(err)
			}
			again, err := all[i].Encode()
			if err != nil {
				t.Fatal(err)
			}
			after, err := iias.Compute(again)
			if err != nil || after != before {
				t.Errorf("%s: %v, %v; want %v", name, after, err, before)
			}
			one, err := iias.Decode(part)
			if err != nil {
				t.Fatal(err)
			}
			testutil.Equal(t, name, one, all[i], documenttest.HEIs)
		}
	}
}

// TestOtherExamples has the answers of the other endpoints.
func TestOtherExamples(t *testing.T) {
	t.Parallel()
	approvals := documenttest.RoundTrip(t, "ewp-specs-api-iias-approval/stable-v2/response.xsd", documenttest.Example(t, "ewp-specs-api-iias-approval/stable-v2/response-example.xml"),
		func(r io.Reader) ([]iias.Approval, error) {
			return document.Decode[iias.Approval](r, approvalRoot, "approval")
		},
		func(w io.Writer, all []iias.Approval) error { return document.Encode(w, approvalRoot, "approval", all) })
	testutil.Equal(t, "approval", approvals[1], iias.Approval{
		ID: "82a94c1684ce-947c-7ac9-cd7f-287f065a", Hash: iias.MustParseHash("3d3310935590256ecff21549b45eb4e1662b0f2a2aafcb7d91ea5f271f4d9e07"), PDF: "4a483112-d306-4e77-87ff-05b823fb0e0f",
	})
	for name, c := range map[string]struct {
		schema string
		into   any
	}{
		"ewp-specs-api-iias/stable-v7/endpoints/index-response-example.xml": {"ewp-specs-api-iias/stable-v7/endpoints/index-response.xsd", new(iias.IndexResponse)},
		"ewp-specs-api-iias/stable-v7/endpoints/stats-response-example.xml": {"ewp-specs-api-iias/stable-v7/endpoints/stats-response.xsd", new(iias.StatsResponse)},
		"own-samples/empty-iias-approval-response-v2.xml":                   {"ewp-specs-api-iias-approval/stable-v2/response.xsd", new(iias.ApprovalResponse)},
		"ewp-registry-service/api-responses/iias-get-empty.xml":             {"", nil},
		"ewp-registry-service/api-responses/iias-index-empty.xml":           {"", nil},
	} {
		doc := documenttest.Example(t, name)
		if c.into == nil { // of older versions, in which they are empty too
			if len(documenttest.Canonical(t, doc)) != 1 {
				t.Errorf("%s is not empty", name)
			}
			continue
		}
		if err := xml.Unmarshal(doc, c.into); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		again, err := xml.Marshal(c.into)
		if err != nil {
			t.Fatal(err)
		}
		documenttest.Valid(t, c.schema, again)
		testutil.Equal(t, name, documenttest.Canonical(t, again), documenttest.Canonical(t, doc))
	}
}

// full is an agreement with something in each element.
func full(tb testing.TB) iias.Agreement {
	tb.Helper()
	s := sheet(uniA, uniB, "A-1", "B-1", 3)
	s.InEffect, s.Own.Unit, s.Partner.Code = true, "unit-1", "B/2026"
	s.Rows = append(s.Rows,
		iias.Row{Kind: iias.StudentTraineeship, Incoming: true, From: "u-1", To: "u-2", FirstYear: 2026, LastYear: 2026, Persons: 1, Subjects: []string{"0541", "0311"}, Months: 325, Blended: true, Terms: "Two lines,\nwith a tab\tand <signs> & \"quotes\""},
		iias.Row{Kind: iias.StaffTraining, FirstYear: 2027, LastYear: 2028, Persons: 2, Languages: []iias.Skill{{Language: "PT-br"}}, Subjects: []string{"0031"}, Days: 50})
	a := s.Agreement()
	clarification, empty := "Data science", ""
	office := documentedContact()
	a.Partners[0].SigningContact, a.Partners[0].SigningDate = &office, "2026-03-31"
	a.Partners[0].Contacts, a.Partners[1].Contacts = append(a.Partners[0].Contacts, office, office), append(a.Partners[1].Contacts, office)
	m := &a.Conditions.StudentStudies[0]
	m.SendingContacts, m.ReceivingContacts = append(m.SendingContacts, office), append(m.ReceivingContacts, office)
	m.Languages[0].SubjectArea = &iias.SubjectArea{ISCED: iias.ISCED{Code: "0541"}, Clarification: &empty}
	m.SubjectAreas[0].Clarification = &clarification
	a.PDF = "pdf-1"
	return a
}

// TestSealed: a sealed copy is valid, without prefixes, and comes back as it was.
func TestSealed(t *testing.T) {
	t.Parallel()
	a := full(t)
	r, err := iias.Seal(a)
	if err != nil {
		t.Fatal(err)
	}
	var doc bytes.Buffer
	doc.WriteString(`<iias-get-response xmlns="` + iias.Namespace + `">` + r.XML + `</iias-get-response>`)
	documenttest.Valid(t, getSchema, doc.Bytes())
	if bytes.Contains(doc.Bytes(), []byte("xmlns:")) {
		t.Errorf("a prefix is declared: %s", &doc)
	}
	c, err := iias.Compute([]byte(r.XML))
	if err != nil || !c.Right() || c.Hash != r.Hash || !c.Approvable || c.ID != "A-1" || c.PartnerID != "B-1" {
		t.Errorf("%+v, %v; want the hash that it declares", c, err)
	}
	got, err := r.Agreement()
	if err != nil {
		t.Fatal(err)
	}
	a.Hash = r.Hash.String()
	testutil.Equal(t, "agreement", got, a, documenttest.HEIs)
	again, err := iias.Seal(got)
	if err != nil || again != r {
		t.Errorf("sealed again it is another copy: %v", err)
	}
	a.Partners[0].Code = "a\x00b"
	if _, err := iias.Seal(a); err == nil {
		t.Error("a character that XML cannot hold is sealed")
	}
}
