package sis

import (
	"log/slog"
	"time"
)

// Enrolment is one inscription of a student for one academic year.
type Enrolment struct {
	Student   StudentID
	ID        string // the system's own key of the enrolment, when it has one
	Year      int    // academic year by its first civil year: 2026 is 2026-2027
	Period    string // period within the year, as the system names it
	UAI       string // establishment of the enrolment, as recorded
	Component string // UFR, institute or school within the establishment
	Programme Programme
	Main      bool // the student's main enrolment of that year

	Status   EnrolmentStatus
	Payment  string   // the system's own word
	Regime   string   // régime d'inscription, the system's own code
	Mobility Mobility // whether the student comes or leaves within an exchange
	Exchange string   // exchange programme, the system's own code

	INE  string // INE of the moment: the one that this enrolment was made under
	CVEC string // certificate number

	ValidatedAt time.Time
	ModifiedAt  time.Time
	Provenance  Provenance
}

// LogValue gives the reference of the student and the year, nothing personal.
func (e Enrolment) LogValue() slog.Value {
	return slog.GroupValue(slog.String("student", e.Student.String()), slog.Int("year", e.Year))
}

// Programme is what a student is enrolled in.
type Programme struct {
	Code    string // code in the student system
	Version string // version of it: Apogée's VET, Pégase's period
	SISE    string // national diploma code
	Label   string
}

// EnrolmentStatus is where an enrolment stands. Values that are not listed here
// are kept as read.
type EnrolmentStatus string

// The statuses that all systems can tell apart.
const (
	EnrolmentPending   EnrolmentStatus = "pending"
	EnrolmentValid     EnrolmentStatus = "valid"
	EnrolmentCancelled EnrolmentStatus = "cancelled"
)

// Mobility tells whether an enrolment belongs to an exchange.
type Mobility string

// The directions of a mobility.
const (
	MobilityNone Mobility = ""
	MobilityIn   Mobility = "in"
	MobilityOut  Mobility = "out"
)

// Result is one mark or decision of a student, as transcripts need it.
type Result struct {
	Student StudentID
	Year    int
	Period  string
	Course  Course

	Mark    string // as recorded, in the system's own spelling: "12,5", "B", "ABJ"
	Scale   string // out of what the mark is: "20", "100", or a name
	Passed  Passed
	Code    string // decision code as recorded: ADM, AJ, DEF…
	Session int    // examination session, from 1; 0 when not told
	Credits string // ECTS obtained, decimal text as recorded
	At      time.Time

	Provenance Provenance
}

// Course is a taught element, from a single course to a whole year.
type Course struct {
	Code   string
	Kind   string // the system's own word: UE, EC, semester, year
	Title  string
	ECTS   string // credits that it is worth, decimal text as recorded
	Parent string // code of the element that holds it; empty at the top
}

// Passed tells whether a result is a pass. Unknown is never a failure.
type Passed uint8

// The values of Passed.
const (
	PassedUnknown Passed = iota
	PassedYes
	PassedNo
)
