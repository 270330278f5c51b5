// Package httpsig signs and verifies the requests and responses of Erasmus Without
// Paper: draft-cavage-http-signatures-07 with RSA-SHA256, a Digest of RFC 3230 and
// 5843 over the body as sent, a date and a request identifier, as profiled by
// ewp-specs-sec-cliauth-httpsig 1.0.1 and ewp-specs-sec-srvauth-httpsig 1.0.2. A
// keyId is the fingerprint of a key that the registry publishes.
//
// # Signing
//
// A [Signer] has one RSA key, in memory or behind any crypto.Signer. SignRequest
// has the form of transport.Request.Prepare: called once an attempt, below the
// layer that sends again, it gives each attempt its own date and identifier.
// [Signer.RoundTripper] does the same below an http.Client. SignResponse completes
// the headers of an answer. Everything that the caller put on the message is
// signed, but for the few headers that intermediaries may rewrite; what is not
// signed is dropped by the other side.
//
// # Verifying
//
// A [RequestVerifier] takes keys from a [KeyFinder] that knows the client keys of
// the catalogue; a [ResponseVerifier] is told, for each answer, the server keys of
// the very host element from which the address was taken. Both check, in this
// order: the parameters, the list of signed names, the host (requests) or the
// identifier and signature of the request (responses), the key, every date
// present, the form of the identifier, the signature, and only then the body
// against its digest, so that a stranger cannot make a host read one. They return
// a [Verified] that knows which headers were signed; [Verified.Strip] drops the
// others, which both specifications demand.
//
// Verification is strict. What running implementations do differently is accepted
// only under a named option of [Quirks]. Beyond the specifications, a field that
// must have one value and is there twice is refused (Authorization, Signature,
// Digest, Host, dates, identifiers), and so is a parameter given twice, of which
// the draft would take the last. A name listed twice inside "headers" is no
// quirk: the registry's own responder does it.
//
// # Bodies
//
// Digest and signature stand in headers in front of the body they cover, so a
// body is kept whole before anything of it may be believed. [Spool] keeps it in
// memory and then on disk, and computes the digest on the way; what is decoded
// afterwards is read from there. [Bytes] is a body already in memory.
//
// # Secrets
//
// Nothing compared here is secret: keys, digests, signatures and identifiers all
// travel in the open. Digests and echoed signatures are compared in constant time
// all the same. Private keys never leave the crypto.Signer.
package httpsig
