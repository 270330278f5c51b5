package httpsig_test

import (
	"bufio"
	"context"
	"crypto"
	"crypto/rsa"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/httpsig"
	"github.com/passerelle-sup/passerelle/internal/testutil"
)

// reasonOf returns the reason of an *Error, "" for nil.
func reasonOf(tb testing.TB, err error) httpsig.Reason {
	tb.Helper()
	if err == nil {
		return ""
	}
	e, ok := errors.AsType[*httpsig.Error](err)
	if !ok {
		tb.Fatalf("%v is no *httpsig.Error", err)
	}
	return e.Reason
}

// signed returns a good request of the client.
func signed(tb testing.TB, method, url, body string, change ...func(*http.Request)) *http.Request {
	tb.Helper()
	r := newRequest(tb, method, url, body)
	for _, c := range change {
		c(r)
	}
	if err := newSigner(tb, httpsig.SignerConfig{Key: clientKey()}).SignRequest(r); err != nil {
		tb.Fatal(err)
	}
	return r
}

const (
	echoURL  = "https://example.com/ewp/echo"
	echoBody = "echo=a&echo=b"
)

// TestRefuses breaks a good request in one way at a time.
func TestRefuses(t *testing.T) {
	t.Parallel()
	resign := func(names string) func(*testing.T, *http.Request) {
		return func(t *testing.T, r *http.Request) {
			s := newSigner(t, httpsig.SignerConfig{Key: clientKey()})
			if err := s.SignRequestAs(r, strings.Fields(names)); err != nil {
				t.Fatal(err)
			}
		}
	}
	const all = "(request-target) host original-date digest x-request-id"
	set := func(name, value string, names string) func(*testing.T, *http.Request) {
		return func(t *testing.T, r *http.Request) {
			r.Header.Set(name, value)
			if names != "" {
				resign(names)(t, r)
			}
		}
	}
	replace := func(old, new string) func(*testing.T, *http.Request) {
		return func(t *testing.T, r *http.Request) {
			v := r.Header.Get("Authorization")
			if !strings.Contains(v, old) {
				t.Fatalf("no %s in %s", old, v)
			}
			r.Header.Set("Authorization", strings.Replace(v, old, new, 1))
		}
	}
	for name, test := range map[string]struct {
		change func(*testing.T, *http.Request)
		reason httpsig.Reason
		status int
	}{
		"nothing changed": {func(*testing.T, *http.Request) {}, "", 0},

		"not signed":     {func(_ *testing.T, r *http.Request) { r.Header.Del("Authorization") }, httpsig.Missing, 401},
		"another scheme": {set("Authorization", "Bearer x", ""), httpsig.Missing, 401},
		"no parameters":  {set("Authorization", "Signature", ""), httpsig.Missing, 401},
		"garbage":        {set("Authorization", "Signature garbage", ""), httpsig.Syntax, 400},
		"no keyId":       {replace("keyId=", "keyid="), httpsig.Syntax, 400},
		"no signature":   {replace("signature=", "sig="), httpsig.Syntax, 400},
		"no headers":     {replace("headers=", "header="), httpsig.Unsigned, 400},
		"algorithm":      {replace("rsa-sha256", "rsa-sha512"), httpsig.Algorithm, 400},
		"hmac":           {replace("rsa-sha256", "hmac-sha256"), httpsig.Algorithm, 400},
		"keyId twice":    {replace("algorithm=", `keyId="`+vectorKeyID+`",algorithm=`), httpsig.Duplicate, 400},
		"base64":         {replace(`signature="`, `signature="!`), httpsig.Syntax, 400},
		"keyId no hex":   {replace(`keyId="`, `keyId="x`), httpsig.UnknownKey, 403},
		"unknown keyId":  {replace(public(t, clientKey()).Fingerprint().String(), vectorKeyID), httpsig.UnknownKey, 403},

		"target unsigned": {resign("host original-date digest x-request-id"), httpsig.Unsigned, 400},
		"host unsigned":   {resign("(request-target) original-date digest x-request-id"), httpsig.Unsigned, 400},
		"date unsigned":   {resign("(request-target) host digest x-request-id"), httpsig.Unsigned, 400},
		"digest unsigned": {resign("(request-target) host original-date x-request-id"), httpsig.Unsigned, 400},
		"id unsigned":     {resign("(request-target) host original-date digest"), httpsig.Unsigned, 400},
		"listed and gone": {func(_ *testing.T, r *http.Request) { r.Header.Del("Content-Type") }, httpsig.Absent, 400},
		"unknown pseudo":  {replace("(request-target)", "(created) (request-target)"), httpsig.Absent, 400},

		"other host":  {func(_ *testing.T, r *http.Request) { r.Host = "example.org" }, httpsig.Host, 400},
		"no date":     {set("Original-Date", "yesterday", all), httpsig.Date, 400},
		"zone":        {set("Original-Date", "Tue, 05 Sep 2017 10:49:37 CEST", all), httpsig.Date, 400},
		"short day":   {set("Original-Date", "Tue, 5 Sep 2017 08:49:37 GMT", all), httpsig.Date, 400},
		"wrong day":   {set("Original-Date", "Mon, 05 Sep 2017 08:49:37 GMT", all), httpsig.Date, 400},
		"RFC 850":     {set("Original-Date", "Tuesday, 05-Sep-17 08:49:37 GMT", all), httpsig.Date, 400},
		"second date": {set("Date", "Tue, 05 Sep 2017 08:09:37 GMT", ""), httpsig.Skew, 400},
		"upper id":    {set("X-Request-Id", "DC05B425-4E86-4106-8DDE-1257FCCF53E5", all), httpsig.RequestID, 400},
		"id as word":  {set("X-Request-Id", "dc05b4254e8641068dde1257fccf53e5", all), httpsig.RequestID, 400},

		"method":        {func(_ *testing.T, r *http.Request) { r.Method = "PUT" }, httpsig.Signature, 400},
		"path":          {func(_ *testing.T, r *http.Request) { r.URL.Path = "/ewp/iias" }, httpsig.Signature, 400},
		"query":         {func(_ *testing.T, r *http.Request) { r.URL.RawQuery = "echo=c" }, httpsig.Signature, 400},
		"signed header": {set("Content-Type", "text/xml", ""), httpsig.Signature, 400},
		"other id":      {set("X-Request-Id", vectorRequestID, ""), httpsig.Signature, 400},
		"one bit":       {replace(`signature="`, `signature="AAAA`), httpsig.Signature, 400},
		"order":         {replace("(request-target) host", "host (request-target)"), httpsig.Signature, 400},
		"name added":    {replace("digest x-request-id", "digest digest x-request-id"), httpsig.Signature, 400},

		"SHA-1 alone":       {set("Digest", "SHA=3vL9vS0dMF3zkXq1sVYLGHJ8kGw=", all), httpsig.Digest, 400},
		"digest short":      {set("Digest", "SHA-256=AAAA", all), httpsig.Digest, 400},
		"digest no base64":  {set("Digest", "SHA-256=?", all), httpsig.Digest, 400},
		"digest of nothing": {set("Digest", "SHA-256=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=", all), httpsig.Digest, 400},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := signed(t, "POST", echoURL, echoBody)
			test.change(t, r)
			_, err := newVerifier(t, httpsig.RequestVerifierConfig{}).Verify(r, nil)
			if got := reasonOf(t, err); got != test.reason {
				t.Fatalf("reason %q (%v), want %q", got, err, test.reason)
			}
			if err == nil {
				return
			}
			e, _ := errors.AsType[*httpsig.Error](err)
			if e.Status() != test.status {
				t.Errorf("status %d, want %d", e.Status(), test.status)
			}
			kind := map[int]error{400: passerelle.ErrInvalid, 401: passerelle.ErrUnauthorized, 403: passerelle.ErrForbidden}[test.status]
			if !errors.Is(err, test.reason) || !errors.Is(err, kind) || errors.Is(err, passerelle.ErrProtocol) {
				t.Errorf("%v is not of the kind %v alone", err, kind)
			}
		})
	}
}

