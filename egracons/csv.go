package egracons

import (
	"cmp"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strconv"
	"strings"

	"github.com/passerelle-sup/passerelle"
)

// neutralColumns are the columns of the neutral long form, one row per grade. It
// holds what the Egracons data file is known to hold; the layout of that workbook
// itself is not public, and this is not it.
var neutralColumns = []string{"institution", "hei_id", "cycle", "isced_f", "degree", "period_from", "period_to", "scale_id", "rank", "grade", "passing", "count"}

// extraColumns are written after them where some table fills them.
var extraColumns = []string{"percentage", "cumulative", "stated", "tolerance", "value", "band_from", "band_to", "aliases", "ungraded",
	"table_id", "version", "level", "asked", "published", "course_histogram"}

// aliasSeparator stands between the aliases of one cell.
const aliasSeparator = "|"

// maxFile bounds a file of tables.
const maxFile = 64 << 20

// Layout says how a CSV file names its columns. The zero value is the neutral
// form: comma-separated, with the columns institution, hei_id, cycle, isced_f,
// degree, period_from, period_to, scale_id, rank, grade, passing, count, and,
// optional, percentage, cumulative, stated, tolerance, value, band_from, band_to,
// aliases (separated by |), ungraded, table_id, version, level, asked, published,
// course_histogram. Only grade, passing and one of count, percentage and
// cumulative are required.
type Layout struct {
	Comma rune // 0 means ','
	// Columns maps a neutral column to the header that the file uses for it. A
	// column that is not mapped keeps its neutral name. Headers that nothing names
	// are ignored.
	Columns map[string]string
	// AllPassing reads a file without passing column, where every grade passes.
	AllPassing bool
	// MinSize and Tolerance are those of every table; see [TableSpec].
	MinSize   int64
	Tolerance Number
}

// PublishedLayout reads lists of published tables with the columns table_id,
// rank, grade, value, passing, count, percent_published, cumulative_published.
func PublishedLayout() Layout {
	return Layout{Columns: map[string]string{"percentage": "percent_published", "cumulative": "cumulative_published"}}
}

// csvRow is one row of the file.
type csvRow struct {
	line   int
	rank   int64
	record []string
	at     map[string]int // place of each neutral column that the file has
}

// cell returns the cell of a neutral column, "" where the file has no such column.
func (r csvRow) cell(column string) string {
	if at, ok := r.at[column]; ok {
		return r.record[at]
	}
	return ""
}

// ReadTables reads the tables of a CSV file. Rows belong to one table when they
// agree in everything that names it, wherever they stand. Its grades are in the
// order of the rank column, 1 for the best, or in that of the file when there is
// no such column; no number is ever sorted. A table is made of its counts when
// every row has one, else of its percentages, else of its cumulatives.
//
// A table that breaks a rule yields an error with the line, and the next one
// follows; a file that cannot be read ends the sequence with its error.
func ReadTables(r io.Reader, layout Layout) iter.Seq2[*Table, error] {
	return func(yield func(*Table, error) bool) {
		groups, err := readRows(r, layout)
		if err != nil {
			yield(nil, err)
			return
		}
		for _, rows := range groups {
			if !yield(layout.table(rows)) {
				return
			}
		}
	}
}

// readRows reads the file and gathers the rows of each table.
func readRows(r io.Reader, layout Layout) ([][]csvRow, error) {
	limited := &io.LimitedReader{R: r, N: maxFile + 1}
	in := csv.NewReader(limited)
	in.Comma = cmp.Or(layout.Comma, ',')
	header, err := in.Read()
	if err != nil {
		return nil, csvError(err, "a header line")
	}
	columns, err := layout.columns(header)
	if err != nil {
		return nil, err
	}
	var groups [][]csvRow
	place := map[string]int{}
	for {
		record, err := in.Read()
		if errors.Is(err, io.EOF) && limited.N > 0 {
			break
		}
		if limited.N <= 0 {
			return nil, &Error{Kind: ErrBadTable, Want: "a file of at most 64 MiB"}
		}
		if err != nil {
			return nil, csvError(err, "rows of the same length as the header")
		}
		line, _ := in.FieldPos(0)
		row := csvRow{line: line, record: record, at: columns}
		key := nameKey(row.cell)
		at, known := place[key]
		if !known {
			at = len(groups)
			place[key] = at
			groups = append(groups, nil)
		}
		groups[at] = append(groups[at], row)
	}
	return groups, nil
}

