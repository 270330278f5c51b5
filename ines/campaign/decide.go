package campaign

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ine"
	"github.com/passerelle-sup/passerelle/ines"
	"github.com/passerelle-sup/passerelle/sis"
)

// settledByItself gives the item of a student whose number needs no question:
// definitive in its current form, or confirmed by INES according to the base. Most
// of a base ends here, without the ledger being read.
func (r *run) settledByItself(s sis.Student) (Item, bool) {
	if len(r.tracked) > 0 && r.tracked[s.ID.String()] {
		return Item{}, false
	}
	v := r.cfg.Rules.Judge(s.INE)
	if v.Status != ine.StatusDefinitive || (v.Family != ine.RNIE && s.INEState != sis.INEVerified) {
		return Item{}, false
	}
	item := r.item(s)
	item.Outcome = Definitive
	return item, true
}

// item starts the report line of a student.
func (r *run) item(s sis.Student) Item {
	item := Item{Student: s.ID.String(), Line: s.Provenance.Line}
	if r.cfg.SplitKey != nil {
		item.Key = r.cfg.SplitKey(s)
	}
	return item
}

// decide finds the outcome of one student, asking INES where it must. Its error
// is one of the ledger or the context and ends the run.
func (r *run) decide(ctx context.Context, s sis.Student) (Item, error) {
	const most = 5
	for attempt := 1; ; attempt++ {
		item, err := r.decideOnce(ctx, s)
		// Another run wrote about the student meanwhile: look again. Whatever was
		// claimed before has been written by then, see putClaimed.
		if !errors.Is(err, passerelle.ErrConflict) || attempt == most {
			return item, err
		}
	}
}

func (r *run) decideOnce(ctx context.Context, s sis.Student) (Item, error) {
	item := r.item(s)
	rec, err := r.cfg.Ledger.Get(ctx, item.Student)
	if errors.Is(err, passerelle.ErrNotFound) {
		rec, err = Record{Student: item.Student}, nil
	}
	if err != nil {
		return item, fmt.Errorf("campaign: reading the ledger: %w", err)
	}
	q := question{
		student: s, verdict: r.cfg.Rules.Judge(s.INE), identity: Fingerprint(s.Person), held: strings.TrimSpace(s.INE),
	}
	switch {
	case rec.State.Pending():
		return r.pending(ctx, item, rec, q)
	case rec.State == StateConfirmed && (q.held == rec.Held || q.verdict.Number == rec.INE):
		return r.confirmed(ctx, item, rec, q)
	case rec.State == StateRefused && rec.Identity == q.identity && rec.Held == q.held:
		return item.fromRecord(rec), nil
	case r.askedLately(rec, q) && rec.State != StateUnknown:
		return item.fromRecord(rec), nil
	}
	return r.ask(ctx, item, rec, q)
}

// question is what a run wants to know about a student.
type question struct {
	student  sis.Student
	verdict  ine.Verdict
	identity string // fingerprint of the civil identity; "" when it is incomplete
	held     string // the number in the base, trimmed
}

// askedLately reports whether INES answered this very question not long ago.
func (r *run) askedLately(rec Record, q question) bool {
	return !rec.AskedAt.IsZero() && rec.Identity == q.identity && rec.Held == q.held && r.cfg.Now().Sub(rec.AskedAt) < r.cfg.RecheckAfter
}

// confirmed is a student whose number INES gave in this run or an earlier one.
func (r *run) confirmed(ctx context.Context, item Item, rec Record, q question) (Item, error) {
	if q.verdict.Number == rec.INE && rec.Held != q.held {
		item.Outcome = Definitive // the base has taken the number over
		return item, nil
	}
	rec, failure, err := r.writeBack(ctx, rec, q)
	item = item.fromRecord(rec)
	item.WriteBack = failure
	return item, err
}

