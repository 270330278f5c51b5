package jobs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"
	"github.com/riverqueue/river/rivertype"

	"github.com/passerelle-sup/passerelle/adapters/store"
)

// River runs jobs in this process beside others, woken up by the queue of River in a database
// of PostgreSQL: the one of the store, or another. Create it with [NewRiver]. Its methods are safe
// for concurrent use.
type River struct {
	*engine
	pool   *pgxpool.Pool
	client *river.Client[pgx.Tx]
	wake   chan struct{}

	mu      sync.Mutex
	failure error // of the store, beyond its patience
}

// wakeUp is what River carries: which part is due. It holds nothing personal.
type wakeUp struct {
	Job    string `json:"job"`
	Round  string `json:"round"`
	Number int    `json:"number"`
	// Slot is when it was put, in leases since 1970: one wake-up of a part in a slot is enough, and
	// one that is stuck with a dead worker is in nobody's way in the next.
	Slot int64 `json:"slot"`
}

// Kind implements river.JobArgs.
func (wakeUp) Kind() string { return "passerelle_part" }

// riverQueue is the queue of River that is used.
const riverQueue = "passerelle"

// stillThere are the states in which a wake-up is worth no second one.
var stillThere = []rivertype.JobState{
	rivertype.JobStateAvailable, rivertype.JobStatePending, rivertype.JobStateRetryable, rivertype.JobStateRunning, rivertype.JobStateScheduled,
}

// NewRiver connects to the database, creates or updates the tables of River in it, and checks the
// configuration. Its error is passerelle.FieldErrors with all faults of cfg, or that of the
// database.
func NewRiver(ctx context.Context, cfg Config, url string) (*River, error) {
	e, err := newEngine(cfg)
	if err != nil {
		return nil, err
	}
	settings, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, fmt.Errorf("jobs: the URL of the database: %w", err)
	}
	settings.MaxConns = max(settings.MaxConns, int32(e.Workers)+4)
	pool, err := pgxpool.NewWithConfig(ctx, settings)
	if err != nil {
		return nil, fmt.Errorf("jobs: connecting: %w", err)
	}
	r := &River{engine: e, pool: pool, wake: make(chan struct{}, 1)}
	if err := r.open(ctx); err != nil {
		pool.Close()
		return nil, err
	}
	return r, nil
}

func (r *River) open(ctx context.Context) error {
	quiet := slog.New(slog.DiscardHandler)
	driver := riverpgxv5.New(r.pool)
	migrator, err := rivermigrate.New(driver, &rivermigrate.Config{Logger: quiet})
	if err != nil {
		return err
	}
	// Several processes start at once: one migrates, the others wait for it.
	err = locked(ctx, r.pool, func() error {
		_, err := migrator.Migrate(ctx, rivermigrate.DirectionUp, nil)
		return err
	})
	if err != nil {
		return fmt.Errorf("jobs: the tables of River: %w", err)
	}
	workers := river.NewWorkers()
	river.AddWorker(workers, river.WorkFunc(r.work))
	r.client, err = river.NewClient(driver, &river.Config{
		Queues:          map[string]river.QueueConfig{riverQueue: {MaxWorkers: r.Workers}},
		Workers:         workers,
		Logger:          quiet,
		JobTimeout:      -1, // a part takes what it takes, and keeps its lease
		SoftStopTimeout: r.Grace,
		// What is stuck is due again by its lease; River only has to clean up.
		RescueStuckJobsAfter:        24 * time.Hour,
		CompletedJobRetentionPeriod: time.Hour,
	})
	if err != nil {
		return fmt.Errorf("jobs: River: %w", err)
	}
	return nil
}

// locked runs f while no other process does.
func locked(ctx context.Context, pool *pgxpool.Pool, f func() error) error {
	conn, err := pool.Acquire(ctx)
	if err != nil {
		return err
	}
	defer conn.Release()
	const key = 7402
	if _, err := conn.Exec(ctx, `SELECT pg_advisory_lock($1)`, key); err != nil {
		return err
	}
	err = f()
	_, unlock := conn.Exec(context.WithoutCancel(ctx), `SELECT pg_advisory_unlock($1)`, key)
	return errors.Join(err, unlock)
}

