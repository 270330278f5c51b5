package egracons

import "slices"

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
