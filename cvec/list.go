package cvec

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/sis"
	"github.com/passerelle-sup/passerelle/uai"
)

// Listed is one line of the list of enrolled students that an establishment sends to the
// portal cvec-etablissement.etudiant.gouv.fr.
type Listed struct {
	Student   sis.Student
	Enrolment sis.Enrolment
}

// LogValue gives the reference of the student, nothing personal.
func (l Listed) LogValue() slog.Value { return l.Student.LogValue() }

// Field names what stands in a column of the list.
type Field string

// The fields.
const (
	FieldUAI        Field = "uai"  // establishment of the enrolment
	FieldNumber     Field = "cvec" // certificate number, normalised
	FieldINE        Field = "ine"  // that of the enrolment, else of the student
	FieldBirthName  Field = "birth_name"
	FieldUsageName  Field = "usage_name"
	FieldGivenNames Field = "given_names"
	FieldBirthDate  Field = "birth_date"
	FieldYear       Field = "year" // first year of the school year
	FieldStudent    Field = "student"
	FieldDate       Field = "date" // of the enrolment
)

// Fields lists the fields.
func Fields() []Field {
	return []Field{
		FieldUAI, FieldNumber, FieldINE, FieldBirthName, FieldUsageName, FieldGivenNames, FieldBirthDate, FieldYear, FieldStudent, FieldDate,
	}
}

// Column is one column of the list.
type Column struct {
	Title string // in the first line, when Layout.Header is set
	Field Field  // what stands in it; the zero Field is an empty column
	// Text, when set, has its place: a constant, or a value of the caller's making.
	Text func(Listed) string
}

// Layout is the form of the list. That lines begin by the UAI is known (second hand),
// the rest is not public: all of it is the caller's. The first column must be FieldUAI.
type Layout struct {
	Columns     []Column // in order. Required
	Separator   rune     // 0 is ';'
	Header      bool     // whether the first line has the titles
	CRLF        bool     // whether lines end as on Windows
	Windows1252 bool     // else UTF-8
	DateFormat  string   // as for time.Format; "" is "02/01/2006"
}

// Exporter writes lists. It is not safe for concurrent use.
type Exporter struct {
	layout Layout
	out    *encoding.Encoder // nil: UTF-8
	csv    *csv.Writer
}

// NewExporter writes the head of a list. Its error is passerelle.FieldErrors with all
// faults of the layout, or that of w.
func NewExporter(w io.Writer, l Layout) (*Exporter, error) {
	var faults passerelle.FieldErrors
	if len(l.Columns) == 0 || l.Columns[0].Field != FieldUAI || l.Columns[0].Text != nil {
		faults.Add("Columns[0].Field", "required", "the UAI, by which each line begins")
	}
	known := map[Field]bool{"": true}
	for _, f := range Fields() {
		known[f] = true
	}
	for i, c := range l.Columns {
		if c.Text == nil && !known[c.Field] {
			faults.Add("Columns["+strconv.Itoa(i)+"].Field", "code", "one of the fields of this package")
		}
	}
	if l.Separator == 0 {
		l.Separator = ';'
	}
	if s := l.Separator; s == '"' || s == '\r' || s == '\n' || s == utf8.RuneError || !utf8.ValidRune(s) || l.Windows1252 && s >= utf8.RuneSelf {
		faults.Add("Separator", "character", "a character that is no quote and no line break, and of ASCII in a file that is not UTF-8")
	}
	if l.DateFormat == "" {
		l.DateFormat = "02/01/2006"
	}
	if probe := time.Date(2001, 12, 23, 0, 0, 0, 0, time.UTC).Format(l.DateFormat); probe == l.DateFormat {
		faults.Add("DateFormat", "shape", "a layout of package time, such as 02/01/2006")
	}
	if err := faults.Err(); err != nil {
		return nil, err
	}
	x := &Exporter{layout: l, csv: csv.NewWriter(w)}
	if l.Windows1252 {
		x.out = charmap.Windows1252.NewEncoder()
	}
	x.csv.Comma, x.csv.UseCRLF = l.Separator, l.CRLF
	if !l.Header {
		return x, nil
	}
	titles := make([]string, len(l.Columns))
	for i, c := range l.Columns {
		titles[i] = c.Title
	}
	return x, x.row(titles)
}

