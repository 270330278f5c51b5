package ines_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ine"
	"github.com/passerelle-sup/passerelle/ines"
	"github.com/passerelle-sup/passerelle/ines/inestest"
	"github.com/passerelle-sup/passerelle/internal/testutil"
	"github.com/passerelle-sup/passerelle/transport"
)

// TestLeaks drives both bindings through every error path, against a service that
// repeats personal data in its messages, and looks for them in logs and errors.
func TestLeaks(t *testing.T) {
	t.Parallel()
	var leaks testutil.Leaks
	account := ines.Credentials{Username: "compte-univ", Password: "mot-de-passe-soap"}
	clientID := ines.Credentials{Username: "client-univ", Password: "secret-oauth"}
	secrets := []string{account.Username, account.Password, clientID.Username, clientID.Password, "canal-secret", rnie.String(), bea.String()}
	for _, p := range []passerelle.Person{anais, hans} {
		secrets = append(secrets, p.BirthName, p.GivenNames[0], p.BirthDate.String(), p.BirthDate.French())
	}
	leaks.Secret(t, append(secrets, anais.UsageName)...) // not the birthplaces: five digits are in any time
	logger := leaks.Logger()
	note := func(a ines.Answer, err error) {
		leaks.Error(err)
		logger.Info("answer", "answer", a, "error", err, "person", a.Person)
		var e *ines.Error
		if errors.As(err, &e) {
			logger.Info("structured", "error", slog.AnyValue(e))
			leaks.Error(fmt.Errorf("%v %s", account, clientID))
		}
		if inner, ok := errors.AsType[*transport.Error](err); ok {
			leaks.Error(inner)
			logger.Info("inner", "error", inner)
		}
	}

	bodies := map[string]string{ // what a careless service may say
		"page":  `<html>` + anais.BirthName + ` ` + rnie.String() + `</html>`,
		"cut":   `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><x>` + anais.BirthName,
		"fault": `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><s:Fault><faultcode>` + rnie.String() + `</faultcode><faultstring>` + anais.BirthName + `</faultstring></s:Fault></s:Body></s:Envelope>`,
		"code":  `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><s:Fault><faultcode>s:Server</faultcode><faultstring>` + anais.BirthName + `</faultstring><detail><erreur xmlns=""><code>né le ` + anais.BirthDate.String() + `</code></erreur></detail></s:Fault></s:Body></s:Envelope>`,
		"named": `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><` + rnieName + ` xmlns="` + rnie.String() + `"/></s:Body></s:Envelope>`,
		"answer": `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><verifierIneReponse xmlns="` + ines.ReferenceNamespace + `"><statut>CONFIRME</statut><ineMaitre>x` + rnie.String() +
			`</ineMaitre><code>` + bea.String() + `</code><message>` + anais.BirthName + `</message><sexe>` + anais.BirthName + `</sexe><dateNaissance>x` + anais.BirthDate.String() + `</dateNaissance></verifierIneReponse></s:Body></s:Envelope>`,
	}
	for name, body := range bodies {
		for _, status := range []int{200, 302, 400, 404, 500, 503} {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Type", "text/xml")
				if name == "page" {
					w.Header().Set("Content-Type", "text/html; x="+rnie.String())
				}
				w.Header().Set("Location", "/"+rnie.String()+"?nom="+anais.GivenNames[0])
				w.WriteHeader(status)
				_, _ = io.WriteString(w, body)
			}))
			c, err := ines.NewSOAP(ines.SOAPConfig{
				Contract: ines.ReferenceContract(), Endpoint: server.URL + "/" + rnie.String(),
				Transport: transport.Config{Retry: transport.RetryPolicy{MaxAttempts: 2, MinWait: time.Microsecond, MaxWait: time.Millisecond}, Logger: logger},
			})
			if err != nil {
				t.Fatal(err)
			}
			for _, op := range soapOperations {
				a, _, err := ask(t.Context(), c, op)
				if op == ines.OpVerify && err == nil {
					t.Errorf("%s, %d: no error", name, status)
				}
				note(a, err)
			}
			server.Close()
		}
	}

	for _, fault := range inestest.AllFaults() {
		s := inestest.NewServer(t, inestest.Config{Account: account, Client: clientID, Channel: "canal-secret", Faults: inestest.Faults{Delay: time.Second}})
		add(t, s, anais, rnie, bea)
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		quickly := func(c *transport.Config) {
			c.Logger = logger
			c.Retry = transport.RetryPolicy{MaxAttempts: 2, MinWait: time.Microsecond, MaxWait: time.Millisecond}
			if fault == inestest.Slow {
				c.AttemptTimeout = 20 * time.Millisecond
			}
		}
		for _, op := range soapOperations {
			s.Script(op, fault, fault)
			a, _, err := ask(ctx, soapClient(t, s, func(c *ines.SOAPConfig) { quickly(&c.Transport) }), op)
			note(a, err)
		}
		for _, op := range []ines.Operation{inestest.OpToken, ines.OpVerify} {
			s.Script(op, fault, fault)
			note(restClient(t, s, func(c *ines.RESTConfig) { quickly(&c.Transport) }).Verify(ctx, rightPair))
			note(restClient(t, s, func(c *ines.RESTConfig) { quickly(&c.Transport); c.Password = "secret-oauth-faux" }).Verify(ctx, wrongPair))
		}
		cancel()
	}

	s := inestest.NewServer(t, inestest.Config{})
	c := soapClient(t, s)
	broken := anais
	broken.BirthName, broken.Birthplace.Commune, broken.BirthDate.Month = "Lefèvre3-d'Œuilly", "6748", 40
	_, err := c.Register(t.Context(), ines.RegisterRequest{Student: anais.BirthName, Person: broken, UAI: lorrain})
	note(ines.Answer{}, err)
	latin := soapClient(t, s, func(c *ines.SOAPConfig) { c.Contract.Charset = "ISO-8859-1" })
	_, err = latin.Search(t.Context(), ines.SearchRequest{Person: anais})
	note(ines.Answer{}, err)
	if _, err := ine.Parse("x" + rnie.String()); err != nil {
		leaks.Error(err)
	}

	if log := leaks.Log(); !strings.Contains(log, "ines.verification") || !strings.Contains(log, "outcome") {
		t.Error("the log lacks what it should have: the check would prove nothing")
	}
	leaks.Check(t)
}

// rnieName is an element name that repeats a number.
var rnieName = "n" + rnie.String()
