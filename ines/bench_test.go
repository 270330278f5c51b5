package ines_test

import (
	"bytes"
	"encoding/xml"
	"io"
	"net/http"
	"testing"

	"github.com/passerelle-sup/passerelle/ines"
	"github.com/passerelle-sup/passerelle/ines/inestest"
	"github.com/passerelle-sup/passerelle/transport"
)

// rawAnswer is the answer to a verification, for the floor.
type rawAnswer struct {
	Body struct {
		Answer struct {
			Status     string   `xml:"statut"`
			Master     string   `xml:"ineMaitre"`
			Alternates []string `xml:"ineAlternatif"`
		} `xml:"verifierIneReponse"`
	} `xml:"Body"`
}

// recorder keeps the last request.
type recorder struct {
	http.RoundTripper
	header http.Header
	body   []byte
}

func (r *recorder) RoundTrip(req *http.Request) (*http.Response, error) {
	r.header = req.Header.Clone()
	r.body, _ = io.ReadAll(req.Body)
	req.Body = io.NopCloser(bytes.NewReader(r.body))
	return r.RoundTripper.RoundTrip(req)
}

// BenchmarkVerify compares a verification over SOAP with the floor: the same bytes
// posted by net/http to the same server, and the answer decoded by encoding/xml.
func BenchmarkVerify(b *testing.B) {
	s := inestest.NewServer(b, inestest.Config{})
	add(b, s, anais, rnie, bea)
	rec := &recorder{RoundTripper: s.Transport()}
	if _, err := soapClient(b, s, func(c *ines.SOAPConfig) { c.Transport.Base = rec }).Verify(b.Context(), rightPair); err != nil {
		b.Fatal(err)
	}
	b.Run("ines", func(b *testing.B) {
		c := soapClient(b, s)
		b.ReportAllocs()
		for b.Loop() {
			a, err := c.Verify(b.Context(), rightPair)
			if err != nil || a.Master != rnie {
				b.Fatal(a.Status, err)
			}
		}
	})
	b.Run("floor", func(b *testing.B) {
		client := &http.Client{Transport: s.Transport()}
		b.ReportAllocs()
		for b.Loop() {
			req, err := http.NewRequestWithContext(b.Context(), http.MethodPost, s.URL+inestest.PathSOAP, bytes.NewReader(rec.body))
			if err != nil {
				b.Fatal(err)
			}
			req.Header = rec.header
			resp, err := client.Do(req)
			if err != nil {
				b.Fatal(err)
			}
			data, err := io.ReadAll(resp.Body)
			resp.Body.Close()
			if err != nil {
				b.Fatal(err)
			}
			var a rawAnswer
			if err := xml.Unmarshal(data, &a); err != nil || a.Body.Answer.Master != rnie.String() {
				b.Fatal(a, err)
			}
		}
	})
}

// BenchmarkCodec is the work of the client alone, without a network: the envelope
// of a registration, and the reading of its answer.
func BenchmarkCodec(b *testing.B) {
	codec := newCodec(b, ines.ReferenceContract())
	el, err := codec.EncodeAnswer(ines.OpVerify, ines.Answer{Operation: ines.OpVerify, Status: ines.StatusConfirmed, Master: rnie, Person: anais})
	if err != nil {
		b.Fatal(err)
	}
	body := envelope(b, el)
	b.Run("ines", func(b *testing.B) {
		c, err := ines.NewSOAP(ines.SOAPConfig{
			Contract: ines.ReferenceContract(), Endpoint: "http://ines.invalid/",
			Transport: transport.Config{Base: canned{200, "text/xml", body}},
		})
		if err != nil {
			b.Fatal(err)
		}
		b.ReportAllocs()
		for b.Loop() {
			if _, err := c.Verify(b.Context(), rightPair); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("floor", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			var a rawAnswer
			if err := xml.Unmarshal(body, &a); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkContractFromWSDL is what a programme pays at its start.
func BenchmarkContractFromWSDL(b *testing.B) {
	wsdl, m := ines.ReferenceWSDL(), referenceMapping()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ines.ContractFromWSDL(wsdl, m); err != nil {
			b.Fatal(err)
		}
	}
}
