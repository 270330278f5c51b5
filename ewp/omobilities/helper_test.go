package omobilities_test

import (
	"bytes"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/ewpclient"
	"github.com/passerelle-sup/passerelle/ewp/ewpserver"
	"github.com/passerelle-sup/passerelle/ewp/ewptest"
	"github.com/passerelle-sup/passerelle/ewp/httpsig"
)

// ask sends a request in the name of an institution, whatever the endpoint expects, and
// returns all that comes back.
func ask(t *testing.T, n *ewptest.Network, by ewp.HEIID, route ewpserver.Route, method string, params url.Values, doc []byte) (status int, text string) {
	t.Helper()
	address := n.University(route.HEI.String()).URL + route.Path
	var body io.Reader
	contentType := ""
	switch {
	case doc != nil:
		body, contentType = bytes.NewReader(doc), "text/xml; charset=UTF-8"
	case method == http.MethodPost || method == http.MethodPut:
		body, contentType = strings.NewReader(params.Encode()), "application/x-www-form-urlencoded"
	default:
		address += "?" + params.Encode()
	}
	r, err := http.NewRequestWithContext(t.Context(), method, address, body)
	if err != nil {
		t.Fatal(err)
	}
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	signer, err := httpsig.NewSigner(httpsig.SignerConfig{Key: n.University(by.String()).ClientKey})
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
	var all bytes.Buffer
	if err := response.Header.Write(&all); err != nil {
		t.Fatal(err)
	}
	if _, err := all.ReadFrom(response.Body); err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, all.String()
}

// body returns the document of an answer.
func body(t *testing.T, a *ewpclient.Answer) string {
	t.Helper()
	r, err := a.Open()
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
