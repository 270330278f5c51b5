package ewpclient_test

import (
	"bytes"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/ewpclient"
	"github.com/passerelle-sup/passerelle/ewp/ewptest"
	"github.com/passerelle-sup/passerelle/ewp/httpsig"
)

// rsaWork is what a signed exchange costs at least: two signatures, two
// verifications.
func rsaWork(b *testing.B, client, server *rsa.PrivateKey) {
	hash := sha256.Sum256([]byte("echo=a"))
	for _, key := range []*rsa.PrivateKey{client, server} {
		signature, err := rsa.SignPKCS1v15(nil, key, crypto.SHA256, hash[:])
		if err == nil {
			err = rsa.VerifyPKCS1v15(&key.PublicKey, crypto.SHA256, hash[:], signature)
		}
		if err != nil {
			b.Fatal(err)
		}
	}
}

// against runs the RSA work and the call in turns and compares the quickest tenth
// of each: a call changes threads several times, and waits for a processor each time
// on a machine that does other work.
func against(b *testing.B, floor, call func()) {
	b.ReportAllocs()
	call() // opens the connection
	var floors, calls []time.Duration
	for b.Loop() {
		start := time.Now()
		floor()
		middle := time.Now()
		call()
		floors, calls = append(floors, middle.Sub(start)), append(calls, time.Since(middle))
	}
	slices.Sort(floors)
	slices.Sort(calls)
	quick, quickCall := floors[len(floors)/10], calls[len(calls)/10]
	b.ReportMetric(float64(quick), "rsa-ns/op")
	b.ReportMetric(float64(quickCall), "call-ns/op")
	b.ReportMetric(100*float64(quick)/float64(quickCall), "%rsa")
}

// BenchmarkEcho is a signed, verified and decoded echo over kept-alive TLS, both
// sides in this process, against the RSA work alone.
func BenchmarkEcho(b *testing.B) {
	b.Run("host=minimal", func(b *testing.B) {
		h := minimalHost(b)
		index := catalogue(b, []member{{
			heis: []ewp.HEIID{partner}, entries: []entry{{api: ewp.Echo, base: h.URL}}, servers: []ewp.PublicKey{public(b, serverKey())},
		}})
		cfg := ewpclient.Config{HEI: own, Catalogue: index, Signer: newSigner(b, httpsig.SignerConfig{Key: clientKey()})}
		cfg.Transport.Base = h.Client().Transport
		benchmarkEcho(b, newClient(b, cfg), partner, clientKey(), serverKey())
	})
	b.Run("host=ewpserver", func(b *testing.B) {
		n := ewptest.NewNetwork(b, ewptest.Config{})
		from, to := n.University("uni-a.example"), n.University("uni-b.example")
		benchmarkEcho(b, from.Client, to.HEI, from.ClientKey, to.ServerKey)
	})
}

func benchmarkEcho(b *testing.B, c *ewpclient.Client, hei ewp.HEIID, client, server *rsa.PrivateKey) {
	call := ewpclient.Call{HEI: hei, API: ewp.Echo, Params: url.Values{"echo": {"a", "b", "a"}}}
	against(b, func() { rsaWork(b, client, server) }, func() {
		got, err := ewpclient.Fetch[echoAnswer](b.Context(), c, call)
		if err != nil || len(got.Echo) != 3 {
			b.Fatal(got, err)
		}
	})
}

// BenchmarkEchoRate is how many signed echoes a second both sides do on all processors,
// against how often these could do the RSA work: in turns of 64, from two workers per
// processor, so that waiting for a thread counts for neither.
func BenchmarkEchoRate(b *testing.B) {
	n := ewptest.NewNetwork(b, ewptest.Config{})
	from, to := n.University("uni-a.example"), n.University("uni-b.example")
	call := ewpclient.Call{HEI: to.HEI, API: ewp.Echo, Params: url.Values{"echo": {"a", "b", "a"}}}
	turn := func(one func()) time.Duration {
		begun := time.Now()
		var left atomic.Int64
		left.Store(64)
		var workers sync.WaitGroup
		for range 2 * runtime.GOMAXPROCS(0) {
			workers.Go(func() {
				for left.Add(-1) >= 0 {
					one()
				}
			})
		}
		workers.Wait()
		return time.Since(begun)
	}
	echo := func() {
		got, err := ewpclient.Fetch[echoAnswer](b.Context(), from.Client, call)
		if err != nil || len(got.Echo) != 3 {
			b.Error(got, err)
		}
	}
	turn(echo) // opens the connections
	b.ReportAllocs()
	var floor, calls time.Duration
	for b.Loop() {
		floor += turn(func() { rsaWork(b, from.ClientKey, to.ServerKey) })
		calls += turn(echo)
	}
	b.ReportMetric(100*float64(floor)/float64(calls), "%rsa")
	b.ReportMetric(64*float64(b.N)/calls.Seconds(), "calls/s")
}

