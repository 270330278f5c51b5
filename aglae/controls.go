package aglae

import (
	"fmt"
	"iter"
	"log/slog"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ine"
	"github.com/passerelle-sup/passerelle/sis"
)

// Registration is one enrolment as the controls read it: what the student system says
// of the student's numbers and grant. It is personal data. Numbers are kept as they
// were recorded.
type Registration struct {
	Student string // the caller's reference; no personal data
	Key     string // what reports are split by: component, enrolment chain, clerk
	Line    int    // where the record stands in its source; 0 when it does not say
	Year    int    // academic year by its first civil year

	INE         string   // as recorded, key included; may be empty, provisional or wrong
	OtherINEs   []string // numbers that the person held before, or holds beside
	GrantNumber string   // numéro de boursier, as recorded

	// Person is needed by [CrossCrous] only: birth name, first given name, birth date.
	Person passerelle.Person

	Flag     Flag     // whether the student system has the student as a holder
	Decision Decision // the notification that was shown or received
	// NotifiedOn is the day of the conditional notification.
	NotifiedOn passerelle.Date
}

// Flag is what the student system itself says: the student, or a clerk, declared a
// grant. It proves nothing. The zero value is FlagUnknown.
type Flag uint8

// The values of Flag.
const (
	FlagUnknown    Flag = iota // the system does not tell
	FlagHolder                 // declared a holder
	FlagUndeclared             // not declared a holder
)

var flagNames = [...]string{"unknown", "holder", "undeclared"}

// String returns "unknown", "holder" or "undeclared".
func (f Flag) String() string {
	if int(f) < len(flagNames) {
		return flagNames[f]
	}
	return fmt.Sprintf("flag(%d)", uint8(f))
}

// RegistrationOf returns what a student system's neutral records say: the flag and the
// decision are not among it. Student is sis.StudentID.String, the reference that
// questions to the connector should bear too: the controls cross the two by it.
func RegistrationOf(s sis.Student, e sis.Enrolment) Registration {
	r := Registration{
		Student: s.ID.String(), Key: e.Component, Year: e.Year, INE: s.INE, OtherINEs: s.OtherINEs, GrantNumber: s.GrantNumber, Person: s.Person,
	}
	if e.INE != "" && s.INE == "" {
		r.INE = e.INE
	}
	return r
}

// held reports whether anybody said that the student holds a grant.
func (r *Registration) held() bool { return r.Flag == FlagHolder || r.Decision != DecisionUnknown }

// LogValue gives the reference and the flag: nothing personal.
func (r Registration) LogValue() slog.Value {
	return slog.GroupValue(slog.String("student", r.Student), slog.Int("year", r.Year), slog.String("flag", r.Flag.String()))
}

// Row is one line of a report: an enrolment, an answer or a line of a Crous file, and
// why it stands there. It is personal data: it holds numbers. The reason and what to do
// hold none.
type Row struct {
	Control Control `json:"control"`
	Finding Finding `json:"finding"`
	Student string  `json:"student,omitempty"`
	Key     string  `json:"key,omitempty"`
	Line    int     `json:"line,omitempty"`
	Year    int     `json:"year,omitempty"`

	INE         string `json:"ine,omitempty"`          // as recorded
	GrantNumber string `json:"grant_number,omitempty"` // as recorded
	Suggestion  string `json:"suggestion,omitempty"`   // the number that looks right

	Since passerelle.Date `json:"since,omitzero"`
	Days  int             `json:"days,omitempty"` // from Since on

	Verdict   Verdict `json:"verdict,omitzero"` // of the last answer, or of the best
	Causes    []Cause `json:"causes,omitempty"`
	Source    Source  `json:"source,omitempty"`
	CrousLine int     `json:"crous_line,omitempty"` // of the Crous file

	Reason Reason `json:"reason"`
}

// LogValue gives the reference and the finding: nothing personal.
func (r Row) LogValue() slog.Value {
	return slog.GroupValue(slog.String("control", string(r.Control)), slog.String("finding", string(r.Finding)), slog.String("student", r.Student))
}

// row begins a line about an enrolment.
func (r *Registration) row(c Control, f Finding, why Reason) Row {
	return Row{
		Control: c, Finding: f, Student: r.Student, Key: r.Key, Line: r.Line, Year: r.Year, INE: r.INE, GrantNumber: r.GrantNumber, Reason: why,
	}
}

// Control names a report.
type Control string

// The six reports that the universities of the pilot asked for.
const (
	ControlNumbers     Control = "numbers"     // INE and grant number that differ
	ControlConditional Control = "conditional" // conditional grants still open
	ControlUnconfirmed Control = "unconfirmed" // declared a holder, and no positive answer
	ControlUndeclared  Control = "undeclared"  // a positive answer, and not declared
	ControlDetections  Control = "detections"  // each answer
	ControlCrous       Control = "crous"       // the list crossed with a file of the Crous
)

