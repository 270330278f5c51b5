package supdata

import (
	"fmt"
	"strings"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ine"
	"github.com/passerelle-sup/passerelle/particulier"
	"github.com/passerelle-sup/passerelle/sis"
	"github.com/passerelle-sup/passerelle/uai"
)

// Mapping turns an enrolment of a student system into what is fed. The zero value
// works for a system that tells the payment and a SISE régime code; which words
// mean what is inferred, not published: see each field.
type Mapping struct {
	// Period gives the first and last day of an enrolment. Nil is [AcademicYear].
	Period func(e sis.Enrolment) (begin, end passerelle.Date)
	// Status tells whether the fees are settled, and false when that cannot be told:
	// such an enrolment is not fed. Nil is [InferredStatus].
	Status func(e sis.Enrolment) (Status, bool)
	// Regimes maps the system's régime codes. Nil is [InferredRegimes]. A code that is not
	// in the table is a fault of the enrolment; no code at all is none.
	Regimes map[string]Regime
	// Communes gives the code of the town of each establishment. Without one the
	// field is left out.
	Communes map[uai.Code]string
	// Adjust has the last word on what is sent: cycle, level, a diploma code. Nil
	// changes nothing.
	Adjust func(fed *Enrolment, s sis.Student, e sis.Enrolment)
	// Cancel turns what was fed into what is sent for a cancellation, under
	// OnChange: Post. Nil is [EndEarly]. The service has no documented way to cancel.
	Cancel func(fed *Enrolment, e sis.Enrolment, today passerelle.Date)
	// Confirmed tells whether the INE of a student may be fed. Nil is [ConfirmedINE].
	Confirmed func(s sis.Student) bool
}

// AcademicYear gives 1 September to 31 August, as in the published example.
func AcademicYear(e sis.Enrolment) (begin, end passerelle.Date) {
	return passerelle.NewDate(e.Year, 9, 1), passerelle.NewDate(e.Year+1, 8, 31)
}

// InferredStatus reads the payment word: Pégase's "paye" and "valide" are inscrit, any other
// word is admis, and so is an enrolment that is pending. A valid enrolment without a word says
// nothing, and neither does a status that package sis does not list. It is inferred from Pégase's statutPaiement, not published by SUPDATA.
func InferredStatus(e sis.Enrolment) (Status, bool) {
	word := strings.ToLower(strings.TrimSpace(e.Payment))
	switch {
	case e.Status == sis.EnrolmentPending:
		return Admitted, true
	case word == "" || e.Status != sis.EnrolmentValid && e.Status != "":
		return "", false
	case word == "paye" || word == "payé" || word == "valide" || word == "validé":
		return Enrolled, true
	}
	return Admitted, true
}

// InferredRegimes maps the SISE codes of régimes d'inscription, as Pégase and
// Apogée hold them, to those of SUPDATA. Only 10 was seen in the open; the others are inferred
// from their labels.
func InferredRegimes() map[string]Regime {
	return map[string]Regime{
		"10": particulier.RegimeInitialNoApprentice,
		"11": particulier.RegimeResumption,
		"12": particulier.RegimeApprentice,
		"20": particulier.RegimeContinuingNoPro,
		"21": particulier.RegimeContinuingNoPro,
		"22": particulier.RegimePro,
	}
}

// EndEarly ends the enrolment on the day of its last change in the student system, or
// today, and not before it began. That a cancellation is told in this way is our
// proposal: the service publishes none.
func EndEarly(fed *Enrolment, e sis.Enrolment, today passerelle.Date) {
	day := today
	if !e.ModifiedAt.IsZero() {
		day = passerelle.DateOf(e.ModifiedAt)
	}
	if day.Before(fed.Begin) {
		day = fed.Begin
	}
	if day.Before(fed.End) {
		fed.End = day
	}
}

// ConfirmedINE takes a number that the student system says INES has confirmed, and, from
// a system that does not keep such a state, one that is definitive by the rules of
// package ine.
func ConfirmedINE(s sis.Student) bool {
	switch s.INEState {
	case sis.INEVerified:
		return s.INE != ""
	case sis.INEUnverified:
		return ine.Judge(s.INE).Definitive()
	}
	return false
}

// Key names an enrolment in the ledger: student, year, and the system's own key of the
// enrolment, or else what tells two enrolments of one student apart.
func Key(e sis.Enrolment) string {
	parts := []string{e.Student.String(), fmt.Sprintf("%04d", e.Year), e.ID}
	if e.ID == "" {
		parts = append(parts, e.UAI, e.Programme.Code, e.Programme.Version, e.Period)
	}
	return strings.Join(parts, "|")
}

// enrolment builds what is fed, with the faults that only the mapping can see.
func (m Mapping) enrolment(s sis.Student, e sis.Enrolment, faults *passerelle.FieldErrors) Enrolment {
	out := Enrolment{BirthDate: s.Person.BirthDate, Diploma: e.Programme.SISE}
	var err error
	if out.INE, err = ine.Parse(s.INE); err != nil {
		addParse(faults, "INE", "ine", err)
	}
	if out.UAI, err = uai.Parse(e.UAI); err != nil && e.UAI != "" {
		addParse(faults, "UAI", "uai", err)
	}
	period := m.Period
	if period == nil {
		period = AcademicYear
	}
	out.Begin, out.End = period(e)
	status := m.Status
	if status == nil {
		status = InferredStatus
	}
	var told bool
	if out.Status, told = status(e); !told {
		out.Status = ""
	}
	regimes := m.Regimes
	if regimes == nil {
		regimes = inferredRegimes
	}
	if e.Regime != "" {
		var known bool
		if out.Regime, known = regimes[e.Regime]; !known {
			faults.Add("Regime", "code", "a régime that Mapping.Regimes knows (regime, refused by the service with 400)")
		}
	}
	out.Commune = m.Communes[out.UAI]
	if m.Adjust != nil {
		m.Adjust(&out, s, e)
	}
	return out
}

var inferredRegimes = InferredRegimes()

// addParse adds what a parser found.
func addParse(faults *passerelle.FieldErrors, field, wire string, err error) {
	rule, want := "shape", err.Error()
	if p, ok := err.(*passerelle.ParseError); ok { //nolint:errorlint // parsers return nothing else
		rule, want = p.Rule, p.Want
	}
	faults.Add(field, rule, want+" ("+wire+", refused by the service with 400)")
}
