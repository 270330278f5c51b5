package campaign

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ine"
	"github.com/passerelle-sup/passerelle/ines"
	"github.com/passerelle-sup/passerelle/sis"
)

// run is one pass over the base.
type run struct {
	*Campaign
	gate     *gate
	base     survey
	tracked  map[string]State // students whose record must be looked at whatever their number
	followed map[string]bool  // establishments whose follow-up went well in this run
	today    passerelle.Date

	mu     sync.Mutex // guards what follows, and the callbacks
	report *Report
	prog   Progress
	seen   map[string]bool       // tracked students that the base still has
	owners map[ine.Number]string // numbers that INES gave, and the student whose each is
}

// job is one student to decide about.
type job struct {
	item    Item
	student sis.Student
}

// Run does the whole job once: follow-up of what earlier runs left open, then
// every student of the source, then the report. A report comes with every error:
// it tells what was done until then. The error is that of the context, of the
// ledger, or the fatal one of the source; what INES answers or fails to answer is
// in the report, not in the error.
func (c *Campaign) Run(ctx context.Context) (*Report, error) {
	r := &run{
		Campaign: c,
		tracked:  make(map[string]State),
		followed: make(map[string]bool),
		today:    passerelle.DateOf(c.cfg.Now()),
		seen:     make(map[string]bool),
		owners:   make(map[ine.Number]string),
		report: &Report{
			Started: c.cfg.Now(), UAI: c.cfg.UAI.String(), Year: c.cfg.Year, DryRun: c.cfg.DryRun,
			Counts: make(map[Outcome]int), Calls: make(map[ines.Operation]int),
		},
	}
	err := r.all(ctx)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.report.StoppedWhy = r.gate.stopped()
	switch {
	case err != nil && ctx.Err() != nil:
		r.report.StoppedWhy = because("interrupted")
	case err != nil:
		r.report.StoppedWhy = because("error")
	}
	r.report.Stopped = r.report.StoppedWhy.String()
	r.report.finish(c.cfg.Now())
	return r.report, err
}

// all runs the phases in order.
func (r *run) all(ctx context.Context) error {
	pending, err := r.open(ctx)
	if err != nil {
		return err
	}
	if err := r.survey(ctx); err != nil {
		return err
	}
	if !r.cfg.DryRun && len(pending) > 0 {
		if err := r.followUp(ctx, pending); err != nil {
			return err
		}
	}
	if err := r.students(ctx); err != nil {
		return err
	}
	return r.orphans(ctx)
}

// open reads the ledger once: what is pending, what was not written back, and
// whether this is still the first day.
func (r *run) open(ctx context.Context) ([]Record, error) {
	var (
		pending []Record
		claimed int
		first   time.Time
		owners  = make(map[ine.Number]owner)
	)
	r.gate = &gate{maxFailures: r.cfg.MaxFailures, stopPercent: r.cfg.StopPercent}
	for rec, err := range r.cfg.Ledger.Records(ctx) {
		if err != nil {
			return nil, fmt.Errorf("campaign: reading the ledger: %w", err)
		}
		if rec.State.Pending() {
			pending = append(pending, rec)
			r.tracked[rec.Student] = rec.State
		}
		if !rec.INE.IsZero() {
			if rec.Outcome.Changed() && rec.WrittenAt.IsZero() {
				r.tracked[rec.Student] = rec.State
			}
			r.firstOwner(rec, owners)
		}
		if !rec.ClaimedAt.IsZero() {
			claimed++
			if first.IsZero() || rec.ClaimedAt.Before(first) {
				first = rec.ClaimedAt
			}
		}
	}
	switch {
	case r.cfg.MaxRegister > 0:
		r.gate.room = r.cfg.MaxRegister
	case r.cfg.MaxRegister < 0:
		r.gate.room = -1
	case first.IsZero() || r.cfg.Now().Sub(first) < firstDay:
		r.gate.room = max(0, DefaultMaxRegister-claimed)
	default:
		r.gate.room = -1
	}
	r.gate.limited = r.gate.room
	return pending, nil
}

// owner is a student who was given a number.
type owner struct {
	student string
	given   time.Time
	taken   bool // the base has the number
}

// precedes reports whether the number is rather o's than p's: of whoever has it
// in the base, and of the first who was given it among equals.
func (o owner) precedes(p owner) bool {
	if o.taken != p.taken {
		return o.taken
	}
	if c := o.given.Compare(p.given); c != 0 {
		return c < 0
	}
	return o.student < p.student
}

