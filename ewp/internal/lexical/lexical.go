// Package lexical has the simple types that the schemas of the network share
// (common-types.xsd of ewp-specs-architecture 1.15.0, and those of XML Schema that
// they use), and a collector of faults by which the packages of the APIs say all
// that is wrong with a document.
package lexical

import (
	"net/url"
	"regexp"
	"strings"

	"github.com/passerelle-sup/passerelle"
)

var (
	emailPattern    = regexp.MustCompile(`^[^@]+@[^.]+\..+$`)
	languagePattern = regexp.MustCompile(`^[a-zA-Z]{1,8}(-[a-zA-Z0-9]{1,8})*$`)
	decimalPattern  = regexp.MustCompile(`^[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)$`)
	integerPattern  = regexp.MustCompile(`^[+-]?[0-9]+$`)
)

// IsIdentifier reports whether s is an AsciiPrintableIdentifier: 1 to 64 printable
// ASCII characters without blanks.
func IsIdentifier(s string) bool {
	if len(s) < 1 || len(s) > 64 {
		return false
	}
	for i := range len(s) {
		if s[i] < '!' || s[i] > '~' {
			return false
		}
	}
	return true
}

// IsEmail reports whether s is an Email: the schema asks for little.
func IsEmail(s string) bool { return emailPattern.MatchString(s) }

// IsHTTP reports whether s is an HTTP, an address that begins with http:// or
// https://. Blanks, which xs:anyURI allows and no browser likes, are refused.
func IsHTTP(s string) bool {
	return strings.HasPrefix(s, "http://") && isURL(s) || IsHTTPS(s)
}

// IsHTTPS reports whether s is an HTTPS.
func IsHTTPS(s string) bool { return strings.HasPrefix(s, "https://") && isURL(s) }

func isURL(s string) bool {
	u, err := url.Parse(s)
	return err == nil && u.Host != "" && !strings.ContainsAny(s, " \t\r\n")
}

// IsCountry reports whether s is a CountryCode: two capital letters.
func IsCountry(s string) bool {
	return len(s) == 2 && s[0] >= 'A' && s[0] <= 'Z' && s[1] >= 'A' && s[1] <= 'Z'
}

// IsLanguage reports whether s is an xs:language.
func IsLanguage(s string) bool { return languagePattern.MatchString(s) }

// IsDecimal reports whether s is an xs:decimal.
func IsDecimal(s string) bool { return decimalPattern.MatchString(Token(s)) }

// IsInteger reports whether s is an xs:integer.
func IsInteger(s string) bool { return integerPattern.MatchString(Token(s)) }

// Date reads an xs:date, whose zone, when there is one, is dropped: no zone moves a
// day. Its error is a *passerelle.ParseError.
func Date(s string) (passerelle.Date, error) {
	s = Token(s)
	const day = len("2006-01-02")
	if len(s) > day {
		switch zone := s[day:]; {
		case zone == "Z", len(zone) == len("+01:00") && (zone[0] == '+' || zone[0] == '-') && zone[3] == ':':
			s = s[:day]
		}
	}
	d, err := passerelle.ParseDate(s)
	if err == nil && d.Partial() {
		return passerelle.Date{}, &passerelle.ParseError{Type: "date", Rule: "range", Want: "a day of the calendar"}
	}
	return d, err
}

// Token collapses white space, as xs:token does, which pretty printers bring in.
func Token(s string) string { return strings.Join(strings.Fields(s), " ") }
