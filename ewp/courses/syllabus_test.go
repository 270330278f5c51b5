package courses_test

import (
	"fmt"
	"log"
	"os"
	"testing"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/courses"
	"github.com/passerelle-sup/passerelle/ewp/internal/documenttest"
	"github.com/passerelle-sup/passerelle/ewp/term"
	"github.com/passerelle-sup/passerelle/internal/testutil"
	"github.com/passerelle-sup/passerelle/sis"
)

var day = passerelle.MustParseDate("2025-10-01")

// syllabus has something in each field.
var syllabus = courses.Syllabus{
	Kind: courses.Course, Key: "4711", Code: "INF-301", Unit: "7f3c",
	Titles: ewp.Texts{{Lang: "fr", Value: "Algorithmique"}}, Descriptions: ewp.Texts{{Lang: "fr", Value: "Tris.\n\nGraphes."}},
	Pages: ewp.Texts{{Value: "https://uni-b.example/inf-301"}}, ISCED: "0613", EQF: "6", Parts: []string{"CLS/1"},
	InstanceKey: "4711-2025", Start: passerelle.MustParseDate("2025-09-01"), End: passerelle.MustParseDate("2026-01-31"),
	Term: &term.Term{YearID: "2025/2026", Names: ewp.Texts{{Value: "S1"}}, Start: "2025-09-01", End: "2026-01-31"},
	ECTS: "7.5", Level: "Bachelor", Language: "fr", Hours: "48", Scale: "0-20",
	Assessment: ewp.Texts{{Lang: "fr", Value: "Examen écrit de deux heures"}},
}

// TestSyllabus: what a syllabus holds goes through a document and comes back.
func TestSyllabus(t *testing.T) {
	t.Parallel()
	s, err := syllabus.Specification()
	if err != nil {
		t.Fatal(err)
	}
	got := documenttest.RoundTrip(t, schema, encode(t, s), courses.Decode, courses.Encode)
	testutil.Equal(t, "syllabus", got[0].Syllabus(day), syllabus)

	bare := courses.Syllabus{Kind: courses.Programme, Code: "L3-INFO", Titles: syllabus.Titles}
	if s, err = bare.Specification(); err != nil {
		t.Fatal(err)
	}
	bare.Key = bare.Code
	testutil.Equal(t, "programme", s.Syllabus(day), bare)
	if s.ID != "DEP/L3-INFO" || len(s.Instances) != 0 {
		t.Errorf("%s with %d instances", s.ID, len(s.Instances))
	}
}

func TestSyllabusRefused(t *testing.T) {
	t.Parallel()
	for i, c := range map[int]struct {
		change func(*courses.Syllabus)
		want   string
	}{
		0: {func(s *courses.Syllabus) { s.Key = "INF 301" }, "Key identifier"},
		1: {func(s *courses.Syllabus) { s.Kind = "UE" }, "Key identifier"},
		2: {func(s *courses.Syllabus) { s.Start, s.End = passerelle.Date{}, passerelle.Date{} }, "Start required"},
		3: {func(s *courses.Syllabus) { s.Scale = "" }, "Scale required"},
		4: {func(s *courses.Syllabus) { s.InstanceKey = "é" }, "InstanceKey identifier"},
		5: {func(s *courses.Syllabus) { s.ECTS = "7,5" }, "specifies.learningOpportunityInstance[0].credit[0].value decimal"},
		6: {func(s *courses.Syllabus) { s.Titles = nil }, "title required"},
		7: {func(s *courses.Syllabus) { s.End = passerelle.Date{} }, "specifies.learningOpportunityInstance[0].end date"},
	} {
		bad := syllabus
		c.change(&bad)
		_, err := bad.Specification()
		got := documenttest.Faults(t, err)
		if len(got) == 0 || got[0] != c.want {
			t.Errorf("%d: %v, want %s", i, got, c.want)
		}
	}
}

// elements are a year of a French system.
var elements = []sis.Course{
	{Code: "L3-INFO", Kind: "programme", Title: "Licence 3 Informatique", ECTS: "60"},
	{Code: "S5", Kind: "semester", Title: "Semestre 5", ECTS: "30", Parent: "L3-INFO"},
	{Code: "UE51", Kind: "UE", Title: "Fondements", ECTS: "7,5", Parent: "S5"},
	{Code: "EC511", Kind: "EC", Title: "Algorithmique", Parent: "UE51"},
}

