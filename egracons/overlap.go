package egracons

import (
	"math/big"
	"slices"
)

// pair holds both distributions on one axis: running sums are multiplied by the
// total of the other table, so that they compare as whole numbers.
type pair struct {
	rules Rules
	home  *Table
	cum   []*big.Int // host running sums
	cells []cell     // awarded home grades, best first
	unit  *big.Int   // makes the values of the cells whole numbers
}

// cell is a home grade of non-zero weight.
type cell struct {
	grade   *Grade
	lo, hi  *big.Int
	value   *big.Int // in units of the pair; nil where the grade has none
	overlap *big.Int // with the host grade at hand
}

func newPair(host, home *Table, rules Rules) *pair {
	p := &pair{rules: rules, home: home, cum: scaled(host.cum, home.total()), unit: big.NewInt(1)}
	homeCum := scaled(home.cum, host.total())
	for i, rank := range home.graded {
		if home.weights[rank].Sign() > 0 {
			g := &home.scale.grades[rank]
			p.cells = append(p.cells, cell{grade: g, lo: homeCum[i], hi: homeCum[i+1]})
			p.unit = commonUnit(p.unit, g.Value)
		}
	}
	for i := range p.cells {
		if c := &p.cells[i]; c.grade.Value.IsSet() {
			c.value = inUnits(c.grade.Value, p.unit)
		}
	}
	return p
}

func scaled(sums []*big.Int, by *big.Int) []*big.Int {
	out := make([]*big.Int, len(sums))
	for i, s := range sums {
		out[i] = new(big.Int).Mul(s, by)
	}
	return out
}

// checkHome looks for the values and bands that the rules need.
func (p *pair) checkHome() error {
	var bad faults
	for _, c := range p.cells {
		if p.rules.Policy.averages() && !c.grade.Value.IsSet() {
			bad.add(&Error{Kind: ErrNoValue, Table: p.home.identity.Name(), Grade: c.grade.Label, Want: "a value, which the policy " + p.rules.Policy.String() + " averages"})
		}
		if p.rules.Continuous && !c.grade.From.IsSet() {
			bad.add(&Error{Kind: ErrNoValue, Table: p.home.identity.Name(), Grade: c.grade.Label, Want: "a band of marks, which the continuous mark divides"})
		}
	}
	if len(bad) > 0 {
		return bad.err()
	}
	return nil
}

// convert fills in the answer for the i-th graded pass of the host.
func (p *pair) convert(r *Result, i int) {
	lo, hi := p.cum[i], p.cum[i+1]
	whole := p.cum[len(p.cum)-1]
	r.Status = Converted
	r.Interval = Interval{Number{rat: new(big.Rat).SetFrac(lo, whole)}, Number{rat: new(big.Rat).SetFrac(hi, whole)}}
	width := new(big.Int).Sub(hi, lo)
	candidates := p.candidates(lo, hi)
	r.Candidates = make([]Candidate, len(candidates))
	for k, c := range candidates {
		share := new(big.Rat)
		if width.Sign() > 0 {
			share.SetFrac(c.overlap, width)
		}
		r.Candidates[k] = Candidate{Grade: c.grade.Label, Share: Number{rat: share}, Kept: share.Cmp(p.rules.MinShare.value()) >= 0}
	}
	if !slices.ContainsFunc(r.Candidates, func(c Candidate) bool { return c.Kept }) {
		for k := range r.Candidates {
			r.Candidates[k].Kept = true
		}
	}
	var kept []cell
	for k, c := range candidates {
		if r.Candidates[k].Kept {
			kept = append(kept, c)
		}
	}
	if width.Sign() == 0 {
		r.Warnings = append(slices.Clone(r.Warnings), Warning{Code: EmptyHostInterval})
	}
	g := p.choose(r, kept, lo, hi)
	r.Suggestion, r.Value = g.Label, g.Value
	if p.rules.Continuous {
		r.Mark = p.mark(lo, hi)
	}
}

// candidates returns the awarded home grades that overlap (lo, hi], or, when
// that is empty, those that hold or touch its point.
func (p *pair) candidates(lo, hi *big.Int) []cell {
	var out []cell
	empty := lo.Cmp(hi) == 0
	for _, c := range p.cells {
		c.overlap = new(big.Int).Sub(smallerInt(hi, c.hi), largerInt(lo, c.lo))
		if c.overlap.Sign() > 0 || empty && c.overlap.Sign() == 0 {
			out = append(out, c)
		}
	}
	return out
}

func smallerInt(a, b *big.Int) *big.Int {
	if a.Cmp(b) < 0 {
		return a
	}
	return b
}

