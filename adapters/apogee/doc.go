// Package apogee reads Apogée, the student system of the Amue, as values of package
// sis, by either of its doors: its SOAP services ([Client], [Source]) or its base
// ([SQL]). A site that has both takes the base: it tells what changed, and has marks.
//
// # The base
//
// [Mapping] holds the documented queries as data. They use the tables INDIVIDU,
// INS_ADM_ANU, INS_ADM_ETP, ADRESSE, ANNU_MEL_LOGIN, ETAPE, RESULTAT_ELP,
// ELEMENT_PEDAGOGI, TYP_RESULTAT and AVCT_OBJ_ANO, with the names that several
// independent public programs use, and are the same for Oracle and SQLite but for the
// name of one function, so that the fake of package apogeetest runs what a school sends. Every query can be replaced.
// The driver is the caller's choice; package oracle brings one.
//
// # The services
//
// SOAP 1.1 in ISO-8859-15, operations in the namespace of their service and their
// children in none. What was published of them is described in the module's
// documentation; no contract of the vendor is part of this module. Operations have
// versions, and their names and namespaces are a [Contract]. "Nobody" is a fault in an
// HTTP 500: it is mapped to ErrNotFound and not sent again, while a fault named
// remoteerror is.
//
// # What Apogée does not hold
//
//   - A state of the INE: any number is sis.INEUnverified.
//   - The commune of birth: a town in free text, and a department. [Communes] finds the
//     code where the name is exactly that of one commune, when the caller wants it.
//   - A way to write an INE back: see [OpenINEFile].
//   - Names longer than 30 and 20 characters: they were cut when they were entered.
//
// The social security number is never read.
package apogee
