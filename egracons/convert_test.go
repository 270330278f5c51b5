package egracons_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/passerelle-sup/passerelle/egracons"
	"github.com/passerelle-sup/passerelle/internal/testutil"
)

func TestRulesAreExplicit(t *testing.T) {
	t.Parallel()
	tables := published(t)
	tests := map[string]struct {
		rules egracons.Rules
		want  []string
	}{
		"nothing":     {egracons.Rules{}, []string{"Policy: ", "fixes it in advance", "Tie: Better or Worse"}},
		"no tie":      {egracons.Rules{Policy: egracons.Maximum}, []string{"Tie"}},
		"no policy":   {egracons.Rules{Policy: 99, Tie: egracons.Better}, []string{"Policy"}},
		"share of 2":  {egracons.Rules{Policy: egracons.Maximum, Tie: egracons.Worse, MinShare: num("2")}, []string{"MinShare: a share from 0 to 1"}},
		"pass rule":   {egracons.Rules{Policy: egracons.Maximum, Tie: egracons.Worse, PassFail: 7}, []string{"PassFail"}},
		"warn before": {egracons.Rules{Policy: egracons.Maximum, Tie: egracons.Worse, WarnBelow: -1}, []string{"WarnBelow"}},
	}
	for name, tt := range tests {
		_, err := egracons.NewConverter(tables[guide], tables[ap], tt.rules)
		for _, want := range tt.want {
			if !errors.Is(err, egracons.ErrBadRules) || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: error %v, want %q", name, err, want)
			}
		}
	}
	if _, err := egracons.NewConverter(nil, tables[ap], rules(egracons.Maximum)); !errors.Is(err, egracons.ErrNoTable) {
		t.Errorf("no host table: %v", err)
	}
}

// Ties at 50 %: the middle of the host grade on a boundary, two equal shares, two
// equal distances, an average half-way.
func TestTieDirection(t *testing.T) {
	t.Parallel()
	host := pairs{{"A", 1}, {"B", 1}}.table(t, egracons.Identity{})
	home := pairs{{"x", 1}, {"y", 1}, {"z", 2}}.table(t, egracons.Identity{})
	nearest := pairs{{"x", 4}, {"y", 2}, {"z", 4}}.table(t, egracons.Identity{}) // 40, 60, 100 around 50
	tests := []struct {
		policy        egracons.Policy
		home          *egracons.Table
		better, worse string
	}{
		0: {egracons.Midpoint, home, "x", "y"},
		1: {egracons.LargestOverlap, home, "x", "y"},
		2: {egracons.AverageWeighted, home, "x", "y"},
		3: {egracons.AverageMinMax, home, "x", "y"},
		4: {egracons.NearestCumulative, nearest, "x", "y"},
		5: {egracons.Maximum, home, "x", "x"},
		6: {egracons.Minimum, home, "y", "y"},
	}
	for i, tt := range tests {
		for tie, want := range map[egracons.Tie]string{egracons.Better: tt.better, egracons.Worse: tt.worse} {
			r, err := egracons.Convert("A", host, tt.home, egracons.Rules{Policy: tt.policy, Tie: tie})
			if err != nil || r.Suggestion != want {
				t.Errorf("%d: %s, %s: %s, %v; want %s", i, tt.policy, tie, r.Suggestion, err, want)
			}
		}
	}
}

