package ewpclient_test

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/ewpclient"
	"github.com/passerelle-sup/passerelle/ewp/httpsig"
	"github.com/passerelle-sup/passerelle/ewp/registry"
	"github.com/passerelle-sup/passerelle/transport"
)

// The institutions of the tests.
var (
	own     = ewp.MustParseHEIID("univ-exemple.fr")
	partner = ewp.MustParseHEIID("uni-example.pl")
	third   = ewp.MustParseHEIID("third-example.de")
)

// The keys of the tests: the client, the partner's host, and somebody else's.
var (
	clientKey = sync.OnceValue(newKey)
	serverKey = sync.OnceValue(newKey)
	otherKey  = sync.OnceValue(newKey)
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

func newSigner(tb testing.TB, cfg httpsig.SignerConfig) *httpsig.Signer {
	tb.Helper()
	s, err := httpsig.NewSigner(cfg)
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

// request is what a host received: verified, as a host does.
type request struct {
	Method, Target, ID, Signature, Date string
	Header                              http.Header // what was signed
	Body                                string
}

// form returns the parameters of a POST.
func (r request) form(tb testing.TB) url.Values {
	tb.Helper()
	values, err := url.ParseQuery(r.Body)
	if err != nil {
		tb.Fatal(err)
	}
	return values
}

// host is a host of the network on loopback TLS. It verifies every request and
// answers by its script, one function a request, the last one for all others.
type host struct {
	*httptest.Server
	tb     testing.TB
	signer *httpsig.Signer

	mu       sync.Mutex
	requests []request
	script   []answer
}

// answer writes the answer to a request.
type answer func(h *host, w http.ResponseWriter, r *http.Request)

func newHost(tb testing.TB, script ...answer) *host {
	tb.Helper()
	h := &host{tb: tb, signer: newSigner(tb, httpsig.SignerConfig{Key: serverKey()}), script: script}
	h.Server = httptest.NewUnstartedServer(h)
	h.Config.ErrorLog = log.New(io.Discard, "", 0)
	h.StartTLS()
	tb.Cleanup(h.Close)
	return h
}

func (h *host) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	verifier, err := httpsig.NewRequestVerifier(httpsig.RequestVerifierConfig{
		Keys: httpsig.KeysOf(public(h.tb, clientKey())), Hosts: []string{r.Host},
	})
	if err != nil {
		h.tb.Error(err)
		return
	}
	body, _ := io.ReadAll(r.Body)
	verified, err := verifier.Verify(r, httpsig.Bytes(body))
	if err != nil {
		h.tb.Errorf("request of the client: %v", err)
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	header := r.Header.Clone()
	verified.Strip(header)
	h.mu.Lock()
	h.requests = append(h.requests, request{
		Method: r.Method, Target: r.RequestURI, ID: verified.RequestID, Signature: verified.Signature,
		Date: header.Get("Original-Date"), Header: header, Body: string(body),
	})
	next := h.script[0]
	if len(h.script) > 1 {
		h.script = h.script[1:]
	}
	h.mu.Unlock()
	next(h, w, r)
}

// seen returns the requests so far.
func (h *host) seen() []request {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.requests)
}

// reply is a signed answer, and the places at which a test can spoil it.
type reply struct {
	status int // 0 is 200
	body   string
	header http.Header
	signer *httpsig.Signer // nil is that of the host
	plain  bool            // not signed
	// request is changed before it is signed for, header and body after it.
	ref     func(*httpsig.Ref)
	spoil   func(http.Header)
	instead *string // sent in the place of body
}

// send is the reply as an answer.
func (p reply) send(h *host, w http.ResponseWriter, r *http.Request) {
	if p.header == nil {
		w.Header().Set("Content-Type", "application/xml; charset=utf-8")
	}
	for name, values := range p.header {
		w.Header()[name] = values
	}
	if !p.plain {
		signer := p.signer
		if signer == nil {
			signer = h.signer
		}
		ref := httpsig.RefOf(r)
		if p.ref != nil {
			p.ref(&ref)
		}
		if err := signer.SignResponse(w.Header(), ref, httpsig.Bytes(p.body)); err != nil {
			h.tb.Error(err)
		}
	}
	if p.spoil != nil {
		p.spoil(w.Header())
	}
	body := p.body
	if p.instead != nil {
		body = *p.instead
	}
	if p.status != 0 {
		w.WriteHeader(p.status)
	}
	io.WriteString(w, body)
}

// echoed is an answer of the Echo API.
func echoed(values ...string) string {
	var b strings.Builder
	b.WriteString(`<response xmlns="https://github.com/erasmus-without-paper/ewp-specs-api-echo/tree/stable-v2"><hei-id>univ-exemple.fr</hei-id>`)
	for _, v := range values {
		b.WriteString("<echo>" + v + "</echo>")
	}
	b.WriteString("</response>")
	return b.String()
}

// entry is an API entry of a manifest.
type entry struct {
	api     ewp.API
	version string      // "" is that of package ewp
	ns      string      // "" is that of package ewp
	methods ewp.Methods // 0 is signed requests and answers
	base    string      // of the addresses
	more    string      // elements
	without []string    // addresses left out
}

func (e entry) xml() string {
	version, ns, methods := e.version, e.ns, e.methods
	if version == "" {
		version = e.api.Version().String()
	}
	if ns == "" {
		ns = e.api.Namespace()
	}
	if methods == 0 {
		methods = ewp.ClientHTTPSig | ewp.ServerTLSCert | ewp.ServerHTTPSig | ewp.RequestTLS | ewp.ResponseTLS
	}
	var b strings.Builder
	fmt.Fprintf(&b, `<%s xmlns="%s" version="%s"><http-security>`, e.api, ns, version)
	for _, list := range ewp.SecurityLists() {
		fmt.Fprintf(&b, `<%s xmlns="%s">`, list.Element, ewp.NamespaceSecurity)
		for method, name := range methods.Elements() {
			if list.Mask.Has(method) {
				fmt.Fprintf(&b, `<%s xmlns="%s"/>`, name.Local, name.Space)
			}
		}
		fmt.Fprintf(&b, `</%s>`, list.Element)
	}
	b.WriteString(`</http-security>`)
	for _, where := range e.api.Endpoints() {
		if !slices.Contains(e.without, where.Element) {
			fmt.Fprintf(&b, `<%s>%s/%s/%s</%[1]s>`, where.Element, e.base, e.api, where.Name)
		}
	}
	fmt.Fprintf(&b, `%s</%s>`, e.more, e.api)
	return b.String()
}

// member is a host element of a catalogue.
type member struct {
	heis    []ewp.HEIID
	entries []entry
	clients []ewp.PublicKey
	servers []ewp.PublicKey
}

// catalogue returns an index of some hosts. The keys in secret are not among the
// binaries.
func catalogue(tb testing.TB, members []member, secret ...ewp.PublicKey) *registry.Index {
	tb.Helper()
	var b strings.Builder
	fmt.Fprintf(&b, `<catalogue xmlns="%s">`, ewp.NamespaceRegistry)
	keys := map[ewp.Fingerprint]ewp.PublicKey{}
	list := func(element string, of []ewp.PublicKey) {
		fmt.Fprintf(&b, "<%s>", element)
		for _, key := range of {
			fmt.Fprintf(&b, `<rsa-public-key sha-256="%s"/>`, key.Fingerprint())
			if !slices.Contains(secret, key) {
				keys[key.Fingerprint()] = key
			}
		}
		fmt.Fprintf(&b, "</%s>", element)
	}
	for _, m := range members {
		b.WriteString(`<host><apis-implemented>`)
		for _, e := range m.entries {
			b.WriteString(e.xml())
		}
		b.WriteString(`</apis-implemented><institutions-covered>`)
		for _, hei := range m.heis {
			fmt.Fprintf(&b, `<hei-id>%s</hei-id>`, hei)
		}
		b.WriteString(`</institutions-covered>`)
		list("client-credentials-in-use", m.clients)
		list("server-credentials-in-use", m.servers)
		b.WriteString(`</host>`)
	}
	b.WriteString(`<institutions/><binaries>`)
	for print, key := range keys {
		fmt.Fprintf(&b, `<rsa-public-key sha-256="%s">%s</rsa-public-key>`, print, key)
	}
	b.WriteString(`</binaries></catalogue>`)
	index, err := registry.Parse(strings.NewReader(b.String()), registry.Limits{})
	if err != nil {
		tb.Fatal(err)
	}
	return index
}

// members are the client and the partner with its host, which serves some APIs.
func members(tb testing.TB, h *host, entries ...entry) []member {
	tb.Helper()
	for i := range entries {
		entries[i].base = h.URL
	}
	return []member{
		{heis: []ewp.HEIID{own}, clients: []ewp.PublicKey{public(tb, clientKey())}},
		{heis: []ewp.HEIID{partner}, entries: entries, servers: []ewp.PublicKey{public(tb, serverKey())}},
	}
}

// config is a client of a network with one partner.
func config(tb testing.TB, h *host, index *registry.Index) ewpclient.Config {
	tb.Helper()
	return ewpclient.Config{
		HEI:       own,
		Catalogue: index,
		Signer:    newSigner(tb, httpsig.SignerConfig{Key: clientKey()}),
		Transport: transport.Config{
			Base:  h.Client().Transport,
			Retry: transport.RetryPolicy{MinWait: time.Millisecond, MaxWait: 2 * time.Millisecond},
		},
	}
}

func newClient(tb testing.TB, cfg ewpclient.Config) *ewpclient.Client {
	tb.Helper()
	c, err := ewpclient.New(cfg)
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

// echoClient is a client, and a partner that answers echo by a script.
func echoClient(tb testing.TB, change func(*ewpclient.Config), script ...answer) (*ewpclient.Client, *host) {
	tb.Helper()
	h := newHost(tb, script...)
	cfg := config(tb, h, catalogue(tb, members(tb, h, entry{api: ewp.Echo}, entry{api: ewp.OMobilityLAs}, entry{api: ewp.IIACNR})))
	if change != nil {
		change(&cfg)
	}
	return newClient(tb, cfg), h
}

// echoCall asks the partner to repeat some values.
func echoCall(values ...string) ewpclient.Call {
	return ewpclient.Call{HEI: partner, API: ewp.Echo, Params: url.Values{"echo": values}}
}

// body returns what an answer holds, and closes it.
func body(tb testing.TB, a *ewpclient.Answer) string {
	tb.Helper()
	defer a.Close()
	r, err := a.Open()
	if err != nil {
		tb.Fatal(err)
	}
	var b bytes.Buffer
	if _, err := b.ReadFrom(r); err != nil {
		tb.Fatal(err)
	}
	return b.String()
}
