package aglae_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/aglae"
	"github.com/passerelle-sup/passerelle/aglae/aglaetest"
	"github.com/passerelle-sup/passerelle/internal/testutil"
	"github.com/passerelle-sup/passerelle/transport"
)

func TestCredentials(t *testing.T) {
	t.Parallel()
	account := aglae.Credentials{Username: "univ", Password: "secret"}
	s := aglaetest.NewServer(t, aglaetest.Config{Account: account, Files: []aglaetest.File{fileOf(askedINE, aglaetest.Definitive)}})
	for name, tc := range map[string]struct {
		change func(*aglae.SOAPConfig)
		want   aglae.Verdict
	}{
		"basic":          {func(*aglae.SOAPConfig) {}, aglae.Holder},
		"wrong password": {func(c *aglae.SOAPConfig) { c.Contract.Basic = &aglae.Credentials{Username: "univ", Password: "x"} }, aglae.Unavailable},
		"none":           {func(c *aglae.SOAPConfig) { c.Contract.Basic = nil }, aglae.Unavailable},
		"token": {func(c *aglae.SOAPConfig) {
			c.Contract.Basic, c.Contract.Header = nil, aglae.UsernameToken(account, false)
		}, aglae.Holder},
		"digest": {func(c *aglae.SOAPConfig) {
			c.Contract.Basic, c.Contract.Header = nil, aglae.UsernameToken(account, true)
		}, aglae.Holder},
	} {
		a, err := soapClient(t, s, tc.change).Ask(t.Context(), askedQuery)
		if a.Verdict != tc.want {
			t.Errorf("%s: got %v, %v, want %v", name, a.Verdict, err, tc.want)
		}
		if tc.want == aglae.Unavailable && a.Causes[0] != aglae.CauseNoAccess {
			t.Errorf("%s: the cause is %v", name, a.Causes)
		}
	}
	// A nonce is good once: the second attempt has a new one.
	s.Script(aglaetest.OpAsk, aglaetest.AnswerLost)
	a, err := soapClient(t, s, func(c *aglae.SOAPConfig) {
		c.Contract.Basic, c.Contract.Header = nil, aglae.UsernameToken(account, true)
	}).Ask(t.Context(), askedQuery)
	if a.Verdict != aglae.Holder {
		t.Errorf("after a lost answer: %v, %v", a.Verdict, err)
	}
	if text := fmt.Sprint(account, &account); strings.Contains(text, "secret") {
		t.Errorf("printed: %s", text)
	}
}

func TestConfigFaults(t *testing.T) {
	t.Parallel()
	_, err := aglae.NewConnector(aglae.ConnectorConfig{})
	wantFields(t, "connector", err, "Binding", "Log")
	_, err = aglae.NewSOAP(aglae.SOAPConfig{})
	wantFields(t, "soap", err, "Contract.SOAP", "Contract.Namespace", "Contract.Request", "Contract.Response", "Contract.Fields", "Contract.Verdict", "Contract.Words", "Endpoint")
	_, err = aglae.NewSOAP(aglae.SOAPConfig{Contract: aglae.ReferenceContract(), Endpoint: "ftp://x", Transport: transport.Config{MaxBody: -1}})
	wantFields(t, "addresses", err, "Endpoint", "Transport.MaxBody")
	c := aglae.ReferenceContract()
	c.Basic = &aglae.Credentials{Username: "u"}
	_, err = aglae.NewSOAP(aglae.SOAPConfig{Contract: c, Endpoint: "https://x.invalid", Token: transport.StaticToken("t")})
	wantFields(t, "both credentials", err, "Token")
	_, err = aglae.NewEvents(aglae.EventsConfig{})
	wantFields(t, "events", err, "URL", "Encoding.Encode")
}

// wantFields checks the fields of passerelle.FieldErrors.
func wantFields(t *testing.T, what string, err error, want ...string) {
	t.Helper()
	faults, ok := errors.AsType[passerelle.FieldErrors](err)
	if !ok {
		t.Errorf("%s: got %v, want FieldErrors", what, err)
		return
	}
	var fields []string
	for _, f := range faults {
		fields = append(fields, f.Field)
	}
	testutil.Equal(t, what, fields, want)
}