func TestMinShare(t *testing.T) {
	t.Parallel()
	tables := published(t)
	host, home := tables["ewp-tor-example-0612"], tables[ap]
	r := rules(egracons.Maximum)
	if got := must(egracons.Convert("E", host, home, r))(t); got.Suggestion != "12" {
		t.Errorf("without MinShare E becomes %s, want the sliver 12", got.Suggestion)
	}
	r.MinShare = num("0.02")
	got := must(egracons.Convert("E", host, home, r))(t)
	if got.Suggestion != "11" || len(got.Candidates) != 3 || got.Candidates[0].Kept || !got.Candidates[1].Kept {
		t.Errorf("with MinShare E becomes %s of %v, want 11 and the sliver told", got.Suggestion, got.Candidates)
	}
	r.MinShare = num("1") // none reaches it: all stay
	if got := must(egracons.Convert("E", host, home, r))(t); got.Suggestion != "12" {
		t.Errorf("with a MinShare that none reaches E becomes %s, want 12", got.Suggestion)
	}
	// A share equal to MinShare is large enough.
	quarters := pairs{{"x", 1}, {"y", 3}}.table(t, egracons.Identity{})
	halves := pairs{{"A", 2}, {"B", 2}}.table(t, egracons.Identity{})
	r.MinShare = num("0.5")
	if got := must(egracons.Convert("A", halves, quarters, r))(t); got.Suggestion != "x" {
		t.Errorf("a share of exactly MinShare is left out: %s", got.Suggestion)
	}
	// The mean counts what remains, as if it were the whole.
	two := pairs{{"x", 1}, {"y", 9}}.table(t, egracons.Identity{})
	r = egracons.Rules{Policy: egracons.AverageWeighted, Tie: egracons.Better, MinShare: num("0.6")}
	first := pairs{{"A", 2}, {"B", 8}}.table(t, egracons.Identity{})
	if got := must(egracons.Convert("B", first, two, r))(t); got.Average.String() != "1" {
		t.Errorf("average %s, want 1", got.Average)
	}
}

func TestContinuousMark(t *testing.T) {
	t.Parallel()
	tables := published(t)
	var grades []egracons.Grade
	var weights []egracons.Weight
	for _, row := range tables[ap].Rows() {
		g := row.Grade
		g.From, g.To = g.Value, egracons.FromRat(g.Value.Rat().Add(g.Value.Rat(), egracons.Int(1).Rat()))
		grades = append(grades, g)
		weights = append(weights, egracons.Weight{Grade: g.Label, Number: row.Count})
	}
	home := must(egracons.NewTable(egracons.TableSpec{Scale: must(egracons.NewScale("bands", grades...))(t), Basis: egracons.Counts, Weights: weights}))(t)
	r := rules(egracons.Maximum)
	r.Continuous = true
	for grade, want := range map[string]string{"10": "18.8028", "9": "17.1789", "8": "15.0296", "7": "12.7511", "6": "10.7895"} {
		if got := must(egracons.Convert(grade, tables[guide], home, r))(t); got.Mark.Decimal(4) != want {
			t.Errorf("%s: mark %s, want %s", grade, got.Mark.Decimal(4), want)
		}
	}
	// On a scale where low is good the mark rises with the position.
	german := must(egracons.Points{Best: num("1"), Worst: num("5"), Pass: num("4"), Step: num("1"), Rounding: egracons.Floor}.Scale())(t)
	inverted := must(egracons.NewTable(egracons.TableSpec{Scale: german, Basis: egracons.Counts,
		Weights: []egracons.Weight{{Grade: "1", Number: num("1")}, {Grade: "2", Number: num("1")}}}))(t)
	halves := pairs{{"A", 1}, {"B", 3}}.table(t, egracons.Identity{})
	for grade, want := range map[string]string{"A": "1.25", "B": "2.25"} {
		if got := must(egracons.Convert(grade, halves, inverted, r))(t); got.Mark.String() != want {
			t.Errorf("%s: mark %s, want %s", grade, got.Mark, want)
		}
	}
	if _, err := egracons.NewConverter(tables[guide], tables[ap], r); !errors.Is(err, egracons.ErrNoValue) || !strings.Contains(err.Error(), "a band of marks") {
		t.Errorf("home scale without bands: %v", err)
	}
}

func TestAverageNeedsValues(t *testing.T) {
	t.Parallel()
	scale := must(egracons.NewScale("words", egracons.Grade{Label: "gut", Passing: true}, egracons.Grade{Label: "genügend", Passing: true}))(t)
	home := must(egracons.NewTable(egracons.TableSpec{Scale: scale, Basis: egracons.Counts,
		Weights: []egracons.Weight{{Grade: "gut", Number: num("1")}, {Grade: "genügend", Number: num("2")}}}))(t)
	for _, p := range egracons.Policies() {
		_, err := egracons.NewConverter(published(t)[guide], home, rules(p))
		averages := p == egracons.AverageWeighted || p == egracons.AverageMinMax
		if errors.Is(err, egracons.ErrNoValue) != averages || !averages && err != nil {
			t.Errorf("%s: error %v", p, err)
		}
	}
}