func largerInt(a, b *big.Int) *big.Int {
	if a.Cmp(b) > 0 {
		return a
	}
	return b
}

// choose applies the policy to the candidates that were kept.
func (p *pair) choose(r *Result, kept []cell, lo, hi *big.Int) *Grade {
	best, worst := kept[0].grade, kept[len(kept)-1].grade
	switch p.rules.Policy {
	case Maximum:
		return best
	case Minimum:
		return worst
	case AverageWeighted:
		r.Average = p.weightedMean(kept)
		return p.snap(r.Average)
	case AverageMinMax:
		mean := new(big.Rat).Add(best.Value.rat, worst.Value.rat)
		r.Average = Number{rat: mean.Quo(mean, big.NewRat(2, 1))}
		return p.snap(r.Average)
	case Midpoint:
		return p.atMiddle(kept, lo, hi).grade
	case LargestOverlap:
		return nearest(kept, p.rules.Tie, func(c cell) *big.Int { return new(big.Int).Neg(c.overlap) }).grade
	default: // NearestCumulative looks at all awarded grades
		return nearest(p.cells, p.rules.Tie, func(c cell) *big.Int {
			d := new(big.Int).Sub(c.hi, hi)
			return d.Abs(d)
		}).grade
	}
}

// atMiddle returns the cell that holds the middle of lo and hi or is nearest to
// it. On a boundary two cells are at no distance, and the tie rule decides.
func (p *pair) atMiddle(cells []cell, lo, hi *big.Int) *cell {
	middle := new(big.Int).Add(lo, hi) // twice the middle
	return nearest(cells, p.rules.Tie, func(c cell) *big.Int {
		twiceLo, twiceHi := new(big.Int).Lsh(c.lo, 1), new(big.Int).Lsh(c.hi, 1)
		d := largerInt(twiceLo.Sub(twiceLo, middle), twiceHi.Sub(middle, twiceHi))
		return largerInt(d, new(big.Int))
	})
}

// nearest returns the cell of least distance, the better or the worse of equals.
func nearest(cells []cell, tie Tie, distance func(cell) *big.Int) *cell {
	at, least := 0, distance(cells[0])
	for i := 1; i < len(cells); i++ {
		d := distance(cells[i])
		if order := d.Cmp(least); order < 0 || order == 0 && tie == Worse {
			at, least = i, d
		}
	}
	return &cells[at]
}

// weightedMean averages the values by overlap; candidates of an empty interval,
// which all have none, count alike.
func (p *pair) weightedMean(kept []cell) Number {
	sum, weights := new(big.Int), new(big.Int)
	for _, c := range kept {
		w := c.overlap
		if w.Sign() == 0 {
			w = big.NewInt(1)
		}
		weights.Add(weights, w)
		sum.Add(sum, new(big.Int).Mul(w, c.value))
	}
	return Number{rat: new(big.Rat).SetFrac(sum, weights.Mul(weights, p.unit))}
}

// snap returns the awarded home grade whose value is nearest to the mean, nil
// when none has a value.
func (p *pair) snap(mean Number) *Grade {
	var valued []cell
	for _, c := range p.cells {
		if c.value != nil {
			valued = append(valued, c)
		}
	}
	if len(valued) == 0 {
		return nil
	}
	target := new(big.Int).Mul(mean.rat.Num(), p.unit)
	return nearest(valued, p.rules.Tie, func(c cell) *big.Int {
		d := new(big.Int).Mul(c.value, mean.rat.Denom())
		return d.Abs(d.Sub(d, target))
	}).grade
}

// mark places the middle of the host interval inside the band of the home grade
// it falls in: as far from the band's better end as it is from the better end
// of the grade's interval.
func (p *pair) mark(lo, hi *big.Int) Number {
	c := p.atMiddle(p.cells, lo, hi)
	middle := new(big.Int).Add(lo, hi)
	part := new(big.Rat).SetFrac(middle.Sub(middle, new(big.Int).Lsh(c.lo, 1)), new(big.Int).Lsh(new(big.Int).Sub(c.hi, c.lo), 1))
	band := new(big.Rat).Sub(c.grade.To.rat, c.grade.From.rat)
	part.Mul(part, band)
	if p.rising() {
		return Number{rat: part.Add(part, c.grade.From.rat)}
	}
	return Number{rat: part.Sub(c.grade.To.rat, part)}
}

// rising reports whether marks rise down the home scale: low is good.
func (p *pair) rising() bool {
	var first *Grade
	for i := range p.home.scale.grades {
		g := &p.home.scale.grades[i]
		switch {
		case !g.From.IsSet():
		case first == nil:
			first = g
		default:
			return first.From.Cmp(g.From) < 0
		}
	}
	return false
}
