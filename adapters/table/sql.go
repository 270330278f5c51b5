package table

import (
	"cmp"
	"context"
	"database/sql"
	"iter"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/sis"
)

// Querier is the part of *sql.DB that reading needs; *sql.Conn and *sql.Tx have it too.
type Querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// SQLConfig says what a [SQL] reads.
type SQLConfig struct {
	DB      Querier          // required; its driver is the caller's choice
	Mapping Mapping          // Dialect and Queries.Students are required
	Now     func() time.Time // clock of Changes, which should agree with the base's; nil: time.Now
}

// SQL is a base read by queries. It is a [sis.Source], and has Changes and Results as
// sis.Deltas and sis.GradesReader want them; [SQL.Source] has of these only what the
// mapping can give. It is safe for concurrent use if its Querier is, and holds no
// cursor of the base open while a sequence is worked on.
//
// Rows are numbered from 1 in the order of the sequence, which is that of the
// student numbers in the base, the rows without a number last.
type SQL struct {
	db    Querier
	m     Mapping
	dates []sis.DateForm
	now   func() time.Time

	mu      sync.Mutex
	columns map[string][]string // of each query, once known
}

var (
	_ sis.Source       = (*SQL)(nil)
	_ sis.Deltas       = (*SQL)(nil)
	_ sis.GradesReader = (*SQL)(nil)
)

// NewSQL checks cfg and returns the base. Nothing is read yet: see [SQL.Check]. Its
// error is a passerelle.FieldErrors with every fault.
func NewSQL(cfg SQLConfig) (*SQL, error) {
	faults := cfg.Mapping.sqlFaults()
	if cfg.DB == nil {
		faults.Add("DB", "required", "a *sql.DB")
	}
	if err := faults.Err(); err != nil {
		return nil, err
	}
	m := cfg.Mapping
	m.System = cmp.Or(m.System, "sql")
	m.Name = cmp.Or(m.Name, m.System)
	m.PageSize = cmp.Or(m.PageSize, DefaultPageSize)
	s := &SQL{db: cfg.DB, m: m, now: cfg.Now, dates: m.dates(), columns: map[string][]string{}}
	if s.now == nil {
		s.now = time.Now
	}
	return s, nil
}

// Check runs every query for no row and tells whether its columns suffice. Its
// error is that of the first query that fails: an [*Error], or a *sis.CSVError that
// lists the columns that are missing: required ones, and ones that Mapping.Columns
// names and no query has.
func (s *SQL) Check(ctx context.Context) error {
	var found, lost []string
	for _, query := range []string{queryStudents, queryEnrolments, queryResults} {
		if s.text(query) == "" {
			continue
		}
		if err := s.check(ctx, query); err != nil {
			return err
		}
		columns, err := s.columnsOf(ctx, query)
		if err != nil {
			return err
		}
		found = append(found, columns...)
	}
	for _, column := range sortedKeys(s.m.Columns) {
		unused := s.text(queryResults) == "" && !slices.Contains(sis.CSVColumns(), column)
		if !unused && !slices.Contains(found, column) {
			lost = append(lost, s.m.Columns[column])
		}
	}
	if len(lost) > 0 {
		return &sis.CSVError{Source: s.m.Name, Rule: sis.CSVRuleMissing, Columns: lost, Want: "the columns that the mapping names, in one of its queries"}
	}
	return nil
}

func (s *SQL) check(ctx context.Context, query string) error {
	if query == queryResults {
		_, err := s.resultColumns(ctx)
		return err
	}
	got, err := s.page(ctx, plan{query: query, where: []string{"1 = 0"}, args: map[string]any{"year": "0"}}, 0)
	if err != nil {
		return err
	}
	rows := nothing(got.csv.Students(ctx, sis.Query{}))
	if query == queryEnrolments {
		rows = nothing(got.csv.Enrolments(ctx, sis.Query{}))
	}
	for _, err := range rows {
		return err
	}
	return nil
}

