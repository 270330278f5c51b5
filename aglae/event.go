package aglae

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ine"
	"github.com/passerelle-sup/passerelle/uai"
)

// EventKind says what happened to an enrolment.
type EventKind string

// The kinds of events. That enrolments are told is public; that changes and
// cancellations are is deduced from what OLAFE's notification is for.
const (
	Enrolled  EventKind = "enrolled"
	Changed   EventKind = "changed"
	Cancelled EventKind = "cancelled"
)

// Event tells the Crous that a student has enrolled. It holds the facts; how they are
// written is the business of an [Encoding], since no format is public.
type Event struct {
	ID      string    `json:"id"` // the caller's own reference of this event, 64 bytes at most; no personal data
	Kind    EventKind `json:"kind"`
	Student string    `json:"student"` // the caller's reference
	Year    int       `json:"year"`    // academic year by its first civil year

	INE         ine.Number  `json:"ine,omitzero"`
	GrantNumber GrantNumber `json:"grant_number,omitzero"` // numéro de boursier, where it is not the INE

	UAI       uai.Code        `json:"uai"`                 // establishment of the enrolment
	Programme string          `json:"programme,omitempty"` // course, the system's own code
	Level     string          `json:"level,omitempty"`     // level of study as AGLAE counts it: niveauAglae of Pégase, two digits
	On        passerelle.Date `json:"on"`                  // day of the enrolment, change or cancellation
}

// Validate checks e before anything is sent. All faults come together as
// passerelle.FieldErrors, in the order of the fields.
func (e Event) Validate() error {
	var faults passerelle.FieldErrors
	switch {
	case e.ID == "":
		faults.Add("ID", "required", "the caller's own reference of the event")
	case len(e.ID) > MaxStudent:
		faults.Add("ID", "length", "64 bytes at most")
	}
	if e.Kind != Enrolled && e.Kind != Changed && e.Kind != Cancelled {
		faults.Add("Kind", "value", "enrolled, changed or cancelled")
	}
	checkStudent(&faults, e.Student)
	checkYear(&faults, e.Year)
	if e.INE.IsZero() && e.GrantNumber.IsZero() {
		faults.Add("INE", "required", "a number under which the Crous can know the student")
	}
	if e.UAI.IsZero() {
		faults.Add("UAI", "required", "the establishment of the enrolment")
	}
	if !e.On.Valid() || e.On.Partial() {
		faults.Add("On", "value", "the day of the enrolment")
	}
	return faults.Err()
}

// LogValue gives the reference, the kind, the establishment and the year: nothing
// personal.
func (e Event) LogValue() slog.Value {
	return slog.GroupValue(slog.String("id", e.ID), slog.String("kind", string(e.Kind)), slog.Any("uai", e.UAI), slog.Int("year", e.Year))
}

// Wish is one voeu of a student's file.
type Wish struct {
	UAI       uai.Code `json:"uai"`
	Programme string   `json:"programme,omitempty"`
	Level     string   `json:"level,omitempty"` // year of study
}

// EventCase is what became of an event at the Crous. The zero value is CaseUnknown.
type EventCase uint8

const (
	// CaseUnknown says that the service took the event and did not tell: OLAFE's answer.
	CaseUnknown EventCase = iota
	// CaseA says that the event matches a wish: validated, paid, definitive
	// notification at once.
	CaseA
	// CaseB says that it matches none: the file is flagged and the Crous reviews it
	// before it is validated. It is no refusal.
	CaseB
)

// String returns "unknown", "A" or "B".
func (c EventCase) String() string {
	switch c {
	case CaseUnknown:
		return "unknown"
	case CaseA:
		return "A"
	case CaseB:
		return "B"
	}
	return fmt.Sprintf("case(%d)", uint8(c))
}

// MarshalText writes the form of String.
func (c EventCase) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// UnmarshalText reads the form of String. Its error is a *passerelle.ParseError.
func (c *EventCase) UnmarshalText(text []byte) error {
	for _, known := range []EventCase{CaseUnknown, CaseA, CaseB} {
		if known.String() == string(text) {
			*c = known
			return nil
		}
	}
	return &passerelle.ParseError{Type: "case", Rule: "name", Want: "A, B or unknown"}
}

// CaseOf foretells the case of e where the wishes of the file are known: A when the
// establishment is that of a wish, and the course and the level are too as far as both
// sides give them. How the Crous match is not published: this is deduced. Without
// wishes nothing is foretold, and a cancellation has no case.
func (e Event) CaseOf(wishes []Wish) EventCase {
	if len(wishes) == 0 || e.Kind == Cancelled {
		return CaseUnknown
	}
	agree := func(a, b string) bool { return a == "" || b == "" || a == b }
	for _, w := range wishes {
		if w.UAI == e.UAI && agree(w.Programme, e.Programme) && agree(w.Level, e.Level) {
			return CaseA
		}
	}
	return CaseB
}

// Notifier tells the Crous of an event. AGLAE ([NewEvents]) and OLAFE ([NewOLAFE])
// stand behind it. After an error passerelle.OutcomeOf says what is known; Unknown means
// that the event may have been received.
type Notifier interface {
	Notify(ctx context.Context, e Event) (Receipt, error)
}

// Receipt is what a service said of an event that it took.
type Receipt struct {
	Event   string    // Event.ID
	Case    EventCase // CaseUnknown where the service does not tell
	ID      string    // the service's own reference, if it gave one
	Code    string    // the service's code, untouched
	Message string    // the service's own words, untouched: personal
	At      time.Time // when the answer was received
	Raw     []byte    // the payload as received: personal
}

// LogValue gives the references, the case and the code: nothing personal.
func (r Receipt) LogValue() slog.Value {
	return slog.GroupValue(slog.String("event", r.Event), slog.String("case", r.Case.String()), slog.String("code", plainCode(r.Code)))
}