// TestDigestOnlyTampering changes the body and nothing else: the signature stays
// good, so the digest alone can tell.
func TestDigestOnlyTampering(t *testing.T) {
	t.Parallel()
	v := newVerifier(t, httpsig.RequestVerifierConfig{})
	for _, body := range []string{"echo=a&echo=c", echoBody + " ", echoBody[1:], ""} {
		r := signed(t, "POST", echoURL, echoBody)
		r.Body = io.NopCloser(strings.NewReader(body))
		if _, err := v.Verify(r, nil); reasonOf(t, err) != httpsig.Digest {
			t.Errorf("body %q: %v, want the digest refused", body, err)
		}
	}
	r := signed(t, "POST", echoURL, echoBody)
	if _, err := v.Verify(r, nil); err != nil {
		t.Errorf("the body that was signed: %v", err)
	}
}

func TestUnsignedHeaderInjection(t *testing.T) {
	t.Parallel()
	r := signed(t, "POST", echoURL, echoBody, func(r *http.Request) { r.Header.Set("X-Mine", "1") })
	r.Header.Set("X-Forwarded-For", "192.0.2.1")
	r.Header.Set("Accept-Response-Encryption-Key", "injected")
	r.Header["x-odd-case"] = []string{"injected"}
	v, err := newVerifier(t, httpsig.RequestVerifierConfig{}).Verify(r, nil)
	if err != nil {
		t.Fatal(err)
	}
	testutil.Equal(t, "unsigned", v.Unsigned, []string{"Accept-Encoding", "Accept-Response-Encryption-Key", "X-Forwarded-For", "X-Odd-Case"})
	testutil.Equal(t, "signed", v.Signed, []string{"(request-target)", "host", "original-date", "digest", "x-request-id", "content-type", "x-mine"})
	if v.Covers("x-forwarded-for") || !v.Covers("X-MINE") || !v.Covers("Host") {
		t.Error("Covers is wrong about x-forwarded-for, x-mine or host")
	}
	v.Strip(r.Header)
	var left []string
	for name := range r.Header {
		left = append(left, name)
	}
	slices.Sort(left)
	testutil.Equal(t, "headers left", left, []string{"Authorization", "Content-Type", "Digest", "Original-Date", "X-Mine", "X-Request-Id"})

	// A second value beside a signed one changes what was signed.
	r = signed(t, "POST", echoURL, echoBody, func(r *http.Request) { r.Header.Set("X-Mine", "1") })
	r.Header["x-mine"] = []string{"2"}
	if _, err := newVerifier(t, httpsig.RequestVerifierConfig{}).Verify(r, nil); reasonOf(t, err) != httpsig.Signature {
		t.Errorf("value added under another spelling: %v", err)
	}
}

