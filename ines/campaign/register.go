package campaign

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ines"
)

// registerStudent claims the student, sends the registration once, and writes
// down what became of it.
func (r *run) registerStudent(ctx context.Context, item Item, rec Record, q question) (Item, error) {
	if why, ok := r.gate.admit(); !ok {
		item.Since = rec.Since
		return item.because(Held, why), nil
	}
	if ctx.Err() != nil {
		return item, ctx.Err()
	}
	claim := Claim{
		ID: rand.Text(), Student: item.Student, Identity: q.identity, Held: q.held, UAI: r.cfg.UAI.String(), At: r.cfg.Now(), ResendAfter: r.cfg.SettleAfter,
	}
	rec, err := r.cfg.Ledger.Claim(ctx, claim)
	if refusal, ok := errors.AsType[*ClaimError](err); ok {
		r.gate.giveBack()
		return r.notGranted(ctx, item, refusal)
	}
	if err != nil {
		return item, fmt.Errorf("campaign: claiming in the ledger: %w", err)
	}
	answer, err := r.register.Register(ctx, r.request(q))
	if err == nil {
		err = usable(answer)
	}
	r.called(ines.OpRegister, err)
	var settle func(Record) Record
	if err != nil {
		settle = r.registrationFailed(err)
	} else {
		settle = r.registrationAnswered(q, answer)
	}
	if rec, err = r.putClaimed(ctx, rec, claim.ID, settle); err != nil {
		return item, err
	}
	switch {
	case !rec.INE.IsZero():
		return r.given(ctx, item, rec, q)
	case rec.State == StateUnknown:
		return item.because(Unanswered, because("not-sent")), nil
	}
	return item.fromRecord(rec), nil
}

// putClaimed writes the end of a registration. Somebody else may have written
// about the student meanwhile: another run that noted a doubt, or found the number;
// a person who thought that the registration had never arrived. INES's own answer
// to the registration is never dropped for that.
func (r *run) putClaimed(ctx context.Context, rec Record, claim string, settle func(Record) Record) (Record, error) {
	for {
		next := settle(rec)
		out, err := r.put(ctx, next)
		if !errors.Is(err, passerelle.ErrConflict) {
			return out, err
		}
		if rec, err = r.cfg.Ledger.Get(context.WithoutCancel(ctx), rec.Student); err != nil {
			return rec, fmt.Errorf("campaign: reading the ledger: %w", err)
		}
		told := next.State == StateConfirmed || next.State == StateOpen || next.State == StateLitige
		if !rec.INE.IsZero() && next.State != StateConfirmed || rec.ClaimID != claim && !told {
			return rec, nil
		}
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
func (r *run) registrationAnswered(q question, a ines.Answer) func(Record) Record {
	now := r.cfg.Now()
	switch a.Status {
	case ines.StatusLitige, ines.StatusRegisterError, ines.StatusIncomplete, ines.StatusInvalid:
		r.gate.registered(true)
	default:
		r.gate.registered(false)
	}
	return func(rec Record) Record {
		rec.AskedAt, rec.AskedIdentity, rec.AskedHeld = now, q.identity, q.held
		return answered(rec, a, now)
	}
}

// answered applies INES's answer to a registration.
func answered(rec Record, a ines.Answer, now time.Time) Record {
	rec.take(a, now)
	rec.Attempts = max(1, rec.Attempts)
	detail := a.Message
	switch a.Status {
	case ines.StatusConfirmed:
		rec.State = StateConfirmed
		rec.conclude(Created, now)
		detail = rec.INE.String()
	case ines.StatusInProgress:
		rec.State = StateOpen
		rec.conclude(InProgress, now)
	case ines.StatusLitige:
		rec.State = StateLitige
		rec.conclude(Litige, now)
	case ines.StatusRegisterError:
		rec.refuse(Refused, now)
	case ines.StatusIncomplete:
		rec.refuse(Incomplete, now)
	case ines.StatusInvalid:
		rec.refuse(Invalid, now)
	default: // answered by a word that says neither yes nor no
		rec.State = StateDoubtful
		rec.conclude(Doubtful, now)
	}
	rec.add(Event{At: now, What: "registration answered", Status: string(a.Status), Code: a.Code, Detail: detail})
	return rec
}

// refuse notes that INES created nothing for the last registration. An earlier
// one of the same student may have arrived all the same: the doubt about it stays.
func (r *Record) refuse(o Outcome, at time.Time) {
	r.close()
	if r.Attempts > 1 {
		r.State = StateDoubtful
		r.conclude(Doubtful, at)
		return
	}
	r.State, r.Attempts = StateRefused, 0
	r.conclude(o, at)
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
			rec.AskedAt, rec.AskedIdentity, rec.AskedHeld = now, rec.Identity, rec.Held
			rec.Code, rec.Message = code, message
			rec.add(Event{At: now, What: "registration refused", Code: code, Detail: message})
			rec.refuse(Refused, now)
			return rec
		}
	default:
		return func(rec Record) Record {
			rec.State = StateDoubtful
			rec.conclude(Doubtful, now)
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
	rec.add(Event{At: now, What: "registration not sent", Detail: err.Error()})
	if rec.Attempts > 0 {
		rec.State = StateDoubtful
		rec.conclude(Doubtful, now)
		return rec
	}
	rec.ClaimID, rec.ClaimedAt = "", time.Time{}
	rec.State = StateUnknown
	rec.conclude(Unanswered, now)
	return rec
}
