package ewptest_test

import (
	"bytes"
	"crypto/rsa"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/discovery"
	"github.com/passerelle-sup/passerelle/ewp/ewptest"
	"github.com/passerelle-sup/passerelle/ewp/registry"
	"github.com/passerelle-sup/passerelle/internal/testutil"
)

const (
	catalogueSchema = "ewp-specs-api-registry/stable-v1/catalogue.xsd"
	manifestSchema  = "ewp-specs-api-discovery/stable-v6/manifest.xsd"
)

// fetch gets a document, with headers by turns of name and value.
func fetch(t *testing.T, n *ewptest.Network, url string, headers ...string) (*http.Response, []byte) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	resp, err := n.HTTP().RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, body
}

// TestSchemas validates what the network publishes.
func TestSchemas(t *testing.T) {
	t.Parallel()
	validate := xmllint(t)
	n := ewptest.NewNetwork(t, three(ewptest.UniversityConfig{
		Names:    ewp.Texts{{Lang: "fr", Value: "Université A"}, {Value: "A"}},
		OtherIDs: []ewp.OtherID{{Type: ewp.OtherIDErasmus, Value: "F EXEMPLE01"}, {Type: ewp.OtherIDPIC, Value: "999999999"}},
		Security: secured | ewp.RequestTLS | ewp.RequestGCM | ewp.ResponseTLS | ewp.ResponseGCM,
	}))
	for name, doc := range map[string]struct{ schema, url string }{
		"catalogue":                {catalogueSchema, n.Registry.URL()},
		"manifest":                 {manifestSchema, n.University(uniA).ManifestURL()},
		"manifest of the registry": {manifestSchema, strings.TrimSuffix(n.Registry.URL(), ewptest.PathCatalogue) + ewptest.PathManifest},
	} {
		resp, body := fetch(t, n, doc.url)
		if resp.StatusCode != http.StatusOK {
			t.Errorf("%s: status %d", name, resp.StatusCode)
		}
		if err := validate(doc.schema, body); err != nil {
			t.Errorf("%s is not valid: %v\n%s", name, err, body)
		}
	}
	// The gate itself can fail.
	broken := bytes.Replace(n.Registry.Catalogue(), []byte("<institutions>"), []byte("<institution>"), 1)
	broken = bytes.Replace(broken, []byte("</institutions>"), []byte("</institution>"), 1)
	if validate(catalogueSchema, broken) == nil {
		t.Error("xmllint takes a catalogue that is not valid")
	}
}

