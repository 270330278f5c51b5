package mobility

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/passerelle-sup/passerelle"
)

// Flow applies events to records. It is safe for concurrent use.
type Flow struct {
	plan  Plan
	steps []Step // active, in order
	offer map[string]map[string]Course
	types map[string]Type
}

// NewFlow returns the flow of a plan and an offer. Its error is
// [passerelle.FieldErrors]: those of [Plan.Validate], types of the offer that the
// plan does not know, and courses that it has twice. An offer that has no entry for a type leaves its courses
// unchecked: the host's catalogue is then the student's word.
func NewFlow(p Plan, o Offer) (*Flow, error) {
	faults, _ := errors.AsType[passerelle.FieldErrors](p.Validate())
	f := &Flow{plan: p, steps: p.active(), offer: map[string]map[string]Course{}, types: map[string]Type{}}
	for _, t := range p.Types {
		f.types[t.Code] = t
	}
	for _, code := range sortedKeys(o) {
		if _, ok := f.types[code]; !ok {
			faults.Add("offer."+code, "type", "a type of the plan")
		}
		f.offer[code] = map[string]Course{}
		for i, c := range o[code] {
			if _, twice := f.offer[code][c.Code]; twice || c.Code == "" {
				faults.Add(fmt.Sprintf("offer.%s[%d]", code, i), "unique", "a course with a code of its own")
			}
			f.offer[code][c.Code] = c
		}
	}
	if err := faults.Err(); err != nil {
		return nil, err
	}
	return f, nil
}

// Steps returns the active steps in order.
func (f *Flow) Steps() []Step { return slices.Clone(f.steps) }

// Action is what an event does.
type Action string

// The actions.
const (
	Complete Action = "complete" // does the step: fills in, approves, produces
	Choose   Action = "choose"   // sets the course choice; after the step of choice, changes it
	Refuse   Action = "refuse"   // of the present step: back to an earlier one, or the end
	Withdraw Action = "withdraw" // ends the mobility
	Reopen   Action = "reopen"   // takes back a refusal or withdrawal
)

// Event is one thing that happens to a mobility.
type Event struct {
	Action Action
	Step   string // the step meant; it must be the present one, but for Choose, Withdraw and Reopen, which need none
	By     Actor
	At     time.Time
	// Cause is the message that brought the event, when it was not a person. It must be
	// among the step's CausedBy.
	Cause *Message
	// Choice is the courses of Choose.
	Choice []Course
	// Back, of Refuse, is the earlier step that is done again. Empty ends the mobility.
	Back   string
	Reason string // of Refuse and Withdraw; kept in the record, personal
	Note   string // kept in the history, personal
}

// Effect is what an event demands of the caller, who does it after the record was
// stored: the record that follows is the same if the effect is done twice.
type Effect struct {
	Step     string
	Document string  // to be produced; empty for a message
	Message  Message // to be sent; zero for a document
}

// RefusedError says why an event was not applied. Its text holds no personal data.
type RefusedError struct {
	Step   string // where the mobility stands
	Action Action
	Rule   string // the broken rule, a stable word: "step", "actor", "order", "choice", "credits", "course", "status", "cause", "time", "approvals", "plan", "reason", "action"
	Want   string // what would have been allowed, for a person to read
}

// Error names the step, the rule and the expectation.
func (e *RefusedError) Error() string {
	return fmt.Sprintf("mobility: %s at step %q: %s: want %s", e.Action, e.Step, e.Rule, e.Want)
}

// Is reports whether target is passerelle.ErrConflict, for what the state of the
// mobility forbids, or passerelle.ErrInvalid, for a choice or a time that is wrong
// whatever the state.
func (e *RefusedError) Is(target error) bool {
	switch e.Rule {
	case "choice", "credits", "course", "time":
		return target == passerelle.ErrInvalid
	}
	return target == passerelle.ErrConflict
}

