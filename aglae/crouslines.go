package aglae

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"

	"github.com/passerelle-sup/passerelle"
)

const (
	maxCrousRow   = 1 << 20 // bytes of one row
	maxCrousLines = 64      // lines of one row, more than one only within quotes
)

// crousLines cuts a file into rows in constant memory. encoding/csv would read up to
// the end of the file for a quote that is never closed: here such a quote spoils its own
// line and no other.
type crousLines struct {
	r     *bufio.Reader
	sep   byte
	latin bool // Windows-1252

	start int      // line of the row, from 1
	line  int      // lines read
	ahead [][]byte // lines read in vain for a quote to close, to be read again
	after error    // what ended that reading, met again after them
	long  []byte
	text  []byte
	cells []string
}

func newCrousLines(r io.Reader, sep byte, latin bool) *crousLines {
	l := &crousLines{r: bufio.NewReaderSize(r, 64<<10), sep: sep, latin: latin}
	if mark, _ := l.r.Peek(3); string(mark) == "\ufeff" {
		_, _ = l.r.Discard(3) // they are in the buffer
	}
	return l
}

// next returns the cells of the next row that is not blank, valid until the next call,
// or why the row cannot be cut. The error is io.EOF at the end, else one of reading.
func (l *crousLines) next() ([]string, *passerelle.ParseError, error) {
	for {
		line, err := l.read()
		if errors.Is(err, errLongLine) {
			l.start = l.line
			return nil, rowFault("length", 0, "a row of at most 1 MiB"), nil
		}
		if err != nil {
			return nil, nil, err
		}
		l.start = l.line
		if len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		cells, open, fault := l.cut(line)
		if open > 0 {
			cells, fault = l.join(line, open)
		}
		return cells, fault, nil
	}
}

func rowFault(rule string, pos int, want string) *passerelle.ParseError {
	return &passerelle.ParseError{Type: "row", Rule: rule, Pos: pos, Want: want}
}

// join adds lines to one that ends within quotes until they close. When they do not
// the lines are put back.
func (l *crousLines) join(first []byte, open int) ([]string, *passerelle.ParseError) {
	joined := bytes.Clone(first)
	var more [][]byte
	for len(more) < maxCrousLines && len(joined) < maxCrousRow {
		line, err := l.read()
		if err != nil {
			if errors.Is(err, errLongLine) {
				l.line--
			}
			l.after = err
			break
		}
		more = append(more, bytes.Clone(line))
		joined = append(append(joined, '\n'), line...)
		cells, still, fault := l.cut(joined)
		if still > 0 {
			continue
		}
		if fault == nil {
			return cells, nil
		}
		break
	}
	l.ahead = append(more, l.ahead...)
	l.line -= len(more)
	return nil, rowFault("quote", open, "a closing quote, followed by a separator or the end of the line")
}

var errLongLine = errors.New("line too long")

// read returns the next line without its end, valid until the next call.
func (l *crousLines) read() ([]byte, error) {
	if len(l.ahead) > 0 {
		line := l.ahead[0]
		l.ahead = l.ahead[1:]
		l.line++
		return line, nil
	}
	if err := l.after; err != nil {
		l.after = nil
		if errors.Is(err, errLongLine) {
			l.line++
		}
		return nil, err
	}
	line, err := l.r.ReadSlice('\n')
	if err == bufio.ErrBufferFull {
		l.long = l.long[:0]
		for err == bufio.ErrBufferFull {
			if len(l.long) <= maxCrousRow {
				l.long = append(l.long, line...)
			}
			line, err = l.r.ReadSlice('\n')
		}
		l.long = append(l.long, line...)
		line = l.long
	}
	if err != nil && (err != io.EOF || len(line) == 0) {
		return nil, err
	}
	l.line++
	if len(line) > maxCrousRow {
		return nil, errLongLine
	}
	line = bytes.TrimSuffix(line, []byte{'\n'})
	return bytes.TrimSuffix(line, []byte{'\r'}), nil
}

// cut splits a row. open is the position of a quote that is still open at its end.
func (l *crousLines) cut(row []byte) (cells []string, open int, fault *passerelle.ParseError) {
	text, bad := l.decode(row)
	if bad > 0 {
		want := "text in UTF-8"
		if l.latin {
			want = "text in Windows-1252"
		}
		return nil, 0, rowFault("encoding", bad, want+", without zero bytes")
	}
	l.cells = l.cells[:0]
	rest := text
	for {
		if strings.HasPrefix(rest, `"`) {
			at := len(text) - len(rest) + 1
			cell, after, closed := unquote(rest[1:])
			switch {
			case !closed:
				return nil, at, nil
			case after != "" && after[0] != l.sep:
				return nil, 0, rowFault("quote", len(text)-len(after)+1, "a separator after the closing quote")
			}
			l.cells = append(l.cells, cell)
			if after == "" {
				return l.cells, 0, nil
			}
			rest = after[1:]
			continue
		}
		n := strings.IndexByte(rest, l.sep)
		if n < 0 {
			return append(l.cells, rest), 0, nil
		}
		l.cells = append(l.cells, rest[:n])
		rest = rest[n+1:]
	}
}

// unquote reads a quoted cell, whose first quote is already passed.
func unquote(s string) (cell, after string, closed bool) {
	for from := 0; ; {
		n := strings.IndexByte(s[from:], '"')
		if n < 0 {
			return "", "", false
		}
		end := from + n
		if !strings.HasPrefix(s[end+1:], `"`) {
			return strings.ReplaceAll(s[:end], `""`, `"`), s[end+1:], true
		}
		from = end + 2
	}
}

// decode returns a row as text, and the position of the first byte that is none.
func (l *crousLines) decode(row []byte) (text string, bad int) {
	if at := bytes.IndexByte(row, 0); at >= 0 {
		return "", at + 1
	}
	if !l.latin {
		if !utf8.Valid(row) {
			for i := 0; i < len(row); {
				r, n := utf8.DecodeRune(row[i:])
				if r == utf8.RuneError && n == 1 {
					return "", i + 1
				}
				i += n
			}
		}
		return string(row), 0
	}
	l.text = l.text[:0]
	for i, b := range row {
		if b < utf8.RuneSelf {
			l.text = append(l.text, b)
			continue
		}
		r := charmap.Windows1252.DecodeByte(b)
		if r == utf8.RuneError || r < 0xA0 { // one of the five bytes that mean nothing
			return "", i + 1
		}
		l.text = utf8.AppendRune(l.text, r)
	}
	return string(l.text), 0
}
