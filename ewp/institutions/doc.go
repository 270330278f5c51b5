// Package institutions is the Institutions API of Erasmus Without Paper, version 2
// (2.2.0): names, addresses, contacts and documents of institutions, and the
// identifiers of their organizational units.
//
// [Client] asks partners, [Register] answers them from a [Provider]; [List] is one for
// data in memory. [Decode] and [Encode] read and write the document of an answer by
// itself. What partners must be able to rely on is checked by [HEI.Validate]: call it
// when data changes, because a document that a schema refuses is refused by partners
// as a whole.
//
// A host should also know, by name at least, the foreign institutions that it mentions
// in other APIs: [FromCatalogue] describes them.
//
// All of it is public. Hosts may let anonymous clients ask, by an option
// ewpserver.Security with ewp.ClientAnonymous.
//
// Source: ewp-specs-api-institutions, branch stable-v2, README.md and response.xsd.
package institutions
