package router

import (
	"context"
	"errors"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/esi"
)

// job is the work on one student: the steps are sent one by one, and what may have
// happened is on record before each.
type job struct {
	*Sync
	ctx    context.Context
	wanted Wanted
	record Record
	result Result
	dirty  bool // the record differs from the one that is saved
}

// errDuplicate is a name that belongs to another student.
type errDuplicate string

// Error says what is used twice.
func (e errDuplicate) Error() string { return string(e) + " belongs to another student" }

// Is reports whether target is passerelle.ErrConflict.
func (e errDuplicate) Is(target error) bool { return target == passerelle.ErrConflict }

// Outcome returns NotSent.
func (e errDuplicate) Outcome() passerelle.Outcome { return passerelle.NotSent }

// run does the work. Its error is local.
func (j *job) run(replacement *esi.ID) (Result, error) {
	touched := !j.record.ESI.IsZero()
	if !j.wanted.Consent && !touched {
		j.result.Effect = Nothing
		return j.result, nil
	}
	refusal, err := j.identify(replacement)
	if err != nil {
		return Result{}, err
	}
	if refusal == nil {
		refusal = j.validate()
	}
	if refusal == nil {
		refusal, err = j.reserveCards()
	}
	if refusal != nil || err != nil {
		return j.finishOr(refusal, err)
	}
	if !j.record.Replacing.IsZero() {
		if refusal, err = j.replace(); refusal != nil || err != nil {
			return j.finishOr(refusal, err)
		}
	}
	if j.record.Gone && j.wanted.Consent {
		return j.finish(&Error{Operation: "router.sync", Status: 410, kind: passerelle.ErrGone, Err: errGone})
	}
	steps := j.steps(j.wanted, j.record)
	refusal, err = j.send(steps)
	return j.finishOr(refusal, err)
}

var errGone = errors.New("the router anonymised this person: only Replace gives another")

// identify settles under which identifier the student is known. The first one
// is on record before it is ever sent.
func (j *job) identify(replacement *esi.ID) (refusal, err error) {
	r := &j.record
	if !j.wanted.Consent {
		j.result.ESI = r.ESI
		return nil, nil
	}
	want := j.wanted.ESI
	switch {
	case want.IsZero() && r.ESI.IsZero():
		return noESI, nil
	case replacement != nil && !r.ESI.IsZero() && !r.ESI.Equal(*replacement):
		r.Replacing, j.dirty = *replacement, true
	case r.ESI.IsZero():
		r.ESI, j.dirty = want, true
	}
	current := r.ESI
	if !r.Replacing.IsZero() {
		current = r.Replacing
	}
	holder, err := j.config.State.Reserve(j.ctx, "esi:"+j.wanted.PIC+":"+current.Key(), j.wanted.Key)
	if err != nil {
		return nil, err
	}
	if holder != j.wanted.Key {
		if !r.Replacing.IsZero() {
			r.Replacing = esi.ID{}
		} else {
			r.ESI = esi.ID{} // nothing was sent under it
		}
		return errDuplicate("the European Student Identifier"), nil
	}
	j.result.ESI = current
	j.result.KeptESI = !want.IsZero() && !want.Equal(current)
	return nil, j.save()
}

// validate checks all that would be sent before any of it is.
func (j *job) validate() error {
	if !j.wanted.Consent {
		return nil
	}
	var faults passerelle.FieldErrors
	j.wanted.person(j.result.ESI).check(&faults)
	for _, c := range j.wanted.Cards {
		c.update(j.wanted.PIC, j.result.ESI).check(&faults, true)
	}
	return faults.Err()
}

// reserveCards sees to it that no other student has a card of the same number.
func (j *job) reserveCards() (refusal, err error) {
	if !j.wanted.Consent {
		return nil, nil
	}
	for _, c := range j.wanted.Cards {
		holder, err := j.config.State.Reserve(j.ctx, "escn:"+c.Number.String(), j.wanted.Key)
		if err != nil {
			return nil, err
		}
		if holder != j.wanted.Key {
			return errDuplicate("the card number"), nil
		}
	}
	return nil, nil
}

// replace deletes what is under the former identifier and takes up the new one.
func (j *job) replace() (refusal, err error) {
	if refusal, err = j.send(removal(j.record)); refusal != nil || err != nil {
		return refusal, err
	}
	r := &j.record
	r.Former = append(r.Former, r.ESI)
	r.ESI, r.Replacing, r.Gone = r.Replacing, esi.ID{}, false
	j.dirty = true
	return nil, j.save()
}

// send sends steps in order and stops at the first that fails.
func (j *job) send(steps []Step) (refusal, err error) {
	for i := 0; i < len(steps); i++ {
		step := steps[i]
		if step.Kind == DeletePerson {
			unknown, refusal := j.strayCards(step.ESI)
			if refusal != nil {
				return refusal, nil
			}
			for _, number := range unknown {
				if refusal, err := j.one(Step{Kind: DeleteCard, Number: number}); refusal != nil || err != nil {
					return refusal, err
				}
			}
		}
		if refusal, err := j.one(step); refusal != nil || err != nil {
			return refusal, err
		}
	}
	return nil, nil
}

