package pegase_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/adapters/pegase"
	"github.com/passerelle-sup/passerelle/adapters/pegase/pegasetest"
	"github.com/passerelle-sup/passerelle/ines"
	"github.com/passerelle-sup/passerelle/internal/testutil"
	"github.com/passerelle-sup/passerelle/sis"
)

// rentree is a tenant with one student in each state of the search and one in a state that it
// does not know.
func rentree(t *testing.T, change ...func(*pegase.Config)) (*pegasetest.Server, *pegase.Client) {
	server, c := tenant(t, pegasetest.Config{}, change...)
	server.Add(lucie)
	server.Add(estelle)
	for i, status := range []ines.Status{ines.StatusToVerify, ines.StatusIncomplete, ines.StatusLitige, ines.StatusInProgress, "REEXAMEN"} {
		server.Add(pegasetest.Student{
			Code: fmt.Sprintf("%09d", i+3), Person: lucie.Person, Status: status, Modified: day.Add(-100 * time.Hour),
			Enrolments: []pegasetest.Enrolment{{Year: 2025, Modified: day.Add(-100 * time.Hour)}},
		})
	}
	server.Add(pegasetest.Student{Person: lucie.Person, Status: ines.StatusToVerify}) // not a student yet
	return server, c
}

func codes(students []sis.Student) []string {
	var all []string
	for _, s := range students {
		all = append(all, s.ID.Local)
	}
	slices.Sort(all)
	return all
}

func TestStudents(t *testing.T) {
	t.Parallel()
	_, c := rentree(t)
	for i, test := range []struct {
		query sis.Query
		want  []string
	}{
		0: {sis.Query{}, []string{"000000001", "000000002", "000000003", "000000004", "000000005", "000000006", "000000007"}},
		1: {sis.Query{INEStates: []sis.INEState{sis.INEUnverified, sis.INEUnknown, sis.INELitige}}, []string{"000000002", "000000003", "000000005"}},
		2: {sis.Query{INEStates: []sis.INEState{sis.INEPending}}, []string{"000000006"}}, // a state that the search does not know
		3: {sis.Query{INEStates: []sis.INEState{"REEXAMEN"}}, []string{"000000007"}},     // a word of tomorrow
		4: {sis.Query{INEStates: []sis.INEState{sis.INENone}}, nil},
		5: {sis.Query{Year: 2026}, []string{"000000001", "000000002"}},
		6: {sis.Query{ModifiedSince: day.Add(-20 * time.Hour)}, []string{"000000002"}},
		7: {sis.Query{IDs: []sis.StudentID{id("000000003"), id("nobody"), id("000000001"), {System: "apogee", Local: "000000002"}, id("000000001")}}, []string{"000000001", "000000003"}},
		8: {sis.Query{Year: 2025, INEStates: []sis.INEState{sis.INEUnverified, sis.INEUnknown}}, []string{"000000003"}},
		9: {sis.Query{IDs: []sis.StudentID{id("000000001"), id("000000002")}, ModifiedSince: day.Add(-13 * time.Hour)}, []string{"000000002"}},
	} {
		got := codes(all(t, c.Students(t.Context(), test.query)))
		if test.want = append([]string(nil), test.want...); !slices.Equal(got, test.want) {
			t.Errorf("%d: students %v; want %v", i, got, test.want)
		}
	}
}

// The whole identity is read of those whose number is not confirmed.
func TestStudentsWhole(t *testing.T) {
	t.Parallel()
	_, c := rentree(t)
	byCode := map[string]sis.Student{}
	for _, s := range all(t, c.Students(t.Context(), sis.Query{})) {
		byCode[s.ID.Local] = s
	}
	got := byCode["000000002"]
	got.Internal = ""
	testutil.Equal(t, "Estelle", got, sis.Student{
		ID: id("000000002"), Person: estelle.Person, INEState: sis.INEUnknown, Nationalities: []string{"99243"},
		Provenance: sis.Provenance{Source: "pegase.identity"},
	})
	if s := byCode["000000001"]; s.INE != lucie.INE || s.INEState != sis.INEVerified || !slices.Equal(s.OtherINEs, lucie.OtherINEs) || !s.Person.Birthplace.IsZero() {
		t.Errorf("Lucie, as the search tells: %+v", s)
	}
	if s := byCode["000000007"]; s.INEState != "REEXAMEN" {
		t.Errorf("a state of tomorrow became %q", s.INEState)
	}
}

func TestStudentsDetails(t *testing.T) {
	t.Parallel()
	for i, test := range []struct {
		details pegase.Details
		reads   int
	}{
		0: {pegase.DetailsWhenNeeded, 4}, 1: {pegase.DetailsAlways, 5}, 2: {pegase.DetailsNever, 0},
	} {
		server, c := rentree(t, func(c *pegase.Config) { c.Details = test.details })
		all(t, c.Students(t.Context(), sis.Query{INEStates: []sis.INEState{sis.INEUnverified, sis.INEUnknown, sis.INELitige, sis.INEIncomplete, sis.INEVerified}}))
		if n := server.Requests(pegasetest.Identity); n != test.reads {
			t.Errorf("%d: %d identities were read; want %d", i, n, test.reads)
		}
	}
}

