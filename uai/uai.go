package uai

import (
	"encoding"
	"log/slog"
	"strings"

	"github.com/passerelle-sup/passerelle"
)

const (
	size     = 8
	digits   = size - 1
	alphabet = "ABCDEFGHJKLMNPRSTUVWXYZ" // no I, O, Q
)

// Code is the code of one establishment. It is comparable and safe to share. The
// zero value is "no establishment".
type Code struct{ b [size]byte }

var (
	_ encoding.TextMarshaler   = Code{}
	_ encoding.TextUnmarshaler = (*Code)(nil)
	_ slog.LogValuer           = Code{}
)

// Parse reads a UAI, in any case and with blanks around it, and checks its shape:
// seven digits and a letter other than I, O and Q. It does not check the key, see
// [ParseStrict]. Its error is a *passerelle.ParseError.
func Parse(s string) (Code, error) {
	s = strings.TrimSpace(s)
	if len(s) != size {
		return Code{}, fault("length", 0, "7 digits and a letter")
	}
	var c Code
	for i := range digits {
		if s[i] < '0' || s[i] > '9' {
			return Code{}, fault("character", i+1, "a digit")
		}
		c.b[i] = s[i]
	}
	key := s[digits]
	if key >= 'a' && key <= 'z' {
		key -= 'a' - 'A'
	}
	if strings.IndexByte(alphabet, key) < 0 {
		return Code{}, fault("character", size, "a letter of "+alphabet)
	}
	c.b[digits] = key
	return c, nil
}

// ParseStrict is Parse, and refuses a wrong key as well. The error about a key
// has the rule "key" and names the right one.
func ParseStrict(s string) (Code, error) {
	c, err := Parse(s)
	if err != nil {
		return Code{}, err
	}
	if !c.KeyOK() {
		return Code{}, fault("key", size, string(c.key()))
	}
	return c, nil
}

// MustParse is Parse for constants and tests: it panics on an error.
func MustParse(s string) Code {
	c, err := Parse(s)
	if err != nil {
		panic(err)
	}
	return c
}

// FromNumber returns the code whose seven digits are number, completed with its
// key. Its error is a *passerelle.ParseError, for a number outside 0 to 9999999.
func FromNumber(number int) (Code, error) {
	if number < 0 || number > 9_999_999 {
		return Code{}, fault("range", 0, "a number from 0 to 9999999")
	}
	var c Code
	for i, n := digits-1, number; i >= 0; i, n = i-1, n/10 {
		c.b[i] = '0' + byte(n%10)
	}
	c.b[digits] = c.key()
	return c, nil
}

// Key computes the key letter of seven digits. Its error is a
// *passerelle.ParseError.
func Key(sevenDigits string) (string, error) {
	if len(sevenDigits) != digits {
		return "", fault("length", 0, "7 digits")
	}
	number := 0
	for i := range digits {
		d := sevenDigits[i]
		if d < '0' || d > '9' {
			return "", fault("character", i+1, "a digit")
		}
		number = number*10 + int(d-'0')
	}
	i := number % len(alphabet)
	return alphabet[i : i+1], nil
}

// String returns the eight characters, or "" for the zero Code.
func (c Code) String() string {
	if c.IsZero() {
		return ""
	}
	return string(c.b[:])
}

// IsZero reports whether c is "no establishment".
func (c Code) IsZero() bool { return c == Code{} }

// Number returns the seven digits as a number, 0 for the zero Code.
func (c Code) Number() int {
	if c.IsZero() {
		return 0
	}
	n := 0
	for _, d := range c.b[:digits] {
		n = n*10 + int(d-'0')
	}
	return n
}

// KeyOK reports whether the letter is the key of the digits. It is false for the
// zero Code.
func (c Code) KeyOK() bool { return !c.IsZero() && c.b[digits] == c.key() }

// key computes the key from the digits alone.
func (c Code) key() byte { return alphabet[c.Number()%len(alphabet)] }

// Department returns the department or overseas territory that the first three
// digits designate, as a COG code: "51", "2A" and "2B" for Corsica (620, 720),
// "971". It returns "" when they designate none. This is information: some
// codes, such as those of schools abroad, follow no department.
func (c Code) Department() string {
	if c.IsZero() {
		return ""
	}
	switch d := string(c.b[:3]); {
	case d == "620":
		return "2A"
	case d == "720":
		return "2B"
	case d >= "001" && d <= "095":
		return d[1:]
	case d >= "970" && d <= "989":
		return d
	}
	return ""
}

// Plausible reports whether the key is right and the digits designate a
// department. It is information, never a reason to refuse a code that a service gave.
func (c Code) Plausible() bool { return c.KeyOK() && c.Department() != "" }

// MarshalText writes the form of String.
func (c Code) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// UnmarshalText reads as Parse does; the empty text is the zero Code.
func (c *Code) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*c = Code{}
		return nil
	}
	v, err := Parse(string(text))
	if err != nil {
		return err
	}
	*c = v
	return nil
}

// LogValue returns the plain code, which designates no person.
func (c Code) LogValue() slog.Value { return slog.StringValue(c.String()) }

func fault(rule string, pos int, want string) error {
	return &passerelle.ParseError{Type: "UAI", Rule: rule, Pos: pos, Want: want}
}
