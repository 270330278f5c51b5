package elmo_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/elmo"
	"github.com/passerelle-sup/passerelle/internal/testutil"
	"github.com/passerelle-sup/passerelle/sis"
)

// samples are documents that others and we wrote, with what they hold.
var samples = []struct {
	name    string
	version elmo.Version
	family  string
	born    string
	reports int
	specs   int
	valid   bool // against the schema of the version
}{
	0: {"own-diploma-supplement-v1.xml", elmo.V1, "L'Hôte", "2003-02-01", 1, 1, true},
	1: {"own-diploma-supplement-v2.xml", elmo.V2, "L'Hôte", "2003-02-01", 1, 1, true},
}

func fixture(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(testutil.Shared(t, "fixtures/emrex/elmo"), name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func decode(t testing.TB, data []byte) *elmo.Document {
	t.Helper()
	d, err := elmo.Decode(bytes.NewReader(data), elmo.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// validate has xmllint judge a document by the schema of its version; "" is valid.
func validate(t *testing.T, v elmo.Version, data []byte) string {
	t.Helper()
	schemas := testutil.Shared(t, "ewp/schemas")
	folder := map[elmo.Version]string{elmo.V1: "elmo-schemas/v1", elmo.V2: "elmo-schemas/v2.1.1"}[v]
	file := filepath.Join(t.TempDir(), "elmo.xml")
	if err := os.WriteFile(file, data, 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), testutil.Program(t, "xmllint"), "--noout", "--nonet", "--schema", filepath.Join(schemas, folder, "schema.xsd"), file)
	cmd.Env = append(os.Environ(), "XML_CATALOG_FILES="+filepath.Join(schemas, "catalog-business.xml")+" "+filepath.Join(schemas, "catalog-network.xml"))
	out, err := cmd.CombinedOutput()
	if err == nil {
		return ""
	}
	return string(out)
}

// events is a document without what spelling may change: prefixes, declarations,
// white space between elements.
func events(t *testing.T, data []byte) []string {
	t.Helper()
	var out []string
	d := xml.NewDecoder(bytes.NewReader(data))
	for {
		token, err := d.Token()
		if err == io.EOF {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		switch token := token.(type) {
		case xml.StartElement:
			line := "<" + token.Name.Space + " " + token.Name.Local
			var attrs []string
			for _, a := range token.Attr {
				if a.Name.Space != "xmlns" && a.Name.Local != "xmlns" && a.Name.Local != "schemaLocation" {
					attrs = append(attrs, a.Name.Space+" "+a.Name.Local+"="+a.Value)
				}
			}
			slices.Sort(attrs)
			out = append(out, line+strings.Join(attrs, ";"))
		case xml.EndElement:
			out = append(out, ">")
		case xml.CharData:
			if text := strings.Join(strings.Fields(string(token)), " "); text != "" {
				out = append(out, text)
			}
		}
	}
}

// TestSamples: what we can read we write again, and nothing of it is lost; what was
// valid stays so.
func TestSamples(t *testing.T) {
	t.Parallel()
	folder := testutil.Shared(t, "fixtures/emrex/elmo")
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	extra := map[string]string{
		"egracons/elmo_v1_example.xml": filepath.Join(testutil.Shared(t, "fixtures/egracons"), "elmo_v1_example.xml"),
		"ewp/elmo-schemas-example.xml": filepath.Join(testutil.Shared(t, "ewp/schemas"), "ewp-registry-service/test-files/latest-examples/elmo-schemas-example.xml"),
	}
	for _, e := range entries {
		extra[e.Name()] = filepath.Join(folder, e.Name())
	}
	if len(extra) < 9 {
		t.Fatalf("%d samples; want nine or more", len(extra))
	}
	for name, path := range extra {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			d, err := elmo.Decode(bytes.NewReader(data), elmo.Limits{})
			if bytes.Contains(data, []byte(`"http://purl.org/net/elmo"`)) {
				if !errors.Is(err, passerelle.ErrProtocol) || !strings.Contains(err.Error(), "2015") {
					t.Errorf("a document of 2015: %v; want ErrProtocol that says so", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if d.Learner.FamilyName == "" || len(d.Reports) == 0 {
				t.Errorf("read as %+v", d)
			}
			again, err := d.Encode(d.Version())
			if err != nil {
				t.Fatal(err)
			}
			wasValid := validate(t, d.Version(), data) == ""
			if out := validate(t, d.Version(), again); wasValid && out != "" {
				t.Errorf("a valid document is written as one that is not: %s\n%s", out, again)
			}
			if problems := d.Validate(d.Version()); wasValid && problems != nil {
				t.Errorf("a valid document is refused: %v", problems)
			}
			if wasValid && !bytes.Contains(data, []byte("Signature")) {
				testutil.Equal(t, "the document", events(t, again), events(t, data))
			}
			testutil.Equal(t, "read again", decode(t, again), d)
			other := map[elmo.Version]elmo.Version{elmo.V1: elmo.V2, elmo.V2: elmo.V1}[d.Version()]
			copied := *d
			copied.Learner.AlternativeName = &ewp.Text{}
			if translated, err := copied.Encode(other); err != nil {
				t.Error(err)
			} else if problems := copied.Validate(other); (problems == nil) != (validate(t, other, translated) == "") && wasValid {
				t.Errorf("in version %s: Validate says %v, the schema %q", other, problems, validate(t, other, translated))
			}
		})
	}
}

// TestDetails compares some values of the samples.
func TestDetails(t *testing.T) {
	t.Parallel()
	for i, c := range samples {
		d := decode(t, fixture(t, c.name))
		born, err := d.Learner.Birth()
		if d.Version() != c.version || d.Learner.FamilyName != c.family || err != nil || born.String() != c.born || len(d.Reports) != c.reports || len(d.Reports[0].Specifications) != c.specs {
			t.Errorf("%d: %s: %+v", i, c.name, d)
		}
		spec := d.Reports[0].Specifications[0]
		sup := spec.Specifies.Instance.Supplement
		if sup == nil || sup.Lang != "en" || len(sup.Sections) != 8 || len(sup.Sections[3].Sections) != 5 || sup.Sections[7].Content.Type != "text/html" {
			t.Errorf("%d: the supplement is %+v", i, sup)
		}
		if got := d.Reports[0].CreditsPassed("ects"); got.Cmp(big.NewRat(180, 1)) != 0 {
			t.Errorf("%d: %s credits; want 180", i, got)
		}
		if d.Learner.ESI() != "urn:schac:personalUniqueCode:int:esi:fr:000000000FF" && c.version == elmo.V2 {
			t.Errorf("%d: ESI %q", i, d.Learner.ESI())
		}
	}
}

// results are a year with two courses in a module, one of them failed, and a
// traineeship that is going on.
var results = []sis.Result{
	{Year: 2026, Course: sis.Course{Code: "S1", Title: "Semestre 1", Kind: "SEM", ECTS: "30"}, Credits: "12,5", Passed: sis.PassedUnknown},
	{Year: 2026, Course: sis.Course{Code: "UE1", Title: "Mathématiques", Kind: "UE", Parent: "S1"}, Credits: "12,5", Passed: sis.PassedYes, Mark: "12,5", Scale: "20"},
	{Year: 2026, Course: sis.Course{Code: "ALG", Title: "Algèbre", Parent: "UE1"}, Credits: "7.50", Passed: sis.PassedYes, Mark: "14", Scale: "20"},
	{Year: 2026, Course: sis.Course{Code: "ANA", Title: "Analyse", Parent: "UE1"}, Credits: "5", Passed: sis.PassedYes, Mark: "11", Scale: "20"},
	{Year: 2026, Course: sis.Course{Code: "HIS", Title: "Histoire", Parent: "S1", ECTS: "5"}, Passed: sis.PassedNo, Mark: "ABJ", Scale: "20"},
	{Year: 2026, Course: sis.Course{Code: "STA", Title: "Stage", ECTS: "3"}},
}

func sheet() elmo.Sheet {
	return elmo.Sheet{
		Lang: "fr", Kinds: map[string]string{"UE": elmo.Module, "SEM": elmo.Module}, GradingScheme: "20",
		LOSID: func(code string) string { return "CR/" + code }, LOIID: func(code string, _ int) string { return "CRI/" + code },
		Finish: func(s *elmo.Specification, _ sis.Result) {
			s.Specifies.Instance.AcademicTerm = &elmo.AcademicTerm{Titles: ewp.Texts{{Lang: "en", Value: "Autumn"}}, Start: "2026-09-01", End: "2027-01-31"}
		},
	}
}

func document() *elmo.Document {
	return &elmo.Document{
		GeneratedDate: "2027-02-15T10:00:00+01:00",
		Learner: elmo.Learner{Citizenship: &elmo.Coded{Value: "FR"}, GivenNames: "Zoé", FamilyName: "LEFÈVRE", BirthDay: "2003-02-28", Gender: "2",
			Identifiers: []elmo.Identifier{{Type: "esi", Value: "urn:schac:personalUniqueCode:int:esi:fr:123456789AB"}}, AlternativeName: &ewp.Text{},
			CurrentAddress: &elmo.Address{Lines: []string{"1 rue Haute"}, PostalCode: "67000", Locality: "Strasbourg", Country: "FR"}},
		Reports: []elmo.Report{{
			Issuer: elmo.Issuer{Country: &elmo.Coded{Value: "FR"}, Identifiers: []elmo.Identifier{{Type: "schac", Value: "univ-exemple.fr"}},
				Titles: ewp.Texts{{Lang: "fr", Value: "Université Exemple"}}, URL: "https://univ-exemple.example"},
			Specifications: sheet().Specifications(results), IssueDate: "2027-02-15T10:00:00+01:00",
			GradingSchemes: []elmo.GradingScheme{{LocalID: "20", Descriptions: ewp.Texts{{Lang: "en", Value: "0 to 20"}}}},
			Attachments: []elmo.Attachment{{Identifiers: []elmo.Identifier{{Type: "local", Value: "a1"}}, Type: "Transcript of Records",
				Contents: ewp.Texts{elmo.NewContent("application/pdf", []byte("%PDF-1.7"), "fr")}}},
		}},
		Extension: &elmo.Extension{XML: []byte(`<x xmlns="urn:example" a="1"><y>é</y></x>`)},
	}
}

// TestFromResults: rows of a student system become a valid document of both
// versions, and come back as they were.
func TestFromResults(t *testing.T) {
	t.Parallel()
	d := document()
	for _, v := range []elmo.Version{elmo.V1, elmo.V2} {
		data, err := d.Encode(v)
		if err != nil {
			t.Fatal(err)
		}
		if err := d.Validate(v); err != nil {
			t.Errorf("%s: %v", v, err)
		}
		testutil.Golden(t, "from-results-"+v.String()+".xml", data)
		if out := validate(t, v, data); out != "" {
			t.Errorf("%s: %s", v, out)
		}
		read := decode(t, data)
		if read.Version() != v {
			t.Errorf("%s comes back as %s", v, read.Version())
		}
		if got := read.Reports[0].CreditsPassed("ects"); got.Cmp(big.NewRat(25, 2)) != 0 {
			t.Errorf("%s: %s credits; want 12.5: once a branch, the failed course and the one in progress not at all", v, got)
		}
		var got []sis.Result
		for _, r := range read.Reports[0].Results(sis.StudentID{System: "csv", Local: "1"}, "fr") {
			r.Student, r.Period = sis.StudentID{}, ""
			r.Course.Code = strings.TrimPrefix(r.Course.Code, "CR/")
			r.Course.Parent = strings.TrimPrefix(r.Course.Parent, "CR/")
			got = append(got, r)
		}
		testutil.Equal(t, v.String()+": the results", got, []sis.Result{
			{Year: 2026, Course: sis.Course{Code: "S1", Title: "Semestre 1", Kind: "Module", ECTS: "12.5"}},
			{Year: 2026, Course: sis.Course{Code: "UE1", Title: "Mathématiques", Kind: "Module", Parent: "S1", ECTS: "12.5"}, Credits: "12.5", Passed: sis.PassedYes, Mark: "12,5", Scale: "20"},
			{Year: 2026, Course: sis.Course{Code: "ALG", Title: "Algèbre", Parent: "UE1", ECTS: "7.5"}, Credits: "7.5", Passed: sis.PassedYes, Mark: "14", Scale: "20"},
			{Year: 2026, Course: sis.Course{Code: "ANA", Title: "Analyse", Parent: "UE1", ECTS: "5"}, Credits: "5", Passed: sis.PassedYes, Mark: "11", Scale: "20"},
			{Year: 2026, Course: sis.Course{Code: "HIS", Title: "Histoire", Parent: "S1", ECTS: "5"}, Passed: sis.PassedNo, Mark: "ABJ", Scale: "20"},
			{Year: 2026, Course: sis.Course{Code: "STA", Title: "Stage", ECTS: "3"}},
		})
	}
}

// TestValidate breaks the document in one place each, and compares with the schema
// where that is there.
func TestValidate(t *testing.T) {
	t.Parallel()
	instance := func(d *elmo.Document) *elmo.Instance { return &d.Reports[0].Specifications[0].Specifies.Instance }
	const li = "report[0].learningOpportunitySpecification[0].specifies.learningOpportunityInstance."
	for i, c := range []struct {
		v      elmo.Version
		spoil  func(d *elmo.Document)
		path   string
		schema bool // the schema refuses it too
	}{
		0:  {elmo.V1, func(d *elmo.Document) { d.GeneratedDate = "2027" }, "generatedDate", true},
		1:  {elmo.V1, func(d *elmo.Document) { d.Learner.FamilyName = " " }, "learner.familyName", false},
		2:  {elmo.V1, func(d *elmo.Document) { d.Learner.BirthDay = "28/02/2003" }, "learner.bday", true},
		3:  {elmo.V1, func(d *elmo.Document) { d.Learner.Gender = "F" }, "learner.gender", true},
		4:  {elmo.V1, func(d *elmo.Document) { d.Learner.Citizenship.Value = "FRA" }, "learner.citizenship", true},
		5:  {elmo.V2, func(d *elmo.Document) { d.Learner.Citizenship.Type = "BCN" }, "learner.citizenship.type", false},
		6:  {elmo.V2, func(d *elmo.Document) { d.Learner.AlternativeName = nil }, "learner.alternativeName", true},
		7:  {elmo.V1, func(d *elmo.Document) { d.Reports = nil }, "report", true},
		8:  {elmo.V1, func(d *elmo.Document) { d.Reports[0].Issuer.Identifiers = nil }, "report[0].issuer.identifier", true},
		9:  {elmo.V1, func(d *elmo.Document) { d.Reports[0].Issuer.Titles = nil }, "report[0].issuer.title", true},
		10: {elmo.V1, func(d *elmo.Document) { d.Reports[0].IssueDate = "" }, "report[0].issueDate", true},
		11: {elmo.V1, func(d *elmo.Document) { d.Reports[0].Specifications[0].Titles = nil }, "report[0].learningOpportunitySpecification[0].title", true},
		12: {elmo.V1, func(d *elmo.Document) { d.Reports[0].Specifications[0].Type = "UE" }, "report[0].learningOpportunitySpecification[0].type", true},
		13: {elmo.V2, func(d *elmo.Document) { d.Reports[0].Specifications[0].Identifiers = nil }, "report[0].learningOpportunitySpecification[0].identifier", true},
		14: {elmo.V1, func(d *elmo.Document) { instance(d).Status = "ADM" }, li + "status", true},
		15: {elmo.V1, func(d *elmo.Document) { instance(d).Credits = []elmo.Credit{{Scheme: "ects", Value: "7,5"}} }, li + "credit[0].value", true},
		16: {elmo.V1, func(d *elmo.Document) { instance(d).GradingSchemeLocalID = "none" }, li + "gradingSchemeLocalId", false},
		17: {elmo.V1, func(d *elmo.Document) { instance(d).AcademicTerm.Start = "" }, li + "academicTerm.start", true},
		18: {elmo.V1, func(d *elmo.Document) { instance(d).Attachments = &elmo.Refs{Refs: []string{"a2"}} }, li + "attachments.ref[0]", false},
		19: {elmo.V1, func(d *elmo.Document) {
			instance(d).Distribution = &elmo.Distribution{Categories: []elmo.Category{{Label: "A", Count: "-1"}}}
		}, li + "resultDistribution.category[0].count", true},
		20: {elmo.V1, func(d *elmo.Document) {
			d.Reports[0].GradingSchemes = append(d.Reports[0].GradingSchemes, elmo.GradingScheme{LocalID: "20"})
		}, "report[0].gradingScheme[1].localId", false},
		21: {elmo.V1, func(d *elmo.Document) { d.Reports[0].Attachments[0].Contents[0].Value = "https://x.example" }, "report[0].attachment[0].content[0]", false},
		22: {elmo.V1, func(d *elmo.Document) { d.Reports[0].Attachments[0].Type = "CV" }, "report[0].attachment[0].type", true},
		23: {elmo.V2, func(d *elmo.Document) { d.Reports[0].Status = &elmo.Status{Code: "SOME"} }, "report[0].status.code", true},
		24: {elmo.V1, func(d *elmo.Document) {
			instance(d).Supplement = &elmo.DiplomaSupplement{Version: "2018", IssueDate: "2027-02-15", Sections: []elmo.Section{{Number: "I", Title: "x"}}}
		}, li + "diplomaSupplement.section[0].number", true},
		25: {elmo.V2, func(d *elmo.Document) {
			instance(d).Enrolment = &elmo.Enrolment{Institution: d.Reports[0].Issuer, Start: "2026-09-01", End: "2027-08-31"}
		}, li + "enrolment.enrolmentDate", true},
		26: {elmo.V2, func(d *elmo.Document) { d.Reports[0].Recognitions = []elmo.Recognition{{Status: "Maybe"}} }, "report[0].resultOfRecognition[0].status", true},
		27: {0, func(*elmo.Document) {}, "version", false},
		28: {elmo.V2, func(d *elmo.Document) { instance(d).Duration = "six months" }, li + "duration", true},
		29: {elmo.V2, func(d *elmo.Document) { instance(d).Duration = "P1YT" }, li + "duration", true},
		30: {elmo.V1, func(d *elmo.Document) { d.Learner.BirthDay = "2003-02-28T00:00:00Z" }, "learner.bday", true},
		31: {elmo.V1, func(d *elmo.Document) { d.Learner.CurrentAddress.StreetName = "rue Haute" }, "learner.currentAddress.addressLine", true},
		32: {elmo.V1, func(d *elmo.Document) { d.Learner.CurrentAddress.Lines = make([]string, 5) }, "learner.currentAddress.addressLine", true},
		33: {elmo.V1, func(d *elmo.Document) { d.Learner.CurrentAddress.Country = "France" }, "learner.currentAddress.country", true},
		34: {elmo.V1, func(d *elmo.Document) { d.Groups = &elmo.Groups{Types: []elmo.GroupType{{ID: "1"}}} }, "groups.groupType[0].title", true},
		35: {elmo.V1, func(d *elmo.Document) {
			d.Groups = &elmo.Groups{Types: []elmo.GroupType{{Titles: ewp.Texts{{Value: "Year"}}, Groups: []elmo.Group{{ID: "1"}}}}}
		}, "groups.groupType[0].group[0].title", true},
		36: {elmo.V1, func(d *elmo.Document) {
			instance(d).Levels = []elmo.Level{{Type: "EQF", Descriptions: ewp.Texts{{Value: "a"}, {Value: "b"}}}}
		}, li + "level[0].description", true},
		37: {elmo.V2, func(d *elmo.Document) {
			d.Reports[0].Recognitions = []elmo.Recognition{{Status: "Positive", Identifiers: []elmo.Identifier{{Value: "1"}}}}
		}, "report[0].resultOfRecognition[0].identifier[0].type", false},
	} {
		d := document()
		c.spoil(d)
		err := d.Validate(c.v)
		faults, _ := errors.AsType[passerelle.FieldErrors](err)
		if len(faults) != 1 || faults[0].Field != c.path || faults[0].Want == "" {
			t.Errorf("%d: %v; want one fault at %s", i, err, c.path)
		}
		if c.v == 0 {
			continue
		}
		data, err := d.Encode(c.v)
		if err != nil {
			t.Fatal(err)
		}
		if out := validate(t, c.v, data); (out != "") != c.schema {
			t.Errorf("%d: the schema says %q", i, out)
		}
	}
}

// TestLenient: the known mistakes of peers are read.
func TestLenient(t *testing.T) {
	t.Parallel()
	for i, c := range []struct{ text, want string }{
		0: {`<e:elmo xmlns:e="` + elmo.NamespaceV2 + `"><e:learner><e:familyName>A</e:familyName><e:citizenship>FR</e:citizenship><e:bday>2003-02-28+01:00</e:bday><e:new>x</e:new></e:learner><e:report/></e:elmo>`, "A FR 2003-02-28"},
		1: {`<elmo xmlns="` + elmo.NamespaceV1 + `"><learner><dateOfBirth>2003-02-28T00:00:00Z</dateOfBirth><familyName>B</familyName><citizenship type="ISO">DE</citizenship></learner></elmo>`, "B DE 2003-02-28"},
		2: {`<elmo xmlns="` + elmo.NamespaceV1 + `"><learner><familyName> C
  D </familyName><bday>2003-02-28Z</bday><citizenship/></learner></elmo>`, "C D  2003-02-28"},
	} {
		d := decode(t, []byte(c.text))
		born, err := d.Learner.Birth()
		if err != nil {
			t.Errorf("%d: %v", i, err)
		}
		got := strings.Join(strings.Fields(d.Learner.FamilyName), " ") + " " + d.Learner.Citizenship.Value + " " + born.String()
		if got != c.want {
			t.Errorf("%d: read as %q; want %q", i, got, c.want)
		}
	}
	for i, bad := range []string{
		0: `<elmo/>`, 1: `<elmo xmlns="urn:x"/>`, 2: `<!DOCTYPE elmo><elmo xmlns="` + elmo.NamespaceV1 + `"/>`, 3: ``, 4: `<elmo xmlns="` + elmo.NamespaceV1 + `">`,
		5: `<elmo xmlns="` + elmo.NamespaceV1 + `"/><elmo/>`, 6: strings.Repeat("<hasPart>", 200), 7: `<other xmlns="` + elmo.NamespaceV1 + `"/>`,
	} {
		if _, err := elmo.Decode(strings.NewReader(bad), elmo.Limits{}); !errors.Is(err, passerelle.ErrProtocol) {
			t.Errorf("%d: %q: %v; want ErrProtocol", i, bad, err)
		}
	}
	if _, err := elmo.Decode(bytes.NewReader(fixture(t, "own-diploma-supplement-v1.xml")), elmo.Limits{MaxBytes: 1000}); !errors.Is(err, passerelle.ErrProtocol) {
		t.Errorf("a document over the bound: %v", err)
	}
}

func TestContent(t *testing.T) {
	t.Parallel()
	for i, c := range []struct{ uri, kind, data, rule string }{
		0:  {"data:application/pdf;base64,JVBERg==", "application/pdf", "%PDF", ""},
		1:  {" data:text/plain;charset=utf-8;base64,w6k= ", "text/plain", "é", ""},
		2:  {"data:,a%20b", "text/plain", "a b", ""},
		3:  {"data:;base64,w6k", "text/plain", "é", ""},
		4:  {"data:image/png;base64,JVBE\n Rg==", "image/png", "%PDF", ""},
		5:  {"https://x", "", "", "scheme"},
		6:  {"data:application/pdf;base64", "", "", "form"},
		7:  {"data:a b/c;base64,JVBERg==", "", "", "type"},
		8:  {"data:application/pdf;base64,J!!=", "", "", "base64"},
		9:  {"data:application/pdf;base64," + strings.Repeat("A", 80), "", "", "length"},
		10: {"data:text/plain,%zz", "", "", "escape"},
		11: {"data:text/plain," + strings.Repeat("a", 40), "", "", "length"},
		12: {"DATA:application/pdf;base64,JVBERg==", "application/pdf", "%PDF", ""},
	} {
		kind, data, err := elmo.DecodeContent(ewp.Text{Value: c.uri}, 32)
		fault, _ := errors.AsType[*passerelle.ParseError](err)
		if c.rule == "" && (err != nil || kind != c.kind || string(data) != c.data) {
			t.Errorf("%d: %s, %q, %v", i, kind, data, err)
		}
		if c.rule != "" && (fault == nil || fault.Rule != c.rule) {
			t.Errorf("%d: %v; want the rule %q", i, err, c.rule)
		}
	}
	kind, data, err := elmo.DecodeContent(elmo.NewContent("application/pdf", []byte{0, 1, 255}, "fr"), 3)
	if err != nil || kind != "application/pdf" || !bytes.Equal(data, []byte{0, 1, 255}) {
		t.Errorf("what NewContent wrote comes back as %s, %v, %v", kind, data, err)
	}
}

func FuzzDecode(f *testing.F) {
	for _, v := range []elmo.Version{elmo.V1, elmo.V2} {
		data, err := document().Encode(v)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add([]byte(`<elmo xmlns="` + elmo.NamespaceV1 + `"><extension><a xmlns="urn:a" b="c"/></extension></elmo>`))
	f.Fuzz(func(t *testing.T, data []byte) {
		d, err := elmo.Decode(bytes.NewReader(data), elmo.Limits{MaxBytes: 1 << 20})
		if err != nil {
			return
		}
		d.Validate(d.Version()) // must not panic
		for _, r := range d.Reports {
			r.CreditsPassed("ects")
			r.Results(sis.StudentID{}, "fr")
			for _, a := range r.Attachments {
				for _, c := range a.Contents {
					elmo.DecodeContent(c, 1<<16)
				}
			}
		}
		written, err := d.Encode(d.Version())
		if err != nil {
			return // characters that XML cannot hold
		}
		again, err := elmo.Decode(bytes.NewReader(written), elmo.Limits{})
		if err != nil {
			t.Fatalf("what was written is not read: %v\n%s", err, written)
		}
		rewritten, err := again.Encode(d.Version())
		if err != nil || !bytes.Equal(written, rewritten) {
			t.Fatalf("written anew it differs (%v):\n%s\n%s", err, written, rewritten)
		}
	})
}

func BenchmarkDecode(b *testing.B) {
	d := document()
	for range 200 {
		d.Reports[0].Specifications = append(d.Reports[0].Specifications, sheet().Specifications(results)...)
	}
	data, err := d.Encode(elmo.V2)
	if err != nil {
		b.Fatal(err)
	}
	b.Run("elmo", func(b *testing.B) {
		b.SetBytes(int64(len(data)))
		b.ReportAllocs()
		for b.Loop() {
			if _, err := elmo.Decode(bytes.NewReader(data), elmo.Limits{}); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("floor, encoding/xml", func(b *testing.B) {
		b.SetBytes(int64(len(data)))
		b.ReportAllocs()
		for b.Loop() {
			if err := xml.Unmarshal(data, new(elmo.Document)); err != nil {
				b.Fatal(err)
			}
		}
	})
}