// TestCatalogue reads the catalogue back.
func TestCatalogue(t *testing.T) {
	t.Parallel()
	n := ewptest.NewNetwork(t, three(ewptest.UniversityConfig{
		Names:    ewp.Texts{{Lang: "fr", Value: "Université A"}},
		OtherIDs: []ewp.OtherID{{Type: ewp.OtherIDErasmus, Value: "F EXEMPLE01"}},
	}))
	index, err := registry.Parse(bytes.NewReader(n.Registry.Catalogue()), registry.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	testutil.Equal(t, "problems", len(index.Report().Problems()), 0)
	a := n.University(uniA)
	hei, ok := index.HEI(a.HEI)
	if !ok || hei.LocalName() != "Université A" {
		t.Errorf("HEI = %+v, %v", hei, ok)
	}
	if found := index.HEIsByOtherID(ewp.OtherIDErasmus, "f exemple01"); !found.Has(a.HEI) {
		t.Error("the institution is not found by its Erasmus code")
	}
	entry, ok := index.Find(registry.Query{HEI: a.HEI, Namespace: ewp.Echo.Namespace(), Name: ewp.Echo.String()})
	if !ok || entry.URL("url") != a.URL+"/echo" || entry.Security() != discovery.Signed {
		t.Errorf("echo is at %q with %v; want %q with %v", entry.URL("url"), entry.Security(), a.URL+"/echo", discovery.Signed)
	}
	client, server := keyOf(t, a.ClientKey), keyOf(t, a.ServerKey)
	if heis, _ := index.HEIsOfClientKey(client.Fingerprint()); !heis.Has(a.HEI) || heis.Len() != 1 {
		t.Errorf("the client key speaks for %d institutions", heis.Len())
	}
	if !entry.Host().HasServerKey(server.Fingerprint()) || entry.Host().HasServerKey(client.Fingerprint()) {
		t.Error("the server key is not the server key")
	}
	if _, ok := index.Find(registry.Query{Namespace: ewp.Registry.Namespace(), Name: ewp.Registry.String()}); !ok {
		t.Error("the registry is not in its own catalogue")
	}
}

// TestRegistryConditional asks with the validators of what one has.
func TestRegistryConditional(t *testing.T) {
	t.Parallel()
	n := ewptest.NewNetwork(t, ewptest.Config{})
	resp, body := fetch(t, n, n.Registry.URL())
	tag, modified := resp.Header.Get("ETag"), resp.Header.Get("Last-Modified")
	if resp.StatusCode != http.StatusOK || tag == "" || modified == "" || len(body) == 0 {
		t.Fatalf("status %d, ETag %q, Last-Modified %q, %d bytes", resp.StatusCode, tag, modified, len(body))
	}
	testutil.Equal(t, "Cache-Control", resp.Header.Get("Cache-Control"), "max-age=300, must-revalidate")
	for _, c := range []struct {
		header, value string
		status        int
	}{
		0: {"If-None-Match", tag, http.StatusNotModified},
		1: {"If-None-Match", `"another"`, http.StatusOK},
		2: {"If-Modified-Since", modified, http.StatusNotModified},
		3: {"If-Modified-Since", "Mon, 01 Jan 2001 00:00:00 GMT", http.StatusOK},
	} {
		resp, body := fetch(t, n, n.Registry.URL(), c.header, c.value)
		if resp.StatusCode != c.status || c.status == http.StatusNotModified && len(body) > 0 {
			t.Errorf("%s: %s: status %d with %d bytes, want %d", c.header, c.value, resp.StatusCode, len(body), c.status)
		}
	}

	// The same manifests make the same catalogue; another university another one.
	if err := n.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	if resp, _ := fetch(t, n, n.Registry.URL(), "If-None-Match", tag); resp.StatusCode != http.StatusNotModified {
		t.Errorf("after a refresh without change: status %d, want 304", resp.StatusCode)
	}
	if err := n.Join(ewptest.UniversityConfig{HEI: ewp.MustParseHEIID(uniC)}); err != nil {
		t.Fatal(err)
	}
	if err := n.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	if resp, _ := fetch(t, n, n.Registry.URL(), "If-None-Match", tag); resp.StatusCode != http.StatusOK {
		t.Errorf("after a university joined: status %d, want 200", resp.StatusCode)
	}
}

// TestRegistryRules checks what becomes of what the registry refuses.
func TestRegistryRules(t *testing.T) {
	t.Parallel()
	const (
		another   = "another.example"
		endOfAPIs = "</r:apis-implemented>"
	)
	entry := func(api ewp.API, element, url string) string {
		return `<` + api.String() + ` xmlns="` + api.Namespace() + `" version="` + api.Version().String() + `"><` + element + `>` +
			url + `</` + element + `></` + api.String() + `>`
	}
	find := func(x *registry.Index, q registry.Query, api ewp.API) (registry.Entry, bool) {
		q.Namespace, q.Name = api.Namespace(), api.String()
		return x.Find(q)
	}
	for name, c := range map[string]struct {
		old, new string // what the document says, and what it says instead
		// dropped is the field and the rule of what is left out; "" refuses the whole.
		dropped string
		// right checks the catalogue that follows.
		right func(x *registry.Index, n *ewptest.Network) bool
	}{
		"an address that is not https": {
			endOfAPIs, entry(ewp.IIACNR, "url", "http://plain.example/cnr") + endOfAPIs, "APIs[1].url url",
			func(x *registry.Index, _ *ewptest.Network) bool {
				_, ok := find(x, registry.Query{}, ewp.IIACNR)
				return !ok
			},
		},
		"an entry of the registry": {
			endOfAPIs, entry(ewp.Registry, "catalogue-url", "https://evil.example/catalogue") + endOfAPIs, "APIs[1] registry",
			func(x *registry.Index, n *ewptest.Network) bool {
				e, ok := find(x, registry.Query{}, ewp.Registry)
				return ok && e.URL("catalogue-url") == n.Registry.URL()
			},
		},
		"the client key of another": {
			"<client-credentials-in-use>", "<client-credentials-in-use><rsa-public-key>KEY-OF-B</rsa-public-key>", "ClientKeys[0] conflict",
			func(x *registry.Index, n *ewptest.Network) bool {
				heis, known := x.HEIsOfClientKey(keyOf(t, n.University(uniB).ClientKey).Fingerprint())
				return known && heis.Len() == 1 && heis.Has(n.University(uniB).HEI)
			},
		},
		"a key that is none": {
			"<client-credentials-in-use>", "<client-credentials-in-use><rsa-public-key>bm8ga2V5</rsa-public-key>", "host.client-credentials-in-use.rsa-public-key[0] encoding",
			func(x *registry.Index, n *ewptest.Network) bool {
				_, known := x.HEIsOfClientKey(keyOf(t, n.University(uniC).ClientKey).Fingerprint())
				return known
			},
		},
		"the address of another": {
			"URL-OF-C/echo", "URL-OF-B/echo", "APIs[0] address",
			func(x *registry.Index, n *ewptest.Network) bool {
				_, ok := find(x, registry.Query{HEI: n.University(uniC).HEI}, ewp.Echo)
				return !ok
			},
		},
		"the identifier of another": {
			`id="` + uniC + `"`, `id="` + another + `"`, "HEI.ID pattern; ClientKeys[0] conflict",
			func(x *registry.Index, n *ewptest.Network) bool {
				_, old := x.HEI(n.University(uniC).HEI)
				_, stolen := x.HEI(ewp.MustParseHEIID(another))
				return !old && !stolen
			},
		},
		"no provider":                   {"<ewp:admin-provider>ewptest</ewp:admin-provider>", "", "", keepsC},
		"a document type declaration":   {"<manifest ", "<!DOCTYPE manifest><manifest ", "", keepsC},
		"a document that ends too soon": {"</manifest>", "", "", keepsC},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var n *ewptest.Network
			wrong := false
			cfg := three(ewptest.UniversityConfig{})
			cfg.Universities[2].Document = func(doc []byte) []byte {
				if !wrong {
					return doc
				}
				fill := strings.NewReplacer("URL-OF-B", n.University(uniB).URL, "URL-OF-C", n.University(uniC).URL,
					"KEY-OF-B", keyOf(t, n.University(uniB).ClientKey).String())
				if !bytes.Contains(doc, []byte(fill.Replace(c.old))) {
					t.Errorf("the manifest does not have %s:\n%s", c.old, doc)
				}
				return bytes.Replace(doc, []byte(fill.Replace(c.old)), []byte(fill.Replace(c.new)), 1)
			}
			n = ewptest.NewNetwork(t, cfg)
			wrong = true
			imports, err := n.Registry.Refresh(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			got := imports[2]
			var dropped []string
			for _, f := range got.Dropped {
				dropped = append(dropped, f.Field+" "+f.Rule)
			}
			testutil.Equal(t, "dropped", strings.Join(dropped, "; "), c.dropped)
			if whole := c.dropped == ""; (got.Err != nil) != whole || got.Imported.IsZero() {
				t.Errorf("import = %+v; want an error is %v, and the time of the last import", got, whole)
			}
			index, err := n.Registry.Index()
			if err != nil {
				t.Fatal(err)
			}
			if !c.right(index, n) {
				t.Errorf("the catalogue is not as it should be:\n%s", n.Registry.Catalogue())
			}
			if err := n.Refresh(t.Context()); err == nil {
				t.Error("Network.Refresh says nothing of it")
			}
		})
	}
}

