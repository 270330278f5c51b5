package campaign_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ine"
	"github.com/passerelle-sup/passerelle/ines"
	"github.com/passerelle-sup/passerelle/ines/campaign"
	"github.com/passerelle-sup/passerelle/internal/testutil"
	"github.com/passerelle-sup/passerelle/sis"
	"github.com/passerelle-sup/passerelle/uai"
)

// svc is a register with hooks: what a registration does, what a follow-up says.
type svc struct {
	*register
	reg    func(q ines.RegisterRequest) (ines.Answer, error, bool)
	follow func(q ines.FollowUpRequest) []any // Answer or error
	regs   []ines.RegisterRequest
	fq     []ines.FollowUpRequest
}

func (s *svc) Register(ctx context.Context, q ines.RegisterRequest) (ines.Answer, error) {
	s.regs = append(s.regs, q)
	if s.reg != nil {
		if a, err, ok := s.reg(q); ok {
			return a, err
		}
	}
	return s.register.Register(ctx, q)
}

func (s *svc) FollowUp(ctx context.Context, q ines.FollowUpRequest) iter.Seq2[ines.Answer, error] {
	s.fq = append(s.fq, q)
	if s.follow == nil {
		return s.register.FollowUp(ctx, q)
	}
	return func(yield func(ines.Answer, error) bool) {
		for _, x := range s.follow(q) {
			switch x := x.(type) {
			case ines.Answer:
				if !yield(x, nil) {
					return
				}
			case error:
				if !yield(ines.Answer{}, x) {
					return
				}
			}
		}
	}
}

// sv puts the hooks into a world.
func sv(w *world) *svc {
	s := &svc{register: w.register}
	w.cfg.Service = s
	return s
}

// day lets n days go by.
func day(w *world, n int) { w.time = w.time.Add(time.Duration(n) * 24 * time.Hour) }

// TestConfirmedForgotten: a created student whose record changes is not registered again.
func TestConfirmedForgotten(t *testing.T) {
	t.Parallel()
	w := newWorld(student(0, ""))
	w.base.keep = false
	s := sv(w)
	w.run(t)
	day(w, 2)
	w.base.students[0].INE = provisio
	w.base.students[0].Person.BirthName = "NOM CORRIGÉ"
	w.run(t)
	if len(s.regs) != 1 {
		t.Errorf("csv:0 was registered %d times (%v)", len(s.regs), w.outcomes)
	}
}

// TestConfirmedLag: a created student whom searches do not show yet is not registered again.
func TestConfirmedLag(t *testing.T) {
	t.Parallel()
	w := newWorld(student(0, ""))
	s := sv(w)
	s.reg = func(q ines.RegisterRequest) (ines.Answer, error, bool) {
		w.register.calls[ines.OpRegister]++
		n := w.register.create(q.Person.IdentityKey(), w.time.Add(72*time.Hour)) // confirmed at once, searchable later
		return w.register.answer(ines.OpRegister, ines.StatusConfirmed, n), nil, true
	}
	w.run(t)
	day(w, 1)
	w.base.students[0].INE = provisio
	w.run(t)
	if len(s.regs) != 1 {
		t.Errorf("csv:0 was registered %d times (%v)", len(s.regs), w.outcomes)
	}
}

// TestResendOtherIdentity: a doubtful student whose identity changes is not sent again.
func TestResendOtherIdentity(t *testing.T) {
	t.Parallel()
	w := newWorld(student(0, ""))
	w.cfg.SettleAfter = 72 * time.Hour
	s := sv(w)
	w.register.script["csv:0"] = "lost" // created, answer lost
	w.run(t)
	w.register.script["csv:0"] = ""
	w.base.students[0].Person.BirthName = "NOM CORRIGÉ"
	for range 4 {
		day(w, 1)
		w.run(t)
	}
	if len(w.register.created) != 1 {
		t.Errorf("%d numbers were created for csv:0 (%d registrations)", len(w.register.created), len(s.regs))
	}
}

// TestResendFollowUpFailed: nobody is sent again by a run whose follow-up failed.
func TestResendFollowUpFailed(t *testing.T) {
	t.Parallel()
	w := newWorld(student(0, ""))
	w.cfg.SettleAfter = 72 * time.Hour
	s := sv(w)
	first := true
	s.reg = func(q ines.RegisterRequest) (ines.Answer, error, bool) {
		if first {
			first = false
			return ines.Answer{}, errLost, true // INES has it as LITIGE
		}
		return ines.Answer{}, nil, false
	}
	down := true
	s.follow = func(ines.FollowUpRequest) []any {
		if down {
			return []any{&ines.Error{Operation: ines.OpFollowUp, Err: passerelle.ErrUnavailable}}
		}
		a := w.register.answer(ines.OpFollowUp, ines.StatusLitige, ine.Number{})
		a.Student, a.RequestID = "csv:0", "R1"
		return []any{a}
	}
	w.run(t)
	for range 4 {
		day(w, 1)
		w.run(t)
	}
	if len(s.regs) != 1 {
		t.Errorf("sent again (%d registrations) while no follow-up could be read: INES held it as a litige", len(s.regs))
	}
}

