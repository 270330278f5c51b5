package xmlscan

import (
	"bytes"
	"strings"

	"github.com/passerelle-sup/passerelle/internal/xmlx"
)

// isDeclaration reports whether b begins as an XML declaration does, rather than as
// an instruction whose name begins with "xml".
func isDeclaration(b []byte) bool {
	return bytes.HasPrefix(b, []byte("<?xml")) && (len(b) == 5 || class[b[5]]&nameByte == 0)
}

// declaration reads the XML declaration at the beginning of b (XML 1.0, production
// 23). It is within the first window, or it is refused.
func (s *Scanner) declaration(b []byte) error {
	n := bytes.Index(b, []byte("?>"))
	if n < 0 {
		return s.fault("syntax", "a short XML declaration")
	}
	rest := string(b[5:n])
	version, rest, ok := pseudo(rest, "version")
	if !ok || version != "1.0" {
		return s.fault("syntax", "XML version 1.0")
	}
	if label, after, ok := pseudo(rest, "encoding"); ok {
		rest = after
		if name, err := xmlx.Charset(label); err != nil || name != xmlx.UTF8 || label == "" {
			return s.fault("charset", "a document in UTF-8")
		}
	}
	if standalone, after, ok := pseudo(rest, "standalone"); ok {
		rest = after
		if standalone != "yes" && standalone != "no" {
			return s.fault("syntax", "an XML declaration by its grammar")
		}
	}
	if strings.Trim(rest, " \t\r\n") != "" {
		return s.fault("syntax", "an XML declaration by its grammar")
	}
	return s.consume(n + 2)
}

// pseudo reads white space, a name, "=" and a value in quotes.
func pseudo(s, name string) (value, rest string, ok bool) {
	const blank = " \t\r\n"
	after := strings.TrimLeft(s, blank)
	if after == s {
		return "", s, false
	}
	if after, ok = strings.CutPrefix(after, name); !ok {
		return "", s, false
	}
	if after, ok = strings.CutPrefix(strings.TrimLeft(after, blank), "="); !ok {
		return "", s, false
	}
	after = strings.TrimLeft(after, blank)
	if after == "" || after[0] != '"' && after[0] != '\'' {
		return "", s, false
	}
	value, rest, ok = strings.Cut(after[1:], after[:1])
	if !ok {
		return "", s, false
	}
	return value, rest, true
}

// instruction skips the processing instruction at the beginning of b.
func (s *Scanner) instruction(b []byte) error {
	if len(s.open) > 0 {
		return s.fault("instruction", "no processing instruction inside the root element")
	}
	n := bytes.Index(b, []byte("?>"))
	if n < 0 {
		return errMore
	}
	end := 2
	for class[b[end]]&nameByte != 0 {
		end++
	}
	target := string(b[2:end])
	switch {
	case strings.EqualFold(target, "xml"):
		return s.fault("instruction", "the XML declaration at the start only")
	case !isNCName(target), end < n && class[b[end]]&space == 0:
		return s.fault("syntax", "a name at the start of a processing instruction")
	}
	if err := s.validate(b, end, n); err != nil {
		return err
	}
	return s.consume(n + 2)
}