// Start returns the record of a new mobility at its first step. The fields that
// say whose it is are the caller's: ID, Student, Partner, Country, Component, Type,
// Programme and Year. Its error is a [passerelle.FieldErrors].
func (f *Flow) Start(r Record, at time.Time) (Record, error) {
	var faults passerelle.FieldErrors
	for _, field := range []struct{ name, value string }{{"ID", r.ID}, {"Student", r.Student}, {"Partner", r.Partner}} {
		if field.value == "" {
			faults.Add(field.name, "required", "who and what the mobility is")
		}
	}
	if _, ok := f.types[r.Type]; !ok {
		faults.Add("Type", "code", "a type of the plan")
	}
	if allowed, ok := f.plan.Programmes[r.Programme]; !ok {
		faults.Add("Programme", "code", "a programme of the plan")
	} else if !slices.Contains(allowed, r.Type) {
		faults.Add("Type", "programme", "a type that the programme allows")
	}
	if at.IsZero() {
		faults.Add("Started", "required", "a time")
	}
	if r.Status != "" || len(r.History) > 0 || len(r.Choice) > 0 || len(r.Approvals) > 0 || len(r.Documents) > 0 {
		faults.Add("Status", "new", "a record that was not started")
	}
	if err := faults.Err(); err != nil {
		return Record{}, err
	}
	r.Direction, r.Status, r.Started = f.plan.Direction, Open, at
	f.arrive(&r, at)
	return r, nil
}

// Apply returns the record that follows an event, and what the event demands of
// the caller. A [*RefusedError] leaves the record as it was.
func (f *Flow) Apply(r Record, e Event) (Record, []Effect, error) {
	refuse := func(rule, want string) (Record, []Effect, error) {
		return r, nil, &RefusedError{Step: r.Step, Action: e.Action, Rule: rule, Want: want}
	}
	switch {
	case r.Status == "":
		return refuse("status", "a mobility that was started")
	case r.Direction != f.plan.Direction:
		return refuse("plan", fmt.Sprintf("an %s mobility: the plan is for these", f.plan.Direction))
	case e.At.IsZero() || e.At.Before(r.Since):
		return refuse("time", "a time after the mobility came to this step")
	case e.Action == Reopen:
		return f.reopen(r, e, refuse)
	case r.Status == Refused || r.Status == Withdrawn:
		return refuse("status", "an open mobility; reopen it first")
	case e.Action == Withdraw:
		return f.withdraw(r, e, refuse)
	case e.Action == Choose:
		return f.choose(r, e, refuse)
	case r.Status == Completed:
		return refuse("status", "nothing: every step is done. A change of courses begins anew by choosing")
	case e.Step != r.Step:
		return refuse("step", fmt.Sprintf("the present step, %q", r.Step))
	}
	step, ok := f.step(r.Step)
	if !ok {
		return refuse("step", "a step of the plan: this one is not active any more")
	}
	if e.Cause != nil && !slices.ContainsFunc(step.CausedBy, func(m Message) bool {
		return m.API == e.Cause.API && m.Endpoint == e.Cause.Endpoint && m.Way == e.Cause.Way
	}) {
		return refuse("cause", "a message that may do this step")
	}
	if e.By != step.Validator {
		return refuse("actor", fmt.Sprintf("%q does this step", step.Validator))
	}
	switch e.Action {
	case Complete:
		return f.complete(r, step, e, refuse)
	case Refuse:
		return f.refuse(r, step, e, refuse)
	}
	return refuse("action", "complete, choose, refuse, withdraw or reopen")
}

type refusal = func(rule, want string) (Record, []Effect, error)

// complete does a step.
func (f *Flow) complete(r Record, step Step, e Event, refuse refusal) (Record, []Effect, error) {
	var effects []Effect
	switch step.Kind {
	case Choice:
		return refuse("choice", "courses: this step is done by choosing")
	case Approval:
		r.Approvals = append(slices.Clone(r.Approvals), ApprovalGiven{step.Code, e.By, e.At, Fingerprint(r.Choice)})
	case Produce:
		approvals, missing := f.approvalsBefore(r, step)
		if missing != "" {
			return refuse("approvals", fmt.Sprintf("the approval of the present choice at step %q", missing))
		}
		r.Documents = append(slices.Clone(r.Documents), DocumentMade{step.Document, step.Code, e.At, Fingerprint(r.Choice), approvals})
		effects = append(effects, Effect{Step: step.Code, Document: step.Document})
	}
	r.History = append(slices.Clone(r.History), Done{step.Code, e.By, e.At, e.Note})
	r.Reason = ""
	if e.Cause == nil || step.Kind == Produce { // what a message did needs no message back
		for _, m := range step.Causes {
			effects = append(effects, Effect{Step: step.Code, Message: m})
		}
	}
	f.arrive(&r, e.At)
	return r, effects, nil
}

