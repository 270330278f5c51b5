package contact

import (
	"log/slog"
	"regexp"
	"strings"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp/internal/lexical"
)

// NamespacePhone is that of the elements phone-number and fax-number, and of what is
// in them.
const NamespacePhone = "https://github.com/erasmus-without-paper/ewp-specs-types-phonenumber/tree/stable-v1"

var e164Pattern = regexp.MustCompile(`^\+[0-9]{1,15}$`)

// Phone is a telephone or fax number. The zero value is none.
type Phone struct {
	E164      string `xml:"https://github.com/erasmus-without-paper/ewp-specs-types-phonenumber/tree/stable-v1 e164,omitempty"` // "+33388123456"
	Extension string `xml:"https://github.com/erasmus-without-paper/ewp-specs-types-phonenumber/tree/stable-v1 ext,omitempty"`
	Other     string `xml:"https://github.com/erasmus-without-paper/ewp-specs-types-phonenumber/tree/stable-v1 other-format,omitempty"` // last resort: as it was written
}

// PhoneOf returns a number as people write it: "+33 (0)3 88 12 34 56", "0033 3…", and,
// where calling is the calling code of a country whose numbers begin with a 0 that is
// dropped abroad ("33" for France), "03.88.12.34.56". What cannot be made a number of
// E.164 is Other, as it was written.
func PhoneOf(text, calling string) Phone {
	text = lexical.Token(text)
	digits := strings.NewReplacer(" ", "", "\u00a0", "", "\u202f", "", ".", "", "-", "", "/", "", "(0)", "", "(", "", ")", "").Replace(text)
	switch {
	case strings.HasPrefix(digits, "00"):
		digits = "+" + digits[2:]
	case strings.HasPrefix(digits, "0") && calling != "":
		digits = "+" + calling + digits[1:]
	}
	if !e164Pattern.MatchString(digits) {
		return Phone{Other: text}
	}
	return Phone{E164: digits}
}

// IsZero reports whether there is none.
func (p Phone) IsZero() bool { return p == Phone{} }

// String returns the number for a person to read, or to dial. It can be personal.
func (p Phone) String() string {
	switch {
	case p.E164 == "":
		return p.Other
	case p.Extension != "":
		return p.E164 + " ext. " + p.Extension
	}
	return p.E164
}

// Validate returns everything that the schema refuses, as passerelle.FieldErrors.
func (p Phone) Validate() error { return p.Faults("").Err() }

// Faults is Validate for a number inside a document: paths begin with path.
func (p Phone) Faults(path string) passerelle.FieldErrors {
	f := lexical.Under(path)
	if p.E164 != "" && !e164Pattern.MatchString(p.E164) {
		f.Add("e164", "pattern", "a plus sign and 1 to 15 digits")
	}
	return f.List()
}

// LogValue masks the number.
func (p Phone) LogValue() slog.Value { return slog.StringValue("[phone]") }
