package apogee_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/adapters/apogee"
	"github.com/passerelle-sup/passerelle/adapters/apogee/apogeetest"
	"github.com/passerelle-sup/passerelle/adapters/sistest"
	"github.com/passerelle-sup/passerelle/adapters/table"
	"github.com/passerelle-sup/passerelle/ine"
	"github.com/passerelle-sup/passerelle/ines/inestest"
	"github.com/passerelle-sup/passerelle/internal/testutil"
	"github.com/passerelle-sup/passerelle/sis"
)

// base opens the base of a service.
func base(tb testing.TB, cfg apogeetest.Config, change ...func(*apogee.SQLConfig)) (*apogee.SQL, *apogeetest.Service) {
	tb.Helper()
	service, err := apogeetest.New(cfg)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { service.Close() })
	c := service.SQLConfig()
	for _, f := range change {
		f(&c)
	}
	s, err := apogee.NewSQL(c)
	if err != nil {
		tb.Fatal(err)
	}
	return s, service
}

func communes(tb testing.TB) *apogee.Communes {
	tb.Helper()
	c, err := apogee.ReadCommunes(strings.NewReader(apogeetest.CommunesCSV()))
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

func withCommunes(tb testing.TB) func(*apogee.SQLConfig) {
	return func(c *apogee.SQLConfig) { c.Communes = communes(tb) }
}

func collect[T any](tb testing.TB, seq func(func(T, error) bool)) (all []T, rows []string) {
	tb.Helper()
	for v, err := range seq {
		if err == nil {
			all = append(all, v)
		} else if row, ok := errors.AsType[*sis.RowError](err); ok {
			rows = append(rows, row.Error())
		} else {
			tb.Fatal(err)
		}
	}
	return all, rows
}

// Every person comes as the civil registry has them, but for what Apogée cuts, and
// with the number whatever its split.
func TestSQLStudents(t *testing.T) {
	t.Parallel()
	const n = 200
	s, _ := base(t, apogeetest.Config{Seed: 7, Students: n}, withCommunes(t))
	got, rows := collect(t, s.Students(t.Context(), sis.Query{}))
	if len(got) != n-n/50 || len(rows) != n/50 {
		t.Fatalf("%d students and %d rejects, want %d and %d", len(got), len(rows), n-n/50, n/50)
	}
	testutil.Equal(t, "reject", rows[0], "apogee:197: column student: student: required: want the number of the student whose internal key is 100049")
	byID := map[string]sis.Student{}
	for _, s := range got {
		byID[s.Internal] = s
	}
	i := 0
	statuses := map[ine.Status]int{}
	for p := range inestest.Generate(7, n) {
		s, ok := byID[fmt.Sprint(apogeetest.FirstInd+i)]
		if i%50 == 49 {
			i++
			continue
		}
		if !ok {
			t.Fatalf("person %d is missing", i)
		}
		if diff := s.Person.Diff(p); len(diff) > 0 {
			t.Errorf("person %d: %v differ: %+v, want %+v", i, diff, s.Person, p)
		}
		if p.Birthplace.Code() != s.Person.Birthplace.Code() {
			t.Errorf("person %d: birthplace %+v, want code %s", i, s.Person.Birthplace, p.Birthplace.Code())
		}
		if s.Person.BirthName != strings.ToUpper(p.BirthName) {
			t.Errorf("person %d: name %q, want the accents of %q", i, s.Person.BirthName, p.BirthName)
		}
		v := ine.Judge(s.INE)
		statuses[v.Status]++
		if want := map[int]ine.Family{3: ine.RNIE, 4: ine.BEA, 5: ine.NNE, 7: ine.Provisional}[i%10]; want != 0 && v.Family != want {
			t.Errorf("person %d: %v, want a number of family %v", i, v.Family, want)
		}
		if none := i%10 == 6 || i%10 == 9; none != (s.INE == "") || none != (s.INEState == sis.INENone) {
			t.Errorf("person %d: an INE of %d characters, state %q", i, len(s.INE), s.INEState)
		}
		i++
	}
	testutil.Equal(t, "statuses", statuses, map[ine.Status]int{ine.StatusDefinitive: 120, ine.StatusAbsent: 36, ine.StatusProvisional: 20, ine.StatusSuspect: 20})

	one := byID["100005"]
	one.Person = passerelle.Person{}
	testutil.Equal(t, "the rest of a record", one, sis.Student{
		ID: sis.StudentID{System: "apogee", Local: "22600005"}, Internal: "100005", INE: one.INE, INEState: sis.INEUnverified, Nationalities: one.Nationalities,
		PersonalEmail: one.PersonalEmail, GrantNumber: "0700000005", ModifiedAt: time.Date(2026, 7, 1, 7, 5, 0, 0, time.UTC),
		Provenance: sis.Provenance{Source: "apogee", Line: 6},
	})
}

func TestSQLConformance(t *testing.T) {
	t.Parallel()
	for _, size := range []int{13, 1000} {
		t.Run(fmt.Sprint("pages of ", size), func(t *testing.T) {
			t.Parallel()
			m, err := apogee.Mapping(apogee.Options{Dialect: table.SQLite, Early: true, Debt: true})
			if err != nil {
				t.Fatal(err)
			}
			m.PageSize = size
			s, _ := base(t, apogeetest.Config{Seed: 1, Students: 120}, func(c *apogee.SQLConfig) { c.Mapping = m }, withCommunes(t))
			if err := s.Check(t.Context()); err != nil {
				t.Fatal(err)
			}
			sistest.Source(t, s, sistest.Base{Students: 118, RowErrors: 2, Year: 2026, Since: time.Date(2026, 7, 1, 8, 0, 0, 0, time.UTC)})
			sistest.Deltas(t, s, 118)
		})
	}
}

// A change of an enrolment alone is a change of its student.
func TestSQLChanges(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 9, 1, 8, 0, 0, 0, time.UTC)
	s, service := base(t, apogeetest.Config{Students: 40}, func(c *apogee.SQLConfig) { c.Now = func() time.Time { return now } })
	cursor, n := "", 0
	for delta, err := range s.Changes(t.Context(), "") {
		if err != nil {
			t.Fatal(err)
		}
		cursor = delta.Cursor
		n++
	}
	if n != 40 {
		t.Fatalf("%d changes from the beginning, want 40", n)
	}
	for i, query := range []string{
		0: `UPDATE INDIVIDU SET DAT_MOD_IND = '2026-09-01 10:00:01' WHERE COD_IND = 100003`,
		1: `UPDATE INS_ADM_ANU SET DAT_MOD_IAA = '2026-09-01 10:00:02' WHERE COD_IND = 100004`,
		2: `UPDATE INS_ADM_ETP SET DAT_MOD_IAE = '2026-09-01 10:00:03' WHERE COD_IND = 100005`,
		3: `INSERT INTO INS_ADM_ETP SELECT '2026', 100006, COD_ETP, 1, 1, COD_DIP, 1, COD_CMP, COD_CGE, 'E', 'P', 'N', '2026-09-01 10:00:04', NULL FROM INS_ADM_ETP LIMIT 1`,
	} {
		if _, err := service.DB().Exec(query); err != nil {
			t.Fatalf("%d: %v", i, err)
		}
	}
	now = now.Add(time.Hour)
	var got []string
	for delta, err := range s.Changes(t.Context(), cursor) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, delta.Student.Internal)
	}
	testutil.Equal(t, "changed", got, []string{"100003", "100004", "100005", "100006"})
}

