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

// freshSearch is for how long "INES knows nobody" is good enough to register on.
const freshSearch = 15 * time.Minute

// definitive reports whether a number needs no question: definitive in its
// current form, or confirmed by INES according to the base.
func (r *run) definitive(s sis.Student) bool {
	v := r.cfg.Rules.Judge(s.INE)
	return v.Status == ine.StatusDefinitive && (v.Family == ine.RNIE || s.INEState == sis.INEVerified)
}

// item starts the report line of a student.
func (r *run) item(s sis.Student) Item {
	item := Item{Student: s.ID.String(), Line: s.Provenance.Line}
	if r.cfg.SplitKey != nil {
		item.Key = r.cfg.SplitKey(s)
	}
	return item
}

// question is what a run wants to know about a student.
type question struct {
	student  sis.Student
	verdict  ine.Verdict
	identity string // fingerprint of the civil identity; "" when it is incomplete
	held     string // the number in the base, trimmed
}

// decide finds the outcome of one student, asking INES where it must. Its error
// is one of the ledger or the context and ends the run.
func (r *run) decide(ctx context.Context, item Item, s sis.Student) (Item, error) {
	const most = 5
	for attempt := 1; ; attempt++ {
		out, err := r.decideOnce(ctx, item, s)
		// Another run wrote about the student meanwhile: look again. Whatever was
		// claimed before has been written by then, see putClaimed.
		if !errors.Is(err, passerelle.ErrConflict) || attempt == most {
			return out, err
		}
	}
}

func (r *run) decideOnce(ctx context.Context, item Item, s sis.Student) (Item, error) {
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
	case !rec.INE.IsZero():
		return r.given(ctx, item, rec, q)
	case rec.State == StateRefused && rec.AskedIdentity == q.identity && rec.AskedHeld == q.held:
		return item.fromRecord(rec), nil
	case r.askedLately(rec, q) && rec.State != StateUnknown:
		return item.fromRecord(rec), nil
	}
	return r.ask(ctx, item, rec, q)
}

// askedLately reports whether INES answered this very question not long ago.
func (r *run) askedLately(rec Record, q question) bool {
	return r.askedWithin(rec, q, r.cfg.RecheckAfter)
}

func (r *run) askedWithin(rec Record, q question, d time.Duration) bool {
	age := r.cfg.Now().Sub(rec.AskedAt)
	return !rec.AskedAt.IsZero() && rec.AskedIdentity == q.identity && rec.AskedHeld == q.held && age >= 0 && age < d
}

// given is a student to whom INES gave a number, in this run or an earlier one.
// It is never registered again, whatever the base says meanwhile.
func (r *run) given(ctx context.Context, item Item, rec Record, q question) (Item, error) {
	switch {
	case q.verdict.Number == rec.INE:
		return r.takenOver(ctx, item, rec, q)
	case rec.Identity == q.identity && (q.held == rec.Held || q.verdict.Status != ine.StatusDefinitive):
		return r.handOver(ctx, item, rec, q)
	case r.askedLately(rec, q):
		return item.because(ToCheck, because("another")), nil
	case r.cfg.DryRun:
		return item.because(Planned, plan(q, r.verifier != nil)), nil
	}
	// Another person in the same record, or another number: INES says who it is.
	if faults := r.faults(q); len(faults) > 0 {
		return item.because(ToCheck, because("another")), nil
	}
	if why, ok := r.gate.calls(); !ok {
		return item.because(Unanswered, why), nil
	}
	answer, err := r.verifyOrSearch(ctx, q)
	if err != nil {
		if ctx.Err() != nil {
			return item, ctx.Err()
		}
		item.Outcome, item.Detail = Unanswered, err.Error()
		return item, nil
	}
	if rec, err = r.keep(ctx, rec, q, answer); err != nil {
		return item, err
	}
	if answer.Status != ines.StatusConfirmed {
		item = item.fromRecord(rec)
		return item.because(ToCheck, because("another")), nil
	}
	return r.given(ctx, item, rec, q)
}

