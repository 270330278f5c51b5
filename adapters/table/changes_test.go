package table_test

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/adapters/sistest"
	"github.com/passerelle-sup/passerelle/adapters/table"
	"github.com/passerelle-sup/passerelle/internal/testutil"
	"github.com/passerelle-sup/passerelle/sis"
)

// changed is one change as a consumer sees it.
type changed struct {
	id string
	at time.Time
}

// follow reads changes until stop of them, 0 for all, and returns the last cursor.
func follow(tb testing.TB, d sis.Deltas, cursor string, stop int) (got []changed, next string, errs []string) {
	tb.Helper()
	next = cursor
	for delta, err := range d.Changes(tb.Context(), cursor) {
		if err != nil {
			if _, row := errors.AsType[*sis.RowError](err); !row {
				tb.Fatal(err)
			}
			errs = append(errs, err.Error())
			continue
		}
		got, next = append(got, changed{delta.Student.ID.Local, delta.Student.ModifiedAt}), delta.Cursor
		if len(got) == stop {
			break
		}
	}
	return got, next, errs
}

// A base that changes all the time, read by a consumer who stops anywhere, restarts,
// and reads with pages of any size: every state that a row settled in is given once.
func TestSQLChangesMoving(t *testing.T) {
	t.Parallel()
	for seed := range uint64(6) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			r := rand.New(rand.NewPCG(seed, 0))
			b := newBase(t)
			now := morning
			paris, err := time.LoadLocation("Europe/Paris")
			if err != nil {
				t.Fatal(err)
			}
			want := map[changed]bool{} // the states that stood for longer than the overlap
			current := map[int]time.Time{}
			touch := func(id int, at time.Time) {
				if old, ok := current[id]; !ok {
					b.student(id, "", "", "NOM", at.In(paris).Format(time.DateTime))
				} else if delete(want, changed{fmt.Sprint(id), old}); true {
					b.exec(`UPDATE eleves SET maj = ? WHERE numero = ?`, at.In(paris).Format(time.DateTime), id)
				}
				current[id] = at
				want[changed{fmt.Sprint(id), at}] = true
			}
			m := mapping(t)
			m.PageSize, m.Overlap = 1+r.IntN(9), table.Duration(time.Minute)
			s, err := table.NewSQL(table.SQLConfig{DB: b, Mapping: m, Now: func() time.Time { return now }})
			if err != nil {
				t.Fatal(err)
			}
			given, cursor := map[changed]int{}, ""
			for range 60 {
				now = now.Add(time.Duration(r.IntN(40)) * time.Second)
				for range r.IntN(6) { // committed up to 50 s after their time: still within the overlap
					touch(r.IntN(40), now.Add(-time.Duration(r.IntN(50))*time.Second).Truncate(time.Second))
				}
				n := 0
				for delta, err := range s.Changes(t.Context(), cursor) {
					if err != nil {
						t.Fatal(err)
					}
					given[changed{delta.Student.ID.Local, delta.Student.ModifiedAt.UTC()}]++
					cursor = delta.Cursor
					if n++; r.IntN(8) == 0 { // while a sequence is open, rows move to its end or behind
						touch(r.IntN(40), now)
					}
					if r.IntN(20) == 0 { // the process dies: it goes on from the last cursor that it kept
						break
					}
				}
			}
			now = now.Add(time.Hour)
			for delta, err := range s.Changes(t.Context(), cursor) {
				if err != nil {
					t.Fatal(err)
				}
				given[changed{delta.Student.ID.Local, delta.Student.ModifiedAt.UTC()}]++
			}
			for c := range want {
				if given[c] != 1 {
					t.Errorf("student %s as of %s was given %d times, want once", c.id, c.at.Format(time.TimeOnly), given[c])
				}
			}
			for c, n := range given {
				if n != 1 {
					t.Errorf("student %s as of %s was given %d times", c.id, c.at.Format(time.TimeOnly), n)
				}
			}
			if len(want) < 20 || len(given) <= len(want) {
				t.Errorf("%d states at the end, %d given on the way: the test moved too little", len(want), len(given))
			}
		})
	}
}

