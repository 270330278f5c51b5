package ewpserver

import (
	"bufio"
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"iter"

	"github.com/passerelle-sup/passerelle/internal/xmlx"
)

const declaration = `<?xml version="1.0" encoding="UTF-8"?>` + "\n"

// Raw is one element as it is to stand in a [Document], byte for byte: for objects
// whose spelling is hashed. It inherits the default namespace of the document. It
// must be one well-formed element without declaration, in UTF-8.
type Raw []byte

// Document writes the document of an answer, its objects one by one.
type Document struct {
	w    *bufio.Writer
	enc  *xml.Encoder
	root xml.Name
	err  error

	closed bool
}

// Document begins the document of the answer: root and its namespace, as the
// default one, because some readers do not know prefixes. Close ends it; an answer
// whose document was not closed is a 500.
func (a *Answer) Document(root xml.Name) *Document {
	d := &Document{w: bufio.NewWriter(a), root: root}
	a.open = d
	d.enc = xml.NewEncoder(struct{ io.Writer }{d.w}) // else it takes d.w for its own buffer, and empties it after each object
	d.w.WriteString(declaration + "<" + root.Local + ` xmlns="`)
	d.err = xml.EscapeText(d.w, []byte(root.Space))
	d.w.WriteString(`">`)
	return d
}

// Write appends an object under an element name: a [Raw] as it is, anything else
// as encoding/xml marshals it, where names without a namespace are in that of the
// document. An empty name is that of v's own XMLName. A character that XML cannot
// hold comes out as U+FFFD, as encoding/xml has it. Its error says what cannot be
// marshalled, which is a fault of ours whatever its kind; the answer cannot be
// completed then.
func (d *Document) Write(name string, v any) error { return d.write(xml.Name{Local: name}, v) }

func (d *Document) write(name xml.Name, v any) error {
	if d.err != nil {
		return d.err
	}
	switch raw, ok := v.(Raw); {
	case ok:
		d.err = d.raw(raw)
	case name.Local == "":
		d.err = d.enc.Encode(v)
	default:
		d.err = d.enc.EncodeElement(v, xml.StartElement{Name: name})
	}
	if d.err != nil {
		d.err = &internalError{"writing the answer", d.err}
	}
	return d.err
}

// raw appends an element after a look at whether it is one: what is broken must
// not break the objects beside it.
func (d *Document) raw(element Raw) error {
	if err := wellFormed(element); err != nil {
		return fmt.Errorf("raw element: %w", err)
	}
	if err := d.enc.Flush(); err != nil {
		return err
	}
	_, err := d.w.Write(element)
	return err
}

// wellFormed reads one element to its end.
func wellFormed(element Raw) error {
	if len(element) < 2 || element[0] != '<' || element[1] == '?' {
		return &xmlx.Error{Rule: "syntax", Want: "an element without declaration"}
	}
	d, err := xmlx.NewDecoder(bytes.NewReader(element), xmlx.UTF8, xmlx.Limits{})
	for err == nil {
		_, err = d.Token()
	}
	if err == io.EOF {
		return nil
	}
	return err
}

// Encode writes a document that is one value: v as encoding/xml marshals it, under
// root. Its error is like that of [Document.Write].
func (a *Answer) Encode(root xml.Name, v any) error {
	w := bufio.NewWriter(a)
	w.WriteString(declaration)
	if err := xml.NewEncoder(w).EncodeElement(v, xml.StartElement{Name: root}); err != nil {
		return &internalError{"writing the answer", err}
	}
	return w.Flush()
}

// Each writes all objects of a sequence under one element name. It stops at the
// first error, which it returns: an object that is left out would be taken for one
// that does not exist.
func Each[T any](d *Document, name string, objects iter.Seq2[T, error]) error {
	for object, err := range objects {
		if err != nil {
			return err
		}
		if err := d.Write(name, object); err != nil {
			return err
		}
	}
	return nil
}

// Close ends the document.
func (d *Document) Close() error {
	d.closed = true
	if d.err == nil {
		d.err = d.enc.Flush()
	}
	d.w.WriteString("</" + d.root.Local + ">\n")
	if err := d.w.Flush(); d.err == nil {
		d.err = err
	}
	return d.err
}