// nothing drops the values of a sequence.
func nothing[T any](seq iter.Seq2[T, error]) iter.Seq2[struct{}, error] {
	return func(yield func(struct{}, error) bool) {
		for _, err := range seq {
			if !yield(struct{}{}, err) {
				return
			}
		}
	}
}

// Students implements [sis.Source]. Of several rows of one student the first is
// given; a later one that says the same is passed over, and one that does not is a
// *sis.RowError. [sis.Query.Year] needs the parameter :year in the query, or a column year.
func (s *SQL) Students(ctx context.Context, q sis.Query) iter.Seq2[sis.Student, error] {
	return func(yield func(sis.Student, error) bool) {
		var last sis.Student
		read := func(p *page, q sis.Query) bool {
			for student, err := range p.csv.Students(ctx, q) {
				again := false
				if err != nil {
					err = p.rowError(err)
				} else {
					student.Provenance.Line = p.number(student.Provenance.Line)
					again, err = repeats(&last, student)
				}
				if err != nil {
					student = sis.Student{}
				}
				if !again && !yield(student, err) {
					return false
				}
			}
			return true
		}
		if err := s.scan(ctx, queryStudents, q, read); err != nil {
			yield(sis.Student{}, err)
		}
	}
}

// repeats reports whether a row says of the student of the last one what that did,
// and returns an error when it contradicts it.
func repeats(last *sis.Student, s sis.Student) (bool, error) {
	if last.ID != s.ID {
		*last = s
		return false, nil
	}
	from, before := s.Provenance, *last
	s.Provenance, before.Provenance = sis.Provenance{}, sis.Provenance{}
	s.ModifiedAt, before.ModifiedAt = time.Time{}, time.Time{}
	if reflect.DeepEqual(s, before) {
		return true, nil
	}
	return false, &sis.RowError{Provenance: from, Field: "student", ID: s.ID, Err: &passerelle.ParseError{
		Type: "student", Rule: "repeated", Want: "what row " + strconv.Itoa(last.Provenance.Line) + " says of the same student"}}
}

// Enrolments implements [sis.Source]. It gives nothing when the mapping has no such query.
func (s *SQL) Enrolments(ctx context.Context, q sis.Query) iter.Seq2[sis.Enrolment, error] {
	return func(yield func(sis.Enrolment, error) bool) {
		if s.m.Queries.Enrolments == "" {
			return
		}
		read := func(p *page, q sis.Query) bool {
			for e, err := range p.csv.Enrolments(ctx, q) {
				if err != nil {
					err = p.rowError(err)
				} else {
					e.Provenance.Line = p.number(e.Provenance.Line)
				}
				if !yield(e, err) {
					return false
				}
			}
			return true
		}
		if err := s.scan(ctx, queryEnrolments, q, read); err != nil {
			yield(sis.Enrolment{}, err)
		}
	}
}

// Source returns s with the abilities that its mapping gives alone: a process that
// looks for sis.Deltas finds it when the students have a column modified_at, and
// sis.GradesReader when there is a query of results. It asks the base for the
// columns; its error is that of [SQL.Check].
func (s *SQL) Source(ctx context.Context) (sis.Source, error) {
	if err := s.Check(ctx); err != nil {
		return nil, err
	}
	columns, err := s.columnsOf(ctx, queryStudents)
	if err != nil {
		return nil, err
	}
	type source struct{ sis.Source }
	type deltas struct{ sis.Deltas }
	type grades struct{ sis.GradesReader }
	plain := source{s}
	switch dated, marked := slices.Contains(columns, "modified_at"), s.m.Queries.Results != ""; {
	case dated && marked:
		return s, nil
	case dated:
		return struct {
			source
			deltas
		}{plain, deltas{s}}, nil
	case marked:
		return struct {
			source
			grades
		}{plain, grades{s}}, nil
	}
	return plain, nil
}

// The queries of a base, by the names that errors give them.
const (
	queryStudents   = "students"
	queryEnrolments = "enrolments"
	queryResults    = "results"
)

