package ewp

import (
	"log/slog"
	"strconv"
	"strings"

	"github.com/passerelle-sup/passerelle"
)

// Error is a call to a host of the network that brought no usable answer.
// errors.Is knows it by the taxonomy of package passerelle: by Err where there is
// one, else by the status.
type Error struct {
	HEI      HEIID  // the institution that was called
	API      string // element name of the API: "omobility-las"
	Endpoint string // "get", "index", …; empty for an API with a single one
	Status   int    // HTTP status; 0 when no answer came
	Signed   bool   // the answer bore a good signature of that host

	// Response is what the host said, nil when it sent no error-response. Personal.
	Response *ErrorResponse
	// Raw is the body as received, 64 KiB at most. Personal.
	Raw []byte

	Result passerelle.Outcome // what became of the call
	Err    error              // the cause below, nil when the answer says it all
}

// ErrorFrom describes an answer that is an error: its status, what its body says
// where that is an error-response, and the body itself, cut at 64 KiB. Result is
// Answered, or Unknown for 408 and 5xx. The caller adds whom it called, for what.
func ErrorFrom(status int, contentType string, body []byte) *Error {
	e := &Error{Status: status, Raw: body[:min(len(body), maxErrorBody)], Result: passerelle.Answered}
	if response, err := DecodeErrorResponse(body, contentType); err == nil {
		e.Response = &response
	}
	if status == 408 || status >= 500 {
		e.Result = passerelle.Unknown
	}
	return e
}

// Error returns the institution, the API, the status and the cause, and none of
// the host's words.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString("ewp")
	if !e.HEI.IsZero() {
		b.WriteString(" ")
		b.WriteString(e.HEI.String())
	}
	if e.API != "" {
		b.WriteString(": ")
		b.WriteString(e.API)
		if e.Endpoint != "" {
			b.WriteString(" ")
			b.WriteString(e.Endpoint)
		}
	}
	if e.Status != 0 {
		b.WriteString(": HTTP ")
		b.WriteString(strconv.Itoa(e.Status))
	}
	if e.Err != nil {
		b.WriteString(": ")
		b.WriteString(e.Err.Error())
	}
	return b.String()
}

// Unwrap returns Err.
func (e *Error) Unwrap() error { return e.Err }

// Is reports whether target is what the status means in the taxonomy. Where there
// is an Err, that decides instead.
func (e *Error) Is(target error) bool { return e.Err == nil && target == kindOf(e.Status) }

// Outcome returns Result.
func (e *Error) Outcome() passerelle.Outcome { return e.Result }

// LogValue returns what Error shows, in fields.
func (e *Error) LogValue() slog.Value {
	return slog.GroupValue(
		slog.String("text", e.Error()),
		slog.String("hei", e.HEI.String()),
		slog.String("api", e.API),
		slog.String("endpoint", e.Endpoint),
		slog.Int("status", e.Status),
		slog.Bool("signed", e.Signed),
		slog.String("outcome", e.Result.String()))
}

// kindOf maps a status to the taxonomy (ewp-specs-architecture, error handling).
// The read APIs never answer 404 for an unknown identifier; File may.
func kindOf(status int) error {
	switch status {
	case 400:
		return passerelle.ErrInvalid
	case 401:
		return passerelle.ErrUnauthorized
	case 403:
		return passerelle.ErrForbidden
	case 404:
		return passerelle.ErrNotFound
	case 409:
		return passerelle.ErrConflict
	case 410:
		return passerelle.ErrGone
	case 429:
		return passerelle.ErrRateLimited
	case 0, 408:
		return passerelle.ErrUnavailable
	}
	if status >= 500 {
		return passerelle.ErrUnavailable
	}
	return passerelle.ErrProtocol // the form of the call was refused, as by 405, 406 and 415, or the answer makes no sense
}
