// Package ewpclient calls the hosts of the Erasmus Without Paper network.
//
// A [Client] makes one exchange at a time of what the specifications ask of a
// client: it finds the partner's API in the catalogue, signs the request, sends
// it, verifies the answer, and gives its bytes or its objects. The packages of the
// APIs (ewp/echo, ewp/iias, …) are built on it.
//
//	resolve    the highest version that can be called, of the institution asked;
//	           address, limits and keys from one and the same host element
//	sign       once for each attempt, with a date and an identifier of its own
//	send       POST, but where an endpoint knows only GET; no redirect is followed
//	receive    into memory, and beyond 8 MiB onto disk
//	verify     against the server keys of that host element; unsigned headers are
//	           dropped
//	decode     gzip undone, objects one by one, from verified bytes only
//
// # Signed answers
//
// Signed answers are always asked for. Whether one is required is said by
// [Signatures]; a signature that is there and wrong is refused whatever the
// policy. What a host says with a status 4xx or 5xx is believed unsigned
// (ewp-specs-sec-srvauth-httpsig 1.0.2): [ewp.Error] tells whether it was signed.
//
// # What is sent again
//
// The class of a call follows from its endpoint: what reads is sent again as
// package transport says, and so are change notifications, which only say that
// something changed. Updates and reports to the Monitoring API are sent again only
// when for sure nothing was sent. An answer that breaks off, and one that says 503,
// count as none; one whose signature is wrong is an answer, and is not asked for
// again.
//
// # Errors
//
// A request that is wrong in itself is a passerelle.FieldErrors. Every other error
// of a call is an [*ewp.Error], with the institution, the API, the status and what
// the host said; its cause is among others a [*ResolveError] for a partner that
// cannot be called, a *httpsig.Error for an answer that cannot be believed, or a
// *transport.Error where none came. passerelle.OutcomeOf is Unknown for an answer
// that cannot be believed or read: an update may have been done.
//
// # Sources
//
// ewp-specs-architecture 1.15.0, ewp-specs-api-registry 1.5.0,
// ewp-specs-sec-cliauth-httpsig 1.0.1, ewp-specs-sec-srvauth-httpsig 1.0.2, and
// the Monitoring API 0.2.0 for what is reported. Time-outs, retries and bounds are
// published nowhere: they are options.
package ewpclient
