package egracons

import (
	"strings"

	"github.com/passerelle-sup/passerelle"
)

// Policy chooses one home grade among those that a host grade overlaps. The
// Users' Guide wants it fixed in advance by the receiving (home) institution and
// names three options: minimum, average, maximum. What it means by average is
// not defined; the policies from AverageWeighted to LargestOverlap are readings
// of it, deduced. Which one the Egracons tool uses is not public.
type Policy uint8

// Policies. The zero value is none: there is no default.
const (
	Maximum           Policy = iota + 1 // the best candidate
	Minimum                             // the worst candidate
	AverageWeighted                     // mean of the candidates' values, weighted by their shares, then the nearest home grade
	AverageMinMax                       // mean of the values of the best and the worst, then the nearest home grade
	Midpoint                            // the grade in which the middle of the host interval falls
	LargestOverlap                      // the candidate with the greatest share
	NearestCumulative                   // the home grade, candidate or not, whose cumulative is nearest to the host grade's
)

var policyNames = [...]string{"", "maximum", "minimum", "average-weighted", "average-minmax", "midpoint", "largest-overlap", "nearest-cumulative"}

// Policies returns the seven policies.
func Policies() []Policy {
	return []Policy{Maximum, Minimum, AverageWeighted, AverageMinMax, Midpoint, LargestOverlap, NearestCumulative}
}

// ParsePolicy reads the form of String. Its error is a *passerelle.ParseError.
func ParsePolicy(s string) (Policy, error) {
	for i, name := range policyNames {
		if i > 0 && name == s {
			return Policy(i), nil
		}
	}
	return 0, &passerelle.ParseError{Type: "policy", Rule: "range", Want: strings.Join(policyNames[1:], ", ")}
}

// String returns the name used on command lines and in reports: "maximum",
// "minimum", "average-weighted", "average-minmax", "midpoint", "largest-overlap"
// or "nearest-cumulative".
func (p Policy) String() string {
	if int(p) < len(policyNames) {
		return policyNames[p]
	}
	return ""
}

// MarshalText writes the form of String.
func (p Policy) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalText reads the form of String.
func (p *Policy) UnmarshalText(text []byte) (err error) {
	*p, err = ParsePolicy(string(text))
	return err
}

// averages reports whether the policy computes with values.
func (p Policy) averages() bool { return p == AverageWeighted || p == AverageMinMax }

// Tie says who wins where two home grades are equally right.
type Tie uint8

// Ties. The zero value is none: the direction is always explicit. The precedent
// for Better is that of Köln and Geisenheim, which round a mid-way grade to the
// better one.
const (
	Better Tie = iota + 1
	Worse
)

var tieNames = [...]string{"", "better", "worse"}

// ParseTie reads "better" or "worse". Its error is a *passerelle.ParseError.
func ParseTie(s string) (Tie, error) {
	for i, name := range tieNames {
		if i > 0 && name == s {
			return Tie(i), nil
		}
	}
	return 0, &passerelle.ParseError{Type: "tie", Rule: "range", Want: "better, worse"}
}

// String returns "better" or "worse".
func (t Tie) String() string {
	if int(t) < len(tieNames) {
		return tieNames[t]
	}
	return ""
}

// MarshalText writes the form of String.
func (t Tie) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// UnmarshalText reads the form of String.
func (t *Tie) UnmarshalText(text []byte) (err error) {
	*t, err = ParseTie(string(text))
	return err
}

// PassFail says what becomes of a bare pass, which carries no position: a grade
// marked Ungraded, or any grade of a table with a single passing grade.
type PassFail uint8

// Choices for a bare pass.
const (
	RefusePass PassFail = iota // the default: ErrNotDifferentiating
	KeepAsPass                 // the credits are kept, no mark is given
	OwnAverage                 // the student's own average at home stands for the mark
)

var passFailNames = [...]string{"refuse", "keep-as-pass", "own-average"}

// String returns "refuse", "keep-as-pass" or "own-average".
func (p PassFail) String() string {
	if int(p) < len(passFailNames) {
		return passFailNames[p]
	}
	return ""
}

// MarshalText writes the form of String.
func (p PassFail) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// Rules are what the home institution decided in advance. Policy and Tie have
// no default.
type Rules struct {
	Policy Policy
	Tie    Tie
	// MinShare leaves out candidates whose share of the host interval is below it,
	// 0 to 1, unless none would remain. Without it Maximum and Minimum hang on
	// slivers. Unset leaves out none. NearestCumulative looks at no share.
	MinShare Number
	PassFail PassFail
	// OwnAverage is the mark that PassFail: OwnAverage gives, on the home scale:
	// the student's credit-weighted average before leaving.
	OwnAverage Number
	// Continuous also computes a home mark inside the band where the middle of the
	// host interval falls, in proportion. The home scale must have bands. Deduced:
	// no published precedent was found.
	Continuous bool
	// WarnBelow is the group size below which conversions carry SmallGroup; 0
	// means 30, the minimum of ULisboa and Bragança.
	WarnBelow int64
}

// check refuses incomplete rules, all faults together.
func (r Rules) check() error {
	var bad faults
	add := func(field, want string) { bad.add(&Error{Kind: ErrBadRules, Field: field, Want: want}) }
	if r.Policy.String() == "" {
		add("Policy", strings.Join(policyNames[1:], ", ")+": the home institution fixes it in advance")
	}
	if r.Tie.String() == "" {
		add("Tie", "Better or Worse, always explicit")
	}
	if r.MinShare.Sign() < 0 || r.MinShare.Cmp(Int(1)) > 0 {
		add("MinShare", "a share from 0 to 1")
	}
	if r.PassFail.String() == "" {
		add("PassFail", "RefusePass, KeepAsPass or OwnAverage")
	}
	if r.WarnBelow < 0 {
		add("WarnBelow", "a number of grades")
	}
	if len(bad) > 0 {
		return bad.err()
	}
	return nil
}
