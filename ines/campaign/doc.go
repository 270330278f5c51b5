// Package campaign is the daily job of immatriculation: it reads a student base,
// judges every INE, lists the students whose required fields are missing before
// any call is made, asks INES for the others, immatriculates those whom it does not
// know, follows up on later days what could not be settled at once, writes the
// numbers back, and gives a [Report] in which every student has exactly one [Outcome].
//
// # Nothing twice
//
// A [Ledger] remembers what was asked. Before a registration is sent the ledger
// records a claim, atomically: one for the student, and one for the civil identity,
// so that two records of one person in the base are not immatriculated both.
// When the answer is lost, or the process dies, the claim stays and the student is
// doubtful. A later search that finds the person settles the doubt; one that finds
// nobody proves nothing, since creations can be late. Only a follow-up, a search
// that finds, or a person ([Settle]) ends a doubt, unless the caller sets
// Config.SettleAfter, after which an unknown person may be sent again.
//
// # Careful by default
//
// A first run registers ten students at the most; a run stops registering when
// litiges and refusals pass five per cent, and calling at all when INES refuses the
// credentials or does not answer ten times in a row. Config.DryRun makes no
// call and writes nothing but the report.
//
// The rules of this package are the module's own: no public text describes how
// INES wants to be used beyond "check before calling, poll daily".
package campaign
