package tors_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/egracons"
	"github.com/passerelle-sup/passerelle/ewp/elmo"
	"github.com/passerelle-sup/passerelle/ewp/ewptest"
	"github.com/passerelle-sup/passerelle/ewp/tors"
	"github.com/passerelle-sup/passerelle/internal/testutil"
)

// rows shows a table: grades and their exact shares in percent.
func rows(t *egracons.Table) string {
	var parts []string
	for _, r := range t.Rows() {
		share := r.Share.Rat()
		parts = append(parts, r.Grade.Label+"="+share.RatString())
	}
	return strings.Join(parts, " ")
}

// TestTables reads grade tables as issuers write them.
func TestTables(t *testing.T) {
	t.Parallel()
	scale := letters(t)
	for i, c := range []struct {
		isced  string
		grades string // label, percentage …
		want   string // exact shares of the grades that pass
		fault  string
	}{
		// The published example: the failing grade is part of the hundred.
		0: {"0612", "F 0.8 E 24.7 D 26.3 C 36.3 B 9.9 A 2.0", "A=5/248 B=99/992 C=363/992 D=263/992 E=247/992", ""},
		// The failing grade stands beside the hundred percent of those that pass.
		1: {"0612", "A 10 B 20 C 30 D 25 E 15 F 12.5", "A=1/10 B=1/5 C=3/10 D=1/4 E=3/20", ""},
		2: {"0612", "A 10 B 20 C 30 D 25 E 15", "A=1/10 B=1/5 C=3/10 D=1/4 E=3/20", ""},
		3: {"06", " E\n 100.0000 ", "A=0 B=0 C=0 D=0 E=1", ""},
		// Thirds, printed with one decimal.
		4:  {"0612", "A 33.3 B 33.3 C 33.3", "A=1/3 B=1/3 C=1/3 D=0 E=0", ""},
		5:  {"0612", "A 10 B 20", "", "add up"},
		6:  {"0612", "A 60 X 40", "", "no such grade"},
		7:  {"0612", "A 60,0 B 40", "", "point"},
		8:  {"0612", "A 60 A 40", "", "A"},
		9:  {"computing", "A 60 B 40", "", "ISCED-F"},
		10: {"0612", "A 120 B -20", "", "negative"},
	} {
		x := tors.ISCEDTable{ISCED: c.isced}
		fields := strings.Fields(c.grades)
		for n := 0; n < len(fields); n += 2 {
			x.Grades = append(x.Grades, tors.GradeFrequency{Label: fields[n], Percentage: fields[n+1]})
		}
		if i == 3 {
			x.Grades = []tors.GradeFrequency{{Label: " E\n", Percentage: " 100.0000 "}}
		}
		tr := transcript(t)
		tr.Conversion.Tables = []tors.ISCEDTable{x}
		tables, err := tr.Tables(scale, egracons.Bachelor)
		if c.fault != "" {
			if e, ok := errors.AsType[*egracons.Error](err); !ok || len(tables) != 0 || !strings.Contains(e.Error(), c.fault) {
				t.Errorf("%d: %v, %v; want a fault that says %q", i, tables, err, c.fault)
			}
			continue
		}
		if err != nil || len(tables) != 1 {
			t.Errorf("%d: %d tables, %v", i, len(tables), err)
			continue
		}
		testutil.Equal(t, fmt.Sprintf("%d: shares", i), rows(tables[0]), c.want)
		id := tables[0].Identity()
		if id.HEI != "uni-a.example" || id.ISCED != c.isced || id.Cycle != egracons.Bachelor || id.Published {
			t.Errorf("%d: named %+v", i, id)
		}
	}
	// One table that breaks a rule does not take the others away.
	tr := transcript(t)
	tr.Conversion.Tables = append([]tors.ISCEDTable{{ISCED: "0222"}}, tr.Conversion.Tables...)
	tables, err := tr.Tables(scale, "")
	if err == nil || len(tables) != 1 {
		t.Errorf("%d tables, %v; want the good one and a fault", len(tables), err)
	}
	if none, err := (&tors.ToR{}).Tables(scale, ""); none != nil || err != nil {
		t.Errorf("no tables: %v, %v", none, err)
	}
}

