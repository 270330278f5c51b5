package supdata

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"unicode/utf8"

	"github.com/passerelle-sup/passerelle"
)

// Error is an enrolment that SUPDATA did not take, or whose fate is not known.
// errors.Is knows it by the root taxonomy, passerelle.OutcomeOf tells whether it
// may have been recorded.
type Error struct {
	HTTP    int     // HTTP status; 0 when no answer came
	Details Details // what the service said: personal, it repeats INE and birth date
	Raw     []byte  // the body as received, 64 KiB at most: personal

	Result passerelle.Outcome
	Err    error // the cause, which carries the root taxonomy
}

// Details is the error object of SUPDATA, of writing and reading alike. It is
// personal data, UID apart.
type Details struct {
	Message    string   // in French: "étudiant introuvable"
	UID        string   // reference of the error, for the support; empty when it is none
	Method     string   // of the request
	Endpoint   string   // of the request
	Parameters []string // what was wrong: a text, a list, or nothing in the wire's three forms
}

// Error returns the status, the reference and the kind of failure, without the
// service's words.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString("supdata")
	if e.HTTP != 0 {
		fmt.Fprintf(&b, ": HTTP %d", e.HTTP)
	}
	if e.Details.UID != "" {
		b.WriteString(": reference ")
		b.WriteString(e.Details.UID)
	}
	if e.Err != nil {
		b.WriteString(": ")
		b.WriteString(e.Err.Error())
	}
	return b.String()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Outcome tells what became of the request.
func (e *Error) Outcome() passerelle.Outcome { return e.Result }

// LogValue gives status, reference and outcome: nothing personal.
func (e *Error) LogValue() slog.Value {
	return slog.GroupValue(
		slog.String("text", e.Error()), slog.Int("status", e.HTTP), slog.String("uid", e.Details.UID), slog.String("outcome", e.Result.String()))
}

// ParseDetails reads the error object of SUPDATA, and reports whether body is one:
// an object with a message. The member parameter is a text, a list of texts, or
// anything else, which is kept as JSON.
func ParseDetails(body []byte) (Details, bool) {
	var w struct {
		Message string          `json:"message"`
		UID     json.RawMessage `json:"uid"`
		Details json.RawMessage `json:"details"`
	}
	if !utf8.Valid(body) || json.Unmarshal(body, &w) != nil || w.Message == "" || len(w.UID) == 0 && len(w.Details) == 0 {
		return Details{}, false
	}
	d := Details{Message: w.Message}
	if uid := plain(w.UID); isUID(uid) {
		d.UID = uid
	}
	var in struct {
		Method    json.RawMessage `json:"method"`
		Endpoint  json.RawMessage `json:"endpoint"`
		Parameter json.RawMessage `json:"parameter"`
	}
	if json.Unmarshal(w.Details, &in) == nil {
		d.Method, d.Endpoint, d.Parameters = plain(in.Method), plain(in.Endpoint), parameters(in.Parameter)
	}
	return d, true
}

// parameters reads the member that has several forms.
func parameters(raw json.RawMessage) []string {
	var list []json.RawMessage
	if json.Unmarshal(raw, &list) != nil {
		list = []json.RawMessage{raw}
	}
	var out []string
	for _, e := range list {
		if s := plain(e); s != "" {
			out = append(out, s)
		}
	}
	return out
}

// plain reads a text, or gives any other JSON as it is; null and nothing are "".
func plain(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return s
	}
	return string(bytes.TrimSpace(raw))
}

// isUID reports whether s is a reference such as 5e68e563116ab_0000: anything else
// could be personal, and is left out of what is printed.
func isUID(s string) bool {
	head, tail, ok := strings.Cut(s, "_")
	return ok && len(head) == 13 && len(tail) == 4 && strings.Trim(head, "0123456789abcdef") == "" && strings.Trim(tail, "0123456789") == ""
}

// answerError says in fixed words why an answer is none.
type answerError struct {
	want string
	kind error
}

func (e *answerError) Error() string        { return e.kind.Error() + ": want " + e.want }
func (e *answerError) Is(target error) bool { return target == e.kind }