func TestStudentsOneByID(t *testing.T) {
	t.Parallel()
	_, c := rentree(t)
	got := all(t, c.Students(t.Context(), sis.Query{IDs: []sis.StudentID{id(lucie.Code)}}))
	if len(got) != 1 {
		t.Fatalf("%d students; want 1", len(got))
	}
	got[0].Internal = ""
	testutil.Equal(t, "Lucie", got[0], sis.Student{
		ID: id(lucie.Code), Person: lucie.Person, INE: lucie.INE, INEState: sis.INEVerified, OtherINEs: lucie.OtherINEs,
		Nationalities: []string{"99100"}, Email: lucie.Email, PersonalEmail: lucie.RescueEmail, Provenance: sis.Provenance{Source: "pegase.identity"},
	})
}

func TestEnrolments(t *testing.T) {
	t.Parallel()
	_, c := rentree(t)
	for i, test := range []struct {
		query sis.Query
		want  int
	}{
		0: {sis.Query{}, 7}, 1: {sis.Query{Year: 2025}, 5}, 2: {sis.Query{ModifiedSince: day.Add(-13 * time.Hour)}, 1},
		3: {sis.Query{IDs: []sis.StudentID{id("000000001"), id("nobody")}}, 1}, 4: {sis.Query{INEStates: []sis.INEState{sis.INEUnknown}}, 1},
		5: {sis.Query{IDs: []sis.StudentID{id("000000001")}, Year: 2025}, 0},
	} {
		if got := all(t, c.Enrolments(t.Context(), test.query)); len(got) != test.want {
			t.Errorf("%d: %d enrolments; want %d", i, len(got), test.want)
		}
	}
	fromFlow := all(t, c.Enrolments(t.Context(), sis.Query{ModifiedSince: day.Add(-13 * time.Hour)}))[0]
	want := sis.Enrolment{
		Student: id("000000002"), ID: "LIC-DROIT>LIC-DROIT-A1@Année 2026-2027", Year: 2026, Period: "Année 2026-2027", UAI: "0751234J", Component: "0751234J",
		Programme: sis.Programme{Code: "LIC-DROIT-A1", Version: "Année 2026-2027", SISE: "2400109", Label: "Libellé de LIC-DROIT-A1"},
		Main:      true, Status: sis.EnrolmentValid, Payment: "paye", Regime: "10", Mobility: sis.MobilityIn,
		ValidatedAt: time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC), ModifiedAt: estelle.Modified, Provenance: sis.Provenance{Source: "pegase.flow"},
	}
	testutil.Equal(t, "enrolment of the flow", fromFlow, want)
	fromFile := all(t, c.Enrolments(t.Context(), sis.Query{IDs: []sis.StudentID{id("000000002")}}))[0]
	want.UAI, want.Programme.SISE, want.Regime, want.Exchange, want.Provenance.Source = "", "", "RGI001", "PEC001", "pegase.file"
	testutil.Equal(t, "enrolment of the file", fromFile, want)
}

// Each habit of the real service is survived, alone and with all the others.
func TestQuirks(t *testing.T) {
	t.Parallel()
	quirks := map[string]pegasetest.Quirks{
		"none": {}, "unknown is 500": {UnknownIs500: true}, "json/application": {UnknownIs500: true, SwappedErrorType: true}, "statusInscription": {StatusName: true},
		"est1": {Discriminator: true}, "null date": {NullEnrolmentDate: true}, "new words": {NewWords: true}, "wrapped errors": {WrappedErrors: true},
		"numeric codes": {NumericCodes: true}, "small pages": {SmallPages: 1}, "all": pegasetest.AllQuirks,
	}
	for name, q := range quirks {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server, c := tenant(t, pegasetest.Config{Quirks: q})
			server.Add(lucie)
			server.Add(estelle)
			if _, err := c.File(t.Context(), "nobody"); !errors.Is(err, passerelle.ErrNotFound) || passerelle.OutcomeOf(err) != passerelle.Answered {
				t.Errorf("an unknown student: %v (%v); want ErrNotFound, answered", err, passerelle.OutcomeOf(err))
			}
			if _, err := c.Identity(t.Context(), "nobody"); !errors.Is(err, passerelle.ErrNotFound) {
				t.Errorf("an unknown identity: %v; want ErrNotFound", err)
			}
			status, at, move, pay := sis.EnrolmentValid, time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC), sis.MobilityNone, "paye"
			if q.NullEnrolmentDate {
				at = time.Time{}
			}
			if q.NewWords {
				status, move, pay = "suspendue", "VIRTUELLE", "echelonne"
			}
			got := all(t, c.Enrolments(t.Context(), sis.Query{}))
			if len(got) != 2 {
				t.Fatalf("%d enrolments; want 2", len(got))
			}
			if e := got[0]; e.Status != status || !e.ValidatedAt.Equal(at) || e.Mobility != move || e.Payment != pay {
				t.Errorf("the enrolment is %+v", e)
			}
			f, err := c.File(t.Context(), lucie.Code)
			if err != nil {
				t.Fatal(err)
			}
			if f.Student.Birth.Country != "100" {
				t.Errorf("the country of birth is %q", f.Student.Birth.Country)
			}
			if q.NewWords && f.Enrolments[0].Origin != "portail-2027" {
				t.Errorf("the origin is %q", f.Enrolments[0].Origin)
			}
			if n := len(all(t, c.Students(t.Context(), sis.Query{}))); n != 2 {
				t.Errorf("%d students; want 2", n)
			}
		})
	}
}

