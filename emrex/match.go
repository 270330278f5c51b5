package emrex

import (
	"fmt"
	"log/slog"
	"unicode/utf16"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp/elmo"
)

// Match is how much the learner of a document is like a person. It decides
// nothing: a difference is shown to somebody, or refused, by the caller's policy.
type Match struct {
	// Family and Given are the edit distances of the names as they are written.
	Family, Given int
	// FoldedFamily and FoldedGiven are those of the names without accents, case and
	// hyphens, against the birth name or the usage name, whichever is closer. Given
	// names that are the first of the other's count as none. A family name that is
	// missing is like no other: FoldedFamily is then 1 at least.
	FoldedFamily, FoldedGiven int
	// Birth says whether the birth dates are the same: "same", "different", or
	// "unknown" when one is missing.
	Birth string
	// Score is the rule of the field's SMP: both distances, plus 100 unless the birth
	// dates are the same.
	Score int
	// Ratio is the rule of Finland and Denmark: both distances by the length of the
	// local name; they take 0.1 and less as the same person, when the birth dates are
	// the same.
	Ratio float64
}

// The words of Match.Birth.
const (
	BirthSame      = "same"
	BirthDifferent = "different"
	BirthUnknown   = "unknown"
)

// fieldRatio is what the public clients of Finland and Denmark accept.
const fieldRatio = 0.1

// ByField is the verdict of the clients of Finland and Denmark.
func (m Match) ByField() bool { return m.Birth == BirthSame && m.Ratio <= fieldRatio }

// Folded is the verdict on names without accents, case and hyphens: the same birth
// date, and the same names. It is the policy to begin with.
func (m Match) Folded() bool {
	return m.Birth == BirthSame && m.FoldedFamily == 0 && m.FoldedGiven == 0
}

// String says the figures, without names.
func (m Match) String() string {
	return fmt.Sprintf("birth dates %s; names differ by %d+%d as written, by %d+%d without accents and case; score %d, ratio %.3f",
		m.Birth, m.Family, m.Given, m.FoldedFamily, m.FoldedGiven, m.Score, m.Ratio)
}

// LogValue shows the figures.
func (m Match) LogValue() slog.Value { return slog.StringValue(m.String()) }

// Compare says how much a learner is like a person.
func Compare(l elmo.Learner, p passerelle.Person) Match {
	given := p.Given()
	m := Match{Family: distance(l.FamilyName, p.BirthName), Given: distance(l.GivenNames, given), Birth: BirthUnknown}
	family := passerelle.FoldName(l.FamilyName)
	m.FoldedFamily = distance(family, passerelle.FoldName(p.BirthName))
	if p.UsageName != "" {
		m.FoldedFamily = min(m.FoldedFamily, distance(family, passerelle.FoldName(p.UsageName)))
	}
	if family == "" {
		m.FoldedFamily = max(m.FoldedFamily, 1)
	}
	m.FoldedGiven = givenDistance(passerelle.FoldName(l.GivenNames), passerelle.FoldName(given))
	if born, err := l.Birth(); err == nil && !p.BirthDate.IsZero() {
		m.Birth = BirthDifferent
		if born == p.BirthDate {
			m.Birth = BirthSame
		}
	}
	m.Score = m.Family + m.Given
	if m.Birth != BirthSame {
		m.Score += 100
	}
	if n := len(utf16.Encode([]rune(given + " " + p.BirthName))); n > 1 {
		m.Ratio = float64(m.Family+m.Given) / float64(n)
	}
	return m
}

// givenDistance counts given names that the other does not have as none, when
// those that both have are the first ones.
func givenDistance(a, b string) int {
	short, long := a, b
	if len(short) > len(long) {
		short, long = long, short
	}
	if short != "" && len(long) > len(short) && long[:len(short)] == short && long[len(short)] == ' ' {
		return 0
	}
	return distance(a, b)
}

// maxName bounds the names that are compared: the cost is the product of the lengths.
const maxName = 1000

// distance is the Levenshtein distance in UTF-16 units, as the field computes it.
func distance(a, b string) int {
	x, y := utf16.Encode([]rune(a)), utf16.Encode([]rune(b))
	x, y = x[:min(len(x), maxName)], y[:min(len(y), maxName)]
	row := make([]int, len(y)+1)
	for j := range row {
		row[j] = j
	}
	for i, c := range x {
		diagonal := row[0]
		row[0] = i + 1
		for j, d := range y {
			cost := diagonal
			if c != d {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(y)]
}
