package aglae

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/beevik/etree"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/internal/soap"
	"github.com/passerelle-sup/passerelle/internal/xmlx"
	"github.com/passerelle-sup/passerelle/transport"
)

// SOAPConfig is what [NewSOAP] needs.
type SOAPConfig struct {
	// Contract says how the service speaks. Required.
	Contract Contract
	// Endpoint is the address of the service, in place of that of the contract.
	Endpoint string
	// Transport is the HTTP policy; client certificates are set in its Base. A student
	// waits at the desk: a TotalTimeout of a few seconds serves better than the default.
	Transport transport.Config
	// Token, when set, gives the bearer token of each request.
	Token transport.TokenSource
	// Now is the clock; nil is time.Now.
	Now func() time.Time
}

// SOAP asks AGLAE as a [Contract] says: an [Asker]. It is safe for concurrent use.
type SOAP struct {
	codec    *Codec
	options  soap.Options
	client   *transport.Client
	endpoint string
	token    transport.TokenSource
	now      func() time.Time
}

var _ Asker = (*SOAP)(nil)

// NewSOAP checks the configuration and returns a client. Its error is
// passerelle.FieldErrors with all faults. Nothing is sent.
func NewSOAP(cfg SOAPConfig) (*SOAP, error) {
	var faults passerelle.FieldErrors
	c := cfg.Contract
	codec, err := NewCodec(c)
	if nested, ok := err.(passerelle.FieldErrors); ok { //nolint:errorlint // it is returned bare
		for _, f := range nested {
			faults.Add("Contract."+f.Field, f.Rule, f.Want)
		}
	}
	checkEndpoint(&faults, "Endpoint", cfg.Endpoint)
	endpoint := cfg.Endpoint
	if endpoint == "" {
		if endpoint = c.Endpoint; endpoint == "" {
			faults.Add("Endpoint", "required", "the address of the service, which the contract does not have")
		}
	}
	switch {
	case c.Basic == nil:
	case c.Basic.Username == "":
		faults.Add("Contract.Basic.Username", "required", "the name of the account")
	case cfg.Token != nil:
		faults.Add("Token", "conflict", "either a token or Contract.Basic: both are the Authorization header")
	}
	faults = append(faults, cfg.Transport.Faults("Transport.")...)
	if err := faults.Err(); err != nil {
		return nil, err
	}
	client, err := transport.New(cfg.Transport)
	if err != nil {
		return nil, err
	}
	s := &SOAP{codec: codec, client: client, endpoint: endpoint, token: cfg.Token, now: cfg.Now}
	s.options = soap.Options{Charset: c.Charset, Header: c.Header, Sign: c.Sign, Limits: answerLimits}
	if c.SOAP == "1.2" {
		s.options.Version = soap.V12
	}
	if s.now == nil {
		s.now = time.Now
	}
	return s, nil
}

// UsernameToken returns a hook for [Contract.Header]: the WS-Security UsernameToken
// Profile 1.0, with the password as text or, if digest is set, as a digest with a
// nonce and the time.
func UsernameToken(account Credentials, digest bool) func(context.Context) ([]byte, error) {
	return soap.UsernameToken{Username: account.Username, Password: account.Password, Digest: digest}.Header
}

// answerLimits bounds the envelopes read: an answer is one word.
var answerLimits = xmlx.Limits{MaxBytes: 1 << 20, MaxElements: 10_000, MaxDepth: 64}

const operationAsk = "connector.ask"

// Ask asks AGLAE. A question without a number that the contract has a place for is not
// sent: its answer is Unavailable for [CauseNoNumber], beside passerelle.FieldErrors.
// Every other error is an [*Error].
func (s *SOAP) Ask(ctx context.Context, q Question) (Answer, error) {
	a := Answer{Question: q, Verdict: Unavailable, Source: SourceConnector, Key: s.codec.KeyOf(q)}
	if a.Key == KeyNone {
		a.At, a.Causes = s.now(), []Cause{CauseNoNumber}
		return a, passerelle.FieldErrors{{Field: "INE", Rule: "required", Want: "a number to ask under"}}
	}
	message, err := s.message(ctx, q)
	if err != nil {
		a.At, a.Causes = s.now(), []Cause{CauseNotAsked}
		return a, &Error{Operation: operationAsk, Err: err, Result: passerelle.NotSent}
	}
	var last reply
	resp, err := s.client.Do(ctx, &transport.Request{
		Operation:   "aglae." + operationAsk,
		Method:      http.MethodPost,
		URL:         s.endpoint,
		Header:      message.Header,
		Body:        message.Body,
		Class:       transport.Read,
		Credentials: true, // the body is personal: no redirect
		Token:       s.token,
		Prepare:     s.prepare(ctx, q, message.Body),
		Judge: func(resp *transport.Response) transport.Verdict {
			last = s.read(resp)
			return last.judgement()
		},
	})
	a.At = s.now()
	switch {
	case err != nil:
		e := notAnswered(operationAsk, err)
		if last.err != nil && last.spoken && last.err.HTTP == e.HTTP {
			e.Code, e.Message = last.err.Code, last.err.Message
		}
		return s.unavailable(ctx, a, e)
	case last.err != nil:
		a.Raw = resp.Body
		return s.unavailable(ctx, a, last.err)
	}
	a.Verdict, a.Code, a.Message, a.Raw = last.verdict, last.code, last.message, resp.Body
	if a.Verdict == Wait {
		a.Causes = WaitCauses()
	}
	return a, nil
}

