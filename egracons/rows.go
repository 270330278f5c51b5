package egracons

import (
	"cmp"
	"fmt"
	"iter"
	"log/slog"
	"slices"

	"github.com/passerelle-sup/passerelle"
)

// Kind tells how a result came about.
type Kind uint8

// Kinds. Only Graded results make a distribution.
const (
	Graded     Kind = iota // an examination with a grade
	Ungraded               // passed or failed, without a grade
	Exempted               // not taken
	Recognised             // brought from another institution
)

// ResultRow is one result as a student system holds it: one sitting of one
// course by one student. It is personal data.
type ResultRow struct {
	Student  string // any stable key; never printed
	Course   string // any stable key of the course unit
	Date     passerelle.Date
	Cycle    Cycle
	ISCED    string // detailed field, four digits
	Degree   string
	Grade    string // label, or a mark that the scale's bands take
	Credited bool   // whether this sitting gave the credits, at whatever session
	Kind     Kind
}

// LogValue masks the student.
func (r ResultRow) LogValue() slog.Value {
	return slog.GroupValue(slog.String("course", r.Course), slog.String("cycle", string(r.Cycle)), slog.String("isced_f", r.ISCED))
}

// Tabulation says how results are counted.
type Tabulation struct {
	// Identity names the tables; Cycle, ISCED and Degree are filled in from the
	// rows. A row whose date lies outside Identity.Period is left out.
	Identity Identity
	// Scale bins the grades: by label, or by the band of each grade. Its Passing
	// flags decide what is counted, so that a mark below 10 that compensation
	// validated is not, unless the scale says that it passes.
	Scale *Scale
	// Cycle and ISCED, where set, keep only these rows; ISCED may be a prefix.
	Cycle Cycle
	ISCED string
	// ByDegree makes one table for each degree too, instead of one for each cycle
	// and field.
	ByDegree bool
	// Recognised also counts results brought from elsewhere.
	Recognised bool
	// MinSize refuses smaller tables; 0 refuses none, which leaves small fields to
	// be merged by [Groups].
	MinSize int64
}

// Tally is what became of the rows: each is counted once.
type Tally struct {
	Rows         int // read
	Counted      int
	OutOfPeriod  int // before, after, or without a date where the period is set
	OtherGroup   int // another cycle or field than asked for
	Ungraded     int // no grade, exempted, or a label that the scale marks Ungraded
	Recognised   int // brought from elsewhere
	NotCredited  int // failed sittings, and sittings that another one replaced
	BelowPass    int // credits given for a grade that the scale says fails: compensation
	Repeated     int // credits given again for the same student and course: the first is kept
	UnknownGrade int // grade that the scale does not know; each is also an error
}

// tableKey names one table of a tabulation.
type tableKey struct {
	cycle         Cycle
	isced, degree string
}

// Tabulate counts result rows into one table for each cycle and ISCED-F field,
// in the order of these. It keeps the passing grades of the period, one for each
// student and course: the first that gave credits, resits included. Pass/fail
// results, exemptions and recognised grades are left out.
//
// Unknown grades and bad rows do not stop it: they are told in the error, joined,
// with the number of the row, and the tables without them are returned all the
// same. Memory grows with the number of credited results.
func Tabulate(rows iter.Seq2[ResultRow, error], t Tabulation) ([]*Table, Tally, error) {
	var tally Tally
	var bad faults
	if t.Scale == nil {
		return nil, tally, &Error{Kind: ErrBadTable, Field: "scale", Want: "a scale: the order of grades is never guessed"}
	}
	type sitting struct{ student, course string }
	type passed struct {
		key  tableKey
		rank int
		date passerelle.Date
	}
	first := map[sitting]passed{}
	for row, err := range rows {
		tally.Rows++
		if err != nil {
			return nil, tally, fmt.Errorf("result row %d: %w", tally.Rows, err)
		}
		switch {
		case t.Identity.Period != Period{} && (row.Date.IsZero() || !t.Identity.Period.contains(row.Date)):
			tally.OutOfPeriod++
			continue
		case t.Cycle != "" && row.Cycle != t.Cycle, len(row.ISCED) < len(t.ISCED) || row.ISCED[:len(t.ISCED)] != t.ISCED:
			tally.OtherGroup++
			continue
		case row.Kind == Recognised && !t.Recognised:
			tally.Recognised++
			continue
		case row.Kind == Ungraded || row.Kind == Exempted:
			tally.Ungraded++
			continue
		case !row.Credited:
			tally.NotCredited++
			continue
		}
		rank, err := t.Scale.Rank(row.Grade)
		if err != nil {
			tally.UnknownGrade++
			e := err.(*Error)
			e.Row = tally.Rows
			bad.add(e)
			continue
		}
		if g := t.Scale.grades[rank]; g.Ungraded {
			tally.Ungraded++
			continue
		} else if !g.Passing {
			tally.BelowPass++
			continue
		}
		p := passed{key: tableKey{cycle: row.Cycle, isced: row.ISCED}, rank: rank, date: row.Date}
		if t.ByDegree {
			p.key.degree = row.Degree
		}
		at := sitting{row.Student, row.Course}
		if before, seen := first[at]; seen {
			tally.Repeated++
			if !p.date.Before(before.date) {
				continue
			}
		} else {
			tally.Counted++
		}
		first[at] = p
	}
	counts := map[tableKey][]int64{}
	for _, p := range first {
		if counts[p.key] == nil {
			counts[p.key] = make([]int64, t.Scale.Len())
		}
		counts[p.key][p.rank]++
	}
	tables, errs := t.tables(counts)
	return tables, tally, append(errs, bad...).err()
}

// tables builds a table for each key, in order.
func (t Tabulation) tables(counts map[tableKey][]int64) ([]*Table, faults) {
	keys := make([]tableKey, 0, len(counts))
	for k := range counts {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b tableKey) int {
		return cmp.Or(cmp.Compare(a.cycle, b.cycle), cmp.Compare(a.isced, b.isced), cmp.Compare(a.degree, b.degree))
	})
	var tables []*Table
	var errs faults
	for _, k := range keys {
		spec := TableSpec{Identity: t.Identity, Scale: t.Scale, Basis: Counts, MinSize: t.MinSize}
		spec.Identity.Cycle, spec.Identity.ISCED, spec.Identity.Degree = k.cycle, k.isced, k.degree
		for rank, n := range counts[k] {
			spec.Weights = append(spec.Weights, Weight{Grade: t.Scale.grades[rank].Label, Number: Int(n)})
		}
		table, err := NewTable(spec)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		tables = append(tables, table)
	}
	return tables, errs
}
