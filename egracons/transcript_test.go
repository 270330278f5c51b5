package egracons_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/egracons"
	"github.com/passerelle-sup/passerelle/internal/testutil"
)

const student = "urn:schac:personalUniqueCode:int:esi:fr:123456789AB"

// hostGroups counts the host of the sample on letters, by field.
func hostGroups(tb testing.TB) *egracons.Groups {
	tb.Helper()
	scale := must(egracons.NewScale("letters", egracons.Grade{Label: "A", Passing: true}, egracons.Grade{Label: "B", Passing: true}, egracons.Grade{Label: "C", Passing: true},
		egracons.Grade{Label: "Passed", Passing: true, Ungraded: true}, egracons.Grade{Label: "F"}))(tb)
	table := func(isced string, counts ...int64) *egracons.Table {
		spec := egracons.TableSpec{Identity: egracons.Identity{Institution: "University of Example", HEI: "example.eu", Cycle: egracons.Bachelor, ISCED: isced, Period: period("2021-09-01", "2024-08-31")},
			Scale: scale, Basis: egracons.Counts}
		for i, grade := range []string{"A", "B", "C"} {
			spec.Weights = append(spec.Weights, egracons.Weight{Grade: grade, Number: egracons.Int(counts[i])})
		}
		return must(egracons.NewTable(spec))(tb)
	}
	return must(egracons.NewGroups(table("0613", 60, 200, 140), table("0231", 4, 10, 6), table("0541", 10, 60, 30)))(tb)
}

// homeTable is a French table of one institution, on whole points.
func homeTable(tb testing.TB) *egracons.Table {
	tb.Helper()
	spec := egracons.TableSpec{Identity: egracons.Identity{ID: "fr-2024", Institution: "Université d'exemple", HEI: "univ-exemple.fr", Period: period("2022-09-01", "2025-08-31")},
		Scale: france(tb), Basis: egracons.Counts}
	for _, row := range published(tb)[ap].Rows() {
		spec.Weights = append(spec.Weights, egracons.Weight{Grade: row.Grade.Label, Number: row.Count})
	}
	return must(egracons.NewTable(spec))(tb)
}

func sample() egracons.Transcript {
	course := func(code, title, credits, grade, isced string) egracons.Course {
		return egracons.Course{Code: code, Title: title, Credits: num(credits), Grade: grade, Cycle: egracons.Bachelor, ISCED: isced}
	}
	return egracons.Transcript{ID: "conv-0001", Date: passerelle.MustParseDate("2026-02-03"), Student: student,
		Host: egracons.Party{Name: "University of Example", HEI: "example.eu", Erasmus: "XX EXAMPLE01"}, Home: egracons.Party{Name: "Université d'exemple", HEI: "univ-exemple.fr"},
		Courses: []egracons.Course{
			course("CS201", "Algorithms & <data> structures", "6", "B", "0613"),
			course("CS305", "Compilers", "7.5", "A", "0613"),
			course("LN100", "Local language and culture, a title long enough to need two lines on a telephone", "3", "C", "0231"),
			course("MA210", "Statistics", "6", "F", "0542"),
			course("SP001", "Sport", "2", "Passed", "0613"),
			course("PH101", "Physics", "4.5", "17", "0533"),
		}}
}

func converted(tb testing.TB, change ...func(*egracons.TranscriptRules)) *egracons.Report {
	tb.Helper()
	r := egracons.TranscriptRules{Rules: egracons.Rules{Policy: egracons.Midpoint, Tie: egracons.Better, PassFail: egracons.KeepAsPass},
		Host: hostGroups(tb), Home: homeTable(tb), Mean: egracons.MeanByCredits}
	for _, c := range change {
		c(&r)
	}
	return must(egracons.ConvertTranscript(sample(), r))(tb)
}

