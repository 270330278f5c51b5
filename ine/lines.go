package ine

import (
	"bufio"
	"bytes"
	"io"
	"slices"
)

// maxRecord bounds a line, and a record of several lines, in bytes.
const maxRecord = 64 << 10

// lines reads lines that it can be given back.
type lines struct {
	in     *bufio.Reader
	back   []byte // lines to read again before those of in, each with its \n
	number int    // number of the line read last, from 1
}

func newLines(src io.Reader) *lines { return &lines{in: bufio.NewReaderSize(src, maxRecord)} }

// next returns the next line without its end, valid until the next call. Its
// error is io.EOF, a *RowError for a line that is too long and was skipped, or the
// failure of the source.
func (l *lines) next() ([]byte, error) {
	if len(l.back) > 0 {
		line, rest, _ := bytes.Cut(l.back, []byte{'\n'})
		l.back = rest
		l.number++
		return line, nil
	}
	line, err := l.in.ReadSlice('\n')
	if err == io.EOF && len(line) == 0 {
		return nil, io.EOF
	}
	l.number++
	switch err {
	case nil:
		line = line[:len(line)-1]
	case io.EOF:
	case bufio.ErrBufferFull:
		for err == bufio.ErrBufferFull {
			_, err = l.in.ReadSlice('\n')
		}
		if err != nil && err != io.EOF {
			return nil, readFailure(l.number, err)
		}
		return nil, &RowError{Line: l.number, Column: maxRecord + 1, Rule: "length", Want: "a line of 64 KiB at most"}
	default:
		return nil, readFailure(l.number, err)
	}
	if l.number == 1 {
		line = bytes.TrimPrefix(line, []byte("\xEF\xBB\xBF"))
	}
	return bytes.TrimSuffix(line, []byte{'\r'}), nil
}

// giveBack makes next return again the lines of raw, each with its \n, which are
// the count last ones.
func (l *lines) giveBack(raw []byte, count int) {
	l.back = slices.Concat(raw, l.back)
	l.number -= count
}
