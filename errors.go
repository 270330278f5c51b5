package passerelle

import (
	"errors"
	"strconv"
	"strings"
)

// The taxonomy of failures. Every error returned by this module answers
// errors.Is for at least one of these, or for a context error. Which one is
// meant is decided by the remote service's own contract first and by its HTTP
// status second.
var (
	// ErrNotFound says that the service knows nobody, or nothing, under what it was asked.
	ErrNotFound = errors.New("not found")
	// ErrInvalid says that a value breaks a rule, found here or by the service.
	ErrInvalid = errors.New("invalid")
	// ErrConflict says that the request contradicts what the service already holds.
	ErrConflict = errors.New("conflict")
	// ErrAmbiguous says that several records match and nothing was chosen.
	ErrAmbiguous = errors.New("ambiguous")
	// ErrGone says that the thing existed and no longer does, or that the API was withdrawn.
	ErrGone = errors.New("gone")
	// ErrUnauthorized says that the credentials are missing, wrong or expired.
	ErrUnauthorized = errors.New("unauthorized")
	// ErrForbidden says that the credentials are good and the right is missing.
	ErrForbidden = errors.New("forbidden")
	// ErrRateLimited says that the service asked to slow down.
	ErrRateLimited = errors.New("rate limited")
	// ErrUnavailable says that the service could not answer: it says nothing about the question asked.
	ErrUnavailable = errors.New("unavailable")
	// ErrProtocol says that an answer came and does not follow the contract.
	ErrProtocol = errors.New("protocol")
)

// Outcome tells what became of a request that ended in an error. The zero value
// is Unknown, the only safe assumption.
type Outcome uint8

const (
	// Unknown means that the request may have been received and acted upon.
	// A call that creates something must not be sent again.
	Unknown Outcome = iota
	// NotSent means that not one byte of the request reached the service:
	// sending it again cannot do anything twice.
	NotSent
	// Answered means that the service said what it did with the request.
	Answered
)

// String returns "unknown", "not sent" or "answered".
func (o Outcome) String() string {
	switch o {
	case NotSent:
		return "not sent"
	case Answered:
		return "answered"
	default:
		return "unknown"
	}
}

// Outcomer is implemented by errors that know what became of their request.
type Outcomer interface {
	error
	Outcome() Outcome
}

// OutcomeOf tells what became of the request that ended in err. A nil error is
// Answered. The outermost error that implements [Outcomer] decides; the branches
// of a joined error are combined cautiously, one Unknown making the whole
// Unknown. An error that says nothing of the kind is Unknown.
func OutcomeOf(err error) Outcome {
	if err == nil {
		return Answered
	}
	o, _ := outcomeOf(err)
	return o
}

func outcomeOf(err error) (o Outcome, known bool) {
	switch e := err.(type) { //nolint:errorlint // this walks the tree itself
	case Outcomer:
		return e.Outcome(), true
	case interface{ Unwrap() error }:
		if inner := e.Unwrap(); inner != nil {
			return outcomeOf(inner)
		}
	case interface{ Unwrap() []error }:
		for _, branch := range e.Unwrap() {
			b, ok := outcomeOf(branch)
			switch {
			case !ok:
			case !known:
				o, known = b, true
			case b == Unknown || o == Unknown:
				o = Unknown
			case b == Answered:
				o = Answered
			}
		}
	}
	return o, known
}

// ParseError says why a text is not the identifier or value it should be. It
// never holds the text itself, which may be personal. errors.Is(err, ErrInvalid)
// is true of it.
type ParseError struct {
	Type string // what was expected: "INE", "UAI", "date"
	Rule string // the broken rule, a stable word: "length", "character", "key", "family", "range"
	Pos  int    // position of the fault in characters from 1; 0 when it concerns the whole
	Want string // what was expected there, for a person to read
}

// Error returns the type, the rule, the position and the expectation.
func (e *ParseError) Error() string {
	var b strings.Builder
	b.WriteString(e.Type)
	b.WriteString(": ")
	b.WriteString(e.Rule)
	if e.Pos > 0 {
		b.WriteString(" at position ")
		b.WriteString(strconv.Itoa(e.Pos))
	}
	if e.Want != "" {
		b.WriteString(": want ")
		b.WriteString(e.Want)
	}
	return b.String()
}

// Is reports whether target is ErrInvalid.
func (e *ParseError) Is(target error) bool { return target == ErrInvalid }

// Outcome returns NotSent: a value that does not parse never left.
func (e *ParseError) Outcome() Outcome { return NotSent }

// FieldError says that one field of a record breaks a rule. It never holds the
// value. errors.Is(err, ErrInvalid) is true of it.
type FieldError struct {
	Field string `json:"field"` // path of the field as the caller writes it: "Person.BirthDate"
	Rule  string `json:"rule"`  // the broken rule, a stable word: "required", "length", "key"
	Want  string `json:"want"`  // what was expected, for a person to read
}

// Error returns the field, the rule and the expectation.
func (e FieldError) Error() string {
	if e.Want == "" {
		return e.Field + ": " + e.Rule
	}
	return e.Field + ": " + e.Rule + ": want " + e.Want
}

// Is reports whether target is ErrInvalid.
func (e FieldError) Is(target error) bool { return target == ErrInvalid }

// Outcome returns NotSent: a record refused here never left.
func (e FieldError) Outcome() Outcome { return NotSent }

// FieldErrors lists every fault of a record, in the order of its fields.
// errors.Is(err, ErrInvalid) is true of a list that is not empty.
type FieldErrors []FieldError

// Error returns the faults on one line, separated by semicolons.
func (e FieldErrors) Error() string {
	parts := make([]string, len(e))
	for i, f := range e {
		parts[i] = f.Error()
	}
	return strings.Join(parts, "; ")
}

// Is reports whether target is ErrInvalid.
func (e FieldErrors) Is(target error) bool { return target == ErrInvalid }

// Outcome returns NotSent: a record refused here never left.
func (e FieldErrors) Outcome() Outcome { return NotSent }

// Add appends a fault.
func (e *FieldErrors) Add(field, rule, want string) {
	*e = append(*e, FieldError{Field: field, Rule: rule, Want: want})
}

// Err returns e as an error, or nil when there is no fault.
func (e FieldErrors) Err() error {
	if len(e) == 0 {
		return nil
	}
	return e
}
