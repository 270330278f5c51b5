package egracons_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/passerelle-sup/passerelle/egracons"
	"github.com/passerelle-sup/passerelle/internal/testutil"
)

// field is a table of one cycle and field with n grades A and one B.
func field(t *testing.T, cycle egracons.Cycle, isced string, n int64) *egracons.Table {
	t.Helper()
	return pairs{{"A", n}, {"B", 1}}.table(t, egracons.Identity{HEI: "example.fr", Cycle: cycle, ISCED: isced})
}

func sizeOf(t *egracons.Table) int64 {
	size, _ := t.Size()
	return size
}

func TestGroupsFind(t *testing.T) {
	t.Parallel()
	groups := must(egracons.NewGroups(
		field(t, egracons.Bachelor, "0611", 9), field(t, egracons.Bachelor, "0613", 19), field(t, egracons.Bachelor, "0688", 29),
		field(t, egracons.Bachelor, "0711", 99), field(t, egracons.Master, "0613", 199), field(t, egracons.Master, "0541", 399)))(t)
	tests := map[string]struct {
		query egracons.Query
		size  int64
		level egracons.Level
		isced string
		warns bool // BroaderISCED
	}{
		"exact":                  {egracons.Query{Cycle: egracons.Bachelor, ISCED: "0613"}, 20, egracons.LevelDetailed, "0613", false},
		"too small, three":       {egracons.Query{Cycle: egracons.Bachelor, ISCED: "0613", MinSize: 21}, 30, egracons.LevelNarrow, "061", true},
		"too small, two":         {egracons.Query{Cycle: egracons.Bachelor, ISCED: "0613", MinSize: 31}, 60, egracons.LevelBroad, "06", true},
		"too small, cycle":       {egracons.Query{Cycle: egracons.Bachelor, ISCED: "0613", MinSize: 61}, 160, egracons.LevelCycle, "", true},
		"too small, institution": {egracons.Query{Cycle: egracons.Bachelor, ISCED: "0613", MinSize: 161}, 760, egracons.LevelInstitution, "", true},
		"absent":                 {egracons.Query{Cycle: egracons.Bachelor, ISCED: "0612"}, 30, egracons.LevelNarrow, "061", true},
		"interdisciplinary":      {egracons.Query{Cycle: egracons.Bachelor, ISCED: "0688"}, 30, egracons.LevelDetailed, "0688", false},
		"three digits":           {egracons.Query{Cycle: egracons.Bachelor, ISCED: "061"}, 30, egracons.LevelNarrow, "061", false},
		"two digits":             {egracons.Query{Cycle: egracons.Bachelor, ISCED: "06"}, 60, egracons.LevelBroad, "06", false},
		"no code":                {egracons.Query{Cycle: egracons.Master}, 600, egracons.LevelCycle, "", false},
		"another cycle":          {egracons.Query{Cycle: egracons.Doctorate, ISCED: "0613"}, 760, egracons.LevelInstitution, "", true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			table := must(groups.Find(tt.query))(t)
			id := table.Identity()
			if sizeOf(table) != tt.size || id.Level != tt.level || id.ISCED != tt.isced || id.Asked != tt.query.ISCED {
				t.Errorf("%d grades, level %s, field %q, asked %q; want %d, %s, %q, %q", sizeOf(table), id.Level, id.ISCED, id.Asked, tt.size, tt.level, tt.isced, tt.query.ISCED)
			}
			r := must(egracons.Convert("A", table, published(t)[ap], rules(egracons.Midpoint)))(t)
			if r.Has(egracons.BroaderISCED) != tt.warns || r.Host.Identity.Level != tt.level {
				t.Errorf("warnings %v, level %s", r.Warnings, r.Host.Identity.Level)
			}
		})
	}
	if _, err := groups.Find(egracons.Query{Cycle: egracons.Bachelor, ISCED: "0613", MinSize: 5000}); !errors.Is(err, egracons.ErrTooSmall) || !strings.Contains(err.Error(), "760 grades < 5000") {
		t.Errorf("nothing is large enough: %v", err)
	}
	only := []egracons.Level{egracons.LevelDetailed}
	if _, err := groups.Find(egracons.Query{Cycle: egracons.Bachelor, ISCED: "0999", Levels: only}); !errors.Is(err, egracons.ErrNoTable) {
		t.Errorf("no such field: %v", err)
	}
	if _, err := groups.Find(egracons.Query{ISCED: "6"}); !errors.Is(err, egracons.ErrNoTable) {
		t.Errorf("one digit: %v", err)
	}
}

