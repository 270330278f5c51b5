package supdata_test

import (
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/internal/testutil"
	"github.com/passerelle-sup/passerelle/particulier"
	"github.com/passerelle-sup/passerelle/particulier/particuliertest"
	"github.com/passerelle-sup/passerelle/supdata"
	"github.com/passerelle-sup/passerelle/supdata/supdatatest"
)

func newReader(tb testing.TB, s *particuliertest.Server) *supdata.Reader {
	tb.Helper()
	cfg := s.ClientConfig()
	cfg.Limiter = particulier.NewLimiter(-1)
	client, err := particulier.New(cfg)
	if err != nil {
		tb.Fatal(err)
	}
	r, err := supdata.NewReader(client)
	if err != nil {
		tb.Fatal(err)
	}
	return r
}

// TestWhatIsFedCanBeRead feeds enrolments and reads them back in the three ways and in
// both versions.
func TestWhatIsFedCanBeRead(t *testing.T) {
	t.Parallel()
	b, store := school(3)
	for i := range b.students {
		b.students[i].Person.BirthName = []string{"DURAND", "Léger-Martin", "O'NEIL"}[i]
		store.AddStudent(supdatatest.Student{INE: b.students[i].INE, Person: b.students[i].Person})
	}
	b.enrolments[1].Payment = "a_payer"
	f := newFeeding(t, b, store)
	pivot := func(i int) particuliertest.Pivot {
		p := b.students[i].Person
		return particuliertest.Pivot{FamilyName: p.BirthName, GivenName: p.Given(), BirthDate: p.BirthDate.String(), Gender: "male", Birthplace: p.Birthplace.Code()}
	}
	read := particuliertest.NewServer(t, particuliertest.Config{
		Students: store, Now: f.cfg.Now, FranceConnect: map[string]particuliertest.Pivot{"fc-0": pivot(0), "fc-1": pivot(1), "fc-2": pivot(2)},
	})
	reader := newReader(t, read)
	before, err := reader.ByINE(t.Context(), particulier.INERequest{INE: b.students[0].INE})
	if !errors.Is(err, passerelle.ErrNotFound) {
		t.Fatalf("read before it was fed: %+v, %v", before, err)
	}
	f.run(t, map[supdata.Outcome]int{supdata.Fed: 3})

	want := func(i int) particulier.StudentStatus {
		p := b.students[i].Person
		status := []supdata.Status{supdata.Enrolled, supdata.Admitted, supdata.Enrolled}[i]
		return particulier.StudentStatus{
			Identity: particulier.Some(particulier.StudentIdentity{
				BirthName: particulier.Some(p.BirthName), GivenName: particulier.Some(p.GivenNames[0]), BirthDate: particulier.Some(particulier.DateText(p.BirthDate.String())),
			}),
			Admissions: particulier.Some([]particulier.Admission{{
				Begin: particulier.Some(particulier.DateText("2026-09-01")), End: particulier.Some(particulier.DateText("2027-08-31")),
				Status: particulier.Some(status), Commune: particulier.Some("67482"),
				Regime:        particulier.Some(particulier.Regime{Code: particulier.Some(particulier.RegimeInitialNoApprentice), Label: particulier.Some("formation initiale hors apprentissage")}),
				Establishment: particulier.Some(particulier.Establishment{UAI: particulier.Some("0011402U"), Name: particulier.Some("UNIVERSITE D'ESSAI")}),
			}}),
		}
	}
	for i, s := range b.students {
		got, err := reader.ByINE(t.Context(), particulier.INERequest{INE: strings.ToLower(s.INE)})
		if err != nil {
			t.Fatal(err)
		}
		testutil.Equal(t, "by INE", got, want(i))
		person := s.Person
		person.BirthName = strings.ReplaceAll(person.BirthName, "'", "’") // as phones type it
		if got, err = reader.ByIdentity(t.Context(), particulier.IdentityRequest{Person: person}); err != nil {
			t.Fatal(err)
		}
		testutil.Equal(t, "by identity", got, want(i))
		if got, err = reader.ByFranceConnect(t.Context(), particulier.FranceConnectRequest{AccessToken: "fc-" + string(rune('0'+i))}); err != nil {
			t.Fatal(err)
		}
		anonymous := want(i)
		anonymous.Identity = particulier.Field[particulier.StudentIdentity]{}
		testutil.Equal(t, "by FranceConnect", got, anonymous)

		// v2 as production writes it: no town, folded régime for the enrolled, other dates for the admitted.
		if got, err = reader.ByINE(t.Context(), particulier.INERequest{INE: s.INE, Version: particulier.V2}); err != nil {
			t.Fatal(err)
		}
		v2 := want(i)
		v2.INE = particulier.Some(s.INE)
		v2.Admissions.Value[0].Commune = particulier.Field[string]{State: particulier.Null}
		if i != 1 {
			v2.Admissions.Value[0].Regime = particulier.Some(particulier.RegimeOf("formation initiale"))
		}
		testutil.Equal(t, "by INE, v2", got, v2)
		if standing := supdata.StandingOn(got, passerelle.NewDate(2026, 12, 1)); standing.String() != []string{"enrolled", "admitted", "enrolled"}[i] {
			t.Errorf("student %d stands as %s", i, standing)
		}
	}

	// A homonym born on the same day: one more datum tells them apart.
	twin := b.students[0]
	twin.INE = "999999999HA"
	twin.Person.Birthplace.Commune = "75056"
	store.AddStudent(supdatatest.Student{INE: twin.INE, Person: twin.Person})
	b.students[1].Person, b.students[1].INE = twin.Person, twin.INE
	b.enrolments[1].ID = "twin"
	f.run(t, map[supdata.Outcome]int{supdata.Fed: 1, supdata.Unchanged: 2, supdata.NoLongerFed: 1})
	ask := particulier.IdentityRequest{Person: twin.Person}
	ask.Person.Birthplace = passerelle.Birthplace{}
	if _, err := reader.ByIdentity(t.Context(), ask); !errors.Is(err, passerelle.ErrAmbiguous) || !errors.Is(err, particulier.ProviderAmbiguous) {
		t.Errorf("homonyms = %v; want ErrAmbiguous", err)
	}
	if got, err := reader.ByIdentity(t.Context(), particulier.IdentityRequest{Person: twin.Person}); err != nil || len(got.Admissions.Value) != 1 {
		t.Errorf("with the birthplace: %v", err)
	}
}

