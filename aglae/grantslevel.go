package aglae

import (
	"strconv"
	"strings"
	"unicode"
)

// Level is an échelon in small letters without blanks: "0bis", "1" to "7". The type
// is open: older texts count up to 8, and what is not known is kept as read. The zero
// value is "not told". Make one by [ParseLevel], which makes "0BIS" and "0bis" equal.
type Level string

// Level0bis is the lowest échelon.
const Level0bis Level = "0bis"

// ParseLevel reads an échelon in any case and with blanks. It refuses nothing.
func ParseLevel(s string) Level {
	return Level(strings.ToLower(strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return -1
		}
		return r
	}, s)))
}

// Known reports whether l is one of the eight échelons of today.
func (l Level) Known() bool {
	rank, ok := l.Rank()
	return ok && rank <= 7
}

// Rank orders échelons: 0 for 0bis, else the number, up to 99. ok is false for any
// other text.
func (l Level) Rank() (rank int, ok bool) {
	if l == Level0bis {
		return 0, true
	}
	if len(l) == 0 || len(l) > 2 || l[0] == '0' || strings.Trim(string(l), "0123456789") != "" {
		return 0, false
	}
	rank, _ = strconv.Atoi(string(l)) // one or two digits
	return rank, true
}

// MarshalText returns the text.
func (l Level) MarshalText() ([]byte, error) { return []byte(l), nil }

// UnmarshalText reads as ParseLevel does.
func (l *Level) UnmarshalText(text []byte) error {
	*l = ParseLevel(string(text))
	return nil
}
