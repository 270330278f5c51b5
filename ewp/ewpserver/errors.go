package ewpserver

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"strconv"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/httpsig"
)

// Error is a refusal with words of its own. A handler returns one to say more than
// the kind of its error does. The words are sent to the caller: they must not
// repeat what the caller may not know, and are not logged.
type Error struct {
	// Status is that of the answer, 400 to 599. 0 is what Err means.
	Status int
	// DeveloperMessage is for whoever maintains the client. Empty is a sentence that
	// fits the status.
	DeveloperMessage string
	// UserMessages are for the person who caused the call. English should be among
	// them.
	UserMessages ewp.Texts
	// Err is the cause. Its text is not sent.
	Err error

	ours bool // DeveloperMessage is a sentence of this package, which repeats nothing
}

// refuse returns a refusal in words of this package.
func refuse(status int, message string, err error) *Error {
	return &Error{Status: status, DeveloperMessage: message, Err: err, ours: true}
}

// Error returns the status and the cause, and none of the words of a handler.
func (e *Error) Error() string {
	text := "refused"
	if e.Status != 0 {
		text += " with HTTP " + strconv.Itoa(e.Status)
	}
	if e.ours {
		return text + ": " + e.DeveloperMessage
	}
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return text
}

// Unwrap returns Err.
func (e *Error) Unwrap() error { return e.Err }

// Is reports whether target is what the status means in the taxonomy, where there
// is no Err that says it.
func (e *Error) Is(target error) bool {
	if e.Err != nil {
		return false
	}
	for _, k := range kinds {
		if k.status == e.Status {
			return target == k.err
		}
	}
	return false
}

// kinds are the statuses of the taxonomy (ewp-specs-architecture, error handling;
// what follows ErrUnavailable is HTTP's own). An ErrUnauthorized or ErrProtocol of a
// handler is not among them: it concerns a service behind the server, not the
// caller, and is a 500.
var kinds = []struct {
	err    error
	status int
}{
	{passerelle.ErrInvalid, http.StatusBadRequest},
	{passerelle.ErrForbidden, http.StatusForbidden},
	{passerelle.ErrConflict, http.StatusConflict},
	{passerelle.ErrUnavailable, http.StatusServiceUnavailable},
	{passerelle.ErrNotFound, http.StatusNotFound},
	{passerelle.ErrGone, http.StatusGone},
	{passerelle.ErrRateLimited, http.StatusTooManyRequests},
	{context.DeadlineExceeded, http.StatusServiceUnavailable},
	{context.Canceled, http.StatusServiceUnavailable}, // most often nobody reads it any more
}

// statusOf returns the status by which an error is answered.
func statusOf(err error) int {
	if _, ours := errors.AsType[*internalError](err); ours {
		return http.StatusInternalServerError
	}
	if e, ok := errors.AsType[*Error](err); ok && e.Status >= 400 && e.Status <= 599 {
		return e.Status
	}
	if e, ok := signatureError(err); ok {
		return e.Status()
	}
	if _, remote := errors.AsType[*ewp.Error](err); remote {
		// A call that the handler made itself: what is wrong with it is not the caller's.
		if errors.Is(err, passerelle.ErrUnavailable) {
			return http.StatusServiceUnavailable
		}
		return http.StatusInternalServerError
	}
	for _, k := range kinds {
		if errors.Is(err, k.err) {
			return k.status
		}
	}
	return http.StatusInternalServerError
}

// messageOf returns what the caller is told. The words of an error are used only
// where its type promises that they repeat no value.
func messageOf(err error, status int) string {
	if e, ok := errors.AsType[*Error](err); ok && e.DeveloperMessage != "" {
		return e.DeveloperMessage
	}
	if e, ok := signatureError(err); ok {
		return e.Error()
	}
	if text, ok := safeText(err); ok && status < 500 {
		return text
	}
	switch status {
	case http.StatusBadRequest:
		return "the request breaks a rule of this API"
	case http.StatusForbidden:
		return "your institution may not do this"
	case http.StatusNotFound:
		return "there is nothing that your institution may see under this identifier"
	case http.StatusConflict:
		return "the request contradicts the current state"
	case http.StatusGone:
		return "this is no longer there"
	case http.StatusTooManyRequests:
		return "too many requests: please wait"
	case http.StatusServiceUnavailable:
		return "not available at the moment: please try again later"
	}
	return "something went wrong here: " + http.StatusText(status)
}

// signatureError returns why the request was not believed. Such an error about a
// response comes from a call of the handler's own, and says nothing of the request.
func signatureError(err error) (*httpsig.Error, bool) {
	e, ok := errors.AsType[*httpsig.Error](err)
	return e, ok && !e.Response
}

// safeText returns the text of an error in the chain whose type promises that it
// repeats no value.
func safeText(err error) (string, bool) {
	if e, ok := errors.AsType[*httpsig.Error](err); ok {
		return e.Error(), true
	}
	if e, ok := errors.AsType[passerelle.FieldErrors](err); ok {
		return e.Error(), true
	}
	if e, ok := errors.AsType[passerelle.FieldError](err); ok {
		return e.Error(), true
	}
	if e, ok := errors.AsType[*passerelle.ParseError](err); ok {
		return e.Error(), true
	}
	return "", false
}

// internalError is a fault of ours, whatever kind of error it wraps: data that
// cannot be written is "invalid", and the caller did nothing wrong.
type internalError struct {
	what string
	err  error
}

func (e *internalError) Error() string { return e.what + ": " + e.err.Error() }
func (e *internalError) Unwrap() error { return e.err }

// panicError is a panic of a handler.
type panicError struct{ value any }

// Error returns the type of what was thrown, whose text may hold anything, and the
// text of what the runtime threw.
func (e *panicError) Error() string {
	if err, ok := e.value.(runtime.Error); ok {
		return "panic: " + err.Error()
	}
	return fmt.Sprintf("panic with a value of type %T", e.value)
}

// bodyError words why a body was not taken; nil stays nil.
func bodyError(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, httpsig.ErrTooLarge):
		return refuse(http.StatusRequestEntityTooLarge, "the body is longer than accepted", err)
	}
	return refuse(http.StatusBadRequest, "the body could not be read to its end", err)
}

// failure returns the answer that says why there is no other.
func (x *exchange) failure(err error) *Answer {
	status := statusOf(err)
	response := ewp.ErrorResponse{DeveloperMessage: messageOf(err, status)}
	if e, ok := errors.AsType[*Error](err); ok {
		response.UserMessages = e.UserMessages
	}
	text, encoding := response.Encode()
	if encoding != nil { // a character that XML cannot hold
		text, _ = ewp.ErrorResponse{DeveloperMessage: http.StatusText(status)}.Encode()
	}
	a := x.newAnswer()
	a.Status = status
	switch status {
	case http.StatusUnauthorized:
		httpsig.Challenge(a.header)
	case http.StatusMethodNotAllowed:
		allow := x.route.Endpoint.Methods
		if allow.Allows(x.r.Method) { // and the coding does not
			allow = ewp.PostForm
		}
		a.header.Set("Allow", allow.Allow())
	}
	a.Write(text)
	if a.finish() != nil { // it could not be compressed or encrypted: leave that
		x.answers = answerCoding{}
		plain := x.newAnswer()
		plain.Status = status
		plain.header = a.header
		plain.header.Del("Content-Encoding")
		plain.Write(text)
		a = plain
	}
	return a
}
