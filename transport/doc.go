// Package transport is the one HTTP policy of the module: every client of a
// remote system sends through it, and every Config of such a client has a field
// Transport of type [Config]. It is built on hashicorp/go-retryablehttp.
//
// # What is sent again
//
// A [Request] says what it does to the service by its [Class]:
//
//	class       no answer              429, 502, 503, 504   other answers
//	Read        sent again             sent again           handed on
//	Idempotent  sent again             sent again           handed on
//	Create      only if nothing left   never                handed on
//
// "Nothing left" means that for sure no connection could be made: the name does
// not resolve, the port is closed, the TLS handshake failed. A Judge that knows
// the protocol refines the table: a status can be an answer ([Final], the SOAP
// fault in a 500), mean "not now" ([Transient]), or prove that the request was
// not carried out ([Unprocessed]), in which case even a Create is sent again.
// A 401 to a request with a [TokenSource] is such a proof: authentication comes
// before work, so the request is sent once more with a fresh token, whatever its
// class.
//
// Waits grow exponentially with full jitter above a floor. Retry-After is obeyed
// in both its forms (RFC 9110, 10.2.3) up to a cap; above the cap, and whenever a
// wait would end after the deadline, the call fails at once instead of sleeping.
//
// # What comes back
//
// [Client.Do] returns every complete answer that does not mean "not now",
// whatever its status, with its body read: [Response.Err] turns a status that is
// not a success into an [*Error]. Everything else is an *Error at once, and when
// an answer was its cause, status, headers and body are in it.
// [Client.Stream] is for big downloads.
//
// passerelle.OutcomeOf tells of any error whether the request may have been acted
// upon. It is Unknown for a 500, 502, 503 or 504 unless the Judge says otherwise:
// a gateway can answer one of these after the service behind it did the work.
//
// # Personal data
//
// Paths, queries, header values and bodies can hold an INE. None of them is
// written in a log line or in the text of an error: these show the operation, the
// method, scheme and host of the service, and the status.
package transport