// A change that is committed late is found by the next call, as long as it is not
// later than the overlap.
func TestSQLChangesOverlap(t *testing.T) {
	t.Parallel()
	b := newBase(t)
	now := morning // 08:00 in Paris
	b.student(1, "", "", "A", "2026-09-01 07:57:00")
	b.student(2, "", "", "B", "2026-09-01 07:59:00")
	m := mapping(t)
	s, err := table.NewSQL(table.SQLConfig{DB: b, Mapping: m, Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	got, cursor, _ := follow(t, s, "", 0)
	if len(got) != 1 || got[0].id != "1" {
		t.Fatalf("first call: %v, want student 1, as two minutes are left to the next", got)
	}
	b.student(3, "", "", "C", "2026-09-01 07:58:30") // its transaction was open until now
	now = now.Add(5 * time.Minute)
	got, _, _ = follow(t, s, cursor, 0)
	if len(got) != 2 || got[0].id != "3" || got[1].id != "2" {
		t.Errorf("second call: %v, want students 3 and 2", got)
	}
}

// In the hour that the end of summer time repeats, a later change has an earlier time.
func TestSQLChangesRepeatedHour(t *testing.T) {
	t.Parallel()
	b := newBase(t)
	now := time.Date(2026, 10, 25, 0, 50, 0, 0, time.UTC) // 02:50, for the first time
	m := mapping(t)
	s, err := table.NewSQL(table.SQLConfig{DB: b, Mapping: m, Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	b.student(1, "", "", "A", "2026-10-25 01:30:00")
	b.student(2, "", "", "B", "2026-10-25 02:40:00")
	first, cursor, _ := follow(t, s, "", 0)
	now = now.Add(30 * time.Minute) // 02:20, for the second time
	b.student(3, "", "", "C", "2026-10-25 02:10:00")
	second, cursor, _ := follow(t, s, cursor, 0)
	now = now.Add(2 * time.Hour)
	third, _, _ := follow(t, s, cursor, 0)
	var ids []string
	for _, c := range slices.Concat(first, second, third) {
		ids = append(ids, c.id)
	}
	testutil.Equal(t, "students in order of the wall clock", ids, []string{"1", "3", "2"})
}

// Rows that cannot be followed are told in each call, and hold nothing up.
func TestSQLChangesRejects(t *testing.T) {
	t.Parallel()
	b := newBase(t)
	b.student(1, "", "", "A", "2026-08-01 10:00:00")
	b.student(2, "", "", "B", "2026-08-01 10:00:00")
	b.exec(`UPDATE eleves SET ne_le = 'hier' WHERE numero = 2`)
	b.student(3, "", "", "C", "2026-08-01 10:00:01")
	b.student(4, "", "", "D", "")
	b.exec(`INSERT INTO eleves (cle_interne, maj) VALUES ('k9', '2026-08-01 10:00:00')`)
	got, cursor, errs := follow(t, b.source(), "", 0)
	if len(got) != 2 || got[0].id != "1" || got[1].id != "3" {
		t.Errorf("changes %v, want students 1 and 3", got)
	}
	testutil.Equal(t, "errors", errs, []string{
		"VUE_ELEVES:2: column birth_date: date: length: want YYYY-MM-DD or DD/MM/YYYY",
		"VUE_ELEVES:4: column modified_at: time: required: want the time of the last change",
		"VUE_ELEVES:5: column student: student: required: want the number of the student whose internal key is k9",
	})
	got, _, errs = follow(t, b.source(), cursor, 0)
	if len(got) != 0 || len(errs) != 2 {
		t.Errorf("second call: %v and %d errors, want the two rows that never settle", got, len(errs))
	}
	for _, err := range b.source(func(m *table.Mapping) { m.Queries.Students = "SELECT numero AS student FROM eleves" }).Changes(t.Context(), "") {
		if csv, ok := errors.AsType[*sis.CSVError](err); !ok || csv.Rule != sis.CSVRuleMissing {
			t.Errorf("no column of changes: %v, want a CSVError", err)
		}
	}
	for _, err := range b.source(func(m *table.Mapping) { m.System = "other" }).Changes(t.Context(), cursor) {
		if !errors.Is(err, passerelle.ErrInvalid) {
			t.Errorf("cursor of another system: %v, want ErrInvalid", err)
		}
	}
}

func csvOf(tb testing.TB, text string, m table.Mapping) *table.CSV {
	tb.Helper()
	c, err := table.NewCSV("base.csv", func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(text)), nil }, m)
	if err != nil {
		tb.Fatal(err)
	}
	c.Now = func() time.Time { return morning }
	return c
}

// A file is read with the same mapping, and its changes come in order although its
// rows do not.
func TestCSV(t *testing.T) {
	t.Parallel()
	m := table.Mapping{System: "school", TimeZone: "Europe/Paris", Required: []string{"student"}, Dates: []string{"DD/MM/YYYY"},
		Columns: map[string]string{"student": "Numéro", "modified_at": "Modifié le"}, Values: map[string]map[string]string{"ine": {"N/A": ""}}}
	var text strings.Builder
	text.WriteString("Numéro;ine;Modifié le;year\n")
	const n = 9000
	for i := range n {
		// Three of each time, in an order of their own.
		k := i * 7919 % n
		fmt.Fprintf(&text, "%d;N/A;%s;2026\n", k, morning.Add(-48*time.Hour+time.Duration(k/3)*time.Second).Format(time.DateTime))
	}
	text.WriteString("9990;N/A;;2026\n9991;N/A;hier;2026\n9992;N/A;2026-09-01 07:59:30;2026\n")
	c := csvOf(t, text.String(), m)
	got, cursor, errs := follow(t, c, "", 0)
	if len(got) != n || len(errs) != 2 {
		t.Fatalf("%d changes and %d errors, want %d and 2: %v", len(got), len(errs), n, errs)
	}
	if !slices.IsSortedFunc(got, func(a, b changed) int { return a.at.Compare(b.at) }) {
		t.Error("changes are not in the order of their time")
	}
	c.Now = func() time.Time { return morning.Add(time.Hour) }
	got, _, _ = follow(t, c, cursor, 0)
	if len(got) != 1 || got[0].id != "9992" {
		t.Errorf("the next call gave %v, want the change that was too young", got)
	}

	small := csvOf(t, "student;ine;modified_at;year\n1;;2026-08-01;2026\nx;;2026-08-02;zzz\n2;223456789HE;2026-08-03;2025\n3;;2026-08-03;2026\n", table.Mapping{Required: []string{"student"}})
	sistest.Source(t, small, sistest.Base{Students: 4, Year: 2025, Since: time.Date(2026, 8, 3, 0, 0, 0, 0, time.UTC)})
	sistest.Deltas(t, small, 4)

	if _, err := table.OpenCSV(filepath.Join(t.TempDir(), "none.csv"), table.Mapping{}); !errors.Is(err, passerelle.ErrNotFound) {
		t.Errorf("no file: %v, want ErrNotFound", err)
	}
	_, err := table.OpenCSV("none.csv", table.Mapping{Dates: []string{"JJMMAAAA"}, Dialect: table.SQLite, Columns: map[string]string{"x": "y"}})
	if faults, ok := errors.AsType[passerelle.FieldErrors](err); !ok || len(faults) != 3 {
		t.Errorf("what a file cannot have: %v, want three faults", err)
	}
	for _, err := range csvOf(t, "student\n1\n", table.Mapping{Required: []string{"student"}}).Changes(t.Context(), "") {
		if csv, ok := errors.AsType[*sis.CSVError](err); !ok || csv.Rule != sis.CSVRuleMissing {
			t.Errorf("no column of changes: %v, want a CSVError", err)
		}
	}
}