func TestReplay(t *testing.T) {
	t.Parallel()
	window := httpsig.NewReplayWindow(httpsig.ReplayConfig{})
	keys := httpsig.KeysOf(public(t, clientKey()), public(t, otherKey()))
	at := func(at time.Time) *httpsig.RequestVerifier {
		return newVerifier(t, httpsig.RequestVerifierConfig{Keys: keys, Replays: window, Policy: httpsig.Policy{Clock: clock(at)}})
	}
	r := signed(t, "POST", echoURL, echoBody)

	broken := r.Clone(t.Context())
	broken.Body = io.NopCloser(strings.NewReader("other"))
	if _, err := at(now).Verify(broken, nil); reasonOf(t, err) != httpsig.Digest {
		t.Fatalf("broken body: %v", err)
	}
	if window.Len() != 0 {
		t.Fatal("a request that was not verified took the place of the good one")
	}
	if _, err := at(now).Verify(r, nil); err != nil {
		t.Fatal(err)
	}
	for _, later := range []time.Duration{0, time.Minute, httpsig.MinSkew, httpsig.MinSkew + 999*time.Millisecond} {
		if _, err := at(now.Add(later)).Verify(r, nil); reasonOf(t, err) != httpsig.Replay {
			t.Errorf("replayed after %v: %v", later, err)
		}
	}
	if _, err := at(now.Add(httpsig.MinSkew+time.Second)).Verify(r, nil); reasonOf(t, err) != httpsig.Skew {
		t.Errorf("replayed when the window has forgotten: %v", err)
	}

	// The same identifier by another client is another request.
	same := newRequest(t, "POST", echoURL, echoBody)
	id := r.Header.Get("X-Request-Id")
	if err := newSigner(t, httpsig.SignerConfig{Key: otherKey(), NewID: func() string { return id }}).SignRequest(same); err != nil {
		t.Fatal(err)
	}
	if _, err := at(now).Verify(same, nil); err != nil {
		t.Errorf("identifier of another client: %v", err)
	}
}

