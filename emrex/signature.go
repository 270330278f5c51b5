package emrex

import (
	"bytes"
	"crypto"
	"crypto/rsa"
	_ "crypto/sha1"   // of the profile's legacy
	_ "crypto/sha256" // of the profile
	"crypto/subtle"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp/elmo"
	"github.com/passerelle-sup/passerelle/internal/c14n"
)

// The identifiers of XML Signature that the profile uses.
const (
	nsSignature = "http://www.w3.org/2000/09/xmldsig#"

	algorithmEnveloped   = nsSignature + "enveloped-signature"
	algorithmC14N        = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
	algorithmC14N11      = "http://www.w3.org/2006/12/xml-c14n11"
	algorithmExclusive   = "http://www.w3.org/2001/10/xml-exc-c14n#"
	algorithmSHA1        = nsSignature + "sha1"
	algorithmSHA256      = "http://www.w3.org/2001/04/xmlenc#sha256"
	algorithmRSAwithSHA1 = nsSignature + "rsa-sha1"
	algorithmRSA         = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
)

// Legacy is what is accepted on purpose though it is weak. The zero value accepts nothing.
type Legacy uint8

// The options.
const (
	// SHA1 accepts SHA-1 in digests and signatures (Finland, Norway, Denmark in 2024).
	SHA1 Legacy = 1 << iota
	// RSA1024 accepts keys from 1024 bits (old test systems); else 2048 are asked for.
	RSA1024
)

// Has reports whether all of o are in the set.
func (l Legacy) Has(o Legacy) bool { return l&o == o }

// Trust says whose signature counts. Certificates is required.
type Trust struct {
	// Certificates are those registered for the sender: several while a key is
	// replaced.
	Certificates []*x509.Certificate
	Legacy       Legacy
	// RefuseExpired refuses a certificate outside of its time. By default its
	// expiry is a warning: peers check neither expiry nor chain.
	RefuseExpired bool
	// MaxBytes is how long a document may be; 0 is elmo.DefaultMaxBytes.
	MaxBytes int
	// Now is the clock; nil is time.Now.
	Now func() time.Time
}

// Verified is a document whose signature is good.
type Verified struct {
	Certificate *x509.Certificate // the registered one whose key signed
	Digest      string            // "SHA-1" or "SHA-256"
	Method      string            // "RSA with SHA-1" or "RSA with SHA-256"
	Warnings    []string          // an expired certificate, a legacy algorithm
	octets      []byte
}

// Octets returns the canonical form that was signed: the document without its
// signature. It is personal data, and must not be changed.
func (v *Verified) Octets() []byte { return v.octets }

// Document decodes what was signed. Its error is that of [elmo.Decode].
func (v *Verified) Document() (*elmo.Document, error) {
	return elmo.Decode(bytes.NewReader(v.octets), elmo.Limits{MaxBytes: int64(len(v.octets)) + 1})
}

// LogValue shows the algorithms and nothing of the document.
func (v *Verified) LogValue() slog.Value {
	return slog.GroupValue(slog.String("digest", v.Digest), slog.String("method", v.Method))
}

// SignatureError says why a document was not believed.
type SignatureError struct {
	// Rule is the broken rule, a stable word: "form" (of the XML), "absent", "several",
	// "profile", "algorithm", "digest", "key" (no registered key fits), "expired",
	// "length".
	Rule string
	Want string // what was expected, for a person to read
	Err  error  // the cause of "form"
}

// Error names the rule and the expectation, and nothing of the document.
func (e *SignatureError) Error() string {
	return "emrex: the signature is not accepted: " + e.Rule + ": want " + e.Want
}

// Is reports whether target is passerelle.ErrProtocol, or passerelle.ErrForbidden
// for a document that no registered key signed.
func (e *SignatureError) Is(target error) bool {
	if e.Rule == "key" || e.Rule == "expired" {
		return target == passerelle.ErrForbidden
	}
	return target == passerelle.ErrProtocol
}

// Unwrap returns Err.
func (e *SignatureError) Unwrap() error { return e.Err }

func refuse(rule, want string, args ...any) error {
	return &SignatureError{Rule: rule, Want: fmt.Sprintf(want, args...)}
}

