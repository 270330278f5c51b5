package passerelle_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/passerelle-sup/passerelle"
)

// sent is an error that knows what became of its request.
type sent struct {
	outcome passerelle.Outcome
	err     error
}

func (e sent) Error() string               { return "sent: " + e.outcome.String() }
func (e sent) Unwrap() error               { return e.err }
func (e sent) Outcome() passerelle.Outcome { return e.outcome }

func TestOutcomeOf(t *testing.T) {
	t.Parallel()
	not, answered, unknown := sent{outcome: passerelle.NotSent}, sent{outcome: passerelle.Answered}, sent{outcome: passerelle.Unknown}
	plain := errors.New("plain")
	for i, c := range []struct {
		err  error
		want passerelle.Outcome
	}{
		0:  {nil, passerelle.Answered},
		1:  {plain, passerelle.Unknown},
		2:  {context.Canceled, passerelle.Unknown},
		3:  {not, passerelle.NotSent},
		4:  {fmt.Errorf("around: %w", answered), passerelle.Answered},
		5:  {sent{passerelle.NotSent, answered}, passerelle.NotSent}, // the outermost decides
		6:  {errors.Join(not, not), passerelle.NotSent},
		7:  {errors.Join(not, unknown), passerelle.Unknown},
		8:  {errors.Join(unknown, answered), passerelle.Unknown},
		9:  {errors.Join(not, answered), passerelle.Answered},
		10: {errors.Join(plain, answered), passerelle.Answered},
		11: {errors.Join(plain, plain), passerelle.Unknown},
		12: {&passerelle.ParseError{Type: "INE"}, passerelle.NotSent},
		13: {passerelle.FieldError{Field: "UAI"}, passerelle.NotSent},
		14: {passerelle.FieldErrors{{Field: "UAI"}}, passerelle.NotSent},
	} {
		if got := passerelle.OutcomeOf(c.err); got != c.want {
			t.Errorf("%d: OutcomeOf(%v) = %v; want %v", i, c.err, got, c.want)
		}
	}
	if got := new(passerelle.Outcome).String(); got != "unknown" {
		t.Errorf("the zero Outcome is %q; want unknown, the safe assumption", got)
	}
}

func TestErrorTexts(t *testing.T) {
	t.Parallel()
	var faults passerelle.FieldErrors
	if faults.Err() != nil {
		t.Error("a list without a fault is an error")
	}
	faults.Add("Person.BirthDate", "required", "the birth date")
	faults.Add("UAI", "key", "")
	for i, c := range []struct {
		err  error
		want string
	}{
		0: {&passerelle.ParseError{Type: "INE", Rule: "length", Want: "11 characters"}, "INE: length: want 11 characters"},
		1: {&passerelle.ParseError{Type: "INE", Rule: "character", Pos: 3, Want: "a digit"}, "INE: character at position 3: want a digit"},
		2: {&passerelle.ParseError{Type: "INE", Rule: "key"}, "INE: key"},
		3: {faults.Err(), "Person.BirthDate: required: want the birth date; UAI: key"},
	} {
		if got := c.err.Error(); got != c.want {
			t.Errorf("%d: %q; want %q", i, got, c.want)
		}
		if !errors.Is(c.err, passerelle.ErrInvalid) || errors.Is(c.err, passerelle.ErrNotFound) {
			t.Errorf("%d: %v is not exactly ErrInvalid", i, c.err)
		}
	}
}
