package particulier

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/transport"
)

// Error is a question that API Particulier did not answer, or refused. errors.Is
// knows it by the root taxonomy and by every [Code] of its body.
type Error struct {
	Operation string
	HTTP      int     // HTTP status; 0 when no answer came
	Faults    []Fault // what the body says, empty when it says nothing that can be read

	// RetryAfter is how long the service asked to wait, in a header or in the body;
	// nil when it did not say, which is not the same as 0.
	RetryAfter *time.Duration
	RequestID  string // X-Request-Id of the answer, when there is one: for the support
	Raw        []byte // the body as received, 64 KiB at most: personal

	Result passerelle.Outcome // what became of the request
	Err    error              // the cause when no answer came or it could not be read, else nil

	kind error
}

// Fault is one error of a body.
type Fault struct {
	Code      Code
	Title     string
	Detail    string // the service's own words: personal
	Parameter string // parameter at fault, when the service names one
	Header    string // header at fault, when the service names one
	Provider  string // "MESRI", "CNOUS", when it comes from one
}

// Error returns the operation, the status, the codes and the cause, without the
// service's words.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString("particulier: ")
	b.WriteString(e.Operation)
	if e.HTTP != 0 {
		fmt.Fprintf(&b, ": HTTP %d", e.HTTP)
	}
	for _, f := range e.Faults {
		if f.Code != "" {
			b.WriteString(": ")
			b.WriteString(f.Code.shown())
		}
	}
	switch {
	case e.Err != nil:
		b.WriteString(": ")
		b.WriteString(e.Err.Error())
	case !slices.ContainsFunc(e.Faults, func(f Fault) bool { return f.Code != "" }):
		b.WriteString(": ")
		b.WriteString(e.kind.Error())
	}
	return b.String()
}

