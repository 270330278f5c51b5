// Package trust judges the certificates behind signed cards. It is the common
// ground of esc/seal (the signed second code of a card) and esc/deuinfo (the
// signed chip application): where certificates come from ([Source]), and whether
// a chain of them deserves belief ([Verifier]).
//
// Nothing is believed by omission. A [Policy] names its trusted roots, the moment
// at which certificates must be valid, and what is done about revocation; one that
// leaves any of these out is refused when the verifier is made, and the choices
// that weaken the judgement have names that say so ([NoRevocationCheck]). The roots
// of the machine are never used.
//
// A chain is judged by crypto/x509 and by rules of our own on top: signature
// algorithms from an allow list (no SHA-1, no RSA key under 2048 bits), the key
// and the usage that the [Profile] of the signed object demands, extended key usage
// nested along the chain, unknown critical extensions refused, revocation lists
// that are complete, signed by the right authority and fresh. Refusals come as a
// [RefusedError], which lists every fault found with its [Reason].
//
// The rules are those of RFC 5280; which keys, usages and roots a card needs is
// not published by anyone for seals and is set by the callers of this package.
package trust