// minimalHost verifies, signs, and does nothing else.
func minimalHost(b *testing.B) *httptest.Server {
	signer := newSigner(b, httpsig.SignerConfig{Key: serverKey()})
	verifier, err := httpsig.NewRequestVerifier(httpsig.RequestVerifierConfig{
		Keys: httpsig.KeysOf(public(b, clientKey())), Hosts: []string{"127.0.0.1"},
	})
	if err != nil {
		b.Fatal(err)
	}
	text := echoed("a", "b", "a")
	h := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := verifier.Verify(r, nil); err != nil {
			b.Error(err)
		}
		w.Header().Set("Content-Type", "application/xml")
		if err := signer.SignResponse(w.Header(), httpsig.RefOf(r), httpsig.Bytes(text)); err != nil {
			b.Error(err)
		}
		io.WriteString(w, text)
	}))
	b.Cleanup(h.Close)
	return h
}

// canned answers every request with the same bytes, unsigned.
type canned []byte

func (c canned) RoundTrip(*http.Request) (*http.Response, error) {
	return &http.Response{
		StatusCode: 200, Header: http.Header{"Content-Type": {"application/xml"}},
		Body: io.NopCloser(bytes.NewReader(c)), ContentLength: int64(len(c)),
	}, nil
}

// manyAgreements is an answer of 4 000 objects.
func manyAgreements() []byte {
	var objects []string
	for i := range 4000 {
		objects = append(objects, iia(fmt.Sprintf("8f1d7a3c-%04d-4f1e-9a53-0242ac130002", i), i))
	}
	return []byte(answerOf(objects...))
}

// BenchmarkObjects decodes them one by one, under every check; its floor is the
// bare encoding/xml decoder on the same bytes.
func BenchmarkObjects(b *testing.B) {
	document := manyAgreements()
	b.Run("bare", func(b *testing.B) {
		b.ReportAllocs()
		b.SetBytes(int64(len(document)))
		for b.Loop() {
			d := xml.NewDecoder(bytes.NewReader(document))
			count := 0
			for {
				token, err := d.Token()
				if err == io.EOF {
					break
				}
				if err != nil {
					b.Fatal(err)
				}
				if start, ok := token.(xml.StartElement); ok && start.Name.Local == "iia" {
					var v agreement
					if err := d.DecodeElement(&v, &start); err != nil {
						b.Fatal(err)
					}
					count++
				}
			}
			if count != 4000 {
				b.Fatal(count)
			}
		}
	})
	b.Run("Objects", func(b *testing.B) {
		index := catalogue(b, []member{{heis: []ewp.HEIID{partner}, entries: []entry{{api: ewp.IIAs, base: "https://a.example"}}}})
		cfg := ewpclient.Config{HEI: own, Catalogue: index, Signer: newSigner(b, httpsig.SignerConfig{Key: clientKey()}), Signatures: ewpclient.SignedIfAny}
		cfg.Transport.Base = canned(document)
		a, err := newClient(b, cfg).Call(b.Context(), getIIAs)
		if err != nil {
			b.Fatal(err)
		}
		defer a.Close()
		b.ReportAllocs()
		b.SetBytes(int64(len(document)))
		for b.Loop() {
			count := 0
			for _, err := range ewpclient.Objects[agreement](a, xml.Name{Local: "iia"}) {
				if err != nil {
					b.Fatal(err)
				}
				count++
			}
			if count != 4000 {
				b.Fatal(count)
			}
		}
	})
}

// BenchmarkResolve finds an endpoint of a partner in the catalogue.
func BenchmarkResolve(b *testing.B) {
	h := newHost(b, reply{}.send)
	c := newClient(b, config(b, h, catalogue(b, members(b, h, entry{api: ewp.IIAs}, entry{api: ewp.Echo}))))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := c.Resolve(partner, ewp.IIAs, "get"); err != nil {
			b.Fatal(err)
		}
	}
}
