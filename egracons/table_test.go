package egracons_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/egracons"
	"github.com/passerelle-sup/passerelle/internal/testutil"
)

// Published percentages and cumulatives are what the exact table gives, half-up.
func TestTableMatchesPrintedPercentages(t *testing.T) {
	t.Parallel()
	tables := published(t)
	want := map[string][]string{
		guide: {"5.00", "15.00", "50.00", "80.00", "100.00"},
		ap:    {"0.47", "1.83", "5.24", "11.04", "20.78", "32.86", "47.38", "61.57", "75.35", "87.33", "100.00"},
	}
	for id, cumulatives := range want {
		var got []string
		for _, row := range tables[id].Rows() {
			got = append(got, row.Interval.High.Percent(2))
		}
		testutil.Equal(t, id, got, cumulatives)
	}
	// Failures are counted in the sum of 100.02 and left out of the table.
	c := tables[cbs].Rows()
	if len(c) != 5 || c[4].Grade.Label != "02" || c[0].Interval.High.Percent(4) != "14.6584" {
		t.Errorf("CBS: %d passing grades, best %s %%; want 5 and 14.6584", len(c), c[0].Interval.High.Percent(4))
	}
	// Only cumulatives were readable: a grade at 0 was never awarded.
	u := tables["nl-uvh-2018-bachelor"]
	if u.Basis() != egracons.Cumulatives || u.Rows()[0].Share.Sign() != 0 || u.Rows()[3].Share.Percent(1) != "3.8" {
		t.Errorf("UvH 2018: %s, shares %s and %s; want cumulatives, 0 and 3.8", u.Basis(), u.Rows()[0].Share, u.Rows()[3].Share.Percent(1))
	}
	if size, known := u.Size(); known {
		t.Errorf("UvH 2018: size %d known, want unknown", size)
	}
}

func TestTableRefuses(t *testing.T) {
	t.Parallel()
	scale := must(egracons.NewScale("s", egracons.Grade{Label: "A", Passing: true}, egracons.Grade{Label: "B", Passing: true}, egracons.Grade{Label: "F"}))(t)
	weights := func(list ...string) []egracons.Weight {
		var out []egracons.Weight
		for i := 0; i < len(list); i += 2 {
			w := egracons.Weight{Grade: list[i]}
			if list[i+1] != "" {
				w.Number = num(list[i+1])
			}
			out = append(out, w)
		}
		return out
	}
	good := egracons.TableSpec{Scale: scale, Basis: egracons.Counts, Weights: weights("A", "5", "B", "5")}
	tests := map[string]struct {
		change func(*egracons.TableSpec)
		want   string
	}{
		"no scale":         {func(s *egracons.TableSpec) { s.Scale = nil }, "never guessed"},
		"no basis":         {func(s *egracons.TableSpec) { s.Basis = 0 }, "basis: Counts, Percentages or Cumulatives"},
		"unknown grade":    {func(s *egracons.TableSpec) { s.Weights = weights("A", "5", "C", "5") }, `row 2: grade "C": the scale has no such grade`},
		"twice":            {func(s *egracons.TableSpec) { s.Weights = weights("A", "5", "B", "1", "А", "5") }, "after normalisation (U+0041 and U+0410)"},
		"no number":        {func(s *egracons.TableSpec) { s.Weights = weights("A", "") }, `row 1: grade "A": a number`},
		"half a count":     {func(s *egracons.TableSpec) { s.Weights = weights("A", "1.5") }, "a whole count, not 1.5"},
		"huge count":       {func(s *egracons.TableSpec) { s.Weights = weights("A", "1000000000000001") }, "at most 10^15"},
		"only failures":    {func(s *egracons.TableSpec) { s.Weights = weights("F", "9") }, "no passing grades counted"},
		"percent over":     {func(s *egracons.TableSpec) { s.Basis, s.Weights = egracons.Percentages, weights("A", "50", "B", "52") }, "add up to 102: outside the tolerance of 1"},
		"percent too big":  {func(s *egracons.TableSpec) { s.Basis, s.Weights = egracons.Percentages, weights("A", "900") }, "a percentage, not 900"},
		"last cumulative":  {func(s *egracons.TableSpec) { s.Basis, s.Weights = egracons.Cumulatives, weights("A", "50", "B", "90") }, "the last cumulative is 90"},
		"negative stated":  {func(s *egracons.TableSpec) { s.Stated = -1 }, "stated"},
		"isced":            {func(s *egracons.TableSpec) { s.Identity.ISCED = "6" }, "isced_f: 2, 3 or 4 digits"},
		"isced word":       {func(s *egracons.TableSpec) { s.Identity.ISCED = "06x" }, "isced_f"},
		"impossible date":  {func(s *egracons.TableSpec) { s.Identity.Period.From = passerelle.Date{Year: 2023, Month: 13} }, "period_from: a date"},
		"end before start": {func(s *egracons.TableSpec) { s.Identity.Period = period("2023", "2021") }, "period_to: an end after the start 2023"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			spec := good
			tt.change(&spec)
			_, err := egracons.NewTable(spec)
			if !errors.Is(err, egracons.ErrBadTable) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want %q", err, tt.want)
			}
		})
	}
	if _, err := egracons.NewTable(good); err != nil {
		t.Errorf("the table that the others spoil is refused: %v", err)
	}
	// All faults are told at once.
	spec := good
	spec.Weights = weights("A", "-1", "C", "5", "B", "1.5")
	_, err := egracons.NewTable(spec)
	for _, want := range []string{"negative count -1", `grade "C"`, "not 1.5"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("error %v does not tell %q", err, want)
		}
	}
}

