package httpsig

import (
	"errors"
	"log/slog"
	"net/http"

	"github.com/passerelle-sup/passerelle"
)

// Reason is why a signature was not accepted, a stable word. It is an error for
// errors.Is: errors.Is(err, httpsig.Replay).
type Reason string

// Error returns the word.
func (r Reason) Error() string { return string(r) }

// The reasons, in the order in which verification looks for them.
const (
	Missing          Reason = "missing"           // not signed in this way at all
	Duplicate        Reason = "duplicate"         // a field, parameter or digest is there twice
	Syntax           Reason = "syntax"            // parameters that cannot be read
	Algorithm        Reason = "algorithm"         // another one than rsa-sha256
	Unsigned         Reason = "unsigned"          // a required name is not in the list of signed ones
	Absent           Reason = "absent"            // a header listed as signed is not there
	Host             Reason = "host"              // meant for another host
	RequestID        Reason = "request-id"        // no canonical UUID; in a response not that of the request
	RequestSignature Reason = "request-signature" // in a response not that of the request
	UnknownKey       Reason = "key"               // not one of the keys that may sign this
	WeakKey          Reason = "weak-key"          // a key of a length that is not accepted
	Date             Reason = "date"              // no date in the one accepted form
	Skew             Reason = "skew"              // too far from our clock
	Signature        Reason = "signature"         // the signature is not that of this message by this key
	Digest           Reason = "digest"            // no SHA-256 of the body, or not of this body
	TooLarge         Reason = "size"              // the body is longer than accepted
	Replay           Reason = "replay"            // the identifier was used already
	Lookup           Reason = "lookup"            // keys or replays could not be looked up: nothing is known of the signature
	Broken           Reason = "body"              // the body could not be read to its end
)

// Error says why a message was not accepted. Its text has no personal data and
// can be sent to the other side. errors.Is knows it by the taxonomy of package
// passerelle.
type Error struct {
	Reason   Reason
	Header   string // the field concerned; empty when it is the whole
	Want     string // what was expected, for a person to read
	Response bool   // found in a response, not in a request
	Err      error  // the cause, of Lookup and Broken
}

// Error returns the reason, the field and the expectation.
func (e *Error) Error() string {
	text := "signature of the request: "
	if e.Response {
		text = "signature of the response: "
	}
	text += string(e.Reason)
	if e.Header != "" {
		text += ": " + e.Header
	}
	if e.Want != "" {
		text += ": want " + e.Want
	}
	return text
}

// Unwrap returns Err.
func (e *Error) Unwrap() error { return e.Err }

// Is reports whether target is the Reason, or the member of the taxonomy that e
// belongs to: of a request ErrUnauthorized for Missing, ErrForbidden for UnknownKey and WeakKey,
// else ErrInvalid; of a response ErrProtocol. Lookup and Broken are known by their
// cause, and as ErrUnavailable where that is of no kind.
func (e *Error) Is(target error) bool {
	switch {
	case target == e.Reason:
		return true
	case e.Reason == Lookup, e.Reason == Broken:
		return target == passerelle.ErrUnavailable && !classified(e.Err)
	case e.Response:
		return target == passerelle.ErrProtocol
	case e.Reason == Missing:
		return target == passerelle.ErrUnauthorized
	case e.Reason == UnknownKey, e.Reason == WeakKey:
		return target == passerelle.ErrForbidden
	}
	return target == passerelle.ErrInvalid
}

// Status returns the HTTP status with which a server refuses the request
// (ewp-specs-sec-cliauth-httpsig, implementing a server): 401 for Missing, 403
// for UnknownKey and WeakKey, 413 for TooLarge, 429 or 503 for Lookup, else 400.
func (e *Error) Status() int {
	switch e.Reason {
	case Missing:
		return http.StatusUnauthorized
	case UnknownKey, WeakKey:
		return http.StatusForbidden
	case TooLarge:
		return http.StatusRequestEntityTooLarge
	case Lookup:
		if errors.Is(e.Err, passerelle.ErrRateLimited) {
			return http.StatusTooManyRequests
		}
		return http.StatusServiceUnavailable
	}
	return http.StatusBadRequest
}

// LogValue returns what Error shows, in fields.
func (e *Error) LogValue() slog.Value {
	return slog.GroupValue(
		slog.String("text", e.Error()),
		slog.String("reason", string(e.Reason)),
		slog.String("header", e.Header))
}

// classified reports whether err says by itself what kind it is.
func classified(err error) bool {
	for _, kind := range []error{
		passerelle.ErrInvalid, passerelle.ErrRateLimited, passerelle.ErrUnavailable, passerelle.ErrProtocol,
		passerelle.ErrForbidden, passerelle.ErrUnauthorized,
	} {
		if errors.Is(err, kind) {
			return true
		}
	}
	return false
}
