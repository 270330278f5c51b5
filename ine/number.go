package ine

import (
	"encoding"
	"encoding/binary"
	"log/slog"
)

const size = 11

// Number is an INE of one of the five families, with its key. It is comparable
// and safe to share. The zero value is "no number". The key of a Number may be
// wrong: see [Number.Key].
type Number struct {
	head uint64 // the first eight characters, the first one on top
	tail uint32 // the family, above the last three characters
}

var (
	_ encoding.TextMarshaler   = Number{}
	_ encoding.TextUnmarshaler = (*Number)(nil)
	_ slog.LogValuer           = Number{}
)

// Parse reads an INE and checks its shape, not its key. Lower case and blanks,
// around and inside, are accepted; hyphens are not. Its error is a
// *passerelle.ParseError which says, without repeating the text:
//
//   - rule "length": there are not 11 characters (an empty text included);
//   - rule "character": which character, counted without the blanks, does not
//     belong to the only family that the others leave possible;
//   - rule "family": the fifth character is a letter of no family.
//
// It allocates nothing for a number.
func Parse(s string) (Number, error) {
	t := read(s)
	if !t.known() {
		return Number{}, shapeFault(t)
	}
	return t.chars, nil
}

// known reports whether t is a number.
func (t token) known() bool {
	return t.count == size && t.chars.Family() != UnknownFamily
}

// setFamily gives n the family of its characters, whose classes are sh:
// UnknownFamily when they have the shape of none.
func (n *Number) setFamily(sh shape) {
	f, _ := decide(sh, n.at(4))
	if !sh.fits(layouts[f]) {
		f = UnknownFamily
	}
	n.tail |= uint32(f) << 24
}

// at returns the i-th character, from 0.
func (n Number) at(i int) byte {
	if i < 8 {
		return byte(n.head >> (8 * (7 - i)))
	}
	return byte(n.tail >> (8 * (size - 1 - i)))
}

// bytes returns the eleven characters.
func (n Number) bytes() (b [size]byte) {
	binary.BigEndian.PutUint64(b[:8], n.head)
	b[8], b[9], b[10] = byte(n.tail>>16), byte(n.tail>>8), byte(n.tail)
	return b
}

// ParseStrict is Parse, and refuses a key known to be wrong as well: the error
// then has the rule "key", the position of the key, and the right key in Want. A
// key whose rule is not known is accepted. The rule of RNIE keys is deduced, not
// published: a number which INES gave should be read by Parse.
func ParseStrict(s string) (Number, error) {
	n, err := Parse(s)
	if err != nil {
		return Number{}, err
	}
	if verdict, want := (*Keys)(nil).Check(n); verdict == KeyWrong {
		return Number{}, fault("key", size-len(want)+1, want)
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

// String returns the eleven characters, or "" for the zero Number. It is
// personal data: do not log it.
func (n Number) String() string {
	if n.IsZero() {
		return ""
	}
	b := n.bytes()
	return string(b[:])
}

// IsZero reports whether n is "no number".
func (n Number) IsZero() bool { return n == Number{} }

// Family returns the family of n, NoFamily for the zero Number.
func (n Number) Family() Family { return Family(n.tail >> 24) }

// AppendText appends the form of String to b.
func (n Number) AppendText(b []byte) ([]byte, error) {
	if n.IsZero() {
		return b, nil
	}
	own := n.bytes()
	return append(b, own[:]...), nil
}

// MarshalText writes the form of String.
func (n Number) MarshalText() ([]byte, error) { return n.AppendText(nil) }

// UnmarshalText reads as Parse does; the empty text is the zero Number.
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

// LogValue masks the number: it keeps its family only.
func (n Number) LogValue() slog.Value {
	if n.IsZero() {
		return slog.StringValue("")
	}
	return slog.StringValue(n.Family().String() + ":***")
}
