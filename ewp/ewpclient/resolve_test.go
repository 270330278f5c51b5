package ewpclient_test

import (
	"crypto"
	"errors"
	"net/http"
	"slices"
	"testing"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/aesgcm"
	"github.com/passerelle-sup/passerelle/ewp/ewpclient"
	"github.com/passerelle-sup/passerelle/ewp/registry"
	"github.com/passerelle-sup/passerelle/internal/testutil"
)

// iias returns an entry of the agreements with some version and address.
func iias(version, base string) entry { return entry{api: ewp.IIAs, version: version, base: base} }

func TestResolve(t *testing.T) {
	t.Parallel()
	old := func(e entry) entry { e.ns = ewp.IIAs.NamespaceOf(6); return e }
	without := func(e entry, elements ...string) entry { e.without = elements; return e }
	secured := func(e entry, m ewp.Methods) entry { e.methods = m; return e }
	const a, b, c = "https://a.example/ewp", "https://b.example:8443/ewp", "https://c.example"
	server := func(name string) []ewp.PublicKey { return []ewp.PublicKey{public(t, serverKey())} }
	ours := []ewp.HEIID{partner}
	for name, tc := range map[string]struct {
		members  []member
		majors   []int
		url      string // "" is a problem
		problem  ewpclient.Problem
		declared []string
	}{
		"one host":                        {members: []member{{heis: ours, entries: []entry{iias("7.0.0", a)}}}, url: a + "/iias/get"},
		"highest version of two hosts":    {members: []member{{heis: ours, entries: []entry{iias("7.1.0", a)}}, {heis: ours, entries: []entry{iias("7.0.9", b)}}}, url: a + "/iias/get"},
		"numbers, not text":               {members: []member{{heis: ours, entries: []entry{iias("7.9.0", a)}}, {heis: ours, entries: []entry{iias("7.10.0", b)}}}, url: b + "/iias/get"},
		"without version, last":           {members: []member{{heis: ours, entries: []entry{iias("7.0.0", a)}}, {heis: ours, entries: []entry{iias("seven", b)}}}, url: a + "/iias/get"},
		"without version, only":           {members: []member{{heis: ours, entries: []entry{iias("seven", b)}}}, url: b + "/iias/get"},
		"namespace decides":               {members: []member{{heis: ours, entries: []entry{iias("6.3.0", a)}}}, url: a + "/iias/get"},
		"other institution's host":        {members: []member{{heis: []ewp.HEIID{third}, entries: []entry{iias("7.9.9", a)}}, {heis: ours, entries: []entry{iias("7.0.0", b)}}}, url: b + "/iias/get"},
		"of the wanted majors, the newer": {members: []member{{heis: ours, entries: []entry{old(iias("6.3.0", a)), iias("7.0.0", b)}}}, majors: []int{6, 7}, url: b + "/iias/get"},
		"of the wanted majors, the one":   {members: []member{{heis: ours, entries: []entry{old(iias("6.3.0", a))}}}, majors: []int{7, 6}, url: a + "/iias/get"},
		"better callable than newer":      {members: []member{{heis: ours, entries: []entry{without(iias("7.9.0", a), "get-url"), iias("7.0.0", b)}}}, url: b + "/iias/get"},
		"with a port":                     {members: []member{{heis: ours, entries: []entry{iias("7.0.0", b)}}}, url: b + "/iias/get"},

		"nobody":                  {members: []member{{heis: []ewp.HEIID{third}, entries: []entry{iias("7.0.0", a)}}}, problem: ewpclient.UnknownHEI},
		"no API":                  {members: []member{{heis: ours, entries: []entry{{api: ewp.Echo, base: c}}}}, problem: ewpclient.NoAPI},
		"no API, another's":       {members: []member{{heis: ours}, {heis: []ewp.HEIID{third}, entries: []entry{iias("7.0.0", a)}}}, problem: ewpclient.NoAPI},
		"other major":             {members: []member{{heis: ours, entries: []entry{old(iias("6.3.0", a))}}}, problem: ewpclient.OtherVersion, declared: []string{"6.3.0"}},
		"other majors":            {members: []member{{heis: ours, entries: []entry{old(iias("6.3.0", a)), old(iias("6.2.0", b))}}}, majors: []int{8, 7}, problem: ewpclient.OtherVersion, declared: []string{"6.3.0", "6.2.0"}},
		"no endpoint":             {members: []member{{heis: ours, entries: []entry{without(iias("7.0.0", a), "get-url")}}}, problem: ewpclient.NoEndpoint, declared: []string{"7.0.0"}},
		"not https":               {members: []member{{heis: ours, entries: []entry{iias("7.0.0", "http://a.example")}}}, problem: ewpclient.BadURL, declared: []string{"7.0.0"}},
		"no URL":                  {members: []member{{heis: ours, entries: []entry{iias("7.0.0", "https://a b.example")}}}, problem: ewpclient.BadURL, declared: []string{"7.0.0"}},
		"credentials in the URL":  {members: []member{{heis: ours, entries: []entry{iias("7.0.0", "https://u:p@a.example")}}}, problem: ewpclient.BadURL, declared: []string{"7.0.0"}},
		"fragment":                {members: []member{{heis: ours, entries: []entry{iias("7.0.0", "https://a.example/#x")}}}, problem: ewpclient.BadURL, declared: []string{"7.0.0"}},
		"TLS certificates only":   {members: []member{{heis: ours, entries: []entry{secured(iias("7.0.0", a), ewp.ClientTLSCert|ewp.ServerTLSCert)}}}, problem: ewpclient.NoSecurity, declared: []string{"7.0.0"}},
		"anonymous only":          {members: []member{{heis: ours, entries: []entry{secured(iias("7.0.0", a), ewp.ClientAnonymous)}}}, problem: ewpclient.NoSecurity, declared: []string{"7.0.0"}},
		"encrypted requests only": {members: []member{{heis: ours, servers: server("b"), entries: []entry{secured(iias("7.0.0", a), ewp.ClientHTTPSig|ewp.RequestGCM)}}}, problem: ewpclient.NoSecurity, declared: []string{"7.0.0"}},
		"encrypted answers only":  {members: []member{{heis: ours, entries: []entry{secured(iias("7.0.0", a), ewp.ClientHTTPSig|ewp.ResponseGCM)}}}, problem: ewpclient.NoSecurity, declared: []string{"7.0.0"}},
		"absent lists":            {members: []member{{heis: ours, entries: []entry{secured(iias("7.0.0", a), ewp.ClientHTTPSig)}}}, url: a + "/iias/get"},
	} {
		h := newHost(t, reply{}.send)
		client := newClient(t, config(t, h, catalogue(t, tc.members)))
		target, err := client.Resolve(partner, ewp.IIAs, "get", tc.majors...)
		if tc.problem == "" {
			if err != nil || target.URL != tc.url {
				t.Errorf("%s: %q, %v; want %q", name, target.URL, err, tc.url)
			}
			continue
		}
		e, ok := errors.AsType[*ewpclient.ResolveError](err)
		if !ok || e.Problem != tc.problem || !slices.Equal(e.Declared, tc.declared) || passerelle.OutcomeOf(err) != passerelle.NotSent {
			t.Errorf("%s: %v (%+v), want problem %q with %v", name, err, e, tc.problem, tc.declared)
		}
		// A call says the same, as every error of a call does.
		_, err = client.Call(t.Context(), ewpclient.Call{HEI: partner, API: ewp.IIAs, Endpoint: "get", Majors: tc.majors})
		whole, ok := errors.AsType[*ewp.Error](err)
		if !ok || whole.HEI != partner || whole.API != "iias" || whole.Endpoint != "get" || whole.Result != passerelle.NotSent || !errors.As(err, &e) {
			t.Errorf("%s: call: %v", name, err)
		}
	}
}

