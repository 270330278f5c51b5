package ewpclient_test

import (
	"errors"
	"io/fs"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/ewpclient"
	"github.com/passerelle-sup/passerelle/ewp/httpsig"
	"github.com/passerelle-sup/passerelle/internal/testutil"
	"github.com/passerelle-sup/passerelle/transport"
)

// TestRefusedAnswers: none of these is accepted, nor asked for again, and of an
// update none counts as done or not done.
func TestRefusedAnswers(t *testing.T) {
	t.Parallel()
	other := echoed("b")
	stale := newSigner(t, httpsig.SignerConfig{Key: serverKey(), Clock: func() time.Time { return time.Now().Add(-6 * time.Minute) }})
	early := newSigner(t, httpsig.SignerConfig{Key: serverKey(), Clock: func() time.Time { return time.Now().Add(6 * time.Minute) }})
	del := func(name string) func(http.Header) { return func(h http.Header) { h.Del(name) } }
	set := func(name, value string) func(http.Header) { return func(h http.Header) { h.Set(name, value) } }
	for name, tc := range map[string]struct {
		reply reply
		want  httpsig.Reason
	}{
		"tampered body":             {reply{instead: &other}, httpsig.Digest},
		"tampered signed header":    {reply{spoil: set("Content-Type", "text/html")}, httpsig.Signature},
		"tampered body and digest":  {reply{instead: &other, spoil: set("Digest", "SHA-256=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=")}, httpsig.Signature},
		"key of another host":       {reply{signer: newSigner(t, httpsig.SignerConfig{Key: otherKey()})}, httpsig.UnknownKey},
		"our own key":               {reply{signer: newSigner(t, httpsig.SignerConfig{Key: clientKey()})}, httpsig.UnknownKey},
		"stale date":                {reply{signer: stale}, httpsig.Skew},
		"early date":                {reply{signer: early}, httpsig.Skew},
		"without digest":            {reply{spoil: del("Digest")}, httpsig.Absent},
		"without signature":         {reply{spoil: del("Signature")}, httpsig.Missing},
		"not signed":                {reply{plain: true}, httpsig.Missing},
		"without identifier":        {reply{spoil: del("X-Request-Id")}, httpsig.RequestID},
		"without request signature": {reply{spoil: del("X-Request-Signature")}, httpsig.RequestSignature},
		"identifier of another":     {reply{ref: func(r *httpsig.Ref) { r.ID = "dc05b425-4e86-4106-8dde-1257fccf53e5" }}, httpsig.RequestID},
		"signature of another":      {reply{ref: func(r *httpsig.Ref) { r.Signature = strings.Repeat("A", 342) + "==" }}, httpsig.RequestSignature},
		"other algorithm": {reply{spoil: func(h http.Header) {
			h.Set("Signature", strings.Replace(h.Get("Signature"), "rsa-sha256", "rsa-sha512", 1))
		}}, httpsig.Algorithm},
		"two signatures": {reply{spoil: func(h http.Header) { h.Add("Signature", h.Get("Signature")) }}, httpsig.Duplicate},
		"digest not signed": {reply{spoil: func(h http.Header) {
			h.Set("Signature", strings.Replace(h.Get("Signature"), " digest", "", 1))
		}}, httpsig.Unsigned},
	} {
		tc.reply.body = echoed("a")
		for _, call := range []ewpclient.Call{
			echoCall("a"),
			{HEI: partner, API: ewp.OMobilityLAs, Endpoint: "update", XML: []byte("<update/>")},
		} {
			c, h := echoClient(t, nil, tc.reply.send)
			_, err := c.Call(t.Context(), call)
			e, ok := errors.AsType[*ewp.Error](err)
			if !ok || !errors.Is(err, tc.want) || !errors.Is(err, passerelle.ErrProtocol) {
				t.Errorf("%s, %v: %v, want it refused for %v", name, call.API, err, tc.want)
				continue
			}
			if e.Status != 200 || e.Signed || passerelle.OutcomeOf(err) != passerelle.Unknown || len(h.seen()) != 1 {
				t.Errorf("%s, %v: %+v, outcome %v, %d requests", name, call.API, e, passerelle.OutcomeOf(err), len(h.seen()))
			}
		}
	}
}

