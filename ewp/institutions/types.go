package institutions

import (
	"io"

	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/contact"
	"github.com/passerelle-sup/passerelle/ewp/internal/document"
)

// Param is the parameter with the institutions that are asked for.
const Param = "hei_id"

// item is the element of an institution in the answer.
const item = "hei"

// HEI is what a host says of an institution. ID and Names are required.
type HEI struct {
	ID       ewp.HEIID `xml:"hei-id"`
	OtherIDs []OtherID `xml:"other-id"` // best the same as in the manifest
	Names    ewp.Texts `xml:"name"`     // best the same as in the manifest
	// Abbreviation should be unique within the country: "UW".
	Abbreviation string           `xml:"abbreviation,omitempty"`
	Street       *contact.Address `xml:"https://github.com/erasmus-without-paper/ewp-specs-types-address/tree/stable-v1 street-address"`
	Mailing      *contact.Address `xml:"https://github.com/erasmus-without-paper/ewp-specs-types-address/tree/stable-v1 mailing-address"`
	// Websites, like the other addresses with a language, have none where a page finds
	// out the language of its reader.
	Websites ewp.Texts `xml:"website-url"`
	// Logo is the https address of a picture that anybody may fetch, best a square SVG,
	// PNG or JPEG.
	Logo string `xml:"logo-url,omitempty"`
	// Factsheets are pages or PDF files for incoming students that anybody may fetch.
	// One should be in English.
	Factsheets ewp.Texts `xml:"mobility-factsheet-url"`
	Catalogues ewp.Texts `xml:"course-catalogue-url"`
	// Contacts have the most important first.
	Contacts []contact.Contact `xml:"https://github.com/erasmus-without-paper/ewp-specs-types-contact/tree/stable-v1 contact"`
	// RootUnit is the unit that stands for the institution, where its units are a tree.
	// It is among Units, which lists every unit that the host exposes.
	RootUnit string   `xml:"root-ounit-id,omitempty"`
	Units    []string `xml:"ounit-id"`
}

// OtherID is an identifier of the institution outside the network. It can be
// converted to and from ewp.OtherID.
type OtherID struct {
	Type  string `xml:"type,attr"` // ewp.OtherIDErasmus, …, or any other word
	Value string `xml:",chardata"`
}

// OtherID returns the first other identifier of a type, "" where there is none.
func (h HEI) OtherID(typ string) string {
	for _, id := range h.OtherIDs {
		if id.Type == typ {
			return id.Value
		}
	}
	return ""
}

// FromCatalogue returns the little that the catalogue says of an institution: its
// other identifiers and its names.
func FromCatalogue(i ewp.Institution) HEI {
	h := HEI{ID: i.ID, Names: i.Names}
	for _, id := range i.OtherIDs {
		h.OtherIDs = append(h.OtherIDs, OtherID(id))
	}
	return h
}

// Manifest returns what the manifest of a host, and so the catalogue, is to say of the
// institution.
func (h HEI) Manifest() ewp.Institution {
	i := ewp.Institution{ID: h.ID, Names: h.Names}
	for _, id := range h.OtherIDs {
		i.OtherIDs = append(i.OtherIDs, ewp.OtherID(id))
	}
	return i
}

// Decode reads the document of an answer, of 64 MiB at most. Its error is
// passerelle.ErrProtocol for another document, or that of r.
func Decode(r io.Reader) ([]HEI, error) {
	return document.Decode[HEI](r, document.Root(ewp.Institutions, ""), item)
}

// Encode writes the document of an answer. Its error is that of w.
func Encode(w io.Writer, heis []HEI) error {
	return document.Encode(w, document.Root(ewp.Institutions, ""), item, heis)
}
