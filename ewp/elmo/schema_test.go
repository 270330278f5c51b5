package elmo_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/elmo"
	"github.com/passerelle-sup/passerelle/internal/testutil"
	"github.com/passerelle-sup/passerelle/sis"
)

// whole returns a document in which every field of every type is set.
func whole() *elmo.Document {
	texts := func(s string) ewp.Texts { return ewp.Texts{{Lang: "fr", Value: s}, {Value: s + " 2"}} }
	ids := func(s string) []elmo.Identifier {
		return []elmo.Identifier{{Type: "local", Value: s}, {Type: "x", Value: s + "2"}}
	}
	country := func() *elmo.Coded { return &elmo.Coded{Type: "ISO", Value: "FR"} }
	extension := func(s string) *elmo.Extension {
		return &elmo.Extension{XML: []byte(`<e xmlns="urn:e" a="` + s + `"><f xmlns="urn:e">é</f></e>`)}
	}
	attachment := func(s string) []elmo.Attachment {
		return []elmo.Attachment{{Identifiers: ids(s), Titles: texts(s), Type: "Other", Descriptions: texts(s), Contents: ewp.Texts{elmo.NewContent("text/plain", []byte(s), "fr")}, Extension: extension(s)}}
	}
	issuer := func(s string) elmo.Issuer {
		return elmo.Issuer{Country: country(), Identifiers: ids(s), Titles: texts(s), URL: "https://" + s + ".example"}
	}
	spec := func(s string) elmo.Specification {
		return elmo.Specification{
			Identifiers: ids(s), Titles: texts(s), Type: elmo.Module, SubjectArea: "05", ISCED: "0541", URL: "https://x.example", Descriptions: texts(s), DescriptionHTML: texts("<p>"),
			DocumentType: "Diploma", Extension: extension(s),
			Specifies: elmo.Specifies{Extension: extension(s), Instance: elmo.Instance{
				Identifiers: ids(s), Enrolment: &elmo.Enrolment{Institution: issuer("e"), Date: "2026-09-01", Start: "2026-09-01", End: "2027-08-31"},
				Start: "2026-09-01", Date: "2027-01-31", AcademicTerm: &elmo.AcademicTerm{Titles: texts("t"), Start: "2026-09-01", End: "2027-01-31"}, Duration: "P5MT1.5S",
				Status: elmo.Failed, GradingSchemeLocalID: "20", GradingSchemeExternal: "urn:scheme", ResultLabel: "12",
				ShortenedGrading: &elmo.ShortenedGrading{Lower: "10", Equal: "20.5", Higher: "69.5"},
				Distribution:     &elmo.Distribution{Categories: []elmo.Category{{Label: "12", Count: "3"}}, Descriptions: texts("d")},
				Credits:          []elmo.Credit{{Scheme: "ects", Level: "Master", Value: "7.5"}}, Levels: []elmo.Level{{Type: "EQF", Descriptions: texts("l")[:1], Value: "7"}},
				Language: "fr", EngagementHours: "120", Attachments: &elmo.Refs{Refs: []string{"a"}}, Grouping: &elmo.Grouping{TypeRef: "gt", IDRef: "g", Text: "x"}, Extension: extension(s),
				Supplement: &elmo.DiplomaSupplement{Lang: "fr", Version: "2018", IssueDate: "2027-02-15", Introduction: "Intro", Sections: []elmo.Section{{
					Number: "4", Title: "T", Content: &elmo.Content{Type: "text/html", Text: "<p>x</p>"}, Additional: []string{"a", "b"}, Attachments: attachment("s"),
					Sections: []elmo.Section{{Number: "4.1", Title: "T1"}},
				}}},
			}},
		}
	}
	outer := spec("s")
	outer.Parts = []elmo.Part{{Specification: spec("p")}}
	report := func(s string) elmo.Report {
		return elmo.Report{Issuer: issuer(s), Specifications: []elmo.Specification{outer}, IssueDate: "2027-02-15T10:00:00Z", Attachments: attachment("a"),
			GradingSchemes: []elmo.GradingScheme{{LocalID: "20", Descriptions: texts("g")}}, Status: &elmo.Status{Code: "FULL", Messages: texts("m")}}
	}
	first := report("r")
	first.Recognitions = []elmo.Recognition{{
		Identifiers: ids("rec"), Titles: texts("rec"), Descriptions: texts("rec"), SubjectArea: "05", ISCED: "0541", Status: "Partially Positive", DecisionDate: "2027-03-01",
		Basis: []elmo.RecognitionBasis{{Report: report("b")}}, Results: []elmo.RecognitionResult{{Specification: spec("res")}}, Attachments: &elmo.Refs{Refs: []string{"a"}},
		Mappings: []elmo.RecognitionMapping{{From: []elmo.Refs{{Refs: []string{"s"}}}, To: []elmo.Refs{{Refs: []string{"res", "res2"}}}}},
	}}
	address := &elmo.Address{Recipients: []string{"Z"}, BuildingNumber: "1", BuildingName: "B", StreetName: "S", Unit: "U", Floor: "2", PostOfficeBox: "3", DeliveryPoints: []string{"4"},
		PostalCode: "67000", Locality: "Strasbourg", Region: "R", Country: "FR"}
	return &elmo.Document{
		GeneratedDate: "2027-02-15T10:00:00Z", Reports: []elmo.Report{first, report("r2")}, Attachments: attachment("a0"), Extension: extension("d"),
		Learner: elmo.Learner{Citizenship: country(), Identifiers: ids("l"), GivenNames: "Zoé", FamilyName: "LEFÈVRE", AlternativeName: &ewp.Text{Lang: "ru", Value: "Зое"},
			DateOfBirth: "2003-02-28", BirthDay: "2003-02-28", PlaceOfBirth: "Brest", CountryOfBirth: country(), BirthName: "B", CurrentAddress: address, Gender: "2"},
		Groups: &elmo.Groups{Types: []elmo.GroupType{{ID: "gt", Titles: texts("gt"), Groups: []elmo.Group{{ID: "g", SortingKey: "1", Titles: texts("g")}}}}},
	}
}

