// Package ewpserver answers the calls of an Erasmus Without Paper network: it
// stands between net/http and the code that knows what an agreement is.
//
// # What it does with a request
//
// [Server] is an http.Handler, to be served over TLS or behind a reverse proxy that
// changes neither path nor body. A request passes these steps, in this order:
//
//	path and method      404, 405 with Allow
//	signature            httpsig: key, host, dates, identifier, digest, replay
//	unsigned headers     dropped
//	institution          the one that the catalogue binds the client key to
//	content coding       gzip, and ewp-rsa-aes128gcm where it is declared
//	parameters           of the body of a POST, of the query of a GET, never both
//	handler              yours, or one of the generic ones below
//	content coding       of the answer
//	signature            of the answer, where the request asked for it
//
// The body is read only when all but its digest is good, into memory up to 8 MiB
// and then to disk. The answer is kept in the same way, because digest and
// signature stand in front of it: a handler that fails in the middle of a long
// answer has sent nothing of it yet.
//
// Nobody is let in while there is no catalogue that may be trusted: such a request
// ends with 503. A key that belongs to several institutions, or to none, is
// refused, and so is one by which a host signs answers only.
//
// # Handlers
//
// [Server.Handle] puts a [Handler] under an endpoint of an API. What most
// endpoints have in common is here once, with the rules of
// ewp-specs-architecture and what the official validator asks for: [Get] (objects
// by identifiers or codes), [Index] (identifiers by filter), [Notification],
// [Update] (an XML document) and [Stats]. Each hands [Parties] to the code behind
// it, the institution that was called and the one that calls, so that what a third
// university must not see is left out where objects are looked up.
//
// # Errors
//
// A handler's error becomes an error-response, signed as an answer would be:
// [Error] with its own status and words, the taxonomy of package passerelle by its
// kind (ErrInvalid 400, ErrForbidden 403, ErrNotFound 404, ErrConflict 409,
// ErrGone 410, ErrRateLimited 429, ErrUnavailable 503), anything else 500 without
// detail, and a panic like it. What a partner answered to a call of the handler's own
// (*ewp.Error) is never the caller's fault; errors of other services are the
// handler's to translate. The text of an error is sent only where its type
// promises that it repeats no value.
//
// # Sources
//
// ewp-specs-architecture 1.15.0, ewp-specs-sec-cliauth-httpsig 1.0.1,
// ewp-specs-sec-srvauth-httpsig 1.0.2, and the steps of the official validator
// (ewp-registry-service). Which statuses stand for what is said nowhere is in the
// comments, as deduced.
//
// # Personal data
//
// Parameters, bodies and the text of foreign errors may hold a student's identifier.
// None of them is logged; [Config.Observe] is given the error itself.
package ewpserver
