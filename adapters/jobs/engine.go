package jobs

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/adapters/store"
)

// engine is what the runners share: it begins rounds and works on parts, and leaves to them how
// a part finds its worker.
type engine struct {
	Config
	jobs    map[string]Job
	name    string // of this process, in leases
	figures figures
}

func newEngine(cfg Config) (*engine, error) {
	if err := cfg.defaults(); err != nil {
		return nil, err
	}
	e := &engine{Config: cfg, jobs: make(map[string]Job), name: rand.Text()}
	for _, j := range cfg.Jobs {
		e.jobs[j.Name] = j
	}
	return e, nil
}

// serve runs the services until ctx ends, and returns the function that waits for their end.
func (e *engine) serve(ctx context.Context) (wait func()) {
	var all sync.WaitGroup
	for _, service := range e.Services {
		all.Go(func() { service(ctx) })
	}
	return all.Wait
}

// begin opens the rounds whose time has come. The name of a round is when it was to begin.
func (e *engine) begin(ctx context.Context) error {
	for _, j := range e.Jobs {
		if j.Every == 0 {
			continue
		}
		slot := time.Now().UTC().Truncate(j.Every).Format(time.RFC3339Nano)
		if _, err := e.Work.Begin(ctx, j.Name, slot); err != nil {
			return err
		}
	}
	return nil
}

// ask begins a round of a job now, and returns its name. When one is under way, the error is
// passerelle.ErrConflict.
func (e *engine) ask(ctx context.Context, job string) (string, error) {
	if _, ok := e.jobs[job]; !ok {
		return "", passerelle.FieldErrors{{Field: "job", Rule: "value", Want: "the name of a job of the runner"}}
	}
	round := "asked " + time.Now().UTC().Format(time.RFC3339Nano) + " " + rand.Text()[:8]
	begun, err := e.Work.Begin(ctx, job, round)
	if err == nil && !begun {
		err = fmt.Errorf("jobs: a round of %s is under way: %w", job, passerelle.ErrConflict)
	}
	return round, err
}

// wait returns when a round has ended.
func (e *engine) wait(ctx context.Context, job, round string) error {
	for {
		if ended, _, err := e.Work.Round(ctx, job, round); err != nil || ended {
			return err
		}
		select {
		case <-time.After(min(e.Poll, 200*time.Millisecond)):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// part works on a part, if nobody else does. It returns the parts that became due by it, and
// after which pause it is due itself, 0 when it has ended or is another's. Its error is that of the
// store.
func (e *engine) part(ctx context.Context, p store.Part) (more []store.Part, again time.Duration, err error) {
	job, ok := e.jobs[p.Job]
	if !ok { // a job of another version of the program, or of another program
		return nil, 0, nil
	}
	worker := e.name + "/" + rand.Text()
	p, taken, err := e.Work.Take(ctx, p.Job, p.Round, p.Number, worker, e.Lease)
	if err != nil || !taken {
		return nil, 0, err
	}
	begun := time.Now()
	e.figures.began()
	outcome := "error"
	var failure error
	defer func() { e.ended(p, outcome, time.Since(begun), failure) }()

	round := &Round{Job: p.Job, Name: p.Round, work: e.Work}
	if _, round.Halted, err = e.Work.Round(ctx, p.Job, p.Round); err != nil {
		return nil, 0, err
	}
	var plan []json.RawMessage
	if round.Halted != "" && p.Step == store.StepWork {
		outcome = Halted
	} else {
		plan, failure = e.do(ctx, job, round, p, worker)
		outcome = Done
	}
	// How it ended is written down whatever happens to ctx: the next one would do it again.
	unhurried := context.WithoutCancel(ctx)
	reason := ""
	if failure != nil {
		reason = failure.Error()
		switch {
		case ctx.Err() != nil:
			outcome = "stopped"
			return nil, 0, e.lost(e.Work.GiveBack(unhurried, p, worker))
		case p.Attempt < e.MaxAttempts:
			outcome, again = "retry", e.pause(p.Attempt)
			return nil, again, e.lost(e.Work.Retry(unhurried, p, worker, again, reason))
		}
		outcome = Failed
	}
	more, err = e.Work.End(unhurried, p, worker, outcome, reason, plan)
	return more, 0, e.lost(err)
}

// lost forgives that the lease went to another worker meanwhile: that one ends the part.
func (e *engine) lost(err error) error {
	if errors.Is(err, passerelle.ErrConflict) {
		return nil
	}
	return err
}

// pause is how long a part waits after a failed attempt.
func (e *engine) pause(attempt int) time.Duration {
	return min(e.RetryAfter<<min(attempt-1, 10), time.Hour)
}

// do runs the step of a part, and keeps its lease meanwhile.
func (e *engine) do(ctx context.Context, job Job, round *Round, p store.Part, worker string) (plan []json.RawMessage, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	renewed := make(chan struct{})
	go func() {
		defer close(renewed)
		for {
			select {
			case <-time.After(e.Lease / 3):
			case <-ctx.Done():
				return
			}
			// A lease that cannot be renewed is no reason to stop in the middle: the claims of
			// the ledgers keep two workers apart.
			_ = e.Work.Renew(ctx, p, worker, e.Lease)
		}
	}()
	defer func() {
		cancel()
		<-renewed
		if trouble := recover(); trouble != nil { // a job's panic takes no other job along
			err = fmt.Errorf("jobs: %s panicked", p.Job)
		}
	}()
	switch p.Step {
	case store.StepPlan:
		if job.Plan != nil {
			return job.Plan(ctx)
		}
	case store.StepWork:
		return nil, job.Work(ctx, round, p.Data)
	case store.StepFinish:
		if job.Finish != nil {
			return nil, job.Finish(ctx, round)
		}
	}
	return nil, nil
}

// ended counts a part, and tells who wants to know.
func (e *engine) ended(p store.Part, outcome string, took time.Duration, err error) {
	e.figures.ended(p.Job, outcome, took)
	if e.Log != nil && err != nil && outcome != "stopped" {
		e.Log.Error("a part of a job failed", "job", p.Job, "round", p.Round, "part", p.Number, "step", string(p.Step), "attempt", p.Attempt, "outcome", outcome, "error", err.Error())
	}
	if e.Observer != nil {
		e.Observer.PartEnded(p.Job, p.Step, outcome, took, err)
	}
}
