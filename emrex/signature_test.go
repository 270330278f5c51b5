package emrex_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"io"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/emrex"
	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/elmo"
	"github.com/passerelle-sup/passerelle/internal/testutil"
)

// vector is a line of signature_vectors.jsonl.
type vector struct {
	File    string `json:"file"`
	Trust   string `json:"trust"`
	Accept  any    `json:"accept"` // true, false, or "choice"
	Note    string `json:"note"`
	SHA256  string `json:"xml_sha256"`
	C14N    string `json:"c14n_file"`
	C14NSum string `json:"c14n_sha256_b64"`
}

func vectors(t testing.TB) (folder string, list []vector) {
	t.Helper()
	folder = testutil.Shared(t, "fixtures/emrex")
	f, err := os.Open(filepath.Join(folder, "signature_vectors.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		var v vector
		if err := json.Unmarshal(lines.Bytes(), &v); err != nil {
			t.Fatal(err)
		}
		list = append(list, v)
	}
	if len(list) < 33 {
		t.Fatalf("%d vectors; want 33 or more", len(list))
	}
	return folder, list
}

// load returns the document of a vector: itself, or base64 of gzip of it.
func load(t testing.TB, folder string, v vector) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(folder, v.File))
	if err != nil {
		t.Fatal(err)
	}
	if strings.HasSuffix(v.File, ".txt") {
		zipped, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(string(data)), ""))
		if err != nil {
			t.Fatal(err)
		}
		r, err := gzip.NewReader(bytes.NewReader(zipped))
		if err != nil {
			t.Fatal(err)
		}
		if data, err = io.ReadAll(r); err != nil {
			t.Fatal(err)
		}
	}
	if sum := sha256.Sum256(data); v.SHA256 != "" && hex.EncodeToString(sum[:]) != v.SHA256 {
		t.Fatalf("%s: these are not the bytes of the vector", v.File)
	}
	return data
}

func certificate(t testing.TB, path string) *x509.Certificate {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if block, _ := pem.Decode(data); block != nil {
		data = block.Bytes
	}
	c, err := x509.ParseCertificate(data)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func second[T any](_ T, err error) error { return err }

// TestVectors: every published signature has the expected verdict, and what is
// handed on are the canonical octets.
func TestVectors(t *testing.T) {
	t.Parallel()
	folder, list := vectors(t)
	accepted := 0
	for _, v := range list {
		t.Run(v.File, func(t *testing.T) {
			data := load(t, folder, v)
			trust := emrex.Trust{Certificates: []*x509.Certificate{certificate(t, filepath.Join(folder, v.Trust))}, Legacy: emrex.SHA1 | emrex.RSA1024}
			got, err := emrex.Verify(data, trust)
			if (err == nil) != (v.Accept == true) { // a choice is a refusal here
				t.Fatalf("%v; want accepted %v (%s)", err, v.Accept, v.Note)
			}
			if err != nil {
				if _, ok := errors.AsType[*emrex.SignatureError](err); !ok {
					t.Errorf("%v is no SignatureError", err)
				}
				return
			}
			accepted++
			// Each weakness is accepted by its own option alone.
			trust.Legacy = emrex.SHA1
			weakKey := trust.Certificates[0].PublicKey.(*rsa.PublicKey).N.BitLen() < 2048
			if refused, _ := errors.AsType[*emrex.SignatureError](second(emrex.Verify(data, trust))); weakKey != (refused != nil && refused.Rule == "key") {
				t.Errorf("a key of 1024 bits without the option: %v", refused)
			}
			trust.Legacy = emrex.RSA1024
			usesSHA1 := strings.Contains(got.Digest+got.Method, "SHA-1")
			if refused, _ := errors.AsType[*emrex.SignatureError](second(emrex.Verify(data, trust))); usesSHA1 != (refused != nil && refused.Rule == "algorithm") {
				t.Errorf("SHA-1 without the option: %v", refused)
			}
			sum := sha256.Sum256(got.Octets())
			if v.C14NSum != "" && base64.StdEncoding.EncodeToString(sum[:]) != v.C14NSum {
				t.Errorf("the octets handed on are not those that were signed")
			}
			if v.C14N != "" {
				want, err := os.ReadFile(filepath.Join(folder, v.C14N))
				if err != nil {
					t.Fatal(err)
				}
				testutil.Equal(t, "octets", string(got.Octets()), string(want))
			}
		})
	}
	if accepted < 22 {
		t.Errorf("%d vectors were accepted; want 22 or more", accepted)
	}
}

// pair is a key and its certificate, made once.
type pair struct {
	key  *rsa.PrivateKey
	cert *x509.Certificate
}

var pairs = sync.OnceValues(func() ([2]pair, error) {
	var out [2]pair
	for i := range out {
		key, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			return out, err
		}
		template := &x509.Certificate{SerialNumber: big.NewInt(int64(i + 1)), Subject: pkix.Name{CommonName: `emp "1" & <2>`},
			NotBefore: time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC), NotAfter: time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC)}
		der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
		if err != nil {
			return out, err
		}
		if out[i].cert, err = x509.ParseCertificate(der); err != nil {
			return out, err
		}
		out[i].key = key
	}
	return out, nil
})

