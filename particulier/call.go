package particulier

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/transport"
)

// Call is any request to the service: for operations that have no method of their
// own. All requests are GET.
type Call struct {
	Operation string     // name in errors and logs, without personal data; empty is "call"
	Path      string     // from the root of the host: "/v3/mesri/statut_etudiant/ine"
	Query     url.Values // nothing is added to it: recipient is the caller's
	// FranceConnect, when set, is the access token that stands in place of the client's.
	FranceConnect string
	// APIKey sends the token as X-Api-Key, as v2 wants, instead of as a bearer.
	APIKey bool
	// Anonymous sends no token.
	Anonymous bool
}

// Answer is a success.
type Answer struct {
	HTTP      int
	Body      []byte // JSON, as received: personal
	RequestID string // when the service gives one
	Limit     RateLimit
}

// RateLimit is what the service says of its limit, in the last answer. A field is
// nil when the service did not say it.
type RateLimit struct {
	Limit, Remaining *int
	Reset            *time.Time
}

// Call makes one request. Identical calls made at the same time are sent once and
// share the answer, because the service refuses the second; the answer must not be
// changed. Its errors are passerelle.FieldErrors for a wrong Call, an [*Error], or
// that of ctx.
func (c *Client) Call(ctx context.Context, call Call) (Answer, error) {
	if call.Operation == "" {
		call.Operation = "call"
	}
	var faults passerelle.FieldErrors
	if !strings.HasPrefix(call.Path, "/") || strings.HasPrefix(call.Path, "//") || strings.ContainsAny(call.Path, "?#") {
		faults.Add("Path", "shape", "a path from the root of the host, without query")
	}
	if strings.ContainsFunc(call.FranceConnect, func(r rune) bool { return r <= ' ' || r >= 0x7f }) {
		faults.Add("FranceConnect", "character", "a token without blanks")
	}
	if !call.Anonymous && call.FranceConnect == "" && c.tokens == nil {
		faults.Add("Token", "required", "a token in Config, or one of FranceConnect")
	}
	if err := faults.Err(); err != nil {
		return Answer{}, err
	}
	target := call.Path
	if q := call.Query.Encode(); q != "" {
		target += "?" + q
	}
	token := sha256.Sum256([]byte(call.FranceConnect))
	key := strconv.FormatBool(call.Anonymous) + string(token[:]) + target
	return c.flights.do(ctx, key, func(ctx context.Context) (Answer, error) { return c.send(ctx, call, target) })
}

// send makes the request of a call.
func (c *Client) send(ctx context.Context, call Call, target string) (Answer, error) {
	var notBefore time.Time // set by judge and read by turn, both of one goroutine at a time
	ctx = context.WithValue(ctx, notBeforeKey{}, &notBefore)
	j := &judge{client: c, notBefore: &notBefore, probe: call.Anonymous}
	r := &transport.Request{
		Operation:   "particulier." + call.Operation,
		URL:         c.base + target,
		Header:      http.Header{"Accept": {"application/json, application/vnd.api+json"}},
		Class:       transport.Read,
		Credentials: true,
		Judge:       j.verdict,
	}
	switch {
	case call.Anonymous:
	case call.FranceConnect != "":
		r.Token = transport.StaticToken(call.FranceConnect)
	case call.APIKey:
		r.Prepare = c.apiKey
	default:
		r.Token = c.tokens
	}
	if c.cfg.Authenticate != nil && !call.Anonymous {
		r.Prepare = both(r.Prepare, c.cfg.Authenticate)
	}
	resp, err := c.http.Do(ctx, r)
	if err != nil {
		return Answer{}, c.failed(call.Operation, err)
	}
	return c.answer(call, resp)
}

// apiKey puts the token where v2 wants it.
func (c *Client) apiKey(out *http.Request) error {
	token, err := c.tokens.Token(out.Context())
	if err != nil {
		return err
	}
	out.Header.Set("X-Api-Key", token)
	return nil
}

func both(f, g func(*http.Request) error) func(*http.Request) error {
	if f == nil {
		return g
	}
	return func(r *http.Request) error {
		if err := f(r); err != nil {
			return err
		}
		return g(r)
	}
}

