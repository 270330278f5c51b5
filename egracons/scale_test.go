package egracons_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/passerelle-sup/passerelle/egracons"
	"github.com/passerelle-sup/passerelle/internal/testutil"
)

func num(s string) egracons.Number { return egracons.MustParseNumber(s) }

// france is the scale of 20, whole points by floor.
func france(tb testing.TB) *egracons.Scale {
	tb.Helper()
	return must(egracons.Points{ID: "fr-20", Best: num("20"), Worst: num("0"), Pass: num("10"), Step: num("1"), Rounding: egracons.Floor}.Scale())(tb)
}

func TestScaleRank(t *testing.T) {
	t.Parallel()
	letters := must(egracons.NewScale("letters",
		egracons.Grade{Label: "30 e lode", Passing: true, Aliases: []string{"30L", "30 cum laude"}},
		egracons.Grade{Label: "A-", Passing: true}, egracons.Grade{Label: "02", Passing: true}, egracons.Grade{Label: "9.5", Passing: true},
		egracons.Grade{Label: "Отл", Passing: true}, egracons.Grade{Label: "b", Passing: true}, egracons.Grade{Label: "-3"}))(t)
	found := map[string]int{"30 e lode": 0, "  30   e\u00a0lode ": 0, "30L": 0, "30 cum  laude": 0, "А-": 1, "Α−": 1, "A–": 1, "02": 2, "9,5": 3, "Отл": 4, "b": 5, "-3": 6}
	for label, want := range found {
		if got, err := letters.Rank(label); err != nil || got != want {
			t.Errorf("%q: rank %d, %v; want %d", label, got, err, want)
		}
	}
	for _, label := range []string{"", "2", "a-", "B", "9.50", "30", "3", "A"} {
		if got, err := letters.Rank(label); !errors.Is(err, egracons.ErrUnknownGrade) {
			t.Errorf("%q: rank %d, %v; want unknown", label, got, err)
		}
	}
}

func TestScaleRefuses(t *testing.T) {
	t.Parallel()
	pass := func(label string) egracons.Grade { return egracons.Grade{Label: label, Passing: true} }
	band := func(label, from, to string) egracons.Grade {
		return egracons.Grade{Label: label, Passing: true, From: num(from), To: num(to)}
	}
	value := func(label, v string) egracons.Grade {
		return egracons.Grade{Label: label, Passing: true, Value: num(v)}
	}
	tests := map[string]struct {
		grades []egracons.Grade
		want   string
	}{
		"none":                 {nil, "empty table"},
		"pass below failure":   {[]egracons.Grade{{Label: "F"}, pass("A")}, `row 2: order: grade "A": a passing grade below the failing grade "F"`},
		"empty label":          {[]egracons.Grade{pass(" ")}, "the label is empty"},
		"control character":    {[]egracons.Grade{pass("A\x00")}, "a control character"},
		"not UTF-8":            {[]egracons.Grade{pass("\xff")}, "not UTF-8"},
		"alias taken":          {[]egracons.Grade{pass("A"), {Label: "B", Passing: true, Aliases: []string{"A"}}}, `row 2: alias: grade "B": duplicate grade label`},
		"alias with separator": {[]egracons.Grade{{Label: "B", Passing: true, Aliases: []string{"x|y"}}}, "separates aliases"},
		"comma and point":      {[]egracons.Grade{pass("9,5"), pass("9.5")}, "duplicate grade label after normalisation (U+002C and U+002E)"},
		"half a band":          {[]egracons.Grade{{Label: "A", Passing: true, From: num("1")}}, "both bounds or neither"},
		"band upside down":     {[]egracons.Grade{band("A", "3", "2")}, "the lower one first"},
		"bands overlap":        {[]egracons.Grade{band("A", "2", "4"), band("B", "1", "3")}, `the band overlaps that of "A"`},
		"bands turn":           {[]egracons.Grade{band("A", "3", "4"), band("B", "1", "2"), band("C", "2", "3")}, "bands all rise or all fall"},
		"values turn":          {[]egracons.Grade{value("A", "3"), value("B", "1"), value("C", "2")}, "values of passing grades all rise or all fall"},
		"values repeat":        {[]egracons.Grade{value("30 e lode", "30"), value("30", "30")}, `row 2: value: grade "30"`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := egracons.NewScale("s", tt.grades...)
			if !errors.Is(err, egracons.ErrBadTable) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want %q", err, tt.want)
			}
		})
	}
}

