package ines

import (
	"fmt"
	"log/slog"
	"strings"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ine"
)

// Error is a question that INES did not answer, or refused. errors.Is matches
// the root taxonomy through Err.
type Error struct {
	Operation Operation
	HTTP      int    // HTTP status; 0 when no answer came
	Code      string // code given by the service, untouched: fault code or error code
	Message   string // the service's own words, untouched: personal, never printed by Error
	Raw       []byte // the payload as received, 64 KiB at most: personal

	Result passerelle.Outcome // what became of the request
	Err    error              // the cause, which carries the root taxonomy

	spoken bool // it comes from an envelope that could be read
}

// Error returns the operation, the code and the kind of failure, without the
// service's words. A code that does not look like one is withheld.
func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "ines: %s", e.Operation)
	if e.HTTP != 0 {
		fmt.Fprintf(&b, ": HTTP %d", e.HTTP)
	}
	if e.Code != "" {
		fmt.Fprintf(&b, ": code %s", plainCode(e.Code))
	}
	if e.Err != nil {
		fmt.Fprintf(&b, ": %v", e.Err)
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
		slog.String("operation", string(e.Operation)),
		slog.Int("status", e.HTTP),
		slog.String("code", plainCode(e.Code)),
		slog.String("outcome", e.Result.String()))
}

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