// A table of a whole group stands alone; those of its parts are not added to it.
func TestGroupsDoNotCountTwice(t *testing.T) {
	t.Parallel()
	groups := must(egracons.NewGroups(field(t, egracons.Bachelor, "0611", 9), field(t, egracons.Bachelor, "061", 499), field(t, egracons.Bachelor, "0541", 99)))(t)
	for isced, want := range map[string]int64{"0611": 10, "0613": 500, "061": 500, "0999": 600} {
		if got := sizeOf(must(groups.Find(egracons.Query{Cycle: egracons.Bachelor, ISCED: isced}))(t)); got != want {
			t.Errorf("%s: %d grades, want %d", isced, got, want)
		}
	}
	if _, err := egracons.NewGroups(field(t, egracons.Bachelor, "0611", 9), field(t, egracons.Bachelor, "0611", 8)); !errors.Is(err, egracons.ErrBadTable) {
		t.Errorf("the same group twice: %v", err)
	}
	year := func(y string) *egracons.Table {
		return pairs{{"A", 10}, {"B", 1}}.table(t, egracons.Identity{Cycle: egracons.Master, ISCED: "0611", Period: period(y, y)})
	}
	years := must(egracons.NewGroups(year("2022"), year("2023"), year("2021")))(t)
	got := must(years.Find(egracons.Query{Cycle: egracons.Master, ISCED: "0611"}))(t)
	if sizeOf(got) != 33 || got.Identity().Period.String() != "2021/2023" {
		t.Errorf("three years: %d grades of %s, want 33 of 2021/2023", sizeOf(got), got.Identity().Period)
	}
	if _, err := egracons.NewGroups(year("2022"), nil); !errors.Is(err, egracons.ErrBadTable) {
		t.Errorf("no table: %v", err)
	}
	if _, err := egracons.NewGroups(field(t, egracons.Bachelor, "0611", 9), pairs{{"A", 1}, {"B", 1}}.table(t, egracons.Identity{HEI: "other.fr"})); err == nil {
		t.Error("tables of two institutions are one group")
	}
}

func TestGroupsByDegreeAndScale(t *testing.T) {
	t.Parallel()
	degree := func(name string, n int64) *egracons.Table {
		return pairs{{"A", n}, {"B", 1}}.table(t, egracons.Identity{Cycle: egracons.Bachelor, ISCED: "0613", Degree: name})
	}
	groups := must(egracons.NewGroups(degree("Licence informatique", 9), degree("Licence MIASHS", 19)))(t)
	q := egracons.Query{Cycle: egracons.Bachelor, ISCED: "0613", Degree: "Licence MIASHS"}
	if got := sizeOf(must(groups.Find(q))(t)); got != 30 {
		t.Errorf("by field: %d grades, want both degrees, 30", got)
	}
	q.Levels = append([]egracons.Level{egracons.LevelDegree}, egracons.DefaultLevels()...)
	got := must(groups.Find(q))(t)
	if sizeOf(got) != 20 || got.Identity().Level != egracons.LevelDegree || got.Identity().Degree != q.Degree {
		t.Errorf("by degree: %d grades of %v", sizeOf(got), got.Identity())
	}
	final := must(egracons.NewTable(egracons.TableSpec{Identity: egracons.Identity{Cycle: egracons.Bachelor, ISCED: "0613"}, Basis: egracons.Counts,
		Scale:   must(egracons.NewScale("110", egracons.Grade{Label: "110", Passing: true}, egracons.Grade{Label: "109", Passing: true}))(t),
		Weights: []egracons.Weight{{Grade: "110", Number: num("5")}, {Grade: "109", Number: num("5")}}}))(t)
	mixed := must(egracons.NewGroups(degree("L", 3), final, degree("M", 3)))(t)
	if _, err := mixed.Find(egracons.Query{Cycle: egracons.Bachelor, ISCED: "06"}); !errors.Is(err, egracons.ErrBadTable) || !strings.Contains(err.Error(), "the scale of the other tables") {
		t.Errorf("counts on two scales: %v", err)
	}
	if got := must(mixed.Find(egracons.Query{Cycle: egracons.Bachelor, ISCED: "06", Scale: "test"}))(t); sizeOf(got) != 8 {
		t.Errorf("one scale: %d grades, want 8", sizeOf(got))
	}
}

func TestMerge(t *testing.T) {
	t.Parallel()
	a := pairs{{"A", 1}, {"B", 2}}.table(t, egracons.Identity{})
	sum := must(egracons.Merge(egracons.Identity{ID: "sum"}, a, a, a))(t)
	same(t, "three times the table", sum, pairs{{"A", 3}, {"B", 6}}.table(t, egracons.Identity{ID: "sum"}))
	tables := published(t)
	if _, err := egracons.Merge(egracons.Identity{}, tables[ucl], tables[ucl]); !errors.Is(err, egracons.ErrBadTable) || !strings.Contains(err.Error(), "cannot be added") {
		t.Errorf("percentages: %v", err)
	}
	if _, err := egracons.Merge(egracons.Identity{}, a, tables[ap]); !errors.Is(err, egracons.ErrBadTable) {
		t.Errorf("two scales: %v", err)
	}
	if _, err := egracons.Merge(egracons.Identity{}); !errors.Is(err, egracons.ErrNoTable) {
		t.Errorf("nothing: %v", err)
	}
	if got := must(egracons.Merge(egracons.Identity{ID: "renamed"}, tables[ucl]))(t); got.Identity().ID != "renamed" || tables[ucl].Identity().ID != ucl {
		t.Error("one table is renamed without changing the first")
	}
}

