package jobs

import (
	"context"
	"sync"
	"time"

	"github.com/passerelle-sup/passerelle/adapters/store"
)

// Runner runs jobs in this process, alone or beside others on the same store. Create it with
// [New]. Its methods are safe for concurrent use.
type Runner struct {
	*engine
	wake chan struct{}
}

// New checks the configuration. Its error is passerelle.FieldErrors with all faults.
func New(cfg Config) (*Runner, error) {
	e, err := newEngine(cfg)
	if err != nil {
		return nil, err
	}
	return &Runner{engine: e, wake: make(chan struct{}, 1)}, nil
}

// Once begins a round of a job now and returns when it has ended, here or elsewhere. Run must
// run somewhere. While a round is under way, its error is passerelle.ErrConflict.
func (r *Runner) Once(ctx context.Context, job string) error {
	round, err := r.ask(ctx, job)
	if err != nil {
		return err
	}
	r.rouse()
	return r.wait(ctx, job, round)
}

// rouse makes Run look what is due.
func (r *Runner) rouse() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// Run begins rounds when their time comes and works on what is due, until ctx ends: then parts
// under way have Config.Grace to end, are interrupted after it, and are given back. Its error is
// that of the store, when it fails beyond its patience, and nil after ctx.
func (r *Runner) Run(ctx context.Context) error {
	ctx, end := context.WithCancel(ctx)
	served := r.serve(ctx)
	defer func() {
		end()
		served()
	}()
	working, interrupt := context.WithCancel(context.WithoutCancel(ctx))
	defer interrupt()
	parts := make(chan store.Part)
	failures := make(chan error, r.Workers)
	var workers sync.WaitGroup
	for range r.Workers {
		workers.Go(func() {
			for p := range parts {
				if _, _, err := r.part(working, p); err != nil {
					failures <- err
					return
				}
				r.rouse()
			}
		})
	}
	err := r.dispatch(ctx, parts, failures)
	close(parts)
	ended := make(chan struct{})
	go func() {
		workers.Wait()
		close(ended)
	}()
	select {
	case <-ended:
	case <-time.After(r.Grace):
		interrupt()
		<-ended
	}
	return err
}

// dispatch hands out what is due.
func (r *Runner) dispatch(ctx context.Context, parts chan<- store.Part, failures <-chan error) error {
	for forget := time.Time(time.Now()); ; {
		if err := r.beat(ctx, &forget); err != nil {
			return stopped(ctx, err)
		}
		due, err := r.Work.Due(ctx, 2*r.Workers)
		if err != nil {
			return stopped(ctx, err)
		}
		for _, p := range due {
			if _, mine := r.jobs[p.Job]; !mine {
				continue
			}
			select {
			case parts <- p:
			case err := <-failures:
				return err
			case <-ctx.Done():
				return nil
			}
		}
		select {
		case <-r.wake:
		case <-time.After(r.Poll):
		case err := <-failures:
			return err
		case <-ctx.Done():
			return nil
		}
	}
}

// beat begins what is to begin, and forgets what is old, once an hour.
func (e *engine) beat(ctx context.Context, forget *time.Time) error {
	if err := e.begin(ctx); err != nil {
		return err
	}
	if now := time.Now(); now.After(*forget) {
		*forget = now.Add(time.Hour)
		return e.Work.Forget(ctx, now.Add(-e.Keep))
	}
	return nil
}

// stopped is no error when ctx has ended.
func stopped(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}
