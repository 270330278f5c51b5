package trust

import (
	"strings"

	"github.com/passerelle-sup/passerelle"
)

// Reason says why something signed was refused. It is a stable word, an error for
// errors.Is, and what programs print. The packages above define more of them.
type Reason string

// The reasons that concern certificates.
const (
	ChainMissing           Reason = "chain-missing"             // no certificate is known for the signing key
	UnknownRoot            Reason = "unknown-root"              // the chain does not lead to a trusted root
	CertificateExpired     Reason = "certificate-expired"       // a certificate of the chain, root included, is past its end
	CertificateNotYetValid Reason = "certificate-not-yet-valid" // a certificate of the chain is not valid yet
	CertificateUsage       Reason = "certificate-usage"         // a certificate is not meant for what it was used for
	CertificateKey         Reason = "certificate-key"           // a key of the wrong kind or curve, or too weak
	CertificateAlgorithm   Reason = "certificate-algorithm"     // a certificate signed with an algorithm off the allow list
	CertificateSignature   Reason = "certificate-signature"     // a certificate whose signature does not verify
	CertificateExtension   Reason = "certificate-extension"     // a critical extension that is not understood
	CertificateConstraint  Reason = "certificate-constraint"    // a path length, name or policy constraint is broken
	Revoked                Reason = "revoked"                   // a certificate of the chain was revoked
	RevocationUnknown      Reason = "revocation-unknown"        // nothing fresh says whether a certificate was revoked
)

// Error returns the word.
func (r Reason) Error() string { return string(r) }

// Fault is one reason with the detail that helps a person. The detail names
// certificates by their place and serial number and holds no personal data.
type Fault struct {
	Reason Reason `json:"reason"`
	Detail string `json:"detail,omitempty"`
}

// Error returns the reason and the detail.
func (f Fault) Error() string {
	if f.Detail == "" {
		return string(f.Reason)
	}
	return string(f.Reason) + ": " + f.Detail
}

// Unwrap returns the reason.
func (f Fault) Unwrap() error { return f.Reason }

// RefusedError says why something signed is not believed: every fault that was
// found, in the order of the checks. errors.Is is true of it for each of its
// reasons and for passerelle.ErrInvalid.
type RefusedError struct {
	What   string // what was refused: "seal", "card"
	Faults []Fault
}

// Error returns what was refused and the faults on one line.
func (e *RefusedError) Error() string {
	var b strings.Builder
	b.WriteString(e.What)
	b.WriteString(" refused")
	for i, f := range e.Faults {
		if i == 0 {
			b.WriteString(": ")
		} else {
			b.WriteString("; ")
		}
		b.WriteString(f.Error())
	}
	return b.String()
}

// Is reports whether target is passerelle.ErrInvalid or one of the reasons.
func (e *RefusedError) Is(target error) bool {
	if target == passerelle.ErrInvalid {
		return true
	}
	reason, ok := target.(Reason)
	return ok && e.Has(reason)
}

// Has reports whether r is among the reasons.
func (e *RefusedError) Has(r Reason) bool {
	for _, f := range e.Faults {
		if f.Reason == r {
			return true
		}
	}
	return false
}

// Reasons returns the reasons in order, each once.
func (e *RefusedError) Reasons() []Reason {
	var out []Reason
	seen := make(map[Reason]bool, len(e.Faults))
	for _, f := range e.Faults {
		if !seen[f.Reason] {
			seen[f.Reason] = true
			out = append(out, f.Reason)
		}
	}
	return out
}
