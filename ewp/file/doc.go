// Package file is the File API of Erasmus Without Paper, version 1 (1.0.0): the
// documents that other APIs refer to by an identifier, such as the PDF of an
// agreement.
//
// A file never changes: another content has another identifier, which the API that
// refers to it announces. A copy can therefore be kept for ever. Only those may
// fetch a file who were given its identifier by another API.
//
// [Client] fetches files, [Register] serves those of a [Provider].
//
// Source: ewp-specs-api-file, branch stable-v1, README.md. It says nothing of an
// identifier that is unknown, and nothing of sizes. The server answers 404 for
// what does not exist or is not for the caller, without telling which; that is
// deduced from the general rules.
package file