// TestResolveText shows what an administrator reads.
func TestResolveText(t *testing.T) {
	t.Parallel()
	h := newHost(t, reply{}.send)
	for i, tc := range map[int]struct {
		entries []entry
		want    string
		kind    error
	}{
		0: {nil, "ewp uni-example.pl: iias get: no host of this institution declares this API", passerelle.ErrNotFound},
		1: {[]entry{{api: ewp.IIAs, version: "6.3.0", ns: ewp.IIAs.NamespaceOf(6)}}, "ewp uni-example.pl: iias get: only other versions are declared (6.3.0)", passerelle.ErrNotFound},
		2: {[]entry{{api: ewp.IIAs, without: []string{"get-url"}}}, "ewp uni-example.pl: iias get: declared (7.0.0) without this endpoint", passerelle.ErrNotFound},
		3: {[]entry{{api: ewp.IIAs, methods: ewp.ClientTLSCert}}, "ewp uni-example.pl: iias get: declared (7.0.0) without a way to secure the call that is ours", passerelle.ErrProtocol},
	} {
		client := newClient(t, config(t, h, catalogue(t, members(t, h, tc.entries...))))
		_, err := client.Call(t.Context(), ewpclient.Call{HEI: partner, API: ewp.IIAs, Endpoint: "get"})
		if err == nil || err.Error() != tc.want || !errors.Is(err, tc.kind) {
			t.Errorf("%d: %v, want %q", i, err, tc.want)
		}
	}
}

