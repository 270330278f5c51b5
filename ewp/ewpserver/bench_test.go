package ewpserver_test

import (
	"context"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/ewpserver"
	"github.com/passerelle-sup/passerelle/ewp/httpsig"
)

// against runs raw and whole in turns and reports the medians, what whole adds to
// raw, and raw as a share of whole: what else the machine does counts for both.
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
	r, w := raws[len(raws)/2], wholes[len(wholes)/2]
	b.ReportMetric(float64(r), "raw-ns/op")
	b.ReportMetric(float64(w), "whole-ns/op")
	b.ReportMetric(float64(w-r), "added-ns/op")
	b.ReportMetric(float64(r)/float64(w)*100, "%-of-raw")
}

// pair is the RSA work of one signature: making it and verifying it.
func pair(b *testing.B, key *rsa.PrivateKey) (sign, verify func()) {
	b.Helper()
	hash := sha256.Sum256([]byte("x"))
	signature, err := rsa.SignPKCS1v15(nil, key, crypto.SHA256, hash[:])
	if err != nil {
		b.Fatal(err)
	}
	return func() {
			if _, err := rsa.SignPKCS1v15(nil, key, crypto.SHA256, hash[:]); err != nil {
				b.Fatal(err)
			}
		}, func() {
			if err := rsa.VerifyPKCS1v15(&key.PublicKey, crypto.SHA256, hash[:], signature); err != nil {
				b.Fatal(err)
			}
		}
}

// BenchmarkServe measures what the server adds to one verification and one
// signature, from the request as net/http has it to the answer.
func BenchmarkServe(b *testing.B) {
	bed := echoBed(b, func(c *ewpserver.Config) { c.Observe = nil; c.Replays = always{} })
	const n = 512
	requests := make([]*http.Request, n)
	for i := range requests {
		requests[i] = bed.request(b, form("/echo", aba).with("Accept-Signature", "rsa-sha256"))
		requests[i].RequestURI = "/echo"
	}
	sign, verify := pair(b, ownKey())
	i := 0
	against(b, func() { sign(); verify() }, func() {
		r := requests[i%n]
		i++
		r.Body, _ = r.GetBody()
		w := httptest.NewRecorder()
		bed.ServeHTTP(w, r)
		if w.Code != 200 {
			b.Fatal(w.Code, w.Body)
		}
	})
}

// BenchmarkEcho makes whole signed calls, one after the other, over one kept-alive TLS
// connection: two signatures and two verifications are the floor.
func BenchmarkEcho(b *testing.B) {
	bed := echoBed(b, func(c *ewpserver.Config) { c.Observe = nil; c.Replays = always{} })
	client := newSigner(b, partnerKey(), nil)
	verifier, err := httpsig.NewResponseVerifier(httpsig.Policy{})
	if err != nil {
		b.Fatal(err)
	}
	keys := httpsig.KeysOf(public(b, ownKey()))
	sign, verify := pair(b, ownKey())
	against(b, func() { sign(); verify(); sign(); verify() }, func() {
		r, err := http.NewRequestWithContext(context.Background(), "POST", bed.url+"/echo", strings.NewReader(aba))
		if err != nil {
			b.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		httpsig.AskSigned(r.Header)
		if err := client.SignRequest(r); err != nil {
			b.Fatal(err)
		}
		answer, err := bed.client.Do(r)
		if err != nil {
			b.Fatal(err)
		}
		body, err := io.ReadAll(answer.Body)
		answer.Body.Close()
		if err != nil || answer.StatusCode != 200 {
			b.Fatal(err, answer.StatusCode)
		}
		if _, err := verifier.Verify(context.Background(), keys, httpsig.RefOf(r), answer.Header, httpsig.Bytes(body)); err != nil {
			b.Fatal(err)
		}
	})
}

// BenchmarkIndex answers with 10 000 identifiers; the floor writes the same document
// with fmt.
func BenchmarkIndex(b *testing.B) {
	const n = 10_000
	s, err := ewpserver.New(ewpserver.Config{
		Institutions: []ewpserver.Institution{{HEI: own}}, Catalogue: catalogue(), Hosts: []string{"x"},
		Signer: newSigner(b, ownKey(), nil), Security: ewp.ClientAnonymous | ewp.RequestTLS | ewp.ResponseTLS,
	})
	if err != nil {
		b.Fatal(err)
	}
	if err := s.Handle(ewp.IIAs, "index", ewpserver.Index{Item: "iia-id", List: func(context.Context, ewpserver.Filter) iter.Seq2[string, error] {
		return func(yield func(string, error) bool) {
			for range n {
				if !yield("5e0a5bd5-2a9d-4a0a-9d4c-6f0f1f3b5b1e", nil) {
					return
				}
			}
		}
	}}); err != nil {
		b.Fatal(err)
	}
	against(b, func() {
		var w strings.Builder
		for range n {
			fmt.Fprintf(&w, "<iia-id>%s</iia-id>", "5e0a5bd5-2a9d-4a0a-9d4c-6f0f1f3b5b1e")
		}
		sha256.Sum256([]byte(w.String()))
	}, func() {
		w := httptest.NewRecorder()
		s.ServeHTTP(w, httptest.NewRequest("GET", "/iias/index", nil))
		if w.Code != 200 {
			b.Fatal(w.Code)
		}
	})
}