// TestStaleFollowUp: an answer about an earlier registration does not settle the last one.
func TestStaleFollowUp(t *testing.T) {
	t.Parallel()
	w := newWorld(student(0, ""))
	s := sv(w)
	n := 0
	s.reg = func(q ines.RegisterRequest) (ines.Answer, error, bool) {
		n++
		a := w.register.answer(ines.OpRegister, ines.StatusInProgress, ine.Number{})
		a.RequestID = fmt.Sprintf("R%d", n)
		return a, nil, true
	}
	fu := func(id string, st ines.Status, num ine.Number) ines.Answer {
		a := w.register.answer(ines.OpFollowUp, st, num)
		a.RequestID, a.Student, a.Code = id, "csv:0", "E1"
		return a
	}
	w.run(t) // R1 in progress
	day(w, 1)
	s.follow = func(ines.FollowUpRequest) []any { return []any{fu("R1", ines.StatusRegisterError, ine.Number{})} }
	w.run(t) // refused
	w.base.students[0].Person.BirthName = "NOM CORRIGÉ"
	w.time = w.time.Add(10 * time.Minute)
	w.run(t) // R2 in progress
	if w.outcomes["csv:0"] != campaign.InProgress {
		t.Fatal(w.outcomes)
	}
	day(w, 1)
	s.follow = func(ines.FollowUpRequest) []any {
		return []any{fu("R1", ines.StatusRegisterError, ine.Number{}), fu("R2", ines.StatusConfirmed, otherRN)}
	}
	w.run(t)
	if w.outcomes["csv:0"] != campaign.Created {
		t.Errorf("R2 was confirmed, the report says %s: the old answer of R1 was taken for it", w.outcomes["csv:0"])
	}
	w.base.students[0].Person.BirthName = "NOM CORRIGÉ ENCORE"
	day(w, 1)
	w.run(t)
	if len(s.regs) != 2 {
		t.Errorf("and the student was registered again: %d registrations", len(s.regs))
	}
}

// TestStaleFollowUpLost: an answer about an earlier registration does not settle a lost one.
func TestStaleFollowUpLost(t *testing.T) {
	t.Parallel()
	w := newWorld(student(0, ""))
	s := sv(w)
	n := 0
	s.reg = func(q ines.RegisterRequest) (ines.Answer, error, bool) {
		if n++; n == 1 {
			a := w.register.answer(ines.OpRegister, ines.StatusRegisterError, ine.Number{})
			a.RequestID, a.Code = "R1", "E1"
			return a, nil, true
		}
		return ines.Answer{}, errLost, true
	}
	w.run(t)
	s.follow = func(q ines.FollowUpRequest) []any {
		a := ines.Answer{Operation: ines.OpFollowUp, Status: ines.StatusRegisterError, RequestID: "R1", Student: "csv:0", Code: "E1", At: campaignDay}
		if q.Since.After(a.At) { // the fake honours Since
			return nil
		}
		return []any{a}
	}
	w.base.students[0].Person.BirthName = "NOM CORRIGÉ"
	w.time = w.time.Add(30 * time.Minute)
	w.run(t) // lost → doubtful
	day(w, 1)
	w.run(t)
	if w.outcomes["csv:0"] != campaign.Doubtful {
		t.Errorf("the lost registration is said to be %s by the answer to an earlier one (30 min older)", w.outcomes["csv:0"])
	}
}

// TestWriteBackOtherPerson: the number of one person is not written on another.
func TestWriteBackOtherPerson(t *testing.T) {
	t.Parallel()
	w := newWorld(student(0, ""))
	w.register.know(student(0, "").Person, otherRN)
	w.base.refuse = errors.New("read-only")
	w.run(t)
	w.base.refuse = nil
	w.base.students[0].Person = student(77, "").Person // the record was somebody else's: the school corrects it
	day(w, 3)
	w.run(t)
	for _, u := range w.base.updates {
		if u.Definitive == otherRN.String() {
			t.Errorf("the number of another identity was written on csv:0 (outcome %s)", w.outcomes["csv:0"])
		}
	}
}

