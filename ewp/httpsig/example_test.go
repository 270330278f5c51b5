package httpsig_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/httpsig"
)

// A host verifies a signed request and signs its answer, which the client verifies
// in turn. In a real host the keys come from the catalogue, see ewp/registry.
func Example() {
	signer := func() *httpsig.Signer {
		key, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			log.Fatal(err)
		}
		s, err := httpsig.NewSigner(httpsig.SignerConfig{Key: key})
		if err != nil {
			log.Fatal(err)
		}
		return s
	}
	client, server := signer(), signer()

	verifier, err := httpsig.NewRequestVerifier(httpsig.RequestVerifierConfig{
		Keys:    httpsig.KeysOf(client.Public()),
		Hosts:   []string{"127.0.0.1"},
		Replays: httpsig.NewReplayWindow(httpsig.ReplayConfig{}),
	})
	if err != nil {
		log.Fatal(err)
	}
	host := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ref, asked := httpsig.RefOf(r), httpsig.AsksSigned(r.Header)
		spool := httpsig.NewSpool(httpsig.SpoolConfig{})
		defer spool.Close()
		verified, err := verifier.Verify(r, spool.Receive(r.Body))
		if e, ok := err.(*httpsig.Error); ok {
			if e.Reason == httpsig.Missing {
				httpsig.Challenge(w.Header())
			}
			http.Error(w, e.Error(), e.Status())
			return
		}
		verified.Strip(r.Header)
		body, _ := io.ReadAll(spool.Reader())
		answer := fmt.Sprintf("got %q, spoofed %q", body, r.Header.Get("X-Spoofed"))
		w.Header().Set("Content-Type", "text/plain")
		if asked {
			if err := server.SignResponse(w.Header(), ref, httpsig.Bytes(answer)); err != nil {
				log.Print(err)
			}
		}
		io.WriteString(w, answer)
	}))
	defer host.Close()

	request, err := http.NewRequest("POST", host.URL+"/echo", strings.NewReader("echo=a"))
	if err != nil {
		log.Fatal(err)
	}
	httpsig.AskSigned(request.Header)
	if err := client.SignRequest(request); err != nil {
		log.Fatal(err)
	}
	ref := httpsig.RefOf(request)
	request.Header.Set("X-Spoofed", "added on the way")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		log.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		log.Fatal(err)
	}
	answers, err := httpsig.NewResponseVerifier(httpsig.Policy{})
	if err != nil {
		log.Fatal(err)
	}
	verified, err := answers.Verify(context.Background(), httpsig.KeysOf(server.Public()), ref, response.Header, httpsig.Bytes(body))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s\n", body)
	fmt.Println(verified.Key == server.Public().Fingerprint(), verified.Unsigned)
	// Output:
	// got "echo=a", spoofed ""
	// true [Content-Length Date]
}

// A KeyFinder says whether there is no such key, or whether nothing is known.
func ExampleKeyFunc() {
	loaded := false
	finder := httpsig.KeyFunc(func(ctx context.Context, id ewp.Fingerprint) (*rsa.PublicKey, error) {
		if !loaded {
			return nil, fmt.Errorf("catalogue not read yet")
		}
		return httpsig.Keys{}.FindKey(ctx, id)
	})
	verifier, err := httpsig.NewRequestVerifier(httpsig.RequestVerifierConfig{Keys: finder, Hosts: []string{"example.com"}})
	if err != nil {
		log.Fatal(err)
	}
	for range 2 {
		r := httptest.NewRequest("GET", "/ewp/echo?echo=a&echo=b&echo=a", nil)
		r.Header.Set("Date", "Tue, 05 Sep 2017 08:49:37 GMT")
		r.Header.Set("Digest", "SHA-256=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=")
		r.Header.Set("X-Request-Id", vectorRequestID)
		r.Header.Set("Authorization", "Signature "+vectorParams("(request-target) host date digest x-request-id", signature1))
		_, err := verifier.Verify(r, nil)
		fmt.Println(err.(*httpsig.Error).Status(), err)
		loaded = true
	}
	// Output:
	// 503 signature of the request: lookup: want keys to compare with
	// 403 signature of the request: key: want a client key of the registry's catalogue
}
