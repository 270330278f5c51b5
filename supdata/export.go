package supdata

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"

	"github.com/passerelle-sup/passerelle"
)

// Column is one column of the portal's file.
type Column struct {
	Title string // in the first line, when Layout.Header is set
	Field Field  // what stands in it; the zero Field is an empty column
	// Text, when set, has its place: a constant, or a value of the caller's making.
	Text func(e Enrolment) string
}

// Field names one of the eleven fields as the service calls it.
type Field string

// The fields.
const (
	FieldINE       Field = "ine"
	FieldBirthDate Field = "dateNaissance"
	FieldBegin     Field = "dateDebutInscription"
	FieldEnd       Field = "dateFinInscription"
	FieldStatus    Field = "statut"
	FieldRegime    Field = "regime"
	FieldCommune   Field = "codeCommune"
	FieldUAI       Field = "uai"
	FieldCycle     Field = "cursus"
	FieldDiploma   Field = "diplome"
	FieldLevel     Field = "niveauDiplome"
)

// Fields lists the fields in the order of the write API.
func Fields() []Field {
	return []Field{
		FieldINE, FieldBirthDate, FieldBegin, FieldEnd, FieldStatus, FieldRegime, FieldCommune, FieldUAI, FieldCycle, FieldDiploma, FieldLevel,
	}
}

// Encoding is the character set of a file. The zero value is UTF8.
type Encoding uint8

// The encodings.
const (
	UTF8        Encoding = iota
	UTF8BOM              // UTF-8 with the mark that spreadsheets look for
	Windows1252          // what French spreadsheets write by default
	ISO8859_15           // Latin 9
)

// Layout is the form of the portal's file. It is not public: all of it is the caller's.
type Layout struct {
	Columns    []Column // in order. Required
	Codes      Codes    // texts of status and régime. Required
	Separator  rune     // 0 is ';'
	Header     bool     // whether the first line has the titles
	CRLF       bool     // whether lines end as on Windows
	Encoding   Encoding
	DateFormat string // as for time.Format; "" is "2006-01-02"
}

// Exporter writes enrolments in a layout. It is not safe for concurrent use.
type Exporter struct {
	layout Layout
	out    *encoding.Encoder // nil: UTF-8
	csv    *csv.Writer
	rows   int
}

// NewExporter writes the head of a file. Its error is passerelle.FieldErrors with all
// faults of the layout, or that of w.
func NewExporter(w io.Writer, l Layout) (*Exporter, error) {
	var faults passerelle.FieldErrors
	if len(l.Columns) == 0 {
		faults.Add("Columns", "required", "the columns of the portal's file, in order")
	}
	for i, c := range l.Columns {
		known := c.Field == "" || c.Text != nil
		for _, f := range Fields() {
			known = known || c.Field == f
		}
		if !known {
			faults.Add("Columns["+strconv.Itoa(i)+"].Field", "code", "one of the fields of the write API")
		}
	}
	l.Codes.faults(&faults, "Codes.")
	l.Separator = orDefault(l.Separator, ';')
	l.DateFormat = orDefault(l.DateFormat, time.DateOnly)
	if s := l.Separator; s == '"' || s == '\r' || s == '\n' || s == utf8.RuneError || !utf8.ValidRune(s) {
		faults.Add("Separator", "character", "a character that is no quote and no line break")
	}
	if probe := time.Date(2001, 12, 23, 0, 0, 0, 0, time.UTC).Format(l.DateFormat); probe == l.DateFormat {
		faults.Add("DateFormat", "shape", "a layout of package time, such as 02/01/2006")
	}
	if l.Encoding > ISO8859_15 {
		faults.Add("Encoding", "range", "UTF8, UTF8BOM, Windows1252 or ISO8859_15")
	}
	if err := faults.Err(); err != nil {
		return nil, err
	}
	x := &Exporter{layout: l}
	switch l.Encoding {
	case UTF8BOM:
		if _, err := io.WriteString(w, "\ufeff"); err != nil {
			return nil, err
		}
	case Windows1252:
		x.out = charmap.Windows1252.NewEncoder()
	case ISO8859_15:
		x.out = charmap.ISO8859_15.NewEncoder()
	}
	x.csv = csv.NewWriter(w)
	x.csv.Comma, x.csv.UseCRLF = l.Separator, l.CRLF
	if l.Header {
		titles := make([]string, len(l.Columns))
		for i, c := range l.Columns {
			titles[i] = c.Title
		}
		return x, x.row(titles)
	}
	return x, nil
}

