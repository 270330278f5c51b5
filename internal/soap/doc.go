// Package soap is a codec for SOAP 1.1 and 1.2 and the server side of it. It
// sends nothing: [Options.EncodeRequest] gives the headers and bytes of an HTTP
// request, [Options.DecodeResponse] reads the answer, and whoever calls them
// brings the transport.
//
// # Specifications
//
// SOAP 1.1 (W3C Note, 8 May 2000), SOAP 1.2 (W3C Recommendation, second edition,
// 27 April 2007, parts 1 and 2), RFC 7303 for character sets, and the OASIS Web
// Services Security UsernameToken Profile 1.0. Where servers in the field differ
// from them, reading is lenient: fault codes without prefix, fault children in a
// namespace, elements qualified or not, answers of the other version.
//
// # Messages
//
// Messages are described by data, because the contracts of the national services
// are not public: [Operation] has the names and the qualification, [Field] one
// element each, and [Node] reads an answer by the names of its elements. The wsdl
// package beside this one reads them from a contract.
//
// # Failures
//
// A fault is a [*Fault], with its codes resolved to namespaces; what is no SOAP
// at all is a [*ResponseError]; what is SOAP and broken is an [*EnvelopeError] or
// an xmlx.Error. No error text repeats what a service said, which may hold an INE
// or a name: the words are in fields marked as personal.
package soap
