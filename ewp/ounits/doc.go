// Package ounits is the Organizational Units API of Erasmus Without Paper, version 2
// (2.1.1): faculties, departments and institutes of an institution, by identifier or by
// code.
//
// [Client] asks partners, [Register] answers them from a [Provider]; [List] is one for
// units in memory. [Decode] and [Encode] read and write the document of an answer by
// itself. [Row] is a unit as student systems keep it, and [Check] says what is wrong
// with all units together.
//
// Which units there are is said by the Institutions API, which must list every unit
// that this one shows. An institution shows its units as a flat list, or as a tree with
// one root that stands for itself: readers must cope with both, see [Children].
//
// All of it is public. Hosts may let anonymous clients ask, by an option
// ewpserver.Security with ewp.ClientAnonymous.
//
// Source: ewp-specs-api-ounits, branch stable-v2, README.md and response.xsd.
package ounits
