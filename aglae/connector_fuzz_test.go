package aglae_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/beevik/etree"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/aglae"
	"github.com/passerelle-sup/passerelle/ine"
	"github.com/passerelle-sup/passerelle/transport"
)

// tripper answers every request with the same bytes.
type tripper struct {
	status int
	kind   string
	body   []byte
}

func (r tripper) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Body != nil {
		_ = req.Body.Close()
	}
	return &http.Response{
		StatusCode: r.status, Header: http.Header{"Content-Type": {r.kind}}, Body: http.NoBody, ContentLength: 0, Request: req, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
	}, nil
}

// body is a tripper with its bytes.
type bodyTripper struct{ tripper }

func (r bodyTripper) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := r.tripper.RoundTrip(req)
	if err == nil {
		resp.Body, resp.ContentLength = readCloser{bytes.NewReader(r.body)}, int64(len(r.body))
	}
	return resp, err
}

type readCloser struct{ *bytes.Reader }

func (readCloser) Close() error { return nil }

// FuzzAnswer gives any bytes as the answer of the service. A yes needs the word of the
// contract at its place; whatever else comes is a wait or no answer, and a message never
// stands in the text of an error.
func FuzzAnswer(f *testing.F) {
	envelope := func(inside string) []byte {
		return []byte(`<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>` + inside + `</s:Body></s:Envelope>`)
	}
	answer := func(inside string) []byte {
		return envelope(`<a:interrogerBourseReponse xmlns:a="` + aglae.ReferenceNamespace + `">` + inside + `</a:interrogerBourseReponse>`)
	}
	f.Add(200, "text/xml", answer(`<a:reponse>BOURSIER</a:reponse>`))
	f.Add(200, "text/xml", answer(`<reponse>ATTENTE</reponse><code>1</code>`))
	f.Add(200, "text/xml", answer(`<a:reponse>NON-BOURSIER</a:reponse>`))
	f.Add(200, "text/xml; charset=iso-8859-1", answer(`<a:reponse/>`))
	f.Add(500, "text/xml", envelope(`<s:Fault><faultcode>s:Server</faultcode><faultstring>223456789HE</faultstring></s:Fault>`))
	f.Add(500, "text/xml", envelope(`<s:Fault><faultcode>s:Client</faultcode><faultstring>x</faultstring><detail><erreur xmlns="x"><code>INVENTE-NUMERO</code></erreur></detail></s:Fault>`))
	f.Add(200, "text/html", []byte(`<html>`))
	f.Add(404, "", []byte(nil))
	f.Fuzz(func(t *testing.T, status int, kind string, body []byte) {
		if status < 200 || status > 599 || strings.ContainsAny(kind, "\r\n") {
			return
		}
		client, err := aglae.NewSOAP(aglae.SOAPConfig{
			Contract: aglae.ReferenceContract(), Endpoint: "https://aglae.invalid/",
			Transport: transport.Config{Base: bodyTripper{tripper{status, kind, body}}, Retry: transport.RetryPolicy{MaxAttempts: 1}},
		})
		if err != nil {
			t.Fatal(err)
		}
		a, err := client.Ask(t.Context(), askedQuery)
		switch a.Verdict {
		case aglae.Holder:
			if err != nil || !bytes.Contains(body, []byte("BOURSIER")) && !bytes.Contains(body, []byte("&#")) && !bytes.Contains(body, []byte("CDATA")) && len(kind) == 0 {
				t.Errorf("a yes out of %q, %v", body, err)
			}
		case aglae.Wait:
			if err != nil || len(a.Causes) != 4 {
				t.Errorf("a wait with %v, %v", a.Causes, err)
			}
		case aglae.Unavailable:
			if err == nil || len(a.Causes) != 1 {
				t.Errorf("no answer with %v, %v", a.Causes, err)
			}
		case aglae.Undetermined:
			t.Error("no verdict at all")
		}
		if err != nil && a.Message != "" && len(a.Message) > 12 && strings.Contains(err.Error(), a.Message) {
			t.Errorf("the words of the service stand in %v", err)
		}
		if a.Verdict != aglae.Holder && !a.AskPaper() {
			t.Error("the paper is not asked for")
		}
	})
}

// FuzzQuestion reads any XML as a question, strictly; what is read writes itself again.
func FuzzQuestion(f *testing.F) {
	for _, c := range otherContracts() {
		codec, err := aglae.NewCodec(c)
		if err != nil {
			f.Fatal(err)
		}
		text, err := etree.NewDocumentWithRoot(codec.EncodeQuestion(askedQuery)).WriteToString()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	codec, err := aglae.NewCodec(otherContracts()["nested"])
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string) {
		doc := etree.NewDocument()
		if doc.ReadFromString(text) != nil || doc.Root() == nil {
			return
		}
		q, err := codec.DecodeQuestion(doc.Root())
		if err != nil {
			if !errors.Is(err, passerelle.ErrInvalid) {
				t.Errorf("got %v, want invalid", err)
			}
			return
		}
		back, err := codec.DecodeQuestion(codec.EncodeQuestion(q))
		if err != nil || back != q {
			t.Errorf("%+v came back as %+v, %v", q, back, err)
		}
	})
}

