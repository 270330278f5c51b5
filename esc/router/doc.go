// Package router speaks to the ESC-Router, the European service with which
// institutions register students and their European student cards, and to its public
// verifier. It implements version 2 of the API, in force since November 2024.
//
// The API is published as an OpenAPI document without a version history: the
// document of 2025, a later one, and what clients of August 2026 were seen to send
// differ. Types here hold the union; every field of an answer may be missing, unknown
// fields are ignored and unknown values of enumerations survive. What clients learnt
// about the service and no document says (which status comes when, paging, the form of
// some dates) is marked as observed where it matters.
//
// # Calling
//
// [New] takes a [Config] that names the environment: there is no default, so that a
// test never reaches production by omission. One client serves several institutions,
// each with its token; a request says for which one it is made where there is a
// choice. Methods are those of the API ([Client.CreatePerson], [Client.UpdateCard], …)
// and two that converge: [Client.EnsurePerson] and [Client.EnsureCard] make a POST and
// turn it into a PUT when the object exists.
//
// Errors are an [*Error], or the transport's. errors.Is knows them by the taxonomy of
// package passerelle: ErrNotFound, ErrConflict (it exists already), ErrForbidden
// (another institution's, or an address that production does not know), ErrGone (an
// anonymised person, who does not come back), ErrUnauthorized (a wrong token, or one
// that may not act for that institution).
//
// # Keeping up
//
// [Sync] brings the router to what the student system wants: see there for consent,
// withdrawal, and the identifier that never changes.
package router