// TestUnsignedHeaders checks that what the signature does not cover is dropped.
func TestUnsignedHeaders(t *testing.T) {
	t.Parallel()
	c, _ := echoClient(t, nil, reply{
		body:   "x",
		header: http.Header{"Content-Type": {"text/plain"}, "X-Signed": {"yes"}},
		spoil: func(h http.Header) {
			h.Set("X-Injected", "on the way")
			h.Set("Content-Encoding", "gzip")
		},
	}.send)
	a, err := c.Call(t.Context(), echoCall())
	if err != nil {
		t.Fatal(err)
	}
	if a.Header.Get("X-Injected") != "" || a.Header.Get("X-Signed") != "yes" || a.Header.Get("Content-Type") != "text/plain" {
		t.Errorf("headers of the answer: %v", a.Header)
	}
	testutil.Equal(t, "body", body(t, a), "x")
}

// TestSignatures checks which answers may come unsigned.
func TestSignatures(t *testing.T) {
	t.Parallel()
	const declared = ewp.ClientHTTPSig | ewp.ServerTLSCert | ewp.ServerHTTPSig | ewp.RequestTLS | ewp.ResponseTLS
	tls := declared &^ ewp.ServerHTTPSig
	signed, unsigned := reply{body: "x"}, reply{body: "x", plain: true}
	wrong := reply{body: "x", signer: newSigner(t, httpsig.SignerConfig{Key: otherKey()})}
	for i, tc := range map[int]struct {
		policy  ewpclient.Signatures
		quirks  ewpclient.Quirks
		methods ewp.Methods
		reply   reply
		ok      bool
	}{
		0:  {ewpclient.SignedWhenDeclared, 0, declared, signed, true},
		1:  {ewpclient.SignedWhenDeclared, 0, declared, unsigned, false},
		2:  {ewpclient.SignedWhenDeclared, ewpclient.UnsignedAnswers, declared, unsigned, true},
		3:  {ewpclient.SignedWhenDeclared, ewpclient.UnsignedAnswers, declared, wrong, false},
		4:  {ewpclient.SignedWhenDeclared, 0, tls, unsigned, true},
		5:  {ewpclient.SignedWhenDeclared, 0, tls, signed, true},
		6:  {ewpclient.SignedWhenDeclared, 0, tls, wrong, false},
		7:  {ewpclient.SignedAlways, 0, declared, signed, true},
		8:  {ewpclient.SignedAlways, ewpclient.UnsignedAnswers, declared, unsigned, false},
		9:  {ewpclient.SignedAlways, 0, tls, signed, false},
		10: {ewpclient.SignedIfAny, 0, declared, unsigned, true},
		11: {ewpclient.SignedIfAny, 0, declared, wrong, false},
		12: {ewpclient.SignedIfAny, 0, declared, signed, true},
	} {
		h := newHost(t, tc.reply.send)
		cfg := config(t, h, catalogue(t, members(t, h, entry{api: ewp.Echo, methods: tc.methods})))
		cfg.Signatures = tc.policy
		cfg.PartnerQuirks = map[ewp.HEIID]ewpclient.Quirks{partner: tc.quirks, third: ewpclient.UnsignedAnswers}
		a, err := newClient(t, cfg).Call(t.Context(), echoCall())
		if (err == nil) != tc.ok || !tc.ok && !errors.Is(err, passerelle.ErrProtocol) {
			t.Errorf("%d: %v, want success %v", i, err, tc.ok)
		}
		if err == nil {
			if a.Signed == tc.reply.plain {
				t.Errorf("%d: Signed is %v", i, a.Signed)
			}
			a.Close()
		}
	}
}

// TestKeysOfTheHostElement: a key of another host that covers the same institution,
// or one that the catalogue names and does not hold, signs nothing.
func TestKeysOfTheHostElement(t *testing.T) {
	t.Parallel()
	server, other := public(t, serverKey()), public(t, otherKey())
	h := newHost(t, reply{body: "x"}.send)
	for i, tc := range map[int]struct {
		first, second []ewp.PublicKey
		secret        []ewp.PublicKey
		ok            bool
	}{
		0: {[]ewp.PublicKey{server}, nil, nil, true},
		1: {[]ewp.PublicKey{other, server}, nil, nil, true},
		2: {[]ewp.PublicKey{other}, []ewp.PublicKey{server}, nil, false},
		3: {nil, []ewp.PublicKey{server}, nil, false},
		4: {[]ewp.PublicKey{server}, nil, []ewp.PublicKey{server}, false},
	} {
		all := members(t, h, entry{api: ewp.Echo})
		all[1].servers = tc.first
		all = append(all, member{heis: []ewp.HEIID{partner}, servers: tc.second})
		a, err := newClient(t, config(t, h, catalogue(t, all, tc.secret...))).Call(t.Context(), echoCall())
		if (err == nil) != tc.ok || !tc.ok && !errors.Is(err, httpsig.UnknownKey) {
			t.Errorf("%d: %v, want success %v", i, err, tc.ok)
		}
		if err == nil {
			a.Close()
		}
	}
}