// Close closes the connections, after Run.
func (r *River) Close() { r.pool.Close() }

// Once begins a round of a job now and returns when it has ended, here or elsewhere. Run must
// run somewhere. While a round is under way, its error is passerelle.ErrConflict.
func (r *River) Once(ctx context.Context, job string) error {
	round, err := r.ask(ctx, job)
	if err != nil {
		return err
	}
	// When this fails the next look at the store finds the round.
	_ = r.insert(ctx, []store.Part{{Job: job, Round: round}})
	return r.wait(ctx, job, round)
}

// insert puts wake-ups for parts into the queue.
func (r *River) insert(ctx context.Context, parts []store.Part) error {
	slot := time.Now().UnixNano() / int64(r.Lease)
	many := make([]river.InsertManyParams, len(parts))
	for i, p := range parts {
		many[i] = river.InsertManyParams{
			Args:       wakeUp{p.Job, p.Round, p.Number, slot},
			InsertOpts: &river.InsertOpts{Queue: riverQueue, MaxAttempts: 3, UniqueOpts: river.UniqueOpts{ByArgs: true, ByState: stillThere}},
		}
	}
	if len(many) == 0 {
		return nil
	}
	_, err := r.client.InsertMany(ctx, many)
	return err
}

// work is what River calls for a wake-up.
func (r *River) work(ctx context.Context, job *river.Job[wakeUp]) error {
	w := job.Args
	more, again, err := r.part(ctx, store.Part{Job: w.Job, Round: w.Round, Number: w.Number})
	switch {
	case err != nil && ctx.Err() != nil:
		return nil // given back: the store says that it is due
	case err != nil:
		r.fail(err)
		return err
	case again > 0:
		return nil // the store says when it is due again
	}
	_ = r.insert(context.WithoutCancel(ctx), more) // else the next look at the store finds them
	return nil
}

// fail ends Run.
func (r *River) fail(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.failure = errors.Join(r.failure, err)
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// Run begins rounds when their time comes and works on what is due, until ctx ends: then parts
// under way have Config.Grace to end, are interrupted after it, and are given back. Its error is
// that of the store, when it fails beyond its patience, and nil after ctx. A River runs once.
func (r *River) Run(ctx context.Context) error {
	if err := r.client.Start(context.WithoutCancel(ctx)); err != nil {
		return fmt.Errorf("jobs: starting River: %w", err)
	}
	ctx, end := context.WithCancel(ctx)
	served := r.serve(ctx)
	defer func() {
		end()
		served()
	}()
	err := r.look(ctx)
	ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), r.Grace)
	defer cancel()
	if stop := r.client.Stop(ending); stop != nil {
		hard, cancel := context.WithTimeout(context.WithoutCancel(ctx), r.Grace)
		defer cancel()
		return errors.Join(err, r.client.StopAndCancel(hard))
	}
	return err
}

// look puts into the queue what the store says is due and the queue may not know: after a
// crash, a pause, a wake-up that was lost.
func (r *River) look(ctx context.Context) error {
	for forget := time.Now(); ; {
		if err := r.beat(ctx, &forget); err != nil {
			return stopped(ctx, err)
		}
		due, err := r.Work.Due(ctx, 16*r.Workers)
		if err != nil {
			return stopped(ctx, err)
		}
		// Its own patience: River's queue may be away for a while.
		if err := r.insert(ctx, due); err != nil && r.Log != nil && ctx.Err() == nil {
			r.Log.Error("the queue does not take what is due", "error", err.Error())
		}
		select {
		case <-r.wake:
			r.mu.Lock()
			err := r.failure
			r.mu.Unlock()
			if err != nil {
				return err
			}
		case <-time.After(r.Poll):
		case <-ctx.Done():
			return nil
		}
	}
}
