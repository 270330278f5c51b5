package table

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/sis"
)

// maxGroup bounds the rows of one student.
const maxGroup = 1 << 20

// plan is a query with what is put around it.
type plan struct {
	query string // which
	where []string
	order []string
	args  map[string]any
	timed bool // ordered by time of change
}

func (p plan) clone() plan {
	p.where, p.args = slices.Clone(p.where), maps.Clone(p.args)
	return p
}

// key is the place of a row in the order of its query, in the base's own values.
type key struct {
	student any    // string or int64
	at      string // time of change, as the base writes it; empty in sequences by student
}

// page is a stretch of rows, as the CSV text that package sis reads: what is
// accepted in a column is decided there, for files and bases alike.
type page struct {
	csv      *sis.CSV
	text     []byte
	starts   []int    // where each row starts in text
	keys     []key    // of each row
	before   int      // rows of earlier pages
	internal []string // of each row, where the student number is missing
}

// number returns the number of a row from its line in the text.
func (p *page) number(line int) int { return p.before + line - 1 }

// rowError gives an error of one row its number, and to a row without a student
// number the base's own key, by which a person finds it.
func (p *page) rowError(err error) error {
	row, ok := errors.AsType[*sis.RowError](err)
	if !ok {
		return err
	}
	own := *row
	own.Column = 0
	own.Line = p.number(row.Line)
	if i := row.Line - 2; i >= 0 && i < len(p.internal) && p.internal[i] != "" {
		own.Err = &passerelle.ParseError{Type: "student", Rule: "required", Want: "the number of the student whose internal key is " + p.internal[i]}
	}
	return &own
}

// cut takes away the rows from the nth on.
func (p *page) cut(n int) {
	p.text, p.starts, p.keys = p.text[:p.starts[n]], p.starts[:n], p.keys[:n]
}

// pages reads the rows of a plan and hands each page to read. It returns false when
// that did not want more. rows counts them.
func (s *SQL) pages(ctx context.Context, base plan, rows *int, read func(*page) bool) (bool, error) {
	p := base.clone()
	p.where = append(p.where, s.name("student")+" IS NOT NULL")
	n := len(p.where)
	usual := s.m.PageSize
	if p.timed {
		usual *= 4 // each page by time costs the base a pass over all rows
	}
	size := usual
	for {
		got, err := s.page(ctx, p, size)
		if err != nil {
			return false, err
		}
		full := len(got.keys) == size
		if full { // its last rows may belong together with some that follow
			last, first := got.keys[size-1], size-1
			for first > 0 && got.keys[first-1] == last {
				first--
			}
			if first == 0 {
				if size *= 2; size > maxGroup {
					return false, &Error{Source: s.m.Name, Op: p.query, Text: "thousands of rows have one student number: is the right column student?", Err: passerelle.ErrInvalid}
				}
				continue
			}
			got.cut(first)
		}
		size = usual
		got.before = *rows
		*rows += len(got.keys)
		if len(got.keys) > 0 {
			if !read(got) {
				return false, nil
			}
			s.after(&p, n, got.keys[len(got.keys)-1])
		} else if !read(got) { // an empty page still tells of missing columns
			return false, nil
		}
		if !full {
			return true, nil
		}
	}
}

// after narrows a plan to what follows the row k. n is how many conditions it had.
func (s *SQL) after(p *plan, n int, k key) {
	id := s.name("student")
	p.args["after"] = k.student
	condition := id + " > :after"
	if k.at != "" {
		p.args["at"] = k.at
		at, value := s.name("modified_at"), s.m.Dialect.timeValue(":at", s.naive())
		condition = fmt.Sprintf("(%s > %s OR %s = %s AND %s)", at, value, at, value, condition)
	}
	p.where = append(p.where[:n:n], condition)
}

// nameless reads the rows without a student number, which keys cannot page
// through: they are few, and none is a student.
func (s *SQL) nameless(ctx context.Context, base plan, columns []string, rows *int, read func(*page) bool) error {
	p := base.clone()
	p.where = append(p.where, s.name("student")+" IS NULL")
	p.order = nil
	if slices.Contains(columns, "internal") {
		p.order = []string{s.name("internal")}
	}
	got, err := s.page(ctx, p, 0)
	if err != nil {
		return err
	}
	got.before = *rows
	*rows += len(got.keys)
	if len(got.keys) > 0 {
		read(got)
	}
	return nil
}

// sql returns the text of a plan and the values to bind. size 0 is all rows.
func (s *SQL) sql(p plan, size int) (string, []any) {
	var b strings.Builder
	b.WriteString("SELECT q.*")
	if p.timed {
		b.WriteString(", " + s.m.Dialect.timeText(s.name("modified_at")) + " AS changed_at_text")
	}
	b.WriteString(" FROM (" + s.text(p.query) + "\n) q")
	if len(p.where) > 0 {
		b.WriteString(" WHERE " + strings.Join(p.where, " AND "))
	}
	if len(p.order) > 0 {
		b.WriteString(" ORDER BY " + strings.Join(p.order, ", "))
	}
	text := b.String()
	if size > 0 {
		text = s.m.Dialect.limit(text, size)
	}
	return s.m.Dialect.bind(text, p.args)
}

