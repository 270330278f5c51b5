package ewpclient

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"slices"
	"strings"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/transport"
)

// Failure is a call that a partner failed, in the words of the Monitoring API
// (ewp-specs-api-monitoring 0.2.0), to which clients report such: an API missing in
// the catalogue that must exist (Call.Expected), a host that cannot be reached or
// does not answer in time, every status 4xx and 5xx, an answer that cannot be
// believed or read. Calls of Echo and of the Monitoring API itself are none, nor is
// what ended on our side: a wrong request, no catalogue, a limiter, a context.
type Failure struct {
	HEI           ewp.HEIID // that was called
	API, Endpoint string    // element names; Endpoint is empty for an API with a single address
	Status        int       // 0 where no answer came
	// ServerMessage is the developer-message of the host, empty where it sent none.
	// It is the host's own text: what it repeats of the call is masked, anything else
	// in it is as the host wrote it.
	ServerMessage string
	// ClientMessage is what went wrong as seen from here, without personal data.
	ClientMessage string
	// Err is the error that the call returned. It may hold personal data.
	Err *ewp.Error
}

// report tells Config.Report of a failure.
func (c *Client) report(call Call, e *ewp.Error) {
	if c.cfg.Report == nil || call.API == ewp.Echo || call.API == ewp.Monitoring {
		return
	}
	f := Failure{HEI: e.HEI, API: e.API, Endpoint: e.Endpoint, Status: e.Status, ClientMessage: e.Error(), Err: e}
	if e.Response != nil {
		f.ServerMessage = masked(e.Response.DeveloperMessage, call)
	}
	c.cfg.Report(f)
}

// minMasked is the length in bytes from which a value is masked: shorter ones say
// nothing of anybody, and are found in any text.
const minMasked = 3

// masked returns a text of the host without what the call sent: the values of its
// parameters, the texts and attributes of its document.
func masked(text string, call Call) string {
	var sent []string
	for _, values := range call.Params {
		sent = append(sent, values...)
	}
	for d := xml.NewDecoder(bytes.NewReader(call.XML)); ; {
		token, err := d.RawToken()
		if err != nil {
			break
		}
		switch t := token.(type) {
		case xml.CharData:
			sent = append(sent, strings.TrimSpace(string(t)))
		case xml.StartElement:
			for _, a := range t.Attr {
				sent = append(sent, a.Value)
			}
		}
	}
	slices.SortFunc(sent, func(a, b string) int { return len(b) - len(a) }) // the longest wins
	var pairs []string
	for _, value := range sent {
		if len(value) >= minMasked {
			pairs = append(pairs, value, "***")
		}
	}
	return strings.NewReplacer(pairs...).Replace(text)
}

// failed is the error of an exchange whose cause is err, reported.
func (x *exchange) failed(status int, err error, outcome passerelle.Outcome) *ewp.Error {
	e := &ewp.Error{Status: status, Signed: x.verified != nil, Err: err, Result: outcome}
	return x.fail(e, outcome != passerelle.NotSent && !isLocal(err))
}

// unanswered is the error of an exchange that transport gave up.
func (x *exchange) unanswered(ctx context.Context, err error) error {
	e := &ewp.Error{}
	if last, ok := errors.AsType[*transport.Error](err); ok && last.Status != 0 { // one that means "not now", or a redirect
		e = x.statusError()
	}
	e.Err, e.Result = err, passerelle.OutcomeOf(err)
	return x.fail(e, !x.ours && ctx.Err() == nil)
}

// refused is the error of an exchange whose answer is one.
func (x *exchange) refused() error { return x.fail(x.statusError(), true) }

// maxRaw is how much of the body of an error is read: what ewp.Error keeps.
const maxRaw = 64 << 10

func (x *exchange) statusError() *ewp.Error {
	e := ewp.ErrorFrom(x.status, x.header.Get("Content-Type"), x.raw(maxRaw))
	e.Signed = x.verified != nil
	return e
}

// fail completes an error, and reports it where it is the partner's, once an
// exchange.
func (x *exchange) fail(e *ewp.Error, theirs bool) *ewp.Error {
	e.HEI, e.API, e.Endpoint = x.call.HEI, x.call.API.String(), x.call.Endpoint
	if theirs && !x.reported {
		x.reported = true
		x.report(x.call, e)
	}
	return e
}
