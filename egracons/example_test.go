package egracons_test

import (
	"fmt"
	"os"
	"strings"

	"github.com/passerelle-sup/passerelle/egracons"
)

const twoTables = `table_id,rank,grade,value,passing,count
host,1,A,5,true,60
host,2,B,4,true,200
host,3,C,3,true,140
host,4,F,,false,80
home,1,18,18,true,40
home,2,15,15,true,160
home,3,12,12,true,300
home,4,10,10,true,500
`

// exampleTables reads the tables that the examples share.
func exampleTables() (host, home *egracons.Table) {
	for t, err := range egracons.ReadTables(strings.NewReader(twoTables), egracons.Layout{}) {
		if err != nil {
			panic(err)
		}
		host, home = home, t
	}
	return host, home
}

func Example() {
	host, home := exampleTables()
	c, err := egracons.NewConverter(host, home, egracons.Rules{Policy: egracons.Midpoint, Tie: egracons.Better})
	if err != nil {
		fmt.Println(err)
		return
	}
	r, err := c.Convert("B")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%s to %s %% of the host's passes\n", r.Interval.Low.Percent(1), r.Interval.High.Percent(1))
	for _, candidate := range r.Candidates {
		fmt.Println(candidate.Grade, candidate.Share.Decimal(4))
	}
	fmt.Println("suggestion:", r.Suggestion)
	// Output:
	// 15.0 to 65.0 % of the host's passes
	// 15 0.1000
	// 12 0.6000
	// 10 0.3000
	// suggestion: 12
}

func ExampleResult_Explain() {
	host, home := exampleTables()
	r, err := egracons.Convert("A", host, home, egracons.Rules{Policy: egracons.Maximum, Tie: egracons.Better, MinShare: egracons.MustParseNumber("0.3")})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(strings.NewReplacer("\u00a0", " ", "\u202f", " ").Replace(r.Explain(egracons.English)))
	// Output:
	// Grade A stands, among the passing grades of host (400 passing grades), between 0 % and 15 % counted from the best: none of them is better.
	// The same stretch of home (1 000 passing grades) covers 15 (73.33 %).
	// Left out, because their share is below 30 %: 18 (26.67 %).
	// Rule: the best of these grades (maximum). Where two are equally right, the better one.
	// Suggested grade: 15.
	// This is a suggestion: the examination board or the teacher decides.
}

func ExamplePoints() {
	scale, err := egracons.Points{ID: "fr-20", Best: egracons.Int(20), Worst: egracons.Int(0), Pass: egracons.Int(10), Step: egracons.Int(1), Rounding: egracons.Floor}.Scale()
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, mark := range []string{"14.57", "10", "9,995"} {
		rank, err := scale.Rank(mark)
		if err != nil {
			fmt.Println(err)
			return
		}
		g := scale.Grade(rank)
		fmt.Println(mark, g.Label, g.Passing)
	}
	// Output:
	// 14.57 14 true
	// 10 10 true
	// 9,995 9 false
}

func ExampleTabulate() {
	scale, err := egracons.Points{ID: "fr-20", Best: egracons.Int(20), Worst: egracons.Int(0), Pass: egracons.Int(10), Step: egracons.Int(1), Rounding: egracons.Floor}.Scale()
	if err != nil {
		fmt.Println(err)
		return
	}
	results := func(yield func(egracons.ResultRow, error) bool) {
		for _, r := range []egracons.ResultRow{
			{Student: "1", Course: "maths", Grade: "14.5", Credited: true},
			{Student: "2", Course: "maths", Grade: "8"},
			{Student: "2", Course: "maths", Grade: "11", Credited: true}, // the resit
			{Student: "3", Course: "maths", Grade: "11.75", Credited: true},
		} {
			r.Cycle, r.ISCED = egracons.Bachelor, "0541"
			if !yield(r, nil) {
				return
			}
		}
	}
	tables, tally, err := egracons.Tabulate(results, egracons.Tabulation{Identity: egracons.Identity{HEI: "univ-exemple.fr"}, Scale: scale})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(tally.Rows, "rows,", tally.Counted, "counted,", tally.NotCredited, "not credited")
	for _, row := range tables[0].Rows() {
		if row.Count.Sign() > 0 {
			fmt.Println(row.Grade.Label, row.Count, row.Interval.High.Percent(1))
		}
	}
	// Output:
	// 4 rows, 3 counted, 1 not credited
	// 14 1 33.3
	// 11 2 100.0
}

