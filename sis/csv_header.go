package sis

import (
	"bufio"
	"bytes"
	"cmp"
	"io"
	"slices"
	"strings"
	"unicode/utf8"
)

// csvFile is a file that is being read, behind its first line.
type csvFile struct {
	io.Closer
	rows   csvRows
	layout CSVLayout
	header []string
	at     []int // index in the row of each of csvColumns; -1 when absent
}

// start opens the file and reads its first line.
func (s *CSV) start(required []string) (_ *csvFile, err error) {
	charset := s.opts.Charset
	if charset == CharsetAuto {
		if charset, err = s.detect(); err != nil {
			return nil, err
		}
	}
	in, err := s.open()
	if err != nil {
		return nil, s.readError(err)
	}
	f := &csvFile{Closer: in, rows: csvRows{r: bufio.NewReaderSize(in, 64<<10), charset: charset}}
	if err := s.readHeader(f, required); err != nil {
		in.Close()
		return nil, err
	}
	return f, nil
}

func (s *CSV) readError(err error) error {
	// The path that a system error repeats is the caller's own.
	return &CSVError{Source: s.name, Rule: CSVRuleRead, Err: err}
}

// detect reads the file through and tells whether it is UTF-8.
func (s *CSV) detect() (Charset, error) {
	in, err := s.open()
	if err != nil {
		return "", s.readError(err)
	}
	defer in.Close()
	buf := make([]byte, 64<<10)
	kept := 0 // bytes of a character that the last piece cut
	for {
		n, err := io.ReadFull(in, buf[kept:])
		piece := buf[:kept+n]
		ended := err == io.EOF || err == io.ErrUnexpectedEOF
		if err != nil && !ended {
			return "", s.readError(err)
		}
		end := len(piece)
		if !ended {
			for back := 1; back < utf8.UTFMax; back++ {
				if i := len(piece) - back; utf8.RuneStart(piece[i]) {
					if !utf8.FullRune(piece[i:]) {
						end = i
					}
					break
				}
			}
		}
		if !utf8.Valid(piece[:end]) {
			return Windows1252, nil
		}
		if ended {
			return UTF8, nil
		}
		kept = copy(buf, piece[end:])
	}
}

// readHeader reads the first line and finds the columns in it.
func (s *CSV) readHeader(f *csvFile, required []string) error {
	fault := func(rule, want string) error { return &CSVError{Source: s.name, Rule: rule, Want: want} }
	r := f.rows.r
	if mark, _ := r.Peek(2); bytes.Equal(mark, []byte{0xFF, 0xFE}) || bytes.Equal(mark, []byte{0xFE, 0xFF}) {
		return fault(CSVRuleEncoding, "UTF-8 or Windows-1252; this is UTF-16: save it again as \"CSV UTF-8\"")
	}
	if mark, _ := r.Peek(3); bytes.Equal(mark, []byte{0xEF, 0xBB, 0xBF}) {
		if _, err := r.Discard(3); err != nil {
			return s.readError(err)
		}
		f.rows.charset = UTF8
	}
	if f.rows.sep = s.opts.Separator; f.rows.sep == 0 {
		start, _ := r.Peek(r.Size())
		f.rows.sep = separatorOf(start)
	}
	row, bad, err := f.rows.next()
	switch {
	case err == io.EOF:
		return fault(CSVRuleEmpty, "a first line that names the columns")
	case err != nil:
		return s.readError(err)
	case bad != nil && bad.err.Rule == "encoding":
		return fault(CSVRuleEncoding, "a first line of "+bad.err.Want)
	case bad != nil:
		return fault(CSVRuleHeader, "a first line that names the columns, with "+bad.err.Want)
	case strings.Contains(row.text, "\r"):
		return fault(CSVRuleHeader, "lines that end in LF or CR LF; these end in CR alone")
	}
	for i := range row.len() {
		f.header = append(f.header, strings.TrimSpace(row.field(i)))
	}
	return s.findColumns(f, required)
}

// separatorOf chooses the separator by the first line that is not blank.
func separatorOf(start []byte) byte {
	line, _, _ := bytes.Cut(bytes.TrimLeft(start, "\r\n"), []byte{'\n'})
	best, most := byte(';'), 0
	for _, sep := range []byte(";,\t") {
		n, quoted := 0, false
		for _, c := range line {
			switch {
			case c == '"':
				quoted = !quoted
			case c == sep && !quoted:
				n++
			}
		}
		if n > most {
			best, most = sep, n
		}
	}
	return best
}

// headerName returns the header that stands for a documented column in this file.
func (s *CSV) headerName(column string) string {
	return cmp.Or(s.opts.Columns[column], column)
}

// findColumns fills f.at and f.layout.
func (s *CSV) findColumns(f *csvFile, required []string) error {
	f.layout = CSVLayout{Separator: f.rows.sep, Charset: f.rows.charset}
	used := make([]bool, len(f.header))
	var missing, twice []string
	for _, column := range csvColumns {
		want := s.headerName(column.name)
		_, declared := s.opts.Columns[column.name]
		at := -1
		for i, name := range f.header {
			if !strings.EqualFold(name, want) {
				continue
			}
			if at >= 0 {
				twice = append(twice, want)
			}
			at, used[i] = i, true
		}
		f.at = append(f.at, at)
		if at >= 0 {
			f.layout.Used = append(f.layout.Used, column.name)
		} else if declared || slices.Contains(required, column.name) {
			missing = append(missing, want)
		}
	}
	for i, name := range f.header {
		if !used[i] && name != "" {
			f.layout.Ignored = append(f.layout.Ignored, name)
		}
	}
	switch {
	case len(twice) > 0:
		return &CSVError{Source: s.name, Rule: CSVRuleDuplicate, Columns: slices.Compact(twice), Want: "each column once"}
	case len(missing) > 0 && len(f.layout.Used) == 0:
		// A first line without any known column may be a person: it is not repeated.
		return &CSVError{Source: s.name, Rule: CSVRuleMissing, Columns: missing, Want: "a first line that names the columns; it names none that is known"}
	case len(missing) > 0:
		return &CSVError{Source: s.name, Rule: CSVRuleMissing, Columns: missing, Found: f.header}
	}
	return nil
}