// nameColumns are those that tell one table of a file from another.
var nameColumns = []string{"table_id", "institution", "hei_id", "cycle", "isced_f", "degree", "period_from", "period_to", "scale_id", "version", "level", "asked"}

func nameKey(cell func(string) string) string {
	var key strings.Builder
	for _, column := range nameColumns {
		key.WriteString(cell(column))
		key.WriteByte(0)
	}
	return key.String()
}

func csvError(err error, want string) error {
	e := &Error{Kind: ErrBadTable, Want: want}
	if parse, ok := errors.AsType[*csv.ParseError](err); ok {
		e.Row, e.Field, e.Want = parse.Line, fmt.Sprintf("column %d", parse.Column), parse.Err.Error()+": want "+want
		return e
	}
	if errors.Is(err, io.EOF) {
		return e
	}
	return fmt.Errorf("read grade tables: %w", err)
}

// columns returns the place of each neutral column in the file; headers that
// nothing names are left out.
func (l Layout) columns(header []string) (map[string]int, error) {
	neutral := map[string]string{}
	for _, name := range slices.Concat(neutralColumns, extraColumns) {
		neutral[cmp.Or(l.Columns[name], name)] = name
	}
	at := map[string]int{}
	for i, head := range header {
		name, known := neutral[strings.TrimSpace(strings.TrimPrefix(head, "\ufeff"))]
		if !known {
			continue
		}
		if _, twice := at[name]; twice {
			return nil, &Error{Kind: ErrBadTable, Row: 1, Field: name, Want: "each column once"}
		}
		at[name] = i
	}
	has := func(name string) bool { _, ok := at[name]; return ok }
	switch {
	case !has("grade"):
		return nil, missing(l, "grade")
	case !has("passing") && !l.AllPassing:
		return nil, missing(l, "passing")
	case !has("count") && !has("percentage") && !has("cumulative"):
		return nil, missing(l, "count")
	}
	return at, nil
}

func missing(l Layout, name string) error {
	return &Error{Kind: ErrBadTable, Row: 1, Field: name, Want: fmt.Sprintf("a column %q", cmp.Or(l.Columns[name], name))}
}

// table builds the table of these rows.
func (l Layout) table(rows []csvRow) (*Table, error) {
	var bad faults
	first := rows[0]
	spec := TableSpec{MinSize: l.MinSize, Tolerance: l.Tolerance}
	spec.Identity = first.identity(&bad)
	name := spec.Identity.Name()
	spec.Stated = first.integer("stated", &bad)
	if t := first.number("tolerance", &bad); t.IsSet() {
		spec.Tolerance = t
	}
	if first.cell("rank") != "" {
		for i := range rows {
			rows[i].rank = rows[i].integer("rank", &bad)
			if rows[i].rank < 1 {
				bad.add(&Error{Kind: ErrBadTable, Row: rows[i].line, Field: "rank", Want: "a rank from 1, the best grade"})
			}
		}
		slices.SortStableFunc(rows, func(a, b csvRow) int { return cmp.Compare(a.rank, b.rank) })
		for i := 1; i < len(rows); i++ {
			if rows[i].rank == rows[i-1].rank && rows[i].rank > 0 {
				bad.add(&Error{Kind: ErrBadTable, Row: rows[i].line, Field: "rank", Want: fmt.Sprintf("one grade of rank %d", rows[i].rank)})
			}
		}
	}
	column, basis := basisOf(rows)
	if basis == 0 {
		bad.add(&Error{Kind: ErrBadTable, Row: first.line, Want: "a count on every row, or a percentage, or a cumulative"})
	}
	spec.Basis = basis
	grades := make([]Grade, len(rows))
	for i, row := range rows {
		grades[i] = row.grade(l.AllPassing, &bad)
		spec.Weights = append(spec.Weights, Weight{Grade: grades[i].Label, Number: row.number(column, &bad)})
	}
	for _, err := range bad {
		err.(*Error).Table = name
	}
	if len(bad) > 0 {
		return nil, bad.err()
	}
	scale, err := NewScale(first.cell("scale_id"), grades...)
	if err == nil {
		spec.Scale = scale
		var t *Table
		if t, err = NewTable(spec); err == nil {
			return t, nil
		}
	}
	return nil, atLines(err, name, rows)
}

