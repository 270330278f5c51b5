package ine

import (
	"fmt"
	"io"
	"iter"
	"strconv"

	"github.com/passerelle-sup/passerelle"
)

// A Row is the verdict on one item of a scan. It is personal data.
type Row struct {
	Line int `json:"line"` // line where the item begins, or its rank, from 1
	Verdict
}

// A RowError says why one item of a scan could not be read; the following ones
// are read all the same. It never holds what stands in the item.
// errors.Is(err, passerelle.ErrInvalid) is true of it.
type RowError struct {
	Line   int    // line of the fault, from 1
	Column int    // byte of that line where the fault is, from 1
	Rule   string // the broken rule, a stable word: "length", "quote", "columns"
	Want   string // what was expected, for a person to read
}

// Error returns the line, the column, the rule and the expectation.
func (e *RowError) Error() string {
	return "line " + strconv.Itoa(e.Line) + ", column " + strconv.Itoa(e.Column) + ": " + e.Rule + ": want " + e.Want
}

// Is reports whether target is passerelle.ErrInvalid.
func (e *RowError) Is(target error) bool { return target == passerelle.ErrInvalid }

// Outcome returns NotSent: nothing leaves on account of a row that cannot be read.
func (e *RowError) Outcome() passerelle.Outcome { return passerelle.NotSent }

// Scan judges each text of seq, in order; Line is its rank. An error of seq is
// passed on with the Row of its rank and does not end the scan by itself. Nothing is
// kept: memory is constant, and with no custom rule a number costs no allocation.
func (r *Rules) Scan(seq iter.Seq2[string, error]) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		rank := 0
		for s, err := range seq {
			rank++
			row := Row{Line: rank}
			if err == nil {
				row.Verdict = r.Judge(s)
			}
			if !yield(row, err) {
				return
			}
		}
	}
}

// ScanLines judges each line of src, an empty one included. A mark of UTF-8 at
// the beginning is skipped, and both ends of line are read. A line of more than 64
// KiB is a *RowError. A failure of src is the last element; it wraps
// passerelle.ErrUnavailable and src's own error.
func (r *Rules) ScanLines(src io.Reader) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		in := newLines(src)
		for {
			line, err := in.next()
			if err == io.EOF || !r.yieldField(yield, in.number, line, err) {
				return
			}
		}
	}
}

// yieldField hands over the verdict on one field, or the error met in its place.
// It returns false when the scan ends there.
func (r *Rules) yieldField(yield func(Row, error) bool, line int, field []byte, err error) bool {
	if err == nil {
		return yield(Row{Line: line, Verdict: judge(r, field)}, nil)
	}
	_, goesOn := err.(*RowError) //nolint:errorlint // made here, never wrapped
	return yield(Row{Line: line}, err) && goesOn
}

// Scan judges each text of seq by the built-in rules; see [Rules.Scan].
func Scan(seq iter.Seq2[string, error]) iter.Seq2[Row, error] { return (*Rules)(nil).Scan(seq) }

// ScanLines judges each line of src by the built-in rules; see [Rules.ScanLines].
func ScanLines(src io.Reader) iter.Seq2[Row, error] { return (*Rules)(nil).ScanLines(src) }

// ScanCSV judges a column of a CSV file by the built-in rules; see [Rules.ScanCSV].
func ScanCSV(src io.Reader, layout CSV) iter.Seq2[Row, error] {
	return (*Rules)(nil).ScanCSV(src, layout)
}

func readFailure(line int, err error) error {
	return fmt.Errorf("ine: %w: reading line %d: %w", passerelle.ErrUnavailable, line, err)
}
