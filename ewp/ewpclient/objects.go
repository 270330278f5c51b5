package ewpclient

import (
	"encoding/xml"
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
	if err != nil {
		return a.Invalid(err)
	}
	if err := d.DecodeElement(v, &d.root); err != nil {
		return a.Invalid(d.fault(&ObjectError{Element: d.root.Name.Local, Err: err}))
	}
	if err := d.end(); err != nil {
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
		for position := 1; err == nil; position++ {
			var start xml.StartElement
			if start, err = d.next(item); err != nil {
				break
			}
			var v T
			unread := d.DecodeElement(&v, &start)
			if unread != nil {
				if err = d.leave(); err != nil {
					break
				}
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

// document is an answer that is read; its root element is open.
type document struct {
	*xml.Decoder
	source *tokens
	root   xml.StartElement
}

// document opens the answer and reads its root element.
func (a *Answer) document() (*document, error) {
	r, err := a.x.open()
	if err != nil {
		return nil, err
	}
	in, err := xmlx.NewDecoder(r, charsetOf(a.Header), xmlx.Limits{MaxBytes: 2 * a.x.cfg.Transport.MaxBody, MaxElements: maxElements})
	if err != nil {
		return nil, err
	}
	where := a.x.target.Endpoint
	d := &document{source: &tokens{in: in}}
	if a.x.quirks.Has(AnyNamespace) {
		d.source.to = where.Namespace
	}
	d.Decoder = xml.NewTokenDecoder(d.source)
	for {
		token, err := d.Token()
		if err != nil {
			return nil, d.fault(err)
		}
		if root, ok := token.(xml.StartElement); ok {
			d.root = root
			break
		}
	}
	if d.root.Name.Local != where.Root {
		return nil, fault("root element other than " + where.Root)
	}
	if d.root.Name.Space != where.Namespace {
		return nil, fault("root element in another namespace than " + where.Namespace)
	}
	return d, nil
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
			return xml.StartElement{}, d.fault(err)
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
				return xml.StartElement{}, d.fault(err)
			}
		}
	}
}

// leave goes to the end of the object that was being read.
func (d *document) leave() error {
	for d.source.err == nil && d.source.depth > 1 {
		if _, err := d.Token(); err != nil {
			return d.fault(err)
		}
	}
	return d.source.err
}

// end reads what follows the root element: nothing.
func (d *document) end() error {
	if _, err := d.Token(); err != io.EOF {
		return d.fault(err)
	}
	return nil
}

// fault returns why the document ends where it must not: what its source says, or
// else err.
func (d *document) fault(err error) error {
	if d.source.err != nil && d.source.err != io.EOF {
		return d.source.err
	}
	return err
}

// tokens counts how deep the document is open, so that an object that cannot be
// read is left behind as a whole, and can put one namespace in the place of that of
// the root element.
type tokens struct {
	in       *xml.Decoder
	depth    int
	from, to string // to is empty where nothing is put in the place of from
	err      error
}

// Token returns the next token of the source.
func (s *tokens) Token() (xml.Token, error) {
	token, err := s.in.Token()
	if err != nil {
		s.err = err
		return token, err
	}
	switch t := token.(type) {
	case xml.StartElement:
		if s.depth == 0 {
			s.from = t.Name.Space
		}
		s.depth++
		if s.to != "" && t.Name.Space == s.from {
			t.Name.Space = s.to
			return t, nil
		}
	case xml.EndElement:
		s.depth--
		if s.to != "" && t.Name.Space == s.from {
			t.Name.Space = s.to
			return t, nil
		}
	}
	return token, nil
}
