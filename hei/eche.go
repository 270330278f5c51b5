package hei

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"iter"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/passerelle-sup/passerelle"
)

// Charter is a row of the Commission's list of institutions that hold the Erasmus
// charter for higher education (ECHE).
type Charter struct {
	Row        int    // in the sheet or file, from 1
	Proposal   string // number of the proposal by which the charter was given
	Registered string // Erasmus code as it is registered: what to send
	Code       ErasmusCode
	PIC        PIC
	OID        OID
	Name       string // legal name
	Street     string
	Postcode   string
	City       string
	Country    string // as the European Union writes it: EL, UK
	Website    string // as it stands: some are e-mail addresses
	Start, End passerelle.Date
}

// RowError says which values of a row of the list cannot be read. The Charter beside
// it has all the others. errors.Is finds passerelle.ErrInvalid.
type RowError struct {
	Row    int
	Faults passerelle.FieldErrors
}

// Error returns the row and its faults.
func (e *RowError) Error() string { return fmt.Sprintf("hei: row %d: %v", e.Row, e.Faults) }

// Unwrap returns the faults.
func (e *RowError) Unwrap() error { return e.Faults }

// The bounds of a list, far beyond those in being.
const (
	maxRows   = 200_000
	maxFields = 200
	maxCell   = 32 << 10
	maxPart   = 256 << 20 // of a file, unpacked
	maxHeader = 10        // rows before that of the column names, and itself
)

// ReadECHE reads the list as it is published, an XLSX workbook whose first sheet has
// it, or saved as CSV in UTF-8 with commas or semicolons. Columns are known by the
// words in their names, in any order, in one of the first ten rows; those of the
// Erasmus code and the PIC must be there. Rows come one by one; only the texts that an
// XLSX keeps apart are held in memory.
//
// A row with a value that cannot be read is yielded with a *[RowError], and the next
// ones follow. Any other error is the last element: passerelle.ErrInvalid for what is
// no such list, or that of reading.
func ReadECHE(r io.ReaderAt, size int64) iter.Seq2[Charter, error] {
	return func(yield func(Charter, error) bool) {
		rows := csvRows(io.NewSectionReader(r, 0, size))
		magic := make([]byte, 4)
		if n, _ := r.ReadAt(magic, 0); bytes.Equal(magic[:n], []byte("PK\x03\x04")) {
			rows = sheetRows(r, size)
		}
		var columns map[string]int
		seen, read := 0, 0
		for row, err := range rows {
			if err != nil {
				yield(Charter{}, err)
				return
			}
			if seen++; columns == nil {
				if columns = header(row.cells); columns == nil && seen >= maxHeader {
					break
				}
				continue
			}
			c, err := charter(row, columns)
			if err == nil && c == (Charter{Row: row.number}) {
				continue // an empty row
			}
			if read++; read > maxRows {
				yield(Charter{}, invalid("more than %d rows", maxRows))
				return
			}
			if !yield(c, err) {
				return
			}
		}
		if columns == nil {
			yield(Charter{}, invalid("no row of column names with an Erasmus code and a PIC"))
		}
	}
}

func invalid(format string, args ...any) error {
	return fmt.Errorf("hei: list: "+format+": %w", append(args, passerelle.ErrInvalid)...)
}

// row is a row of text, wherever it comes from.
type row struct {
	number int
	cells  []string
}

func csvRows(r io.Reader) iter.Seq2[row, error] {
	return func(yield func(row, error) bool) {
		limited := &io.LimitedReader{R: r, N: maxPart}
		start := make([]byte, 4096)
		n, err := io.ReadFull(limited, start)
		if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
			yield(row{}, err)
			return
		}
		start = bytes.TrimPrefix(start[:n], []byte("\xef\xbb\xbf"))
		read := csv.NewReader(io.MultiReader(bytes.NewReader(start), limited))
		read.FieldsPerRecord, read.ReuseRecord, read.LazyQuotes = -1, true, true
		if first, _, _ := bytes.Cut(start, []byte("\n")); bytes.Count(first, []byte(";")) > bytes.Count(first, []byte(",")) {
			read.Comma = ';'
		}
		for {
			cells, err := read.Read()
			if err == io.EOF && limited.N > 0 {
				return
			}
			line := 0
			if err == nil {
				line, _ = read.FieldPos(0)
				err = bounded(cells)
			} else if limited.N <= 0 {
				err = invalid("more than %d bytes", maxPart)
			} else if _, ok := errors.AsType[*csv.ParseError](err); ok {
				err = invalid("no CSV")
			}
			if !yield(row{line, cells}, err) || err != nil {
				return
			}
		}
	}
}

