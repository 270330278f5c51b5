package ewpserver_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/ewpserver"
	"github.com/passerelle-sup/passerelle/ewp/httpsig"
	"github.com/passerelle-sup/passerelle/ewp/registry"
	"github.com/passerelle-sup/passerelle/internal/testutil"
)

// raw sends the bytes of a request and returns the answer.
func (b *bed) raw(tb testing.TB, text string) reply {
	tb.Helper()
	config := b.client.Transport.(*http.Transport).TLSClientConfig.Clone()
	config.NextProtos = []string{"http/1.1"}
	conn, err := tls.Dial("tcp", strings.TrimPrefix(b.url, "https://"), config)
	if err != nil {
		tb.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(10 * time.Second))
	b.count()
	if _, err := io.WriteString(conn, text); err != nil {
		tb.Fatal(err)
	}
	answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		tb.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		tb.Fatal(err)
	}
	return reply{status: answer.StatusCode, header: answer.Header, body: string(body)}
}

// text returns a call as it goes over the wire.
func (b *bed) text(tb testing.TB, c call) string {
	tb.Helper()
	r := b.request(tb, c)
	var buf bytes.Buffer
	if err := r.Write(&buf); err != nil {
		tb.Fatal(err)
	}
	return strings.Replace(buf.String(), "\r\n", "\r\nConnection: close\r\n", 1)
}

// TestDuplicates sends a good request with one field twice. What is refused here
// would otherwise be read one way by us and another way by a proxy.
func TestDuplicates(t *testing.T) {
	t.Parallel()
	b := echoBed(t, nil)
	line := func(text, name string) string {
		for l := range strings.SplitSeq(text, "\r\n") {
			if strings.HasPrefix(l, name+": ") {
				return l
			}
		}
		t.Fatalf("no %s in %s", name, text)
		return ""
	}
	twice := func(name string) func(string) string {
		return func(text string) string {
			l := line(text, name)
			return strings.Replace(text, l, l+"\r\n"+l, 1)
		}
	}
	add := func(field string) func(string) string {
		return func(text string) string {
			return strings.Replace(text, "Connection: close", "Connection: close\r\n"+field, 1)
		}
	}
	for name, test := range map[string]struct {
		change   func(string) string
		status   int
		document bool // the refusal is ours, not that of net/http
	}{
		"nothing":                   {func(s string) string { return s }, 200, false},
		"Authorization twice":       {twice("Authorization"), 400, true},
		"another Authorization":     {add("Authorization: Basic eDp5"), 400, true},
		"Digest twice":              {twice("Digest"), 400, true},
		"another Digest":            {add("Digest: SHA-256=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="), 400, true},
		"Host twice":                {twice("Host"), 400, false},
		"another Host":              {add("Host: elsewhere.example"), 400, false},
		"Original-Date twice":       {twice("Original-Date"), 400, true},
		"X-Request-Id twice":        {twice("X-Request-Id"), 400, true},
		"an additional stale Date":  {add("Date: Tue, 05 Sep 2017 08:49:37 GMT"), 400, true},
		"Content-Type twice":        {twice("Content-Type"), 400, true}, // not what was signed
		"Signature as a field":      {add(`Signature: keyId="x"`), 200, false},
		"Signature as a field, two": {add("Signature: a\r\nSignature: b"), 200, false},
		"no Host":                   {func(s string) string { return strings.Replace(s, line(s, "Host")+"\r\n", "", 1) }, 400, false},
		"absolute target of another host": {func(s string) string {
			return strings.Replace(s, "POST /echo", "POST https://elsewhere.example/echo", 1)
		}, 400, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := b.raw(t, test.change(b.text(t, form("/echo", aba))))
			if r.status != test.status {
				t.Errorf("status %d, want %d: %s", r.status, test.status, r.body)
			}
			if test.document {
				r.wantStatus(t, test.status)
			}
		})
	}
}

// TestSignatureParametersTwice repeats a parameter inside Authorization, of which
// the draft would take the last.
func TestSignatureParametersTwice(t *testing.T) {
	t.Parallel()
	b := echoBed(t, nil)
	for _, param := range []string{"keyId", "signature", "headers", "algorithm"} {
		c := form("/echo", aba)
		c.after = func(r *http.Request) {
			value := r.Header.Get("Authorization")
			_, rest, _ := strings.Cut(value, param+`="`)
			text, _, _ := strings.Cut(rest, `"`)
			r.Header.Set("Authorization", value+","+param+`="`+text+`"`)
		}
		b.do(t, c).wantStatus(t, 400)
	}
}

// seeing keeps what a handler was given.
func seeing(b *bed, tb testing.TB) <-chan *ewpserver.Request {
	seen := make(chan *ewpserver.Request, 1)
	b.handle(tb, ewp.Institutions, "", ewpserver.HandlerFunc(func(_ context.Context, r *ewpserver.Request, a *ewpserver.Answer) error {
		seen <- r
		return a.Document(r.Root()).Close()
	}))
	return seen
}