// shown is c for error texts: what is not in the catalogue could be anything.
func (c Code) shown() string {
	if _, ok := c.entry(); ok {
		return c.Error()
	}
	if len(c) == 5 && strings.Trim(string(c), "0123456789") == "" {
		return c.Error()
	}
	return "a code that is not listed"
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Is reports whether target is the member of the taxonomy that e belongs to, or a
// code of its body.
func (e *Error) Is(target error) bool {
	if code, ok := target.(Code); ok {
		return slices.ContainsFunc(e.Faults, func(f Fault) bool { return f.Code.matches(code) })
	}
	return e.kind != nil && target == e.kind
}

// Outcome tells what became of the request.
func (e *Error) Outcome() passerelle.Outcome { return e.Result }

// LogValue gives operation, status, code and outcome: nothing personal.
func (e *Error) LogValue() slog.Value {
	return slog.GroupValue(
		slog.String("text", e.Error()), slog.String("operation", e.Operation), slog.Int("status", e.HTTP),
		slog.String("request_id", e.RequestID), slog.String("outcome", e.Result.String()))
}

// maxFaults bounds what is read of a body.
const maxFaults = 32

// ParseFaults reads the body of an error in its three forms: the objects of v3
// and v4, the bare object of v2, and the texts in errors that the server answers
// before it knows the version. It returns nothing for any other body.
func ParseFaults(body []byte) []Fault {
	faults, _ := parseFaults(body)
	return faults
}

// parseFaults also returns the delay that the body asks for, nil for none.
func parseFaults(body []byte) ([]Fault, *time.Duration) {
	if !utf8.Valid(body) {
		return nil, nil
	}
	var w struct {
		Errors  []json.RawMessage `json:"errors"`
		Error   string            `json:"error"`
		Reason  string            `json:"reason"`
		Message string            `json:"message"`
	}
	if json.Unmarshal(body, &w) != nil {
		return nil, nil
	}
	var retry *time.Duration
	faults := make([]Fault, 0, min(len(w.Errors), maxFaults))
	for _, raw := range w.Errors[:min(len(w.Errors), maxFaults)] {
		var plain string
		if json.Unmarshal(raw, &plain) == nil {
			if plain != "" {
				faults = append(faults, Fault{Detail: plain})
			}
			continue
		}
		f, delay, ok := parseFault(raw)
		if !ok {
			continue
		}
		faults = append(faults, f)
		if delay != nil && (retry == nil || *delay > *retry) {
			retry = delay
		}
	}
	if w.Error != "" {
		faults = append(faults, Fault{Code: Code(w.Error), Title: w.Reason, Detail: w.Message})
	}
	if len(faults) == 0 {
		return nil, retry
	}
	return faults, retry
}

// parseFault reads one object of v3 and v4, as far as it can be read.
func parseFault(raw json.RawMessage) (Fault, *time.Duration, bool) {
	var members map[string]json.RawMessage
	if json.Unmarshal(raw, &members) != nil || members == nil {
		return Fault{}, nil, false
	}
	f := Fault{Code: Code(member(members["code"])), Title: member(members["title"]), Detail: member(members["detail"])}
	var source, meta map[string]json.RawMessage
	_ = json.Unmarshal(members["source"], &source) // null, or not there
	_ = json.Unmarshal(members["meta"], &meta)
	f.Parameter, f.Header, f.Provider = member(source["parameter"]), member(source["header"]), member(meta["provider"])
	return f, seconds(member(meta["retry_in"])), true
}

// member reads a text or a number.
func member(raw json.RawMessage) string {
	var t text
	if len(raw) == 0 || json.Unmarshal(raw, &t) != nil {
		return ""
	}
	return string(t)
}

// longest bounds the delays that are believed.
const longest = 24 * time.Hour

// seconds reads a delay, nil when there is none.
func seconds(s string) *time.Duration {
	v, err := strconv.ParseFloat(strings.TrimSpace(s), 64)
	if err != nil || !(v >= 0) {
		return nil
	}
	d := time.Duration(min(v, longest.Seconds()) * float64(time.Second))
	return &d
}

// askedDelay is what the headers ask for: Retry-After, else the reset of the rate
// limit on a 429. nil is no wish.
func askedDelay(resp *transport.Response, now time.Time) *time.Duration {
	if d := retryAfter(resp.Header.Get("Retry-After"), now); d != nil {
		return d
	}
	if resp.Status != http.StatusTooManyRequests {
		return nil
	}
	reset, err := strconv.ParseInt(resp.Header.Get("RateLimit-Reset"), 10, 64)
	if err != nil {
		return nil
	}
	d := min(max(time.Unix(reset, 0).Sub(now), 0), longest)
	return &d
}

// retryAfter reads both forms of the header.
func retryAfter(v string, now time.Time) *time.Duration {
	if d := seconds(v); d != nil {
		return d
	}
	at, err := http.ParseTime(v)
	if err != nil {
		return nil
	}
	d := min(max(at.Sub(now), 0), longest)
	return &d
}

// refusal turns an answer that is not a success into an error.
func refusal(operation string, resp *transport.Response, now time.Time) *Error {
	e := &Error{
		Operation: operation, HTTP: resp.Status, RequestID: requestID(resp.Header), Raw: resp.Body[:min(len(resp.Body), maxRaw)],
		Result: passerelle.Answered, RetryAfter: askedDelay(resp, now), kind: kindOfStatus(resp.Status),
	}
	faults, delay := parseFaults(resp.Body)
	e.Faults = faults
	if e.RetryAfter == nil {
		e.RetryAfter = delay
	}
	for _, f := range faults {
		if known, ok := f.Code.entry(); ok && resp.Status >= 400 {
			e.kind = known.kind
			break
		}
	}
	return e
}

// maxRaw is how much of a body an Error keeps.
const maxRaw = 64 << 10

// requestID reads the correlation identifier, unless it is too long to be one.
func requestID(h http.Header) string {
	id := h.Get("X-Request-Id")
	if len(id) > 128 {
		return ""
	}
	return id
}