// basisOf takes counts when every row has one, else percentages, else cumulatives.
func basisOf(rows []csvRow) (string, Basis) {
	for _, column := range []string{"count", "percentage", "cumulative"} {
		if !slices.ContainsFunc(rows, func(r csvRow) bool { return r.cell(column) == "" }) {
			return column, columnBasis[column]
		}
	}
	return "", 0
}

var columnBasis = map[string]Basis{"count": Counts, "percentage": Percentages, "cumulative": Cumulatives}

// atLines turns places in the list into lines of the file.
func atLines(err error, table string, rows []csvRow) error {
	list := []error{err}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		if _, single := err.(*Error); !single {
			list = joined.Unwrap()
		}
	}
	for _, err := range list {
		if e, ok := err.(*Error); ok {
			e.Table = table
			if e.Row > 0 && e.Row <= len(rows) {
				e.Row = rows[e.Row-1].line
			}
		}
	}
	return err
}

func (r csvRow) identity(bad *faults) Identity {
	id := Identity{
		ID: r.cell("table_id"), Institution: r.cell("institution"), HEI: r.cell("hei_id"), Cycle: Cycle(r.cell("cycle")),
		ISCED: r.cell("isced_f"), Degree: r.cell("degree"), Version: r.cell("version"), Asked: r.cell("asked"),
		Published: r.flag("published", bad), CourseHistogram: r.flag("course_histogram", bad),
	}
	id.Period.From = r.date("period_from", bad)
	id.Period.To = r.date("period_to", bad)
	if err := id.Level.UnmarshalText([]byte(r.cell("level"))); err != nil {
		bad.add(&Error{Kind: ErrBadTable, Row: r.line, Field: "level", Want: strings.Join(levelNames[1:], ", ")})
	}
	return id
}

func (r csvRow) grade(allPassing bool, bad *faults) Grade {
	g := Grade{Label: strings.TrimSpace(r.cell("grade")), Value: r.number("value", bad), From: r.number("band_from", bad), To: r.number("band_to", bad)}
	g.Ungraded = r.flag("ungraded", bad)
	if g.Passing = allPassing; !allPassing {
		if r.cell("passing") == "" {
			bad.add(&Error{Kind: ErrBadTable, Row: r.line, Field: "passing", Grade: g.Label, Want: "true or false"})
		}
		g.Passing = r.flag("passing", bad)
	}
	for alias := range strings.SplitSeq(r.cell("aliases"), aliasSeparator) {
		if alias != "" {
			g.Aliases = append(g.Aliases, alias)
		}
	}
	return g
}

func (r csvRow) number(column string, bad *faults) Number {
	cell := r.cell(column)
	if cell == "" {
		return Number{}
	}
	n, err := parseMark(cell)
	if err != nil {
		bad.add(&Error{Kind: ErrBadTable, Row: r.line, Field: column, Want: err.Error()})
	}
	return n
}

func (r csvRow) integer(column string, bad *faults) int64 {
	cell := strings.TrimSpace(r.cell(column))
	if cell == "" {
		return 0
	}
	n, err := strconv.ParseInt(cell, 10, 64)
	if err != nil {
		bad.add(&Error{Kind: ErrBadTable, Row: r.line, Field: column, Want: "a whole number"})
	}
	return n
}

func (r csvRow) flag(column string, bad *faults) bool {
	switch strings.ToLower(strings.TrimSpace(r.cell(column))) {
	case "true", "1", "yes", "oui":
		return true
	case "", "false", "0", "no", "non":
		return false
	}
	bad.add(&Error{Kind: ErrBadTable, Row: r.line, Field: column, Want: "true or false"})
	return false
}

func (r csvRow) date(column string, bad *faults) passerelle.Date {
	d, err := ParsePeriodDate(strings.TrimSpace(r.cell(column)))
	if err != nil {
		bad.add(&Error{Kind: ErrBadTable, Row: r.line, Field: column, Want: "a year, a month or a day: 2023, 2023-09, 2023-09-01"})
	}
	return d
}
