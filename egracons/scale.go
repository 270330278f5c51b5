package egracons

import (
	"fmt"
	"math/big"
	"slices"
	"strings"
)

// Grade is one step of a scale.
type Grade struct {
	Label   string // as it is printed on transcripts: "18", "02", "30 e lode", "9.50 - 9.99"
	Passing bool   // whether it gives the full credits
	// Ungraded marks a result without position, such as "passed" or "validé". It
	// takes no part in a distribution.
	Ungraded bool
	// Value is used for averages only, on the home side. "30 e lode" needs one, 31
	// for instance. It may be unset.
	Value Number
	// From and To bound the marks that this grade stands for, [From, To): 10 up to
	// but not including 11. From equal to To means that mark alone. The band with
	// the greatest To of the scale includes it. Both or neither are set.
	From, To Number
	Aliases  []string // other writings of the same grade: "30L", "30 cum laude"
}

// Scale is an ordered list of grades, best first. The order is the caller's:
// nothing is ever sorted or deduced from numbers, because in Germany and Austria
// the lower number is the better. A Scale is immutable and safe for concurrent use.
type Scale struct {
	id     string
	grades []Grade
	index  map[string]int // normalised labels and aliases
	bins   bins
}

// maxGrades bounds the length of a scale.
const maxGrades = 1000

// NewScale returns the scale of these grades, best first. Every passing grade
// stands above every failing one. Values, where there are some among the passing
// grades, and bands, go one way, up or down. The error is an *Error of kind
// ErrBadTable, or several joined.
func NewScale(id string, grades ...Grade) (*Scale, error) {
	s := &Scale{id: id, grades: make([]Grade, len(grades)), index: make(map[string]int, len(grades))}
	var bad faults
	fault := func(i int, field, want string) {
		bad.add(&Error{Kind: ErrBadTable, Table: id, Row: i + 1, Field: field, Grade: grades[i].Label, Want: want})
	}
	switch {
	case len(grades) == 0:
		return nil, &Error{Kind: ErrBadTable, Table: id, Want: "empty table: it has no grade"}
	case len(grades) > maxGrades:
		return nil, &Error{Kind: ErrBadTable, Table: id, Want: fmt.Sprintf("%d grades, more than %d", len(grades), maxGrades)}
	}
	failed := ""
	for i, g := range grades {
		g.Aliases = slices.Clone(g.Aliases)
		s.grades[i] = g
		for k, label := range append([]string{g.Label}, g.Aliases...) {
			field := "label"
			if k > 0 {
				field = "alias"
			}
			f := labelFault(label)
			if f == "" && k > 0 && strings.Contains(label, aliasSeparator) {
				f = "an alias holds no | , which separates aliases in files"
			}
			if f != "" {
				fault(i, field, f)
				continue
			}
			key := normalLabel(label)
			if j, taken := s.index[key]; taken && (j != i || k > 0 && key != normalLabel(g.Label)) {
				fault(i, field, duplicate(grades[j], label))
				continue
			}
			s.index[key] = i
		}
		switch {
		case !g.Passing:
			failed = g.Label
		case failed != "":
			fault(i, "order", fmt.Sprintf("a passing grade below the failing grade %q: a scale is given best first", shown(failed)))
		}
		if g.From.IsSet() != g.To.IsSet() || g.From.Cmp(g.To) > 0 {
			fault(i, "band", "both bounds or neither, the lower one first")
		}
	}
	if len(bad) == 0 {
		s.checkDirection(&bad)
	}
	if len(bad) > 0 {
		return nil, bad.err()
	}
	s.bins = newBins(s.grades)
	return s, nil
}

// duplicate says that label is taken, and shows the code points when the two
// look the same.
func duplicate(first Grade, label string) string {
	want := "duplicate grade label"
	for _, other := range append([]string{first.Label}, first.Aliases...) {
		if normalLabel(other) != normalLabel(label) || other == label {
			continue
		}
		want += " after normalisation"
		a, b := []rune(other), []rune(label)
		for i := range min(len(a), len(b)) {
			if a[i] != b[i] {
				return want + fmt.Sprintf(" (%U and %U)", a[i], b[i])
			}
		}
	}
	return want
}

// checkDirection refuses values and bands that do not go one way down the scale.
func (s *Scale) checkDirection(bad *faults) {
	fault := func(i int, field, want string) {
		bad.add(&Error{Kind: ErrBadTable, Table: s.id, Row: i + 1, Field: field, Grade: s.grades[i].Label, Want: want})
	}
	var values, lower direction
	var above *Grade // the last grade with a band
	for i, g := range s.grades {
		if g.Passing && !g.Ungraded && g.Value.IsSet() && !values.next(g.Value) {
			fault(i, "value", "values of passing grades all rise or all fall down the scale, and differ")
		}
		if !g.From.IsSet() {
			continue
		}
		if !lower.next(g.From) {
			fault(i, "band", "bands all rise or all fall down the scale, and differ")
		} else if above != nil && (above.From.Cmp(g.From) > 0 && g.To.Cmp(above.From) > 0 ||
			above.From.Cmp(g.From) < 0 && above.To.Cmp(g.From) > 0) {
			fault(i, "band", fmt.Sprintf("the band overlaps that of %q", shown(above.Label)))
		}
		above = &s.grades[i]
	}
}

// direction watches whether numbers go one way and differ.
type direction struct {
	last Number
	sign int
}