// TestUnsignedHeaders adds headers behind the back of the client.
func TestUnsignedHeaders(t *testing.T) {
	t.Parallel()
	b := newBed(t, nil)
	seen := seeing(b, t)
	c := form("/institutions", "hei_id=a").with("X-Signed", "yes")
	c.after = func(r *http.Request) {
		r.Header.Set("X-Injected", "yes")
		r.Header.Set("Accept-Encoding", "gzip")
		r.Header.Set("Content-Encoding", "gzip")
	}
	r := b.do(t, c)
	if r.wantStatus(t, 200); t.Failed() {
		return // the handler saw nothing
	}
	testutil.Equal(t, "Content-Encoding, wished by nobody", r.header.Get("Content-Encoding"), "")
	got := <-seen
	testutil.Equal(t, "signed header", got.Header.Get("X-Signed"), "yes")
	for _, name := range []string{"X-Injected", "Content-Encoding", "Accept-Encoding", "User-Agent"} {
		if v := got.Header.Values(name); len(v) > 0 {
			t.Errorf("the handler sees %s: %q, which nobody signed", name, v)
		}
	}
	testutil.Equal(t, "caller", got.Caller.String(), partner.String())
	testutil.Equal(t, "institution", got.HEI.String(), own.String())
	testutil.Equal(t, "key", got.Key.String(), public(t, partnerKey()).Fingerprint().String())
	testutil.Equal(t, "request id", got.RequestID, r.ref.ID)
}

// TestReplay sends one request twice.
func TestReplay(t *testing.T) {
	t.Parallel()
	b := echoBed(t, nil)
	text := b.text(t, form("/echo", aba))
	b.raw(t, text).wantStatus(t, 200)
	b.raw(t, text).wantStatus(t, 400)
	if err := b.last(t).Err; !errors.Is(err, httpsig.Replay) {
		t.Errorf("the second was refused for %v, want a replay", err)
	}
	// The same identifier of another client is another request.
	same := func(key int) call {
		c := form("/echo", aba)
		c.key = partnerKey()
		if key == 1 {
			c.key = thirdKey()
		}
		c.after = func(r *http.Request) {
			r.Header.Set("X-Request-Id", "3a3c2ef1-2b8c-4c59-9a3e-4b7e9d1f0c11")
			if err := newSigner(t, c.key, nil).SignRequestAs(r, minimal); err != nil {
				t.Error(err)
			}
		}
		return c
	}
	b.do(t, same(0)).wantStatus(t, 200)
	b.do(t, same(1)).wantStatus(t, 200)
	b.do(t, same(0)).wantStatus(t, 400)
}

// TestSkew signs at both edges of what is accepted.
func TestSkew(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	fixed := func(at time.Time) func() time.Time { return func() time.Time { return at } }
	b := echoBed(t, func(c *ewpserver.Config) { c.Policy.Clock = fixed(now) })
	wide := echoBed(t, func(c *ewpserver.Config) {
		c.Policy.Clock = fixed(now)
		c.Policy.MaxSkew = 10 * time.Minute
	})
	for i, test := range []struct {
		bed    *bed
		off    time.Duration
		status int
	}{
		0: {b, -5 * time.Minute, 200},
		1: {b, -5*time.Minute - time.Second, 400},
		2: {b, 5 * time.Minute, 200},
		3: {b, 5*time.Minute + time.Second, 400},
		4: {wide, -10 * time.Minute, 200},
		5: {wide, -10*time.Minute - time.Second, 400},
		6: {b, 0, 200},
	} {
		c := form("/echo", aba)
		c.clock = fixed(now.Add(test.off))
		if r := test.bed.do(t, c); r.status != test.status {
			t.Errorf("%d: %v from the clock: status %d, want %d", i, test.off, r.status, test.status)
		}
	}
}

// noCatalogue is a registry that was never reached.
type noCatalogue struct{}

func (noCatalogue) Index() (*registry.Index, error) { return nil, errors.New("no copy") }

// TestWithoutCatalogue lets nobody in, and says that it is no verdict.
func TestWithoutCatalogue(t *testing.T) {
	t.Parallel()
	b := echoBed(t, func(c *ewpserver.Config) { c.Catalogue = noCatalogue{} })
	r := b.do(t, form("/echo", aba).with("Accept-Signature", "rsa-sha256"))
	r.wantStatus(t, 503)
	r.wantSigned(t, ownKey())
	b.do(t, form("/echo", aba).as(nil)).wantStatus(t, 401)
}

// TestHosts reaches a server under its names.
func TestHosts(t *testing.T) {
	t.Parallel()
	b := echoBed(t, func(c *ewpserver.Config) { c.Hosts = []string{"ewp.own.example", "old.own.example:8443"} })
	for i, test := range []struct {
		host   string
		status int
	}{
		0: {"ewp.own.example", 200},
		1: {"EWP.own.example", 200},
		2: {"ewp.own.example:443", 200},
		3: {"old.own.example:8443", 200},
		4: {"old.own.example", 400},
		5: {"old.own.example:443", 400},
		6: {"ewp.own.example.evil.example", 400},
		7: {"127.0.0.1", 400},
	} {
		c := form("/echo", aba)
		c.after = func(r *http.Request) {
			r.Host = test.host
			if err := newSigner(t, partnerKey(), nil).SignRequestAs(r, minimal); err != nil {
				t.Error(err)
			}
		}
		if r := b.do(t, c); r.status != test.status {
			t.Errorf("%d: Host %s: status %d, want %d", i, test.host, r.status, test.status)
		}
	}
}

// TestRequestStaysWhole: what stands around the server sees the headers as they came.
func TestRequestStaysWhole(t *testing.T) {
	t.Parallel()
	b := echoBed(t, nil)
	r := b.request(t, form("/echo", aba))
	r.RequestURI = "/echo"
	r.Header.Set("X-Forwarded-For", "192.0.2.1")
	b.count()
	w := httptest.NewRecorder()
	b.ServeHTTP(w, r)
	testutil.Equal(t, "status", w.Code, 200)
	testutil.Equal(t, "header afterwards", r.Header.Get("X-Forwarded-For"), "192.0.2.1")
}