// TestDateQuirks checks that habits of dates are accepted on demand only.
func TestDateQuirks(t *testing.T) {
	t.Parallel()
	zoned := func(h *host, w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Digest", "SHA-256=LXEWQrcmsEQBYnyp+6wy9chTD7GQPMTbAiWHF5IaSIE=")
		w.Header().Set("Original-Date", time.Now().In(time.FixedZone("CET", 3600)).Format(time.RFC1123))
		ref := httpsig.RefOf(r)
		w.Header().Set("X-Request-Id", ref.ID)
		w.Header().Set("X-Request-Signature", ref.Signature)
		if err := h.signer.SignResponseAs(w.Header(), ref, []string{"original-date", "digest", "x-request-id", "x-request-signature"}); err != nil {
			h.tb.Error(err)
		}
		w.Write([]byte("x"))
	}
	for _, quirks := range []httpsig.Quirks{0, httpsig.ZoneDates} {
		c, _ := echoClient(t, func(cfg *ewpclient.Config) { cfg.Policy.Quirks = quirks }, zoned)
		a, err := c.Call(t.Context(), echoCall())
		if (err == nil) != (quirks != 0) || err != nil && !errors.Is(err, httpsig.Date) {
			t.Errorf("with quirks %q: %v", quirks, err)
		}
		if err == nil {
			a.Close()
		}
	}
}

func TestTooLarge(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 5000)
	chunked := func(h *host, w http.ResponseWriter, r *http.Request) {
		w.(http.Flusher).Flush()
		w.Write([]byte(long))
	}
	for i, tc := range map[int]struct {
		max    int64
		answer answer
		ok     bool
	}{
		0: {5000, reply{body: long}.send, true},
		1: {4999, reply{body: long}.send, false},
		2: {4999, reply{body: long, plain: true}.send, false},
		3: {4999, chunked, false},
		4: {5000, chunked, true},
		5: {4999, func(h *host, w http.ResponseWriter, r *http.Request) { // signed, and its length not announced
			if err := h.signer.SignResponse(w.Header(), httpsig.RefOf(r), httpsig.Bytes(long)); err != nil {
				h.tb.Error(err)
			}
			chunked(h, w, r)
		}, false},
	} {
		c, h := echoClient(t, func(cfg *ewpclient.Config) {
			cfg.Transport.MaxBody, cfg.Signatures = tc.max, ewpclient.SignedIfAny
		}, tc.answer)
		a, err := c.Call(t.Context(), echoCall())
		if (err == nil) != tc.ok || !tc.ok && !errors.Is(err, passerelle.ErrProtocol) {
			t.Errorf("%d: %v, want success %v", i, err, tc.ok)
		}
		if len(h.seen()) != 1 {
			t.Errorf("%d: asked %d times", i, len(h.seen()))
		}
		if err == nil {
			testutil.Equal(t, "body", body(t, a), long)
		}
	}
}

// TestSpool checks that a long answer goes to disk, and that nothing stays there.
func TestSpool(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("0123456789abcdef", 64<<10)
	dir := t.TempDir()
	c, _ := echoClient(t, func(cfg *ewpclient.Config) {
		cfg.Memory, cfg.Dir = 1000, dir
		cfg.Transport = transport.Config{Base: cfg.Transport.Base}
	}, reply{body: long}.send)
	a, err := c.Call(t.Context(), echoCall())
	if err != nil {
		t.Fatal(err)
	}
	testutil.Equal(t, "size", a.Size, int64(len(long)))
	if got := body(t, a); got != long {
		t.Error("the body was not given back")
	}
	if _, err := a.Open(); !errors.Is(err, fs.ErrClosed) {
		t.Errorf("a closed answer was opened: %v", err)
	}
	c, h := echoClient(t, func(cfg *ewpclient.Config) {
		cfg.Memory, cfg.Dir = 1000, dir+"/absent"
		cfg.Report = func(f ewpclient.Failure) { t.Errorf("a full disk of ours was reported: %v", f.Err) }
	}, reply{body: long}.send)
	if _, err := c.Call(t.Context(), echoCall()); !errors.Is(err, fs.ErrNotExist) || !errors.Is(err, passerelle.ErrUnavailable) || len(h.seen()) != 1 {
		t.Errorf("a folder that does not exist: %v after %d requests", err, len(h.seen()))
	}
}