func period(from, to string) egracons.Period {
	var p egracons.Period
	p.From, _ = egracons.ParsePeriodDate(from)
	p.To, _ = egracons.ParsePeriodDate(to)
	return p
}

func TestToleranceIsHalfTheLastDigit(t *testing.T) {
	t.Parallel()
	scale := must(egracons.NewScale("s", egracons.Grade{Label: "A", Passing: true}, egracons.Grade{Label: "B", Passing: true}))(t)
	table := func(a, b string, tolerance egracons.Number) error {
		_, err := egracons.NewTable(egracons.TableSpec{Scale: scale, Basis: egracons.Percentages, Tolerance: tolerance,
			Weights: []egracons.Weight{{Grade: "A", Number: num(a)}, {Grade: "B", Number: num(b)}}})
		return err
	}
	tests := []struct {
		a, b      string
		tolerance egracons.Number
		ok        bool
	}{
		0: {"50.1", "50.0", egracons.Number{}, true},  // 0.1 off, 2 x 0.05 allowed
		1: {"50.1", "50.1", egracons.Number{}, false}, // 0.2 off
		2: {"50.05", "50", egracons.Number{}, false},  // 0.05 off, 2 x 0.005 allowed
		3: {"50", "51", egracons.Number{}, true},      // whole percents: 1 off, 2 x 0.5 allowed
		4: {"50.05", "50", num("0.05"), true},         // as the caller says
		5: {"50", "50.0001", egracons.Int(0), false},  // exact or nothing
		6: {"50", "50", egracons.Int(0), true},
	}
	for i, tt := range tests {
		if err := table(tt.a, tt.b, tt.tolerance); (err == nil) != tt.ok {
			t.Errorf("%d: %s + %s: %v", i, tt.a, tt.b, err)
		}
	}
}

// A band takes a mark, but is not a second name of its grade in a table.
func TestWeightsGoByLabel(t *testing.T) {
	t.Parallel()
	_, err := egracons.NewTable(egracons.TableSpec{Scale: france(t), Basis: egracons.Counts, Weights: []egracons.Weight{{Grade: "14.5", Number: num("3")}}})
	if !errors.Is(err, egracons.ErrBadTable) {
		t.Errorf("error %v, want bad table", err)
	}
}

func TestPolicies(t *testing.T) {
	t.Parallel()
	for _, p := range egracons.Policies() {
		if got, err := egracons.ParsePolicy(p.String()); err != nil || got != p {
			t.Errorf("%s read as %s, %v", p, got, err)
		}
	}
	if len(slices.Compact(egracons.Policies())) != 7 {
		t.Error("not seven policies")
	}
	for _, s := range []string{"", "best", "Midpoint"} {
		if _, err := egracons.ParsePolicy(s); !errors.Is(err, passerelle.ErrInvalid) {
			t.Errorf("policy %q: %v, want invalid", s, err)
		}
		if _, err := egracons.ParseTie(s); err == nil {
			t.Errorf("tie %q accepted", s)
		}
	}
}
