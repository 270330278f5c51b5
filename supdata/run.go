package supdata

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"hash/maphash"
	"strings"
	"sync"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/sis"
)

// run is one pass over the enrolments.
type run struct {
	*Feeder
	*progress
	gate  gate
	id    string        // begins the identifiers of its claims
	slots chan struct{} // one for each call under way

	seed   maphash.Seed
	seenMu sync.Mutex
	// seen are the digests of the keys that the ledger knew before this run and that the
	// source still gives: eight bytes each, and none on a first run.
	seen map[uint64]struct{}
}

// Run feeds what is new, once, and returns the report, which comes with every
// error too: it tells what was done until then. The error is that of the context, of the
// ledger, or the fatal one of the source; what SUPDATA answers or fails to answer is
// in the report. When ctx ends, the calls under way are awaited, so that an interruption
// leaves no doubt.
func (f *Feeder) Run(ctx context.Context) (*FeedReport, error) {
	if err := f.ready(); err != nil {
		return nil, err
	}
	r := f.newRun()
	err := r.all(ctx)
	r.report.Stopped = r.gate.stopped()
	r.end()
	if err != nil {
		r.report.Stopped = err.Error()
		if ctx.Err() != nil {
			r.report.Stopped = "interrupted"
		}
	}
	return r.report, err
}

func (f *Feeder) newRun() *run {
	return &run{
		Feeder: f, gate: gate{max: f.cfg.MaxFailures}, id: rand.Text(), slots: make(chan struct{}, f.cfg.Parallel), seed: maphash.MakeSeed(), seen: make(map[uint64]struct{}),
		progress: &progress{f: f, report: &FeedReport{
			Started: f.cfg.Now(), Year: f.cfg.Year, DryRun: f.cfg.DryRun, Counts: make(map[Outcome]int),
		}},
	}
}

func (r *run) all(ctx context.Context) error {
	if r.cfg.Print != nil && !r.cfg.DryRun {
		var err error
		if r.plan, err = r.Estimate(ctx); err != nil {
			return err
		}
		fmt.Fprintf(r.cfg.Print, "supdata: %s\n", r.plan)
	}
	if err := r.enrolments(ctx); err != nil {
		return err
	}
	return r.vanished(ctx)
}

// Estimate reads the source and the ledger, calls nobody, and tells how much a run would send and
// how long that takes.
func (f *Feeder) Estimate(ctx context.Context) (Estimate, error) {
	if err := f.ready(); err != nil {
		return Estimate{}, err
	}
	e := Estimate{PerSecond: f.cfg.Client.Rate()}
	for p, err := range f.pairs(ctx) {
		if err != nil {
			return e, err
		}
		rec, err := f.record(ctx, Key(p.enrolment))
		if err != nil {
			return e, err
		}
		if f.decide(p, rec).send != nil {
			e.ToSend++
		}
	}
	return e, nil
}

// record reads the ledger; what is not there is the zero Record.
func (f *Feeder) record(ctx context.Context, key string) (Record, error) {
	rec, err := f.cfg.Ledger.Get(ctx, key)
	if errors.Is(err, passerelle.ErrNotFound) {
		return Record{}, nil
	}
	if err != nil {
		return Record{}, fmt.Errorf("supdata: reading the ledger: %w", err)
	}
	return rec, nil
}

// workersPerCall is how many enrolments are worked on for each call that may be under way:
// while one is sent, another is claimed and the answer of a third is written.
const workersPerCall = 3

