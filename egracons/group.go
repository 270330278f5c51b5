package egracons

import (
	"fmt"
	"math/big"
	"slices"
	"strings"

	"github.com/passerelle-sup/passerelle"
)

// Query asks for the table of a reference group.
type Query struct {
	Cycle  Cycle
	ISCED  string // 2, 3 or 4 digits; "" when the course has no code
	Degree string
	// Scale keeps only tables of the scale of that name; "" takes any. It matters
	// where an institution counts on several scales.
	Scale string
	// MinSize is the least number of passing grades; a group that has fewer gives
	// way to the next level. 0 takes the first that exists.
	MinSize int64
	// Levels are tried in order; nil means DefaultLevels.
	Levels []Level
}

// DefaultLevels returns the order proposed for a missing or small group: the
// field, then the fields that share three digits, then two, then the whole
// cycle, then the institution. Deduced from what institutions do: no text fixes
// it. Put LevelDegree first where tables are made by degree, as at ULB.
func DefaultLevels() []Level {
	return []Level{LevelDetailed, LevelNarrow, LevelBroad, LevelCycle, LevelInstitution}
}

// Source finds the table of a reference group: a [Groups], or a single [Table].
type Source interface {
	Find(Query) (*Table, error)
}

// Find returns the table itself, whatever is asked, so that a pair of known
// tables can stand where a [Source] is wanted.
func (t *Table) Find(Query) (*Table, error) { return t, nil }

// Groups holds the tables of one institution, one for each cycle, field and,
// where they are made so, degree, and adds them up into reference groups. It is
// immutable and safe for concurrent use.
type Groups struct {
	tables []*Table
}

// NewGroups returns the groups of these tables, all of one institution. Tables
// of the same cycle, field, degree and scale are added up, one for each year for
// instance: their periods must not overlap, or grades would be counted twice.
func NewGroups(tables ...*Table) (*Groups, error) {
	type key struct {
		cycle                Cycle
		isced, degree, scale string
	}
	seen := map[key][]*Table{}
	var bad faults
	for i, t := range tables {
		if t == nil {
			bad.add(&Error{Kind: ErrBadTable, Row: i + 1, Want: "a table"})
			continue
		}
		id := t.identity
		if first := tables[0]; first != nil && (id.HEI != first.identity.HEI || id.Institution != first.identity.Institution) {
			bad.add(&Error{Kind: ErrBadTable, Table: id.Name(), Row: i + 1, Want: "tables of one institution"})
		}
		k := key{id.Cycle, id.ISCED, id.Degree, t.scale.id}
		for _, other := range seen[k] {
			if !id.Period.apart(other.identity.Period) {
				bad.add(&Error{Kind: ErrBadTable, Table: id.Name(), Row: i + 1,
					Want: fmt.Sprintf("periods that do not overlap: %q counts the same group", other.identity.Name())})
			}
		}
		seen[k] = append(seen[k], t)
	}
	if len(bad) > 0 {
		return nil, bad.err()
	}
	return &Groups{tables: slices.Clone(tables)}, nil
}

// Tables returns the tables that the groups are made of.
func (g *Groups) Tables() []*Table { return slices.Clone(g.tables) }

// Find returns the table of the first level that has one of at least MinSize
// grades, adding up the tables that belong to it. Its Identity tells the Level
// used and the code asked for; conversions warn when the level is broader than
// that code. Cycles are mixed at LevelInstitution only. A group whose size is not
// known is taken: conversions carry SizeUnknown.
//
// The error is an *Error of kind ErrNoTable when no level has a table, or
// ErrTooSmall when all that have are too small, or ErrBadTable when tables of a
// level do not add up (percentages, or different scales).
func (g *Groups) Find(q Query) (*Table, error) {
	if !validISCED(q.ISCED) {
		return nil, &Error{Kind: ErrNoTable, Field: "isced_f", Want: "2, 3 or 4 digits of ISCED-F 2013"}
	}
	levels := q.Levels
	if levels == nil {
		levels = DefaultLevels()
	}
	var small error
	for _, level := range levels {
		members := g.members(q, level)
		if len(members) == 0 {
			continue
		}
		t, err := merged(q, level, members)
		if err != nil {
			return nil, err
		}
		if err := t.checkSize(q.MinSize); err != nil {
			small = err
			continue
		}
		return t, nil
	}
	if small != nil {
		return nil, small
	}
	return nil, &Error{Kind: ErrNoTable, Want: fmt.Sprintf("a table of cycle %q and field %q, at any of %d levels", q.Cycle, q.ISCED, len(levels))}
}

