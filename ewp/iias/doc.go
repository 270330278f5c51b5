// Package iias has the interinstitutional agreements of Erasmus Without Paper: the APIs
// iias 7 and iias-approval 2 with their notifications and statistics, as client and as
// server, the hash by which copies are approved, and the life cycle of an agreement.
//
// # How two universities agree
//
// There is no master copy. Each partner serves its own copy under an identifier of its
// own, and approves the other's in the state that has a certain hash. An agreement is
// concluded when both copies are approved as they are.
//
//	Sheet.Agreement, Mirror   a system's own rows as a copy; the copy that answers one
//	Create, Record.Modify, …  the steps: what is stored then, and who has to be told
//	Client.Fetch              the partner's copy, its hash computed from what came
//	Record.Approve            possible with nothing but such a copy
//	Store, Do, Keep           where records are; no notification is lost
//	FromStore, Register, …    the server, made from the same records
//
// A [Record] is what is known of one agreement, and each step a method that returns
// another one with the notifications that are due, for the Outbox of package cnr. The
// notifications that come in go through its Inbox, which calls [Client.Fetch].
//
// # Hashes
//
// A hash is over the spelling of a copy: 5 and 5.00 differ. [Compute] reads the bytes
// that are, or were, served; [Seal] writes a copy once, and those bytes are stored and
// served ever after. One agreement is hashed at a time, because the published
// transformation lets one in an answer alter the others: see [Split].
//
// Version 6 left the network in the spring of 2024. Its documents are recognised and
// refused, but for [FromV6], which takes archives over.
//
// # Sources
//
// ewp-specs-api-iias 7.0.0 and 6.3.0 with their transformations and negotiation
// scenarios, ewp-specs-api-iias-approval 2.0.0, ewp-specs-api-iia-cnr 3.0.0,
// ewp-specs-api-iia-approval-cnr 2.0.0, and the mandatory business requirements of 24
// October 2022. What happens where they say nothing is marked as deduced.
//
// # Personal data
//
// Copies name contact persons. Types that hold any of a copy mask it in logs, and no
// error repeats a document.
package iias
