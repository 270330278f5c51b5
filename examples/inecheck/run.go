package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"iter"
	"os"
	"strings"

	"github.com/passerelle-sup/passerelle/ine"
)

// Exit codes, those of every example program.
const (
	exitDone    = 0
	exitRefused = 1 // done, but some items were refused
	exitUsage   = 2
	exitFailed  = 3 // could not work
)

const help = `inecheck judges INE numbers: their family, their key, and whether they are
definitive, provisional, absent, suspect, unknown or malformed.

    inecheck [-summary | -summary-only] < numbers.txt
    inecheck -csv FILE -column NAME [-sep ';'] [-summary | -summary-only]

It reads one number a line, or a column of a CSV file whose first line is the
header, and prints one JSON object a line, in order:

    $ printf '223456789HE\n1234567890G\n' | inecheck
    {"line":1,"number":"223456789HE","family":"rnie","key":"ok","expected_key":"HE","status":"definitive","reason":"…"}
    {"line":2,"number":"1234567890G","family":"bea","key":"wrong","expected_key":"V","status":"suspect","reason":"…"}

    line          line of the input, the header of a CSV file being line 1
    number        number in upper case without blanks, or the input as it was when it is no number
    family        rnie, bea, nne, sifa, provisional, none (empty), unknown
    key           ok, wrong, unchecked (no known rule), none
    expected_key  right key, where one can be computed
    status        definitive, provisional, absent, suspect (right shape, wrong key), unknown, malformed
    reason        a sentence for a person

The rule of RNIE keys (9 digits, 2 letters) is deduced from published numbers, not published.

A line that cannot be read (a broken CSV row, more than 64 KiB) is reported on
standard error with its line and column, and the following ones are read.

Exit codes: 0 done; 1 done, but an item is malformed, suspect or unreadable;
2 wrong usage; 3 could not work (file, column not found, output).

Flags:
`

// options is what the command line asks for.
type options struct {
	csv         string
	layout      ine.CSV
	summary     bool
	summaryOnly bool
}

// run is the program: it returns its exit code.
func run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	opt, err := parse(args, stdout)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return exitDone
	case err != nil:
		complain(stderr, err)
		fmt.Fprintln(stderr, "Run inecheck -h for help.")
		return exitUsage
	}
	rows := ine.ScanLines(stdin)
	if opt.csv != "" {
		if opt.csv != "-" {
			file, err := os.Open(opt.csv)
			if err != nil {
				complain(stderr, err)
				return exitFailed
			}
			defer file.Close()
			stdin = file
		}
		rows = ine.ScanCSV(stdin, opt.layout)
	}
	tally, err := write(rows, opt, stdout, stderr)
	switch {
	case err != nil:
		complain(stderr, err)
		return exitFailed
	case tally.Refused() > 0:
		return exitRefused
	}
	return exitDone
}

// parse reads the command line. It prints the help on stdout and returns
// flag.ErrHelp when that is what is asked for.
func parse(args []string, stdout io.Writer) (opt options, err error) {
	flags := flag.NewFlagSet("inecheck", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.StringVar(&opt.csv, "csv", "", "read the CSV `FILE`, - for standard input")
	flags.StringVar(&opt.layout.Column, "column", "", "`NAME` of the column that holds the numbers")
	sep := flags.String("sep", "", "`CHARACTER` that separates the columns, \\t for a tabulation; by default the first of ; , and\ntabulation under which the header has the column")
	flags.BoolVar(&opt.summary, "summary", false, "add a last line {\"summary\":{…}} with the counts by status and by family")
	flags.BoolVar(&opt.summaryOnly, "summary-only", false, "print that line alone")
	err = flags.Parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		io.WriteString(stdout, help)
		flags.SetOutput(stdout)
		flags.PrintDefaults()
		return opt, err
	case err != nil:
		return opt, err
	case flags.NArg() > 0:
		return opt, fmt.Errorf("unexpected argument %q: numbers are read from standard input or from the file of -csv", flags.Arg(0))
	case opt.csv == "" && (opt.layout.Column != "" || *sep != ""):
		return opt, errors.New("-column and -sep go with -csv")
	case opt.csv != "" && opt.layout.Column == "":
		return opt, errors.New("-csv needs -column, the name of the column that holds the numbers")
	}
	switch {
	case *sep == `\t`:
		opt.layout.Comma = '\t'
	case len(*sep) == 1 && (*sep)[0] < 0x80 && !strings.ContainsAny(*sep, "\"\r\n\x00"):
		opt.layout.Comma = (*sep)[0]
	case *sep != "":
		return opt, errors.New("-sep takes one ASCII character other than a quote or an end of line")
	}
	return opt, nil
}

// write prints the rows and their summary as the options ask, and counts them. Its
// error is that of a work that could not be ended.
func write(rows iter.Seq2[ine.Row, error], opt options, stdout, stderr io.Writer) (tally ine.Tally, err error) {
	out := bufio.NewWriterSize(stdout, 64<<10)
	for row, err := range rows {
		if err != nil {
			if _, ok := errors.AsType[*ine.RowError](err); !ok {
				return tally, errors.Join(err, out.Flush())
			}
			complain(stderr, err)
			tally.Add(row, err)
			continue
		}
		tally.Add(row, nil)
		if opt.summaryOnly {
			continue
		}
		if _, err := out.Write(appendRow(out.AvailableBuffer(), row)); err != nil {
			return tally, err
		}
	}
	if opt.summary || opt.summaryOnly {
		line, err := json.Marshal(map[string]ine.Tally{"summary": tally})
		if err != nil {
			return tally, err
		}
		out.Write(append(line, '\n'))
	}
	return tally, out.Flush()
}

// complain prints what went wrong. The names of a header are the caller's own
// file on the caller's own terminal, and what they need to correct -column.
func complain(stderr io.Writer, err error) {
	fmt.Fprintln(stderr, "inecheck:", err)
	if header, ok := errors.AsType[*ine.HeaderError](err); ok && len(header.Found) > 0 {
		fmt.Fprintf(stderr, "inecheck: columns found: %q\n", header.Found)
	}
}
