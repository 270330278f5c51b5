package diploma_test

import (
	"bytes"
	"encoding/xml"
	"io"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/diploma"
	"github.com/passerelle-sup/passerelle/egracons"
	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/elmo"
	"github.com/passerelle-sup/passerelle/internal/testutil"
	"github.com/passerelle-sup/passerelle/sis"
)

// testTable is a small distribution of marks.
const testTable = `table_id,rank,grade,value,passing,count,percent_published,cumulative_published
exemple,1,16,16,true,20,10,10
exemple,2,14,14,true,60,30,40
exemple,3,12,12,true,80,40,80
exemple,4,10,10,true,40,20,100
`

var results = []sis.Result{
	{Year: 2025, Course: sis.Course{Code: "M1", Title: "Première année de master", Kind: "year", ECTS: "60"}, Credits: "60", Passed: sis.PassedYes},
	{Year: 2025, Course: sis.Course{Code: "S1", Title: "Semestre 1", Parent: "M1"}, Credits: "30", Passed: sis.PassedYes, Mark: "12,5", Scale: "20"},
	{Year: 2025, Course: sis.Course{Code: "ALG2", Title: "Algèbre 2", Parent: "S1"}, Credits: "7.5", Passed: sis.PassedYes, Mark: "14", Scale: "20"},
	{Year: 2025, Course: sis.Course{Code: "HIS1", Title: "Histoire <moderne>", Parent: "S1"}, Passed: sis.PassedNo, Mark: "ABJ"},
	{Year: 2025, Course: sis.Course{Code: "STA", Title: "Stage", Parent: "M1"}, Credits: "3"},
}

func table(t *testing.T) *egracons.Table {
	t.Helper()
	for tab, err := range egracons.ReadTables(strings.NewReader(testTable), egracons.PublishedLayout()) {
		if err != nil {
			t.Fatal(err)
		}
		return tab
	}
	t.Fatal("no table")
	return nil
}

func full(t *testing.T) diploma.Supplement {
	t.Helper()
	return diploma.Supplement{
		Wording: diploma.English(),
		Holder: passerelle.Person{BirthName: "LEFÈVRE", UsageName: "LEFÈVRE-DIOP", GivenNames: [3]string{"Zoé", "Anne"}, Sex: passerelle.SexFemale,
			BirthDate: passerelle.NewDate(2003, 2, 28), Birthplace: passerelle.Birthplace{Commune: "67482"}},
		StudentCode: "20260001",
		Degree: diploma.Degree{
			Name: "Master Mathématiques et applications", Title: "Master", Fields: "Mathematics (ISCED-F 0541)", Institution: "Université Exemple, public university",
			Languages: "French", Level: "EQF level 7, second cycle", Duration: "2 years, 120 ECTS credits", Access: "Licence (EQF level 6)", Mode: "Full time",
			Outcomes: "Block 1: model a problem\nBlock 2: present results", Grading: "Marks from 0 to 20; 10 is the passing mark.",
			FurtherStudy: "Access to doctoral studies", Sources: "www.univ-exemple.example", System: "French higher education has three cycles.",
		},
		Results: diploma.ResultLines(results, func(code string) string {
			if code == "ALG2" {
				return "Groups, rings, fields"
			}
			return ""
		}),
		Table: table(t), Classification: "Mention assez bien", Additional: "One semester in Berlin", IssuedOn: passerelle.NewDate(2026, 11, 3),
		Signatory: diploma.Signatory{Name: "The President", Capacity: "President of the university"},
		Explained: map[string]string{"5.2": "The programme gives no access to a regulated profession."},
	}
}

// TestModel: both wordings have a title for each number, and nothing else.
func TestModel(t *testing.T) {
	t.Parallel()
	for _, w := range []diploma.Wording{diploma.English(), diploma.French()} {
		for _, n := range diploma.Numbers() {
			if w.Titles[n] == "" {
				t.Errorf("%s: no title for %s", w.Lang, n)
			}
		}
		if len(w.Titles) != len(diploma.Numbers()) {
			t.Errorf("%s: %d titles of %d sections", w.Lang, len(w.Titles), len(diploma.Numbers()))
		}
	}
	if len(diploma.Numbers()) != 33 {
		t.Errorf("%d sections; the model has 8 with 25 in them", len(diploma.Numbers()))
	}
	sections := diploma.Supplement{}.Sections()
	var counts []int
	for _, s := range sections {
		counts = append(counts, len(s.Sections))
	}
	testutil.Equal(t, "sections in the eight", counts, []int{4, 5, 3, 5, 2, 2, 4, 0})
}

