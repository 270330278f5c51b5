package egracons

import "math/big"

// LetterRule tells which ECTS letter a grade gets when it spans a threshold. The
// letters A to E were the share of the best 10 %, next 25, 30, 25 and last 10 %
// of the passes until the ECTS Users' Guide of 2009 gave them up; they are still
// printed beside the table by some institutions.
type LetterRule uint8

// Letter rules. The zero value is none.
const (
	// FirstClass: the class where the interval starts. Portuguese law (Decreto-Lei
	// 42/2005, article 20): a grade that spans two classes goes to the better one.
	FirstClass LetterRule = iota + 1
	// BestFit: each threshold is put before or after the grade that spans it,
	// whichever is nearer, equal distance including the grade. The rule of the
	// ULisboa software, without its rounding on the way, which can move a boundary.
	BestFit
	// Strict: the class that holds the end of the interval. It contradicts the
	// Danish official correspondence on real figures.
	Strict
	// MiddleClass: the class that holds the middle of the interval.
	MiddleClass
)

// Letter is the ECTS letter of a grade.
type Letter struct {
	Grade  string
	Letter string // "A" to "E"
}

var (
	ectsLetters    = [...]string{"A", "B", "C", "D", "E"}
	ectsShares     = [...]int64{10, 25, 30, 25, 10}
	ectsThresholds = [...]int64{10, 35, 65, 90, 100} // cumulative percent
)

// Letters returns the ECTS letters of the passing grades of a table, best first.
// The error is an *Error of kind ErrBadRules when there is no such rule.
func Letters(t *Table, rule LetterRule) ([]Letter, error) {
	if rule < FirstClass || rule > MiddleClass {
		return nil, &Error{Kind: ErrBadRules, Field: "rule", Want: "FirstClass, BestFit, Strict or MiddleClass"}
	}
	total := t.total()
	// Running sums are counted in hundredths of the total, twice, so that middles
	// are whole: the threshold T stands at 2·T·total.
	at := func(sum *big.Int) *big.Int { return new(big.Int).Mul(sum, big.NewInt(200)) }
	threshold := func(k int) *big.Int { return new(big.Int).Mul(total, big.NewInt(2*ectsThresholds[k])) }
	// class returns the first class whose threshold is not below p, or above p.
	class := func(p *big.Int, above bool) int {
		k := 0
		for k < len(ectsLetters)-1 {
			if order := threshold(k).Cmp(p); order > 0 || order == 0 && !above {
				break
			}
			k++
		}
		return k
	}
	var ends [len(ectsLetters)]int
	if rule == BestFit {
		ends = t.bestFit(threshold, at)
	}
	letters := make([]Letter, len(t.graded))
	for i, rank := range t.graded {
		lo, hi := at(t.cum[i]), at(t.cum[i+1])
		k := 0
		switch rule {
		case FirstClass:
			k = class(lo, true)
		case Strict:
			k = class(hi, false)
		case MiddleClass:
			k = class(new(big.Int).Rsh(lo.Add(lo, hi), 1), false)
		case BestFit:
			for k < len(ends)-1 && i >= ends[k] {
				k++
			}
		}
		letters[i] = Letter{Grade: t.scale.grades[rank].Label, Letter: ectsLetters[k]}
	}
	return letters, nil
}

// bestFit returns how many grades stand before the end of each class.
func (t *Table) bestFit(threshold func(int) *big.Int, at func(*big.Int) *big.Int) [len(ectsLetters)]int {
	var ends [len(ectsLetters)]int
	for k := range ends {
		for i := range t.graded {
			before, after := at(t.cum[i]), at(t.cum[i+1])
			if after.Cmp(threshold(k)) < 0 {
				continue
			}
			ends[k] = i
			if after.Sub(after, threshold(k)).CmpAbs(before.Sub(before, threshold(k))) <= 0 {
				ends[k] = i + 1
			}
			break
		}
	}
	return ends
}

// LegacyLetters returns the old ECTS scale as a host table, A 10 %, B 25, C 30,
// D 25, E 10, for a transcript that carries a letter and no table. It is wrong
// for institutions whose letters follow criteria, as in Norway, Denmark or
// Opava: take their real table. The error is that of [NewTable], for the
// identity.
func LegacyLetters(identity Identity) (*Table, error) {
	var grades []Grade
	var weights []Weight
	for i, letter := range ectsLetters {
		grades = append(grades, Grade{Label: letter, Passing: true, Value: Int(int64(5 - i))})
		weights = append(weights, Weight{Grade: letter, Number: Int(ectsShares[i])})
	}
	grades = append(grades, Grade{Label: "FX", Aliases: []string{"Fx"}}, Grade{Label: "F"})
	scale, err := NewScale("ects-letters", grades...)
	if err != nil {
		return nil, err
	}
	if identity.ID == "" {
		identity.ID = "ects-legacy-letters"
	}
	return NewTable(TableSpec{Identity: identity, Scale: scale, Basis: Percentages, Weights: weights})
}
