package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"

	"github.com/passerelle-sup/passerelle"
)

// Exit codes, those of every example program.
const (
	exitDone    = 0
	exitRefused = 1 // a value was refused, a card is not valid
	exitUsage   = 2
	exitFailed  = 3 // could not work
)

// console is where a command reads and writes.
type console struct {
	in       io.Reader
	out, err io.Writer
}

var (
	// errRefused ends a command whose answer, already printed, is no.
	errRefused = errors.New("refused")
	errHelp    = flag.ErrHelp
)

// usageError is a call that makes no sense as it was typed.
type usageError struct{ error }

func usagef(format string, args ...any) error {
	return usageError{fmt.Errorf(format, args...)}
}

// commands by their words.
var commands = map[string]func(*console, []string) error{
	"escn new":       escnNew,
	"escn show":      escnShow,
	"esi build":      esiBuild,
	"esi show":       esiShow,
	"qr":             drawQR,
	"authority":      makeAuthority,
	"seal sign":      sealSign,
	"seal verify":    sealVerify,
	"deuinfo sign":   chipSign,
	"deuinfo verify": chipVerify,
}

// run is the program: it returns its exit code.
func run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	c := &console{in: stdin, out: stdout, err: stderr}
	err := dispatch(c, args)
	switch {
	case err == nil:
		return exitDone
	case errors.Is(err, errHelp):
		if _, err := io.WriteString(stdout, help); err != nil {
			return exitFailed
		}
		return exitDone
	case errors.Is(err, errRefused):
		return exitRefused
	}
	fmt.Fprintln(stderr, "esccard:", err)
	if _, ok := errors.AsType[usageError](err); ok {
		fmt.Fprintln(stderr, "Run esccard -h for help.")
		return exitUsage
	}
	return exitFailed
}

func dispatch(c *console, args []string) error {
	for words := min(2, len(args)); words > 0; words-- {
		name := args[0]
		if words == 2 {
			name += " " + args[1]
		}
		if command, ok := commands[name]; ok {
			return command(c, args[words:])
		}
	}
	for _, a := range args {
		if a == "-h" || a == "-help" || a == "--help" || a == "help" {
			return errHelp
		}
	}
	if len(args) == 0 {
		return usagef("a command is missing")
	}
	return usagef("no such command: %q", args[0])
}

// parse reads flags and arguments in any order, and checks how many arguments
// there are. After -- everything is an argument.
func parse(flags *flag.FlagSet, args []string, arguments ...string) ([]string, error) {
	flags.SetOutput(io.Discard)
	var found []string
	for {
		if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
			return nil, errHelp
		} else if err != nil {
			return nil, usageError{err}
		}
		rest := flags.Args()
		if consumed := len(args) - len(rest); consumed > 0 && args[consumed-1] == "--" {
			found = append(found, rest...)
			break
		}
		if len(rest) == 0 {
			break
		}
		found, args = append(found, rest[0]), rest[1:]
	}
	switch {
	case len(found) < len(arguments):
		return nil, usagef("%s: %s is missing", flags.Name(), arguments[len(found)])
	case len(found) > len(arguments):
		return nil, usagef("%s: one argument too many: %q", flags.Name(), found[len(arguments)])
	}
	return found, nil
}

func newFlags(name string) *flag.FlagSet { return flag.NewFlagSet(name, flag.ContinueOnError) }

// required checks that flags were given a value.
func required(flags *flag.FlagSet, names ...string) error {
	for _, name := range names {
		if flags.Lookup(name).Value.String() == "" {
			return usagef("%s: -%s is missing", flags.Name(), name)
		}
	}
	return nil
}

// print writes one object on one line.
func (c *console) print(v any) error {
	enc := json.NewEncoder(c.out)
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

// fault is how a refused value is printed.
type fault struct {
	Error    string `json:"error"`
	Rule     string `json:"rule,omitempty"`
	Position int    `json:"position,omitempty"`
	Want     string `json:"want,omitempty"`
}

// refuse prints why a value is refused. An error of another kind is returned.
func (c *console) refuse(err error) error {
	f := fault{Error: err.Error()}
	if pe, ok := errors.AsType[*passerelle.ParseError](err); ok {
		f.Rule, f.Position, f.Want = pe.Rule, pe.Pos, pe.Want
	} else if !errors.Is(err, passerelle.ErrInvalid) {
		return err
	}
	if err := c.print(f); err != nil {
		return err
	}
	return errRefused
}
