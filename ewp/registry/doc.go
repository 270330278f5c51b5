// Package registry reads the catalogue of the Erasmus Without Paper network: which
// host serves which API for which institution, and whose key is whose.
//
// # The catalogue
//
// One central registry merges the manifests of all hosts into one XML document,
// served to anybody at a fixed address ([Production], [Development]) and changed
// every few minutes (ewp-specs-api-registry 1.5.0). It is the root of all trust in
// the network. The real one has about 46 MB, 3 900 hosts and 52 000 API entries, and
// [Parse] turns it into an [Index] in one pass, several times faster than
// encoding/xml reads its tokens, with no document type declaration, no entity, and
// bounds on everything. Index answers the five questions of the specification,
// without allocating:
//
//	where is this API of this institution      Index.Find
//	what is the key with this keyId            Index.Key
//	in whose name does this client key speak   Index.HEIsOfClientKey
//	… or this TLS certificate (old)            Index.HEIsOfCertificate
//	may this key sign that answer              Entry.Host, Host.HasServerKey
//
// The last is asked of the host from whose entry the address was taken, never of
// another, even one with the same address. The answers are those of the official
// Java client, down to blanks and case in [Index.HEIsByOtherID].
//
// # Oddities
//
// The real catalogue has Erasmus codes with blanks around them, PICs in exponent
// form, versions that contradict namespaces. Nothing of that stops the reading:
// [Index.Report] says what was met and what was left out. What decides about trust is
// strict: a key that does not hash to its fingerprint is no key.
//
// # Keeping a copy
//
// A [Client] asks the registry at the pace that the specification allows, with the
// validators of what it has; an answer 304, or the same bytes again, costs no
// reading. A new catalogue is read in the background and put in place in one step,
// so readers never wait. While the registry does not answer the copy stays in use,
// for five days at most by default, as in the official client. With
// [Config].CopyDir the copy survives a restart. The catalogue may also come from a
// file or an fs.FS.
//
// Code that asks takes a [Catalogue], which an Index is too: tests need no network.
package registry
