package sis

import (
	"bufio"
	"bytes"
	"io"

	"github.com/passerelle-sup/passerelle"
)

const (
	maxCSVRow   = 1 << 20 // bytes of one row
	maxCSVLines = 64      // lines of one row, more than one only within quotes
)

// csvRow is one row of a file, decoded. It is valid until the next one is read.
type csvRow struct {
	line int    // of its start, from 1
	text string // the fields joined
	ends []int  // where each field ends in text
	cols []int  // where each field starts in the line, in bytes from 1
}

func (r *csvRow) len() int { return len(r.ends) }

func (r *csvRow) field(i int) string {
	if i == 0 {
		return r.text[:r.ends[0]]
	}
	return r.text[r.ends[i-1]:r.ends[i]]
}

// csvFault says why a row cannot be split into fields.
type csvFault struct {
	line, column int
	err          *passerelle.ParseError
}

// csvRows splits a file into rows in constant memory. It differs from encoding/csv in
// what a broken row costs: a quote that is never closed, or closed in the wrong
// place, spoils its own line and no other, and a row has a largest size.
type csvRows struct {
	r       *bufio.Reader
	sep     byte
	charset Charset

	line  int      // lines read
	ahead [][]byte // lines read in vain for a quote to close, to be read again
	long  []byte
	buf   []byte
	row   csvRow
}

// next returns the next row that is not blank, or what is wrong with it. The error
// is io.EOF at the end, else one of reading.
func (c *csvRows) next() (*csvRow, *csvFault, error) {
	for {
		line, whole, err := c.readLine()
		if err != nil {
			return nil, nil, err
		}
		c.row.line = c.line
		if !whole {
			return nil, c.fault(0, "length", "a row of at most 1 MiB"), nil
		}
		if len(line) == 0 {
			continue
		}
		fault, open := c.split(line)
		if open > 0 {
			fault, err = c.join(line, open)
		}
		if fault == nil && err == nil {
			c.row.text = string(c.buf)
			return &c.row, nil, nil
		}
		return nil, fault, err
	}
}

func (c *csvRows) fault(column int, rule, want string) *csvFault {
	return &csvFault{c.row.line, column, &passerelle.ParseError{Type: "row", Rule: rule, Want: want}}
}

// join adds the following lines to one that ends within quotes until they close.
// When they do not, or close before anything but a separator, the lines are put back.
func (c *csvRows) join(first []byte, open int) (*csvFault, error) {
	joined := bytes.Clone(first)
	var more [][]byte
	for len(more) < maxCSVLines && len(joined) < maxCSVRow {
		line, whole, err := c.readLine()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, err
		}
		more = append(more, bytes.Clone(line))
		if !whole {
			break
		}
		joined = append(append(joined, '\n'), line...)
		fault, still := c.split(joined)
		if still > 0 {
			continue
		}
		if fault == nil {
			return nil, nil
		}
		break
	}
	c.ahead = append(more, c.ahead...)
	c.line -= len(more)
	return c.fault(open, "quote", "a closing quote, followed by a separator or the end of the line"), nil
}

// readLine returns the next line without its end. whole is false when it is too
// long: it is passed over then. The line is valid until the next call.
func (c *csvRows) readLine() (line []byte, whole bool, err error) {
	if len(c.ahead) > 0 {
		line, c.ahead = c.ahead[0], c.ahead[1:]
		c.line++
		return line, len(line) <= maxCSVRow, nil
	}
	line, err = c.r.ReadSlice('\n')
	if err == bufio.ErrBufferFull {
		c.long = c.long[:0]
		for err == bufio.ErrBufferFull {
			if len(c.long) <= maxCSVRow {
				c.long = append(c.long, line...)
			}
			line, err = c.r.ReadSlice('\n')
		}
		line = append(c.long, line...)
	}
	if err != nil && (err != io.EOF || len(line) == 0) {
		return nil, false, err
	}
	c.line++
	line = bytes.TrimSuffix(line, []byte{'\n'})
	line = bytes.TrimSuffix(line, []byte{'\r'})
	return line, len(line) <= maxCSVRow, nil
}

// split cuts a row into its fields. open is the column of a quote that is still
// open at the end, 0 when there is none.
func (c *csvRows) split(row []byte) (fault *csvFault, open int) {
	c.buf, c.row.ends, c.row.cols = c.buf[:0], c.row.ends[:0], c.row.cols[:0]
	if at := badByte(row, c.charset); at >= 0 {
		want := "text in UTF-8; if the whole file is in Windows-1252, say so with CSVOptions.Charset"
		switch {
		case row[at] == 0:
			want = "text without zero bytes"
		case c.charset == Windows1252:
			want = "text in Windows-1252"
		}
		return c.fault(at+1, "encoding", want), 0
	}
	for at := 0; ; {
		c.row.cols = append(c.row.cols, at+1)
		if at < len(row) && row[at] == '"' {
			start := at
			for at++; ; {
				n := bytes.IndexByte(row[at:], '"')
				if n < 0 {
					return nil, start + 1
				}
				c.add(row[at : at+n])
				at += n + 1
				if at == len(row) || row[at] != '"' {
					break
				}
				c.buf = append(c.buf, '"')
				at++
			}
			if at < len(row) && row[at] != c.sep {
				return c.fault(at+1, "quote", "a separator after the closing quote"), 0
			}
		} else {
			n := bytes.IndexByte(row[at:], c.sep)
			if n < 0 {
				n = len(row) - at
			}
			c.add(row[at : at+n])
			at += n
		}
		c.row.ends = append(c.row.ends, len(c.buf))
		if at == len(row) {
			return nil, 0
		}
		at++
	}
}

// add appends a piece of a field, decoded.
func (c *csvRows) add(piece []byte) {
	if c.charset != Windows1252 {
		c.buf = append(c.buf, piece...)
		return
	}
	for _, b := range piece {
		c.buf = decode1252(c.buf, b)
	}
}
