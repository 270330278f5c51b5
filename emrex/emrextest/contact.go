package emrextest

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"time"

	"github.com/passerelle-sup/passerelle/emrex"
	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/elmo"
)

// Fault is how a Contact misbehaves.
type Fault string

// The faults.
const (
	NoFault      Fault = ""
	Tampered     Fault = "tampered"      // the document is changed after it was signed
	OtherKey     Fault = "other-key"     // signed by a key that is not registered
	Unsigned     Fault = "unsigned"      // no signature
	Wrapped      Fault = "wrapped"       // the signed document stands inside another one
	OtherSession Fault = "other-session" // the answer is for a session that nobody opened
	NoCode       Fault = "no-code"       // returnCode is left out, as an old mock does: still good
	UnknownCode  Fault = "unknown-code"  // a return code that no guide lists
	Truncated    Fault = "truncated"     // the gzip stream ends early
	Bomb         Fault = "bomb"          // a document that unpacks to 200 MiB
	MIMELines    Fault = "mime-lines"    // base64 in lines: still good
	Nobody       Fault = "no-results"    // there is nothing to send
	Cancel       Fault = "cancelled"     // the student gives up
	Broken       Fault = "failed"        // the contact point fails
)

// Faults returns all of them.
func Faults() []Fault {
	return []Fault{NoFault, Tampered, OtherKey, Unsigned, Wrapped, OtherSession, NoCode, UnknownCode, Truncated, Bomb, MIMELines, Nobody, Cancel, Broken}
}

// Contact is a contact point on loopback. It logs nobody in: whoever comes gets
// the results of Document. It is safe for concurrent use.
type Contact struct {
	URL         string
	Certificate *x509.Certificate

	server        *httptest.Server
	signer, other *emrex.Signer
	mu            sync.Mutex
	fault         Fault
	document      *elmo.Document
	version       elmo.Version
	requests      []emrex.Request
}

// keys are made once: they cost half a second.
var keys = sync.OnceValues(func() (out [2]struct {
	key  *rsa.PrivateKey
	cert *x509.Certificate
}, err error) {
	for i := range out {
		if out[i].key, err = rsa.GenerateKey(rand.Reader, 2048); err != nil {
			return out, err
		}
		template := &x509.Certificate{SerialNumber: big.NewInt(int64(i + 1)), Subject: pkix.Name{CommonName: fmt.Sprintf("emrextest %d", i+1)},
			NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(10 * 365 * 24 * time.Hour)}
		der, err := x509.CreateCertificate(rand.Reader, template, template, &out[i].key.PublicKey, out[i].key)
		if err != nil {
			return out, err
		}
		if out[i].cert, err = x509.ParseCertificate(der); err != nil {
			return out, err
		}
	}
	return out, nil
})

// Listen starts a contact point. Close it.
func Listen() (*Contact, error) {
	pairs, err := keys()
	if err != nil {
		return nil, err
	}
	c := &Contact{Certificate: pairs[0].cert, document: Learner(), version: elmo.V1}
	if c.signer, err = emrex.NewSigner(pairs[0].key, pairs[0].cert); err != nil {
		return nil, err
	}
	if c.other, err = emrex.NewSigner(pairs[1].key, pairs[1].cert); err != nil {
		return nil, err
	}
	c.server = httptest.NewServer(emrex.Handler(c))
	c.URL = c.server.URL
	return c, nil
}

// TB is the part of testing.TB that NewServer needs.
type TB interface {
	Helper()
	Fatal(args ...any)
	Cleanup(f func())
}

// NewServer starts a contact point that ends with the test.
func NewServer(tb TB) *Contact {
	tb.Helper()
	c, err := Listen()
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(c.Close)
	return c
}

// Close stops the contact point.
func (c *Contact) Close() { c.server.Close() }

// Misbehave sets how the next answers are.
func (c *Contact) Misbehave(f Fault) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.fault = f
}

// Deliver sets whose results are delivered, and in which version.
func (c *Contact) Deliver(d *elmo.Document, v elmo.Version) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.document, c.version = d, v
}

// Requests returns what browsers brought so far.
func (c *Contact) Requests() []emrex.Request {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]emrex.Request(nil), c.requests...)
}

// Provider is the contact point as a registry lists it.
func (c *Contact) Provider() emrex.Provider {
	return emrex.Provider{Name: "emrextest", Country: "FR", Institutions: []string{"Université d'Exemple"}, URL: c.URL, Certificates: []*x509.Certificate{c.Certificate}, SingleFetch: true}
}

