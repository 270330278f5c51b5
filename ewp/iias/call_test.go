package iias_test

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/ewptest"
	"github.com/passerelle-sup/passerelle/ewp/httpsig"
)

// call asks uni-a in the name of another university, by any method, and returns the body.
func call(t *testing.T, n *ewptest.Network, as ewp.HEIID, api ewp.API, endpoint, method string, params url.Values) string {
	t.Helper()
	u, host := n.University(as.String()), n.University("uni-a.example")
	address := ""
	for r := range host.Server.Routes() {
		if r.API == api && r.Endpoint.Name == endpoint {
			address = host.URL + r.Path
		}
	}
	var body io.Reader
	if method == http.MethodGet && len(params) > 0 {
		address += "?" + params.Encode()
	}
	if method == http.MethodPost {
		body = strings.NewReader(params.Encode())
	}
	r, err := http.NewRequestWithContext(t.Context(), method, address, body)
	if err != nil {
		t.Fatal(err)
	}
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	signer, err := httpsig.NewSigner(httpsig.SignerConfig{Key: u.ClientKey, Clock: n.Clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	if err := signer.SignRequest(r); err != nil {
		t.Fatal(err)
	}
	response, err := n.HTTP().RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	if response.StatusCode != http.StatusOK {
		t.Fatalf("%s %s as %s: %s: %s", method, address, as, response.Status, answer)
	}
	return string(answer)
}
