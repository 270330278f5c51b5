package tors

import (
	"cmp"
	"errors"
	"fmt"
	"math/big"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/egracons"
	"github.com/passerelle-sup/passerelle/ewp/elmo"
	"github.com/passerelle-sup/passerelle/ewp/internal/lexical"
)

func (g GradeFrequency) number() (egracons.Number, error) {
	return egracons.ParseNumber(lexical.Token(g.Percentage))
}

// Tables returns the grade tables of the transcript, for conversions. The document does
// not say which grade is the best, nor which pass, nor the cycle: scale and cycle are
// the caller's, who knows the issuer. Percentages are kept as they were written.
//
// Failing grades are part of the hundred percent of most issuers and stand beside it at
// others, since the specification says both; the sum decides which it is. A table that
// breaks a rule is left out, and told in the error: an *egracons.Error, several joined.
func (t *ToR) Tables(scale *egracons.Scale, cycle egracons.Cycle) ([]*egracons.Table, error) {
	if t.Conversion == nil {
		return nil, nil
	}
	var tables []*egracons.Table
	var errs []error
	for _, x := range t.Conversion.Tables {
		id := egracons.Identity{HEI: t.Issuer().String(), Cycle: cycle, ISCED: lexical.Token(x.ISCED)}
		id.Level = levelOf(id.ISCED)
		table, err := x.Table(scale, id)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		tables = append(tables, table)
	}
	return tables, errors.Join(errs...)
}

// levelOf returns the width of a group by the length of its code.
func levelOf(isced string) egracons.Level {
	switch len(isced) {
	case 4:
		return egracons.LevelDetailed
	case 3:
		return egracons.LevelNarrow
	case 2:
		return egracons.LevelBroad
	}
	return egracons.LevelUnstated
}

// Table returns the table of one field, named by id. Its error is an *egracons.Error.
func (x ISCEDTable) Table(scale *egracons.Scale, id egracons.Identity) (*egracons.Table, error) {
	spec := egracons.TableSpec{Identity: id, Scale: scale, Basis: egracons.Percentages}
	for i, g := range x.Grades {
		n, err := g.number()
		if err != nil {
			return nil, &egracons.Error{Kind: egracons.ErrBadTable, Table: id.Name(), Row: i + 1, Field: "percentage", Want: "a decimal number with a point"}
		}
		spec.Weights = append(spec.Weights, egracons.Weight{Grade: g.Label, Number: n})
	}
	table, err := egracons.NewTable(spec)
	if err == nil || scale == nil {
		return table, err
	}
	// Failing grades beside the hundred percent of those that pass.
	all := spec.Weights
	spec.Weights = nil
	for _, w := range all {
		if rank, unknown := scale.Rank(w.Grade); unknown != nil || scale.Grade(rank).Passing {
			spec.Weights = append(spec.Weights, w)
		}
	}
	if len(spec.Weights) < len(all) {
		if beside, err := egracons.NewTable(spec); err == nil {
			return beside, nil
		}
	}
	return nil, err
}

// percentPlaces is how many decimals a percentage has that we work out: enough for any
// two counts of a group below a hundred thousand to differ.
const percentPlaces = 4

// NewISCEDTable writes the grades of a field of study, in the order of the scale, with
// the failing ones where the counts have them, as the specification recommends. Of
// counts, percentages have four decimals, rounded half up from the exact share;
// percentages stay as they are. Cumulatives are refused, as is what egracons.NewTable
// refuses: the error is an *egracons.Error.
func NewISCEDTable(spec egracons.TableSpec) (ISCEDTable, error) {
	if spec.Basis == egracons.Cumulatives {
		return ISCEDTable{}, &egracons.Error{Kind: egracons.ErrBadTable, Table: spec.Identity.Name(), Field: "basis", Want: "Counts or Percentages"}
	}
	if _, err := egracons.NewTable(spec); err != nil {
		return ISCEDTable{}, err
	}
	total := new(big.Rat)
	weights := make([]egracons.Number, spec.Scale.Len())
	for _, w := range spec.Weights {
		rank, err := spec.Scale.Rank(w.Grade)
		if err != nil {
			return ISCEDTable{}, err
		}
		weights[rank] = w.Number
		total.Add(total, w.Number.Rat())
	}
	x := ISCEDTable{ISCED: spec.Identity.ISCED}
	for rank, n := range weights {
		if !n.IsSet() {
			continue
		}
		text := n.String()
		if spec.Basis == egracons.Counts {
			share := new(big.Rat).Quo(n.Rat(), total)
			text = egracons.FromRat(share.Mul(share, hundred)).Decimal(percentPlaces)
		}
		x.Grades = append(x.Grades, GradeFrequency{Label: spec.Scale.Grade(rank).Label, Percentage: text})
	}
	return x, nil
}

