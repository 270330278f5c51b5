package emrex

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/xml"
	"fmt"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp/elmo"
	"github.com/passerelle-sup/passerelle/internal/c14n"
)

// Signer signs documents by the profile: SHA-256 and RSA, one enveloped reference.
// It is safe for concurrent use when its key is.
type Signer struct {
	key         crypto.Signer
	certificate *x509.Certificate
}

// NewSigner returns a signer with a key of at least 2048 bits, in memory or behind
// any [crypto.Signer], and the certificate of it that is registered. Its error is
// [passerelle.FieldErrors].
func NewSigner(key crypto.Signer, certificate *x509.Certificate) (*Signer, error) {
	var faults passerelle.FieldErrors
	var public *rsa.PublicKey
	if key != nil {
		public, _ = key.Public().(*rsa.PublicKey)
	}
	switch {
	case public == nil:
		faults.Add("key", "type", "an RSA key")
	case public.N.BitLen() < minKeyBits || public.N.BitLen() > maxKeyBits:
		faults.Add("key", "length", fmt.Sprintf("%d to %d bits", minKeyBits, maxKeyBits))
	}
	if certificate == nil {
		faults.Add("certificate", "required", "the certificate of the key")
	} else if public != nil && !public.Equal(certificate.PublicKey) {
		faults.Add("certificate", "key", "the certificate of this key")
	}
	if err := faults.Err(); err != nil {
		return nil, err
	}
	return &Signer{key, certificate}, nil
}

// SignDocument validates a document, writes it in a version and signs it. Its error is
// that of [elmo.Document.Validate], or of the key.
func (s *Signer) SignDocument(d *elmo.Document, v elmo.Version) ([]byte, error) {
	if err := d.Validate(v); err != nil {
		return nil, err
	}
	data, err := d.Encode(v)
	if err != nil {
		return nil, err
	}
	return s.Sign(data)
}

// Sign returns a document with its signature as the last child of the root. The
// document must have none, and must not be changed afterwards, not even its
// white space. Its error is a [*SignatureError] or one of the key.
func (s *Signer) Sign(data []byte) ([]byte, error) {
	doc, err := c14n.Parse(data)
	if err != nil {
		return nil, &SignatureError{Rule: "form", Want: err.Error(), Err: err}
	}
	for _, child := range doc.Root.Elements() {
		if child.Is(nsSignature, "Signature") {
			return nil, refuse("several", "a document without signature")
		}
	}
	if len(doc.After) > 0 {
		return nil, refuse("form", "nothing after the root element")
	}
	// What is sent is the canonical form itself: nobody's parser can see another one.
	var out bytes.Buffer
	out.Grow(len(data) + 4096)
	out.WriteString(xml.Header)
	begin := out.Len()
	if err := doc.WriteDocument(&out, c14n.Inclusive, nil); err != nil {
		return nil, &SignatureError{Rule: "form", Want: "a document that can be written", Err: err}
	}
	digest := sha256.Sum256(out.Bytes()[begin:])
	at := bytes.LastIndex(out.Bytes(), []byte("</"))
	after := bytes.Clone(out.Bytes()[at:])
	out.Truncate(at)
	info := signedInfo(digest[:])
	out.WriteString(`<Signature xmlns="` + nsSignature + `">` + info)
	value, err := s.value(out.Bytes(), after)
	if err != nil {
		return nil, err
	}
	out.WriteString(`<SignatureValue>` + base64.StdEncoding.EncodeToString(value) + `</SignatureValue><KeyInfo><X509Data><X509SubjectName>`)
	xml.EscapeText(&out, []byte(s.certificate.Subject.String()))
	out.WriteString(`</X509SubjectName><X509Certificate>` + base64.StdEncoding.EncodeToString(s.certificate.Raw) + `</X509Certificate></X509Data></KeyInfo></Signature>`)
	out.Write(after)
	return out.Bytes(), nil
}

func signedInfo(digest []byte) string {
	return `<SignedInfo><CanonicalizationMethod Algorithm="` + algorithmC14N + `"></CanonicalizationMethod><SignatureMethod Algorithm="` + algorithmRSA + `"></SignatureMethod>` +
		`<Reference URI=""><Transforms><Transform Algorithm="` + algorithmEnveloped + `"></Transform></Transforms><DigestMethod Algorithm="` + algorithmSHA256 + `"></DigestMethod>` +
		`<DigestValue>` + base64.StdEncoding.EncodeToString(digest) + `</DigestValue></Reference></SignedInfo>`
}

// value signs the signed information as it stands in the document, whose
// namespaces in force it bears.
func (s *Signer) value(before, after []byte) ([]byte, error) {
	whole := bytes.Join([][]byte{before, []byte("</Signature>"), after}, nil)
	doc, err := c14n.Parse(whole)
	if err != nil {
		return nil, &SignatureError{Rule: "form", Want: err.Error(), Err: err}
	}
	signature, err := signatureOf(doc)
	if err != nil {
		return nil, err
	}
	h := sha256.New()
	if err := signature.Elements()[0].WriteElement(h, c14n.Inclusive, nil); err != nil {
		return nil, &SignatureError{Rule: "form", Want: "signed information that can be written", Err: err}
	}
	value, err := s.key.Sign(rand.Reader, h.Sum(nil), crypto.SHA256)
	if err != nil {
		return nil, fmt.Errorf("emrex: signing: %w", err)
	}
	return value, nil
}
