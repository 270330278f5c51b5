package ine

import (
	"bytes"
	"io"
	"strconv"
)

// records reads one field of each record of a CSV file. encoding/csv would make a
// string of each record, and read to the end of the file, into memory, in search
// of a quote that is never closed.
type records struct {
	lines  *lines
	comma  byte
	target int // index of the field that is wanted
	width  int // number of fields of a record
	start  int // line on which the last record began

	// The rest serves records that hold quotes.
	raw    []byte // the lines of the record, each with its \n
	first  int    // length in raw of the first of them
	opened int    // column of the last opening quote of the first line
	rest   []byte // what is left of the line being read
	full   int    // length of that line
	keep   bool   // the field being read is the wanted one
	field  []byte // the wanted field
}

// next returns the wanted field of the next record, valid until the next call.
func (r *records) next() ([]byte, error) {
	for {
		line, err := r.lines.next()
		r.start = r.lines.number
		switch {
		case err != nil:
			return nil, err
		case len(line) == 0 && r.width > 1:
			continue
		case bytes.IndexByte(line, '"') < 0:
			return r.plain(line)
		}
		return r.quoted(line)
	}
}

// plain reads a record without quotes.
func (r *records) plain(line []byte) (wanted []byte, err error) {
	width := 0
	for rest, more := line, true; more; width++ {
		var f []byte
		f, rest, more = bytes.Cut(rest, []byte{r.comma})
		if width == r.target {
			wanted = f
		}
	}
	return wanted, r.checkWidth(width)
}

func (r *records) checkWidth(width int) error {
	if width == r.width {
		return nil
	}
	return &RowError{Line: r.start, Column: 1, Rule: "columns",
		Want: strconv.Itoa(r.width) + " columns as in the header, not " + strconv.Itoa(width)}
}

// quoted reads a record that holds quotes and begins with line.
func (r *records) quoted(line []byte) ([]byte, error) {
	r.raw, r.field = r.raw[:0], r.field[:0]
	r.open(line)
	r.first = len(r.raw)
	for width := 1; ; width++ {
		r.keep = width-1 == r.target
		read := r.bareField
		if len(r.rest) > 0 && r.rest[0] == '"' {
			read = r.quotedField
		}
		more, err := read()
		switch {
		case err != nil:
			return nil, err
		case !more:
			return r.field, r.checkWidth(width)
		}
	}
}

// open makes line the one being read.
func (r *records) open(line []byte) {
	r.raw = append(append(r.raw, line...), '\n')
	r.rest, r.full = line, len(line)
}

// column returns the position of the next byte in its line, from 1.
func (r *records) column() int { return r.full - len(r.rest) + 1 }

// take adds a piece to the wanted field.
func (r *records) take(piece []byte) {
	if r.keep {
		r.field = append(r.field, piece...)
	}
}

// bareField reads a field that does not begin with a quote, and the separator
// after it; more tells whether there was one.
func (r *records) bareField() (more bool, err error) {
	f, after, more := bytes.Cut(r.rest, []byte{r.comma})
	if i := bytes.IndexByte(f, '"'); i >= 0 {
		return false, r.quoteFault(r.column()+i, "no quote inside a field that does not begin with one")
	}
	r.take(f)
	r.rest = after
	return more, nil
}

// quotedField reads a field that begins with a quote, and the separator after
// it; more tells whether there was one.
func (r *records) quotedField() (more bool, err error) {
	if r.lines.number == r.start {
		r.opened = r.column()
	}
	r.rest = r.rest[1:]
	for {
		i := bytes.IndexByte(r.rest, '"')
		if i < 0 {
			r.take(r.rest)
			r.take([]byte{'\n'})
			if err := r.nextLine(); err != nil {
				return false, err
			}
			continue
		}
		r.take(r.rest[:i])
		r.rest = r.rest[i+1:]
		switch {
		case len(r.rest) == 0:
			return false, nil
		case r.rest[0] == r.comma:
			r.rest = r.rest[1:]
			return true, nil
		case r.rest[0] != '"':
			return false, r.quoteFault(r.column(), "a separator after the quote that ends a field, or that quote doubled")
		}
		r.take(r.rest[:1])
		r.rest = r.rest[1:]
	}
}

// nextLine goes on with the next line of a record.
func (r *records) nextLine() error {
	line, err := r.lines.next()
	if err == io.EOF {
		return r.unclosed()
	}
	if tooLong, ok := err.(*RowError); ok { //nolint:errorlint // made by lines, never wrapped
		tooLong.Line, tooLong.Column, tooLong.Want = r.start, r.opened, "a record of 64 KiB at most"
	}
	if err != nil {
		return err
	}
	r.open(line)
	if len(r.raw) > maxRecord {
		return r.unclosed()
	}
	return nil
}

// quoteFault reports a misplaced quote.
func (r *records) quoteFault(column int, want string) error {
	if r.lines.number > r.start {
		return r.unclosed()
	}
	return &RowError{Line: r.start, Column: column, Rule: "quote", Want: want}
}

// unclosed reports a fault in a record that has run over several lines. The
// fault is most likely in its first one, where a quote was opened and not
// closed: the lines after it are given back.
func (r *records) unclosed() error {
	r.lines.giveBack(r.raw[r.first:], r.lines.number-r.start)
	return &RowError{Line: r.start, Column: r.opened, Rule: "quote", Want: "the end of the quoted field that begins here"}
}
