package sis

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"slices"
	"strings"

	"github.com/passerelle-sup/passerelle"
)

// csvScan is one reading of a file: the row under way and the record made of it.
type csvScan struct {
	source *CSV
	file   *csvFile
	query  Query
	part   csvPart
	ids    map[string]bool // local parts of Query.IDs; nil for all
	keys   []int           // columns that tell whether a row is asked for, as indexes into csvColumns
	rest   []int           // the other columns to read

	row    *csvRow
	rec    csvRecord
	faults []csvFieldFault
}

// csvFieldFault is one broken rule of a row.
type csvFieldFault struct {
	column int // index into csvColumns
	err    error
}

// scan reads the rows that q asks for and hands each to emit, as the record in its
// argument or as a *RowError, until emit returns false. A fatal error comes last.
func (s *CSV) scan(ctx context.Context, q Query, part csvPart, emit func(*csvScan, error) bool) {
	c := &csvScan{source: s, query: q, part: part}
	required := s.opts.Required
	switch {
	case required != nil:
	case part == ofStudent:
		required = []string{"ine", "birth_name", "given_name_1", "sex", "birth_date", "birth_commune"}
	default:
		required = []string{"year"}
	}
	file, err := s.start(append([]string{"student"}, required...))
	if err != nil {
		emit(c, err)
		return
	}
	defer file.Close()
	c.file = file
	if err := c.plan(); err != nil {
		emit(c, err)
		return
	}
	for {
		if err := ctx.Err(); err != nil {
			emit(c, err)
			return
		}
		row, fault, err := file.rows.next()
		switch {
		case err == io.EOF:
			return
		case err != nil:
			emit(c, s.readError(err))
			return
		case fault != nil:
			err = &RowError{Provenance: Provenance{s.name, fault.line}, Column: fault.column, Err: fault.err}
		case row.len() != len(file.header):
			err = &RowError{Provenance: Provenance{s.name, row.line}, Err: &passerelle.ParseError{Type: "row", Rule: "fields",
				Want: fmt.Sprintf("%d fields, as in the first line; there are %d", len(file.header), row.len())}}
		default:
			c.row = row
			var wanted bool
			if wanted, err = c.read(); !wanted {
				continue
			}
		}
		if !emit(c, err) {
			return
		}
	}
}

// plan chooses the columns to read, those that decide on the query first.
func (c *csvScan) plan() error {
	has := func(name string) bool { return c.file.at[columnIndex(name)] >= 0 }
	need := func(name, query string) error {
		if has(name) {
			return nil
		}
		return &CSVError{Source: c.source.name, Rule: CSVRuleMissing, Columns: []string{c.source.headerName(name)}, Found: c.file.header,
			Want: "that column for a query by " + query}
	}
	keys := []string{"student"}
	if c.query.Year != 0 {
		if err := need("year", "year"); err != nil {
			return err
		}
		keys = append(keys, "year")
	}
	if !c.query.ModifiedSince.IsZero() {
		column := "modified_at"
		if c.part == ofEnrolment && has("enrolment_modified_at") {
			column = "enrolment_modified_at"
		}
		if err := need(column, "time of change"); err != nil {
			return err
		}
		keys = append(keys, column)
	}
	if len(c.query.INEStates) > 0 {
		keys = append(keys, "ine", "ine_key", "ine_state")
	}
	if len(c.query.IDs) > 0 {
		c.ids = make(map[string]bool, len(c.query.IDs))
		for _, id := range c.query.IDs {
			if id.System == "" || id.System == c.source.opts.System {
				c.ids[id.Local] = true
			}
		}
	}
	for i, column := range csvColumns {
		switch {
		case c.file.at[i] < 0:
		case slices.Contains(keys, column.name):
			c.keys = append(c.keys, i)
		case column.of&c.part != 0:
			c.rest = append(c.rest, i)
		}
	}
	return nil
}