// TestRefusedAfterDoubt: a refusal of a second registration does not end the doubt about the first.
func TestRefusedAfterDoubt(t *testing.T) {
	t.Parallel()
	w := newWorld(student(0, ""))
	w.cfg.SettleAfter = 72 * time.Hour
	s := sv(w)
	n := 0
	s.reg = func(q ines.RegisterRequest) (ines.Answer, error, bool) {
		if n++; n == 1 {
			w.register.create(q.Person.IdentityKey(), w.time.Add(5*24*time.Hour)) // very late
			return ines.Answer{}, errLost, true
		}
		return ines.Answer{}, &ines.Error{Operation: ines.OpRegister, Result: passerelle.Answered, Err: passerelle.ErrInvalid, Code: "DOUBLON"}, true
	}
	w.run(t)
	for range 10 {
		day(w, 1)
		w.run(t)
	}
	if w.outcomes["csv:0"] != campaign.Created && w.outcomes["csv:0"] != campaign.Found {
		t.Errorf("the number exists and is searchable; the report says %s for ever", w.outcomes["csv:0"])
	}
	_ = s
}

// TestSettleDuringCall: INES's answer is not dropped because a person decided meanwhile.
func TestSettleDuringCall(t *testing.T) {
	t.Parallel()
	w := newWorld(student(0, ""))
	s := sv(w)
	s.reg = func(q ines.RegisterRequest) (ines.Answer, error, bool) {
		if len(s.regs) > 1 {
			return ines.Answer{}, nil, false
		}
		if err := campaign.Settle(context.Background(), w.ledger, "csv:0", campaign.NeverArrived, "x", w.time); err != nil {
			t.Fatal(err)
		}
		a := w.register.answer(ines.OpRegister, ines.StatusInProgress, ine.Number{})
		a.RequestID = "R1"
		return a, nil, true
	}
	w.run(t)
	first := w.outcomes["csv:0"]
	w.time = w.time.Add(time.Hour)
	w.run(t)
	if len(s.regs) != 1 {
		t.Errorf("INES said 'in progress' (said: %s); dropped, and registered again: %d", first, len(s.regs))
	}
}

// TestRegression: a number found by another run is not forgotten.
func TestRegression(t *testing.T) {
	t.Parallel()
	w := newWorld(student(0, ""))
	s := sv(w)
	var other *campaign.Report
	s.reg = func(q ines.RegisterRequest) (ines.Answer, error, bool) {
		w.register.create(q.Person.IdentityKey(), w.time)
		cfg := w.cfg
		cfg.Source, cfg.Ledger, cfg.Writer, cfg.Service = w.base, w.ledger, w.base, w.register
		c, _ := campaign.New(cfg)
		other, _ = c.Run(context.Background())
		return ines.Answer{}, errLost, true
	}
	w.run(t)
	rec, _ := w.ledger.Get(t.Context(), "csv:0")
	if rec.State != campaign.StateConfirmed {
		t.Errorf("the other run said %v and wrote %d; now the ledger says %s with INE %v written %v", other.Counts, len(w.base.updates), rec.State, !rec.INE.IsZero(), !rec.WrittenAt.IsZero())
	}
}

// TestClockAhead: a clock ten days ahead loses nothing.
func TestClockAhead(t *testing.T) {
	t.Parallel()
	w := newWorld(student(0, ""))
	s := sv(w)
	true0 := w.time
	w.register.script["csv:0"] = "x"
	s.reg = func(q ines.RegisterRequest) (ines.Answer, error, bool) {
		a := w.register.answer(ines.OpRegister, ines.StatusInProgress, ine.Number{})
		a.RequestID = "R1"
		return a, nil, true
	}
	changed := true0.Add(24 * time.Hour)
	s.follow = func(q ines.FollowUpRequest) []any {
		if q.Since.After(changed) || w.time.Before(changed) {
			return nil
		}
		a := ines.Answer{Operation: ines.OpFollowUp, Status: ines.StatusConfirmed, Master: otherRN, RequestID: "R1", Student: "csv:0", At: changed}
		return []any{a}
	}
	w.time = true0.Add(10 * 24 * time.Hour) // our clock is ten days ahead
	w.run(t)
	for d := 1; d < 60; d++ {
		w.time = true0.Add(time.Duration(d) * 24 * time.Hour)
		w.run(t)
	}
	if w.outcomes["csv:0"] != campaign.Created {
		t.Logf("seen while now<claimed? since of day 2: %v", s.fq[0])
		t.Errorf("%s after two months", w.outcomes["csv:0"])
	}
}

