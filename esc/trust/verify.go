package trust

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"time"
)

// MaxCertificates bounds the certificates considered for one signed object.
const MaxCertificates = 32

// maxPath bounds the length of the chain that a diagnosis follows.
const maxPath = 8

// allowedAlgorithms are the algorithms with which certificates and revocation
// lists may be signed. A root is trusted for itself: how it was signed does not matter.
var allowedAlgorithms = map[x509.SignatureAlgorithm]bool{
	x509.ECDSAWithSHA256: true, x509.ECDSAWithSHA384: true, x509.ECDSAWithSHA512: true,
	x509.SHA256WithRSA: true, x509.SHA384WithRSA: true, x509.SHA512WithRSA: true,
	x509.SHA256WithRSAPSS: true, x509.SHA384WithRSAPSS: true, x509.SHA512WithRSAPSS: true,
	x509.PureEd25519: true,
}

// Verifier judges certificate chains under one policy. It is safe for concurrent use.
type Verifier struct {
	policy     Policy
	profile    Profile
	roots      *x509.CertPool
	revocation RevocationCheck // nil: not checked
}

// NewVerifier makes a verifier. The error lists every fault of the policy as
// passerelle.FieldErrors.
func NewVerifier(policy Policy, profile Profile) (*Verifier, error) {
	if err := policy.check(profile); err != nil {
		return nil, err
	}
	policy.Roots = slices.Clone(policy.Roots)
	v := &Verifier{policy: policy, profile: profile, roots: x509.NewCertPool(), revocation: policy.Revocation.asker()}
	for _, root := range policy.Roots {
		v.roots.AddCert(root)
	}
	return v, nil
}

// Moment returns the moment of the policy.
func (v *Verifier) Moment() time.Time { return v.policy.Time.Moment() }

// Verify looks for a chain from leaf, through others in any order, to a trusted
// root, valid at the moment "at". Roots found among others are not trusted for
// that. It returns the chain, leaf first and root last, or the faults of the most
// plausible one. Revocation is judged at the moment of the policy, whatever "at".
// The error is about the check itself: the context, or a revocation service that
// could not answer.
func (v *Verifier) Verify(ctx context.Context, leaf *x509.Certificate, others []*x509.Certificate, at time.Time) ([]*x509.Certificate, []Fault, error) {
	if len(others) > MaxCertificates {
		return nil, []Fault{{ChainMissing, fmt.Sprintf("%d certificates to choose from: want at most %d", len(others), MaxCertificates)}}, nil
	}
	intermediates := x509.NewCertPool()
	for _, cert := range others {
		// A root given again would have signatures checked twice.
		if !cert.Equal(leaf) && !v.isRoot(cert) {
			intermediates.AddCert(cert)
		}
	}
	// The usages that crypto/x509 knows are about TLS and mail: ours are judged below.
	chains, err := leaf.Verify(x509.VerifyOptions{
		Roots: v.roots, Intermediates: intermediates, CurrentTime: at, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny},
	})
	if err != nil {
		chain := v.plausible(leaf, others)
		faults := append(v.pathFaults(chain, at), v.profileFaults(chain)...)
		if len(faults) == 0 {
			faults = []Fault{x509Fault(err)}
		}
		return nil, faults, nil
	}
	var first []Fault
	for i, chain := range chains {
		faults := v.profileFaults(chain)
		more, err := v.revocationFaults(ctx, chain, v.Moment())
		if err != nil {
			return nil, nil, err
		}
		faults = append(faults, more...)
		if len(faults) == 0 {
			return chain, nil, nil
		}
		if i == 0 {
			first = faults
		}
	}
	return nil, first, nil
}

// profileFaults applies the rules that crypto/x509 does not: allow-listed
// algorithms, strength of keys, and the usages that the signed object demands.
func (v *Verifier) profileFaults(chain []*x509.Certificate) []Fault {
	var faults []Fault
	leaf := chain[0]
	if key, ok := leaf.PublicKey.(*ecdsa.PublicKey); !ok || key.Curve != v.profile.Curve {
		faults = append(faults, Fault{CertificateKey, fmt.Sprintf("%s: want an ECDSA key on %s", describe(0, leaf), v.profile.Curve.Params().Name)})
	}
	if leaf.KeyUsage&x509.KeyUsageDigitalSignature == 0 {
		faults = append(faults, Fault{CertificateUsage, describe(0, leaf) + ": want the key usage digitalSignature"})
	}
	if leaf.IsCA && !v.profile.AllowCA {
		faults = append(faults, Fault{CertificateUsage, describe(0, leaf) + ": an authority does not sign cards itself"})
	}
	for i, cert := range chain {
		if !v.usageAllowed(cert, i == 0) {
			faults = append(faults, Fault{CertificateUsage, describe(i, cert) + ": its extended key usage does not cover cards"})
		}
		if why := weakKey(cert.PublicKey); why != "" {
			faults = append(faults, Fault{CertificateKey, describe(i, cert) + ": want " + why})
		}
		isRoot := i == len(chain)-1 && v.isRoot(cert)
		if !isRoot && !allowedAlgorithms[cert.SignatureAlgorithm] {
			faults = append(faults, Fault{CertificateAlgorithm, fmt.Sprintf("%s is signed with %s", describe(i, cert), cert.SignatureAlgorithm)})
		}
	}
	return faults
}

