// Package ewp is the vocabulary of Erasmus Without Paper, the network by which
// universities exchange agreements, nominations, learning agreements and
// transcripts: identifiers of institutions ([HEIID]), the APIs with their
// namespaces, versions and endpoints ([API]), the options of security
// ([Methods]), keys and their fingerprints ([PublicKey], [Fingerprint]), texts in
// several languages ([Text]), the document by which a host says what went wrong
// ([ErrorResponse]) and the error of a call ([Error]).
//
// It does no input or output. The network itself is below: ewp/registry reads the
// catalogue, ewp/discovery the manifests, ewp/httpsig signs and verifies,
// ewp/aesgcm encrypts, ewp/ewpclient calls and ewp/ewpserver answers; each
// business API has a package of its own.
//
// # Sources
//
// The specifications are public, one repository each under
// https://github.com/erasmus-without-paper. The network's rules are in
// ewp-specs-architecture 1.15.0, ewp-specs-management 1.2.1, ewp-specs-sec-intro
// 2.0.2 and ewp-specs-api-registry 1.5.0; names and namespaces are those of the
// published schemas. What is deduced from running implementations, and written
// nowhere, is marked so where it stands.
//
// # Personal data
//
// Identifiers of institutions, APIs and keys are not personal. The words of a
// host, in an [ErrorResponse], may repeat what they were asked about: [Error]
// keeps them in fields and prints none of them.
package ewp
