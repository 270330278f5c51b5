package ine

import (
	"strings"

	"github.com/passerelle-sup/passerelle"
)

// Family is one of the five shapes of INE in circulation. No two of them
// overlap, so that the shape alone gives the family. The zero value is NoFamily.
type Family uint8

// The families, with their usual French names.
const (
	NoFamily      Family = iota // no number at all
	RNIE                        // INE-RNIE, "INES", issued today: 9 digits, 2 letters of ABCDEFGHJK
	BEA                         // INE-BEA, "INE rectorat", BEA23, and INA of agriculture: 10 digits, 1 letter
	NNE                         // INE-Base 36, NNE36, "INE universitaire": 10 digits or letters, 1 digit
	SIFA                        // INE of apprentices: 4 digits, A, 5 digits, 1 letter
	Provisional                 // INE provisoire: 4 digits, D, 5 digits, 1 letter
	UnknownFamily               // a text that has none of these shapes
)

const families = int(UnknownFamily) + 1

var familyNames = [families]string{"none", "rnie", "bea", "nne", "sifa", "provisional", "unknown"}

// String returns "none", "rnie", "bea", "nne", "sifa", "provisional" or "unknown".
func (f Family) String() string { return name(familyNames[:], int(f)) }

// MarshalText writes the form of String.
func (f Family) MarshalText() ([]byte, error) { return []byte(f.String()), nil }

// UnmarshalText reads the form of String. Its error is a *passerelle.ParseError.
func (f *Family) UnmarshalText(text []byte) error {
	return parseName(f, text, familyNames[:], "INE family")
}

// describe says what the family looks like, in error texts.
func (f Family) describe() string {
	switch f {
	case RNIE:
		return "an RNIE number (9 digits and 2 letters)"
	case BEA:
		return "a BEA number (10 digits and 1 letter)"
	case NNE:
		return "an NNE number (10 digits or letters and 1 digit)"
	case SIFA:
		return "a SIFA number (4 digits, A, 5 digits and 1 letter)"
	case Provisional:
		return "a provisional number (4 digits, D, 5 digits and 1 letter)"
	}
	return "an INE"
}

// keyLen returns the number of characters of the family's key.
func (f Family) keyLen() int {
	if f == RNIE {
		return 2
	}
	return 1
}

const (
	alphabet23 = "ABCDEFGHJKLMNPRSTUVWXYZ" // keys of every family but RNIE and NNE: no I, O, Q
	alphabet10 = "ABCDEFGHJK"              // the digits of an RNIE key
)

// Classes of characters, as bits.
const (
	digit uint8 = 1 << iota
	letter
	key23
	key10
)

// characters gives for each byte that is a digit or a letter of any case its
// upper-case form, above its classes; it is 0 for any other byte.
var characters = func() (table [256]uint16) {
	for c := '0'; c <= '9'; c++ {
		table[c] = uint16(c)<<8 | uint16(digit)
	}
	for c := 'A'; c <= 'Z'; c++ {
		classes := letter
		if strings.ContainsRune(alphabet23, c) {
			classes |= key23
		}
		if strings.ContainsRune(alphabet10, c) {
			classes |= key10
		}
		table[c] = uint16(c)<<8 | uint16(classes)
		table[c+'a'-'A'] = table[c]
	}
	return table
}()

// A shape holds the classes of eleven characters, four bits each, those of the
// first one on top. A character that no INE has is 0.
type shape uint64

func packShape(classes ...uint8) (s shape) {
	for _, c := range classes {
		s = s<<4 | shape(c)
	}
	return s
}

// at returns the classes of the i-th character from 0.
func (s shape) at(i int) uint8 { return uint8(s>>(4*(size-1-i))) & 0xF }

// fits reports whether each character has one of the classes that layout has there.
func (s shape) fits(layout shape) bool {
	const lowest = 0x111_1111_1111
	x := s & layout
	x |= x >> 2
	x |= x >> 1
	return x&lowest == lowest
}

// mismatch returns the position, from 1, of the first character that layout
// refuses, or 0.
func (s shape) mismatch(layout shape) int {
	for i := range size {
		if s.at(i)&layout.at(i) == 0 {
			return i + 1
		}
	}
	return 0
}

// layouts gives, for each family, the classes accepted at each position. That of
// UnknownFamily is the plausible one: SIFA and provisional with another letter.
var layouts = func() (table [families]shape) {
	const d, l, k, r, any36 = digit, letter, key23, key10, digit | letter
	table[RNIE] = packShape(d, d, d, d, d, d, d, d, d, r, r)
	table[BEA] = packShape(d, d, d, d, d, d, d, d, d, d, k)
	table[NNE] = packShape(any36, any36, any36, any36, any36, any36, any36, any36, any36, any36, d)
	table[SIFA] = packShape(d, d, d, d, l, d, d, d, d, d, k)
	table[Provisional] = table[SIFA]
	table[UnknownFamily] = table[SIFA]
	return table
}()

// decide tells the only family that the last, tenth and fifth characters leave
// possible. When they leave none it returns UnknownFamily and the position, from
// 1, of the character that excludes them all.
func decide(s shape, fifth byte) (f Family, pos int) {
	switch last := s.at(10); {
	case last&digit != 0:
		return NNE, 0
	case last == 0:
		return UnknownFamily, 11
	}
	switch tenth := s.at(9); {
	case tenth&letter != 0:
		return RNIE, 0
	case tenth == 0:
		return UnknownFamily, 10
	}
	switch {
	case s.at(4)&digit != 0:
		return BEA, 0
	case fifth == 'A':
		return SIFA, 0
	case fifth == 'D':
		return Provisional, 0
	}
	return UnknownFamily, 5
}

// shapeFault says why a text has the shape of no family.
func shapeFault(t token) *passerelle.ParseError {
	if t.count != size {
		return fault("length", 0, "11 characters")
	}
	f, pos := decide(t.shape, t.chars.at(4))
	if f != UnknownFamily {
		return characterFault(f, t.shape.mismatch(layouts[f]))
	}
	switch {
	case pos != 5:
		return fault("character", pos, "a digit or a letter")
	case t.shape.at(4) == 0:
		return fault("character", pos, "a digit, or A or D before five digits and a letter")
	}
	return fault("family", pos, "a digit (BEA), A (SIFA) or D (provisional) when a digit and a letter end the number")
}

// characterFault says what f wants at a position from 1.
func characterFault(f Family, pos int) *passerelle.ParseError {
	want := "a digit or a letter"
	switch layouts[f].at(pos - 1) {
	case digit:
		want = "a digit"
	case key23:
		want = "a letter of " + alphabet23
	case key10:
		want = "a letter of " + alphabet10
	}
	return fault("character", pos, want+", as in "+f.describe())
}

func fault(rule string, pos int, want string) *passerelle.ParseError {
	return &passerelle.ParseError{Type: "INE", Rule: rule, Pos: pos, Want: want}
}