// Write checks e as [Enrolment.Validate] does and writes its line. A refused
// enrolment leaves no line; the error names fields and holds no value.
func (x *Exporter) Write(e Enrolment) error {
	if err := e.Validate(x.layout.Codes, passerelle.Date{}); err != nil {
		return err
	}
	cells := make([]string, len(x.layout.Columns))
	for i, c := range x.layout.Columns {
		if c.Text != nil {
			cells[i] = c.Text(e)
		} else {
			cells[i] = x.text(c.Field, e)
		}
	}
	return x.row(cells)
}

func (x *Exporter) text(f Field, e Enrolment) string {
	date := func(d passerelle.Date) string { return d.Time(time.UTC).Format(x.layout.DateFormat) }
	switch f {
	case FieldINE:
		return e.INE.String()
	case FieldBirthDate:
		return date(e.BirthDate)
	case FieldBegin:
		return date(e.Begin)
	case FieldEnd:
		return date(e.End)
	case FieldStatus:
		return x.layout.Codes.Statuses[e.Status]
	case FieldRegime:
		return x.layout.Codes.Regimes[e.Regime]
	case FieldCommune:
		return e.Commune
	case FieldUAI:
		return e.UAI.String()
	case FieldCycle:
		return e.Cycle
	case FieldDiploma:
		return e.Diploma
	case FieldLevel:
		return e.Level
	}
	return ""
}

// row writes one line in the character set of the file.
func (x *Exporter) row(cells []string) error {
	if x.out != nil {
		for i, cell := range cells {
			encoded, err := x.out.String(cell)
			if err != nil {
				return passerelle.FieldError{
					Field: "Columns[" + strconv.Itoa(i) + "]", Rule: "character", Want: "characters of the file's encoding",
				}
			}
			cells[i] = encoded
		}
	}
	x.rows++
	if err := x.csv.Write(cells); err != nil {
		return fmt.Errorf("supdata: writing the file: %w", err)
	}
	return nil
}

// Flush writes what is buffered. It must be called at the end.
func (x *Exporter) Flush() error {
	x.csv.Flush()
	return x.csv.Error()
}

// Export writes the file of the portal with every enrolment of the source that could be
// fed: those of students with a confirmed INE, not cancelled, and right in all fields. The report
// tells what became of the others; those written count as Planned. Nothing is sent, and
// the ledger is not read: the file holds what is true today, whatever was fed before.
func (f *Feeder) Export(ctx context.Context, w io.Writer, l Layout) (*FeedReport, error) {
	x, err := NewExporter(w, l)
	if err != nil {
		return nil, err
	}
	exporting := *f
	exporting.codes = l.Codes
	p := &progress{f: f, report: &FeedReport{Started: f.cfg.Now(), Year: f.cfg.Year, DryRun: true, Counts: make(map[Outcome]int)}}
	for pair, err := range f.pairs(ctx) {
		if err != nil {
			return p.report, err
		}
		d := exporting.decide(pair, Record{})
		if d.send != nil {
			d.item.Outcome = Planned
			err := x.Write(*d.send)
			if _, refused := errors.AsType[passerelle.FieldError](err); refused {
				d.item.Outcome, d.item.Detail = Invalid, err.Error()
			} else if err != nil {
				return p.report, err
			}
		}
		p.add(d.item)
	}
	p.end()
	return p.report, x.Flush()
}