// approvalsBefore returns the steps before s that approve a choice, all of which
// must have approved the present one; missing is the first that has not.
func (f *Flow) approvalsBefore(r Record, s Step) (given []string, missing string) {
	if f.types[r.Type].NoCourses {
		return nil, ""
	}
	for _, before := range f.steps {
		if before.Order >= s.Order {
			break
		}
		if before.Kind != Approval {
			continue
		}
		if !r.approved(before.Code) {
			return nil, before.Code
		}
		given = append(given, before.Code)
	}
	return given, ""
}

// refuse sends the mobility back to an earlier step, or ends it.
func (f *Flow) refuse(r Record, step Step, e Event, refuse refusal) (Record, []Effect, error) {
	if e.Reason == "" {
		return refuse("reason", "why: the others must know what to do")
	}
	r.History = append(slices.Clone(r.History), Done{doneRefused + step.Code, e.By, e.At, e.Reason})
	r.Reason = e.Reason
	if e.Back == "" {
		r.Status, r.Step, r.Since = Refused, "", e.At
		return r, nil, nil
	}
	back, ok := f.step(e.Back)
	if !ok || back.Order >= step.Order {
		return refuse("order", "an active step before the present one")
	}
	f.undo(&r, back)
	f.arrive(&r, e.At)
	return r, nil, nil
}

// undo takes back the steps from one on: their work is to be done again. A
// document that was made stays in the record, as what was once agreed. Approvals at
// steps that are not active go too, for a plan may have them again.
func (f *Flow) undo(r *Record, from Step) {
	undone, before := map[string]bool{}, map[string]bool{}
	for _, s := range f.steps {
		undone[s.Code], before[s.Code] = s.Order >= from.Order, s.Order < from.Order
	}
	r.History = slices.Clone(r.History)
	for i, d := range r.History {
		if undone[d.Step] {
			r.History[i].Step = doneUndone + d.Step
		}
	}
	r.Approvals = slices.DeleteFunc(slices.Clone(r.Approvals), func(a ApprovalGiven) bool { return !before[a.Step] })
}

// choose sets the course choice at its step, or changes it later: then what was
// approved must be approved again.
func (f *Flow) choose(r Record, e Event, refuse refusal) (Record, []Effect, error) {
	i := slices.IndexFunc(f.steps, func(s Step) bool { return s.Kind == Choice })
	if i < 0 || f.types[r.Type].NoCourses {
		return refuse("choice", "nothing: this mobility has no course choice")
	}
	step := f.steps[i]
	if e.By != step.Validator {
		return refuse("actor", fmt.Sprintf("%q chooses", step.Validator))
	}
	if e.Step != "" && e.Step != step.Code {
		return refuse("step", fmt.Sprintf("%q, the step of choice", step.Code))
	}
	at := f.index(r.Step)
	if r.Status == Open && at < i {
		return refuse("order", fmt.Sprintf("the step %q first", r.Step))
	}
	if rule, want := f.judge(r.Type, e.Choice); rule != "" {
		return refuse(rule, want)
	}
	later := r.Status == Completed || at > i
	if later && Fingerprint(e.Choice) == Fingerprint(r.Choice) {
		return refuse("choice", "other courses than those already chosen")
	}
	if later {
		f.undo(&r, step)
		if len(r.Documents) > 0 {
			r.Changes++
		}
	}
	r.Status, r.Reason = Open, ""
	r.Choice = slices.Clone(e.Choice)
	r.History = append(slices.Clone(r.History), Done{step.Code, e.By, e.At, e.Note})
	var effects []Effect
	for _, m := range step.Causes {
		effects = append(effects, Effect{Step: step.Code, Message: m})
	}
	f.arrive(&r, e.At)
	return r, effects, nil
}

