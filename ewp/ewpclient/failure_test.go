package ewpclient_test

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"testing"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/ewpclient"
	"github.com/passerelle-sup/passerelle/internal/testutil"
	"github.com/passerelle-sup/passerelle/transport"
)

// said is an error-response.
func said(message string) string {
	return `<error-response xmlns="` + ewp.NamespaceCommon + `"><developer-message>` + message + `</developer-message></error-response>`
}

// TestReport checks what is a failure of the partner, and what is told of it.
func TestReport(t *testing.T) {
	t.Parallel()
	get := ewpclient.Call{HEI: partner, API: ewp.OMobilityLAs, Endpoint: "get", Params: url.Values{"omobility_id": {"A-17", "A-17-b"}}}
	up := ewpclient.Call{HEI: partner, API: ewp.OMobilityLAs, Endpoint: "update", XML: []byte(`<u id="A-17"><name> Zoé Exemple </name></u>`)}
	absent := ewpclient.Call{HEI: partner, API: ewp.IIAs, Endpoint: "index"}
	must := absent
	must.Expected = true
	for name, tc := range map[string]struct {
		call   ewpclient.Call
		answer answer
		want   []ewpclient.Failure // without Err
	}{
		"success": {get, reply{body: "x"}.send, nil},
		"status 400": {get, reply{status: 400, body: said("no A-17 nor A-17-b here")}.send, []ewpclient.Failure{{HEI: partner, API: "omobility-las", Endpoint: "get", Status: 400,
			ServerMessage: "no *** nor *** here", ClientMessage: "ewp uni-example.pl: omobility-las get: HTTP 400"}}},
		"short values stay": {func() ewpclient.Call { c := get; c.Params = url.Values{"omobility_id": {"17"}}; return c }(), reply{status: 400, body: said("17 is no identifier")}.send,
			[]ewpclient.Failure{{HEI: partner, API: "omobility-las", Endpoint: "get", Status: 400, ServerMessage: "17 is no identifier", ClientMessage: "ewp uni-example.pl: omobility-las get: HTTP 400"}}},
		"status 409": {up, reply{status: 409, body: said("Zoé Exemple was changed in A-17")}.send, []ewpclient.Failure{{HEI: partner, API: "omobility-las", Endpoint: "update", Status: 409,
			ServerMessage: "*** was changed in ***", ClientMessage: "ewp uni-example.pl: omobility-las update: HTTP 409"}}},
		"status 500 without document": {get, reply{status: 500, body: "oops"}.send, []ewpclient.Failure{{HEI: partner, API: "omobility-las", Endpoint: "get", Status: 500,
			ClientMessage: "ewp uni-example.pl: omobility-las get: HTTP 500"}}},
		"not signed": {get, reply{body: "x", plain: true}.send, []ewpclient.Failure{{HEI: partner, API: "omobility-las", Endpoint: "get", Status: 200,
			ClientMessage: "ewp uni-example.pl: omobility-las get: HTTP 200: signature of the response: missing: Signature: want a signature as ewp-specs-sec-srvauth-httpsig describes"}}},
		"missing API":                   {absent, nil, nil},
		"missing API that must be":      {must, nil, []ewpclient.Failure{{HEI: partner, API: "iias", Endpoint: "index", ClientMessage: "ewp uni-example.pl: iias index: no host of this institution declares this API"}}},
		"echo":                          {echoCall(), reply{status: 500}.send, nil},
		"a call that is wrong":          {ewpclient.Call{HEI: partner, API: ewp.IIAs, Endpoint: "put"}, nil, nil},
		"notification, single endpoint": {notify, reply{status: 403}.send, []ewpclient.Failure{{HEI: partner, API: "iia-cnr", Status: 403, ClientMessage: "ewp uni-example.pl: iia-cnr: HTTP 403"}}},
	} {
		var got []ewpclient.Failure
		c, _ := echoClient(t, func(cfg *ewpclient.Config) {
			cfg.Report = func(f ewpclient.Failure) { got = append(got, f) }
		}, tc.answer)
		a, err := c.Call(t.Context(), tc.call)
		if err == nil {
			a.Close()
		}
		for i := range got {
			if !errors.Is(err, got[i].Err) {
				t.Errorf("%s: Err is %v, want %v", name, got[i].Err, err)
			}
			got[i].Err = nil
		}
		if !slices.Equal(got, tc.want) {
			t.Errorf("%s: reported %+v, want %+v", name, got, tc.want)
		}
	}
}