func TestConvertTranscript(t *testing.T) {
	t.Parallel()
	r := converted(t)
	type line struct {
		status     egracons.Status
		suggestion string
		level      egracons.Level
		known      bool
	}
	var got []line
	for _, l := range r.Lines {
		got = append(got, line{l.Result.Status, l.Result.Suggestion, l.Result.Host.Identity.Level, l.Err == nil})
	}
	want := []line{
		{egracons.Converted, "14", egracons.LevelDetailed, true},
		{egracons.Converted, "17", egracons.LevelDetailed, true},
		{egracons.Converted, "11", egracons.LevelDetailed, true},
		{egracons.Failed, "", egracons.LevelNarrow, true},
		{egracons.PassOnly, "", egracons.LevelDetailed, true},
		{},
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("%d: %v, want %v", i, got[i], want[i])
		}
	}
	if err := r.Lines[5].Err; !errors.Is(err, egracons.ErrUnknownGrade) {
		t.Errorf("grade of another scale: %v", err)
	}
	// (14x6 + 17x7.5 + 11x3) / 16.5
	if m := r.Mean; m == nil || m.Value.Decimal(4) != "14.8182" || m.Credits.String() != "16.5" || m.Courses != 3 {
		t.Errorf("mean %+v, want 14.8182 over 16.5 credits of 3 courses", m)
	}
	testutil.Equal(t, "lines left out of the mean", r.Mean.Left, []int{3, 4, 5})

	plain := converted(t, func(r *egracons.TranscriptRules) { r.Mean = egracons.PlainMean })
	if got := plain.Mean.Value.String(); got != "14" {
		t.Errorf("plain mean %s, want 14", got)
	}
	if none := converted(t, func(r *egracons.TranscriptRules) { r.Mean = egracons.NoMean }); none.Mean != nil {
		t.Errorf("a mean of %s that nobody wanted", none.Mean.Value)
	}
	large := converted(t, func(r *egracons.TranscriptRules) { r.MinSize = 300 })
	if level := large.Lines[2].Result.Host.Identity.Level; level != egracons.LevelCycle {
		t.Errorf("a field of 20 grades is taken at level %s, want the cycle", level)
	}
	own := sample()
	own.OwnAverage = num("12.4")
	report := must(egracons.ConvertTranscript(own, egracons.TranscriptRules{Rules: egracons.Rules{Policy: egracons.Midpoint, Tie: egracons.Better, PassFail: egracons.OwnAverage},
		Host: hostGroups(t), Home: homeTable(t)}))(t)
	if l := report.Lines[4]; l.Err != nil || l.Mark().String() != "12.4" || l.Result.Suggestion != "12" {
		t.Errorf("own average: %s, %q, %v", l.Mark(), l.Result.Suggestion, l.Err)
	}
	if _, err := egracons.ConvertTranscript(sample(), egracons.TranscriptRules{}); !errors.Is(err, egracons.ErrBadRules) {
		t.Errorf("no rules: %v", err)
	}
	if _, err := egracons.ConvertTranscript(sample(), egracons.TranscriptRules{Rules: rules(egracons.Maximum)}); !errors.Is(err, egracons.ErrBadRules) {
		t.Errorf("no tables: %v", err)
	}
}

// The home group may be named otherwise than by the host's code.
func TestHomeQuery(t *testing.T) {
	t.Parallel()
	var asked []egracons.Query
	converted(t, func(r *egracons.TranscriptRules) {
		r.MinSize = 3
		r.Home = sourceFunc(func(q egracons.Query) (*egracons.Table, error) {
			asked = append(asked, q)
			return homeTable(t), nil
		})
		r.HomeQuery = func(c egracons.Course) egracons.Query {
			return egracons.Query{Cycle: egracons.Master, ISCED: c.ISCED[:2]}
		}
	})
	if len(asked) != 4 { // four fields: converters are kept
		t.Errorf("the home table was looked for %d times, want once a field", len(asked))
	}
	if q := asked[0]; q.Cycle != egracons.Master || q.ISCED != "06" || q.MinSize != 3 {
		t.Errorf("asked %+v", q)
	}
}

// A degree of the host's is not looked for at home.
func TestDegreeBelongsToTheHost(t *testing.T) {
	t.Parallel()
	var host, home egracons.Query
	one := sample()
	one.Courses = one.Courses[:1]
	one.Courses[0].Degree = "Bachelor of Science"
	must(egracons.ConvertTranscript(one, egracons.TranscriptRules{Rules: rules(egracons.Midpoint),
		Host: sourceFunc(func(q egracons.Query) (*egracons.Table, error) {
			host = q
			return published(t)["ects-legacy-scale"], nil
		}),
		Home: sourceFunc(func(q egracons.Query) (*egracons.Table, error) { home = q; return homeTable(t), nil })}))(t)
	if host.Degree != "Bachelor of Science" || home.Degree != "" || home.ISCED != "0613" {
		t.Errorf("asked the host for %+v and the home for %+v", host, home)
	}
}

type sourceFunc func(egracons.Query) (*egracons.Table, error)

func (f sourceFunc) Find(q egracons.Query) (*egracons.Table, error) { return f(q) }

func TestReportFiles(t *testing.T) {
	t.Parallel()
	r := converted(t)
	r.Lines[0].Approved = egracons.Approval{Grade: "15", By: "Jury L2", Date: passerelle.MustParseDate("2026-02-10"), Remark: "bonne copie"}
	if r.Lines[0].Result.Suggestion != "14" {
		t.Error("the approval took the place of the suggestion")
	}
	var asJSON, asCSV bytes.Buffer
	if err := errors.Join(r.WriteJSON(&asJSON), r.WriteCSV(&asCSV)); err != nil {
		t.Fatal(err)
	}
	testutil.Golden(t, "report.json", asJSON.Bytes())
	testutil.Golden(t, "report.csv", asCSV.Bytes())
	if !json.Valid(asJSON.Bytes()) {
		t.Error("the JSON report is not valid")
	}
	records := must(csv.NewReader(&asCSV).ReadAll())(t)
	if len(records) != 7 || records[1][5] != "Algorithms & <data> structures" {
		t.Errorf("%d CSV records, title %q", len(records), records[1][5])
	}
}

