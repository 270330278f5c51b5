package pegase_test

import (
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
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

// nightly makes the copy of a tenant and a reader of it.
func nightly(t *testing.T, server *pegasetest.Server, queries pegase.ReplicaQueries) (*sql.DB, *pegase.Replica) {
	t.Helper()
	db, err := server.Replica()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	r, err := pegase.OpenReplica(pegase.ReplicaConfig{DB: db, Queries: queries})
	if err != nil {
		t.Fatal(err)
	}
	return db, r
}

// The copy says the same of a student as the service.
func TestReplicaStudents(t *testing.T) {
	t.Parallel()
	server, c := rentree(t, func(c *pegase.Config) { c.Details = pegase.DetailsAlways })
	_, r := nightly(t, server, pegase.ReplicaQueries{})
	byCode := func(students []sis.Student) map[string]sis.Student {
		m := map[string]sis.Student{}
		for _, s := range students {
			s.ModifiedAt, s.Provenance = time.Time{}, sis.Provenance{}
			m[s.ID.Local] = s
		}
		return m
	}
	copied := all(t, r.Students(t.Context(), sis.Query{}))
	testutil.Equal(t, "students", byCode(copied), byCode(all(t, c.Students(t.Context(), sis.Query{}))))
	if s := copied[1]; s.INE != "" || !s.ModifiedAt.Equal(estelle.Modified) || s.Provenance != (sis.Provenance{Source: "pegase replica: students", Line: 2}) {
		t.Errorf("Estelle in the copy: %+v", s)
	}
	for i, test := range []struct {
		query sis.Query
		want  []string
	}{
		0: {sis.Query{INEStates: []sis.INEState{sis.INEPending, "REEXAMEN"}}, []string{"000000006", "000000007"}},
		1: {sis.Query{IDs: []sis.StudentID{id("000000002"), id("nobody")}}, []string{"000000002"}},
		2: {sis.Query{ModifiedSince: day.Add(-13 * time.Hour)}, []string{"000000002"}},
		3: {sis.Query{INEStates: []sis.INEState{sis.INENone}}, nil},
	} {
		if got := codes(all(t, r.Students(t.Context(), test.query))); !slices.Equal(got, test.want) {
			t.Errorf("%d: students %v; want %v", i, got, test.want)
		}
	}
}

func TestReplicaEnrolments(t *testing.T) {
	t.Parallel()
	server, _ := rentree(t)
	_, r := nightly(t, server, pegase.ReplicaQueries{})
	got := all(t, r.Enrolments(t.Context(), sis.Query{IDs: []sis.StudentID{id("000000002")}}))
	if len(got) != 1 {
		t.Fatalf("%d enrolments; want 1", len(got))
	}
	if e := got[0]; e.Status != sis.EnrolmentValid || e.Mobility != sis.MobilityIn || e.Exchange != "PEC001" || !e.Main || e.Programme.Code != "LIC-DROIT>LIC-DROIT-A1" || !e.ModifiedAt.Equal(estelle.Modified) {
		t.Errorf("the enrolment is %+v", e)
	}
	// The documented tables do not tell the year: a query by year wants a query that does.
	for i, seq := range []func() []error{
		0: func() []error { _, errs := collect(r.Enrolments(t.Context(), sis.Query{Year: 2026})); return errs },
		1: func() []error { _, errs := collect(r.Students(t.Context(), sis.Query{Year: 2026})); return errs },
	} {
		errs := seq()
		faults, ok := errors.AsType[passerelle.FieldErrors](errors.Join(errs...))
		if len(errs) != 1 || !ok || faults[0].Field != "Queries.enrolments.year" {
			t.Errorf("%d: errors %v; want the column that is missing", i, errs)
		}
	}
	_, local := nightly(t, server, pegase.ReplicaQueries{Enrolments: `SELECT a.code_apprenant AS STUDENT, n.statut_inscription AS status,
		CASE WHEN a.code_apprenant < '000000003' THEN 2026 ELSE 2025 END AS year
		FROM schema_ins.inscription n JOIN schema_idt.apprenant a ON a.id = n.id_apprenant`})
	if got := codes(all(t, local.Students(t.Context(), sis.Query{Year: 2026}))); !slices.Equal(got, []string{"000000001", "000000002"}) {
		t.Errorf("students of 2026: %v", got)
	}
}

// A row that tells no time of change may have changed.
func TestReplicaNoTime(t *testing.T) {
	t.Parallel()
	server, _ := rentree(t)
	db, r := nightly(t, server, pegase.ReplicaQueries{})
	if _, err := db.Exec("UPDATE schema_idt.identite SET date_modification = NULL WHERE prenom = 'Estelle'"); err != nil {
		t.Fatal(err)
	}
	if got := codes(all(t, r.Students(t.Context(), sis.Query{ModifiedSince: day}))); !slices.Equal(got, []string{"000000002"}) {
		t.Errorf("students %v; want the one whose time is not told", got)
	}
}

// A query that lacks a column is refused, whatever it is needed for.
func TestReplicaColumns(t *testing.T) {
	t.Parallel()
	server, _ := rentree(t)
	_, r := nightly(t, server, pegase.ReplicaQueries{Students: `SELECT '1' AS student, 'A' AS birth_name, 'B' AS given_name_1, 'F' AS sex, '' AS birth_date`})
	_, errs := collect(r.Students(t.Context(), sis.Query{ModifiedSince: day}))
	faults, _ := errors.AsType[passerelle.FieldErrors](errors.Join(errs...))
	var fields []string
	for _, f := range faults {
		fields = append(fields, f.Field)
	}
	testutil.Equal(t, "columns", fields, []string{"Queries.students.ine", "Queries.students.modified_at"})
}

func TestReplicaResults(t *testing.T) {
	t.Parallel()
	server, _ := rentree(t)
	_, none := nightly(t, server, pegase.ReplicaQueries{})
	if _, errs := collect(none.Results(t.Context(), id("1"), 0)); len(errs) != 1 || !errors.Is(errs[0], passerelle.ErrInvalid) {
		t.Errorf("without a query: %v; want ErrInvalid", errs)
	}
	db, r := nightly(t, server, pegase.ReplicaQueries{Results: `SELECT * FROM notes WHERE student = $1 ORDER BY course`})
	if _, err := db.Exec(`CREATE TABLE notes AS SELECT '000000001' AS student, 2026 AS year, 'DROIT' AS course, 14.5 AS mark, 20 AS scale, '6' AS credits, 2 AS session
		UNION ALL SELECT '000000001', 2026, 'LATIN', NULL, 20, NULL, 'one' UNION ALL SELECT '000000002', 2026, 'DROIT', 9, 20, NULL, 1`); err != nil {
		t.Fatal(err)
	}
	got, errs := collect(r.Results(t.Context(), id("000000001"), 2026))
	if len(got) != 1 || got[0].Mark != "14.5" || got[0].Passed != sis.PassedYes || got[0].Session != 2 || got[0].Scale != "20" {
		t.Errorf("the results are %+v", got)
	}
	row, ok := errors.AsType[*sis.RowError](errors.Join(errs...))
	if len(errs) != 1 || !ok || row.Field != "session" || row.Line != 2 {
		t.Errorf("errors %v; want one of the second row's session", errs)
	}
}

// A row that cannot be read is told with its place, and the others go on.
func TestReplicaRows(t *testing.T) {
	t.Parallel()
	server, _ := rentree(t)
	db, r := nightly(t, server, pegase.ReplicaQueries{})
	for column, value := range map[string]string{"date_naissance": "14/03/2006", "code_commune_naissance": "6748", "liste_ines_alternatifs": "{a"} {
		for _, code := range map[string][]string{"date_naissance": {"000000001"}, "code_commune_naissance": {"000000003"}, "liste_ines_alternatifs": {"000000004"}}[column] {
			if _, err := db.Exec(fmt.Sprintf("UPDATE schema_idt.apprenant SET %s = $1 WHERE code_apprenant = $2", column), value, code); err != nil {
				t.Fatal(err)
			}
		}
	}
	got, errs := collect(r.Students(t.Context(), sis.Query{}))
	if len(got) != 4 || len(errs) != 3 {
		t.Fatalf("%d students and errors %v; want 4 and 3", len(got), errs)
	}
	for i, field := range []string{"birth_date", "birth_commune", "other_ines"} {
		row, ok := errors.AsType[*sis.RowError](errs[i])
		if !ok || row.Field != field || row.Line == 0 || row.ID == (sis.StudentID{}) {
			t.Errorf("error %d is %v; want one of %s with its row", i, errs[i], field)
		}
	}
}

// The copy is made anew every night: connections are cut.
func TestReplicaCut(t *testing.T) {
	t.Parallel()
	server, _ := rentree(t)
	db, r := nightly(t, server, pegase.ReplicaQueries{})
	if _, err := db.Exec("DROP TABLE schema_idt.apprenant"); err != nil {
		t.Fatal(err)
	}
	_, errs := collect(r.Students(t.Context(), sis.Query{}))
	if len(errs) != 1 || !errors.Is(errs[0], passerelle.ErrUnavailable) {
		t.Errorf("errors %v; want ErrUnavailable", errs)
	}
	db.Close()
	if _, errs = collect(r.Students(t.Context(), sis.Query{})); len(errs) != 1 || !errors.Is(errs[0], passerelle.ErrUnavailable) {
		t.Errorf("errors %v; want ErrUnavailable", errs)
	}
}

func TestOpenReplica(t *testing.T) {
	t.Parallel()
	db, err := sql.Open("sqlite", ":memory:")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for i, bad := range []pegase.ReplicaConfig{0: {}, 1: {Driver: "sqlite"}, 2: {Driver: "nosuch", DSN: "x"}, 3: {DB: db, Driver: "sqlite", DSN: "x"}} {
		if _, err := pegase.OpenReplica(bad); !errors.Is(err, passerelle.ErrInvalid) {
			t.Errorf("%d: error %v; want ErrInvalid", i, err)
		}
	}
	// A driver by its name, and a view of the establishment's own.
	file := filepath.Join(t.TempDir(), "dre.sqlite")
	r, err := pegase.OpenReplica(pegase.ReplicaConfig{Driver: "sqlite", DSN: file, System: "dre", Queries: pegase.ReplicaQueries{
		Students: `SELECT '1' AS student, 'Roux' AS birth_name, 'Zoé' AS given_name_1, 'F' AS sex, '2006-03-14' AS birth_date, 'N/A' AS ine, 'A_VERIFIER' AS ine_state`,
	}})
	if err != nil {
		t.Fatal(err)
	}
	got := all(t, r.Students(t.Context(), sis.Query{}))
	if len(got) != 1 || got[0].ID != (sis.StudentID{System: "dre", Local: "1"}) || got[0].INE != "" || got[0].INEState != pegase.StateOf(ines.StatusToVerify) {
		t.Errorf("the students are %+v", got)
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
}
