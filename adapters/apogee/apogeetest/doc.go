// Package apogeetest is an Apogée for tests and first trials: a base in SQLite with
// the tables that package apogee reads, filled with an invented cohort, and the SOAP
// services in front of the same base. What is changed in the base, the services tell.
//
//	server := apogeetest.NewServer(t, apogeetest.Config{Students: 200})
//	base, err := apogee.Open(ctx, apogeetest.Driver, server.DSN(), server.SQLConfig())
//	client, err := apogee.New(server.Config())
//
// # The cohort
//
// It is the same for the same seed, and the same people as those of inestest.Generate,
// so that a fake INES of that seed knows them. As in a real base names are cut and in
// upper case, with their accents; numbers are stored as 10+1 and as 9+2, old, missing,
// blank, provisional and wrong in their key; one person in fifty has no student number;
// some enrolments are cancelled, early or in debt; a mark is under the lock of anonymity.
// [FirstInd] documents who is what.
//
// # The services
//
// They are strict about what they are sent and answer as the published contracts say,
// with the quirks that clients report: ISO-8859-15, missing values in three forms
// ([NilStyle]), birth dates with an offset, "nobody" as a fault in an HTTP 500, irregular
// names of elements. [Server.Script] and [Server.Always] make trouble on purpose: see [Fault].
//
// Nothing of the vendor's is here: tables and elements have the names that public
// programs use, and those that were deduced are marked so in package apogee.
package apogeetest
