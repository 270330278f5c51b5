package esctest

import (
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	"math/big"
	"slices"
	"sync"
	"time"

	"github.com/passerelle-sup/passerelle/esc/seal"
	"github.com/passerelle-sup/passerelle/esc/trust"
)

// Defect is something wrong on purpose in a certificate.
type Defect uint8

// The defects. Those of the root and of the issuing authority are given to
// [NewAuthority], those of a signing certificate to [Authority.Issue] and
// [Authority.IssueCard].
const (
	ExpiredRoot            Defect = iota + 1 // the root ended a day before the authority's time
	ExpiredIssuing                           // the issuing authority did
	NotYetValidIssuing                       // the issuing authority starts a day after
	IssuingNotCA                             // the issuing certificate is not one of an authority
	IssuingWithoutCertSign                   // its key usage does not allow it to sign certificates
	IssuingForServersOnly                    // its extended usage is TLS servers
	IssuingForOtherNames                     // its name constraint is another domain
	IssuingWeakRSA                           // its key is RSA, 1024 bits
	PathTooLong                              // the root allows no authority below it, and Issuing is one

	Expired              // the certificate ended a day before the authority's time
	NotYetValid          // it starts a day after
	UnknownRoot          // it comes from another authority that bears the same names
	BrokenSignature      // a bit of its signature is flipped
	SHA1Signature        // it is signed with ECDSA and SHA-1
	WrongCurve           // its key is on P-384
	RSAKey               // its key is RSA, 2048 bits
	Ed25519Key           // its key is Ed25519
	NoSignatureUsage     // its key usage is key encipherment alone
	ServerUsage          // its extended usage is TLS servers
	NoUsage              // it has no extended usage
	CertificateAuthority // it is one of an authority
	CriticalExtension    // it has a critical extension nobody knows
	NoIssuerName         // it bears no DNS name
	WildcardName         // its DNS name is a wildcard that covers the issuer
	ForeignName          // its names are those of ForeignIssuer
)

// ForeignIssuer is the institution in whose name certificates with [ForeignName] are.
const ForeignIssuer = "univ-other.example"

// Authority is a card authority in memory: a root, an issuing authority under it,
// and the signing certificates that it issues, all on P-256 unless a defect says
// otherwise. It is safe for concurrent use.
type Authority struct {
	Root    *x509.Certificate
	Issuing *x509.Certificate // signs the certificates of issuers

	at         time.Time
	rootKey    crypto.Signer
	issuingKey crypto.Signer

	mu      sync.Mutex
	serial  int64
	revoked map[string][]x509.RevocationListEntry // by authority, its subject
}

// Credential is a signing certificate, its key, and the authorities above it.
type Credential struct {
	Certificate *x509.Certificate
	Key         crypto.Signer
	Chain       []*x509.Certificate // from the issuer of Certificate to the root, included
}

// Bundle returns all the certificates of c, root first as in the files of the
// first router, as a source.
func (c *Credential) Bundle() trust.Bundle {
	bundle := append(trust.Bundle{c.Certificate}, c.Chain...)
	slices.Reverse(bundle)
	return bundle
}

const (
	day  = 24 * time.Hour
	year = 365 * day
)

// NewAuthority makes an authority whose certificates are valid around at: roots
// for twenty years, the issuing authority for ten, signing certificates for five.
func NewAuthority(at time.Time, defects ...Defect) (*Authority, error) {
	a := &Authority{at: at, revoked: make(map[string][]x509.RevocationListEntry)}
	has := func(d Defect) bool { return slices.Contains(defects, d) }
	for _, d := range defects {
		if d < ExpiredRoot || d > PathTooLong {
			return nil, fmt.Errorf("esctest: defect %d is not one of authorities", d)
		}
	}

	root := a.authority("Passerelle Test Card Root", 20*year)
	if has(ExpiredRoot) {
		root.NotAfter = at.Add(-day)
	}
	if has(PathTooLong) {
		root.MaxPathLen, root.MaxPathLenZero = 0, true
	}
	var err error
	if a.Root, a.rootKey, err = a.selfSigned(root); err != nil {
		return nil, err
	}
	issuing := a.authority("Passerelle Test Card Issuing", 10*year)
	key := p256
	switch {
	case has(ExpiredIssuing):
		issuing.NotAfter = at.Add(-day)
	case has(NotYetValidIssuing):
		issuing.NotBefore = at.Add(day)
	case has(IssuingNotCA):
		issuing.IsCA, issuing.MaxPathLen = false, -1
	case has(IssuingWithoutCertSign):
		issuing.KeyUsage = x509.KeyUsageCRLSign
	case has(IssuingForServersOnly):
		issuing.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	case has(IssuingForOtherNames):
		issuing.PermittedDNSDomainsCritical, issuing.PermittedDNSDomains = true, []string{"other.example"}
	case has(IssuingWeakRSA):
		key = weakRSA
	}
	if a.Issuing, a.issuingKey, err = a.certify(issuing, a.Root, a.rootKey, key); err != nil {
		return nil, err
	}
	return a, nil
}

