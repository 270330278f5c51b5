// Package omobilitylas has the learning agreements of Erasmus Without Paper: the API
// omobility-las, version 1 (1.2.0), by which a receiving institution reads, approves
// and comments the agreements of the students that are sent to it, and the notification
// omobility-la-cnr (1.1.0) by which it hears of them. Sending and receiving always
// refer to the student.
//
//	Agreement      the document: who, when, and up to three versions of the course tables
//	Validate       the rules, those that the schema cannot express included
//	State          the life of one agreement, as pure functions: Propose, Apply, Observe
//	Store          where states are kept: Memory, File, or your own
//	Sender         the desk of the sending side, a Provider on a Store
//	Receiver       the desk of the receiving side: reads what is notified, decides
//	Client         calls partners
//	Row, Choice    from the rows of a student system to the tables and back
//
// # Three types, three versions
//
// An agreement is of one [Type], by the tables that it has: of a semester or a year
// (tables A and B, and C for what is followed online), blended with a short stay, or a
// short doctoral stay. It holds the first version as it was agreed, the latest agreed
// state of the changes to it (tables A2, B2, C2), and the proposal that waits for the
// receiving institution. Before the first approval the proposal is the first version;
// later it lists all changes to that, not those since the last approval. A longer stay
// is a change of the same agreement, never a new one ([ReasonExtendingMobility], and new
// dates).
//
// # Who does what
//
//	sending     Propose (signed by the student and by it), Withdraw, Amend
//	receiving   Approve, which is its signature, or Comment
//
// Important data of the student (names, identifier, birth date) change by a proposal,
// everything else outside the tables by Amend, without signatures. Each change that
// "get" shows is to be notified: State.Due says so until it was done.
//
// # Sources
//
// ewp-specs-api-omobility-las and ewp-specs-api-omobility-la-cnr, branches stable-v1:
// README.md, the schemas and their annotations, the scenario in the examples, and issues
// 39, 40 and 43 of the first. What is in none of them is marked as deduced.
//
// # Personal data
//
// All of it is. Nothing is logged, and errors name elements, never values.
package omobilitylas