// TestKeyOfAnotherHost signs as one known client and names the key of another.
func TestKeyOfAnotherHost(t *testing.T) {
	t.Parallel()
	v := newVerifier(t, httpsig.RequestVerifierConfig{Keys: httpsig.KeysOf(public(t, clientKey()), public(t, otherKey()))})
	r := newRequest(t, "GET", echoURL, "")
	if err := newSigner(t, httpsig.SignerConfig{Key: posing{clientKey(), otherKey()}}).SignRequest(r); err != nil {
		t.Fatal(err)
	}
	if _, err := v.Verify(r, nil); reasonOf(t, err) != httpsig.Signature {
		t.Errorf("signed by one client in the name of another: %v", err)
	}
	r = newRequest(t, "GET", echoURL, "")
	if err := newSigner(t, httpsig.SignerConfig{Key: posing{otherKey(), otherKey()}}).SignRequest(r); err != nil {
		t.Fatal(err)
	}
	if got, err := v.Verify(r, nil); err != nil || got.Key != public(t, otherKey()).Fingerprint() {
		t.Errorf("signed by the other client in its own name: %+v, %v", got, err)
	}
}

// posing is a crypto.Signer that shows one key and signs with another.
type posing struct{ signs, shows *rsa.PrivateKey }

func (p posing) Public() crypto.PublicKey { return p.shows.Public() }

func (p posing) Sign(rand io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	return p.signs.Sign(rand, digest, opts)
}

// TestServerKeyAsClient asks a finder that knows the server's key, as a server key
// only.
func TestServerKeyAsClient(t *testing.T) {
	t.Parallel()
	clients := httpsig.KeysOf(public(t, clientKey()))
	asked := 0
	finder := httpsig.KeyFunc(func(ctx context.Context, id ewp.Fingerprint) (*rsa.PublicKey, error) {
		asked++
		return clients.FindKey(ctx, id)
	})
	r := newRequest(t, "GET", echoURL, "")
	if err := newSigner(t, httpsig.SignerConfig{Key: serverKey()}).SignRequest(r); err != nil {
		t.Fatal(err)
	}
	_, err := newVerifier(t, httpsig.RequestVerifierConfig{Keys: finder}).Verify(r, nil)
	e, ok := errors.AsType[*httpsig.Error](err)
	if !ok || e.Reason != httpsig.UnknownKey || e.Status() != http.StatusForbidden || asked != 1 {
		t.Errorf("server key: %v after %d questions, want a 403 after one", err, asked)
	}
}

