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
	unsent bool // the identifier in the record was never sent
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
	r := &j.record
	if !j.wanted.Consent && r.ESI.IsZero() {
		j.result.Effect = Nothing
		j.dirty, r.Pending = r.Pending != nil, nil
		return j.result, j.save()
	}
	refusal := j.identify(replacement)
	if refusal == nil {
		refusal = j.validate()
	}
	var err error
	if refusal == nil {
		refusal, err = j.reserveCards()
	}
	if refusal == nil && err == nil && j.replaces(replacement) {
		if refusal, err = j.reserveESI(*replacement); refusal == nil && err == nil {
			r.Replacing, j.dirty = *replacement, true
			err = j.save()
		}
	}
	if refusal == nil && err == nil && !r.Replacing.IsZero() {
		refusal, err = j.replace()
	}
	if refusal == nil && err == nil && r.Gone && j.wanted.Consent {
		refusal = &Error{Operation: "router.sync", Status: 410, kind: passerelle.ErrGone, Err: errGone}
	}
	if refusal == nil && err == nil {
		refusal, err = j.send(j.steps(j.wanted, *r))
	}
	if err != nil {
		return Result{}, err
	}
	return j.finish(refusal)
}

var errGone = errors.New("the router anonymised this person: only Replace gives another")

// replaces reports whether the record has another identifier than the one asked for.
func (j *job) replaces(replacement *esi.ID) bool {
	return replacement != nil && !j.record.ESI.IsZero() && !j.unsent && !j.record.ESI.Equal(*replacement)
}

// identify settles under which identifier the student is known: the first that was
// sent, unless it is replaced. One that was never sent does not count.
func (j *job) identify(replacement *esi.ID) (refusal error) {
	r, want := &j.record, j.wanted.ESI
	if j.wanted.Consent && r.ESI.IsZero() {
		if want.IsZero() {
			return noESI
		}
		r.ESI, j.unsent = want, true
	}
	j.result.ESI = r.ESI
	switch {
	case j.replaces(replacement):
		j.result.ESI = *replacement
	case !r.Replacing.IsZero():
		j.result.ESI = r.Replacing
	}
	j.result.KeptESI = j.wanted.Consent && !want.IsZero() && !want.Equal(j.result.ESI)
	return nil
}

// reserveESI sees to it that no other student of the institution has the identifier.
func (j *job) reserveESI(id esi.ID) (refusal, err error) {
	holder, err := j.config.State.Reserve(j.ctx, j.esiName(id), j.wanted.Key)
	if err != nil || holder == j.wanted.Key {
		return nil, err
	}
	return errDuplicate("the European Student Identifier"), nil
}

func (j *job) esiName(id esi.ID) string { return "esi:" + j.wanted.PIC + ":" + id.Key() }

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

// replace deletes what is under the former identifier, takes up the new one, and
// frees the former for the student whose it may really be.
func (j *job) replace() (refusal, err error) {
	if refusal, err = j.send(removal(j.record)); refusal != nil || err != nil {
		return refusal, err
	}
	r := &j.record
	former := r.ESI
	r.Former = append(r.Former, former)
	r.ESI, r.Replacing, r.Gone = r.Replacing, esi.ID{}, false
	j.dirty = true
	if err := j.save(); err != nil {
		return nil, err
	}
	return nil, j.config.State.Release(j.ctx, j.esiName(former), j.wanted.Key)
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
		if j.unsent {
			if refusal, err = j.reserveESI(r.ESI); refusal != nil || err != nil {
				return refusal, err
			}
			j.unsent = false
		}
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

// finish gives the effect and keeps what is pending.
func (j *job) finish(refusal error) (Result, error) {
	if err := j.ctx.Err(); err != nil {
		return Result{}, err
	}
	r := &j.record
	if j.unsent {
		r.ESI = esi.ID{}
	}
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
