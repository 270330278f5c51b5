package contact

import (
	"log/slog"
	"regexp"

	"github.com/passerelle-sup/passerelle"
)

// NamespacePhone is that of the elements of a telephone number, and of phone-number
// and fax-number.
const NamespacePhone = "https://github.com/erasmus-without-paper/ewp-specs-types-phonenumber/tree/stable-v1"

// Phone is a telephone or fax number.
type Phone struct {
	E164      string `xml:"https://github.com/erasmus-without-paper/ewp-specs-types-phonenumber/tree/stable-v1 e164,omitempty"` // "+48123123123"
	Extension string `xml:"https://github.com/erasmus-without-paper/ewp-specs-types-phonenumber/tree/stable-v1 ext,omitempty"`
	// Other is the number in any form, where it cannot be brought into that of E164.
	Other string `xml:"https://github.com/erasmus-without-paper/ewp-specs-types-phonenumber/tree/stable-v1 other-format,omitempty"`
}

var e164 = regexp.MustCompile(`^\+[0-9]{1,15}$`)

// Validate returns every rule that the number breaks, as passerelle.FieldErrors.
func (p Phone) Validate() error { return p.Faults("").Err() }

// Faults is Validate for a number inside a document: paths begin with path.
func (p Phone) Faults(path string) passerelle.FieldErrors {
	var faults passerelle.FieldErrors
	if p.E164 != "" && !e164.MatchString(p.E164) {
		faults.Add(join(path, "e164"), "pattern", "a plus sign and 1 to 15 digits")
	}
	return faults
}

// LogValue masks the number.
func (p Phone) LogValue() slog.Value { return slog.StringValue("[phone]") }
