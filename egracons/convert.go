package egracons

import (
	"math/big"
	"slices"
)

// Converter converts the grades of one host table into one home table under
// fixed rules. It works out the answer for every host grade once, exactly, when
// it is made: a conversion is then a look-up. It is immutable and safe for
// concurrent use.
type Converter struct {
	host, home *Table
	rules      Rules
	rows       []row // by rank of the host scale
}

// row is the answer for one host grade.
type row struct {
	result Result
	err    error // why Convert refuses
	short  error // why Grade has nothing to say; nil when result.Suggestion is set
}

// NewConverter prepares the conversion of a pair of tables. The error is an
// *Error of kind ErrBadRules, or ErrNoValue when the policy or the continuous
// mark needs values or bands that an awarded home grade lacks.
func NewConverter(host, home *Table, rules Rules) (*Converter, error) {
	if host == nil || home == nil {
		return nil, &Error{Kind: ErrNoTable, Want: "both tables: without one of them there is no conversion"}
	}
	if err := rules.check(); err != nil {
		return nil, err
	}
	p := newPair(host, home, rules)
	if err := p.checkHome(); err != nil {
		return nil, err
	}
	c := &Converter{host: host, home: home, rules: rules, rows: make([]row, host.scale.Len())}
	base := Result{Policy: rules.Policy, Tie: rules.Tie, MinShare: rules.MinShare,
		Host: origin(host), Home: origin(home), Warnings: tableWarnings(host, home, rules)}
	next := 0 // index among the graded passes
	for rank, g := range host.scale.grades {
		r := &c.rows[rank]
		r.result = base
		r.result.Grade = g.Label
		graded := g.Passing && !g.Ungraded
		switch {
		case !g.Passing:
			r.result.Status = Failed
			r.short = &Error{Kind: ErrFailing, Table: host.identity.Name(), Grade: shown(g.Label), Want: "a passing grade: a failure converts to nothing"}
		case !graded || len(host.graded) == 1:
			p.pass(r)
		default:
			p.convert(&r.result, next)
		}
		if graded {
			next++
		}
	}
	return c, nil
}

// Convert converts one grade of a pair of tables. To convert several, make a
// [Converter]. Errors are those of [NewConverter] and [Converter.Convert].
func Convert(grade string, host, home *Table, rules Rules) (Result, error) {
	c, err := NewConverter(host, home, rules)
	if err != nil {
		return Result{}, err
	}
	return c.Convert(grade)
}

// WithOwnAverage returns a converter that gives the mark n for a bare pass under
// PassFail: OwnAverage, in place of Rules.OwnAverage. The average is one student's;
// the rest of the converter is shared.
func (c *Converter) WithOwnAverage(n Number) *Converter {
	d := *c
	d.rules.OwnAverage = n
	d.rows = slices.Clone(c.rows)
	p := newPair(c.host, c.home, d.rules)
	for i := range d.rows {
		if r := &d.rows[i]; r.result.Status == PassOnly || r.err != nil {
			p.pass(r)
		}
	}
	return &d
}

// Rules returns the rules of the converter.
func (c *Converter) Rules() Rules { return c.rules }

// Host returns the host table.
func (c *Converter) Host() *Table { return c.host }

// Home returns the home table.
func (c *Converter) Home() *Table { return c.home }

// Convert returns the suggestion for a host grade and what explains it. A
// failing grade is no error: its status is Failed and it has no suggestion. The
// error is an *Error of kind ErrUnknownGrade, or ErrNotDifferentiating for a
// bare pass without a rule for it.
func (c *Converter) Convert(grade string) (Result, error) {
	rank, ok := c.host.scale.rank(grade)
	if !ok {
		return Result{}, c.unknown(grade)
	}
	r := &c.rows[rank]
	if r.err != nil {
		return Result{}, r.err
	}
	result := r.result
	result.Given = grade
	return result, nil
}

// Grade returns the suggested home grade alone. It allocates nothing for a grade
// written as in the host scale, or a mark of one of its bands. A failing grade
// is an error of kind ErrFailing here, and a pass kept without mark one of kind
// ErrNotDifferentiating.
func (c *Converter) Grade(grade string) (string, error) {
	rank, ok := c.host.scale.rank(grade)
	if !ok {
		return "", c.unknown(grade)
	}
	if r := &c.rows[rank]; r.short != nil {
		return "", r.short
	}
	return c.rows[rank].result.Suggestion, nil
}

func (c *Converter) unknown(grade string) error {
	_, err := c.host.scale.Rank(grade)
	if e, ok := err.(*Error); ok {
		e.Table = c.host.identity.Name()
	}
	return err
}

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

// pass fills in the answer for a bare pass.
func (p *pair) pass(r *row) {
	r.result.Status, r.err, r.short = PassOnly, nil, nil
	refused := &Error{Kind: ErrNotDifferentiating, Table: r.result.Host.Identity.Name(), Grade: shown(r.result.Grade)}
	switch p.rules.PassFail {
	case KeepAsPass:
		refused.Want = "a grade with a position: this one is kept as a pass without mark"
		r.short = refused
	case OwnAverage:
		if !p.rules.OwnAverage.IsSet() {
			refused.Want = "the student's own average, Rules.OwnAverage"
			r.err, r.short = refused, refused
			return
		}
		r.result.Mark = p.rules.OwnAverage
		if g := p.snap(p.rules.OwnAverage); g != nil {
			r.result.Suggestion, r.result.Value = g.Label, g.Value
			return
		}
		refused.Want = "home grades with values: the average stands as a mark"
		r.short = refused
	default:
		refused.Want = "pass/fail policy needed: Rules.PassFail"
		r.err, r.short = refused, refused
	}
}
