package ine

import (
	"slices"
	"strings"

	"github.com/passerelle-sup/passerelle/uai"
)

// Hints is what the characters of a number seem to say. It is information to
// show to a person, never a test: none of it is published as a rule, and numbers
// that contradict it are valid. A field that the family does not have is zero.
type Hints struct {
	// Academy is the two digits of the academy that issued a BEA, SIFA or
	// provisional number (third-party code; for SIFA an inference).
	Academy string
	// AcademyKnown reports whether Academy is among the values that a third-party
	// checker accepts.
	AcademyKnown bool
	// AcademyName is the meaning of the few codes whose meaning is known:
	// "international" (00), "agriculture" (80), "Bordeaux" (04), "Montpellier" (11).
	AcademyName string
	// Year is the year of immatriculation that two digits stand for: 90 to 99 are
	// of the 20th century. For BEA it is third-party code; for SIFA and
	// provisional numbers an inference; for RNIE the law says "school year of
	// immatriculation" and that these two digits are it, and which end of the
	// school year they name, is an inference.
	Year int
	// Series is the sixth character of an NNE, fixed nationally for each year.
	Series string
	// SeriesYear is the academic year of Series where it is known: N is 2013-2014
	// (SISE technical file), P is 2014-2015 (inference from one number).
	SeriesYear string
	// Issuer is the establishment that issued an NNE: its first five characters
	// read in base 36 as the digits of a UAI. It is an inference from one
	// published number, whose establishment exists.
	Issuer uai.Code
	// Repeated reports that all characters before the key of a BEA or NNE are
	// the same digit. eCandidat refuses such numbers.
	Repeated bool
}

// academies is the list of a third-party checker.
const academies = "00 01 02 03 04 05 06 07 08 09 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 31 32 33 40 41 42 43 44 50 51 59 80 99"

var academyNames = map[string]string{"00": "international", "04": "Bordeaux", "11": "Montpellier", "80": "agriculture"}

var seriesYears = map[string]string{"N": "2013-2014", "P": "2014-2015"}

// Hints reads what the characters of n seem to say. It is zero for the zero Number.
func (n Number) Hints() Hints {
	var h Hints
	switch f := n.Family(); f {
	case RNIE:
		h.Year = n.century(0)
	case BEA, SIFA, Provisional:
		h.Academy = n.String()[:2]
		h.AcademyKnown = slices.Contains(strings.Fields(academies), h.Academy)
		h.AcademyName = academyNames[h.Academy]
		h.Year = n.century(2)
		h.Repeated = f == BEA && n.repeated()
	case NNE:
		h.Series = n.String()[5:6]
		h.SeriesYear = seriesYears[h.Series]
		h.Issuer = n.issuer()
		h.Repeated = n.repeated()
	}
	return h
}

// century reads the year of two digits that stands at a position: none is older than 1990, since numbers
// exist since 1995.
func (n Number) century(at int) int {
	y := int(n.digit(at)*10 + n.digit(at+1))
	if y >= 90 {
		return 1900 + y
	}
	return 2000 + y
}

// repeated reports whether the first ten characters are the same digit.
func (n Number) repeated() bool {
	for i := 1; i < 10; i++ {
		if n.at(i) != n.at(0) {
			return false
		}
	}
	return n.at(0) <= '9'
}

const prefixLen = 5

func (n Number) issuer() uai.Code {
	code, err := uai.FromNumber(int(n.base36(prefixLen)))
	if err != nil {
		return uai.Code{} // five characters hold more than seven digits
	}
	return code
}

// base36 reads the first characters as a number in base 36.
func (n Number) base36(width int) uint64 {
	v := uint64(0)
	for i := range width {
		v = v*36 + value36(n.at(i))
	}
	return v
}

// NNEPrefix returns the five characters with which the NNE numbers issued by an
// establishment seem to begin: an inference, see [Hints]. It is "" for the zero Code.
func NNEPrefix(issuer uai.Code) string {
	if issuer.IsZero() {
		return ""
	}
	const digits36 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	var b [prefixLen]byte
	for i, v := prefixLen-1, issuer.Number(); i >= 0; i, v = i-1, v/36 {
		b[i] = digits36[v%36]
	}
	return string(b[:])
}
