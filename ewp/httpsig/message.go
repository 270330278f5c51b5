package httpsig

import (
	"net/http"
	"net/textproto"
	"strings"
)

// The names of the pseudo-header and of the headers that the profile speaks of, as
// they stand in "headers".
const (
	nameTarget           = "(request-target)"
	nameHost             = "host"
	nameDate             = "date"
	nameOriginalDate     = "original-date"
	nameDigest           = "digest"
	nameRequestID        = "x-request-id"
	nameRequestSignature = "x-request-signature"
)

// lineBreaks are the bytes that net/http lets through in no value, and that would
// look like further lines of the string to sign.
const lineBreaks = "\r\n\x00"

// Ref is what a response says of the request that it answers. The zero value
// stands for a request that bore neither identifier nor signature.
type Ref struct {
	Method    string // HTTP method
	Target    string // path and query as on the wire
	ID        string // X-Request-Id; empty when there was none
	Signature string // "signature" parameter of Authorization; empty when the client did not sign
}

// RefOf returns what a response must say of r: on the client, of a request that
// was signed; on the server, of one that came in, verified or not. An
// Authorization that cannot be read counts as none; one that can be is echoed even
// where it was refused, as the registry expects.
func RefOf(r *http.Request) Ref {
	ref := Ref{Method: methodOf(r), Target: targetOf(r), ID: r.Header.Get("X-Request-Id")}
	if rest, ok := credentials(r.Header.Get("Authorization")); ok {
		p, _ := parseParams(rest)
		ref.Signature = p.signature
	}
	return ref
}

func methodOf(r *http.Request) string {
	if r.Method == "" { // what net/http takes for GET
		return http.MethodGet
	}
	return r.Method
}

// targetOf returns path and query as they are on the wire.
func targetOf(r *http.Request) string {
	if strings.HasPrefix(r.RequestURI, "/") || r.RequestURI == "*" {
		return r.RequestURI
	}
	return r.URL.RequestURI() // to be sent, or come in absolute form
}

// message is what signatures are made over.
type message struct {
	method, target string
	host           string      // of a request; a response has none
	header         http.Header // canonical names only
	response       bool
}

// values returns what the message has under a lower-case name.
func (m *message) values(name string) []string {
	if name == nameHost && !m.response {
		if m.host == "" {
			return nil
		}
		return []string{m.host}
	}
	return m.header[textproto.CanonicalMIMEHeaderKey(name)]
}

// text appends the string to sign (draft-cavage-http-signatures-07, 2.3): one line
// a name in the order given, again for a name that is repeated. absent is the
// first name that the message has nothing under, or cannot be signed.
func (m *message) text(dst []byte, names []string) (text []byte, absent string) {
	for i, name := range names {
		if i > 0 {
			dst = append(dst, '\n')
		}
		dst = append(dst, name...)
		dst = append(dst, ": "...)
		if name == nameTarget {
			if m.target == "" || strings.ContainsAny(m.target, lineBreaks) {
				return nil, name
			}
			dst = append(dst, strings.ToLower(m.method)...)
			dst = append(dst, ' ')
			dst = append(dst, m.target...)
			continue
		}
		values := m.values(name)
		if len(values) == 0 {
			return nil, name
		}
		for j, v := range values {
			if strings.ContainsAny(v, lineBreaks) {
				return nil, name
			}
			if j > 0 {
				dst = append(dst, ", "...)
			}
			dst = append(dst, textproto.TrimString(v)...)
		}
	}
	return dst, ""
}

// single returns the one value of a header. It is an error of Reason Duplicate if
// there are several, and ok is false if there is none.
func (m *message) single(header string) (value string, ok bool, err *Error) {
	switch values := m.header[header]; len(values) {
	case 0:
		return "", false, nil
	case 1:
		return textproto.TrimString(values[0]), true, nil
	}
	return "", false, m.fault(Duplicate, header, "the field once")
}

func (m *message) fault(reason Reason, header, want string) *Error {
	return &Error{Reason: reason, Header: header, Want: want, Response: m.response}
}

// canonical returns h with canonical names: h itself, unless something other than
// net/http put it together.
func canonical(h http.Header) http.Header {
	plain := true
	for name := range h {
		plain = plain && textproto.CanonicalMIMEHeaderKey(name) == name
	}
	if plain {
		return h
	}
	merged := make(http.Header, len(h))
	for name, values := range h {
		key := textproto.CanonicalMIMEHeaderKey(name)
		merged[key] = append(merged[key], values...)
	}
	return merged
}
