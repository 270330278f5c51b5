package trust

import (
	"crypto/elliptic"
	"crypto/x509"
	"encoding/asn1"
	"strconv"
	"time"

	"github.com/passerelle-sup/passerelle"
)

// Policy says what a verifier believes. Roots, Time and Revocation are required:
// their zero values are refused.
type Policy struct {
	// Roots are the certificates in which the caller trusts.
	Roots []*x509.Certificate
	// Time is the moment at which things must be valid: [Now] or [At].
	Time Time
	// Revocation says how revocation is checked: [RevocationLists],
	// [RevocationFunc] or, to go without, [NoRevocationCheck].
	Revocation Revocation
}

// Time is the moment at which things must be valid. The zero value is no moment
// and is refused by policies.
type Time struct {
	at  time.Time
	now bool
}

// Now judges at the time of the call.
func Now() Time { return Time{now: true} }

// At judges at a fixed moment, such as the day of an inspection. The zero
// time.Time is refused by policies.
func At(t time.Time) Time { return Time{at: t} }

// IsZero reports whether no moment was chosen.
func (t Time) IsZero() bool { return !t.now && t.at.IsZero() }

// Moment returns the moment meant when it is asked for.
func (t Time) Moment() time.Time {
	if t.now {
		return time.Now()
	}
	return t.at
}

// Profile is what a kind of signed object demands of the certificate that signs
// it. The packages that define signed objects provide it.
type Profile struct {
	// Curve is the elliptic curve that the signing key must be on; required.
	Curve elliptic.Curve
	// AllowCA lets the signing certificate be one of an authority.
	AllowCA bool
	// Usage is the extended key usage that the signing certificate must have and
	// that no authority above it may exclude. Nil asks for none: the certificate
	// must then have no list of extended usages, or the one that means any.
	Usage asn1.ObjectIdentifier
}

// check returns every fault of the policy and the profile, the fields being named
// as in the struct of the caller.
func (p Policy) check(profile Profile) error {
	var faults passerelle.FieldErrors
	if len(p.Roots) == 0 {
		faults.Add("Roots", "required", "at least one trusted certificate")
	}
	for i, root := range p.Roots {
		field := "Roots[" + strconv.Itoa(i) + "]"
		switch {
		case root == nil || len(root.Raw) == 0:
			faults.Add(field, "required", "a parsed certificate")
		case !root.BasicConstraintsValid || !root.IsCA:
			faults.Add(field, "usage", "the certificate of an authority")
		case weakKey(root.PublicKey) != "":
			faults.Add(field, "key", weakKey(root.PublicKey))
		}
	}
	if p.Time.IsZero() {
		faults.Add("Time", "required", "trust.Now() or trust.At(t)")
	}
	p.Revocation.check(&faults)
	if profile.Curve == nil {
		faults.Add("Profile.Curve", "required", "an elliptic curve")
	}
	return faults.Err()
}
