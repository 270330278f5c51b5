package ewpclient_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"testing"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/ewpclient"
	"github.com/passerelle-sup/passerelle/ewp/httpsig"
	"github.com/passerelle-sup/passerelle/internal/testutil"
	"github.com/passerelle-sup/passerelle/transport"
)

// lost closes the connection after the request was read: the work may be done.
func lost(*host, http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }

// truncated breaks off in the middle of a signed answer.
func truncated(h *host, w http.ResponseWriter, r *http.Request) {
	whole := echoed("a")
	half := whole[:len(whole)/2]
	reply{body: whole, instead: &half, spoil: func(header http.Header) { header.Set("Content-Length", strconv.Itoa(len(whole))) }}.send(h, w, r)
}

var busy = reply{status: 503}.send

// The calls of each class.
var (
	read   = echoCall("a")
	notify = ewpclient.Call{HEI: partner, API: ewp.IIACNR, Params: url.Values{"iia_id": {"1"}}}
	update = ewpclient.Call{HEI: partner, API: ewp.OMobilityLAs, Endpoint: "update", XML: []byte("<update/>")}
)

func TestRetries(t *testing.T) {
	t.Parallel()
	good := reply{body: echoed("a")}.send
	for name, tc := range map[string]struct {
		call    ewpclient.Call
		script  []answer
		ok      bool
		outcome passerelle.Outcome
		sent    int
	}{
		"read, 503 then success":            {read, []answer{busy, busy, good}, true, 0, 3},
		"read, lost then success":           {read, []answer{lost, good}, true, 0, 2},
		"read, truncated then success":      {read, []answer{truncated, good}, true, 0, 2},
		"read, always truncated":            {read, []answer{truncated}, false, passerelle.Unknown, 4},
		"read, always 503":                  {read, []answer{busy}, false, passerelle.Unknown, 4},
		"notification, lost then success":   {notify, []answer{lost, good}, true, 0, 2},
		"notification, 503 then success":    {notify, []answer{busy, good}, true, 0, 2},
		"update, lost":                      {update, []answer{lost, good}, false, passerelle.Unknown, 1},
		"update, truncated":                 {update, []answer{truncated, good}, false, passerelle.Unknown, 1},
		"update, 503":                       {update, []answer{busy, good}, false, passerelle.Unknown, 1},
		"update, 409":                       {update, []answer{reply{status: 409}.send, good}, false, passerelle.Answered, 1},
		"update that is idempotent, 503":    {idempotent(update), []answer{busy, good}, true, 0, 2},
		"read that says it is not, as read": {create(read), []answer{busy, good}, true, 0, 2},
	} {
		c, h := echoClient(t, nil, tc.script...)
		a, err := c.Call(t.Context(), tc.call)
		if (err == nil) != tc.ok || err != nil && passerelle.OutcomeOf(err) != tc.outcome {
			t.Errorf("%s: %v with outcome %v, want success %v or outcome %v", name, err, passerelle.OutcomeOf(err), tc.ok, tc.outcome)
		}
		if err == nil {
			testutil.Equal(t, name, body(t, a), echoed("a"))
		} else if _, ok := errors.AsType[*ewp.Error](err); !ok {
			t.Errorf("%s: %T", name, err)
		}
		if len(h.seen()) != tc.sent {
			t.Errorf("%s: sent %d times, want %d", name, len(h.seen()), tc.sent)
		}
	}
}

func idempotent(c ewpclient.Call) ewpclient.Call { c.Class = transport.Idempotent; return c }
func create(c ewpclient.Call) ewpclient.Call     { c.Class = transport.Create; return c }

// TestAttemptsAreSignedAnew: a host that refuses replays refuses none of them.
func TestAttemptsAreSignedAnew(t *testing.T) {
	t.Parallel()
	c, h := echoClient(t, nil, busy, truncated, reply{body: echoed("a")}.send)
	a, err := c.Call(t.Context(), read)
	if err != nil {
		t.Fatal(err)
	}
	a.Close()
	ids, signatures := map[string]bool{}, map[string]bool{}
	for _, r := range h.seen() {
		ids[r.ID], signatures[r.Signature] = true, true
	}
	testutil.Equal(t, "identifiers and signatures", []int{len(ids), len(signatures)}, []int{3, 3})
	testutil.Equal(t, "identifier of the answer", a.RequestID, h.seen()[2].ID)
}

