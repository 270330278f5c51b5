// Package c14n reads an XML document as a signature sees it, and writes the
// canonical forms of it: Canonical XML 1.0 (W3C, 15 March 2001) and Exclusive XML
// Canonicalization 1.0 (18 July 2002), both without comments.
//
// It is for signatures and digests over foreign documents, so it is careful about
// what encoding/xml and tree libraries lose or allow: line ends and attribute values
// are normalised as XML 1.0 wants (a literal line feed in an attribute becomes a
// blank, a character reference to one stays), prefixes are kept as written,
// processing instructions too, two attributes of one resolved name are refused, and
// so are DOCTYPE, unbound prefixes, any encoding but UTF-8, US-ASCII and ISO-8859-1,
// and documents that would cost far more than their length.
package c14n
