package egracons_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/egracons"
	"github.com/passerelle-sup/passerelle/internal/testutil"
)

// vectorRow is one expected conversion, as the fixtures write it.
type vectorRow struct {
	HostGrade  string
	Lo, Hi     string
	ZeroWidth  bool
	Candidates []struct{ Grade, Share string }

	Best, Worst, Midpoint, Largest string
	NearestCumulative              *string
	WeightedMean, WeightedMeanSnap *string
	MinMaxMean, MinMaxMeanSnap     *string
}

// check converts the row's grade under every policy and compares everything.
func (v vectorRow) check(t *testing.T, host, home *egracons.Table) {
	t.Helper()
	want := map[egracons.Policy]*string{
		egracons.Maximum: &v.Best, egracons.Minimum: &v.Worst, egracons.Midpoint: &v.Midpoint, egracons.LargestOverlap: &v.Largest,
		egracons.NearestCumulative: v.NearestCumulative, egracons.AverageWeighted: v.WeightedMeanSnap, egracons.AverageMinMax: v.MinMaxMeanSnap,
	}
	for _, policy := range egracons.Policies() {
		r, err := egracons.Convert(v.HostGrade, host, home, rules(policy))
		if err != nil {
			t.Errorf("%s, %s: %v", v.HostGrade, policy, err)
			continue
		}
		if w := want[policy]; w != nil && r.Suggestion != *w {
			t.Errorf("%s, %s: suggestion %q, want %q", v.HostGrade, policy, r.Suggestion, *w)
		}
		if got := r.Interval.Low.Percent(4); got != v.Lo {
			t.Errorf("%s: low %s, want %s", v.HostGrade, got, v.Lo)
		}
		if got := r.Interval.High.Percent(4); got != v.Hi {
			t.Errorf("%s: high %s, want %s", v.HostGrade, got, v.Hi)
		}
		if r.Interval.IsEmpty() != v.ZeroWidth || r.Has(egracons.EmptyHostInterval) != v.ZeroWidth {
			t.Errorf("%s: empty interval %t, warned %t, want %t", v.HostGrade, r.Interval.IsEmpty(), r.Has(egracons.EmptyHostInterval), v.ZeroWidth)
		}
		type share struct{ Grade, Share string }
		var got, wanted []share
		for _, c := range r.Candidates {
			s := c.Share.Decimal(4)
			if c.Share.Sign() == 0 {
				s = "0"
			}
			got = append(got, share{c.Grade, s})
		}
		for _, c := range v.Candidates {
			wanted = append(wanted, share(c))
		}
		testutil.Equal(t, v.HostGrade+": candidates", got, wanted)
		average := map[egracons.Policy]*string{egracons.AverageWeighted: v.WeightedMean, egracons.AverageMinMax: v.MinMaxMean}[policy]
		if average != nil && r.Average.Decimal(4) != *average {
			t.Errorf("%s, %s: average %s, want %s", v.HostGrade, policy, r.Average.Decimal(4), *average)
		}
	}
}

func TestConversionVectors(t *testing.T) {
	t.Parallel()
	var file struct {
		Vectors []struct {
			Host, Home, HostBasis, HomeBasis, HostTotal, HomeTotal string
			Rows                                                   []vectorRow
		}
	}
	decode(t, "conversion_vectors.json", &file)
	tables := published(t)
	basis := map[string]egracons.Basis{"count": egracons.Counts, "percent": egracons.Percentages, "cumulative": egracons.Cumulatives}
	rows := 0
	for _, v := range file.Vectors {
		host, home := tables[v.Host], tables[v.Home]
		t.Run(v.Host+" to "+v.Home, func(t *testing.T) {
			if host.Basis() != basis[v.HostBasis] || home.Basis() != basis[v.HomeBasis] {
				t.Errorf("bases %s, %s: want %s, %s", host.Basis(), home.Basis(), v.HostBasis, v.HomeBasis)
			}
			if size, known := host.Size(); known && egracons.Int(size).String() != v.HostTotal {
				t.Errorf("host total %d, want %s", size, v.HostTotal)
			}
			for _, row := range v.Rows {
				row.check(t, host, home)
			}
		})
		rows += len(v.Rows)
	}
	if len(file.Vectors) != 9 || rows != 94 {
		t.Errorf("checked %d pairs and %d rows, want 9 and 94: the file changed or was not read", len(file.Vectors), rows)
	}
}

