// Package sis is the neutral student system: what the processes of this module
// read from a student information system (Apogée, Pégase, an in-house base, a CSV
// file) and the little that they write back.
//
// A [Source] gives students and enrolments; what else a system can do is an add-on
// interface found by type assertion: [Deltas], [INEWriter], [GradesReader]. A
// process that needs an ability refuses at start a source that lacks it.
//
// Sequences follow one rule: a [*RowError] concerns one record and the sequence
// goes on; any other error is fatal and the last element. Nothing here loads a
// whole base.
//
// The model is our own, drawn from what Pégase, Apogée, ScoDoc and flat files
// have in common; it is no vendor's contract. A CSV source reads it from a file with
// documented columns; the drivers of real systems are in the adapters module.
package sis