// ask puts the question that the number calls for.
func (r *run) ask(ctx context.Context, item Item, rec Record, q question) (Item, error) {
	if item, done := r.precheck(item, q); done {
		return item, nil
	}
	if r.cfg.DryRun {
		item = item.because(Planned, plan(q, r.verifier != nil))
		if r.cfg.OnRequest != nil && registrable(q.verdict) {
			r.mu.Lock()
			r.cfg.OnRequest(r.request(q))
			r.mu.Unlock()
		}
		return item, nil
	}
	known := rec.State == StateUnknown && r.askedLately(rec, q) // the search was answered, the registration not sent
	if !known {
		if why, ok := r.gate.calls(); !ok {
			item = item.because(Unanswered, why)
			return item, nil
		}
		answer, err := r.verifyOrSearch(ctx, q)
		if err != nil {
			return r.noAnswer(ctx, item, rec, q, err)
		}
		if rec, err = r.keep(ctx, rec, q, answer); err != nil {
			return item, err
		}
		if rec.State == StateConfirmed {
			return r.confirmed(ctx, item, rec, q)
		}
		if rec.State != StateUnknown {
			return item.fromRecord(rec), nil
		}
	}
	if !registrable(q.verdict) {
		item = item.fromRecord(rec)
		item = item.because(ToCheck, toCheck(q.verdict))
		item.Suggestions = suggestions(q.verdict)
		return item, nil
	}
	return r.registerStudent(ctx, item, rec, q)
}

// registrable reports whether a student with this number may be immatriculated
// when INES does not know the person: only those without a number, or with a
// provisional one. A number that is wrong or of an unknown kind is never a reason to
// create another.
func registrable(v ine.Verdict) bool {
	return v.Status == ine.StatusAbsent || v.Status == ine.StatusProvisional
}

// verifiable reports whether the number itself can be asked about.
func verifiable(v ine.Verdict) bool {
	return !registrable(v) && !v.Number.IsZero()
}

// precheck gives the outcome of a student whom it would burden INES to ask
// about: fields missing, or breaking a rule.
func (r *run) precheck(item Item, q question) (Item, bool) {
	var err error
	switch {
	case registrable(q.verdict):
		err = r.request(q).Validate(r.today)
	case verifiable(q.verdict) && r.verifier != nil:
		err = ines.VerifyRequest{INE: q.verdict.Number, BirthDate: q.student.Person.BirthDate}.Validate()
	case q.verdict.Status == ine.StatusDefinitive: // an older number and nobody to verify it
		item.Outcome = Definitive
		return item, true
	default:
		err = ines.SearchRequest{Person: q.student.Person}.Validate(r.today)
	}
	faults, _ := errors.AsType[passerelle.FieldErrors](err)
	if len(faults) == 0 {
		return item, false
	}
	item.Outcome = Invalid
	for _, f := range faults {
		if f.Rule == "required" {
			item.Outcome = Incomplete
		}
	}
	item.Faults, item.Detail = faults, faults.Error()
	return item, true
}

// plan says what a dry run would have done.
func plan(q question, verifier bool) Reason {
	switch {
	case registrable(q.verdict):
		return because("plan-register")
	case verifiable(q.verdict) && verifier:
		return because("plan-verify")
	default:
		return because("plan-search")
	}
}

// request is the registration of a student.
func (r *run) request(q question) ines.RegisterRequest {
	return ines.RegisterRequest{Student: q.student.ID.String(), Person: q.student.Person, UAI: r.cfg.UAI}
}

// verifyOrSearch asks about the number when there is one worth asking about, and
// about the person when that gives nothing or there is none.
func (r *run) verifyOrSearch(ctx context.Context, q question) (ines.Answer, error) {
	if r.verifier != nil && verifiable(q.verdict) {
		answer, err := r.verifier.Verify(ctx, ines.VerifyRequest{INE: q.verdict.Number, BirthDate: q.student.Person.BirthDate})
		r.called(ines.OpVerify, err)
		if err != nil || answer.Status != ines.StatusUnknown {
			return answer, err
		}
		if q.identity == "" { // the person cannot be searched for
			return answer, nil
		}
	}
	answer, err := r.searcher.Search(ctx, ines.SearchRequest{Person: q.student.Person})
	r.called(ines.OpSearch, err)
	return answer, err
}

