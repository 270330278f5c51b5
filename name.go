package passerelle

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// ligatures are the Latin letters that Unicode does not decompose and that
// French and neighbouring registries write with two letters, or without stroke.
var ligatures = map[rune]string{
	'Œ': "OE", 'Æ': "AE", 'ẞ': "SS", 'ß': "SS", 'Ø': "O", 'Ł': "L", 'Đ': "D", 'Ð': "D", 'Þ': "TH", 'ı': "I", 'Ħ': "H", 'Ŧ': "T",
}

// FoldName returns name in the form under which two spellings of one name are
// equal: upper case, without accents, ligatures and strokes spelt out (Œ is OE),
// hyphens, apostrophes (typographic ones too), dots and any run of blanks as one
// blank. Letters of other scripts stay, in upper case. It is for comparison only:
// transmission leaves names as they were recorded.
func FoldName(name string) string {
	if folded, ok := foldASCII(name); ok {
		return folded
	}
	var b strings.Builder
	b.Grow(len(name))
	blank := false
	for _, r := range norm.NFD.String(strings.ToValidUTF8(name, "\ufffd")) {
		switch {
		case unicode.Is(unicode.Mn, r):
			continue
		case separates(r):
			blank = b.Len() > 0
			continue
		case !unicode.IsPrint(r):
			continue
		}
		if blank {
			b.WriteByte(' ')
			blank = false
		}
		r = unicode.ToUpper(r)
		if s, ok := ligatures[r]; ok {
			b.WriteString(s)
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// foldASCII is FoldName for the names, most of a base, that are plain upper-case
// letters and single blanks already.
func foldASCII(name string) (string, bool) {
	for i := range len(name) {
		c := name[i]
		if c >= 'A' && c <= 'Z' {
			continue
		}
		if c == ' ' && i > 0 && i < len(name)-1 && name[i-1] != ' ' {
			continue
		}
		return "", false
	}
	return name, true
}

// separates reports whether r stands between the words of a name.
func separates(r rune) bool {
	switch r {
	case '\'', '`', '´', '’', '‘', 'ʼ', '′', '-', '‐', '‑', '‒', '–', '—', '−', '.', '·', '_':
		return true
	}
	return unicode.IsSpace(r)
}

// SameName reports whether a and b are two spellings of one name. Two empty
// names are not: nothing is known of them.
func SameName(a, b string) bool {
	f := FoldName(a)
	return f != "" && f == FoldName(b)
}