// Issue makes a certificate that may seal cards for the issuer of the given domain
// name, and its key.
func (a *Authority) Issue(domain string, defects ...Defect) (*Credential, error) {
	template := a.template("Card seals of "+domain, 5*year)
	template.KeyUsage = x509.KeyUsageDigitalSignature
	template.UnknownExtKeyUsage = []asn1.ObjectIdentifier{seal.UsageCardSeal}
	template.DNSNames = []string{domain}
	return a.issue(template, a.Issuing, a.issuingKey, defects)
}

// IssueCard makes the certificate that an institution writes on its chips, as the
// legacy DEUInfo chain has them: an authority of the institution under the issuing one,
// and below it the certificate of the cards, which is an authority too.
func (a *Authority) IssueCard(domain string, defects ...Defect) (*Credential, error) {
	return a.issueCard(domain, p256, defects)
}

// CertifyCard is IssueCard for a key that exists, such as that of a published vector.
func (a *Authority) CertifyCard(domain string, key crypto.Signer) (*Credential, error) {
	return a.issueCard(domain, func() (crypto.Signer, error) { return key, nil }, nil)
}

func (a *Authority) issueCard(domain string, key keyMaker, defects []Defect) (*Credential, error) {
	institution := a.authority(domain, 5*year)
	institution.Subject.Organization = []string{"Institution " + domain}
	institution.MaxPathLen, institution.MaxPathLenZero = 0, true
	parent, parentKey, err := a.certify(institution, a.Issuing, a.issuingKey, p256)
	if err != nil {
		return nil, err
	}
	template := a.authority(domain, 5*year)
	template.MaxPathLen = 3
	credential, err := a.issueKey(template, parent, parentKey, key, defects)
	if err != nil {
		return nil, err
	}
	if !slices.Contains(defects, UnknownRoot) {
		credential.Chain = slices.Insert(credential.Chain, 0, parent)
	}
	return credential, nil
}

func (a *Authority) issue(template, parent *x509.Certificate, parentKey crypto.Signer, defects []Defect) (*Credential, error) {
	return a.issueKey(template, parent, parentKey, p256, defects)
}

