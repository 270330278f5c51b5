package table

import (
	"testing"
	"time"

	"github.com/passerelle-sup/passerelle/internal/testutil"
)

func TestBind(t *testing.T) {
	t.Parallel()
	args := map[string]any{"year": "2026", "id": 7}
	for i, c := range []struct {
		dialect Dialect
		query   string
		want    string
		values  []any
	}{
		0: {SQLite, "a = :year AND b = :id OR c = :year", "a = ? AND b = ? OR c = ?", []any{"2026", 7, "2026"}},
		1: {Oracle, "a = :year AND b = :id", "a = :1 AND b = :2", []any{"2026", 7}},
		2: {Postgres, "a::text = :year AND b = :other", "a::text = $1 AND b = :other", []any{"2026"}},
		3: {MySQL, "a = ':year' AND \":id\" = :id", "a = ':year' AND \":id\" = ?", []any{7}},
		4: {Oracle, "a -- :year\n/* :id */ = :years :id", "a -- :year\n/* :id */ = :years :1", []any{7}},
		5: {SQLite, "it's :year", "it's :year", nil}, // never closed
		6: {SQLite, "/* :year", "/* :year", nil},
		7: {SQLite, "'it''s' = :id:", "'it''s' = ?:", []any{7}},
	} {
		got, values := c.dialect.bind(c.query, args)
		if got != c.want {
			t.Errorf("%d: %q, want %q", i, got, c.want)
		}
		testutil.Equal(t, "values", values, c.values)
	}
}

// The text of a query around which everything is put, in each dialect.
func TestPlanSQL(t *testing.T) {
	t.Parallel()
	for _, d := range []Dialect{SQLite, Oracle, Postgres, MySQL} {
		for _, zone := range []string{"", "Europe/Paris"} {
			s := &SQL{m: Mapping{Dialect: d, TimeZone: zone, Columns: map[string]string{"modified_at": "DAT_MOD"}, Queries: Queries{Students: "SELECT 1 AS student FROM t WHERE y = :year -- all;\n;"}}}
			p := plan{query: queryStudents, timed: true, where: []string{"q.student IS NOT NULL"}, order: []string{"q.DAT_MOD", "q.student"}, args: map[string]any{"year": "0"}}
			s.after(&p, 1, key{"42", "2026-09-01 10:00:00"})
			text, args := s.sql(p, 100)
			out := text + "\n"
			for _, v := range args {
				out += "\t" + v.(string) + "\n"
			}
			out += s.m.Dialect.format(time.Date(2026, 9, 1, 10, 0, 0, 5e8, time.FixedZone("", 7200)), s.naive()) + "\n"
			name := string(d)
			if zone != "" {
				name += "-naive"
			}
			testutil.Golden(t, "sql/"+name+".txt", []byte(out))
		}
	}
}

func TestSettled(t *testing.T) {
	t.Parallel()
	paris, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		t.Fatal(err)
	}
	for i, c := range []struct {
		now  time.Time
		loc  *time.Location
		want string
	}{
		0: {time.Date(2026, 9, 1, 6, 0, 0, 0, time.UTC), paris, "2026-09-01 07:50:00"},
		1: {time.Date(2026, 10, 25, 0, 9, 0, 0, time.UTC), paris, "2026-10-25 01:59:00"},
		2: {time.Date(2026, 10, 25, 0, 10, 0, 0, time.UTC), paris, "2026-10-25 01:59:59"}, // 02:00, which comes again
		3: {time.Date(2026, 10, 25, 1, 9, 0, 0, time.UTC), paris, "2026-10-25 01:59:59"},  // 02:59
		4: {time.Date(2026, 10, 25, 1, 10, 0, 0, time.UTC), paris, "2026-10-25 02:00:00"}, // 02:00 again
		5: {time.Date(2026, 3, 29, 1, 15, 0, 0, time.UTC), paris, "2026-03-29 03:05:00"},  // spring: nothing is repeated
		6: {time.Date(2026, 10, 25, 0, 30, 0, 0, time.UTC), time.UTC, "2026-10-25 00:20:00"},
	} {
		if got := settled(c.now, 10*time.Minute, c.loc).Format(time.DateTime); got != c.want {
			t.Errorf("%d: settled up to %s, want %s", i, got, c.want)
		}
	}
}

func FuzzCursor(f *testing.F) {
	f.Add(formatCursor("school", key{int64(4812), "2026-09-01 10:00:00"}))
	f.Add(formatCursor("school", key{"A1", "x"}))
	f.Add("")
	f.Fuzz(func(t *testing.T, text string) {
		k, from, err := parseCursor("school", text)
		if err != nil || !from {
			return
		}
		again, _, err := parseCursor("school", formatCursor("school", k))
		if err != nil || again != k {
			t.Fatalf("key %+v is read back as %+v, %v", k, again, err)
		}
	})
}