// edgeTable is a table of edge_cases.json: [label, weight] or [label, weight, "fail"].
type edgeTable [][]any

func (e edgeTable) build(basis egracons.Basis, values map[string]string, minSize int64) (*egracons.Table, error) {
	var grades []egracons.Grade
	var weights []egracons.Weight
	for _, row := range e {
		label := row[0].(string)
		text, isText := row[1].(string)
		if !isText {
			text = string(row[1].(json.Number))
		}
		g := egracons.Grade{Label: label, Passing: len(row) < 3}
		if v := values[label]; v != "" {
			g.Value = egracons.MustParseNumber(v)
		}
		grades = append(grades, g)
		weights = append(weights, egracons.Weight{Grade: label, Number: egracons.MustParseNumber(text)})
	}
	scale, err := egracons.NewScale("edge", grades...)
	if err != nil {
		return nil, err
	}
	return egracons.NewTable(egracons.TableSpec{Scale: scale, Basis: basis, Weights: weights, MinSize: minSize})
}

type edgeFile struct {
	Cases []struct {
		ID, HostBasis, HomeBasis string
		Host, Home               edgeTable
		HomeValues               map[string]string
		Rows                     []vectorRow
	}
	Errors []struct {
		ID, Grade, Error, Basis string
		Host, Home              edgeTable
		MinSize                 int64
	}
}

func edges(t *testing.T) edgeFile {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(string(read(t, "edge_cases.json"))))
	d.UseNumber()
	var file edgeFile
	if err := d.Decode(&file); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestEdgeCases(t *testing.T) {
	t.Parallel()
	file := edges(t)
	if len(file.Cases) != 11 {
		t.Errorf("%d edge cases, want 11", len(file.Cases))
	}
	basis := map[string]egracons.Basis{"count": egracons.Counts, "percent": egracons.Percentages}
	for _, c := range file.Cases {
		t.Run(c.ID, func(t *testing.T) {
			host := must(c.Host.build(basis[c.HostBasis], nil, 0))(t)
			home := must(c.Home.build(basis[c.HomeBasis], c.HomeValues, 0))(t)
			if c.ID == "single-host-grade" { // what to refuse, says the file
				_, err := egracons.Convert(c.Rows[0].HostGrade, host, home, rules(egracons.Midpoint))
				if !errors.Is(err, egracons.ErrNotDifferentiating) {
					t.Errorf("error %v, want not differentiating", err)
				}
				return
			}
			for _, row := range c.Rows {
				row.check(t, host, home)
			}
		})
	}
}

func TestInputsToRefuse(t *testing.T) {
	t.Parallel()
	want := map[string]struct {
		kind error
		text string
	}{
		"unknown-grade":                {egracons.ErrUnknownGrade, `grade "C"`},
		"decimal-not-in-integer-table": {egracons.ErrUnknownGrade, `grade "14.5"`},
		"failing-grade":                {egracons.ErrFailing, `grade "F"`},
		"empty-table":                  {egracons.ErrBadTable, "empty table"},
		"all-zero":                     {egracons.ErrBadTable, "no passing grades counted"},
		"negative-count":               {egracons.ErrBadTable, `row 1: grade "A": negative count -1`},
		"duplicate-label":              {egracons.ErrBadTable, `row 2: label: grade "A": duplicate grade label`},
		"homoglyph-duplicate":          {egracons.ErrBadTable, "duplicate grade label after normalisation (U+0041 and U+0410)"},
		"percent-sum-97":               {egracons.ErrBadTable, "percentages add up to 97: outside the tolerance of 1 around 100"},
		"cumulative-not-monotonic":     {egracons.ErrBadTable, `row 2: grade "B": cumulative decreasing: 5 after 10`},
		"below-minimum-size":           {egracons.ErrTooSmall, "reference group too small: 9 grades < 10"},
		"pass-fail-host":               {egracons.ErrNotDifferentiating, "pass/fail policy needed"},
	}
	file := edges(t)
	if len(file.Errors) != len(want) {
		t.Errorf("%d inputs to refuse, want %d", len(file.Errors), len(want))
	}
	for _, c := range file.Errors {
		t.Run(c.ID, func(t *testing.T) {
			home := must(c.Home.build(egracons.Counts, nil, 0))(t)
			basis := egracons.Counts
			if c.Basis == "cumulative" {
				basis = egracons.Cumulatives
			} else if c.ID == "percent-sum-97" {
				basis = egracons.Percentages
			}
			host, err := c.Host.build(basis, nil, c.MinSize)
			if err == nil {
				var converter *egracons.Converter
				if converter, err = egracons.NewConverter(host, home, rules(egracons.Midpoint)); err == nil {
					_, err = converter.Grade(c.Grade)
				}
			}
			w := want[c.ID]
			if !errors.Is(err, w.kind) || !errors.Is(err, passerelle.ErrInvalid) || !strings.Contains(err.Error(), w.text) {
				t.Errorf("error %v\nwant kind %v, invalid, and %q", err, w.kind, w.text)
			}
		})
	}
}

