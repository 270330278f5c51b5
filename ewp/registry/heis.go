package registry

import (
	"bytes"
	"iter"
	"slices"
	"unicode/utf8"

	"github.com/passerelle-sup/passerelle/ewp"
)

// HEIs is a set of institutions, in no order that means anything. The zero value is
// the empty set.
type HEIs struct{ ids []ewp.HEIID }

// Len returns how many there are.
func (s HEIs) Len() int { return len(s.ids) }

// Has reports whether an institution is in the set.
func (s HEIs) Has(id ewp.HEIID) bool { return slices.Contains(s.ids, id) }

// All yields the institutions.
func (s HEIs) All() iter.Seq[ewp.HEIID] { return slices.Values(s.ids) }

// One returns the institution of a set that has exactly one. Since version 1.11 of
// the architecture each host and each client key has; a server that finds another
// number cannot tell whose request it is.
func (s HEIs) One() (ewp.HEIID, bool) {
	if len(s.ids) != 1 {
		return ewp.HEIID{}, false
	}
	return s.ids[0], true
}

type heiRecord struct {
	hei       HEI
	described bool // stands among the institutions of the catalogue
	hosts     span // of Index.hostsOf
}

// HEI is what the catalogue says of an institution.
type HEI struct{ ewp.Institution }

// HEI returns an institution. It is false for one that the catalogue does not
// describe, even when a host covers it.
func (x *Index) HEI(id ewp.HEIID) (HEI, bool) {
	i, ok := x.heiIndex[id]
	if !ok || !x.heis[i].described {
		return HEI{}, false
	}
	return x.heis[i].hei, true
}

// HEIs yields all institutions that the catalogue describes.
func (x *Index) HEIs() iter.Seq[HEI] {
	return func(yield func(HEI) bool) {
		for i := range x.heis {
			if x.heis[i].described && !yield(x.heis[i].hei) {
				return
			}
		}
	}
}

// HEIsByOtherID returns the institutions with another identifier, such as
// (ewp.OtherIDErasmus, "F PARIS001"). Blanks around it and its case do not count,
// blanks inside do. There may be several: in the real network two institutions
// share one PIC and one Erasmus code. It does not allocate for identifiers of usual
// length.
func (x *Index) HEIsByOtherID(typ, value string) HEIs {
	var buf [128]byte
	key := append(buf[:0], typ...)
	key = append(key, 0)
	key = append(key, value...)
	return x.otherIDs[string(otherIDKey(key, len(typ)+1))]
}

// otherIDKey makes a type, a zero byte and a value, which begins at from, into what
// is looked up. It works in place.
func otherIDKey(key []byte, from int) []byte {
	value := key[from:]
	for len(value) > 0 && value[0] <= ' ' {
		value = value[1:]
	}
	for len(value) > 0 && value[len(value)-1] <= ' ' {
		value = value[:len(value)-1]
	}
	ascii := true
	for i, c := range value {
		if 'A' <= c && c <= 'Z' {
			value[i] += 'a' - 'A'
		}
		ascii = ascii && c < utf8.RuneSelf
	}
	if !ascii {
		value = bytes.ToLower(value)
	}
	return append(key[:from], value...)
}

// Name returns the English name, or else any, or else the identifier.
func (h HEI) Name() string {
	if t := h.Names.In("en"); t.Value != "" {
		return t.Value
	}
	return h.ID.String()
}

// EnglishName returns the name in English, "" when there is none. "EN-Latn" is
// English.
func (h HEI) EnglishName() string { return h.first(true) }

// LocalName returns the first name that is not in English, or names no language; ""
// when there is none.
func (h HEI) LocalName() string { return h.first(false) }

func (h HEI) first(english bool) string {
	for _, t := range h.Names {
		if t.IsLang("en") == english {
			return t.Value
		}
	}
	return ""
}

// OtherIDsOf returns the identifiers of one type as they are published.
func (h HEI) OtherIDsOf(typ string) []string {
	var values []string
	for _, id := range h.OtherIDs {
		if id.Type == typ {
			values = append(values, id.Value)
		}
	}
	return values
}
