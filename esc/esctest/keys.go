package esctest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"strings"
	"time"
)

// keyMaker makes a private key.
type keyMaker func() (crypto.Signer, error)

var (
	p256    keyMaker = func() (crypto.Signer, error) { return ecdsa.GenerateKey(elliptic.P256(), rand.Reader) }
	p384    keyMaker = func() (crypto.Signer, error) { return ecdsa.GenerateKey(elliptic.P384(), rand.Reader) }
	rsa2048 keyMaker = func() (crypto.Signer, error) { return rsa.GenerateKey(rand.Reader, 2048) }
	weakRSA keyMaker = func() (crypto.Signer, error) { return rsa.GenerateKey(rand.Reader, 1024) }
	edwards keyMaker = func() (crypto.Signer, error) {
		_, key, err := ed25519.GenerateKey(rand.Reader)
		return key, err
	}
)

// template returns what all certificates have.
func (a *Authority) template(name string, life time.Duration) *x509.Certificate {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.serial++
	return &x509.Certificate{
		SerialNumber: big.NewInt(0x1000 + a.serial),
		Subject:      pkix.Name{Country: []string{"FR"}, Organization: []string{"Passerelle test material"}, CommonName: name},
		// Whole seconds: certificates hold no fractions.
		NotBefore: a.at.Add(-year).Truncate(time.Second), NotAfter: a.at.Add(life).Truncate(time.Second),
		BasicConstraintsValid: true,
		MaxPathLen:            -1,
	}
}

func (a *Authority) authority(name string, life time.Duration) *x509.Certificate {
	t := a.template(name, life)
	t.IsCA = true
	t.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageCRLSign | x509.KeyUsageDigitalSignature
	return t
}

func (a *Authority) selfSigned(template *x509.Certificate) (*x509.Certificate, crypto.Signer, error) {
	key, err := p256()
	if err != nil {
		return nil, nil, err
	}
	cert, err := create(template, template, key.Public(), key)
	return cert, key, err
}

// certify makes a key and its certificate.
func (a *Authority) certify(template, parent *x509.Certificate, parentKey crypto.Signer, makeKey keyMaker) (*x509.Certificate, crypto.Signer, error) {
	key, err := makeKey()
	if err != nil {
		return nil, nil, err
	}
	cert, err := create(template, parent, key.Public(), parentKey)
	return cert, key, err
}

func create(template, parent *x509.Certificate, public crypto.PublicKey, key crypto.Signer) (*x509.Certificate, error) {
	der, err := x509.CreateCertificate(rand.Reader, template, parent, public, key)
	if err != nil {
		return nil, err
	}
	return x509.ParseCertificate(der)
}

// wildcard replaces the first label of a domain name.
func wildcard(name string) string {
	_, rest, _ := strings.Cut(name, ".")
	return "*." + rest
}
