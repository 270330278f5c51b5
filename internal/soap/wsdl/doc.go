// Package wsdl reads WSDL 1.1 contracts (W3C Note, 15 March 2001) with their SOAP
// 1.1 and SOAP 1.2 bindings, and as much of their XML Schema as is needed to tell
// which elements a message holds: global and local elements, complex types with
// sequence, all, choice, group and extension, qualified or not, imported or
// included from other documents. Attributes, wildcards, substitution groups and
// facets are passed over.
//
// It serves to check, before the first call, a mapping that somebody wrote by
// hand against the contract that an establishment received: [Message.Unknown]
// names what the contract does not have, [Message.Required] what it insists on,
// and [Message.Operation] gives the shape that the soap package writes.
//
// Nothing is ever fetched. Documents come from a [Source], such as [FromFS], by
// the locations written in the contract; those it does not give are listed in
// [Definitions.Missing], and are a fault only where something in them is asked
// for.
package wsdl