// A failing grade is no error of Convert: it is told as failed, without grade.
func TestFailingGradeIsReported(t *testing.T) {
	t.Parallel()
	tables := published(t)
	r, err := egracons.Convert("-3", tables[cbs], tables[ap], rules(egracons.Maximum))
	if err != nil || r.Status != egracons.Failed || r.Suggestion != "" || r.Candidates != nil {
		t.Errorf("got %v %q %v, %v; want failed and nothing else", r.Status, r.Suggestion, r.Candidates, err)
	}
}

func TestLetterVectors(t *testing.T) {
	t.Parallel()
	var file struct {
		Tables map[string][]struct{ Grade, FirstClass, Strict, Midpoint, BestFit string }
	}
	decode(t, "ects_letter_vectors.json", &file)
	tables := published(t)
	corner := pairs{{"20", 1}, {"19", 0}, {"18", 0}, {"17", 0}, {"16", 0}, {"15", 0}, {"14", 0}, {"13", 0}, {"12", 0}, {"11", 0}, {"10", 29}}
	tables["corner-20x1-10x29"] = corner.table(t, egracons.Identity{})
	if len(file.Tables) != 8 {
		t.Errorf("%d tables, want 8", len(file.Tables))
	}
	for id, rows := range file.Tables {
		for name, rule := range map[string]egracons.LetterRule{"firstClass": egracons.FirstClass, "strict": egracons.Strict, "midpoint": egracons.MiddleClass, "bestFit": egracons.BestFit} {
			got := must(egracons.Letters(tables[id], rule))(t)
			var want []egracons.Letter
			for _, r := range rows {
				letter := map[string]string{"firstClass": r.FirstClass, "strict": r.Strict, "midpoint": r.Midpoint, "bestFit": r.BestFit}[name]
				want = append(want, egracons.Letter{Grade: r.Grade, Letter: letter})
			}
			testutil.Equal(t, id+" "+name, got, want)
		}
	}
	if _, err := egracons.Letters(tables[guide], 0); !errors.Is(err, egracons.ErrBadRules) {
		t.Errorf("no rule: error %v, want bad rules", err)
	}
}

func TestBavarianVectors(t *testing.T) {
	t.Parallel()
	var file struct {
		Formula []struct{ System, Nmax, Nmin, Nd, Exact, Truncated, HalfUp string }
		Snap    []struct{ X, Snapped string }
	}
	decode(t, "bavarian_vectors.json", &file)
	for _, v := range file.Formula {
		b := egracons.Bavarian{Best: egracons.MustParseNumber(v.Nmax), Pass: egracons.MustParseNumber(v.Nmin)}
		g := must(b.Convert(egracons.MustParseNumber(v.Nd)))(t)
		if g.Exact.Decimal(4) != v.Exact || g.String() != v.Truncated || g.Exact.Decimal(1) != v.HalfUp {
			t.Errorf("%s %s: %s, %s, %s; want %s, %s, %s", v.System, v.Nd, g.Exact.Decimal(4), g, g.Exact.Decimal(1), v.Exact, v.Truncated, v.HalfUp)
		}
	}
	for _, v := range file.Snap {
		step, err := egracons.GermanMark{Exact: egracons.MustParseNumber(v.X)}.Step(egracons.Better, false)
		if err != nil || step != v.Snapped {
			t.Errorf("%s: step %s, %v; want %s", v.X, step, err, v.Snapped)
		}
	}
	if len(file.Formula) < 40 || len(file.Snap) != 15 {
		t.Errorf("%d formula vectors and %d steps: the file was not read", len(file.Formula), len(file.Snap))
	}
}
