package store

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/passerelle-sup/passerelle"
)

// DefaultPatience is how long a call waits for a database that is busy or away.
const DefaultPatience = 30 * time.Second

// Config says which database holds the state. URL is required.
type Config struct {
	// URL is "sqlite:PATH" or a path alone for SQLite, and "postgres://user@host/base" for
	// PostgreSQL, with the parameters of pgx (sslmode, pool settings, search_path for a schema of
	// its own). It holds a password perhaps, and is never logged.
	URL string
	// Patience is how long a call waits for a database that is locked, restarting or
	// unreachable, before it fails. 0: DefaultPatience.
	Patience time.Duration
	// Connections is how many connections are open at the most. 0: 4 for SQLite, which has one
	// more that writes, and 16 for PostgreSQL.
	Connections int
	// MaxBytes bounds the file of SQLite. A write that needs more fails, as on a full
	// disk. 0: no bound. PostgreSQL ignores it.
	MaxBytes int64
	// Now is the clock that dates rows for [Store.Purge]. Nil: time.Now.
	Now func() time.Time
}

// Store is the state of the services in one database. Its methods, and those of what
// they return, are safe for concurrent use. Open it with [Open].
type Store struct {
	engine   engine
	patience time.Duration
	now      func() time.Time
}

// engine is where the databases differ.
type engine interface {
	name() string
	// write runs op in a transaction that is durable when write returns nil. op may run
	// several times; an error of it is returned and nothing of it is written. alone says that
	// op is one statement.
	write(ctx context.Context, alone bool, op func(q querier) error) error
	// query runs a query outside of any transaction.
	query(ctx context.Context, query string, args []any) (*sql.Rows, error)
	// transient reports whether an error may be gone when the call is tried again, and
	// whether the call may have been done all the same.
	transient(err error) (again, perhaps bool)
	// expand puts the words of the database into a migration.
	expand(migration string) string
	// clock is SQL of the time now, in microseconds since 1970.
	clock() string
	close() error
}

// querier runs statements inside of a transaction.
type querier interface {
	exec(query string, args ...any) (rows int64, err error)
	row(query string, args []any, into ...any) error
	query(query string, args []any, each func(scan func(into ...any) error) error) error
	// lock keeps other claims of a name out until the end of the transaction.
	lock(name string) error
}

// Open opens the database, creates what is missing in it, and brings an older one up to
// date. Its error is a passerelle.FieldErrors for faults of cfg, passerelle.ErrConflict for a
// database that a newer version of this package has written, and passerelle.ErrUnavailable for
// one that cannot be reached.
func Open(ctx context.Context, cfg Config) (*Store, error) {
	s, err := connect(ctx, cfg)
	if err != nil {
		return nil, err
	}
	if err := s.migrate(ctx, len(migrations)); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// connect opens the database as it is.
func connect(ctx context.Context, cfg Config) (*Store, error) {
	var faults passerelle.FieldErrors
	if cfg.URL == "" {
		faults.Add("URL", "required", "sqlite:PATH or postgres://…")
	}
	for _, d := range []struct {
		name  string
		value int64
	}{{"Patience", int64(cfg.Patience)}, {"Connections", int64(cfg.Connections)}, {"MaxBytes", cfg.MaxBytes}} {
		if d.value < 0 {
			faults.Add(d.name, "range", "no negative value; 0 is the default")
		}
	}
	scheme, rest, _ := strings.Cut(cfg.URL, ":")
	open := openSQLite
	switch scheme {
	case "postgres", "postgresql":
		open, rest = openPostgres, cfg.URL
	case "sqlite":
	default:
		rest = cfg.URL
		if u, err := url.Parse(cfg.URL); err == nil && len(u.Scheme) > 1 {
			faults.Add("URL", "scheme", "sqlite or postgres")
		}
	}
	if rest == "" && cfg.URL != "" {
		faults.Add("URL", "path", "the file of the database after sqlite:")
	}
	if err := faults.Err(); err != nil {
		return nil, err
	}
	s := &Store{patience: cfg.Patience, now: cfg.Now}
	if s.patience == 0 {
		s.patience = DefaultPatience
	}
	if s.now == nil {
		s.now = time.Now
	}
	var err error
	if s.engine, err = open(ctx, rest, cfg, s.patience); err != nil {
		return nil, failed(ctx, "open", err)
	}
	return s, nil
}

// Close ends the writes under way and closes the database.
func (s *Store) Close() error { return s.engine.close() }

// write runs op in a transaction, again and again while the database is away. op is told
// whether an earlier try may have been done.
func (s *Store) write(ctx context.Context, what string, alone bool, op func(q querier, perhaps bool) error) error {
	perhaps := false
	return s.patiently(ctx, what, func() error {
		err := s.engine.write(ctx, alone, func(q querier) error { return op(q, perhaps) })
		if err != nil {
			_, maybe := s.engine.transient(err)
			perhaps = perhaps || maybe
		}
		return err
	})
}

// read runs a query outside of any transaction. each may see rows again, from the first one, when
// the database was lost in the middle: see collect.
func (s *Store) read(ctx context.Context, what string, query string, args []any, each func(scan func(into ...any) error) error) error {
	return s.patiently(ctx, what, func() error {
		rows, err := s.engine.query(ctx, query, args)
		if err != nil {
			return err
		}
		return scanAll(rows, each)
	})
}

// collect runs a query outside of any transaction and returns what each makes of its rows.
func collect[T any](ctx context.Context, s *Store, what string, query string, args []any, each func(scan func(into ...any) error) (T, error)) ([]T, error) {
	var all []T
	err := s.patiently(ctx, what, func() error {
		all = nil
		rows, err := s.engine.query(ctx, query, args)
		if err != nil {
			return err
		}
		return scanAll(rows, func(scan func(into ...any) error) error {
			one, err := each(scan)
			all = append(all, one)
			return err
		})
	})
	return all, err
}

// errAgain asks for another try: the row changed meanwhile.
var errAgain = fmt.Errorf("store: written by another meanwhile: %w", passerelle.ErrConflict)

// patiently calls f until it succeeds, fails for good, or the patience ends.
func (s *Store) patiently(ctx context.Context, what string, f func() error) error {
	var end time.Time
	for pause := 10 * time.Millisecond; ; pause = min(2*pause, time.Second) {
		if err := ctx.Err(); err != nil {
			return err
		}
		err := f()
		if err == nil {
			return nil
		}
		if err == errAgain {
			pause = time.Millisecond
		} else if again, _ := s.engine.transient(err); !again {
			return failed(ctx, what, err)
		}
		now := time.Now()
		if end.IsZero() {
			end = now.Add(s.patience)
		}
		if now.After(end) {
			return failed(ctx, what, err)
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// scanAll hands the rows to each, and closes them.
func scanAll(rows *sql.Rows, each func(scan func(into ...any) error) error) error {
	defer rows.Close()
	for rows.Next() {
		if err := each(rows.Scan); err != nil {
			return err
		}
	}
	return rows.Err()
}
