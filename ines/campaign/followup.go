package campaign

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ine"
	"github.com/passerelle-sup/passerelle/ines"
	"github.com/passerelle-sup/passerelle/uai"
)

const (
	// followUpMargin is taken off the date from which answers are asked for, because
	// clocks and zones differ.
	followUpMargin = 24 * time.Hour
	// overdue is how long a registration may be under way or in litige before the
	// person is searched for, and before someone in the school is told.
	overdue = 14 * 24 * time.Hour
	// maxRequestIDs is how many registrations are asked about by reference at once.
	maxRequestIDs = 100
)

// followUp reads what became of the registrations that earlier runs left open,
// establishment by establishment. A follow-up that fails is no reason to stop: the
// students stay as they are.
func (r *run) followUp(ctx context.Context, pending []Record) error {
	groups := make(map[string][]Record)
	for _, rec := range pending {
		groups[rec.UAI] = append(groups[rec.UAI], rec)
	}
	for code, records := range groups {
		asked := r.cfg.UAI
		if parsed, err := uai.Parse(code); err == nil {
			asked = parsed
		}
		f := &follow{run: r, uai: asked, byStudent: map[string]Record{}, byRequest: map[string]string{}, told: map[string]bool{}}
		if err := f.all(ctx, records); err != nil {
			return err
		}
		r.followed[code] = f.failure == nil
	}
	return ctx.Err()
}

// follow is the follow-up of one establishment.
type follow struct {
	*run
	uai       uai.Code
	byStudent map[string]Record
	byRequest map[string]string
	told      map[string]bool // students of whom INES said something
	failure   error
}

