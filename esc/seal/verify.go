package seal

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"slices"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/esc/trust"
)

// MaxSkew is the largest Skew of a policy.
const MaxSkew = 10 * time.Minute

// Policy says what a verifier believes. The fields of trust.Policy and Issuers are
// required: there is no default for trust.
//
// Every authority under the roots is believed about the names in the certificates it
// issues. Where institutions have authorities of their own, name constraints (RFC 5280,
// 4.2.1.10) keep each to its name; they are enforced.
type Policy struct {
	trust.Policy

	// Chains finds the certificates named by a kid. Nil refuses, with
	// trust.ChainMissing, the seals that do not carry their chain.
	Chains trust.Source
	// Issuers says who may seal numbers of which PIC: [IssuerPICs], or [AnyIssuer].
	Issuers Issuers
	// Skew is the difference between clocks that is tolerated when the validity of a
	// seal is judged, at most [MaxSkew]. Zero tolerates none.
	Skew time.Duration
	// Usage replaces [UsageCardSeal] where the authority uses another identifier.
	Usage asn1.ObjectIdentifier
	// ChainAtIssue judges the certificates at the moment the seal says it was made,
	// so that cards outlive certificates. That moment is the signer's word: whoever
	// gets hold of a key after its certificate ended can date seals back.
	ChainAtIssue bool
}

// Issuers says which institutions may seal the numbers of which PIC. The zero
// value is no choice and is refused by policies.
type Issuers struct {
	pics map[string][]string
	any  bool
}

// IssuerPICs accepts the issuers named, each for the card numbers of its own PICs
// (nine digits). Keys are domain names in lower case.
func IssuerPICs(pics map[string][]string) Issuers {
	copied := make(map[string][]string, len(pics))
	for issuer, list := range pics {
		copied[issuer] = slices.Clone(list)
	}
	return Issuers{pics: copied}
}

// AnyIssuer accepts every issuer under the trusted roots, and any of them for any
// PIC: one institution could then seal another's card numbers. The issuer is still
// the one that its certificate names.
func AnyIssuer() Issuers { return Issuers{any: true} }

// Verifier verifies seals under one policy. It is safe for concurrent use.
type Verifier struct {
	policy Policy
	trust  *trust.Verifier
}

// NewVerifier makes a verifier. The error lists every fault of the policy as
// passerelle.FieldErrors.
func NewVerifier(policy Policy) (*Verifier, error) {
	if policy.Usage == nil {
		policy.Usage = UsageCardSeal
	}
	var faults passerelle.FieldErrors
	inner, err := trust.NewVerifier(policy.Policy, trust.Profile{Curve: elliptic.P256(), Usage: policy.Usage})
	if err != nil {
		if list, ok := errors.AsType[passerelle.FieldErrors](err); ok {
			faults = append(faults, list...)
		} else {
			return nil, err
		}
	}
	if !policy.Issuers.any && len(policy.Issuers.pics) == 0 {
		faults.Add("Issuers", "required", "seal.IssuerPICs or seal.AnyIssuer")
	}
	for issuer := range policy.Issuers.pics {
		if !domainName(issuer) {
			faults.Add("Issuers", "form", "domain names in lower case")
			break
		}
	}
	if policy.Skew < 0 || policy.Skew > MaxSkew {
		faults.Add("Skew", "range", "from 0 to "+MaxSkew.String())
	}
	if err := faults.Err(); err != nil {
		return nil, err
	}
	return &Verifier{policy: policy, trust: inner}, nil
}

// Verified is a seal that is believed.
type Verified struct {
	Claims
	KeyID string              // the kid of the seal
	Chain []*x509.Certificate // signing certificate first, root last
	At    time.Time           // the moment of the judgement
}

