package table

import (
	"context"
	"encoding/csv"
	"io"
	"iter"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/sis"
)

// maxResults bounds the rows of one student.
const maxResults = 10_000

// resultColumn is one column of results.
type resultColumn struct {
	name string
	read func(r *sis.Result, v string, loc *time.Location) error
}

func resultText(name string, at func(*sis.Result) *string) resultColumn {
	return resultColumn{name, func(r *sis.Result, v string, _ *time.Location) error { *at(r) = v; return nil }}
}

var resultColumns = []resultColumn{
	resultText("student", func(r *sis.Result) *string { return &r.Student.Local }),
	{"year", func(r *sis.Result, v string, _ *time.Location) (err error) { r.Year, err = parseYear(v); return err }},
	resultText("period", func(r *sis.Result) *string { return &r.Period }),
	resultText("course", func(r *sis.Result) *string { return &r.Course.Code }),
	resultText("course_kind", func(r *sis.Result) *string { return &r.Course.Kind }),
	resultText("course_title", func(r *sis.Result) *string { return &r.Course.Title }),
	resultText("course_ects", func(r *sis.Result) *string { return &r.Course.ECTS }),
	resultText("course_parent", func(r *sis.Result) *string { return &r.Course.Parent }),
	resultText("mark", func(r *sis.Result) *string { return &r.Mark }),
	resultText("scale", func(r *sis.Result) *string { return &r.Scale }),
	{"passed", func(r *sis.Result, v string, _ *time.Location) (err error) {
		r.Passed, err = parsePassed(v)
		return err
	}},
	resultText("code", func(r *sis.Result) *string { return &r.Code }),
	{"session", func(r *sis.Result, v string, _ *time.Location) (err error) {
		r.Session, err = strconv.Atoi(v)
		if err != nil || r.Session < 0 {
			err = &passerelle.ParseError{Type: "session", Rule: "form", Want: "a number from 1, or 0 when it is not told"}
		}
		return err
	}},
	resultText("credits", func(r *sis.Result) *string { return &r.Credits }),
	{"result_at", func(r *sis.Result, v string, loc *time.Location) (err error) {
		r.At, err = parseTime(v, loc)
		return err
	}},
}

// ResultColumns returns the names of the columns of a query of results. They fill
// the field of sis.Result of that name:
//
//	student        number of the student (required)
//	year           academic year: 2026 or 2026-2027 (required)
//	period
//	course         (required)
//	course_kind, course_title, course_ects, course_parent
//	mark           as recorded
//	scale          out of what the mark is
//	passed         yes or no, in the words of sis.CSV; empty when it is not known
//	code           decision
//	session        examination session, from 1
//	credits        ECTS obtained
//	result_at      date, date and time, or RFC 3339
func ResultColumns() []string {
	names := make([]string, len(resultColumns))
	for i, c := range resultColumns {
		names[i] = c.name
	}
	return names
}

// Results implements [sis.GradesReader]. year 0 is every year. Rows come by year,
// period, course and session. A student of another system is a passerelle.FieldErrors, as
// is a mapping without a query of results.
func (s *SQL) Results(ctx context.Context, student sis.StudentID, year int) iter.Seq2[sis.Result, error] {
	return func(yield func(sis.Result, error) bool) {
		if err := s.results(ctx, student, year, yield); err != nil {
			yield(sis.Result{}, err)
		}
	}
}

