package ewpclient_test

import (
	"bufio"
	"bytes"
	"crypto"
	"crypto/rsa"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/ewpclient"
	"github.com/passerelle-sup/passerelle/ewp/httpsig"
)

// at is when the messages of the fuzzing are made.
var at = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)

// constant is a key that answers at once, always the same: what it signs is not
// looked at.
type constant struct{ *rsa.PrivateKey }

func (constant) Sign(io.Reader, []byte, crypto.SignerOpts) ([]byte, error) {
	return bytes.Repeat([]byte{7}, 256), nil
}

// edited answers with a good message of which some bytes were replaced.
type edited struct {
	tb      testing.TB
	header  http.Header
	body    string
	chunked bool

	good []byte // as it is on the wire, made once: all requests are the same
	from uint16
	cut  uint16
	put  []byte
}

func (e *edited) RoundTrip(r *http.Request) (*http.Response, error) {
	if e.good == nil {
		e.good = e.message(httpsig.RefOf(r))
	}
	from := min(int(e.from), len(e.good))
	to := min(from+int(e.cut), len(e.good))
	wire := append(append(append([]byte{}, e.good[:from]...), e.put...), e.good[to:]...)
	return http.ReadResponse(bufio.NewReader(bytes.NewReader(wire)), r)
}

// message returns the signed message, with an unsigned header in it.
func (e *edited) message(ref httpsig.Ref) []byte {
	signer, err := httpsig.NewSigner(httpsig.SignerConfig{Key: serverKey(), Clock: func() time.Time { return at }})
	if err != nil {
		e.tb.Fatal(err)
	}
	h := e.header.Clone()
	if err := signer.SignResponse(h, ref, httpsig.Bytes(e.body)); err != nil {
		e.tb.Fatal(err)
	}
	h.Set("X-Unsigned", "1")
	var b bytes.Buffer
	b.WriteString("HTTP/1.1 200 OK\r\n")
	h.Write(&b)
	if e.chunked {
		fmt.Fprintf(&b, "Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\nX-Trailer: 1\r\n\r\n", len(e.body), e.body)
	} else {
		fmt.Fprintf(&b, "Content-Length: %d\r\n\r\n%s", len(e.body), e.body)
	}
	return b.Bytes()
}

// FuzzAnswer changes whole answers on the wire. Whatever is accepted is, body and
// headers, what the host signed.
func FuzzAnswer(f *testing.F) {
	plain := answerOf(iia("1", 1), iia("2", "x"), iia("3", 3))
	xmlType := http.Header{"Content-Type": {"application/xml; charset=utf-8"}}
	messages := []*edited{
		{body: plain, header: xmlType},
		{body: plain, header: xmlType, chunked: true},
		{body: zipped(plain), header: http.Header{"Content-Encoding": {"gzip"}, "Content-Type": {"text/xml"}}},
	}
	clients := make([]*ewpclient.Client, len(messages))
	for i, m := range messages {
		m.tb = f
		index := catalogue(f, []member{{
			heis: []ewp.HEIID{partner}, entries: []entry{{api: ewp.IIAs, base: "https://a.example"}}, servers: []ewp.PublicKey{public(f, serverKey())},
		}})
		cfg := ewpclient.Config{
			HEI: own, Catalogue: index, Policy: httpsig.Policy{Clock: func() time.Time { return at }, Quirks: httpsig.ZoneDates | httpsig.OneDigitDays},
			Signer: newSigner(f, httpsig.SignerConfig{
				Key: constant{clientKey()}, Clock: func() time.Time { return at },
				NewID: func() string { return "dc05b425-4e86-4106-8dde-1257fccf53e5" },
			}),
		}
		cfg.Transport.Base, cfg.Transport.Retry.MaxAttempts = m, 1
		clients[i] = newClient(f, cfg)
		a, err := clients[i].Call(f.Context(), getIIAs)
		if err != nil {
			f.Fatalf("the fuzzing would prove nothing: %v", err)
		}
		a.Close()
		f.Add(uint8(i), uint16(len(m.good)-10), uint16(1), []byte("y"))
		for _, cut := range []string{"200", "Digest: ", "Signature: ", "X-Request-Id: ", "Content-", "X-Unsigned: ", "headers=\"", "GMT", "\r\n\r\n"} {
			f.Add(uint8(i), uint16(max(bytes.Index(m.good, []byte(cut)), 0)), uint16(len(cut)), []byte("500"))
			f.Add(uint8(i), uint16(max(bytes.Index(m.good, []byte(cut)), 0)), uint16(0), []byte("Content-Encoding: gzip\r\n"))
		}
	}
	f.Fuzz(func(t *testing.T, which uint8, from, cut uint16, put []byte) {
		i := int(which) % len(messages)
		m := messages[i]
		m.from, m.cut, m.put = from, cut, put
		a, err := clients[i].Call(t.Context(), getIIAs)
		if err != nil {
			if !strings.HasPrefix(err.Error(), "ewp uni-example.pl: iias get") {
				t.Fatalf("an error of another form: %v", err)
			}
			return
		}
		defer a.Close()
		if !a.Signed || a.Status/100 != 2 {
			t.Fatalf("accepted, signed %v, with status %d", a.Signed, a.Status)
		}
		for name, values := range a.Header {
			switch name {
			case "Digest", "Original-Date", "X-Request-Id", "X-Request-Signature", "Signature", "Content-Type", "Content-Encoding":
			default:
				t.Fatalf("left a header that nobody signed: %s: %q", name, values)
			}
			if want := m.header.Get(name); want != "" && (len(values) != 1 || strings.TrimSpace(values[0]) != want) {
				t.Fatalf("accepted %s: %q, and %q was signed", name, values, want)
			}
		}
		r, err := a.Open()
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(r); err != nil || string(got) != plain {
			t.Fatalf("accepted what nobody signed: %q, %v", got, err)
		}
	})
}

