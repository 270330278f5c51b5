package aglae

import (
	"context"
	"log/slog"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ine"
)

// MaxStudent is the longest reference of a student, in bytes. The limit is ours.
const MaxStudent = 64

// Question asks whether a student will hold a grant for a year.
type Question struct {
	Student string // the caller's reference, kept in the detection log; no personal data, MaxStudent at most
	Year    int    // academic year by its first civil year: 2026 is 2026-2027

	// INE is the number that AGLAE is asked under, the "NNE" of Apogée. Its key is
	// not checked. Without it, and without a GrantNumber that the binding can use,
	// nothing is asked: foreigners who enrol for the first time have none.
	INE ine.Number
	// GrantNumber is sent by a binding that has a place for it. It may differ from the INE.
	GrantNumber GrantNumber
	BirthDate   passerelle.Date // sent by a binding that has a place for it
}

// Validate checks q before anything is sent: a reference, a plausible year. A missing
// number is no fault of the question: its answer is [CauseNoNumber]. All faults come
// together as passerelle.FieldErrors.
func (q Question) Validate() error {
	var faults passerelle.FieldErrors
	checkStudent(&faults, q.Student)
	checkYear(&faults, q.Year)
	return faults.Err()
}

func checkStudent(faults *passerelle.FieldErrors, student string) {
	switch {
	case student == "":
		faults.Add("Student", "required", "the caller's reference of the student")
	case len(student) > MaxStudent:
		faults.Add("Student", "length", "64 bytes at most")
	}
}

func checkYear(faults *passerelle.FieldErrors, year int) {
	if year < 1999 || year > 2999 { // AGLAE is of 1999
		faults.Add("Year", "range", "the first civil year of an academic year, 1999 or later")
	}
}

// LogValue gives the reference and the year: nothing personal.
func (q Question) LogValue() slog.Value {
	return slog.GroupValue(slog.String("student", q.Student), slog.Int("year", q.Year))
}

// Asker puts a question to what knows the grants: a binding. The error says why the
// answer is [Unavailable], and the answer is complete all the same.
type Asker interface {
	Ask(ctx context.Context, q Question) (Answer, error)
}

// Answer is what is known of a question. The zero value knows nothing. It cannot say
// "not a holder".
type Answer struct {
	Question Question
	Verdict  Verdict

	// Causes are, of a Wait, all that are possible; of an Unavailable, what happened;
	// none of a Holder.
	Causes []Cause

	Key     KeyUsed // the number under which the question was asked
	Source  Source
	At      time.Time // when the answer was received, or given up
	Code    string    // the service's code, untouched
	Message string    // the service's own words, untouched: personal
	Raw     []byte    // the payload as received: personal
}

// AskPaper reports whether the student has to show the paper notification: always,
// unless the answer is Holder.
func (a Answer) AskPaper() bool { return a.Verdict.AskPaper() }

// LogValue gives the reference, the verdict and the causes: nothing personal.
func (a Answer) LogValue() slog.Value {
	return slog.GroupValue(slog.String("student", a.Question.Student), slog.Int("year", a.Question.Year),
		slog.String("verdict", a.Verdict.String()), slog.Any("causes", a.Causes), slog.String("code", plainCode(a.Code)))
}

// KeyUsed names the number that a question was asked under.
type KeyUsed string

// The keys of a question.
const (
	KeyNone        KeyUsed = ""             // none: nothing was asked
	KeyINE         KeyUsed = "ine"          // the INE
	KeyGrantNumber KeyUsed = "grant_number" // the numéro de boursier
	KeyBoth        KeyUsed = "both"         // both numbers in one question
	KeyIdentity    KeyUsed = "identity"     // the civil identity; of richer sources
)

// Source names who answered. Callers add their own.
type Source string

// The sources of this package.
const (
	SourceConnector   Source = "connector"   // AGLAE, by the synchronous connector
	SourceParticulier Source = "particulier" // the Cnous through API Particulier
	SourceCnous       Source = "cnous"       // the Cnous's own API
	SourceCrousFile   Source = "crous_file"  // a file of the Crous
	SourcePaper       Source = "paper"       // a notification on paper that somebody read
)
