package ine

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// text is what a number is read from.
type text interface{ ~string | ~[]byte }

// A token is what was read of a text.
type token struct {
	chars Number // its first characters, and the family when there are eleven
	shape shape  // their classes
	count int    // number of its characters that are not blanks
	inner bool   // blanks stood between them
}

// read removes the blanks of s, turns it to upper case and recognises its family.
func read[T text](s T) (t token) {
	if len(s) == size {
		if t.chars, t.shape = pack(s); t.shape.fits(^shape(0)) {
			t.count = size
			t.chars.setFamily(t.shape)
			return t
		}
	}
	var b [size]byte
	gap := false
	for i, r := range string(s) {
		if blank(r, s[i]) {
			gap = true
			continue
		}
		t.inner = t.inner || gap && t.count > 0
		gap = false
		if t.count < size && r < utf8.RuneSelf {
			b[t.count] = byte(r)
		}
		t.count++
	}
	t.chars, t.shape = pack(b[:])
	if t.count == size {
		t.chars.setFamily(t.shape)
	}
	return t
}

// pack puts eleven characters in upper case into a Number without family; those
// that no INE has are 0.
func pack[T text](s T) (n Number, sh shape) {
	for i := range 8 {
		c := characters[s[i]]
		n.head = n.head<<8 | uint64(c>>8)
		sh = sh<<4 | shape(c&0xF)
	}
	for i := 8; i < size; i++ {
		c := characters[s[i]]
		n.tail = n.tail<<8 | uint32(c>>8)
		sh = sh<<4 | shape(c&0xF)
	}
	return n, sh
}

// normalText is read for texts of any length, which rules of the caller
// read. Characters that no INE has are kept. It allocates only when s changes.
func normalText(s string) string {
	same := true
	for i := range len(s) {
		if characters[s[i]]>>8 != uint16(s[i]) {
			same = false
			break
		}
	}
	if same {
		return s
	}
	var out strings.Builder
	for i, r := range s {
		switch {
		case blank(r, s[i]):
		case r < utf8.RuneSelf && characters[r] != 0:
			out.WriteByte(byte(characters[r] >> 8))
		default:
			_, width := utf8.DecodeRuneInString(s[i:])
			out.WriteString(s[i : i+width])
		}
	}
	return out.String()
}

// blank reports whether r, which begins with the byte first, is a blank: that of
// Unicode, no-break spaces of spreadsheets included, or the no-break space of
// Windows-1252 alone.
func blank(r rune, first byte) bool {
	return unicode.IsSpace(r) || r == utf8.RuneError && first == 0xA0
}