// FuzzObjects reads bodies that are signed and nothing else: whatever a host
// writes, objects come one by one until the end or one last error.
func FuzzObjects(f *testing.F) {
	for _, body := range []string{
		answerOf(iia("1", 1), iia("2", "x")), answerOf(), echoed("a"), "", "<a>", answerOf(`<iia><![CDATA[<]]><id xmlns="urn:x">1</id></iia>`),
		answerOf(`<iia xmlns:p="urn:p" p:a="1"><p:id/></iia>`, `<iia/>`), `<?xml version="1.0" encoding="ISO-8859-1"?>` + answerOf("<iia><id>\xe9</id></iia>"),
		"\xef\xbb\xbf" + answerOf(iia("1", "99999999999999999999")),
	} {
		f.Add([]byte(body), "application/xml", false)
		f.Add([]byte(body), "text/xml; charset=iso-8859-1", true)
		f.Add([]byte(zipped(body)), "gzip", true)
	}
	index := catalogue(f, []member{{heis: []ewp.HEIID{partner}, entries: []entry{{api: ewp.IIAs, base: "https://a.example"}}}})
	signer := newSigner(f, httpsig.SignerConfig{Key: constant{clientKey()}})
	f.Fuzz(func(t *testing.T, body []byte, kind string, anyNamespace bool) {
		cfg := ewpclient.Config{HEI: own, Catalogue: index, Signer: signer, Signatures: ewpclient.SignedIfAny}
		cfg.Transport.MaxBody, cfg.Transport.Base = 1<<16, typed{canned(body), kind}
		if anyNamespace {
			cfg.Quirks = ewpclient.AnyNamespace
		}
		a, err := newClient(t, cfg).Call(t.Context(), getIIAs)
		if err != nil {
			return
		}
		defer a.Close()
		ended := false
		for v, err := range ewpclient.Objects[agreement](a, xml.Name{Local: "iia"}) {
			if ended {
				t.Fatal("something came after the last error")
			}
			if err == nil {
				continue
			}
			if v != (agreement{}) {
				t.Fatalf("an error and an object: %+v", v)
			}
			if !strings.Contains(err.Error(), "number ") {
				ended = true
			}
		}
		var whole struct {
			IIAs []agreement `xml:"iia"`
		}
		if err := a.Decode(&whole); err == nil && ended {
			t.Fatal("whole it is good, object by object it is not")
		}
	})
}

// typed puts a Content-Type on answers, or makes them gzip.
type typed struct {
	canned
	kind string
}

func (c typed) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := c.canned.RoundTrip(r)
	response.Header.Set("Content-Type", c.kind)
	if c.kind == "gzip" {
		response.Header = http.Header{"Content-Encoding": {"gzip"}}
	}
	return response, err
}