// Controls lists the reports.
func Controls() []Control {
	return []Control{ControlNumbers, ControlConditional, ControlUnconfirmed, ControlUndeclared, ControlDetections, ControlCrous}
}

// Finding says what was found.
type Finding string

// The findings of [CheckNumbers]. An enrolment has one at the most, the first that applies.
const (
	FoundMissingINE         Finding = "missing_ine"          // no INE: the connector has no key
	FoundProvisionalINE     Finding = "provisional_ine"      // a provisional INE: AGLAE may have another number
	FoundMissingGrantNumber Finding = "missing_grant_number" // said to hold a grant, no grant number
	FoundOlderINE           Finding = "older_ine"            // the grant number is an older INE of the person
	FoundMistyped           Finding = "mistyped"             // one slip apart, or one of the two has a wrong key
	FoundDifferent          Finding = "different"            // different, and unlike
)

// NumberOptions says how [CheckNumbers] judges. The zero value is the built-in rules.
type NumberOptions struct {
	// Rules tells provisional numbers from definitive ones. Nil is the built-in table.
	Rules *ine.Rules
}

// CheckNumbers compares the INE and the grant number of each enrolment: report 1.
// Blanks and case do not count. Enrolments that nobody says hold a grant are reported
// for a missing or provisional INE only. Nothing is kept: memory is constant. An error
// of regs is passed on and does not end the sequence by itself.
func CheckNumbers(regs iter.Seq2[Registration, error], o NumberOptions) iter.Seq2[Row, error] {
	return each2(regs, func(r Registration, yield func(Row, error) bool) bool {
		if row, ok := checkNumbers(&r, o.Rules); ok {
			return yield(row, nil)
		}
		return true
	})
}

func checkNumbers(r *Registration, rules *ine.Rules) (Row, bool) {
	number, grant := normalNumber(r.INE), normalNumber(r.GrantNumber)
	suggest := func(row Row, s string) (Row, bool) {
		row.Suggestion = s
		return row, true
	}
	if number == "" {
		if n, err := ine.ParseStrict(grant); err == nil {
			return suggest(r.row(ControlNumbers, FoundMissingINE, because("no-ine-grant")), n.String())
		}
		return r.row(ControlNumbers, FoundMissingINE, because("no-ine")), true
	}
	if number == grant {
		return Row{}, false
	}
	if rules.Judge(number).Status == ine.StatusProvisional {
		switch n, err := ine.ParseStrict(grant); {
		case grant == "":
			return r.row(ControlNumbers, FoundProvisionalINE, because("provisional")), true
		case err == nil && n.Family() != ine.Provisional:
			return suggest(r.row(ControlNumbers, FoundProvisionalINE, because("provisional-grant-ine")), n.String())
		}
		return r.row(ControlNumbers, FoundProvisionalINE, because("provisional-grant")), true
	}
	if grant == "" {
		return r.row(ControlNumbers, FoundMissingGrantNumber, because("no-grant-number")), r.held()
	}
	for _, older := range r.OtherINEs {
		if normalNumber(older) == grant {
			return r.row(ControlNumbers, FoundOlderINE, because("older-ine")), true
		}
	}
	l := likenessOf(number, grant)
	finding := FoundDifferent
	if l.Mistyped() {
		finding = FoundMistyped
	}
	switch row := r.row(ControlNumbers, finding, l.reason()); l.Right {
	case RightINE:
		return suggest(row, number)
	case RightGrantNumber:
		return suggest(row, grant)
	default:
		return row, true
	}
}

// FoundConditional is the finding of [OpenConditional].
const FoundConditional Finding = "conditional"

// OpenConditional lists the grants that are still conditional on a day, with their age:
// report 2. Those younger than minDays are left out; those whose day is not known are
// not. Fees at the rate of holders are accepted on a conditional notification, so the
// oldest cost most. Nothing is kept: memory is constant.
func OpenConditional(regs iter.Seq2[Registration, error], on passerelle.Date, minDays int) iter.Seq2[Row, error] {
	return each2(regs, func(r Registration, yield func(Row, error) bool) bool {
		if r.Decision != Conditional {
			return true
		}
		row := r.row(ControlConditional, FoundConditional, because("conditional-undated"))
		if r.NotifiedOn.Valid() && !r.NotifiedOn.Partial() {
			row.Since, row.Days = r.NotifiedOn, daysBetween(r.NotifiedOn, on)
			if row.Days < minDays {
				return true
			}
			row.Reason = because("conditional", row.Days)
		}
		return yield(row, nil)
	})
}

func daysBetween(from, to passerelle.Date) int {
	return int(to.Time(time.UTC).Sub(from.Time(time.UTC)).Hours() / 24)
}

// each2 runs do on each item of seq, and passes its errors on.
func each2[T any](seq iter.Seq2[T, error], do func(T, func(Row, error) bool) bool) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		for item, err := range seq {
			if err != nil {
				if !yield(Row{}, err) {
					return
				}
				continue
			}
			if !do(item, yield) {
				return
			}
		}
	}
}
