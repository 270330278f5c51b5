// Package aglae speaks to what the Crous know of a student's grant: AGLAE, the
// application that holds and processes the yearly files (created by the order of
// 10 August 1999), its successor OLAFE, and the services and files of the Cnous.
//
// # Three answers
//
// A [Connector] asks, while a student enrols, whether the student will hold a grant.
// AGLAE says yes only when it can assert it. Everything else is one [Wait], the same
// for a file that nobody opened yet, for one that waits for papers and for one whose
// progress is to be checked, so that nobody can tell "not a holder" from "not yet
// known". A wait is therefore never a refusal: no type of this package has a value for
// "not a holder" that a wait, a failure or a zero value could be read as.
// [Answer.AskPaper] is the one question that a desk has to ask: it is false for a
// holder and true otherwise.
//
// Every answer goes to a [DetectionLog], and [Connector.Replay] asks again the
// questions that were not answered by a yes.
//
// # Events
//
// The older, asynchronous interface tells AGLAE that a student has enrolled: an
// [Event], answered by case A (a wish of the file matches: validated and paid) or case
// B (none does: flagged for the Crous). OLAFE's notification of a changed profile
// stands behind the same interface, [Notifier].
//
// # Controls
//
// [CheckNumbers], [OpenConditional], [DeclaredUnconfirmed], [ConfirmedUndeclared],
// [ListDetections] and [CrossCrous] are the six reports that universities ask for, over
// iterators. The first two and the fifth keep nothing; the three that cross two lists
// sort them in bounded memory, see [Join]. Rows are written as they come ([WriteCSV],
// [WriteJSON], [WriteSplit]) or gathered into a [Report], which makes a message of them.
//
// # Grants and files
//
// [Grants] reads the status of one student, through API Particulier or from the Cnous
// itself, and says more than the connector: level, definitive or conditional, struck
// off. [ReadCrous] reads the files of the Crous, and the export API of the Cnous makes
// them. [EligibilityOf] and [EligibilityTable] say which enrolments are open to grants.
//
// # What is public and what is not
//
// That the three answers exist, that the question is keyed on the INE (the "NNE" of
// Apogée) and that the event has two cases, is public: slides of the pilot of 2014 and
// 2015. The wire contract of neither interface is. So the SOAP binding takes every
// name from a [Contract], the one that ships ([ReferenceContract]) is invented and its
// namespace says so, and the encoding of events is given by the caller. Of OLAFE's
// interface (version 0.0.4, January 2025) the path, the operation and the statuses are
// public, its fields are not.
//
// # Personal data
//
// Numbers, names and what a service said are personal: they stand in fields that say
// so, and never in the text of an error or in a log line of this package.
package aglae
