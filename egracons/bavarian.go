package egracons

import "math/big"

// Bavarian is the modified Bavarian formula, x = 1 + 3 (Nmax - Nd) / (Nmax - Nmin),
// which turns a foreign mark into a German one. It is linear and looks at no
// distribution. Source: agreement of the KMK of 15.03.1991, version of
// 12.09.2013. It works as it is for scales where low is good.
type Bavarian struct {
	Best Number // Nmax, the best mark that can be had
	Pass Number // Nmin, the lowest mark that passes
}

// GermanMark is what the formula gives.
type GermanMark struct {
	Exact Number
}

// Convert applies the formula, exactly. A mark beyond either end gives a result
// below 1 or above 4: see [GermanMark.BeyondBest] and [GermanMark.Fails]. The
// error is an *Error of kind ErrBadRules when a number is missing or the two
// ends are the same.
func (b Bavarian) Convert(mark Number) (GermanMark, error) {
	if !b.Best.IsSet() || !b.Pass.IsSet() || b.Best.Cmp(b.Pass) == 0 {
		return GermanMark{}, &Error{Kind: ErrBadRules, Field: "Best, Pass", Want: "two different marks"}
	}
	if !mark.IsSet() {
		return GermanMark{}, &Error{Kind: ErrBadRules, Field: "mark", Want: "a mark"}
	}
	x := new(big.Rat).Sub(b.Best.rat, mark.rat)
	x.Mul(x, big.NewRat(3, 1))
	x.Quo(x, new(big.Rat).Sub(b.Best.rat, b.Pass.rat))
	return GermanMark{Exact: Number{rat: x.Add(x, big.NewRat(1, 1))}}, nil
}

// String returns the mark to one decimal, the others dropped: the KMK agreement
// does not round.
func (g GermanMark) String() string { return g.Exact.Truncate(1) }

// Fails reports whether the mark is above 4.0, which does not pass.
func (g GermanMark) Fails() bool { return g.Exact.Cmp(Int(4)) > 0 }

// BeyondBest reports whether the mark is below 1.0: the foreign one was above
// the best that was said to be possible.
func (g GermanMark) BeyondBest() bool { return g.Exact.Cmp(Int(1)) < 0 }

// germanSteps are the passing grades of German examinations.
var germanSteps = [...]string{"1.0", "1.3", "1.7", "2.0", "2.3", "2.7", "3.0", "3.3", "3.7", "4.0"}

// Step returns the nearest of the ten German grades, as universities do for
// course credits. Köln and Geisenheim give a mid-way mark the better grade.
// Geisenheim drops the second decimal first; Köln's example 1.15 does not: drop
// says which. The error is an *Error of kind ErrFailing above 4.0, and ErrBadRules
// below 1.0 or without tie direction: nothing is clamped silently.
func (g GermanMark) Step(tie Tie, drop bool) (string, error) {
	if tie.String() == "" {
		return "", &Error{Kind: ErrBadRules, Field: "tie", Want: "Better or Worse, always explicit"}
	}
	switch {
	case !g.Exact.IsSet():
		return "", &Error{Kind: ErrBadRules, Field: "Exact", Want: "a mark"}
	case g.Fails():
		return "", &Error{Kind: ErrFailing, Want: "a mark of at most 4.0, not " + g.Exact.Decimal(2)}
	case g.BeyondBest():
		return "", &Error{Kind: ErrBadRules, Field: "Best", Want: "a mark of at least 1.0, not " + g.Exact.Decimal(2)}
	}
	x := g.Exact
	if drop {
		x = MustParseNumber(x.Truncate(1))
	}
	step, least := "", new(big.Rat)
	for _, s := range germanSteps {
		d := new(big.Rat).Sub(MustParseNumber(s).rat, x.rat)
		d.Abs(d)
		if order := d.Cmp(least); step == "" || order < 0 || order == 0 && tie == Worse {
			step, least = s, d
		}
	}
	return step, nil
}
