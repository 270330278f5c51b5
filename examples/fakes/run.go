package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strconv"
)

// Exit codes, those of every example program.
const (
	exitDone   = 0
	exitUsage  = 2
	exitFailed = 3
)

// maxPopulation bounds the people, who are in memory at every service.
const maxPopulation = 100_000

// options are the flags.
type options struct {
	listen     string
	faults     string
	seed       uint64
	population int
	out        string
}

// usageError is a call that makes no sense as it was typed.
type usageError struct{ error }

// run is the program: it returns its exit code. It ends when ctx does.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	o, err := parse(args)
	if errors.Is(err, flag.ErrHelp) {
		if _, err := io.WriteString(stdout, help); err != nil {
			return exitFailed
		}
		return exitDone
	}
	if err == nil {
		err = serve(ctx, o, stdout, stderr)
	}
	if err == nil {
		return exitDone
	}
	fmt.Fprintf(stderr, "fakes: %v\n", err)
	if _, wrong := errors.AsType[usageError](err); wrong {
		fmt.Fprintln(stderr, "Run fakes -h for help.")
		return exitUsage
	}
	return exitFailed
}

func parse(args []string) (options, error) {
	var o options
	flags := flag.NewFlagSet("fakes", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.StringVar(&o.listen, "listen", "127.0.0.1:0", "")
	flags.StringVar(&o.faults, "faults", "none", "")
	flags.Uint64Var(&o.seed, "seed", 1, "")
	flags.IntVar(&o.population, "population", 200, "")
	flags.StringVar(&o.out, "out", "", "")
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return o, err
	case err != nil:
		return o, usageError{err}
	case flags.NArg() > 0:
		return o, usageError{fmt.Errorf("one argument too many: %q", flags.Arg(0))}
	case !slices.Contains(days, o.faults):
		return o, usageError{fmt.Errorf("-faults %q: want none, mild or harsh", o.faults)}
	case o.population < 0 || o.population > maxPopulation:
		return o, usageError{fmt.Errorf("-population %d: want 0 to %d", o.population, maxPopulation)}
	}
	return o, checkListen(o.listen)
}

// checkListen refuses addresses that other machines could reach.
func checkListen(address string) error {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return usageError{fmt.Errorf("-listen %q: want an address and a port: 127.0.0.1:8400", address)}
	}
	if ip := net.ParseIP(host); ip == nil || !ip.IsLoopback() {
		return usageError{fmt.Errorf("-listen %q: want an address of the loopback interface: 127.0.0.1", address)}
	}
	if n, err := strconv.Atoi(port); err != nil || n < 0 || n > 65535-len(starters) {
		return usageError{fmt.Errorf("-listen %q: want a port from 0 to %d: the services take those after it", address, 65535-len(starters))}
	}
	return nil
}

// serve starts everything, says so, and waits for ctx.
func serve(ctx context.Context, o options, stdout, stderr io.Writer) (err error) {
	folder, remove, err := outFolder(o.out)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, remove()) }()
	h := &house{options: o, folder: folder, clock: &clock{}}
	defer h.close()
	for _, start := range starters {
		if err := start(h); err != nil {
			return err
		}
	}
	control, err := h.listenControl()
	if err != nil {
		return err
	}
	enc := json.NewEncoder(stdout)
	enc.SetEscapeHTML(false)
	for _, f := range h.fakes {
		if err := enc.Encode(f.line()); err != nil {
			return err
		}
	}
	if err := enc.Encode(control); err != nil {
		return err
	}
	fmt.Fprintf(stderr, "fakes: %d services are ready; files are in %s; interrupt to stop\n", len(h.fakes), folder)
	<-ctx.Done()
	fmt.Fprintln(stderr, "fakes: stopped")
	return nil
}

// outFolder makes the folder for certificates and keys, and says how it is removed.
func outFolder(name string) (folder string, remove func() error, err error) {
	if name != "" {
		return name, func() error { return nil }, os.MkdirAll(name, 0o700)
	}
	folder, err = os.MkdirTemp("", "fakes-")
	return folder, func() error { return os.RemoveAll(folder) }, err
}
