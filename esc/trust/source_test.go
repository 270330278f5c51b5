package trust_test

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/esc/esctest"
	"github.com/passerelle-sup/passerelle/esc/trust"
	"github.com/passerelle-sup/passerelle/internal/testutil"
	"github.com/passerelle-sup/passerelle/transport"
)

var moment = time.Date(2026, time.October, 1, 8, 0, 0, 0, time.UTC)

func bundle(tb testing.TB) trust.Bundle {
	tb.Helper()
	authority, err := esctest.NewAuthority(moment)
	if err != nil {
		tb.Fatal(err)
	}
	credential, err := authority.Issue("univ-ville.example")
	if err != nil {
		tb.Fatal(err)
	}
	return credential.Bundle()
}

func raws(certs []*x509.Certificate) []string {
	var out []string
	for _, c := range certs {
		out = append(out, string(c.Raw))
	}
	return out
}

func TestFile(t *testing.T) {
	t.Parallel()
	want := bundle(t)
	path := filepath.Join(t.TempDir(), "ca-chain.cert.pem")
	text := append([]byte("Subject: CN=Passerelle Test Card Root\n"), trust.EncodePEM(want...)...) // openssl writes such lines
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := trust.File(path)
	if err != nil {
		t.Fatal(err)
	}
	testutil.Equal(t, "certificates of a PEM file", raws(got), raws(want))
	if _, err := trust.File(path + ".none"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a file that is not there: %v", err)
	}
	got, err = trust.ParseCertificates(want[0].Raw)
	if err != nil {
		t.Fatal(err)
	}
	testutil.Equal(t, "certificate of a DER file", raws(got), raws(want[:1]))
}

func TestParseCertificatesRefuses(t *testing.T) {
	t.Parallel()
	want := bundle(t)
	good := string(trust.EncodePEM(want...))
	key := string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: []byte("x")}))
	cases := []struct{ name, data, rule string }{
		0: {"nothing", "", "form"},
		1: {"text", "no certificate here", "form"},
		2: {"a private key beside", good + key, "form"},
		3: {"a block cut off", good[:len(good)-40], "form"},
		4: {"a block that is no certificate", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: []byte("x")})), "form"},
		5: {"DER cut off", string(want[0].Raw[:100]), "form"},
		6: {"too many", strings.Repeat(good, 20), "count"},
		7: {"too long", strings.Repeat(" ", trust.MaxBundle+1), "length"},
	}
	for i, c := range cases {
		_, err := trust.ParseCertificates([]byte(c.data))
		parse, ok := errors.AsType[*passerelle.ParseError](err)
		if !ok || parse.Rule != c.rule {
			t.Errorf("%d %s: %v, want a parse error of rule %s", i, c.name, err, c.rule)
		}
	}
	if _, err := trust.ParseRevocationList([]byte(good)); err == nil {
		t.Error("certificates are taken for a revocation list")
	}
}

func TestHTTP(t *testing.T) {
	t.Parallel()
	want := bundle(t)
	var calls atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		calls.Add(1)
		switch {
		case r.Header.Get("Key") != "secret-key":
			w.WriteHeader(http.StatusUnauthorized)
		case r.URL.Path == "/v1/certs/files/999465982/ca-chain.cert.pem":
			w.Write(trust.EncodePEM(want...))
		case r.URL.Path == "/v1/certs/files/111111111/ca-chain.cert.pem":
			w.WriteHeader(http.StatusGone)
		case r.URL.Path == "/v1/certs/files/222222222/ca-chain.cert.pem":
			w.Write([]byte("<html>maintenance</html>"))
		case r.URL.Path == "/v1/certs/files/333333333/ca-chain.cert.pem":
			w.WriteHeader(http.StatusBadGateway)
		case r.URL.Path == "/v1/certs/files/444444444/ca-chain.cert.pem":
			http.Redirect(w, r, "http://elsewhere.invalid/", http.StatusFound)
		default:
			w.WriteHeader(http.StatusNotFound)
		}
	}))
	t.Cleanup(server.Close)
	config := trust.HTTPConfig{
		URL: server.URL + "/v1" + trust.LegacyPath, Header: http.Header{"Key": {"secret-key"}},
		Transport: transport.Config{Retry: transport.RetryPolicy{MaxAttempts: 1}},
	}
	source, err := trust.HTTP(config)
	if err != nil {
		t.Fatal(err)
	}
	got, err := source.Certificates(t.Context(), trust.Query{PIC: "999465982"})
	if err != nil {
		t.Fatal(err)
	}
	testutil.Equal(t, "chain", raws(got), raws(want))
	for q, class := range map[trust.Query]error{
		{PIC: "000000000"}: passerelle.ErrNotFound,
		{PIC: "111111111"}: passerelle.ErrNotFound,
		{PIC: "222222222"}: passerelle.ErrProtocol,
		{PIC: "333333333"}: passerelle.ErrUnavailable,
		{PIC: "444444444"}: passerelle.ErrProtocol,
		{PIC: "../../x"}:   passerelle.ErrNotFound,
	} {
		if _, err := source.Certificates(t.Context(), q); !errors.Is(err, class) {
			t.Errorf("%+v: %v, want %v", q, err, class)
		}
	}
	cache, err := trust.NewCache(source, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	before := calls.Load()
	for _, kid := range []string{"a", "b", "c"} { // chosen by whoever shows a code
		if got, err := cache.Certificates(t.Context(), trust.Query{PIC: "999465982", KeyID: kid}); err != nil || len(got) != len(want) {
			t.Errorf("kid %s: %d certificates, %v", kid, len(got), err)
		}
	}
	if n := calls.Load() - before; n != 1 {
		t.Errorf("%d requests for one file, want 1", n)
	}
	if s := fmt.Sprintf("%v %+v %#v", config, config, config); strings.Contains(s, "secret-key") {
		t.Errorf("the key is printed: %s", s)
	}
	if got, err := source.Certificates(t.Context(), trust.Query{KeyID: "k"}); len(got) > 0 || err != nil {
		t.Errorf("a card without PIC: %d certificates, %v", len(got), err)
	}
	config.Header = nil
	source, _ = trust.HTTP(config)
	if _, err := source.Certificates(t.Context(), trust.Query{PIC: "999465982"}); !errors.Is(err, passerelle.ErrUnauthorized) {
		t.Errorf("without key: %v", err)
	}
	_, err = trust.HTTP(trust.HTTPConfig{URL: "ftp://x/{pic}"})
	_, err2 := trust.HTTP(trust.HTTPConfig{URL: "https://x/chain.pem"})
	if !errors.Is(err, passerelle.ErrInvalid) || !errors.Is(err2, passerelle.ErrInvalid) {
		t.Errorf("bad addresses: %v, %v", err, err2)
	}
}