// TestClockAheadB: a clock two hours ahead loses nothing.
func TestClockAheadB(t *testing.T) {
	t.Parallel()
	w := newWorld(student(0, ""))
	s := sv(w)
	true0 := w.time
	s.reg = func(q ines.RegisterRequest) (ines.Answer, error, bool) {
		a := w.register.answer(ines.OpRegister, ines.StatusInProgress, ine.Number{})
		a.RequestID = "R1"
		return a, nil, true
	}
	changed := true0.Add(30 * time.Minute)
	s.follow = func(q ines.FollowUpRequest) []any {
		if q.Since.After(changed) {
			return nil
		}
		return []any{ines.Answer{Operation: ines.OpFollowUp, Status: ines.StatusConfirmed, Master: otherRN, RequestID: "R1", Student: "csv:0", At: changed}}
	}
	w.time = true0.Add(2 * time.Hour) // two hours ahead (a wrong zone)
	w.run(t)
	for d := 1; d < 60; d++ {
		w.time = true0.Add(time.Duration(d) * 24 * time.Hour)
		w.run(t)
	}
	if w.outcomes["csv:0"] != campaign.Created {
		t.Errorf("clock two hours ahead on day 1: %s after two months, to do: %d", w.outcomes["csv:0"], 0)
	}
}

// TestAskedInFuture: a question asked by a clock far ahead is asked again.
func TestAskedInFuture(t *testing.T) {
	t.Parallel()
	w := newWorld(student(0, ""))
	w.register.search = func(string) (ines.Answer, error) {
		return w.register.answer(ines.OpSearch, ines.StatusLitige, ine.Number{}), nil
	}
	true0 := w.time
	w.time = true0.Add(365 * 24 * time.Hour)
	w.run(t)
	w.register.search = nil
	w.time = true0
	for range 30 {
		day(w, 1)
		w.run(t)
	}
	if w.outcomes["csv:0"] != campaign.Created {
		t.Errorf("asked once by a clock a year ahead: %s for a year", w.outcomes["csv:0"])
	}
}

// TestOpenTrap: a litige settled by hand is noticed.
func TestOpenTrap(t *testing.T) {
	t.Parallel()
	w := newWorld(student(0, ""))
	s := sv(w)
	s.reg = func(q ines.RegisterRequest) (ines.Answer, error, bool) {
		a := w.register.answer(ines.OpRegister, ines.StatusLitige, ine.Number{})
		a.RequestID = "R1"
		return a, nil, true
	}
	s.follow = func(ines.FollowUpRequest) []any { return nil }
	w.run(t)
	w.register.know(student(0, "").Person, otherRN)
	w.base.students[0].INE = otherRN.String()
	day(w, 90)
	w.run(t)
	if o := w.outcomes["csv:0"]; o == campaign.Litige {
		t.Errorf("the litige was settled by hand, the base holds the definitive number and INES confirms it: still %s", o)
	}
}

// TestOpenSilent: a registration under way for too long is searched for, and told.
func TestOpenSilent(t *testing.T) {
	t.Parallel()
	w := newWorld(student(0, ""), student(1, ""))
	s := sv(w)
	s.reg = func(ines.RegisterRequest) (ines.Answer, error, bool) {
		return w.register.answer(ines.OpRegister, ines.StatusInProgress, ine.Number{}), nil, true
	}
	s.follow = func(ines.FollowUpRequest) []any {
		a := w.register.answer(ines.OpFollowUp, ines.StatusUnknown, ine.Number{})
		a.Student = "csv:0"
		return []any{a}
	}
	w.run(t)
	day(w, 13)
	if r := w.run(t); len(r.ToDo()) != 0 || w.register.calls[ines.OpSearch] != 2 {
		t.Errorf("after thirteen days: %d to do, %d searches; want none but those before the registrations", len(r.ToDo()), w.register.calls[ines.OpSearch])
	}
	w.register.know(student(0, "").Person, otherRN)
	day(w, 1)
	r := w.run(t)
	w.want(t, map[string]campaign.Outcome{"csv:0": campaign.Created, "csv:1": campaign.InProgress})
	if todo := r.ToDo(); len(todo) != 1 || todo[0].Student != "csv:1" || todo[0].Todo(campaign.French) == "" {
		t.Errorf("to do after two weeks: %+v; want csv:1, and what to do", todo)
	}
	searches := w.register.calls[ines.OpSearch]
	w.time = w.time.Add(time.Hour)
	if w.run(t); w.register.calls[ines.OpSearch] != searches {
		t.Error("an overdue registration is searched for at each run of a day")
	}
}