// enrolments works on every enrolment of the source, several at a time.
func (r *run) enrolments(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	jobs := make(chan pair)
	var workers sync.WaitGroup
	for range r.cfg.Parallel * workersPerCall {
		workers.Go(func() {
			for p := range jobs {
				item, err := r.one(ctx, p)
				if err != nil {
					cancel(err)
					continue
				}
				r.add(item)
			}
		})
	}
	err := func() error {
		for p, err := range r.pairs(ctx) {
			if err != nil {
				return err
			}
			select {
			case jobs <- p:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		return ctx.Err()
	}()
	close(jobs)
	workers.Wait()
	if cause := context.Cause(ctx); cause != nil && !errors.Is(cause, context.Canceled) {
		return cause
	}
	return err
}

// Feed works on one enrolment, at once: for a student system that tells of each as it
// becomes final. Its error is that of the ledger or of ctx.
func (f *Feeder) Feed(ctx context.Context, s sis.Student, e sis.Enrolment) (Item, error) {
	if err := f.ready(); err != nil {
		return Item{}, err
	}
	r := f.newRun()
	item, err := r.one(ctx, pair{student: s, enrolment: e})
	if err == nil {
		r.add(item)
	}
	return item, err
}

// one decides about an enrolment and sends it, when it is to be sent.
func (r *run) one(ctx context.Context, p pair) (Item, error) {
	rec, err := r.record(ctx, Key(p.enrolment))
	if err != nil {
		return Item{}, err
	}
	r.see(rec)
	d := r.decide(p, rec)
	switch {
	case r.own(rec):
		return twice(d.item), nil
	case d.send == nil:
		return d.item, nil
	case r.cfg.DryRun:
		d.item.Outcome = Planned
		return d.item, nil
	case r.gate.stopped() != "":
		d.item.Outcome = NotTried
		return d.item, nil
	}
	return r.send(ctx, d)
}

// see notes a record whose enrolment the source still gives.
func (r *run) see(rec Record) {
	if rec.Version == 0 || r.own(rec) { // vanished leaves out what is our own
		return
	}
	r.seenMu.Lock()
	defer r.seenMu.Unlock()
	r.seen[maphash.String(r.seed, rec.Key)] = struct{}{}
}

// send claims an enrolment, sends it once, and writes down what became of it. It
// waits for its turn before it claims, so that what waits is not in doubt when the
// process dies.
func (r *run) send(ctx context.Context, d decision) (Item, error) {
	if err := r.cfg.Client.limiter.Wait(ctx); err != nil {
		if ctx.Err() != nil {
			return d.item, ctx.Err()
		}
		d.item.Outcome, d.item.Detail = Unanswered, "the limiter let nothing through"
		return d.item, nil
	}
	now := r.cfg.Now()
	claim := Claim{
		ID: r.id + "-" + rand.Text(), Key: d.item.Key, Student: d.item.Student, Sending: *d.send, Cancelling: d.cancel, Again: d.again,
		At: now, ResendAfter: r.cfg.ResendAfter,
	}
	rec, err := r.cfg.Ledger.Claim(ctx, claim)
	if refusal, ok := errors.AsType[*ClaimError](err); ok {
		return r.notGranted(ctx, d.item, refusal)
	}
	if err != nil {
		return d.item, fmt.Errorf("supdata: claiming in the ledger: %w", err)
	}
	// From here on the enrolment is in doubt until its answer is written: an interruption
	// waits for it.
	ctx = context.WithoutCancel(ctx)
	paid := true
	r.slots <- struct{}{}
	if r.gate.stopped() != "" { // while it waited
		<-r.slots
		d.item.Outcome = NotTried
		return d.item, r.put(ctx, rec, claim.ID, func(rec Record) Record { return rec.released(StateNew, now) })
	}
	resp, err := r.cfg.Client.exchange(context.WithValue(ctx, paidKey{}, &paid), *d.send)
	// A success is read while the next call is under way; a failure may be the reason
	// for which there is no next call.
	success := err == nil && resp.Err() == nil
	if success {
		<-r.slots
	}
	receipt, failure := r.cfg.Client.receipt(*d.send, resp, err)
	r.called()
	r.gate.saw(failure)
	if !success {
		<-r.slots
	}
	at := r.cfg.Now()
	settle := func(rec Record) Record {
		if rec.Sending == nil { // settled by a person meanwhile
			rec.Sending, rec.Cancelling, rec.Fingerprint = d.send, d.cancel, d.send.Fingerprint()
		}
		return rec.recorded(receipt.ID, at)
	}
	d.item.Outcome, d.item.ID = d.success(), receipt.ID
	if len(receipt.Differs) > 0 {
		d.item.Detail = fmt.Sprintf("SUPDATA repeats %v otherwise than sent", receipt.Differs)
	}
	if failure != nil {
		r.log.Warn("SUPDATA did not take an enrolment", "student", d.item.Student, "outcome", passerelle.OutcomeOf(failure).String(), "error", failure.Error())
		d.item, settle = failed(d.item, rec, failure, at)
	}
	return d.item, r.put(ctx, rec, claim.ID, settle)
}

// success is the outcome of a sending that was recorded.
func (d decision) success() Outcome {
	switch {
	case d.cancel:
		return CancelSent
	case d.again:
		return Resent
	}
	return Fed
}

// failed tells what a failure means: nothing was recorded, and why, or a doubt.
func failed(item Item, rec Record, failure error, at time.Time) (Item, func(Record) Record) {
	item.ID = rec.ID
	item.Detail, item.HTTP, item.UID = said(failure)
	outcome := passerelle.OutcomeOf(failure)
	switch {
	case outcome == passerelle.Answered && (errors.Is(failure, passerelle.ErrInvalid) || errors.Is(failure, passerelle.ErrNotFound)):
		item.Outcome = Refused
		return item, func(r Record) Record {
			r = r.released(StateRefused, at)
			r.HTTP, r.UID = item.HTTP, item.UID
			return r
		}
	case outcome != passerelle.Unknown:
		item.Outcome = Unanswered
		if rec.Doubts > 0 {
			item.Outcome = Doubtful
		}
		return item, func(r Record) Record { return r.released(StateNew, at) }
	}
	item.Outcome = Doubtful
	return item, func(r Record) Record {
		r.State, r.Since, r.HTTP, r.UID = StateDoubtful, at, item.HTTP, item.UID
		return r
	}
}

// put writes the end of a sending. Someone else may have written the record meanwhile: what
// SUPDATA recorded is never dropped for that; a failure is, when the claim is no longer ours.
func (r *run) put(ctx context.Context, rec Record, claim string, settle func(Record) Record) error {
	for {
		next := settle(rec)
		_, err := r.cfg.Ledger.Put(ctx, next)
		if err == nil {
			return nil
		}
		if !errors.Is(err, passerelle.ErrConflict) {
			return fmt.Errorf("supdata: writing the ledger: %w", err)
		}
		if rec, err = r.cfg.Ledger.Get(ctx, rec.Key); err != nil {
			return fmt.Errorf("supdata: reading the ledger: %w", err)
		}
		ours := rec.ClaimID == claim && rec.State.Pending()
		if recorded := next.State == StateFed || next.State == StateCancelled; !ours && (!recorded || rec.ID == next.ID) {
			return nil // claimed anew, or settled by a person
		}
	}
}

// own reports whether this run has claimed a record already: the source gave it before.
func (r *run) own(rec Record) bool { return rec.ClaimID != "" && strings.HasPrefix(rec.ClaimID, r.id) }

func twice(item Item) Item {
	item.Outcome, item.Fields, item.From, item.To = Duplicate, nil, "", ""
	item.Detail = "the source gives this enrolment twice"
	return item
}

// notGranted is an enrolment that the ledger does not let through.
func (r *run) notGranted(ctx context.Context, item Item, refusal *ClaimError) (Item, error) {
	if refusal.Key != item.Key {
		item.Outcome, item.Detail = Duplicate, "another enrolment of the source is the same to SUPDATA: "+refusal.Key
		return item, nil
	}
	rec, err := r.record(ctx, item.Key)
	r.see(rec)
	switch {
	case err != nil:
		return item, err
	case r.own(rec):
		return twice(item), nil
	case refusal.State.Pending():
		item.Outcome, item.Detail = Doubtful, "another run is sending it, or died while it did"
	default:
		item.Outcome = Unchanged // another run was quicker
	}
	return item, nil
}

// vanished lists what was fed, or may have been, and is no longer in the source. The
// year of another season is none of this run's.
func (r *run) vanished(ctx context.Context) error {
	for rec, err := range r.cfg.Ledger.Records(ctx) {
		if err != nil {
			return fmt.Errorf("supdata: reading the ledger: %w", err)
		}
		known := rec.State == StateFed || rec.State.Pending()
		if !known || r.own(rec) || rec.ClaimedAt.After(r.report.Started) || !r.ofYear(rec) {
			continue
		}
		if _, met := r.seen[maphash.String(r.seed, rec.Key)]; met {
			continue
		}
		item := Item{Key: rec.Key, Student: rec.Student, ID: rec.ID, Outcome: NoLongerFed, Detail: "the enrolment is no longer in the student system"}
		if rec.Fed != nil {
			item.From = rec.Fed.Status
		}
		if rec.State.Pending() {
			item.Outcome, item.Detail = Doubtful, "sent, the answer is not known, and the enrolment is no longer in the student system"
		}
		r.add(item)
	}
	return nil
}

// ofYear reports whether a record belongs to the year of the run.
func (r *run) ofYear(rec Record) bool {
	return r.cfg.Year == 0 || keyYear(rec.Key, rec.Student) == fmt.Sprintf("%04d", r.cfg.Year)
}

// keyYear cuts the year out of a Key.
func keyYear(key, student string) string {
	if rest := key[min(len(key), len(student)+1):]; len(rest) >= 4 {
		return rest[:4]
	}
	return ""
}
