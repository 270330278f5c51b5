package aglae

import (
	"encoding"
	"log/slog"
	"strconv"
	"unicode"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ine"
)

// MaxGrantNumber is the width of the column in which Apogée keeps the number.
const MaxGrantNumber = 13

// GrantNumber is a numéro de boursier, the number under which AGLAE knows a
// student. It is often the INE and not always, so it is opaque: 1 to 13 printable
// ASCII characters, in capitals, without blanks. Two numbers that differ in case or
// blanks only are equal. It is comparable and safe to share. The zero value is "no
// number". Its format is not published; the width is that of INDIVIDU.NUM_BRS_ETU.
type GrantNumber struct {
	b [MaxGrantNumber]byte // padded by zeros
}

var (
	_ encoding.TextMarshaler   = GrantNumber{}
	_ encoding.TextUnmarshaler = (*GrantNumber)(nil)
	_ slog.LogValuer           = GrantNumber{}
)

// ParseGrantNumber reads a numéro de boursier, in any case and with blanks around
// and inside. Its error is a *passerelle.ParseError with the rule "length" (none, or
// more than 13 characters) or "character" (position counted without the blanks). It
// allocates nothing for a number.
func ParseGrantNumber(s string) (GrantNumber, error) {
	var n GrantNumber
	count, bad := squeeze(n.b[:], s)
	if fault := squeezeFault("grant number", count, bad, 1, MaxGrantNumber); fault != nil {
		return GrantNumber{}, fault
	}
	return n, nil
}

// MustParseGrantNumber is ParseGrantNumber for constants and tests: it panics on an
// error.
func MustParseGrantNumber(s string) GrantNumber { return must(ParseGrantNumber(s)) }

// GrantNumberOf returns the grant number that equals an INE; the zero GrantNumber for
// the zero INE.
func GrantNumberOf(n ine.Number) GrantNumber {
	var g GrantNumber
	copy(g.b[:], n.String())
	return g
}

// String returns the number, or "" for the zero GrantNumber. It is personal data: do
// not log it.
func (n GrantNumber) String() string { return string(n.b[:n.len()]) }

func (n GrantNumber) len() int {
	for i, c := range n.b {
		if c == 0 {
			return i
		}
	}
	return len(n.b)
}

// IsZero reports whether n is "no number".
func (n GrantNumber) IsZero() bool { return n == GrantNumber{} }

// INE returns the INE of which n has the shape, with ok false when it has that of
// none. The key is not checked.
func (n GrantNumber) INE() (number ine.Number, ok bool) {
	number, err := ine.Parse(n.String())
	return number, err == nil
}

// MarshalText writes the form of String.
func (n GrantNumber) MarshalText() ([]byte, error) { return []byte(n.String()), nil }

// UnmarshalText reads as ParseGrantNumber does; the empty text is the zero
// GrantNumber.
func (n *GrantNumber) UnmarshalText(text []byte) error {
	return unmarshal(n, text, ParseGrantNumber)
}

// LogValue masks the number.
func (n GrantNumber) LogValue() slog.Value { return masked(n.IsZero()) }

// The parts of a document number.
const (
	yearDigits      = 4
	crousLetters    = 3
	documentNumbers = 11
	documentSize    = yearDigits + crousLetters + documentNumbers
)

// DocumentNumber is the number printed on a notification of the Crous: a year,
// the three letters of the Crous, and eleven characters that are a grant number, not
// an INE. It is comparable and safe to share. The zero value is "no number".
//
// The layout is deduced from one notification of 2014 (2014, MON for Montpellier, a
// number), not published.
type DocumentNumber struct {
	b [documentSize]byte
}

var (
	_ encoding.TextMarshaler   = DocumentNumber{}
	_ encoding.TextUnmarshaler = (*DocumentNumber)(nil)
	_ slog.LogValuer           = DocumentNumber{}
)