// unset lists the fields of the types of this package that no value under v sets.
func unset(v reflect.Value, set map[string]bool) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			unset(v.Elem(), set)
		}
	case reflect.Slice:
		for i := range v.Len() {
			unset(v.Index(i), set)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			name := v.Type().Name() + "." + v.Type().Field(i).Name
			set[name] = set[name] || !v.Field(i).IsZero()
			unset(v.Field(i), set)
		}
	}
}

// TestWhole: a document with everything in it is valid by the schemas, holds each of
// their elements, and comes back as it was.
func TestWhole(t *testing.T) {
	t.Parallel()
	d := whole()
	set := map[string]bool{}
	unset(reflect.ValueOf(d), set)
	for name, ok := range set {
		if !ok && !strings.HasSuffix(name, ".Lines") && !strings.HasPrefix(name, "Document.XMLName") && !strings.HasPrefix(name, "Name.") {
			t.Errorf("the document has no %s", name)
		}
	}
	for v, folder := range map[elmo.Version]string{elmo.V1: "v1", elmo.V2: "v2.1.1"} {
		if err := d.Validate(v); err != nil {
			t.Errorf("%s: %v", v, err)
		}
		data, err := d.Encode(v)
		if err != nil {
			t.Fatal(err)
		}
		if out := validate(t, v, data); out != "" {
			t.Errorf("%s: %s", v, out)
		}
		testutil.Equal(t, v.String(), decode(t, data), d.In(v))
		schema, err := os.ReadFile(filepath.Join(testutil.Shared(t, "ewp/schemas/elmo-schemas"), folder, "schema.xsd"))
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`<xs:element[^>]* name="([^"]+)"`).FindAllSubmatch(schema, -1) {
			if name := string(m[1]); !bytes.Contains(data, []byte("<"+name+">")) && !bytes.Contains(data, []byte("<"+name+" ")) {
				t.Errorf("%s: no %s is written", v, name)
			}
		}
	}
}