func TestCache(t *testing.T) {
	t.Parallel()
	want := bundle(t)
	synctest.Test(t, func(t *testing.T) {
		calls := 0
		var fault error
		cache, err := trust.NewCache(trust.Func(func(_ context.Context, q trust.Query) ([]*x509.Certificate, error) {
			calls++
			if q.PIC != "999465982" {
				return nil, passerelle.ErrNotFound
			}
			return want, fault
		}), time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		ask := func(what string, wantCalls int) {
			t.Helper()
			got, err := cache.Certificates(t.Context(), trust.Query{PIC: "999465982"})
			if err != nil || len(got) != len(want) || calls != wantCalls {
				t.Errorf("%s: %d certificates, %v, after %d calls, want %d after %d", what, len(got), err, calls, len(want), wantCalls)
			}
		}
		ask("first", 1)
		ask("again", 1)
		time.Sleep(time.Hour)
		ask("after an hour", 2)
		fault = passerelle.ErrUnavailable
		time.Sleep(1000 * time.Hour)
		ask("the service down for weeks", 3)
		fault = passerelle.ErrNotFound
		if _, err := cache.Certificates(t.Context(), trust.Query{PIC: "999465982"}); !errors.Is(err, passerelle.ErrNotFound) {
			t.Errorf("the service no longer knows the issuer: %v", err)
		}
		for range 2 { // what is not known is asked again
			if _, err := cache.Certificates(t.Context(), trust.Query{PIC: "1"}); !errors.Is(err, passerelle.ErrNotFound) {
				t.Errorf("unknown issuer: %v", err)
			}
		}
		if calls != 6 {
			t.Errorf("%d calls, want 6", calls)
		}
	})
	if _, err := trust.NewCache(nil, 0); !errors.Is(err, passerelle.ErrInvalid) {
		t.Errorf("no source and no duration: %v", err)
	}
}

func TestRevocationListsArePlain(t *testing.T) {
	t.Parallel()
	authority, err := esctest.NewAuthority(moment)
	if err != nil {
		t.Fatal(err)
	}
	lists, err := authority.RevocationLists()
	if err != nil {
		t.Fatal(err)
	}
	encoded := pem.EncodeToMemory(&pem.Block{Type: "X509 CRL", Bytes: lists[0].Raw})
	list, err := trust.ParseRevocationList(encoded)
	if err != nil || string(list.Raw) != string(lists[0].Raw) {
		t.Errorf("PEM list: %v", err)
	}
	delta, err := authority.DeltaList()
	if err != nil {
		t.Fatal(err)
	}
	policy := trust.Policy{Roots: []*x509.Certificate{authority.Root}, Time: trust.Now(), Revocation: trust.RevocationLists(lists[0], delta)}
	_, err = trust.NewVerifier(policy, trust.Profile{})
	testutil.Equal(t, "faults", err, error(passerelle.FieldErrors{
		{Field: "Revocation[1]", Rule: "extension", Want: "a complete list without critical extension 2.5.29.27"},
		{Field: "Profile.Curve", Rule: "required", Want: "an elliptic curve"},
	}))
}