func (d *direction) next(n Number) bool {
	if !d.last.IsSet() {
		d.last = n
		return true
	}
	sign := n.Cmp(d.last)
	d.last = n
	if d.sign == 0 {
		d.sign = sign
	}
	return sign != 0 && sign == d.sign
}

// ID returns the name of the scale.
func (s *Scale) ID() string { return s.id }

// Len returns the number of grades.
func (s *Scale) Len() int { return len(s.grades) }

// Grade returns the grade of a rank, 0 for the best. It panics when there is none.
func (s *Scale) Grade(rank int) Grade { return s.grades[rank] }

// Grades returns a copy of the grades, best first.
func (s *Scale) Grades() []Grade { return slices.Clone(s.grades) }

// Rank returns the rank of a grade from 0, the best. It looks for the label or
// alias, normalised, then, on a scale with bands, for the band in which the mark
// falls. It never takes the nearest. The error is an *Error of kind
// ErrUnknownGrade.
func (s *Scale) Rank(label string) (int, error) {
	if rank, ok := s.rank(label); ok {
		return rank, nil
	}
	want := "the scale has no such grade and no bands"
	if len(s.bins.list) > 0 {
		want = "the scale has no such grade and no band for it"
	}
	return 0, &Error{Kind: ErrUnknownGrade, Table: s.id, Grade: shown(label), Want: want}
}

// rank allocates nothing for a label written as in the scale or a plain mark.
func (s *Scale) rank(label string) (int, bool) {
	if rank, ok := s.index[label]; ok {
		return rank, true
	}
	if !isPlain(label) {
		label = normalLabel(label)
		if rank, ok := s.index[label]; ok {
			return rank, true
		}
	}
	return s.bins.find(label)
}

// sameAs reports whether the two scales have the same grades in the same order,
// so that their counts can be added.
func (s *Scale) sameAs(t *Scale) bool {
	return s == t || s.id == t.id && slices.EqualFunc(s.grades, t.grades, func(a, b Grade) bool {
		return normalLabel(a.Label) == normalLabel(b.Label) && a.Passing == b.Passing && a.Ungraded == b.Ungraded
	})
}

// Rounding tells how a mark between two points of a scale is binned.
type Rounding uint8

// Roundings. The zero value is none: a caller names the one he wants.
const (
	Floor  Rounding = iota + 1 // 10.99 counts as 10; the highest point stands alone
	HalfUp                     // 9.5 counts as 10, as Dutch and Portuguese tables do
)

// Points describes a scale of evenly spaced points, as French, Belgian or Dutch
// marks are.
type Points struct {
	ID          string
	Best, Worst Number // ends of the scale; Best is below Worst where low is good
	Pass        Number // the worst mark that passes
	Step        Number // 1 for whole points, 0.5 for half points
	Rounding    Rounding
}

// Scale returns the scale, one grade per point, with the point as its value and
// the marks that round to it as its band.
func (p Points) Scale() (*Scale, error) {
	fail := func(field, want string) (*Scale, error) {
		return nil, &Error{Kind: ErrBadTable, Table: p.ID, Field: field, Want: want}
	}
	if !p.Best.IsSet() || !p.Worst.IsSet() || !p.Pass.IsSet() || p.Best.Cmp(p.Worst) == 0 {
		return fail("points", "the best, worst and passing marks, the first two different")
	}
	if p.Step.Sign() <= 0 {
		return fail("step", "a step above 0")
	}
	if p.Rounding != Floor && p.Rounding != HalfUp {
		return fail("rounding", "Floor or HalfUp, always explicit")
	}
	down := p.Best.Cmp(p.Worst) > 0
	span := new(big.Rat).Sub(p.Best.rat, p.Worst.rat)
	count := span.Abs(span).Quo(span, p.Step.rat)
	if !count.IsInt() || count.Cmp(new(big.Rat).SetInt64(maxGrades)) >= 0 {
		return fail("step", "a step that divides the scale into fewer than 1000 points")
	}
	places, exact := exactPlaces(p.Step.rat)
	if !exact {
		return fail("step", "a decimal step")
	}
	top, bottom := p.Best, p.Worst
	if !down {
		top, bottom = bottom, top
	}
	half := new(big.Rat).Quo(p.Step.rat, big.NewRat(2, 1))
	grades := make([]Grade, count.Num().Int64()+1)
	point := p.Best.Rat()
	for i := range grades {
		n := FromRat(point)
		g := Grade{Label: n.Decimal(max(places, p.Step.places)), Value: n, Passing: !down && n.Cmp(p.Pass) <= 0 || down && n.Cmp(p.Pass) >= 0}
		switch {
		case p.Rounding == HalfUp:
			g.From, g.To = FromRat(new(big.Rat).Sub(point, half)), FromRat(new(big.Rat).Add(point, half))
			g.From, g.To = larger(g.From, bottom), smaller(g.To, top)
		case n.Cmp(top) == 0:
			g.From, g.To = n, n
		default:
			g.From, g.To = n, FromRat(new(big.Rat).Add(point, p.Step.rat))
		}
		grades[i] = g
		if down {
			point.Sub(point, p.Step.rat)
		} else {
			point.Add(point, p.Step.rat)
		}
	}
	return NewScale(p.ID, grades...)
}

func larger(a, b Number) Number {
	if a.Cmp(b) >= 0 {
		return a
	}
	return b
}

func smaller(a, b Number) Number {
	if a.Cmp(b) <= 0 {
		return a
	}
	return b
}
