package esc

import (
	"encoding"
	"encoding/binary"
	"log/slog"

	passerelle "github.com/passerelle-sup/passerelle"
)

// Number is a European Student Card Number: 16 bytes written as a lower-case
// UUID. It is comparable, and two texts that differ in case or dashes only give
// equal numbers. The zero value is no number.
//
// The type holds any UUID, because cards in circulation carry numbers made in
// several ways; [Number.Decode] says which. The router itself treats a card
// number as free text: keep what it sends as a string where it may be something
// else.
type Number struct{ b [16]byte }

var (
	_ encoding.TextAppender    = Number{}
	_ encoding.TextMarshaler   = Number{}
	_ encoding.TextUnmarshaler = (*Number)(nil)
	_ slog.LogValuer           = Number{}
)

// textLen is the length of the dashed form.
const textLen = 36

// dashes are the offsets of the dashes of the dashed form.
var dashes = [...]int{8, 13, 18, 23}

const hexDigits = "0123456789abcdef"

// Parse reads the dashed form of 36 characters or the bare form of 32 hexadecimal
// digits, in any case. Its error is a *passerelle.ParseError.
func Parse(s string) (Number, error) {
	var n Number
	dashed := len(s) == textLen
	if !dashed && len(s) != 2*len(n.b) {
		return Number{}, parseError("length", 0, "36 characters with dashes or 32 without")
	}
	at, next := 0, 0 // offset in s, dash expected next
	for i := range n.b {
		if dashed && next < len(dashes) && at == dashes[next] {
			if s[at] != '-' {
				return Number{}, parseError("character", at+1, "a dash")
			}
			at++
			next++
		}
		high, low := nibbles[s[at]], nibbles[s[at+1]]
		if high|low > 15 {
			if high <= 15 {
				at++
			}
			return Number{}, parseError("character", at+1, "a hexadecimal digit")
		}
		n.b[i] = high<<4 | low
		at += 2
	}
	return n, nil
}

// MustParse is Parse for constants and tests: it panics on an error.
func MustParse(s string) Number {
	n, err := Parse(s)
	if err != nil {
		panic(err)
	}
	return n
}

// FromBytes returns the number of the 16 raw bytes, as the chip application and
// binary exchanges carry it.
func FromBytes(b [16]byte) Number { return Number{b} }

// Bytes returns the 16 raw bytes, in the order of the text.
func (n Number) Bytes() [16]byte { return n.b }

// IsZero reports whether n is no number.
func (n Number) IsZero() bool { return n == Number{} }

// String returns the dashed lower-case form, or "" for the zero Number.
func (n Number) String() string {
	if n.IsZero() {
		return ""
	}
	var buf [textLen]byte
	return string(n.append(buf[:0]))
}

// AppendText appends the form of String to b.
func (n Number) AppendText(b []byte) ([]byte, error) {
	if n.IsZero() {
		return b, nil
	}
	return n.append(b), nil
}

func (n Number) append(b []byte) []byte {
	for i, octet := range n.b {
		switch i {
		case 4, 6, 8, 10:
			b = append(b, '-')
		}
		b = append(b, hexDigits[octet>>4], hexDigits[octet&15])
	}
	return b
}

// MarshalText writes the form of String.
func (n Number) MarshalText() ([]byte, error) { return n.AppendText(nil) }

// UnmarshalText reads what Parse reads; the empty text is the zero Number.
func (n *Number) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*n = Number{}
		return nil
	}
	v, err := Parse(string(text))
	if err != nil {
		return err
	}
	*n = v
	return nil
}

// LogValue masks the number, which designates one person's card, except for the
// node, which names the institution.
func (n Number) LogValue() slog.Value {
	if n.IsZero() {
		return slog.StringValue("")
	}
	return slog.StringValue("****-" + n.String()[24:])
}

// Version returns the UUID version, 1 in every official number.
func (n Number) Version() int { return int(n.b[6] >> 4) }

// ClockSequence returns octets 8 and 9 as they are printed, variant bits
// included: 0x8000 to 0xBFFE in an official number.
func (n Number) ClockSequence() uint16 { return binary.BigEndian.Uint16(n.b[8:]) }

// Ticks returns the 60-bit counter of a time-based number. What it counts
// depends on who made the number: see [Number.Decode].
func (n Number) Ticks() uint64 {
	low := uint64(binary.BigEndian.Uint32(n.b[0:]))
	mid := uint64(binary.BigEndian.Uint16(n.b[4:]))
	high := uint64(binary.BigEndian.Uint16(n.b[6:]) & 0x0fff)
	return high<<48 | mid<<32 | low
}

// nibbles gives the value of each hexadecimal digit, 0xff for any other byte.
var nibbles = func() (table [256]byte) {
	for i := range table {
		table[i] = 0xff
	}
	for v, c := range []byte(hexDigits) {
		table[c] = byte(v)
		if c >= 'a' {
			table[c-'a'+'A'] = byte(v)
		}
	}
	return table
}()

func parseError(rule string, pos int, want string) error {
	return &passerelle.ParseError{Type: "ESCN", Rule: rule, Pos: pos, Want: want}
}
