package mobility

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/passerelle-sup/passerelle"
)

// Actor is who acts on a mobility. Other words than the constants may be used in a plan.
type Actor string

// The actors that the default plans know.
const (
	Student  Actor = "student"
	Home     Actor = "home"     // the institution that sends the student
	Host     Actor = "host"     // the institution that receives the student
	Referent Actor = "referent" // the teacher who answers for the courses, at the host
	Office   Actor = "office"   // may withdraw and reopen, validates nothing by default
)

// Direction is which way the student goes, seen from the institution that keeps the record.
type Direction string

// The directions.
const (
	Incoming Direction = "incoming"
	Outgoing Direction = "outgoing"
)

// Kind is what is done at a step.
type Kind string

// The kinds.
const (
	Form     Kind = "form"     // something is filled in or confirmed
	Choice   Kind = "choice"   // courses are chosen
	Approval Kind = "approval" // the present choice is approved
	Produce  Kind = "document" // a document is produced, on the strength of the approvals
)

// Way is whether a message leaves or arrives.
type Way string

// The ways.
const (
	Out Way = "out"
	In  Way = "in"
)

// Message is a call of Erasmus Without Paper that goes with a step.
type Message struct {
	API      string `json:"api"`      // element name in manifests: "omobility-las"
	Endpoint string `json:"endpoint"` // "get", "update"; empty for an API with one endpoint
	Way      Way    `json:"way"`
	About    string `json:"about,omitempty"` // for people: "approve-proposal-v1"
}

// Step is a step of a plan.
type Step struct {
	Code      string            `json:"code"` // names it, in records too; never reused for another meaning
	Names     map[string]string `json:"names,omitempty"`
	Active    bool              `json:"active"`
	Order     int               `json:"order"` // steps are done in ascending order
	Validator Actor             `json:"validator"`
	Kind      Kind              `json:"kind"`
	// Document is what a step of kind Produce produces, such as "learning-agreement".
	Document string `json:"document,omitempty"`
	// Causes are the messages that the step has when it is done; CausedBy those whose
	// arrival may do it in place of a person.
	Causes   []Message `json:"causes,omitempty"`
	CausedBy []Message `json:"caused_by,omitempty"`
}

// Name returns the step's name in a language, or else its code.
func (s Step) Name(lang string) string { return cmp.Or(s.Names[lang], s.Code) }

// Type is a kind of mobility: how long, and in which framework.
type Type struct {
	Code  string            `json:"code"`
	Names map[string]string `json:"names,omitempty"`
	// MinCredits and MaxCredits bound a course choice. 0 is no bound.
	MinCredits Credits `json:"min_credits,omitempty"`
	MaxCredits Credits `json:"max_credits,omitempty"`
	// NoCourses says that no course is chosen: a traineeship alone. Steps of kind
	// Choice and Approval are then passed over.
	NoCourses bool `json:"no_courses,omitempty"`
}

// Plan is the configuration of a flow, as data. Programmes says which frameworks
// (exchange programme, Erasmus Mundus, …) a mobility can belong to.
type Plan struct {
	Direction  Direction           `json:"direction"`
	Steps      []Step              `json:"steps"`
	Types      []Type              `json:"types"`
	Programmes map[string][]string `json:"programmes"` // programme to the types that it allows
}

// Credits are ECTS credits in hundredths: 750 is 7.5 credits.
type Credits int64

// maxCredits is far beyond any year.
const maxCredits = 1_000_00

// ParseCredits reads a decimal number with a point or a comma, and two decimals
// at the most. Its error is a [*passerelle.ParseError].
func ParseCredits(s string) (Credits, error) {
	fault := &passerelle.ParseError{Type: "credits", Rule: "form", Want: `a number such as "7.5", with two decimals at the most`}
	whole, part, hasPart := s, "", false
	for i := range len(s) {
		if s[i] == '.' || s[i] == ',' {
			whole, part, hasPart = s[:i], s[i+1:], true
			break
		}
	}
	if whole == "" || len(whole) > 4 || hasPart && (part == "" || len(part) > 2) {
		return 0, fault
	}
	for len(part) < 2 {
		part += "0"
	}
	for i, r := range whole + part {
		if r < '0' || r > '9' {
			fault.Pos = i
			return 0, fault
		}
	}
	n, err := strconv.Atoi(whole + part)
	if err != nil || n > maxCredits {
		return 0, fault
	}
	return Credits(n), nil
}

// String returns the credits without needless zeros: "7.5".
func (c Credits) String() string {
	s := strconv.FormatInt(int64(c)/100, 10)
	switch part := int64(c) % 100; {
	case part == 0:
		return s
	case part%10 == 0:
		return s + "." + strconv.FormatInt(part/10, 10)
	default:
		return s + fmt.Sprintf(".%02d", part)
	}
}