// TestReportOfConnections: one report a call, whatever its attempts, and none of
// what ended on our side.
func TestReportOfConnections(t *testing.T) {
	t.Parallel()
	var got []ewpclient.Failure
	report := func(cfg *ewpclient.Config) { cfg.Report = func(f ewpclient.Failure) { got = append(got, f) } }
	c, h := echoClient(t, report, lost)
	if _, err := c.Call(t.Context(), notify); err == nil || len(got) != 1 || got[0].Status != 0 || len(h.seen()) != 4 {
		t.Errorf("%v: reports %v after %d requests", err, got, len(h.seen()))
	}
	h.Close()
	if _, err := c.Call(t.Context(), notify); err == nil || len(got) != 2 {
		t.Errorf("%v: reports %v", err, got)
	}

	got = nil
	ctx, cancel := context.WithCancel(t.Context())
	c, _ = echoClient(t, report, func(_ *host, _ http.ResponseWriter, r *http.Request) { cancel(); <-r.Context().Done() })
	if _, err := c.Call(ctx, notify); err == nil || got != nil {
		t.Errorf("a caller that went away: %v, reports %v", err, got)
	}
	c, _ = echoClient(t, func(cfg *ewpclient.Config) {
		report(cfg)
		cfg.Limiter = func(string) transport.Limiter { return refusing{} }
	}, lost)
	if _, err := c.Call(t.Context(), notify); !errors.Is(err, passerelle.ErrRateLimited) || got != nil {
		t.Errorf("our own limiter: %v, reports %v", err, got)
	}
}

type refusing struct{}

func (refusing) Wait(context.Context) error { return passerelle.ErrRateLimited }

// TestInvalid: who sees more in an answer than this package says so, once.
func TestInvalid(t *testing.T) {
	t.Parallel()
	var got []ewpclient.Failure
	c, _ := echoClient(t, func(cfg *ewpclient.Config) { cfg.Report = func(f ewpclient.Failure) { got = append(got, f) } }, reply{body: "x"}.send)
	a, err := c.Call(t.Context(), notify)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	err = a.Invalid(passerelle.ErrProtocol)
	e, ok := errors.AsType[*ewp.Error](err)
	if !ok || e.Status != 200 || !e.Signed || !errors.Is(err, passerelle.ErrProtocol) || passerelle.OutcomeOf(err) != passerelle.Unknown {
		t.Errorf("%+v", err)
	}
	if a.Invalid(passerelle.ErrConflict); len(got) != 1 || got[0].Err != e {
		t.Errorf("reports: %v", got)
	}
}

// TestLimiter: one limiter a host, before that of all.
func TestLimiter(t *testing.T) {
	t.Parallel()
	of := ewpclient.PerHost(time.Hour, 1)
	if of("a") != of("a") || of("a") == of("b") {
		t.Error("not one limiter a host")
	}
	c, h := echoClient(t, func(cfg *ewpclient.Config) { cfg.Limiter = of }, reply{body: "x"}.send)
	a, err := c.Call(t.Context(), echoCall())
	if err != nil {
		t.Fatal(err)
	}
	a.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, err := c.Call(ctx, echoCall()); err == nil || passerelle.OutcomeOf(err) != passerelle.NotSent || len(h.seen()) != 1 {
		t.Errorf("the second call of the hour: %v after %d requests", err, len(h.seen()))
	}
	counted := &counting{}
	c, _ = echoClient(t, func(cfg *ewpclient.Config) { cfg.Transport.Limiter = counted }, busy, reply{body: "x"}.send)
	if a, err = c.Call(t.Context(), echoCall()); err != nil {
		t.Fatal(err)
	}
	a.Close()
	testutil.Equal(t, "waits on the limiter of all calls", counted.n, 2)
}

type counting struct{ n int }

func (c *counting) Wait(context.Context) error { c.n++; return nil }

// TestNothingPersonalIsShown watches logs and errors.
func TestNothingPersonalIsShown(t *testing.T) {
	t.Parallel()
	var leaks testutil.Leaks
	leaks.Secret(t, "2203456789HE", "Zoé Exemple", "secret-id")
	for _, script := range []answer{
		lost, truncated, busy, reply{status: 400, body: said("Zoé Exemple")}.send, reply{body: "<Zoé Exemple"}.send, reply{plain: true}.send,
		reply{status: 302, header: http.Header{"Location": {"https://127.0.0.1:1/2203456789HE"}}}.send,
		reply{body: answerOf(iia("secret-id", "Zoé Exemple"))}.send,
	} {
		h := newHost(t, script)
		cfg := config(t, h, catalogue(t, members(t, h, entry{api: ewp.IIAs}, entry{api: ewp.File}, entry{api: ewp.OMobilityLAs})))
		cfg.Transport.Logger = leaks.Logger()
		cfg.Report = func(f ewpclient.Failure) { leaks.Error(errors.New(f.ClientMessage)) }
		c := newClient(t, cfg)
		_, failures := collect(t, c, getIIAs, ewpclient.List{Param: "iia_id", Values: []string{"secret-id"}})
		for _, err := range failures {
			leaks.Error(err)
			leaks.Logger().Error("call", "error", err)
		}
		if len(failures) == 0 {
			t.Error("nothing failed")
		}
		a, err := c.Call(t.Context(), ewpclient.Call{HEI: partner, API: ewp.File, Params: url.Values{"file_id": {"2203456789HE"}}})
		if leaks.Error(err); err == nil {
			a.Close()
		}
		a, err = c.Call(t.Context(), ewpclient.Call{HEI: partner, API: ewp.OMobilityLAs, Endpoint: "update", XML: []byte("<u>Zoé Exemple</u>")})
		if leaks.Error(err); err == nil {
			a.Close()
		}
	}
	leaks.Check(t)
}