// Write writes one line. A student without a UAI, without a certificate number or with
// one that cannot be read, and one whose values do not exist in the character set, leaves
// no line: the error is passerelle.FieldErrors, names fields and holds no value.
func (x *Exporter) Write(l Listed) error {
	var faults passerelle.FieldErrors
	code, err := uai.Parse(l.Enrolment.UAI)
	if err != nil {
		faults.Add("Enrolment.UAI", "shape", "a UAI, 7 digits and a letter")
	}
	number, err := Parse(l.Enrolment.CVEC)
	if err != nil {
		faults.Add("Enrolment.CVEC", "shape", "the number of a certificate")
	}
	if err := faults.Err(); err != nil {
		return err
	}
	cells := make([]string, len(x.layout.Columns))
	for i, c := range x.layout.Columns {
		if c.Text != nil {
			cells[i] = c.Text(l)
		} else {
			cells[i] = x.text(c.Field, l, code, number)
		}
	}
	return x.row(cells)
}

func (x *Exporter) text(f Field, l Listed, code uai.Code, number Number) string {
	switch f {
	case FieldUAI:
		return code.String()
	case FieldNumber:
		return number.String()
	case FieldINE:
		if l.Enrolment.INE != "" {
			return l.Enrolment.INE
		}
		return l.Student.INE
	case FieldBirthName:
		return l.Student.Person.BirthName
	case FieldUsageName:
		return l.Student.Person.UsageName
	case FieldGivenNames:
		return l.Student.Person.Given()
	case FieldBirthDate:
		d := l.Student.Person.BirthDate
		if d.IsZero() || d.Partial() { // time.Format knows no unknown day
			return d.String()
		}
		return d.Time(time.UTC).Format(x.layout.DateFormat)
	case FieldYear:
		return strconv.Itoa(l.Enrolment.Year)
	case FieldStudent:
		return l.Student.ID.Local
	case FieldDate:
		if l.Enrolment.ValidatedAt.IsZero() {
			return ""
		}
		return l.Enrolment.ValidatedAt.Format(x.layout.DateFormat)
	}
	return ""
}

// row writes one line in the character set of the list.
func (x *Exporter) row(cells []string) error {
	if x.out != nil {
		var faults passerelle.FieldErrors
		for i, cell := range cells {
			encoded, err := x.out.String(cell)
			if err != nil {
				faults.Add("Columns["+strconv.Itoa(i)+"]", "character", "characters of the list's encoding")
			}
			cells[i] = encoded
		}
		if err := faults.Err(); err != nil {
			return err
		}
	}
	if err := x.csv.Write(cells); err != nil {
		return fmt.Errorf("cvec: writing the list: %w", err)
	}
	return nil
}

// Flush writes what is buffered. It must be called at the end.
func (x *Exporter) Flush() error {
	x.csv.Flush()
	return x.csv.Error()
}

// Rejected is a student who is not in the list, and why.
type Rejected struct {
	Student sis.StudentID // whoever it is, when that is known
	Err     error         // names fields, holds no value
}

// WriteList writes the list of a sequence, in constant memory but for the students who
// are refused: it returns them, and how many lines were written. A *sis.RowError of the
// sequence is a refusal; any other error ends the list and is returned.
func WriteList(ctx context.Context, w io.Writer, l Layout, students iter.Seq2[Listed, error]) (lines int, rejected []Rejected, err error) {
	x, err := NewExporter(w, l)
	if err != nil {
		return 0, nil, err
	}
	for listed, err := range students {
		if ctxErr := ctx.Err(); ctxErr != nil {
			return lines, rejected, ctxErr
		}
		if row, ok := errors.AsType[*sis.RowError](err); ok {
			rejected = append(rejected, Rejected{row.ID, err})
			continue
		}
		if err != nil {
			return lines, rejected, errors.Join(err, x.Flush())
		}
		err = x.Write(listed)
		if _, refused := errors.AsType[passerelle.FieldErrors](err); refused {
			rejected = append(rejected, Rejected{listed.Student.ID, err})
			continue
		}
		if err != nil {
			return lines, rejected, err
		}
		lines++
	}
	return lines, rejected, x.Flush()
}

// Expected reports whether an enrolment belongs in the list: of that year, in force, and
// with a certificate number. Which others the Cnous wants is not published.
func Expected(e sis.Enrolment, year int) bool {
	return e.Year == year && e.Status == sis.EnrolmentValid && strings.TrimSpace(e.CVEC) != ""
}