// judge checks a choice against the offer and the bounds of the type.
func (f *Flow) judge(kind string, choice []Course) (rule, want string) {
	if len(choice) == 0 {
		return "choice", "at least one course"
	}
	offer, checked := f.offer[kind]
	seen := map[string]bool{}
	var sum Credits
	for _, c := range choice {
		open, ok := offer[c.Code]
		switch {
		case c.Code == "" || seen[c.Code]:
			return "course", "each course once, by its code"
		case strings.ContainsFunc(c.Code+c.Term+c.Replaces, unicode.IsControl): // what sets them apart in a fingerprint
			return "course", "codes and terms without control characters"
		case checked && !ok:
			return "course", fmt.Sprintf("courses that are open to this type of mobility; %q is not", c.Code)
		case checked && open.Credits != c.Credits:
			return "credits", fmt.Sprintf("%s credits for %q, as the catalogue says", open.Credits, c.Code)
		case c.Credits < 0 || c.Credits > maxCredits:
			return "credits", "credits that a course can have"
		}
		seen[c.Code] = true
		sum += c.Credits
	}
	t := f.types[kind]
	if sum < t.MinCredits || t.MaxCredits > 0 && sum > t.MaxCredits {
		return "credits", fmt.Sprintf("from %s to %s credits in all; these are %s", t.MinCredits, t.MaxCredits, sum)
	}
	return "", ""
}

func (f *Flow) withdraw(r Record, e Event, refuse refusal) (Record, []Effect, error) {
	switch e.By {
	case Student, Home, Host, Office:
	default:
		return refuse("actor", "the student, one of the institutions, or the office")
	}
	if e.Reason == "" {
		return refuse("reason", "why")
	}
	r.History = append(slices.Clone(r.History), Done{doneWithdrawn, e.By, e.At, e.Reason})
	r.Status, r.Step, r.Since, r.Reason = Withdrawn, "", e.At, e.Reason
	return r, nil, nil
}

// reopen goes on where a refusal or withdrawal left off.
func (f *Flow) reopen(r Record, e Event, refuse refusal) (Record, []Effect, error) {
	switch {
	case r.Status != Refused && r.Status != Withdrawn:
		return refuse("status", "a mobility that was refused or withdrawn")
	case e.By != Office && e.By != Host:
		return refuse("actor", "the office or the host")
	}
	r.History = append(slices.Clone(r.History), Done{doneReopened, e.By, e.At, e.Note})
	r.Status, r.Reason = Open, ""
	f.arrive(&r, e.At)
	return r, nil, nil
}

// next returns the first active step that is not done, or false when all are.
func (f *Flow) next(r Record) (Step, bool) {
	done := map[string]bool{}
	for _, d := range r.History {
		done[d.Step] = true
	}
	for _, s := range f.steps {
		if f.types[r.Type].NoCourses && (s.Kind == Choice || s.Kind == Approval) {
			continue
		}
		if s.Kind == Approval && !r.approved(s.Code) || s.Kind == Choice && len(r.Choice) == 0 || !done[s.Code] {
			return s, true
		}
	}
	return Step{}, false
}

// Adopt puts an open record at the first step of this flow that it has not done:
// for records whose plan was changed since. Others are returned as they are.
func (f *Flow) Adopt(r Record, at time.Time) Record {
	if r.Status != Open || r.Direction != f.plan.Direction {
		return r
	}
	if s, more := f.next(r); s.Code != r.Step || !more {
		f.arrive(&r, at)
	}
	return r
}

// arrive puts the record at its next step, or at its end.
func (f *Flow) arrive(r *Record, at time.Time) {
	s, more := f.next(*r)
	r.Step, r.Since = s.Code, at
	if !more {
		r.Status = Completed
	}
}

func (f *Flow) step(code string) (Step, bool) {
	if i := f.index(code); i >= 0 {
		return f.steps[i], true
	}
	return Step{}, false
}

func (f *Flow) index(code string) int {
	return slices.IndexFunc(f.steps, func(s Step) bool { return s.Code == code })
}
