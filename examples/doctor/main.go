// Command doctor checks every service that a configuration names, before the season
// does, and without creating anything: addresses, certificates, accounts and their
// ends, clocks, the mapping of a WSDL, the place in the EWP catalogue. Each finding
// says what to do.
//
//	go run ./examples/doctor -config season/config.json
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/adapters/site"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// The exit codes.
const (
	exitDone  = 0
	exitFault = 1 // something is not ok
	exitUsage = 2
	exitFail  = 3 // the configuration cannot be read, or an interruption
)

const usage = `doctor checks each service of a configuration without creating anything.

  doctor -config season/config.json              everything that the file names
  doctor -config season/config.json -only ines,ewp
  doctor -config season/config.json -offline     no call at all: the file, the secrets, the WSDL

One JSON line a check on standard output, for scripts:
  {"service":"pegase","check":"credentials","ok":true,"state":"ok","detail":"…","fix":""}
state is ok, fault, or unchecked for what no harmless call can tell; ok is false
for a fault alone. The same, for people, is on standard error.

What is called, and nothing else: a TLS handshake and a GET of each address; the
token service and one search in Pégase; an unknown student number in Apogée; a
search for an invented person in INES, who is not registered; the token's own
description in API Particulier; a question to AGLAE about a number that nobody has,
and to the CVEC about such a certificate; the list of cards in the router, of which one is
read; the EWP catalogue and the own manifest. SUPDATA has no call that creates
nothing: its key stays unchecked.

Exit codes: 0 all is ok or unchecked; 1 something is not; 2 wrong usage or a
faulty configuration; 3 could not work, or interrupted.

Flags:
`

type options struct {
	config  string
	only    []string
	offline bool
	timeout time.Duration
}

func parse(args []string, stderr io.Writer) (options, error) {
	var o options
	var only string
	f := flag.NewFlagSet("doctor", flag.ContinueOnError)
	f.SetOutput(io.Discard)
	f.Usage = func() {
		f.SetOutput(stderr)
		fmt.Fprint(stderr, usage)
		f.PrintDefaults()
	}
	f.StringVar(&o.config, "config", "", "JSON `file` of the establishment, see package adapters/site (required)")
	f.StringVar(&only, "only", "", "`services` to check, with commas between: "+strings.Join(names(), ", "))
	f.BoolVar(&o.offline, "offline", false, "make no call: check the file, the secrets and the WSDL")
	f.DurationVar(&o.timeout, "timeout", 20*time.Second, "how long one check may take")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	switch {
	case f.NArg() > 0:
		return o, fmt.Errorf("no arguments are taken, only flags: %q", f.Arg(0))
	case o.config == "":
		return o, errors.New("-config is required")
	case o.timeout <= 0:
		return o, errors.New("-timeout: a duration such as 20s")
	}
	if only != "" {
		for name := range strings.SplitSeq(only, ",") {
			name = strings.TrimSpace(name)
			o.only = append(o.only, name)
			if !slices.Contains(names(), name) {
				return o, fmt.Errorf("-only %q: one of %s", name, strings.Join(names(), ", "))
			}
		}
	}
	return o, nil
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	o, err := parse(args, stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return exitDone
	case err != nil:
		fmt.Fprintf(stderr, "doctor: %v\ndoctor -h explains the flags.\n", err)
		return exitUsage
	}
	cfg, err := site.Read(o.config)
	if err != nil {
		fmt.Fprintf(stderr, "doctor: %v\n", err)
		if errors.Is(err, passerelle.ErrInvalid) {
			return exitUsage
		}
		return exitFail
	}
	for _, s := range services {
		if slices.Contains(o.only, s.name) && !s.configured(cfg) {
			fmt.Fprintf(stderr, "doctor: -only names %s, and the configuration does not\n", s.name)
			return exitUsage
		}
	}
	d := &doctor{cfg: cfg, opts: o, out: stdout, now: time.Now}
	for _, s := range services {
		if !s.configured(cfg) || o.only != nil && !slices.Contains(o.only, s.name) {
			continue
		}
		d.service = s.name
		s.check(ctx, d)
		if ctx.Err() != nil {
			fmt.Fprintln(stderr, "doctor: interrupted")
			return exitFail
		}
	}
	if d.err != nil {
		fmt.Fprintf(stderr, "doctor: %v\n", d.err)
		return exitFail
	}
	if len(d.findings) == 0 {
		fmt.Fprintln(stderr, "doctor: the configuration names no service that was to be checked")
		return exitUsage
	}
	if d.print(stderr) > 0 {
		return exitFault
	}
	return exitDone
}
