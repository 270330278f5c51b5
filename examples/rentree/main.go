// Command rentree is the flagship of Passerelle: the season of a university's
// student base, from the numbers that are missing to the numbers that came back.
//
// With no flag it makes a sample cohort, starts a fake INES on the loopback
// interface, and runs three days of the campaign against it. With -students and
// -config it runs one day on a real base and the real service; with -dry-run
// besides, it makes no call and writes what it would send.
//
//	go run ./examples/rentree
//	go run ./examples/rentree -students base.csv -config ines.json -dry-run
//	go run ./examples/rentree -out rentree-2026 -resume
//	go run ./examples/rentree -out rentree-2026 -explain csv:2026000004
//	go run ./examples/rentree -out rentree-2026 -settle csv:2026000004 -decision never-arrived
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
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
	exitPart  = 1 // done, but a record was not readable, or the service did not answer for all
	exitUsage = 2
	exitFail  = 3 // a file, the network, or an interruption
)

// run is the program; what it prints last on stdout is the folder of the results.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	opts, err := parse(args, stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return exitDone
	case err != nil:
		fmt.Fprintf(stderr, "rentree: %v\nrentree -h explains the flags.\n", err)
		return exitUsage
	}
	if opts.explain != "" || opts.settle != "" {
		if err := history(ctx, opts, stdout); err != nil {
			fmt.Fprintf(stderr, "rentree: %v\n", err)
			return exitFail
		}
		return exitDone
	}
	s, err := open(ctx, opts, stderr)
	if err != nil {
		fmt.Fprintf(stderr, "rentree: %v\n", err)
		if _, mistake := errors.AsType[usageError](err); mistake {
			return exitUsage
		}
		return exitFail
	}
	defer s.close()
	complete, err := s.play(ctx)
	if err != nil {
		if ctx.Err() != nil {
			err = errors.New("interrupted")
		}
		fmt.Fprintf(stderr, "rentree: %v\n", err)
		fmt.Fprintf(stderr, "Nothing is lost: go on with the same flags and -out %s -resume\n", s.out)
		return exitFail
	}
	fmt.Fprintln(stdout, s.out)
	if !complete {
		return exitPart
	}
	return exitDone
}
