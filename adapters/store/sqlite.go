package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// liteEngine is a file of SQLite. One goroutine writes; what many ask for at once goes into one
// transaction, so that they share its sync.
type liteEngine struct {
	reads      *sql.DB
	statements sync.Map // of reads: text to *sql.Stmt
	pool       *sql.DB  // of the one connection that writes

	asked  chan *liteWrite
	closed chan struct{} // asks the writer to end
	ended  chan struct{} // the writer has ended
	once   sync.Once
}

// liteWrite is one write that waits for its turn.
type liteWrite struct {
	ctx  context.Context
	op   func(q querier) error
	done chan error
}

// maxTogether is how many writes share a transaction at the most.
const maxTogether = 256

// Where crowd writes came together, the next transaction waits for more: a sync holds up a
// processor, and few large ones leave the calls to the services more of it than many small ones.
const (
	crowd  = 4
	gather = time.Millisecond
)

func openSQLite(ctx context.Context, path string, cfg Config, patience time.Duration) (engine, error) {
	if err := private(path); err != nil {
		return nil, err
	}
	pragmas := []string{
		fmt.Sprintf("busy_timeout(%d)", patience.Milliseconds()),
		"journal_mode(WAL)",
		"synchronous(FULL)", // a claim that was acknowledged survives the loss of power
		"foreign_keys(ON)",
		"secure_delete(ON)", // what is purged is overwritten
		"cache_size(-8192)",
		"wal_autocheckpoint(4000)",
	}
	if cfg.MaxBytes > 0 {
		pragmas = append(pragmas, fmt.Sprintf("max_page_count(%d)", max(1, cfg.MaxBytes/4096)))
	}
	open := func(connections int, more ...string) (*sql.DB, error) {
		values := url.Values{"_pragma": append(pragmas[:len(pragmas):len(pragmas)], more...)}
		// A question mark in the name would begin the parameters.
		db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: path}).EscapedPath()+"?"+values.Encode())
		if err != nil {
			return nil, err
		}
		db.SetMaxOpenConns(connections)
		db.SetMaxIdleConns(connections)
		return db, nil
	}
	pool, err := open(1)
	if err != nil {
		return nil, err
	}
	conn, err := pool.Conn(ctx)
	if err != nil {
		pool.Close()
		return nil, err
	}
	connections := cfg.Connections
	if connections == 0 {
		connections = 4
	}
	reads, err := open(connections, "query_only(ON)")
	if err != nil {
		pool.Close()
		return nil, err
	}
	e := &liteEngine{reads: reads, pool: pool, asked: make(chan *liteWrite, maxTogether), closed: make(chan struct{}), ended: make(chan struct{})}
	go e.writer(&liteTx{conn: conn, statements: make(map[string]*sql.Stmt)})
	return e, nil
}

// private creates the file, readable by its owner alone, with the folder that holds it.
func private(path string) error {
	if dir := filepath.Dir(path); dir != "." {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return err
		}
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	return f.Close()
}

func (e *liteEngine) name() string { return "sqlite" }

func (e *liteEngine) clock() string { return "CAST(unixepoch('subsec') * 1000000 AS INTEGER)" }

func (e *liteEngine) expand(migration string) string {
	return strings.NewReplacer("{name}", "TEXT", "{text}", "TEXT", "{int}", "INTEGER", "{real}", "REAL", "{serial}", "INTEGER PRIMARY KEY AUTOINCREMENT").Replace(migration)
}

// query is not interrupted when ctx ends: it reads a page at the most, and watching ctx costs
// as much again.
func (e *liteEngine) query(ctx context.Context, query string, args []any) (*sql.Rows, error) {
	ctx = context.WithoutCancel(ctx)
	if stmt, ok := e.statements.Load(query); ok {
		return stmt.(*sql.Stmt).QueryContext(ctx, args...)
	}
	stmt, err := e.reads.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	if other, loaded := e.statements.LoadOrStore(query, stmt); loaded {
		stmt.Close()
		stmt = other.(*sql.Stmt)
	}
	return stmt.QueryContext(ctx, args...)
}

func (e *liteEngine) transient(err error) (again, perhaps bool) {
	if failure, ok := errors.AsType[*sqlite.Error](err); ok {
		code := failure.Code() & 0xff
		return code == sqlite3.SQLITE_BUSY || code == sqlite3.SQLITE_LOCKED, false
	}
	return false, false
}

func (e *liteEngine) close() error {
	e.once.Do(func() { close(e.closed) })
	<-e.ended
	return errors.Join(e.reads.Close(), e.pool.Close())
}

