package table_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/adapters/sistest"
	"github.com/passerelle-sup/passerelle/adapters/table"
	"github.com/passerelle-sup/passerelle/internal/testutil"
	"github.com/passerelle-sup/passerelle/sis"
)

func TestSQLStudent(t *testing.T) {
	t.Parallel()
	b := newBase(t)
	b.student(4812, "223456789H", "E", "D'ŒUVRE\n\"LA\"   ", "2026-08-31 23:30:00")
	b.student(4813, "223456789 ", "HE", "NGUYEN", "")
	var got []sis.Student
	for s, err := range b.source().Students(t.Context(), sis.Query{}) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, s)
	}
	person := passerelle.Person{BirthName: "D'ŒUVRE \"LA\"", GivenNames: [3]string{"ZOÉ"}, Sex: passerelle.SexFemale,
		BirthDate: passerelle.NewDate(2007, 2, 28), Birthplace: passerelle.Birthplace{Commune: "67482"}}
	second := person
	second.BirthName = "NGUYEN"
	testutil.Equal(t, "students", got, []sis.Student{
		{ID: sis.StudentID{System: "school", Local: "4812"}, Internal: "k4812", Person: person, INE: "223456789HE", INEState: sis.INEUnverified,
			ModifiedAt: time.Date(2026, 8, 31, 21, 30, 0, 0, time.UTC), Provenance: sis.Provenance{Source: "VUE_ELEVES", Line: 1}},
		{ID: sis.StudentID{System: "school", Local: "4813"}, Internal: "k4813", Person: second, INE: "223456789HE", INEState: sis.INEUnverified,
			Provenance: sis.Provenance{Source: "VUE_ELEVES", Line: 2}},
	}, cmpopts.EquateApproxTime(0))
}

// Rejects have the number of their row, the column and the student, and end nothing;
// repeated rows and rows without a number are found across pages.
func TestSQLRejects(t *testing.T) {
	t.Parallel()
	b := newBase(t)
	b.fill(1, 20, morning.Add(-24*time.Hour))
	b.exec(`UPDATE eleves SET ne_le = '31.02.2007' WHERE numero = 8`)
	b.exec(`UPDATE eleves SET ne_le = '31.02.2007', commune = '99132', pays = '351' WHERE numero = 9`)
	b.exec(`INSERT INTO eleves SELECT * FROM eleves WHERE numero = 7`)                                                                                // the same again
	b.exec(`INSERT INTO eleves SELECT numero, cle_interne, ine, cle, 'AUTRE', prenom, sexe, ne_le, commune, pays, maj FROM eleves WHERE numero = 14`) // contradicts
	b.exec(`INSERT INTO eleves VALUES (NULL, 'k99', '', '', 'X', 'Y', '1', '28.02.2007', '67482', NULL, NULL)`)
	got, errs := numbers(b.source().Students(t.Context(), sis.Query{}))
	testutil.Equal(t, "students", strings.Join(got, " "), "1 2 3 4 5 6 7 10 11 12 13 14 15 16 17 18 19 20")
	testutil.Equal(t, "errors", errs, []string{
		"VUE_ELEVES:9: column birth_date: date: range at position 9: want a day of that month, or 00 when it is unknown",
		"VUE_ELEVES:10: column birth_date: date: range at position 9: want a day of that month, or 00 when it is unknown",
		"VUE_ELEVES:16: column student: student: repeated: want what row 15 says of the same student",
		"VUE_ELEVES:23: column student: student: required: want the number of the student whose internal key is k99",
	})
	var row *sis.RowError
	for _, err := range b.source().Students(t.Context(), sis.Query{IDs: []sis.StudentID{{Local: "8"}}}) {
		if !errors.As(err, &row) {
			t.Fatalf("error %v, want a RowError", err)
		}
	}
	testutil.Equal(t, "student of the reject", row.ID, sis.StudentID{System: "school", Local: "8"})
}