func own(t testing.TB) (pair, pair) {
	t.Helper()
	p, err := pairs()
	if err != nil {
		t.Fatal(err)
	}
	return p[0], p[1]
}

func signer(t testing.TB, p pair) *emrex.Signer {
	t.Helper()
	s, err := emrex.NewSigner(p.key, p.cert)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

const plain = `<?xml version="1.0" encoding="UTF-8"?>
<elmo xmlns="https://github.com/emrex-eu/elmo-schemas/tree/v1" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xml:lang="fr" xsi:schemaLocation="a
  b"><!-- c --><learner><familyName>L'Hôte &amp; <![CDATA[<x>]]></familyName><bday>2003-02-28</bday></learner><report/></elmo>`

// TestSign: what we sign we verify, with the document as it was, and the unsigned
// vectors give the signed octets that were published.
func TestSign(t *testing.T) {
	t.Parallel()
	p, other := own(t)
	signed, err := signer(t, p).Sign([]byte(plain))
	if err != nil {
		t.Fatal(err)
	}
	v, err := emrex.Verify(signed, emrex.Trust{Certificates: []*x509.Certificate{other.cert, nil, p.cert}})
	if err != nil {
		t.Fatal(err)
	}
	d, err := v.Document()
	if err != nil || d.Learner.FamilyName != "L'Hôte & <x>" || v.Digest != "SHA-256" || v.Method != "RSA with SHA-256" || len(v.Warnings) != 0 || !v.Certificate.Equal(p.cert) {
		t.Errorf("%+v, %v", d, err)
	}
	if _, err := signer(t, p).Sign(signed); err == nil {
		t.Error("a signed document was signed again")
	}
	if _, err := signer(t, p).Sign([]byte("<elmo/><?x </elmo>?>")); err == nil {
		t.Error("a document with something after its root was signed")
	}
	folder := testutil.Shared(t, "fixtures/emrex/signed-own")
	files, err := filepath.Glob(filepath.Join(folder, "*.unsigned.xml"))
	if err != nil || len(files) < 10 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		signed, err := signer(t, p).Sign(data)
		if err != nil {
			t.Errorf("%s: %v", filepath.Base(file), err)
			continue
		}
		v, err := emrex.Verify(signed, emrex.Trust{Certificates: []*x509.Certificate{p.cert}})
		if err != nil {
			t.Errorf("%s: %v", filepath.Base(file), err)
			continue
		}
		want, err := os.ReadFile(strings.TrimSuffix(file, ".unsigned.xml") + ".sha256.c14n")
		if err == nil && !bytes.Equal(v.Octets(), want) {
			t.Errorf("%s: the octets are not those of the other signer", filepath.Base(file))
		}
	}
}

// TestSignDocument: an invalid document is not signed.
func TestSignDocument(t *testing.T) {
	t.Parallel()
	p, _ := own(t)
	d := &elmo.Document{GeneratedDate: "2027-02-15T10:00:00Z", Learner: elmo.Learner{GivenNames: "Zoé", FamilyName: "LEFÈVRE", AlternativeName: &ewp.Text{}},
		Reports: []elmo.Report{{Issuer: elmo.Issuer{Identifiers: []elmo.Identifier{{Type: "schac", Value: "univ-exemple.fr"}}, Titles: ewp.Texts{{Value: "U"}}}, IssueDate: "2027-02-15T10:00:00Z"}}}
	for _, v := range []elmo.Version{elmo.V1, elmo.V2} {
		signed, err := signer(t, p).SignDocument(d, v)
		if err != nil {
			t.Fatal(err)
		}
		verified, err := emrex.Verify(signed, emrex.Trust{Certificates: []*x509.Certificate{p.cert}})
		if err != nil {
			t.Fatal(err)
		}
		if read, err := verified.Document(); err != nil || read.Version() != v || read.Learner.FamilyName != "LEFÈVRE" {
			t.Errorf("%s: %+v, %v", v, read, err)
		}
	}
	d.Learner.FamilyName = ""
	if _, err := signer(t, p).SignDocument(d, elmo.V1); !errors.Is(err, passerelle.ErrInvalid) {
		t.Errorf("a document without a name: %v; want ErrInvalid", err)
	}
}

