package storetest

import (
	"errors"
	"path/filepath"
	"sync"
	"testing"

	"github.com/passerelle-sup/passerelle/adapters/store"
)

// shared is the server that the tests of one binary share.
var shared struct {
	once   sync.Once
	server *Postgres
	err    error
}

// Main runs the tests of a package and stops the server that they shared. It is for
// TestMain.
func Main(m *testing.M) int {
	defer func() {
		if shared.server != nil {
			shared.server.Stop()
		}
	}()
	return m.Run()
}

// Server returns a server that all tests of the binary share, and skips the test where
// PostgreSQL is not installed. Main stops it.
func Server(tb testing.TB) *Postgres {
	tb.Helper()
	shared.once.Do(func() { shared.server, shared.err = Start() })
	if errors.Is(shared.err, errNoBinaries) {
		tb.Skip(shared.err)
	}
	if shared.err != nil {
		tb.Fatal(shared.err)
	}
	return shared.server
}

// HasServer reports whether PostgreSQL is installed.
func HasServer() bool {
	_, err := binaries()
	return err == nil
}

// Databases are the kinds of database that Each runs a test on.
var Databases = []string{"sqlite", "postgres"}

// URL returns the URL of a new, empty database of a kind.
func URL(tb testing.TB, kind string) string {
	tb.Helper()
	if kind == "postgres" {
		return Server(tb).Schema(tb)
	}
	return "sqlite:" + filepath.Join(tb.TempDir(), "state.db")
}

// Each runs a test on every kind of database. open returns a new, empty store, which is
// closed at the end of the test.
func Each(t *testing.T, run func(t *testing.T, open func(t *testing.T) *store.Store)) {
	for _, kind := range Databases {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			if kind == "postgres" {
				Server(t)
			}
			run(t, func(t *testing.T) *store.Store {
				t.Helper()
				return Open(t, store.Config{URL: URL(t, kind)})
			})
		})
	}
}

// Open opens a store that is closed at the end of the test.
func Open(tb testing.TB, cfg store.Config) *store.Store {
	tb.Helper()
	if cfg.Connections == 0 {
		cfg.Connections = 4
	}
	s, err := store.Open(tb.Context(), cfg)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := s.Close(); err != nil {
			tb.Error(err)
		}
	})
	return s
}

// StartOwn starts a server for one test alone, which may stop it and start it again. It ends with
// the test, and skips it where PostgreSQL is not installed.
func StartOwn(tb testing.TB) *Postgres {
	tb.Helper()
	p, err := Start()
	if errors.Is(err, errNoBinaries) {
		tb.Skip(err)
	}
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(p.Stop)
	return p
}
