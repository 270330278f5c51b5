package campaign

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ines"
	"github.com/passerelle-sup/passerelle/sis"
)

// registerStudent claims the student, sends the registration once, and writes
// down what became of it.
func (r *run) registerStudent(ctx context.Context, item Item, rec Record, q question) (Item, error) {
	if why, ok := r.gate.admit(); !ok {
		item = item.because(Held, why)
		item.Since = rec.Since
		return item, nil
	}
	if ctx.Err() != nil {
		return item, ctx.Err()
	}
	claim := Claim{ID: rand.Text(), Student: item.Student, Identity: q.identity, At: r.cfg.Now(), ResendAfter: r.cfg.SettleAfter}
	rec, err := r.cfg.Ledger.Claim(ctx, claim)
	if refusal, ok := errors.AsType[*ClaimError](err); ok {
		r.gate.giveBack()
		return r.notGranted(ctx, item, refusal)
	}
	if err != nil {
		return item, fmt.Errorf("campaign: claiming in the ledger: %w", err)
	}
	answer, err := r.register.Register(ctx, r.request(q))
	r.called(ines.OpRegister, err)
	var settle func(Record) Record
	if err != nil {
		settle = r.registrationFailed(err)
	} else {
		settle = r.registrationAnswered(answer)
	}
	rec.Held = q.held
	if rec, err = r.putClaimed(ctx, rec, claim.ID, settle); err != nil {
		return item, err
	}
	switch rec.State {
	case StateConfirmed:
		return r.confirmed(ctx, item, rec, q)
	case StateUnknown: // nothing was sent
		return item.because(Unanswered, because("not-sent")), nil
	}
	return item.fromRecord(rec), nil
}

// putClaimed writes the end of a registration. Another run may have noted a doubt
// about the claim meanwhile: what INES answered to the claim's own sender wins.
func (r *run) putClaimed(ctx context.Context, rec Record, claim string, settle func(Record) Record) (Record, error) {
	held := rec.Held
	for {
		out, err := r.put(ctx, settle(rec))
		if !errors.Is(err, passerelle.ErrConflict) {
			return out, err
		}
		if rec, err = r.cfg.Ledger.Get(context.WithoutCancel(ctx), rec.Student); err != nil {
			return rec, fmt.Errorf("campaign: reading the ledger: %w", err)
		}
		if rec.ClaimID != claim {
			return rec, nil // claimed anew since: the newer claim answers for the student
		}
		rec.Held = held
	}
}

// notGranted is a student whose claim the ledger refuses.
func (r *run) notGranted(ctx context.Context, item Item, refusal *ClaimError) (Item, error) {
	if refusal.Student != item.Student {
		return item.because(Duplicate, because("same-identity", refusal.Student)), nil
	}
	rec, err := r.cfg.Ledger.Get(ctx, item.Student) // another run was quicker
	if err != nil {
		return item, fmt.Errorf("campaign: reading the ledger: %w", err)
	}
	return item.fromRecord(rec), nil
}

// registrationAnswered returns the change that INES's answer to a registration
// makes.
func (r *run) registrationAnswered(a ines.Answer) func(Record) Record {
	now := r.cfg.Now()
	switch a.Status {
	case ines.StatusLitige, ines.StatusRegisterError, ines.StatusIncomplete, ines.StatusInvalid:
		r.gate.registered(true)
	default:
		r.gate.registered(false)
	}
	return func(rec Record) Record { return answered(rec, a, now) }
}