// TestForged: one thing is wrong with each document.
func TestForged(t *testing.T) {
	t.Parallel()
	p, other := own(t)
	good, err := signer(t, p).Sign([]byte(plain))
	if err != nil {
		t.Fatal(err)
	}
	text := string(good)
	trust := emrex.Trust{Certificates: []*x509.Certificate{p.cert}}
	signature := text[strings.Index(text, "<Signature "):strings.Index(text, "</elmo>")]
	bySomebody, err := signer(t, other).Sign([]byte(plain))
	if err != nil {
		t.Fatal(err)
	}
	replace := func(old, new string) string { return strings.Replace(text, old, new, 1) }
	for i, c := range []struct {
		doc, rule string
	}{
		0:  {replace("L'Hôte", "L'Hote"), "digest"},
		1:  {replace("<bday>2003-02-28</bday>", ""), "digest"},
		2:  {replace("<report>", "<report> "), "digest"},
		3:  {replace("<SignatureValue>", "<SignatureValue>AAAA"), "key"},
		4:  {string(bySomebody), "key"},
		5:  {replace(signature, ""), "absent"},
		6:  {replace(signature, signature+signature), "several"},
		7:  {`<elmo xmlns="https://github.com/emrex-eu/elmo-schemas/tree/v1"><learner><familyName>Other</familyName></learner><report>` + text[strings.Index(text, "<elmo"):] + `</report></elmo>`, "absent"}, // wrapped
		8:  {`<elmo xmlns="https://github.com/emrex-eu/elmo-schemas/tree/v1"><learner><familyName>Other</familyName></learner><report/>` + signature + `</elmo>`, "digest"},                                   // signature moved
		9:  {replace(`Reference URI=""`, `Reference URI="#x"`), "profile"},
		10: {replace(`<Reference URI="">`, `<Reference>`), "profile"},
		11: {replace(algEnveloped, "http://www.w3.org/TR/1999/REC-xpath-19991116"), "profile"},
		12: {replace(`</Transforms>`, `<Transform Algorithm="http://www.w3.org/TR/1999/REC-xslt-19991116"/></Transforms>`), "profile"},
		13: {replace(`</Transforms>`, `<Transform Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"/><Transform Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"/></Transforms>`), "profile"},
		14: {replace(`http://www.w3.org/2001/04/xmldsig-more#rsa-sha256`, `http://www.w3.org/2000/09/xmldsig#hmac-sha1`), "algorithm"},
		15: {replace(`http://www.w3.org/2001/04/xmldsig-more#rsa-sha256`, `http://www.w3.org/2000/09/xmldsig#rsa-sha1`), "algorithm"},
		16: {replace(`http://www.w3.org/2001/04/xmlenc#sha256`, `http://www.w3.org/2001/04/xmlenc#sha512`), "algorithm"},
		17: {replace(`http://www.w3.org/TR/2001/REC-xml-c14n-20010315`, `http://www.w3.org/TR/2001/REC-xml-c14n-20010315#WithComments`), "algorithm"},
		18: {replace(`</SignedInfo>`, `<Reference URI=""></Reference></SignedInfo>`), "profile"},
		19: {replace(`</Signature>`, `<Object>x</Object></Signature>`), "profile"},
		20: {replace(`<DigestValue>`, `<DigestValue>!`), "profile"},
		21: {"<!DOCTYPE elmo>" + text[strings.Index(text, "<elmo"):], "form"},
		22: {text + "<!-- -->x", "form"},
		23: {replace(`<SignatureMethod `, `<SignatureMethod xmlns:q="u" `), "key"}, // the signed information was changed
		24: {replace(`xml:lang="fr"`, `xml:lang="en"`), "digest"},
		25: {"", "form"},
		26: {replace(algEnveloped+`">`, algEnveloped+`"><XPath>1</XPath>`), "profile"},
		27: {replace(`REC-xml-c14n-20010315">`, `REC-xml-c14n-20010315"><InclusiveNamespaces xmlns="http://www.w3.org/2001/10/xml-exc-c14n#" PrefixList="x"/>`), "algorithm"},
		28: {replace(`xmlenc#sha256">`, `xmlenc#sha256"><x/>`), "profile"},
		29: {replace(`rsa-sha256">`, `rsa-sha256"><HMACOutputLength>8</HMACOutputLength>`), "profile"},
		30: {replace("L'Hôte", "L'<!-- -->Hote"), "digest"},
		31: {replace(`<learner`, `<learner Id="x"`), "digest"},
		32: {replace(`<Signature xmlns=`, `<ds:Signature xmlns:ds="urn:not-dsig" xmlns=`), "form"},
	} {
		v, err := emrex.Verify([]byte(c.doc), trust)
		refused, ok := errors.AsType[*emrex.SignatureError](err)
		if v != nil || !ok || refused.Rule != c.rule || refused.Want == "" {
			t.Errorf("%d: %v; want a refusal by %q", i, err, c.rule)
		}
		if err != nil && strings.Contains(err.Error(), "Hôte") {
			t.Errorf("%d: the error repeats the document: %v", i, err)
		}
	}
	if _, err := emrex.Verify(bySomebody, trust); !errors.Is(err, passerelle.ErrForbidden) {
		t.Errorf("another's signature: %v; want ErrForbidden", err)
	}
	if _, err := emrex.Verify(good, emrex.Trust{}); !errors.Is(err, passerelle.ErrInvalid) {
		t.Errorf("nobody is trusted: %v; want ErrInvalid", err)
	}
	if _, err := emrex.Verify(good, emrex.Trust{Certificates: trust.Certificates, MaxBytes: 100}); err == nil {
		t.Error("a document over the bound was read")
	}
	late := emrex.Trust{Certificates: trust.Certificates, Now: func() time.Time { return time.Date(2101, 1, 1, 0, 0, 0, 0, time.UTC) }}
	early := emrex.Trust{Certificates: trust.Certificates, Now: func() time.Time { return time.Date(1999, 1, 1, 0, 0, 0, 0, time.UTC) }}
	if v, err := emrex.Verify(good, early); err != nil || len(v.Warnings) != 1 {
		t.Errorf("a certificate that is not yet good: %+v, %v; want a warning", v, err)
	}
	// What stands around the text and changes nothing of the canonical form is accepted.
	for i, same := range []string{
		0: replace("L'Hôte", "L'<!-- x -->Hô<![CDATA[te]]>"), 1: replace("<SignatureValue>", "<SignatureValue>\n \t"), 2: replace("<DigestValue>", "<DigestValue><!-- x -->"), 3: strings.ReplaceAll(text, "\n", "\r\n"),
	} {
		v, err := emrex.Verify([]byte(same), trust)
		if err != nil {
			t.Errorf("%d: %v; the octets are the same", i, err)
			continue
		}
		if d, err := v.Document(); err != nil || !strings.HasPrefix(d.Learner.FamilyName, "L'Hôte") {
			t.Errorf("%d: read as %+v, %v", i, d, err)
		}
	}
	// A digest by SHA-1 under a signature by SHA-256: whoever finds a collision has forged it.
	octets := `<elmo xmlns="https://github.com/emrex-eu/elmo-schemas/tree/v1"></elmo>`
	sum := sha1.Sum([]byte(octets))
	info := `<CanonicalizationMethod Algorithm="http://www.w3.org/TR/2001/REC-xml-c14n-20010315"></CanonicalizationMethod><SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"></SignatureMethod>` +
		`<Reference URI=""><Transforms><Transform Algorithm="` + algEnveloped + `"></Transform></Transforms><DigestMethod Algorithm="http://www.w3.org/2000/09/xmldsig#sha1"></DigestMethod>` +
		`<DigestValue>` + base64.StdEncoding.EncodeToString(sum[:]) + `</DigestValue></Reference></SignedInfo>`
	toSign := sha256.Sum256([]byte(`<SignedInfo xmlns="http://www.w3.org/2000/09/xmldsig#">` + info))
	value, err := rsa.SignPKCS1v15(rand.Reader, p.key, crypto.SHA256, toSign[:])
	if err != nil {
		t.Fatal(err)
	}
	mixed := []byte(strings.Replace(octets, "</elmo>", `<Signature xmlns="http://www.w3.org/2000/09/xmldsig#"><SignedInfo>`+info+`<SignatureValue>`+base64.StdEncoding.EncodeToString(value)+`</SignatureValue></Signature></elmo>`, 1))
	if refused, _ := errors.AsType[*emrex.SignatureError](second(emrex.Verify(mixed, trust))); refused == nil || refused.Rule != "algorithm" {
		t.Errorf("a digest by SHA-1: %v; want a refusal of the algorithm", refused)
	}
	if v, err := emrex.Verify(mixed, emrex.Trust{Certificates: trust.Certificates, Legacy: emrex.SHA1}); err != nil || v.Digest != "SHA-1" || len(v.Warnings) != 1 {
		t.Errorf("a digest by SHA-1 that is asked for: %+v, %v", v, err)
	}
	if v, err := emrex.Verify(good, late); err != nil || len(v.Warnings) != 1 || !strings.Contains(v.Warnings[0], "2100-01-01") {
		t.Errorf("an expired certificate: %+v, %v; want a warning", v, err)
	}
	late.RefuseExpired = true
	if _, err := emrex.Verify(good, late); !errors.Is(err, passerelle.ErrForbidden) {
		t.Errorf("an expired certificate: %v; want ErrForbidden", err)
	}
}

