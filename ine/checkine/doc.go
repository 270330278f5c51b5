// Package checkine is a client and a server of the key service that French
// universities deploy beside Apogée under the name "checkine": a small REST
// service, separate from INES, that says whether two letters are the key of nine
// digits. It is a second opinion on the RNIE key, whose rule is not published.
//
// The interface was read from the public code of an application that calls it
// (2018 to 2026); no document describes it. Two forms exist: the current one posts
// JSON to /v1/check-ine, the one of 2018 puts the number in the path.
//
// [Client] is an ine.KeyService, for ine.AcceptedByECandidat. [Handler] answers both forms
// by the rules of package ine, for tests and for establishments that want one.
package checkine
