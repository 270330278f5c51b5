package cnr

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp"
)

// Handler does what a notification asks for: sends it to the partner ([Outbox]), or
// fetches the objects that it names ([Inbox]). It gives up when ctx ends. It may be
// called twice with the same objects. Some objects that failed while others did not
// are a *[PartError].
type Handler func(ctx context.Context, n Notification) error

// PartError says that some objects of a notification failed. The others are done.
type PartError struct {
	Failed map[string]error // by identifier
}

// Error returns how many failed.
func (e *PartError) Error() string {
	return fmt.Sprintf("cnr: %d objects of a notification failed", len(e.Failed))
}

// Work is how a queue is worked off. The zero value of each field is the value
// named there.
type Work struct {
	Workers int           // notifications under way at the same time, to different institutions; 4
	Batch   int           // entries claimed at once, of one route; 50
	Lease   time.Duration // how long they are kept from others; a message has nine tenths of it; 5 minutes
	Poll    time.Duration // how often a store that others write to is looked at; 5 seconds
	Expiry  time.Duration // after the newest change of an object, when it is given up; 24 hours
	Keep    time.Duration // how long final entries are kept; 30 days, negative for ever
	// Backoff is how long an entry waits after its failed try with a number from 1.
	// Nil is [Backoff].
	Backoff func(attempt int) time.Duration
	Logger  *slog.Logger // nil logs nothing
}

// Backoff is one minute after the first failure, doubled after each up to four
// hours, less up to a fifth by chance so that hosts that came back are not met by all
// at once. The steps are deduced, not published.
func Backoff(attempt int) time.Duration {
	d := min(time.Minute<<min(max(attempt-1, 0), 10), 4*time.Hour)
	return d - time.Duration(rand.Int64N(int64(d/5)))
}

func (w Work) check(faults *passerelle.FieldErrors) Work {
	for name, v := range map[string]int64{
		"Workers": int64(w.Workers), "Batch": int64(w.Batch), "Lease": int64(w.Lease), "Poll": int64(w.Poll), "Expiry": int64(w.Expiry),
	} {
		if v < 0 {
			faults.Add("Work."+name, "range", "0 for the default, or more")
		}
	}
	w.Workers = orElse(w.Workers, 4)
	w.Batch = orElse(w.Batch, 50)
	w.Lease = orElse(w.Lease, 5*time.Minute)
	w.Poll = orElse(w.Poll, 5*time.Second)
	w.Expiry = orElse(w.Expiry, 24*time.Hour)
	w.Keep = orElse(w.Keep, 30*24*time.Hour)
	if w.Backoff == nil {
		w.Backoff = Backoff
	}
	if w.Logger == nil {
		w.Logger = slog.New(slog.DiscardHandler)
	}
	return w
}

func orElse[T comparable](v, otherwise T) T {
	var zero T
	if v == zero {
		return otherwise
	}
	return v
}

// worker works off one queue.
type worker struct {
	Work
	queue Queue
	do    Handler
	limit func(Route) int
	wake  chan struct{}
}

func newWorker(q Queue, do Handler, limit func(Route) int, w Work) *worker {
	if limit == nil {
		limit = func(Route) int { return 1 }
	}
	return &worker{Work: w, queue: q, do: do, limit: limit, wake: make(chan struct{}, 1)}
}

