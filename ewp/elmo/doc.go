// Package elmo reads and writes ELMO, the document of results that EMREX exchanges
// and that transcripts of Erasmus Without Paper hold, in the versions 1.7.0 and
// 2.1.1 (github.com/emrex-eu/elmo-schemas), the diploma supplement included.
//
// One set of types serves both versions: what a version does not have is left out
// when it is written, see [Document.Encode]. Writing is strict: the order of the
// schema, the default namespace, no prefixes; [Document.Validate] lists what the
// version would refuse, each by its path. Reading is lenient: any order, unknown
// elements, absent optional ones, and the known mistakes of peers (a country
// without its type, a birth date with a zone, version 2 in the namespace of 1).
//
// Dates and numbers stay text as they were written, because their spelling is
// evidence; accessors give values. Texts in HTML (DescriptionHTML, the content of
// supplements) are foreign and must not be shown without being cleaned.
//
// A signature in the document is not looked at here, and not kept: what was signed
// is the bytes, see package emrex. A document is personal data.
//
// The schemas are under the EUPL and not part of this module; the types were
// written from a description of them.
package elmo
