package main

import (
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/cnr"
	"github.com/passerelle-sup/passerelle/ewp/ewpclient"
	"github.com/passerelle-sup/passerelle/ewp/httpsig"
	"github.com/passerelle-sup/passerelle/ewp/iias"
	"github.com/passerelle-sup/passerelle/ewp/registry"
	"github.com/passerelle-sup/passerelle/transport"
)

// TestStranger: with nothing but what is printed, a program is a member of the network:
// it finds a partner, signs, verifies the answer, and its notification arrives.
func TestStranger(t *testing.T) {
	t.Parallel()
	lines := program(t)
	read := func(service, key string) []byte {
		data, err := os.ReadFile(lines[service][key].(string))
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(read("ewp", "ca")) {
		t.Fatal("the file of the authority has no certificate")
	}
	base := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}, DisableCompression: true}
	t.Cleanup(base.CloseIdleConnections)
	block, _ := pem.Decode(read("sis.example", "client_key"))
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := httpsig.NewSigner(httpsig.SignerConfig{Key: key.(*rsa.PrivateKey)})
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.Get(lines["ewp"]["url"].(string))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	catalogue, err := registry.Parse(resp.Body, registry.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	sis, partner := ewp.MustParseHEIID("sis.example"), ewp.MustParseHEIID("uni-a.example")
	client, err := ewpclient.New(ewpclient.Config{HEI: sis, Catalogue: catalogue, Signer: signer, Transport: transport.Config{Base: base}})
	if err != nil {
		t.Fatal(err)
	}
	answer, err := client.Call(t.Context(), ewpclient.Call{HEI: partner, API: ewp.Echo})
	if err != nil {
		t.Fatal(err)
	}
	if err := answer.Close(); err != nil || !answer.Signed {
		t.Errorf("signed: %v, %v", answer.Signed, err)
	}
	agreements, ids := iias.NewClient(client), 0
	for id, err := range agreements.Index(t.Context(), iias.IndexRequest{HEI: partner}) {
		if err != nil {
			t.Fatal(err)
		}
		ids++
		change := cnr.Change{Route: cnr.Route{From: sis, To: partner, API: ewp.IIACNR}, ID: id}
		if err := agreements.Notify(t.Context(), change); err != nil {
			t.Fatal(err)
		}
	}
	if ids == 0 {
		t.Error("the partner has no agreement with the student system's university")
	}
	state := body(t, lines["control"]["url"].(string)+"/uni-a.example/state", nil)
	if want := `"agreements":[["sis.example","iia-cnr",`; !strings.Contains(state, want) {
		t.Errorf("the notification did not arrive: %s", state)
	}
}
