package ewpserver_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/ewpserver"
	"github.com/passerelle-sup/passerelle/ewp/httpsig"
	"github.com/passerelle-sup/passerelle/ewp/registry"
)

// The institutions of the tests.
var (
	own     = ewp.MustParseHEIID("own.example")
	sister  = ewp.MustParseHEIID("sister.example") // another one of the same process
	partner = ewp.MustParseHEIID("partner.example")
	third   = ewp.MustParseHEIID("third.example")
)

// The keys of the tests.
var (
	ownKey     = sync.OnceValue(newKey) // signs the answers of own
	sisterKey  = sync.OnceValue(newKey) // signs the answers of sister
	partnerKey = sync.OnceValue(newKey) // signs the requests of partner
	thirdKey   = sync.OnceValue(newKey) // signs the requests of third
	doubleKey  = sync.OnceValue(newKey) // signs the requests of a host with two institutions
	noneKey    = sync.OnceValue(newKey) // signs the requests of a host without institution
	strayKey   = sync.OnceValue(newKey) // is not in the catalogue
)

func newKey() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
}

func public(tb testing.TB, key *rsa.PrivateKey) ewp.PublicKey {
	tb.Helper()
	pub, err := ewp.NewPublicKey(&key.PublicKey)
	if err != nil {
		tb.Fatal(err)
	}
	return pub
}