func TestPoints(t *testing.T) {
	t.Parallel()
	french := france(t)
	german := must(egracons.Points{Best: num("1.0"), Worst: num("5.0"), Pass: num("4.0"), Step: num("0.1"), Rounding: egracons.Floor}.Scale())(t)
	half := must(egracons.Points{Best: num("10"), Worst: num("1"), Pass: num("5.5"), Step: num("0.5"), Rounding: egracons.HalfUp}.Scale())(t)
	tests := []struct {
		scale      *egracons.Scale
		mark, want string
		passing    bool
	}{
		0:  {french, "10", "10", true},
		1:  {french, "10.995", "10", true},
		2:  {french, "9,999", "9", false},
		3:  {french, "20", "20", true},
		4:  {french, "19.999999", "19", true},
		5:  {french, "0", "0", false},
		6:  {french, "14.5000000001", "14", true}, // more decimals than the fast path reads
		7:  {french, "20.1", "", false},
		20: {french, "15.0000000", "15", true},
		21: {french, "20.0000000", "20", true},
		8:  {french, "-1", "", false},
		9:  {french, "15/20", "", false},
		10: {german, "1.0", "1.0", true},
		11: {german, "1.15", "1.1", true},
		12: {german, "4.0", "4.0", true},
		13: {german, "4.1", "4.1", false},
		14: {half, "7.25", "7.5", true},
		15: {half, "7.24", "7.0", true},
		16: {half, "5.25", "5.5", true},
		17: {half, "10", "10.0", true},
		18: {half, "10.1", "", false},
		19: {half, "0.9", "", false},
	}
	for i, tt := range tests {
		rank, err := tt.scale.Rank(tt.mark)
		if tt.want == "" {
			if !errors.Is(err, egracons.ErrUnknownGrade) {
				t.Errorf("%d: %s: rank %d, %v; want unknown", i, tt.mark, rank, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%d: %s: %v", i, tt.mark, err)
			continue
		}
		if g := tt.scale.Grade(rank); g.Label != tt.want || g.Passing != tt.passing {
			t.Errorf("%d: %s: %s, passing %t; want %s, %t", i, tt.mark, g.Label, g.Passing, tt.want, tt.passing)
		}
	}
	if french.Len() != 21 || german.Len() != 41 || half.Len() != 19 {
		t.Errorf("scales of %d, %d and %d points, want 21, 41 and 19", french.Len(), german.Len(), half.Len())
	}
	for name, p := range map[string]egracons.Points{
		"no rounding":    {Best: num("20"), Worst: num("0"), Pass: num("10"), Step: num("1")},
		"no step":        {Best: num("20"), Worst: num("0"), Pass: num("10"), Rounding: egracons.Floor},
		"uneven step":    {Best: num("20"), Worst: num("0"), Pass: num("10"), Step: num("0.3"), Rounding: egracons.Floor},
		"too many":       {Best: num("20"), Worst: num("0"), Pass: num("10"), Step: num("0.001"), Rounding: egracons.Floor},
		"no pass":        {Best: num("20"), Worst: num("0"), Step: num("1"), Rounding: egracons.Floor},
		"one point only": {Best: num("20"), Worst: num("20"), Pass: num("20"), Step: num("1"), Rounding: egracons.Floor},
	} {
		if _, err := p.Scale(); !errors.Is(err, egracons.ErrBadTable) {
			t.Errorf("%s: error %v, want bad table", name, err)
		}
	}
}

// What a scale gives away does not change it.
func TestScaleIsImmutable(t *testing.T) {
	t.Parallel()
	s := france(t)
	s.Grades()[0].Label = "changed"
	testutil.Equal(t, "best grade", s.Grade(0).Label, "20")
}
