package ewpclient_test

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/ewpclient"
	"github.com/passerelle-sup/passerelle/internal/testutil"
	"github.com/passerelle-sup/passerelle/transport"
)

func TestCall(t *testing.T) {
	t.Parallel()
	c, h := echoClient(t, nil, reply{body: echoed("a", "b", "a")}.send)
	a, err := c.Call(t.Context(), echoCall("a", "b", "a"))
	if err != nil {
		t.Fatal(err)
	}
	testutil.Equal(t, "body", body(t, a), echoed("a", "b", "a"))
	if !a.Signed || a.Status != 200 || a.Major != 2 || a.Version != ewp.MustParseVersion("2.0.1") {
		t.Errorf("answer: signed %v, status %d, version %v of major %d", a.Signed, a.Status, a.Version, a.Major)
	}
	if _, known := a.Host.HEIs().One(); !known || !a.Host.HEIs().Has(partner) {
		t.Error("the host of the answer is not the partner's")
	}
	r := h.seen()[0]
	testutil.Equal(t, "request", []string{r.Method, r.Target, r.Body}, []string{"POST", "/echo/", "echo=a&echo=b&echo=a"})
	testutil.Equal(t, "identifier", a.RequestID, r.ID)
	for name, want := range map[string]string{
		"Content-Type":     "application/x-www-form-urlencoded",
		"Accept-Signature": "rsa-sha256",
		"Want-Digest":      "SHA-256",
		"Accept-Encoding":  "gzip",
	} {
		testutil.Equal(t, name+", signed", r.Header.Get(name), want)
	}
}

// TestVerbs checks how each kind of endpoint is called.
func TestVerbs(t *testing.T) {
	t.Parallel()
	h := newHost(t, reply{body: "x"}.send)
	index := catalogue(t, members(t, h, entry{api: ewp.File}, entry{api: ewp.OMobilityLAs}, entry{api: ewp.IIACNR}, entry{api: ewp.IIAs}))
	c := newClient(t, config(t, h, index))
	for i, tc := range map[int]struct {
		call                            ewpclient.Call
		method, target, mediaType, body string
	}{
		0: {ewpclient.Call{API: ewp.IIAs, Endpoint: "index", Params: url.Values{"modified_since": {"2026-01-01T00:00:00+01:00"}}},
			"POST", "/iias/index", "application/x-www-form-urlencoded", "modified_since=2026-01-01T00%3A00%3A00%2B01%3A00"},
		1: {ewpclient.Call{API: ewp.IIAs, Endpoint: "index"}, "POST", "/iias/index", "application/x-www-form-urlencoded", ""},
		2: {ewpclient.Call{API: ewp.File, Params: url.Values{"file_id": {"a+b"}}}, "GET", "/file/?file_id=a%2Bb", "", ""},
		3: {ewpclient.Call{API: ewp.OMobilityLAs, Endpoint: "stats"}, "GET", "/omobility-las/stats", "", ""},
		4: {ewpclient.Call{API: ewp.OMobilityLAs, Endpoint: "update", XML: []byte("<u/>")}, "POST", "/omobility-las/update", "text/xml", "<u/>"},
		5: {ewpclient.Call{API: ewp.IIACNR, Params: url.Values{"iia_id": {"1"}}}, "POST", "/iia-cnr/", "application/x-www-form-urlencoded", "iia_id=1"},
	} {
		tc.call.HEI = partner
		before := len(h.seen())
		a, err := c.Call(t.Context(), tc.call)
		if err != nil {
			t.Errorf("%d: %v", i, err)
			continue
		}
		a.Close()
		r := h.seen()[before]
		got := []string{r.Method, r.Target, r.Header.Get("Content-Type"), r.Body}
		testutil.Equal(t, "request", got, []string{tc.method, tc.target, tc.mediaType, tc.body})
	}
}