func TestSQLConformance(t *testing.T) {
	t.Parallel()
	b := newBase(t)
	b.fill(1, 40, morning.Add(-24*time.Hour))
	b.exec(`UPDATE eleves SET ine = '223456789H', cle = 'E' WHERE numero % 5 = 0`)
	b.exec(`UPDATE eleves SET sexe = '9' WHERE numero = 12`)
	b.exec(`UPDATE inscriptions SET annee = '2025' WHERE numero < 10`)
	b.exec(`INSERT INTO inscriptions SELECT numero, '2024', 'DUT', 1, 'O', 'E' FROM inscriptions`)
	for _, size := range []int{1, 7, 39, 40, 1000} {
		s := b.source(func(m *table.Mapping) { m.PageSize = size })
		t.Run(fmt.Sprint("pages of ", size), func(t *testing.T) {
			sistest.Source(t, s, sistest.Base{Students: 39, RowErrors: 1, Year: 2025, Since: morning.Add(-26*time.Hour + 5*time.Second)})
			sistest.Deltas(t, s, 39)
		})
	}
	t.Run("one row for each enrolment", func(t *testing.T) {
		s := b.source(func(m *table.Mapping) {
			m.Queries.Students = `SELECT e.numero AS student, nom, ine, cle AS ine_key, annee AS year FROM eleves e JOIN inscriptions i ON i.numero = e.numero`
		})
		sistest.Source(t, s, sistest.Base{Students: 40, Year: 2025})
	})
}

func TestSQLEnrolmentsAndResults(t *testing.T) {
	t.Parallel()
	b := newBase(t)
	b.fill(1, 2, morning)
	b.exec(`INSERT INTO inscriptions VALUES (1, '25', 'L', 1, 'O', 'E'), (1, '2025', 'DUT', 3, 'N', 'A'), (1, '2025', 'ZZZ', NULL, NULL, 'R')`)
	b.exec(`INSERT INTO notes VALUES (1, '2026', 'MATHS', '12,5', 1, 'V'), (1, '2026', 'MATHS', 'ABJ', 2, '?'), (1, '2025', 'CHIMIE', 7.25, 1, 'R'),
		(1, '2026', 'ZZZ', '1', 'x', NULL), (2, '2026', 'MATHS', '20', 1, 'V')`)
	s := b.source()
	me := sis.StudentID{System: "school", Local: "1"}
	var enrolments []sis.Enrolment
	var errs []string
	for e, err := range s.Enrolments(t.Context(), sis.Query{IDs: []sis.StudentID{me}}) {
		if err != nil {
			errs = append(errs, err.Error())
			continue
		}
		enrolments = append(enrolments, e)
	}
	at := func(line int) sis.Provenance { return sis.Provenance{Source: "VUE_ELEVES", Line: line} }
	testutil.Equal(t, "enrolments", enrolments, []sis.Enrolment{
		{Student: me, Year: 2025, Programme: sis.Programme{Code: "DUT", Version: "3"}, Status: sis.EnrolmentCancelled, Provenance: at(1)},
		{Student: me, Year: 2025, Programme: sis.Programme{Code: "ZZZ"}, Status: "R", Provenance: at(2)},
		{Student: me, Year: 2026, Programme: sis.Programme{Code: "LIC-M", Version: "1"}, Main: true, Status: sis.EnrolmentValid, Provenance: at(3)},
	})
	testutil.Equal(t, "errors", errs, []string{"VUE_ELEVES:4: column year: year: form: want an academic year: 2026, 2026-2027 or 2026/2027"})

	var results []sis.Result
	errs = nil
	for r, err := range s.Results(t.Context(), me, 0) {
		if err != nil {
			errs = append(errs, err.Error())
			continue
		}
		results = append(results, r)
	}
	testutil.Equal(t, "results", results, []sis.Result{
		{Student: me, Year: 2025, Course: sis.Course{Code: "CHIMIE"}, Mark: "7.25", Passed: sis.PassedNo, Session: 1, Provenance: at(1)},
		{Student: me, Year: 2026, Course: sis.Course{Code: "MATHS"}, Mark: "12,5", Passed: sis.PassedYes, Session: 1, Provenance: at(2)},
		{Student: me, Year: 2026, Course: sis.Course{Code: "MATHS"}, Mark: "ABJ", Session: 2, Provenance: at(3)},
	})
	testutil.Equal(t, "errors", errs, []string{"VUE_ELEVES:4: column session: session: form: want a number from 1, or 0 when it is not told"})
	n := 0
	for r, err := range s.Results(t.Context(), me, 2025) {
		if n++; err != nil || r.Year != 2025 {
			t.Errorf("result of %d, %v in a query for 2025", r.Year, err)
		}
	}
	if n != 1 {
		t.Errorf("%d results of 2025, want 1", n)
	}
	for _, err := range s.Results(t.Context(), sis.StudentID{System: "other", Local: "1"}, 0) {
		if !errors.Is(err, passerelle.ErrInvalid) {
			t.Errorf("student of another system: %v, want ErrInvalid", err)
		}
	}
}

