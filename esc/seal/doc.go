// Package seal makes and verifies the sealed code of a card: a second QR code,
// beside the official one and never in its place, that proves offline that an
// institution issued this card number with this validity.
//
// # Why
//
// The official QR code of the European Student Card holds an address and a number,
// nothing signed: anybody can print one, and checking it needs the network. The seal
// is an addition of this project. No published rule of the scheme describes it, no
// reader but this package's understands it, and its names are invented here.
//
// # What it is
//
// A compact JWS (RFC 7515) signed with ES256 (RFC 7518, 3.4), with exactly the
// header members alg, kid and typ ("passerelle-card+jwt"), and these claims:
//
//	escn  the card's number, dashed and in lower case
//	iss   the issuer: its schacHomeOrganization, a domain name
//	iat   when the seal was made, in seconds since 1970
//	exp   the end of the card's validity, the first second at which it is over
//	nbf   the beginning of the validity, optional
//	esi   the holder's European Student Identifier, optional and personal: left
//	      out, the code says nothing about who holds the card
//
// The kid names the signing key ([trust.KeyID]). A chain of certificates does not fit
// a code that a telephone reads, so the certificates come from a [trust.Source]: a
// file, a function, an HTTP service, kept for offline use by a cache. Where size is
// no matter (an e-mail, a wallet, an API) [Signer.SignWithChain] adds the chain to the
// header as x5c.
//
// # What verification means
//
// A [Verifier] believes a seal when its form is exactly the one above (duplicate or
// unknown header members, unknown critical headers, loose base64 are refused), when
// its signature is made by a P-256 key whose certificate leads to a trusted root,
// may sign cards, names the issuer of the claims, and is not revoked; when the
// issuer may use the card number's PIC; and when the seal is within its validity. What
// is not to be checked has to be asked for by name: see [Policy]. A seal that is not
// believed gives a [trust.RefusedError] with every [trust.Reason]; a chain that could
// not be fetched gives another error, because it says nothing about the card.
//
// A seal says that a card was issued, not that its bearer is its holder nor that the
// card was not withdrawn since: the router's verifier (esc/router) knows the latter.
package seal
