package egracons_test

import (
	"bytes"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/egracons"
	"github.com/passerelle-sup/passerelle/internal/testutil"
)

// bandTables reads a file of the reference material.
func bandTables(t *testing.T, name string, layout egracons.BandLayout) map[string]*egracons.BandTable {
	t.Helper()
	data, err := os.ReadFile(testutil.Shared(t, "fixtures/egracons/"+name))
	if err != nil {
		t.Fatal(err)
	}
	tables := map[string]*egracons.BandTable{}
	for _, table := range must(egracons.ReadBands(bytes.NewReader(data), layout))(t) {
		tables[strings.TrimSpace(table.ID+" "+table.Country)] = table
	}
	return tables
}

// Every cell of SMILE's slide, read from the normalised file.
func TestSmileBands(t *testing.T) {
	t.Parallel()
	tables := bandTables(t, "smile_transcoding.csv", egracons.SmileLayout())
	want := map[string][]string{ // marks 5, 10.5, 11.5 … 19.5, 20
		"DE": {"6.0 - 4.3 Mangelhaft", "4.0 - 3.7", "3.3 - 3.0", "2.7 - 2.3", "2", "1.7 - 1.3", "1.3", "1.3", "1", "1", "1", "1"},
		"AR": {"", "4 - 5", "4/5", "6", "6", "7", "7", "8", "9", "9", "10", "10"},
		"BR": {"", "5", "5", "5", "6", "6", "7", "7", "8", "8", "8", "10"},
		"CA": {"", "C-", "C", "C+", "B-", "B", "B+", "A-", "A", "A+", "A+", "A+"},
		"AT": {"5 nicht genügend", "4 genügend", "4 genügend", "3 befriedigend", "3 befriedigend", "2 Gut", "2 Gut", "1 sehr gut", "1 sehr gut", "1 sehr gut", "1 sehr gut", "1 sehr gut"},
	}
	marks := []string{"5", "10.5", "11.5", "12.5", "13.5", "14.5", "15.5", "16.5", "17.5", "18.5", "19.5", "20"}
	if len(tables) != 7 {
		t.Errorf("%d countries, want 7", len(tables))
	}
	for country, cells := range want {
		for i, mark := range marks {
			if b, err := tables[country].Find(mark); err != nil || b.Foreign != cells[i] {
				t.Errorf("%s, %s: %q, %v; want %q", country, mark, b.Foreign, err, cells[i])
			}
		}
	}
	de := tables["DE"]
	for mark, want := range map[string]string{"9.99": "0 - 9.99", "9,995": "0 - 9.99", "10": "10 - 10.99", "10.995": "10 - 10.99", "19.9999": "19 - 19.99", "20": "20", "0": "0 - 9.99"} {
		if b, err := de.Find(mark); err != nil || b.Local != want {
			t.Errorf("%s: band %q, %v; want %q", mark, b.Local, err, want)
		}
	}
	for _, mark := range []string{"20.01", "-1", "ABS", ""} {
		if b, err := de.Find(mark); !errors.Is(err, egracons.ErrNoBand) || !errors.Is(err, passerelle.ErrNotFound) {
			t.Errorf("%q: band %q, %v; want none", mark, b.Local, err)
		}
	}
	// The letters of the slide are not all Latin.
	if b := must(tables["CA"].Find("11"))(t); b.Raw != "С" || b.Raw == b.Foreign || !strings.Contains(b.Doubt, "U+0421") {
		t.Errorf("Canada 11: raw %q, doubt %q", b.Raw, b.Doubt)
	}
	var from []string
	for _, b := range de.Inverse("1.3") {
		from = append(from, b.Local)
	}
	testutil.Equal(t, "bands of a German 1.3", from, []string{"15 - 15.99", "16 - 16.99"})
	if got := tables["AR"].Inverse(""); got != nil {
		t.Errorf("bands without equivalent: %v", got)
	}
}

