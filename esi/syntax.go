package esi

import (
	"strings"

	passerelle "github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/hei"
)

// other lists the characters that RFC 2141, 2.2, allows in a code beside letters
// and digits.
const other = "()+,-.:=@;$_!*'"

// checkCode checks a code by RFC 2141, sections 2.2 to 2.4. Positions start after
// the first offset characters.
func checkCode(code string, offset int) *passerelle.ParseError {
	if code == "" {
		return fault("code", 0, "a code of at least one character")
	}
	for i := 0; i < len(code); i++ {
		c := code[i]
		switch {
		case alphanumeric(c) || strings.IndexByte(other, c) >= 0:
		case c != '%':
			return fault("character", offset+runes(code[:i])+1, "a letter, a digit, one of "+other+" or an escape such as %2F (RFC 2141)")
		case i+2 >= len(code) || !hexadecimal(code[i+1]) || !hexadecimal(code[i+2]):
			return fault("escape", offset+runes(code[:i])+1, "two hexadecimal digits after % (RFC 2141)")
		case code[i+1:i+3] == "00":
			return fault("escape", offset+runes(code[:i])+1, "an escape other than %00 (RFC 2141)")
		default:
			i += 2
		}
	}
	return nil
}

func runes(s string) int { return len([]rune(s)) }

// domain reports whether s is a domain name of two labels or more, without blanks
// around it.
func domain(s string) bool {
	d, err := hei.ParseDomain(s)
	return err == nil && len(d.String()) == len(s)
}

// subdivision reports whether s has the shape of an ISO 3166-2 code. Which codes
// exist within a country is not checked.
func subdivision(s string) bool {
	if len(s) < 4 || len(s) > 6 || !letters(s[:2]) || s[2] != '-' {
		return false
	}
	for i := 3; i < len(s); i++ {
		if !alphanumeric(s[i]) {
			return false
		}
	}
	return true
}

// pic reports whether s is a PIC, without blanks around it.
func pic(s string) bool {
	p, err := hei.ParsePIC(s)
	return err == nil && p.String() == s
}

func letters(s string) bool {
	for i := range len(s) {
		if c := s[i] | 0x20; c < 'a' || c > 'z' {
			return false
		}
	}
	return true
}

func alphanumeric(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'z'
}

func hexadecimal(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'f'
}

// cutFoldPrefix takes prefix off s, without regard to the case
// of letters; ok is false when s does not begin with it.
func cutFoldPrefix(s, prefix string) (rest string, ok bool) {
	if len(s) < len(prefix) || !strings.EqualFold(s[:len(prefix)], prefix) {
		return s, false
	}
	return s[len(prefix):], true
}
