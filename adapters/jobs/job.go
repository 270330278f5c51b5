package jobs

import (
	"context"
	"encoding/json"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/adapters/store"
)

// Job is one kind of recurring work. Its functions may run on any machine, one after the
// other or, for Work, beside each other. They end soon after their context does.
type Job struct {
	Name  string        // unique; part of what the store keeps
	Every time.Duration // how often a round begins; 0: only when it is asked for

	// Plan cuts a round into parts, each described by JSON that Work reads. Nil, and no part: the
	// round is Finish alone.
	Plan func(ctx context.Context) ([]json.RawMessage, error)
	// Work does a part. It may be done again, in full or in part.
	Work func(ctx context.Context, r *Round, part json.RawMessage) error
	// Finish ends a round whose parts have all ended. It may be done again.
	Finish func(ctx context.Context, r *Round) error
}

// Round is the round that a job is working on.
type Round struct {
	Job    string
	Name   string
	Halted string // why nobody is to be called any more; "" when they may be

	work store.Work
}

// Halt asks every machine to call nobody any more in this round: parts that have not begun
// end at once. why is for people, and holds no personal data.
func (r *Round) Halt(ctx context.Context, why string) error {
	if r.Halted == "" {
		r.Halted = why
	}
	return r.work.Halt(context.WithoutCancel(ctx), r.Job, r.Name, why)
}

// Outcomes of parts.
const (
	Done   = "done"
	Failed = "failed" // after MaxAttempts attempts
	Halted = "halted" // not worked on, because the round was halted
)

// Observer is told what happens, for tracing and metrics: an adapter to OpenTelemetry is a
// few lines. Its methods are called concurrently and return at once.
type Observer interface {
	// PartEnded is called when this process has ended a part, or an attempt at one: outcome is
	// Done, Failed, Halted, "retry", or "stopped" when the process ends.
	PartEnded(job string, step store.Step, outcome string, took time.Duration, err error)
}

// Config says what a runner runs. Work and Jobs are required.
type Config struct {
	Work store.Work
	Jobs []Job

	// Services run beside the jobs in every process, until the runner is stopped: cnr.Outbox.Run,
	// cnr.Inbox.Run. Each returns soon after its context ends, and is waited for.
	Services []func(ctx context.Context)

	Workers     int           // parts at the same time in this process; 0: 4
	Lease       time.Duration // how long a worker that says nothing keeps a part; 0: one minute
	Poll        time.Duration // how often the store is asked what is due; 0: five seconds
	MaxAttempts int           // attempts at a part; 0: 10
	RetryAfter  time.Duration // pause after a first failed attempt, doubled with each; 0: five seconds
	Grace       time.Duration // how long parts may go on when the runner is stopped; 0: 30 seconds
	Keep        time.Duration // how long ended rounds are remembered; 0: 30 days

	Observer Observer // nil: nobody
	// Log gets failures, by Error, without personal data. Nil: nobody.
	Log Logger
}

// Logger is the part of slog.Logger that is needed.
type Logger interface {
	Error(msg string, args ...any)
}

// defaults fills in what is zero, and lists the faults.
func (c *Config) defaults() error {
	var faults passerelle.FieldErrors
	if c.Work == (store.Work{}) {
		faults.Add("Work", "required", "the rounds of a store: Store.Work")
	}
	if len(c.Jobs) == 0 {
		faults.Add("Jobs", "required", "at least one job")
	}
	seen := make(map[string]bool)
	for _, j := range c.Jobs {
		if j.Name == "" {
			faults.Add("Jobs.Name", "required", "a name")
		} else if seen[j.Name] {
			faults.Add("Jobs.Name", "unique", "each name once")
		}
		if j.Plan != nil && j.Work == nil {
			faults.Add("Jobs.Work", "required", "what is done with the parts of Plan")
		}
		if j.Plan == nil && j.Finish == nil {
			faults.Add("Jobs.Finish", "required", "Plan and Work, or Finish")
		}
		if j.Every < 0 {
			faults.Add("Jobs.Every", "range", "no negative value")
		}
		seen[j.Name] = true
	}
	for _, d := range []struct {
		name     string
		value    *time.Duration
		fallback time.Duration
	}{
		{"Lease", &c.Lease, time.Minute}, {"Poll", &c.Poll, 5 * time.Second}, {"RetryAfter", &c.RetryAfter, 5 * time.Second},
		{"Grace", &c.Grace, 30 * time.Second}, {"Keep", &c.Keep, 30 * 24 * time.Hour},
	} {
		if *d.value < 0 {
			faults.Add(d.name, "range", "no negative value; 0 is the default")
		}
		if *d.value == 0 {
			*d.value = d.fallback
		}
	}
	for _, d := range []struct {
		name     string
		value    *int
		fallback int
	}{{"Workers", &c.Workers, 4}, {"MaxAttempts", &c.MaxAttempts, 10}} {
		if *d.value < 0 {
			faults.Add(d.name, "range", "no negative value; 0 is the default")
		}
		if *d.value == 0 {
			*d.value = d.fallback
		}
	}
	return faults.Err()
}
