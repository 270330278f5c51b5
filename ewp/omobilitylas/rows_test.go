package omobilitylas_test

import (
	"errors"
	"testing"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp/internal/documenttest"
	la "github.com/passerelle-sup/passerelle/ewp/omobilitylas"
	"github.com/passerelle-sup/passerelle/internal/testutil"
	"github.com/passerelle-sup/passerelle/mobility"
)

func TestHundredths(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]la.Hundredths{"7.5": 750, "30": 3000, " 0.25 ": 25, "+6.00": 600, ".5": 50, "6.": 600, "0": 0, "007": 700} {
		got, err := la.ParseHundredths(text)
		if err != nil || got != want {
			t.Errorf("%q is %d, %v; want %d", text, got, err, want)
		}
	}
	for _, text := range []string{"", "-1", "1.234", "7,5", "1e3", "12345678", ".", "x", "1.2.3"} {
		if got, err := la.ParseHundredths(text); !errors.Is(err, passerelle.ErrInvalid) {
			t.Errorf("%q is %d, %v; want ErrInvalid", text, got, err)
		}
	}
	for h, want := range map[la.Hundredths]string{750: "7.5", 3000: "30", 25: "0.25", 605: "6.05", 0: "", -1: "", 100: "1"} {
		if got := h.String(); got != want {
			t.Errorf("%d is %q, want %q", h, got, want)
		}
	}
}

var chosen = []la.Choice{
	{Code: "A1", Title: "Algebra", Credits: 600, Term: 1, Terms: 2, Replaces: "Algèbre et géométrie"},
	{Code: "G1", Title: "Geometry", Credits: 450, Term: 2, Terms: 2, Replaces: "Algèbre et géométrie"},
	{Code: "L1", Title: "Logic", Credits: 300, Term: 1, Terms: 2},
	{Code: "V1", Title: "Proofs", Credits: 300, Term: 1, Terms: 2, Description: "online"},
}

// TestRows: a course choice becomes tables that are good, and comes back.
func TestRows(t *testing.T) {
	t.Parallel()
	rows := la.RowsOf(chosen)
	testutil.Equal(t, "table B", rows[4:], []la.Row{
		{Table: la.B, Title: "Algèbre et géométrie", Credits: 1050, Term: 1, Terms: 2},
		{Table: la.B, Title: "Logic", Credits: 300, Term: 1, Terms: 2},
		{Table: la.B, Title: "Proofs", Credits: 300, Term: 1, Terms: 2},
	})
	s := must(la.NewState(agreement("m1", la.TablesOf(rows)), at))
	back := s.Agreement.Proposed().Rows()
	testutil.Equal(t, "choice", la.ChoiceOf(back), []la.Choice{
		{Code: "A1", Title: "Algebra", Credits: 600, Term: 1, Terms: 2}, {Code: "G1", Title: "Geometry", Credits: 450, Term: 2, Terms: 2},
		{Code: "L1", Title: "Logic", Credits: 300, Term: 1, Terms: 2}, {Code: "V1", Title: "Proofs", Credits: 300, Term: 1, Terms: 2, Description: "online"},
	})
	for _, kind := range [][]la.Row{
		{{Table: la.BlendedTable, Title: "Stay", Credits: 300}, {Table: la.BlendedTable, Title: "Online", Description: "x", Conditions: "y"}},
		{{Table: la.DoctoralTable, Title: "Stay"}},
	} {
		s := must(la.NewState(agreement("m1", la.TablesOf(kind)), at))
		testutil.Equal(t, "rows", s.Agreement.Proposed().Rows(), kind)
	}
	if tables := la.TablesOf([]la.Row{{Table: "Z", Title: "x"}}); tables != (la.Tables{}) {
		t.Errorf("a row of no table: %+v", tables)
	}
}

