package hei

import (
	"log/slog"
	"slices"
	"strings"
	"unicode"
)

// ErasmusCode is the code of an institution in the Erasmus programmes, in its normal
// form: the country in three characters, filled with blanks, then a city and a number:
// "F  PARIS001", "NL UTRECHT01", "IRLDUBLIN01". It is comparable, which registered
// codes are not: 78 of 6 142 differ from their normal form. Send the code as it is
// registered, see [Charter.Registered]; in HTML its blanks need white-space: pre-wrap.
// The zero value is "no code".
type ErasmusCode struct{ s string }

// maxCode bounds a code before it is normalised; the longest of the list has 14
// characters.
const maxCode = 64

// ParseErasmusCode brings a code into its normal form:
//
//  1. blanks of any kind are blanks, full-width letters are letters, upper case
//     (what NFKC makes of the characters that occur);
//  2. a letter first, and the country ends at a blank within the first three
//     characters, or is IRL or LUX;
//  3. the number has at least two digits, a zero being put before a single one;
//  4. the country is filled to three characters, blanks after it are dropped;
//  5. runs of blanks and of points in the city become one hyphen, and vanish before the
//     number.
//
// What is beyond repair is a *passerelle.ParseError. The result may still not be
// what the grammar wants: see [ErasmusCode.IsRegular].
func ParseErasmusCode(s string) (ErasmusCode, error) {
	if len(s) > 4*maxCode {
		return ErasmusCode{}, fault("Erasmus code", "length", 0, "at most 64 characters")
	}
	s = strings.TrimSpace(strings.Map(plain, strings.ToValidUTF8(s, "\uFFFD")))
	text := []rune(s)
	switch {
	case len(text) == 0 || len(text) > maxCode:
		return ErasmusCode{}, fault("Erasmus code", "length", 0, "1 to 64 characters")
	case !unicode.IsLetter(text[0]):
		return ErasmusCode{}, fault("Erasmus code", "character", 1, "a letter of the country")
	}
	head := slices.Index(text[:min(len(text), 3)], ' ')
	if head < 0 {
		if !strings.HasPrefix(s, "IRL") && !strings.HasPrefix(s, "LUX") {
			return ErasmusCode{}, fault("Erasmus code", "country", 1, "one letter and two blanks, two letters and one blank, IRL or LUX")
		}
		head = 3
	}
	rest := strings.TrimLeft(string(text[head:]), " ")
	number := len(rest)
	for number > 0 && isDigit(rest[number-1]) {
		number--
	}
	digits := rest[number:]
	switch len(digits) {
	case 0:
		return ErasmusCode{}, fault("Erasmus code", "number", len(text), "a number of two or three digits at the end")
	case 1:
		digits = "0" + digits
	}
	city := hyphens(rest[:number])
	return ErasmusCode{string(text[:head]) + "   "[:3-head] + city + digits}, nil
}

// plain is what NFKC and upper case make of the characters that occur in codes.
func plain(c rune) rune {
	switch {
	case unicode.IsSpace(c) || unicode.Is(unicode.Zs, c):
		return ' '
	case 0xFF01 <= c && c <= 0xFF5E: // full-width ASCII
		c -= 0xFEE0
	}
	return unicode.ToUpper(c)
}

// hyphens puts one hyphen in the place of each run of blanks and of points, but for
// the last before the number.
func hyphens(city string) string {
	city = strings.TrimRight(city, " .")
	var b strings.Builder
	var before rune
	for _, c := range city {
		switch {
		case c != ' ' && c != '.':
			b.WriteRune(c)
		case c != before:
			b.WriteByte('-')
		}
		before = c
	}
	return b.String()
}

// MustParseErasmusCode is ParseErasmusCode for constants and tests: it panics on an
// error.
func MustParseErasmusCode(s string) ErasmusCode { return must(ParseErasmusCode(s)) }

// String returns the normal form, "" for the zero value.
func (c ErasmusCode) String() string { return c.s }

// IsZero reports whether c is "no code".
func (c ErasmusCode) IsZero() bool { return c.s == "" }

// Prefix returns the country as the code has it: "F", "NL", "IRL".
func (c ErasmusCode) Prefix() string {
	prefix, _, _ := c.parts()
	return prefix
}

// City returns the middle of the code: "PARIS".
func (c ErasmusCode) City() string {
	_, city, _ := c.parts()
	return city
}

// Number returns the end of the code: "001".
func (c ErasmusCode) Number() string {
	_, _, number := c.parts()
	return number
}

func (c ErasmusCode) parts() (prefix, city, number string) {
	head, at := 0, len(c.s)
	for i := range c.s { // three characters, whatever their bytes
		if head == 3 {
			at = i
			break
		}
		head++
	}
	end := len(c.s)
	for end > at && isDigit(c.s[end-1]) {
		end--
	}
	return strings.TrimRight(c.s[:at], " "), c.s[at:end], c.s[end:]
}

// IsRegular reports whether the code is what the published grammar wants:
// ^(IRL|LUX|[A-Z]{2} |[A-Z]  )[A-Z][A-Z-]*[A-Z]\d{2,3}$. Codes that are registered
// and are not exist.
func (c ErasmusCode) IsRegular() bool {
	prefix, city, number := c.parts()
	if len(prefix) > 2 && prefix != "IRL" && prefix != "LUX" || len(city) < 2 || len(number) < 2 || len(number) > 3 {
		return false
	}
	for _, s := range [...]string{prefix, city[:1], strings.ReplaceAll(city, "-", "A"), city[len(city)-1:]} {
		if strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
			return false
		}
	}
	return prefix != ""
}

// countries are the prefixes that differ from the country's code.
var countries = map[string]string{
	"A": "AT", "B": "BE", "D": "DE", "E": "ES", "F": "FR", "G": "EL", "I": "IT", "IRL": "IE",
	"LUX": "LU", "N": "NO", "P": "PT", "S": "SE", "SF": "FI",
}

// Country returns the country of the code as the European Union writes it, where
// Greece is EL and the United Kingdom UK; "" for a letter that is no country's. An
// institution's address may be in another.
func (c ErasmusCode) Country() string {
	prefix := c.Prefix()
	if country, ok := countries[prefix]; ok {
		return country
	}
	if len(prefix) != 2 {
		return ""
	}
	return prefix
}

// ISOCountry turns a country as the European Union writes it into ISO 3166-1.
func ISOCountry(eu string) string {
	switch eu {
	case "EL":
		return "GR"
	case "UK":
		return "GB"
	}
	return eu
}

// MarshalText returns the normal form.
func (c ErasmusCode) MarshalText() ([]byte, error) { return []byte(c.s), nil }

// UnmarshalText is ParseErasmusCode, and takes an empty text for the zero value.
func (c *ErasmusCode) UnmarshalText(text []byte) error {
	return unmarshal(c, text, ParseErasmusCode)
}

// LogValue returns the code, which is not personal.
func (c ErasmusCode) LogValue() slog.Value { return slog.StringValue(c.s) }