func TestPassFail(t *testing.T) {
	t.Parallel()
	scale := must(egracons.NewScale("s", egracons.Grade{Label: "A", Passing: true}, egracons.Grade{Label: "B", Passing: true},
		egracons.Grade{Label: "validé", Passing: true, Ungraded: true}, egracons.Grade{Label: "F"}))(t)
	mixed := must(egracons.NewTable(egracons.TableSpec{Scale: scale, Basis: egracons.Counts,
		Weights: []egracons.Weight{{Grade: "A", Number: num("1")}, {Grade: "B", Number: num("1")}, {Grade: "validé", Number: num("50")}}}))(t)
	single := pairs{{"P", 100}}.table(t, egracons.Identity{})
	home := published(t)[ap]
	if got := must(egracons.Convert("A", mixed, home, rules(egracons.Minimum)))(t).Interval.High.Percent(0); got != "50" {
		t.Errorf("A ends at %s %%, want 50: bare passes have no position", got)
	}
	for _, host := range []struct {
		table *egracons.Table
		grade string
	}{{mixed, "validé"}, {single, "P"}} {
		r := rules(egracons.Minimum)
		if _, err := egracons.Convert(host.grade, host.table, home, r); !errors.Is(err, egracons.ErrNotDifferentiating) {
			t.Errorf("%s refused: error %v", host.grade, err)
		}
		r.PassFail = egracons.KeepAsPass
		c := must(egracons.NewConverter(host.table, home, r))(t)
		if got, err := c.Convert(host.grade); err != nil || got.Status != egracons.PassOnly || got.Suggestion != "" || got.Mark.IsSet() {
			t.Errorf("%s kept: %v %q %s, %v", host.grade, got.Status, got.Suggestion, got.Mark, err)
		}
		if _, err := c.Grade(host.grade); !errors.Is(err, egracons.ErrNotDifferentiating) {
			t.Errorf("%s kept: grade error %v", host.grade, err)
		}
		r.PassFail = egracons.OwnAverage
		c = must(egracons.NewConverter(host.table, home, r))(t)
		if _, err := c.Convert(host.grade); !errors.Is(err, egracons.ErrNotDifferentiating) || !strings.Contains(err.Error(), "own average") {
			t.Errorf("%s without average: error %v", host.grade, err)
		}
		own := c.WithOwnAverage(num("13.6"))
		got, err := own.Convert(host.grade)
		if err != nil || got.Status != egracons.PassOnly || got.Suggestion != "14" || got.Mark.String() != "13.6" {
			t.Errorf("%s with average: %v %q %s, %v", host.grade, got.Status, got.Suggestion, got.Mark, err)
		}
		if grade, err := own.Grade(host.grade); grade != "14" || err != nil {
			t.Errorf("%s with average: grade %q, %v", host.grade, grade, err)
		}
		if _, err := c.Convert(host.grade); err == nil {
			t.Error("WithOwnAverage changed the converter it was made from")
		}
	}
}