// TestChanges: the changes that lead to another choice lead there, also where a row stands
// twice.
func TestChanges(t *testing.T) {
	t.Parallel()
	twice := append(chosen[:len(chosen):len(chosen)], chosen[2])
	first := la.RowsOf(twice)
	for name, wanted := range map[string][]la.Choice{
		"the same": twice, "one less": chosen, "none": nil, "another": {{Code: "T1", Title: "Topology", Credits: 600, Term: 1, Terms: 2}},
		"other credits": append([]la.Choice{{Code: "A1", Title: "Algebra", Credits: 500, Term: 1, Terms: 2, Replaces: "Algèbre et géométrie"}}, twice[1:]...),
	} {
		rows := la.ChangeRows(first, la.RowsOf(wanted), func(r la.Row) (la.Reason, string) {
			if r.Status == la.Deleted {
				return la.ReasonNotAvailable, ""
			}
			return "", "wanted"
		})
		if (len(rows) == 0) != (name == "the same") {
			t.Errorf("%s: %d changes", name, len(rows))
		}
		s := must(la.NewState(agreement("m1", la.TablesOf(first)), at))
		s = must(s.Apply(uniB, approve(s), at))
		s, err := s.Propose(*proposal(la.TablesOf(rows)), at)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		got, want := map[la.Row]int{}, map[la.Row]int{}
		for _, r := range s.Agreement.Proposed().Rows() {
			got[r]++
		}
		for _, r := range la.RowsOf(wanted) {
			want[r]++
		}
		testutil.Equal(t, name, got, want)
	}
}

func TestStudentOf(t *testing.T) {
	t.Parallel()
	p := passerelle.Person{
		BirthName: "ÉTUDIANTE", GivenNames: [3]string{"Zoé", "Anne"}, Sex: passerelle.SexFemale, BirthDate: passerelle.MustParseDate("2004-02-29"),
	}
	want := la.Student{GivenNames: "Zoé Anne", FamilyName: "ÉTUDIANTE", GlobalID: "urn:x", BirthDate: "2004-02-29", Citizenship: "FR", Gender: "2", Email: "z@example.org"}
	testutil.Equal(t, "student", la.StudentOf(p, "urn:x", "FR", "z@example.org"), want)
	p.UsageName, p.Sex = "Autre", passerelle.SexUnknown
	want.FamilyName, want.Gender = "Autre", "0"
	testutil.Equal(t, "student", la.StudentOf(p, "urn:x", "FR", "z@example.org"), want)
}

// TestMobilityCourse: a course of package mobility is a Choice, field by field.
func TestMobilityCourse(t *testing.T) {
	t.Parallel()
	c := mobility.Course{Code: "A1", Title: "Algebra", Credits: 750, Term: "1", Replaces: "Algèbre"}
	got := la.RowsOf([]la.Choice{{Code: c.Code, Title: c.Title, Credits: la.Hundredths(c.Credits), Term: 1, Terms: 2, Replaces: c.Replaces}})
	if got[0].Credits.String() != c.Credits.String() {
		t.Errorf("%s credits became %s", c.Credits, got[0].Credits)
	}
}

// TestLogs: nothing of a person is in what is logged, or in an error.
func TestLogs(t *testing.T) {
	t.Parallel()
	var leaks testutil.Leaks
	s := must(agreed("m1").Propose(changesOf(), day(2)))
	a := s.Agreement
	leaks.Secret(t, a.Student.GlobalID, a.Student.FamilyName, a.Student.Email, a.Student.BirthDate, "Anne", "Bernd", "Algebra", sendingSigned.Email)
	log := leaks.Logger()
	log.Info("x", "state", s, "agreement", a, "student", a.Student, "person", a.Sending.Contact, "signature", sendingSigned, "request", approve(s))
	a.Student.Email, a.Student.BirthDate = "Étudiante", "Étudiante"
	leaks.Error(a.Validate())
	_, err := s.Amend(a, at)
	leaks.Error(err)
	_, err = s.Apply(uniC, approve(s), at)
	leaks.Error(err)
	leaks.Check(t)
	testutil.Equal(t, "faults", documenttest.Faults(t, a.Validate()), []string{"student.birth-date date", "student.email pattern"})
}