// TestTableOutAndIn writes tables of counts: what comes back has the same order, and
// shares that differ by no more than the rounding.
func TestTableOutAndIn(t *testing.T) {
	t.Parallel()
	spec := egracons.TableSpec{Identity: egracons.Identity{ISCED: "0612"}, Scale: letters(t), Basis: egracons.Counts, Weights: weights(counts...)}
	x, err := tors.NewISCEDTable(spec)
	if err != nil {
		t.Fatal(err)
	}
	testutil.Equal(t, "table", x, tors.ISCEDTable{ISCED: "0612", Grades: []tors.GradeFrequency{
		{Label: "A", Percentage: "1.8817"}, {Label: "B", Percentage: "9.9462"}, {Label: "C", Percentage: "36.2903"},
		{Label: "D", Percentage: "26.3441"}, {Label: "E", Percentage: "24.7312"}, {Label: "F", Percentage: "0.8065"},
	}})
	back, err := x.Table(spec.Scale, spec.Identity)
	if err != nil {
		t.Fatal(err)
	}
	exact, err := egracons.NewTable(spec)
	if err != nil {
		t.Fatal(err)
	}
	for i, r := range back.Rows() {
		want := exact.Rows()[i]
		if got := r.Share.Percent(2); got != want.Share.Percent(2) {
			t.Errorf("%s: %s %%; want %s %%", r.Grade.Label, got, want.Share.Percent(2))
		}
	}
	// Percentages stay as they were printed.
	spec.Basis, spec.Weights = egracons.Percentages, []egracons.Weight{{Grade: "A", Number: egracons.MustParseNumber("33.30")}, {Grade: "B", Number: egracons.MustParseNumber("66.70")}}
	if x, err = tors.NewISCEDTable(spec); err != nil || x.Grades[0].Percentage != "33.30" {
		t.Errorf("%+v, %v; want 33.30 as it was", x, err)
	}
	for i, bad := range []egracons.TableSpec{
		0: {Scale: spec.Scale, Basis: egracons.Cumulatives, Weights: spec.Weights},
		1: {Scale: spec.Scale, Basis: egracons.Counts},
		2: {Basis: egracons.Counts, Weights: spec.Weights},
		3: {Scale: spec.Scale, Basis: egracons.Percentages, Weights: weights(1, 2)},
	} {
		if _, err := tors.NewISCEDTable(bad); !errors.Is(err, egracons.ErrBadTable) {
			t.Errorf("%d: %v; want ErrBadTable", i, err)
		}
	}
}

// TestManyTables writes and reads the tables of made-up transcripts.
func TestManyTables(t *testing.T) {
	t.Parallel()
	for seed := range uint64(200) {
		tr := ewptest.NewTranscript(ewptest.TranscriptConfig{Seed: seed})
		tables, err := tr.Tables(ewptest.LetterScale(), "")
		if err != nil || len(tables) != 2 {
			t.Fatalf("seed %d: %d tables, %v", seed, len(tables), err)
		}
	}
}

// TestCourseTable makes histograms of courses.
func TestCourseTable(t *testing.T) {
	t.Parallel()
	scale := letters(t)
	tr := transcript(t)
	s := tr.ELMO.Reports[0].Specifications[2]
	table, err := tors.CourseTable(s, scale, egracons.Identity{HEI: "uni-a.example"})
	if err != nil {
		t.Fatal(err)
	}
	size, known := table.Size()
	if id := table.Identity(); !id.CourseHistogram || id.ISCED != "0222" || size != 7+37+135+98+92 || !known {
		t.Errorf("%+v of %d, %v; want a histogram of the 369 that passed", id, size, known)
	}
	for i, spoil := range []func(*elmo.Distribution){
		0: func(d *elmo.Distribution) { d.Categories[0].Count = "-1" },
		1: func(d *elmo.Distribution) { d.Categories[0].Count = "some" },
		2: func(d *elmo.Distribution) { d.Categories[0].Label = "A+" },
		3: func(d *elmo.Distribution) { d.Categories[0].Count = "1.5" },
	} {
		broken := transcript(t).ELMO.Reports[0].Specifications[2]
		spoil(broken.Specifies.Instance.Distribution)
		if _, err := tors.CourseTable(broken, scale, egracons.Identity{}); !errors.Is(err, egracons.ErrBadTable) {
			t.Errorf("%d: %v; want ErrBadTable", i, err)
		}
	}
	s.Specifies.Instance.Distribution = nil
	if _, err := tors.CourseTable(s, scale, egracons.Identity{}); !errors.Is(err, passerelle.ErrNotFound) {
		t.Errorf("no distribution: %v; want ErrNotFound", err)
	}
}

