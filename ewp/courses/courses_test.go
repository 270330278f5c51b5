package courses_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/courses"
	"github.com/passerelle-sup/passerelle/ewp/internal/documenttest"
	"github.com/passerelle-sup/passerelle/ewp/term"
	"github.com/passerelle-sup/passerelle/internal/testutil"
)

const (
	schema             = "ewp-specs-api-courses/stable-v1/response.xsd"
	example            = "ewp-specs-api-courses/stable-v1/response-example.xml"
	replicationSchema  = "ewp-specs-api-course-replication/stable-v1/response.xsd"
	replicationExample = "ewp-specs-api-course-replication/stable-v1/response-example.xml"
)

// full has something in each element.
var full = courses.Specification{
	ID: "CR/inf-301", Code: "INF-301", Unit: "7f3c", Titles: ewp.Texts{{Lang: "en", Value: "Algorithms"}, {Lang: "fr", Value: "Algorithmique"}}, Type: "Course",
	SubjectArea: "11.3", ISCED: "0613", EQF: "6", Pages: ewp.Texts{{Lang: "fr", Value: "https://uni-b.example/inf-301"}},
	Descriptions: ewp.Texts{{Lang: "en", Value: "Sorting.\n\nGraphs & trees."}},
	Instances: []courses.Instance{
		{
			ID: "CRI/inf-301-2025", Start: "2025-09-01", End: "2026-01-31",
			Term:     &term.Term{YearID: "2025/2026", EWPID: "2025/2026-1/2", Names: ewp.Texts{{Lang: "en", Value: "Autumn"}}, Start: "2025-09-01", End: "2026-01-31"},
			Grading:  &courses.GradingScheme{Labels: ewp.Texts{{Value: "0-20"}}, Descriptions: ewp.Texts{{Lang: "en", Value: "Written exam, two hours"}}},
			Results:  &courses.Distribution{Categories: []courses.Category{{Label: "0-9", Count: "12"}, {Label: "10-20", Count: "80"}}, Descriptions: ewp.Texts{{Value: "x"}}},
			Credits:  []courses.Credit{{Scheme: "ects", Level: "Bachelor", Value: "7.5"}, {Scheme: "local", Value: "3"}},
			Language: "fr", Hours: "48",
		},
		{ID: "CRI/inf-301-2024", Start: "2024-09-02", End: "2025-01-31"},
	},
	Parts: []string{"CLS/inf-301-td"},
}

func TestExamples(t *testing.T) {
	t.Parallel()
	got := documenttest.RoundTrip(t, schema, documenttest.Example(t, example), courses.Decode, courses.Encode)
	if len(got) != 2 {
		t.Fatalf("%d specifications, want 2", len(got))
	}
	for _, s := range got {
		if err := s.Validate(); err != nil {
			t.Error(err)
		}
	}
	i := got[0].Instances[0]
	testutil.Equal(t, "course", []string{got[0].ID, got[0].ISCED, got[0].Parts[1], i.ID, i.ECTS(), i.Language, i.Term.EWPID, i.Results.Categories[0].Count, i.Grading.Labels[0].Value},
		[]string{"CR/f6d14b1f-f330-4956-8819-e24feb12d519", "0541", "CLS/06e518cc-a67c-4595-a7bb-367978d93e70", "CRI/13466290", "15", "en", "2016/2017-1/2", "159", "0-100"})
	if kind, ok := courses.KindOf(got[1].ID); kind != courses.Programme || !ok {
		t.Errorf("kind %q, %v", kind, ok)
	}
	empty := documenttest.Example(t, "own-samples/empty-courses-response-v1.xml")
	if got := documenttest.RoundTrip(t, schema, empty, courses.Decode, courses.Encode); len(got) != 0 {
		t.Errorf("%d specifications in an empty answer", len(got))
	}
}

func TestReplicationExamples(t *testing.T) {
	t.Parallel()
	got := documenttest.RoundTrip(t, replicationSchema, documenttest.Example(t, replicationExample), courses.DecodeReplication, courses.EncodeReplication)
	testutil.Equal(t, "identifiers", got, []string{"CR/f6d14b1f-f330-4956-8819-e24feb12d519", "CR/e5a443df-0398-48fa-9606-663e5ae981de"})
	empty := documenttest.Example(t, "own-samples/empty-course-replication-response-v1.xml")
	if got := documenttest.RoundTrip(t, replicationSchema, empty, courses.DecodeReplication, courses.EncodeReplication); len(got) != 0 {
		t.Errorf("%d identifiers in an empty answer", len(got))
	}
}

func TestFull(t *testing.T) {
	t.Parallel()
	if err := full.Validate(); err != nil {
		t.Fatal(err)
	}
	testutil.Equal(t, "courses", documenttest.RoundTrip(t, schema, encode(t, full), courses.Decode, courses.Encode), []courses.Specification{full})
}

func encode(tb testing.TB, list ...courses.Specification) []byte {
	tb.Helper()
	var b bytes.Buffer
	if err := courses.Encode(&b, list); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}