// ListJSON is the list of version 1 with this contact point, under either of its names:
// "ncps" or "emps".
func (c *Contact) ListJSON(name string) []byte {
	certificate := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Certificate.Raw}))
	data, err := json.Marshal(map[string]any{
		"countries": []any{map[string]any{"countryCode": "FR", "countryName": "France", "singleFetch": true}, nil},
		name:        []any{map[string]any{"acronym": "emrextest", "countryCode": "FR", "institutions": []string{"Université d'Exemple"}, "url": c.URL, "pubKey": certificate}, nil},
	})
	if err != nil {
		panic(err) // texts alone
	}
	return data
}

// Learner returns the document that is delivered when no other one is set: two
// courses of an invented student.
func Learner() *elmo.Document {
	course := func(code, title, mark, credits, status string) elmo.Specification {
		return elmo.Specification{Identifiers: []elmo.Identifier{{Type: "local", Value: code}}, Titles: ewp.Texts{{Lang: "fr", Value: title}}, Type: elmo.CourseUnit,
			Specifies: elmo.Specifies{Instance: elmo.Instance{Status: status, ResultLabel: mark, Credits: []elmo.Credit{{Scheme: "ects", Value: credits}}}}}
	}
	return &elmo.Document{
		GeneratedDate: "2027-02-15T10:00:00+01:00",
		Learner:       elmo.Learner{GivenNames: "Zoé", FamilyName: "L'Hôte", BirthDay: "2003-02-01", AlternativeName: &ewp.Text{}},
		Reports: []elmo.Report{{
			Issuer:         elmo.Issuer{Identifiers: []elmo.Identifier{{Type: "schac", Value: "univ-exemple.example"}}, Titles: ewp.Texts{{Lang: "fr", Value: "Université d'Exemple"}}},
			Specifications: []elmo.Specification{course("ALG2", "Algèbre 2", "14", "7.5", elmo.Passed), course("HIS1", "Histoire", "ABJ", "5", elmo.Failed)},
			IssueDate:      "2027-02-15T10:00:00+01:00",
		}},
	}
}

// Begin implements emrex.Contact.
func (c *Contact) Begin(w http.ResponseWriter, _ *http.Request, q emrex.Request) {
	c.mu.Lock()
	c.requests = append(c.requests, q)
	fault, document, version := c.fault, c.document, c.version
	c.mu.Unlock()
	form, err := c.answer(q, fault, document, version)
	if err == nil {
		err = form.WriteTo(w, emrex.Page{})
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
	}
}

// answer makes the form of an answer, spoilt as the fault says.
func (c *Contact) answer(q emrex.Request, fault Fault, d *elmo.Document, v elmo.Version) (emrex.Form, error) {
	a := emrex.Answer{Outcome: emrex.Results}
	switch fault {
	case Nobody, Cancel, Broken:
		a.Outcome = emrex.Outcome(fault)
		a.Message = "emrextest was asked to"
		return q.Form(a)
	}
	signer := c.signer
	if fault == OtherKey {
		signer = c.other
	}
	signed, err := signer.SignDocument(d, v)
	if err != nil {
		return emrex.Form{}, err
	}
	switch fault {
	case Tampered:
		signed = bytes.Replace(signed, []byte("<givenNames>"), []byte("<givenNames>X"), 1)
	case Unsigned:
		if signed, err = d.Encode(v); err != nil {
			return emrex.Form{}, err
		}
	case Wrapped:
		_, inner, _ := strings.Cut(string(signed), "?>\n")
		signed = []byte(`<elmo xmlns="` + v.Namespace() + `"><learner><givenNames>X</givenNames><familyName>Y</familyName></learner><extension>` + inner + `</extension></elmo>`)
	case Bomb:
		signed = append(signed, bytes.Repeat([]byte(" "), 200<<20)...)
	}
	a.Document = signed
	form, err := q.Form(a)
	if err != nil {
		return form, err
	}
	set := func(name string, change func(string) string) {
		for i := range form.Fields {
			if form.Fields[i].Name == name {
				form.Fields[i].Value = change(form.Fields[i].Value)
			}
		}
	}
	switch fault {
	case OtherSession:
		set("sessionId", func(string) string { return strings.Repeat("f", 32) })
	case NoCode:
		set("returnCode", func(string) string { return "" })
	case UnknownCode:
		set("returnCode", func(string) string { return "NCP_MAYBE" })
	case Truncated:
		set("elmo", func(s string) string { return s[:len(s)/2] })
	case MIMELines:
		set("elmo", func(s string) string {
			var b strings.Builder
			for len(s) > 76 {
				b.WriteString(s[:76] + "\r\n")
				s = s[76:]
			}
			return b.String() + s
		})
	}
	return form, nil
}
