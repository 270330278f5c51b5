package egracons

import (
	"fmt"
	"math/big"
	"strconv"
)

// Basis tells what the numbers of a table are.
type Basis uint8

// Bases. The zero value is none.
const (
	Counts      Basis = iota + 1 // how often each grade was awarded: the best basis
	Percentages                  // the share of each grade, in percent
	Cumulatives                  // the running sum of the shares from the best grade down, in percent
)

var basisNames = [...]string{"", "counts", "percentages", "cumulatives"}

// String returns "counts", "percentages" or "cumulatives".
func (b Basis) String() string {
	if int(b) < len(basisNames) {
		return basisNames[b]
	}
	return "basis " + strconv.Itoa(int(b))
}

// Weight is the number that a table gives for a grade.
type Weight struct {
	Grade  string // label or alias of the scale
	Number Number // a whole count, or a percentage
}

// TableSpec is what a table is made of.
type TableSpec struct {
	Identity Identity
	Scale    *Scale
	Basis    Basis
	// Weights in any order, at most one for each grade of the scale, failing grades
	// included where they are known: they enter the check of the sum and are then
	// left out. A grade without weight was never awarded.
	Weights []Weight
	// Stated is the number of passing grades behind published percentages, where
	// it is told; 0 when it is not.
	Stated int64
	// Tolerance is how far published percentages may add up from 100. Unset, it is
	// half of the last printed digit for each of them: what rounding can do at
	// worst.
	Tolerance Number
	// MinSize refuses a table of fewer passing grades; 0 refuses none. Where the
	// size is not known it cannot be checked, and conversions say so.
	MinSize int64
}

// maxCount bounds one count so that no sum leaves 64 bits.
const maxCount = 1_000_000_000_000_000

// Table is the distribution of the passing grades of a reference group. It is
// immutable and safe for concurrent use.
type Table struct {
	identity Identity
	scale    *Scale
	basis    Basis
	stated   int64
	within   Number     // the tolerance asked for
	printed  []Number   // the numbers as given, by rank; unset where none was
	weights  []*big.Int // by rank, all in the same unit
	graded   []int      // ranks of the passing grades with a position, best first
	cum      []*big.Int // running sums of their weights: cum[0] is 0, the last is the total
}

// NewTable checks the numbers and returns their table. Percentages must add up
// to 100 within the tolerance, failing grades included; passing grades are then
// counted from what remains. The error is an *Error of kind ErrBadTable or
// ErrTooSmall, or several joined.
func NewTable(spec TableSpec) (*Table, error) {
	name := spec.Identity.Name()
	if spec.Scale == nil {
		return nil, &Error{Kind: ErrBadTable, Table: name, Field: "scale", Want: "a scale: the order of grades is never guessed"}
	}
	if spec.Basis < Counts || spec.Basis > Cumulatives {
		return nil, &Error{Kind: ErrBadTable, Table: name, Field: "basis", Want: "Counts, Percentages or Cumulatives"}
	}
	if spec.Stated < 0 || spec.Stated > maxCount {
		return nil, &Error{Kind: ErrBadTable, Table: name, Field: "stated", Want: "a number of grades, 0 when it is not known"}
	}
	t := &Table{identity: spec.Identity, scale: spec.Scale, basis: spec.Basis, stated: spec.Stated, within: spec.Tolerance}
	var bad faults
	spec.Identity.check(&bad)
	t.printed = place(spec, &bad)
	if len(bad) > 0 {
		return nil, bad.err()
	}
	t.weigh()
	if spec.Basis != Counts {
		if err := t.checkSum(spec.Tolerance); err != nil {
			return nil, err
		}
	}
	t.accumulate()
	if t.total().Sign() == 0 {
		return nil, &Error{Kind: ErrBadTable, Table: name, Want: "no passing grades counted"}
	}
	if err := t.checkSize(spec.MinSize); err != nil {
		return nil, err
	}
	return t, nil
}

// place puts each number at the rank of its grade and checks it.
func place(spec TableSpec, bad *faults) []Number {
	numbers := make([]Number, spec.Scale.Len())
	fault := func(i int, want string) {
		bad.add(&Error{Kind: ErrBadTable, Table: spec.Identity.Name(), Row: i + 1, Grade: spec.Weights[i].Grade, Want: want})
	}
	for i, w := range spec.Weights {
		// Labels only: a mark that a band would take is no row of a table.
		rank, ok := spec.Scale.index[normalLabel(w.Grade)]
		switch {
		case !ok:
			fault(i, "the scale has no such grade")
		case numbers[rank].IsSet():
			fault(i, duplicate(spec.Scale.grades[rank], w.Grade))
		case !w.Number.IsSet():
			fault(i, "a number")
		case w.Number.Sign() < 0:
			fault(i, fmt.Sprintf("negative %s %s", one[spec.Basis], w.Number))
		case spec.Basis == Counts && !w.Number.rat.IsInt():
			fault(i, fmt.Sprintf("a whole count, not %s", w.Number))
		case spec.Basis == Counts && w.Number.Cmp(Int(maxCount)) > 0:
			fault(i, "a count of at most 10^15")
		case spec.Basis == Percentages && w.Number.Cmp(Int(200)) > 0, spec.Basis == Cumulatives && w.Number.Cmp(Int(200)) > 0:
			fault(i, fmt.Sprintf("a percentage, not %s", w.Number))
		default:
			numbers[rank] = w.Number
		}
	}
	if spec.Basis == Cumulatives {
		var last Number
		for rank, n := range numbers {
			switch {
			case !n.IsSet():
			case n.Cmp(last) < 0:
				bad.add(&Error{Kind: ErrBadTable, Table: spec.Identity.Name(), Row: rank + 1, Grade: spec.Scale.grades[rank].Label,
					Want: fmt.Sprintf("cumulative decreasing: %s after %s", n, last)})
			default:
				last = n
			}
		}
	}
	return numbers
}