func (s *SOAP) unavailable(ctx context.Context, a Answer, e *Error) (Answer, error) {
	a.Code, a.Message, a.Causes = e.Code, e.Message, []Cause{causeOf(e)}
	if errors.Is(ctx.Err(), context.Canceled) {
		a.Causes = []Cause{CauseCancelled}
	}
	return a, e
}

// message builds the envelope of q.
func (s *SOAP) message(ctx context.Context, q Question) (*soap.Message, error) {
	m, err := s.options.EncodeRequest(ctx, s.codec.contract.Action, s.codec.EncodeQuestion(q))
	if err != nil {
		return nil, err
	}
	if basic := s.codec.contract.Basic; basic != nil {
		m.Header.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(basic.Username+":"+basic.Password)))
	}
	return m, nil
}

// prepare renews the envelope of the second attempt and of later ones, where it holds
// what must be new each time.
func (s *SOAP) prepare(ctx context.Context, q Question, first []byte) func(*http.Request) error {
	if s.options.Header == nil && s.options.Sign == nil {
		return nil
	}
	return func(out *http.Request) error {
		body := first
		if first = nil; body == nil {
			m, err := s.message(ctx, q)
			if err != nil {
				return err
			}
			body = m.Body
		}
		out.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }
		out.Body, _ = out.GetBody()
		out.ContentLength = int64(len(body))
		return nil
	}
}

// reply is a complete HTTP answer, understood.
type reply struct {
	decoded
	err    *Error
	spoken bool // it comes from an envelope that could be read
}

// judgement tells the transport what to do with the answer.
func (r reply) judgement() transport.Verdict {
	switch {
	case r.err == nil:
		return transport.Final
	case r.spoken && errors.Is(r.err, passerelle.ErrUnavailable):
		return transport.Transient // "not now", in the service's own words
	case r.spoken:
		return transport.Final
	}
	return transport.ByStatus
}

// read understands a complete HTTP answer.
func (s *SOAP) read(resp *transport.Response) reply {
	fail := func(err error, spoken bool, code, message string) reply {
		e := &Error{Operation: operationAsk, HTTP: resp.Status, Raw: capped(resp.Body), Err: err, Code: code, Message: message, Result: passerelle.Answered}
		if !spoken {
			if e.Result = passerelle.OutcomeOf(resp.Err()); resp.Err() == nil {
				e.Result = passerelle.Unknown
			}
		}
		return reply{err: e, spoken: spoken, decoded: decoded{verdict: Unavailable}}
	}
	env, err := s.options.DecodeResponse(resp.Header.Get("Content-Type"), resp.Status, resp.Body)
	if fault, ok := errors.AsType[*soap.Fault](err); ok {
		return s.readFault(fault, fail)
	}
	if err != nil {
		if !errors.Is(err, passerelle.ErrProtocol) && resp.Status < 300 {
			err = errors.Join(passerelle.ErrProtocol, err)
		}
		return fail(err, false, "", "")
	}
	d, err := s.codec.decode(env.Body)
	if err != nil {
		return fail(err, true, d.code, d.message)
	}
	return reply{decoded: d, spoken: true}
}

// readFault understands a fault: as an answer where the contract says so, and else as
// an error.
func (s *SOAP) readFault(fault *soap.Fault, fail func(error, bool, string, string) reply) reply {
	c := s.codec.contract
	code, message := fault.Code.Local, fault.Reason
	if n := len(fault.Subcodes); n > 0 {
		code = fault.Subcodes[n-1].Local
	}
	if own := inside(fault.Detail, c.FaultCode); own != "" {
		code = own
	}
	if own := inside(fault.Detail, c.FaultMessage); own != "" {
		message = own
	}
	rule, ok := c.rule(code)
	if !ok {
		rule, ok = c.rule(fault.Code.Local)
	}
	switch {
	case ok && rule.Verdict != Undetermined:
		return reply{decoded: decoded{verdict: rule.Verdict, code: code, message: message}, spoken: true}
	case ok:
		return fail(rule.Kind.Err(), true, code, message)
	}
	return fail(&faultError{fault}, true, code, message)
}

// inside returns the text at a path of local names below el.
func inside(el *etree.Element, path string) string {
	if el == nil || path == "" {
		return ""
	}
	return xmlx.Text(xmlx.Path(el, xmlx.Any, strings.Split(path, "/")...))
}

// faultError is a fault without its codes, which stand in Error.Code and are shown
// only where they look like codes.
type faultError struct{ fault *soap.Fault }

func (e *faultError) Error() string {
	switch {
	case e.fault.Client():
		return "fault of the request"
	case e.fault.Server():
		return "fault of the service"
	}
	return "fault"
}

func (e *faultError) Is(target error) bool { return e.fault.Is(target) }
