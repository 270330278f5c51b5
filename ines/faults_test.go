package ines_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ines"
	"github.com/passerelle-sup/passerelle/ines/inestest"
	"github.com/passerelle-sup/passerelle/internal/testutil"
	"github.com/passerelle-sup/passerelle/transport"
)

// ask sends the request of an operation and returns the first answer, how many
// came, and the first error.
func ask(ctx context.Context, c *ines.SOAP, op ines.Operation) (a ines.Answer, n int, err error) {
	switch op {
	case ines.OpVerify:
		a, err = c.Verify(ctx, ines.VerifyRequest{INE: bea, BirthDate: anais.BirthDate})
	case ines.OpSearch:
		a, err = c.Search(ctx, ines.SearchRequest{Person: anais})
	case ines.OpRegister:
		a, err = c.Register(ctx, ines.RegisterRequest{Student: "S-1", Person: hans, UAI: lorrain})
	case ines.OpFollowUp:
		for f, ferr := range c.FollowUp(ctx, ines.FollowUpRequest{UAI: lorrain}) {
			if n++; n == 1 {
				a, err = f, ferr
			}
		}
		return a, n, err
	}
	return a, 1, err
}

var soapOperations = []ines.Operation{ines.OpVerify, ines.OpSearch, ines.OpRegister, ines.OpFollowUp}

// TestFaults sets each kind of trouble on each operation, for as long as the client
// asks, and checks what the client says and how often it asked.
func TestFaults(t *testing.T) {
	t.Parallel()
	const (
		unknown  = passerelle.Unknown
		answered = passerelle.Answered
	)
	type want struct {
		err     error // nil: an answer
		outcome passerelle.Outcome
		arrived int // requests, of two attempts allowed
	}
	tests := map[inestest.Fault]struct{ read, register want }{
		inestest.Unavailable:      {want{passerelle.ErrUnavailable, unknown, 2}, want{passerelle.ErrUnavailable, unknown, 1}},
		inestest.Maintenance:      {want{passerelle.ErrUnavailable, unknown, 2}, want{passerelle.ErrUnavailable, unknown, 1}},
		inestest.RateLimited:      {want{passerelle.ErrRateLimited, answered, 2}, want{passerelle.ErrRateLimited, answered, 1}},
		inestest.Unauthorized:     {want{passerelle.ErrUnauthorized, answered, 1}, want{passerelle.ErrUnauthorized, answered, 1}},
		inestest.CutBefore:        {want{passerelle.ErrUnavailable, unknown, 2}, want{passerelle.ErrUnavailable, unknown, 1}},
		inestest.ServerFault:      {want{passerelle.ErrUnavailable, unknown, 1}, want{passerelle.ErrUnavailable, unknown, 1}},
		inestest.ClientFault:      {want{passerelle.ErrInvalid, answered, 1}, want{passerelle.ErrInvalid, answered, 1}},
		inestest.Slow:             {want{passerelle.ErrUnavailable, unknown, 2}, want{passerelle.ErrUnavailable, unknown, 1}},
		inestest.AnswerLost:       {want{passerelle.ErrUnavailable, unknown, 2}, want{passerelle.ErrUnavailable, unknown, 1}},
		inestest.Truncated:        {want{passerelle.ErrUnavailable, unknown, 2}, want{passerelle.ErrUnavailable, unknown, 1}},
		inestest.WrongCharset:     {want{passerelle.ErrProtocol, unknown, 1}, want{passerelle.ErrProtocol, unknown, 1}},
		inestest.ServerFaultAfter: {want{passerelle.ErrUnavailable, unknown, 1}, want{passerelle.ErrUnavailable, unknown, 1}},
		inestest.Duplicated:       {want{nil, answered, 1}, want{nil, answered, 1}},
		inestest.LitigeStorm:      {want{nil, answered, 1}, want{nil, answered, 1}},
		inestest.LateCreation:     {want{nil, answered, 1}, want{passerelle.ErrUnavailable, unknown, 1}},
	}
	after := map[inestest.Fault]bool{ // the work was done, although there is an error
		inestest.Slow: true, inestest.AnswerLost: true, inestest.Truncated: true, inestest.WrongCharset: true, inestest.ServerFaultAfter: true,
		inestest.Duplicated: true,
	}
	for _, fault := range inestest.AllFaults() {
		tc, ok := tests[fault]
		if !ok {
			t.Errorf("%s: no expectation", fault)
		}
		for _, op := range soapOperations {
			only := map[inestest.Fault]ines.Operation{
				inestest.Duplicated: ines.OpFollowUp, inestest.LitigeStorm: ines.OpRegister, inestest.LateCreation: ines.OpRegister,
			}
			if o, ok := only[fault]; ok && o != op {
				continue
			}
			t.Run(fmt.Sprintf("%s/%s", fault, op), func(t *testing.T) {
				t.Parallel()
				want := tc.read
				if op == ines.OpRegister {
					want = tc.register
				}
				s := inestest.NewServer(t, inestest.Config{Faults: inestest.Faults{Delay: 5 * time.Second}})
				add(t, s, anais, rnie, bea)
				prior := 0
				if op == ines.OpFollowUp { // something to follow
					prior = 1
					if _, _, err := ask(t.Context(), soapClient(t, s), ines.OpRegister); err != nil {
						t.Fatal(err)
					}
				}
				c := soapClient(t, s, func(cfg *ines.SOAPConfig) {
					cfg.Transport.Retry.MaxAttempts = 2
					if fault == inestest.Slow {
						cfg.Transport.AttemptTimeout = 300 * time.Millisecond
					}
				})
				s.Script(op, fault, fault, fault)
				a, n, err := ask(t.Context(), c, op)
				if !errors.Is(err, want.err) || (err == nil) != (want.err == nil) {
					t.Errorf("error: got %v, want %v", err, want.err)
				}
				testutil.Equal(t, "outcome", passerelle.OutcomeOf(err), want.outcome)
				testutil.Equal(t, "requests", s.Received(op), want.arrived)
				if e, ok := errors.AsType[*ines.Error](err); err != nil && (!ok || e.Operation != op) {
					t.Errorf("got %T for %s, want an *ines.Error of the operation", err, op)
				}
				switch {
				case fault == inestest.Duplicated:
					testutil.Equal(t, "answers", n, 2)
				case fault == inestest.LitigeStorm:
					testutil.Equal(t, "status", a.Status, ines.StatusLitige)
				}
				if op != ines.OpRegister && op != ines.OpFollowUp {
					return
				}
				created := prior
				if op == ines.OpRegister && after[fault] {
					created = 1
				}
				testutil.Equal(t, "numbers created", s.Registrations(hans).Created, created)
			})
		}
	}
}

