// Package aglaetest imitates what package aglae speaks to, for tests and for trying a
// programme out. [Service] is AGLAE and OLAFE: the connector, the enrolment event and
// the notification of a changed profile over one set of files; [Cnous] is the API of
// the Cnous. Each is an http.Handler with state, a clock and faults on purpose.
//
// # What it is a model of, and what it is not
//
// No contract of AGLAE is public. The connector speaks [aglae.ReferenceContract], whose
// namespace says that it is invented, or any other contract given in [Config]; events
// are read in the invented format of [aglae.ReferenceEncoding]. What is modelled is what
// is known: the connector says yes when the file is conditional or definitive and one
// same "wait" for everything else, nobody and those refused included; an event that
// matches a wish makes a conditional file definitive, one that does not flags it.
//
// [Pilot] is a synthetic population with the shape of the university of the pilot.
package aglaetest