// usageAllowed reports whether the extended usages of cert cover the profile. An
// authority without a list excludes nothing; a leaf without one has no usage.
func (v *Verifier) usageAllowed(cert *x509.Certificate, leaf bool) bool {
	none := len(cert.ExtKeyUsage) == 0 && len(cert.UnknownExtKeyUsage) == 0
	if none {
		return !leaf || v.profile.Usage == nil
	}
	if v.profile.Usage == nil {
		return slices.Contains(cert.ExtKeyUsage, x509.ExtKeyUsageAny)
	}
	if !leaf && slices.Contains(cert.ExtKeyUsage, x509.ExtKeyUsageAny) {
		return true
	}
	return slices.ContainsFunc(cert.UnknownExtKeyUsage, v.profile.Usage.Equal)
}

// plausible follows issuers upwards as far as it can, for the diagnosis of a chain
// that crypto/x509 refused with one error: by name, and by signature where several
// certificates bear the name.
func (v *Verifier) plausible(leaf *x509.Certificate, others []*x509.Certificate) []*x509.Certificate {
	chain := []*x509.Certificate{leaf}
	candidates := slices.Concat(v.policy.Roots, others)
	for cert := leaf; !bytes.Equal(cert.RawSubject, cert.RawIssuer) && !v.isRoot(cert) && len(chain) < maxPath; {
		var parent *x509.Certificate
		for _, c := range candidates {
			if !bytes.Equal(c.RawSubject, cert.RawIssuer) || slices.ContainsFunc(chain, c.Equal) {
				continue
			}
			if signs(c, cert) {
				parent = c
				break
			}
			if parent == nil {
				parent = c
			}
		}
		if parent == nil {
			break
		}
		chain = append(chain, parent)
		cert = parent
	}
	return chain
}

func (v *Verifier) isRoot(cert *x509.Certificate) bool {
	return slices.ContainsFunc(v.policy.Roots, cert.Equal)
}

// pathFaults lists what is wrong with a plausible chain at a moment.
func (v *Verifier) pathFaults(chain []*x509.Certificate, at time.Time) []Fault {
	var faults []Fault
	add := func(r Reason, i int, detail string) {
		faults = append(faults, Fault{r, describe(i, chain[i]) + detail})
	}
	for i, cert := range chain {
		switch {
		case at.Before(cert.NotBefore):
			add(CertificateNotYetValid, i, " starts on "+cert.NotBefore.UTC().Format(time.RFC3339))
		case at.After(cert.NotAfter):
			add(CertificateExpired, i, " ended on "+cert.NotAfter.UTC().Format(time.RFC3339))
		}
		for _, id := range cert.UnhandledCriticalExtensions {
			add(CertificateExtension, i, ": critical extension "+id.String())
		}
		if i == 0 {
			continue
		}
		switch {
		case !cert.BasicConstraintsValid || !cert.IsCA || cert.KeyUsage != 0 && cert.KeyUsage&x509.KeyUsageCertSign == 0:
			add(CertificateUsage, i, " may not issue certificates")
		case !signs(cert, chain[i-1]) && allowedAlgorithms[chain[i-1].SignatureAlgorithm]:
			add(CertificateSignature, i-1, " was not signed by the authority it names")
		}
		if cert.BasicConstraintsValid && cert.MaxPathLen >= 0 && i-1 > cert.MaxPathLen {
			add(CertificateConstraint, i, ": too many certificates below it")
		}
	}
	if last := len(chain) - 1; !v.isRoot(chain[last]) {
		add(UnknownRoot, last, " leads to no trusted root")
	}
	return faults
}

// signs reports whether the key of parent made the signature of child; whether
// parent had the right to is another question.
func signs(parent, child *x509.Certificate) bool {
	return parent.CheckSignature(child.SignatureAlgorithm, child.RawTBSCertificate, child.Signature) == nil
}

// x509Fault names the error of a chain in which pathFaults saw nothing wrong.
func x509Fault(err error) Fault {
	if invalid, ok := errors.AsType[x509.CertificateInvalidError](err); ok {
		switch invalid.Reason {
		case x509.IncompatibleUsage, x509.NotAuthorizedToSign:
			return Fault{CertificateUsage, "the chain is not meant for this"}
		default:
			return Fault{CertificateConstraint, "a constraint of the chain is broken"}
		}
	}
	return Fault{UnknownRoot, "no chain leads to a trusted root"}
}

// weakKey says what is wanted instead of a key that is too weak or of a kind that
// is not allowed, or "".
func weakKey(key any) string {
	switch k := key.(type) {
	case *ecdsa.PublicKey:
		if k.Curve != elliptic.P256() && k.Curve != elliptic.P384() && k.Curve != elliptic.P521() {
			return "an ECDSA key on P-256, P-384 or P-521"
		}
	case *rsa.PublicKey:
		if k.N.BitLen() < 2048 {
			return "an RSA key of at least 2048 bits"
		}
	case ed25519.PublicKey:
	default:
		return "an ECDSA, RSA or Ed25519 key"
	}
	return ""
}

// describe names the i-th certificate of a chain without quoting its subject.
func describe(i int, cert *x509.Certificate) string {
	return fmt.Sprintf("certificate %d (serial %x)", i+1, cert.SerialNumber)
}