func newSigner(tb testing.TB, key *rsa.PrivateKey, clock func() time.Time) *httpsig.Signer {
	tb.Helper()
	s, err := httpsig.NewSigner(httpsig.SignerConfig{Key: key, Clock: clock})
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

// catalogue is what the registry says of the keys above.
var catalogue = sync.OnceValue(func() *registry.Index {
	var hosts, binaries strings.Builder
	host := func(client, server *rsa.PrivateKey, heis ...string) {
		hosts.WriteString("<host><institutions-covered>")
		for _, hei := range heis {
			hosts.WriteString("<hei-id>" + hei + "</hei-id>")
		}
		hosts.WriteString("</institutions-covered>")
		for _, c := range []struct {
			element string
			key     *rsa.PrivateKey
		}{{"client", client}, {"server", server}} {
			if c.key == nil {
				continue
			}
			pub, err := ewp.NewPublicKey(&c.key.PublicKey)
			if err != nil {
				panic(err)
			}
			fmt.Fprintf(&hosts, `<%[1]s-credentials-in-use><rsa-public-key sha-256="%[2]v"/></%[1]s-credentials-in-use>`, c.element, pub.Fingerprint())
			fmt.Fprintf(&binaries, `<rsa-public-key sha-256="%v">%v</rsa-public-key>`, pub.Fingerprint(), pub)
		}
		hosts.WriteString("</host>")
	}
	host(nil, ownKey(), "own.example")
	host(nil, sisterKey(), "sister.example")
	host(partnerKey(), nil, "partner.example")
	host(thirdKey(), nil, "third.example")
	host(doubleKey(), nil, "one.example", "two.example")
	host(noneKey(), nil)
	index, err := registry.Parse(strings.NewReader(`<catalogue xmlns="`+ewp.NamespaceRegistry+`">`+hosts.String()+
		`<institutions/><binaries>`+binaries.String()+`</binaries></catalogue>`), registry.Limits{})
	if err != nil {
		panic(err)
	}
	return index
})

// bed is a server on loopback TLS.
type bed struct {
	*ewpserver.Server
	url    string
	client *http.Client

	mu     sync.Mutex
	asked  int // requests
	seen   []ewpserver.Exchange
	change *sync.Cond // of seen
}

// newBed starts a server; change may be nil.
func newBed(tb testing.TB, change func(*ewpserver.Config)) *bed {
	tb.Helper()
	b := &bed{}
	b.change = sync.NewCond(&b.mu)
	cfg := ewpserver.Config{
		Institutions: []ewpserver.Institution{{HEI: own}},
		Catalogue:    catalogue(),
		Hosts:        []string{"127.0.0.1", "ewp.own.example"},
		Signer:       newSigner(tb, ownKey(), nil),
		Observe: func(_ context.Context, x ewpserver.Exchange) {
			b.mu.Lock()
			b.seen = append(b.seen, x)
			b.mu.Unlock()
			b.change.Broadcast()
		},
	}
	if change != nil {
		change(&cfg)
	}
	s, err := ewpserver.New(cfg)
	if err != nil {
		tb.Fatal(err)
	}
	b.Server = s
	tls := httptest.NewTLSServer(s)
	tb.Cleanup(tls.Close)
	b.url, b.client = tls.URL, tls.Client()
	b.client.Transport.(*http.Transport).DisableCompression = true
	return b
}

// handle puts a handler under an endpoint.
func (b *bed) handle(tb testing.TB, api ewp.API, endpoint string, h ewpserver.Handler, opts ...ewpserver.Option) {
	tb.Helper()
	if err := b.Handle(api, endpoint, h, opts...); err != nil {
		tb.Fatal(err)
	}
}

// count notes that a request is sent.
func (b *bed) count() {
	b.mu.Lock()
	b.asked++
	b.mu.Unlock()
}

// last waits until every request was observed, which happens after its answer is
// sent, and returns the last.
func (b *bed) last(tb testing.TB) ewpserver.Exchange {
	tb.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	for len(b.seen) < b.asked {
		b.change.Wait()
	}
	return b.seen[len(b.seen)-1]
}

// call is a request to be made.
type call struct {
	method, target, body string
	header               http.Header
	key                  *rsa.PrivateKey // nil does not sign
	clock                func() time.Time
	names                []string            // to sign; nil is what a signer signs by itself
	after                func(*http.Request) // on the signed request
}

// reply is what came back.
type reply struct {
	status int
	header http.Header
	body   string // as received
	ref    httpsig.Ref
}

// form is a POST of partner.
func form(target, body string) call {
	return call{method: "POST", target: target, body: body, key: partnerKey(), header: http.Header{
		"Content-Type": {"application/x-www-form-urlencoded"}}}
}

// get is a GET of partner.
func get(target string) call {
	return call{method: "GET", target: target, key: partnerKey(), header: http.Header{}}
}

// with returns the call with another header.
func (c call) with(name, value string) call {
	c.header = c.header.Clone()
	c.header.Set(name, value)
	return c
}

// as returns the call signed with another key.
func (c call) as(key *rsa.PrivateKey) call { c.key = key; return c }

// request builds and signs the request.
func (b *bed) request(tb testing.TB, c call) *http.Request {
	tb.Helper()
	r, err := http.NewRequestWithContext(tb.Context(), c.method, b.url+c.target, strings.NewReader(c.body))
	if err != nil {
		tb.Fatal(err)
	}
	for name, values := range c.header {
		r.Header[name] = slices.Clone(values)
	}
	if c.key != nil {
		s := newSigner(tb, c.key, c.clock)
		if err := s.SignRequest(r); err != nil {
			tb.Fatal(err)
		}
		if c.names != nil {
			if err := s.SignRequestAs(r, c.names); err != nil {
				tb.Fatal(err)
			}
		}
	}
	if c.after != nil {
		c.after(r)
	}
	return r
}

// do makes a call.
func (b *bed) do(tb testing.TB, c call) reply {
	tb.Helper()
	return b.send(tb, b.request(tb, c))
}

func (b *bed) send(tb testing.TB, r *http.Request) reply {
	tb.Helper()
	ref := httpsig.RefOf(r)
	b.count()
	answer, err := b.client.Do(r)
	if err != nil {
		tb.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		tb.Fatal(err)
	}
	return reply{answer.StatusCode, answer.Header, string(body), ref}
}

// wantStatus fails the test for another status, and for an error that is no
// error-response.
func (r reply) wantStatus(tb testing.TB, statuses ...int) {
	tb.Helper()
	if !slices.Contains(statuses, r.status) {
		tb.Errorf("status %d, want %d; body: %s", r.status, statuses, r.body)
	}
	if r.status >= 400 {
		e, err := ewp.DecodeErrorResponse([]byte(r.plain(tb)), r.header.Get("Content-Type"))
		if err != nil || e.DeveloperMessage == "" {
			tb.Errorf("body of %d: %+v, %v; want an error-response with a developer-message", r.status, e, err)
		}
	}
}

// wantSigned fails the test for an answer without a good signature by key.
func (r reply) wantSigned(tb testing.TB, key *rsa.PrivateKey) *httpsig.Verified {
	tb.Helper()
	v, err := httpsig.NewResponseVerifier(httpsig.Policy{})
	if err != nil {
		tb.Fatal(err)
	}
	verified, err := v.Verify(tb.Context(), httpsig.KeysOf(public(tb, key)), r.ref, r.header, httpsig.Bytes(r.body))
	if err != nil {
		tb.Errorf("signature of the answer %d: %v", r.status, err)
	}
	return verified
}

// plain returns the body with gzip undone.
func (r reply) plain(tb testing.TB) string {
	tb.Helper()
	if r.header.Get("Content-Encoding") != "gzip" {
		return r.body
	}
	z, err := gzip.NewReader(strings.NewReader(r.body))
	if err != nil {
		tb.Fatal(err)
	}
	text, err := io.ReadAll(z)
	if err != nil {
		tb.Fatal(err)
	}
	return string(text)
}

// items returns the texts of the children of the root, "name=text" each.
func (r reply) items(tb testing.TB) (root xml.Name, items []string) {
	tb.Helper()
	var doc struct {
		XMLName  xml.Name
		Children []struct {
			XMLName xml.Name
			Text    string `xml:",chardata"`
		} `xml:",any"`
	}
	if err := xml.Unmarshal([]byte(r.plain(tb)), &doc); err != nil {
		tb.Fatalf("%v in %s", err, r.body)
	}
	for _, c := range doc.Children {
		items = append(items, c.XMLName.Local+"="+strings.TrimSpace(c.Text))
	}
	return doc.XMLName, items
}

func zip(text string) string {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	io.WriteString(z, text)
	z.Close()
	return b.String()
}

// changeBody replaces the body of a signed request.
func changeBody(text string) func(*http.Request) {
	return func(r *http.Request) {
		r.Body = io.NopCloser(strings.NewReader(text))
		r.GetBody, r.ContentLength = nil, int64(len(text))
	}
}

func replaceAuthorization(r *http.Request, old, new string) {
	r.Header.Set("Authorization", strings.Replace(r.Header.Get("Authorization"), old, new, 1))
}

func decrypters(keys ...*rsa.PrivateKey) (list []crypto.Decrypter) {
	for _, key := range keys {
		list = append(list, key)
	}
	return list
}

func fingerprintBytes(key ewp.PublicKey) []byte {
	f := key.Fingerprint()
	return f[:]
}

func xmlName(space, local string) xml.Name { return xml.Name{Space: space, Local: local} }