// FuzzContractFromWSDL reads any WSDL and any mapping.
func FuzzContractFromWSDL(f *testing.F) {
	mapping, err := json.Marshal(referenceMapping())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(aglae.ReferenceWSDL(), mapping)
	f.Add([]byte(strings.ReplaceAll(string(aglae.ReferenceWSDL()), `type="xs:string"`, `type="inv:x"`)), mapping)
	f.Fuzz(func(t *testing.T, document, mapping []byte) {
		var m aglae.Mapping
		if json.Unmarshal(mapping, &m) != nil {
			return
		}
		c, err := aglae.ContractFromWSDL(document, m)
		if err != nil {
			if !errors.Is(err, passerelle.ErrInvalid) && !errors.Is(err, passerelle.ErrProtocol) {
				t.Errorf("got %v, want invalid", err)
			}
			return
		}
		codec, err := aglae.NewCodec(c)
		if err != nil {
			t.Fatalf("a contract that is none: %v", err)
		}
		for word, v := range c.Words {
			if v != aglae.Holder && v != aglae.Wait {
				t.Errorf("%q means %v", word, v)
			}
		}
		_ = codec.EncodeQuestion(askedQuery)
	})
}

// FuzzEvent reads any bytes as an event and as the answer to one.
func FuzzEvent(f *testing.F) {
	body, err := aglae.ReferenceEncoding().Encode(enrolled())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(body)
	f.Add([]byte(`{"schema":"` + aglae.ReferenceEventSchema + `","cas":"A","reference":"1"}`))
	f.Add([]byte(`{"code":"X","message":"223456789HE"}`))
	f.Add([]byte(``))
	f.Fuzz(func(t *testing.T, body []byte) {
		e, err := aglae.DecodeReferenceEvent(body)
		switch {
		case err == nil:
			again, err := aglae.ReferenceEncoding().Encode(e)
			if err != nil {
				t.Fatal(err)
			}
			if back, err := aglae.DecodeReferenceEvent(again); err != nil || back != e {
				t.Errorf("%+v came back as %+v, %v", e, back, err)
			}
		case !errors.Is(err, passerelle.ErrInvalid):
			t.Errorf("got %v, want invalid", err)
		}
		for _, status := range []int{201, 404, 500} {
			n, err := aglae.NewOLAFE(aglae.EventsConfig{
				URL: "https://olafe.invalid", Encoding: aglae.ReferenceEncoding(),
				Transport: transport.Config{Base: bodyTripper{tripper{status, "application/json", body}}, Retry: transport.RetryPolicy{MaxAttempts: 1}},
			})
			if err != nil {
				t.Fatal(err)
			}
			r, err := n.Notify(t.Context(), enrolled())
			if err != nil && r.Case != aglae.CaseUnknown {
				t.Errorf("a case beside an error: %v, %v", r.Case, err)
			}
			if status != 201 && err == nil {
				t.Errorf("%d is a success", status)
			}
		}
	})
}

// FuzzReadEligibility reads any bytes as a table.
func FuzzReadEligibility(f *testing.F) {
	f.Add([]byte("regime;programme;version;eligible;level\n1;L1;*;oui;01\n"))
	f.Add([]byte("\ufeffregime;programme;version;eligible;level\n\"1;L1\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		table, err := aglae.ReadEligibility(bytes.NewReader(data))
		if err != nil {
			if !errors.Is(err, passerelle.ErrInvalid) {
				t.Errorf("got %v, want invalid", err)
			}
			return
		}
		for _, row := range table {
			if row.Eligible == aglae.EligibilityUnknown || row.Regime == "" || row.Programme == "" || row.Version == "" {
				t.Errorf("a rule that says nothing: %+v", row)
			}
		}
	})
}

// FuzzLikeness compares any two texts: both ways alike, equal ones only the same, and
// a suggestion only where the key is right.
func FuzzLikeness(f *testing.F) {
	f.Add("223456789HE", "223456780HE")
	f.Add("223456789HE", " 2234 56789he")
	f.Add("", "é")
	f.Fuzz(func(t *testing.T, a, b string) {
		ab, ba := aglae.LikenessOf(a, b), aglae.LikenessOf(b, a)
		if ab.Slip != ba.Slip || ab.Pos != ba.Pos || ab.Mistyped() != ba.Mistyped() {
			t.Errorf("%q and %q: %+v one way, %+v the other", a, b, ab, ba)
		}
		if same := aglae.LikenessOf(a, a); same.Slip != aglae.Same || same.Mistyped() {
			t.Errorf("%q and itself: %+v", a, same)
		}
		if ab.Right == aglae.RightINE {
			if _, err := ine.ParseStrict(a); err != nil {
				t.Errorf("%q is said to have the right key: %v", a, err)
			}
		}
		for row, err := range aglae.CheckNumbers(seq(aglae.Registration{Student: "S", INE: a, GrantNumber: b}), aglae.NumberOptions{}) {
			if err != nil || row.Reason.Text(aglae.French) == row.Reason.Key {
				t.Errorf("%q and %q: %v has no words (%v)", a, b, row.Reason.Key, err)
			}
		}
	})
}
