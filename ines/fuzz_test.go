package ines_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"testing"
	"time"

	"github.com/beevik/etree"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ines"
	"github.com/passerelle-sup/passerelle/internal/testutil"
	"github.com/passerelle-sup/passerelle/transport"
)

// canned answers every request with the same bytes.
type canned struct {
	status int
	kind   string
	body   []byte
}

func (c canned) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{
		StatusCode: c.status, Header: http.Header{"Content-Type": {c.kind}}, Body: io.NopCloser(bytes.NewReader(c.body)),
		ContentLength: int64(len(c.body)), Request: r, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
	}, nil
}

var once = transport.RetryPolicy{MaxAttempts: 1}

func envelope(tb testing.TB, el *etree.Element) []byte {
	tb.Helper()
	return []byte(`<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>` + string(text(tb, el)) + `</s:Body></s:Envelope>`)
}

// FuzzSOAPAnswer gives the client any bytes as the answer to a registration: what
// it takes for an answer must be usable, and everything else must be an error that
// does not claim that nothing happened.
func FuzzSOAPAnswer(f *testing.F) {
	codec := newCodec(f, ines.ReferenceContract())
	for _, answers := range sampleAnswers() {
		for i := range answers {
			answers[i].Operation = ines.OpRegister
		}
		el, err := codec.EncodeAnswer(ines.OpRegister, answers...)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(200, "text/xml; charset=utf-8", envelope(f, el))
	}
	f.Add(500, "text/xml", []byte(`<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><s:Fault><faultcode>s:Server</faultcode><faultstring>non</faultstring><detail><erreur><code>INVENTE-DROIT</code></erreur></detail></s:Fault></s:Body></s:Envelope>`))
	f.Add(503, "text/html", []byte(`<html>maintenance</html>`))
	f.Add(200, "application/soap+xml", []byte(`<?xml version="1.0" encoding="ISO-8859-1"?><!DOCTYPE x [<!ENTITY e "é">]><x>&e;</x>`))
	f.Fuzz(func(t *testing.T, status int, kind string, body []byte) {
		if status < 200 || status > 599 {
			return
		}
		c, err := ines.NewSOAP(ines.SOAPConfig{
			Contract: ines.ReferenceContract(), Endpoint: "http://ines.invalid/",
			Transport: transport.Config{Base: canned{status, kind, body}, Retry: once},
		})
		if err != nil {
			t.Fatal(err)
		}
		a, _, err := ask(t.Context(), c, ines.OpRegister)
		switch {
		case err == nil && a.Status == "":
			t.Error("an answer without status")
		case err == nil && a.Status == ines.StatusConfirmed && a.Master.IsZero():
			t.Error("a confirmation without INE maître")
		case err != nil && passerelle.OutcomeOf(err) == passerelle.NotSent:
			t.Errorf("not sent, although an answer came: %v", err)
		case err != nil && status < 300 && passerelle.OutcomeOf(err) == passerelle.Answered && !bytes.Contains(body, []byte("Fault")) && !bytes.Contains(body, []byte("INVENTE")):
			t.Errorf("refused, although no fault and no code of the contract came: %v", err)
		}
	})
}

// FuzzRESTAnswer gives the client any bytes as the answer to a verification.
func FuzzRESTAnswer(f *testing.F) {
	f.Add(200, "application/json", []byte(`{"ineMaitre":"223456789HE","nomFamille":"Müller","sexe":"H","dateNaissance":"2005-03-14","lieuNaissance":"67482","etatDemande":["VALIDÉ"]}`))
	f.Add(404, "application/json", []byte(`{"code":"404","message":"inconnu"}`))
	f.Add(200, "text/html", []byte(`<html>`))
	f.Fuzz(func(t *testing.T, status int, kind string, body []byte) {
		if status < 200 || status > 599 {
			return
		}
		base := roundTripper(func(r *http.Request) (*http.Response, error) {
			if r.URL.Path == ines.TokenPath {
				return canned{200, "application/json", []byte(`{"access_token":"jeton","token_type":"Bearer"}`)}.RoundTrip(r)
			}
			return canned{status, kind, body}.RoundTrip(r)
		})
		c, err := ines.NewREST(ines.RESTConfig{BaseURL: "http://ines.invalid", Username: "u", Password: "p", Channel: "c", Transport: transport.Config{Base: base, Retry: once}})
		if err != nil {
			t.Fatal(err)
		}
		a, err := c.Verify(t.Context(), rightPair)
		if err != nil {
			return
		}
		found := status >= 200 && status < 300
		if found != (a.Status == ines.StatusConfirmed) || !found && (a.Status != ines.StatusUnknown || status != 400 && status != 404) {
			t.Errorf("status %d taken for %s", status, a.Status)
		}
	})
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// FuzzDecodeRequest checks that what the strict side accepts is what the contract writes.
func FuzzDecodeRequest(f *testing.F) {
	codec := newCodec(f, ines.ReferenceContract())
	for _, r := range sampleRequests() {
		el, err := codec.EncodeRequest(r)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text(f, el))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		doc := etree.NewDocument()
		if doc.ReadFromBytes(data) != nil || doc.Root() == nil {
			return
		}
		r, err := codec.DecodeRequest(doc.Root())
		if err != nil {
			return
		}
		el, err := codec.EncodeRequest(r)
		if err != nil {
			t.Fatal(err)
		}
		again, err := codec.DecodeRequest(el)
		if err != nil {
			t.Fatal(err)
		}
		if follow, ok := r.(ines.FollowUpRequest); ok { // written in whole seconds
			follow.Since = follow.Since.Truncate(time.Second).UTC()
			r = follow
		}
		testutil.Equal(t, "request", again, r, wireOptions...)
	})
}

// FuzzContractFromWSDL makes contracts of any WSDL and mapping: one that is made
// must be whole, and write what it reads.
func FuzzContractFromWSDL(f *testing.F) {
	mapping, err := json.Marshal(referenceMapping())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(ines.ReferenceWSDL(), mapping)
	school, err := os.ReadFile("testdata/school.wsdl")
	if err != nil {
		f.Fatal(err)
	}
	schoolMapping, err := os.ReadFile("testdata/school.json")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(school, schoolMapping)
	f.Add(school, mapping)
	f.Fuzz(func(t *testing.T, wsdl, mapping []byte) {
		var m ines.Mapping
		if json.Unmarshal(mapping, &m) != nil {
			return
		}
		c, err := ines.ContractFromWSDL(wsdl, m)
		if err != nil {
			return
		}
		codec, err := ines.NewCodec(c)
		if err != nil {
			t.Fatalf("a contract was made that is refused: %v", err)
		}
		for _, op := range codec.Operations() {
			for _, r := range sampleRequests() {
				if r.Operation() != op {
					continue
				}
				el, err := codec.EncodeRequest(r)
				if err != nil {
					continue // several request ids where one fits
				}
				if _, err := codec.DecodeRequest(el); err != nil {
					t.Errorf("%s: cannot read what it writes: %v", op, err)
				}
			}
		}
	})
}
