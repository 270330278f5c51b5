package ewptest

import (
	"fmt"
	"strings"

	"github.com/passerelle-sup/passerelle/ewp"
)

// Status is the verdict of a step, in the words of the official validator and in its
// order of severity.
type Status uint8

// The verdicts.
const (
	Skipped Status = iota // not done: what it needs is not there
	Success
	Notice  // right, and could be better
	Warning // against a SHOULD, or the right refusal with another status
	Failure // wrong
	Broken  // could not be done: no answer came (the validator's ERROR)
)

// String returns the verdict in capitals, as the validator writes it.
func (s Status) String() string {
	names := [...]string{"SKIPPED", "SUCCESS", "NOTICE", "WARNING", "FAILURE", "ERROR"}
	if int(s) < len(names) {
		return names[s]
	}
	return fmt.Sprintf("Status(%d)", uint8(s))
}

// Combination is one way to call an endpoint: the HTTP method, and one security
// method of each of the four lists. The zero value stands for steps that make no
// call.
type Combination struct {
	Method  string
	Methods ewp.Methods
}

// String returns the five letters of the validator: "PHTTT" is POST, signed by the
// client, TLS for the server, the request and the answer. G is GET, "-" another
// method; A is an anonymous client, H a signature, E is encrypted.
func (c Combination) String() string {
	if c == (Combination{}) {
		return "-----"
	}
	code := []byte("-ATTT")
	switch c.Method {
	case "GET":
		code[0] = 'G'
	case "POST":
		code[0] = 'P'
	}
	for i, m := range []ewp.Methods{ewp.ClientHTTPSig, ewp.ServerHTTPSig, ewp.RequestGCM, ewp.ResponseGCM} {
		if c.Methods.Has(m) {
			code[i+1] = "HHEE"[i]
		}
	}
	return string(code)
}

// has reports whether a call is made by a method.
func (c Combination) has(m ewp.Methods) bool { return c.Methods.Has(m) }

// with returns the combination with other methods in place of those of the same list.
func (c Combination) with(mask, m ewp.Methods) Combination {
	c.Methods = c.Methods&^mask | m
	return c
}

// by returns the combination with another HTTP method.
func (c Combination) by(method string) Combination {
	c.Method = method
	return c
}

// plainGET returns a combination as a GET, which cannot be encrypted.
func plainGET(c Combination) Combination {
	return c.by("GET").with(ewp.RequestMethods, ewp.RequestTLS)
}

// Result is what came of one step.
type Result struct {
	API         ewp.API
	Endpoint    string // "" for an API with a single one
	Combination Combination
	Step        string // what was done: "unsigned host"
	Expect      string // what was expected: "400 or 401"
	// Ours says that the official validator has no such step.
	Ours   bool
	Status Status
	Reason string // why it is no Success. It has words of the host: personal.
}

// String returns the verdict and the step on one line, without the reason.
func (r Result) String() string {
	return fmt.Sprintf("%s: %s %s: %s; expected: %s", r.Status, r.endpoint(), r.Combination, r.Step, r.Expect)
}

// endpoint names what was called: "iias get".
func (r Result) endpoint() string {
	if r.Endpoint == "" {
		return r.API.String()
	}
	return r.API.String() + " " + r.Endpoint
}

// Report is what came of all steps, in their order.
type Report []Result

// Count returns how many steps have a verdict.
func (r Report) Count(s Status) int {
	n := 0
	for _, result := range r {
		if result.Status == s {
			n++
		}
	}
	return n
}

// Worst returns the gravest verdict, Skipped for an empty report.
func (r Report) Worst() Status {
	worst := Skipped
	for _, result := range r {
		worst = max(worst, result.Status)
	}
	return worst
}

// String returns the steps that are no success, with their reasons, and the counts.
func (r Report) String() string {
	var b strings.Builder
	for _, result := range r {
		if result.Status != Success {
			fmt.Fprintf(&b, "%s\n    %s\n", result, result.Reason)
		}
	}
	for s := Skipped; s <= Broken; s++ {
		fmt.Fprintf(&b, "%s %d  ", s, r.Count(s))
	}
	return strings.TrimRight(b.String(), " ")
}