// all asks for everything that changed since the first claim, then by reference
// for what was not in it.
func (f *follow) all(ctx context.Context, records []Record) error {
	since := f.cfg.Now()
	for _, rec := range records {
		f.byStudent[rec.Student] = rec
		if rec.RequestID != "" {
			f.byRequest[rec.RequestID] = rec.Student
		}
		if rec.ClaimedAt.Before(since) {
			since = rec.ClaimedAt
		}
	}
	if err := f.read(ctx, ines.FollowUpRequest{UAI: f.uai, Since: since.Add(-followUpMargin)}); err != nil {
		return err
	}
	var ids []string
	for id, student := range f.byRequest {
		if !f.told[student] {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	for part := range slices.Chunk(ids, maxRequestIDs) {
		if f.failure != nil {
			break
		}
		if err := f.read(ctx, ines.FollowUpRequest{UAI: f.uai, RequestIDs: part}); err != nil {
			return err
		}
	}
	return nil
}

// read applies the answers to one request.
func (f *follow) read(ctx context.Context, request ines.FollowUpRequest) error {
	var failure error
	for a, err := range f.follower.FollowUp(ctx, request) {
		if err != nil {
			failure = err
			continue
		}
		if err := f.apply(ctx, a); err != nil {
			return err
		}
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	f.called(ines.OpFollowUp, failure)
	f.failure = failure
	return nil
}

// apply writes one answer to the record that it is about.
func (f *follow) apply(ctx context.Context, a ines.Answer) error {
	student := a.Student
	if by, ok := f.byRequest[a.RequestID]; ok {
		student = by
	}
	rec, ok := f.byStudent[student]
	if !ok {
		return nil
	}
	f.told[student] = true
	next, changed := followed(rec, a, f.cfg.Now())
	if !changed {
		return nil
	}
	next, err := f.put(ctx, next)
	if errors.Is(err, passerelle.ErrConflict) {
		return nil // another run follows up too
	}
	if err != nil {
		return err
	}
	f.byStudent[student] = next
	return nil
}

// followed applies an answer of a follow-up to a pending record. An answer about
// an earlier registration of the same student counts only when it gives a number.
func followed(rec Record, a ines.Answer, now time.Time) (Record, bool) {
	if !rec.State.Pending() || a.Check() != nil {
		return rec, false
	}
	if a.Status != ines.StatusConfirmed && a.RequestID != "" {
		other := rec.RequestID != "" && a.RequestID != rec.RequestID
		if other || slices.Contains(rec.Closed, a.RequestID) {
			return rec, false
		}
	}
	var state State
	switch a.Status {
	case ines.StatusConfirmed:
		state = StateConfirmed
	case ines.StatusInProgress:
		state = StateOpen
	case ines.StatusLitige:
		state = StateLitige
	case ines.StatusRegisterError, ines.StatusIncomplete, ines.StatusInvalid:
		state = StateRefused
	default:
		return rec, false // "unknown" proves nothing about a registration
	}
	if state == rec.State && a.Code == rec.Code && a.Message == rec.Message && (a.RequestID == "" || a.RequestID == rec.RequestID) {
		return rec, false // said before
	}
	a.Operation = ines.OpFollowUp
	rec.AskedAt, rec.AskedIdentity, rec.AskedHeld = now, rec.Identity, rec.Held
	rec = answered(rec, a, now)
	rec.History[len(rec.History)-1].What = string(ines.OpFollowUp)
	return rec, true
}

// pending is a student whose registration is, or may be, in INES's hands. A
// doubtful one is searched for: finding the person ends the doubt, finding nobody
// does not, unless the caller allows sending again after SettleAfter. One under
// way or in litige is left to the follow-up, until the base holds a definitive
// number or the time is long.
func (r *run) pending(ctx context.Context, item Item, rec Record, q question) (Item, error) {
	typed := q.verdict.Status == ine.StatusDefinitive // the school has found the number
	waits := rec.State == StateOpen || rec.State == StateLitige
	late := waits && r.cfg.Now().Sub(rec.Since) >= overdue && !r.askedLately(rec, q)
	if r.cfg.DryRun || waits && !typed && !late || q.identity == "" && !typed {
		return item.fromRecord(rec), nil
	}
	if why, ok := r.gate.calls(); !ok {
		item = item.fromRecord(rec)
		return item.because(item.Outcome, why), nil
	}
	ask := r.search
	if typed {
		ask = r.verifyOrSearch
	}
	answer, err := ask(ctx, q)
	if ctx.Err() != nil {
		return item, ctx.Err()
	}
	if err != nil {
		return item.fromRecord(rec), nil
	}
	now := r.cfg.Now()
	switch {
	case answer.Status == ines.StatusConfirmed:
		rec.AskedAt, rec.AskedIdentity, rec.AskedHeld = now, q.identity, q.held
		rec.take(answer, now)
		rec.State, rec.Identity, rec.Held = StateConfirmed, q.identity, q.held
		outcome := Created
		if typed {
			outcome = outcomeOfNumber(q, answer)
		}
		rec.conclude(outcome, now)
		rec.add(Event{At: now, What: "settled by a search", Status: string(answer.Status), Detail: rec.INE.String()})
		if rec, err = r.put(ctx, rec); err != nil {
			return item, err
		}
		return r.given(ctx, item, rec, q)
	case !waits && answer.Status == ines.StatusUnknown && r.mayResend(rec, q):
		return r.registerStudent(ctx, item, rec, q)
	case rec.State == StateClaimed:
		rec.State = StateDoubtful
		rec.conclude(Doubtful, now)
		rec.add(Event{At: now, What: "the sender of the registration ended without an answer", Status: string(answer.Status)})
	case late:
		rec.AskedAt, rec.AskedIdentity, rec.AskedHeld = now, q.identity, q.held
		rec.add(Event{At: now, What: string(ines.OpSearch), Status: string(answer.Status), Code: answer.Code})
	default:
		return item.fromRecord(rec), nil
	}
	if rec, err = r.put(ctx, rec); err != nil {
		return item, err
	}
	return item.fromRecord(rec), nil
}

// mayResend reports whether a doubtful student whom INES does not know may be
// sent again: the caller allows it, it is the same person, and INES could say in
// this run that it has the first registration.
func (r *run) mayResend(rec Record, q question) bool {
	return r.cfg.SettleAfter > 0 && r.cfg.Now().Sub(rec.ClaimedAt) >= r.cfg.SettleAfter &&
		registrable(q.verdict) && rec.Identity == q.identity && r.followed[rec.UAI]
}
