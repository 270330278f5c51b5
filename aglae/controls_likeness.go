package aglae

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/passerelle-sup/passerelle/ine"
)

// Likeness says how an INE and a grant number resemble each other, and which of the two
// is an INE with the right key.
type Likeness struct {
	Slip  Slip
	Pos   int   // of the first character that differs, from 1; 0 for Same and Unlike
	Right Right // which of the two has the right key
	// WrongKey says that one of the two has the shape of an INE and a wrong key, and the
	// other a right one: a sign of a slip however unlike they are.
	WrongKey bool
}

// Slip is what parts two numbers.
type Slip uint8

// The slips. The zero value says that none explains the difference.
const (
	Unlike      Slip = iota
	Same             // equal but for blanks and case
	Substituted      // one character replaced
	Swapped          // two neighbours swapped
	Dropped          // one character missing in one of the two
)

// Right tells which number has the right key. The zero value says that it cannot be
// told.
type Right uint8

// The values of Right.
const (
	RightUnknown     Right = iota // neither, both, or no rule is known
	RightINE                      // the INE alone
	RightGrantNumber              // the grant number alone, read as an INE
)

// Mistyped reports whether one of the two looks mistyped.
func (l Likeness) Mistyped() bool {
	return l.Slip == Substituted || l.Slip == Swapped || l.Slip == Dropped || l.WrongKey
}

// LikenessOf compares an INE and a grant number as recorded. Blanks and case do not
// count. The keys are checked by the built-in rules of package ine; that of the current
// family is deduced.
func LikenessOf(number, grant string) Likeness {
	return likenessOf(normalNumber(number), normalNumber(grant))
}

func likenessOf(a, b string) Likeness {
	var l Likeness
	l.Slip, l.Pos = slip(a, b)
	if l.Slip == Same {
		return l
	}
	ka, kb := keyOf(a), keyOf(b)
	switch {
	case ka == ine.KeyOK && kb != ine.KeyOK && kb != ine.KeyUnchecked:
		l.Right, l.WrongKey = RightINE, kb == ine.KeyWrong
	case kb == ine.KeyOK && ka != ine.KeyOK && ka != ine.KeyUnchecked:
		l.Right, l.WrongKey = RightGrantNumber, ka == ine.KeyWrong
	}
	return l
}

// keyOf judges the key of a text; KeyNone when it has the shape of no INE.
func keyOf(s string) ine.KeyVerdict {
	n, err := ine.Parse(s)
	if err != nil {
		return ine.KeyNone
	}
	return n.Key()
}

func slip(a, b string) (Slip, int) {
	if a == b {
		return Same, 0
	}
	i := 0
	for i < len(a) && i < len(b) && a[i] == b[i] {
		i++
	}
	switch {
	case len(a) == len(b) && a[i+1:] == b[i+1:]:
		return Substituted, i + 1
	case len(a) == len(b) && i+1 < len(a) && a[i] == b[i+1] && a[i+1] == b[i] && a[i+2:] == b[i+2:]:
		return Swapped, i + 1
	case len(a) == len(b)+1 && a[i+1:] == b[i:], len(b) == len(a)+1 && b[i+1:] == a[i:]:
		return Dropped, i + 1
	}
	return Unlike, 0
}

// reason says it to a clerk.
func (l Likeness) reason() Reason {
	key := map[Slip]string{Substituted: "slip", Swapped: "swap", Dropped: "dropped"}[l.Slip]
	side := map[Right]string{RightINE: "-ine", RightGrantNumber: "-grant"}[l.Right]
	switch {
	case key != "":
		return because(key+side, l.Pos)
	case l.WrongKey:
		return because("wrong-key" + side)
	}
	return because("different" + side)
}

// normalNumber writes a number in capitals and without blanks. It allocates nothing for
// one that is so already.
func normalNumber(s string) string {
	normal := true
	for i := range len(s) {
		if c := s[i]; c <= ' ' || c >= 'a' && c <= 'z' || c >= utf8.RuneSelf {
			normal = false
			break
		}
	}
	if normal {
		return s
	}
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || unicode.IsControl(r) {
			return -1
		}
		return unicode.ToUpper(r)
	}, s)
}