// columnsOf returns the documented columns that a query gives, asking the base once.
func (s *SQL) columnsOf(ctx context.Context, query string) ([]string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if columns, ok := s.columns[query]; ok {
		return columns, nil
	}
	text, args := s.sql(plan{query: query, where: []string{"1 = 0"}, args: map[string]any{"year": "0"}}, 0)
	rows, err := s.db.QueryContext(ctx, text, args...)
	if err != nil {
		return nil, s.fail(ctx, query, err, args, false)
	}
	defer rows.Close()
	names, err := rows.Columns()
	if err != nil {
		return nil, s.fail(ctx, query, err, args, false)
	}
	var columns []string
	for _, name := range s.documented(query, names) {
		if name != "" {
			columns = append(columns, name)
		}
	}
	s.columns[query] = columns
	return columns, nil
}

// documented returns for each column of a query the documented one that it stands
// for, "" for none.
func (s *SQL) documented(query string, names []string) []string {
	known := sis.CSVColumns()
	if query == queryResults {
		known = ResultColumns()
	}
	out := make([]string, len(names))
	for i, name := range names {
		for _, column := range known {
			want := column
			if own, ok := s.m.Columns[column]; ok {
				want = own
			}
			if strings.EqualFold(name, want) {
				out[i] = column
			}
		}
	}
	return out
}

// page runs a plan for at most size rows; 0 is all.
func (s *SQL) page(ctx context.Context, p plan, size int) (*page, error) {
	text, args := s.sql(p, size)
	rows, err := s.db.QueryContext(ctx, text, args...)
	if err != nil {
		return nil, s.fail(ctx, p.query, err, args, false)
	}
	defer rows.Close()
	names, err := rows.Columns()
	if err != nil {
		return nil, s.fail(ctx, p.query, err, args, false)
	}
	got := &page{}
	columns := s.documented(p.query, names)
	student, internal, first := -1, -1, true
	for i, column := range columns {
		switch column {
		case "student":
			student = i
		case "internal":
			internal = i
		}
		if column != "" {
			got.text = appendField(got.text, column, first)
			first = false
		}
	}
	got.text = append(got.text, '\n')
	values, targets := make([]any, len(names)), make([]any, len(names))
	for i := range values {
		targets[i] = &values[i]
	}
	for rows.Next() {
		if err := rows.Scan(targets...); err != nil {
			return nil, s.fail(ctx, p.query, err, args, true)
		}
		got.starts = append(got.starts, len(got.text))
		var k key
		if student >= 0 {
			k.student = keyValue(values[student])
		}
		if internal >= 0 && k.student == nil {
			got.internal = append(got.internal, s.render("internal", values[internal]))
		}
		if p.timed {
			k.at = s.render("", values[len(values)-1])
		}
		got.keys = append(got.keys, k)
		first := true
		for i, column := range columns {
			if column != "" {
				got.text = appendField(got.text, s.render(column, values[i]), first)
				first = false
			}
		}
		got.text = append(got.text, '\n')
	}
	if err := rows.Err(); err != nil {
		return nil, s.fail(ctx, p.query, err, args, true)
	}
	if p.query == queryResults {
		return got, nil
	}
	got.csv, err = sis.NewCSV(s.m.Name, func() (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(got.text)), nil
	}, s.csvOptions(p.query, columns))
	return got, err
}

// csvOptions says how the text of a page is to be read.
func (s *SQL) csvOptions(query string, columns []string) sis.CSVOptions {
	o := sis.CSVOptions{Separator: ';', System: s.m.System, Location: s.m.location()}
	if query == queryStudents {
		o.Required = s.m.Required
	}
	for column, words := range s.m.Values {
		if slices.Contains(columns, column) && slices.Contains(sis.CSVColumns(), column) {
			if o.Values == nil {
				o.Values = make(map[string]map[string]string)
			}
			o.Values[column] = words
		}
	}
	return o
}

// appendField adds a value to a line of CSV. A line break within a value becomes a
// blank, so that lines and rows agree.
func appendField(line []byte, v string, first bool) []byte {
	if !first {
		line = append(line, ';')
	}
	line = append(line, '"')
	for i := range len(v) {
		switch c := v[i]; c {
		case '"':
			line = append(line, '"', '"')
		case '\n', '\r':
			line = append(line, ' ')
		default:
			line = append(line, c)
		}
	}
	return append(line, '"')
}

// keyValue returns a student number as it is bound again.
func keyValue(v any) any {
	switch v := v.(type) {
	case nil, string, int64:
		return v
	case []byte:
		return string(v)
	case float64:
		if n := int64(v); float64(n) == v {
			return n
		}
	}
	return fmt.Sprint(v)
}

// render writes a value of the base as the text that package sis reads.
func (s *SQL) render(column string, v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return s.renderText(column, v)
	case []byte:
		return s.renderText(column, string(v))
	case int64:
		return strconv.FormatInt(v, 10)
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case bool:
		if v {
			return "1"
		}
		return "0"
	case time.Time:
		switch {
		case column == "birth_date":
			return v.Format(time.DateOnly) // as it stands: no zone moves a birthday
		case s.naive():
			return v.Format("2006-01-02T15:04:05.999999999")
		}
		return v.Format(time.RFC3339Nano)
	}
	return fmt.Sprint(v)
}

// renderText applies the forms of dates to the columns that are dates.
func (s *SQL) renderText(column, v string) string {
	if len(s.dates) == 0 || !strings.HasSuffix(column, "_at") && column != "birth_date" {
		return v
	}
	trimmed := strings.TrimSpace(v)
	for _, p := range s.dates {
		if iso, ok := p.ISO(trimmed); ok {
			if column == "birth_date" {
				iso = iso[:len("YYYY-MM-DD")]
			}
			return iso
		}
	}
	return v
}