// one sends a step and keeps the record.
func (j *job) one(step Step) (refusal, err error) {
	if err := j.ctx.Err(); err != nil {
		return nil, err
	}
	r := &j.record
	switch step.Kind {
	case PutPerson:
		r.Person, j.dirty = "", j.dirty || r.Person != "" || !r.Present
		r.Present = true
		if err := j.save(); err != nil {
			return nil, err
		}
		if refusal = j.putPerson(*step.Person); refusal == nil {
			r.Person, j.dirty = digest(*step.Person), true
		} else if errors.Is(refusal, passerelle.ErrGone) {
			r.Gone, r.Present, j.dirty = true, false, true
		}
	case PutCard:
		before, known := r.Cards[step.Card.Number]
		r.Cards[step.Card.Number] = CardRecord{Expires: step.Card.ExpiresAt}
		j.dirty = true
		if err := j.save(); err != nil {
			return nil, err
		}
		if refusal = j.putCard(*step.Card, known && before.Digest != ""); refusal == nil {
			r.Cards[step.Card.Number], j.dirty = CardRecord{Digest: digest(*step.Card), Expires: step.Card.ExpiresAt}, true
		}
	case DeleteCard:
		refusal = j.config.Client.DeleteCard(j.ctx, CardRequest{As: r.PIC, Number: step.Number})
		if refusal == nil || notHere(refusal) {
			delete(r.Cards, step.Number)
			refusal, j.dirty = nil, true
		}
	case DeletePerson:
		refusal = j.config.Client.DeletePerson(j.ctx, PersonRequest{As: r.PIC, ESI: step.ESI})
		if refusal == nil || notHere(refusal) {
			r.Present, r.Person, refusal, j.dirty = false, "", nil, true
		}
	}
	if refusal == nil {
		j.result.Steps = append(j.result.Steps, step)
	}
	return refusal, j.save()
}

// putPerson follows the order that works: look, create what is not there or not
// readable, update what differs.
func (j *job) putPerson(u PersonUpdate) error {
	client, pic := j.config.Client, j.record.PIC
	held, err := client.Person(j.ctx, PersonRequest{As: pic, ESI: u.Identifier})
	switch {
	case errors.Is(err, passerelle.ErrNotFound), errors.Is(err, passerelle.ErrForbidden):
		// Not there, or known through another institution only.
		_, _, err = client.EnsurePerson(j.ctx, PersonWrite{As: pic, Person: u})
	case err == nil && !held.same(u):
		_, err = client.UpdatePerson(j.ctx, PersonWrite{As: pic, Person: u})
	}
	return err
}

// putCard updates a card that the router is known to hold, and creates the others.
func (j *job) putCard(u CardUpdate, known bool) error {
	w := CardWrite{As: j.record.PIC, Card: u}
	if known {
		if _, err := j.config.Client.UpdateCard(j.ctx, w); !errors.Is(err, passerelle.ErrNotFound) {
			return err
		}
	}
	_, _, err := j.config.Client.EnsureCard(j.ctx, w)
	return err
}

// maxStray bounds the cards of one student that are looked for at the router.
const maxStray = 200

// strayCards asks the router for cards of the student that the state does not know,
// since a person with cards left may not be deletable. A router that ignores the
// search, or refuses it, tells nothing: only cards that are surely the student's count.
func (j *job) strayCards(id esi.ID) (numbers []string, refusal error) {
	rows := 0
	for card, err := range j.config.Client.Cards(j.ctx, ListRequest{As: j.record.PIC, Search: SearchPerson(id)}) {
		if err != nil {
			if deferrable(err) {
				return nil, err
			}
			return numbers, nil
		}
		if rows++; rows > maxStray || card.Person == nil || lower(card.Person.Identifier) != id.Key() ||
			card.Issuer == nil || string(card.Issuer.Identifier) != j.record.PIC {
			return numbers, nil
		}
		numbers = append(numbers, card.Number)
	}
	return numbers, nil
}

// save writes the record when it changed.
func (j *job) save() error {
	if !j.dirty {
		return nil
	}
	if err := j.config.State.Save(j.ctx, j.record); err != nil {
		return err
	}
	j.dirty = false
	return nil
}

func (j *job) finishOr(refusal, err error) (Result, error) {
	if err != nil {
		return Result{}, err
	}
	return j.finish(refusal)
}

// finish gives the effect and keeps what is pending.
func (j *job) finish(refusal error) (Result, error) {
	if err := j.ctx.Err(); err != nil {
		return Result{}, err
	}
	r := &j.record
	if refusal == nil {
		j.dirty = j.dirty || r.Pending != nil
		r.Pending = nil
		switch {
		case len(j.result.Steps) == 0:
			j.result.Effect = Unchanged
		case r.Present:
			j.result.Effect = Sent
		default:
			j.result.Effect = Removed
		}
		return j.result, j.save()
	}
	j.result.Err, j.result.Effect = refusal, Refused
	if deferrable(refusal) {
		j.result.Effect = Deferred
	}
	now := j.config.Now()
	if r.Pending == nil {
		r.Pending = &Pending{Since: now}
	}
	r.Pending.Last, r.Pending.Reason, r.Pending.Deferred = now, refusal.Error(), j.result.Effect == Deferred
	r.Pending.Attempts++
	j.dirty = true
	return j.result, j.save()
}

// deferrable reports whether trying again later may help by itself: the router was
// away, slow, or did not say what it did.
func deferrable(err error) bool {
	return errors.Is(err, passerelle.ErrUnavailable) || errors.Is(err, passerelle.ErrRateLimited) || errors.Is(err, passerelle.ErrProtocol)
}
