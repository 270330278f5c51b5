package ines

import (
	"bytes"
	"context"
	"encoding/base64"
	"io"
	"iter"
	"net/http"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/internal/soap"
	"github.com/passerelle-sup/passerelle/internal/xmlx"
	"github.com/passerelle-sup/passerelle/transport"
)

// SOAPConfig is what [NewSOAP] needs.
type SOAPConfig struct {
	// Contract says how the service speaks. Required.
	Contract Contract
	// Endpoint is the address of the service, in place of those of the contract.
	// Required when the contract has none.
	Endpoint string
	// Transport is the HTTP policy; client certificates are set in its Base. A zero
	// MaxBody lets a follow-up be larger than other answers: 64 MiB.
	Transport transport.Config
	// Token, when set, gives the bearer token of each request, for a service behind
	// an OAuth2 gateway. A refused token is renewed once.
	Token transport.TokenSource
	// Unchecked sends requests that the Validate methods refuse and lets the
	// service judge. By default they are refused before anything is sent.
	Unchecked bool
	// Now is the clock; nil is time.Now.
	Now func() time.Time
}

// SOAP speaks to INES as a [Contract] says. It is safe for concurrent use. Its
// errors are passerelle.FieldErrors for a request refused before it was sent, and
// else an [*Error]. What could be read of an answer that cannot be used is
// returned beside the error: its request id may be in it.
type SOAP struct {
	codec     *Codec
	client    *transport.Client
	endpoint  string
	token     transport.TokenSource
	maxFollow int64 // bound of the answer to a follow-up; 0: that of the transport
	unchecked bool
	now       func() time.Time
}

var (
	_ Verifier  = (*SOAP)(nil)
	_ Searcher  = (*SOAP)(nil)
	_ Registrar = (*SOAP)(nil)
	_ Follower  = (*SOAP)(nil)
)