// Verify checks the signature of a document by the profile of EMREX. Its error is
// a [*SignatureError], or [passerelle.FieldErrors] for a Trust without certificates.
func Verify(data []byte, t Trust) (*Verified, error) {
	if len(t.Certificates) == 0 {
		return nil, passerelle.FieldErrors{{Field: "Certificates", Rule: "required", Want: "the certificates registered for the sender"}}
	}
	most := t.MaxBytes
	if most == 0 {
		most = elmo.DefaultMaxBytes
	}
	if len(data) > most {
		return nil, refuse("length", "at most %d bytes", most)
	}
	doc, err := c14n.Parse(data)
	if err != nil {
		return nil, &SignatureError{Rule: "form", Want: err.Error(), Err: err}
	}
	signature, err := signatureOf(doc)
	if err != nil {
		return nil, err
	}
	s, err := readSignature(signature)
	if err != nil {
		return nil, err
	}
	v := &Verified{}
	if err := s.allowed(t.Legacy, v); err != nil {
		return nil, err
	}
	var octets bytes.Buffer
	octets.Grow(len(data))
	digest := s.digest.New()
	if err := doc.WriteDocument(&octets, s.transform, func(n *c14n.Node) bool { return n == signature }); err != nil {
		return nil, &SignatureError{Rule: "form", Want: "a document that can be written", Err: err}
	}
	digest.Write(octets.Bytes())
	if subtle.ConstantTimeCompare(digest.Sum(nil), s.digestValue) != 1 {
		return nil, refuse("digest", "the document as it was signed: it was changed since, or written anew")
	}
	signed := s.method.New()
	if err := s.info.WriteElement(signed, s.infoMethod, nil); err != nil {
		return nil, &SignatureError{Rule: "form", Want: "signed information that can be written", Err: err}
	}
	if v.Certificate, err = t.signer(s.method, signed.Sum(nil), s.value); err != nil {
		return nil, err
	}
	if err := t.inTime(v); err != nil {
		return nil, err
	}
	v.octets = octets.Bytes()
	return v, nil
}

// signatureOf returns the only signature that is a child of the root. Others may
// be deeper: a diploma supplement can have its own.
func signatureOf(d *c14n.Document) (*c14n.Node, error) {
	var found *c14n.Node
	for _, child := range d.Root.Elements() {
		if !child.Is(nsSignature, "Signature") {
			continue
		}
		if found != nil {
			return nil, refuse("several", "one signature of the document")
		}
		found = child
	}
	if found == nil {
		return nil, refuse("absent", "a signature, as a child of the root")
	}
	return found, nil
}

// signatureParts is what a signature says.
type signatureParts struct {
	info        *c14n.Node
	infoMethod  c14n.Method
	transform   c14n.Method // of the document
	digest      crypto.Hash
	digestValue []byte
	method      crypto.Hash
	value       []byte
}

// only returns the children of n when they are exactly the named ones.
func only(n *c14n.Node, names ...string) ([]*c14n.Node, bool) {
	children := n.Elements()
	if len(children) != len(names) {
		return nil, false
	}
	for i, name := range names {
		if !children[i].Is(nsSignature, name) {
			return nil, false
		}
	}
	return children, true
}

// readSignature reads a signature of the profile, and refuses any other form.
func readSignature(signature *c14n.Node) (*signatureParts, error) {
	profile := func() (*signatureParts, error) {
		return nil, refuse("profile", "one reference to the whole document, by the enveloped transform and at most one canonical form")
	}
	children := signature.Elements()
	if len(children) < 2 || len(children) > 3 || !children[0].Is(nsSignature, "SignedInfo") || !children[1].Is(nsSignature, "SignatureValue") ||
		len(children) == 3 && !children[2].Is(nsSignature, "KeyInfo") {
		return profile()
	}
	s := &signatureParts{info: children[0]}
	info, ok := only(s.info, "CanonicalizationMethod", "SignatureMethod", "Reference")
	if !ok {
		return profile()
	}
	if s.infoMethod, ok = canonicalMethod(info[0]); !ok {
		return nil, refuse("algorithm", "a canonical form without comments")
	}
	reference, ok := only(info[2], "Transforms", "DigestMethod", "DigestValue")
	if uri, there := info[2].Attr("URI"); !ok || !there || uri != "" {
		return profile()
	}
	transforms := reference[0].Elements()
	if len(transforms) < 1 || len(transforms) > 2 {
		return profile()
	}
	for i, tr := range transforms {
		if !tr.Is(nsSignature, "Transform") {
			return profile()
		}
		if i == 0 {
			if algorithm, _ := tr.Attr("Algorithm"); algorithm != algorithmEnveloped || len(tr.Elements()) > 0 {
				return profile()
			}
			continue
		}
		if s.transform, ok = canonicalMethod(tr); !ok {
			return profile()
		}
	}
	switch algorithm, _ := reference[1].Attr("Algorithm"); algorithm {
	case algorithmSHA1:
		s.digest = crypto.SHA1
	case algorithmSHA256:
		s.digest = crypto.SHA256
	default:
		return nil, refuse("algorithm", "a digest by SHA-256")
	}
	switch algorithm, _ := info[1].Attr("Algorithm"); algorithm {
	case algorithmRSAwithSHA1:
		s.method = crypto.SHA1
	case algorithmRSA:
		s.method = crypto.SHA256
	default:
		return nil, refuse("algorithm", "a signature by RSA with SHA-256")
	}
	if len(reference[1].Elements())+len(info[1].Elements()) > 0 { // parameters of an algorithm
		return profile()
	}
	var err error
	if s.digestValue, err = base64Of(reference[2].Text()); err != nil {
		return profile()
	}
	if s.value, err = base64Of(children[1].Text()); err != nil {
		return profile()
	}
	return s, nil
}

