package contact

import (
	"fmt"
	"log/slog"
	"regexp"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp"
)

// Namespace is that of the elements of a contact, and of the element contact.
const Namespace = "https://github.com/erasmus-without-paper/ewp-specs-types-contact/tree/stable-v1"

// Contact is a person, or an office, that can be written to. Names may stand there in
// several languages and scripts ("ru-Cyrl", "ru-Latn"), in English first.
type Contact struct {
	Names       ewp.Texts `xml:"https://github.com/erasmus-without-paper/ewp-specs-types-contact/tree/stable-v1 contact-name"` // one at least
	GivenNames  ewp.Texts `xml:"https://github.com/erasmus-without-paper/ewp-specs-types-contact/tree/stable-v1 person-given-names"`
	FamilyNames ewp.Texts `xml:"https://github.com/erasmus-without-paper/ewp-specs-types-contact/tree/stable-v1 person-family-name"`
	Gender      string    `xml:"https://github.com/erasmus-without-paper/ewp-specs-types-contact/tree/stable-v1 person-gender,omitempty"` // ISO 5218: "0", "1", "2", "9"
	Phones      []Phone   `xml:"https://github.com/erasmus-without-paper/ewp-specs-types-phonenumber/tree/stable-v1 phone-number"`
	Faxes       []Phone   `xml:"https://github.com/erasmus-without-paper/ewp-specs-types-phonenumber/tree/stable-v1 fax-number"`
	Emails      []string  `xml:"https://github.com/erasmus-without-paper/ewp-specs-types-contact/tree/stable-v1 email"` // the first is the best to identify the contact by
	Street      *Address  `xml:"https://github.com/erasmus-without-paper/ewp-specs-types-address/tree/stable-v1 street-address"`
	Mailing     *Address  `xml:"https://github.com/erasmus-without-paper/ewp-specs-types-address/tree/stable-v1 mailing-address"`
	// Roles describe what the contact is for, for people; they may have several lines.
	Roles ewp.Texts `xml:"https://github.com/erasmus-without-paper/ewp-specs-types-contact/tree/stable-v1 role-description"`
}

var email = regexp.MustCompile(`^[^@]+@[^.]+\..+$`)

// Validate returns every rule that the contact breaks, as passerelle.FieldErrors whose
// paths are those of the elements.
func (c Contact) Validate() error { return c.Faults("").Err() }

// Faults is Validate for a contact inside a document: paths begin with path.
func (c Contact) Faults(path string) passerelle.FieldErrors {
	var faults passerelle.FieldErrors
	if len(c.Names) == 0 {
		faults.Add(join(path, "contact-name"), "required", "a name at least")
	}
	switch c.Gender {
	case "", "0", "1", "2", "9":
	default:
		faults.Add(join(path, "person-gender"), "code", "0, 1, 2 or 9")
	}
	for i, p := range c.Phones {
		faults = append(faults, p.Faults(join(path, fmt.Sprintf("phone-number[%d]", i)))...)
	}
	for i, p := range c.Faxes {
		faults = append(faults, p.Faults(join(path, fmt.Sprintf("fax-number[%d]", i)))...)
	}
	for i, e := range c.Emails {
		if !email.MatchString(e) {
			faults.Add(join(path, fmt.Sprintf("email[%d]", i)), "pattern", "name@domain")
		}
	}
	if c.Street != nil {
		faults = append(faults, c.Street.Faults(join(path, "street-address"))...)
	}
	if c.Mailing != nil {
		faults = append(faults, c.Mailing.Faults(join(path, "mailing-address"))...)
	}
	return faults
}

// LogValue masks the contact.
func (c Contact) LogValue() slog.Value { return slog.StringValue("[contact]") }
