package apogee_test

import (
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/adapters/apogee"
	"github.com/passerelle-sup/passerelle/adapters/apogee/apogeetest"
	"github.com/passerelle-sup/passerelle/adapters/sistest"
	"github.com/passerelle-sup/passerelle/internal/testutil"
	"github.com/passerelle-sup/passerelle/sis"
)

func passerelleStudent(id string, p passerelle.Person, nationality string) sis.Student {
	return sis.Student{ID: sis.StudentID{System: "apogee", Local: id}, Person: p, Nationalities: []string{nationality}, Provenance: sis.Provenance{Source: "student"}}
}

func allSteps() []apogee.Versioned {
	var all []apogee.Versioned
	for _, code := range apogeetest.Steps {
		all = append(all, apogee.Versioned{Code: code})
	}
	return all
}

func TestSourceConformance(t *testing.T) {
	t.Parallel()
	client, server, _ := services(t, apogeetest.Config{Seed: 1, Students: 60, Nil: apogeetest.NilMixed, Offset: "+02:00"})
	// Listed, and gone when it is read: 22600004 has a sex that nobody knows.
	if _, err := server.DB().Exec(`UPDATE INDIVIDU SET COD_SEX_ETU = '?' WHERE COD_IND = 100004`); err != nil {
		t.Fatal(err)
	}
	s, err := apogee.NewSource(apogee.SourceConfig{Client: client, Year: 2026, Steps: allSteps(), Emails: true, Communes: communes(t)})
	if err != nil {
		t.Fatal(err)
	}
	// Of 60: one without a number, eight former ones, five cancelled of whom one has a second step.
	var want int
	if err := server.DB().QueryRow(`SELECT COUNT(DISTINCT i.COD_ETU) FROM INS_ADM_ETP iae JOIN INDIVIDU i ON i.COD_IND = iae.COD_IND WHERE COD_ANU = '2026' AND ETA_IAE = 'E'`).Scan(&want); err != nil {
		t.Fatal(err)
	}
	sistest.Source(t, s, sistest.Base{Students: want - 1, RowErrors: 1, Year: 2026})
}

// Both doors tell the same of a student.
func TestSourceAgrees(t *testing.T) {
	t.Parallel()
	client, server, _ := services(t, apogeetest.Config{Seed: 5, Students: 30})
	soap, err := apogee.NewSource(apogee.SourceConfig{Client: client, Year: 2026, Emails: true, Communes: communes(t)})
	if err != nil {
		t.Fatal(err)
	}
	cfg := server.SQLConfig()
	cfg.Communes = communes(t)
	sql, err := apogee.NewSQL(cfg)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for want, err := range sql.Students(t.Context(), sis.Query{}) {
		if err != nil {
			t.Fatal(err)
		}
		n++
		for got, err := range soap.Students(t.Context(), sis.Query{IDs: []sis.StudentID{want.ID}}) {
			if err != nil {
				t.Fatal(err)
			}
			want.Internal, want.ModifiedAt, want.Provenance, got.Provenance = "", time.Time{}, sis.Provenance{}, sis.Provenance{}
			testutil.Equal(t, "student "+want.ID.Local, got, want)
		}
		var one, two []string
		for e := range sql.Enrolments(t.Context(), sis.Query{IDs: []sis.StudentID{want.ID}}) {
			one = append(one, e.Programme.Code+e.Programme.Version+e.Component+string(e.Status)+e.Regime+e.Payment)
		}
		for e := range soap.Enrolments(t.Context(), sis.Query{IDs: []sis.StudentID{want.ID}}) {
			two = append(two, e.Programme.Code+e.Programme.Version+e.Component+string(e.Status)+e.Regime+e.Payment)
		}
		slices.Sort(one)
		slices.Sort(two)
		testutil.Equal(t, "enrolments of "+want.ID.Local, two, one)
	}
	if n != 30 {
		t.Errorf("%d students compared, want 30", n)
	}
}

// A service that stops answering ends the sequence; a student who is gone does not.
func TestSourceTrouble(t *testing.T) {
	t.Parallel()
	client, server, _ := services(t, apogeetest.Config{Students: 12})
	s, err := apogee.NewSource(apogee.SourceConfig{Client: client, Year: 2026, Components: []string{"UF0", "UF1"}})
	if err != nil {
		t.Fatal(err)
	}
	server.Script(apogee.OpStudent, apogeetest.NullRetrieve, apogeetest.NoFault, apogeetest.Maintenance)
	students := 0
	var errs []error
	for _, err := range s.Students(t.Context(), sis.Query{}) {
		if err != nil {
			errs = append(errs, err)
		} else {
			students++
		}
	}
	if students != 1 || len(errs) != 2 {
		t.Fatalf("%d students and errors %v, want one student and two errors", students, errs)
	}
	row, ok := errors.AsType[*sis.RowError](errs[0])
	if !ok || row.ID.Local != "22600000" || !errors.Is(row.Err, passerelle.ErrNotFound) {
		t.Errorf("a student who is gone: %v, want a row error with ErrNotFound", errs[0])
	}
	if _, row := errors.AsType[*sis.RowError](errs[1]); row || !errors.Is(errs[1], passerelle.ErrProtocol) {
		t.Errorf("a page of maintenance: %v, want a fatal ErrProtocol", errs[1])
	}
	server.Always(apogee.OpList, apogeetest.UnknownFault)
	for _, err := range s.Enrolments(t.Context(), sis.Query{}) {
		if !errors.Is(err, passerelle.ErrUnavailable) {
			t.Errorf("no list: %v, want ErrUnavailable", err)
		}
	}
	if _, err := apogee.NewSource(apogee.SourceConfig{}); !errors.Is(err, passerelle.ErrInvalid) {
		t.Errorf("no client: %v, want ErrInvalid", err)
	}
	lists, err := apogee.NewSource(apogee.SourceConfig{Client: client, Year: 2026})
	if err != nil {
		t.Fatal(err)
	}
	for _, err := range lists.Students(t.Context(), sis.Query{}) {
		if !errors.Is(err, passerelle.ErrInvalid) {
			t.Errorf("nothing to list: %v, want ErrInvalid", err)
		}
	}
}

