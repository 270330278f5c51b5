package campaign

import (
	"log/slog"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ine"
	"github.com/passerelle-sup/passerelle/ines"
	"github.com/passerelle-sup/passerelle/sis"
	"github.com/passerelle-sup/passerelle/uai"
)

// Defaults of [Config].
const (
	DefaultParallel     = 4
	DefaultMaxRegister  = 10 // registrations on a first day
	DefaultStopPercent  = 5
	DefaultRecheckAfter = 20 * time.Hour
	DefaultMaxFailures  = 10
)

// firstDay is how long after the first claim of a ledger DefaultMaxRegister
// holds, so that a run stopped and started again does not escape it.
const firstDay = 12 * time.Hour

// stopSample is how many registrations must be answered before their share of
// litiges and refusals means anything.
const stopSample = 20

// Config says what a campaign works on. Source, Ledger, UAI and Year are
// required, and Service unless DryRun is set.
type Config struct {
	Source sis.Source
	Ledger Ledger
	UAI    uai.Code // establishment that asks
	Year   int      // academic year of the enrolments, by its first civil year

	// Service is the binding of INES. It must be an ines.Searcher, an ines.Registrar and an
	// ines.Follower; when it is an ines.Verifier too, older numbers are verified.
	// Bindings that have some of these each are joined by a struct that embeds them.
	Service any

	Writer sis.INEWriter // takes the numbers back; nil: the report alone tells them
	Rules  *ine.Rules    // how numbers are judged; nil: the rules of package ine
	Query  sis.Query     // which students; zero: all
	// UniqueReferences says that no reference stands twice in the source, as behind
	// a primary key. Otherwise the source is read twice, the first time to find out.
	UniqueReferences bool

	Parallel     int           // students asked about at the same time; 0: DefaultParallel
	DryRun       bool          // no call, no write but the report
	MaxRegister  int           // registrations in this run; 0: DefaultMaxRegister on a first day, then no limit; negative: no limit
	StopPercent  int           // share of litiges and refusals that stops registering; 0: DefaultStopPercent; negative: never
	SettleAfter  time.Duration // when a doubtful student whom INES does not know may be sent again; 0: never
	RecheckAfter time.Duration // when a question that INES answered is asked again; 0: DefaultRecheckAfter
	MaxFailures  int           // calls in a row without an answer after which the run stops calling; 0: DefaultMaxFailures

	// SplitKey gives the key under which the report can be split: component, clerk.
	// It is not called concurrently.
	SplitKey func(sis.Student) string
	// OnItem is given the item of every student, those with nothing to do too, in the
	// order in which they end. OnProgress tells how far the run is. OnRequest is given
	// what a dry run would send: personal data. None of them is called concurrently with itself.
	OnItem     func(Item)
	OnProgress func(Progress)
	OnRequest  func(ines.RegisterRequest)

	Now    func() time.Time // nil: time.Now
	Logger *slog.Logger     // nil: nothing is logged; no personal data is
}

// Progress tells how far a run is.
type Progress struct {
	Seen       int // students that the source gave
	Done       int // of those, how many have their outcome
	Calls      int // calls to INES
	Registered int // registrations sent
}

// Campaign is a configured daily job. Run it once a day. Its methods are safe
// for concurrent use; two runs at once on one ledger do not register anyone twice.
type Campaign struct {
	cfg      Config
	verifier ines.Verifier // nil: older numbers are taken as they are
	searcher ines.Searcher
	register ines.Registrar
	follower ines.Follower
	log      *slog.Logger
}

// New checks cfg and returns the campaign. Its error is a
// passerelle.FieldErrors that lists every fault, the abilities that Service lacks
// included.
func New(cfg Config) (*Campaign, error) {
	var faults passerelle.FieldErrors
	if cfg.Source == nil {
		faults.Add("Source", "required", "the student system to read")
	}
	if cfg.Ledger == nil {
		faults.Add("Ledger", "required", "the memory of earlier runs: OpenFile, or NewMemory in tests")
	}
	switch {
	case cfg.UAI.IsZero():
		faults.Add("UAI", "required", "the establishment that asks")
	case !cfg.UAI.KeyOK():
		faults.Add("UAI", "key", "the key letter that follows from the seven digits")
	}
	if cfg.Year < 1990 || cfg.Year > 2200 {
		faults.Add("Year", "range", "the first civil year of the academic year, such as 2026")
	}
	for _, d := range []struct {
		name  string
		value int
	}{{"Parallel", cfg.Parallel}, {"MaxFailures", cfg.MaxFailures}} {
		if d.value < 0 {
			faults.Add(d.name, "range", "0 for the default, or a positive number")
		}
	}
	if cfg.StopPercent > 100 {
		faults.Add("StopPercent", "range", "at most 100")
	}
	if cfg.SettleAfter < 0 {
		faults.Add("SettleAfter", "range", "0 for never, or a positive duration")
	}
	if cfg.RecheckAfter < 0 {
		faults.Add("RecheckAfter", "range", "0 for the default, or a positive duration")
	}
	c := &Campaign{cfg: cfg, log: cfg.Logger}
	c.abilities(&faults)
	if err := faults.Err(); err != nil {
		return nil, err
	}
	c.cfg.Parallel = orDefault(cfg.Parallel, DefaultParallel)
	c.cfg.StopPercent = orDefault(cfg.StopPercent, DefaultStopPercent)
	c.cfg.RecheckAfter = orDefault(cfg.RecheckAfter, DefaultRecheckAfter)
	c.cfg.MaxFailures = orDefault(cfg.MaxFailures, DefaultMaxFailures)
	if c.cfg.Now == nil {
		c.cfg.Now = time.Now
	}
	if c.log == nil {
		c.log = slog.New(slog.DiscardHandler)
	}
	return c, nil
}

// abilities finds what Service can do. A dry run needs none.
func (c *Campaign) abilities(faults *passerelle.FieldErrors) {
	service := c.cfg.Service
	need := func(op ines.Operation, want string) {
		if !c.cfg.DryRun && !ines.Can(service, op) {
			faults.Add("Service", "ability", want)
		}
	}
	need(ines.OpSearch, "an ines.Searcher, to look for a person before registering")
	need(ines.OpRegister, "an ines.Registrar")
	need(ines.OpFollowUp, "an ines.Follower, to read what became of registrations")
	c.searcher, _ = service.(ines.Searcher)
	c.register, _ = service.(ines.Registrar)
	c.follower, _ = service.(ines.Follower)
	if ines.Can(service, ines.OpVerify) {
		c.verifier = service.(ines.Verifier)
	}
}

func orDefault[T comparable](v, def T) T {
	var zero T
	if v == zero {
		return def
	}
	return v
}