// keep writes the answer to a verification or search in the ledger.
func (r *run) keep(ctx context.Context, rec Record, q question, a ines.Answer) (Record, error) {
	now := r.cfg.Now()
	rec.Identity, rec.Held, rec.AskedAt = q.identity, q.held, now
	rec.take(a)
	detail := a.Message
	switch a.Status {
	case ines.StatusConfirmed:
		rec.enter(StateConfirmed, now)
		rec.Outcome, rec.WrittenAt = outcomeOfNumber(q, a), time.Time{}
		detail = rec.INE.String()
	case ines.StatusUnknown:
		rec.enter(StateUnknown, now)
		rec.Outcome = ToCheck
	case ines.StatusLitige:
		rec.enter(StateNew, now)
		rec.Outcome = Litige
	case ines.StatusIncomplete:
		rec.enter(StateNew, now)
		rec.Outcome = Incomplete
	case ines.StatusInvalid:
		rec.enter(StateNew, now)
		rec.Outcome = Invalid
	default: // an error, or a word that is not published: for a person to read
		rec.enter(StateNew, now)
		rec.Outcome = Refused
	}
	rec.add(Event{At: now, What: string(a.Operation), Status: string(a.Status), Code: a.Code, Detail: detail})
	return r.put(ctx, rec)
}

// outcomeOfNumber says what a confirmation means for the number that was held.
func outcomeOfNumber(q question, a ines.Answer) Outcome {
	switch {
	case q.verdict.Number == a.Master:
		return Confirmed
	case registrable(q.verdict):
		return Found
	case q.verdict.Status == ine.StatusDefinitive || a.Operation == ines.OpVerify:
		return Replaced
	default:
		return Corrected
	}
}

// noAnswer is a verification or search that INES did not answer, or refused.
func (r *run) noAnswer(ctx context.Context, item Item, rec Record, q question, err error) (Item, error) {
	if ctx.Err() != nil {
		return item, ctx.Err()
	}
	now := r.cfg.Now()
	if !errors.Is(err, passerelle.ErrInvalid) || passerelle.OutcomeOf(err) != passerelle.Answered {
		item.Outcome, item.Detail = Unanswered, err.Error()
		return item, nil
	}
	rec.Identity, rec.Held, rec.AskedAt, rec.Outcome = q.identity, q.held, now, Refused
	rec.enter(StateNew, now)
	rec.Code, rec.Message = serviceWords(err)
	rec.add(Event{At: now, What: "question refused", Code: rec.Code, Detail: rec.Message})
	rec, perr := r.put(ctx, rec)
	return item.fromRecord(rec), perr
}

// serviceWords are the service's own code and message in an error.
func serviceWords(err error) (code, message string) {
	if e, ok := errors.AsType[*ines.Error](err); ok {
		return e.Code, e.Message
	}
	return "", ""
}

// put writes a record whatever happens to the context meanwhile: what INES said
// must not be lost.
func (r *run) put(ctx context.Context, rec Record) (Record, error) {
	out, err := r.cfg.Ledger.Put(context.WithoutCancel(ctx), rec)
	if err != nil {
		return rec, fmt.Errorf("campaign: writing the ledger: %w", err)
	}
	return out, nil
}

// suggestions are numbers of its own family that the one held may have been
// meant to be.
func suggestions(v ine.Verdict) []string {
	if v.Status != ine.StatusSuspect {
		return nil
	}
	const most = 5
	var out []string
	for _, n := range ine.Slips(v.Number.String()) {
		if n.Family() != v.Family {
			continue
		}
		if out = append(out, n.String()); len(out) == most {
			break
		}
	}
	return out
}