// TestUAI: registrations are followed up under the establishment that made them.
func TestUAI(t *testing.T) {
	t.Parallel()
	w := newWorld(student(0, ""))
	s := sv(w)
	old := w.cfg.UAI
	s.reg = func(q ines.RegisterRequest) (ines.Answer, error, bool) {
		a := w.register.answer(ines.OpRegister, ines.StatusInProgress, ine.Number{})
		a.RequestID = "R1"
		return a, nil, true
	}
	s.follow = func(q ines.FollowUpRequest) []any {
		if q.UAI != old {
			return nil
		}
		return []any{ines.Answer{Operation: ines.OpFollowUp, Status: ines.StatusConfirmed, Master: otherRN, RequestID: "R1", Student: "csv:0"}}
	}
	w.run(t)
	w.cfg.UAI = uai.MustParse("0751717J")
	for range 30 {
		day(w, 1)
		w.run(t)
	}
	if w.outcomes["csv:0"] != campaign.Created {
		t.Errorf("registered under one UAI, followed up under another for a month: %s", w.outcomes["csv:0"])
	}
}

// TestQueryOrphans: a student whose record is unreadable is not an orphan.
func TestQueryOrphans(t *testing.T) {
	t.Parallel()
	w := newWorld(student(0, ""), student(1, ""))
	w.register.script["csv:1"] = "litige"
	w.run(t)
	w.base.errs = map[int]error{1: &sis.RowError{ID: sis.StudentID{System: "csv", Local: "1"}, Provenance: sis.Provenance{Line: 3}, Err: passerelle.ErrInvalid}}
	w.base.students = w.base.students[:2]
	one := w.base.students[1]
	w.base.students = []sis.Student{w.base.students[0], one}
	// the record of csv:1 cannot be read today: the error stands in its place
	w.base.students = w.base.students[:1]
	w.base.students = append(w.base.students, student(5, rnie.String()))
	r := w.run(t)
	if r.Counts[campaign.Unreadable] == 1 && len(r.Orphans) == 1 {
		t.Errorf("csv:1 is unreadable on line 3 and 'no longer in the base': %s; to do %d", r.Orphans[0].Detail, len(r.ToDo()))
	}
}

// TestDecidedAt: a second number has its own date.
func TestDecidedAt(t *testing.T) {
	t.Parallel()
	w := newWorld(student(0, oldBEA.String()))
	w.register.know(student(0, "").Person, otherRN, oldBEA)
	w.run(t)
	day(w, 30)
	w.base.students[0].INE = oldNNE.String()
	w.register.know(student(0, "").Person, rnie, oldNNE)
	w.run(t)
	u := w.base.updates[len(w.base.updates)-1]
	if u.Definitive == rnie.String() && !u.DecidedAt.Equal(w.time) {
		t.Errorf("%s was given on %v and is dated %v", "the second number", w.time, u.DecidedAt)
	}
}

// TestFirstDayRefused: refused registrations count in the limit of the first day.
func TestFirstDayRefused(t *testing.T) {
	t.Parallel()
	w := newWorld()
	for n := range 60 {
		w.base.students = append(w.base.students, student(n, ""))
		w.register.script[fmt.Sprintf("csv:%d", n)] = "refused"
	}
	w.cfg.MaxRegister = 0
	for range 5 {
		w.run(t)
		w.time = w.time.Add(time.Minute)
	}
	if n := w.register.calls[ines.OpRegister]; n > 10 {
		t.Errorf("%d registrations on the first day, all refused; the limit is 10", n)
	}
}

// TestOrphanForEver: a number typed by hand ends the story.
func TestOrphanForEver(t *testing.T) {
	t.Parallel()
	w := newWorld(student(0, ""))
	w.base.refuse = errors.New("read-only")
	w.run(t)
	w.base.refuse = nil
	w.base.students[0].INE = w.items["csv:0"].INE // typed by hand
	day(w, 1)
	w.run(t)
	w.base.students = nil
	day(w, 1000)
	r := w.run(t)
	if len(r.Orphans) != 0 {
		t.Errorf("years later an orphan: %+v", r.Orphans[0])
	}
}

// TestTwoOutcomes: a reference that holds a definitive number on one of its lines
// is not registered for the other.
func TestTwoOutcomes(t *testing.T) {
	t.Parallel()
	for i, numbers := range [][]string{
		0: {rnie.String(), ""}, 1: {"", rnie.String()}, 2: {"", provisio, rnie.String()}, 3: {"", ""}, 4: {rnie.String(), otherRN.String()},
	} {
		w := newWorld()
		for line, n := range numbers {
			s := student(0, n)
			s.Provenance.Line = line + 2
			w.base.students = append(w.base.students, s)
		}
		report := w.run(t)
		definitive := slices.ContainsFunc(numbers, func(n string) bool { return n != "" && n != provisio })
		if got := w.register.calls[ines.OpRegister]; got != 0 && definitive || got > 1 {
			t.Errorf("%d: %d registrations", i, got)
		}
		if report.Counts[campaign.Duplicate] != len(numbers)-1 || definitive && report.Counts[campaign.Definitive] != 1 {
			t.Errorf("%d: %v; want one record that counts, the others duplicates", i, report.Counts)
		}
	}
}

