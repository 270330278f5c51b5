// Package particuliertest imitates API Particulier for tests: the student status
// and scholarship operations of v2, v3 and v4, the pings and the introspection, with
// the checks of tokens, recipients and parameters, scopes, the limits of the service
// with the ban that follows, and faults on purpose.
//
// # What it answers
//
// Cases, such as those that the operators publish for their staging host, are
// loaded from a folder by [LoadCases] and served by the rule of that host:
// all parameters in small letters, the whole set equal, recipient apart. What is
// no case is looked for in Config.Students and Config.Scholarships, by which other
// fakes hand over what they hold: a supdatatest.Store is one. What is nowhere
// is the service's 404.
//
// The bodies follow the public source of the server (github.com/datagouv/apistration).
// Where documentation and source differ, the source is followed. The ban is a
// model: the documentation tells that it exists, not what exactly sets it off.
package particuliertest
