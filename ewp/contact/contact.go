package contact

import (
	"log/slog"
	"strings"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/internal/lexical"
)

// Namespace is that of the element contact and of what is in a [Contact] under any
// name.
const Namespace = "https://github.com/erasmus-without-paper/ewp-specs-types-contact/tree/stable-v1"

// The values of Contact.Gender (ISO 5218).
const (
	GenderUnknown       = "0"
	GenderMale          = "1"
	GenderFemale        = "2"
	GenderNotApplicable = "9"
)

// Contact is a person, an office or a role. Names may be in several languages and
// scripts: English first, then what is in Latin letters.
type Contact struct {
	// Names are how the contact is to be shown: "John Doe (head of office)". At least
	// one is required, for a person too.
	Names       ewp.Texts `xml:"https://github.com/erasmus-without-paper/ewp-specs-types-contact/tree/stable-v1 contact-name"`
	GivenNames  ewp.Texts `xml:"https://github.com/erasmus-without-paper/ewp-specs-types-contact/tree/stable-v1 person-given-names"`
	FamilyNames ewp.Texts `xml:"https://github.com/erasmus-without-paper/ewp-specs-types-contact/tree/stable-v1 person-family-name"`
	Gender      string    `xml:"https://github.com/erasmus-without-paper/ewp-specs-types-contact/tree/stable-v1 person-gender,omitempty"` // GenderFemale, …; empty when not said
	Phones      []Phone   `xml:"https://github.com/erasmus-without-paper/ewp-specs-types-phonenumber/tree/stable-v1 phone-number"`
	Faxes       []Phone   `xml:"https://github.com/erasmus-without-paper/ewp-specs-types-phonenumber/tree/stable-v1 fax-number"`
	// Emails should be there: partners recognise a contact by them.
	Emails  []string `xml:"https://github.com/erasmus-without-paper/ewp-specs-types-contact/tree/stable-v1 email"`
	Street  *Address `xml:"https://github.com/erasmus-without-paper/ewp-specs-types-address/tree/stable-v1 street-address"`
	Mailing *Address `xml:"https://github.com/erasmus-without-paper/ewp-specs-types-address/tree/stable-v1 mailing-address"`
	// Roles say when the contact is to be reached, and may have several paragraphs.
	Roles ewp.Texts `xml:"https://github.com/erasmus-without-paper/ewp-specs-types-contact/tree/stable-v1 role-description"`
}

// IsPerson reports whether a given or family name says that it is a person.
func (c Contact) IsPerson() bool { return len(c.GivenNames)+len(c.FamilyNames) > 0 }

// Email returns the first address, "" where there is none.
func (c Contact) Email() string {
	if len(c.Emails) == 0 {
		return ""
	}
	return strings.TrimSpace(c.Emails[0])
}

// Validate returns everything that the schemas refuse, as passerelle.FieldErrors whose
// paths are those of the elements.
func (c Contact) Validate() error { return c.Faults("").Err() }

// Faults is Validate for a contact inside a document: paths begin with path.
func (c Contact) Faults(path string) passerelle.FieldErrors {
	f := lexical.Under(path)
	f.Names("contact-name", c.Names)
	f.Texts("person-given-names", c.GivenNames)
	f.Texts("person-family-name", c.FamilyNames)
	if c.Gender != "" {
		f.Word("person-gender", c.Gender, GenderUnknown, GenderMale, GenderFemale, GenderNotApplicable)
	}
	for i, p := range c.Phones {
		f.In(lexical.At("phone-number", i), p.Validate())
	}
	for i, p := range c.Faxes {
		f.In(lexical.At("fax-number", i), p.Validate())
	}
	for i, e := range c.Emails {
		f.Email(lexical.At("email", i), e)
	}
	if c.Street != nil {
		f.In("street-address", c.Street.Validate())
	}
	if c.Mailing != nil {
		f.In("mailing-address", c.Mailing.Validate())
	}
	f.Texts("role-description", c.Roles)
	return f.List()
}

// LogValue masks the contact.
func (c Contact) LogValue() slog.Value { return slog.StringValue("[contact]") }
