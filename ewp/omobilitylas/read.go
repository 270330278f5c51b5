package omobilitylas

import (
	"encoding/xml"

	"github.com/passerelle-sup/passerelle/ewp/contact"
	"github.com/passerelle-sup/passerelle/ewp/term"
)

// The types of other specifications that stand in an agreement have a namespace of
// their own, which published examples and running hosts forget: the methods of this
// file read them in any.

// anyPart is a term.Part in any namespace.
type anyPart struct {
	Number string `xml:"term-number"`
	Total  string `xml:"total-terms"`
}

// anyPhone is a contact.Phone in any namespace.
type anyPhone struct {
	E164      string `xml:"e164"`
	Extension string `xml:"ext"`
	Other     string `xml:"other-format"`
}

// UnmarshalXML implements xml.Unmarshaler: the parts of term-id may be in any namespace,
// and the attribute reason, which examples have, counts as reason-code.
func (c *Component) UnmarshalXML(d *xml.Decoder, start xml.StartElement) error {
	type plain Component
	var read struct {
		plain
		Reason string   `xml:"reason,attr"`
		Part   *anyPart `xml:"term-id"` // hides the field of plain, which is deeper
	}
	if err := d.DecodeElement(&read, &start); err != nil {
		return err
	}
	*c = Component(read.plain)
	if c.Reason == "" {
		c.Reason = Reason(read.Reason)
	}
	if read.Part != nil {
		part := term.Part(*read.Part)
		c.Term = &part
	}
	return nil
}

// UnmarshalXML implements xml.Unmarshaler: the phone number may be in any namespace.
func (p *Person) UnmarshalXML(d *xml.Decoder, start xml.StartElement) error {
	var read struct {
		GivenNames string    `xml:"given-names"`
		FamilyName string    `xml:"family-name"`
		Email      string    `xml:"email"`
		Phone      *anyPhone `xml:"phone-number"`
	}
	if err := d.DecodeElement(&read, &start); err != nil {
		return err
	}
	*p = Person{GivenNames: read.GivenNames, FamilyName: read.FamilyName, Email: read.Email}
	if read.Phone != nil {
		phone := contact.Phone(*read.Phone)
		p.Phone = &phone
	}
	return nil
}