// ParseDocumentNumber reads the number of a notification, in any case and with
// blanks around and inside. Its error is a *passerelle.ParseError with the rule
// "length" or "character" (position counted without the blanks).
func ParseDocumentNumber(s string) (DocumentNumber, error) {
	const kind = "document number"
	var n DocumentNumber
	count, bad := squeeze(n.b[:], s)
	if fault := squeezeFault(kind, count, bad, documentSize, documentSize); fault != nil {
		return DocumentNumber{}, fault
	}
	for i, c := range n.b[:yearDigits+crousLetters] {
		switch {
		case i < yearDigits && (c < '0' || c > '9'):
			return DocumentNumber{}, &passerelle.ParseError{Type: kind, Rule: "character", Pos: i + 1, Want: "a digit of the year"}
		case i >= yearDigits && (c < 'A' || c > 'Z'):
			return DocumentNumber{}, &passerelle.ParseError{Type: kind, Rule: "character", Pos: i + 1, Want: "a letter of the Crous"}
		}
	}
	return n, nil
}

// MustParseDocumentNumber is ParseDocumentNumber for constants and tests: it panics
// on an error.
func MustParseDocumentNumber(s string) DocumentNumber { return must(ParseDocumentNumber(s)) }

// Year returns the year that the number begins with, 0 for the zero DocumentNumber.
// Whether it is that of the campaign or of the document is not published.
func (n DocumentNumber) Year() int {
	year := 0
	for _, c := range n.b[:yearDigits] {
		if c == 0 {
			return 0
		}
		year = year*10 + int(c-'0')
	}
	return year
}

// Crous returns the three letters of the Crous: "MON" for Montpellier; "" for the
// zero DocumentNumber.
func (n DocumentNumber) Crous() string {
	if n.IsZero() {
		return ""
	}
	return string(n.b[yearDigits : yearDigits+crousLetters])
}

// GrantNumber returns the numéro de boursier that ends the number.
func (n DocumentNumber) GrantNumber() GrantNumber {
	var g GrantNumber
	copy(g.b[:], n.b[yearDigits+crousLetters:])
	return g
}

// String returns the whole number, or "" for the zero DocumentNumber. It is personal
// data: do not log it.
func (n DocumentNumber) String() string {
	if n.IsZero() {
		return ""
	}
	return string(n.b[:])
}

// IsZero reports whether n is "no number".
func (n DocumentNumber) IsZero() bool { return n == DocumentNumber{} }

// MarshalText writes the form of String.
func (n DocumentNumber) MarshalText() ([]byte, error) { return []byte(n.String()), nil }

// UnmarshalText reads as ParseDocumentNumber does; the empty text is the zero
// DocumentNumber.
func (n *DocumentNumber) UnmarshalText(text []byte) error {
	return unmarshal(n, text, ParseDocumentNumber)
}

// LogValue masks the number, year and Crous apart.
func (n DocumentNumber) LogValue() slog.Value {
	if n.IsZero() {
		return masked(true)
	}
	return slog.StringValue(string(n.b[:yearDigits+crousLetters]) + "***")
}

// squeeze writes the characters of s that are not blanks to dst, in capitals. It
// returns how many there are, and the position of the first that is no printable
// ASCII character, 0 for none.
func squeeze(dst []byte, s string) (count, bad int) {
	for i, r := range s {
		if unicode.IsSpace(r) || r == unicode.ReplacementChar && s[i] == 0xA0 { // the no-break space of Windows-1252
			continue
		}
		count++
		switch {
		case r <= ' ' || r >= 0x7f:
			if bad == 0 {
				bad = count
			}
			continue
		case r >= 'a' && r <= 'z':
			r -= 'a' - 'A'
		}
		if count <= len(dst) {
			dst[count-1] = byte(r)
		}
	}
	return count, bad
}

// squeezeFault judges what squeeze found; nil is well.
func squeezeFault(kind string, count, bad, shortest, longest int) error {
	switch {
	case count < shortest || count > longest:
		want := strconv.Itoa(longest) + " characters"
		if shortest < longest {
			want = strconv.Itoa(shortest) + " to " + want
		}
		return &passerelle.ParseError{Type: kind, Rule: "length", Want: want + " without the blanks"}
	case bad > 0:
		return &passerelle.ParseError{Type: kind, Rule: "character", Pos: bad, Want: "a letter without accent, a digit or a sign of ASCII"}
	}
	return nil
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// unmarshal is the UnmarshalText of both numbers.
func unmarshal[T any](dst *T, text []byte, parse func(string) (T, error)) error {
	var v T
	if len(text) > 0 {
		var err error
		if v, err = parse(string(text)); err != nil {
			return err
		}
	}
	*dst = v
	return nil
}

// masked is the log value of a number.
func masked(zero bool) slog.Value {
	if zero {
		return slog.StringValue("")
	}
	return slog.StringValue("***")
}
