package tors_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/egracons"
	"github.com/passerelle-sup/passerelle/ewp/elmo"
	"github.com/passerelle-sup/passerelle/ewp/internal/documenttest"
	"github.com/passerelle-sup/passerelle/ewp/tors"
	"github.com/passerelle-sup/passerelle/internal/testutil"
)

const ownSample = "own-samples/imobility-tors-v3-get-response-valid.xml"

// TestExamples reads the published documents and writes them again.
func TestExamples(t *testing.T) {
	t.Parallel()
	// The examples of version 2 are older than their demand for this identifier.
	esi := []string{"elmo.learner.identifier required"}
	for name, c := range map[string]struct {
		version tors.Version
		n       int
		valid   bool     // by the schema
		faults  []string // of the first transcript
	}{
		ownSample: {tors.V3, 1, true, nil},
		// Published with a mistake: countries without their type.
		"ewp-specs-api-imobility-tors/stable-v3/endpoints/get-response-example.xml": {tors.V3, 1, false, nil},
		"ewp-specs-api-imobility-tors/stable-v2/endpoints/get-response-example.xml": {tors.V2, 1, true, esi},
		"ewp-registry-service/imobilitytorsvalidator/tor-v2.xml":                    {tors.V2, 2, true, esi},
		"own-samples/empty-imobility-tors-get-response-v3.xml":                      {tors.V3, 0, true, nil},
	} {
		t.Run(strings.ReplaceAll(name, "/", " "), func(t *testing.T) {
			t.Parallel()
			doc := documenttest.Example(t, name)
			list, v, err := tors.Decode(bytes.NewReader(doc), elmo.Limits{})
			if err != nil {
				t.Fatal(err)
			}
			if v != c.version || len(list) != c.n {
				t.Fatalf("%d transcripts of version %d; want %d of %d", len(list), v, c.n, c.version)
			}
			again := encode(t, v, list...)
			documenttest.Valid(t, schemas[v], again)
			if bytes.Contains(again, []byte("xmlns:")) {
				t.Errorf("a prefix is declared:\n%s", again)
			}
			if c.valid {
				testutil.Equal(t, "document", known(t, again), known(t, doc))
			}
			if c.n > 0 {
				testutil.Equal(t, "faults", faults(t, list[0].Validate(v)), c.faults)
				if issuer := list[0].Issuer().String(); issuer != "uw.edu.pl" {
					t.Errorf("issued by %q", issuer)
				}
			}
		})
	}
}

// TestBothVersions writes one transcript in both versions; what comes back is the same
// but for what version 2 does not have.
func TestBothVersions(t *testing.T) {
	t.Parallel()
	tr := transcript(t)
	for _, v := range []tors.Version{tors.V3, tors.V2} {
		doc := encode(t, v, tr)
		testutil.Golden(t, fmt.Sprintf("transcript-v%d.xml", v), doc)
		documenttest.Valid(t, schemas[v], doc)
		list, got, err := tors.Decode(bytes.NewReader(doc), elmo.Limits{})
		if err != nil || got != v || len(list) != 1 {
			t.Fatalf("version %d: %d transcripts of version %d, %v", v, len(list), got, err)
		}
		if err := list[0].Validate(v); err != nil {
			t.Errorf("version %d: %v", v, err)
		}
		testutil.Equal(t, "read again", list[0], tr.In(v))
		if year := list[0].Year; (year == "2025/2026") != (v == tors.V3) {
			t.Errorf("version %d: year %q", v, year)
		}
	}
	if err := tors.Encode(&bytes.Buffer{}, 4, nil); !errors.Is(err, passerelle.ErrInvalid) {
		t.Errorf("version 4: %v", err)
	}
}

