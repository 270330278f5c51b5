package egracons_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/passerelle-sup/passerelle/egracons"
	"github.com/passerelle-sup/passerelle/internal/testutil"
)

// full is a table that uses everything a file can hold.
func full(tb testing.TB) *egracons.Table {
	tb.Helper()
	scale := must(egracons.NewScale("it-30", egracons.Grade{Label: "30 e lode", Passing: true, Value: num("31"), Aliases: []string{"30L", "30 cum laude"}},
		egracons.Grade{Label: "30", Passing: true, Value: num("30"), From: num("29.5"), To: num("30")},
		egracons.Grade{Label: "18, \"low\"", Passing: true, Value: num("18"), From: num("17.5"), To: num("29.5")},
		egracons.Grade{Label: "idoneo", Passing: true, Ungraded: true}, egracons.Grade{Label: "respinto"}))(tb)
	return must(egracons.NewTable(egracons.TableSpec{
		Identity: egracons.Identity{ID: "it", Institution: "Università di Esempio", HEI: "uni-esempio.it", Cycle: egracons.SingleCycle, ISCED: "061", Degree: "Informatica",
			Period: period("2021-09", "2024-08-31"), Version: "2", Level: egracons.LevelNarrow, Asked: "0613", Published: true, CourseHistogram: true},
		Scale: scale, Basis: egracons.Percentages, Stated: 4321, Tolerance: num("1.5"),
		Weights: []egracons.Weight{{Grade: "30L", Number: num("10.0")}, {Grade: "30", Number: num("40.5")}, {Grade: "18, \"low\"", Number: num("40")}, {Grade: "respinto", Number: num("8.2")}}}))(tb)
}

// same compares all that can be seen of two tables.
func same(tb testing.TB, what string, got, want *egracons.Table) {
	tb.Helper()
	see := func(t *egracons.Table) string {
		size, known := t.Size()
		return fmt.Sprintln(t.Identity(), t.Scale().ID(), t.Scale().Grades(), t.Basis(), size, known, t.Rows())
	}
	testutil.Equal(tb, what, see(got), see(want))
}

func TestTablesComeBackFromFiles(t *testing.T) {
	t.Parallel()
	tables := []*egracons.Table{full(t)}
	for _, table := range published(t) {
		tables = append(tables, table)
	}
	var asCSV, asJSON bytes.Buffer
	if err := errors.Join(egracons.WriteCSV(&asCSV, tables...), egracons.WriteJSON(&asJSON, tables...)); err != nil {
		t.Fatal(err)
	}
	i := 0
	for got, err := range egracons.ReadTables(&asCSV, egracons.Layout{}) {
		same(t, "from CSV", must(got, err)(t), tables[i])
		i++
	}
	j := 0
	for got, err := range egracons.ReadJSON(&asJSON) {
		same(t, "from JSON", must(got, err)(t), tables[j])
		j++
	}
	if i != len(tables) || j != len(tables) {
		t.Errorf("%d tables from CSV and %d from JSON, want %d", i, j, len(tables))
	}
}

func TestNeutralCSV(t *testing.T) {
	t.Parallel()
	table := pairs{{"10", 50}, {"9", 0}}.table(t, egracons.Identity{Institution: "Example", HEI: "example.eu", Cycle: egracons.Bachelor, ISCED: "0613", Period: period("2021", "2023")})
	plain := must(egracons.NewTable(egracons.TableSpec{Identity: table.Identity(), Basis: egracons.Counts,
		Scale:   must(egracons.NewScale("nl", egracons.Grade{Label: "10", Passing: true}, egracons.Grade{Label: "9", Passing: true}, egracons.Grade{Label: "5"}))(t),
		Weights: []egracons.Weight{{Grade: "10", Number: num("50")}, {Grade: "5", Number: num("7")}}}))(t)
	var out bytes.Buffer
	if err := egracons.WriteCSV(&out, plain); err != nil {
		t.Fatal(err)
	}
	testutil.Equal(t, "neutral CSV", out.String(), `institution,hei_id,cycle,isced_f,degree,period_from,period_to,scale_id,rank,grade,passing,count
Example,example.eu,bachelor,0613,,2021,2023,nl,1,10,true,50
Example,example.eu,bachelor,0613,,2021,2023,nl,2,9,true,0
Example,example.eu,bachelor,0613,,2021,2023,nl,3,5,false,7
`)
}

func TestWriteCSVRefusesTwins(t *testing.T) {
	t.Parallel()
	a := pairs{{"A", 1}, {"B", 2}}.table(t, egracons.Identity{ID: "x"})
	b := pairs{{"A", 3}, {"B", 4}}.table(t, egracons.Identity{ID: "x"})
	if err := egracons.WriteCSV(io.Discard, a, b); !errors.Is(err, egracons.ErrBadTable) || !strings.Contains(err.Error(), "row 2: another name") {
		t.Errorf("two tables of one name: %v", err)
	}
}