// write hands op to the writer and waits for the end of its transaction. Once it has begun it
// is awaited whatever happens to ctx: its end is known then.
func (e *liteEngine) write(ctx context.Context, _ bool, op func(q querier) error) error {
	w := &liteWrite{ctx: ctx, op: op, done: make(chan error, 1)}
	select {
	case e.asked <- w:
	case <-e.closed:
		return errClosed
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case err := <-w.done:
		return err
	case <-e.ended:
		select {
		case err := <-w.done:
			return err
		default:
			return errClosed
		}
	}
}

// writer runs what is asked for until the engine is closed.
func (e *liteEngine) writer(tx *liteTx) {
	defer close(e.ended)
	defer tx.conn.Close()
	batch, crowded := make([]*liteWrite, 0, maxTogether), false
	for {
		batch = batch[:0]
		select {
		case w := <-e.asked:
			batch = append(batch, w)
		case <-e.closed:
			for {
				select {
				case w := <-e.asked:
					w.done <- errClosed
				default:
					return
				}
			}
		}
		if crowded {
			time.Sleep(gather)
		}
	collect:
		for len(batch) < maxTogether {
			select {
			case w := <-e.asked:
				batch = append(batch, w)
			default:
				break collect
			}
		}
		crowded = len(batch) >= crowd
		tx.run(batch)
	}
}

// run does the writes in one transaction. When one of them fails in the database, each
// has a transaction of its own, so that none suffers from another.
func (t *liteTx) run(batch []*liteWrite) {
	answers := make([]error, len(batch))
	_, failure := t.exec("BEGIN IMMEDIATE") // waits for other processes as long as the patience lasts
	begun := failure == nil
	if begun {
		failure = t.together(batch, answers)
	}
	if begun && failure != nil && len(batch) > 1 {
		for _, w := range batch {
			t.run([]*liteWrite{w})
		}
		return
	}
	for i, w := range batch {
		if failure != nil {
			answers[i] = failure
		}
		w.done <- answers[i]
	}
}

// together runs the writes, notes what each answers, and commits. Where the database fails,
// or a write answers by an error after it wrote, nothing of the whole is written.
func (t *liteTx) together(batch []*liteWrite, answers []error) error {
	for i, w := range batch {
		if answers[i] = w.ctx.Err(); answers[i] != nil {
			continue
		}
		t.wrote = false
		answers[i] = w.op(t)
		if err := answers[i]; err != nil && (t.wrote || !answer(err)) {
			t.rollback()
			return err
		}
	}
	if _, err := t.exec("COMMIT"); err != nil {
		t.rollback()
		return err
	}
	return nil
}

// rollback ends the transaction, if the database has not done so itself.
func (t *liteTx) rollback() { _, _ = t.exec("ROLLBACK") }

// liteTx is the connection that writes, with its prepared statements.
type liteTx struct {
	conn       *sql.Conn
	statements map[string]*sql.Stmt
	wrote      bool // whether the write under way has changed a row
}

// background is what statements of the writer run under: a write that has begun is not
// interrupted in the middle.
var background = context.Background()

func (t *liteTx) prepared(query string) (*sql.Stmt, error) {
	if stmt := t.statements[query]; stmt != nil {
		return stmt, nil
	}
	stmt, err := t.conn.PrepareContext(background, query)
	if err == nil {
		t.statements[query] = stmt
	}
	return stmt, err
}

func (t *liteTx) exec(query string, args ...any) (int64, error) {
	if len(args) == 0 { // BEGIN, COMMIT, and migrations of several statements
		_, err := t.conn.ExecContext(background, query)
		return 0, err
	}
	stmt, err := t.prepared(query)
	if err != nil {
		return 0, err
	}
	result, err := stmt.ExecContext(background, args...)
	if err != nil {
		return 0, err
	}
	n, err := result.RowsAffected()
	t.wrote = t.wrote || n > 0
	return n, err
}

func (t *liteTx) row(query string, args []any, into ...any) error {
	stmt, err := t.prepared(query)
	if err != nil {
		return err
	}
	return stmt.QueryRowContext(background, args...).Scan(into...)
}

func (t *liteTx) query(query string, args []any, each func(scan func(into ...any) error) error) error {
	stmt, err := t.prepared(query)
	if err != nil {
		return err
	}
	rows, err := stmt.QueryContext(background, args...)
	if err != nil {
		return err
	}
	return scanAll(rows, each)
}

// lock has nothing to do: there is one writer.
func (t *liteTx) lock(string) error { return nil }