// NewSOAP checks the configuration and returns a client. Its error is
// passerelle.FieldErrors with all faults. Nothing is sent.
func NewSOAP(cfg SOAPConfig) (*SOAP, error) {
	var faults passerelle.FieldErrors
	codec, err := NewCodec(cfg.Contract)
	if nested, ok := err.(passerelle.FieldErrors); ok { //nolint:errorlint // it is returned bare
		for _, f := range nested {
			faults.Add("Contract."+f.Field, f.Rule, f.Want)
		}
	}
	checkEndpoint(&faults, "Endpoint", cfg.Endpoint)
	if cfg.Endpoint == "" && cfg.Contract.Endpoint == "" {
		for _, op := range operations {
			if x, ok := cfg.Contract.Operations[op]; ok && x.Endpoint == "" {
				faults.Add("Endpoint", "required", "the address of the service, which the contract does not have for "+string(op))
				break
			}
		}
	}
	switch basic := cfg.Contract.Basic; {
	case basic == nil:
	case basic.Username == "":
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
	s := &SOAP{codec: codec, client: client, endpoint: cfg.Endpoint, token: cfg.Token, unchecked: cfg.Unchecked, now: cfg.Now}
	if s.now == nil {
		s.now = time.Now
	}
	if cfg.Transport.MaxBody == 0 {
		s.maxFollow = limits.MaxBytes
	}
	return s, nil
}

// Can reports whether the contract has the operation. A process that needs one
// asks at start.
func (s *SOAP) Can(op Operation) bool { return s.codec.exchanges[op] != nil }

// Verify asks whether an INE and a birth date belong together.
func (s *SOAP) Verify(ctx context.Context, r VerifyRequest) (Answer, error) {
	return s.one(ctx, r, r.Validate())
}

// Search asks for a person by civil identity.
func (s *SOAP) Search(ctx context.Context, r SearchRequest) (Answer, error) {
	return s.one(ctx, r, r.Validate(s.today()))
}

// Register immatriculates. The request is sent once, and again only when the
// connection could not be made, or by an HTTP layer that proved that nothing was
// processed. After an error passerelle.OutcomeOf says what is known:
//
//   - NotSent: refused here, or nothing left;
//   - Answered: the service refused, by a fault of the client (Sender), by a code
//     that the contract calls refused, or at its door (401, 403, 429, other 4xx);
//   - Unknown: everything else, a fault of the server, a 503 and an answer that
//     cannot be read included. The person may be registered, or soon be.
func (s *SOAP) Register(ctx context.Context, r RegisterRequest) (Answer, error) {
	return s.one(ctx, r, r.Validate(s.today()))
}

// FollowUp reads what became of earlier registrations. An answer that departs
// from the contract is yielded beside its error and does not end the sequence.
// Where the contract takes one request id at a time, one call is made for each.
func (s *SOAP) FollowUp(ctx context.Context, r FollowUpRequest) iter.Seq2[Answer, error] {
	return func(yield func(Answer, error) bool) {
		if err := r.Validate(); err != nil && !s.unchecked {
			yield(Answer{}, err)
			return
		}
		for part := range s.parts(r) {
			answers, err := s.call(ctx, part)
			if err != nil {
				yield(Answer{}, err)
				return
			}
			for _, a := range answers {
				if !yield(a.Answer, a.err) {
					return
				}
			}
		}
	}
}

// parts cuts a follow-up into the calls that the contract allows.
func (s *SOAP) parts(r FollowUpRequest) iter.Seq[FollowUpRequest] {
	return func(yield func(FollowUpRequest) bool) {
		if len(r.RequestIDs) == 0 {
			yield(r)
			return
		}
		r.Since = time.Time{}
		if x := s.codec.exchanges[OpFollowUp]; x == nil || x.repeats(FieldRequestID) {
			yield(r)
			return
		}
		for _, id := range r.RequestIDs {
			if !yield(FollowUpRequest{UAI: r.UAI, RequestIDs: []string{id}}) {
				return
			}
		}
	}
}

func (x *exchange) repeats(f Field) bool {
	for _, n := range x.fields {
		if n.Field == f {
			return n.Repeated
		}
	}
	return false
}

func (s *SOAP) today() passerelle.Date { return passerelle.DateOf(s.now()) }

// one makes a call that has one answer, unless the request is invalid.
func (s *SOAP) one(ctx context.Context, r Request, invalid error) (Answer, error) {
	if invalid != nil && !s.unchecked {
		return Answer{}, invalid
	}
	answers, err := s.call(ctx, r)
	if err != nil {
		return Answer{}, err
	}
	return answers[0].Answer, answers[0].err
}

// judged is an answer and what is wrong with it.
type judged struct {
	Answer
	err error
}

// call sends r and returns its answers: exactly one, unless r is a follow-up.
func (s *SOAP) call(ctx context.Context, r Request) ([]judged, error) {
	op := r.Operation()
	message, err := s.message(ctx, r)
	if err != nil {
		return nil, &Error{Operation: op, Err: err, Result: passerelle.NotSent}
	}
	var maxBody int64
	if op == OpFollowUp {
		maxBody = s.maxFollow
	}
	var last reply
	resp, err := s.client.Do(ctx, &transport.Request{
		Operation:   "ines." + string(op),
		Method:      http.MethodPost,
		URL:         s.address(op),
		Header:      message.Header,
		Body:        message.Body,
		Class:       class(op),
		MaxBody:     maxBody,
		Credentials: true, // the body is personal: no redirect
		Token:       s.token,
		Prepare:     s.prepare(ctx, r, message.Body),
		Judge: func(resp *transport.Response) transport.Verdict {
			last = s.read(op, resp)
			return last.verdict(op)
		},
	})
	if err != nil {
		return nil, notAnswered(op, err).quoting(last.err)
	}
	if last.err != nil {
		return nil, last.err
	}
	now := s.now()
	for i := range last.answers {
		a := &last.answers[i]
		a.Raw = resp.Body
		if a.At.IsZero() || op != OpFollowUp {
			a.At = now
		}
		if e, ok := a.err.(*Error); ok { //nolint:errorlint // judge makes it
			e.Raw, e.HTTP = capped(resp.Body), resp.Status
		}
	}
	return last.answers, nil
}

// class says what an operation does to the service.
func class(op Operation) transport.Class {
	if op == OpRegister {
		return transport.Create
	}
	return transport.Read
}

func (s *SOAP) address(op Operation) string {
	switch {
	case s.endpoint != "":
		return s.endpoint
	case s.codec.exchanges[op].Endpoint != "":
		return s.codec.exchanges[op].Endpoint
	}
	return s.codec.contract.Endpoint
}

// message builds the envelope of r.
func (s *SOAP) message(ctx context.Context, r Request) (*soap.Message, error) {
	body, err := s.codec.EncodeRequest(r)
	if err != nil {
		return nil, err
	}
	c := &s.codec.contract
	options := soap.Options{Version: c.version(), Charset: c.Charset, Header: c.Header, Sign: c.Sign}
	m, err := options.EncodeRequest(ctx, c.Operations[r.Operation()].Action, body)
	if err != nil {
		return nil, err
	}
	if c.Basic != nil {
		m.Header.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(c.Basic.Username+":"+c.Basic.Password)))
	}
	return m, nil
}

// prepare renews the envelope of the second attempt and of later ones, where it
// holds what must be new each time.
func (s *SOAP) prepare(ctx context.Context, r Request, first []byte) func(*http.Request) error {
	if s.codec.contract.Header == nil && s.codec.contract.Sign == nil {
		return nil
	}
	return func(out *http.Request) error {
		body := first
		if first = nil; body == nil {
			m, err := s.message(ctx, r)
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

func (c *Contract) version() soap.Version {
	if c.SOAP == "1.2" {
		return soap.V12
	}
	return soap.V11
}

// UsernameToken returns a hook for [Contract.Header]: the WS-Security
// UsernameToken Profile 1.0, with the password as text or, if digest is set, as a
// digest with a nonce and the time.
func UsernameToken(account Credentials, digest bool) func(context.Context) ([]byte, error) {
	return soap.UsernameToken{Username: account.Username, Password: account.Password, Digest: digest}.Header
}

// limits bounds the envelopes read: a follow-up of a whole university fits.
var limits = xmlx.Limits{MaxBytes: 64 << 20, MaxElements: 2_000_000, MaxDepth: 64}
