package ine

// Layout is the way in which a system stores a number and its key apart. The
// zero value is ByFamily.
type Layout uint8

// The layouts met in the field.
const (
	// ByFamily is 9+2 for RNIE numbers and 10+1 for the others, as eCandidat
	// stores them and asks Apogée's pre-registration tables for them.
	ByFamily Layout = iota
	// TenOne is 10+1 for every family: COD_NNE_IND and COD_CLE_NNE_IND of
	// Apogée's table INDIVIDU as its published schemas declare them. How RNIE
	// numbers are stored there differs between sources: read with [Join].
	TenOne
)

// Split cuts n into the part that a system stores as number and the one that it
// stores as key. Both are empty for the zero Number.
func (n Number) Split(l Layout) (body, key string) {
	if n.IsZero() {
		return "", ""
	}
	at := size - 1
	if l == ByFamily {
		at = size - n.Family().keyLen()
	}
	s := n.String()
	return s[:at], s[at:]
}

// Join puts together a number and a key that a system stores apart, whether as
// 10+1 or as 9+2, and parses the whole; a number stored whole beside an empty key
// is accepted too. Its error is a *passerelle.ParseError: rule "length" when
// the parts do not make 11 characters, or that of [Parse].
func Join(body, key string) (Number, error) {
	whole, k := normalText(body), normalText(key)
	switch {
	case len(whole)+len(k) != size, len(k) > 2:
		return Number{}, fault("length", 0, "a number and a key of 10 and 1 or 9 and 2 characters")
	}
	return Parse(whole + k)
}