// TestUpdateOnKeptConnection: nor does net/http send an update again by itself, on a
// connection that was used before.
func TestUpdateOnKeptConnection(t *testing.T) {
	t.Parallel()
	c, h := echoClient(t, nil, reply{body: echoed("a")}.send, lost)
	a, err := c.Call(t.Context(), read)
	if err != nil {
		t.Fatal(err)
	}
	a.Close()
	_, err = c.Call(t.Context(), update)
	if err == nil || passerelle.OutcomeOf(err) != passerelle.Unknown || len(h.seen()) != 2 {
		t.Errorf("%v with outcome %v after %d requests", err, passerelle.OutcomeOf(err), len(h.seen()))
	}
}

// TestUpdateNotSent: a call of which for sure nothing was sent says so.
func TestUpdateNotSent(t *testing.T) {
	t.Parallel()
	c, h := echoClient(t, nil, reply{}.send)
	h.Close() // nobody listens there any more
	_, err := c.Call(t.Context(), update)
	if !errors.Is(err, passerelle.ErrUnavailable) || passerelle.OutcomeOf(err) != passerelle.NotSent {
		t.Errorf("%v with outcome %v, want it unavailable and not sent", err, passerelle.OutcomeOf(err))
	}
	e, _ := errors.AsType[*transport.Error](err)
	if e == nil || e.Attempts != 4 {
		t.Errorf("attempts: %+v, want 4: nothing was sent", e)
	}
}

// TestRedirect: signed requests go nowhere else.
func TestRedirect(t *testing.T) {
	t.Parallel()
	elsewhere := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the redirect was followed") }))
	defer elsewhere.Close()
	for _, status := range []int{301, 302, 303, 307, 308} {
		for _, target := range []string{elsewhere.URL + "/?token=secret", "/same/host"} {
			c, h := echoClient(t, nil, reply{status: status, header: http.Header{"Location": {target}}}.send)
			_, err := c.Call(t.Context(), read)
			e, ok := errors.AsType[*ewp.Error](err)
			if _, redirect := errors.AsType[*transport.RedirectError](err); !ok || !redirect || e.Status != status || !errors.Is(err, passerelle.ErrProtocol) {
				t.Errorf("%d: %v", status, err)
			}
			if len(h.seen()) != 1 {
				t.Errorf("%d: %d requests", status, len(h.seen()))
			}
		}
	}
}

func TestContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	c, _ := echoClient(t, nil, func(_ *host, _ http.ResponseWriter, r *http.Request) {
		cancel()
		<-r.Context().Done()
	})
	_, err := c.Call(ctx, read)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want the error of the context", err)
	}
}

// TestSlow checks that an answer that stalls is given up, and that this is told.
func TestSlow(t *testing.T) {
	t.Parallel()
	c, h := echoClient(t, func(cfg *ewpclient.Config) {
		cfg.Transport.AttemptTimeout = 700 * time.Millisecond
		cfg.Transport.Retry.MaxAttempts = 2
	}, func(h *host, w http.ResponseWriter, r *http.Request) {
		if err := h.signer.SignResponse(w.Header(), httpsig.RefOf(r), httpsig.Bytes("never sent")); err != nil {
			h.tb.Error(err)
		}
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	})
	_, err := c.Call(t.Context(), read)
	e, ok := errors.AsType[*transport.Error](err)
	if !ok || !errors.Is(err, passerelle.ErrUnavailable) || e.Attempts != 2 || len(h.seen()) == 0 {
		t.Errorf("%v after %d requests, want two attempts", err, len(h.seen()))
	}
}

// TestUntrustedCertificate: a signature does not replace TLS.
func TestUntrustedCertificate(t *testing.T) {
	t.Parallel()
	c, h := echoClient(t, func(cfg *ewpclient.Config) { cfg.Transport.Base = nil }, reply{body: "x"}.send)
	_, err := c.Call(t.Context(), read)
	if !errors.Is(err, passerelle.ErrUnavailable) || passerelle.OutcomeOf(err) != passerelle.NotSent || len(h.seen()) != 0 {
		t.Errorf("%v with outcome %v after %d requests", err, passerelle.OutcomeOf(err), len(h.seen()))
	}
}