// What a source can do is what its mapping gives.
func TestSQLSource(t *testing.T) {
	t.Parallel()
	b := newBase(t)
	undated := func(m *table.Mapping) {
		m.Columns = map[string]string{"mark": "note"}
		m.Queries.Students = "SELECT numero AS student FROM eleves"
		m.Queries.Results = "SELECT numero AS student, annee AS year, matiere AS course, note FROM notes"
	}
	unmarked := func(m *table.Mapping) { m.Queries.Results = "" }
	for name, c := range map[string]struct {
		change         []func(*table.Mapping)
		deltas, grades bool
	}{
		"all":      {nil, true, true},
		"no times": {[]func(*table.Mapping){undated}, false, true},
		"no marks": {[]func(*table.Mapping){unmarked}, true, false},
		"students": {[]func(*table.Mapping){undated, unmarked}, false, false},
	} {
		s, err := b.source(c.change...).Source(t.Context())
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		_, deltas := s.(sis.Deltas)
		_, grades := s.(sis.GradesReader)
		if deltas != c.deltas || grades != c.grades {
			t.Errorf("%s: deltas %v, grades %v; want %v, %v", name, deltas, grades, c.deltas, c.grades)
		}
	}
}

// Errors name the query and what the base says, never a value.
func TestSQLErrors(t *testing.T) {
	t.Parallel()
	b := newBase(t)
	b.student(4812, "", "", "SECRET-NAME", "2026-08-31 10:00:00")
	var leaks testutil.Leaks
	leaks.Secret(t, "SECRET-NAME", "secret-id")
	for name, c := range map[string]struct {
		change func(*table.Mapping)
		want   string
		is     error
	}{
		"syntax":        {func(m *table.Mapping) { m.Queries.Students = "SELEC" }, "VUE_ELEVES: students: ", passerelle.ErrUnavailable},
		"no table":      {func(m *table.Mapping) { m.Queries.Students = "SELECT numero AS student FROM nulle_part" }, "no such table: nulle_part", passerelle.ErrUnavailable},
		"no student":    {func(m *table.Mapping) { m.Queries.Students = "SELECT nom FROM eleves" }, "VUE_ELEVES: missing: student; found: birth_name", passerelle.ErrInvalid},
		"required":      {func(m *table.Mapping) { m.Required = []string{"grant_number"} }, "VUE_ELEVES: missing: grant_number", passerelle.ErrInvalid},
		"slip":          {func(m *table.Mapping) { m.Columns["email"] = "MAILX" }, "VUE_ELEVES: missing: MAILX", passerelle.ErrInvalid},
		"no enrolments": {func(m *table.Mapping) { m.Queries.Enrolments = "SELECT numero AS student FROM nulle_part" }, "VUE_ELEVES: enrolments: ", passerelle.ErrUnavailable},
		"no results":    {func(m *table.Mapping) { m.Queries.Results = "SELECT numero AS student FROM notes" }, "VUE_ELEVES: missing: year", passerelle.ErrInvalid},
	} {
		err := b.source(c.change).Check(t.Context())
		leaks.Error(err)
		if err == nil || !strings.Contains(err.Error(), c.want) || !errors.Is(err, c.is) || passerelle.OutcomeOf(err) != passerelle.NotSent {
			t.Errorf("%s: error %v (%v), want %q and %v", name, err, passerelle.OutcomeOf(err), c.want, c.is)
		}
	}
	// A value that the base repeats does not come through.
	s := b.source(func(m *table.Mapping) {
		m.Queries.Students = "SELECT numero AS student FROM eleves WHERE json_extract(nom, '$') = :year"
	})
	for _, err := range s.Students(t.Context(), sis.Query{IDs: []sis.StudentID{{Local: "secret-id"}, {Local: "4812"}}}) {
		leaks.Error(err)
		if err == nil {
			t.Error("malformed JSON in the base: want an error")
		}
	}
	for _, err := range b.source(func(m *table.Mapping) { m.Queries.Students = "SELECT nom AS student FROM eleves WHERE :year = '0'" }).Students(t.Context(), sis.Query{Year: 2026}) {
		leaks.Error(err)
	}
	leaks.Check(t)
}