// TestSince: every item to act on says since when, and keeps it from day to day.
func TestSince(t *testing.T) {
	t.Parallel()
	incomplete := student(1, "")
	incomplete.Person.Sex = passerelle.SexUnknown
	w := newWorld(student(0, ""), incomplete, student(2, "rubbish"), student(3, ""))
	w.register.script["csv:3"] = "refused"
	alike := student(0, "").Person.IdentityKey()
	w.register.search = func(id string) (ines.Answer, error) {
		if id == alike {
			return w.register.answer(ines.OpSearch, ines.StatusLitige, ine.Number{}), nil
		}
		return w.register.answer(ines.OpSearch, ines.StatusUnknown, ine.Number{}), nil
	}
	for range 3 {
		r := w.run(t)
		if len(r.ToDo()) != 4 {
			t.Errorf("%d items to act on; want 4", len(r.ToDo()))
		}
		for _, i := range r.ToDo() {
			if !i.Since.Equal(campaignDay) {
				t.Errorf("%s is %s since %v; want %v", i.Student, i.Outcome, i.Since, campaignDay)
			}
		}
		day(w, 1)
	}
	if e, err := campaign.Explain(t.Context(), w.ledger, "csv:1"); err != nil || len(e.Record.History) != 1 {
		t.Errorf("the history of an incomplete student: %+v, %v; want when it was found", e.Record.History, err)
	}
}

// TestHeldIsExplained: a student kept back by a limit is not said to have a wrong number.
func TestHeldIsExplained(t *testing.T) {
	t.Parallel()
	w := newWorld(student(0, ""), student(1, ""))
	w.cfg.MaxRegister, w.cfg.Parallel = 1, 1
	w.run(t)
	e, err := campaign.Explain(t.Context(), w.ledger, "csv:1")
	if err != nil || e.Record.Outcome != campaign.Held {
		t.Errorf("the history says %s, %v; want %s", e.Record.Outcome, err, campaign.Held)
	}
}

// TestStaleSearch: a search of the morning is not good enough to register in the evening.
func TestStaleSearch(t *testing.T) {
	t.Parallel()
	w := newWorld(student(0, ""), student(1, ""))
	w.cfg.MaxRegister, w.cfg.Parallel = 1, 1
	w.run(t)
	w.register.know(student(1, "").Person, otherRN) // by another establishment
	w.time = w.time.Add(8 * time.Hour)
	w.run(t)
	w.want(t, map[string]campaign.Outcome{"csv:0": campaign.Created, "csv:1": campaign.Found})
	searches := w.register.calls[ines.OpSearch]
	if searches != 3 {
		t.Errorf("%d searches; want 3: one for each student, one again", searches)
	}
}

// TestTwins: two records of one person are told on each day, and the number is
// written on one of them.
func TestTwins(t *testing.T) {
	t.Parallel()
	twin := student(0, "")
	twin.ID.Local = "9"
	w := newWorld(student(0, ""), twin)
	w.cfg.Parallel = 1
	w.register.script["csv:0"] = "tomorrow"
	for _, want := range []campaign.Outcome{campaign.InProgress, campaign.Created, campaign.Created} {
		w.run(t)
		w.want(t, map[string]campaign.Outcome{"csv:0": want, "csv:9": campaign.Duplicate})
		day(w, 2)
	}
	if len(w.base.updates) != 1 || w.base.updates[0].Student.Local != "0" {
		t.Errorf("written back: %+v; want csv:0 alone", w.base.updates)
	}
	w.base.students = w.base.students[1:] // the school merged the records into the other one
	w.run(t)
	w.want(t, map[string]campaign.Outcome{"csv:9": campaign.Found})
}

// TestWrittenTwinKeeps: of two records of one person, the one on which the number
// was written keeps it on the next day, whichever was given it first.
func TestWrittenTwinKeeps(t *testing.T) {
	t.Parallel()
	twin := student(0, "")
	twin.ID.Local = "9"
	for i, written := range []string{0: "csv:0", 1: "csv:9"} {
		w := newWorld(student(0, ""), twin)
		number := w.register.create(twin.Person.IdentityKey(), w.time)
		for n, ref := range []string{"csv:0", "csv:9"} {
			rec := campaign.Record{
				Student: ref, State: campaign.StateConfirmed, Outcome: campaign.Found, Since: w.time, INE: number,
				Identity: campaign.Fingerprint(twin.Person), GivenAt: w.time.Add(time.Duration(n) * time.Millisecond),
			}
			if ref == written {
				rec.WrittenAt = w.time.Add(time.Second)
			}
			if _, err := w.ledger.Put(t.Context(), rec); err != nil {
				t.Fatal(err)
			}
		}
		day(w, 1)
		report := w.run(t)
		other := map[string]string{"csv:0": "csv:9", "csv:9": "csv:0"}[written]
		w.want(t, map[string]campaign.Outcome{written: campaign.Found, other: campaign.Duplicate})
		if len(w.base.updates) != 0 || report.Written != 1 {
			t.Errorf("%d: %d numbers were written again, %d count as written; want 0 and 1", i, len(w.base.updates), report.Written)
		}
	}
}

