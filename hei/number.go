package hei

import (
	"log/slog"
	"strings"
)

// PIC is a participant identification code of the Commission's portal: nine digits.
// It is comparable. The zero value is "no PIC".
type PIC struct{ s string }

// ParsePIC reads nine ASCII digits, blanks around them left out. What a spreadsheet
// made of a number ("9.9958762E8") is refused, not guessed. Its error is a
// *passerelle.ParseError.
func ParsePIC(s string) (PIC, error) {
	s = strings.TrimSpace(s)
	if err := digits("PIC", s, 0, 9); err != nil {
		return PIC{}, err
	}
	return PIC{s}, nil
}

// digits checks that s is n digits from a position on.
func digits(typ, s string, from, n int) error {
	for i := from; i < len(s); i++ {
		if !isDigit(s[i]) {
			return fault(typ, "character", i+1, "a digit")
		}
	}
	if len(s) != from+n {
		return fault(typ, "length", 0, map[int]string{9: "9 digits", 8: "E and 8 digits"}[n])
	}
	return nil
}

// MustParsePIC is ParsePIC for constants and tests: it panics on an error.
func MustParsePIC(s string) PIC { return must(ParsePIC(s)) }

// String returns the nine digits, "" for the zero value.
func (p PIC) String() string { return p.s }

// IsZero reports whether p is "no PIC".
func (p PIC) IsZero() bool { return p.s == "" }

// MarshalText returns the nine digits.
func (p PIC) MarshalText() ([]byte, error) { return []byte(p.s), nil }

// UnmarshalText is ParsePIC, and takes an empty text for the zero value.
func (p *PIC) UnmarshalText(text []byte) error { return unmarshal(p, text, ParsePIC) }

// LogValue returns the digits, which are not personal.
func (p PIC) LogValue() slog.Value { return slog.StringValue(p.s) }

// OID is an organisation identifier of Erasmus+ and the European Solidarity Corps: E
// and eight digits. It is comparable. The zero value is "no OID". One of the list of
// April 2026 belongs to two institutions.
type OID struct{ s string }

// ParseOID reads E and eight digits, blanks around them left out, the letter in either
// case. Its error is a *passerelle.ParseError.
func ParseOID(s string) (OID, error) {
	s = strings.TrimSpace(s)
	if s == "" || s[0]|0x20 != 'e' {
		return OID{}, fault("OID", "character", 1, "E")
	}
	if err := digits("OID", s, 1, 8); err != nil {
		return OID{}, err
	}
	return OID{"E" + s[1:]}, nil
}

// MustParseOID is ParseOID for constants and tests: it panics on an error.
func MustParseOID(s string) OID { return must(ParseOID(s)) }

// String returns the identifier, "" for the zero value.
func (o OID) String() string { return o.s }

// IsZero reports whether o is "no OID".
func (o OID) IsZero() bool { return o.s == "" }

// MarshalText returns the identifier.
func (o OID) MarshalText() ([]byte, error) { return []byte(o.s), nil }

// UnmarshalText is ParseOID, and takes an empty text for the zero value.
func (o *OID) UnmarshalText(text []byte) error { return unmarshal(o, text, ParseOID) }

// LogValue returns the identifier, which is not personal.
func (o OID) LogValue() slog.Value { return slog.StringValue(o.s) }