var one = map[Basis]string{Counts: "count", Percentages: "percentage", Cumulatives: "cumulative"}

// weigh turns the printed numbers into whole weights of a common unit.
func (t *Table) weigh() {
	unit := big.NewInt(1)
	for _, n := range t.printed {
		unit = commonUnit(unit, n)
	}
	last := new(big.Int)
	t.weights = make([]*big.Int, len(t.printed))
	for rank, n := range t.printed {
		w := new(big.Int)
		if n.IsSet() {
			w = inUnits(n, unit)
			if t.basis == Cumulatives {
				running := new(big.Int).Set(w)
				w.Sub(w, last)
				last = running
			}
		}
		t.weights[rank] = w
	}
}

// checkSum compares the sum of all published percentages with 100.
func (t *Table) checkSum(tolerance Number) error {
	sum, places, printed := new(big.Rat), 0, int64(0)
	for _, n := range t.printed {
		if !n.IsSet() {
			continue
		}
		printed++
		if p, exact := exactPlaces(n.rat); exact {
			places = max(places, p)
		}
		if t.basis == Cumulatives {
			sum.Set(n.rat)
		} else {
			sum.Add(sum, n.rat)
		}
	}
	if !tolerance.IsSet() {
		tolerance = Number{rat: new(big.Rat).SetFrac(big.NewInt(printed), new(big.Int).Mul(big.NewInt(2), pow10(places)))}
	}
	off := new(big.Rat).Sub(sum, big.NewRat(100, 1))
	if off.Abs(off).Cmp(tolerance.value()) <= 0 {
		return nil
	}
	what := "percentages add up to"
	if t.basis == Cumulatives {
		what = "the last cumulative is"
	}
	return &Error{Kind: ErrBadTable, Table: t.identity.Name(),
		Want: fmt.Sprintf("%s %s: outside the tolerance of %s around 100", what, FromRat(sum), tolerance)}
}

// accumulate lists the passing grades and their running sums.
func (t *Table) accumulate() {
	sum := new(big.Int)
	t.cum = append(t.cum, new(big.Int))
	for rank, g := range t.scale.grades {
		if g.Passing && !g.Ungraded {
			sum.Add(sum, t.weights[rank])
			t.graded = append(t.graded, rank)
			t.cum = append(t.cum, new(big.Int).Set(sum))
		}
	}
}

func (t *Table) checkSize(minSize int64) error {
	if size, known := t.Size(); known && size < minSize {
		return &Error{Kind: ErrTooSmall, Table: t.identity.Name(), Want: fmt.Sprintf("%d grades < %d", size, minSize)}
	}
	return nil
}

func (t *Table) total() *big.Int { return t.cum[len(t.cum)-1] }

// Identity returns what names the table.
func (t *Table) Identity() Identity { return t.identity }

// Scale returns the scale of the table.
func (t *Table) Scale() *Scale { return t.scale }

// Basis returns what the table was made from.
func (t *Table) Basis() Basis { return t.basis }

// Size returns the number of passing grades, and whether it is known: a table of
// percentages has a size only where one was stated.
func (t *Table) Size() (size int64, known bool) {
	if t.basis == Counts {
		return t.total().Int64(), true
	}
	return t.stated, t.stated > 0
}

// TableRow is one passing grade of a table.
type TableRow struct {
	Grade    Grade
	Count    Number // how often it was awarded; unset where only percentages are known
	Share    Number // of all passing grades, 0 to 1
	Interval Interval
}

// Rows returns the passing grades, best first, as a transcript or a diploma
// supplement prints them: Share and Interval.High are exact and add up to 1.
func (t *Table) Rows() []TableRow {
	rows := make([]TableRow, len(t.graded))
	for i, rank := range t.graded {
		rows[i] = TableRow{
			Grade:    t.scale.grades[rank],
			Share:    Number{rat: new(big.Rat).SetFrac(t.weights[rank], t.total())},
			Interval: t.interval(i),
		}
		if t.basis == Counts {
			rows[i].Count = Number{rat: new(big.Rat).SetInt(t.weights[rank])}
		}
	}
	return rows
}

// Interval is the stretch of a distribution that a grade takes, counted from the
// best grade down, 0 to 1. It is half-open, (Low, High]: it holds its lower,
// worse end. High is the cumulative share of the Users' Guide.
type Interval struct {
	Low, High Number
}

// IsEmpty reports whether the grade was never awarded.
func (i Interval) IsEmpty() bool { return i.Low.Cmp(i.High) == 0 }

// interval returns that of the i-th passing grade.
func (t *Table) interval(i int) Interval {
	return Interval{
		Low:  Number{rat: new(big.Rat).SetFrac(t.cum[i], t.total())},
		High: Number{rat: new(big.Rat).SetFrac(t.cum[i+1], t.total())},
	}
}

// awarded counts the passing grades of non-zero weight.
func (t *Table) awarded() int {
	n := 0
	for _, rank := range t.graded {
		if t.weights[rank].Sign() > 0 {
			n++
		}
	}
	return n
}
