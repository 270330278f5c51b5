// Package imobilities is the Incoming Mobilities API of Erasmus Without Paper, version
// 2 (2.0.0), with its notifications (imobility-cnr 2.0.0): the receiving institution
// says when a student arrived and left, the sending one asks. Both words are about the
// student, never about who calls whom.
//
//	at R, the receiving institution      at S, the sending institution
//	    get             <---------------     asks for arrival and departure
//	    says that they changed       --->    imobility-cnr
//
// [Client] calls it, [Register] serves it from a [Provider]; [Stays] is one, in
// memory or in a file. The identifiers are those that S gave in omobilities: two senders
// may give the same, so each side looks them up together with the institution.
//
// In version 1 this API also published the decision about a nomination, which version 3
// of omobilities has posted by "update". It is not spoken: calling a partner that has
// nothing newer is an *ewpclient.ResolveError, and [Decode] refuses its documents.
//
// Source: the published schema of version 2; the parameter from the official validator
// and two running implementations, because the text was not readable.
//
// Dates of a stay are personal, and so is the identifier of one: the types implement
// slog.LogValuer with nothing of it, and no error repeats a value.
package imobilities