// TestLenient: identifiers and types of kinds to come are read, wrappers with nothing in
// them too.
func TestLenient(t *testing.T) {
	t.Parallel()
	doc := `<courses-response xmlns="https://github.com/erasmus-without-paper/ewp-specs-api-courses/tree/stable-v1"><learningOpportunitySpecification>
		<title/><los-id>MICRO/1</los-id><type>Microcredential</type><specifies/><contains/></learningOpportunitySpecification></courses-response>`
	got, err := courses.Decode(strings.NewReader(doc))
	if err != nil {
		t.Fatal(err)
	}
	testutil.Equal(t, "courses", got, []courses.Specification{{ID: "MICRO/1", Type: "Microcredential", Titles: ewp.Texts{{}}}})
	if kind, ok := courses.KindOf("MICRO/1"); ok {
		t.Errorf("a kind %q", kind)
	}
}

func TestValidate(t *testing.T) {
	t.Parallel()
	first := func(change func(*courses.Instance)) func(*courses.Specification) {
		return func(s *courses.Specification) {
			i := s.Instances[0]
			change(&i)
			s.Instances = []courses.Instance{i}
		}
	}
	const at = "specifies.learningOpportunityInstance[0]."
	for i, c := range map[int]struct {
		change func(*courses.Specification)
		want   string
	}{
		0:  {func(s *courses.Specification) { s.ID = "inf-301" }, "los-id pattern"},
		1:  {func(s *courses.Specification) { s.ID = "CRI/inf-301" }, "los-id pattern"},
		2:  {func(s *courses.Specification) { s.ID = "CR/" + strings.Repeat("x", 41) }, "los-id pattern"},
		3:  {func(s *courses.Specification) { s.Unit = "é" }, "ounit-id pattern"},
		4:  {func(s *courses.Specification) { s.Titles = nil }, "title required"},
		5:  {func(s *courses.Specification) { s.Titles = ewp.Texts{{Lang: "?"}} }, "title[0]@xml:lang language"},
		6:  {func(s *courses.Specification) { s.Type = "Module" }, "type conflict"},
		7:  {func(s *courses.Specification) { s.EQF = "9" }, "eqfLevelProvided range"},
		8:  {func(s *courses.Specification) { s.Pages = ewp.Texts{{Value: "x"}} }, "url[0] url"},
		9:  {func(s *courses.Specification) { s.Descriptions = ewp.Texts{{Lang: "fr"}} }, "description[0] required"},
		10: {func(s *courses.Specification) { s.Parts = []string{"CLS/1", "CLSI/1"} }, "contains.los-id[1] pattern"},
		11: {first(func(i *courses.Instance) { i.ID = "CR/1" }), at + "loi-id pattern"},
		12: {first(func(i *courses.Instance) { i.Start = "2025" }), at + "start date"},
		13: {first(func(i *courses.Instance) { i.End = "2025-08-31" }), at + "end range"},
		14: {first(func(i *courses.Instance) {
			i.Term = &term.Term{YearID: "2025/2026", Start: "2025-09-01", End: "2026-01-31"}
		}), at + "academic-term.display-name required"},
		15: {first(func(i *courses.Instance) { i.Grading = &courses.GradingScheme{} }), at + "gradingScheme.label required"},
		16: {first(func(i *courses.Instance) { i.Results = &courses.Distribution{} }), at + "resultDistribution.category required"},
		17: {first(func(i *courses.Instance) {
			i.Results = &courses.Distribution{Categories: []courses.Category{{Count: "-1"}}}
		}), at + "resultDistribution.category[0]@count integer"},
		18: {first(func(i *courses.Instance) { i.Credits = []courses.Credit{{Value: "1"}} }), at + "credit[0].scheme required"},
		19: {first(func(i *courses.Instance) {
			i.Credits = []courses.Credit{{Scheme: "ects", Level: "Licence", Value: "1"}}
		}), at + "credit[0].level code"},
		20: {first(func(i *courses.Instance) { i.Credits = []courses.Credit{{Scheme: "ects", Value: "7,5"}} }), at + "credit[0].value decimal"},
		21: {first(func(i *courses.Instance) { i.Language = "français" }), at + "languageOfInstruction language"},
		22: {first(func(i *courses.Instance) { i.Hours = "48h" }), at + "engagementHours decimal"},
	} {
		bad := full
		c.change(&bad)
		testutil.Equal(t, fmt.Sprintf("%d: faults", i), documenttest.Faults(t, bad.Validate()), []string{c.want})
	}
}

