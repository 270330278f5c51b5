package campaign

import (
	"context"
	"errors"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ines"
)

// followUpMargin is taken off the date from which answers are asked for, because
// clocks differ.
const followUpMargin = time.Hour

// followUp reads what became of the registrations that earlier runs left open.
// A follow-up that fails is no reason to stop: the students stay as they are.
func (r *run) followUp(ctx context.Context, pending []Record) error {
	byStudent := make(map[string]Record, len(pending))
	byRequest := make(map[string]string, len(pending))
	since := r.cfg.Now()
	for _, rec := range pending {
		byStudent[rec.Student] = rec
		if rec.RequestID != "" {
			byRequest[rec.RequestID] = rec.Student
		}
		if rec.ClaimedAt.Before(since) {
			since = rec.ClaimedAt
		}
	}
	request := ines.FollowUpRequest{UAI: r.cfg.UAI, Since: since.Add(-followUpMargin)}
	var failure error
	for a, err := range r.follower.FollowUp(ctx, request) {
		if err != nil {
			failure = err
			continue
		}
		student := a.Student
		if by, ok := byRequest[a.RequestID]; ok {
			student = by
		}
		rec, ok := byStudent[student]
		if !ok {
			continue
		}
		next, changed := followed(rec, a, r.cfg.Now())
		if !changed {
			continue
		}
		next, err := r.put(ctx, next)
		if errors.Is(err, passerelle.ErrConflict) {
			continue // another run follows up too
		}
		if err != nil {
			return err
		}
		byStudent[student] = next
	}
	r.called(ines.OpFollowUp, failure)
	return ctx.Err()
}

// followed applies an answer of a follow-up to a pending record.
func followed(rec Record, a ines.Answer, now time.Time) (Record, bool) {
	if !rec.State.Pending() {
		return rec, false // a repeated answer
	}
	var (
		state   State
		outcome Outcome
	)
	switch a.Status {
	case ines.StatusConfirmed:
		if a.Master.IsZero() {
			return rec, false
		}
		state, outcome = StateConfirmed, Created
	case ines.StatusInProgress:
		state, outcome = StateOpen, InProgress
	case ines.StatusLitige:
		state, outcome = StateLitige, Litige
	case ines.StatusRegisterError:
		state, outcome = StateRefused, Refused
	case ines.StatusIncomplete:
		state, outcome = StateRefused, Incomplete
	case ines.StatusInvalid:
		state, outcome = StateRefused, Invalid
	default:
		return rec, false // "unknown" proves nothing about a registration
	}
	if state == rec.State && a.Code == rec.Code && a.Message == rec.Message && (a.RequestID == "" || a.RequestID == rec.RequestID) {
		return rec, false
	}
	a.Operation = ines.OpFollowUp
	rec.take(a)
	rec.AskedAt = now
	rec.enter(state, now)
	rec.Outcome = outcome
	if state == StateRefused {
		rec.refuse(outcome, now)
	}
	rec.add(Event{At: now, What: string(ines.OpFollowUp), Status: string(a.Status), Code: a.Code, Detail: a.Message})
	return rec, true
}

// pending is a student whose registration is, or may be, in INES's hands. A
// doubtful one is searched for: finding the person ends the doubt, finding nobody
// does not, unless the caller allows sending again after SettleAfter.
func (r *run) pending(ctx context.Context, item Item, rec Record, q question) (Item, error) {
	if rec.State == StateOpen || rec.State == StateLitige || r.cfg.DryRun {
		return item.fromRecord(rec), nil
	}
	item.Outcome = Doubtful
	why, ok := r.gate.calls()
	if !ok || q.identity == "" {
		item = item.fromRecord(rec)
		if !ok {
			item = item.because(item.Outcome, why)
		}
		return item, nil
	}
	answer, err := r.searcher.Search(ctx, ines.SearchRequest{Person: q.student.Person})
	r.called(ines.OpSearch, err)
	if ctx.Err() != nil {
		return item, ctx.Err()
	}
	if err != nil {
		return item.fromRecord(rec), nil
	}
	now := r.cfg.Now()
	switch {
	case answer.Status == ines.StatusConfirmed:
		rec.take(answer)
		rec.AskedAt = now
		rec.enter(StateConfirmed, now)
		rec.Outcome = Created
		rec.add(Event{At: now, What: "doubt settled by a search", Status: string(answer.Status), Detail: rec.INE.String()})
		if rec, err = r.put(ctx, rec); err != nil {
			return item, err
		}
		return r.confirmed(ctx, item, rec, q)
	case answer.Status == ines.StatusUnknown && r.cfg.SettleAfter > 0 && now.Sub(rec.ClaimedAt) >= r.cfg.SettleAfter && registrable(q.verdict):
		return r.registerStudent(ctx, item, rec, q)
	case rec.State == StateClaimed:
		rec.enter(StateDoubtful, now)
		rec.Outcome = Doubtful
		rec.add(Event{At: now, What: "the sender of the registration ended without an answer", Status: string(answer.Status)})
		if rec, err = r.put(ctx, rec); err != nil {
			return item, err
		}
	}
	return item.fromRecord(rec), nil
}