func TestReportKeepsTheStudentOutOfLogs(t *testing.T) {
	t.Parallel()
	var leaks testutil.Leaks
	leaks.Secret(t, student, "123456789AB")
	r := converted(t)
	leaks.Logger().Info("report", "report", r, "transcript", r.Transcript, "row", egracons.ResultRow{Student: student})
	for _, l := range r.Lines {
		leaks.Error(l.Err)
	}
	leaks.Check(t)
	if !strings.Contains(leaks.Log(), "conv-0001") {
		t.Errorf("the log says nothing: %s", leaks.Log())
	}
}

func TestPage(t *testing.T) {
	t.Parallel()
	for lang, name := range map[egracons.Lang]string{egracons.English: "page.en.html", egracons.French: "page.fr.html"} {
		r := converted(t)
		r.Lines[1].Approved.Grade = "18"
		var page bytes.Buffer
		if err := r.WritePage(&page, egracons.PageOptions{Lang: lang, Charts: true}); err != nil {
			t.Fatal(err)
		}
		testutil.Golden(t, name, page.Bytes())
		text := page.String()
		for _, bad := range []string{"<data>", "<script", "http://", "https://", "ZgotmplZ", student} {
			if strings.Contains(strings.ReplaceAll(text, `xmlns="http://www.w3.org/2000/svg"`, ""), bad) {
				t.Errorf("%s holds %q", name, bad)
			}
		}
		if n := strings.Count(text, "<svg"); n != 3 {
			t.Errorf("%s: %d charts, want one for each of the 3 converted grades", name, n)
		}
	}
}

func TestChart(t *testing.T) {
	t.Parallel()
	tables := published(t)
	draw := func(host, home *egracons.Table, o egracons.ChartOptions) string {
		var b bytes.Buffer
		if err := must(egracons.NewConverter(host, home, rules(egracons.Midpoint)))(t).WriteChart(&b, o); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	charts := map[string]string{
		"chart.grade.svg":  draw(tables[guide], tables[ap], egracons.ChartOptions{Grade: "8", ShowHost: true}),
		"chart.hidden.svg": draw(tables[avans], tables[ucl], egracons.ChartOptions{Grade: "8.50 - 8.99", Lang: egracons.French}),
		"chart.many.svg":   draw(tables[abitur], tables[ap], egracons.ChartOptions{Grade: "2.0", ShowHost: true, Lang: egracons.French}),
		"chart.all.svg":    draw(tables[cbs], tables[ap], egracons.ChartOptions{ShowHost: true}),
		"chart.empty.svg":  draw(pairs{{"A & B", 10}, {"<i>", 0}, {"C", 30}}.table(t, egracons.Identity{Published: true, Institution: `"quoted" & <co>`}), tables[guide], egracons.ChartOptions{Grade: "<i>"}),
	}
	for name, svg := range charts {
		testutil.Golden(t, name, []byte(svg))
		d := xml.NewDecoder(strings.NewReader(svg))
		for {
			if _, err := d.Token(); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Errorf("%s is not XML: %v", name, err)
				break
			}
		}
	}
	// A host table that is not published gives away the student's interval alone.
	hidden := charts["chart.hidden.svg"]
	for _, row := range tables[avans].Rows() {
		if strings.Contains(row.Grade.Label, " - ") && row.Grade.Label != "8.50 - 8.99" && strings.Contains(hidden, ">"+row.Grade.Label+"<") {
			t.Errorf("the hidden chart shows %s", row.Grade.Label)
		}
	}
	if n := strings.Count(hidden, "<polygon"); n != 1 {
		t.Errorf("the hidden chart draws %d bands, want the student's alone", n)
	}
	var b bytes.Buffer
	c := must(egracons.NewConverter(tables[guide], tables[ap], rules(egracons.Midpoint)))(t)
	if err := c.WriteChart(&b, egracons.ChartOptions{Grade: "5"}); !errors.Is(err, egracons.ErrUnknownGrade) || b.Len() != 0 {
		t.Errorf("unknown grade: %v, %d bytes", err, b.Len())
	}
	if err := c.WriteChart(&b, egracons.ChartOptions{}); err != nil || strings.Contains(b.String(), "<polygon") {
		t.Errorf("a host table that is not published, no grade: %v; it must draw no band", err)
	}
}
