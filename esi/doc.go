// Package esi builds and reads European Student Identifiers (ESI), the value that
// designates one student across the student mobility systems of Europe.
//
// # Forms
//
// The specification (GÉANT, "European Student Identifier", version 1.0) knows two:
//
//	urn:schac:personalUniqueCode:int:esi:<country>:<code>   the code is unique in a country or region
//	urn:schac:personalUniqueCode:int:esi:<domain>:<code>    the code is unique in an institution
//
// where <country> is an ISO 3166-1 alpha-2 or ISO 3166-2 code, <domain> a
// schacHomeOrganization, and <code> follows RFC 2141; the whole has at most 255
// characters. A legacy form CC-PIC-CODE lives on in records made before 2021.
//
// An ESI is compared without regard to case: use [ID.Equal], or [ID.Key] in maps
// and databases, never ==.
//
// # Strict building, lenient reading
//
// [Country], [Region], [HomeOrganization] and, for France, [FromINE] build
// identifiers that follow the specification. [ParseStrict] accepts those only. [Parse] reads
// every live form and the legacy one as they are met in the wild, and [Read] earlier
// drafts too; [Reading] names each deviation that it met. What a country expects beyond
// the specification is in [PracticeOf].
//
// # Transport
//
// An identity provider releases the ESI as one value of schacPersonalUniqueCode: see
// [France.Release]. A service finds it among the values that it receives with [Pick],
// [FromSAML] or [FromClaims].
//
// An ESI is personal data, and lasts as long as the student: errors and log
// values of this package do not show it.
package esi