// TestFirstTwinKeeps: where neither of two records has the number written, it is of
// the one that was given it first, or whose base record had it already.
func TestFirstTwinKeeps(t *testing.T) {
	t.Parallel()
	twin := student(0, "")
	twin.ID.Local = "9"
	for i, c := range []struct {
		first, held string
		want        string
	}{
		0: {"csv:0", "", "csv:0"}, 1: {"csv:9", "", "csv:9"}, 2: {"csv:0", "csv:9", "csv:9"},
	} {
		w := newWorld(student(0, ""), twin)
		w.cfg.Parallel = 1
		number := w.register.create(twin.Person.IdentityKey(), w.time)
		for _, ref := range []string{"csv:0", "csv:9"} {
			rec := campaign.Record{Student: ref, State: campaign.StateConfirmed, Outcome: campaign.Found, Since: w.time, INE: number, Identity: campaign.Fingerprint(twin.Person), GivenAt: w.time}
			if ref != c.first {
				rec.GivenAt = w.time.Add(time.Millisecond)
			}
			if ref == c.held {
				rec.Held = number.String()
			}
			if _, err := w.ledger.Put(t.Context(), rec); err != nil {
				t.Fatal(err)
			}
		}
		day(w, 1)
		w.run(t)
		if got := w.outcomes[c.want]; got == campaign.Duplicate {
			t.Errorf("%d: %s has lost its number to the other record", i, c.want)
		}
		other := map[string]string{"csv:0": "csv:9", "csv:9": "csv:0"}[c.want]
		if got := w.outcomes[other]; got != campaign.Duplicate {
			t.Errorf("%d: %s is %s; want a duplicate", i, other, got)
		}
	}
}

// TestReplacedOrCorrected: a number that INES does not know was no number of the
// person; and what is no number does not go on the enrolment.
func TestReplacedOrCorrected(t *testing.T) {
	t.Parallel()
	for i, c := range []struct {
		held, others, moment string
		want                 campaign.Outcome
	}{
		0: {oldBEA.String(), oldBEA.String(), oldBEA.String(), campaign.Replaced},
		1: {oldBEA.String(), "", oldBEA.String(), campaign.Corrected},
		2: {"EN COURS", "", "", campaign.Corrected},
		3: {suspect, "", suspect, campaign.Corrected},
		4: {provisio, "", provisio, campaign.Found},
		5: {"", "", "", campaign.Found},
	} {
		w := newWorld(student(0, c.held))
		var others []ine.Number
		if c.others != "" {
			others = append(others, ine.MustParse(c.others))
		}
		w.register.know(student(0, "").Person, otherRN, others...)
		w.run(t)
		if got := w.outcomes["csv:0"]; got != c.want || len(w.base.updates) != 1 || w.base.updates[0].Moment != c.moment {
			t.Errorf("%d: %s, written %+v; want %s, moment %q", i, got, w.base.updates, c.want, c.moment)
		}
	}
}

// TestZeroMaster: a confirmation without number is no number, whatever the binding.
func TestZeroMaster(t *testing.T) {
	t.Parallel()
	w := newWorld(student(0, ""), student(1, "rubbish"))
	s := sv(w)
	s.reg = func(ines.RegisterRequest) (ines.Answer, error, bool) {
		return w.register.answer(ines.OpRegister, ines.StatusConfirmed, ine.Number{}), nil, true
	}
	strange := student(1, "").Person.IdentityKey()
	w.register.search = func(id string) (ines.Answer, error) {
		if id == strange {
			return w.register.answer(ines.OpSearch, ines.StatusConfirmed, ine.Number{}), nil
		}
		return w.register.answer(ines.OpSearch, ines.StatusUnknown, ine.Number{}), nil
	}
	w.run(t)
	w.want(t, map[string]campaign.Outcome{"csv:0": campaign.Doubtful, "csv:1": campaign.Unanswered})
	if len(w.base.updates) != 0 {
		t.Errorf("written back: %+v", w.base.updates)
	}
}

