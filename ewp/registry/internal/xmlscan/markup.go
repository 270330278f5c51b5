package xmlscan

import (
	"bytes"
	"encoding/xml"
)

// attr is an attribute as written.
type attr struct {
	qname *qname
	value []byte
}

// startTag reads the start tag at the beginning of b.
func (s *Scanner) startTag(b []byte) (Kind, error) {
	if len(s.open) == 0 && s.rooted {
		return 0, s.outside("")
	}
	q, i, err := s.readName(b, 1)
	if err != nil {
		return 0, err
	}
	s.raw, s.unquoted = s.raw[:0], s.unquoted[:0]
	empty := false
	for {
		space := skipSpace(b, i)
		if space >= len(b) {
			return 0, errMore
		}
		spaced := space > i
		i = space
		if b[i] == '>' {
			i++
			break
		}
		if b[i] == '/' {
			if i+1 >= len(b) {
				return 0, errMore
			}
			if b[i+1] != '>' {
				return 0, s.faultAt(i+1, "syntax", "well-formed XML")
			}
			i, empty = i+2, true
			break
		}
		if !spaced {
			return 0, s.faultAt(i, "syntax", "white space between attributes")
		}
		if len(s.raw) >= s.limits.MaxAttrs {
			return 0, s.faultAt(i, "attributes", "fewer attributes on an element")
		}
		var a attr
		a, i, err = s.readAttr(b, i)
		if err != nil {
			return 0, err
		}
		s.raw = append(s.raw, a)
	}
	s.elements++
	switch {
	case len(s.open) >= s.limits.MaxDepth:
		return 0, s.fault("depth", "fewer elements inside one another")
	case s.elements > s.limits.MaxElements:
		return 0, s.fault("elements", "fewer elements")
	}
	mark := len(s.names.undo)
	if err := s.resolve(q); err != nil {
		return 0, err
	}
	s.rooted = true
	s.open = append(s.open, open{q, s.name, mark})
	s.closing = empty
	return Start, s.consume(i)
}

// readName reads the name at b[i] and returns the index after it.
func (s *Scanner) readName(b []byte, i int) (*qname, int, error) {
	start := i
	for i < len(b) && class[b[i]]&nameByte != 0 {
		i++
	}
	if i == len(b) {
		return nil, 0, errMore
	}
	q, full := s.names.lookup(b[start:i])
	switch {
	case full:
		return nil, 0, s.faultAt(start, "namespace", "fewer different names")
	case q == nil:
		return nil, 0, s.faultAt(start, "syntax", "a name, with a prefix and a colon at most")
	}
	return q, i, nil
}

// readAttr reads the attribute at b[i] and returns the index after it.
func (s *Scanner) readAttr(b []byte, i int) (attr, int, error) {
	q, i, err := s.readName(b, i)
	if err != nil {
		return attr{}, 0, err
	}
	i = skipSpace(b, i)
	if i < len(b) && b[i] != '=' {
		return attr{}, 0, s.faultAt(i, "syntax", "a value for each attribute")
	}
	i = skipSpace(b, i+1)
	if i >= len(b) {
		return attr{}, 0, errMore
	}
	quote := b[i]
	if quote != '"' && quote != '\'' {
		return attr{}, 0, s.faultAt(i, "syntax", "attribute values in quotes")
	}
	n := bytes.IndexByte(b[i+1:], quote)
	if n < 0 {
		return attr{}, 0, errMore
	}
	value, err := s.value(b, i+1, i+1+n)
	return attr{q, value}, i + n + 2, err
}

