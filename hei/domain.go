package hei

import (
	"log/slog"
	"strings"

	"github.com/passerelle-sup/passerelle"
)

// Domain is the name of an institution in the style of SCHAC's
// schacHomeOrganization: "univ-tours.fr". It is comparable, in lower case because
// domain names know no case. The zero value is "no domain". The network Erasmus
// Without Paper takes any text for an identifier: those that are no domain have no
// place here.
type Domain struct{ s string }

// ParseDomain reads a domain name of at least two labels (RFC 1035, with the leading
// digits of RFC 1123), blanks around it left out. Its error is a
// *passerelle.ParseError.
func ParseDomain(s string) (Domain, error) {
	s = strings.TrimSpace(s)
	if s == "" || len(s) > 253 {
		return Domain{}, fault("domain", "length", 0, "1 to 253 characters")
	}
	pos, labels, last := 1, 0, ""
	for label := range strings.SplitSeq(s, ".") {
		if label == "" || len(label) > 63 {
			return Domain{}, fault("domain", "length", pos, "labels of 1 to 63 characters")
		}
		for i := range len(label) {
			c := label[i]
			hyphen := c == '-' && i > 0 && i < len(label)-1
			if !isDigit(c) && !isLetter(c|0x20) && !hyphen {
				return Domain{}, fault("domain", "character", pos+i, "a letter, a digit or an inner hyphen")
			}
		}
		pos += len(label) + 1
		labels, last = labels+1, label
	}
	if labels < 2 {
		return Domain{}, fault("domain", "label", 0, "at least two labels")
	}
	if strings.Trim(last, "0123456789") == "" {
		return Domain{}, fault("domain", "label", len(s)-len(last)+1, "a last label that is no number")
	}
	return Domain{strings.ToLower(s)}, nil
}

// MustParseDomain is ParseDomain for constants and tests: it panics on an error.
func MustParseDomain(s string) Domain { return must(ParseDomain(s)) }

// String returns the name, "" for the zero value.
func (d Domain) String() string { return d.s }

// IsZero reports whether d is "no domain".
func (d Domain) IsZero() bool { return d.s == "" }

// MarshalText returns the name.
func (d Domain) MarshalText() ([]byte, error) { return []byte(d.s), nil }

// UnmarshalText is ParseDomain, and takes an empty text for the zero value.
func (d *Domain) UnmarshalText(text []byte) error { return unmarshal(d, text, ParseDomain) }

// LogValue returns the name, which is not personal.
func (d Domain) LogValue() slog.Value { return slog.StringValue(d.s) }

func fault(typ, rule string, pos int, want string) error {
	return &passerelle.ParseError{Type: typ, Rule: rule, Pos: pos, Want: want}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func unmarshal[T any](into *T, text []byte, parse func(string) (T, error)) error {
	if len(text) == 0 {
		var zero T
		*into = zero
		return nil
	}
	v, err := parse(string(text))
	if err != nil {
		return err
	}
	*into = v
	return nil
}

func isDigit(c byte) bool  { return '0' <= c && c <= '9' }
func isLetter(c byte) bool { return 'a' <= c && c <= 'z' }