func (s *SQL) results(ctx context.Context, student sis.StudentID, year int, yield func(sis.Result, error) bool) error {
	var faults passerelle.FieldErrors
	if s.m.Queries.Results == "" {
		faults.Add("Queries.Results", "required", "a query of results in the mapping")
	}
	if student.System != "" && student.System != s.m.System {
		faults.Add("student.System", "same", "a student of "+s.m.System)
	}
	if err := faults.Err(); err != nil {
		return err
	}
	columns, err := s.resultColumns(ctx)
	if err != nil {
		return err
	}
	p := plan{query: queryResults, args: map[string]any{"year": strconv.Itoa(year), "id": student.Local}, where: []string{s.name("student") + " = :id"}}
	for _, name := range []string{"year", "period", "course", "session"} {
		if slices.Contains(columns, name) {
			p.order = append(p.order, s.name(name))
		}
	}
	got, err := s.page(ctx, p, maxResults)
	if err != nil {
		return err
	}
	if len(got.keys) == maxResults {
		return &Error{Source: s.m.Name, Op: queryResults, Text: "thousands of results have one student number: is the right column student?", Err: passerelle.ErrInvalid}
	}
	r := csv.NewReader(strings.NewReader(string(got.text)))
	r.Comma = ';'
	header, err := r.Read()
	for line := 1; err == nil; line++ {
		var fields []string
		if fields, err = r.Read(); err != nil {
			break
		}
		result, fault := s.result(header, fields, line)
		if year != 0 && result.Year != 0 && result.Year != year {
			continue
		}
		if fault != nil {
			result = sis.Result{}
		}
		if !yield(result, fault) {
			return nil
		}
	}
	if err != io.EOF {
		return s.fail(ctx, queryResults, err, nil, true)
	}
	return nil
}

// resultColumns returns the columns of the query of results, or what is missing.
func (s *SQL) resultColumns(ctx context.Context) ([]string, error) {
	columns, err := s.columnsOf(ctx, queryResults)
	if err != nil {
		return nil, err
	}
	for _, name := range []string{"student", "year", "course"} {
		if !slices.Contains(columns, name) {
			return nil, &sis.CSVError{Source: s.m.Name, Rule: sis.CSVRuleMissing, Columns: []string{name}, Found: columns, Want: "that column in the query of results"}
		}
	}
	return columns, nil
}

// result makes the record of one row.
func (s *SQL) result(header, fields []string, line int) (sis.Result, error) {
	r := sis.Result{Provenance: sis.Provenance{Source: s.m.Name, Line: line}}
	r.Student.System = s.m.System
	fault := func(field string, err error) error {
		return &sis.RowError{Provenance: r.Provenance, Field: field, ID: r.Student, Err: err}
	}
	for i, v := range fields {
		v = strings.TrimSpace(v)
		if to, ok := s.m.Values[header[i]][v]; ok {
			v = to
		}
		if v == "" {
			continue
		}
		at := slices.IndexFunc(resultColumns, func(c resultColumn) bool { return c.name == header[i] })
		if err := resultColumns[at].read(&r, v, s.m.location()); err != nil {
			return r, fault(header[i], err)
		}
	}
	if r.Year == 0 {
		return r, fault("year", &passerelle.ParseError{Type: "year", Rule: "required", Want: "the academic year"})
	}
	return r, nil
}

func parsePassed(v string) (sis.Passed, error) {
	switch strings.ToLower(v) {
	case "1", "o", "oui", "y", "yes", "true", "vrai":
		return sis.PassedYes, nil
	case "0", "n", "non", "no", "false", "faux":
		return sis.PassedNo, nil
	}
	return sis.PassedUnknown, &passerelle.ParseError{Type: "yes or no", Rule: "code", Want: "1, O, oui, yes or true; 0, N, non, no or false; or nothing"}
}

func parseYear(v string) (int, error) {
	year, err := strconv.Atoi(v[:min(4, len(v))])
	if err == nil && year >= 1900 && year < 3000 {
		switch next := strconv.Itoa(year + 1); v[4:] {
		case "", "-" + next, "/" + next:
			return year, nil
		}
	}
	return 0, &passerelle.ParseError{Type: "year", Rule: "form", Want: "an academic year: 2026, 2026-2027 or 2026/2027"}
}

func parseTime(v string, loc *time.Location) (time.Time, error) {
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05", time.DateTime, time.DateOnly, "02/01/2006 15:04:05", "02/01/2006"} {
		if t, err := time.ParseInLocation(layout, v, loc); err == nil {
			return t, nil
		}
	}
	return time.Time{}, &passerelle.ParseError{Type: "time", Rule: "form", Want: "YYYY-MM-DD or DD/MM/YYYY, alone or with HH:MM:SS, or RFC 3339"}
}
