package cvec_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/cvec"
	"github.com/passerelle-sup/passerelle/transport"
)

// FuzzAnswer: whatever is answered, a verdict comes out of it, "not found" comes out of
// the service's own 400 only, and "valid" out of a 200 only.
func FuzzAnswer(f *testing.F) {
	f.Add(200, recordBody)
	f.Add(400, []byte(`{"code":"400","message":"Attestation non trouvée"}`))
	f.Add(404, []byte(`{"code":404,"message":"Le code est manquant"}`))
	f.Add(400, []byte(`<html>`))
	f.Add(404, []byte(`{"code":"","message":""}`))
	f.Add(204, []byte(``))
	f.Add(503, []byte(`{"etat":75}`))
	f.Fuzz(func(t *testing.T, status int, body []byte) {
		if status < 200 || status > 599 {
			t.Skip("net/http takes no such status")
		}
		c, err := cvec.New(cvec.Config{BaseURL: cvec.Production, PerSecond: 1e6, Transport: transport.Config{
			Retry: transport.RetryPolicy{MaxAttempts: 1},
			Base: inProcess{http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(status)
				if w, ok := w.(*httptest.ResponseRecorder); ok {
					w.Body.Write(body)
				}
			})},
		}})
		if err != nil {
			t.Fatal(err)
		}
		v, err := c.Check(t.Context(), cvec.Question{Certificate: cvec.Certificate{Number: number}, Person: zoe, INEs: []string{"1234567890V"}})
		switch {
		case v.Outcome == cvec.Unchecked:
			t.Fatalf("status %d leaves the question unasked: %v", status, err)
		case v.Outcome == cvec.NotFound && (status != 400 || err != nil):
			t.Fatalf("status %d is not found, %v", status, err)
		case v.Outcome == cvec.Valid && (status != 200 || !v.Record.State.Valid()):
			t.Fatalf("status %d is valid in state %q", status, v.Record.State)
		case v.Outcome == cvec.ServiceDown:
			if e, ok := errors.AsType[*cvec.Error](err); !ok || errors.Is(err, passerelle.ErrNotFound) || e.HTTP != status {
				t.Fatalf("status %d: %v", status, err)
			}
		case err != nil:
			t.Fatalf("%v beside %v", v.Outcome, err)
		}
	})
}