// read makes the record of c.row. It returns false when the query does not ask for it.
func (c *csvScan) read() (wanted bool, err error) {
	s := c.source
	from := Provenance{s.name, c.row.line}
	c.rec = csvRecord{loc: s.opts.Location}
	c.rec.student.Provenance, c.rec.enrolment.Provenance = from, from
	c.faults = c.faults[:0]
	c.readColumns(c.keys)
	id := &c.rec.student.ID
	if id.Local == "" {
		c.faults = append(c.faults, csvFieldFault{0, &passerelle.ParseError{Type: "student", Rule: "required", Want: "the number of the student"}})
	} else {
		id.System = s.opts.System
	}
	if len(c.faults) == 0 && !c.asked() {
		return false, nil
	}
	c.readColumns(c.rest)
	c.rec.enrolment.Student = *id
	if c.part == ofStudent && len(c.faults) == 0 {
		if column, err := c.rec.finish(); err != nil {
			c.faults = append(c.faults, csvFieldFault{columnIndex(column), err})
		}
	}
	return true, c.rowError()
}

func (c *csvScan) readColumns(columns []int) {
	for _, i := range columns {
		v := strings.TrimSpace(c.row.field(c.file.at[i]))
		if v == "" {
			continue
		}
		column := &csvColumns[i]
		if words := c.source.opts.Values[column.name]; words != nil {
			if to, ok := words[v]; ok {
				v = to
			}
		}
		if v == "" {
			continue
		}
		if len(c.source.opts.Dates) > 0 {
			v = dated(c.source.opts.Dates, column.name, v)
		}
		if err := column.read(&c.rec, v); err != nil {
			c.faults = append(c.faults, csvFieldFault{i, err})
		}
	}
}

// asked reports whether the query asks for the record, by its key columns.
func (c *csvScan) asked() bool {
	q, r := c.query, &c.rec
	if c.ids != nil && !c.ids[r.student.ID.Local] {
		return false
	}
	if q.Year != 0 && r.enrolment.Year != q.Year {
		return false
	}
	changed := r.student.ModifiedAt
	if !r.enrolment.ModifiedAt.IsZero() {
		changed = r.enrolment.ModifiedAt
	}
	if !q.ModifiedSince.IsZero() && !changed.IsZero() && changed.Before(q.ModifiedSince) {
		return false
	}
	return len(q.INEStates) == 0 || slices.Contains(q.INEStates, r.ineState())
}

// rowError returns what is wrong with the row, nil when nothing is.
func (c *csvScan) rowError() error {
	if len(c.faults) == 0 {
		return nil
	}
	e := &RowError{Provenance: c.rec.student.Provenance, ID: c.rec.student.ID}
	if len(c.faults) == 1 {
		at := c.file.at[c.faults[0].column]
		e.Column, e.Field, e.Err = c.row.cols[at], c.file.header[at], c.faults[0].err
		return e
	}
	var all passerelle.FieldErrors
	for _, fault := range c.faults {
		rule, want := "value", ""
		if p, ok := errors.AsType[*passerelle.ParseError](fault.err); ok {
			rule, want = p.Rule, p.Want
		}
		all.Add(c.file.header[c.file.at[fault.column]], rule, want)
	}
	e.Err = all
	return e
}

// seenStudents remembers which students a file gave already. nil remembers nothing.
type seenStudents struct {
	seed maphash.Seed
	rows map[uint64]seenRow
}

type seenRow struct {
	line    int
	content uint64
}

func newSeenStudents(on bool) *seenStudents {
	if !on {
		return nil
	}
	return &seenStudents{maphash.MakeSeed(), map[uint64]seenRow{}}
}

// check returns true for a row that repeats what an earlier one said of its
// student, and an error for one that contradicts it.
func (s *seenStudents) check(c *csvScan) (pass bool, err error) {
	if s == nil {
		return false, nil
	}
	id := c.rec.student.ID.Local
	var h maphash.Hash
	h.SetSeed(s.seed)
	for i, column := range csvColumns {
		if at := c.file.at[i]; at >= 0 && column.of&ofStudent != 0 && column.name != "modified_at" {
			h.WriteString(strings.TrimSpace(c.row.field(at)))
			h.WriteByte(0) // which no row holds
		}
	}
	key, now := maphash.String(s.seed, id), seenRow{c.row.line, h.Sum64()}
	before, again := s.rows[key]
	switch {
	case !again:
		s.rows[key] = now
		return false, nil
	case before.content == now.content:
		return true, nil
	}
	at := c.file.at[0]
	return false, &RowError{Provenance: c.rec.student.Provenance, Column: c.row.cols[at], Field: c.file.header[at], ID: c.rec.student.ID,
		Err: &passerelle.ParseError{Type: "student", Rule: "repeated", Want: fmt.Sprintf("what line %d says of the same student", before.line)}}
}