// TestSections compares the whole supplement with its golden text.
func TestSections(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	var walk func(sections []diploma.Section)
	walk = func(sections []diploma.Section) {
		for _, s := range sections {
			b.WriteString(s.Number + " " + s.Title + " | " + strings.ReplaceAll(s.Content, "\n", " / ") + " | " + s.Reason + "\n")
			for _, l := range s.Results {
				passed := "?"
				if l.Passed != nil {
					passed = map[bool]string{true: "passed", false: "failed"}[*l.Passed]
				}
				b.WriteString("    " + strings.Repeat("  ", l.Depth) + strings.Join([]string{l.Code, l.Title, l.Year, l.Credits, l.Mark, passed, l.Description}, " | ") + "\n")
			}
			for _, r := range s.Table {
				b.WriteString("    " + r.Grade.Label + " " + r.Share.Percent(1) + "\n")
			}
			walk(s.Sections)
		}
	}
	walk(full(t).Sections())
	testutil.Golden(t, "sections.txt", []byte(b.String()))
}

// TestMissing: each section that is emptied is listed, unless it is explained, and
// no other.
func TestMissing(t *testing.T) {
	t.Parallel()
	s := full(t)
	if m := s.Missing(); len(m) != 0 {
		t.Fatalf("a full supplement lacks %+v", m)
	}
	var all []string
	for _, m := range (diploma.Supplement{Wording: diploma.English()}).Missing() {
		all = append(all, m.Number)
		if m.Title == "" || m.Want == "" {
			t.Errorf("%+v does not say what is wanted", m)
		}
	}
	want := slices.DeleteFunc(diploma.Numbers(), func(n string) bool { return !strings.Contains(n, ".") && n != "8" || n == "2.4" || n == "7.4" })
	testutil.Equal(t, "an empty supplement lacks", all, want)
	for number, empty := range map[string]func(*diploma.Supplement){
		"1.1": func(s *diploma.Supplement) { s.Holder.BirthName, s.Holder.UsageName = "", "" },
		"1.2": func(s *diploma.Supplement) { s.Holder.GivenNames = [3]string{} },
		"1.3": func(s *diploma.Supplement) { s.Holder.BirthDate = passerelle.Date{} },
		"1.4": func(s *diploma.Supplement) { s.StudentCode = "" },
		"2.1": func(s *diploma.Supplement) { s.Degree.Name, s.Degree.Title = "", "" },
		"2.2": func(s *diploma.Supplement) { s.Degree.Fields = "" },
		"2.3": func(s *diploma.Supplement) { s.Degree.Institution = "" },
		"2.5": func(s *diploma.Supplement) { s.Degree.Languages = "" },
		"3.1": func(s *diploma.Supplement) { s.Degree.Level = "" },
		"3.2": func(s *diploma.Supplement) { s.Degree.Duration = "" },
		"3.3": func(s *diploma.Supplement) { s.Degree.Access = "" },
		"4.1": func(s *diploma.Supplement) { s.Degree.Mode = "" },
		"4.2": func(s *diploma.Supplement) { s.Degree.Outcomes = "" },
		"4.3": func(s *diploma.Supplement) { s.Results = nil },
		"4.4": func(s *diploma.Supplement) { s.Degree.Grading, s.Table = "", nil },
		"4.5": func(s *diploma.Supplement) { s.Classification = "" },
		"5.1": func(s *diploma.Supplement) { s.Degree.FurtherStudy = "" },
		"5.2": func(s *diploma.Supplement) { s.Explained = nil },
		"6.1": func(s *diploma.Supplement) { s.Additional = "" },
		"6.2": func(s *diploma.Supplement) { s.Degree.Sources = "" },
		"7.1": func(s *diploma.Supplement) { s.IssuedOn = passerelle.Date{} },
		"7.2": func(s *diploma.Supplement) { s.Signatory.Name = "" },
		"7.3": func(s *diploma.Supplement) { s.Signatory.Capacity = "" },
		"8":   func(s *diploma.Supplement) { s.Degree.System = "" },
	} {
		s := full(t)
		empty(&s)
		if m := s.Missing(); len(m) != 1 || m[0].Number != number {
			t.Errorf("without %s: %+v", number, m)
		}
		s.Explained = map[string]string{number: "because", "5.2": "because"}
		if m := s.Missing(); len(m) != 0 {
			t.Errorf("%s is explained, and still missing: %+v", number, m)
		}
	}
	s.Results = append(s.Results, diploma.Line{Title: "Nothing known"})
	if m := s.Missing(); len(m) != 1 || m[0].Number != "4.3" || !strings.Contains(m[0].Want, "Nothing known") {
		t.Errorf("a result without credits and mark: %+v", m)
	}
}

// TestPage: the page is well-formed, escapes what it is given, asks for nothing
// remote, and marks what is missing.
func TestPage(t *testing.T) {
	t.Parallel()
	for _, w := range []diploma.Wording{diploma.English(), diploma.French()} {
		s := full(t)
		s.Wording = w
		var b bytes.Buffer
		if err := s.WritePage(&b); err != nil {
			t.Fatal(err)
		}
		testutil.Golden(t, "page-"+w.Lang+".html", b.Bytes())
		text := b.String()
		for _, bad := range []string{"<moderne>", "http://", "https://", "<script", "class=\"missing\""} {
			if strings.Contains(text, bad) {
				t.Errorf("%s: the page has %q in it", w.Lang, bad)
			}
		}
		dec := xml.NewDecoder(strings.NewReader(text))
		dec.Strict, dec.AutoClose, dec.Entity = false, xml.HTMLAutoClose, xml.HTMLEntity
		for {
			if _, err := dec.Token(); err == io.EOF {
				break
			} else if err != nil {
				t.Fatalf("%s: %v", w.Lang, err)
			}
		}
	}
	var b bytes.Buffer
	if err := (diploma.Supplement{}).WritePage(&b); err != nil {
		t.Fatal(err)
	}
	// 24 sections of a model are missing, two of which (7.2 and 7.4) leave room instead.
	if n := strings.Count(b.String(), "missing\">"); n != 24 {
		t.Errorf("an empty supplement marks %d sections as missing; want 24", n)
	}
}

