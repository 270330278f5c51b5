package httpsig_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp/httpsig"
	"github.com/passerelle-sup/passerelle/internal/testutil"
	"github.com/passerelle-sup/passerelle/transport"
)

func TestConfigurationFaults(t *testing.T) {
	t.Parallel()
	short, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	curve, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	signer := func(cfg httpsig.SignerConfig) error { _, err := httpsig.NewSigner(cfg); return err }
	request := func(cfg httpsig.RequestVerifierConfig) error { _, err := httpsig.NewRequestVerifier(cfg); return err }
	response := func(p httpsig.Policy) error { _, err := httpsig.NewResponseVerifier(p); return err }
	keys := httpsig.Keys{}
	for i, test := range []struct {
		err  error
		want []string
	}{
		0: {signer(httpsig.SignerConfig{}), []string{"Key required"}},
		1: {signer(httpsig.SignerConfig{Key: short}), []string{"Key key"}},
		2: {signer(httpsig.SignerConfig{Key: curve, Dates: 9}), []string{"Key key", "Dates range"}},
		3: {request(httpsig.RequestVerifierConfig{}), []string{"Keys required", "Hosts required"}},
		4: {request(httpsig.RequestVerifierConfig{Keys: keys, Hosts: []string{"https://example.com"}}), []string{"Hosts character"}},
		5: {request(httpsig.RequestVerifierConfig{Keys: keys, Hosts: []string{"é.fr", ""}}), []string{"Hosts character", "Hosts character"}},
		6: {response(httpsig.Policy{MaxSkew: time.Minute, Quirks: 1 << 7}), []string{"Policy.MaxSkew range", "Policy.Quirks range"}},
		7: {response(httpsig.Policy{MaxSkew: -time.Minute}), []string{"Policy.MaxSkew range"}},
	} {
		faults, _ := errors.AsType[passerelle.FieldErrors](test.err)
		var got []string
		for _, f := range faults {
			got = append(got, f.Field+" "+f.Rule)
		}
		testutil.Equal(t, fmt.Sprintf("%d: faults", i), got, test.want)
	}
}