// TestStaleCatalogue: a copy that is too old decides nothing.
func TestStaleCatalogue(t *testing.T) {
	t.Parallel()
	h := newHost(t, reply{}.send)
	cfg := config(t, h, nil)
	never, err := registry.New(registry.Config{Source: registry.File(t.TempDir() + "/absent.xml")})
	if err != nil {
		t.Fatal(err)
	}
	cfg.Catalogue = never
	cfg.Report = func(f ewpclient.Failure) { t.Errorf("our own catalogue was reported: %v", f.Err) }
	c := newClient(t, cfg)
	_, err = c.Call(t.Context(), ewpclient.Call{HEI: partner, API: ewp.Echo, Expected: true})
	e, ok := errors.AsType[*ewpclient.ResolveError](err)
	if !ok || e.Problem != ewpclient.NoCatalogue || !errors.Is(err, passerelle.ErrUnavailable) || passerelle.OutcomeOf(err) != passerelle.NotSent {
		t.Errorf("%v, want no catalogue", err)
	}
	if err := c.Ready(); !errors.Is(err, passerelle.ErrUnavailable) {
		t.Errorf("Ready: %v", err)
	}
}

// TestTarget checks that address, limits and keys are of one host, and that the
// answer's namespace is that of the major version.
func TestTarget(t *testing.T) {
	t.Parallel()
	server, other := public(t, serverKey()), public(t, otherKey())
	first := entry{api: ewp.IIAs, version: "7.0.1", base: "https://a.example", more: "<max-iia-ids>20</max-iia-ids>"}
	second := entry{api: ewp.IIAs, version: "7.0.0", base: "https://a.example", more: "<max-iia-ids>5</max-iia-ids>"}
	third := entry{api: ewp.IIAs, version: "6.3.0", ns: ewp.IIAs.NamespaceOf(6), base: "https://c.example"}
	index := catalogue(t, []member{
		{heis: []ewp.HEIID{partner}, entries: []entry{first}, servers: []ewp.PublicKey{server}},
		{heis: []ewp.HEIID{partner}, entries: []entry{second, third}, servers: []ewp.PublicKey{other}},
	})
	c := newClient(t, config(t, newHost(t, reply{}.send), index))
	target, err := c.Resolve(partner, ewp.IIAs, "index")
	if err != nil {
		t.Fatal(err)
	}
	if target.Limit("max-iia-ids") != 20 || !target.Entry.Host().HasServerKey(server.Fingerprint()) || target.Entry.Host().HasServerKey(other.Fingerprint()) {
		t.Errorf("limit %d, of the wrong host", target.Limit("max-iia-ids"))
	}
	testutil.Equal(t, "namespace", target.Endpoint.Namespace, "https://github.com/erasmus-without-paper/ewp-specs-api-iias/blob/stable-v7/endpoints/index-response.xsd")
	if target, err = c.Resolve(partner, ewp.IIAs, "index", 6); err != nil {
		t.Fatal(err)
	}
	testutil.Equal(t, "namespace", target.Endpoint.Namespace, "https://github.com/erasmus-without-paper/ewp-specs-api-iias/blob/stable-v6/endpoints/index-response.xsd")
	testutil.Equal(t, "version", target.Version.String(), "6.3.0")
}