// TestELMO: the supplement stands in a document of both versions that is valid, and
// is read again as it was.
func TestELMO(t *testing.T) {
	t.Parallel()
	s := full(t)
	want := s.ELMO()
	d := &elmo.Document{
		GeneratedDate: "2026-11-03T10:00:00Z", Learner: elmo.Learner{GivenNames: "Zoé", FamilyName: "LEFÈVRE", AlternativeName: &ewp.Text{}},
		Reports: []elmo.Report{{
			Issuer:    elmo.Issuer{Identifiers: []elmo.Identifier{{Type: "schac", Value: "univ-exemple.fr"}}, Titles: ewp.Texts{{Value: "Université Exemple"}}},
			IssueDate: "2026-11-03T10:00:00Z",
			Specifications: []elmo.Specification{{
				Identifiers: []elmo.Identifier{{Type: "local", Value: "M-MATH"}}, Titles: ewp.Texts{{Value: s.Degree.Name}}, Type: elmo.DegreeProgramme,
				Specifies: elmo.Specifies{Instance: elmo.Instance{Supplement: want}},
			}},
		}},
	}
	for _, v := range []elmo.Version{elmo.V1, elmo.V2} {
		if err := d.Validate(v); err != nil {
			t.Errorf("%s: %v", v, err)
		}
		data, err := d.Encode(v)
		if err != nil {
			t.Fatal(err)
		}
		read, err := elmo.Decode(bytes.NewReader(data), elmo.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		testutil.Equal(t, v.String(), read.Reports[0].Specifications[0].Specifies.Instance.Supplement, want)
	}
	if got := want.Sections[3].Sections[2].Content; got.Type != "text/html" || !strings.Contains(got.Text, "<td>Histoire &lt;moderne&gt;</td>") {
		t.Errorf("section 4.3 is %+v", got)
	}
	if got := want.Sections[4].Sections[1].Content; got == nil || got.Text != s.Explained["5.2"] {
		t.Errorf("section 5.2 is %+v; want the reason", got)
	}
}

// TestLines: nothing that is said of a result is lost on the page or in the document,
// and a mark is out of something only where that means anything.
func TestLines(t *testing.T) {
	t.Parallel()
	lines := diploma.ResultLines([]sis.Result{
		0: {Course: sis.Course{Title: "a"}, Mark: "12,5", Scale: "20"}, 1: {Course: sis.Course{Title: "b"}, Mark: "ABJ", Scale: "20"},
		2: {Course: sis.Course{Title: "c"}, Mark: "14", Scale: "master"}, 3: {Course: sis.Course{Title: "d"}, Scale: "20"}, 4: {Course: sis.Course{Title: "e"}, Mark: ",", Scale: "20"},
	}, nil)
	var marks []string
	for _, l := range lines {
		marks = append(marks, l.Mark)
	}
	testutil.Equal(t, "marks", marks, []string{"12,5/20", "ABJ", "14", "", ","})
	s := diploma.Supplement{Wording: diploma.English(), Results: []diploma.Line{
		{Title: "Analysis", Where: "Uni Beispiel", Description: "Limits & series", Credits: "6"}, {Title: "Geometry", Code: "GEO", Where: "Uni Zwei"},
	}}
	var b bytes.Buffer
	if err := s.WritePage(&b); err != nil {
		t.Fatal(err)
	}
	document := s.ELMO().Sections[3].Sections[2].Content.Text
	for _, want := range []string{"Analysis", "Uni Beispiel", "Limits &amp; series", "GEO", "Uni Zwei"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("the page lacks %q", want)
		}
		if !strings.Contains(document, want) {
			t.Errorf("the document lacks %q: %s", want, document)
		}
	}
}

// TestLog: a supplement that is logged shows nothing of its holder.
func TestLog(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	slog.New(slog.NewTextHandler(&b, nil)).Info("made", "supplement", full(t))
	for _, personal := range []string{"LEF", "Zo", "2003", "20260001"} {
		if strings.Contains(b.String(), personal) {
			t.Errorf("the log has %q in it: %s", personal, b.String())
		}
	}
}

func BenchmarkPage(b *testing.B) {
	s := diploma.Supplement{Wording: diploma.English(), Results: diploma.ResultLines(results, nil)}
	b.ReportAllocs()
	for b.Loop() {
		if err := s.WritePage(io.Discard); err != nil {
			b.Fatal(err)
		}
	}
}
