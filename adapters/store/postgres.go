package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"net"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
)

// pgEngine is a database of PostgreSQL, which several processes share. Writes run beside
// each other; the server makes one sync for those that end together.
type pgEngine struct {
	db       *sql.DB
	patience time.Duration
}

func openPostgres(_ context.Context, link string, cfg Config, patience time.Duration) (engine, error) {
	settings, err := pgx.ParseConfig(link)
	if err != nil {
		return nil, err
	}
	db := stdlib.OpenDB(*settings, stdlib.OptionAfterConnect(byIndex))
	connections := cfg.Connections
	if connections == 0 {
		connections = 16
	}
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	db.SetConnMaxIdleTime(time.Minute)
	return &pgEngine{db, patience}, nil
}

// byIndex keeps plans that were made for empty tables from reading whole tables once they have
// grown: every query of this package has its index, and plans are kept until the server looks at the
// table again by itself, which is too late on the first day of a season.
func byIndex(ctx context.Context, conn *pgx.Conn) error {
	_, err := conn.Exec(ctx, `SET enable_seqscan = off`)
	return err
}

func (e *pgEngine) name() string { return "postgres" }

func (e *pgEngine) clock() string {
	return "CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT)"
}

func (e *pgEngine) expand(migration string) string {
	return strings.NewReplacer("{name}", `TEXT COLLATE "C"`, "{text}", "TEXT", "{int}", "BIGINT", "{real}", "DOUBLE PRECISION", "{serial}", "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY").Replace(migration)
}

func (e *pgEngine) query(ctx context.Context, query string, args []any) (*sql.Rows, error) {
	return e.db.QueryContext(ctx, query, args...) // pgx prepares what comes again
}

func (e *pgEngine) close() error { return e.db.Close() }

// transient knows the errors of a server that restarts, of a lost connection, and of
// transactions that stood in each other's way.
func (e *pgEngine) transient(err error) (again, perhaps bool) {
	if server, ok := errors.AsType[*pgconn.PgError](err); ok {
		switch code := server.Code; {
		case code == "40001", code == "40P01": // serialization failure, deadlock
			return true, false
		case code == "53300", code == "57P03", code == "55P03": // too many connections, starting up, lock not available
			return true, false
		case code == "57P01", code == "57P02", code == "57P05", strings.HasPrefix(code, "08"): // shut down, crashed, connection failures
			return true, true
		}
		return false, false
	}
	if pgconn.SafeToRetry(err) {
		return true, false
	}
	if answer(err) || errors.Is(err, sql.ErrConnDone) {
		return false, false
	}
	if _, ok := errors.AsType[net.Error](err); ok {
		return true, true
	}
	if _, ok := errors.AsType[*pgconn.ConnectError](err); ok {
		return true, false
	}
	lost := errors.Is(err, driver.ErrBadConn) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed) ||
		strings.Contains(err.Error(), "conn closed")
	return lost, lost
}

// write goes on for the patience after ctx has ended, so that its own end is known.
func (e *pgEngine) write(ctx context.Context, alone bool, op func(q querier) error) error {
	caller := ctx
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	defer context.AfterFunc(caller, func() { time.AfterFunc(e.patience, cancel) })()
	if alone {
		return op(pgTx{ctx, e.db})
	}
	tx, err := e.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := op(pgTx{ctx, tx}); err != nil {
		_ = tx.Rollback()
		return err
	}
	return tx.Commit()
}

// pgTx runs statements in a transaction, or each in its own.
type pgTx struct {
	ctx context.Context
	q   interface {
		ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
		QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
		QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
	}
}

func (t pgTx) exec(query string, args ...any) (int64, error) {
	result, err := t.q.ExecContext(t.ctx, query, args...)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

func (t pgTx) row(query string, args []any, into ...any) error {
	return t.q.QueryRowContext(t.ctx, query, args...).Scan(into...)
}

func (t pgTx) query(query string, args []any, each func(scan func(into ...any) error) error) error {
	rows, err := t.q.QueryContext(t.ctx, query, args...)
	if err != nil {
		return err
	}
	return scanAll(rows, each)
}

// lock takes an advisory lock until the end of the transaction. What the holders before
// wrote is seen by every statement after it.
func (t pgTx) lock(name string) error {
	_, err := t.exec(`SELECT pg_advisory_xact_lock(hashtextextended($1, 7401))`, name)
	return err
}

// words is what a driver said, without the values that a server repeats in its details.
func words(err error) string {
	if server, ok := errors.AsType[*pgconn.PgError](err); ok {
		return server.Severity + " " + server.Code + ": " + server.Message
	}
	return err.Error()
}
