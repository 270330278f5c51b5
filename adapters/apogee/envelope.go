package apogee

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"

	"github.com/passerelle-sup/passerelle"
)

const (
	soapNamespace = "http://schemas.xmlsoap.org/soap/envelope/"
	latin9        = "ISO-8859-15"
	maxDepth      = 32 // elements within each other in an answer
)

var element = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_.-]*$`)

// param is an element of a request: a text, or children.
type param struct {
	name     string
	text     string
	children []param
}

// envelope writes a request: the element of the operation in its namespace, its
// children in none. An element without content is left out.
func envelope(c Contract, call Call, params []param) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, `<?xml version="1.0" encoding="%s"?>`+"\n", c.Charset)
	fmt.Fprintf(&b, `<soapenv:Envelope xmlns:soapenv="%s" xmlns:ser="`, soapNamespace)
	escape(&b, c.Namespaces[call.Service])
	fmt.Fprintf(&b, `"><soapenv:Body><ser:%s>`, call.Request)
	for _, p := range params {
		p.write(&b)
	}
	fmt.Fprintf(&b, "</ser:%s></soapenv:Body></soapenv:Envelope>\n", call.Request)
	if c.Charset == latin9 {
		return encodeLatin9(b.Bytes())
	}
	return b.Bytes()
}

func (p param) write(b *bytes.Buffer) {
	if p.text == "" && len(p.children) == 0 {
		return
	}
	b.WriteString("<" + p.name + ">")
	escape(b, p.text)
	for _, child := range p.children {
		child.write(b)
	}
	b.WriteString("</" + p.name + ">")
}

func escape(b *bytes.Buffer, text string) {
	_ = xml.EscapeText(b, []byte(text)) // a buffer takes everything
}

// encodeLatin9 writes characters that ISO-8859-15 lacks as references.
func encodeLatin9(text []byte) []byte {
	out, err := encoding.HTMLEscapeUnsupported(charmap.ISO8859_15.NewEncoder()).Bytes(text)
	if err != nil { // the encoder replaces what it cannot write: only broken UTF-8 is left, which EscapeText has replaced
		return text
	}
	return out
}

// charsetReader reads the encodings that the services of Apogée have been seen to
// answer in.
func charsetReader(label string, in io.Reader) (io.Reader, error) {
	switch strings.ToLower(label) {
	case "utf-8", "us-ascii":
		return in, nil
	case "iso-8859-15", "latin9", "latin-9":
		return charmap.ISO8859_15.NewDecoder().Reader(in), nil
	case "iso-8859-1", "latin1":
		return charmap.ISO8859_1.NewDecoder().Reader(in), nil
	case "windows-1252", "cp1252":
		return charmap.Windows1252.NewDecoder().Reader(in), nil
	}
	return nil, errors.New("an answer in an encoding that is not allowed")
}

// guard hands on the tokens of an answer, and refuses what no answer of a service
// has. It trims texts: values that come from CHAR columns are padded.
type guard struct {
	d     *xml.Decoder
	depth int
}

func (g *guard) Token() (xml.Token, error) {
	t, err := g.d.RawToken()
	if err != nil {
		return t, err
	}
	switch t := t.(type) {
	case xml.CharData:
		return xml.CharData(bytes.TrimSpace(t)), nil
	case xml.Directive:
		return nil, errors.New("a document type")
	case xml.StartElement:
		if g.depth++; g.depth > maxDepth {
			return nil, errors.New("elements too deep within each other")
		}
	case xml.EndElement:
		g.depth--
	}
	return t, nil
}

// decoder reads an answer. header is the charset of its Content-Type, which the
// declaration of the document wins over.
func decoder(body []byte, header string) (*xml.Decoder, error) {
	var in io.Reader = bytes.NewReader(body)
	if !bytes.Contains(body[:min(len(body), 200)], []byte("encoding=")) && header != "" {
		var err error
		if in, err = charsetReader(header, in); err != nil {
			return nil, err
		}
	}
	inner := xml.NewDecoder(in)
	inner.CharsetReader = charsetReader
	return xml.NewTokenDecoder(&guard{d: inner}), nil
}

// answer reads a SOAP answer and hands each value to each: the children named
// call.Return of the element call.Response. A fault is returned as such.
func answer(body []byte, header string, call Call, each func(d *xml.Decoder, start xml.StartElement) error) (*fault, error) {
	d, err := decoder(body, header)
	if err != nil {
		return nil, protocol(err.Error())
	}
	start, err := next(d)
	switch {
	case err != nil || start == nil:
		return nil, protocol("want a SOAP envelope")
	case start.Name.Local != "Envelope" || start.Name.Space != soapNamespace:
		return nil, protocol("want an Envelope of SOAP 1.1")
	}
	for { // the header, if any, says nothing that this package understands
		if start, err = next(d); err != nil || start == nil {
			return nil, protocol("want a SOAP Body")
		}
		if start.Name.Local == "Body" {
			break
		}
		if err := d.Skip(); err != nil {
			return nil, protocol("want a SOAP Body")
		}
	}
	if start, err = next(d); err != nil || start == nil {
		return nil, protocol("want an answer in the Body")
	}
	if start.Name.Local == "Fault" && start.Name.Space == soapNamespace {
		var f fault
		if err := d.DecodeElement(&f, start); err != nil {
			return nil, protocol("want a fault that can be read")
		}
		return &f, nil
	}
	if start.Name.Local != call.Response {
		return nil, protocol("want the element " + call.Response + "; another Apogée version names it otherwise: see Contract")
	}
	for {
		value, err := next(d)
		if err != nil {
			return nil, protocol("want well-formed XML up to the end")
		}
		if value == nil {
			return nil, finish(d)
		}
		if value.Name.Local != call.Return {
			err = d.Skip()
		} else {
			err = each(d, *value)
		}
		if stop, ok := errors.AsType[*stopped](err); ok {
			return nil, stop
		}
		if err != nil {
			return nil, protocol("want well-formed XML up to the end")
		}
	}
}

// finish reads an answer to its end, which a cut one does not have.
func finish(d *xml.Decoder) error {
	for {
		_, err := d.Token()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return protocol("want well-formed XML up to the end")
		}
	}
}

// next returns the next child element, nil at the end of its parent.
func next(d *xml.Decoder) (*xml.StartElement, error) {
	for {
		t, err := d.Token()
		if err != nil {
			return nil, err
		}
		switch t := t.(type) {
		case xml.StartElement:
			return &t, nil
		case xml.EndElement:
			return nil, nil
		}
	}
}

// stopped ends an answer before its end.
type stopped struct{ error }

func protocol(want string) error {
	return &passerelle.ParseError{Type: "answer", Rule: "soap", Want: want}
}