// resolve binds the prefixes that the tag declares and gives names to the element
// and its attributes.
func (s *Scanner) resolve(q *qname) error {
	s.attrs = s.attrs[:0]
	for _, a := range s.raw {
		if a.qname.xmlns {
			if err := s.declare(a); err != nil {
				return err
			}
		}
	}
	if len(s.names.undo) > maxBindings {
		return s.fault("namespace", "fewer namespace declarations")
	}
	if q.xmlns && q.prefix.name != "" || q.prefix.name != "" && q.prefix.uri == "" {
		return s.fault("namespace", "a declaration for each prefix")
	}
	s.name = xml.Name{Space: q.prefix.uri, Local: q.local}
	for i, a := range s.raw {
		for _, b := range s.raw[:i] {
			if a.qname == b.qname {
				return s.fault("duplicate", "each attribute once on an element")
			}
		}
		if a.qname.xmlns {
			continue
		}
		name := xml.Name{Local: a.qname.local}
		if a.qname.prefix.name != "" {
			name.Space = a.qname.prefix.uri
			if name.Space == "" {
				return s.fault("namespace", "a declaration for each prefix")
			}
			for _, b := range s.attrs {
				if b.Name == name {
					return s.fault("duplicate", "each attribute once on an element")
				}
			}
		}
		s.attrs = append(s.attrs, Attr{name, a.value})
	}
	return nil
}

// declare binds the prefix of a namespace declaration.
func (s *Scanner) declare(a attr) error {
	p := s.names.prefixes[""]
	if a.qname.prefix.name == "xmlns" {
		if p = s.names.prefixes[a.qname.local]; p == nil {
			p = &prefix{name: a.qname.local}
			s.names.prefixes[p.name] = p
		}
	}
	uri, full := s.names.namespace(a.value)
	switch {
	case full:
		return s.fault("namespace", "fewer different namespaces")
	case p.name == "xmlns", uri == namespaceXMLNS, (p.name == "xml") != (uri == namespaceXML):
		return s.fault("namespace", "the reserved prefixes left alone")
	case p.name != "" && uri == "":
		return s.fault("namespace", "a namespace for each prefix")
	}
	s.names.bind(p, uri)
	return nil
}

// endTag reads the end tag at the beginning of b.
func (s *Scanner) endTag(b []byte) (Kind, error) {
	if len(s.open) == 0 {
		return 0, s.outside("a start tag")
	}
	raw := s.open[len(s.open)-1].qname.raw
	n := 2 + len(raw)
	if len(b) <= n {
		if s.eof && string(b[2:]) != raw[:len(b)-2] {
			return 0, s.fault("syntax", "end tags that match their start tags")
		}
		return 0, errMore
	}
	i := n
	if b[i] != '>' { // nearly always it is
		i = skipSpace(b, i)
		if i == len(b) {
			return 0, errMore
		}
	}
	if string(b[2:n]) != raw || b[i] != '>' {
		return 0, s.fault("syntax", "end tags that match their start tags")
	}
	if err := s.consume(i + 1); err != nil {
		return 0, err
	}
	s.close()
	return End, nil
}

// close ends the innermost element.
func (s *Scanner) close() {
	top := s.open[len(s.open)-1]
	s.open = s.open[:len(s.open)-1]
	s.name = top.name
	s.names.release(top.undo)
}

// bang reads what begins with "<!": a comment, a CDATA section, or something that
// is refused.
func (s *Scanner) bang(b []byte) (Kind, error) {
	const comment, cdata = "<!--", "<![CDATA["
	switch {
	case bytes.HasPrefix(b, []byte(comment)):
		n := bytes.Index(b[len(comment):], []byte("--"))
		if n < 0 || len(comment)+n+2 >= len(b) {
			return 0, errMore
		}
		n += len(comment)
		if b[n+2] != '>' {
			return 0, s.faultAt(n, "syntax", "no -- inside a comment")
		}
		if err := s.validate(b, len(comment), n); err != nil {
			return 0, err
		}
		return 0, s.consume(n + 3)
	case bytes.HasPrefix(b, []byte(cdata)):
		if len(s.open) == 0 {
			return 0, s.outside("text inside the root element only")
		}
		n := bytes.Index(b, []byte("]]>"))
		if n < 0 {
			return 0, errMore
		}
		text, err := s.cdata(b, len(cdata), n)
		if err != nil {
			return 0, err
		}
		s.text = text
		return Text, s.consume(n + 3)
	case len(b) < len(cdata) && !s.eof && (bytes.HasPrefix([]byte(comment), b) || bytes.HasPrefix([]byte(cdata), b)):
		return 0, errMore
	}
	return 0, s.fault("doctype", "no document type declaration")
}

func skipSpace(b []byte, i int) int {
	for i < len(b) && class[b[i]]&space != 0 {
		i++
	}
	return i
}
