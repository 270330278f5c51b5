// Package cnr delivers and takes change notifications of the Erasmus Without Paper
// network: the messages by which one institution tells another that an agreement,
// a mobility, a learning agreement or a transcript changed. They carry identifiers
// only; whoever gets one asks for the object by the API that it belongs to.
//
//	Outbox    what changed here and whom to tell: kept, merged, sent until answered
//	Inbox     what partners said: kept before the answer leaves, fetched afterwards
//	Puller    the nightly index that finds what a lost message should have told
//	Queue     the memory under both: [Memory], [File], or a store of the caller's
//
// # What is promised
//
// A change that [Outbox.Notify] or [Inbox.Take] accepted survives the death of the
// process when the queue is durable. It is delivered at least once or ends in a
// state that a person can see: refused, with what the partner said, or expired. At
// most one message is under way to a partner at a time, so messages about one object
// never overtake each other. A process that dies while a partner answers leaves one
// message that is sent again; that is harmless, since it says no more than "look
// again". Changes of an object that was not told yet are one message.
//
// # Sources
//
// ewp-specs-architecture 1.15.0, section on change notification: sending is
// mandatory, 200 also for unknown identifiers, no repetition after 4xx, exponential
// back-off until an expiry after 5xx or silence, first delivery within about five
// minutes. That the statuses 408, 425 and 429 are tried again, the steps of the
// back-off (one minute, doubled up to four hours) and the batch and lease are
// deduced, not published; all but the first are options. The expiry of 24 hours is
// the specification's own example.
//
// # Personal data
//
// The identifier of a mobility is that of a person's stay, and the words of a
// partner may repeat it: [Change] logs without identifiers, and [Entry.Said] is
// never logged.
package cnr