// firstOwner notes whose number it is when two records were given one number.
func (r *run) firstOwner(rec Record, owners map[ine.Number]owner) {
	o := owner{rec.Student, rec.GivenAt, !rec.WrittenAt.IsZero() || rec.Held == rec.INE.String()}
	if other, ok := owners[rec.INE]; !ok || o.precedes(other) {
		owners[rec.INE], r.owners[rec.INE] = o, rec.Student
	}
}

// own takes a number for a student, or tells which other student of the base has
// it: one person in two records.
func (r *run) own(n ine.Number, ref string) (other string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	owner, ok := r.owners[n]
	if !ok || owner != ref && !r.base.holds(owner) {
		r.owners[n] = ref
		return ""
	}
	if owner == ref {
		return ""
	}
	return owner
}

// students decides about every student of the source, several at a time.
func (r *run) students(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	jobs := make(chan job)
	var workers sync.WaitGroup
	for range r.cfg.Parallel {
		workers.Go(func() {
			for j := range jobs {
				item, err := r.decide(ctx, j.item, j.student)
				if err != nil {
					cancel(err)
					continue
				}
				r.done(item)
			}
		})
	}
	err := r.dispatch(ctx, jobs)
	close(jobs)
	workers.Wait()
	if cause := context.Cause(ctx); cause != nil && !errors.Is(cause, context.Canceled) {
		return cause
	}
	if err != nil {
		return err
	}
	return ctx.Err()
}

// dispatch reads the source and hands out the students that need thought; the
// many that need none are counted on the spot.
func (r *run) dispatch(ctx context.Context, jobs chan<- job) error {
	seq := 0
	for s, err := range r.cfg.Source.Students(ctx, r.cfg.Query) {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			row, ok := errors.AsType[*sis.RowError](err)
			if !ok {
				return fmt.Errorf("campaign: reading the student base: %w", err)
			}
			seq++
			r.saw(row.ID.String())
			r.done(Item{
				seq: seq, Student: row.ID.String(), Outcome: Unreadable, Line: row.Line, Column: row.Column, Field: row.Field, Detail: row.Err.Error(),
			})
			continue
		}
		seq++
		item, definitive := r.item(s), r.definitive(s)
		item.seq = seq
		r.saw(item.Student)
		if why, ok := r.base.counts(s, definitive); !ok {
			r.done(item.because(Duplicate, why))
			continue
		}
		if _, tracked := r.tracked[item.Student]; definitive && !tracked {
			r.done(item.because(Definitive, Reason{})) // most of a base ends here
			continue
		}
		select {
		case jobs <- job{item, s}:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return ctx.Err()
}

// saw counts a student that the source gave.
func (r *run) saw(ref string) {
	_, tracked := r.tracked[ref]
	r.mu.Lock()
	defer r.mu.Unlock()
	r.prog.Seen++
	if tracked {
		r.seen[ref] = true
	}
}

// done puts an item in the report.
func (r *run) done(item Item) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.prog.Done++
	r.report.add(item)
	if r.cfg.OnItem != nil {
		r.cfg.OnItem(item)
	}
	if r.cfg.OnProgress != nil {
		r.cfg.OnProgress(r.prog)
	}
}

// called counts a call to INES and what became of it.
func (r *run) called(op ines.Operation, err error) {
	r.mu.Lock()
	r.report.Calls[op]++
	r.prog.Calls++
	if op == ines.OpRegister {
		r.prog.Registered++
	}
	r.mu.Unlock()
	if err == nil || errors.Is(err, passerelle.ErrInvalid) && passerelle.OutcomeOf(err) == passerelle.Answered {
		r.gate.sawAnswer()
	}
	if err != nil {
		r.gate.sawError(err)
		r.log.Warn("INES did not answer the question", "operation", string(op), "outcome", passerelle.OutcomeOf(err).String(), "error", err.Error())
	}
}

// orphans lists the registrations that are pending for students whom the base no
// longer has. A query shows a part of the base only, and says nothing of the rest.
func (r *run) orphans(ctx context.Context) error {
	if q := r.cfg.Query; q.Year != 0 || !q.ModifiedSince.IsZero() || len(q.INEStates)+len(q.IDs) > 0 {
		return nil
	}
	for ref, state := range r.tracked {
		r.mu.Lock()
		met := r.seen[ref]
		r.mu.Unlock()
		if met || !state.Pending() {
			continue
		}
		rec, err := r.cfg.Ledger.Get(ctx, ref)
		if err != nil {
			return fmt.Errorf("campaign: reading the ledger: %w", err)
		}
		item := Item{Student: ref}.fromRecord(rec)
		r.mu.Lock()
		r.report.Orphans = append(r.report.Orphans, item.because(item.Outcome, because("left")))
		r.mu.Unlock()
	}
	return nil
}