// nudge tells one sleeping goroutine of run that there is work.
func (w *worker) nudge() {
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// run works until ctx ends. What is under way then is released.
func (w *worker) run(ctx context.Context) {
	var all sync.WaitGroup
	for range w.Workers {
		all.Go(func() {
			for ctx.Err() == nil {
				found, err := w.once(ctx)
				if err != nil && ctx.Err() == nil {
					w.Logger.ErrorContext(ctx, "cnr: queue failed", "error", err)
				}
				if err != nil || !found {
					w.sleep(ctx)
				}
			}
		})
	}
	if w.Keep > 0 {
		all.Go(func() { w.purge(ctx) })
	}
	all.Wait()
}

// sleep waits until an entry is ready, somebody nudges, or Poll is over.
func (w *worker) sleep(ctx context.Context) {
	wait := w.Poll
	if next, err := w.queue.Next(ctx); err == nil && !next.IsZero() {
		// At least a moment: what is ready may be held back by a message under way.
		wait = min(wait, max(time.Until(next), w.Poll/50))
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	case <-w.wake:
	}
}

func (w *worker) purge(ctx context.Context) {
	tick := time.NewTicker(time.Hour)
	defer tick.Stop()
	for {
		if _, err := w.queue.Purge(ctx, time.Now().Add(-w.Keep)); err != nil && ctx.Err() == nil {
			w.Logger.ErrorContext(ctx, "cnr: purge failed", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// once claims entries of one route and does them. It reports whether there were any.
func (w *worker) once(ctx context.Context) (bool, error) {
	now := time.Now()
	claimed, err := w.queue.Claim(ctx, now, now.Add(w.Lease), w.Batch)
	if err != nil || len(claimed) == 0 {
		return false, err
	}
	w.nudge() // there may be more, to others
	route := claimed[0].Change.Route
	within, cancel := context.WithDeadline(ctx, now.Add(w.Lease/10*9))
	defer cancel()
	limit := max(w.limit(route), 1)
	for len(claimed) > 0 {
		if within.Err() != nil {
			return true, w.release(ctx, claimed, time.Now())
		}
		part := claimed[:min(limit, len(claimed))]
		claimed = claimed[len(part):]
		n := Notification{Route: route}
		for _, e := range part {
			n.IDs = append(n.IDs, e.Change.ID)
		}
		failure := w.do(within, n)
		if ctx.Err() != nil && failure != nil { // we are told to stop: that is no failure of the partner
			return true, w.release(ctx, slices.Concat(part, claimed), time.Now())
		}
		next, err := w.settle(ctx, part, failure)
		if err != nil {
			return true, err
		}
		if silent(failure) { // the others would hear nothing either
			return true, w.release(ctx, claimed, next)
		}
	}
	return true, nil
}

// settle gives the entries of one message their result and returns when the first of
// those that failed is tried again.
func (w *worker) settle(ctx context.Context, part []Entry, failure error) (next time.Time, err error) {
	at := time.Now()
	var done []Entry
	failed, isPart := errors.AsType[*PartError](failure)
	for _, e := range part {
		cause := failure
		if isPart {
			cause = failed.Failed[e.Change.ID]
		}
		if cause == nil {
			done = append(done, e)
			continue
		}
		r := w.judge(e, cause, at)
		if r.State == Waiting && (next.IsZero() || r.Due.Before(next)) {
			next = r.Due
		}
		w.log(ctx, e, r)
		err = errors.Join(err, w.give(ctx, r, e))
	}
	if next.IsZero() {
		next = at
	}
	if len(done) > 0 {
		err = errors.Join(err, w.give(ctx, Result{At: at, State: Done, Tried: true, Status: 200}, done...))
	}
	return next, err
}

// give settles, even when we are told to stop. A claim that was lost is no error:
// whoever has it settles.
func (w *worker) give(ctx context.Context, r Result, claimed ...Entry) error {
	err := w.queue.Settle(context.WithoutCancel(ctx), r, claimed...)
	if errors.Is(err, passerelle.ErrConflict) {
		w.Logger.WarnContext(ctx, "cnr: a lease ended before its message", "route", claimed[0].Change.Route)
		return nil
	}
	return err
}

// release gives back entries that were not tried.
func (w *worker) release(ctx context.Context, claimed []Entry, due time.Time) error {
	if len(claimed) == 0 {
		return nil
	}
	return w.give(ctx, Result{At: time.Now(), State: Waiting, Due: due}, claimed...)
}

// judge says what becomes of an entry that failed.
func (w *worker) judge(e Entry, cause error, at time.Time) Result {
	r := Result{At: at, Tried: true, Status: status(cause), Reason: reason(cause), Said: said(cause)}
	end := e.Changed.Add(w.Expiry)
	switch {
	case isFinal(cause):
		r.State = Refused
	case !at.Before(end):
		r.State = Expired
	default:
		r.State, r.Due = Waiting, at.Add(w.Backoff(e.Attempts+1))
		if r.Due.After(end) {
			r.Due = end // once more at the end
		}
	}
	return r
}

func (w *worker) log(ctx context.Context, e Entry, r Result) {
	level := slog.LevelInfo
	if r.State != Waiting {
		level = slog.LevelError // somebody has to look
	}
	w.Logger.Log(ctx, level, "cnr: not done", "change", e.Change, "state", string(r.State), "attempt", e.Attempts+1, "status", r.Status, "reason", r.Reason)
}

// status is that of the answer that err tells of, 0 for none.
func status(err error) int {
	if e, ok := errors.AsType[*ewp.Error](err); ok {
		return e.Status
	}
	return 0
}

// isFinal reports whether the same message would fail again for ever: the
// specification has 4xx not repeated. The three that speak of the moment are tried
// again [deduced], and what could never be sent is not.
func isFinal(err error) bool {
	if s := status(err); s != 0 {
		return s/100 == 4 && s != 408 && s != 425 && s != 429
	}
	_, ok := errors.AsType[passerelle.FieldErrors](err)
	return ok
}

// silent reports whether the partner answered nothing, or that it cannot now.
func silent(err error) bool {
	if _, isPart := errors.AsType[*PartError](err); isPart || err == nil || isFinal(err) {
		return false
	}
	switch status(err) {
	case 0:
		return passerelle.OutcomeOf(err) != passerelle.Answered
	case 408, 429, 502, 503, 504:
		return true
	}
	return false
}

// reason is an error in words without personal data: errors of this module have no
// other, those of a caller's Handler are not known to.
func reason(err error) string {
	if e, ok := errors.AsType[*ewp.Error](err); ok {
		return e.Error()
	}
	if e, ok := errors.AsType[passerelle.FieldErrors](err); ok {
		return e.Error()
	}
	for _, class := range []error{context.DeadlineExceeded, passerelle.ErrUnavailable, passerelle.ErrProtocol, passerelle.ErrRateLimited,
		passerelle.ErrNotFound, passerelle.ErrInvalid, passerelle.ErrConflict, passerelle.ErrForbidden, passerelle.ErrUnauthorized} {
		if errors.Is(err, class) {
			return class.Error()
		}
	}
	return "failed"
}

// said is what the partner wrote, or else the text of the error: both may be personal.
func said(err error) string {
	if e, ok := errors.AsType[*ewp.Error](err); ok {
		if e.Response != nil && e.Response.DeveloperMessage != "" {
			return e.Response.DeveloperMessage
		}
		return string(e.Raw[:min(len(e.Raw), maxSaid)])
	}
	return err.Error()
}