// keepsC reports whether the third university is in the catalogue as before.
func keepsC(x *registry.Index, n *ewptest.Network) bool {
	e, ok := x.Find(registry.Query{HEI: n.University(uniC).HEI, Namespace: ewp.Echo.Namespace(), Name: ewp.Echo.String()})
	return ok && e.URL("url") == n.University(uniC).URL+"/echo"
}

// TestRegistryAlone checks a registry before and without its first catalogue.
func TestRegistryAlone(t *testing.T) {
	t.Parallel()
	if _, err := ewptest.NewRegistry(ewptest.RegistryConfig{BaseURL: "http://registry.example"}); !errors.Is(err, passerelle.ErrInvalid) {
		t.Errorf("NewRegistry over http: %v; want ErrInvalid", err)
	}
	r, err := ewptest.NewRegistry(ewptest.RegistryConfig{BaseURL: "https://registry.example/"})
	if err != nil {
		t.Fatal(err)
	}
	testutil.Equal(t, "URL", r.URL(), "https://registry.example/catalogue-v1.xml")
	if _, err := r.Index(); !errors.Is(err, passerelle.ErrUnavailable) {
		t.Errorf("Index: %v; want ErrUnavailable", err)
	}
	for _, c := range []struct {
		method, path string
		status       int
	}{
		0: {"GET", ewptest.PathCatalogue, 503},
		1: {"GET", ewptest.PathManifest, 200},
		2: {"GET", "/", 404},
		3: {"POST", ewptest.PathCatalogue, 405},
	} {
		w := httptest.NewRecorder()
		r.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), c.method, c.path, nil))
		if w.Code != c.status {
			t.Errorf("%s %s: status %d, want %d", c.method, c.path, w.Code, c.status)
		}
		if w.Code >= 400 {
			if _, err := ewp.DecodeErrorResponse(w.Body.Bytes(), w.Header().Get("Content-Type")); err != nil {
				t.Errorf("%s %s: %v", c.method, c.path, err)
			}
		}
	}
	r.Add("https://127.0.0.1:1/manifest.xml", nil)
	imports, err := r.Refresh(t.Context())
	if err != nil || len(imports) != 1 || imports[0].Err == nil {
		t.Errorf("Refresh of a host that is not there: %+v, %v", imports, err)
	}
	if r.Remove("https://127.0.0.1:1/manifest.xml"); r.Catalogue() == nil {
		t.Error("there is no catalogue after the first Refresh")
	}
}

// TestFreeze keeps a catalogue that is out of date.
func TestFreeze(t *testing.T) {
	t.Parallel()
	n := ewptest.NewNetwork(t, ewptest.Config{})
	a := n.University(uniA)
	n.Registry.Freeze(true)
	n.Clock.Advance(time.Hour)
	joined := ewp.MustParseHEIID(uniC)
	if err := n.Join(ewptest.UniversityConfig{HEI: joined}); err != nil {
		t.Fatal(err)
	}
	knows := func() bool {
		if err := n.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		index, err := a.Catalogue.Index()
		if err != nil {
			t.Fatal(err)
		}
		_, ok := index.HEI(joined)
		return ok
	}
	if knows() {
		t.Error("a university is known while the catalogue is frozen")
	}
	if n.Registry.Freeze(false); !knows() {
		t.Error("a university is not known when the catalogue is not frozen any more")
	}
}

func keyOf(t *testing.T, key *rsa.PrivateKey) ewp.PublicKey {
	t.Helper()
	k, err := ewp.NewPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	return k
}