// TestUndeclaredSignatures: entries without http-security are called on demand.
func TestUndeclaredSignatures(t *testing.T) {
	t.Parallel()
	h := newHost(t, reply{body: "x"}.send)
	index := catalogue(t, members(t, h, entry{api: ewp.Echo, methods: ewp.ServerTLSCert}))
	cfg := config(t, h, index)
	if _, err := newClient(t, cfg).Call(t.Context(), echoCall()); !errors.Is(err, passerelle.ErrProtocol) {
		t.Errorf("called: %v", err)
	}
	cfg.Quirks = ewpclient.UndeclaredSignatures
	a, err := newClient(t, cfg).Call(t.Context(), echoCall())
	if err != nil {
		t.Fatal(err)
	}
	testutil.Equal(t, "body", body(t, a), "x")
}

// TestEncryption runs the optional coding in both directions.
func TestEncryption(t *testing.T) {
	t.Parallel()
	decrypter := func(key crypto.Decrypter) *aesgcm.Decrypter {
		d, err := aesgcm.NewDecrypter(aesgcm.DecrypterConfig{Keys: []crypto.Decrypter{key}})
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	both := ewp.ClientHTTPSig | ewp.ServerHTTPSig | ewp.RequestTLS | ewp.RequestGCM | ewp.ResponseTLS | ewp.ResponseGCM
	var clear string
	secret := func(h *host, w http.ResponseWriter, r *http.Request) {
		last := h.seen()[len(h.seen())-1]
		text, err := decrypter(serverKey()).Decrypt([]byte(last.Body))
		if err != nil || last.Header.Get("Content-Encoding") != aesgcm.Coding || !aesgcm.Accepted(last.Header) {
			h.tb.Errorf("request: %v, headers %v", err, last.Header)
		}
		clear = string(text)
		encrypted, err := aesgcm.Encrypt(public(h.tb, clientKey()), []byte(echoed("a")))
		if err != nil {
			h.tb.Error(err)
		}
		reply{body: string(encrypted), header: http.Header{"Content-Encoding": {aesgcm.Coding}}}.send(h, w, r)
	}
	h := newHost(t, secret)
	for i, methods := range map[int]ewp.Methods{0: both, 1: both &^ (ewp.RequestTLS | ewp.ResponseTLS)} {
		cfg := config(t, h, catalogue(t, members(t, h, entry{api: ewp.Echo, methods: methods})))
		cfg.Encryption = decrypter(clientKey())
		a, err := newClient(t, cfg).Call(t.Context(), echoCall("a"))
		if err != nil {
			t.Errorf("%d: %v", i, err)
			continue
		}
		testutil.Equal(t, "answer", body(t, a), echoed("a"))
		testutil.Equal(t, "request", clear, "echo=a")
	}
	// A key that is not ours, and a coding that was not asked for.
	cfg := config(t, h, catalogue(t, members(t, h, entry{api: ewp.Echo, methods: both})))
	cfg.Encryption = decrypter(otherKey())
	a, err := newClient(t, cfg).Call(t.Context(), echoCall("a"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.Open(); !errors.Is(err, passerelle.ErrProtocol) {
		t.Errorf("an answer for another key: %v", err)
	}
	a.Close()
	plain := newHost(t, reply{body: "x", header: http.Header{"Content-Encoding": {aesgcm.Coding}}}.send)
	a, err = newClient(t, config(t, plain, catalogue(t, members(t, plain, entry{api: ewp.Echo, methods: both})))).Call(t.Context(), echoCall("a"))
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	if plain.seen()[0].Header.Get("Content-Encoding") != "" || aesgcm.Accepted(plain.seen()[0].Header) {
		t.Error("a client without keys to decrypt offered the coding")
	}
	if _, err := a.Open(); !errors.Is(err, passerelle.ErrProtocol) {
		t.Errorf("a coding that was not asked for: %v", err)
	}
	// Nobody to encrypt for.
	keyless := members(t, h, entry{api: ewp.Echo, methods: both &^ ewp.RequestTLS})
	keyless[1].servers = nil
	cfg = config(t, h, catalogue(t, keyless))
	cfg.Encryption = decrypter(clientKey())
	_, err = newClient(t, cfg).Call(t.Context(), echoCall("a"))
	if e, ok := errors.AsType[*ewpclient.ResolveError](err); !ok || e.Problem != ewpclient.NoKey {
		t.Errorf("without a key: %v", err)
	}
}
