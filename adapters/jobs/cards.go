package jobs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/esc/router"
	"github.com/passerelle-sup/passerelle/sis"
)

// CardsConfig is the synchronisation with the ESC router as a job. Sync, Source and Wanted are
// required.
type CardsConfig struct {
	Sync   *router.Sync
	Source sis.Source
	Query  sis.Query
	// Wanted says what the router shall hold about a student. An error that is
	// passerelle.ErrNotFound passes over the student; another one ends the part.
	Wanted func(ctx context.Context, s sis.Student) (router.Wanted, error)

	Name     string        // "": "esc-cards"
	Every    time.Duration // 0: only when it is asked for
	PartSize int           // 0: DefaultPartSize
	// OnResult is given what came of each student, perhaps twice after a failure. It is called
	// concurrently.
	OnResult func(r router.Result)
}

// Cards returns the nightly job of the cards: one student at a time is brought to what is wanted,
// by one worker, which has the part on lease. Students who are no longer in the source are not
// touched: Wanted without consent withdraws one.
func Cards(cfg CardsConfig) (Job, error) {
	if cfg.Name == "" {
		cfg.Name = "esc-cards"
	}
	var faults passerelle.FieldErrors
	if cfg.Sync == nil {
		faults.Add("Sync", "required", "a synchronisation: router.NewSync")
	}
	if cfg.Source == nil {
		faults.Add("Source", "required", "the student system to read")
	}
	if cfg.Wanted == nil {
		faults.Add("Wanted", "required", "what the router shall hold about a student")
	}
	if err := faults.Err(); err != nil {
		return Job{}, err
	}
	return Job{Name: cfg.Name, Every: cfg.Every, Plan: cfg.plan, Work: cfg.work}, nil
}

func (c CardsConfig) plan(ctx context.Context) ([]json.RawMessage, error) {
	var ids []sis.StudentID
	for s, err := range c.Source.Students(ctx, c.Query) {
		if err != nil {
			if _, ok := errors.AsType[*sis.RowError](err); ok {
				continue // a record that cannot be read has no card to send
			}
			return nil, fmt.Errorf("jobs: reading the student base: %w", err)
		}
		ids = append(ids, s.ID)
	}
	return cut(ids, c.PartSize)
}

func (c CardsConfig) work(ctx context.Context, _ *Round, part json.RawMessage) error {
	ids, err := students(part)
	if err != nil {
		return err
	}
	var failure error
	for r, err := range c.Sync.Run(ctx, c.wanted(ctx, ids, &failure)) {
		if err != nil {
			return err
		}
		if c.OnResult != nil {
			c.OnResult(r)
		}
	}
	return failure
}

// wanted gives what is wanted for the students of a part, until one cannot be told.
func (c CardsConfig) wanted(ctx context.Context, ids []sis.StudentID, failure *error) iter.Seq2[router.Wanted, error] {
	return func(yield func(router.Wanted, error) bool) {
		q := c.Query
		q.IDs = ids
		for s, err := range c.Source.Students(ctx, q) {
			if err != nil {
				if _, ok := errors.AsType[*sis.RowError](err); ok {
					continue
				}
				*failure = err
				return
			}
			w, err := c.Wanted(ctx, s)
			if errors.Is(err, passerelle.ErrNotFound) {
				continue
			}
			if err != nil {
				*failure = err
				return
			}
			if !yield(w, nil) {
				return
			}
		}
	}
}