func TestSkewAtBothEdges(t *testing.T) {
	t.Parallel()
	for i, test := range []struct {
		skew, off time.Duration
		reason    httpsig.Reason
	}{
		0: {0, 5 * time.Minute, ""},
		1: {0, -5 * time.Minute, ""},
		2: {0, 5*time.Minute + 999*time.Millisecond, ""},
		3: {0, 5*time.Minute + time.Second, httpsig.Skew},
		4: {0, -5*time.Minute - time.Second, httpsig.Skew},
		5: {10 * time.Minute, 10 * time.Minute, ""},
		6: {10 * time.Minute, 10*time.Minute + time.Second, httpsig.Skew},
		7: {0, 20 * time.Minute, httpsig.Skew},
	} {
		v := newVerifier(t, httpsig.RequestVerifierConfig{Policy: httpsig.Policy{MaxSkew: test.skew, Clock: clock(now.Add(test.off))}})
		if _, err := v.Verify(signed(t, "GET", echoURL, ""), nil); reasonOf(t, err) != test.reason {
			t.Errorf("%d: clock %v away with %v allowed: %v, want %q", i, test.off, test.skew, err, test.reason)
		}
	}
}

func TestDuplicatedFields(t *testing.T) {
	t.Parallel()
	v := newVerifier(t, httpsig.RequestVerifierConfig{})
	for _, name := range []string{"Authorization", "Digest", "Original-Date", "X-Request-Id", "Host", "Date"} {
		for _, spelled := range []string{name, strings.ToLower(name)} {
			r := signed(t, "POST", echoURL, echoBody)
			value := r.Header.Get(name)
			switch name {
			case "Host":
				r.Header.Set(name, "example.com")
				value = "example.org"
			case "Date":
				r.Header.Set(name, "Tue, 05 Sep 2017 08:49:37 GMT")
				value = r.Header.Get(name)
			}
			r.Header[spelled] = append(slices.Clone(r.Header[spelled]), value)
			if name != "Authorization" {
				// Signed as it stands, so that nothing but the repetition is wrong.
				s := newSigner(t, httpsig.SignerConfig{Key: clientKey()})
				if err := s.SignRequestAs(r, strings.Fields("(request-target) host original-date digest x-request-id")); err != nil {
					t.Fatal(err)
				}
			}
			if _, err := v.Verify(r, nil); reasonOf(t, err) != httpsig.Duplicate {
				t.Errorf("%s twice: %v", spelled, err)
			}
		}
	}
	// A name repeated in the list of signed headers is no repetition of the field.
	r := signed(t, "POST", echoURL, echoBody)
	s := newSigner(t, httpsig.SignerConfig{Key: clientKey()})
	if err := s.SignRequestAs(r, strings.Fields("(request-target) host original-date digest digest x-request-id host")); err != nil {
		t.Fatal(err)
	}
	if _, err := v.Verify(r, nil); err != nil {
		t.Errorf("names listed twice: %v", err)
	}
}

// TestHostTwiceOnTheWire sends the field twice to net/http's server, which must not
// let the request through to a handler: it would show one of the two.
func TestHostTwiceOnTheWire(t *testing.T) {
	t.Parallel()
	srv := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("a handler was called") }))
	defer srv.Close()
	conn, err := net.Dial("tcp", srv.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	io.WriteString(conn, "GET /ewp/echo HTTP/1.1\r\nHost: example.com\r\nHost: example.org\r\n\r\n")
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil || resp.StatusCode != http.StatusBadRequest {
		t.Errorf("%v, %v, want a 400", resp, err)
	}
}