// TestUnclassified: errors of a binding that knows no taxonomy stop the calls too.
func TestUnclassified(t *testing.T) {
	t.Parallel()
	w := newWorld()
	for n := range 50 {
		w.base.students = append(w.base.students, student(n, ""))
	}
	w.cfg.Parallel = 1
	w.register.search = func(string) (ines.Answer, error) { return ines.Answer{}, errors.New("dial: refused") }
	w.run(t)
	if got := w.register.calls[ines.OpSearch]; got != campaign.DefaultMaxFailures {
		t.Errorf("%d calls; want %d", got, campaign.DefaultMaxFailures)
	}
}

// TestStartOver: a person can drop what INES said, and nothing else can.
func TestStartOver(t *testing.T) {
	t.Parallel()
	w := newWorld(student(0, ""), student(1, ""))
	w.register.script["csv:1"] = "litige"
	w.run(t)
	w.base.students[0].Person = student(50, "").Person // another person takes the record over
	w.base.students[0].INE = ""
	day(w, 1)
	w.run(t)
	w.want(t, map[string]campaign.Outcome{"csv:0": campaign.ToCheck, "csv:1": campaign.Litige})
	w.register.script["csv:1"] = ""
	for _, ref := range []string{"csv:0", "csv:1"} {
		if err := campaign.Settle(t.Context(), w.ledger, ref, campaign.StartOver, "the registrar", w.time); err != nil {
			t.Fatal(err)
		}
	}
	w.run(t)
	w.want(t, map[string]campaign.Outcome{"csv:0": campaign.Created, "csv:1": campaign.Created})
}

// TestSplitKeyAlone: the key is asked for by one goroutine.
func TestSplitKeyAlone(t *testing.T) {
	t.Parallel()
	w := newWorld()
	for n := range 50 {
		w.base.students = append(w.base.students, student(n, ""))
	}
	seen := map[string]int{} // the race detector watches
	w.cfg.SplitKey = func(s sis.Student) string { seen[s.ID.Local]++; return "x" }
	w.run(t)
	if len(seen) != 50 {
		t.Errorf("%d keys were asked for; want 50", len(seen))
	}
}

// TestPartMail: the message for one component speaks of its own records, and
// nobody who left the base is in none of them.
func TestPartMail(t *testing.T) {
	t.Parallel()
	w := newWorld(student(0, rnie.String()), student(1, ""), student(2, ""))
	w.cfg.SplitKey = func(sis.Student) string { return "IUT" }
	w.register.script["csv:1"], w.register.script["csv:2"] = "litige", "litige"
	w.run(t)
	w.base.students = w.base.students[:2]
	r := w.run(t)
	parts, todo := r.Split(), 0
	for _, p := range parts {
		todo += len(p.ToDo())
	}
	m, err := parts["IUT"].Mail(campaign.French)
	if err != nil || !strings.HasPrefix(m.Text, "1 dossier de cette liste") || !strings.HasPrefix(m.Subject, "INES : 1 dossier à traiter") {
		t.Errorf("mail %q: %q, %v", m.Subject, m.Text, err)
	}
	if todo != len(r.ToDo()) || todo != 2 {
		t.Errorf("%d to do in the parts, %d in all; want 2", todo, len(r.ToDo()))
	}
}

// TestWriterWords: the words of a student system, and codes that look like a
// number, stay out of logs and of the mail's text.
func TestWriterWords(t *testing.T) {
	t.Parallel()
	var leaks testutil.Leaks
	w := newWorld(student(0, ""), student(1, ""))
	s := sv(w)
	s.reg = func(q ines.RegisterRequest) (ines.Answer, error, bool) {
		a := w.register.answer(ines.OpRegister, ines.StatusLitige, ine.Number{})
		a.Code = rnie.String()
		return a, nil, q.Student == "csv:1"
	}
	w.cfg.Logger = leaks.Logger()
	w.base.refuse = errors.New("duplicate key (ine)=(secret words)")
	r := w.run(t)
	leaks.Secret(t, "secret words", rnie.String(), w.items["csv:0"].INE)
	m, err := r.Mail(campaign.French)
	if err != nil {
		t.Fatal(err)
	}
	leaks.Error(errors.New(m.Subject + m.Text))
	e, err := campaign.Explain(t.Context(), w.ledger, "csv:0")
	if err != nil {
		t.Fatal(err)
	}
	w.cfg.Logger.Info("a caller logs", "item", w.items["csv:0"], "report", r, "explanation", e)
	leaks.Check(t)
	if w.items["csv:0"].WriteBackError != "duplicate key (ine)=(secret words)" {
		t.Errorf("the system's own words are lost: %q", w.items["csv:0"].WriteBackError)
	}
}
