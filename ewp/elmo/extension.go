package elmo

import (
	"bytes"
	"encoding/xml"
	"io"
	"slices"
	"strings"
)

// Extension is what others put into a document in namespaces of their own. XML is
// its elements, each with its namespace declared, so that they mean the same
// wherever they are written. It is foreign.
type Extension struct{ XML []byte }

// UnmarshalXML keeps the elements, with their namespaces.
func (e *Extension) UnmarshalXML(d *xml.Decoder, start xml.StartElement) error {
	var b bytes.Buffer
	out := xml.NewEncoder(&b)
	for depth := 0; ; {
		token, err := d.Token()
		if err != nil {
			return err
		}
		switch t := token.(type) {
		case xml.StartElement:
			depth++
			token = withoutDeclarations(t)
		case xml.EndElement:
			if depth == 0 {
				err := out.Flush()
				e.XML = b.Bytes()
				return err
			}
			depth--
		case xml.Comment, xml.ProcInst, xml.Directive:
			continue
		}
		if err := out.EncodeToken(token); err != nil {
			return err
		}
	}
}

// withoutDeclarations drops xmlns attributes: the encoder writes its own, but for
// elements in no namespace, which would fall into the one around them.
func withoutDeclarations(t xml.StartElement) xml.StartElement {
	var attrs []xml.Attr
	for _, a := range t.Attr {
		if a.Name.Space != "xmlns" && (a.Name.Space != "" || a.Name.Local != "xmlns") {
			attrs = append(attrs, a)
		}
	}
	if t.Name.Space == "" {
		attrs = append(attrs, xml.Attr{Name: xml.Name{Local: "xmlns"}})
	}
	t.Attr = attrs
	return t
}

// MarshalXML writes the elements as they stand, when they are well-formed.
func (e *Extension) MarshalXML(enc *xml.Encoder, start xml.StartElement) error {
	d := xml.NewDecoder(bytes.NewReader(e.XML))
	if err := enc.EncodeToken(start); err != nil {
		return err
	}
	for {
		token, err := d.Token()
		if err == io.EOF {
			return enc.EncodeToken(start.End())
		}
		if err != nil {
			return err
		}
		switch t := token.(type) {
		case xml.StartElement:
			token = withoutDeclarations(t)
		case xml.Comment, xml.ProcInst, xml.Directive:
			continue
		}
		if err := enc.EncodeToken(token); err != nil {
			return err
		}
	}
}

// UnmarshalXML reads the supplement, and the text of an introduction whatever
// elements are in it.
func (s *DiplomaSupplement) UnmarshalXML(d *xml.Decoder, start xml.StartElement) error {
	type plain DiplomaSupplement
	var read struct {
		plain
		Introduction flat `xml:"introduction"`
	}
	if err := d.DecodeElement(&read, &start); err != nil {
		return err
	}
	*s = DiplomaSupplement(read.plain)
	s.Introduction = string(read.Introduction)
	return nil
}

// flat is the text of an element and of all elements in it.
type flat string

// UnmarshalXML joins the texts; what stands in lines of its own gets them.
func (f *flat) UnmarshalXML(d *xml.Decoder, _ xml.StartElement) error {
	var b strings.Builder
	for depth := 0; ; {
		token, err := d.Token()
		if err != nil {
			return err
		}
		switch t := token.(type) {
		case xml.StartElement:
			depth++
		case xml.EndElement:
			if depth == 0 {
				*f = flat(b.String())
				return nil
			}
			depth--
			if slices.Contains([]string{"p", "div", "li", "br"}, t.Name.Local) {
				b.WriteByte('\n')
			}
		case xml.CharData:
			b.Write(t)
		}
	}
}