func TestFromSIS(t *testing.T) {
	t.Parallel()
	list, err := courses.FromSIS(elements, courses.SISOptions{Start: syllabus.Start, End: passerelle.MustParseDate("2026-06-30")})
	if err != nil {
		t.Fatal(err)
	}
	var specifications []courses.Specification
	for _, y := range list {
		s, err := y.Specification()
		if err != nil {
			t.Fatal(err)
		}
		specifications = append(specifications, s)
	}
	var got []string
	for _, s := range specifications {
		got = append(got, fmt.Sprint(s.ID, " ", s.Type, " ", s.Instances[0].ECTS(), " ", s.Parts))
	}
	testutil.Equal(t, "specifications", got, []string{
		"DEP/L3-INFO Degree Programme 60 [MOD/S5]", "MOD/S5 Module 30 [MOD/UE51]", "MOD/UE51 Module 7.5 [CR/EC511]", "CR/EC511 Course  []",
	})
	back := courses.ToSIS(specifications, map[courses.Kind]string{courses.Course: "EC", courses.Module: "UE"}, day, "fr")
	testutil.Equal(t, "and back", back, []sis.Course{
		{Code: "L3-INFO", Kind: "Degree Programme", Title: "Licence 3 Informatique", ECTS: "60"},
		{Code: "S5", Kind: "UE", Title: "Semestre 5", ECTS: "30", Parent: "L3-INFO"},
		{Code: "UE51", Kind: "UE", Title: "Fondements", ECTS: "7.5", Parent: "S5"},
		{Code: "EC511", Kind: "EC", Title: "Algorithmique", Parent: "UE51"},
	})
}

func TestFromSISRefuses(t *testing.T) {
	t.Parallel()
	_, err := courses.FromSIS([]sis.Course{
		{Code: "A", Kind: "EC"}, {Code: "A", Kind: "TP"}, {Code: "B é", Kind: "EC"}, {Code: "C", Kind: "atelier", Parent: "Z"},
	}, courses.SISOptions{Kinds: map[string]courses.Kind{"TP": courses.Class}})
	testutil.Equal(t, "faults", documenttest.Faults(t, err), []string{
		"courses[1].Code duplicate", "courses[2].Code identifier", "courses[3].Kind code", "courses[3].Parent reference",
	})
}

// A course of the catalogue becomes a document of the network.
func ExampleSyllabus_Specification() {
	y := courses.Syllabus{
		Kind: courses.Course, Code: "INF-301", ISCED: "0613",
		Titles:       ewp.Texts{{Lang: "en", Value: "Algorithms"}, {Lang: "fr", Value: "Algorithmique"}},
		Descriptions: ewp.Texts{{Lang: "en", Value: "Sorting, graphs, complexity."}},
		Start:        passerelle.MustParseDate("2025-09-01"), End: passerelle.MustParseDate("2026-01-31"),
		ECTS: "6", Language: "fr", Scale: "0-20", Assessment: ewp.Texts{{Lang: "en", Value: "Written exam"}},
	}
	s, err := y.Specification()
	if err != nil {
		log.Fatal(err)
	}
	if err := courses.Encode(os.Stdout, []courses.Specification{s}); err != nil {
		log.Fatal(err)
	}
	// Output:
	// <?xml version="1.0" encoding="UTF-8"?>
	// <courses-response xmlns="https://github.com/erasmus-without-paper/ewp-specs-api-courses/tree/stable-v1"><learningOpportunitySpecification><los-id>CR/INF-301</los-id><los-code>INF-301</los-code><title xml:lang="en">Algorithms</title><title xml:lang="fr">Algorithmique</title><type>Course</type><iscedCode>0613</iscedCode><description xml:lang="en">Sorting, graphs, complexity.</description><specifies><learningOpportunityInstance><loi-id>CRI/INF-301-2025-09-01</loi-id><start>2025-09-01</start><end>2026-01-31</end><gradingScheme><label>0-20</label><description xml:lang="en">Written exam</description></gradingScheme><credit><scheme>ects</scheme><value>6</value></credit><languageOfInstruction>fr</languageOfInstruction></learningOpportunityInstance></specifies></learningOpportunitySpecification></courses-response>
}

// The elements of a student system, one in another: which are courses and which
// modules is said by the system's own words.
func ExampleFromSIS() {
	list, err := courses.FromSIS([]sis.Course{
		{Code: "UE51", Kind: "UE", Title: "Fondements", ECTS: "6"},
		{Code: "EC511", Kind: "EC", Title: "Algorithmique", Parent: "UE51"},
		{Code: "TD511", Kind: "TD", Title: "Travaux dirigés", Parent: "EC511"},
	}, courses.SISOptions{Kinds: map[string]courses.Kind{"TD": courses.Class}})
	if err != nil {
		log.Fatal(err)
	}
	for _, y := range list {
		s, err := y.Specification()
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(s.ID, s.Titles.In("fr").Value, s.Parts)
	}
	// Output:
	// MOD/UE51 Fondements [CR/EC511]
	// CR/EC511 Algorithmique [CLS/TD511]
	// CLS/TD511 Travaux dirigés []
}
