// Package tors is the Incoming Mobility Transcripts of Records API of Erasmus Without
// Paper, versions 3 and 2 (imobility-tors), with its notifications
// (imobility-tor-cnr, versions 2 and 1) and its statistics (imobility-tor-stats 1).
//
// The receiving institution serves the transcripts of the students that it had as
// guests; the sending one reads them, and recognises. A transcript is an ELMO document
// (package ewp/elmo: 2.1 in version 3, 1.7 in version 2) with the identifier of the
// mobility and, where the issuer gives them, the grade tables of its fields of study.
//
// # Both versions
//
// A [ToR] is read from either version and written in either: [ToR.In] leaves out what a
// version does not have, and [ToR.Validate] says what it demands and is absent. A
// [Client] takes the newest version that its partner declares. A host serves the newest
// by [Register], and the older beside it by [RegisterOlder].
//
// # Who sees what
//
// A transcript is shown to the sending institution of its mobility and to the
// receiving one, when it is ready, and to nobody else. Register sees to that by what
// the [Provider] says of each transcript ([Entry]), for the list and for the
// transcripts alike, so that both agree.
//
// # From a student system and back
//
// A [Registrar] makes transcripts of the results of a student system (package sis);
// elmo.Report.Results gives them back. [Compare] holds a transcript against the courses
// that were agreed upon. [ToR.Tables], [ToR.Courses] and [CourseTable] are what package
// egracons converts, [NewISCEDTable] writes a table of it.
//
// # What is not to be trusted
//
// Transcripts are written by others. Texts, HTML above all (elmo's DescriptionHTML and
// the supplement), are plain strings here and must be cleaned before a browser gets
// them; attachments are what [ToR.Files] bounds, and their type is the sender's word. A
// signature inside of the document is not looked at: the answer itself is signed.
//
// # Sources
//
// imobility-tors 3.0.0 and 2.0.0, imobility-tor-cnr 2.0.0 and 1.0.0,
// imobility-tor-stats 1.0.0 (schemas and their annotations), and the mandatory business
// requirements for transcripts (April 2024). The texts of the branches of version 3
// could not be read: its parameters are those that the official validator and two
// other implementations agree on.
//
// Transcripts are personal data.
package tors