// members returns the tables that make up a level.
func (g *Groups) members(q Query, level Level) []*Table {
	digits := level.digits()
	if digits > len(q.ISCED) {
		return nil
	}
	var out []*Table
	for _, t := range g.tables {
		id := t.identity
		if q.Scale != "" && t.scale.id != q.Scale {
			continue
		}
		var in bool
		switch level {
		case LevelDegree:
			in = q.Degree != "" && id.Degree == q.Degree && id.Cycle == q.Cycle
		case LevelDetailed, LevelNarrow, LevelBroad:
			in = id.Cycle == q.Cycle && len(id.ISCED) >= digits && strings.HasPrefix(id.ISCED, q.ISCED[:digits])
		case LevelCycle:
			in = id.Cycle == q.Cycle && q.Cycle != AllCycles
		case LevelInstitution:
			in = true
		}
		if in {
			out = append(out, t)
		}
	}
	// A table of the whole group is not added to tables of its parts.
	var kept []*Table
	for _, part := range out {
		if !slices.ContainsFunc(out, func(whole *Table) bool {
			return whole.scale.sameAs(part.scale) && whole.identity.contains(part.identity)
		}) {
			kept = append(kept, part)
		}
	}
	return kept
}

// contains reports whether a group is a part of the one that id names, and not
// that group itself.
func (id Identity) contains(part Identity) bool {
	return (id.Cycle == AllCycles || id.Cycle == part.Cycle) && strings.HasPrefix(part.ISCED, id.ISCED) && (id.Degree == "" || id.Degree == part.Degree) &&
		(id.Cycle != part.Cycle || id.ISCED != part.ISCED || id.Degree != part.Degree)
}

// merged adds up the members of a level and names the sum.
func merged(q Query, level Level, members []*Table) (*Table, error) {
	id := members[0].identity
	if len(members) > 1 {
		id.ID, id.Degree, id.Version = "", "", ""
		for _, m := range members[1:] {
			id.Period = id.Period.cover(m.identity.Period)
			id.Published = id.Published && m.identity.Published
			id.CourseHistogram = id.CourseHistogram || m.identity.CourseHistogram
		}
		if level != LevelDegree {
			id.ISCED = q.ISCED[:level.digits()]
		}
		if level == LevelInstitution {
			id.Cycle = AllCycles
		}
	}
	id.Level, id.Asked = level, q.ISCED
	return Merge(id, members...)
}

// cover is the shortest period that holds both; an end that one does not know is
// not known.
func (p Period) cover(q Period) Period {
	if p.From.IsZero() || q.From.IsZero() {
		p.From = passerelle.Date{}
	} else if q.From.Before(p.From) {
		p.From = q.From
	}
	if p.To.IsZero() || q.To.IsZero() {
		p.To = passerelle.Date{}
	} else if lastDay(p.To).Before(lastDay(q.To)) {
		p.To = q.To
	}
	return p
}

// Merge adds tables up under a new name. They must be counts on the same scale:
// percentages of groups of unknown sizes have no sum. One table alone may be of
// any basis and is renamed.
func Merge(identity Identity, tables ...*Table) (*Table, error) {
	if len(tables) == 0 {
		return nil, &Error{Kind: ErrNoTable, Table: identity.Name(), Want: "a table to merge"}
	}
	var bad faults
	identity.check(&bad)
	if len(bad) > 0 {
		return nil, bad.err()
	}
	sum := *tables[0]
	sum.identity = identity
	if len(tables) == 1 {
		return &sum, nil
	}
	weights := make([]*big.Int, sum.scale.Len())
	for rank := range weights {
		weights[rank] = new(big.Int)
	}
	for i, t := range tables {
		switch {
		case t.basis != Counts:
			return nil, &Error{Kind: ErrBadTable, Table: t.identity.Name(), Row: i + 1, Want: "counts: " + t.basis.String() + " of several groups cannot be added"}
		case !t.scale.sameAs(sum.scale):
			return nil, &Error{Kind: ErrBadTable, Table: t.identity.Name(), Row: i + 1, Want: fmt.Sprintf("the scale of the other tables, %q", sum.scale.id)}
		}
		for rank, w := range t.weights {
			weights[rank].Add(weights[rank], w)
		}
	}
	sum.weights, sum.graded, sum.cum, sum.stated = weights, nil, nil, 0
	sum.printed = make([]Number, len(weights))
	for rank, w := range weights {
		sum.printed[rank] = Number{rat: new(big.Rat).SetInt(w)}
	}
	sum.accumulate()
	if !sum.total().IsInt64() {
		return nil, &Error{Kind: ErrBadTable, Table: identity.Name(), Want: "counts that add up to less than 2^63"}
	}
	return &sum, nil
}
