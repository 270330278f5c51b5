// Package echo is the Echo API of Erasmus Without Paper, version 2 (2.0.1): the host
// repeats what it was sent and says for whom it takes the caller. It is a test of
// everything below the business APIs, and the first that a new host serves.
//
// [Client] calls it, [Register] serves it on an ewpserver.Server. Echo is never open
// to anonymous clients.
//
// Source: ewp-specs-api-echo, branch stable-v2, README.md and response.xsd.
package echo