// TestReadsRecover lets one request fail and the next one through.
func TestReadsRecover(t *testing.T) {
	t.Parallel()
	for _, fault := range []inestest.Fault{inestest.Unavailable, inestest.Maintenance, inestest.RateLimited, inestest.CutBefore, inestest.AnswerLost, inestest.Truncated} {
		t.Run(string(fault), func(t *testing.T) {
			t.Parallel()
			s := inestest.NewServer(t, inestest.Config{})
			add(t, s, anais, rnie, bea)
			s.Script(ines.OpVerify, fault)
			a, _, err := ask(t.Context(), soapClient(t, s), ines.OpVerify)
			if err != nil {
				t.Fatal(err)
			}
			testutil.Equal(t, "status", a.Status, ines.StatusConfirmed)
			testutil.Equal(t, "requests", s.Received(ines.OpVerify), 2)
		})
	}
}

func TestMaintenanceIsRefusal(t *testing.T) {
	t.Parallel()
	for _, fault := range []inestest.Fault{inestest.Maintenance, inestest.Unavailable} {
		s := inestest.NewServer(t, inestest.Config{})
		c := soapClient(t, s, func(cfg *ines.SOAPConfig) { cfg.Contract.MaintenanceIsRefusal = true })
		s.Script(ines.OpRegister, fault)
		_, _, err := ask(t.Context(), c, ines.OpRegister)
		if !errors.Is(err, passerelle.ErrUnavailable) || passerelle.OutcomeOf(err) != passerelle.Answered {
			t.Errorf("%s: got %v (%v), want unavailable, answered", fault, err, passerelle.OutcomeOf(err))
		}
		testutil.Equal(t, "requests", s.Received(ines.OpRegister), 1)
	}
}

func TestMaintenanceWindow(t *testing.T) {
	t.Parallel()
	s := inestest.NewServer(t, inestest.Config{})
	add(t, s, anais, rnie, bea)
	c := soapClient(t, s)
	s.Maintain(time.Hour)
	if _, _, err := ask(t.Context(), c, ines.OpVerify); !errors.Is(err, passerelle.ErrUnavailable) {
		t.Errorf("in the window: got %v, want unavailable", err)
	}
	if err := s.Advance(61 * time.Minute); err != nil {
		t.Fatal(err)
	}
	if _, _, err := ask(t.Context(), c, ines.OpVerify); err != nil {
		t.Errorf("after the window: %v", err)
	}
}