// takenOver is a student whose base holds the number that INES gave.
func (r *run) takenOver(ctx context.Context, item Item, rec Record, q question) (Item, error) {
	if rec.Outcome.Changed() && rec.WrittenAt.IsZero() && !r.cfg.DryRun {
		now := r.cfg.Now()
		rec.WrittenAt = now
		rec.add(Event{At: now, What: "the base holds the number"})
		var err error
		if rec, err = r.put(ctx, rec); err != nil {
			return item, err
		}
	}
	item = item.fromRecord(rec)
	if rec.Held != q.held {
		item = item.because(Definitive, Reason{})
	}
	return item, nil
}

// handOver is a student whose base does not hold the number yet.
func (r *run) handOver(ctx context.Context, item Item, rec Record, q question) (Item, error) {
	if owner := r.own(rec.INE, item.Student); owner != "" {
		item = item.fromRecord(rec)
		return item.because(Duplicate, because("same-number", owner)), nil
	}
	if !rec.Outcome.Changed() { // confirmed once, and the base has lost it since
		rec.conclude(Found, r.cfg.Now())
		rec.WrittenAt = time.Time{}
	}
	rec, failure, err := r.writeBack(ctx, rec, q)
	item = item.fromRecord(rec)
	if failure != nil {
		item.WriteBack, item.WriteBackError = writeReason(failure), failure.Error()
	}
	return item, err
}

// ask puts the question that the number calls for, to a student who has no
// number from INES.
func (r *run) ask(ctx context.Context, item Item, rec Record, q question) (Item, error) {
	if faults := r.faults(q); len(faults) > 0 {
		return r.precheck(ctx, item, rec, faults)
	}
	if q.verdict.Status == ine.StatusDefinitive && r.verifier == nil {
		item.Outcome = Definitive // an older number and nobody to verify it
		return item, nil
	}
	if r.cfg.DryRun {
		if r.cfg.OnRequest != nil && registrable(q.verdict) {
			r.mu.Lock()
			r.cfg.OnRequest(r.request(q))
			r.mu.Unlock()
		}
		return item.because(Planned, plan(q, r.verifier != nil)), nil
	}
	// The search was answered a moment ago, and the registration not sent.
	known := rec.State == StateUnknown && r.askedWithin(rec, q, freshSearch)
	if !known {
		if why, ok := r.gate.calls(); !ok {
			return item.because(Unanswered, why), nil
		}
		answer, err := r.verifyOrSearch(ctx, q)
		if err != nil {
			return r.noAnswer(ctx, item, rec, q, err)
		}
		if rec, err = r.keep(ctx, rec, q, answer); err != nil {
			return item, err
		}
		if !rec.INE.IsZero() {
			return r.given(ctx, item, rec, q)
		}
		if rec.State != StateUnknown {
			return item.fromRecord(rec), nil
		}
	}
	if registrable(q.verdict) {
		return r.registerStudent(ctx, item, rec, q)
	}
	item = item.fromRecord(rec)
	item = item.because(ToCheck, toCheck(q.verdict))
	item.Previous, item.Suggestions = q.held, suggestions(q.verdict)
	return item, nil
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

// faults lists why it would burden INES to ask about a student: fields missing,
// or breaking a rule.
func (r *run) faults(q question) passerelle.FieldErrors {
	var err error
	switch {
	case registrable(q.verdict):
		err = r.request(q).Validate(r.today)
	case verifiable(q.verdict) && r.verifier != nil:
		err = ines.VerifyRequest{INE: q.verdict.Number, BirthDate: q.student.Person.BirthDate}.Validate()
	case q.verdict.Status != ine.StatusDefinitive:
		err = ines.SearchRequest{Person: q.student.Person}.Validate(r.today)
	}
	faults, _ := errors.AsType[passerelle.FieldErrors](err)
	return faults
}

// precheck lists a student with faults, and remembers since when.
func (r *run) precheck(ctx context.Context, item Item, rec Record, faults passerelle.FieldErrors) (Item, error) {
	outcome := Invalid
	for _, f := range faults {
		if f.Rule == "required" {
			outcome = Incomplete
		}
	}
	if rec.Outcome != outcome {
		rec.conclude(outcome, r.cfg.Now())
		rec.add(Event{At: r.cfg.Now(), What: "checked before asking", Detail: faults.Error()})
		if !r.cfg.DryRun {
			var err error
			if rec, err = r.put(ctx, rec); err != nil {
				return item, err
			}
		}
	}
	item.Outcome, item.Since, item.Faults, item.Detail = outcome, rec.Since, faults, faults.Error()
	return item, nil
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
		if err != nil || answer.Status != ines.StatusUnknown || q.identity == "" {
			if answer.Status == ines.StatusConfirmed && answer.Master.IsZero() {
				answer.Master = q.verdict.Number // a verification may confirm without repeating the number
			}
			return answer, err
		}
	}
	return r.search(ctx, q)
}

