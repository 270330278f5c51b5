package egracons

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

const maxLabel = 200 // characters of one label

// homoglyphs are the Cyrillic and Greek capitals that look like the Latin ones
// of letter grades. Documents retyped from pictures are full of them.
var homoglyphs = map[rune]rune{
	'А': 'A', 'В': 'B', 'С': 'C', 'Е': 'E', 'Х': 'X', // Cyrillic
	'Α': 'A', 'Β': 'B', 'Ε': 'E', 'Χ': 'X', // Greek
}

// normalLabel returns the form in which labels are compared: blanks trimmed and
// collapsed, the comma of a pure number turned into a point, dashes into the
// ASCII one, look-alike letters of a letter grade into Latin ones. Upper and
// lower case stay different, and so do "02" and "2".
func normalLabel(s string) string {
	if isPlain(s) {
		return s
	}
	s = strings.Join(strings.Fields(s), " ")
	s = strings.Map(func(r rune) rune {
		if r == '\u2212' || (r >= '\u2010' && r <= '\u2013') {
			return '-'
		}
		return r
	}, s)
	if n := strings.Replace(s, ",", ".", 1); n != s {
		if _, err := ParseNumber(n); err == nil {
			s = n
		}
	}
	return foldLetters(s)
}

// isPlain reports whether s is short, printable ASCII that normalises to itself,
// as nearly all labels are.
func isPlain(s string) bool {
	for i := range len(s) {
		if c := s[i]; c <= ' ' || c >= 0x7f || c == ',' {
			return false
		}
	}
	return true
}

// foldLetters folds homoglyphs in a letter grade: at most three characters,
// Latin capitals, look-alikes, signs and digits. Words in another alphabet are
// left alone, because one of their letters has no look-alike or there are more.
func foldLetters(s string) string {
	if utf8.RuneCountInString(s) > 3 {
		return s
	}
	var out []rune
	for _, r := range s {
		latin, folded := homoglyphs[r]
		switch {
		case folded:
			out = append(out, latin)
		case r < utf8.RuneSelf:
			out = append(out, r)
		default:
			return s
		}
	}
	return string(out)
}

// labelFault says why s cannot be a label, or "".
func labelFault(s string) string {
	switch {
	case strings.TrimSpace(s) == "":
		return "the label is empty"
	case !utf8.ValidString(s):
		return "the label is not UTF-8"
	case utf8.RuneCountInString(s) > maxLabel:
		return "the label has more than 200 characters"
	case strings.ContainsFunc(s, func(r rune) bool { return unicode.IsControl(r) && !unicode.IsSpace(r) }):
		return "the label holds a control character"
	}
	return ""
}
