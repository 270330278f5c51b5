package deuinfo

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	_ "embed" // the root of the Cnous
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/esc"
	"github.com/passerelle-sup/passerelle/esc/trust"
)

// The reasons for which a card is refused, besides those of package trust, which
// concern its certificates.
const (
	Malformed trust.Reason = "malformed" // the certificate is none
	Signature trust.Reason = "signature" // the signature is not that of the card's number and chip by its certificate
	Issuer    trust.Reason = "issuer"    // the certificate is not one of the institution of the card's number
)

//go:embed cnous-root.pem
var cnousRoot []byte

// CNOUSRoot returns the root under which the Cnous issued the certificates of
// French institutions from 2020 on: DUEINFOROOTCA, valid until 8 March 2040. Whether
// other roots existed is not known.
var CNOUSRoot = sync.OnceValue(func() *x509.Certificate {
	bundle, err := trust.ParseCertificates(cnousRoot)
	if err != nil {
		panic(err) // the file is part of the package
	}
	return bundle[0]
})

// Policy says what a verifier believes. The fields of trust.Policy, Chains and
// Issuers are required: there is no default for trust.
type Policy struct {
	trust.Policy

	// Chains gives the authorities between the certificate on the card and the
	// roots; it is asked by the PIC of the card's number. The service that had them is
	// gone: files kept from it are what remains, see [trust.File].
	Chains trust.Source
	// Issuers says whose certificates may sign the numbers of a PIC: [IssuerNames],
	// or [AnyIssuer].
	Issuers Issuers
	// ChainAtIssue judges the certificates at the time in the card's number, since
	// cards outlive certificates. That time is a lower bound of the issue, it may lie
	// before the certificate's beginning, and it is the signer's word.
	ChainAtIssue bool
}

// Issuers says which institution a certificate stands for. The zero value is no
// choice and is refused by policies.
type Issuers struct {
	names map[string][]string
	any   bool
}

// IssuerNames accepts, for each PIC (nine digits), the common names that its
// certificates bear: "univ-rouen.fr". The certificate of the card and that of the
// authority which issued it must both bear one, as in the observed chain: otherwise the
// authority of one institution could issue in the name of another.
func IssuerNames(names map[string][]string) Issuers {
	copied := make(map[string][]string, len(names))
	for pic, list := range names {
		copied[pic] = slices.Clone(list)
	}
	return Issuers{names: copied}
}

// AnyIssuer lets every institution under the trusted roots sign the numbers of
// every other one.
func AnyIssuer() Issuers { return Issuers{any: true} }

// Verifier verifies cards under one policy. It is safe for concurrent use.
type Verifier struct {
	policy Policy
	trust  *trust.Verifier
}

// NewVerifier makes a verifier. The error lists every fault of the policy as
// passerelle.FieldErrors.
func NewVerifier(policy Policy) (*Verifier, error) {
	var faults passerelle.FieldErrors
	inner, err := trust.NewVerifier(policy.Policy, trust.Profile{Curve: elliptic.P256(), AllowCA: true})
	if list, ok := errors.AsType[passerelle.FieldErrors](err); ok {
		faults = append(faults, list...)
	} else if err != nil {
		return nil, err
	}
	if policy.Chains == nil {
		faults.Add("Chains", "required", "a trust.Source")
	}
	if !policy.Issuers.any && len(policy.Issuers.names) == 0 {
		faults.Add("Issuers", "required", "deuinfo.IssuerNames or deuinfo.AnyIssuer")
	}
	if err := faults.Err(); err != nil {
		return nil, err
	}
	return &Verifier{policy: policy, trust: inner}, nil
}

// Verified is a card that is believed.
type Verified struct {
	Number esc.Number
	UID    UID
	PIC    string              // of the number; "" when it carries none
	Chain  []*x509.Certificate // that of the card first, root last
	At     time.Time           // the moment at which the chain was judged
}

// Verify judges a card. One that is not believed is a *trust.RefusedError with all
// its reasons. Any other error, the context's or that of the source of certificates, says
// nothing about the card.
func (v *Verifier) Verify(ctx context.Context, card Card) (*Verified, error) {
	refused := &trust.RefusedError{What: "card"}
	add := func(reason trust.Reason, detail string) {
		refused.Faults = append(refused.Faults, trust.Fault{Reason: reason, Detail: detail})
	}
	leaf, err := x509.ParseCertificate(card.Certificate)
	if err != nil {
		add(Malformed, "want an X.509 certificate in DER")
		return nil, refused
	}
	now := v.trust.Moment()
	decoded := card.Number.DecodeAt(now)
	at := now
	if v.policy.ChainAtIssue && !decoded.IssuedAt.IsZero() {
		at = decoded.IssuedAt
	}
	others, err := v.policy.Chains.Certificates(ctx, trust.Query{PIC: decoded.PIC})
	if err != nil && !errors.Is(err, passerelle.ErrNotFound) {
		return nil, err
	}
	if len(others) == 0 {
		add(trust.ChainMissing, "no certificate is known for the PIC of the number")
	}
	chain, faults, err := v.trust.Verify(ctx, leaf, others, at)
	if err != nil {
		return nil, err
	}
	refused.Faults = append(refused.Faults, faults...)
	if !v.policy.Issuers.any {
		names := v.policy.Issuers.names[decoded.PIC]
		if !slices.Contains(names, leaf.Subject.CommonName) || !slices.Contains(names, leaf.Issuer.CommonName) {
			add(Issuer, "the certificate, or the authority that issued it, is not one of the institution of the number")
		}
	}
	if key, ok := leaf.PublicKey.(*ecdsa.PublicKey); ok && key.Curve == elliptic.P256() {
		digest := sha256.Sum256(message(card.Number, card.UID))
		if !ecdsa.VerifyASN1(key, digest[:], card.Signature) {
			add(Signature, "it is not one of this number and this chip by this certificate")
		}
	}
	if len(refused.Faults) > 0 {
		return nil, refused
	}
	return &Verified{Number: card.Number, UID: card.UID, PIC: decoded.PIC, Chain: chain, At: at}, nil
}

// message is what the signature covers.
func message(number esc.Number, uid UID) []byte {
	n := number.Bytes()
	return append(n[:], uid[:]...)
}

// Sign returns the signature that a chip carries for a number and a UID, in DER: for
// tests, and for institutions that still encode the application. The key must be on
// P-256.
func Sign(key crypto.Signer, number esc.Number, uid UID) ([]byte, error) {
	if public, ok := key.Public().(*ecdsa.PublicKey); !ok || public.Curve != elliptic.P256() {
		return nil, passerelle.FieldErrors{{Field: "key", Rule: "key", Want: "an ECDSA key on P-256"}}
	}
	digest := sha256.Sum256(message(number, uid))
	signature, err := key.Sign(rand.Reader, digest[:], crypto.SHA256)
	if err != nil {
		return nil, fmt.Errorf("deuinfo: signing: %w", errors.Join(passerelle.ErrUnavailable, err))
	}
	return signature, nil
}