// search asks about the person.
func (r *run) search(ctx context.Context, q question) (ines.Answer, error) {
	answer, err := r.searcher.Search(ctx, ines.SearchRequest{Person: q.student.Person})
	if err == nil {
		err = usable(answer)
	}
	r.called(ines.OpSearch, err)
	return answer, err
}

// usable refuses an answer that a binding should have refused itself.
func usable(a ines.Answer) error {
	if err := a.Check(); err != nil {
		return &ines.Error{Operation: a.Operation, Code: a.Code, Message: a.Message, Raw: a.Raw, Err: err}
	}
	return nil
}

// keep writes the answer to a verification or search in the ledger.
func (r *run) keep(ctx context.Context, rec Record, q question, a ines.Answer) (Record, error) {
	now := r.cfg.Now()
	rec.AskedAt, rec.AskedIdentity, rec.AskedHeld = now, q.identity, q.held
	rec.take(a, now)
	detail := a.Message
	switch {
	case a.Status == ines.StatusConfirmed:
		rec.State, rec.Identity, rec.Held = StateConfirmed, q.identity, q.held
		rec.conclude(outcomeOfNumber(q, a), now)
		detail = rec.INE.String()
	case !rec.INE.IsZero(): // a number given before stays given
		rec.conclude(ToCheck, now)
	case a.Status == ines.StatusUnknown && registrable(q.verdict):
		rec.State = StateUnknown
		rec.conclude(Held, now)
	case a.Status == ines.StatusUnknown:
		rec.State = StateUnknown
		rec.conclude(ToCheck, now)
	case a.Status == ines.StatusLitige:
		rec.State = StateNew
		rec.conclude(Litige, now)
	case a.Status == ines.StatusIncomplete:
		rec.State = StateNew
		rec.conclude(Incomplete, now)
	case a.Status == ines.StatusInvalid:
		rec.State = StateNew
		rec.conclude(Invalid, now)
	default: // an error, or a word that is not published: for a person to read
		rec.State = StateNew
		rec.conclude(Refused, now)
	}
	rec.add(Event{At: now, What: string(a.Operation), Status: string(a.Status), Code: a.Code, Detail: detail})
	return r.put(ctx, rec)
}

// outcomeOfNumber says what a confirmation means for the number that was held.
func outcomeOfNumber(q question, a ines.Answer) Outcome {
	known := a.Operation == ines.OpVerify
	for _, n := range a.Alternates {
		known = known || n == q.verdict.Number
	}
	switch {
	case q.verdict.Number == a.Master:
		return Confirmed
	case registrable(q.verdict):
		return Found
	case known:
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
	if !errors.Is(err, passerelle.ErrInvalid) || passerelle.OutcomeOf(err) != passerelle.Answered {
		item.Outcome, item.Detail = Unanswered, err.Error()
		return item, nil
	}
	now := r.cfg.Now()
	rec.AskedAt, rec.AskedIdentity, rec.AskedHeld = now, q.identity, q.held
	rec.State = StateNew
	rec.conclude(Refused, now)
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
