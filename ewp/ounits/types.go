package ounits

import (
	"io"

	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/contact"
	"github.com/passerelle-sup/passerelle/ewp/internal/document"
)

// The parameters of the API: the institution, and units by identifier or by code.
const (
	ParamHEI  = "hei_id"
	ParamID   = "ounit_id"
	ParamCode = "ounit_code"
)

// item is the element of a unit in the answer.
const item = "ounit"

// Unit is an organizational unit of an institution. ID, Code and Names are required.
type Unit struct {
	ID           string           `xml:"ounit-id"`               // never shown to people, never changed
	Code         string           `xml:"ounit-code"`             // for people, unique within the institution
	Names        ewp.Texts        `xml:"name"`                   // English should be among them
	Abbreviation string           `xml:"abbreviation,omitempty"` // should be unique within the institution
	Parent       string           `xml:"parent-ounit-id,omitempty"`
	Street       *contact.Address `xml:"https://github.com/erasmus-without-paper/ewp-specs-types-address/tree/stable-v1 street-address"`
	Mailing      *contact.Address `xml:"https://github.com/erasmus-without-paper/ewp-specs-types-address/tree/stable-v1 mailing-address"`
	Websites     ewp.Texts        `xml:"website-url"`
	Logo         string           `xml:"logo-url,omitempty"` // https
	// Factsheets are for incoming students, where they differ from the institution's.
	Factsheets ewp.Texts         `xml:"mobility-factsheet-url"`
	Contacts   []contact.Contact `xml:"https://github.com/erasmus-without-paper/ewp-specs-types-contact/tree/stable-v1 contact"`
}

// Decode reads the document of an answer, of 64 MiB at most. Its error is
// passerelle.ErrProtocol for another document, or that of r.
func Decode(r io.Reader) ([]Unit, error) {
	return document.Decode[Unit](r, document.Root(ewp.OrganizationalUnits, ""), item)
}

// Encode writes the document of an answer. Its error is that of w.
func Encode(w io.Writer, units []Unit) error {
	return document.Encode(w, document.Root(ewp.OrganizationalUnits, ""), item, units)
}
