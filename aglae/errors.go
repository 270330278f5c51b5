package aglae

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ine"
	"github.com/passerelle-sup/passerelle/transport"
)

// Error is a question that a service did not answer, or a notification that it did
// not take. errors.Is matches the root taxonomy through Err.
type Error struct {
	Operation string // "connector.ask", "event.notify", …
	HTTP      int    // HTTP status; 0 when no answer came
	Code      string // code given by the service, untouched
	Message   string // the service's own words, untouched: personal, never printed by Error
	Raw       []byte // the payload as received, 64 KiB at most: personal

	Result passerelle.Outcome // what became of the request
	Err    error              // the cause, which carries the root taxonomy
}

// Error returns the operation, the status, the code and the kind of failure, without
// the service's words. A code that does not look like one is withheld.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString("aglae: " + e.Operation)
	if e.HTTP != 0 {
		fmt.Fprintf(&b, ": HTTP %d", e.HTTP)
	}
	if e.Code != "" {
		b.WriteString(": code " + plainCode(e.Code))
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

// LogValue gives operation, status, code and outcome: nothing personal.
func (e *Error) LogValue() slog.Value {
	return slog.GroupValue(
		slog.String("text", e.Error()),
		slog.String("operation", e.Operation),
		slog.Int("status", e.HTTP),
		slog.String("code", plainCode(e.Code)),
		slog.String("outcome", e.Result.String()))
}

// maxErrorRaw is how much of a payload an Error keeps.
const maxErrorRaw = 64 << 10

func capped(raw []byte) []byte { return raw[:min(len(raw), maxErrorRaw)] }

// notAnswered turns what the transport reports into an Error.
func notAnswered(operation string, err error) *Error {
	e := &Error{Operation: operation, Err: err, Result: passerelle.OutcomeOf(err)}
	if t, ok := errors.AsType[*transport.Error](err); ok {
		e.HTTP, e.Raw = t.Status, capped(t.Body)
	}
	return e
}

// protocolError says how an answer departs from its contract, without its content.
type protocolError struct{ text string }

func (e *protocolError) Error() string        { return "answer: " + e.text }
func (e *protocolError) Is(target error) bool { return target == passerelle.ErrProtocol }

// plainCode returns a code for error texts and logs, unless it may be personal:
// long, with blanks, or of the shape of an INE.
func plainCode(code string) string {
	const withheld = "(withheld)"
	if len(code) > 40 {
		return withheld
	}
	for i := range len(code) {
		switch c := code[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '_', c == '.', c == ':':
		default:
			return withheld
		}
	}
	if _, err := ine.Parse(code); err == nil {
		return withheld
	}
	return code
}
