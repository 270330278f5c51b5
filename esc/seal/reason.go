package seal

import "github.com/passerelle-sup/passerelle/esc/trust"

// The reasons for which a seal is refused, besides those of package trust, which
// concern its certificates.
const (
	Malformed   trust.Reason = "malformed"        // not three base64url parts holding JSON objects
	Duplicate   trust.Reason = "duplicate-member" // a member given twice in the header or the claims
	Critical    trust.Reason = "critical-header"  // a crit header: no extension is understood
	Header      trust.Reason = "header"           // a header member that seals do not have, or one that is missing or wrong
	Type        trust.Reason = "type"             // typ is not that of a seal
	Algorithm   trust.Reason = "algorithm"        // alg is not ES256
	KeyMismatch trust.Reason = "key-mismatch"     // kid and the certificate that came with the seal disagree
	Signature   trust.Reason = "signature"        // the signature does not verify
	BadClaims   trust.Reason = "claims"           // a claim is missing or is not what it should be
	Expired     trust.Reason = "expired"          // the card's validity is over
	NotYetValid trust.Reason = "not-yet-valid"    // the validity has not begun, or the seal comes from the future
	Issuer      trust.Reason = "issuer"           // the issuer is unknown, or not the one that the certificate names
	PIC         trust.Reason = "pic"              // the number's PIC is not one of the issuer's
)
