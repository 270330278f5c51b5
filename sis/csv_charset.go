package sis

import (
	"bytes"
	"unicode/utf8"
)

// Charset names the character encoding of a CSV file.
type Charset string

// The encodings that a CSV file may have.
const (
	// UTF8 is UTF-8, with or without a byte order mark. It is the default; what is
	// not UTF-8 is refused row by row.
	UTF8 Charset = ""
	// Windows1252 is what French spreadsheets and Apogée extractions write. The five
	// bytes that it leaves undefined are refused.
	Windows1252 Charset = "windows-1252"
	// CharsetAuto reads the whole file once beforehand: it is UTF-8 if every byte
	// of it is, and else Windows-1252. Text of more than a few accents is hardly
	// ever valid in both; a file that mixes the two is read as Windows-1252.
	CharsetAuto Charset = "auto"
)

// windows1252 is what the bytes 0x80 to 0x9F mean; the others mean what they do in
// ISO-8859-1. Zero: undefined.
var windows1252 = [32]rune{
	'€', 0, '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', 0, 'Ž', 0,
	0, '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', 0, 'ž', 'Ÿ',
}

// decode1252 appends one byte of Windows-1252 as UTF-8.
func decode1252(dst []byte, c byte) []byte {
	r := rune(c)
	if c >= 0x80 && c < 0xA0 {
		r = windows1252[c-0x80]
	}
	return utf8.AppendRune(dst, r)
}

// badByte returns the offset of the first byte that is not text in charset, -1 when there is none.
func badByte(text []byte, charset Charset) int {
	zero := bytes.IndexByte(text, 0)
	if charset == Windows1252 {
		for i, c := range text {
			if c == 0 || c >= 0x80 && c < 0xA0 && windows1252[c-0x80] == 0 {
				return i
			}
		}
		return -1
	}
	if utf8.Valid(text) {
		return zero
	}
	for i := 0; i < len(text); {
		r, n := utf8.DecodeRune(text[i:])
		if i == zero || r == utf8.RuneError && n == 1 {
			return i
		}
		i += n
	}
	return -1
}
