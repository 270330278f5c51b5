package xmlscan

import (
	"bytes"
	"strconv"
	"unicode/utf8"
)

// What a byte may be.
const (
	space      = 1 << iota // white space of XML
	nameByte               // part of a name; all bytes from 0x80 on are looked at later
	nameStart              // the first of a name
	notText                // cannot be taken into a text as it stands
	notValue               // cannot be taken into an attribute value as it stands
	forbidden              // no character of XML, or from 0x80 on, a part of one that may be none
	notComment = forbidden
)

var class = func() (class [256]uint8) {
	for i := range class {
		c := byte(i)
		switch {
		case c == ' ', c == '\t', c == '\n':
			class[i] = space
		case c == '\r':
			class[i] = space | notText | notValue
		case c < ' ':
			class[i] = forbidden | notText | notValue
		case c >= 0x80:
			class[i] = forbidden | notText | notValue | nameByte | nameStart
		case 'A' <= c && c <= 'Z', 'a' <= c && c <= 'z', c == '_':
			class[i] = nameByte | nameStart
		case '0' <= c && c <= '9', c == '-', c == '.', c == ':':
			class[i] = nameByte
		case c == '&':
			class[i] = notText | notValue
		case c == '<':
			class[i] = notValue
		case c == ']':
			class[i] = notText
		}
	}
	return class
}()

// characters reads the text at the beginning of b, up to the next tag.
func (s *Scanner) characters(b []byte) (Kind, error) {
	n := bytes.IndexByte(b, '<')
	if n < 0 {
		if !s.eof {
			return 0, errMore
		}
		n = len(b)
	}
	if len(s.open) == 0 {
		if i := skipSpace(b[:n], 0); i < n {
			return 0, s.outside("text inside the root element only")
		}
		return 0, s.consume(n)
	}
	s.unquoted = s.unquoted[:0]
	s.text = b[:n]
	for i, c := range b[:n] {
		if class[c]&notText != 0 {
			var err error
			if s.text, err = s.unescape(b, 0, i, n, notText); err != nil {
				return 0, err
			}
			break
		}
	}
	return Text, s.consume(n)
}

// value returns the attribute value b[from:to].
func (s *Scanner) value(b []byte, from, to int) ([]byte, error) {
	for i := from; i < to; i++ {
		if class[b[i]]&notValue != 0 {
			return s.unescape(b, from, i, to, notValue)
		}
	}
	return b[from:to], nil
}

// cdata returns the content b[from:to] of a CDATA section.
func (s *Scanner) cdata(b []byte, from, to int) ([]byte, error) {
	s.unquoted = s.unquoted[:0]
	for i := from; i < to; i++ {
		if class[b[i]]&forbidden != 0 || b[i] == '\r' {
			return s.unescape(b, from, i, to, forbidden)
		}
	}
	return b[from:to], nil
}

// validate checks the characters b[from:to] of what is skipped.
func (s *Scanner) validate(b []byte, from, to int) error {
	for i := from; i < to; {
		if class[b[i]]&notComment == 0 {
			i++
			continue
		}
		size, err := s.character(b[:to], i)
		if err != nil {
			return err
		}
		i += size
	}
	return nil
}

// unescape returns b[from:to] with references and line ends replaced. Up to first
// there is nothing to do. what says what b is: notText, notValue, or forbidden for
// a CDATA section, which has no references.
func (s *Scanner) unescape(b []byte, from, first, to int, what uint8) ([]byte, error) {
	start := len(s.unquoted)
	out := append(s.unquoted, b[from:first]...)
	for i := first; i < to; {
		c := b[i]
		switch {
		case c == '\r':
			if i+1 < to && b[i+1] == '\n' {
				i++
			}
			out = append(out, '\n')
			i++
		case class[c]&what == 0:
			out = append(out, c)
			i++
		case c == '&':
			r, n := reference(b[i:to])
			if n == 0 {
				return nil, s.faultAt(i, "syntax", "& only as the start of a character reference or of a predefined entity")
			}
			out = utf8.AppendRune(out, r)
			i += n
		case c == '<':
			return nil, s.faultAt(i, "syntax", "no < in an attribute value")
		case c == ']':
			if bytes.HasPrefix(b[i:to], []byte("]]>")) {
				return nil, s.faultAt(i, "syntax", "no ]]> outside a CDATA section")
			}
			out = append(out, c)
			i++
		default:
			size, err := s.character(b[:to], i)
			if err != nil {
				return nil, err
			}
			out = append(out, b[i:i+size]...)
			i += size
		}
	}
	s.unquoted = out
	return out[start:], nil
}

// character checks the character at b[i], which is a control character or beyond
// ASCII, and returns its length.
func (s *Scanner) character(b []byte, i int) (int, error) {
	r, size := utf8.DecodeRune(b[i:])
	switch {
	case r == utf8.RuneError && size <= 1:
		return 0, s.faultAt(i, "charset", "bytes of UTF-8")
	case !isChar(r):
		return 0, s.faultAt(i, "syntax", "characters allowed in XML")
	}
	return size, nil
}

// isChar reports whether r is a Char of XML 1.0, production 2.
func isChar(r rune) bool {
	return r >= ' ' && r <= 0xD7FF || r >= 0xE000 && r <= 0xFFFD || r >= 0x10000 && r <= utf8.MaxRune ||
		r == '\t' || r == '\n' || r == '\r'
}

// reference reads the reference at the beginning of b and returns its length, 0
// when it is none.
func reference(b []byte) (r rune, n int) {
	end := bytes.IndexByte(b, ';')
	if end < 0 {
		return 0, 0
	}
	switch name := string(b[1:end]); name {
	case "amp":
		r = '&'
	case "lt":
		r = '<'
	case "gt":
		r = '>'
	case "quot":
		r = '"'
	case "apos":
		r = '\''
	default:
		digits, base := name, 10
		if len(digits) < 2 || digits[0] != '#' {
			return 0, 0
		}
		if digits = digits[1:]; digits[0] == 'x' {
			digits, base = digits[1:], 16
		}
		code, err := strconv.ParseUint(digits, base, 32)
		if err != nil || code > utf8.MaxRune || !isChar(rune(code)) {
			return 0, 0
		}
		r = rune(code)
	}
	return r, end + 1
}
