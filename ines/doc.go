// Package ines speaks to INES, the national service that immatriculates the
// students of higher education (arrêté of 30 September 2022): it verifies an INE,
// searches for a person by civil identity, immatriculates, and follows up what
// could not be settled at once.
//
// # What is public and what is not
//
// The ministry publishes that INES is a web service, what it is for and which
// fields an immatriculation needs. The only wire format seen in the open is the
// REST verification of a pair INE and birth date, with OAuth2 client credentials.
// No WSDL, no namespace, no error code list and no immatriculation resource are public.
// Therefore:
//
//   - the vocabulary of answers ([Status]) is the one that Pégase publishes
//     for its dialogue with INES;
//   - the REST binding ([NewREST]) does verification as publicly known, and nothing else;
//   - the SOAP binding ([NewSOAP]) takes every name from a [Contract]. The one that ships,
//     [ReferenceContract], is invented and says so in its namespace: the fake in
//     inestest speaks it. A real one is made from the WSDL that an establishment
//     receives and an explicit mapping, checked at start.
//
// # Abilities
//
// A binding has some of [Verifier], [Searcher], [Registrar] and [Follower]. A
// process that needs one refuses at start a binding that lacks it, see [Can]. "Not found" is
// an answer with [StatusUnknown], not an error: errors mean that the question was
// not answered.
//
// # Never twice
//
// [Registrar].Register is sent once. When its answer is lost the error's
// [passerelle.OutcomeOf] is Unknown, and an "unknown" from a later search proves
// nothing: creations can be late. Package ines/campaign keeps that memory.
package ines
