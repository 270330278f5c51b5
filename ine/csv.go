package ine

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"iter"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/passerelle-sup/passerelle"
)

// CSV says where the numbers of a CSV file are.
type CSV struct {
	// Column is the name of the column in the header; required. Case and blanks
	// around it do not matter when no column has exactly this name.
	Column string
	// Comma is the separator, an ASCII character. 0 takes the first of semicolon,
	// comma and tabulation under which the header has the column.
	Comma byte
}

// A HeaderError says that a file has no usable header for a [CSV].
// errors.Is(err, passerelle.ErrInvalid) is true of it.
type HeaderError struct {
	Column string   // the column that was asked for
	Rule   string   // the broken rule: "required", "missing", "twice", "comma", "encoding", "quote"
	Want   string   // what was expected, for a person to read
	Found  []string // the names found; personal when the file has no header at all, and so not in Error
}

// Error returns the column, the rule and the expectation, not the names found.
func (e *HeaderError) Error() string {
	return "CSV header: column " + strconv.Quote(e.Column) + ": " + e.Rule + ": want " + e.Want
}

// Is reports whether target is passerelle.ErrInvalid.
func (e *HeaderError) Is(target error) bool { return target == passerelle.ErrInvalid }

// Outcome returns NotSent: nothing leaves on account of such a file.
func (e *HeaderError) Outcome() passerelle.Outcome { return passerelle.NotSent }

// ScanCSV judges one column of a CSV file whose first record is its header. Line
// is the line on which the row begins, the header's being 1. The syntax is that
// of encoding/csv: quoted fields may hold separators, doubled quotes and ends of
// line; empty lines are skipped, except in a file of one column, where they are
// numbers that are absent. UTF-8, with or without its mark, and Windows-1252 are
// read alike.
//
// A broken row gives a *RowError in its place and the following ones are read: a
// number of columns other than the header's, a misplaced quote, more than 64 KiB.
// After a quote that is never closed, reading resumes on the line after the quote.
// An unusable header is a *HeaderError and the only element; a failure of src is
// the last one and wraps passerelle.ErrUnavailable and src's own error.
//
// Memory is constant, and with no custom rule a number costs no allocation.
func (r *Rules) ScanCSV(src io.Reader, layout CSV) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		in := records{lines: newLines(src)}
		if err := in.header(layout); err != nil {
			yield(Row{Line: in.lines.number}, err)
			return
		}
		for {
			field, err := in.next()
			if err == io.EOF || !r.yieldField(yield, in.start, field, err) {
				return
			}
		}
	}
}

// header reads the header and finds the column in it.
func (r *records) header(layout CSV) error {
	fail := func(rule, want string, found ...string) *HeaderError {
		return &HeaderError{Column: layout.Column, Rule: rule, Want: want, Found: found}
	}
	commas := []byte(";,\t")
	if c := layout.Comma; c != 0 {
		if c == '"' || c == '\r' || c == '\n' || c >= utf8.RuneSelf {
			return fail("comma", "an ASCII character other than a quote or an end of line as separator")
		}
		commas = []byte{c}
	}
	if strings.TrimSpace(layout.Column) == "" {
		return fail("required", "the name of the column that holds the numbers")
	}
	text, err := r.headerText()
	switch {
	case err == io.EOF:
		return fail("missing", "a header: the file has no line")
	case errors.Is(err, passerelle.ErrInvalid), len(text) > maxRecord:
		return fail("length", "a header of 64 KiB at most")
	case err != nil:
		return err
	case strings.HasPrefix(text, "\xFF\xFE"), strings.HasPrefix(text, "\xFE\xFF"):
		return fail("encoding", "UTF-8 or Windows-1252, not UTF-16")
	}
	fault := fail("quote", "well-formed quoted names in the header")
	for _, comma := range commas {
		names := headerNames(text, comma)
		switch at := find(names, layout.Column); {
		case len(at) == 1:
			r.comma, r.target, r.width = comma, at[0], len(names)
			return nil
		case len(at) > 1:
			return fail("twice", "one column of that name", names...)
		case len(names) > len(fault.Found): // the likeliest separator splits most
			fault = fail("missing", "a column of that name among the "+strconv.Itoa(len(names))+" of the header", names...)
		}
	}
	return fault
}

// headerText returns the text of the first record, empty lines skipped: lines
// until quotes pair. It returns io.EOF for an empty source.
func (r *records) headerText() (string, error) {
	var text []byte
	for {
		line, err := r.lines.next()
		switch {
		case err == io.EOF && len(text) > 0:
			return string(text), nil
		case err != nil:
			return "", err
		case len(text) == 0 && len(line) == 0:
			continue
		}
		text = append(append(text, line...), '\n')
		if bytes.Count(text, []byte{'"'})%2 == 0 || len(text) > maxRecord {
			return string(text), nil
		}
	}
}

// headerNames splits a header; nil when its quotes are misplaced.
func headerNames(text string, comma byte) []string {
	in := csv.NewReader(strings.NewReader(text))
	in.Comma = rune(comma)
	names, err := in.Read()
	if err != nil {
		return nil
	}
	for i := range names {
		names[i] = decodeName(names[i])
	}
	return names
}

// find returns the indexes of the columns called name.
func find(names []string, name string) (at []int) {
	for i, n := range names {
		if n == name {
			at = append(at, i)
		}
	}
	if at != nil {
		return at
	}
	for i, n := range names {
		if strings.EqualFold(strings.TrimSpace(n), strings.TrimSpace(name)) {
			at = append(at, i)
		}
	}
	return at
}

// decodeName reads as Windows-1252 a name that is not UTF-8: its accented
// letters are those of the first Unicode block.
func decodeName(name string) string {
	if utf8.ValidString(name) {
		return name
	}
	var b strings.Builder
	for i := range len(name) {
		b.WriteRune(rune(name[i]))
	}
	return b.String()
}
