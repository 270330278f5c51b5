package supdata

import (
	"io"
	"log/slog"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/sis"
)

// Defaults of [FeederConfig].
const (
	DefaultParallel    = 4
	DefaultMaxFailures = 10
	DefaultBatch       = 1000
	DefaultPrintEvery  = time.Minute
)

// OnChange says what to do with an enrolment that was fed and has changed since.
type OnChange uint8

// The policies.
const (
	// Report lists the change and sends nothing: what a second call does is not documented.
	Report OnChange = iota
	// Post sends the enrolment again in its new form. It may stand twice in SUPDATA then.
	Post
)

// FeederConfig says what a [Feeder] works on. Source is required; Client and Ledger are
// for everything but [Feeder.Export].
type FeederConfig struct {
	Client  *Client
	Source  sis.Source
	Ledger  Ledger
	Year    int // academic year of the enrolments, by its first civil year; 0: all years
	Mapping Mapping

	OnChange    OnChange
	ResendAfter time.Duration // when a doubtful enrolment is sent again; 0: never
	Parallel    int           // calls at the same time; 0: DefaultParallel. A process that dies leaves three times as many doubts at the most
	MaxFailures int           // calls in a row without an answer after which the run stops; 0: DefaultMaxFailures
	Batch       int           // enrolments whose students are read together; 0: DefaultBatch
	DryRun      bool          // no call, no write but the report

	// Print gets the estimate of the time left, before the first call and then every
	// PrintEvery (0: DefaultPrintEvery), in lines without personal data. For it the source is
	// read once more. Nil prints nothing.
	Print      io.Writer
	PrintEvery time.Duration
	// OnItem is given what became of each enrolment, in the order in which they end. It is
	// not called concurrently with itself.
	OnItem func(Item)

	Now    func() time.Time // nil: time.Now
	Logger *slog.Logger     // nil: nothing is logged; no personal data is
}

// Feeder feeds the enrolments of a student system. It is safe for concurrent use; two runs
// at once on one ledger feed nothing twice.
type Feeder struct {
	cfg   FeederConfig
	codes Codes // of the client, or of the layout of an export
	log   *slog.Logger
}

// NewFeeder checks the configuration. Its error is passerelle.FieldErrors with all faults.
func NewFeeder(cfg FeederConfig) (*Feeder, error) {
	var faults passerelle.FieldErrors
	if cfg.Source == nil {
		faults.Add("Source", "required", "the student system to read")
	}
	if cfg.Year != 0 && (cfg.Year < 1990 || cfg.Year > 2200) {
		faults.Add("Year", "range", "the first civil year of the academic year, such as 2026, or 0")
	}
	if cfg.OnChange > Post {
		faults.Add("OnChange", "range", "Report or Post")
	}
	for _, n := range []struct {
		name  string
		value int64
	}{
		{"Parallel", int64(cfg.Parallel)}, {"MaxFailures", int64(cfg.MaxFailures)}, {"Batch", int64(cfg.Batch)},
		{"ResendAfter", int64(cfg.ResendAfter)}, {"PrintEvery", int64(cfg.PrintEvery)},
	} {
		if n.value < 0 {
			faults.Add(n.name, "range", "no negative value; 0 is the default")
		}
	}
	if err := faults.Err(); err != nil {
		return nil, err
	}
	f := &Feeder{cfg: cfg, log: cfg.Logger}
	f.cfg.Parallel = orDefault(cfg.Parallel, DefaultParallel)
	f.cfg.MaxFailures = orDefault(cfg.MaxFailures, DefaultMaxFailures)
	f.cfg.Batch = orDefault(cfg.Batch, DefaultBatch)
	f.cfg.PrintEvery = orDefault(cfg.PrintEvery, DefaultPrintEvery)
	if cfg.Client != nil {
		f.codes = cfg.Client.cfg.Codes
	}
	if f.cfg.Now == nil {
		f.cfg.Now = time.Now
	}
	if f.log == nil {
		f.log = slog.New(slog.DiscardHandler)
	}
	return f, nil
}

// ready reports what a run needs beside a source.
func (f *Feeder) ready() error {
	var faults passerelle.FieldErrors
	if f.cfg.Client == nil {
		faults.Add("Client", "required", "a client of the write API")
	}
	if f.cfg.Ledger == nil {
		faults.Add("Ledger", "required", "the memory of what was fed: OpenFile, or NewMemory in tests")
	}
	return faults.Err()
}

func orDefault[T comparable](v, def T) T {
	var zero T
	if v == zero {
		return def
	}
	return v
}
