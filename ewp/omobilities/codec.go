package omobilities

import (
	"encoding/xml"
	"fmt"
	"io"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/internal/document"
	"github.com/passerelle-sup/passerelle/internal/xmlx"
)

// fileRoot is the root element of an .ewpmobility file (ewp-specs-fileext-ewpmobility
// 0.5.0), by which systems exchange mobilities outside the network.
var fileRoot = xml.Name{Space: "https://github.com/erasmus-without-paper/ewp-specs-fileext-ewpmobility/tree/stable-v1", Local: "ewp-mobility-file"}

// getRoot is the root element of the answers of "get".
var getRoot = document.Root(ewp.OMobilities, "get")

// Decode reads the mobilities of a document outside the network: an answer of "get"
// that was kept, or an .ewpmobility file. Other elements are passed over, incoming
// mobilities among them. Its error is passerelle.ErrProtocol for what is not
// well-formed, has a document type declaration, or another root; of a document of
// version 1 or 2 it says so.
func Decode(r io.Reader) ([]Mobility, error) {
	d, err := xmlx.NewDecoder(r, "", xmlx.Limits{MaxBytes: document.MaxBytes})
	if err != nil {
		return nil, protocol(err)
	}
	token, err := d.Token()
	if err != nil {
		return nil, protocol(err)
	}
	root, _ := token.(xml.StartElement)
	if err := checkRoot(root.Name); err != nil {
		return nil, err
	}
	return decode(d)
}

// decode reads what is in the root element, and that nothing follows it.
func decode(d *xml.Decoder) ([]Mobility, error) {
	var all []Mobility
	for {
		token, err := d.Token()
		if err != nil {
			return nil, protocol(err)
		}
		switch t := token.(type) {
		case xml.EndElement: // of the root
			if _, err := d.Token(); err != io.EOF {
				return nil, protocol(err)
			}
			return all, nil
		case xml.StartElement:
			if t.Name.Local != item || t.Name.Space != getRoot.Space {
				if err := d.Skip(); err != nil {
					return nil, protocol(err)
				}
				continue
			}
			var m Mobility
			if err := d.DecodeElement(&m, &t); err != nil {
				return nil, protocol(err)
			}
			all = append(all, m)
		}
	}
}

// checkRoot refuses another document, and says so of an older version.
func checkRoot(root xml.Name) error {
	if root == getRoot || root == fileRoot {
		return nil
	}
	major, _ := ewp.NamespaceMajor(root.Space)
	if old, ok := ewp.OMobilities.EndpointOf("get", major); ok && old.Root == root.Local && old.Namespace == root.Space {
		return fmt.Errorf("omobilities: a document of version %d, and this package reads version 3 alone: %w", major, passerelle.ErrProtocol)
	}
	return fmt.Errorf("omobilities: the root element is neither %s nor %s: %w", getRoot.Local, fileRoot.Local, passerelle.ErrProtocol)
}

// protocol makes what encoding/xml says a passerelle.ErrProtocol. Its text is not
// kept: it can repeat a value.
func protocol(err error) error {
	if refused, ok := err.(*xmlx.Error); ok {
		return fmt.Errorf("omobilities: %w: %w", passerelle.ErrProtocol, refused)
	}
	return fmt.Errorf("omobilities: the document is not well-formed, or no mobility of version 3: %w", passerelle.ErrProtocol)
}

// Encode writes mobilities as an answer of "get" has them, in UTF-8 with a declaration
// and without prefixes. A character that XML cannot hold comes out as U+FFFD. Its error
// is that of w.
func Encode(w io.Writer, mobilities []Mobility) error {
	return document.Encode(w, getRoot, item, mobilities)
}