// Verify judges a seal. A seal that is not believed is a *trust.RefusedError with
// all its reasons, and the claims are not returned. Any other error, the context's or
// that of the source of certificates (passerelle.ErrUnavailable, …), says nothing
// about the seal.
func (v *Verifier) Verify(ctx context.Context, token string) (*Verified, error) {
	p, faults := parse(token)
	if p == nil {
		return nil, faults.err()
	}
	now := v.trust.Moment()
	faults = append(faults, v.validity(p.claims, now)...)

	at := now
	if v.policy.ChainAtIssue && !p.claims.IssuedAt.IsZero() {
		at = p.claims.IssuedAt
	}
	candidates, others, err := v.certificates(ctx, p, now)
	if err != nil {
		return nil, err
	}
	if len(candidates) == 0 {
		faults.add(trust.ChainMissing, "no certificate is known for the kid")
		return nil, faults.err()
	}
	// Several certificates bear one key when it was renewed: any of them will do.
	signing := candidates[0]
	var chain []*x509.Certificate
	var refused refusal
	for i, leaf := range candidates {
		found, chainFaults, err := v.trust.Verify(ctx, leaf, others, at)
		if err != nil {
			return nil, err
		}
		if !namesIssuer(leaf, p.claims.Issuer) {
			chainFaults = append(chainFaults, trust.Fault{Reason: Issuer, Detail: "the certificate does not name the issuer of the claims"})
		}
		if len(chainFaults) == 0 {
			signing, chain, refused = leaf, found, nil
			break
		}
		if i == 0 {
			refused = chainFaults
		}
	}
	faults = append(faults, refused...)
	key, ok := signing.PublicKey.(*ecdsa.PublicKey)
	if ok && key.Curve == elliptic.P256() && jwt.SigningMethodES256.Verify(p.signed, p.signature, key) != nil {
		faults.add(Signature, "it was not made by the key of kid over these bytes")
	}
	if err := faults.err(); err != nil {
		return nil, err
	}
	return &Verified{Claims: p.claims, KeyID: p.kid, Chain: chain, At: now}, nil
}

// validity judges the claims themselves.
func (v *Verifier) validity(c Claims, now time.Time) refusal {
	var r refusal
	if !c.Expires.IsZero() && !now.Add(-v.policy.Skew).Before(c.Expires) {
		r.add(Expired, "ended at "+c.Expires.Format(time.RFC3339))
	}
	latest := now.Add(v.policy.Skew)
	if c.NotBefore.After(latest) {
		r.add(NotYetValid, "begins at "+c.NotBefore.Format(time.RFC3339))
	}
	if c.IssuedAt.After(latest) {
		r.add(NotYetValid, "was made at "+c.IssuedAt.Format(time.RFC3339)+", which is in the future")
	}
	if v.policy.Issuers.any || c.Issuer == "" || c.ESCN.IsZero() {
		return r
	}
	pics, known := v.policy.Issuers.pics[c.Issuer]
	switch {
	case !known:
		r.add(Issuer, "it is not one of the issuers of the policy")
	case !slices.Contains(pics, c.ESCN.DecodeAt(now).PIC):
		r.add(PIC, "the number does not carry a PIC of the issuer")
	}
	return r
}

// certificates returns those that may have signed p, latest end first, and all others.
func (v *Verifier) certificates(ctx context.Context, p *parsed, now time.Time) (candidates, others []*x509.Certificate, err error) {
	if len(p.x5c) > 0 {
		return p.x5c[:1], p.x5c[1:], nil
	}
	if v.policy.Chains == nil {
		return nil, nil, nil
	}
	certs, err := v.policy.Chains.Certificates(ctx, trust.Query{KeyID: p.kid, PIC: p.claims.ESCN.DecodeAt(now).PIC})
	if err != nil && !errors.Is(err, passerelle.ErrNotFound) {
		return nil, nil, err
	}
	for _, cert := range certs {
		if trust.KeyID(cert) == p.kid {
			candidates = append(candidates, cert)
		} else {
			others = append(others, cert)
		}
	}
	slices.SortStableFunc(candidates, func(a, b *x509.Certificate) int { return b.NotAfter.Compare(a.NotAfter) })
	return candidates, others, nil
}
