package iias

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/internal/xmlx"
)

// maxDepth bounds elements inside one another.
const maxDepth = 100

// scanner gives the raw tokens of a document with their places in its bytes, which the
// decoder of package xmlx does not tell, at the price of the tokens alone. It refuses
// what that refuses in the structure of a document; processing instructions and
// comments are passed over, as the published transformations do.
type scanner struct {
	text   []byte // the document in UTF-8
	dec    *xml.Decoder
	open   []xml.Name
	rooted bool
	from   int64 // where the last token begins
}

func newScanner(document []byte) (*scanner, error) {
	text, err := xmlx.Decode(document, "")
	if err != nil {
		return nil, err
	}
	s := &scanner{text: text, dec: xml.NewDecoder(bytes.NewReader(text)), open: make([]xml.Name, 0, 8)}
	s.dec.CharsetReader = func(_ string, input io.Reader) (io.Reader, error) { return input, nil } // it is UTF-8 by now
	return s, nil
}

// next returns the next start tag, end tag or text inside the root, and io.EOF at the
// end of a whole document. Prefixes are as written.
func (s *scanner) next() (xml.Token, error) {
	for {
		s.from = s.dec.InputOffset()
		token, err := s.dec.RawToken()
		if err == io.EOF {
			if len(s.open) > 0 || !s.rooted {
				return nil, broken("the rest of the document")
			}
			return nil, io.EOF
		}
		if err != nil {
			return nil, notRead(err)
		}
		switch t := token.(type) {
		case xml.StartElement:
			if slices.ContainsFunc(t.Attr, func(a xml.Attr) bool { return strings.ContainsAny(a.Value, "\t\n\r") }) {
				if token, err = s.normalised(); err != nil {
					return nil, err
				}
			}
			return token, s.enter(t)
		case xml.EndElement:
			n := len(s.open) - 1
			if n < 0 || s.open[n] != t.Name {
				return nil, broken("end tags that match their start tags")
			}
			s.open = s.open[:n]
			return token, nil
		case xml.CharData:
			if len(s.open) > 0 {
				return token, nil
			}
			if len(bytes.TrimSpace(t)) > 0 {
				return nil, broken("text inside the root element only")
			}
		case xml.Directive:
			return nil, broken("no document type declaration")
		}
	}
}

// normalised reads the start tag once more, as XML 1.0 (3.3.3) wants the values of its
// attributes: line breaks and tabs are blanks, and references to them are not.
func (s *scanner) normalised() (xml.Token, error) {
	tag := bytes.ReplaceAll(s.text[s.from:s.end()], []byte("\r\n"), []byte(" "))
	blank := bytes.Map(func(r rune) rune {
		if r == '\t' || r == '\n' || r == '\r' {
			return ' '
		}
		return r
	}, tag)
	token, err := xml.NewDecoder(bytes.NewReader(blank)).RawToken()
	if err != nil {
		return nil, notRead(err)
	}
	return token, nil
}

// end is where the last token ends.
func (s *scanner) end() int64 { return s.dec.InputOffset() }

func (s *scanner) enter(t xml.StartElement) error {
	switch {
	case len(s.open) == 0 && s.rooted:
		return broken("one root element")
	case len(s.open) >= maxDepth:
		return broken("fewer elements inside one another")
	}
	for i, a := range t.Attr {
		for _, b := range t.Attr[:i] {
			if a.Name == b.Name {
				return broken("each attribute once on an element")
			}
		}
	}
	s.rooted = true
	s.open = append(s.open, t.Name)
	return nil
}

// declaredName resolves the name of an element by its own declarations: the namespace
// is empty where they do not have it.
func declaredName(t xml.StartElement) xml.Name {
	name := xml.Name{Local: t.Name.Local}
	for _, a := range t.Attr {
		if prefix, ok := declares(a.Name); ok && prefix == t.Name.Space {
			name.Space = a.Value
		}
	}
	return name
}

// declares returns the prefix that an attribute declares, "" for the default one.
func declares(name xml.Name) (prefix string, ok bool) {
	switch {
	case name.Space == "xmlns":
		return name.Local, true
	case name.Space == "" && name.Local == "xmlns":
		return "", true
	}
	return "", false
}

// broken says what a document should have been.
func broken(want string) error {
	return fmt.Errorf("iias: the document is not well-formed: want %s: %w", want, passerelle.ErrProtocol)
}

// notRead is what becomes of an error of a decoder. Its text may repeat the document,
// so it is not repeated.
func notRead(err error) error {
	if errors.Is(err, passerelle.ErrProtocol) {
		return err
	}
	if syntax, ok := errors.AsType[*xml.SyntaxError](err); ok {
		return fmt.Errorf("iias: the document is not well-formed in line %d: %w", syntax.Line, passerelle.ErrProtocol)
	}
	return fmt.Errorf("iias: the document cannot be read: %w", passerelle.ErrProtocol)
}
