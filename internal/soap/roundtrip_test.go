package soap_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/beevik/etree"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/internal/soap"
)

const invented = "urn:invented:immatriculation"

// call sends a message over loopback and decodes the answer.
func call(t *testing.T, o *soap.Options, url, action string, body *etree.Element) (*soap.Envelope, error) {
	t.Helper()
	msg, err := o.EncodeRequest(t.Context(), action, body)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(string(msg.Body)))
	if err != nil {
		t.Fatal(err)
	}
	req.Header = msg.Header
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return o.DecodeResponse(resp.Header.Get("Content-Type"), resp.StatusCode, data)
}

// echo answers each name it is given, and faults at some of them.
func echo(o soap.Operation) soap.Handler {
	return func(_ context.Context, r *soap.Request) (*etree.Element, error) {
		n := o.Read(r.Body, true)
		name := n.Child("nom").String()
		switch name {
		case "faute":
			return nil, soap.NewFault("Client", "no such student: 081768862AE", etree.NewElement("code"))
		case "panne":
			return nil, errors.New("password of the database is s3cret")
		}
		answer := soap.Operation{Name: o.Name + "Response", Namespace: o.Namespace, Qualified: o.Qualified}
		return answer.Element(
			soap.Field{Name: "nom", Value: name},
			soap.Field{Name: "action", Value: r.Action},
			soap.Field{Name: "usage", IfEmpty: soap.Nil},
		), nil
	}
}

func TestRoundTrip(t *testing.T) {
	t.Parallel()
	const letters = "Éléonore Œillet-Ÿse 5 € d'Haÿ & <fils>"
	for _, version := range []soap.Version{soap.V11, soap.V12} {
		for _, charset := range []string{"", "UTF-8", "ISO-8859-15", "windows-1252"} {
			for _, qualified := range []bool{false, true} {
				t.Run(version.String()+" "+charset, func(t *testing.T) {
					t.Parallel()
					op := soap.Operation{Name: "verifier", Namespace: invented, Qualified: qualified}
					srv := &soap.Server{Charset: charset}
					srv.Handle(invented, "verifier", echo(op))
					web := httptest.NewServer(srv)
					defer web.Close()
					o := &soap.Options{Version: version, Charset: charset}

					env, err := call(t, o, web.URL, "urn:verifier", op.Element(soap.Field{Name: "nom", Value: letters}))
					if err != nil {
						t.Fatal(err)
					}
					if env.Version != version {
						t.Errorf("version of the answer: %v, want %v", env.Version, version)
					}
					n := op.Read(env.Body, true)
					if got := n.Child("nom").String(); got != letters {
						t.Errorf("name came back as %q, want %q", got, letters)
					}
					if got := n.Child("action").String(); got != "urn:verifier" {
						t.Errorf("action arrived as %q", got)
					}
					if usage := n.Child("usage"); !usage.IsNil() {
						t.Errorf("usage is not nil: %v", usage)
					}

					_, err = call(t, o, web.URL, "", op.Element(soap.Field{Name: "nom", Value: "faute"}))
					f, ok := errors.AsType[*soap.Fault](err)
					if !ok {
						t.Fatalf("error %v, want a *soap.Fault", err)
					}
					wantStatus := map[soap.Version]int{soap.V11: 500, soap.V12: 400}[version]
					if !f.Client() || f.Server() || f.Status != wantStatus || f.Version != version {
						t.Errorf("fault %+v, status %d, want one of the client with %d", f, f.Status, wantStatus)
					}
					if f.Reason != "no such student: 081768862AE" || strings.Contains(f.Error(), "081768862AE") {
						t.Errorf("reason %q, error text %q", f.Reason, f.Error())
					}
					if f.Detail == nil || f.Detail.SelectElement("code") == nil {
						t.Errorf("the detail of the fault is lost")
					}
					if !errors.Is(err, passerelle.ErrInvalid) || passerelle.OutcomeOf(err) != passerelle.Answered {
						t.Errorf("taxonomy of %v: outcome %v", err, passerelle.OutcomeOf(err))
					}

					_, err = call(t, o, web.URL, "", op.Element(soap.Field{Name: "nom", Value: "panne"}))
					f, ok = errors.AsType[*soap.Fault](err)
					if !ok || !f.Server() || f.Status != 500 || !errors.Is(err, passerelle.ErrUnavailable) {
						t.Fatalf("error %v, want a fault of the server", err)
					}
					if strings.Contains(f.Reason, "s3cret") {
						t.Errorf("the server told its inner error: %q", f.Reason)
					}
				})
			}
		}
	}
}
