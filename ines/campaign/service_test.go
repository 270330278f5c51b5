package campaign_test

import (
	"context"
	"fmt"
	"iter"
	"sync"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ine"
	"github.com/passerelle-sup/passerelle/ines"
	"github.com/passerelle-sup/passerelle/sis"
)

var campaignDay = time.Date(2026, 9, 1, 8, 0, 0, 0, time.UTC)

// register is a national register in memory whose behaviour is scripted student
// by student. It counts what it created, so that tests can prove that nobody was
// created twice.
type register struct {
	mu      sync.Mutex
	now     func() time.Time
	people  map[string]person       // by identity
	numbers map[ine.Number]string   // number to identity
	script  map[string]string       // student to behaviour on registration
	created map[string]int          // identity to numbers created for it
	calls   map[ines.Operation]int  // calls received
	answers map[string]*ines.Answer // student to what a follow-up says
	search  func(identity string) (ines.Answer, error)
	next    int
}

type person struct {
	master ine.Number
	from   time.Time // when the register begins to know the number
}

func newRegister(now func() time.Time) *register {
	return &register{
		now: now, people: map[string]person{}, numbers: map[ine.Number]string{}, script: map[string]string{},
		created: map[string]int{}, calls: map[ines.Operation]int{}, answers: map[string]*ines.Answer{},
	}
}

func (r *register) know(p passerelle.Person, master ine.Number, others ...ine.Number) {
	id := p.IdentityKey()
	r.people[id] = person{master: master}
	for _, n := range append(others, master) {
		r.numbers[n] = id
	}
}

func (r *register) create(id string, from time.Time) ine.Number {
	r.next++
	n, err := ine.Complete(ine.RNIE, fmt.Sprintf("26%07d", r.next))
	if err != nil {
		panic(err)
	}
	r.created[id]++
	r.people[id] = person{master: n, from: from}
	r.numbers[n] = id
	return n
}

func (r *register) answer(op ines.Operation, s ines.Status, n ine.Number) ines.Answer {
	return ines.Answer{Operation: op, Status: s, Master: n, At: r.now()}
}

func (r *register) Verify(_ context.Context, q ines.VerifyRequest) (ines.Answer, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.calls[ines.OpVerify]++
	if id, ok := r.numbers[q.INE]; ok {
		return r.answer(ines.OpVerify, ines.StatusConfirmed, r.people[id].master), nil
	}
	return r.answer(ines.OpVerify, ines.StatusUnknown, ine.Number{}), nil
}

func (r *register) Search(_ context.Context, q ines.SearchRequest) (ines.Answer, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.calls[ines.OpSearch]++
	if r.search != nil {
		return r.search(q.Person.IdentityKey())
	}
	if p, ok := r.people[q.Person.IdentityKey()]; ok && !r.now().Before(p.from) {
		return r.answer(ines.OpSearch, ines.StatusConfirmed, p.master), nil
	}
	return r.answer(ines.OpSearch, ines.StatusUnknown, ine.Number{}), nil
}

// The failures of a registration, as a binding reports them.
var (
	errLost    = &ines.Error{Operation: ines.OpRegister, Result: passerelle.Unknown, Err: passerelle.ErrUnavailable}
	errNotSent = &ines.Error{Operation: ines.OpRegister, Result: passerelle.NotSent, Err: passerelle.ErrUnavailable}
	errRefused = &ines.Error{Operation: ines.OpRegister, Result: passerelle.Answered, Err: passerelle.ErrInvalid, Code: "E42", Message: "words of INES"}
	errTooFast = &ines.Error{Operation: ines.OpRegister, Result: passerelle.Answered, Err: passerelle.ErrRateLimited}
	errNoRight = &ines.Error{Operation: ines.OpRegister, Result: passerelle.Answered, Err: passerelle.ErrUnauthorized}
)