// answered applies INES's answer to a registration.
func answered(rec Record, a ines.Answer, now time.Time) Record {
	rec.AskedAt = now
	rec.take(a)
	detail := a.Message
	switch a.Status {
	case ines.StatusConfirmed:
		rec.enter(StateConfirmed, now)
		rec.Outcome, detail = Created, rec.INE.String()
	case ines.StatusInProgress:
		rec.enter(StateOpen, now)
		rec.Outcome = InProgress
	case ines.StatusLitige:
		rec.enter(StateLitige, now)
		rec.Outcome = Litige
	case ines.StatusRegisterError:
		rec.refuse(Refused, now)
	case ines.StatusIncomplete:
		rec.refuse(Incomplete, now)
	case ines.StatusInvalid:
		rec.refuse(Invalid, now)
	default: // answered by a word that says neither yes nor no
		rec.enter(StateDoubtful, now)
		rec.Outcome = Doubtful
	}
	rec.add(Event{At: now, What: "registration answered", Status: string(a.Status), Code: a.Code, Detail: detail})
	return rec
}

// refuse notes that INES created nothing and says why.
func (r *Record) refuse(o Outcome, at time.Time) {
	r.enter(StateRefused, at)
	r.Outcome, r.Attempts = o, 0
}

// registrationFailed returns the change that an error of a registration makes:
// released when nothing was done, refused when INES says so, doubtful in all
// other cases.
func (r *run) registrationFailed(err error) func(Record) Record {
	now := r.cfg.Now()
	outcome := passerelle.OutcomeOf(err)
	code, message := serviceWords(err)
	notDone := errors.Is(err, passerelle.ErrUnauthorized) || errors.Is(err, passerelle.ErrForbidden) || errors.Is(err, passerelle.ErrRateLimited)
	switch {
	case outcome == passerelle.NotSent, outcome == passerelle.Answered && notDone:
		r.gate.giveBack()
		return func(rec Record) Record { return released(rec, err, now) }
	case outcome == passerelle.Answered && errors.Is(err, passerelle.ErrInvalid):
		r.gate.registered(true)
		return func(rec Record) Record {
			rec.AskedAt = now
			rec.refuse(Refused, now)
			rec.Code, rec.Message = code, message
			rec.add(Event{At: now, What: "registration refused", Code: code, Detail: message})
			return rec
		}
	default:
		return func(rec Record) Record {
			rec.enter(StateDoubtful, now)
			rec.Outcome = Doubtful
			rec.Code, rec.Message = code, message
			rec.add(Event{At: now, What: "registration sent, answer lost", Code: code, Detail: err.Error()})
			return rec
		}
	}
}

// released undoes a claim whose registration was not sent. An earlier one of the
// same student may be in doubt still.
func released(rec Record, err error, now time.Time) Record {
	rec.Attempts--
	rec.Outcome = Unanswered
	rec.add(Event{At: now, What: "registration not sent", Detail: err.Error()})
	if rec.Attempts > 0 {
		rec.Outcome = Doubtful
		rec.enter(StateDoubtful, now)
		return rec
	}
	rec.ClaimID, rec.ClaimedAt = "", time.Time{}
	rec.enter(StateUnknown, now)
	return rec
}

// writeBack hands the number to the student system when it was not handed over
// yet. A failure is told in the item and tried again by the next run.
func (r *run) writeBack(ctx context.Context, rec Record, q question) (out Record, failure string, err error) {
	if r.cfg.Writer == nil || r.cfg.DryRun || !rec.Outcome.Changed() || !rec.WrittenAt.IsZero() || q.verdict.Number == rec.INE {
		return rec, "", nil
	}
	decided := rec.Since
	update := sis.INEUpdate{
		Student: q.student.ID, Year: r.cfg.Year, Definitive: rec.INE.String(), Moment: rec.Held, DecidedAt: decided, Origin: rec.Origin,
	}
	for _, n := range rec.Alternates {
		update.Alternates = append(update.Alternates, n.String())
	}
	if err := r.cfg.Writer.WriteINE(context.WithoutCancel(ctx), update); err != nil {
		r.log.Warn("the student system did not take a number", "student", rec.Student, "error", err.Error())
		return rec, err.Error(), nil
	}
	now := r.cfg.Now()
	rec.WrittenAt = now
	rec.add(Event{At: now, What: "written back to the student system"})
	out, err = r.put(ctx, rec)
	return out, "", err
}
