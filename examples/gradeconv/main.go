// Command gradeconv converts the grades of one published grade table into
// another, or a French mark by fixed bands. See gradeconv -h.
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
)

// Exit codes.
const (
	done     = 0
	refused  = 1 // done, but some grades were refused
	badUsage = 2
	noWork   = 3 // a file could not be read or written
)

const usage = `gradeconv converts grades between two institutions by their grade tables.

  gradeconv -tables FILE.csv -host ID -home ID -policy POLICY [-tie better|worse]
            [-grade GRADE] [-min-share 0.02] [-explain en|fr] [-chart OUT.svg]
  gradeconv bands -tables FILE.csv -country NAME -mark MARK

The first form prints one JSON line for each passing grade of the host table, best
first: its interval in percent from the best grade, the home grades it overlaps
with their shares, and the suggested one. FILE.csv has the columns table_id, rank,
grade, value, passing, count, percent_published, cumulative_published.
POLICY is maximum, minimum, average-weighted, average-minmax, midpoint,
largest-overlap or nearest-cumulative: the home institution fixes it in advance.
"all" compares the seven; the suggestion is then that of midpoint.

The second form answers from fixed bands. FILE.csv has the columns country,
name_fr, fr_min, fr_max_exclusive, fr_label, foreign, foreign_raw, doubt.

Example:
  gradeconv -tables grade_tables.csv -host ects-guide-example \
            -home be-ap-antwerp-2019-2023-general -policy midpoint -grade 8

Exit code: 0 done, 1 a grade or mark was refused, 2 wrong usage, 3 a file could
not be read or written.

`

func main() { os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }

// run is the program without the process around it. Nothing is read from stdin.
func run(args []string, _ io.Reader, stdout, stderr io.Writer) int {
	var err error
	if len(args) > 0 && args[0] == "bands" {
		err = bands(args[1:], stdout, stderr)
	} else {
		err = tables(args, stdout, stderr)
	}
	exit, isExit := errors.AsType[*exitError](err)
	switch {
	case err == nil || errors.Is(err, flag.ErrHelp):
		return done
	case !isExit:
		exit = &exitError{noWork, err}
	}
	if exit.err != nil {
		fmt.Fprintln(stderr, "gradeconv:", exit.err)
	}
	return exit.code
}

// exitError ends the program with a code, and says why where that is not said yet.
type exitError struct {
	code int
	err  error
}

func (e *exitError) Error() string { return fmt.Sprint(e.err) }

func wrong(format string, args ...any) error {
	return &exitError{badUsage, fmt.Errorf(format, args...)}
}

// flags returns a flag set that prints the usage text, then its flags.
func flags(name string, stderr io.Writer) *flag.FlagSet {
	f := flag.NewFlagSet(name, flag.ContinueOnError)
	f.SetOutput(stderr)
	f.Usage = func() {
		fmt.Fprint(stderr, usage)
		f.PrintDefaults()
	}
	return f
}

// parse reads the flags; there are no arguments besides them, and those named
// here must be given.
func parse(f *flag.FlagSet, args []string, required ...string) error {
	if err := f.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return err
		}
		return &exitError{code: badUsage} // the flag package said why
	}
	if f.NArg() > 0 {
		return wrong("unexpected argument %q", f.Arg(0))
	}
	for _, name := range required {
		if f.Lookup(name).Value.String() == "" {
			return wrong("-%s is missing; -h explains", name)
		}
	}
	return nil
}

// printer writes JSON Lines.
func printer(w io.Writer) func(any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	return e.Encode
}