// TestAccepts are the habits that need no quirk.
func TestAccepts(t *testing.T) {
	t.Parallel()
	const all = "(request-target) host original-date digest x-request-id"
	for name, test := range map[string]struct {
		hosts  []string
		change func(*http.Request)
		names  string
		value  func(string) string // rewrites Authorization
	}{
		"plain date": {change: func(r *http.Request) {
			r.Header.Set("Date", r.Header.Get("Original-Date"))
			r.Header.Del("Original-Date")
		}, names: "(request-target) host date digest x-request-id"},
		"both dates":   {change: func(r *http.Request) { r.Header.Set("Date", r.Header.Get("Original-Date")) }, names: all + " date"},
		"other order":  {names: "x-request-id digest original-date host (request-target)"},
		"every header": {change: func(r *http.Request) { r.Header.Set("Content-Length", "13") }, names: all + " content-type content-length accept-encoding"},
		"several values": {change: func(r *http.Request) {
			r.Header["X-Many"] = []string{" a", "b ", "", "c"}
		}, names: all + " x-many"},
		"empty value":     {change: func(r *http.Request) { r.Header.Set("X-Empty", "") }, names: all + " x-empty"},
		"several digests": {change: func(r *http.Request) { r.Header.Set("Digest", "MD5=x, "+r.Header.Get("Digest")+",Unknown=y") }, names: all},
		"digest in mixed case": {change: func(r *http.Request) {
			r.Header.Set("Digest", strings.Replace(r.Header.Get("Digest"), "SHA", "shA", 1))
		}, names: all},
		"host with a port":  {hosts: []string{"EXAMPLE.com"}, change: func(r *http.Request) { r.Host = "example.com:8443" }, names: all},
		"configured a port": {hosts: []string{"example.com:8443"}, change: func(r *http.Request) { r.Host = "example.com:8443" }, names: all},
		"alias":             {hosts: []string{"internal", "[2001:db8::1]:443"}, change: func(r *http.Request) { r.Host = "[2001:db8::1]:443" }, names: all},
		"blanks and order": {names: all, value: func(v string) string {
			f := strings.Split(strings.TrimPrefix(v, "Signature "), ",")
			return "sIgNaTuRe   " + f[3] + " , " + f[2] + ",\t" + `unknown="x"` + ", " + strings.Replace(f[0], "=", " = ", 1) + "," + f[1] + " "
		}},
		"names in capitals": {names: all, value: func(v string) string { return strings.Replace(v, "host", "Host", 1) }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := signed(t, "POST", echoURL+"?x=%20y", echoBody)
			if test.change != nil {
				test.change(r)
			}
			if err := newSigner(t, httpsig.SignerConfig{Key: clientKey()}).SignRequestAs(r, strings.Fields(test.names)); err != nil {
				t.Fatal(err)
			}
			if test.value != nil {
				r.Header.Set("Authorization", test.value(r.Header.Get("Authorization")))
			}
			got, err := newVerifier(t, httpsig.RequestVerifierConfig{Hosts: test.hosts}).Verify(r, nil)
			if err != nil {
				t.Fatalf("%v\n%s", err, r.Header)
			}
			if got.Quirks != 0 {
				t.Errorf("needed %v", got.Quirks)
			}
		})
	}
}

// TestOnTheWire sends requests through net/http, whose server hands the Host, the
// target and the Content-Length over in places of its own.
func TestOnTheWire(t *testing.T) {
	t.Parallel()
	for _, target := range []string{"/ewp/echo?echo=a%20b&echo=%C3%A9+c&", "/a%2Fb", "/?", "/"} {
		r := newRequest(t, "POST", "https://example.com"+target, echoBody)
		r.Header.Set("Accept-Encoding", "gzip")
		if err := newSigner(t, httpsig.SignerConfig{Key: clientKey()}).SignRequest(r); err != nil {
			t.Fatal(err)
		}
		var wire strings.Builder
		if err := r.Write(&wire); err != nil {
			t.Fatal(err)
		}
		got, err := http.ReadRequest(bufio.NewReader(strings.NewReader(wire.String())))
		if err != nil {
			t.Fatal(err)
		}
		v, err := newVerifier(t, httpsig.RequestVerifierConfig{}).Verify(got, nil)
		if err != nil {
			t.Errorf("%s: %v\n%s", target, err, wire.String())
			continue
		}
		if !v.Covers("Accept-Encoding") || !v.Covers("Content-Type") {
			t.Errorf("%s: covers %q only", target, v.Signed)
		}
		ref := httpsig.RefOf(got)
		want := httpsig.Ref{Method: "POST", Target: target, ID: v.RequestID, Signature: v.Signature}
		testutil.Equal(t, "what a response refers to", ref, want)
		testutil.Equal(t, "the same on the client", httpsig.RefOf(r), want)
	}
}