// TestNotSent checks that what never left says so.
func TestNotSent(t *testing.T) {
	t.Parallel()
	s := inestest.NewServer(t, inestest.Config{})
	c := soapClient(t, s)
	incomplete := hans
	incomplete.Birthplace = passerelle.Birthplace{}
	_, err := c.Register(t.Context(), ines.RegisterRequest{Student: "S-1", Person: incomplete, UAI: lorrain})
	if !errors.Is(err, passerelle.ErrInvalid) || passerelle.OutcomeOf(err) != passerelle.NotSent {
		t.Errorf("incomplete: got %v (%v), want invalid, not sent", err, passerelle.OutcomeOf(err))
	}
	testutil.Equal(t, "requests", s.Received(ines.OpRegister), 0)

	loose := soapClient(t, s, func(cfg *ines.SOAPConfig) { cfg.Unchecked = true })
	a, err := loose.Register(t.Context(), ines.RegisterRequest{Student: "S-1", Person: incomplete, UAI: lorrain})
	if err != nil {
		t.Fatal(err)
	}
	testutil.Equal(t, "status of the unchecked", a.Status, ines.StatusIncomplete)
	testutil.Equal(t, "numbers created", len(s.Created()), 0)

	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	_, err = c.Register(t.Context(), ines.RegisterRequest{Student: "S-1", Person: hans, UAI: lorrain})
	if !errors.Is(err, passerelle.ErrUnavailable) || passerelle.OutcomeOf(err) != passerelle.NotSent {
		t.Errorf("closed port: got %v (%v), want unavailable, not sent", err, passerelle.OutcomeOf(err))
	}
}

func TestCancelled(t *testing.T) {
	t.Parallel()
	s := inestest.NewServer(t, inestest.Config{Faults: inestest.Faults{Delay: 5 * time.Second}})
	c := soapClient(t, s)
	s.Script(ines.OpRegister, inestest.Slow)
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	_, _, err := ask(ctx, c, ines.OpRegister)
	if !errors.Is(err, context.DeadlineExceeded) || passerelle.OutcomeOf(err) != passerelle.Unknown {
		t.Errorf("got %v (%v), want the deadline, outcome unknown", err, passerelle.OutcomeOf(err))
	}
	testutil.Equal(t, "numbers created", s.Registrations(hans).Created, 1)
}

// TestNotNow has the service say, in a fault that the contract knows, that it is
// closed: a question is asked again, a registration is not.
func TestNotNow(t *testing.T) {
	t.Parallel()
	const closed = `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><s:Fault><faultcode>s:Server</faultcode><faultstring>fermé</faultstring>` +
		`<detail><erreur><code>INVENTE-MAINTENANCE</code><message>jusqu'à midi</message></erreur></detail></s:Fault></s:Body></s:Envelope>`
	for op, want := range map[ines.Operation]int{ines.OpVerify: 3, ines.OpRegister: 1} {
		t.Run(string(op), func(t *testing.T) {
			t.Parallel()
			arrived := 0
			base := roundTripper(func(r *http.Request) (*http.Response, error) {
				arrived++
				return canned{500, "text/xml; charset=utf-8", []byte(closed)}.RoundTrip(r)
			})
			retry := quick
			retry.MaxAttempts = 3
			c, err := ines.NewSOAP(ines.SOAPConfig{Contract: ines.ReferenceContract(), Endpoint: "http://ines.invalid", Transport: transport.Config{Base: base, Retry: retry}})
			if err != nil {
				t.Fatal(err)
			}
			_, _, err = ask(t.Context(), c, op)
			if !errors.Is(err, passerelle.ErrUnavailable) {
				t.Errorf("got %v, want unavailable", err)
			}
			testutil.Equal(t, "requests", arrived, want)
			e, _ := errors.AsType[*ines.Error](err)
			testutil.Equal(t, "code", e.Code, "INVENTE-MAINTENANCE")
			testutil.Equal(t, "words", e.Message, "jusqu'à midi")
			if op == ines.OpRegister {
				testutil.Equal(t, "outcome", e.Outcome(), passerelle.Answered)
			}
		})
	}
}

// TestBearer sends a token beside the envelope.
func TestBearer(t *testing.T) {
	t.Parallel()
	var got string
	base := roundTripper(func(r *http.Request) (*http.Response, error) {
		got = r.Header.Get("Authorization")
		return canned{401, "text/plain", nil}.RoundTrip(r)
	})
	cfg := ines.SOAPConfig{Contract: ines.ReferenceContract(), Endpoint: "http://ines.invalid", Token: transport.StaticToken("jeton"), Transport: transport.Config{Base: base}}
	c, err := ines.NewSOAP(cfg)
	if err != nil {
		t.Fatal(err)
	}
	_, _, err = ask(t.Context(), c, ines.OpRegister)
	if !errors.Is(err, passerelle.ErrUnauthorized) || passerelle.OutcomeOf(err) != passerelle.Answered {
		t.Errorf("got %v (%v), want unauthorized, answered", err, passerelle.OutcomeOf(err))
	}
	testutil.Equal(t, "header", got, "Bearer jeton")
	cfg.Contract.Basic = &ines.Credentials{Username: "u", Password: "p"}
	_, err = ines.NewSOAP(cfg)
	testutil.Equal(t, "two kinds of credentials", faultNames(t, err), []string{"Token conflict"})
}
