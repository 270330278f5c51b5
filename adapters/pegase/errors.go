package pegase

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/transport"
)

// The operations, as errors and logs name them.
const (
	opToken      = "pegase.token"
	opSearch     = "pegase.search"
	opIdentity   = "pegase.identity"
	opFlow       = "pegase.flow"
	opFile       = "pegase.file"
	opWriteINE   = "pegase.write-ine"
	opPeriods    = "pegase.periods"
	opProgrammes = "pegase.programmes"
	opTree       = "pegase.tree"
	opCourses    = "pegase.courses"
	opMarks      = "pegase.marks"
)

const maxRaw = 64 << 10

// Error is a question that Pégase refused or answered in a form that cannot be read.
// errors.Is matches the root taxonomy through Err; passerelle.OutcomeOf gives Result.
type Error struct {
	Operation     string   // "pegase.search"…
	HTTP          int      // status; 0 when no answer came
	Code          string   // the service's own code: notNull, size, pattern…
	Field         string   // property at fault, when the service names one
	CorrelationID string   // for the vendor's support
	Messages      []string // the service's own words: personal, never printed by Error
	Raw           []byte   // the payload as received, 64 KiB at most: personal

	Result passerelle.Outcome
	Err    error // the cause, which carries the root taxonomy
}

// Error returns the operation, the status, the code and the cause, without the
// service's words.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Operation)
	if e.HTTP != 0 {
		fmt.Fprintf(&b, ": HTTP %d", e.HTTP)
	}
	if e.Code != "" {
		fmt.Fprintf(&b, ": code %s", plain(e.Code))
	}
	if e.Field != "" {
		fmt.Fprintf(&b, ": field %s", plain(e.Field))
	}
	if e.CorrelationID != "" {
		fmt.Fprintf(&b, ": correlation %s", plain(e.CorrelationID))
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

// LogValue gives what Error shows.
func (e *Error) LogValue() slog.Value {
	return slog.GroupValue(slog.String("text", e.Error()), slog.String("operation", e.Operation), slog.Int("status", e.HTTP),
		slog.String("outcome", e.Result.String()))
}

// plain returns a word of the service for error texts, unless it may be personal: codes,
// names of properties and UUIDs are letters with hyphens or dots; an INE or a student code has
// a long run of digits.
func plain(word string) string {
	const withheld = "(withheld)"
	if len(word) > 64 {
		return withheld
	}
	digits := 0
	uuid := len(word) == 36 && strings.Count(word, "-") == 4
	for _, c := range word {
		switch {
		case c >= '0' && c <= '9':
			if digits++; digits > 4 && !uuid {
				return withheld
			}
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c == '-', c == '_', c == '.', c == '[', c == ']':
			digits = 0
		default:
			return withheld
		}
	}
	return word
}

// protocolFault is an answer that does not follow the contract, in fixed words.
type protocolFault string

func (f protocolFault) Error() string        { return string(f) }
func (f protocolFault) Is(target error) bool { return target == passerelle.ErrProtocol }

// remoteError is the error body, in both its forms: one error, or several with a wrap around.
type remoteError struct {
	Code          Text          `json:"code"`
	Message       Text          `json:"message"`
	Field         Text          `json:"champ"`
	CorrelationID Text          `json:"correlationId"`
	Errors        []remoteError `json:"errors"`
}

// refusal describes an answer that is not a success. The media type is not looked at:
// json/application is met.
func refusal(operation string, resp *transport.Response) error {
	cause := resp.Err()
	e := &Error{Operation: operation, HTTP: resp.Status, Raw: resp.Body[:min(len(resp.Body), maxRaw)], Result: passerelle.OutcomeOf(cause), Err: kindOnly(cause)}
	var body remoteError
	if json.Unmarshal(resp.Body, &body) == nil {
		all := append([]remoteError{body}, body.Errors...)
		e.CorrelationID = string(body.CorrelationID)
		for _, one := range all {
			if e.Code == "" {
				e.Code, e.Field = string(one.Code), string(one.Field)
			}
			if one.Message != "" {
				e.Messages = append(e.Messages, string(one.Message))
			}
		}
	}
	if unknownStudent(resp) {
		e.Err, e.Result = passerelle.ErrNotFound, passerelle.Answered
	}
	return e
}

// kindOnly returns the class of a transport error: status and operation are told by the
// Error around it. A delay that the service asked for is kept.
func kindOnly(err error) error {
	if e, ok := errors.AsType[*transport.Error](err); ok && e.RetryAfter > 0 {
		return err
	}
	for _, kind := range []error{
		passerelle.ErrNotFound, passerelle.ErrInvalid, passerelle.ErrConflict, passerelle.ErrGone, passerelle.ErrUnauthorized,
		passerelle.ErrForbidden, passerelle.ErrRateLimited, passerelle.ErrUnavailable,
	} {
		if errors.Is(err, kind) {
			return kind
		}
	}
	return passerelle.ErrProtocol
}

// unknownStudent reports the HTTP 500 by which Pégase has been seen to say 404.
func unknownStudent(resp *transport.Response) bool {
	return resp.Status == http.StatusInternalServerError && bytes.Contains(bytes.ToLower(resp.Body[:min(len(resp.Body), maxRaw)]), []byte("apprenant non trouv"))
}

// judge hands on the answers that are answers whatever their status.
func judge(resp *transport.Response) transport.Verdict {
	if unknownStudent(resp) {
		return transport.Final
	}
	return transport.ByStatus
}