// issueKey makes a certificate with defects, for the key that is made unless a
// defect wants another.
func (a *Authority) issueKey(template, parent *x509.Certificate, parentKey crypto.Signer, key keyMaker, defects []Defect) (*Credential, error) {
	broken := false
	chain := []*x509.Certificate{a.Issuing, a.Root}
	for _, d := range defects {
		switch d {
		case Expired:
			template.NotAfter = a.at.Add(-day)
		case NotYetValid:
			template.NotBefore = a.at.Add(day)
		case UnknownRoot:
			twin, err := NewAuthority(a.at)
			if err != nil {
				return nil, err
			}
			parent, parentKey, chain = twin.Issuing, twin.issuingKey, []*x509.Certificate{twin.Issuing, twin.Root}
		case BrokenSignature:
			broken = true
		case SHA1Signature:
			template.SignatureAlgorithm = x509.ECDSAWithSHA1
		case WrongCurve:
			key = p384
		case RSAKey:
			key = rsa2048
		case Ed25519Key:
			key = edwards
		case NoSignatureUsage:
			template.KeyUsage = x509.KeyUsageKeyEncipherment
		case ServerUsage:
			template.UnknownExtKeyUsage, template.ExtKeyUsage = nil, []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
		case NoUsage:
			template.UnknownExtKeyUsage = nil
		case CertificateAuthority:
			template.IsCA, template.MaxPathLen = true, -1
		case CriticalExtension:
			template.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 32473, 7, 99}, Critical: true, Value: []byte{5, 0}}}
		case NoIssuerName:
			template.DNSNames = nil
		case WildcardName:
			for i, name := range template.DNSNames {
				template.DNSNames[i] = wildcard(name)
			}
		case ForeignName:
			template.Subject.CommonName = ForeignIssuer
			if len(template.DNSNames) > 0 {
				template.DNSNames = []string{ForeignIssuer}
			}
		default:
			return nil, fmt.Errorf("esctest: defect %d is not one of signing certificates", d)
		}
	}
	cert, signer, err := a.certify(template, parent, parentKey, key)
	if err != nil {
		return nil, err
	}
	if broken {
		der := slices.Clone(cert.Raw)
		der[len(der)-1] ^= 1
		if cert, err = x509.ParseCertificate(der); err != nil {
			return nil, err
		}
	}
	return &Credential{Certificate: cert, Key: signer, Chain: chain}, nil
}

// Revoke puts certificates on the list of the authority that issued them.
func (a *Authority) Revoke(certs ...*x509.Certificate) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, cert := range certs {
		a.revoked[string(cert.RawIssuer)] = append(a.revoked[string(cert.RawIssuer)],
			x509.RevocationListEntry{SerialNumber: cert.SerialNumber, RevocationTime: a.at})
	}
}

// RevocationLists returns the lists of the root and of the issuing authority,
// fresh for a week around the authority's time.
func (a *Authority) RevocationLists() ([]*x509.RevocationList, error) {
	return a.RevocationListsAt(a.at)
}

// RevocationListsAt returns lists made at a moment and fresh for a week.
func (a *Authority) RevocationListsAt(at time.Time) ([]*x509.RevocationList, error) {
	var lists []*x509.RevocationList
	for _, by := range []struct {
		cert *x509.Certificate
		key  crypto.Signer
	}{{a.Root, a.rootKey}, {a.Issuing, a.issuingKey}} {
		a.mu.Lock()
		entries := slices.Clone(a.revoked[string(by.cert.RawSubject)])
		a.serial++
		number := big.NewInt(a.serial)
		a.mu.Unlock()
		der, err := x509.CreateRevocationList(rand.Reader, &x509.RevocationList{
			RevokedCertificateEntries: entries, Number: number, ThisUpdate: at.Add(-time.Hour), NextUpdate: at.Add(7 * day),
		}, by.cert, by.key)
		if err != nil {
			return nil, err
		}
		list, err := x509.ParseRevocationList(der)
		if err != nil {
			return nil, err
		}
		lists = append(lists, list)
	}
	return lists, nil
}

// DeltaList returns a list of the root that only says what changed: one that
// cannot prove that a certificate is good.
func (a *Authority) DeltaList() (*x509.RevocationList, error) {
	number, err := asn1.Marshal(big.NewInt(1))
	if err != nil {
		return nil, err
	}
	der, err := x509.CreateRevocationList(rand.Reader, &x509.RevocationList{
		Number: big.NewInt(2), ThisUpdate: a.at.Add(-time.Hour), NextUpdate: a.at.Add(7 * day),
		ExtraExtensions: []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 27}, Critical: true, Value: number}},
	}, a.Root, a.rootKey)
	if err != nil {
		return nil, err
	}
	return x509.ParseRevocationList(der)
}

// Renew makes another certificate on the key of c, with the same names and usages.
func (a *Authority) Renew(c *Credential, defects ...Defect) (*Credential, error) {
	template := a.template(c.Certificate.Subject.CommonName, 5*year)
	template.KeyUsage = c.Certificate.KeyUsage
	template.UnknownExtKeyUsage = c.Certificate.UnknownExtKeyUsage
	template.DNSNames = slices.Clone(c.Certificate.DNSNames)
	return a.issueKey(template, a.Issuing, a.issuingKey, func() (crypto.Signer, error) { return c.Key, nil }, defects)
}
