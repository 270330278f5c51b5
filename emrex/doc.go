// Package emrex exchanges results by EMREX (standard 1.x): the client at the
// receiving institution, and the contact point that delivers results.
//
// # The signature
//
// Documents are ELMO, signed by one enveloped XML signature over the whole
// document. [Verify] is a verifier for that profile alone, and trusts the
// certificates that are registered for the sender: the one inside the document
// proves nothing. What it returns is read from the very octets that the signature
// covers, so nothing that was not signed is handed on. A general verifier is the
// wrong tool in both directions: it refuses valid documents of the field, and calls
// "valid" one whose learner was replaced by way of a transform.
//
// SHA-1 and RSA keys of 1024 bits are still met in the field; both are refused
// unless a [Legacy] option names them, and the verdict says what was used.
package emrex