const algEnveloped = "http://www.w3.org/2000/09/xmldsig#enveloped-signature"

func TestNewSigner(t *testing.T) {
	t.Parallel()
	p, other := own(t)
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	weak, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	for i, c := range []struct {
		key  crypto.Signer
		cert *x509.Certificate
	}{0: {nil, p.cert}, 1: {ec, p.cert}, 2: {p.key, nil}, 3: {p.key, other.cert}, 4: {weak, p.cert}} {
		if _, err := emrex.NewSigner(c.key, c.cert); !errors.Is(err, passerelle.ErrInvalid) {
			t.Errorf("%d: %v; want ErrInvalid", i, err)
		}
	}
}

// FuzzVerify: no change of a good document is believed to be another one.
func FuzzVerify(f *testing.F) {
	p, _ := own(f)
	good, err := signer(f, p).Sign([]byte(plain))
	if err != nil {
		f.Fatal(err)
	}
	trust := emrex.Trust{Certificates: []*x509.Certificate{p.cert}}
	want, err := emrex.Verify(good, trust)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(0, []byte{})
	f.Add(bytes.Index(good, []byte("<learner>")), []byte("<!-- x -->"))
	f.Add(bytes.Index(good, []byte("<Transform ")), []byte(" "))
	f.Add(len(good), []byte("\n"))
	f.Fuzz(func(t *testing.T, at int, insert []byte) {
		if at < 0 || at > len(good) {
			return
		}
		changed := bytes.Join([][]byte{good[:at], insert, good[at:]}, nil)
		v, err := emrex.Verify(changed, trust)
		if err == nil && !bytes.Equal(v.Octets(), want.Octets()) {
			t.Fatalf("a changed document is believed:\n%s", changed)
		}
	})
}

func BenchmarkVerify(b *testing.B) {
	p, _ := own(b)
	body := strings.Replace(plain, "<report/>", strings.Repeat("<report><a>x</a></report>", 2000), 1)
	good, err := signer(b, p).Sign([]byte(body))
	if err != nil {
		b.Fatal(err)
	}
	trust := emrex.Trust{Certificates: []*x509.Certificate{p.cert}}
	b.Run("verify", func(b *testing.B) {
		b.ReportAllocs()
		b.SetBytes(int64(len(good)))
		for b.Loop() {
			if _, err := emrex.Verify(good, trust); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("floor, RSA and SHA-256", func(b *testing.B) {
		digest := sha256.Sum256(good)
		value, err := rsa.SignPKCS1v15(rand.Reader, p.key, crypto.SHA256, digest[:])
		if err != nil {
			b.Fatal(err)
		}
		b.ReportAllocs()
		b.SetBytes(int64(len(good)))
		for b.Loop() {
			d := sha256.Sum256(good)
			if err := rsa.VerifyPKCS1v15(&p.key.PublicKey, crypto.SHA256, d[:], value); err != nil {
				b.Fatal(err)
			}
		}
	})
}