// A list that names everybody twice, and overlapping lists, give each student once.
func TestSourceDuplicates(t *testing.T) {
	t.Parallel()
	client, server, _ := services(t, apogeetest.Config{Students: 12})
	s, err := apogee.NewSource(apogee.SourceConfig{Client: client, Year: 2026, Components: []string{"UF0"}, Steps: []apogee.Versioned{{Code: "LICM1"}}, Diplomas: []apogee.Versioned{{Code: "LIMATH", Versions: []string{"1"}}}})
	if err != nil {
		t.Fatal(err)
	}
	server.Always(apogee.OpList, apogeetest.Duplicated)
	all, _ := collect(t, s.Students(t.Context(), sis.Query{}))
	var got []string
	for _, s := range all {
		got = append(got, s.ID.Local)
	}
	testutil.Equal(t, "students", got, []string{"22600000", "22600004", "22600008"})
	testutil.Equal(t, "calls", []int{server.Calls(apogee.OpList), server.Calls(apogee.OpStudent)}, []int{3, 3})
}

func TestCommunes(t *testing.T) {
	t.Parallel()
	c := communes(t)
	for i, v := range []struct{ department, name, want string }{
		0: {"067", "STRASBOURG", "67482"}, // the commune of today wins over the delegated one
		1: {"67", "strasbourg ", "67482"},
		2: {"068", "STRASBOURG", ""},
		3: {"2a", "Ajaccio", "2A004"},
		4: {"02A", "AJACCIO", "2A004"},
		5: {"971", "BASSE TERRE", "97105"},
		6: {"001", "SAINT-OEIL", ""}, // two of that name
		7: {"001", "L ABERGEMENT", "01003"},
		8: {"", "", ""},
	} {
		if got := c.Find(v.department, v.name); got != v.want {
			t.Errorf("%d: %q in %q is %q, want %q", i, v.name, v.department, got, v.want)
		}
	}
	if got := (*apogee.Communes)(nil).Find("067", "STRASBOURG"); got != "" {
		t.Errorf("no list finds %q", got)
	}
	for i, text := range []string{0: "", 1: "CODE,NOM\n1,x\n", 2: "COM,LIBELLE\n1234,x\n", 3: "COM,LIBELLE\n01001\n", 4: "COM,LIBELLE\n,x\n"} {
		if _, err := apogee.ReadCommunes(strings.NewReader(text)); err == nil {
			t.Errorf("%d: %q is read", i, text)
		}
	}
}

func TestINEFile(t *testing.T) {
	t.Parallel()
	if _, err := apogee.OpenINEFile(""); !errors.Is(err, passerelle.ErrInvalid) || !strings.Contains(err.Error(), "Apogée takes an INE") {
		t.Errorf("no file: %v, want the reason", err)
	}
	f, err := apogee.OpenINEFile(filepath.Join(t.TempDir(), "ine.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	update := sis.INEUpdate{Student: sis.StudentID{System: "apogee", Local: "22600006"}, Year: 2026, Definitive: "223456789HE"}
	for range 2 {
		if err := f.WriteINE(t.Context(), update); err != nil {
			t.Error(err)
		}
	}
	for name, change := range map[string]func(*sis.INEUpdate){
		"system": func(u *sis.INEUpdate) { u.Student.System = "pegase" },
		"number": func(u *sis.INEUpdate) { u.Student.Local = "A1" },
		"INE":    func(u *sis.INEUpdate) { u.Definitive = "223456789" },
	} {
		bad := update
		change(&bad)
		if err := f.WriteINE(t.Context(), bad); !errors.Is(err, passerelle.ErrInvalid) {
			t.Errorf("%s: %v, want ErrInvalid", name, err)
		}
	}
	update.Definitive = "223456790HE"
	if err := f.WriteINE(t.Context(), update); !errors.Is(err, passerelle.ErrConflict) {
		t.Errorf("another number: %v, want ErrConflict", err)
	}
	for name, source := range map[string]any{"base": &apogee.SQL{}, "services": &apogee.Source{}} {
		if _, ok := source.(sis.INEWriter); ok {
			t.Errorf("the %s claims to write an INE", name)
		}
	}
}
