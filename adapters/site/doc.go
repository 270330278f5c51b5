// Package site reads the configuration file of an establishment: the addresses of
// its student system and of the national services, the accounts, and where their
// secrets are. The programs of this module share one file, so that what doctor
// has checked is what rentree uses.
//
//	{
//	  "uai": "0511296G",
//	  "year": 2026,
//	  "pegase": {"tenant": "univ-exemple", "username": "svc-api", "password": {"env": "PEGASE_PASSWORD"}},
//	  "ines": {"wsdl": "ines.wsdl", "mapping": "ines-mapping.json", "username": "univ", "password": {"file": "secrets/ines"}}
//	}
//
// A section that is absent is a service that is not used. Paths are relative to
// the folder of the file.
//
// # Secrets
//
// No secret stands in the file: each is a [Secret], the name of an environment
// variable or of a file that holds it. A file that others than its owner can
// write is refused, as is an empty value. Secrets are read when a client is
// opened, so that a dry run needs none.
//
// # What is checked
//
// [Read] refuses a name that does not exist, since a slip would else be a setting
// without effect, and reports every fault of the content at once, each by its
// path in the file. The Open methods add what only a look at other files can tell.
// Nothing here calls a service.
package site