func (r *register) Register(ctx context.Context, q ines.RegisterRequest) (ines.Answer, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.calls[ines.OpRegister]++
	id, now := q.Person.IdentityKey(), r.now()
	say := func(s ines.Status) (ines.Answer, error) {
		a := r.answer(ines.OpRegister, s, ine.Number{})
		a.RequestID, a.Code, a.Message = "R-"+q.Student, "C-"+string(s), "words of INES"
		return a, nil
	}
	switch r.script[q.Student] {
	case "lost": // the work is done, the answer is not heard
		r.create(id, now)
		return ines.Answer{}, errLost
	case "lost late": // the same, and the register shows it a day later
		n := r.create(id, now.Add(24*time.Hour))
		a := r.answer(ines.OpFollowUp, ines.StatusConfirmed, n)
		a.Student = q.Student
		r.answers[q.Student] = &a
		return ines.Answer{}, errLost
	case "lost before": // neither heard nor done
		return ines.Answer{}, errLost
	case "not sent":
		return ines.Answer{}, errNotSent
	case "refused":
		return ines.Answer{}, errRefused
	case "too fast":
		return ines.Answer{}, errTooFast
	case "no right":
		return ines.Answer{}, errNoRight
	case "litige":
		return say(ines.StatusLitige)
	case "tomorrow":
		n := r.create(id, now.Add(24*time.Hour))
		a := r.answer(ines.OpFollowUp, ines.StatusConfirmed, n)
		a.RequestID = "R-" + q.Student
		r.answers[q.Student] = &a
		return say(ines.StatusInProgress)
	case "error":
		return say(ines.StatusRegisterError)
	case "strange":
		return say("NOUVEAU_MOT")
	case "interrupt": // the caller is stopped while the registration is under way
		r.create(id, now)
		<-ctx.Done()
		return ines.Answer{}, &ines.Error{Operation: ines.OpRegister, Result: passerelle.Unknown, Err: ctx.Err()}
	}
	n := r.create(id, now)
	return r.answer(ines.OpRegister, ines.StatusConfirmed, n), nil
}

func (r *register) FollowUp(context.Context, ines.FollowUpRequest) iter.Seq2[ines.Answer, error] {
	return func(yield func(ines.Answer, error) bool) {
		r.mu.Lock()
		r.calls[ines.OpFollowUp]++
		var all []ines.Answer
		for student, a := range r.answers {
			if p := r.people[r.numbers[a.Master]]; a.Master.IsZero() || !r.now().Before(p.from) {
				all = append(all, *a, *a) // every answer twice, as real services do
			}
			_ = student
		}
		r.mu.Unlock()
		for _, a := range all {
			if !yield(a, nil) {
				return
			}
		}
	}
}

// base is a student system in memory.
type base struct {
	mu       sync.Mutex
	students []sis.Student
	errs     map[int]error // before the student of that index
	updates  []sis.INEUpdate
	refuse   error // what WriteINE answers
	keep     bool  // WriteINE changes the students, as a real system does
}

func (b *base) Students(ctx context.Context, _ sis.Query) iter.Seq2[sis.Student, error] {
	return func(yield func(sis.Student, error) bool) {
		b.mu.Lock()
		students := append([]sis.Student(nil), b.students...)
		b.mu.Unlock()
		for i, s := range students {
			if err := b.errs[i]; err != nil && !yield(sis.Student{}, err) {
				return
			}
			if ctx.Err() != nil || !yield(s, nil) {
				return
			}
		}
	}
}

func (b *base) Enrolments(context.Context, sis.Query) iter.Seq2[sis.Enrolment, error] {
	return func(func(sis.Enrolment, error) bool) {}
}

func (b *base) WriteINE(_ context.Context, u sis.INEUpdate) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.refuse != nil {
		return b.refuse
	}
	b.updates = append(b.updates, u)
	for i := range b.students {
		if b.keep && b.students[i].ID == u.Student {
			b.students[i].INE = u.Definitive
		}
	}
	return nil
}

// student makes a complete student whose identity depends on n alone.
func student(n int, number string) sis.Student {
	return sis.Student{
		ID: sis.StudentID{System: "csv", Local: fmt.Sprint(n)},
		Person: passerelle.Person{
			BirthName: "NOM" + letters(n), GivenNames: [3]string{"Prénom" + letters(n)}, Sex: passerelle.SexFemale,
			BirthDate: passerelle.NewDate(2007, 3, 1+n%28), Birthplace: passerelle.Birthplace{Commune: "67482"},
		},
		INE: number, Provenance: sis.Provenance{Source: "base", Line: n + 1},
	}
}

// letters writes n in letters, because names hold no digits.
func letters(n int) string {
	out := ""
	for ; n > 0 || out == ""; n /= 26 {
		out = string(rune('a'+n%26)) + out
	}
	return out
}
