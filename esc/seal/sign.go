package seal

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"encoding/base64"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/esc/trust"
)

// SignerConfig is what an issuer seals cards with.
type SignerConfig struct {
	// Key is the private key on P-256: in memory, in a hardware module, behind a
	// service. Required.
	Key crypto.Signer
	// Certificate is that of Key; it must name the issuer as a DNS name, have the
	// key usage digitalSignature and the extended usage [UsageCardSeal] (or Usage). Required.
	Certificate *x509.Certificate
	// Chain are the authorities above Certificate, for [Signer.SignWithChain]. The
	// root may be left out: verifiers have theirs.
	Chain []*x509.Certificate
	// Issuer is the schacHomeOrganization written in seals. When empty it is the
	// only DNS name of the certificate.
	Issuer string
	// Usage replaces [UsageCardSeal] where the authority uses another identifier.
	Usage asn1.ObjectIdentifier
	// OutliveCertificate allows seals that end after Certificate does. Verifiers
	// refuse them from the end of the certificate on, unless they know a renewed one
	// on the same key, or their policy has ChainAtIssue.
	OutliveCertificate bool
}

// UsageCardSeal is the extended key usage of certificates that seal cards. It stands
// under the number reserved for documentation (RFC 5612), since nobody registered one:
// authorities that have a number of their own set it in [Policy] and [SignerConfig].
var UsageCardSeal = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 32473, 7, 1}

// Signer seals cards for one issuer with one key. It is safe for concurrent use
// where its key is.
type Signer struct {
	config SignerConfig
	kid    string
	x5c    []string
}

// NewSigner checks the key and its certificate. The error lists every fault as
// passerelle.FieldErrors.
func NewSigner(config SignerConfig) (*Signer, error) {
	var faults passerelle.FieldErrors
	if config.Usage == nil {
		config.Usage = UsageCardSeal
	}
	if config.Key == nil {
		faults.Add("Key", "required", "a private key on P-256")
	} else if public, ok := config.Key.Public().(*ecdsa.PublicKey); !ok || public.Curve != elliptic.P256() {
		faults.Add("Key", "key", "an ECDSA key on P-256")
	}
	cert := config.Certificate
	if cert == nil || len(cert.Raw) == 0 {
		faults.Add("Certificate", "required", "the certificate of Key")
		return nil, faults.Err()
	}
	if public, ok := cert.PublicKey.(*ecdsa.PublicKey); !ok || config.Key != nil && !public.Equal(config.Key.Public()) {
		faults.Add("Certificate", "key", "the certificate of Key")
	}
	if cert.IsCA || cert.KeyUsage&x509.KeyUsageDigitalSignature == 0 || !slices.ContainsFunc(cert.UnknownExtKeyUsage, config.Usage.Equal) {
		faults.Add("Certificate", "usage", "no authority, key usage digitalSignature and extended usage "+config.Usage.String())
	}
	if config.Issuer == "" && len(cert.DNSNames) == 1 {
		config.Issuer = strings.ToLower(cert.DNSNames[0])
	}
	if !domainName(config.Issuer) || !namesIssuer(cert, config.Issuer) {
		faults.Add("Issuer", "issuer", "a domain name in lower case, one of the certificate's DNS names")
	}
	if len(config.Chain)+1 > maxX5C {
		faults.Add("Chain", "length", fmt.Sprintf("at most %d certificates", maxX5C-1))
	}
	if err := faults.Err(); err != nil {
		return nil, err
	}
	s := &Signer{config: config, kid: trust.KeyID(cert)}
	for _, c := range append([]*x509.Certificate{cert}, config.Chain...) {
		s.x5c = append(s.x5c, base64.StdEncoding.EncodeToString(c.Raw))
	}
	return s, nil
}

// KeyID returns the kid of the seals that s makes.
func (s *Signer) KeyID() string { return s.kid }

// Sign returns the seal of a card, short enough for a QR code: see [QR]. Claims
// that are not fit are passerelle.FieldErrors; the error of the key is returned wrapped.
func (s *Signer) Sign(c Claims) (string, error) { return s.sign(c, nil) }

// SignWithChain is Sign with the certificates in the header, for a seal that does
// not go into a QR code.
func (s *Signer) SignWithChain(c Claims) (string, error) { return s.sign(c, s.x5c) }

func (s *Signer) sign(c Claims, x5c []string) (string, error) {
	if c.Issuer == "" {
		c.Issuer = s.config.Issuer
	}
	if c.IssuedAt.IsZero() {
		c.IssuedAt = time.Now()
	}
	faults := c.check()
	if c.Issuer != s.config.Issuer {
		faults.Add("Issuer", "issuer", "the signer's own, "+s.config.Issuer)
	}
	cert := s.config.Certificate
	if c.IssuedAt.Before(cert.NotBefore) || c.IssuedAt.After(cert.NotAfter) {
		faults.Add("IssuedAt", "range", "a time at which the signing certificate is valid")
	}
	if !s.config.OutliveCertificate && c.Expires.After(cert.NotAfter) {
		faults.Add("Expires", "range", "not after the end of the signing certificate, "+cert.NotAfter.UTC().Format(time.RFC3339))
	}
	if err := faults.Err(); err != nil {
		return "", err
	}
	token := jwt.NewWithClaims(signingMethod{}, c.payload())
	token.Header["typ"] = MediaType
	token.Header["kid"] = s.kid
	if x5c != nil {
		token.Header["x5c"] = x5c
	}
	sealed, err := token.SignedString(s.config.Key)
	if err != nil {
		return "", fmt.Errorf("seal: signing: %w", errors.Join(passerelle.ErrUnavailable, err))
	}
	if len(sealed) > MaxSize {
		return "", passerelle.FieldErrors{{Field: "Chain", Rule: "length", Want: "a chain that fits a seal"}}
	}
	return sealed, nil
}

// namesIssuer reports whether a certificate bears the domain name of the issuer,
// letter for letter: a wildcard names nobody.
func namesIssuer(cert *x509.Certificate, issuer string) bool {
	return slices.ContainsFunc(cert.DNSNames, func(name string) bool { return strings.EqualFold(name, issuer) })
}

// signingMethod is ES256 over any crypto.Signer, where golang-jwt's own wants the
// private key itself.
type signingMethod struct{}

// Alg returns "ES256".
func (signingMethod) Alg() string { return algorithm }

// Verify is golang-jwt's.
func (signingMethod) Verify(signed string, signature []byte, key any) error {
	return jwt.SigningMethodES256.Verify(signed, signature, key)
}

// Sign returns r||s of the signature that the key makes in ASN.1 (RFC 7518, 3.4).
func (signingMethod) Sign(signed string, key any) ([]byte, error) {
	signer, ok := key.(crypto.Signer)
	if !ok {
		return nil, jwt.ErrInvalidKeyType
	}
	digest := sha256.Sum256([]byte(signed))
	der, err := signer.Sign(rand.Reader, digest[:], crypto.SHA256)
	if err != nil {
		return nil, err
	}
	var rs struct{ R, S *big.Int }
	rest, err := asn1.Unmarshal(der, &rs)
	const size = 32
	if err != nil || len(rest) > 0 || rs.R.Sign() <= 0 || rs.S.Sign() <= 0 || rs.R.BitLen() > 8*size || rs.S.BitLen() > 8*size {
		return nil, errors.New("the key did not return an ASN.1 signature on P-256")
	}
	out := make([]byte, 2*size)
	rs.R.FillBytes(out[:size])
	rs.S.FillBytes(out[size:])
	return out, nil
}
