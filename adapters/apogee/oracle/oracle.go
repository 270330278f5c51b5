// Package oracle brings the driver "oracle" of database/sql, github.com/sijms/go-ora,
// for programs that read Apogée's base. It is apart so that those who do not need it
// do not link it:
//
//	import _ "github.com/passerelle-sup/passerelle/adapters/apogee/oracle"
//
//	base, err := apogee.Open(ctx, "oracle", "oracle://reader:password@host:1521/APOGEE", apogee.SQLConfig{})
//
// The module's tests run the queries on SQLite; they have not met an Oracle base.
package oracle

import _ "github.com/sijms/go-ora/v2" // registers "oracle"
