package sis

import (
	"encoding/csv"
	"io"
	"iter"

	"github.com/passerelle-sup/passerelle"
)

// CSVWriter writes students and enrolments in the columns that [CSV] reads, with
// semicolons, in UTF-8 without a byte order mark. A value with outer blanks comes
// back without them, and an element of a list must not hold a bar; INE and
// key are in one column. It is not safe for concurrent use.
type CSVWriter struct {
	w       *csv.Writer
	started bool
	fields  []string
}

// NewCSVWriter returns a writer of all documented columns.
func NewCSVWriter(w io.Writer) *CSVWriter {
	c := &CSVWriter{w: csv.NewWriter(w)}
	c.w.Comma = ';'
	return c
}

// Write writes one row: a student and one enrolment of his, or the zero Enrolment
// for none. The number of the student is required, an enrolment of another student
// is refused; either is a passerelle.FieldErrors. Output is buffered, see Flush.
func (c *CSVWriter) Write(s Student, e Enrolment) error {
	var faults passerelle.FieldErrors
	if s.ID.Local == "" {
		faults.Add("ID.Local", "required", "the number of the student")
	}
	if e.Student != (StudentID{}) && e.Student != s.ID {
		faults.Add("Enrolment.Student", "same", "the student of the row")
	}
	if err := faults.Err(); err != nil {
		return err
	}
	if err := c.start(); err != nil {
		return err
	}
	r := &csvRecord{student: s, enrolment: e}
	c.fields = c.fields[:0]
	for i := range csvColumns {
		c.fields = append(c.fields, csvColumns[i].text(r))
	}
	return c.w.Write(c.fields)
}

func (c *CSVWriter) start() error {
	if c.started {
		return nil
	}
	c.started = true
	return c.w.Write(CSVColumns())
}

// Flush writes what is buffered, and the header when no row was written.
func (c *CSVWriter) Flush() error {
	if err := c.start(); err != nil {
		return err
	}
	c.w.Flush()
	return c.w.Error()
}

// WriteCSV writes students, without enrolments, in the columns that [CSV] reads. It
// ends at the first error of the sequence and returns it.
func WriteCSV(w io.Writer, students iter.Seq2[Student, error]) error {
	c := NewCSVWriter(w)
	for s, err := range students {
		if err == nil {
			err = c.Write(s, Enrolment{})
		}
		if err != nil {
			return err
		}
	}
	return c.Flush()
}
