package xmlscan

import (
	"bytes"
	"encoding/xml"
	"io"

	"github.com/passerelle-sup/passerelle/internal/xmlx"
)

// Kind is what a token is.
type Kind uint8

// The kinds of tokens. Comments, the XML declaration, and instructions outside the
// root element are skipped.
const (
	Start Kind = iota + 1 // a start tag, or the beginning of an empty element
	End                   // an end tag, or the end of an empty element
	Text                  // characters inside the root element, a part of them at least
)

// Attr is an attribute that is no namespace declaration. Its value is valid until
// the next token is read.
type Attr struct {
	Name  xml.Name
	Value []byte
}

// window is how much of a document is held at once, unless a token is longer.
const window = 64 << 10

// Scanner reads one document. It is not safe for concurrent use.
type Scanner struct {
	r      io.Reader
	limits xmlx.Limits
	err    error // once set, what Next returns

	buf    []byte // buf[pos:end] is read and not consumed
	pos    int
	end    int
	eof    bool
	read   int64 // bytes taken from r
	line   int   // of buf[0], from 1
	column int   // of buf[0], from 1, in bytes

	begun    bool // something was consumed: no XML declaration may follow
	rooted   bool // the root element was opened
	elements int
	open     []open
	closing  bool // the end of an empty element comes next

	names    names
	name     xml.Name
	attrs    []Attr
	raw      []attr
	text     []byte
	unquoted []byte // values and texts that had references or line ends to replace
}

type open struct {
	qname *qname
	name  xml.Name
	undo  int // length of names.undo before the element
}

// New returns a scanner of r, which need not be buffered. Zero limits take their
// defaults.
func New(r io.Reader, limits xmlx.Limits) *Scanner {
	return &Scanner{
		r: r, limits: limits.WithDefaults(), line: 1, column: 1,
		buf: make([]byte, window), names: newNames(),
	}
}

// Name returns the name of the element that the last token starts or ends.
func (s *Scanner) Name() xml.Name { return s.name }

// Attrs returns the attributes of the start tag read last, valid until the next
// token is read.
func (s *Scanner) Attrs() []Attr { return s.attrs }

// Text returns the characters read last, valid until the next token is read.
func (s *Scanner) Text() []byte { return s.text }

// Depth returns how many elements are open, the one just started included.
func (s *Scanner) Depth() int { return len(s.open) }

// Line returns the line of the token that comes next, from 1.
func (s *Scanner) Line() int {
	return s.line + bytes.Count(s.buf[:s.pos], []byte{'\n'})
}

// Next returns the next token. Its error is io.EOF after a whole document, an
// *xmlx.Error for one that is refused, or what the reader below returned.
func (s *Scanner) Next() (Kind, error) {
	if s.closing {
		s.closing = false
		s.close()
		return End, nil
	}
	for s.err == nil {
		kind, err := s.token()
		if err == errMore {
			err = s.fill()
		}
		if err != nil {
			s.err = err
		} else if kind != 0 {
			return kind, nil
		}
	}
	return 0, s.err
}

// Skip reads up to the end of the element that was started last.
func (s *Scanner) Skip() error {
	depth := len(s.open)
	for len(s.open) >= depth {
		if _, err := s.Next(); err != nil {
			return err
		}
	}
	return nil
}

// token reads one token from the window. It returns errMore where the window ends
// before the token, having changed nothing, and no kind for what is skipped.
func (s *Scanner) token() (Kind, error) {
	b := s.buf[s.pos:s.end]
	switch {
	case len(b) == 0 && s.eof:
		return 0, s.finish()
	case len(b) < 2 && !s.eof:
		return 0, errMore
	case !s.begun:
		s.begun = true
		if rest, ok := bytes.CutPrefix(b, []byte("\xEF\xBB\xBF")); ok {
			s.pos += 3
			b = rest
		}
		if isDeclaration(b) {
			return 0, s.declaration(b)
		}
		return 0, nil
	case b[0] != '<':
		return s.characters(b)
	case len(b) == 1:
		return 0, s.truncated()
	}
	switch b[1] {
	case '/':
		return s.endTag(b)
	case '!':
		return s.bang(b)
	case '?':
		return 0, s.instruction(b)
	}
	return s.startTag(b)
}

// consume takes n bytes from the window: a whole token.
func (s *Scanner) consume(n int) error {
	if int64(n) > s.limits.MaxToken {
		return s.fault("token", "shorter tags and texts")
	}
	s.pos += n
	return nil
}

// finish says whether the document may end here.
func (s *Scanner) finish() error {
	switch {
	case len(s.open) > 0:
		return s.truncated()
	case !s.rooted:
		return s.fault("empty", "a root element")
	}
	return io.EOF
}

// errMore says that the window ends before the token.
var errMore = io.ErrShortBuffer

// fill moves what is left to the front of the window and reads as much as there is
// room for, after making more room when there was none.
func (s *Scanner) fill() error {
	if s.eof {
		return s.truncated()
	}
	if s.pos > 0 {
		s.line, s.column = s.at(s.pos)
		s.end = copy(s.buf, s.buf[s.pos:s.end])
		s.pos = 0
	}
	if s.end == len(s.buf) {
		if int64(s.end) > s.limits.MaxToken { // a text ends where the byte after it is seen
			return s.fault("token", "shorter tags and texts")
		}
		grown := make([]byte, min(2*int64(len(s.buf)), s.limits.MaxToken+1))
		copy(grown, s.buf)
		s.buf = grown
	}
	for idle := 0; s.end < len(s.buf); {
		n, err := s.r.Read(s.buf[s.end:])
		s.end += n
		s.read += int64(n)
		if s.read > s.limits.MaxBytes {
			return s.fault("size", "a smaller document")
		}
		if err == io.EOF {
			s.eof = true
			return nil
		}
		if err != nil {
			return err
		}
		if idle++; n > 0 {
			idle = 0
		} else if idle == 100 {
			return io.ErrNoProgress
		}
	}
	return nil
}

// at returns the line and column of an index of the window.
func (s *Scanner) at(i int) (line, column int) {
	b := s.buf[:i]
	n := bytes.Count(b, []byte{'\n'})
	if n == 0 {
		return s.line, s.column + i
	}
	return s.line + n, i - bytes.LastIndexByte(b, '\n')
}

// fault refuses the document at the token that is being read.
func (s *Scanner) fault(rule, want string) *xmlx.Error { return s.faultAt(0, rule, want) }

// faultAt refuses it at the nth byte of that token.
func (s *Scanner) faultAt(n int, rule, want string) *xmlx.Error {
	line, column := s.at(s.pos + n)
	return &xmlx.Error{Rule: rule, Line: line, Column: column, Want: want}
}

func (s *Scanner) truncated() *xmlx.Error {
	return s.faultAt(s.end-s.pos, "truncated", "the rest of the document")
}

func (s *Scanner) outside(want string) *xmlx.Error {
	if s.rooted {
		return s.fault("trailing", "nothing after the root element")
	}
	return s.fault("root", want)
}
