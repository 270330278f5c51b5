package table

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/sis"
)

// Defaults of [Mapping].
const (
	DefaultPageSize = 2000
	DefaultOverlap  = 2 * time.Minute
)

// maxMapping bounds a mapping file, in bytes.
const maxMapping = 1 << 20

// Mapping says how the rows of a file or a base differ from the documented form.
// The zero value is that form, in a CSV file.
type Mapping struct {
	// System is the system of the student IDs. Empty means "csv" for a file, "sql"
	// for a base.
	System string `json:"system,omitempty"`
	// Name stands for the base in provenances and errors. Empty means System.
	Name string `json:"name,omitempty"`

	// Columns gives the column of the file or query that stands for a documented
	// one: {"birth_name": "NOM_FAMILLE"}. A query can as well name its columns itself, by AS.
	Columns map[string]string `json:"columns,omitempty"`
	// Values translates values of a column, by its documented name:
	// {"status": {"E": "valid"}, "ine": {"N/A": ""}}. Values not listed stay.
	Values map[string]map[string]string `json:"values,omitempty"`
	// Dates lists further forms of dates, in the letters YYYY, MM, DD, HH, MI and
	// SS: "YYYYMMDD", "DD.MM.YYYY HH:MI". They are tried first, in this order.
	Dates []string `json:"dates,omitempty"`
	// TimeZone is the zone of times that the base or file keeps without one, such
	// as "Europe/Paris". Where it is set, a zone that a driver adds on its own is
	// disregarded. Empty means UTC, or the zone that the driver gives.
	TimeZone string `json:"time_zone,omitempty"`
	// Required lists the columns without which the file, or the query of students, is
	// refused, as in sis.CSVOptions.
	Required []string `json:"required,omitempty"`
	// Overlap is how long a change may take to become visible: the changes of that
	// last stretch are left to the next call of Changes. A base that keeps days
	// without hours needs 24h or more. 0 means DefaultOverlap.
	Overlap Duration `json:"overlap,omitempty"`

	// Separator, Charset and OncePerStudent are those of sis.CSVOptions. A file only.
	Separator      string      `json:"separator,omitempty"`
	Charset        sis.Charset `json:"charset,omitempty"`
	OncePerStudent bool        `json:"once_per_student,omitempty"`

	// Dialect, Queries and PageSize concern a base only. PageSize is the rows read
	// at a time, four times as many by Changes; 0 means DefaultPageSize.
	Dialect  Dialect `json:"dialect,omitempty"`
	Queries  Queries `json:"queries,omitzero"`
	PageSize int     `json:"page_size,omitempty"`
}

// Queries are the queries of a base. Students is required; without the others the
// base has no enrolments, no results to give.
type Queries struct {
	Students   string `json:"students,omitempty"`
	Enrolments string `json:"enrolments,omitempty"`
	Results    string `json:"results,omitempty"`
}

// Duration is a time.Duration that is written "2m" or "24h" in JSON.
type Duration time.Duration

// MarshalText writes the form of time.Duration.
func (d Duration) MarshalText() ([]byte, error) { return []byte(time.Duration(d).String()), nil }

// UnmarshalText reads the form of time.Duration. Its error is a *passerelle.ParseError.
func (d *Duration) UnmarshalText(text []byte) error {
	v, err := time.ParseDuration(string(text))
	if err != nil {
		return &passerelle.ParseError{Type: "duration", Rule: "form", Want: `a duration such as "2m" or "24h"`}
	}
	*d = Duration(v)
	return nil
}

// LoadMapping reads the mapping file at path. See [ReadMapping].
func LoadMapping(path string) (Mapping, error) {
	f, err := os.Open(path)
	if err != nil {
		return Mapping{}, &Error{Source: path, Op: "open", Err: err}
	}
	defer f.Close()
	return ReadMapping(f)
}

// ReadMapping reads a mapping in JSON. A name that does not exist is refused, since a
// slip would else be a column without values. Its error is a *passerelle.ParseError
// for what is no JSON of that form, a passerelle.FieldErrors with every fault of
// the content, or that of r.
func ReadMapping(r io.Reader) (Mapping, error) {
	text, err := io.ReadAll(io.LimitReader(r, maxMapping+1))
	if err != nil {
		return Mapping{}, &Error{Source: "mapping", Op: "read", Err: err}
	}
	if len(text) > maxMapping {
		return Mapping{}, &passerelle.ParseError{Type: "mapping", Rule: "length", Want: "at most 1 MiB"}
	}
	text = bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))
	var m Mapping
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&m); err != nil {
		return Mapping{}, mappingFault(text, err)
	}
	if _, err := d.Token(); err != io.EOF {
		return Mapping{}, &passerelle.ParseError{Type: "mapping", Rule: "json", Want: "nothing after the closing brace"}
	}
	if err := m.faults().Err(); err != nil {
		return Mapping{}, err
	}
	return m, nil
}