func TestWarnings(t *testing.T) {
	t.Parallel()
	tables := published(t)
	id := func(p egracons.Period) egracons.Identity { return egracons.Identity{Period: p} }
	small := pairs{{"A", 9}, {"B", 20}}
	tests := map[string]struct {
		host, home *egracons.Table
		grade      string
		want       []string
	}{
		"none":              {tables[guide], tables[ap], "8", nil},
		"small":             {small.table(t, egracons.Identity{}), tables[ap], "A", []string{"SmallGroup:host"}},
		"percent":           {tables[guide], tables[ucl], "8", []string{"PercentOnly:home", "SizeUnknown:home"}},
		"stated":            {full(t), tables[ap], "30", []string{"BroaderIsced:host", "PercentOnly:host", "CourseHistogram:host"}},
		"periods apart":     {pairs{{"A", 40}, {"B", 20}}.table(t, id(period("2019", "2020"))), pairs{{"A", 40}, {"B", 20}}.table(t, id(period("2021-01", "2022"))), "A", []string{"PeriodMismatch"}},
		"periods touch":     {pairs{{"A", 40}, {"B", 20}}.table(t, id(period("2019", "2021"))), pairs{{"A", 40}, {"B", 20}}.table(t, id(period("2021-12", "2022"))), "A", nil},
		"period half known": {pairs{{"A", 40}, {"B", 20}}.table(t, id(period("", "2021"))), pairs{{"A", 40}, {"B", 20}}.table(t, id(period("", "2022"))), "A", nil},
		"one grade awarded": {pairs{{"A", 40}, {"B", 0}}.table(t, egracons.Identity{}), tables[ap], "B", []string{"SingleGradeAwarded:host", "EmptyHostInterval"}},
	}
	for name, tt := range tests {
		got := must(egracons.Convert(tt.grade, tt.host, tt.home, rules(egracons.Midpoint)))(t)
		var list []string
		for _, w := range got.Warnings {
			list = append(list, w.String())
		}
		if !slices.Equal(list, tt.want) {
			t.Errorf("%s: warnings %q, want %q", name, list, tt.want)
		}
	}
	r := rules(egracons.Midpoint)
	r.WarnBelow = 29
	if got := must(egracons.Convert("A", small.table(t, egracons.Identity{}), tables[ap], r))(t); got.Has(egracons.SmallGroup) {
		t.Error("29 grades are small although the rules warn below 29")
	}
}

func TestBinnedMark(t *testing.T) {
	t.Parallel()
	host := must(egracons.NewTable(egracons.TableSpec{Scale: france(t), Basis: egracons.Counts,
		Weights: []egracons.Weight{{Grade: "14", Number: num("40")}, {Grade: "13", Number: num("60")}}}))(t)
	got := must(egracons.Convert("14,57", host, published(t)[guide], rules(egracons.Midpoint)))(t)
	testutil.Equal(t, "given and grade", []string{got.Given, got.Grade, got.Suggestion}, []string{"14,57", "14", "8"})
	_, err := egracons.Convert("21", host, published(t)[guide], rules(egracons.Midpoint))
	if !errors.Is(err, egracons.ErrUnknownGrade) || !strings.Contains(err.Error(), "no band for it") {
		t.Errorf("21: error %v", err)
	}
}

func TestExplain(t *testing.T) {
	t.Parallel()
	var all strings.Builder
	tables := published(t)
	say := func(r egracons.Result) {
		all.WriteString(r.Explain(egracons.English) + "\n\n" + r.Explain(egracons.French) + "\n\n")
	}
	r := rules(egracons.AverageWeighted)
	r.MinShare = num("0.1")
	say(must(egracons.Convert("8", tables[guide], tables[ap], r))(t))
	say(must(egracons.Convert("-3", tables[cbs], tables[ap], r))(t))
	home := must(egracons.NewTable(egracons.TableSpec{Scale: france(t), Basis: egracons.Counts, Identity: egracons.Identity{Institution: "Université d'exemple", Cycle: egracons.Master,
		ISCED: "061", Level: egracons.LevelNarrow, Asked: "0613", Period: period("2021-09-01", "2024-08-31")},
		Weights: []egracons.Weight{{Grade: "14", Number: num("12")}, {Grade: "13", Number: num("8")}}}))(t)
	r.Continuous, r.PassFail, r.OwnAverage = true, egracons.OwnAverage, num("13.62")
	say(must(egracons.Convert("9", pairs{{"10", 5}, {"9", 0}, {"8", 5}}.table(t, egracons.Identity{ID: "small"}), home, r))(t))
	say(must(egracons.Convert("14.2", home, home, r))(t))
	say(must(egracons.Convert("P", pairs{{"P", 100}}.table(t, egracons.Identity{ID: "pass"}), home, r))(t))
	r.PassFail = egracons.KeepAsPass
	say(must(egracons.Convert("P", pairs{{"P", 100}}.table(t, egracons.Identity{ID: "pass"}), home, r))(t))
	testutil.Golden(t, "explain.txt", []byte(all.String()))
}