// judge decides by the code of an answer whether to ask again.
type judge struct {
	client    *Client
	notBefore *time.Time
	probe     bool // a ping, whose 502 is the answer
	inFlight  bool // one 00015 was met
}

func (j *judge) verdict(resp *transport.Response) transport.Verdict {
	now := time.Now()
	*j.notBefore = time.Time{}
	if resp.Status == http.StatusTooManyRequests {
		pause := DefaultPause
		if d := askedDelay(resp, now); d != nil {
			pause = max(*d, time.Second)
		}
		j.client.limiter.Refused(now.Add(pause))
		return transport.Transient
	}
	if resp.Status < 400 || j.probe {
		return transport.Final
	}
	faults, delay := parseFaults(resp.Body)
	if delay != nil {
		*j.notBefore = now.Add(*delay)
	}
	for _, f := range faults {
		if f.Code == CodeInFlight {
			if j.inFlight {
				return transport.Final
			}
			j.inFlight = true
			return transport.Unprocessed
		}
		if known, ok := f.Code.entry(); ok {
			if known.transient {
				return transport.Transient
			}
			return transport.Final
		}
	}
	return transport.ByStatus
}

// failed turns a call without a usable answer into an Error.
func (c *Client) failed(operation string, err error) error {
	te, ok := errors.AsType[*transport.Error](err)
	if !ok {
		return err // FieldErrors of the transport
	}
	if te.Status == 0 || te.Err != nil { // no answer, or a broken one, or a redirect
		return &Error{Operation: operation, HTTP: te.Status, Raw: te.Body, Result: te.Outcome(), Err: te}
	}
	e := refusal(operation, &transport.Response{Status: te.Status, Header: te.Header, Body: te.Body}, time.Now())
	e.Result = te.Outcome()
	return e
}

// answer reads a complete answer.
func (c *Client) answer(call Call, resp *transport.Response) (Answer, error) {
	ok := resp.Status >= 200 && resp.Status < 300 || call.Anonymous && resp.Status == http.StatusBadGateway
	if !ok {
		return Answer{}, refusal(call.Operation, resp, time.Now())
	}
	if err := checkJSON(resp); err != nil {
		return Answer{}, &Error{
			Operation: call.Operation, HTTP: resp.Status, RequestID: requestID(resp.Header), Raw: resp.Body[:min(len(resp.Body), maxRaw)],
			Result: passerelle.Answered, Err: err, kind: passerelle.ErrProtocol,
		}
	}
	return Answer{HTTP: resp.Status, Body: resp.Body, RequestID: requestID(resp.Header), Limit: rateLimit(resp.Header)}, nil
}

// checkJSON takes both media types that the service uses: one is documented, the
// other is what it sends.
func checkJSON(resp *transport.Response) error {
	media := resp.Header.Get("Content-Type")
	if media != "" {
		kind, params, err := mime.ParseMediaType(media)
		charset := params["charset"]
		if err != nil || kind != "application/json" && kind != "application/vnd.api+json" || charset != "" && !strings.EqualFold(charset, "utf-8") {
			return &DecodeError{What: "answer", Want: "application/json or application/vnd.api+json in UTF-8"}
		}
	}
	if !utf8.Valid(resp.Body) || !json.Valid(resp.Body) || !bytes.HasPrefix(bytes.TrimLeft(resp.Body, " \t\r\n"), []byte("{")) {
		return &DecodeError{What: "answer", Want: "a JSON object in UTF-8"}
	}
	return nil
}

func rateLimit(h http.Header) RateLimit {
	number := func(name string) *int {
		n, err := strconv.Atoi(h.Get(name))
		if err != nil {
			return nil
		}
		return &n
	}
	l := RateLimit{Limit: number("RateLimit-Limit"), Remaining: number("RateLimit-Remaining")}
	if at := number("RateLimit-Reset"); at != nil {
		t := time.Unix(int64(*at), 0)
		l.Reset = &t
	}
	return l
}
