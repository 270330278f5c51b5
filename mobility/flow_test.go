package mobility_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/internal/testutil"
	"github.com/passerelle-sup/passerelle/mobility"
)

var (
	spring  = time.Date(2026, 4, 1, 8, 0, 0, 0, time.UTC)
	algebra = mobility.Course{Code: "ALG2", Title: "Algèbre 2", Credits: 7_50}
	history = mobility.Course{Code: "HIS1", Title: "Histoire moderne", Credits: 5_00}
	offer   = mobility.Offer{mobility.FirstSemester: {algebra, history}}
)

func flowOf(t *testing.T, p mobility.Plan, o mobility.Offer) *mobility.Flow {
	t.Helper()
	f, err := mobility.NewFlow(p, o)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func start(t *testing.T, f *mobility.Flow) mobility.Record {
	t.Helper()
	r, err := f.Start(mobility.Record{
		ID: "m1", Student: "csv:1", Partner: "uni-beispiel.de", Country: "DE", Component: "UFR1", Year: 2026,
		Type: mobility.FirstSemester, Programme: mobility.ExchangeProgramme,
	}, spring)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// actors are who does each default step.
var actors = map[string]mobility.Actor{
	mobility.PreRegistration: mobility.Student, mobility.Nomination: mobility.Home, mobility.Admission: mobility.Host, mobility.CourseChoice: mobility.Student,
	mobility.ReferentApproval: mobility.Referent, mobility.HomeApproval: mobility.Home, mobility.StudentSignature: mobility.Student, mobility.LearningAgreement: mobility.Host,
}

// forward does the next step as it should be, an hour later.
func forward(t *testing.T, f *mobility.Flow, r mobility.Record) (mobility.Record, []mobility.Effect) {
	t.Helper()
	e := mobility.Event{Action: mobility.Complete, Step: r.Step, By: actors[r.Step], At: r.Since.Add(time.Hour)}
	if r.Step == mobility.CourseChoice {
		e.Action, e.Choice = mobility.Choose, []mobility.Course{algebra, history}
	}
	next, effects, err := f.Apply(r, e)
	if err != nil {
		t.Fatal(err)
	}
	return next, effects
}

// until goes forward up to a step.
func until(t *testing.T, f *mobility.Flow, step string) mobility.Record {
	t.Helper()
	r := start(t, f)
	for r.Step != step {
		r, _ = forward(t, f, r)
	}
	return r
}

// TestDefaultFlow goes through the eight steps on both sides, and compares the
// messages of each with the roles that the EWP specifications give.
func TestDefaultFlow(t *testing.T) {
	t.Parallel()
	for d, want := range map[mobility.Direction]string{
		mobility.Incoming: `pre-registration
nomination
admission: out omobilities update approve-proposal-v1
course-choice
referent-approval
home-approval
student-signature
learning-agreement: document learning-agreement, out omobility-las update approve-proposal-v1`,
		mobility.Outgoing: `pre-registration
nomination: out omobility-cnr notification
admission
course-choice
referent-approval
home-approval
student-signature: out omobility-la-cnr notification
learning-agreement: document learning-agreement`,
	} {
		f := flowOf(t, mobility.DefaultPlan(d), offer)
		r := start(t, f)
		var lines []string
		for r.Status == mobility.Open {
			step := r.Step
			var effects []mobility.Effect
			r, effects = forward(t, f, r)
			var parts []string
			for _, e := range effects {
				if e.Document != "" {
					parts = append(parts, "document "+e.Document)
				} else {
					parts = append(parts, strings.Join(strings.Fields(string(e.Message.Way)+" "+e.Message.API+" "+e.Message.Endpoint+" "+e.Message.About), " "))
				}
			}
			if len(parts) > 0 {
				step += ": " + strings.Join(parts, ", ")
			}
			lines = append(lines, step)
		}
		testutil.Equal(t, string(d), strings.Join(lines, "\n"), want)
		if r.Status != mobility.Completed || r.Step != "" || r.Credits() != 12_50 || len(r.Documents) != 1 ||
			!slices.Equal(r.Documents[0].Approvals, []string{mobility.ReferentApproval, mobility.HomeApproval, mobility.StudentSignature}) {
			t.Errorf("%s ends as %+v", d, r)
		}
	}
}

// TestRefused: every step, and every event that it must refuse, with the rule.
func TestRefused(t *testing.T) {
	t.Parallel()
	f := flowOf(t, mobility.DefaultPlan(mobility.Incoming), offer)
	everyone := []mobility.Actor{mobility.Student, mobility.Home, mobility.Host, mobility.Referent, mobility.Office, "stranger"}
	for step, owner := range actors {
		r := until(t, f, step)
		later := r.Since.Add(time.Hour)
		try := func(e mobility.Event, rule string) {
			t.Helper()
			e.At = later
			got, effects, err := f.Apply(r, e)
			refused, ok := errors.AsType[*mobility.RefusedError](err)
			if !ok || refused.Rule != rule || refused.Want == "" || refused.Step != step {
				t.Errorf("%s: %+v: %v; want a refusal by %q", step, e, err, rule)
			}
			testutil.Equal(t, step+": the record after a refusal", got, r)
			if len(effects) > 0 {
				t.Errorf("%s: a refused event has effects", step)
			}
		}
		for _, by := range everyone {
			if by != owner {
				try(mobility.Event{Action: mobility.Complete, Step: step, By: by}, "actor")
				try(mobility.Event{Action: mobility.Refuse, Step: step, By: by, Reason: "x"}, "actor")
			}
		}
		for other := range actors {
			if other != step {
				try(mobility.Event{Action: mobility.Complete, Step: other, By: actors[other]}, "step")
			}
		}
		try(mobility.Event{Action: mobility.Refuse, Step: step, By: owner}, "reason")
		try(mobility.Event{Action: mobility.Refuse, Step: step, By: owner, Reason: "x", Back: step}, "order")
		try(mobility.Event{Action: mobility.Refuse, Step: step, By: owner, Reason: "x", Back: mobility.Arrival}, "order")
		try(mobility.Event{Action: "dance", Step: step, By: owner}, "action")
		try(mobility.Event{Action: mobility.Reopen, By: mobility.Office}, "status")
		try(mobility.Event{Action: mobility.Withdraw, By: mobility.Referent, Reason: "x"}, "actor")
		try(mobility.Event{Action: mobility.Withdraw, By: mobility.Student}, "reason")
		try(mobility.Event{Action: mobility.Complete, Step: step, By: owner, Cause: &mobility.Message{API: "iias", Way: mobility.In}}, "cause")
		early := slices.Contains([]string{mobility.PreRegistration, mobility.Nomination, mobility.Admission}, step)
		if early {
			try(mobility.Event{Action: mobility.Choose, By: mobility.Student, Choice: []mobility.Course{algebra}}, "order")
			continue
		}
		try(mobility.Event{Action: mobility.Choose, By: mobility.Home, Choice: []mobility.Course{algebra}}, "actor")
		try(mobility.Event{Action: mobility.Choose, By: mobility.Student}, "choice")
		try(mobility.Event{Action: mobility.Choose, By: mobility.Student, Choice: []mobility.Course{{Code: "XXX", Credits: 500}}}, "course")
		try(mobility.Event{Action: mobility.Choose, By: mobility.Student, Choice: []mobility.Course{algebra, algebra}}, "course")
		try(mobility.Event{Action: mobility.Choose, By: mobility.Student, Choice: []mobility.Course{{Code: "ALG2", Credits: 500}}}, "credits")
		if step == mobility.CourseChoice {
			try(mobility.Event{Action: mobility.Complete, Step: step, By: mobility.Student}, "choice")
		} else {
			try(mobility.Event{Action: mobility.Choose, By: mobility.Student, Choice: []mobility.Course{history, algebra}}, "choice") // the same
		}
	}
	r := start(t, f)
	if _, _, err := f.Apply(r, mobility.Event{Action: mobility.Complete, Step: r.Step, By: mobility.Student, At: r.Since.Add(-time.Second)}); !errors.Is(err, passerelle.ErrInvalid) {
		t.Errorf("an event before the step: %v; want ErrInvalid", err)
	}
	if _, _, err := f.Apply(mobility.Record{}, mobility.Event{Action: mobility.Complete, At: spring}); !errors.Is(err, passerelle.ErrConflict) {
		t.Errorf("a record that was not started: %v; want ErrConflict", err)
	}
}

// TestChange: courses that change void what was approved, whenever it happens, and a
// document already made stays as what was agreed then.
func TestChange(t *testing.T) {
	t.Parallel()
	f := flowOf(t, mobility.DefaultPlan(mobility.Incoming), offer)
	for i, step := range []string{0: mobility.ReferentApproval, 1: mobility.HomeApproval, 2: mobility.LearningAgreement, 3: ""} {
		r := until(t, f, step)
		documents := len(r.Documents)
		r, _, err := f.Apply(r, mobility.Event{Action: mobility.Choose, By: mobility.Student, At: r.Since.Add(time.Hour), Choice: []mobility.Course{algebra}})
		if err != nil {
			t.Fatal(err)
		}
		if r.Step != mobility.ReferentApproval || len(r.Approvals) != 0 || len(r.Documents) != documents || r.Status != mobility.Open || r.Changes != documents {
			t.Errorf("%d: after a change at %q: %+v", i, step, r)
		}
		for r.Status == mobility.Open {
			r, _ = forward(t, f, r)
		}
		last := r.Documents[len(r.Documents)-1]
		if len(r.Documents) != documents+1 || last.Content != mobility.Fingerprint([]mobility.Course{algebra}) {
			t.Errorf("%d: documents %+v", i, r.Documents)
		}
	}
}

// TestRefusalAndReopen: a refusal goes back or ends, and the office reopens.
func TestRefusalAndReopen(t *testing.T) {
	t.Parallel()
	f := flowOf(t, mobility.DefaultPlan(mobility.Incoming), offer)
	r := until(t, f, mobility.HomeApproval)
	apply := func(e mobility.Event) {
		t.Helper()
		e.At = r.Since.Add(time.Hour)
		var err error
		if r, _, err = f.Apply(r, e); err != nil {
			t.Fatal(err)
		}
	}
	apply(mobility.Event{Action: mobility.Refuse, Step: mobility.HomeApproval, By: mobility.Home, Reason: "too few credits", Back: mobility.CourseChoice})
	if r.Step != mobility.CourseChoice || len(r.Approvals) != 0 || r.Status != mobility.Open || r.Reason != "too few credits" {
		t.Errorf("sent back: %+v", r)
	}
	apply(mobility.Event{Action: mobility.Choose, By: mobility.Student, Choice: []mobility.Course{algebra, history}})
	if r.Reason != "" || r.History[len(r.History)-2].Note != "too few credits" {
		t.Errorf("the reason of a refusal that was answered: %+v", r)
	}
	apply(mobility.Event{Action: mobility.Refuse, Step: mobility.ReferentApproval, By: mobility.Referent, Reason: "no"})
	if r.Status != mobility.Refused || r.Step != "" || r.Reason != "no" {
		t.Errorf("refused: %+v", r)
	}
	if _, _, err := f.Apply(r, mobility.Event{Action: mobility.Choose, By: mobility.Student, Choice: []mobility.Course{algebra}, At: r.Since.Add(time.Hour)}); !errors.Is(err, passerelle.ErrConflict) {
		t.Errorf("choosing in a refused mobility: %v; want ErrConflict", err)
	}
	for _, by := range []mobility.Actor{mobility.Student, mobility.Home, mobility.Referent, ""} {
		_, _, err := f.Apply(r, mobility.Event{Action: mobility.Reopen, By: by, At: r.Since})
		if refused, ok := errors.AsType[*mobility.RefusedError](err); !ok || refused.Rule != "actor" {
			t.Errorf("reopened by %q: %v; want a refusal", by, err)
		}
	}
	apply(mobility.Event{Action: mobility.Reopen, By: mobility.Office})
	if r.Status != mobility.Open || r.Step != mobility.ReferentApproval {
		t.Errorf("reopened: %+v", r)
	}
	apply(mobility.Event{Action: mobility.Withdraw, By: mobility.Student, Reason: "ill"})
	if r.Status != mobility.Withdrawn {
		t.Errorf("withdrawn: %+v", r)
	}
	for _, m := range f.Timeline(r, r.Since) {
		if m.Step.Code == mobility.CourseChoice && (m.Stage != mobility.StageDone || m.Times != 2) || m.Step.Code == mobility.ReferentApproval && m.Stage != mobility.StageEnded {
			t.Errorf("the timeline says %+v", m)
		}
	}
}

// TestFingerprint: two choices are told apart whatever is written into them.
func TestFingerprint(t *testing.T) {
	t.Parallel()
	kinds := map[string]bool{}
	for _, c := range []mobility.Course{{Code: "A"}, {Code: "B"}, {Code: "A", Credits: 1}, {Code: "A", Term: "1"}, {Code: "A", Replaces: "1"}, {Code: "A", Title: "left out"}} {
		kinds[mobility.Fingerprint([]mobility.Course{c})] = true
	}
	if len(kinds) != 5 {
		t.Errorf("%d fingerprints of five contents", len(kinds))
	}
	one := []mobility.Course{{Code: "A", Replaces: "x\nB\x000\x00\x00"}}
	two := []mobility.Course{{Code: "A", Replaces: "x"}, {Code: "B"}}
	f := flowOf(t, mobility.DefaultPlan(mobility.Incoming), nil)
	r := until(t, f, mobility.CourseChoice)
	_, _, err := f.Apply(r, mobility.Event{Action: mobility.Choose, By: mobility.Student, At: r.Since, Choice: one})
	if refused, ok := errors.AsType[*mobility.RefusedError](err); mobility.Fingerprint(one) == mobility.Fingerprint(two) && (!ok || refused.Rule != "course") {
		t.Errorf("a choice that looks like another is taken: %v", err)
	}
}

// TestCause: a notification that arrives does the step, and is not answered by another.
func TestCause(t *testing.T) {
	t.Parallel()
	f := flowOf(t, mobility.DefaultPlan(mobility.Outgoing), nil)
	r := until(t, f, mobility.LearningAgreement)
	cause := mobility.Message{API: "omobility-las", Endpoint: "update", Way: mobility.In}
	r, effects, err := f.Apply(r, mobility.Event{Action: mobility.Complete, Step: r.Step, By: mobility.Host, At: r.Since.Add(time.Hour), Cause: &cause})
	if err != nil || r.Status != mobility.Completed {
		t.Fatal(r, err)
	}
	testutil.Equal(t, "effects", effects, []mobility.Effect{{Step: mobility.LearningAgreement, Document: "learning-agreement"}})

	r = until(t, f, mobility.LearningAgreement)
	for i, wrong := range []mobility.Message{0: {API: "omobility-las", Endpoint: "get", Way: mobility.In}, 1: {API: "omobility-las", Endpoint: "update", Way: mobility.Out}, 2: {API: "omobilities", Endpoint: "update", Way: mobility.In}} {
		_, _, err := f.Apply(r, mobility.Event{Action: mobility.Complete, Step: r.Step, By: mobility.Host, At: r.Since, Cause: &wrong})
		if refused, ok := errors.AsType[*mobility.RefusedError](err); !ok || refused.Rule != "cause" {
			t.Errorf("%d: done by %+v: %v; want a refusal of the cause", i, wrong, err)
		}
	}
	p := mobility.DefaultPlan(mobility.Incoming)
	p.Steps[2].CausedBy = []mobility.Message{cause} // the admission, which tells the home institution when a person does it
	f = flowOf(t, p, nil)
	r = until(t, f, mobility.Admission)
	for i, c := range []*mobility.Message{0: nil, 1: &cause} {
		_, effects, err := f.Apply(r, mobility.Event{Action: mobility.Complete, Step: r.Step, By: mobility.Host, At: r.Since, Cause: c})
		if err != nil || len(effects) != 1-i {
			t.Errorf("%d: the admission by %v demands %v, %v", i, c, effects, err)
		}
	}
}

// TestNoCourses: a traineeship has no choice, no approval of one, and its document all the same.
func TestNoCourses(t *testing.T) {
	t.Parallel()
	p := mobility.DefaultPlan(mobility.Incoming)
	p.Types = append(p.Types, mobility.Type{Code: "traineeship", NoCourses: true})
	p.Programmes[mobility.Alliance] = append(p.Programmes[mobility.Alliance], "traineeship")
	f := flowOf(t, p, nil)
	r, err := f.Start(mobility.Record{ID: "m", Student: "csv:1", Partner: "x.fr", Type: "traineeship", Programme: mobility.Alliance}, spring)
	if err != nil {
		t.Fatal(err)
	}
	var steps []string
	for r.Status == mobility.Open {
		steps = append(steps, r.Step)
		r, _ = forward(t, f, r)
	}
	testutil.Equal(t, "steps", steps, []string{mobility.PreRegistration, mobility.Nomination, mobility.Admission, mobility.LearningAgreement})
	if _, _, err := f.Apply(r, mobility.Event{Action: mobility.Choose, By: mobility.Student, At: r.Since.Add(time.Hour), Choice: []mobility.Course{algebra}}); err == nil {
		t.Error("courses were chosen in a traineeship")
	}
}

// TestStart: what a new mobility lacks is told at once.
func TestStart(t *testing.T) {
	t.Parallel()
	f := flowOf(t, mobility.DefaultPlan(mobility.Incoming), nil)
	_, err := f.Start(mobility.Record{Type: "x", Programme: "y", Status: mobility.Open}, time.Time{})
	faults, _ := errors.AsType[passerelle.FieldErrors](err)
	var fields []string
	for _, fault := range faults {
		fields = append(fields, fault.Field)
	}
	testutil.Equal(t, "faults", fields, []string{"ID", "Student", "Partner", "Type", "Programme", "Started", "Status"})
	_, err = f.Start(mobility.Record{ID: "m", Student: "s", Partner: "p", Type: mobility.FirstSemester, Programme: mobility.DoubleDegree}, spring)
	if faults, _ := errors.AsType[passerelle.FieldErrors](err); len(faults) != 1 || faults[0].Rule != "programme" {
		t.Errorf("a type that the programme does not allow: %v", err)
	}
}

// TestAdopt: a plan that changes under a record puts it at what is left to do.
func TestAdopt(t *testing.T) {
	t.Parallel()
	old := flowOf(t, mobility.DefaultPlan(mobility.Incoming), nil)
	r := until(t, old, mobility.Admission)
	p := mobility.DefaultPlan(mobility.Incoming)
	for i := range p.Steps {
		if p.Steps[i].Code == mobility.Admission {
			p.Steps[i].Active = false
		}
	}
	f := flowOf(t, p, nil)
	if _, _, err := f.Apply(r, mobility.Event{Action: mobility.Complete, Step: r.Step, By: mobility.Host, At: r.Since.Add(time.Hour)}); !errors.Is(err, passerelle.ErrConflict) {
		t.Errorf("a step that is not active: %v", err)
	}
	if got := f.Adopt(r, r.Since.Add(time.Hour)); got.Step != mobility.CourseChoice || got.Status != mobility.Open {
		t.Errorf("adopted at %q, %s; want the course choice", got.Step, got.Status)
	}
}

// TestOtherPlans: what a plan did not know, another does not take for done.
func TestOtherPlans(t *testing.T) {
	t.Parallel()
	full := flowOf(t, mobility.DefaultPlan(mobility.Incoming), nil)
	choose := func(f *mobility.Flow, r mobility.Record, c mobility.Course) mobility.Record {
		t.Helper()
		r, _, err := f.Apply(r, mobility.Event{Action: mobility.Choose, By: mobility.Student, At: r.Since.Add(time.Hour), Choice: []mobility.Course{c}})
		if err != nil {
			t.Fatal(err)
		}
		return r
	}

	// The home institution approves algebra; the plan forgets its step; the student
	// changes to history and back; the plan has the step again.
	p := mobility.DefaultPlan(mobility.Incoming)
	p.Steps[5].Active = false
	lax := flowOf(t, p, nil)
	r := choose(full, until(t, full, mobility.CourseChoice), algebra)
	r, _ = forward(t, full, r)
	r, _ = forward(t, full, r)
	r = choose(lax, choose(lax, lax.Adopt(r, r.Since), history), algebra)
	for r.Step != mobility.LearningAgreement {
		r, _ = forward(t, lax, r)
	}
	if r = full.Adopt(r, r.Since); r.Step != mobility.HomeApproval {
		t.Errorf("an approval from before the change counts: the mobility is at %q", r.Step)
	}

	// A step that was a form when it was done becomes the step of choice.
	p = mobility.DefaultPlan(mobility.Incoming)
	for i := range p.Steps {
		p.Steps[i].Active = i < 4 || p.Steps[i].Code == mobility.LearningAgreement
	}
	p.Steps[3].Kind = mobility.Form
	forms := flowOf(t, p, nil)
	r = until(t, forms, mobility.CourseChoice)
	r, _, err := forms.Apply(r, mobility.Event{Action: mobility.Complete, Step: r.Step, By: mobility.Student, At: r.Since})
	if err != nil {
		t.Fatal(err)
	}
	if r = full.Adopt(r, r.Since); r.Step != mobility.CourseChoice {
		t.Errorf("nothing was chosen, and the mobility is at %q", r.Step)
	}

	// A record of the other direction.
	outgoing := flowOf(t, mobility.DefaultPlan(mobility.Outgoing), nil)
	_, _, err = outgoing.Apply(r, mobility.Event{Action: mobility.Withdraw, By: mobility.Student, At: r.Since, Reason: "x"})
	if refused, ok := errors.AsType[*mobility.RefusedError](err); !ok || refused.Rule != "plan" {
		t.Errorf("an incoming mobility by the plan of outgoing ones: %v", err)
	}
	r.Step = "none"
	if got := outgoing.Adopt(r, r.Since); got.Step != "none" {
		t.Errorf("the plan of outgoing mobilities adopts an incoming one, at %q", got.Step)
	}
}

// TestStricterPlan: an approval that a plan asks for since is asked for, even of a
// record that stands at the document already.
func TestStricterPlan(t *testing.T) {
	t.Parallel()
	lax := mobility.DefaultPlan(mobility.Incoming)
	for i := range lax.Steps {
		if lax.Steps[i].Code == mobility.HomeApproval {
			lax.Steps[i].Active = false
		}
	}
	r := until(t, flowOf(t, lax, nil), mobility.LearningAgreement)
	strict := flowOf(t, mobility.DefaultPlan(mobility.Incoming), nil)
	at := r.Since.Add(time.Hour)
	_, _, err := strict.Apply(r, mobility.Event{Action: mobility.Complete, Step: r.Step, By: mobility.Host, At: at})
	if refused, ok := errors.AsType[*mobility.RefusedError](err); !ok || refused.Rule != "approvals" || !strings.Contains(refused.Want, mobility.HomeApproval) {
		t.Errorf("a document without an approval that is asked for now: %v", err)
	}
	if got := strict.Adopt(r, at); got.Step != mobility.HomeApproval {
		t.Errorf("adopted at %q; want the missing approval", got.Step)
	}
}

// TestNoDocumentWithoutApprovals plays random events on random plans: whatever
// happens, a document has the approval of its very content by every active step of
// approval before it.
func TestNoDocumentWithoutApprovals(t *testing.T) {
	t.Parallel()
	actions := []mobility.Action{mobility.Complete, mobility.Complete, mobility.Complete, mobility.Choose, mobility.Refuse, mobility.Withdraw, mobility.Reopen}
	by := []mobility.Actor{mobility.Student, mobility.Home, mobility.Host, mobility.Referent, mobility.Office}
	made := 0
	for seed := range uint64(400) {
		rng := rand.New(rand.NewPCG(seed, 1))
		p := mobility.DefaultPlan(mobility.Incoming)
		for i := range p.Steps { // some steps are off, in another order
			p.Steps[i].Active = p.Steps[i].Code == mobility.CourseChoice || p.Steps[i].Code == mobility.LearningAgreement || rng.IntN(4) > 0
		}
		f, err := mobility.NewFlow(p, nil)
		if err != nil {
			t.Fatal(seed, err)
		}
		var approvers []string
		for _, s := range f.Steps() {
			if s.Code == mobility.LearningAgreement {
				break
			}
			if s.Kind == mobility.Approval {
				approvers = append(approvers, s.Code)
			}
		}
		r := start(t, f)
		given := map[string]map[string]bool{} // content to the steps that approved it, by our own books
		for n := range 300 {
			e := mobility.Event{Action: actions[rng.IntN(len(actions))], Step: r.Step, By: by[rng.IntN(len(by))], At: r.Since.Add(time.Duration(rng.IntN(3)) * time.Minute)}
			if rng.IntN(10) == 0 {
				e.Step = p.Steps[rng.IntN(len(p.Steps))].Code
			}
			if rng.IntN(3) > 0 { // mostly somebody who may
				if s := slices.IndexFunc(p.Steps, func(s mobility.Step) bool { return s.Code == e.Step }); s >= 0 {
					e.By = p.Steps[s].Validator
				}
			}
			switch e.Action {
			case mobility.Choose:
				e.Step, e.Choice = "", []mobility.Course{{Code: fmt.Sprint("C", rng.IntN(3)), Credits: 500}}
			case mobility.Refuse, mobility.Withdraw:
				if rng.IntN(5) > 0 {
					continue
				}
				e.Reason = "x"
				if rng.IntN(2) == 0 {
					e.Back = p.Steps[rng.IntN(len(p.Steps))].Code
				}
			}
			before := r
			next, effects, err := f.Apply(r, e)
			if err != nil {
				continue
			}
			if e.Action == mobility.Choose { // approvals come after the choice, each time
				clear(given)
			}
			if e.Action == mobility.Complete && slices.Contains(approvers, before.Step) {
				c := mobility.Fingerprint(before.Choice)
				if given[c] == nil {
					given[c] = map[string]bool{}
				}
				given[c][before.Step] = true
			}
			for _, effect := range effects {
				if effect.Document == "" {
					continue
				}
				made++
				c := mobility.Fingerprint(before.Choice)
				for _, step := range approvers {
					if effect.Step != mobility.LearningAgreement {
						continue
					}
					if !given[c][step] {
						t.Fatalf("seed %d, event %d: %s was produced without the approval of %s", seed, n, effect.Document, step)
					}
				}
				if doc := next.Documents[len(next.Documents)-1]; doc.Content != c {
					t.Fatalf("seed %d, event %d: the document is of another content", seed, n)
				}
			}
			if next.Status == mobility.Open && next.Step == "" || next.Status != mobility.Open && next.Step != "" {
				t.Fatalf("seed %d, event %d: %s at step %q", seed, n, next.Status, next.Step)
			}
			r = next
		}
	}
	if made < 100 {
		t.Errorf("only %d documents were produced: the property was hardly tried", made)
	}
}