func TestKind(t *testing.T) {
	t.Parallel()
	for kind, want := range map[courses.Kind][3]string{
		courses.Class: {"CLS/a", "CLSI/a", "Class"}, courses.Course: {"CR/a", "CRI/a", "Course"},
		courses.Module: {"MOD/a", "MODI/a", "Module"}, courses.Programme: {"DEP/a", "DEPI/a", "Degree Programme"},
	} {
		id, err1 := kind.ID("a")
		instance, err2 := kind.InstanceID("a")
		if err := errors.Join(err1, err2); err != nil {
			t.Error(err)
		}
		testutil.Equal(t, "identifiers", [3]string{id, instance, kind.Type()}, want)
		for _, s := range want[:2] {
			if got, ok := courses.KindOf(s); got != kind || !ok {
				t.Errorf("%s is of kind %q", s, got)
			}
		}
	}
	for i, c := range map[int]struct {
		kind courses.Kind
		key  string
		rule string
		pos  int
	}{
		0: {"CR", "", "prefix", 1}, 1: {"MICRO", "a", "prefix", 1}, 2: {"CR", "a b", "character", 5}, 3: {"CR", "é", "character", 4},
		4: {"CLS", strings.Repeat("x", 41), "length", 45}, 5: {"", "a", "prefix", 1},
	} {
		id, err := c.kind.ID(c.key)
		if e, ok := errors.AsType[*passerelle.ParseError](err); !ok || e.Rule != c.rule || e.Pos != c.pos || id != "" {
			t.Errorf("%d: %q, %v, want %s at %d", i, id, err, c.rule, c.pos)
		}
	}
	if _, err := courses.Course.ID(strings.Repeat("x", 40)); err != nil {
		t.Error(err)
	}
}

func TestOn(t *testing.T) {
	t.Parallel()
	s := courses.Specification{Instances: []courses.Instance{
		{ID: "no dates"}, {ID: "2024", Start: "2024-09-01", End: "2025-01-31"}, {ID: "2026", Start: "2026-09-01", End: "2027-01-31"},
		{ID: "2023", Start: "2023-09-01", End: "2024-01-31"}, {ID: "2025", Start: "2025-09-01", End: "2026-01-31"},
	}}
	for day, want := range map[string]string{
		"2025-10-01": "2025", "2025-09-01": "2025", "2026-01-31": "2025", "2026-02-01": "2026", "2028-01-01": "2026", "2020-01-01": "2023", "2024-12-01": "2024",
	} {
		if i, ok := s.On(passerelle.MustParseDate(day)); i.ID != want || !ok {
			t.Errorf("on %s: %q, %v, want %s", day, i.ID, ok, want)
		}
	}
	if _, ok := (courses.Specification{Instances: s.Instances[:1]}).On(passerelle.MustParseDate("2025-01-01")); ok {
		t.Error("an instance without dates was found")
	}
}

func TestFilter(t *testing.T) {
	t.Parallel()
	day := passerelle.MustParseDate
	i := courses.Instance{Start: "2025-09-01", End: "2026-01-31"}
	for n, c := range map[int]struct {
		filter courses.Filter
		want   bool
	}{
		0: {courses.Filter{}, true}, 1: {courses.Filter{Before: day("2026-01-31")}, false}, 2: {courses.Filter{Before: day("2026-02-01")}, true},
		3: {courses.Filter{After: day("2025-09-01")}, false}, 4: {courses.Filter{After: day("2025-08-31")}, true},
		5: {courses.Filter{After: day("2025-08-31"), Before: day("2026-01-01")}, false}, 6: {courses.Filter{At: day("1999-01-01")}, true},
	} {
		if got := c.filter.Keeps(i); got != c.want {
			t.Errorf("%d: %v", n, got)
		}
	}
	if !(courses.Filter{Before: day("2020-01-01")}).Keeps(courses.Instance{Start: "soon"}) {
		t.Error("an instance whose dates cannot be read was lost")
	}
	s := courses.Filter{After: day("2025-01-01")}.Of(full)
	if len(s.Instances) != 1 || len(full.Instances) != 2 || full.Instances[1].ID == "" {
		t.Errorf("%d instances left of %d", len(s.Instances), len(full.Instances))
	}
}

func FuzzDecode(f *testing.F) {
	documenttest.Fuzz(f, [][]byte{encode(f, full, courses.Specification{}), []byte("<a>")}, courses.Decode, courses.Encode)
}

func FuzzDecodeReplication(f *testing.F) {
	var b bytes.Buffer
	if err := courses.EncodeReplication(&b, []string{"CR/1", ""}); err != nil {
		f.Fatal(err)
	}
	documenttest.Fuzz(f, [][]byte{b.Bytes()}, courses.DecodeReplication, courses.EncodeReplication)
}

func FuzzKind(f *testing.F) {
	for _, s := range []string{"CR/1", "DEPI/é", "/", "CR"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, id string) {
		kind, ok := courses.KindOf(id)
		if _, key, _ := strings.Cut(id, "/"); ok {
			if again, err := kind.ID(key); err == nil && again != id && again != strings.Replace(id, "I/", "/", 1) {
				t.Errorf("%q comes back as %q", id, again)
			}
		}
		s := courses.Specification{ID: id}
		_ = s.Syllabus(passerelle.MustParseDate("2025-01-01"))
	})
}

// BenchmarkDecode reads 500 courses; the floor is bare decoding into the same types.
func BenchmarkDecode(b *testing.B) {
	list := make([]courses.Specification, 500)
	for i := range list {
		list[i] = full
	}
	documenttest.Bench(b, encode(b, list...), courses.Decode, new(struct {
		Courses []courses.Specification `xml:"learningOpportunitySpecification"`
	}))
}
