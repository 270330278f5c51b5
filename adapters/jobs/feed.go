package jobs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/sis"
	"github.com/passerelle-sup/passerelle/supdata"
)

// FeedConfig is the feed of SUPDATA as a job.
type FeedConfig struct {
	supdata.FeederConfig               // as for supdata.NewFeeder; Client and Ledger are required
	Name                 string        // "": "supdata-feed"
	Every                time.Duration // 0: only when it is asked for
	PartSize             int           // 0: DefaultPartSize
	// OnReport is given the report over all enrolments when a round has ended.
	OnReport func(ctx context.Context, r *supdata.FeedReport) error
}

// Feed returns the job that feeds SUPDATA. Parts send the enrolments that were never recorded;
// the end of the round is a whole run, which finds them unchanged, sends or lists changes, and
// reports. A part that is stopped, by a refused key or by a service that asks to slow down, halts
// the round on all machines; its end is a dry run then.
func Feed(cfg FeedConfig) (Job, error) {
	if cfg.Name == "" {
		cfg.Name = "supdata-feed"
	}
	if _, err := supdata.NewFeeder(cfg.FeederConfig); err != nil {
		return Job{}, err
	}
	var faults passerelle.FieldErrors
	if cfg.Client == nil {
		faults.Add("Client", "required", "a client of the write API")
	}
	if cfg.Ledger == nil {
		faults.Add("Ledger", "required", "the memory of what was fed: Store.Feed")
	}
	if err := faults.Err(); err != nil {
		return Job{}, err
	}
	return Job{Name: cfg.Name, Every: cfg.Every, Plan: cfg.plan, Work: cfg.work, Finish: cfg.finish}, nil
}

// plan lists the students with an enrolment that was never recorded.
func (c FeedConfig) plan(ctx context.Context) ([]json.RawMessage, error) {
	if c.DryRun {
		return nil, nil
	}
	var ids []sis.StudentID
	for e, err := range c.Source.Enrolments(ctx, sis.Query{Year: c.Year}) {
		if err != nil {
			if _, ok := errors.AsType[*sis.RowError](err); ok {
				continue // told by the end of the round
			}
			return nil, fmt.Errorf("jobs: reading the enrolments: %w", err)
		}
		rec, err := c.Ledger.Get(ctx, supdata.Key(e))
		switch {
		case errors.Is(err, passerelle.ErrNotFound):
			ids = append(ids, e.Student)
		case err != nil:
			return nil, err
		case rec.State == supdata.StateNew || rec.State == supdata.StateRefused:
			ids = append(ids, e.Student)
		}
	}
	return cut(ids, c.PartSize)
}

// work feeds the students of a part.
func (c FeedConfig) work(ctx context.Context, round *Round, part json.RawMessage) error {
	ids, err := students(part)
	if err != nil {
		return err
	}
	cfg := c.FeederConfig
	cfg.Source, cfg.Ledger = subset{c.Source, ids}, feedPart{c.Ledger}
	cfg.OnChange, cfg.Print, cfg.OnItem = supdata.Report, nil, nil
	report, err := c.run(ctx, cfg)
	if err == nil && report.Stopped != "" {
		err = round.Halt(ctx, report.Stopped)
	}
	return err
}

// finish goes over all enrolments.
func (c FeedConfig) finish(ctx context.Context, round *Round) error {
	cfg := c.FeederConfig
	cfg.DryRun = cfg.DryRun || round.Halted != ""
	report, err := c.run(ctx, cfg)
	if err != nil {
		return err
	}
	if round.Halted != "" {
		report.Stopped = round.Halted
	}
	if c.OnReport == nil {
		return nil
	}
	return c.OnReport(ctx, report)
}

func (c FeedConfig) run(ctx context.Context, cfg supdata.FeederConfig) (*supdata.FeedReport, error) {
	feeder, err := supdata.NewFeeder(cfg)
	if err != nil {
		return nil, err
	}
	return feeder.Run(ctx)
}

// feedPart is a ledger that does not list its records: what is no longer in the source is told
// by the end of the round.
type feedPart struct{ supdata.Ledger }

// Records implements supdata.Ledger.
func (feedPart) Records(context.Context) iter.Seq2[supdata.Record, error] {
	return func(func(supdata.Record, error) bool) {}
}
