package cvec

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/transport"
)

// Error is a question that the service did not answer, or refused. errors.Is matches the
// root taxonomy through Err.
type Error struct {
	Operation string
	HTTP      int    // HTTP status; 0 when no answer came
	Code      string // code of the body, untouched
	Message   string // the service's own words: personal, never printed by Error
	Raw       []byte // the body as received, 64 KiB at most: personal

	Result passerelle.Outcome // what became of the request
	Err    error              // the cause
}

const maxRaw = 64 << 10

// Error returns the operation, the status and the kind of failure, without the service's
// words.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString("cvec: " + e.Operation)
	if e.HTTP != 0 {
		fmt.Fprintf(&b, ": HTTP %d", e.HTTP)
	}
	if e.Err != nil {
		b.WriteString(": " + e.Err.Error())
	}
	return b.String()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Outcome tells what became of the request.
func (e *Error) Outcome() passerelle.Outcome { return e.Result }

// LogValue gives operation, status and outcome: nothing personal.
func (e *Error) LogValue() slog.Value {
	return slog.GroupValue(
		slog.String("text", e.Error()), slog.String("operation", e.Operation), slog.Int("status", e.HTTP), slog.String("outcome", e.Result.String()))
}

// notAnswered turns what the transport reports into an Error.
func notAnswered(operation string, err error) *Error {
	e := &Error{Operation: operation, Err: err, Result: passerelle.OutcomeOf(err)}
	if t, ok := errors.AsType[*transport.Error](err); ok {
		e.HTTP, e.Raw = t.Status, t.Body
	}
	return e
}
