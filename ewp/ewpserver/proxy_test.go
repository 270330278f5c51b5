package ewpserver_test

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"testing"
	"time"

	"github.com/passerelle-sup/passerelle/ewp/ewpserver"
)

// TestReverseProxy stands behind a proxy that ends TLS, keeps the Host, writes its own
// Date and adds what proxies add.
func TestReverseProxy(t *testing.T) {
	t.Parallel()
	b := echoBed(t, func(c *ewpserver.Config) { c.Hosts = []string{"ewp.own.example"} })
	plain := httptest.NewServer(b.Server)
	t.Cleanup(plain.Close)
	inner, err := url.Parse(plain.URL)
	if err != nil {
		t.Fatal(err)
	}
	proxy := httptest.NewTLSServer(&httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(inner)
			r.Out.Host = r.In.Host
			r.SetXForwarded()
			r.Out.Header.Set("Via", "1.1 proxy")
		},
		ModifyResponse: func(r *http.Response) error {
			r.Header.Set("Date", time.Now().Add(-time.Minute).UTC().Format(http.TimeFormat))
			r.Header.Set("Server", "proxy")
			return nil
		},
	})
	t.Cleanup(proxy.Close)
	b.url, b.client = proxy.URL, proxy.Client()
	b.client.Transport.(*http.Transport).DisableCompression = true
	c := form("/echo", aba).with("Accept-Signature", "rsa-sha256").with("Accept-Encoding", "gzip")
	c.after = func(r *http.Request) {
		r.Host = "ewp.own.example"
		if err := newSigner(t, partnerKey(), nil).SignRequest(r); err != nil {
			t.Error(err)
		}
	}
	r := b.do(t, c)
	r.wantStatus(t, 200)
	if v := r.wantSigned(t, ownKey()); v != nil && (v.Covers("date") || !v.Covers("original-date")) {
		t.Errorf("signed are %v; want Original-Date and not Date, which proxies overwrite", v.Signed)
	}
}

// TestHTTP2 reaches the server by HTTP/2, where the host is no header.
func TestHTTP2(t *testing.T) {
	t.Parallel()
	b := echoBed(t, nil)
	s := httptest.NewUnstartedServer(b.Server)
	s.EnableHTTP2 = true
	s.StartTLS()
	t.Cleanup(s.Close)
	b.url, b.client = s.URL, s.Client()
	c := form("/echo", aba).with("Accept-Signature", "rsa-sha256").with("Accept-Encoding", "gzip")
	answer, err := b.client.Do(b.request(t, c))
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if answer.ProtoMajor != 2 || answer.StatusCode != 200 {
		t.Fatalf("HTTP/%d, status %d", answer.ProtoMajor, answer.StatusCode)
	}
	r := b.do(t, c)
	r.wantStatus(t, 200)
	r.wantSigned(t, ownKey())
	other := form("/echo", aba)
	other.after = func(r *http.Request) { r.Host = "elsewhere.example" }
	b.do(t, other).wantStatus(t, 400)
}
