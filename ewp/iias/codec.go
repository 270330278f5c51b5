package iias

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/internal/xmlx"
)

// Decode reads the agreement in a document: an iias-get-response with one iia, or an
// iia. It is lenient: unknown elements are passed over, order and prefixes do not
// matter, and nothing that the schema demands is asked for, see [Agreement.Validate].
// Its errors are those of [Compute].
func Decode(document []byte) (Agreement, error) {
	d, err := xmlx.NewDecoder(bytes.NewReader(document), "", xmlx.Limits{})
	if err != nil {
		return Agreement{}, err
	}
	root, err := d.Token()
	if err != nil {
		return Agreement{}, notRead(err)
	}
	start, ok := root.(xml.StartElement)
	if !ok {
		return Agreement{}, broken("a root element")
	}
	if err := checkRoot(start.Name, 7); err != nil {
		return Agreement{}, err
	}
	var found []Agreement
	if start.Name.Local == "iia" {
		found = make([]Agreement, 1)
		err = d.DecodeElement(&found[0], &start)
	} else {
		var response struct {
			Agreements []Agreement `xml:"iia"`
		}
		err = d.DecodeElement(&response, &start)
		found = response.Agreements
	}
	if err != nil {
		return Agreement{}, notRead(err)
	}
	if _, err := d.Token(); err != io.EOF {
		return Agreement{}, broken("nothing after the root element")
	}
	if len(found) != 1 {
		return Agreement{}, fmt.Errorf("iias: %d agreements in the document, want one: %w", len(found), passerelle.ErrProtocol)
	}
	return found[0], nil
}

// Encode writes the agreement as an iia element, in the order of the schema, without
// prefixes and without declaration, with the hash that it declares: see [Seal] for one
// that is right. A character that XML cannot hold is passerelle.ErrInvalid.
func (a Agreement) Encode() ([]byte, error) {
	var b bytes.Buffer
	if err := xml.NewEncoder(&b).EncodeElement(a, xml.StartElement{Name: xml.Name{Space: Namespace, Local: "iia"}}); err != nil {
		return nil, fmt.Errorf("iias: writing the agreement: %w: %w", passerelle.ErrInvalid, err)
	}
	if bytes.ContainsRune(b.Bytes(), '\uFFFD') { // what encoding/xml writes in its place
		return nil, fmt.Errorf("iias: a character that XML cannot hold: %w", passerelle.ErrInvalid)
	}
	return b.Bytes(), nil
}

// Revision is one state of the own copy, as it is served: the bytes, and the hash that
// was computed from them. [Seal] makes it. It is comparable, and can be stored. The
// zero value is none.
type Revision struct {
	XML  string `json:"xml,omitempty"`  // the iia element
	Hash Hash   `json:"hash,omitempty"` // computed, and declared in XML
}

// IsZero reports whether there is no revision.
func (r Revision) IsZero() bool { return r == Revision{} }

// Agreement reads the revision. Its error is that of [Decode].
func (r Revision) Agreement() (Agreement, error) { return Decode([]byte(r.XML)) }

// unsealed stands for the hash while it is computed.
var unsealed = string(bytes.Repeat([]byte{'0'}, 64))

// Seal writes the own copy with its hash, to be served from now on. Its error is that
// of [Agreement.Validate]; a copy that may not be approved can be sealed, because it
// was approved under version 6 as it is.
func Seal(a Agreement) (Revision, error) {
	if err := a.Validate(); err != nil {
		return Revision{}, err
	}
	a.Hash = unsealed
	document, err := a.Encode()
	if err != nil {
		return Revision{}, err
	}
	computed, err := Compute(document)
	if err != nil {
		return Revision{}, err
	}
	a.Hash = computed.Hash.String()
	if document, err = a.Encode(); err != nil {
		return Revision{}, err
	}
	return Revision{XML: string(document), Hash: computed.Hash}, nil
}