func TestSQLEnrolments(t *testing.T) {
	t.Parallel()
	ids := func(o apogee.Options) string {
		o.Dialect = table.SQLite
		m, err := apogee.Mapping(o)
		if err != nil {
			t.Fatal(err)
		}
		s, _ := base(t, apogeetest.Config{Students: 20}, func(c *apogee.SQLConfig) { c.Mapping = m })
		var out []string
		for e, err := range s.Enrolments(t.Context(), sis.Query{IDs: []sis.StudentID{{Local: "22600000"}, {Local: "22600005"}, {Local: "x"}}}) {
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, fmt.Sprintf("%s %q %v", e.ID, e.Status, e.Main))
		}
		return strings.Join(out, "\n")
	}
	plain := `IAE-2025-100000-LICM1-1-1 "valid" true
IAE-2026-100000-LICI2-1-1 "valid" false
IAE-2026-100000-LICM1-1-1 "valid" true`
	second := `
IAE-2026-100005-MASB1-1-1 "valid" false`
	testutil.Equal(t, "plain", ids(apogee.Options{}), plain+second) // the main one of 22600005 is cancelled
	testutil.Equal(t, "early", ids(apogee.Options{Early: true}), plain+`
ANTICIPE-2027-100000-MASB1-1 "" false`+second)
	testutil.Equal(t, "early and debt", ids(apogee.Options{Early: true, Debt: true}), `DETTE-2025-100000-DUTG1-1 "" false
`+strings.ReplaceAll(plain, "IAE-2025-100000-LICM1-1-1", "IAE-2025-100000-LICM1-1-1")+`
ANTICIPE-2027-100000-MASB1-1 "" false`+second)

	s, _ := base(t, apogeetest.Config{Students: 20})
	all, _ := collect(t, s.Enrolments(t.Context(), sis.Query{IDs: []sis.StudentID{{Local: "22600001"}}}))
	testutil.Equal(t, "enrolment", all, []sis.Enrolment{{
		Student: sis.StudentID{System: "apogee", Local: "22600001"}, ID: "IAE-2026-100001-LICI2-1-1", Year: 2026, Component: "UF1",
		Programme: sis.Programme{Code: "LICI2", Version: "1", Label: "Licence 2 Informatique"}, Main: true, Status: sis.EnrolmentValid, Payment: "P", Regime: "1",
		ModifiedAt: time.Date(2026, 7, 1, 7, 1, 0, 0, time.UTC), Provenance: sis.Provenance{Source: "apogee", Line: 1},
	}})
}

