package main

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"time"

	"github.com/passerelle-sup/passerelle/ewp/registry"
)

const (
	fileInterval  = time.Minute // between two looks at a catalogue that is a file
	readTimeout   = time.Minute // of a whole request
	writeTimeout  = 5 * time.Minute
	idleTimeout   = 2 * time.Minute
	headerTimeout = 10 * time.Second
	grace         = 10 * time.Second // for requests under way, when the host stops
)

// listening is printed when the host is ready.
type listening struct {
	Listening string   `json:"listening"` // address and port
	Manifest  string   `json:"manifest"`
	Paths     []string `json:"paths"`
	Hosts     int      `json:"catalogue_hosts"` // 0 while there is no catalogue
}

// serve answers partners until it is interrupted.
func serve(ctx context.Context, c *console, args []string) error {
	flags := newFlags("serve")
	name := flags.String("config", "", "")
	verbose := flags.Bool("v", false, "")
	if err := parse(flags, args, "config"); err != nil {
		return err
	}
	cfg, err := readConfig(*name)
	if err != nil {
		return err
	}
	logger := newLogger(c, slog.LevelInfo, *verbose)
	catalogue, err := openCatalogue(cfg, "serve", logger)
	if err != nil {
		return err
	}
	s, err := newSite(cfg, catalogue, logger)
	if err != nil {
		return err
	}
	handler, err := s.handler()
	if err != nil {
		return err
	}
	cert, err := tls.LoadX509KeyPair(cfg.TLSCert, cfg.TLSKey)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", cfg.Listen)
	if err != nil {
		return err
	}
	server := &http.Server{
		Handler:           handler,
		TLSConfig:         &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{cert}},
		ReadHeaderTimeout: headerTimeout, ReadTimeout: readTimeout, WriteTimeout: writeTimeout, IdleTimeout: idleTimeout,
		ErrorLog: slog.NewLogLogger(logger.Handler(), slog.LevelDebug),
	}
	return s.run(ctx, c, server, listener, catalogue)
}

// run serves until interrupted ends, and lets requests under way finish.
func (s *site) run(interrupted context.Context, c *console, server *http.Server, listener net.Listener, catalogue *registry.Client) error {
	ctx, cancel := context.WithCancelCause(interrupted)
	defer cancel(nil)
	var wg sync.WaitGroup
	wg.Go(func() {
		// The host answers, and shows its manifest, also while there is no catalogue: that
		// is how it gets into one.
		err := server.ServeTLS(listener, "", "")
		if !errors.Is(err, http.ErrServerClosed) {
			cancel(err)
		}
	})
	wg.Go(func() {
		// A failure is in the log, and tried again by Run.
		_, _ = catalogue.Refresh(ctx)
		ready := listening{Listening: listener.Addr().String(), Manifest: s.config.BaseURL + manifestPath}
		for r := range s.server.Routes() {
			ready.Paths = append(ready.Paths, r.Path)
		}
		if index, err := catalogue.Index(); err == nil {
			ready.Hosts = index.Report().Hosts
		}
		if err := c.print(ready); err != nil {
			cancel(err)
			return
		}
		_ = catalogue.Run(ctx) // ends with ctx
	})
	<-ctx.Done()
	stop, done := context.WithTimeout(context.WithoutCancel(ctx), grace)
	defer done()
	err := server.Shutdown(stop)
	if err != nil {
		server.Close()
	}
	wg.Wait()
	if interrupted.Err() == nil {
		return context.Cause(ctx)
	}
	return err
}

// handler serves the manifest, and all else as partners of the network are served.
func (s *site) handler() (http.Handler, error) {
	m, err := s.manifest()
	if err != nil {
		return nil, err
	}
	data, err := m.Marshal()
	if err != nil {
		return nil, err
	}
	at, err := url.Parse(m.URL)
	if err != nil {
		return nil, err
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path != at.Path:
			s.server.ServeHTTP(w, r)
		case r.Method != http.MethodGet && r.Method != http.MethodHead:
			w.Header().Set("Allow", "GET, HEAD")
			w.WriteHeader(http.StatusMethodNotAllowed)
		default:
			w.Header().Set("Content-Type", "application/xml; charset=utf-8")
			w.Header().Set("Content-Length", strconv.Itoa(len(data)))
			_, _ = w.Write(data) // a client that went away
		}
	}), nil
}

// newLogger writes to standard error from a level on; verbose tells of every request.
func newLogger(c *console, level slog.Level, verbose bool) *slog.Logger {
	if verbose {
		level = slog.LevelDebug
	}
	return slog.New(slog.NewTextHandler(c.err, &slog.HandlerOptions{Level: level}))
}
