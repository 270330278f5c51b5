package cvec

import (
	"encoding"
	"log/slog"
	"regexp"
	"strings"
	"unicode"

	"github.com/passerelle-sup/passerelle"
)

// maxNumber bounds the numbers that are taken: the known form has 11 or 12 characters.
const maxNumber = 24

// Number is the number of a certificate, in capitals, without blanks: "VER5ABCDEF12".
// It is comparable and safe to share. The zero value is "no number".
type Number struct{ text string }

var (
	_ encoding.TextMarshaler   = Number{}
	_ encoding.TextUnmarshaler = (*Number)(nil)
	_ slog.LogValuer           = Number{}
)

// Parse reads the number of a certificate, in any case and with blanks. The letters of
// the name that certificates print behind it are dropped: [ParseCertificate] keeps them.
// A number of another form than the known one is taken, see [Number.Usual]. Its error is
// a *passerelle.ParseError.
func Parse(s string) (Number, error) {
	c, err := ParseCertificate(s)
	return c.Number, err
}

// MustParse is Parse for constants and tests: it panics on an error.
func MustParse(s string) Number {
	n, err := Parse(s)
	if err != nil {
		panic(err)
	}
	return n
}

var usual = regexp.MustCompile(`^[A-Z]{3}[0-9][A-Z]{6}[0-9]{1,2}$`)

// Usual reports whether n has the form seen on certificates: the three letters of the
// Crous, a digit, six letters, one or two digits. Another form is a reason to look
// again, not to refuse: that of other Crous is not published.
func (n Number) Usual() bool { return usual.MatchString(n.text) }

// Crous returns the three letters of the Crous, "VER" for Versailles; "" for a number of
// another form.
func (n Number) Crous() string {
	if !n.Usual() {
		return ""
	}
	return n.text[:3]
}

// String returns the number, or "" for the zero Number. It is personal data: do not log it.
func (n Number) String() string { return n.text }

// IsZero reports whether n is "no number".
func (n Number) IsZero() bool { return n == Number{} }

// MarshalText writes the form of String.
func (n Number) MarshalText() ([]byte, error) { return []byte(n.text), nil }

// UnmarshalText reads as Parse does; the empty text is the zero Number.
func (n *Number) UnmarshalText(text []byte) error {
	var v Number
	if len(text) > 0 {
		var err error
		if v, err = Parse(string(text)); err != nil {
			return err
		}
	}
	*n = v
	return nil
}

// LogValue masks the number, its Crous apart.
func (n Number) LogValue() slog.Value {
	if n.IsZero() {
		return slog.StringValue("")
	}
	return slog.StringValue(n.Crous() + "***")
}

// Certificate is what is printed on a certificate: a number, and the letters of the name.
// It is comparable. The zero value is "no certificate".
type Certificate struct {
	Number Number
	Key    NameKey // empty when it was not given
}

// joined is the form in which older addresses want both, and some systems keep them.
var joined = regexp.MustCompile(`^([A-Z]{3}[0-9][A-Z]{6}[0-9]{1,2})([A-Z]{1,6})$`)

// ParseCertificate reads a certificate as it is printed, "VER5 ABCDEF 12 / DUPON", or
// joined, "VER5ABCDEF12DUPON", or its number alone; in any case and with blanks. Its
// error is a *passerelle.ParseError with the rule "length" or "character" (position in
// characters of s).
func ParseCertificate(s string) (Certificate, error) {
	left, right, _ := strings.Cut(s, "/")
	var b strings.Builder
	pos := 0
	for i, r := range left {
		pos++
		switch {
		case unicode.IsSpace(r) || r == unicode.ReplacementChar && left[i] == 0xA0: // the no-break space of Windows-1252
			continue
		case r >= 'a' && r <= 'z':
			r -= 'a' - 'A'
		case r >= 'A' && r <= 'Z', r >= '0' && r <= '9':
		default:
			return Certificate{}, &passerelle.ParseError{Type: "CVEC number", Rule: "character", Pos: pos, Want: "a letter without accent or a digit"}
		}
		b.WriteRune(r)
	}
	number := b.String()
	var c Certificate
	if parts := joined.FindStringSubmatch(number); parts != nil {
		number, c.Key = parts[1], NameKeyOf(parts[2])
	}
	if len(number) == 0 || len(number) > maxNumber {
		return Certificate{}, &passerelle.ParseError{Type: "CVEC number", Rule: "length", Want: "11 or 12 characters without the blanks, such as VER5ABCDEF12"}
	}
	if strings.Contains(right, "/") {
		at := pos + 2 + len([]rune(right[:strings.Index(right, "/")]))
		return Certificate{}, &passerelle.ParseError{Type: "CVEC number", Rule: "character", Pos: at, Want: "one slash, before the letters of the name"}
	}
	if strings.TrimSpace(right) != "" {
		c.Key = NameKeyOf(right)
	}
	c.Number = Number{number}
	return c, nil
}

// LogValue masks the certificate.
func (c Certificate) LogValue() slog.Value { return c.Number.LogValue() }

// printed is a number in the text of a certificate. Blanks may be line breaks.
var printed = regexp.MustCompile(`\b([A-Z]{3}[0-9]\s{0,4}[A-Z]{6}\s{0,4}[0-9]{1,2})(?:\s{0,4}/\s{0,4}([A-Z]{1,6}\b|-)|\b)`)

// Find returns the certificates in a text, such as that of the PDF of a certificate,
// in the order of the text and each once. The form looked for was seen on certificates of
// one Crous, in capitals.
func Find(text string) []Certificate {
	var found []Certificate
	met := map[Number]int{}
	for _, m := range printed.FindAllStringSubmatch(text, -1) {
		c := Certificate{Number: Number{strings.Join(strings.Fields(m[1]), "")}}
		if m[2] != "" {
			c.Key = NameKeyOf(m[2])
		}
		if i, again := met[c.Number]; again {
			if found[i].Key == "" {
				found[i].Key = c.Key
			}
			continue
		}
		met[c.Number] = len(found)
		found = append(found, c)
	}
	return found
}

// NameKey is the letters of a family name that go with a number: five at most, in
// capitals, or "-". It is personal data. The zero value is "not given".
type NameKey string

// NoName is the key of somebody without a family name.
const NoName NameKey = "-"

// NameKeyOf returns the key of a family name: its first five letters in capitals,
// accents, blanks, hyphens and apostrophes left out, ligatures spelt out; a shorter name
// as it is; NoName when no letter is left. Five letters are published, the rest is second
// hand.
func NameKeyOf(family string) NameKey {
	var b [5]byte
	n := 0
	for _, c := range []byte(passerelle.FoldName(family)) {
		if c >= 'A' && c <= 'Z' && n < len(b) {
			b[n] = c
			n++
		}
	}
	if n == 0 {
		return NoName
	}
	return NameKey(b[:n])
}

// LogValue masks the key.
func (k NameKey) LogValue() slog.Value {
	if k == "" {
		return slog.StringValue("")
	}
	return slog.StringValue("***")
}
