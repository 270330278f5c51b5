package store

import (
	"context"
	"embed"
	"fmt"
	"io/fs"
	"path"

	"github.com/passerelle-sup/passerelle"
)

//go:embed migrations/*.sql
var migrationFiles embed.FS

// migrations are the statements that lead from each version of the tables to the next,
// the oldest first. A published one is never changed.
var migrations = func() []string {
	names, err := fs.Glob(migrationFiles, "migrations/*.sql")
	if err != nil {
		panic(err) // the pattern is a constant
	}
	all := make([]string, len(names))
	for i, name := range names {
		data, err := migrationFiles.ReadFile(name)
		if err != nil || path.Base(name)[:4] != fmt.Sprintf("%04d", i+1) {
			panic(fmt.Sprintf("migration %s is not number %d: %v", name, i+1, err)) // a fault of the build
		}
		all[i] = string(data)
	}
	return all
}()

// migrate brings the tables to version to, one transaction for all steps. Several
// processes may do so at once.
func (s *Store) migrate(ctx context.Context, to int) error {
	return s.write(ctx, "migrate", false, func(q querier, _ bool) error {
		if err := q.lock("migrate"); err != nil {
			return err
		}
		if _, err := q.exec(`CREATE TABLE IF NOT EXISTS store_version (version INTEGER NOT NULL)`); err != nil {
			return err
		}
		version := 0
		if err := q.row(`SELECT COALESCE(MAX(version), 0) FROM store_version WHERE version >= $1`, []any{0}, &version); err != nil {
			return err
		}
		if version > len(migrations) {
			return fmt.Errorf("store: the tables are of version %d, written by a newer release; this one knows %d: %w", version, len(migrations), passerelle.ErrConflict)
		}
		for ; version < to; version++ {
			if _, err := q.exec(s.engine.expand(migrations[version])); err != nil {
				return err
			}
			if _, err := q.exec(`INSERT INTO store_version (version) VALUES ($1)`, version+1); err != nil {
				return err
			}
		}
		return nil
	})
}