// Marks, absences, decisions, and the lock of anonymity.
func TestSQLResults(t *testing.T) {
	t.Parallel()
	s, service := base(t, apogeetest.Config{Students: 20})
	if _, err := service.DB().Exec(`UPDATE RESULTAT_ELP SET NOT_ELP = '.5' WHERE COD_IND = 100006 AND COD_ELP = 'PHY101' AND COD_SES = '1'`); err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	for _, id := range []string{"22600000", "22600003", "22600006"} {
		for r, err := range s.Results(t.Context(), sis.StudentID{System: "apogee", Local: id}, 0) {
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(&text, "%s %d %s %s %q ects %s session %d: %q/%s %q passed %d\n", r.Student, r.Year, r.Course.Code, r.Course.Kind, r.Course.Title, r.Course.ECTS, r.Session, r.Mark, r.Scale, r.Code, r.Passed)
		}
	}
	testutil.Golden(t, "results.txt", []byte(text.String()))
	for _, want := range []string{`INF101 UE "Algorithmique" ects 6 session 2: ""/20 "" passed 0`, `"ABI"/20 "ABI" passed 2`, `session 1: "0.5"`} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("no result like %s", want)
		}
	}
	for _, err := range s.Results(t.Context(), sis.StudentID{System: "apogee", Local: "1 OR 1=1"}, 0) {
		if !errors.Is(err, passerelle.ErrInvalid) {
			t.Errorf("no number: %v, want ErrInvalid", err)
		}
	}
}

// The texts that a school's Oracle base is sent.
func TestMapping(t *testing.T) {
	t.Parallel()
	m, err := apogee.Mapping(apogee.Options{Schema: "APOGEE", Early: true, Debt: true})
	if err != nil {
		t.Fatal(err)
	}
	testutil.Equal(t, "dialect", m.Dialect, table.Oracle)
	testutil.Golden(t, "queries.sql", []byte(m.Queries.Students+"\n"+m.Queries.Enrolments+"\n"+m.Queries.Results))
	for _, o := range []apogee.Options{{Schema: "A; DROP TABLE"}, {Schema: "A."}, {Dialect: table.MySQL}} {
		if _, err := apogee.Mapping(o); !errors.Is(err, passerelle.ErrInvalid) {
			t.Errorf("%+v: error %v, want ErrInvalid", o, err)
		}
	}
}