func TestReadTablesWithMapping(t *testing.T) {
	t.Parallel()
	file := "\ufeffCode;Rang;Note;Obtenue;Ignoré\n0613;2;14;6;x\n0912;1;A;1;x\n0613;1;15;4;x\n0912;2;B;3;x\n"
	var got []string
	for table, err := range egracons.ReadTables(strings.NewReader(file), egracons.Layout{Comma: ';', AllPassing: true,
		Columns: map[string]string{"isced_f": "Code", "rank": "Rang", "grade": "Note", "count": "Obtenue"}}) {
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range table.Rows() {
			got = append(got, table.Identity().ISCED+" "+row.Grade.Label+" "+row.Interval.High.Percent(0))
		}
	}
	testutil.Equal(t, "tables", got, []string{"0613 15 40", "0613 14 100", "0912 A 25", "0912 B 100"})
}

func TestReadTablesTellsTheLine(t *testing.T) {
	t.Parallel()
	const head = "table_id,rank,grade,passing,count,percentage\n"
	tests := map[string]struct{ file, want string }{
		"empty file":         {"", "a header line"},
		"no grade column":    {"rank,passing,count\n", `row 1: grade: a column "grade"`},
		"no passing column":  {"grade,count\n", `a column "passing"`},
		"no number column":   {"grade,passing\n", `a column "count"`},
		"column twice":       {"grade,passing,count,count\n", "row 1: count: each column once"},
		"ragged":             {head + "a,1,A,true,3\n", "row 2"},
		"quote":              {head + "a,1,\"A\"x,true,3,\n", "row 2"},
		"passing word":       {head + "a,1,A,perhaps,3,\n", `table "a": row 2: passing: true or false`},
		"passing empty":      {head + "a,1,A,,3,\n", `row 2: passing: grade "A": true or false`},
		"rank word":          {head + "a,one,A,true,3,\n", "row 2: rank: a whole number"},
		"rank twice":         {head + "a,1,A,true,3,\na,1,B,true,3,\n", "row 3: rank: one grade of rank 1"},
		"rank zero":          {head + "a,0,A,true,3,\n", "row 2: rank: a rank from 1"},
		"count exponent":     {head + "a,1,A,true,3e2,\n", "row 2: count: decimal: character"},
		"count negative":     {head + "a,1,A,true,5,\na,2,B,true,-3,\n", `row 3: grade "B": negative count -3`},
		"duplicate":          {head + "b,1,A,true,1,\na,1,A,true,5,\na,2,A,true,3,\n", `table "a": row 4: label: grade "A": duplicate grade label`},
		"some counts only":   {head + "a,1,A,true,5,\na,2,B,true,,\n", "row 2: a count on every row, or a percentage"},
		"percents add to 90": {head + "a,1,A,true,,60\na,2,B,true,,30\n", "percentages add up to 90"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var all []string
			for _, err := range egracons.ReadTables(strings.NewReader(tt.file), egracons.Layout{}) {
				if err != nil {
					if !errors.Is(err, egracons.ErrBadTable) {
						t.Errorf("error %v is no bad table", err)
					}
					all = append(all, err.Error())
				}
			}
			if !strings.Contains(strings.Join(all, "\n"), tt.want) {
				t.Errorf("errors %q, want %q", all, tt.want)
			}
		})
	}
}

// A bad table does not stop the good ones; a broken stream does.
func TestReadTablesGoesOn(t *testing.T) {
	t.Parallel()
	const file = "table_id,grade,passing,count\nbad,A,true,0\ngood,A,true,1\n"
	var got []string
	for table, err := range egracons.ReadTables(strings.NewReader(file), egracons.Layout{}) {
		if err != nil {
			got = append(got, "error")
			continue
		}
		got = append(got, table.Identity().ID)
	}
	testutil.Equal(t, "sequence", got, []string{"error", "good"})

	broken := io.MultiReader(strings.NewReader(file), iotest.ErrReader(io.ErrUnexpectedEOF))
	n := 0
	for table, err := range egracons.ReadTables(broken, egracons.Layout{}) {
		if n++; table != nil || !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("got %v, %v; want the reader's error alone", table, err)
		}
	}
	if n != 1 {
		t.Errorf("%d elements, want 1", n)
	}
}

func TestReadTablesMinSize(t *testing.T) {
	t.Parallel()
	for _, err := range egracons.ReadTables(bytes.NewReader(read(t, "grade_tables.csv")), egracons.Layout{MinSize: 500,
		Columns: egracons.PublishedLayout().Columns}) {
		if err != nil && !errors.Is(err, egracons.ErrTooSmall) {
			t.Errorf("error %v, want too small", err)
		}
		if err != nil && !strings.Contains(err.Error(), `"elmo-example-am-distribution": 369 grades < 500`) {
			t.Errorf("error %v concerns another table", err)
		}
	}
}