func bounded(cells []string) error {
	if len(cells) > maxFields {
		return invalid("more than %d columns", maxFields)
	}
	for _, c := range cells {
		if len(c) > maxCell {
			return invalid("a cell of more than %d bytes", maxCell)
		}
	}
	return nil
}

// words are the column names of the list in what is common to its issues: the first
// that a name contains, letters only, is the column.
var words = []struct{ word, column string }{
	{"normalis", ""}, {"normaliz", ""}, // columns that others added
	{"proposal", "proposal"}, {"erasmuscode", "code"}, {"start", "start"}, {"end", "end"}, {"valid", ""},
	{"legalname", "name"}, {"organisationname", "name"}, {"institutionname", "name"}, {"street", "street"},
	{"post", "postcode"}, {"city", "city"}, {"country", "country"}, {"web", "website"}, {"url", "website"},
}

// header returns where the columns are, nil for a row that has no names of columns.
func header(cells []string) map[string]int {
	columns := map[string]int{}
	for i, cell := range cells {
		name := strings.Map(func(c rune) rune {
			if !unicode.IsLetter(c) {
				return -1
			}
			return unicode.ToLower(c)
		}, cell)
		column := map[string]string{"pic": "pic", "piccode": "pic", "oid": "oid"}[name]
		for _, w := range words {
			if column == "" && strings.Contains(name, w.word) {
				column = w.column
				break
			}
		}
		if _, taken := columns[column]; column != "" && !taken {
			columns[column] = i
		}
	}
	_, code := columns["code"]
	if _, pic := columns["pic"]; !code || !pic {
		return nil
	}
	return columns
}

// charter reads a row.
func charter(r row, columns map[string]int) (Charter, error) {
	c := Charter{Row: r.number}
	get := func(column string) string {
		if i, ok := columns[column]; ok && i < len(r.cells) {
			return strings.TrimSpace(r.cells[i])
		}
		return ""
	}
	c.Proposal, c.Name, c.Street, c.Postcode = get("proposal"), get("name"), get("street"), get("postcode")
	c.City, c.Country, c.Website, c.Registered = get("city"), get("country"), get("website"), get("code")
	var faults passerelle.FieldErrors
	c.Code = field(&faults, "Code", c.Registered, ParseErasmusCode)
	c.PIC = field(&faults, "PIC", get("pic"), ParsePIC)
	c.OID = field(&faults, "OID", get("oid"), ParseOID)
	c.Start = field(&faults, "Start", get("start"), parseDay)
	c.End = field(&faults, "End", get("end"), parseDay)
	if len(faults) > 0 {
		return c, &RowError{Row: r.number, Faults: faults}
	}
	return c, nil
}

// field reads a value that may be absent.
func field[T any](faults *passerelle.FieldErrors, name, text string, parse func(string) (T, error)) (v T) {
	if text == "" {
		return v
	}
	v, err := parse(text)
	if e, ok := errors.AsType[*passerelle.ParseError](err); ok {
		faults.Add(name, e.Rule, e.Want)
	}
	return v
}

// dayZero is day 0 of Excel's calendar, which took 1900 for a leap year.
var dayZero = time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC)

// parseDay reads a day as a sheet keeps it (44197), as ISO 8601, or day first with
// slashes.
func parseDay(s string) (passerelle.Date, error) {
	if n, err := strconv.ParseFloat(s, 64); err == nil && n >= 61 && n < 200_000 {
		return passerelle.DateOf(dayZero.AddDate(0, 0, int(n))), nil
	}
	day, _, _ := strings.Cut(s, "T")
	if d, err := passerelle.ParseDate(day); err == nil {
		return d, nil
	}
	if t, err := time.Parse("2/1/2006", day); err == nil {
		return passerelle.DateOf(t), nil
	}
	return passerelle.Date{}, fault("date", "format", 0, "a day of a sheet, 2021-01-31 or 31/01/2021")
}