// canonicalMethod returns the form that an element names, without parameters.
func canonicalMethod(n *c14n.Node) (c14n.Method, bool) {
	algorithm, _ := n.Attr("Algorithm")
	if len(n.Elements()) > 0 {
		return 0, false
	}
	switch algorithm {
	case algorithmC14N:
		return c14n.Inclusive, true
	case algorithmC14N11:
		return c14n.Inclusive11, true
	case algorithmExclusive:
		return c14n.Exclusive, true
	}
	return 0, false
}

// base64Of reads base64 with white space in it, as XML Schema allows.
func base64Of(s string) ([]byte, error) {
	return base64.StdEncoding.DecodeString(strings.Map(func(r rune) rune {
		switch r {
		case ' ', '\t', '\r', '\n':
			return -1
		}
		return r
	}, s))
}

// allowed checks the algorithms against the options, and notes them.
func (s *signatureParts) allowed(l Legacy, v *Verified) error {
	v.Digest, v.Method = s.digest.String(), "RSA with "+s.method.String()
	if s.digest != crypto.SHA1 && s.method != crypto.SHA1 {
		return nil
	}
	if !l.Has(SHA1) {
		return refuse("algorithm", "SHA-256: this document uses SHA-1, which is accepted by a named option only")
	}
	v.Warnings = append(v.Warnings, "SHA-1 is used: digest "+v.Digest+", signature "+v.Method)
	return nil
}

// Bounds of the keys that signatures are checked by.
const (
	minKeyBits       = 2048
	minLegacyKeyBits = 1024
	maxKeyBits       = 8192
)

// signer returns the registered certificate whose key made a signature.
func (t Trust) signer(h crypto.Hash, digest, value []byte) (*x509.Certificate, error) {
	least := minKeyBits
	if t.Legacy.Has(RSA1024) {
		least = minLegacyKeyBits
	}
	usable := 0
	for _, c := range t.Certificates {
		if c == nil {
			continue
		}
		key, ok := c.PublicKey.(*rsa.PublicKey)
		if !ok || key.N.BitLen() < least || key.N.BitLen() > maxKeyBits {
			continue
		}
		usable++
		if rsa.VerifyPKCS1v15(key, h, digest, value) == nil {
			return c, nil
		}
	}
	if usable == 0 {
		return nil, refuse("key", "a registered certificate with an RSA key of at least %d bits", least)
	}
	return nil, refuse("key", "a signature by one of the %d registered keys", usable)
}

// inTime judges the time of the certificate.
func (t Trust) inTime(v *Verified) error {
	now := time.Now
	if t.Now != nil {
		now = t.Now
	}
	at := now()
	if !at.Before(v.Certificate.NotBefore) && !at.After(v.Certificate.NotAfter) {
		return nil
	}
	if t.RefuseExpired {
		return refuse("expired", "a certificate in its time; this one is from %s to %s", v.Certificate.NotBefore.Format(time.DateOnly), v.Certificate.NotAfter.Format(time.DateOnly))
	}
	v.Warnings = append(v.Warnings, "the certificate is outside of its time, which ended or begins at "+v.Certificate.NotAfter.Format(time.DateOnly))
	return nil
}
