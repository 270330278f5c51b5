// Package omobilities is the Outgoing Mobilities API of Erasmus Without Paper, version 3
// (3.0.0), with its notifications (omobility-cnr 2.0.0) and statistics (omobility-stats
// 1.0.0): the sending institution nominates students, the receiving one approves or
// rejects. Both words are about the student, never about who calls whom.
//
//	at S, the sending institution        at R, the receiving institution
//	    get, index      <---------------     asks for nominations
//	    update          <---------------     approves or rejects a proposal
//	    says that something changed  --->    omobility-cnr
//	    omobility-stats <---------------     the network's statistics portal
//
// # Three layers
//
// [Client] and [Register] speak the API; a [Provider] has the nominations. [Rules] are
// the rules of statuses as pure functions over a [Record], for either side: what may
// be done, why not, and which notifications are due. [Sender] and [Receiver] put the
// rules, a [Store] and the API together, for who has no such desk of their own: a
// Sender is a Provider.
//
// # Rules
//
// A proposal has an identifier, which changes if and only if the nomination does
// ([ProposalID]); a decision names the one that it is about, and is refused with 409
// when another is current. Institutions and student of a mobility never change. The
// student's own data may at any time, and no decision is touched by that. What was
// approved cannot be changed, only cancelled; what was rejected may be corrected; what
// is cancelled stays so.
//
// # Sources
//
// The published schemas of version 3 and their comments; business requirements for
// nominations (April 2024) for lengths; parameters of the index from two running
// implementations and the official validator, because the text of version 3 was not
// readable. Some rules of statuses are from the user guide at second hand, and
// some are deduced: the comments of [Rules] say which.
//
// # Versions 1 and 2
//
// In these the receiving institution published its decision in imobilities, and it
// could not be posted. They were hardly deployed and are not spoken: calling a
// partner that has nothing newer is an *ewpclient.ResolveError that lists what it
// declares, and [Decode] says which version a document is of.
//
// # Personal data
//
// A [Mobility] is a person's: names, birth date, European Student Identifier. Its types
// implement slog.LogValuer with nothing of it, and no error repeats a value.
package omobilities
