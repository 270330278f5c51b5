// Package mobility leads one student's mobility from the first wish to the learning
// agreement, and on to the transcript, as a sequence of steps that a university
// configures: which are used, in which order, and who validates each.
//
// A [Flow] is a [Plan] (the steps and the kinds of mobility, as data) with an
// [Offer] (the courses that are open to each kind). Its Apply is a pure function:
// it takes a [Record] and an [Event], and returns the record that follows and the
// [Effect]s that the event has: documents to produce, EWP calls to make. It asks
// no clock and no network, so what it allows can be tested and explained. What it
// refuses says why, by a [*RefusedError].
//
// # What an approval is worth
//
// An approval is given to one content: the course choice as it stood. Its
// fingerprint is kept with the approval. A choice that changes voids the approvals
// that were given to another one, and nobody's document can be produced on the
// strength of them. This is the rule of interinstitutional agreements in Erasmus
// Without Paper (an approval is of a hash), applied to the choice.
//
// # Where the steps come from
//
// The eight default steps, from pre-registration to the learning agreement that
// is produced, follow what the ESUP SMILE programme set out to do: steps with a
// code, a switch, a validator and an order. Their exact list is not published:
// codes, validators and the EWP messages attached to them are deduced from the
// course of a learning agreement in the EWP specifications, and all of it is data.
//
// # Keeping records
//
// A [Store] keeps records; writes compare versions. [Memory] and [File] are two,
// package mobilitytest is the suite for others. Records are personal data.
package mobility
