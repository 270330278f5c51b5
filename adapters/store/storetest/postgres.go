package storetest

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // driver "pgx"
)

// BinariesVar names the environment variable with the folder of the programs of
// PostgreSQL, for installations that are in none of the usual places.
const BinariesVar = "PASSERELLE_PG_BIN"

// Postgres is a server of PostgreSQL of its own: in a temporary folder, reached by a
// socket in it and by nothing else, with nobody's data. Start it with [Start].
type Postgres struct {
	dir      string
	binaries string
	server   *exec.Cmd
	log      *os.File
	schemas  atomic.Int64
}

// errNoBinaries says that PostgreSQL is not installed.
var errNoBinaries = errors.New("PostgreSQL is not installed: no initdb in /usr/lib/postgresql, the PATH or " + BinariesVar)

// binaries finds the folder of initdb and postgres.
func binaries() (string, error) {
	folders, _ := filepath.Glob("/usr/lib/postgresql/*/bin") // Debian
	if own := os.Getenv(BinariesVar); own != "" {
		folders = []string{own}
	} else if path, err := exec.LookPath("initdb"); err == nil {
		folders = append(folders, filepath.Dir(path))
	}
	for i := len(folders) - 1; i >= 0; i-- { // the newest version last
		if _, err := os.Stat(filepath.Join(folders[i], "initdb")); err == nil {
			return folders[i], nil
		}
	}
	return "", errNoBinaries
}

// Start starts a server, which Stop ends. The server ends with the process too, on Linux.
func Start() (*Postgres, error) {
	bin, err := binaries()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "pg") // short: the path of a socket is bounded
	if err != nil {
		return nil, err
	}
	p := &Postgres{dir: dir, binaries: bin}
	if err := p.create(); err != nil {
		os.RemoveAll(dir)
		return nil, err
	}
	if err := p.Up(); err != nil {
		os.RemoveAll(dir)
		return nil, err
	}
	return p, nil
}

// create makes the cluster.
func (p *Postgres) create() error {
	if err := own(p.dir); err != nil {
		return err
	}
	var said bytes.Buffer
	initdb := exec.Command(filepath.Join(p.binaries, "initdb"), "-D", filepath.Join(p.dir, "data"), "-U", "passerelle", "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync")
	initdb.Dir, initdb.Stdout, initdb.Stderr = p.dir, &said, &said
	initdb.SysProcAttr = unprivileged()
	if err := initdb.Run(); err != nil {
		return fmt.Errorf("initdb: %w: %s", err, said.String())
	}
	var err error
	p.log, err = os.Create(filepath.Join(p.dir, "server.log"))
	return err
}

// Up starts the server, after Down or Crash.
func (p *Postgres) Up() error {
	p.server = exec.Command(filepath.Join(p.binaries, "postgres"), "-D", filepath.Join(p.dir, "data"), "-k", p.dir,
		"-c", "listen_addresses=", "-c", "max_connections=300", "-c", "shared_buffers=128MB", "-c", "max_wal_size=1GB")
	p.server.Dir, p.server.Stdout, p.server.Stderr = p.dir, p.log, p.log
	p.server.SysProcAttr = unprivileged()
	started := make(chan error)
	go func() {
		runtime.LockOSThread() // the server ends with this thread, that is with the process
		started <- p.server.Start()
		select {}
	}()
	if err := <-started; err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	for {
		err := p.ping(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			text, _ := os.ReadFile(p.log.Name())
			return fmt.Errorf("the server does not answer: %w: %s", err, text)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func (p *Postgres) ping(ctx context.Context) error {
	db, err := sql.Open("pgx", p.url(""))
	if err != nil {
		return err
	}
	defer db.Close()
	return db.PingContext(ctx)
}

// Down stops the server as an administrator does: what is under way is broken off.
func (p *Postgres) Down() error { return p.end(os.Interrupt) }

// Crash kills the server and all its processes at once: it has to recover at the next Up.
func (p *Postgres) Crash() error { return p.end(quit) }

func (p *Postgres) end(how os.Signal) error {
	if err := p.server.Process.Signal(how); err != nil {
		return err
	}
	_ = p.server.Wait() // its exit code says how it was stopped
	return nil
}

// Stop stops the server and removes its folder.
func (p *Postgres) Stop() {
	_ = p.Crash()
	p.log.Close()
	os.RemoveAll(p.dir)
}

func (p *Postgres) url(schema string) string {
	values := url.Values{"host": {p.dir}, "user": {"passerelle"}}
	if schema != "" {
		values.Set("search_path", schema)
	}
	return "postgres:///postgres?" + values.Encode()
}

// Schema returns the URL of a new, empty schema.
func (p *Postgres) Schema(tb testing.TB) string {
	tb.Helper()
	name := fmt.Sprintf("s%d_%d", os.Getpid(), p.schemas.Add(1))
	p.Exec(tb, `CREATE SCHEMA `+name)
	return p.url(name)
}

// Exec runs a statement of an administrator.
func (p *Postgres) Exec(tb testing.TB, statement string) {
	tb.Helper()
	db, err := sql.Open("pgx", p.url(""))
	if err != nil {
		tb.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec(statement); err != nil {
		tb.Fatal(err)
	}
}