// mappingFault tells where the JSON is wrong.
func mappingFault(text []byte, err error) error {
	fault := &passerelle.ParseError{Type: "mapping", Rule: "json", Want: "a JSON object of the documented form"}
	if e, ok := errors.AsType[*json.SyntaxError](err); ok {
		fault.Pos = int(e.Offset)
		fault.Want = fmt.Sprintf("valid JSON; line %d is wrong", 1+bytes.Count(text[:min(int(e.Offset), len(text))], []byte{'\n'}))
	}
	if e, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		fault.Pos, fault.Want = int(e.Offset), fmt.Sprintf("a value of type %s for %q", e.Type, e.Field)
	}
	if e, ok := errors.AsType[*passerelle.ParseError](err); ok {
		fault.Want = e.Want
	}
	if _, name, ok := strings.Cut(err.Error(), "unknown field "); ok {
		fault.Want = "no field " + name
	}
	return fault
}

// identifier is a column name that needs no quotes in any dialect.
var identifier = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_$#]*$`)

// faults returns what is wrong with m, whether it is for a file or a base.
func (m Mapping) faults() passerelle.FieldErrors {
	var faults passerelle.FieldErrors
	unknown := func(field, name string) {
		if !slices.Contains(sis.CSVColumns(), name) && !slices.Contains(ResultColumns(), name) {
			faults.Add(field+"."+name, "name", "a documented column, as sis.CSVColumns and ResultColumns list them")
		}
	}
	for _, name := range sortedKeys(m.Columns) {
		unknown("columns", name)
	}
	for _, name := range sortedKeys(m.Values) {
		unknown("values", name)
	}
	for _, name := range m.Required {
		unknown("required", name)
	}
	for i, form := range m.Dates {
		if _, err := sis.ParseDateForm(form); err != nil {
			faults.Add(fmt.Sprintf("dates[%d]", i), "form", `YYYY, MM and DD, with HH, MI and SS for times, each once: "DD.MM.YYYY"`)
		}
	}
	if _, err := time.LoadLocation(m.TimeZone); err != nil {
		faults.Add("time_zone", "name", `a zone such as "Europe/Paris"`)
	}
	if m.Overlap < 0 {
		faults.Add("overlap", "range", "no negative duration; 0 is the default")
	}
	if len(m.Separator) > 1 {
		faults.Add("separator", "length", "one character")
	}
	if m.PageSize < 0 {
		faults.Add("page_size", "range", "no negative number; 0 is the default")
	}
	return faults
}

// sqlFaults returns what is wrong with m for a base.
func (m Mapping) sqlFaults() passerelle.FieldErrors {
	faults := m.faults()
	if !m.Dialect.known() {
		faults.Add("dialect", "name", "sqlite, oracle, postgres or mysql")
	}
	if strings.TrimSpace(m.Queries.Students) == "" {
		faults.Add("queries.students", "required", "a SELECT that gives the students")
	}
	for _, name := range sortedKeys(m.Columns) {
		if !identifier.MatchString(m.Columns[name]) {
			faults.Add("columns."+name, "character", "a name of letters and digits; give others such a name by AS in the query")
		}
	}
	if m.Separator != "" || m.Charset != "" || m.OncePerStudent {
		faults.Add("separator, charset, once_per_student", "source", "none of these for a base")
	}
	return faults
}

// csvOptions returns m for a file, with the location of its times.
func (m Mapping) csvOptions() (sis.CSVOptions, error) {
	faults := m.faults()
	if m.Dialect != "" || m.Queries != (Queries{}) || m.PageSize != 0 {
		faults.Add("dialect, queries, page_size", "source", "none of these for a file")
	}
	if err := faults.Err(); err != nil {
		return sis.CSVOptions{}, err
	}
	o := sis.CSVOptions{
		Columns: m.Columns, Values: m.Values, Required: m.Required, Charset: m.Charset, System: m.System,
		OncePerStudent: m.OncePerStudent, Location: m.location(), Dates: m.dates(),
	}
	if m.Separator != "" {
		o.Separator = m.Separator[0]
	}
	return o, nil
}

// dates returns the forms of dates. The mapping has been checked.
func (m Mapping) dates() []sis.DateForm {
	var forms []sis.DateForm
	for _, text := range m.Dates {
		if f, err := sis.ParseDateForm(text); err == nil {
			forms = append(forms, f)
		}
	}
	return forms
}

// location returns the zone of times without one. The mapping has been checked.
func (m Mapping) location() *time.Location {
	loc, err := time.LoadLocation(m.TimeZone)
	if err != nil {
		return time.UTC
	}
	return loc
}

func (m Mapping) overlap() time.Duration {
	if m.Overlap == 0 {
		return DefaultOverlap
	}
	return time.Duration(m.Overlap)
}

func sortedKeys[V any](m map[string]V) []string {
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// String returns the form of time.Duration.
func (d Duration) String() string { return time.Duration(d).String() }
