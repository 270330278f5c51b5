// Package discovery writes and reads manifests, by which the hosts of the Erasmus
// Without Paper network say to the registry who they are, which APIs they serve
// where, and which keys they use (ewp-specs-api-discovery 6.0.0); and it leads keys
// through their replacement.
//
// # Writing
//
// A [Manifest] is written by [Manifest.Marshal], which refuses what the registry would
// refuse and says all reasons at once, each with what the registry would do: keep the
// manifest that it had, drop an entry, drop a key. [Manifest.Check] also knows what
// needs the present catalogue, such as an address that another host holds, and gives
// warnings. The rules are those of the schemas of the manifest and of each API, and of
// the code of the official registry, which is public; where something is guessed, the
// documentation says so.
//
// The manifest is served to anybody by GET at a fixed https address, one for each
// institution; the registry reads it every five minutes, and nobody else does.
//
// # Reading
//
// [Read] is for whoever runs a registry, in tests, or wants to know what is wrong with
// a manifest that is published. It takes hostile bytes.
//
// # Replacing keys
//
// A key that signs before partners know it is refused, and one that is withdrawn while
// requests are under way breaks them. A [Keyring] keeps the books: announce a key,
// publish the manifest, wait until the catalogue shows it and copies of the catalogue
// had time to follow, sign with it, withdraw the old one after a while.
//
//	        Announce       catalogue        Settle          next key        Overlap        catalogue
//	          |          shows the key        |            signs              |          forgets it
//	(none) ------> announced ------> visible ------> active ------> superseded ------> withdrawn ------> gone
//	               \________________ in the manifest ______________/
//
// A catalogue that cannot be asked moves nothing.
package discovery
