// Package pegase reads students, enrolments, programmes and marks from Pégase, the
// student system of PC-SCOL, and writes a definitive INE back. It gives the values
// of package sis.
//
// A [Client] speaks to the APIs that are open to external tools: identities (IDT),
// enrolments (INS), programmes (ODF), course choices (CHC) and published marks (COC). It is
// a [sis.Source], [sis.Deltas] and [sis.GradesReader]; [Client.INEWriter] gives the
// [sis.INEWriter], which has to be asked for. A [Replica] reads the daily copy of the
// databases (DRE) instead: no load on the service, data of last night.
//
// # Where the facts come from
//
// From the OpenAPI files that the public project "Mon Dossier Web for Pégase" keeps (IDT
// 1.6.0, INS 2.6.0, COC 2.3.0, CHC 1.4.1): paths, parameters, names, words of
// enumerations, limits of pages. From public clients (esup-siscol, esup-transferts, a
// Moodle block): the correction of an INE in the older "gestion" API, the programmes, and
// several habits that the contracts do not tell. The replica's tables are those of the
// public programmes dremgr and dreaddon-pilotage. Nothing of the vendor's files is in this
// package. Deduced, and said where it matters: what the correction call answers when it
// refuses, which results are passes, the property by which a search is sorted.
//
// Nothing is known of rate limits: without a Limiter of your own a client
// sends five requests a second.
//
// # Addresses
//
// The grammar of the paths is not regular, and the hosts differ from tenant to tenant:
// every base URL is a field of [Endpoints] and none has a default. [TenantEndpoints]
// writes the published form for a tenant; print it and compare before you use it.
//
// # What is asked of whom
//
// The search of identities gives neither the birthplace nor the second given name, and the
// state of an INE only as a filter. A client therefore searches state by state, takes those
// whose INE is confirmed as the search gives them, and reads the whole identity of the others: one
// call each. [Config.Details] changes that.
//
// The flow of enrolments has two time bounds. A client cuts time into windows that
// fit one page, so that no row can move between pages while it is read; see
// [Client.Changes].
//
// # Habits that are survived
//
// A student who is not known has been answered with HTTP 500 instead of 404; errors are
// announced as json/application; the required property statusInscription is called
// statutInscription; discriminators are called est1; dateInscription may be null;
// enumerations grow in minor versions, and a word that is not known here is kept and
// handed on. Package pegasetest plays each of them. (The INS contract also repeats a YAML
// anchor, which strict parsers refuse: nothing here reads it.)
package pegase
