package egracons

import (
	"errors"
	"fmt"
	"strings"

	"github.com/passerelle-sup/passerelle"
)

// What can be wrong. Every error of this package answers errors.Is for one of
// these and for one of the root package: passerelle.ErrNotFound for ErrNoTable
// and ErrNoBand, passerelle.ErrInvalid for the others.
var (
	// ErrBadTable says that a table or a scale breaks a rule and was not built.
	ErrBadTable = errors.New("bad grade table")
	// ErrUnknownGrade says that the scale has no such grade and no band for it.
	ErrUnknownGrade = errors.New("unknown grade")
	// ErrFailing says that the grade is a failure, which converts to nothing.
	ErrFailing = errors.New("failing grade")
	// ErrNotDifferentiating says that the grade is a bare pass, which holds no
	// position among the others: a pass/fail rule is needed.
	ErrNotDifferentiating = errors.New("not differentiating")
	// ErrTooSmall says that the reference group counts fewer grades than asked.
	ErrTooSmall = errors.New("reference group too small")
	// ErrNoTable says that no table fits the question, at any level allowed.
	ErrNoTable = errors.New("no grade table")
	// ErrNoBand says that no band of a fixed table covers the mark.
	ErrNoBand = errors.New("no band")
	// ErrNoValue says that a policy needs a number that a home grade lacks.
	ErrNoValue = errors.New("no numeric value")
	// ErrBadRules says that the conversion rules are incomplete or contradictory.
	ErrBadRules = errors.New("bad conversion rules")
)

// Error says what is wrong with a table, a grade or a rule, and where. It holds
// grades and names of tables, nothing about a person.
type Error struct {
	Kind  error  // one of the Err… variables
	Table string // name of the table, "" when there is none
	Row   int    // line of the CSV file, or place in the list from 1; 0 when it concerns the whole
	Field string // column or field
	Grade string // label as it was given, at most 40 characters of it
	Want  string // what is wrong and what was expected, for a person to read
}

// Error returns the kind, the place and the expectation on one line.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Kind.Error())
	if e.Table != "" {
		fmt.Fprintf(&b, ": table %q", e.Table)
	}
	if e.Row > 0 {
		fmt.Fprintf(&b, ": row %d", e.Row)
	}
	if e.Field != "" {
		b.WriteString(": ")
		b.WriteString(e.Field)
	}
	if e.Grade != "" {
		fmt.Fprintf(&b, ": grade %q", e.Grade)
	}
	if e.Want != "" {
		b.WriteString(": ")
		b.WriteString(e.Want)
	}
	return b.String()
}

// Unwrap returns the kind and the root error it belongs to.
func (e *Error) Unwrap() []error {
	if e.Kind == ErrNoTable || e.Kind == ErrNoBand {
		return []error{e.Kind, passerelle.ErrNotFound}
	}
	return []error{e.Kind, passerelle.ErrInvalid}
}

// Outcome returns NotSent: this package sends nothing.
func (e *Error) Outcome() passerelle.Outcome { return passerelle.NotSent }

// shown cuts a foreign label to what an error may repeat.
func shown(label string) string {
	if r := []rune(label); len(r) > 40 {
		return string(r[:39]) + "…"
	}
	return label
}

// maxFaults bounds how many faults of one table are told at once.
const maxFaults = 20

// faults gathers the errors of one table.
type faults []error

func (f *faults) add(e *Error) {
	if len(*f) < maxFaults {
		e.Grade = shown(e.Grade)
		*f = append(*f, e)
	}
}

func (f faults) err() error {
	if len(f) == 1 {
		return f[0]
	}
	return errors.Join(f...)
}
