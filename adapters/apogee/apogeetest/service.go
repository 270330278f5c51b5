package apogeetest

import (
	"cmp"
	"database/sql"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"time"

	_ "modernc.org/sqlite" // the base

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/adapters/apogee"
	"github.com/passerelle-sup/passerelle/adapters/table"
)

// Driver is the database/sql driver of the base.
const Driver = "sqlite"

// NilStyle is how the services write a missing value.
type NilStyle uint8

// The styles.
const (
	NilAttribute NilStyle = iota // xsi:nil="true"
	NilEmpty                     // an empty element
	NilAbsent                    // no element
	NilMixed                     // the three in turn
)

// Config says what a [Service] is. The zero value is an empty base, without
// credentials, that behaves well.
type Config struct {
	Seed     uint64 // of the cohort
	Students int    // people in it: see FirstInd
	Year     int    // academic year; 0 is 2026

	Username, Password string // asked by HTTP Basic, when set
	KeyHeader, Key     string // asked in a header, as gateways do, when set

	Contract apogee.Contract // the zero value is apogee.DefaultContract
	Charset  string          // of the answers: ISO-8859-15 when empty, or UTF-8
	Nil      NilStyle
	Offset   string        // of dates and times: "+02:00", "Z"; empty writes none
	Delay    time.Duration // of Slow; 0 is one second
}

// Service is a base and the services in front of it. It is safe for concurrent use.
type Service struct {
	cfg Config
	dir string
	db  *sql.DB

	mu     sync.Mutex
	script map[apogee.Operation][]Fault
	always map[apogee.Operation]Fault
	calls  map[apogee.Operation]int
}

// New makes the base, in a temporary folder. Close the service to remove it. Its error is
// a passerelle.FieldErrors, or one of the file system.
func New(cfg Config) (*Service, error) {
	var faults passerelle.FieldErrors
	if cfg.Students < 0 {
		faults.Add("Students", "range", "a number of people")
	}
	cfg.Charset = cmp.Or(cfg.Charset, "ISO-8859-15")
	if cfg.Charset != "ISO-8859-15" && cfg.Charset != "UTF-8" {
		faults.Add("Charset", "name", "ISO-8859-15 or UTF-8")
	}
	if cfg.Nil > NilMixed {
		faults.Add("Nil", "range", "one of the styles")
	}
	if err := faults.Err(); err != nil {
		return nil, err
	}
	cfg.Year = cmp.Or(cfg.Year, 2026)
	cfg.Delay = cmp.Or(cfg.Delay, time.Second)
	if cfg.Contract.Calls == nil {
		cfg.Contract = apogee.DefaultContract()
	}
	dir, err := os.MkdirTemp("", "apogeetest-")
	if err != nil {
		return nil, err
	}
	s := &Service{cfg: cfg, dir: dir, script: map[apogee.Operation][]Fault{}, always: map[apogee.Operation]Fault{}, calls: map[apogee.Operation]int{}}
	s.db, err = sql.Open(Driver, s.DSN())
	if err == nil {
		err = fill(s.db, cfg)
	}
	if err != nil {
		_ = s.Close()
		return nil, fmt.Errorf("apogeetest: %w", err)
	}
	return s, nil
}

// DSN returns the data source name of the base, for the driver [Driver].
func (s *Service) DSN() string {
	return "file:" + (&url.URL{Path: filepath.ToSlash(filepath.Join(s.dir, "apogee.db"))}).EscapedPath() + "?_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_pragma=synchronous(OFF)"
}

// DB returns the base, to be read and changed.
func (s *Service) DB() *sql.DB { return s.db }

// SQLConfig returns a configuration for apogee.Open and, with DB set, for apogee.NewSQL.
func (s *Service) SQLConfig() apogee.SQLConfig {
	return apogee.SQLConfig{DB: s.db, Mapping: table.Mapping{Dialect: table.SQLite}}
}

// Close closes the base and removes it.
func (s *Service) Close() error {
	var err error
	if s.db != nil {
		err = s.db.Close()
	}
	return cmp.Or(err, os.RemoveAll(s.dir))
}

// Server is a [Service] that listens on a port of the loopback interface.
type Server struct {
	*Service
	URL string // of the folder of the services

	server *httptest.Server
}

// TB is the part of testing.TB that NewServer needs.
type TB interface {
	Helper()
	Cleanup(f func())
	Fatal(args ...any)
}

// NewServer starts a service for a test and stops it at its end.
func NewServer(tb TB, cfg Config) *Server {
	tb.Helper()
	s, err := Listen(cfg)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = s.Close() })
	return s
}

// Listen starts a service. Close stops it.
func Listen(cfg Config) (*Server, error) {
	service, err := New(cfg)
	if err != nil {
		return nil, err
	}
	h := httptest.NewServer(service.Handler())
	return &Server{Service: service, URL: h.URL + "/wsapogee/services", server: h}, nil
}

// Close stops listening, ends the requests under way and removes the base.
func (s *Server) Close() error {
	s.server.CloseClientConnections()
	s.server.Close()
	return s.Service.Close()
}

// Config returns a configuration for apogee.New that reaches the server, with its
// credentials and its contract.
func (s *Server) Config() apogee.Config {
	c := apogee.Config{URL: s.URL, Username: s.cfg.Username, Password: s.cfg.Password, Contract: s.cfg.Contract}
	if s.cfg.KeyHeader != "" {
		c.Header = http.Header{http.CanonicalHeaderKey(s.cfg.KeyHeader): {s.cfg.Key}}
	}
	return c
}
