package omobilities_test

import (
	"fmt"
	"log"
	"testing"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/esi"
	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/internal/documenttest"
	"github.com/passerelle-sup/passerelle/ewp/omobilities"
	"github.com/passerelle-sup/passerelle/ewp/term"
	"github.com/passerelle-sup/passerelle/internal/testutil"
	"github.com/passerelle-sup/passerelle/sis"
)

// row is a nomination, and the records of the student, as a student system has them.
func row() (sis.Student, sis.Enrolment, omobilities.Row) {
	student := sis.Student{
		ID: sis.StudentID{System: "csv", Local: "1"}, Email: "zoe.exemple@uni-a.example", Nationalities: []string{"99127", passerelle.FranceCOG},
		Person: passerelle.Person{BirthName: "Exemple", GivenNames: [3]string{"Zoé", "Anne"}, Sex: passerelle.SexFemale, BirthDate: passerelle.MustParseDate("2004-02-29")},
	}
	return student, sis.Enrolment{Student: student.ID, Year: 2026, Status: sis.EnrolmentValid}, omobilities.Row{
		ID: "m1", Receiving: uniB, IIAID: "iia-1", ReceivingIIAID: "iia-2", Term: term.ID{Number: 1, Total: 2},
		AgreementISCED: "0541", EQF: 6, NomineeISCED: "0541", ESI: esi.MustParse("urn:schac:personalUniqueCode:int:esi:uni-a.example:1"),
	}
}

func TestFromSIS(t *testing.T) {
	t.Parallel()
	student, enrolment, nominated := row()
	m, err := omobilities.FromSIS(uniA, student, enrolment, nominated)
	if err != nil {
		t.Fatal(err)
	}
	testutil.Equal(t, "mobility", []string{
		m.Student.GivenNames[0].Value, m.Student.FamilyName[0].Value, m.Student.Nationality, m.Student.Gender, m.Nomination.Term, m.Nomination.Year,
		m.Nomination.ActivityAttributes, m.Nomination.EQF, string(m.Status),
	}, []string{"Zoé Anne", "Exemple", "FR", "2", "2026/2027-1/2", "2026/2027", "long-term", "6", "pending"})
	for i, c := range map[int]struct {
		change func(*sis.Student, *sis.Enrolment, *omobilities.Row)
		want   []string
	}{
		0: {func(s *sis.Student, _ *sis.Enrolment, r *omobilities.Row) { r.ESI = esi.ID{}; s.INE = "" }, []string{"student.global-id esi"}},
		1: {func(s *sis.Student, _ *sis.Enrolment, _ *omobilities.Row) { s.Nationalities = []string{"99127"} }, []string{"student.nationality pattern"}},
		2: {func(s *sis.Student, e *sis.Enrolment, _ *omobilities.Row) { *s, *e = sis.Student{}, sis.Enrolment{} }, []string{
			"student.given-names required", "student.family-name required", "student.birth-date date", "student.nationality pattern", "student.email pattern",
			"nomination.sending-academic-term-ewp-id pattern", "nomination.receiving-academic-year-id pattern",
		}},
		3: {func(s *sis.Student, _ *sis.Enrolment, r *omobilities.Row) {
			s.Person.BirthDate = passerelle.Date{Year: 2004}
		}, []string{"student.birth-date date"}},
		4: {func(_ *sis.Student, _ *sis.Enrolment, r *omobilities.Row) { *r = omobilities.Row{ESI: r.ESI} }, []string{
			"omobility-id pattern", "nomination.receiving-hei.hei-id required", "nomination.agreement-isced-f-code pattern", "nomination.eqf-level-studied-at-departure pattern",
			"nomination.nominee-isced-f-code pattern",
		}},
		5: {func(_ *sis.Student, _ *sis.Enrolment, r *omobilities.Row) {
			r.Term, r.Year, r.Attributes, r.Nationality = term.ID{}, term.MustParseYear("2027/2027"), omobilities.ShortTermDoctoral, "LV"
		}, nil},
		6: {func(_ *sis.Student, _ *sis.Enrolment, r *omobilities.Row) { r.Term = term.MustParseID("2025/2026-2/2") }, nil},
	} {
		s, e, r := row()
		c.change(&s, &e, &r)
		_, err := omobilities.FromSIS(uniA, s, e, r)
		testutil.Equal(t, fmt.Sprintf("%d: faults", i), documenttest.Faults(t, err), c.want)
	}
}