func TestReadJSON(t *testing.T) {
	t.Parallel()
	const good = `{"id":"a","basis":"counts","grades":[{"grade":"A","passing":true,"number":3},{"grade":"F","passing":false,"number":"1"}]}`
	tests := map[string]struct {
		doc    string
		tables int
		want   string // in an error; "" for none
	}{
		"one object":     {good, 1, ""},
		"lines":          {good + "\n" + good, 2, ""},
		"array":          {" [" + good + "," + good + "]", 2, ""},
		"empty array":    {"[]", 0, ""},
		"nothing":        {"", 0, ""},
		"good and bad":   {`[{"basis":"counts","grades":[]},` + good + "]", 1, "table 1: bad grade table: empty table"},
		"no passing":     {`{"basis":"counts","grades":[{"grade":"A","number":3}]}`, 0, "row 1: passing"},
		"no basis":       {`{"grades":[{"grade":"A","passing":true,"number":3}]}`, 0, "basis: Counts"},
		"exponent":       {`{"basis":"counts","grades":[{"grade":"A","passing":true,"number":3e2}]}`, 0, "decimal: character"},
		"wrong type":     {`{"basis":7}`, 0, `field "basis": a string, not a number`},
		"level":          {`{"basis":"counts","level":"galaxy","grades":[{"grade":"A","passing":true,"number":3}]}`, 0, "level"},
		"cut":            {`[` + good, 1, "JSON"},
		"rubbish":        {"<html>", 0, "JSON: byte 1"},
		"rubbish inside": {`[` + good + ` ! ` + good + `]`, 1, "JSON"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			tables, faults := 0, ""
			for table, err := range egracons.ReadJSON(strings.NewReader(tt.doc)) {
				if err != nil {
					faults += err.Error() + "\n"
					if !errors.Is(err, egracons.ErrBadTable) {
						t.Errorf("error %v is no bad table", err)
					}
					continue
				}
				if table.Identity().ID != "a" {
					t.Errorf("table %q", table.Identity().ID)
				}
				tables++
			}
			if tables != tt.tables || !strings.Contains(faults, tt.want) || tt.want == "" && faults != "" {
				t.Errorf("%d tables, errors %q; want %d, %q", tables, faults, tt.tables, tt.want)
			}
		})
	}
	table := full(t)
	if err := json.Unmarshal([]byte(`{"basis":"counts","grades":[]}`), table); err == nil {
		t.Error("an empty table was accepted")
	}
	same(t, "after a failed read", table, full(t))
}

func FuzzReadTables(f *testing.F) {
	f.Add(read(f, "grade_tables.csv")[:420])
	f.Add([]byte("grade,passing,count\nA,true,1\nB,false,2\n"))
	f.Add([]byte("grade,passing,percentage,band_from,band_to,aliases,level\nA,true,99.5,1,2,x|y,narrow\n"))
	f.Add([]byte("grade,passing,cumulative,tolerance\nA,yes,30,1\nB,oui,100,\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 4096 {
			t.Skip("long inputs only slow the search")
		}
		for _, layout := range []egracons.Layout{{}, egracons.PublishedLayout()} {
			for table, err := range egracons.ReadTables(bytes.NewReader(data), layout) {
				if err != nil {
					continue
				}
				checkFuzzed(t, table)
				var out bytes.Buffer
				if err := egracons.WriteCSV(&out, table); err != nil {
					t.Fatal(err)
				}
				n := 0
				for again, err := range egracons.ReadTables(bytes.NewReader(out.Bytes()), egracons.Layout{}) {
					if n++; err != nil {
						t.Fatalf("what was written is refused: %v\n%s", err, out.Bytes())
					}
					same(t, "written and read", again, table)
				}
				if n != 1 {
					t.Fatalf("one table became %d", n)
				}
			}
		}
	})
}

func FuzzReadJSON(f *testing.F) {
	f.Add([]byte(`{"id":"a","basis":"percentages","grades":[{"grade":"A","passing":true,"number":"33.3"},{"grade":"F","passing":false,"number":66.7}]}`))
	f.Add([]byte(`[{"basis":"cumulatives","period":{"from":"2021-00-00"},"grades":[{"grade":"A","passing":true,"number":"100","value":"1/3"}]}]`))
	f.Fuzz(func(t *testing.T, data []byte) {
		for table, err := range egracons.ReadJSON(bytes.NewReader(data)) {
			if err != nil {
				continue
			}
			checkFuzzed(t, table)
			out, err := json.Marshal(table)
			if err != nil {
				t.Fatal(err)
			}
			again := new(egracons.Table)
			if err := json.Unmarshal(out, again); err != nil {
				t.Fatalf("what was written is refused: %v\n%s", err, out)
			}
			same(t, "written and read", again, table)
		}
	})
}

// checkFuzzed looks for what must hold of any table.
func checkFuzzed(t *testing.T, table *egracons.Table) {
	t.Helper()
	rows := table.Rows()
	if len(rows) == 0 || rows[len(rows)-1].Interval.High.Cmp(egracons.Int(1)) != 0 {
		t.Fatalf("the intervals of %s do not end at 1", table.Identity().Name())
	}
	c, err := egracons.NewConverter(table, table, egracons.Rules{Policy: egracons.Midpoint, Tie: egracons.Better, PassFail: egracons.KeepAsPass})
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows {
		r, err := c.Convert(row.Grade.Label)
		if err != nil || r.Status == egracons.Converted && row.Share.Sign() > 0 && r.Suggestion != row.Grade.Label {
			t.Fatalf("%q became %q, %v", row.Grade.Label, r.Suggestion, err)
		}
	}
}
