package httpsig_test

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"io"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/passerelle-sup/passerelle/ewp/httpsig"
)

// benchBody is a form as a call carries it.
const benchBody = "omobility_id=5e0a5bd5-2a9d-4a0a-9d4c-6f0f1f3b5b1e&omobility_id=9d4c6f0f-1f3b-4a0a-9d4c-5e0a5bd52a9d"

// against runs raw and whole in turns and reports what whole adds to raw: the
// difference of the medians, so that a machine that does other work does not count.
func against(b *testing.B, raw, whole func()) {
	b.ReportAllocs()
	var raws, wholes []time.Duration
	for b.Loop() {
		start := time.Now()
		raw()
		middle := time.Now()
		whole()
		raws, wholes = append(raws, middle.Sub(start)), append(wholes, time.Since(middle))
	}
	slices.Sort(raws)
	slices.Sort(wholes)
	rawMedian, wholeMedian := raws[len(raws)/2], wholes[len(wholes)/2]
	b.ReportMetric(float64(rawMedian), "raw-ns/op")
	b.ReportMetric(float64(wholeMedian), "whole-ns/op")
	b.ReportMetric(float64(wholeMedian-rawMedian), "added-ns/op")
}

func BenchmarkSignRequest(b *testing.B) {
	key := clientKey()
	s := newSigner(b, httpsig.SignerConfig{Key: key})
	hash := sha256.Sum256([]byte(benchBody))
	r := newRequest(b, "POST", echoURL, benchBody)
	httpsig.AskSigned(r.Header)
	against(b, func() {
		if _, err := rsa.SignPKCS1v15(nil, key, crypto.SHA256, hash[:]); err != nil {
			b.Fatal(err)
		}
	}, func() {
		if err := s.SignRequest(r); err != nil {
			b.Fatal(err)
		}
	})
}

// BenchmarkSignRequestWithoutRSA measures the same with a key that answers at
// once: all that signing adds.
func BenchmarkSignRequestWithoutRSA(b *testing.B) {
	s := newSigner(b, httpsig.SignerConfig{Key: instantKey{clientKey(), make([]byte, 256)}})
	r := newRequest(b, "POST", echoURL, benchBody)
	httpsig.AskSigned(r.Header)
	b.ReportAllocs()
	for b.Loop() {
		if err := s.SignRequest(r); err != nil {
			b.Fatal(err)
		}
	}
}

// instantKey is a crypto.Signer that does no work.
type instantKey struct {
	*rsa.PrivateKey
	signature []byte
}

func (k instantKey) Sign(io.Reader, []byte, crypto.SignerOpts) ([]byte, error) {
	return k.signature, nil
}

func BenchmarkVerifyRequest(b *testing.B) {
	key := clientKey()
	v := newVerifier(b, httpsig.RequestVerifierConfig{})
	r := signed(b, "POST", echoURL, benchBody, func(r *http.Request) { httpsig.AskSigned(r.Header) })
	verifyAgainst(b, key, func() {
		if _, err := v.Verify(r, httpsig.Bytes(benchBody)); err != nil {
			b.Fatal(err)
		}
	})
}

// BenchmarkReplayWindow records requests at the rate that fills the default window:
// each call forgets one as well.
func BenchmarkReplayWindow(b *testing.B) {
	window := httpsig.NewReplayWindow(httpsig.ReplayConfig{MaxPerKey: httpsig.DefaultReplayMax})
	ids := make([]string, 2*httpsig.DefaultReplayMax)
	for i := range ids {
		ids[i] = uuid.NewString()
	}
	at, i := now, 0
	b.ReportAllocs()
	for b.Loop() {
		first, err := window.First(b.Context(), nonce(1, ids[i%len(ids)], at, at.Add(10*time.Minute)))
		if err != nil || !first {
			b.Fatal(first, err)
		}
		i, at = i+1, at.Add(5*time.Millisecond)
	}
}

func BenchmarkSignResponse(b *testing.B) {
	key := serverKey()
	s := newSigner(b, httpsig.SignerConfig{Key: key})
	hash := sha256.Sum256([]byte(answerBody))
	h := http.Header{"Content-Type": {"application/xml"}}
	against(b, func() {
		if _, err := rsa.SignPKCS1v15(nil, key, crypto.SHA256, hash[:]); err != nil {
			b.Fatal(err)
		}
	}, func() {
		if err := s.SignResponse(h, answerRef, httpsig.Bytes(answerBody)); err != nil {
			b.Fatal(err)
		}
	})
}

func BenchmarkVerifyResponse(b *testing.B) {
	v := newResponseVerifier(b, httpsig.Policy{})
	keys := httpsig.KeysOf(public(b, serverKey()))
	h := answer(b, answerRef, httpsig.SignerConfig{})
	verifyAgainst(b, serverKey(), func() {
		if _, err := v.Verify(b.Context(), keys, answerRef, h, httpsig.Bytes(answerBody)); err != nil {
			b.Fatal(err)
		}
	})
}

func verifyAgainst(b *testing.B, key *rsa.PrivateKey, whole func()) {
	b.Helper()
	hash := sha256.Sum256([]byte(benchBody))
	signature, err := rsa.SignPKCS1v15(nil, key, crypto.SHA256, hash[:])
	if err != nil {
		b.Fatal(err)
	}
	against(b, func() {
		if err := rsa.VerifyPKCS1v15(&key.PublicKey, crypto.SHA256, hash[:], signature); err != nil {
			b.Fatal(err)
		}
	}, whole)
}