func TestNewSQLFaults(t *testing.T) {
	t.Parallel()
	_, err := table.NewSQL(table.SQLConfig{Mapping: table.Mapping{
		Columns: map[string]string{"student": "nom d'élève", "colour": "x"}, Values: map[string]map[string]string{"shape": nil}, Required: []string{"size"},
		Dates: []string{"JJ/MM/AAAA"}, TimeZone: "Europe/Atlantis", Overlap: -1, PageSize: -1, Separator: ";;", Dialect: "db2"}})
	var faults passerelle.FieldErrors
	if !errors.As(err, &faults) {
		t.Fatalf("error %v, want FieldErrors", err)
	}
	var fields []string
	for _, f := range faults {
		fields = append(fields, f.Field)
	}
	testutil.Equal(t, "fields at fault", fields, []string{"columns.colour", "values.shape", "required.size", "dates[0]", "time_zone", "overlap", "separator", "page_size",
		"dialect", "queries.students", "columns.student", "separator, charset, once_per_student", "DB"})
}

// A sequence holds no connection while its values are worked on.
func TestSQLOneConnection(t *testing.T) {
	t.Parallel()
	b := newBase(t)
	b.fill(1, 30, morning)
	b.SetMaxOpenConns(1)
	s := b.source()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	n := 0
	for student, err := range s.Students(ctx, sis.Query{}) {
		if err != nil {
			t.Fatal(err)
		}
		for _, err := range s.Enrolments(ctx, sis.Query{IDs: []sis.StudentID{student.ID}}) {
			if err != nil {
				t.Fatal(err)
			}
			n++
		}
	}
	if n != 30 {
		t.Errorf("%d enrolments, want 30", n)
	}
}

// Memory is that of a page, however many rows there are.
func TestSQLConstantMemory(t *testing.T) {
	n := 20_000
	switch {
	case testing.Short():
		n = 5_000
	case testutil.IsLong():
		n = 200_000
	}
	b := newBase(t)
	b.exec(`CREATE INDEX eleves_numero ON eleves (numero)`)
	b.exec(`CREATE INDEX eleves_maj ON eleves (maj, numero)`)
	b.fill(1, n, morning.Add(-30*24*time.Hour))
	s := b.source(func(m *table.Mapping) { m.PageSize = 2000 })
	most := func(read func(each func())) uint64 {
		var before, now runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		peak, i := uint64(0), 0
		read(func() {
			if i++; i%(n/10) == 0 {
				runtime.GC()
				runtime.ReadMemStats(&now)
				peak = max(peak, now.HeapAlloc-min(now.HeapAlloc, before.HeapAlloc))
			}
		})
		if i != n {
			t.Errorf("%d rows, want %d", i, n)
		}
		return peak
	}
	students := most(func(each func()) {
		for _, err := range s.Students(t.Context(), sis.Query{}) {
			if err != nil {
				t.Fatal(err)
			}
			each()
		}
	})
	changes := most(func(each func()) {
		for _, err := range s.Changes(t.Context(), "") {
			if err != nil {
				t.Fatal(err)
			}
			each()
		}
	})
	t.Logf("%d rows: at most %d KiB for students, %d KiB for changes", n, students>>10, changes>>10)
	if limit := uint64(8 << 20); students > limit || changes > limit {
		t.Errorf("%d and %d KiB are held while reading, want a page at the most", students>>10, changes>>10)
	}
}

func BenchmarkSQL(b *testing.B) {
	const n = 5000
	school := newBase(b)
	school.exec(`CREATE INDEX eleves_numero ON eleves (numero)`)
	school.fill(1, n, morning)
	b.Run("students", func(b *testing.B) {
		s := school.source(func(m *table.Mapping) { m.PageSize = 2000 })
		b.ReportAllocs()
		for b.Loop() {
			got := 0
			for _, err := range s.Students(b.Context(), sis.Query{}) {
				if err != nil {
					b.Fatal(err)
				}
				got++
			}
			if got != n {
				b.Fatal(got)
			}
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/row")
	})
	b.Run("floor: database/sql scan", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			rows, err := school.Query(`SELECT numero, cle_interne, ine, cle, nom, prenom, sexe, ne_le, commune, pays, maj FROM eleves ORDER BY numero`)
			if err != nil {
				b.Fatal(err)
			}
			got := 0
			for rows.Next() {
				var number int64
				var text [9]sql.NullString
				var at sql.NullTime
				if err := rows.Scan(&number, &text[0], &text[1], &text[2], &text[3], &text[4], &text[5], &text[6], &text[7], &text[8], &at); err != nil {
					b.Fatal(err)
				}
				got++
			}
			if err := rows.Err(); err != nil || got != n {
				b.Fatal(got, err)
			}
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/row")
	})
}