// TestINE: the European identifier of a student with a definitive INE is made of that.
func TestINE(t *testing.T) {
	t.Parallel()
	s, e, r := row()
	r.ESI, s.INE = esi.ID{}, "223456789HE"
	m, err := omobilities.FromSIS(uniA, s, e, r)
	if id, idErr := m.Student.ESI(); err != nil || idErr != nil || id.Country() != "FR" {
		t.Errorf("a definitive INE gives %s, %v, %v", id.Scope(), err, idErr)
	}
	s.INE = "nonsense"
	if without, err := omobilities.FromSIS(uniA, s, e, r); without.Student.GlobalID != "" || err == nil {
		t.Errorf("a number that is no INE: %v", err)
	}
}

// TestToSIS: what a student system made of its rows comes back at the partner.
func TestToSIS(t *testing.T) {
	t.Parallel()
	s, e, r := row()
	m, err := omobilities.FromSIS(uniA, s, e, r)
	if err != nil {
		t.Fatal(err)
	}
	id := sis.StudentID{System: "csv", Local: "incoming-7"}
	student, enrolled, back := m.ToSIS(id)
	testutil.Equal(t, "person", student.Person, passerelle.Person{BirthName: "Exemple", GivenNames: [3]string{"Zoé Anne"}, Sex: passerelle.SexFemale, BirthDate: s.Person.BirthDate})
	testutil.Equal(t, "enrolment", enrolled, sis.Enrolment{Student: id, Year: 2026, Status: sis.EnrolmentPending, Mobility: sis.MobilityIn})
	again, err := omobilities.FromSIS(uniA, student, enrolled, back)
	if err != nil || !again.Nomination.Same(m.Nomination) || again.Student.GlobalID != m.Student.GlobalID {
		t.Errorf("the row does not give the same nomination: %v", err)
	}
	m.Status = omobilities.Cancelled
	m.Student.FamilyName = ewp.Texts{{Lang: "ru-Cyrl", Value: "Пример"}, {Lang: "ru-Latn", Value: "Primer"}, {Lang: "en", Value: "Example"}}
	student, enrolled, _ = m.ToSIS(id)
	testutil.Equal(t, "cancelled", enrolled.Status, sis.EnrolmentCancelled)
	testutil.Equal(t, "name", student.Person.BirthName, "Example")
}

// TestPersonal: nothing personal is in what is logged of any type, nor in an error.
func TestPersonal(t *testing.T) {
	t.Parallel()
	m := nomination("mobility-77")
	m.Nomination.Comment = "only for the offices"
	secrets := []string{"mobility-77", "Zoé", "Ζωή", "Exemple", "2004-02-29", "esi:uni-a", "example.org", "offices"}
	r, _, err := strict.Nominate(m, march)
	if err != nil {
		t.Fatal(err)
	}
	u := decision(r, omobilities.Reject)
	var leaks testutil.Leaks
	leaks.Secret(t, secrets...)
	for _, v := range []any{m, m.Student, m.Nomination, r, r.Key(), u} {
		leaks.Logger().Info("", "value", v)
	}
	bad := m
	bad.Student.Email, bad.Student.GlobalID, bad.Nomination.Term = "zoe.exemple at example.org", "esi:uni-a", "2026"
	leaks.Error(bad.Validate())
	leaks.Check(t)
}

// A nomination is made of the rows of a student system, and R's decision comes back.
func ExampleFromSIS() {
	student, enrolment, nomination := row()
	m, err := omobilities.FromSIS(uniA, student, enrolment, nomination)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(m.Nomination.Term, m.Nomination.Year, m.Nomination.ActivityAttributes)

	nomination.EQF = 0
	_, err = omobilities.FromSIS(uniA, student, enrolment, nomination)
	fmt.Println(err)
	// Output:
	// 2026/2027-1/2 2026/2027 long-term
	// nomination.eqf-level-studied-at-departure: pattern: want a level from 1 to 8
}
