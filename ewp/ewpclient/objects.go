package ewpclient

import (
	"encoding/xml"
	"errors"
	"io"
	"iter"
	"strconv"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/internal/xmlx"
)

// maxElements bounds the elements of one answer.
const maxElements = 8_000_000

// ObjectError says that one object of an answer, or the whole, could not be read
// into its Go type. errors.Is knows it as passerelle.ErrProtocol.
type ObjectError struct {
	Element  string // local name of the object's element
	Position int    // among the objects of the answer, from 1; 0 when it is the whole answer
	Err      error  // what encoding/xml says; its text may be personal
}

// Error returns the element and its position.
func (e *ObjectError) Error() string {
	if e.Position == 0 {
		return "the content of " + e.Element + " is not what it must be"
	}
	return "the content of " + e.Element + " number " + strconv.Itoa(e.Position) + " is not what it must be"
}

// Unwrap returns Err.
func (e *ObjectError) Unwrap() error { return e.Err }

// Is reports whether target is passerelle.ErrProtocol.
func (e *ObjectError) Is(target error) bool { return target == passerelle.ErrProtocol }

// Decode reads the whole answer into v, a pointer as encoding/xml takes it. The
// root element must be that of the endpoint. Its error is an *ewp.Error.
func (a *Answer) Decode(v any) error {
	d, err := a.document()
	if err == nil {
		if err = d.DecodeElement(v, &d.root); err != nil && !ofDocument(err) {
			err = &ObjectError{Element: d.root.Name.Local, Err: err}
		}
	}
	if err == nil {
		err = d.end()
	}
	if err != nil {
		return a.Invalid(err)
	}
	return nil
}

// Objects yields the elements of a name directly below the root, one by one, each
// read into a new T; an empty namespace in item is that of the answer. Others are
// passed over. An object that is no T is an *ewp.Error with an *ObjectError, and
// the next ones follow; any other *ewp.Error is the last element.
func Objects[T any](a *Answer, item xml.Name) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var zero T
		d, err := a.document()
		careful := false // encoding/xml may be anywhere after an object that is no T
		for position := 1; err == nil; position++ {
			var start xml.StartElement
			if start, err = d.next(item); err != nil {
				break
			}
			var v T
			if !careful {
				if d.DecodeElement(&v, &start) == nil {
					if !yield(v, nil) {
						return
					}
					continue
				}
				careful, v = true, zero
				if d, start, err = a.at(item, position); err != nil {
					break
				}
			}
			e := &element{in: d.Decoder, start: start}
			unread := xml.NewTokenDecoder(e).Decode(&v)
			if err = e.leave(); err != nil {
				break
			}
			if unread != nil {
				v, unread = zero, a.Invalid(&ObjectError{Element: item.Local, Position: position, Err: unread})
			}
			if !yield(v, unread) {
				return
			}
		}
		if err != io.EOF {
			yield(zero, a.Invalid(err))
		}
	}
}

// element gives the tokens of one element and no more, to a decoder of its own: an
// object that is no T is left behind as a whole, wherever that decoder stopped.
type element struct {
	in    *xml.Decoder
	start xml.StartElement
	began bool
	depth int
	err   error // of in
}

// Token returns the start of the element, what is in it, its end, and io.EOF.
func (e *element) Token() (xml.Token, error) {
	switch {
	case !e.began:
		e.began, e.depth = true, 1
		return e.start, nil
	case e.err != nil:
		return nil, e.err
	case e.depth == 0:
		return nil, io.EOF
	}
	var token xml.Token
	if token, e.err = e.in.Token(); e.err != nil {
		return nil, e.err
	}
	switch token.(type) {
	case xml.StartElement:
		e.depth++
	case xml.EndElement:
		e.depth--
	}
	return token, nil
}

// leave goes to the end of the element. Its error is that of the document.
func (e *element) leave() error {
	for e.err == nil && e.depth > 0 {
		e.Token()
	}
	return e.err
}

// ofDocument reports whether an error of decoding is about the document, or about
// reading it, and not about what one object holds.
func ofDocument(err error) bool {
	_, refused := errors.AsType[*xmlx.Error](err)
	_, syntax := errors.AsType[*xml.SyntaxError](err)
	_, coding := errors.AsType[fault](err)
	return refused || syntax || coding || isLocal(err)
}

// document is an answer that is read; its root element is open.
type document struct {
	*xml.Decoder
	root xml.StartElement
}

// document opens the answer and reads its root element.
func (a *Answer) document() (*document, error) {
	r, err := a.x.open()
	if err != nil {
		return nil, err
	}
	in, err := xmlx.NewDecoder(r, charsetOf(a.Header), xmlx.Limits{
		MaxBytes: 2 * a.x.cfg.Transport.MaxBody, MaxToken: a.x.cfg.Transport.MaxBody, // a scanned document is one token
		MaxElements: maxElements,
	})
	if err != nil {
		return nil, err
	}
	where := a.x.target.Endpoint
	if a.x.quirks.Has(AnyNamespace) {
		in = xml.NewTokenDecoder(&moved{in: in, to: where.Namespace})
	}
	token, err := in.Token()
	if err != nil {
		return nil, err
	}
	root, ok := token.(xml.StartElement)
	switch {
	case !ok || root.Name.Local != where.Root:
		return nil, fault("root element other than " + where.Root)
	case root.Name.Space != where.Namespace:
		return nil, fault("root element in another namespace than " + where.Namespace)
	}
	return &document{in, root}, nil
}

// at opens the answer again and returns the start of an object by its position.
func (a *Answer) at(item xml.Name, position int) (d *document, start xml.StartElement, err error) {
	d, err = a.document()
	for i := 1; err == nil; i++ {
		if start, err = d.next(item); err != nil || i == position {
			break
		}
		err = d.Skip()
	}
	return d, start, err
}

// next returns the start of the next element of a name below the root, and io.EOF
// when there is none and the document ends as it must.
func (d *document) next(item xml.Name) (xml.StartElement, error) {
	if item.Space == "" {
		item.Space = d.root.Name.Space
	}
	for {
		token, err := d.Token()
		if err != nil {
			return xml.StartElement{}, err
		}
		switch t := token.(type) {
		case xml.EndElement: // of the root
			if err := d.end(); err != nil {
				return xml.StartElement{}, err
			}
			return xml.StartElement{}, io.EOF
		case xml.StartElement:
			if t.Name == item {
				return t, nil
			}
			if err := d.Skip(); err != nil {
				return xml.StartElement{}, err
			}
		}
	}
}

// end reads what follows the root element: nothing.
func (d *document) end() error {
	if _, err := d.Token(); err != io.EOF {
		return err
	}
	return nil
}

// moved puts one namespace in the place of that of the root element.
type moved struct {
	in       *xml.Decoder
	rooted   bool
	from, to string
}

// Token returns the next token.
func (m *moved) Token() (xml.Token, error) {
	token, err := m.in.Token()
	switch t := token.(type) {
	case xml.StartElement:
		if !m.rooted {
			m.rooted, m.from = true, t.Name.Space
		}
		if t.Name.Space == m.from {
			t.Name.Space = m.to
			return t, err
		}
	case xml.EndElement:
		if t.Name.Space == m.from {
			t.Name.Space = m.to
			return t, err
		}
	}
	return token, err
}