// MarshalText returns what String does.
func (c Credits) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// UnmarshalText reads what [ParseCredits] does.
func (c *Credits) UnmarshalText(text []byte) (err error) {
	*c, err = ParseCredits(string(text))
	return err
}

// Validate returns everything that is wrong with a plan, as
// [passerelle.FieldErrors]: codes that are missing, double or reserved, two active steps of
// one order, an approval before the choice, a document without one, types that no
// plan knows.
func (p Plan) Validate() error {
	var faults passerelle.FieldErrors
	if p.Direction != Incoming && p.Direction != Outgoing {
		faults.Add("direction", "code", "incoming or outgoing")
	}
	codes, orders, types := map[string]bool{}, map[int]string{}, map[string]bool{}
	for i, s := range p.Steps {
		field := fmt.Sprintf("steps[%d]", i)
		if s.Code == "" || codes[s.Code] {
			faults.Add(field+".code", "unique", "a code of its own")
		}
		codes[s.Code] = true
		if strings.Contains(s.Code, ":") || s.Code == doneWithdrawn || s.Code == doneReopened {
			faults.Add(field+".code", "reserved", "another code: the history has words of its own with a colon, and "+doneWithdrawn+" and "+doneReopened)
		}
		if s.Validator == "" {
			faults.Add(field+".validator", "required", "who does the step")
		}
		switch s.Kind {
		case Form, Choice, Approval:
		case Produce:
			if s.Document == "" {
				faults.Add(field+".document", "required", "what is produced")
			}
		default:
			faults.Add(field+".kind", "code", "form, choice, approval or document")
		}
		if !s.Active {
			continue
		}
		if other, ok := orders[s.Order]; ok {
			faults.Add(field+".order", "unique", "another order than that of "+other)
		}
		orders[s.Order] = s.Code
	}
	chosen, active := false, p.active()
	for _, s := range active {
		switch {
		case s.Kind == Choice && chosen:
			faults.Add("steps."+s.Code, "order", "one step of choice: a choice is changed by choosing again")
		case s.Kind == Approval && !chosen:
			faults.Add("steps."+s.Code, "order", "a step of choice before what approves it")
		}
		chosen = chosen || s.Kind == Choice
	}
	if len(active) == 0 {
		faults.Add("steps", "required", "an active step")
	}
	for i, t := range p.Types {
		field := fmt.Sprintf("types[%d]", i)
		if t.Code == "" || types[t.Code] {
			faults.Add(field+".code", "unique", "a code of its own")
		}
		types[t.Code] = true
		if t.MinCredits < 0 || t.MaxCredits < 0 || t.MaxCredits > 0 && t.MinCredits > t.MaxCredits {
			faults.Add(field+".min_credits", "range", "bounds that a choice can keep")
		}
	}
	for _, programme := range sortedKeys(p.Programmes) {
		for _, t := range p.Programmes[programme] {
			if !types[t] {
				faults.Add("programmes."+programme, "type", "types of the plan; "+strconv.Quote(t)+" is none")
			}
		}
	}
	return faults.Err()
}

// active returns the active steps in order.
func (p Plan) active() []Step {
	var steps []Step
	for _, s := range p.Steps {
		if s.Active {
			steps = append(steps, s)
		}
	}
	slices.SortStableFunc(steps, func(a, b Step) int { return cmp.Compare(a.Order, b.Order) })
	return steps
}

// maxPlan is far beyond any plan.
const maxPlan = 1 << 20

// ReadPlan reads a plan in JSON, of a megabyte at the most, and validates it. A
// name that does not exist is refused. Its error is a [*passerelle.ParseError],
// [passerelle.FieldErrors], or that of r.
func ReadPlan(r io.Reader) (Plan, error) {
	var p Plan
	limited := &io.LimitedReader{R: r, N: maxPlan + 1}
	dec := json.NewDecoder(limited)
	dec.DisallowUnknownFields()
	err := dec.Decode(&p)
	fault := &passerelle.ParseError{Type: "plan", Rule: "json", Pos: int(dec.InputOffset()), Want: "a plan in JSON, with the documented fields"}
	switch {
	case limited.N <= 0:
		fault.Rule, fault.Want = "length", "at most 1 MiB"
		return Plan{}, fault
	case err == nil:
		if _, err := dec.Token(); err != io.EOF {
			fault.Rule, fault.Want = "end", "nothing after the plan"
			return Plan{}, fault
		}
		return p, p.Validate()
	}
	if e, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		fault.Want = fmt.Sprintf("a value of type %s for %q", e.Type, e.Field)
	} else if e, ok := errors.AsType[*passerelle.ParseError](err); ok {
		fault.Want = e.Want
	}
	return Plan{}, fault
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