// CourseTable returns the results of one course as a table: a histogram of the course
// and no reference group, which its Identity and every conversion by it say. scale is
// the caller's, as in Tables. Its error is an *egracons.Error, or passerelle.ErrNotFound
// for a course without a distribution.
func CourseTable(s elmo.Specification, scale *egracons.Scale, id egracons.Identity) (*egracons.Table, error) {
	d := s.Specifies.Instance.Distribution
	if d == nil || len(d.Categories) == 0 {
		return nil, fmt.Errorf("tors: the course has no distribution of results: %w", passerelle.ErrNotFound)
	}
	id.CourseHistogram = true
	id.ISCED = cmp.Or(id.ISCED, lexical.Token(s.ISCED))
	spec := egracons.TableSpec{Identity: id, Scale: scale, Basis: egracons.Counts}
	for i, c := range d.Categories {
		n, err := egracons.ParseNumber(lexical.Token(c.Count))
		if err != nil {
			return nil, &egracons.Error{Kind: egracons.ErrBadTable, Table: id.Name(), Row: i + 1, Field: "count", Want: "a whole number"}
		}
		spec.Weights = append(spec.Weights, egracons.Weight{Grade: c.Label, Number: n})
	}
	return egracons.NewTable(spec)
}

// Distribution returns counts as the distribution of the results of a course, in the
// order of the scale, failing grades included. Its error is an *egracons.Error, for a
// grade that the scale does not have and a count that is no whole number.
func Distribution(spec egracons.TableSpec) (*elmo.Distribution, error) {
	if spec.Basis != egracons.Counts || spec.Scale == nil {
		return nil, &egracons.Error{Kind: egracons.ErrBadTable, Table: spec.Identity.Name(), Field: "basis", Want: "Counts, and their scale"}
	}
	counts := make([]string, spec.Scale.Len())
	for _, w := range spec.Weights {
		rank, err := spec.Scale.Rank(w.Grade)
		if err != nil {
			return nil, err
		}
		if !w.Number.IsSet() || w.Number.Sign() < 0 || !w.Number.Rat().IsInt() {
			return nil, &egracons.Error{Kind: egracons.ErrBadTable, Table: spec.Identity.Name(), Grade: w.Grade, Want: "a whole number"}
		}
		counts[rank] = w.Number.Decimal(0)
	}
	d := &elmo.Distribution{}
	for rank, count := range counts {
		if count != "" {
			d.Categories = append(d.Categories, elmo.Category{Label: spec.Scale.Grade(rank).Label, Count: count})
		}
	}
	return d, nil
}

// Courses returns the lines that are converted: the smallest parts that have ECTS
// credits, failed ones included, so that no credit is counted twice. Those without
// credits count where nothing around them has some. cycle is that of the tables, see
// Tables.
func (t *ToR) Courses(cycle egracons.Cycle) []egracons.Course {
	var courses []egracons.Course
	for _, r := range t.ELMO.Reports {
		for _, s := range r.Specifications {
			for _, line := range lines(s) {
				courses = append(courses, course(line, cycle))
			}
		}
	}
	return courses
}

// lines returns the smallest parts with credits, or what holds parts without.
func lines(s elmo.Specification) []elmo.Specification {
	if len(s.Parts) == 0 {
		return []elmo.Specification{s}
	}
	var parts []elmo.Specification
	below := false
	for _, p := range s.Parts {
		for _, line := range lines(p.Specification) {
			_, has := line.Specifies.Instance.CreditsIn("ects")
			below = below || has
			parts = append(parts, line)
		}
	}
	if _, own := s.Specifies.Instance.CreditsIn("ects"); own && !below {
		return []elmo.Specification{s}
	}
	return parts
}

func course(s elmo.Specification, cycle egracons.Cycle) egracons.Course {
	c := egracons.Course{Code: codeOf(s), Title: elmo.TitleOf(s.Titles, "en"), Grade: lexical.Token(s.Specifies.Instance.ResultLabel), Cycle: cycle, ISCED: lexical.Token(s.ISCED)}
	if credits, ok := s.Specifies.Instance.CreditsIn("ects"); ok {
		c.Credits = egracons.FromRat(credits)
	}
	return c
}

// codeOf returns by what the course is called: its own code, or else an identifier.
func codeOf(s elmo.Specification) string {
	for _, kind := range []string{"local", losType} {
		if id := elmo.IdentifierOf(s.Identifiers, kind); id != "" {
			return id
		}
	}
	if len(s.Identifiers) > 0 {
		return lexical.Token(s.Identifiers[0].Value)
	}
	return ""
}
