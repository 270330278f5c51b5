package particulier

import (
	"encoding"
	"log/slog"
	"strings"

	"github.com/passerelle-sup/passerelle"
)

const siretSize = 14

// Recipient is the SIRET of the administration that receives the data, which
// every call of v3 and v4 must name. It is comparable. The zero value names nobody.
type Recipient struct{ b [siretSize]byte }

var (
	_ encoding.TextMarshaler   = Recipient{}
	_ encoding.TextUnmarshaler = (*Recipient)(nil)
	_ slog.LogValuer           = Recipient{}
)

// ParseRecipient reads a SIRET: 14 digits, blanks allowed, with Luhn's key. The
// SIRETs of La Poste (SIREN 356000000) have a rule of their own: the sum of
// their digits is a multiple of 5, the key holding for the head office only
// (INSEE). Its error is a *passerelle.ParseError.
func ParseRecipient(s string) (Recipient, error) {
	fault := func(rule string, pos int, want string) (Recipient, error) {
		return Recipient{}, &passerelle.ParseError{Type: "SIRET", Rule: rule, Pos: pos, Want: want}
	}
	s = strings.Join(strings.Fields(s), "")
	if len(s) != siretSize {
		return fault("length", 0, "14 digits")
	}
	var r Recipient
	sum, luhn := 0, 0
	for i := range siretSize {
		if s[i] < '0' || s[i] > '9' {
			return fault("character", i+1, "a digit")
		}
		r.b[i] = s[i]
		d := int(s[i] - '0')
		sum += d
		if i%2 == 0 { // from the right, every second digit counts twice
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		luhn += d
	}
	const laPoste = "356000000"
	switch {
	case luhn%10 == 0:
		return r, nil
	case strings.HasPrefix(s, laPoste) && sum%5 == 0:
		return r, nil
	case strings.HasPrefix(s, laPoste):
		return fault("key", 0, "a sum of digits that 5 divides, the rule of La Poste")
	}
	return fault("key", siretSize, "a last digit that makes Luhn's sum a multiple of 10")
}

// MustParseRecipient is ParseRecipient for constants and tests: it panics on an error.
func MustParseRecipient(s string) Recipient {
	r, err := ParseRecipient(s)
	if err != nil {
		panic(err)
	}
	return r
}

// String returns the 14 digits, or "" for the zero Recipient.
func (r Recipient) String() string {
	if r.IsZero() {
		return ""
	}
	return string(r.b[:])
}

// IsZero reports whether r names nobody.
func (r Recipient) IsZero() bool { return r == Recipient{} }

// MarshalText writes the form of String.
func (r Recipient) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// UnmarshalText reads as ParseRecipient does; the empty text is the zero Recipient.
func (r *Recipient) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*r = Recipient{}
		return nil
	}
	v, err := ParseRecipient(string(text))
	if err != nil {
		return err
	}
	*r = v
	return nil
}

// LogValue returns the plain number, which designates no person.
func (r Recipient) LogValue() slog.Value { return slog.StringValue(r.String()) }
