package transport

import (
	"net/http"
	"time"

	"github.com/passerelle-sup/passerelle"
)

// Response is a complete answer. Header and Body may hold personal data.
type Response struct {
	Status   int
	Header   http.Header
	Body     []byte // whole, decompressed
	Attempts int    // how many times the request was sent, this answer's included

	from    origin
	verdict Verdict
}

// Err returns nil for a status 2xx, and for the 304 that answers a conditional
// request; for any other the *Error that describes the answer.
func (r *Response) Err() error {
	if success(r.Status) {
		return nil
	}
	return r.failure()
}

// failure describes r as an error.
func (r *Response) failure() *Error {
	return &Error{
		Operation:  r.from.operation,
		Method:     r.from.method,
		Host:       r.from.host,
		Status:     r.Status,
		Attempts:   r.Attempts,
		Header:     r.Header,
		Body:       r.Body[:min(len(r.Body), maxErrorBody)],
		RetryAfter: retryAfter(r.Header, time.Now()),
		kind:       kindOf(r.Status, r.verdict),
		outcome:    outcomeOf(r.Status, r.verdict),
	}
}

func success(status int) bool {
	return status >= 200 && status < 300 || status == http.StatusNotModified
}

// kindOf maps a status to the taxonomy.
func kindOf(status int, v Verdict) error {
	switch {
	case status == http.StatusTooManyRequests:
		return passerelle.ErrRateLimited
	case v == Transient, v == Unprocessed && success(status):
		return passerelle.ErrUnavailable
	}
	switch status {
	case http.StatusBadRequest, http.StatusUnprocessableEntity:
		return passerelle.ErrInvalid
	case http.StatusUnauthorized:
		return passerelle.ErrUnauthorized
	case http.StatusForbidden:
		return passerelle.ErrForbidden
	case http.StatusNotFound:
		return passerelle.ErrNotFound
	case http.StatusConflict:
		return passerelle.ErrConflict
	case http.StatusGone:
		return passerelle.ErrGone
	case http.StatusRequestTimeout, http.StatusTooEarly:
		return passerelle.ErrUnavailable
	}
	if status >= 500 {
		return passerelle.ErrUnavailable
	}
	return passerelle.ErrProtocol // a redirect, or a refusal of the form of the request: 405, 415…
}

// outcomeOf tells what a status says of the fate of a request.
func outcomeOf(status int, v Verdict) passerelle.Outcome {
	switch {
	case v == Final, v == Unprocessed, status == http.StatusTooManyRequests:
		return passerelle.Answered
	case v == Transient, status == http.StatusRequestTimeout:
		return passerelle.Unknown
	case status == http.StatusNotImplemented, status == http.StatusHTTPVersionNotSupported:
		return passerelle.Answered
	case status >= 500:
		return passerelle.Unknown
	}
	return passerelle.Answered
}
