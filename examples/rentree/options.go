package main

import (
	"flag"
	"fmt"
	"io"

	"github.com/passerelle-sup/passerelle/ines/campaign"
)

// decisions are the words of -decision.
var decisions = map[string]campaign.Decision{
	"never-arrived": campaign.NeverArrived, "ask-again": campaign.AskAgain, "start-over": campaign.StartOver,
}

// usageError is a mistake in the flags or the configuration.
type usageError struct{ msg string }

func (e usageError) Error() string { return e.msg }

// options are the flags.
type options struct {
	students string
	size     int
	out      string
	source   string
	config   string
	dryRun   bool
	faults   string
	seed     uint64
	resume   bool
	explain  string
	settle   string
	decision string
}

const usage = `rentree runs the season of a student base: every INE is judged, the missing and
provisional ones are checked, searched for at INES, registered, followed up and
written back, and a report accounts for every student.

  rentree                                    sample cohort, fake services on loopback
  rentree -source apogee                     the same on a fake Apogée, or pegase
  rentree -students base.csv                 your base, fake services
  rentree -students base.csv -config f.json  your base, the real service
  rentree -source pegase -config f.json      the real Pégase, or apogee, or sql
  rentree … -dry-run                         no call: writes what would be sent
  rentree -out DIR -resume                   goes on after a stop or a kill
  rentree -out DIR -explain REF              one student's history, and what to do
  rentree -out DIR -settle REF -decision D   ends a doubt or a refusal: a person decides

In the folder of the results, whose name is printed last:
  outcomes.jsonl   one line per student and step: {"student","step","outcome","detail"}
  report.json      the counts             report.html     the same for people
  actions.csv      what the school has to do, with the reason; actions.json likewise
  mail.eml         the message about it   indicators.csv  the figures
  written-back.csv the numbers given back to the student system
  requests.jsonl   with -dry-run: the registrations that would be sent
  state.db         the memory of the campaign: keep it
  grants/          of the sample cohort: the six controls of grants and numbers
  cards/, grades/  likewise: European student cards, a converted transcript
  mobility/        likewise: an incoming student, with transcript, supplement and EMREX
A dry run in a folder with results writes into its folder dry-run.
All of them hold personal data and are readable by their owner alone.

Decisions: never-arrived (INES never had the registration: it may be sent anew),
ask-again (drop a refusal), start-over (forget all that INES said of this record).

Exit codes: 0 done; 1 done, but a record was not readable, INES did not answer for
every student, or a limit kept some back; 2 wrong usage; 3 could not work, or
interrupted.

Flags:
`

func parse(args []string, stderr io.Writer) (options, error) {
	var o options
	f := flag.NewFlagSet("rentree", flag.ContinueOnError)
	f.SetOutput(io.Discard) // run prints the error itself
	f.Usage = func() {
		f.SetOutput(stderr)
		fmt.Fprint(stderr, usage)
		f.PrintDefaults()
	}
	f.StringVar(&o.students, "students", "", "student base, a CSV `file` with the columns of package sis; default: a sample cohort is made")
	f.IntVar(&o.size, "size", 600, "number of students of the sample cohort, from 60 to 1000000")
	f.StringVar(&o.out, "out", "", "`folder` of the results; default: a new one")
	f.StringVar(&o.source, "source", "csv", "student system: csv, apogee or pegase, played by fakes without -config; or sql")
	f.StringVar(&o.config, "config", "", "JSON `file` with the addresses and accounts of the real systems, see config.sample.json and package adapters/site")
	f.BoolVar(&o.dryRun, "dry-run", false, "make no call; write what would be sent")
	f.StringVar(&o.faults, "faults", "none", "trouble made by the fake services: none, mild, harsh")
	f.Uint64Var(&o.seed, "seed", 1, "seed of the sample cohort and of the fake services")
	f.BoolVar(&o.resume, "resume", false, "go on in the folder of -out after a stop or a kill")
	f.StringVar(&o.explain, "explain", "", "print the history of the student with this `reference` from the folder of -out")
	f.StringVar(&o.settle, "settle", "", "apply -decision to the student with this `reference`, in the folder of -out")
	f.StringVar(&o.decision, "decision", "", "with -settle: never-arrived, ask-again, start-over")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	return o, o.check(f)
}

// check finds what contradicts.
func (o options) check(f *flag.FlagSet) error {
	given := map[string]bool{}
	f.Visit(func(fl *flag.Flag) { given[fl.Name] = true })
	wrong := func(format string, args ...any) error { return usageError{fmt.Sprintf(format, args...)} }
	for _, name := range []string{"students", "out", "source", "config", "explain", "settle", "decision"} {
		if given[name] && f.Lookup(name).Value.String() == "" { // "$REF" of a script, and no season is meant
			return wrong("-%s is empty", name)
		}
	}
	switch {
	case f.NArg() > 0:
		return wrong("no arguments are taken, only flags: %q", f.Arg(0))
	case o.source != "csv" && o.source != "apogee" && o.source != "pegase" && o.source != "sql":
		return wrong("-source %s: csv, apogee, pegase or sql", o.source)
	case o.source != "csv" && o.students != "":
		return wrong("-source %s is a system of its own: -students is for csv", o.source)
	case o.source == "sql" && o.config == "":
		return wrong("-source sql needs -config: the base and its queries")
	case o.faults != "none" && o.faults != "mild" && o.faults != "harsh":
		return wrong("-faults %s: none, mild or harsh", o.faults)
	case o.size < 60 || o.size > 1_000_000:
		return wrong("-size %d: from 60 to 1000000, so that each kind of student is there", o.size)
	case o.config != "" && o.source == "csv" && o.students == "":
		return wrong("-config names real services: -students must name the base, or -source a system")
	case o.config != "" && given["size"]:
		return wrong("-size is for the sample cohort, -config names a real base")
	case o.config != "" && (given["faults"] || given["seed"]):
		return wrong("-faults and -seed are for the fake services, -config names a real one")
	case o.students != "" && given["size"]:
		return wrong("-size is for the sample cohort, -students names a base")
	case o.resume && o.out == "":
		return wrong("-resume needs -out: the folder to go on in")
	case (o.explain != "" || o.settle != "") && o.out == "":
		return wrong("-explain and -settle need -out: the folder with the memory of the campaign")
	case o.explain != "" && o.settle != "":
		return wrong("-explain or -settle, one at a time")
	case (o.explain != "" || o.settle != "") && (o.dryRun || o.resume):
		return wrong("-explain and -settle run no season: -dry-run and -resume go with one")
	case o.settle != "" && decisions[o.decision] == "":
		return wrong("-decision %q: never-arrived, ask-again or start-over", o.decision)
	case o.settle == "" && o.decision != "":
		return wrong("-decision goes with -settle")
	}
	return nil
}