// results is a cohort: each row is student, course, date, grade, credited.
func results(rows ...egracons.ResultRow) func(func(egracons.ResultRow, error) bool) {
	return func(yield func(egracons.ResultRow, error) bool) {
		for _, r := range rows {
			if !yield(r, nil) {
				return
			}
		}
	}
}

func TestTabulate(t *testing.T) {
	t.Parallel()
	row := func(student, course, date, grade string, credited bool, change ...func(*egracons.ResultRow)) egracons.ResultRow {
		d, _ := egracons.ParsePeriodDate(date)
		r := egracons.ResultRow{Student: student, Course: course, Date: d, Cycle: egracons.Bachelor, ISCED: "0613", Degree: "Licence", Grade: grade, Credited: credited}
		for _, c := range change {
			c(&r)
		}
		return r
	}
	kind := func(k egracons.Kind) func(*egracons.ResultRow) { return func(r *egracons.ResultRow) { r.Kind = k } }
	rows := []egracons.ResultRow{
		row("s1", "c1", "2023-01-15", "14.5", true),
		row("s2", "c1", "2023-01-15", "7", false),
		row("s2", "c1", "2023-06-20", "11,25", true), // resit that gave the credits
		row("s3", "c1", "2023-01-15", "12", true),
		row("s3", "c1", "2023-06-20", "16", true),  // sat again for a better mark: the first gave the credits
		row("s4", "c1", "2023-01-15", "9.2", true), // compensated
		row("s5", "c1", "2019-01-15", "18", true),  // too old
		row("s6", "c1", "", "18", true),            // no date
		row("s7", "c1", "2023-01-15", "validé", true, kind(egracons.Ungraded)),
		row("s8", "c1", "2023-01-15", "", true, kind(egracons.Exempted)),
		row("s9", "c1", "2023-01-15", "17", true, kind(egracons.Recognised)),
		row("s1", "c2", "2023-01-15", "20", true, func(r *egracons.ResultRow) { r.ISCED = "0541" }),
		row("s1", "m1", "2023-01-15", "10", true, func(r *egracons.ResultRow) { r.Cycle = egracons.Master }),
		row("s1", "c3", "2023-01-15", "ABS", true),
	}
	spec := egracons.Tabulation{Identity: egracons.Identity{HEI: "example.fr", Period: period("2022-09-01", "2024-08-31")}, Scale: france(t)}
	tables, tally, err := egracons.Tabulate(results(rows...), spec)
	if !errors.Is(err, egracons.ErrUnknownGrade) || !strings.Contains(err.Error(), `row 14: grade "ABS"`) {
		t.Errorf("error %v, want the unknown grade of row 14", err)
	}
	testutil.Equal(t, "tally", tally, egracons.Tally{Rows: 14, Counted: 5, OutOfPeriod: 2, Ungraded: 2, Recognised: 1, NotCredited: 1, BelowPass: 1, Repeated: 1, UnknownGrade: 1})
	testutil.Equal(t, "tables", summary(tables), []string{"example.fr bachelor 0541 2022-09-01/2024-08-31: 20x1", "example.fr bachelor 0613 2022-09-01/2024-08-31: 14x1 12x1 11x1",
		"example.fr master 0613 2022-09-01/2024-08-31: 10x1"})

	spec.Recognised, spec.ByDegree, spec.Cycle, spec.ISCED = true, true, egracons.Bachelor, "06"
	tables, tally, _ = egracons.Tabulate(results(rows...), spec)
	testutil.Equal(t, "one field, by degree, recognised counted", summary(tables), []string{"example.fr bachelor 0613 Licence 2022-09-01/2024-08-31: 17x1 14x1 12x1 11x1"})
	if tally.OtherGroup != 2 || tally.Recognised != 0 {
		t.Errorf("other groups %d, recognised left out %d; want 2, 0", tally.OtherGroup, tally.Recognised)
	}
	// The order of the rows changes nothing.
	slices.Reverse(rows)
	again, _, _ := egracons.Tabulate(results(rows...), spec)
	testutil.Equal(t, "rows upside down", summary(again), summary(tables))

	spec.MinSize = 5
	if tables, _, err = egracons.Tabulate(results(rows...), spec); len(tables) != 0 || !errors.Is(err, egracons.ErrTooSmall) {
		t.Errorf("%d tables, %v; want none, too small", len(tables), err)
	}
	failing := func(yield func(egracons.ResultRow, error) bool) {
		yield(egracons.ResultRow{}, errors.New("database gone"))
	}
	if _, _, err := egracons.Tabulate(failing, spec); err == nil || err.Error() != "result row 1: database gone" {
		t.Errorf("error of the source: %v", err)
	}
	if _, _, err := egracons.Tabulate(results(), egracons.Tabulation{}); !errors.Is(err, egracons.ErrBadTable) {
		t.Errorf("no scale: %v", err)
	}
}

func summary(tables []*egracons.Table) []string {
	var out []string
	for _, t := range tables {
		s := t.Identity().Name() + ":"
		for _, row := range t.Rows() {
			if row.Share.Sign() > 0 {
				s += " " + row.Grade.Label + "x" + row.Count.String()
			}
		}
		out = append(out, s)
	}
	return out
}