// TestLenient reads what partners write: prefixes, other orders, unknown elements.
func TestLenient(t *testing.T) {
	t.Parallel()
	doc := `<t:imobility-tors-get-response xmlns:t="https://github.com/erasmus-without-paper/ewp-specs-api-imobility-tors/blob/stable-v3/endpoints/get-response.xsd" xmlns:e="` + elmo.NamespaceV1 + `">
<t:new/><t:tor><t:gradeConversionTable><t:iscedTable iscedCode=" 0612 "><t:gradeFrequency percentage=" 100.0 " label="A"/></t:iscedTable></t:gradeConversionTable>
<e:elmo><e:learner><e:familyName>N</e:familyName></e:learner><e:later/></e:elmo><t:omobility-id>m-1</t:omobility-id><t:new>x</t:new></t:tor></t:imobility-tors-get-response>`
	list, v, err := tors.Decode(strings.NewReader(doc), elmo.Limits{})
	if err != nil || v != tors.V3 || len(list) != 1 {
		t.Fatalf("%v, %d, %v", list, v, err)
	}
	tr := list[0]
	if tr.OMobilityID != "m-1" || tr.ELMO.Version() != elmo.V1 || tr.ELMO.Learner.FamilyName != "N" || len(tr.Conversion.Tables) != 1 {
		t.Errorf("read as %+v", tr)
	}
	for i, bad := range []string{
		0: "", 1: "<tor/>", 2: "<!DOCTYPE x><x/>", 3: strings.Replace(doc, "stable-v3", "stable-v9", 1), 4: doc + "<x/>", 5: doc[:len(doc)-5],
	} {
		if _, _, err := tors.Decode(strings.NewReader(bad), elmo.Limits{}); !errors.Is(err, passerelle.ErrProtocol) {
			t.Errorf("%d: %v; want ErrProtocol", i, err)
		}
	}
	if _, _, err := tors.Decode(strings.NewReader(doc), elmo.Limits{MaxBytes: 100}); !errors.Is(err, passerelle.ErrProtocol) {
		t.Errorf("a document that is too long: %v", err)
	}
}

// TestValidate breaks a good transcript in one place each.
func TestValidate(t *testing.T) {
	t.Parallel()
	if err := (&tors.ToR{}).Validate(1); !errors.Is(err, passerelle.ErrInvalid) {
		t.Errorf("version 1: %v", err)
	}
	const (
		history = "elmo.report[0].learningOpportunitySpecification[2]"
		of      = history + ".specifies.learningOpportunityInstance"
		part    = "elmo.report[0].learningOpportunitySpecification[0].hasPart[1].learningOpportunitySpecification.specifies.learningOpportunityInstance"
		tables  = "gradeConversionTable.iscedTable"
	)
	course := func(t *tors.ToR) *elmo.Specification { return &t.ELMO.Reports[0].Specifications[2] }
	for i, c := range []struct {
		spoil func(*tors.ToR)
		want  string
		v2    bool // version 2 refuses it too
	}{
		0:  {func(t *tors.ToR) { t.OMobilityID = "a b" }, "omobility-id pattern", true},
		1:  {func(t *tors.ToR) { t.Year = "2025/2027" }, "receiving-academic-year-id academic-year", false},
		2:  {func(t *tors.ToR) { t.ELMO.GeneratedDate = "" }, "elmo.generatedDate date", true},
		3:  {func(t *tors.ToR) { t.ELMO.Learner.Identifiers[0].Type = "local" }, "elmo.learner.identifier required", true},
		4:  {func(t *tors.ToR) { t.ELMO.Learner.DateOfBirth = "" }, "elmo.learner.dateOfBirth required", false},
		5:  {func(t *tors.ToR) { t.ELMO.Reports[0].Issuer.Identifiers[0].Type = "pic" }, "elmo.report[0].issuer.identifier required", true},
		6:  {func(t *tors.ToR) { course(t).Identifiers = course(t).Identifiers[1:] }, history + ".identifier pattern", false},
		7:  {func(t *tors.ToR) { course(t).Specifies.Instance.Identifiers[0].Value = "x" }, of + ".identifier pattern", false},
		8:  {func(t *tors.ToR) { course(t).Specifies.Instance.AcademicTerm = nil }, of + ".academicTerm required", false},
		9:  {func(t *tors.ToR) { course(t).Specifies.Instance.Credits[0].Scheme = "cats" }, of + ".credit required", false},
		10: {func(t *tors.ToR) { course(t).Specifies.Instance.ResultLabel = " " }, of + ".resultLabel required", false},
		11: {func(t *tors.ToR) { course(t).Specifies.Instance.Distribution = nil }, of + ".resultDistribution required", false},
		12: {func(t *tors.ToR) {
			t.ELMO.Reports[0].Specifications[0].Parts[1].Specification.Specifies.Instance.Distribution = nil
		}, part + ".resultDistribution required", false},
		13: {func(t *tors.ToR) { t.Conversion.Tables = nil }, tables + " required", true},
		14: {func(t *tors.ToR) { t.Conversion.Tables[0].ISCED = "" }, tables + "[0]@iscedCode required", true},
		15: {func(t *tors.ToR) { t.Conversion.Tables = append(t.Conversion.Tables, t.Conversion.Tables[0]) }, tables + "[1]@iscedCode unique", true},
		16: {func(t *tors.ToR) { t.Conversion.Tables[0].Grades = nil }, tables + "[0].gradeFrequency required", true},
		17: {func(t *tors.ToR) { t.Conversion.Tables[0].Grades[1].Label = "" }, tables + "[0].gradeFrequency[1]@label required", true},
		18: {func(t *tors.ToR) { t.Conversion.Tables[0].Grades[1].Label = "A" }, tables + "[0].gradeFrequency[1]@label unique", true},
		19: {func(t *tors.ToR) { t.Conversion.Tables[0].Grades[1].Percentage = "9,9" }, tables + "[0].gradeFrequency[1]@percentage number", true},
		20: {func(t *tors.ToR) { t.Conversion.Tables[0].Grades[1].Percentage = "100.01" }, tables + "[0].gradeFrequency[1]@percentage number", true},
		21: {func(t *tors.ToR) { t.ELMO.Reports[0].Specifications[2].Titles = nil }, history + ".title required", true},
		22: {func(t *tors.ToR) { t.Conversion = nil }, "", false},
	} {
		tr := transcript(t)
		c.spoil(&tr)
		var want []string
		if c.want != "" {
			want = []string{c.want}
		}
		testutil.Equal(t, fmt.Sprintf("%d: faults of version 3", i), faults(t, tr.Validate(tors.V3)), want)
		if !c.v2 {
			want = nil
		}
		testutil.Equal(t, fmt.Sprintf("%d: faults of version 2", i), faults(t, tr.Validate(tors.V2)), want)
	}
}