func ExampleGroups() {
	host, _ := exampleTables()
	var tables []*egracons.Table
	for _, isced := range []string{"0611", "0613", "0541"} {
		t, err := egracons.Merge(egracons.Identity{HEI: "example.eu", Cycle: egracons.Bachelor, ISCED: isced}, host)
		if err != nil {
			fmt.Println(err)
			return
		}
		tables = append(tables, t)
	}
	groups, err := egracons.NewGroups(tables...)
	if err != nil {
		fmt.Println(err)
		return
	}
	t, err := groups.Find(egracons.Query{Cycle: egracons.Bachelor, ISCED: "0612", MinSize: 30})
	if err != nil {
		fmt.Println(err)
		return
	}
	size, _ := t.Size()
	fmt.Println(t.Identity().Level, t.Identity().ISCED, size)
	// Output:
	// narrow 061 800
}

func ExampleConvertTranscript() {
	host, home := exampleTables()
	report, err := egracons.ConvertTranscript(egracons.Transcript{Courses: []egracons.Course{
		{Code: "CS1", Title: "Compilers", Credits: egracons.Int(6), Grade: "A"},
		{Code: "CS2", Title: "Networks", Credits: egracons.Int(3), Grade: "C"},
		{Code: "CS3", Title: "Statistics", Credits: egracons.Int(3), Grade: "F"},
	}}, egracons.TranscriptRules{
		Rules: egracons.Rules{Policy: egracons.Midpoint, Tie: egracons.Better},
		Host:  host, Home: home, Mean: egracons.MeanByCredits,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, line := range report.Lines {
		fmt.Printf("%s %s %q\n", line.Course.Title, line.Result.Status, line.Result.Suggestion)
	}
	fmt.Println("mean", report.Mean.Value.Decimal(2), "of", report.Mean.Courses, "courses")
	// Output:
	// Compilers converted "15"
	// Networks converted "10"
	// Statistics failed ""
	// mean 13.33 of 2 courses
}

func ExampleBavarian() {
	dutch := egracons.Bavarian{Best: egracons.MustParseNumber("10"), Pass: egracons.MustParseNumber("5.5")}
	g, err := dutch.Convert(egracons.MustParseNumber("8.7"))
	if err != nil {
		fmt.Println(err)
		return
	}
	step, err := g.Step(egracons.Better, false)
	fmt.Println(g.Exact, g, step, err)
	// Output:
	// 28/15 1.8 2.0 <nil>
}

func ExampleReadBands() {
	tables, err := egracons.ReadBands(strings.NewReader("country,name_fr,fr_min,fr_max_exclusive,foreign\nDE,Allemagne,14,15,1.7 - 1.3\nDE,Allemagne,15,16,1.3\n"), egracons.SmileLayout())
	if err != nil {
		fmt.Println(err)
		return
	}
	band, err := tables[0].Find("14,995")
	fmt.Println(band.Foreign, err)
	// Output:
	// 1.7 - 1.3 <nil>
}

func ExampleLetters() {
	host, _ := exampleTables()
	letters, err := egracons.Letters(host, egracons.FirstClass)
	fmt.Println(letters, err)
	// Output:
	// [{A A} {B B} {C D}] <nil>
}

func ExampleWriteCSV() {
	host, _ := exampleTables()
	if err := egracons.WriteCSV(os.Stdout, host); err != nil {
		fmt.Println(err)
	}
	// Output:
	// institution,hei_id,cycle,isced_f,degree,period_from,period_to,scale_id,rank,grade,passing,count,value,table_id
	// ,,,,,,,,1,A,true,60,5,host
	// ,,,,,,,,2,B,true,200,4,host
	// ,,,,,,,,3,C,true,140,3,host
	// ,,,,,,,,4,F,false,80,,host
}