func TestSignRequestRefuses(t *testing.T) {
	t.Parallel()
	s := newSigner(t, httpsig.SignerConfig{Key: clientKey()})
	broken := errors.New("broken")
	for name, test := range map[string]struct {
		change func(*http.Request)
		kind   error
	}{
		"no address":     {func(r *http.Request) { r.URL, r.Host = nil, "" }, passerelle.ErrInvalid},
		"no host":        {func(r *http.Request) { r.URL, r.Host = &url.URL{Path: "/"}, "" }, passerelle.ErrInvalid},
		"accented host":  {func(r *http.Request) { r.Host = "université.fr" }, passerelle.ErrInvalid},
		"zone":           {func(r *http.Request) { r.Host = "[fe80::1%25eth0]" }, passerelle.ErrInvalid},
		"CONNECT":        {func(r *http.Request) { r.Method = "CONNECT" }, passerelle.ErrInvalid},
		"line break":     {func(r *http.Request) { r.Header.Set("X-Mine", "a\nhost: b") }, passerelle.ErrInvalid},
		"body":           {func(r *http.Request) { r.GetBody = func() (io.ReadCloser, error) { return nil, broken } }, broken},
		"body too large": {func(r *http.Request) { r.GetBody, r.Body = nil, io.NopCloser(io.LimitReader(zeros{}, 9<<20)) }, httpsig.ErrTooLarge},
	} {
		r := newRequest(t, "POST", echoURL, echoBody)
		test.change(r)
		if err := s.SignRequest(r); !errors.Is(err, test.kind) {
			t.Errorf("%s: %v, want %v", name, err, test.kind)
		}
		if r.Header.Get("Authorization") != "" {
			t.Errorf("%s: signed all the same", name)
		}
	}
	r := newRequest(t, "POST", echoURL, echoBody)
	if err := newSigner(t, httpsig.SignerConfig{Key: failingKey{clientKey()}}).SignRequest(r); !errors.Is(err, errHardware) {
		t.Errorf("failing key: %v", err)
	}
	if err := s.SignRequestAs(r, []string{"x-absent"}); !errors.Is(err, passerelle.ErrInvalid) {
		t.Errorf("absent header: %v", err)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { return len(p), nil }

var errHardware = errors.New("security module unplugged")

type failingKey struct{ *rsa.PrivateKey }

func (failingKey) Sign(io.Reader, []byte, crypto.SignerOpts) ([]byte, error) {
	return nil, errHardware
}

// TestSigningAgain signs one request for two attempts.
func TestSigningAgain(t *testing.T) {
	t.Parallel()
	at := now
	s := newSigner(t, httpsig.SignerConfig{Key: clientKey(), Clock: func() time.Time { return at }})
	r := newRequest(t, "POST", echoURL, echoBody)
	r.Header.Set("Date", "Tue, 05 Sep 2017 01:00:00 GMT") // the caller's own would be verified too
	if err := s.SignRequest(r); err != nil {
		t.Fatal(err)
	}
	first := httpsig.RefOf(r)
	at = now.Add(time.Hour)
	if err := s.SignRequest(r); err != nil {
		t.Fatal(err)
	}
	second := httpsig.RefOf(r)
	if first.ID == second.ID || first.Signature == second.Signature || r.Header.Get("Original-Date") != "Tue, 05 Sep 2017 09:49:37 GMT" {
		t.Errorf("attempts share something: %+v, %+v, %s", first, second, r.Header.Get("Original-Date"))
	}
	v, err := newVerifier(t, httpsig.RequestVerifierConfig{Policy: httpsig.Policy{Clock: clock(at)}}).Verify(r, nil)
	if err != nil {
		t.Fatal(err)
	}
	testutil.Equal(t, "signed", v.Signed, []string{"(request-target)", "host", "original-date", "digest", "x-request-id", "content-type"})
}

// TestBothWaysOverTLS runs the two sides over net/http, the client once as a
// RoundTripper and once below the layer that sends again.
func TestBothWaysOverTLS(t *testing.T) {
	t.Parallel()
	server := newSigner(t, httpsig.SignerConfig{Key: serverKey(), Clock: time.Now})
	client := newSigner(t, httpsig.SignerConfig{Key: clientKey(), Clock: time.Now})
	var verifier *httpsig.RequestVerifier
	var mu sync.Mutex
	var ids []string
	unwell := 0
	srv := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		spool := httpsig.NewSpool(httpsig.SpoolConfig{})
		defer spool.Close()
		v, err := verifier.Verify(r, spool.Receive(r.Body))
		if err != nil {
			t.Errorf("server: %v", err)
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		mu.Lock()
		ids = append(ids, v.RequestID)
		fail := unwell > 0
		unwell--
		mu.Unlock()
		answer, err := io.ReadAll(spool.Reader())
		if err != nil {
			t.Error(err)
		}
		w.Header().Set("Content-Type", "text/plain")
		if err := server.SignResponse(w.Header(), httpsig.RefOf(r), httpsig.Bytes(answer)); err != nil {
			t.Error(err)
		}
		if fail {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		w.Write(answer)
	}))
	defer srv.Close()
	verifier = newVerifier(t, httpsig.RequestVerifierConfig{
		Hosts: []string{"127.0.0.1"}, Replays: httpsig.NewReplayWindow(httpsig.ReplayConfig{}), Policy: httpsig.Policy{Clock: time.Now},
	})
	answers := newResponseVerifier(t, httpsig.Policy{Clock: time.Now})
	keys := httpsig.KeysOf(public(t, serverKey()))

	base := srv.Client().Transport
	plain := http.Client{Transport: client.RoundTripper(base)}
	for i, body := range []io.Reader{
		0: strings.NewReader("once"),                     // has GetBody
		1: io.MultiReader(strings.NewReader("streamed")), // has not
		2: nil,
	} {
		r, err := http.NewRequestWithContext(t.Context(), "POST", srv.URL+"/echo?a=b", body)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := plain.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil || resp.StatusCode != 200 {
			t.Errorf("%d: %s, %v", i, resp.Status, err)
		}
		if r.Header.Get("Authorization") != "" {
			t.Errorf("%d: the caller's request was changed", i)
		}
		if _, err := answers.Verify(t.Context(), keys, httpsig.RefOf(resp.Request), resp.Header, httpsig.Bytes(got)); err != nil {
			t.Errorf("%d: client: %v", i, err)
		}
	}

	tc, err := transport.New(transport.Config{Base: base, Retry: transport.RetryPolicy{MinWait: time.Millisecond, MaxWait: time.Millisecond}})
	if err != nil {
		t.Fatal(err)
	}
	ids, unwell = nil, 1
	var ref httpsig.Ref
	resp, err := tc.Do(t.Context(), &transport.Request{
		Method: "POST", URL: srv.URL + "/echo", Body: []byte("again"), Class: transport.Read,
		Prepare: func(r *http.Request) error {
			err := client.SignRequest(r)
			ref = httpsig.RefOf(r)
			return err
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	v, err := answers.Verify(t.Context(), keys, ref, resp.Header, httpsig.Bytes(resp.Body))
	if err != nil || string(resp.Body) != "again" || !v.Covers("Content-Type") || v.Covers("Date") {
		t.Errorf("answer %q: %+v, %v", resp.Body, v, err)
	}
	if len(ids) != 2 || ids[0] == ids[1] || ids[1] != v.RequestID {
		t.Errorf("identifiers of the attempts %q, want two that differ", ids)
	}
}
