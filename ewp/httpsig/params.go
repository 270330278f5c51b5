package httpsig

import (
	"encoding/base64"
	"strings"

	"github.com/passerelle-sup/passerelle/ewp"
)

const (
	scheme    = "Signature"
	algorithm = "rsa-sha256"

	maxParams = 16 << 10 // bytes of an Authorization or Signature value
	maxNames  = 128      // names in "headers"
)

// params are the parameters of a signature (draft-cavage-http-signatures-07,
// 2.1). A signature without "headers" covers the date alone there, and is then
// refused for that here.
type params struct {
	keyID     ewp.Fingerprint
	names     []string // lower-case, in order, repetitions kept
	signature string   // as written
	raw       []byte
}

// format writes the parameters in the order that the draft shows.
func (p params) format() string {
	return `keyId="` + p.keyID.String() + `",algorithm="` + algorithm + `",headers="` +
		strings.Join(p.names, " ") + `",signature="` + p.signature + `"`
}

// credentials returns what follows the scheme in the value of an Authorization
// header, false for another scheme.
func credentials(value string) (string, bool) {
	if len(value) <= len(scheme) || !strings.EqualFold(value[:len(scheme)], scheme) {
		return "", false
	}
	rest := value[len(scheme):]
	if rest[0] != ' ' && rest[0] != '\t' {
		return "", false
	}
	return rest, true
}

// parseParams reads name="value" pairs in any order, separated by commas with
// blanks around them. Names that the draft does not know are ignored, as it asks.
// A signature that is refused for its algorithm or key is returned all the same.
func parseParams(s string) (params, *Error) {
	if len(s) > maxParams {
		return params{}, &Error{Reason: Syntax, Want: "at most 16 KiB of parameters"}
	}
	var p params
	var found struct{ keyID, algorithm, headers, signature *string }
	for rest := s; ; {
		name, value, after, ok := nextParam(rest)
		if !ok {
			return params{}, &Error{Reason: Syntax, Want: `parameters of the form name="value", separated by commas`}
		}
		var field **string
		switch name {
		case "keyId":
			field = &found.keyID
		case "algorithm":
			field = &found.algorithm
		case "headers":
			field = &found.headers
		case "signature":
			field = &found.signature
		}
		if field != nil {
			if *field != nil {
				return params{}, &Error{Reason: Duplicate, Want: "each parameter once, not " + name + " twice"}
			}
			*field = &value
		}
		if after == "" {
			break
		}
		rest = after
	}
	if found.keyID == nil || found.algorithm == nil || found.signature == nil {
		return params{}, &Error{Reason: Syntax, Want: "the parameters keyId, algorithm, headers and signature"}
	}
	var err error
	if p.raw, err = base64.StdEncoding.Strict().DecodeString(*found.signature); err != nil || len(p.raw) == 0 {
		return params{}, &Error{Reason: Syntax, Want: "a signature in padded base64"}
	}
	p.signature = *found.signature
	if *found.algorithm != algorithm {
		return p, &Error{Reason: Algorithm, Want: algorithm}
	}
	if p.keyID, err = ewp.ParseFingerprint(*found.keyID); err != nil {
		return p, &Error{Reason: UnknownKey, Want: "a keyId of 64 lower-case hexadecimal digits"}
	}
	p.names = []string{"date"}
	if found.headers != nil {
		p.names = strings.Fields(strings.ToLower(*found.headers))
	}
	if len(p.names) > maxNames {
		return p, &Error{Reason: Syntax, Want: "at most 128 names in headers"}
	}
	return p, nil
}

// nextParam cuts the first parameter off s.
func nextParam(s string) (name, value, rest string, ok bool) {
	const blanks = " \t"
	name, rest, ok = strings.Cut(strings.TrimLeft(s, blanks), "=")
	name, rest = strings.TrimRight(name, blanks), strings.TrimLeft(rest, blanks)
	if !ok || !isToken(name) || !strings.HasPrefix(rest, `"`) {
		return "", "", "", false
	}
	value, rest, ok = strings.Cut(rest[1:], `"`)
	if !ok || strings.IndexByte(value, '\\') >= 0 {
		return "", "", "", false
	}
	rest = strings.Trim(rest, blanks)
	if rest == "" {
		return name, value, "", true
	}
	rest, ok = strings.CutPrefix(rest, ",")
	return name, value, strings.TrimLeft(rest, blanks), ok && rest != ""
}

// isToken reports whether s is a token of RFC 9110, 5.6.2.
func isToken(s string) bool {
	for i := range len(s) {
		c := s[i]
		if c <= ' ' || c >= 0x7f || strings.IndexByte(`"(),/:;<=>?@[\]{}`, c) >= 0 {
			return false
		}
	}
	return s != ""
}