func TestSmileReleaseBands(t *testing.T) {
	t.Parallel()
	tables := bandTables(t, "smile_release_bands.csv", egracons.SmileReleaseLayout())
	for _, tt := range []struct{ scale, mark, want string }{
		{"TR", "10.995", "60 - 64 DD"}, {"TR", "16", "90 - 100 AA"}, {"TR", "20", "90 - 100 AA"}, {"ECTS", "12", "C Good"}, {"ECTS", "9.999", "F Insufficient"}, {"DE", "17", "1.5 - 1 Sehr Gut"},
	} {
		if b, err := tables[tt.scale].Find(tt.mark); err != nil || b.Foreign != tt.want {
			t.Errorf("%s %s: %q, %v; want %q", tt.scale, tt.mark, b.Foreign, err, tt.want)
		}
	}
	// Germany ships two bands: what lies between has none.
	if b, err := tables["DE"].Find("12"); !errors.Is(err, egracons.ErrNoBand) {
		t.Errorf("DE 12: %q, %v; want no band", b.Foreign, err)
	}
}

func TestClassTables(t *testing.T) {
	t.Parallel()
	tables := bandTables(t, "fixed_conversion_tables.csv", egracons.ClassLayout())
	lower := egracons.ClassLayout()
	lower.SharedToLower = true
	above := bandTables(t, "fixed_conversion_tables.csv", lower)
	tests := []struct {
		tables            map[string]*egracons.BandTable
		table, mark, want string
	}{
		0:  {tables, "mundus-lct-2014 FR", "15.95", "B"},
		1:  {tables, "mundus-lct-2014 FR", "16", "A"},
		2:  {tables, "mundus-lct-2014 FR", "9.999", "E"},
		3:  {tables, "mundus-lct-2014 DE", "1.5", "A"},
		4:  {tables, "mundus-lct-2014 DE", "1.6", "B"},
		5:  {tables, "mundus-lct-2014 IT", "30L", "A"},
		6:  {tables, "mundus-lct-2014 IT", "30", "A"},
		7:  {tables, "mundus-lct-2014 IT", "29", "B"},
		8:  {tables, "paris7-chart FR", "11.5", "E"},
		9:  {tables, "paris7-chart IT", "17", "F"},
		10: {tables, "denmark-official DK", "02", "E"},
		11: {tables, "denmark-official DK", "-3", "F"},
		12: {tables, "enit-tailor-made FR", "15", "A"},
		13: {above, "enit-tailor-made FR", "15", "B"}, // "above 15" is an A, says its label
		14: {above, "enit-tailor-made FR", "15.01", "A"},
		15: {tables, "italy-fallback-triennale IT", "27", "B"},
		16: {above, "italy-fallback-triennale IT", "27", "C"},
		17: {above, "italy-fallback-triennale IT", "30", "A"},
		18: {tables, "ulisboa-default PT", "18", "A"},
	}
	for i, tt := range tests {
		if b, err := tt.tables[tt.table].Find(tt.mark); err != nil || b.Foreign != tt.want {
			t.Errorf("%d: %s %s: %q, %v; want %q", i, tt.table, tt.mark, b.Foreign, err, tt.want)
		}
	}
	if b, err := tables["denmark-official DK"].Find("3"); err == nil {
		t.Errorf("Danish 3 became %q: there is no such grade", b.Foreign)
	}
	if got := tables["mundus-lct-2014 NL"].Inverse("B"); len(got) != 1 || got[0].Local != "7.5-8.4" {
		t.Errorf("what a B is in Groningen: %v", got)
	}
	grid := bandTables(t, "legifrance_fr_de_grid_partial.csv", egracons.BandLayout{From: "fr_min", To: "fr_max", Foreign: "de_average", Upper: egracons.InclusiveUpper})[""]
	for mark, want := range map[string]string{"20": "1.0", "15.9": "1.0", "15.85": "1.1", "12.4": "2.4"} {
		if b, err := grid.Find(mark); err != nil || b.Foreign != want {
			t.Errorf("French-German grid, %s: %q, %v; want %q", mark, b.Foreign, err, want)
		}
	}
}

func TestReadBandsRefuses(t *testing.T) {
	t.Parallel()
	layout := egracons.BandLayout{From: "from", To: "to", Foreign: "foreign", Name: "name"}
	for name, tt := range map[string]struct{ file, want string }{
		"empty":       {"", "a header line"},
		"column":      {"from,to\n", `a column "foreign"`},
		"no bound":    {"from,to,foreign\n,,A\n", "row 2: from: a bound"},
		"upside down": {"from,to,foreign\n3,2,A\n", "row 2: to: an upper bound above"},
		"overlap":     {"from,to,foreign\n1,3,A\n2,4,B\n", `bands "1 - 3" and "2 - 4" overlap`},
		"twice":       {"from,to,foreign\n1,,A\n1,,B\n", "overlap"},
		"ragged":      {"from,to,foreign\n1,2\n", "row 2"},
	} {
		if _, err := egracons.ReadBands(strings.NewReader(tt.file), layout); !errors.Is(err, egracons.ErrBadTable) || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: error %v, want %q", name, err, tt.want)
		}
	}
}

