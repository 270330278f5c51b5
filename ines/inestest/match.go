package inestest

import (
	"strings"

	"github.com/passerelle-sup/passerelle"
)

// identity is a civil identity folded for comparison.
type identity struct {
	family, usage string
	given         [3]string
	sex           passerelle.Sex
	birth         passerelle.Date
	place         string
}

func fold(p passerelle.Person) identity {
	id := identity{family: passerelle.FoldName(p.BirthName), usage: passerelle.FoldName(p.UsageName), sex: p.Sex, birth: p.BirthDate, place: p.Birthplace.Code()}
	for i, g := range p.GivenNames {
		id.given[i] = passerelle.FoldName(g)
	}
	return id
}

// key identifies the identity among requests.
func (id identity) key() string {
	return strings.Join([]string{id.family, id.given[0], id.sex.String(), id.birth.String(), id.place}, "|")
}

// is reports whether two identities are those of one person: birth name, first
// given name, sex, birth date, and birthplace where both are known.
func (id identity) is(other identity) bool {
	return id.family == other.family && id.given[0] == other.given[0] && id.sex == other.sex && id.birth == other.birth &&
		(id.place == other.place || id.place == "" || other.place == "")
}

// resembles reports whether the register doubts: the same birth date, a birth
// name that is near or is the other's usage name, and a near first given name.
func (id identity) resembles(other identity) bool {
	if id.birth != other.birth {
		return false
	}
	family := near(id.family, other.family) ||
		id.usage != "" && id.usage == other.family || other.usage != "" && other.usage == id.family
	return family && (near(id.given[0], other.given[0]) || id.given[0] == other.given[1] || other.given[0] == id.given[1])
}

// near reports whether two folded names differ by two letters at most, and by
// less than a third of the shorter one.
func near(a, b string) bool {
	d := distance(a, b, 2)
	return d <= 2 && 3*d < min(len(a), len(b))+1
}

// distance is the Levenshtein distance of two names, or more than limit.
func distance(a, b string, limit int) int {
	if len(a) > len(b) {
		a, b = b, a
	}
	if len(b)-len(a) > limit {
		return limit + 1
	}
	row := make([]int, len(a)+1)
	for i := range row {
		row[i] = i
	}
	for j := range len(b) {
		diagonal := row[0]
		row[0] = j + 1
		for i := range len(a) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[i+1]
			row[i+1] = min(cost, row[i]+1, row[i+1]+1)
		}
	}
	return row[len(a)]
}