func TestOpen(t *testing.T) {
	t.Parallel()
	service, err := apogeetest.New(apogeetest.Config{Students: 3})
	if err != nil {
		t.Fatal(err)
	}
	defer service.Close()
	s, err := apogee.Open(t.Context(), apogeetest.Driver, service.DSN(), service.SQLConfig())
	if err != nil {
		t.Fatal(err)
	}
	if got, _ := collect(t, s.Students(t.Context(), sis.Query{})); len(got) != 3 {
		t.Errorf("%d students, want 3", len(got))
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	var leaks testutil.Leaks
	leaks.Secret(t, "password-of-the-base")
	_, err = apogee.Open(t.Context(), "no-such-driver", "x://u:password-of-the-base@h/", apogee.SQLConfig{})
	leaks.Error(err)
	if !errors.Is(err, passerelle.ErrInvalid) {
		t.Errorf("no driver: %v, want ErrInvalid", err)
	}
	leaks.Check(t)
	if _, err := service.DB().Exec(`DROP TABLE RESULTAT_ELP`); err != nil {
		t.Fatal(err)
	}
	_, err = apogee.Open(t.Context(), apogeetest.Driver, service.DSN(), service.SQLConfig())
	if err == nil || !strings.Contains(err.Error(), "apogee: results: ") || !strings.Contains(err.Error(), "RESULTAT_ELP") {
		t.Errorf("a table is missing: %v, want its name", err)
	}
	if _, err := apogee.NewSQL(apogee.SQLConfig{}); !errors.Is(err, passerelle.ErrInvalid) {
		t.Errorf("no base: %v, want ErrInvalid", err)
	}
}

// A whole university in the memory of a page.
func TestSQLConstantMemory(t *testing.T) {
	n := 10_000
	switch {
	case testing.Short():
		n = 3_000
	case testutil.IsLong():
		n = 200_000
	}
	s, _ := base(t, apogeetest.Config{Students: n})
	var before, now runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	peak, i := uint64(0), 0
	for _, err := range s.Students(t.Context(), sis.Query{Year: 2026}) {
		if err != nil {
			if _, row := errors.AsType[*sis.RowError](err); !row {
				t.Fatal(err)
			}
		}
		if i++; i%(n/8) == 0 {
			runtime.GC()
			runtime.ReadMemStats(&now)
			peak = max(peak, now.HeapAlloc-min(now.HeapAlloc, before.HeapAlloc))
		}
	}
	if i < n*6/7-1 {
		t.Errorf("%d of %d students", i, n)
	}
	t.Logf("%d students: at most %d KiB held", i, peak>>10)
	if peak > 24<<20 {
		t.Errorf("%d KiB are held while reading, want a page at the most", peak>>10)
	}
}

func BenchmarkSQLStudents(b *testing.B) {
	const n = 2000
	s, service := base(b, apogeetest.Config{Students: n})
	b.Run("students", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			i := 0
			for range s.Students(context.Background(), sis.Query{}) {
				i++
			}
			if i != n {
				b.Fatal(i)
			}
		}
	})
	b.Run("floor: the query alone", func(b *testing.B) {
		m, err := apogee.Mapping(apogee.Options{Dialect: table.SQLite})
		if err != nil {
			b.Fatal(err)
		}
		b.ReportAllocs()
		for b.Loop() {
			rows, err := service.DB().Query("SELECT * FROM ("+strings.ReplaceAll(m.Queries.Students, ":year", "?")+") q ORDER BY q.student", "0", "0")
			if err != nil {
				b.Fatal(err)
			}
			names, _ := rows.Columns()
			values, targets := make([]any, len(names)), make([]any, len(names))
			for i := range values {
				targets[i] = &values[i]
			}
			i := 0
			for rows.Next() {
				if err := rows.Scan(targets...); err != nil {
					b.Fatal(err)
				}
				i++
			}
			if err := rows.Err(); err != nil || i != n {
				b.Fatal(i, err)
			}
		}
	})
}
