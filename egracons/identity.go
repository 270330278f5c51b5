package egracons

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/passerelle-sup/passerelle"
)

// Cycle is a cycle of study. Grades of two cycles are never counted together,
// save in a table of the whole institution. Any other word is kept as it is.
type Cycle string

// Cycles. Which French title belongs to which is the caller's decision.
const (
	AllCycles   Cycle = ""             // a table of the whole institution
	ShortCycle  Cycle = "short"        // EQF 5
	Bachelor    Cycle = "bachelor"     // first cycle, EQF 6
	Master      Cycle = "master"       // second cycle, EQF 7
	SingleCycle Cycle = "single-cycle" // integrated long degrees, as in Italy
	Doctorate   Cycle = "doctorate"    // third cycle, EQF 8
)

// Level tells how wide the reference group of a table is.
type Level uint8

// Levels, narrowest first. The zero value means that nobody stated it.
const (
	LevelUnstated    Level = iota
	LevelDegree            // one degree
	LevelDetailed          // one detailed field, four digits of ISCED-F
	LevelNarrow            // the fields that share three digits
	LevelBroad             // the fields that share two digits
	LevelCycle             // the whole cycle
	LevelInstitution       // the whole institution, cycles together
)

var levelNames = [...]string{"", "degree", "detailed", "narrow", "broad", "cycle", "institution"}

// String returns "degree", "detailed", "narrow", "broad", "cycle", "institution"
// or "".
func (l Level) String() string {
	if int(l) < len(levelNames) {
		return levelNames[l]
	}
	return "level " + strconv.Itoa(int(l))
}

// MarshalText writes the form of String.
func (l Level) MarshalText() ([]byte, error) { return []byte(l.String()), nil }

// UnmarshalText reads the form of String.
func (l *Level) UnmarshalText(text []byte) error {
	for i, name := range levelNames {
		if name == string(text) {
			*l = Level(i)
			return nil
		}
	}
	return &passerelle.ParseError{Type: "level", Rule: "range", Want: strings.Join(levelNames[1:], ", ")}
}

// digits is how much of an ISCED-F code the level keeps apart.
func (l Level) digits() int {
	switch l {
	case LevelDetailed:
		return 4
	case LevelNarrow:
		return 3
	case LevelBroad:
		return 2
	}
	return 0
}

// Period is the time over which grades were counted. Either end may be unknown,
// and may be a year or a month alone.
type Period struct {
	From passerelle.Date `json:"from,omitzero"`
	To   passerelle.Date `json:"to,omitzero"` // included
}

// ParsePeriodDate reads an end of a period: "2023", "2023-09" or "2023-09-01".
// The empty text is "not known". Its error is a *passerelle.ParseError.
func ParsePeriodDate(s string) (passerelle.Date, error) {
	switch len(s) {
	case 0:
		return passerelle.Date{}, nil
	case len("2023"):
		s += "-00-00"
	case len("2023-09"):
		s += "-00"
	}
	return passerelle.ParseDate(s)
}

func periodDate(d passerelle.Date) string {
	return strings.TrimSuffix(strings.TrimSuffix(d.String(), "-00"), "-00")
}

// String returns "2021-09-01/2024-08-31", as ISO 8601 writes intervals, with an
// empty side for an end that is not known; "" when neither is.
func (p Period) String() string {
	if p == (Period{}) {
		return ""
	}
	return periodDate(p.From) + "/" + periodDate(p.To)
}

// contains reports whether d lies in the period; an unknown end excludes nothing.
func (p Period) contains(d passerelle.Date) bool {
	return (p.From.IsZero() || d.Compare(p.From) >= 0) && (p.To.IsZero() || d.Compare(lastDay(p.To)) <= 0)
}

// lastDay is the last day that a partial date may mean.
func lastDay(d passerelle.Date) passerelle.Date {
	if d.Month == 0 {
		d.Month = time.December
	}
	d.Day = cmp.Or(d.Day, 31)
	return d
}

// apart reports whether one period ended before the other began.
func (p Period) apart(q Period) bool {
	before := func(end, start passerelle.Date) bool {
		return !end.IsZero() && !start.IsZero() && lastDay(end).Before(start)
	}
	return before(p.To, q.From) || before(q.To, p.From)
}

// Identity names a table, so that an old conversion can be reproduced.
type Identity struct {
	ID          string `json:"id,omitzero"`          // the caller's or publisher's name of the table
	Institution string `json:"institution,omitzero"` // name for people
	HEI         string `json:"hei_id,omitzero"`      // SCHAC code, "uni-example.fr"
	Cycle       Cycle  `json:"cycle,omitzero"`
	ISCED       string `json:"isced_f,omitzero"` // 2 to 4 digits of ISCED-F 2013, "" for all fields
	Degree      string `json:"degree,omitzero"`
	Period      Period `json:"period,omitzero"`
	Version     string `json:"version,omitzero"`
	Level       Level  `json:"level,omitzero"` // width of the reference group
	// Asked is the ISCED-F code that was looked for when the group was found, which
	// may be finer than ISCED.
	Asked string `json:"asked,omitzero"`
	// Published is true of a table that its institution publishes. Any other host
	// table is confidential: charts and reports show the interval only.
	Published bool `json:"published,omitzero"`
	// CourseHistogram is true of the results of a single course, as ELMO documents
	// carry: a small sample, no reference group of the Users' Guide.
	CourseHistogram bool `json:"course_histogram,omitzero"`
}

// Name returns the ID or, where there is none, what else tells the table from
// others, for errors and reports.
func (id Identity) Name() string {
	if id.ID != "" {
		return id.ID
	}
	var parts []string
	for _, s := range []string{cmp.Or(id.HEI, id.Institution), string(id.Cycle), id.ISCED, id.Degree, id.Period.String(), id.Version} {
		if s != "" {
			parts = append(parts, s)
		}
	}
	return strings.Join(parts, " ")
}

// check adds the faults of the identity.
func (id Identity) check(bad *faults) {
	if !validISCED(id.ISCED) {
		bad.add(&Error{Kind: ErrBadTable, Table: id.Name(), Field: "isced_f", Want: "2, 3 or 4 digits of ISCED-F 2013"})
	}
	for _, end := range []struct {
		field string
		date  passerelle.Date
	}{{"period_from", id.Period.From}, {"period_to", id.Period.To}} {
		if !end.date.IsZero() && !end.date.Valid() {
			bad.add(&Error{Kind: ErrBadTable, Table: id.Name(), Field: end.field, Want: "a date of the calendar"})
		}
	}
	if p := id.Period; !p.From.IsZero() && !p.To.IsZero() && lastDay(p.To).Before(p.From) {
		bad.add(&Error{Kind: ErrBadTable, Table: id.Name(), Field: "period_to", Want: fmt.Sprintf("an end after the start %s", periodDate(p.From))})
	}
}

// validISCED accepts the empty code and 2 to 4 digits.
func validISCED(code string) bool {
	if code == "" {
		return true
	}
	if len(code) < 2 || len(code) > 4 {
		return false
	}
	return strings.Trim(code, "0123456789") == ""
}