// TestLogs shows that nothing of a student gets into a log.
func TestLogs(t *testing.T) {
	t.Parallel()
	tr := transcript(t)
	var leaks testutil.Leaks
	leaks.Secret(t, "Nowak", "Jan Piotr", "2003-02-01", "000000000FF", "mobility-1", "Algorithms")
	leaks.Logger().Info("read", "transcript", tr, "pointer", &tr)
	tr.Year, tr.ELMO.Learner.DateOfBirth = "Nowak", "Nowak"
	leaks.Error(tr.Validate(tors.V3))
	leaks.Check(t)
}

func FuzzDecode(f *testing.F) {
	tr, err := registrar(f).Transcript(stay())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(encode(f, tors.V3, tr))
	f.Add(encode(f, tors.V2, tr, tr))
	f.Add([]byte(`<imobility-tors-get-response xmlns="https://github.com/erasmus-without-paper/ewp-specs-api-imobility-tors/blob/stable-v3/endpoints/get-response.xsd"><tor/></imobility-tors-get-response>`))
	scale := letters(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		list, v, err := tors.Decode(bytes.NewReader(data), elmo.Limits{MaxBytes: 1 << 20})
		if err != nil {
			return
		}
		for i := range list {
			tr := &list[i]
			_ = tr.Validate(v)
			_ = tr.Validate(tors.V3)
			_, _ = tr.Tables(scale, "")
			_ = tr.Courses("")
			_ = tors.Compare(agreed, tr)
			for _, r := range tr.ELMO.Reports {
				for _, s := range r.All() {
					_, _ = tors.CourseTable(s, scale, egracons.Identity{})
				}
			}
			for range tr.Files(tors.FileLimits{EachBytes: 1 << 16}) {
			}
		}
		var written bytes.Buffer
		if err := tors.Encode(&written, v, list); err != nil {
			t.Fatal(err)
		}
		again, w, err := tors.Decode(bytes.NewReader(written.Bytes()), elmo.Limits{})
		if err != nil || w != v || len(again) != len(list) {
			t.Fatalf("what was written is not read: %d transcripts of version %d, %v\n%s", len(again), w, err, &written)
		}
		var rewritten bytes.Buffer
		if err := tors.Encode(&rewritten, v, again); err != nil || !bytes.Equal(written.Bytes(), rewritten.Bytes()) {
			t.Fatalf("written anew it differs (%v):\n%s\n%s", err, &written, &rewritten)
		}
	})
}

// BenchmarkDecode reads fifty transcripts; the floor is encoding/xml alone.
func BenchmarkDecode(b *testing.B) {
	tr, err := registrar(b).Transcript(stay())
	if err != nil {
		b.Fatal(err)
	}
	var list []tors.ToR
	for range 50 {
		list = append(list, tr)
	}
	doc := encode(b, tors.V3, list...)
	b.Run("tors", func(b *testing.B) {
		b.SetBytes(int64(len(doc)))
		b.ReportAllocs()
		for b.Loop() {
			if _, _, err := tors.Decode(bytes.NewReader(doc), elmo.Limits{}); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("floor: encoding/xml", func(b *testing.B) {
		b.SetBytes(int64(len(doc)))
		b.ReportAllocs()
		for b.Loop() {
			var into struct {
				ToRs []tors.ToR `xml:"tor"`
			}
			if err := xml.Unmarshal(doc, &into); err != nil {
				b.Fatal(err)
			}
		}
	})
}