// TestStandingOn tells enrolled, admitted and none apart, and never turns what it
// cannot read into a none.
func TestStandingOn(t *testing.T) {
	t.Parallel()
	admission := func(begin, end string, status supdata.Status) particulier.Admission {
		return particulier.Admission{
			Begin: particulier.Some(particulier.DateText(begin)), End: particulier.Some(particulier.DateText(end)), Status: particulier.Some(status),
		}
	}
	list := func(a ...particulier.Admission) particulier.StudentStatus {
		return particulier.StudentStatus{Admissions: particulier.Some(a)}
	}
	masked := admission("2026-09-01", "2027-08-31", "")
	masked.Status = particulier.Field[supdata.Status]{}
	for i, c := range []struct {
		status particulier.StudentStatus
		day    string
		want   supdata.Standing
	}{
		0:  {list(admission("2026-09-01", "2027-08-31", "inscrit")), "2026-09-01", supdata.StandingEnrolled},
		1:  {list(admission("2026-09-01", "2027-08-31", "inscrit")), "2027-08-31", supdata.StandingEnrolled},
		2:  {list(admission("2026-09-01", "2027-08-31", "inscrit")), "2027-09-01", supdata.StandingNone},
		3:  {list(admission("2026-09-01", "2027-08-31", "admis")), "2026-10-01", supdata.StandingAdmitted},
		4:  {list(admission("2026-09-01", "2027-08-31", "admis"), admission("2026-09-01", "2027-08-31", "inscrit")), "2026-10-01", supdata.StandingEnrolled},
		5:  {list(), "2026-10-01", supdata.StandingNone},
		6:  {particulier.StudentStatus{}, "2026-10-01", supdata.StandingUnknown},
		7:  {particulier.StudentStatus{Admissions: particulier.Field[[]particulier.Admission]{State: particulier.Null}}, "2026-10-01", supdata.StandingUnknown},
		8:  {list(masked), "2026-10-01", supdata.StandingUnknown},
		9:  {list(masked), "2028-10-01", supdata.StandingNone},
		10: {list(admission("2026-09-01", "", "inscrit")), "2026-10-01", supdata.StandingUnknown},
		11: {list(admission("2026-09-01", "2027-08-31", "suspendu")), "2026-10-01", supdata.StandingUnknown},
		12: {list(admission("2024-09-01", "2025-06-31", "inscrit")), "2025-06-30", supdata.StandingEnrolled}, // a day that staging gives and that does not exist
		13: {list(admission("2024-09-01", "2025-06-31", "inscrit")), "2025-07-01", supdata.StandingNone},
		14: {list(particulier.Admission{}, admission("2026-09-01", "2027-08-31", "admis")), "2026-10-01", supdata.StandingAdmitted},
		15: {list(admission("2024-09-01", "2025-06-3x", "inscrit")), "2025-06-30", supdata.StandingUnknown},
	} {
		if got := supdata.StandingOn(c.status, passerelle.MustParseDate(c.day)); got != c.want {
			t.Errorf("%d: on %s: %s; want %s", i, c.day, got, c.want)
		}
	}
}

// TestReadsTheCases reads two published cases, as a transport company would.
func TestReadsTheCases(t *testing.T) {
	t.Parallel()
	cases, err := particuliertest.LoadCases(os.DirFS(testutil.Shared(t, "fixtures/api-particulier")))
	if err != nil {
		t.Fatal(err)
	}
	reader := newReader(t, particuliertest.NewServer(t, particuliertest.Config{Cases: cases}))
	got, err := reader.ByINE(t.Context(), particulier.INERequest{INE: "0100007108d"})
	if err != nil {
		t.Fatal(err)
	}
	if standing := supdata.StandingOn(got, passerelle.NewDate(2023, 1, 1)); standing != supdata.StandingEnrolled {
		t.Errorf("0100007108D stands as %s", standing)
	}
	if _, err := reader.ByINE(t.Context(), particulier.INERequest{INE: "1234567404G"}); !errors.Is(err, passerelle.ErrNotFound) {
		t.Errorf("1234567404G = %v; want ErrNotFound", err)
	}
	if _, err := supdata.NewReader(nil); !errors.Is(err, passerelle.ErrInvalid) {
		t.Errorf("a reader without client = %v", err)
	}
}
