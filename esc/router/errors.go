package router

import (
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"strconv"
	"strings"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/transport"
)

// The error codes that are known. The full list is not published.
const (
	CodeUnknownCard  = "ER-0001" // verifier: no card with this number
	CodeCardExists   = "ER-0002" // the card exists already: update it
	CodePersonExists = "ER-0019" // the person exists already for this institution
	CodeAccessDenied = "SE-0000" // the object is another institution's, among others
)

// knownCodes gives the codes their meaning.
var knownCodes = map[string]error{
	CodeUnknownCard:  passerelle.ErrNotFound,
	CodeCardExists:   passerelle.ErrConflict,
	CodePersonExists: passerelle.ErrConflict,
	CodeAccessDenied: passerelle.ErrForbidden,
}

// Error is a refusal of the router, or an answer of it that cannot be understood.
// The meaning of a known code wins over that of the status.
type Error struct {
	Operation string // "router.create-card"
	Status    int    // HTTP status
	Code      string // code of the router; "" when the body had none, as that of a gateway
	Message   string // words of the router. They may be personal.
	Body      []byte // as it came, at most 64 KiB. It may be personal.
	Err       error  // the *transport.Error of the answer; nil when a success could not be understood

	kind error
}

// Error returns the operation, the status and the code.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Operation + ": status " + strconv.Itoa(e.Status))
	if plainCode(e.Code) {
		b.WriteString(", code " + e.Code)
	}
	switch {
	case e.Err == nil && e.Code == "":
		b.WriteString(": the answer does not follow the contract")
	case e.kind != nil:
		b.WriteString(": " + e.kind.Error())
	}
	if e.Status == http.StatusForbidden && e.Code == "" {
		b.WriteString(" (without a code: production answers so to addresses that it does not know)")
	}
	return b.String()
}

// Is reports whether target is the member of the taxonomy that the code stands for.
func (e *Error) Is(target error) bool { return e.kind != nil && target == e.kind }

// Unwrap returns the error of the transport, unless the code contradicts its meaning.
func (e *Error) Unwrap() error {
	if e.kind != nil {
		return nil
	}
	return e.Err
}

// Outcome tells what became of the request.
func (e *Error) Outcome() passerelle.Outcome {
	if e.kind != nil {
		return passerelle.Answered
	}
	return passerelle.OutcomeOf(e.Err)
}

// LogValue returns what Error shows.
func (e *Error) LogValue() slog.Value {
	return slog.GroupValue(slog.String("text", e.Error()), slog.Int("status", e.Status), slog.String("outcome", e.Outcome().String()))
}

// plainCode reports whether a code looks like one, so that whatever a service puts
// in its place is not printed.
func plainCode(s string) bool {
	return len(s) > 0 && len(s) <= 16 && strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-") == ""
}

// refusal makes the error of an answer that is no success.
func (c *Client) refusal(operation string, resp *transport.Response) error {
	e := &Error{Operation: operation, Status: resp.Status, Body: resp.Body[:min(len(resp.Body), 64<<10)], Err: resp.Err()}
	if m, ok := message(resp.Body); ok {
		e.Code, e.Message = string(m.Code), m.Message
		e.kind = c.codes[e.Code]
	}
	return e
}

// message reads the body of an error, which may be HTML or empty.
func message(body []byte) (ErrorMessage, bool) {
	var m ErrorMessage
	if err := json.Unmarshal(body, &m); err != nil || m.Code == "" {
		return ErrorMessage{}, false
	}
	return m, true
}

// misunderstood makes the error of a success that does not follow the contract.
func misunderstood(operation string, resp *transport.Response) error {
	return &Error{Operation: operation, Status: resp.Status, Body: resp.Body[:min(len(resp.Body), 64<<10)], kind: passerelle.ErrProtocol}
}

// exists reports whether an error says that the object is there already.
func exists(err error) bool { return errors.Is(err, passerelle.ErrConflict) }
