package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"

	"github.com/passerelle-sup/passerelle"
)

// Exit codes, those of every example program.
const (
	exitDone    = 0
	exitRefused = 1 // the partner refused, or a verification failed
	exitUsage   = 2
	exitFailed  = 3 // could not work
)

// console is where a command writes: results on out, all else on err.
type console struct{ out, err io.Writer }

// print writes one object on one line of the results.
func (c *console) print(v any) error {
	enc := json.NewEncoder(c.out)
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

// note writes a line of diagnostics.
func (c *console) note(format string, args ...any) {
	fmt.Fprintf(c.err, format+"\n", args...)
}

// usageError is a call that makes no sense as it was typed.
type usageError struct{ error }

func (u usageError) Unwrap() error { return u.error }

func usagef(format string, args ...any) error {
	return usageError{fmt.Errorf(format, args...)}
}

// refusal is an answer that says no, or that must not be believed.
type refusal struct{ error }

func (r refusal) Unwrap() error { return r.error }

// commands by their word.
var commands = map[string]func(context.Context, *console, []string) error{
	"keygen":    keygen,
	"manifest":  printManifest,
	"catalogue": printCatalogue,
	"serve":     serve,
	"call":      call,
	"iia-hash":  iiaHash,
}

// run is the program: it returns its exit code. It ends early when ctx does.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	c := &console{out: stdout, err: stderr}
	err := dispatch(ctx, c, args)
	switch {
	case err == nil:
		return exitDone
	case errors.Is(err, flag.ErrHelp):
		if _, err := io.WriteString(stdout, help); err != nil {
			return exitFailed
		}
		return exitDone
	}
	c.complain(err)
	if _, ok := errors.AsType[usageError](err); ok {
		c.note("Run ewphost -h for help.")
		return exitUsage
	}
	if _, ok := errors.AsType[refusal](err); ok {
		return exitRefused
	}
	return exitFailed
}

// complain writes what is wrong, each fault on a line.
func (c *console) complain(err error) {
	faults, ok := errors.AsType[passerelle.FieldErrors](err)
	where, whole := strings.CutSuffix(err.Error(), faults.Error())
	if !ok || !whole {
		c.note("ewphost: %v", err)
		return
	}
	for _, f := range faults {
		c.note("ewphost: %s%v", where, f)
	}
}

func dispatch(ctx context.Context, c *console, args []string) error {
	if len(args) == 0 {
		return usagef("a command is missing")
	}
	if command, ok := commands[args[0]]; ok {
		return command(ctx, c, args[1:])
	}
	switch args[0] {
	case "-h", "-help", "--help", "help":
		return flag.ErrHelp
	}
	return usagef("no such command: %q", args[0])
}

func newFlags(name string) *flag.FlagSet { return flag.NewFlagSet(name, flag.ContinueOnError) }

// parse reads the flags of a command without arguments, of which some must have a
// value.
func parse(flags *flag.FlagSet, args []string, required ...string) error {
	if err := parseFlags(flags, args); err != nil {
		return err
	}
	for _, name := range required {
		if flags.Lookup(name).Value.String() == "" {
			return usagef("%s: -%s is missing", flags.Name(), name)
		}
	}
	if flags.NArg() > 0 {
		return usagef("%s: one argument too many: %q", flags.Name(), flags.Arg(0))
	}
	return nil
}

func parseFlags(flags *flag.FlagSet, args []string) error {
	flags.SetOutput(io.Discard)
	if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
		return err
	} else if err != nil {
		return usageError{err}
	}
	return nil
}