// TestBirthAndYear: the newer name of a birth date counts before the older, and
// academic years begin in August at the earliest.
func TestBirthAndYear(t *testing.T) {
	t.Parallel()
	for i, c := range []struct {
		l    elmo.Learner
		want string
	}{
		0: {elmo.Learner{DateOfBirth: "2003-02-28", BirthDay: "2003-02-27"}, "2003-02-28"}, 1: {elmo.Learner{BirthDay: "2003-02-27"}, "2003-02-27"}, 2: {elmo.Learner{DateOfBirth: " "}, ""},
	} {
		born, err := c.l.Birth()
		if (err == nil) != (c.want != "") || err == nil && born.String() != c.want {
			t.Errorf("%d: %s, %v; want %q", i, born, err, c.want)
		}
	}
	for day, want := range map[string]int{"2026-07-31": 2025, "2026-08-01": 2026, "2027-01-15+01:00": 2026, "soon": 0} {
		s := elmo.Specification{Specifies: elmo.Specifies{Instance: elmo.Instance{AcademicTerm: &elmo.AcademicTerm{Start: day}}}}
		if got := (elmo.Report{Specifications: []elmo.Specification{s}}).Results(sis.StudentID{}, "fr"); got[0].Year != want {
			t.Errorf("a term from %s is of %d; want %d", day, got[0].Year, want)
		}
	}
}

// TestForeignMarkup: what others put where anything may stand means the same afterwards.
func TestForeignMarkup(t *testing.T) {
	t.Parallel()
	const head = `<elmo xmlns="` + elmo.NamespaceV1 + `"><generatedDate></generatedDate><learner><givenNames></givenNames><familyName></familyName></learner>`
	data := head + `<extension><x xmlns="urn:x"><y xmlns=""><z a="1"></z></y><p:q xmlns:p="urn:p" p:b="2">t</p:q></x></extension></elmo>`
	again, err := decode(t, []byte(data)).Encode(elmo.V1)
	if err != nil {
		t.Fatal(err)
	}
	testutil.Equal(t, "the extension", events(t, again), events(t, []byte(data)))

	d := document()
	d.Reports[0].Specifications[0].Specifies.Instance.Supplement = &elmo.DiplomaSupplement{Version: "2018", IssueDate: "2027-02-15", Introduction: "HERE", Sections: []elmo.Section{{Number: "1", Title: "T"}}}
	if again, err = d.Encode(elmo.V2); err != nil {
		t.Fatal(err)
	}
	read := decode(t, bytes.Replace(again, []byte("HERE"), []byte(`This <b>Diploma</b> Supplement<p>follows</p>the model.`), 1))
	if got := read.Reports[0].Specifications[0].Specifies.Instance.Supplement; got.Introduction != "This Diploma Supplementfollows\nthe model." || len(got.Sections) != 1 {
		t.Errorf("the supplement is read as %+v", got)
	}
}

// TestOrderOfResults: the tree does not depend on the order of the rows, a year is
// not mixed with another, and no loop of parents loses anything.
func TestOrderOfResults(t *testing.T) {
	t.Parallel()
	row := func(year int, code, parent string) sis.Result {
		return sis.Result{Year: year, Course: sis.Course{Code: code, Title: code, Parent: parent}, Passed: sis.PassedYes, Credits: "1"}
	}
	var write func(specs []elmo.Specification) string
	write = func(specs []elmo.Specification) string {
		var out []string
		for _, s := range specs {
			var parts []elmo.Specification
			for _, p := range s.Parts {
				parts = append(parts, p.Specification)
			}
			out = append(out, strings.TrimPrefix(fmt.Sprint(elmo.IdentifierOf(s.Specifies.Instance.Identifiers, "local"), write(parts)), " "))
		}
		return "(" + strings.Join(out, " ") + ")"
	}
	for i, c := range []struct {
		rows []sis.Result
		want string
	}{
		0: {[]sis.Result{row(2026, "EC", "UE"), row(2026, "UE", "")}, "(UE-2026(EC-2026()))"},
		1: {[]sis.Result{row(2025, "UE", ""), row(2026, "UE", ""), row(2025, "EC", "UE"), row(2026, "EC", "UE")}, "(UE-2025(EC-2025()) UE-2026(EC-2026()))"},
		2: {[]sis.Result{row(2025, "EC", "UE"), row(2026, "UE", "")}, "(UE-2026(EC-2025()))"},
		3: {[]sis.Result{row(2026, "A", "B"), row(2026, "B", "A"), row(2026, "C", "C")}, "(B-2026(A-2026()) C-2026())"},
	} {
		if got := write(elmo.Sheet{}.Specifications(c.rows)); got != c.want {
			t.Errorf("%d: %s; want %s", i, got, c.want)
		}
	}
}
