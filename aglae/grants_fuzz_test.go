package aglae_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/passerelle-sup/passerelle/aglae"
	"github.com/passerelle-sup/passerelle/transport"
)

// canned answers every request in one way, without a network.
type canned struct {
	status int
	body   []byte
	header http.Header
}

func (c canned) RoundTrip(*http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	for name, values := range c.header {
		w.Header()[name] = values
	}
	w.WriteHeader(c.status)
	w.Body.Write(c.body)
	return w.Result(), nil
}

func (c canned) transport() transport.Config {
	return transport.Config{Base: c, Retry: transport.RetryPolicy{MaxAttempts: 1}}
}

// FuzzCnousAnswer: whatever the Cnous answers, "no" comes out of its own word in a 200
// only, and "not found" out of its own 404 only.
func FuzzCnousAnswer(f *testing.F) {
	f.Add(200, []byte(cnousStudentWith("1234567890V")))
	f.Add(200, []byte(`[{"lastName":"A"},{"lastName":"B"}]`))
	f.Add(404, []byte(`{"description":"Étudiant(e) non trouvé(e)","code":404}`))
	f.Add(404, []byte(`{"timestamp":"x","status":404,"error":"Not Found","message":"No message available"}`))
	f.Add(403, []byte(`{}`))
	f.Add(204, []byte(``))
	f.Add(500, []byte(`{"lastName":"A","boursier":false}`))
	f.Fuzz(func(t *testing.T, status int, body []byte) {
		if status < 200 || status > 599 {
			t.Skip("net/http takes no such status")
		}
		grants, err := aglae.NewCnousGrants(aglae.CnousConfig{
			BaseURL: aglae.CnousPreproduction, Tokens: transport.StaticToken("x"), Transport: canned{status: status, body: body}.transport(),
		})
		if err != nil {
			t.Fatal(err)
		}
		g, err := grants.GrantByINE(t.Context(), aglae.INEGrantQuery{INE: "1234567890V"})
		_, known := g.Finding.Holds()
		switch {
		case known && (status != 200 || err != nil || g.Cnous == nil):
			t.Fatalf("status %d: %v, %v", status, g.Finding, err)
		case g.Finding == aglae.GrantStudentUnknown && (status != 404 || err == nil):
			t.Fatalf("status %d: %v, %v", status, g.Finding, err)
		case !known && err == nil && g.Cnous == nil:
			t.Fatalf("status %d: nothing is said, not even why", status)
		}
	})
}

// FuzzCnousToken: a token is one that can be sent, or an error says why not.
func FuzzCnousToken(f *testing.F) {
	f.Add([]byte(`{"access_token":"a.b.c","expires_in":7200}`), "", false)
	f.Add([]byte(`{"access_token":"a\nb","expires_in":-1}`), "", false)
	f.Add([]byte(`{"expires_in":1e300}`), "Bearer x", false)
	f.Add([]byte(``), "Bearer a.b.c", true)
	f.Add([]byte(``), "a b", true)
	f.Fuzz(func(t *testing.T, body []byte, header string, legacy bool) {
		c := aglae.CnousCredentials{
			TokenURL: aglae.CnousPreproductionToken, ClientID: "a", ClientSecret: "b",
			Transport: canned{status: 200, body: body, header: http.Header{"Authorization": {header}}}.transport(),
		}
		if legacy {
			c.LegacyEnv = "PPD"
		}
		tokens, err := aglae.NewCnousTokens(c)
		if err != nil {
			t.Fatal(err)
		}
		token, err := tokens.Token(t.Context())
		if (err == nil) == (token == "") {
			t.Fatalf("%q beside %v", token, err)
		}
		for _, r := range token {
			if r <= ' ' || r >= 0x7f {
				t.Fatalf("token %q", token)
			}
		}
	})
}