func FuzzReadBands(f *testing.F) {
	f.Add([]byte("country,name_fr,fr_min,fr_max_exclusive,fr_label,foreign\nDE,Allemagne,0,10,0 - 9.99,5\nDE,Allemagne,10,,10,4\n"), "9.99")
	f.Add([]byte("table_id,system,country,class,local_min,local_max,local_label\nx,y,z,A,30,30L,30-30L\nx,y,z,B,28,29,28-29\n"), "30L")
	f.Fuzz(func(t *testing.T, data []byte, mark string) {
		for _, layout := range []egracons.BandLayout{egracons.SmileLayout(), egracons.ClassLayout()} {
			tables, err := egracons.ReadBands(bytes.NewReader(data), layout)
			if err != nil {
				continue
			}
			for _, table := range tables {
				b, err := table.Find(mark)
				if err == nil && !strings.Contains(string(data), b.Doubt) {
					t.Fatalf("the band %v is not of the file", b)
				}
			}
		}
	})
}

func TestGermanStep(t *testing.T) {
	t.Parallel()
	tests := []struct {
		x    string
		tie  egracons.Tie
		drop bool
		want string
		kind error
	}{
		0: {"1.15", egracons.Better, false, "1.0", nil},
		1: {"1.15", egracons.Worse, false, "1.3", nil},
		2: {"1.19", egracons.Better, false, "1.3", nil},
		3: {"1.19", egracons.Better, true, "1.0", nil},
		4: {"4.0", egracons.Worse, false, "4.0", nil},
		5: {"4.05", egracons.Better, true, "", egracons.ErrFailing}, // dropping decimals makes no pass of a failure
		6: {"0.9", egracons.Better, false, "", egracons.ErrBadRules},
		7: {"2", 0, false, "", egracons.ErrBadRules},
	}
	for i, tt := range tests {
		got, err := egracons.GermanMark{Exact: num(tt.x)}.Step(tt.tie, tt.drop)
		if got != tt.want || !errors.Is(err, tt.kind) {
			t.Errorf("%d: %s: %q, %v; want %q, %v", i, tt.x, got, err, tt.want, tt.kind)
		}
	}
	b := egracons.Bavarian{Best: num("8.5"), Pass: num("5.5")} // a local variant: a Dutch 10 is beyond its best
	if g := must(b.Convert(num("10")))(t); !g.BeyondBest() || g.Fails() || g.String() != "-0.5" {
		t.Errorf("beyond the best: %s", g)
	}
	if g := must(b.Convert(num("5")))(t); !g.Fails() {
		t.Errorf("below the pass: %s does not fail", g)
	}
	if _, err := (egracons.Bavarian{Best: num("5"), Pass: num("5")}).Convert(num("5")); !errors.Is(err, egracons.ErrBadRules) {
		t.Errorf("same ends: %v", err)
	}
	if _, err := (egracons.GermanMark{}).Step(egracons.Better, true); !errors.Is(err, egracons.ErrBadRules) {
		t.Errorf("no mark: %v", err)
	}
}

func TestLegacyLetters(t *testing.T) {
	t.Parallel()
	host := must(egracons.LegacyLetters(egracons.Identity{HEI: "example.it"}))(t)
	for grade, want := range map[string]string{"A": "18", "B": "15", "C": "13", "D": "11", "E": "10"} {
		if r := must(egracons.Convert(grade, host, published(t)[ap], rules(egracons.Midpoint)))(t); r.Suggestion != want || r.Host.Identity.HEI != "example.it" {
			t.Errorf("%s became %s, want %s", grade, r.Suggestion, want)
		}
	}
	for _, grade := range []string{"F", "FX", "Fx"} {
		if r := must(egracons.Convert(grade, host, published(t)[ap], rules(egracons.Midpoint)))(t); r.Status != egracons.Failed {
			t.Errorf("%s: %s, want failed", grade, r.Status)
		}
	}
}