// TestCourses takes each credit once, and keeps what was failed.
func TestCourses(t *testing.T) {
	t.Parallel()
	tr := transcript(t)
	show := func() (lines []string) {
		for _, c := range tr.Courses(egracons.Master) {
			lines = append(lines, fmt.Sprintf("%s %s %s %s %s", c.Code, c.Grade, c.Credits, c.ISCED, c.Cycle))
		}
		return lines
	}
	testutil.Equal(t, "courses", show(), []string{"ALG B 7.5 0612 master", "NET D 4.5 0612 master", "STA F 6 0612 master", "HIS A 5 0222 master"})
	if passed := tr.ELMO.Reports[0].CreditsPassed("ects"); passed.RatString() != "17" {
		t.Errorf("%s credits passed; want 17: the module once, nothing failed", passed)
	}
	// A module whose parts have no credits of their own is one line.
	for i := range tr.ELMO.Reports[0].Specifications[0].Parts {
		tr.ELMO.Reports[0].Specifications[0].Parts[i].Specification.Specifies.Instance.Credits = nil
	}
	testutil.Equal(t, "courses", show(), []string{"M1 C 12 0612 master", "STA F 6 0612 master", "HIS A 5 0222 master"})
	// Without credits anywhere in the branch, its smallest parts are the lines.
	tr.ELMO.Reports[0].Specifications[0].Specifies.Instance.Credits = nil
	testutil.Equal(t, "courses", show(), []string{"ALG B  0612 master", "NET D  0612 master", "STA F 6 0612 master", "HIS A 5 0222 master"})
}

// TestForeignHTML converts a transcript full of markup and prints it: none of it is
// markup any more.
func TestForeignHTML(t *testing.T) {
	t.Parallel()
	const attack = `<script>alert(1)</script>`
	tr := transcript(t)
	for i := range tr.ELMO.Reports[0].Specifications {
		s := &tr.ELMO.Reports[0].Specifications[i]
		s.Titles[0].Value, s.Identifiers[1].Value, s.Specifies.Instance.ResultLabel = attack, attack, attack
		s.DescriptionHTML = s.Titles
	}
	tables, err := tr.Tables(letters(t), "")
	if err != nil {
		t.Fatal(err)
	}
	report, err := egracons.ConvertTranscript(egracons.Transcript{ID: attack, Courses: tr.Courses("")}, egracons.TranscriptRules{
		Rules: egracons.Rules{Policy: egracons.Midpoint, Tie: egracons.Better}, Host: tables[0], Home: tables[0],
	})
	if err != nil {
		t.Fatal(err)
	}
	var page strings.Builder
	if err := report.WritePage(&page, egracons.PageOptions{}); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(page.String(), "<script") || !strings.Contains(page.String(), "&lt;script") {
		t.Errorf("the page has the script as markup, or not at all:\n%s", &page)
	}
}

// TestDistribution writes counts in the order of the scale.
func TestDistribution(t *testing.T) {
	t.Parallel()
	scale := letters(t)
	d, err := tors.Distribution(egracons.TableSpec{Scale: scale, Basis: egracons.Counts, Weights: []egracons.Weight{
		{Grade: "F", Number: egracons.Int(2)}, {Grade: "A", Number: egracons.Int(0)}, {Grade: "C", Number: egracons.Int(7)},
	}})
	if err != nil {
		t.Fatal(err)
	}
	testutil.Equal(t, "categories", d.Categories, []elmo.Category{{Label: "A", Count: "0"}, {Label: "C", Count: "7"}, {Label: "F", Count: "2"}})
	for i, bad := range []egracons.TableSpec{
		0: {Scale: scale, Basis: egracons.Percentages},
		1: {Basis: egracons.Counts},
		2: {Scale: scale, Basis: egracons.Counts, Weights: []egracons.Weight{{Grade: "X", Number: egracons.Int(1)}}},
		3: {Scale: scale, Basis: egracons.Counts, Weights: []egracons.Weight{{Grade: "A", Number: egracons.Fraction(1, 2)}}},
		4: {Scale: scale, Basis: egracons.Counts, Weights: []egracons.Weight{{Grade: "A", Number: egracons.Int(-1)}}},
		5: {Scale: scale, Basis: egracons.Counts, Weights: []egracons.Weight{{Grade: "A"}}},
	} {
		if _, err := tors.Distribution(bad); err == nil {
			t.Errorf("%d: taken", i)
		}
	}
}
