package soap

import (
	"encoding/xml"
	"net/http"
	"strconv"

	"github.com/passerelle-sup/passerelle"
)

// EnvelopeError says that well-formed XML is not an envelope as SOAP wants it.
// errors.Is(err, passerelle.ErrProtocol) is true of it.
type EnvelopeError struct {
	// Rule is the broken rule, a stable word: "envelope", "version", "header",
	// "body", "text", "mustUnderstand", "reference".
	Rule string
	// Want is what was expected, for a person to read.
	Want string
	// Block is the header block that is not understood, under "mustUnderstand".
	Block xml.Name
}

// Error returns the rule and the expectation.
func (e *EnvelopeError) Error() string {
	text := "SOAP: " + e.Rule
	if e.Want != "" {
		text += ": want " + e.Want
	}
	if e.Block.Local != "" {
		text += ": header block " + code(e.Block.Local) + " is not understood"
	}
	return text
}

// Is reports whether target is passerelle.ErrProtocol.
func (e *EnvelopeError) Is(target error) bool { return target == passerelle.ErrProtocol }

// ResponseError says that the HTTP answer of a service is no SOAP answer: an
// error page of a proxy, a login page, or an envelope with a status that
// contradicts it. What became of the request is not known, unless the status says
// that it was turned away at the door.
type ResponseError struct {
	Status    int    // HTTP status
	MediaType string // media type of the answer, without parameters
	Err       error  // why the body is no envelope; nil where it was not read as one. Not unwrapped: the status decides
}

// Error returns the status and the media type.
func (e *ResponseError) Error() string {
	text := "SOAP: HTTP status " + strconv.Itoa(e.Status) + " without a SOAP answer"
	if e.Err != nil {
		return text + ": " + e.Err.Error()
	}
	if !isXML(e.MediaType) {
		text += ": media type " + code(e.MediaType)
	}
	return text
}

// Is maps the status to the taxonomy: 401 is passerelle.ErrUnauthorized, 403
// passerelle.ErrForbidden, 429 passerelle.ErrRateLimited, any other from 300 on
// passerelle.ErrUnavailable (a 404 is about the address, never about a person),
// and one below passerelle.ErrProtocol.
func (e *ResponseError) Is(target error) bool {
	switch {
	case e.Status == http.StatusUnauthorized:
		return target == passerelle.ErrUnauthorized
	case e.Status == http.StatusForbidden:
		return target == passerelle.ErrForbidden
	case e.Status == http.StatusTooManyRequests:
		return target == passerelle.ErrRateLimited
	case e.Status >= 300:
		return target == passerelle.ErrUnavailable
	}
	return target == passerelle.ErrProtocol
}

// Outcome returns passerelle.Answered for 401, 403 and 429, which refuse the
// request, and passerelle.Unknown for everything else.
func (e *ResponseError) Outcome() passerelle.Outcome {
	switch e.Status {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusTooManyRequests:
		return passerelle.Answered
	}
	return passerelle.Unknown
}

// code returns s where it looks like a code or a name, which error texts may
// repeat; anything else may be personal.
func code(s string) string {
	if s == "" || len(s) > 80 {
		return "(withheld)"
	}
	for i := range len(s) {
		switch c := s[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '.', c == '-', c == '_', c == '/', c == '+':
		default:
			return "(withheld)"
		}
	}
	return s
}