func TestWrongCalls(t *testing.T) {
	t.Parallel()
	c, h := echoClient(t, nil, reply{}.send)
	for i, tc := range map[int]struct {
		call ewpclient.Call
		want string
	}{
		0: {ewpclient.Call{}, "HEI: required: want the institution to call; API: required: want an API of the network"},
		1: {ewpclient.Call{HEI: partner, API: ewp.Echo, Endpoint: "get"}, "Endpoint: unknown: want an endpoint of echo"},
		2: {ewpclient.Call{HEI: partner, API: ewp.Discovery}, "API: caller: want an API that partners call: manifests are read by the registry, its catalogue by package registry"},
		3: {ewpclient.Call{HEI: partner, API: ewp.OMobilityLAs, Endpoint: "update"}, "XML: required: want the document of the update"},
		4: {ewpclient.Call{HEI: partner, API: ewp.OMobilityLAs, Endpoint: "update", XML: []byte("x"), Params: url.Values{"a": {"b"}}},
			"Params: empty: want no parameters beside a document"},
		5: {ewpclient.Call{HEI: partner, API: ewp.Echo, XML: []byte("x"), Class: 7},
			"XML: empty: want parameters, and no document; Class: range: want Create, Idempotent or Read"},
	} {
		_, err := c.Call(t.Context(), tc.call)
		if err == nil {
			t.Errorf("%d: was sent", i)
			continue
		}
		testutil.Equal(t, "error", err.Error(), tc.want)
		if !errors.Is(err, passerelle.ErrInvalid) || passerelle.OutcomeOf(err) != passerelle.NotSent {
			t.Errorf("%d: taxonomy of %v", i, err)
		}
	}
	testutil.Equal(t, "requests", len(h.seen()), 0)
}

func TestNew(t *testing.T) {
	t.Parallel()
	_, err := ewpclient.New(ewpclient.Config{Signatures: 9, Transport: transport.Config{MaxBody: -1}})
	if err == nil {
		t.Fatal("accepted")
	}
	testutil.Equal(t, "error", err.Error(), strings.Join([]string{
		"HEI: required: want the own institution",
		"Catalogue: required: want a catalogue of the registry",
		"Signer: required: want a signer with a client key of the own manifest",
		"Signatures: range: want SignedWhenDeclared, SignedAlways or SignedIfAny",
		"Transport.MaxBody: range: want no negative value; 0 is the default",
	}, "; "))
}

func TestReady(t *testing.T) {
	t.Parallel()
	key, other := public(t, clientKey()), public(t, otherKey())
	for i, tc := range map[int]struct {
		members []member
		want    string
	}{
		0: {[]member{{heis: []ewp.HEIID{own}, clients: []ewp.PublicKey{key}}}, ""},
		1: {[]member{{heis: []ewp.HEIID{own}, clients: []ewp.PublicKey{other}}}, "Signer: catalogue: want a client key that the catalogue knows"},
		2: {[]member{{heis: []ewp.HEIID{third}, clients: []ewp.PublicKey{key}}}, "Signer: catalogue: want a client key that the catalogue knows as one of univ-exemple.fr"},
		3: {[]member{{heis: []ewp.HEIID{own, third}, clients: []ewp.PublicKey{key}}}, "Signer: catalogue: want a client key of one institution only"},
		4: {[]member{{heis: []ewp.HEIID{own}, servers: []ewp.PublicKey{key}}}, "Signer: catalogue: want a client key that the catalogue knows"},
	} {
		c := newClient(t, config(t, newHost(t, reply{}.send), catalogue(t, tc.members)))
		got := ""
		if err := c.Ready(); err != nil {
			got = err.Error()
		}
		if got != tc.want {
			t.Errorf("%d: %q, want %q", i, got, tc.want)
		}
	}
}

