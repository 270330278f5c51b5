package elmo

import (
	"math/big"
	"strings"

	"github.com/passerelle-sup/passerelle"
)

// token collapses white space, as xs:token does.
func token(s string) string { return strings.Join(strings.Fields(s), " ") }

func equalFold(a, b string) bool { return strings.EqualFold(token(a), token(b)) }

// ParseDay reads an xs:date, whose zone, when there is one, is dropped: no zone
// moves a birthday. Its error is a [*passerelle.ParseError].
func ParseDay(s string) (passerelle.Date, error) {
	s = token(s)
	if len(s) > len("2006-01-02") {
		switch rest := s[len("2006-01-02"):]; {
		case rest == "Z", len(rest) == len("+01:00") && (rest[0] == '+' || rest[0] == '-') && rest[3] == ':', rest[0] == 'T': // a time was put where a date belongs
			s = s[:len("2006-01-02")]
		}
	}
	return passerelle.ParseDate(s)
}

// Birth returns the birth date of the learner, by either name. Its error is a
// [*passerelle.ParseError], or passerelle.ErrNotFound when there is none.
func (l Learner) Birth() (passerelle.Date, error) {
	for _, s := range []string{l.DateOfBirth, l.BirthDay} {
		if token(s) != "" {
			return ParseDay(s)
		}
	}
	return passerelle.Date{}, passerelle.ErrNotFound
}

// ESI returns the European Student Identifier of the learner as it was written, or "".
func (l Learner) ESI() string { return IdentifierOf(l.Identifiers, "esi") }

// State returns Status with its default: a status that is absent or unknown is
// Passed only when it is absent; an unknown word is returned as it is.
func (i Instance) State() string {
	s := token(i.Status)
	if s == "" {
		return Passed
	}
	return s
}

// CreditsIn returns the credits of the instance in a scheme, such as "ects", and
// whether there are any that can be read.
func (i Instance) CreditsIn(scheme string) (*big.Rat, bool) {
	for _, c := range i.Credits {
		if !equalFold(c.Scheme, scheme) {
			continue
		}
		if v, ok := decimal(c.Value); ok {
			return v, true
		}
	}
	return nil, false
}

// maxDecimal bounds the text of a number.
const maxDecimal = 40

// decimal reads an xs:decimal, with a point or, as some write it, a comma.
func decimal(s string) (*big.Rat, bool) {
	s = strings.Replace(token(s), ",", ".", 1)
	if s == "" || len(s) > maxDecimal || strings.Trim(s, "0123456789.+-") != "" {
		return nil, false
	}
	return new(big.Rat).SetString(s)
}

// CreditsPassed returns the credits obtained in a scheme. Those of a branch are
// counted once: where a programme or module has credits of its own, those of its
// parts are inside of them. Failed results and those in progress count nothing,
// and a part of them that was passed counts by itself.
func (r Report) CreditsPassed(scheme string) *big.Rat {
	sum := new(big.Rat)
	for _, s := range r.Specifications {
		sum.Add(sum, s.passed(scheme))
	}
	return sum
}

func (s Specification) passed(scheme string) *big.Rat {
	i := s.Specifies.Instance
	if i.State() == Passed {
		if v, ok := i.CreditsIn(scheme); ok {
			return v
		}
	}
	sum := new(big.Rat)
	for _, p := range s.Parts {
		sum.Add(sum, p.Specification.passed(scheme))
	}
	return sum
}

// All yields every specification of the report with its depth, from 0, in the
// order of the document.
func (r Report) All() func(yield func(int, Specification) bool) {
	return func(yield func(int, Specification) bool) {
		var walk func(specs []Specification, depth int) bool
		walk = func(specs []Specification, depth int) bool {
			for _, s := range specs {
				if !yield(depth, s) {
					return false
				}
				parts := make([]Specification, len(s.Parts))
				for i, p := range s.Parts {
					parts[i] = p.Specification
				}
				if !walk(parts, depth+1) {
					return false
				}
			}
			return true
		}
		walk(r.Specifications, 0)
	}
}
