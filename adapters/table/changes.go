package table

import (
	"context"
	"iter"
	"slices"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/sis"
)

// Changes implements [sis.Deltas]: the students changed after cursor, by their
// column modified_at, the oldest change first, up to Mapping.Overlap before now. That
// bound is fixed when the call starts: a student who changes meanwhile is given once,
// by this call or a later one. The query must have one row for each student.
//
// A row that cannot be read is a *sis.RowError; the cursor of the next student is
// after it. A row that tells no time of change is one in each call, as it can never be known to be settled.
func (s *SQL) Changes(ctx context.Context, cursor string) iter.Seq2[sis.Delta, error] {
	return func(yield func(sis.Delta, error) bool) {
		if err := s.changes(ctx, cursor, yield); err != nil {
			yield(sis.Delta{}, err)
		}
	}
}

func (s *SQL) changes(ctx context.Context, cursor string, yield func(sis.Delta, error) bool) error {
	start, from, err := parseCursor(s.m.System, cursor)
	if err != nil {
		return err
	}
	columns, err := s.columnsOf(ctx, queryStudents)
	if err != nil {
		return err
	}
	for _, name := range []string{"student", "modified_at"} {
		if !slices.Contains(columns, name) {
			return &sis.CSVError{Source: s.m.Name, Rule: sis.CSVRuleMissing, Columns: []string{name}, Found: columns, Want: "that column in the query of students, for changes"}
		}
	}
	until := settled(s.now(), s.m.overlap(), s.m.location())
	at := s.name("modified_at")
	base := plan{
		query: queryStudents, timed: true,
		where: []string{at + " <= " + s.m.Dialect.timeValue(":until", s.naive())},
		order: []string{at, s.name("student")},
		args:  map[string]any{"year": "0", "until": s.m.Dialect.format(until, s.naive())},
	}
	if from {
		base = s.from(base, start)
	}
	rows := 0
	var last sis.Student
	more, err := s.pages(ctx, base, &rows, func(p *page) bool {
		for student, err := range p.csv.Students(ctx, sis.Query{}) {
			var delta sis.Delta
			again := false
			if err != nil {
				err = p.rowError(err)
			} else {
				delta = sis.Delta{Student: student, Cursor: formatCursor(s.m.System, p.keys[student.Provenance.Line-2])}
				delta.Student.Provenance.Line = p.number(student.Provenance.Line)
				again, err = repeats(&last, delta.Student)
			}
			if err != nil {
				delta = sis.Delta{}
			}
			if !again && !yield(delta, err) {
				return false
			}
		}
		return true
	})
	if err != nil || !more {
		return err
	}
	return s.timeless(ctx, columns, &rows, yield)
}

// from makes a plan start after the row k.
func (s *SQL) from(p plan, k key) plan {
	p = p.clone()
	p.args["from_at"], p.args["from_id"] = k.at, k.student
	at, id, value := s.name("modified_at"), s.name("student"), s.m.Dialect.timeValue(":from_at", s.naive())
	p.where = append(p.where, "("+at+" > "+value+" OR "+at+" = "+value+" AND "+id+" > :from_id)")
	return p
}

// timeless tells of the rows that Changes cannot give: those without a time, or
// without a student number.
func (s *SQL) timeless(ctx context.Context, columns []string, rows *int, yield func(sis.Delta, error) bool) error {
	base := plan{query: queryStudents, args: map[string]any{"year": "0"}, order: []string{s.name("student")},
		where: []string{s.name("modified_at") + " IS NULL"}}
	want := &passerelle.ParseError{Type: "time", Rule: "required", Want: "the time of the last change"}
	report := func(p *page) bool {
		for student, err := range p.csv.Students(ctx, sis.Query{}) {
			if err != nil {
				err = p.rowError(err)
			} else {
				from := student.Provenance
				from.Line = p.number(from.Line)
				err = &sis.RowError{Provenance: from, Field: "modified_at", ID: student.ID, Err: want}
			}
			if !yield(sis.Delta{}, err) {
				return false
			}
		}
		return true
	}
	more, err := s.pages(ctx, base, rows, report)
	if err != nil || !more {
		return err
	}
	base.where = nil
	return s.nameless(ctx, base, columns, rows, report)
}
