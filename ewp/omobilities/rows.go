package omobilities

import (
	"strconv"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/esi"
	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/internal/lexical"
	"github.com/passerelle-sup/passerelle/ewp/term"
	"github.com/passerelle-sup/passerelle/ine"
	"github.com/passerelle-sup/passerelle/sis"
)

// Row is a nomination as a student system holds it: what is not in its record of the
// student. It is personal.
type Row struct {
	ID        string // of the mobility, never used again: a UUID does
	Receiving ewp.HEIID
	// Units and agreements of both sides, empty where there are none: see [HEI].
	OUnitID, ReceivingOUnitID string
	IIAID, ReceivingIIAID     string
	// Term is the term at home, by the year of the enrolment where its Year is zero; the
	// zero ID is a period outside of terms.
	Term term.ID
	// Year is the academic year as the receiving institution counts. The zero Year is
	// that of the enrolment, as in the northern hemisphere.
	Year           term.Year
	Attributes     string // LongTerm, …; empty is LongTerm
	AgreementISCED string // four digits
	EQF            int    // that the student will have when the mobility begins
	NomineeISCED   string // four digits
	Comment        string // for the international offices alone

	// ESI is the student's European identifier. The zero ID is that of the INE, where it
	// is a definitive one.
	ESI esi.ID
	// Nationality is a code of ISO 3166-1. Empty is FR for a student whose record says
	// French, and else missing: student systems hold codes of the COG, and this module has
	// no table between the two.
	Nationality string
}

// FromSIS makes a mobility to nominate of the records of a student system. The family
// name is that of the birth certificate, as travel documents have it, and all given
// names of the record are sent [deduced: no specification names either]. Its error is
// passerelle.FieldErrors with all that is missing or wrong, in the paths of the document;
// the mobility is returned too.
func FromSIS(own ewp.HEIID, s sis.Student, e sis.Enrolment, row Row) (Mobility, error) {
	m := Mobility{
		ID: row.ID, Status: Pending,
		Student: Student{
			GivenNames: texts(s.Person.Given()), FamilyName: texts(s.Person.BirthName), GlobalID: row.ESI.String(),
			BirthDate: s.Person.BirthDate.String(), Nationality: row.Nationality, Gender: genderOf(s.Person.Sex), Email: s.Email,
		},
		Nomination: Nomination{
			Sending:   HEI{HEI: own, OUnitID: row.OUnitID, IIAID: row.IIAID},
			Receiving: HEI{HEI: row.Receiving, OUnitID: row.ReceivingOUnitID, IIAID: row.ReceivingIIAID},
			Year:      row.Year.String(), ActivityType: StudentStudies, ActivityAttributes: row.Attributes,
			AgreementISCED: row.AgreementISCED, EQF: strconv.Itoa(row.EQF), NomineeISCED: row.NomineeISCED, Comment: row.Comment,
		},
	}
	if number, err := ine.Parse(s.INE); row.ESI.IsZero() && err == nil {
		if id, err := esi.FromINE(number); err == nil {
			m.Student.GlobalID = id.String()
		}
	}
	if m.Student.Nationality == "" {
		for _, code := range s.Nationalities {
			if code == passerelle.FranceCOG {
				m.Student.Nationality = "FR"
			}
		}
	}
	n := &m.Nomination
	if row.Year.IsZero() {
		n.Year = term.Starting(e.Year).String()
	}
	if n.ActivityAttributes == "" {
		n.ActivityAttributes = LongTerm
	}
	switch {
	case row.Term.Number == 0:
		n.NonStandard = &Period{}
	case row.Term.Year.IsZero():
		row.Term.Year = term.Starting(e.Year)
		fallthrough
	default:
		n.Term = row.Term.String()
	}
	n.ProposalID = ProposalID(m.ID, *n)
	return m, m.Validate()
}

// ToSIS returns the records of an incoming student for a student system: the civil
// identity as far as a nomination tells it (no usage name, no birthplace), and an
// enrolment of the academic year, pending until the student arrives. What cannot be
// read is left zero; the row has the rest. The INE of a French student is not taken out
// of the European identifier: services that receive one must not (MyAcademicID).
func (m Mobility) ToSIS(id sis.StudentID) (sis.Student, sis.Enrolment, Row) {
	s, n := m.Student, m.Nomination
	student := sis.Student{ID: id, Email: s.Email, Person: passerelle.Person{
		BirthName: lexical.Token(latin(s.FamilyName)), GivenNames: [3]string{lexical.Token(latin(s.GivenNames))}, Sex: sexOf(s.Gender),
	}}
	student.Person.BirthDate, _ = s.Birth()
	year, _ := n.AcademicYear()
	enrolment := sis.Enrolment{Student: id, Year: year.First(), Status: sis.EnrolmentPending, Mobility: sis.MobilityIn}
	if m.Status == Cancelled || m.Status == Rejected {
		enrolment.Status = sis.EnrolmentCancelled
	}
	row := Row{
		ID: m.ID, Receiving: n.Receiving.HEI, OUnitID: n.Sending.OUnitID, ReceivingOUnitID: n.Receiving.OUnitID,
		IIAID: n.Sending.IIAID, ReceivingIIAID: n.Receiving.IIAID, Year: year, Attributes: n.ActivityAttributes,
		AgreementISCED: n.AgreementISCED, NomineeISCED: n.NomineeISCED, Comment: n.Comment, Nationality: s.Nationality,
	}
	row.Term, _ = n.AcademicTerm()
	row.EQF, _ = strconv.Atoi(n.EQF)
	row.ESI, _ = s.ESI()
	return student, enrolment, row
}

// latin returns the spelling that a French system can record: the one without a
// language, or in English, before any other.
func latin(names ewp.Texts) string {
	for _, t := range names {
		if t.Lang == "" {
			return t.Value
		}
	}
	return names.In("en", "fr").Value
}

func texts(value string) ewp.Texts {
	if value == "" {
		return nil
	}
	return ewp.Texts{{Value: value}}
}

// genderOf returns the code of ISO 5218.
func genderOf(s passerelle.Sex) string {
	switch s {
	case passerelle.SexMale:
		return GenderMale
	case passerelle.SexFemale:
		return GenderFemale
	}
	return GenderUnknown
}

func sexOf(gender string) passerelle.Sex {
	switch gender {
	case GenderMale:
		return passerelle.SexMale
	case GenderFemale:
		return passerelle.SexFemale
	}
	return passerelle.SexUnknown
}
