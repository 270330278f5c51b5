package particulier

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"unicode/utf8"

	"github.com/passerelle-sup/passerelle"
)

// DecodeError says that the body of an answer does not follow the contract.
// errors.Is(err, passerelle.ErrProtocol) is true of it. It holds no value.
type DecodeError struct {
	What string // what was expected: "student status"
	Path string // member at fault: "admissions.est_inscrit"; empty for the whole
	Want string // what was expected there
}

// Error returns what was expected, where, and how.
func (e *DecodeError) Error() string {
	s := e.What
	if e.Path != "" {
		s += ": " + e.Path
	}
	return s + ": want " + e.Want
}

// Is reports whether target is ErrProtocol.
func (e *DecodeError) Is(target error) bool { return target == passerelle.ErrProtocol }

// Outcome returns Answered.
func (e *DecodeError) Outcome() passerelle.Outcome { return passerelle.Answered }

// decode reads body: the envelope {"data": …} of v3 and v4 into enveloped, or the
// bare object of v2, which must have one of the members keys, into bare.
func decode(what string, body []byte, enveloped, bare any, keys ...string) (isEnveloped bool, err error) {
	if !utf8.Valid(body) {
		return false, &DecodeError{What: what, Want: "text in UTF-8"}
	}
	var top map[string]json.RawMessage
	if err := json.Unmarshal(body, &top); err != nil {
		return false, jsonFault(what, err)
	}
	if _, failed := top["errors"]; failed || top == nil {
		return false, &DecodeError{What: what, Want: "an object with the data"}
	}
	if data, ok := top["data"]; ok {
		if bytes.HasPrefix(data, []byte("null")) {
			return true, &DecodeError{What: what, Path: "data", Want: "an object"}
		}
		return true, jsonFault(what, json.Unmarshal(data, enveloped))
	}
	if !slices.ContainsFunc(keys, func(k string) bool { _, ok := top[k]; return ok }) {
		return false, &DecodeError{What: what, Want: "an object with the data"}
	}
	return false, jsonFault(what, json.Unmarshal(body, bare))
}

// jsonFault says in fixed words what json found.
func jsonFault(what string, err error) error {
	if err == nil {
		return nil
	}
	if e, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return &DecodeError{What: what, Path: e.Field, Want: "no " + kind(e.Value) + " there"}
	}
	if e, ok := errors.AsType[*json.SyntaxError](err); ok {
		return &DecodeError{What: what, Want: "JSON, which it stops being at byte " + strconv.FormatInt(e.Offset, 10)}
	}
	return &DecodeError{What: what, Want: "JSON"}
}

// kind keeps the kind of a JSON value and drops the number that json quotes.
func kind(value string) string {
	word, _, _ := bytes.Cut([]byte(value), []byte(" "))
	return string(word)
}
