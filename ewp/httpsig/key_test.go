package httpsig_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/httpsig"
	"github.com/passerelle-sup/passerelle/internal/testutil"
)

// The keys of the tests: two clients and the server.
var (
	clientKey = sync.OnceValue(newKey)
	otherKey  = sync.OnceValue(newKey)
	serverKey = sync.OnceValue(newKey)
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

// now is when the messages of the vectors were made.
var now = time.Date(2017, 9, 5, 8, 49, 37, 0, time.UTC)

func clock(t time.Time) func() time.Time { return func() time.Time { return t } }

func newSigner(tb testing.TB, cfg httpsig.SignerConfig) *httpsig.Signer {
	tb.Helper()
	if cfg.Clock == nil {
		cfg.Clock = clock(now)
	}
	s, err := httpsig.NewSigner(cfg)
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

func newVerifier(tb testing.TB, cfg httpsig.RequestVerifierConfig) *httpsig.RequestVerifier {
	tb.Helper()
	if cfg.Hosts == nil {
		cfg.Hosts = []string{"example.com"}
	}
	if cfg.Keys == nil {
		cfg.Keys = httpsig.KeysOf(public(tb, clientKey()))
	}
	if cfg.Policy.Clock == nil {
		cfg.Policy.Clock = clock(now)
	}
	v, err := httpsig.NewRequestVerifier(cfg)
	if err != nil {
		tb.Fatal(err)
	}
	return v
}

func newResponseVerifier(tb testing.TB, policy httpsig.Policy) *httpsig.ResponseVerifier {
	tb.Helper()
	if policy.Clock == nil {
		policy.Clock = clock(now)
	}
	v, err := httpsig.NewResponseVerifier(policy)
	if err != nil {
		tb.Fatal(err)
	}
	return v
}

// publishedKey is the public key of the vectors, the test key that
// ewp-specs-sec-rsa-aes128gcm publishes.
func publishedKey(tb testing.TB) ewp.PublicKey {
	tb.Helper()
	key, err := ewp.ParsePublicKey(publishedKeyText)
	if err != nil {
		tb.Fatal(err)
	}
	return key
}

// publishedPrivateKey is its other half.
func publishedPrivateKey(tb testing.TB) *rsa.PrivateKey {
	tb.Helper()
	text, err := os.ReadFile(testutil.Shared(tb, "ewp/schemas/ewp-rsa-aes-java/test-files/rsa1-private"))
	if err != nil {
		tb.Fatal(err)
	}
	der, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(string(text)), ""))
	if err != nil {
		tb.Fatal(err)
	}
	key, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		tb.Fatal(err)
	}
	return key.(*rsa.PrivateKey)
}

// newRequest returns a request as a client would make it.
func newRequest(tb testing.TB, method, url, body string) *http.Request {
	tb.Helper()
	r, err := http.NewRequestWithContext(tb.Context(), method, url, strings.NewReader(body))
	if err != nil {
		tb.Fatal(err)
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	return r
}
