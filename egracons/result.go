package egracons

import "slices"

// Status tells what became of a grade.
type Status uint8

// Statuses.
const (
	Converted Status = iota + 1 // there is a suggestion
	Failed                      // the grade is a failure: no suggestion
	PassOnly                    // a bare pass: see [PassFail]
)

var statusNames = [...]string{"", "converted", "failed", "pass-only"}

// String returns "converted", "failed" or "pass-only".
func (s Status) String() string {
	if int(s) < len(statusNames) {
		return statusNames[s]
	}
	return ""
}

// MarshalText writes the form of String.
func (s Status) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// Candidate is a home grade that the host grade overlaps.
type Candidate struct {
	Grade string // label of the home scale
	Share Number // part of the host interval that falls in it; 0 when that interval is empty
	Kept  bool   // false when MinShare left it out
}

// Origin is what a result tells of one of its two tables.
type Origin struct {
	Identity  Identity
	Basis     Basis
	Size      int64 // passing grades counted
	SizeKnown bool
}

// Result is a converted grade with all that explains it. It is a suggestion:
// the examination board or the teacher approves it. Its slices are shared and
// must not be changed.
type Result struct {
	Status     Status
	Given      string      // the grade as it was asked for
	Grade      string      // the label of the host scale that it is
	Interval   Interval    // its stretch of the host's passing grades
	Candidates []Candidate // best first; their shares add up to 1, or are all 0
	Suggestion string      // label of the home scale; "" when there is none
	Value      Number      // the suggestion's value, where the home scale has values
	Average    Number      // what an averaging policy found before it took the nearest grade
	// Mark is a home mark rather than a grade: the continuous one where the rules
	// want it, or the student's own average for a bare pass.
	Mark       Number
	Policy     Policy
	Tie        Tie
	MinShare   Number
	Host, Home Origin
	Warnings   []Warning
}

// Has reports whether the result carries a warning, of either side.
func (r Result) Has(code WarningCode) bool {
	return slices.ContainsFunc(r.Warnings, func(w Warning) bool { return w.Code == code })
}

// WarningCode names a reason to look at a conversion twice.
type WarningCode string

// Warnings.
const (
	// EmptyHostInterval: the grade was never awarded in the host's reference
	// group, yet this student has it; only its place among the others is known.
	EmptyHostInterval WarningCode = "EmptyHostInterval"
	// SmallGroup: the group counts fewer grades than Rules.WarnBelow.
	SmallGroup WarningCode = "SmallGroup"
	// BroaderISCED: no table of the field asked for was found or was large enough;
	// a wider group stands in.
	BroaderISCED WarningCode = "BroaderIsced"
	// PercentOnly: the table was made from rounded percentages, not from counts.
	PercentOnly WarningCode = "PercentOnly"
	// SizeUnknown: nobody states how many grades stand behind the table.
	SizeUnknown WarningCode = "SizeUnknown"
	// PeriodMismatch: the two tables cover times that have no day in common.
	PeriodMismatch WarningCode = "PeriodMismatch"
	// CourseHistogram: the table holds the results of one course.
	CourseHistogram WarningCode = "CourseHistogram"
	// SingleGradeAwarded: of several passing grades only one was ever awarded, so
	// that it spans the whole distribution.
	SingleGradeAwarded WarningCode = "SingleGradeAwarded"
)

// Side tells which table a warning concerns.
type Side string

// Sides. The empty one means the conversion as a whole.
const (
	HostSide Side = "host"
	HomeSide Side = "home"
)

// Warning is one warning of a result.
type Warning struct {
	Code WarningCode
	Side Side
}

// String returns the code, and the side where there is one: "SmallGroup:home".
func (w Warning) String() string {
	if w.Side == "" {
		return string(w.Code)
	}
	return string(w.Code) + ":" + string(w.Side)
}

// MarshalText writes the form of String.
func (w Warning) MarshalText() ([]byte, error) { return []byte(w.String()), nil }

func origin(t *Table) Origin {
	o := Origin{Identity: t.identity, Basis: t.basis}
	o.Size, o.SizeKnown = t.Size()
	return o
}

// tableWarnings lists what concerns every conversion of the pair.
func tableWarnings(host, home *Table, rules Rules) []Warning {
	below := rules.WarnBelow
	if below == 0 {
		below = 30
	}
	var list []Warning
	for _, side := range []struct {
		name  Side
		table *Table
	}{{HostSide, host}, {HomeSide, home}} {
		t := side.table
		add := func(when bool, code WarningCode) {
			if when {
				list = append(list, Warning{code, side.name})
			}
		}
		size, known := t.Size()
		add(known && size < below, SmallGroup)
		add(t.identity.Level > LevelDegree && t.identity.Level.digits() < len(t.identity.Asked), BroaderISCED)
		add(t.basis != Counts, PercentOnly)
		add(!known, SizeUnknown)
		add(t.identity.CourseHistogram, CourseHistogram)
		add(len(t.graded) > 1 && t.awarded() == 1, SingleGradeAwarded)
	}
	if host.identity.Period.apart(home.identity.Period) {
		list = append(list, Warning{Code: PeriodMismatch})
	}
	return list
}
