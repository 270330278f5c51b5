// Package ledger keeps keyed, versioned records of which some hold a name, the
// memory behind the packages that must do things once: in memory, and in a journal.
//
// A record is written only over the version that its writer read. A name (a civil
// identity, a fingerprint) is held by one record at a time, so that a claim can be
// refused because another record has it. What a claim and a holder are is said by the
// caller, in a [Kind].
package ledger