// TestErrorResponses checks what each status becomes.
func TestErrorResponses(t *testing.T) {
	t.Parallel()
	const document = `<error-response xmlns="` + ewp.NamespaceCommon + `"><developer-message>no such thing</developer-message>` +
		`<user-message xml:lang="en">Sorry</user-message></error-response>`
	for status, tc := range map[int]struct {
		kind    error
		outcome passerelle.Outcome
		sent    int
	}{
		400: {passerelle.ErrInvalid, passerelle.Answered, 1},
		401: {passerelle.ErrUnauthorized, passerelle.Answered, 1},
		403: {passerelle.ErrForbidden, passerelle.Answered, 1},
		404: {passerelle.ErrNotFound, passerelle.Answered, 1},
		405: {passerelle.ErrProtocol, passerelle.Answered, 1},
		406: {passerelle.ErrProtocol, passerelle.Answered, 1},
		408: {passerelle.ErrUnavailable, passerelle.Unknown, 1},
		409: {passerelle.ErrConflict, passerelle.Answered, 1},
		410: {passerelle.ErrGone, passerelle.Answered, 1},
		415: {passerelle.ErrProtocol, passerelle.Answered, 1},
		429: {passerelle.ErrRateLimited, passerelle.Answered, 4},
		500: {passerelle.ErrUnavailable, passerelle.Unknown, 1},
		502: {passerelle.ErrUnavailable, passerelle.Unknown, 4},
		503: {passerelle.ErrUnavailable, passerelle.Unknown, 4},
		504: {passerelle.ErrUnavailable, passerelle.Unknown, 4},
	} {
		for _, signed := range []bool{true, false} {
			c, h := echoClient(t, nil, reply{status: status, body: document, plain: !signed}.send)
			_, err := c.Call(t.Context(), echoCall("a"))
			e, ok := errors.AsType[*ewp.Error](err)
			if !ok || !errors.Is(err, tc.kind) || passerelle.OutcomeOf(err) != tc.outcome {
				t.Errorf("%d: %v with outcome %v, want %v and %v", status, err, passerelle.OutcomeOf(err), tc.kind, tc.outcome)
				continue
			}
			if e.Status != status || e.Signed != signed || e.HEI != partner || e.API != "echo" || len(h.seen()) != tc.sent {
				t.Errorf("%d: %+v after %d requests, want %d", status, e, len(h.seen()), tc.sent)
			}
			testutil.Equal(t, "what the host said", e.Response, &ewp.ErrorResponse{
				DeveloperMessage: "no such thing", UserMessages: ewp.Texts{{Lang: "en", Value: "Sorry"}},
			})
			if strings.Contains(err.Error(), "no such thing") {
				t.Errorf("%d: the words of the host are in %q", status, err)
			}
		}
	}
}

// TestErrorsOfAnyForm checks errors that are not as they must be.
func TestErrorsOfAnyForm(t *testing.T) {
	t.Parallel()
	text := "tampered"
	for i, tc := range map[int]struct {
		reply  reply
		raw    string
		signed bool
	}{
		0: {reply{status: 500, body: "<html>oops</html>"}, "<html>oops</html>", true},
		1: {reply{status: 500, body: "x", instead: &text}, "tampered", false}, // believed as TLS says
		2: {reply{status: 400, body: ""}, "", true},
		3: {reply{status: 403, body: strings.Repeat("x", 100<<10)}, strings.Repeat("x", 64<<10), true},
		4: {reply{status: 404, body: "\x1f\x8bnot gzip", header: http.Header{"Content-Encoding": {"gzip"}}}, "\x1f\x8bnot gzip", true},
	} {
		c, _ := echoClient(t, nil, tc.reply.send)
		_, err := c.Call(t.Context(), echoCall())
		e, ok := errors.AsType[*ewp.Error](err)
		if !ok {
			t.Errorf("%d: %v", i, err)
			continue
		}
		if string(e.Raw) != tc.raw || e.Signed != tc.signed || e.Response != nil || e.Status != tc.reply.status {
			t.Errorf("%d: status %d, signed %v, %d bytes; want %d, %v, %d", i, e.Status, e.Signed, len(e.Raw), tc.reply.status, tc.signed, len(tc.raw))
		}
	}
}

// TestOtherSuccesses: 2xx is success, anything between it and 400 is not.
func TestOtherSuccesses(t *testing.T) {
	t.Parallel()
	for status, ok := range map[int]bool{200: true, 202: true, 204: true, 304: false} {
		c, _ := echoClient(t, nil, reply{status: status, header: http.Header{}}.send)
		a, err := c.Call(t.Context(), echoCall())
		if (err == nil) != ok || !ok && !errors.Is(err, passerelle.ErrProtocol) {
			t.Errorf("%d: %v", status, err)
		}
		if err == nil {
			a.Close()
		}
	}
}
