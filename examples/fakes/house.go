package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/passerelle-sup/passerelle/aglae/aglaetest"
	"github.com/passerelle-sup/passerelle/ines/inestest"
	"github.com/passerelle-sup/passerelle/supdata/supdatatest"
)

// house is everything that runs.
type house struct {
	options
	folder  string // of certificates and keys
	clock   *clock
	fakes   []*fake
	closers []func()

	ines     *inestest.Service // whose people all others know
	students *supdatatest.Store
	crous    *aglaetest.Service
}

// starters start the services, in the order of their ports.
var starters = []func(*house) error{
	(*house).startINES, (*house).startCheckINE, (*house).startSUPDATA, (*house).startAGLAE, (*house).startParticulier, (*house).startCnous,
	(*house).startCVEC, (*house).startRouter, (*house).startEMREX, (*house).startEWP,
}

// fake is one service and what the control offers of it.
type fake struct {
	name, url, notes string
	more             map[string]any // further keys of its line
	faults           *faults        // nil: it has none
	state            func(url.Values) (any, error)
	actions          map[string]action
}

// line is what is printed of a service: service, url and notes come first.
func (f *fake) line() line { return line{f.name, f.url, f.notes, f.more} }

type line struct {
	Service string `json:"service"`
	URL     string `json:"url"`
	Notes   string `json:"notes"`

	more map[string]any
}

// MarshalJSON writes the further keys behind the three of every line.
func (l line) MarshalJSON() ([]byte, error) {
	type plain line
	first, err := marshal(plain(l))
	if err != nil || len(l.more) == 0 {
		return first, err
	}
	more, err := marshal(l.more)
	if err != nil {
		return nil, err
	}
	return slices.Concat(first[:len(first)-1], []byte(","), more[1:]), nil
}

// marshal is json.Marshal without the escapes for HTML.
func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(v)
	return bytes.TrimSpace(b.Bytes()), err
}

// open makes a service known.
func (h *house) open(f *fake) { h.fakes = append(h.fakes, f) }

func (h *house) close() {
	for _, stop := range h.closers {
		stop()
	}
}

// serve serves a handler on the next port: that of the control plus the number of those
// opened before, or a free one.
func (h *house) serve(handler http.Handler) (address string, err error) {
	return h.serveAt(len(h.fakes)+1, handler)
}

func (h *house) serveAt(place int, handler http.Handler) (address string, err error) {
	host, text, err := net.SplitHostPort(h.listen)
	if err != nil {
		return "", err
	}
	port, err := strconv.Atoi(text)
	if err != nil {
		return "", err
	}
	if port != 0 {
		port += place
	}
	listener, err := net.Listen("tcp", net.JoinHostPort(host, strconv.Itoa(port)))
	if err != nil {
		return "", err
	}
	server := &http.Server{
		Handler: handler, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: time.Minute,
		ErrorLog: log.New(io.Discard, "", 0), // connections that faults break on purpose
	}
	var ended sync.WaitGroup
	ended.Go(func() { _ = server.Serve(listener) })
	h.closers = append(h.closers, func() {
		_ = server.Close()
		ended.Wait()
	})
	return "http://" + listener.Addr().String(), nil
}

// write keeps a file for the programs that use the fakes.
func (h *house) write(name string, data []byte) (path string, err error) {
	path, err = filepath.Abs(filepath.Join(h.folder, name))
	if err != nil {
		return "", err
	}
	return path, os.WriteFile(path, data, 0o600)
}

// clock is the time of all fakes: that of the machine, moved.
type clock struct {
	mu     sync.Mutex
	offset time.Duration
	moved  []func(time.Duration) error // what else has to move
}

// Now returns the time of the fakes.
func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.offset)
}

// advance moves the clock, and what follows it.
func (c *clock) advance(d time.Duration) error {
	c.mu.Lock()
	c.offset += d
	c.mu.Unlock()
	var errs []error
	for _, follow := range c.moved {
		errs = append(errs, follow(d))
	}
	return errors.Join(errs...)
}

// move is what PUT /clock takes.
type move struct {
	Set     time.Time `json:"set"`
	Advance string    `json:"advance"`
}

func (c *clock) move(m move) error {
	switch {
	case m.Set.IsZero() == (m.Advance == ""):
		return badRequest(`want {"advance":"24h"} or {"set":"2026-09-01T08:00:00Z"}`)
	case !m.Set.IsZero():
		return c.advance(m.Set.Sub(c.Now()))
	}
	d, err := time.ParseDuration(m.Advance)
	if err != nil {
		return badRequest("advance: want a duration such as 24h or 90s")
	}
	return c.advance(d)
}

// badRequest is a call of the control that makes no sense.
type badRequest string

func (b badRequest) Error() string { return string(b) }

// notFound is something that is not there.
func notFound(what string) error { return fmt.Errorf("no such %s: %w", what, errMissing) }

var errMissing = errors.New("not there")
