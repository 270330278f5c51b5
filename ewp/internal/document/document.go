// Package document reads and writes whole documents of the network that are a list of
// objects below a root element, as the answers of the APIs are: for files, archives and
// tests. On the network, ewpclient and ewpserver do it object by object.
package document

import (
	"bufio"
	"encoding/xml"
	"fmt"
	"io"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/internal/xmlx"
)

// MaxBytes is how long a document may be that is read.
const MaxBytes = 64 << 20

// Root returns the root element of the answer of an endpoint.
func Root(api ewp.API, endpoint string) xml.Name {
	e, _ := api.Endpoint(endpoint)
	return xml.Name{Space: e.Namespace, Local: e.Root}
}

// Decode reads the objects of a document, the elements item below its root; others are
// passed over. Its error is passerelle.ErrProtocol for what is not well-formed, has a
// document type declaration, another root or an object that is no T, and else that of r.
func Decode[T any](r io.Reader, root xml.Name, item string) ([]T, error) {
	in := &source{r: r}
	d, err := xmlx.NewDecoder(in, "", xmlx.Limits{MaxBytes: MaxBytes})
	var objects []T
	if err == nil {
		objects, err = decode[T](d, root, item)
	}
	switch {
	case in.err != nil:
		return nil, in.err
	case err != nil:
		return nil, fmt.Errorf("ewp: %s: %w: %w", root.Local, passerelle.ErrProtocol, err)
	}
	return objects, nil
}

// source keeps the error of a reader, which says nothing about the document.
type source struct {
	r   io.Reader
	err error
}

func (s *source) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	if err != nil && err != io.EOF {
		s.err = err
	}
	return n, err
}

func decode[T any](d *xml.Decoder, root xml.Name, item string) ([]T, error) {
	start, err := d.Token()
	if err != nil {
		return nil, err
	}
	if s, ok := start.(xml.StartElement); !ok || s.Name != root {
		return nil, fmt.Errorf("the root element is not %s of %s", root.Local, root.Space)
	}
	var objects []T
	for {
		token, err := d.Token()
		if err != nil {
			return nil, err
		}
		switch t := token.(type) {
		case xml.StartElement:
			if t.Name.Local != item || t.Name.Space != root.Space {
				if err := d.Skip(); err != nil {
					return nil, err
				}
				continue
			}
			var v T
			if err := d.DecodeElement(&v, &t); err != nil {
				return nil, fmt.Errorf("%s number %d: %w", item, len(objects)+1, err)
			}
			objects = append(objects, v)
		case xml.EndElement:
			switch _, err := d.Token(); err {
			case io.EOF:
				return objects, nil
			case nil:
				return nil, fmt.Errorf("something follows the root element")
			default:
				return nil, err
			}
		}
	}
}

// Encode writes a document in UTF-8 with a declaration, without prefixes. A character
// that XML cannot hold comes out as U+FFFD. Its error is that of w.
func Encode[T any](w io.Writer, root xml.Name, item string, objects []T) error {
	b := bufio.NewWriter(w)
	b.WriteString(xml.Header)
	e := xml.NewEncoder(b)
	start := xml.StartElement{Name: root}
	if err := e.EncodeToken(start); err != nil {
		return err
	}
	for _, v := range objects {
		if err := e.EncodeElement(v, xml.StartElement{Name: xml.Name{Local: item}}); err != nil {
			return err
		}
	}
	if err := e.EncodeToken(start.End()); err != nil {
		return err
	}
	if err := e.Close(); err != nil {
		return err
	}
	return b.Flush()
}
