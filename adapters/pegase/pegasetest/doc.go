// Package pegasetest is a tenant of Pégase on the loopback interface: the token service
// and the APIs that package pegase speaks to, for tests and for trying a programme out
// before the real tenant is open. It is a product of its own: an http.Handler with
// state, a clock, the habits of the real service and faults on purpose.
//
// Names, paths, words and limits follow the public descriptions of the APIs (IDT 1.6.0, INS
// 2.6.0, COC 2.3.0, CHC 1.4.1) and public clients (gestion v5, ODF); the values are invented.
// Where the service is not described the fake says so by its words: the codes of refused
// corrections begin with "invented-".
//
// [Quirks] switches the habits that surprise clients, one by one. [Faults] and
// [Service.Script] make trouble: slow answers, 503, 429, truncated bodies, expired tokens,
// answers that are lost after the work was done. [Config.Before] lets a test change students while a
// client reads pages. [Service.Replica] makes the nightly copy of the databases, in SQLite.
package pegasetest
