package httpsig_test

import (
	"bufio"
	"bytes"
	"io"
	"math/big"
	"net/http"
	"strings"
	"testing"

	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/httpsig"
)

// wire returns a request of a vector as it is sent.
func (v requestVector) wire(tb testing.TB) []byte {
	tb.Helper()
	r := v.build(tb)
	r.Header.Set("Authorization", "Signature "+vectorParams(v.headers, v.signature))
	var b bytes.Buffer
	if err := r.Write(&b); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}

// wrongKey knows another key under the fingerprint of key. It is made of numbers
// near by: a fuzzing process would spend its time on generating one.
func wrongKey(key ewp.PublicKey) httpsig.Keys {
	return httpsig.Keys{key.Fingerprint(): {N: new(big.Int).Add(key.RSA().N, big.NewInt(2)), E: key.RSA().E}}
}

// FuzzRequest verifies whole requests as they come from the wire. A verifier that
// knows another key under the keyId must accept none; one that knows the right key
// accepts those two, with what they covered as it was, and no other.
func FuzzRequest(f *testing.F) {
	for _, v := range requestVectors {
		wire := v.wire(f)
		f.Add(wire)
		f.Add(bytes.Replace(wire, []byte("\r\nHost"), []byte("\r\nX-Injected: 1\r\nHost"), 1))
		f.Add(bytes.Replace(wire, []byte(`headers="`), []byte(`headers="digest `), 1))
		f.Add(bytes.Replace(wire, []byte("echo=a"), []byte("echo=%61"), 1))
		f.Add(bytes.Replace(wire, []byte(":49:37 GMT"), []byte(":49:37 CET"), 1))
		f.Add(bytes.Replace(wire, []byte("GMT\r\n"), []byte("GMT\r\nDigest: SHA-256=, sha-256=x\r\n"), 1))
		f.Add(bytes.Replace(wire, []byte("Signature keyId"), []byte(`Signature a="b" ,c="d",, keyId`), 1))
	}
	const quirks = httpsig.DecodedQuery | httpsig.ZoneDates | httpsig.OneDigitDays | httpsig.HostWithoutPort
	key := publishedKey(f)
	right := newVerifier(f, httpsig.RequestVerifierConfig{
		Keys: httpsig.KeysOf(key), Hosts: []string{"example.com:8443", "example.com"}, Policy: httpsig.Policy{Quirks: quirks, Clock: clock(now)},
	})
	wrong := newVerifier(f, httpsig.RequestVerifierConfig{
		Keys: wrongKey(key), Policy: httpsig.Policy{Quirks: quirks, Clock: clock(now)},
	})
	for i, v := range requestVectors {
		r, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(v.wire(f))))
		if err == nil {
			_, err = right.Verify(r, nil)
		}
		if err != nil {
			f.Fatalf("%d: the fuzzing would prove nothing: %v", i, err)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		read := func() *http.Request {
			r, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(data)))
			if err != nil {
				t.Skip("not a request that net/http reads")
			}
			return r
		}
		if v, err := wrong.Verify(read(), nil); err == nil {
			t.Fatalf("accepted with the wrong key: %+v", v)
		} else {
			reasonOf(t, err)
		}
		r := read()
		v, err := right.Verify(r, nil)
		if err != nil {
			reasonOf(t, err)
			return
		}
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Fatal(err)
		}
		want := requestVectors[0]
		if v.Signature == requestVectors[1].signature {
			want = requestVectors[1]
		}
		good := want.build(t)
		if v.Signature != want.signature || r.Method != want.method || string(body) != want.body || v.Key != ewp.MustParseFingerprint(vectorKeyID) {
			t.Fatalf("accepted what nobody signed: %+v %s %q", v, r.Method, body)
		}
		if target := r.URL.Query().Encode(); target != good.URL.Query().Encode() || r.URL.Path != good.URL.Path {
			t.Fatalf("accepted another target: %s", r.RequestURI)
		}
		v.Strip(r.Header)
		for name, values := range r.Header {
			if got := strings.TrimSpace(strings.Join(values, ", ")); name != "Authorization" && got != good.Header.Get(name) {
				t.Fatalf("left an unsigned header: %s: %s", name, got)
			}
		}
	})
}

// FuzzResponse verifies headers of responses, given as the lines after the status.
func FuzzResponse(f *testing.F) {
	for _, v := range responseVectors {
		h := v.build()
		h.Set("Signature", vectorParams(v.headers, v.signature))
		var b bytes.Buffer
		h.Write(&b)
		f.Add(b.Bytes(), []byte(v.body))
	}
	key := publishedKey(f)
	v := newResponseVerifier(f, httpsig.Policy{})
	f.Fuzz(func(t *testing.T, header, body []byte) {
		wire := append([]byte("HTTP/1.1 200 OK\r\n"), header...)
		resp, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(append(wire, "\r\n"...))), nil)
		if err != nil {
			t.Skip("not a response that net/http reads")
		}
		if got, err := v.Verify(t.Context(), wrongKey(key), vectorRef, resp.Header, httpsig.Bytes(body)); err == nil {
			t.Fatalf("accepted with the wrong key: %+v", got)
		}
		got, err := v.Verify(t.Context(), httpsig.KeysOf(key), vectorRef, resp.Header, httpsig.Bytes(body))
		if err != nil {
			reasonOf(t, err)
			return
		}
		if s := string(body); s != responseVectors[0].body && s != responseVectors[1].body {
			t.Fatalf("accepted what nobody signed: %+v %q", got, body)
		}
	})
}