// A row that cannot be read is told, and the others go on.
func TestStudentsRowErrors(t *testing.T) {
	t.Parallel()
	items := `{"id":"1","codeApprenant":"1","nomNaissance":"A","prenom":"B","sexe":"F","dateNaissance":"2005-01-02"},
		{"id":"2","codeApprenant":"2","nomNaissance":["A"],"prenom":"B"},
		{"id":"3","codeApprenant":"3","nomNaissance":"A","prenom":"B","sexe":"X","dateNaissance":"02/01/2005"},
		{"id":"4","codeApprenant":"4","nomNaissance":"C","prenom":"D","sexe":"X","dateNaissance":null}`
	mux := http.NewServeMux()
	mux.HandleFunc("POST /t", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "token") })
	mux.HandleFunc("GET /etablissements/ETAB00/identites/apprenants", func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("etatIneMaitre") == "CONFIRME" || r.URL.Query().Get("etatIneMaitre") == "" {
			fmt.Fprintf(w, `{"totalElements":4,"totalPages":1,"taille":500,"page":0,"items":[%s]}`, items)
			return
		}
		fmt.Fprint(w, `{"totalElements":0,"totalPages":0,"taille":500,"page":0,"items":[]}`)
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	c, err := pegase.New(pegase.Config{Endpoints: pegase.Endpoints{Token: server.URL + "/t", IDT: server.URL, INS: server.URL}, Username: "u", Password: "p"})
	if err != nil {
		t.Fatal(err)
	}
	got, errs := collect(c.Students(t.Context(), sis.Query{}))
	if want := []string{"1", "4"}; !slices.Equal(codes(got), want) {
		t.Errorf("students %v; want %v", codes(got), want)
	}
	if len(errs) != 2 {
		t.Fatalf("errors %v; want one for each bad row", errs)
	}
	for i, field := range []string{"nomNaissance", "dateNaissance"} {
		row, ok := errors.AsType[*sis.RowError](errs[i])
		if !ok || row.Field != field || !errors.Is(errs[i], passerelle.ErrInvalid) {
			t.Errorf("error %d is %v; want a RowError of %s", i, errs[i], field)
		}
	}
	if got[1].Person.Sex != passerelle.SexUnknown || !got[1].Person.BirthDate.IsZero() {
		t.Errorf("what is not told is invented: %+v", got[1].Person)
	}
}

// A consumer that stops early stops the reading.
func TestStudentsStop(t *testing.T) {
	t.Parallel()
	server, c := tenant(t, pegasetest.Config{Population: 3000})
	n := 0
	for range c.Students(t.Context(), sis.Query{}) {
		if n++; n == 10 {
			break
		}
	}
	if got := server.Requests(pegasetest.Search); got > 2 {
		t.Errorf("%d requests for ten students", got)
	}
}

// The memory that reading takes does not grow with the base, but for the marks of who was given.
func TestConstantMemory(t *testing.T) {
	n := 20_000
	switch {
	case testing.Short():
		n = 5_000
	case testutil.IsLong():
		n = 200_000
	}
	_, c := tenant(t, pegasetest.Config{Population: n}, never)
	heap := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	base, peak := heap(), uint64(0)
	watch := func(i int) {
		if i%(n/20) == n/40 {
			peak = max(peak, heap())
		}
	}
	students, changes := 0, 0
	for _, err := range c.Students(t.Context(), sis.Query{}) {
		if err != nil {
			t.Fatal(err)
		}
		watch(students)
		students++
	}
	for _, err := range c.Changes(t.Context(), "") {
		if err != nil {
			t.Fatal(err)
		}
		watch(changes)
		changes++
	}
	if students != n || changes != n {
		t.Errorf("%d students and %d changes; want %d of each", students, changes, n)
	}
	grown := int64(peak) - int64(base)
	t.Logf("%d students: the heap grew by %d KiB at the most", n, grown>>10)
	if most := int64(12<<20 + 64*n); grown > most {
		t.Errorf("%d students: the heap grew by %d KiB; want at most %d", n, grown>>10, most>>10)
	}
}