// text returns a query without the semicolon that people end it with.
func (s *SQL) text(query string) string {
	text := map[string]string{
		queryStudents: s.m.Queries.Students, queryEnrolments: s.m.Queries.Enrolments, queryResults: s.m.Queries.Results,
	}[query]
	return strings.TrimRight(text, "; \t\r\n")
}

// name returns how the query names a documented column.
func (s *SQL) name(column string) string { return "q." + cmp.Or(s.m.Columns[column], column) }

// maxIDs is how many students are asked for in one query: Oracle takes 1000 at the most.
const maxIDs = 500

// scan reads the rows that q asks for, page by page, and hands each page to read
// until that returns false. It returns the fatal error.
func (s *SQL) scan(ctx context.Context, query string, q sis.Query, read func(*page, sis.Query) bool) error {
	columns, err := s.columnsOf(ctx, query)
	if err != nil {
		return err
	}
	base := plan{query: query, args: map[string]any{"year": strconv.Itoa(q.Year)}}
	if !slices.Contains(columns, "student") {
		return s.check(ctx, query)
	}
	if uses(s.text(query), "year") {
		q.Year = 0 // the query itself obeys it
	}
	if at := s.changeColumn(query, columns); !q.ModifiedSince.IsZero() && at != "" {
		base.args["since"] = s.m.Dialect.format(q.ModifiedSince.In(s.m.location()), s.naive())
		base.where = append(base.where, "("+s.name(at)+" IS NULL OR "+s.name(at)+" >= "+s.m.Dialect.timeValue(":since", s.naive())+")")
	}
	for _, name := range []string{"student", "year", "period", "programme", "programme_version", "enrolment"} {
		if slices.Contains(columns, name) {
			base.order = append(base.order, s.name(name))
		}
	}
	rows := 0
	if len(q.IDs) == 0 {
		more, err := s.pages(ctx, base, &rows, func(p *page) bool { return read(p, q) })
		if err != nil || !more {
			return err
		}
		if q.Year == 0 && len(q.INEStates) == 0 {
			return s.nameless(ctx, base, columns, &rows, func(p *page) bool { return read(p, q) })
		}
		return nil
	}
	var ids []string
	for _, id := range q.IDs {
		if id.System == "" || id.System == s.m.System {
			ids = append(ids, id.Local)
		}
	}
	slices.Sort(ids)
	for some := range slices.Chunk(slices.Compact(ids), maxIDs) {
		p, in := base.clone(), make([]string, len(some))
		q.IDs = q.IDs[:0:0]
		for i, id := range some {
			name := "id" + strconv.Itoa(i)
			p.args[name], in[i] = id, ":"+name
			q.IDs = append(q.IDs, sis.StudentID{System: s.m.System, Local: id})
		}
		p.where = append(p.where, s.name("student")+" IN ("+strings.Join(in, ", ")+")")
		more, err := s.pages(ctx, p, &rows, func(p *page) bool { return read(p, q) })
		if err != nil || !more {
			return err
		}
	}
	return nil
}

// changeColumn returns the column that tells when a row changed, "" when there is none.
func (s *SQL) changeColumn(query string, columns []string) string {
	if query == queryEnrolments && slices.Contains(columns, "enrolment_modified_at") {
		return "enrolment_modified_at"
	}
	if slices.Contains(columns, "modified_at") {
		return "modified_at"
	}
	return ""
}

// naive reports whether the base keeps times without a zone.
func (s *SQL) naive() bool { return s.m.TimeZone != "" }

// fail describes an error of the base. Values that were bound are taken out of its text.
func (s *SQL) fail(ctx context.Context, op string, err error, args []any, started bool) error {
	if cause := ctx.Err(); cause != nil {
		err = cause
	}
	e := &Error{Source: s.m.Name, Op: op, Err: err}
	if !started {
		e.Text = err.Error()
		for _, v := range args {
			if text, ok := v.(string); ok && len(text) > 2 {
				e.Text = strings.ReplaceAll(e.Text, text, "***")
			}
		}
	}
	return e
}
