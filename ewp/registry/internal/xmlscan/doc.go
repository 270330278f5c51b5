// Package xmlscan reads big XML documents as a stream of tokens, several times
// faster than encoding/xml and without an allocation per token. It exists for the
// catalogue of the network, 46 MB of markup that every host reads again and again.
//
// The rules are those of internal/xmlx, checked in one pass over the bytes: one
// root element, matching end tags, bound prefixes, no attribute twice, no document
// type declaration and so no entity, no processing instruction inside the root
// element, characters that XML allows in valid UTF-8, and bounds on bytes, tokens,
// depth, elements and attributes. Its tests hold it against encoding/xml, through
// internal/xmlx: whatever it accepts, that accepts with the same tokens. It is
// stricter in these points: the document is in UTF-8; attributes are separated by
// white space; the XML declaration follows its grammar, and so do the targets of
// processing instructions; the part of a name after the colon begins as a name
// does; references to surrogates are refused; nothing but white space as such
// stands outside the root element; comments and instructions hold valid characters.
package xmlscan
