// Package xmlx reads and writes XML that comes from, or goes to, somebody who
// is not to be trusted, for etree trees and for encoding/xml decoders alike.
//
// Both readers, [Parse] and [NewDecoder], apply the same rules:
//
//   - the character set is one of UTF-8, US-ASCII, ISO-8859-1, ISO-8859-15 and
//     Windows-1252; a byte order mark beats the label given by the transport,
//     which beats the XML declaration (RFC 7303, sections 3 and 3.3);
//   - document type declarations and every other directive are refused, so no
//     entity is ever defined;
//   - processing instructions and comments are dropped outside the root element;
//     inside it comments are dropped and processing instructions refused, so the
//     text of an element is always in one piece;
//   - there is exactly one root element, and nothing but white space after it;
//   - prefixes are bound, end tags match, and no element has the same attribute
//     twice, neither as written nor after its prefix is resolved;
//   - the number of bytes, the depth, the number of elements, the number of
//     attributes of an element and the size of one token are bounded by [Limits].
//
// encoding/xml alone accepts much of this: it allows duplicate attributes,
// unbound prefixes, several roots and directives anywhere.
//
// A refused document is an [Error], which is a passerelle.ErrProtocol, gives the
// line and column, and repeats nothing of the document.
package xmlx
