package main

import (
	"fmt"
	"io"
	"iter"
	"math/rand/v2"
	"os"
	"path/filepath"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/egracons"
)

const stepGrades = "grades" // the transcript of a stay abroad, converted

// hostResults are the figures of a Dutch-like host: the worked example of the
// ECTS Users' Guide of 2015, twenty times as many in computing. The host is invented.
var hostResults = []struct {
	grade string
	share int64
}{{"10", 50}, {"9", 100}, {"8", 350}, {"7", 300}, {"6", 200}}

// convertGrades converts the transcript that a student of the base brought back
// from a semester abroad, and writes what the examination board reads: the page,
// the charts, the explanations, the record.
func (s *season) convertGrades(student string, res *results) error {
	home, err := homeTables(s.opts.seed)
	if err != nil {
		return err
	}
	host, err := hostTables()
	if err != nil {
		return err
	}
	report, err := egracons.ConvertTranscript(transcript(student), egracons.TranscriptRules{
		Rules: egracons.Rules{
			Policy: egracons.Midpoint, Tie: egracons.Better, MinShare: egracons.MustParseNumber("0.02"), PassFail: egracons.KeepAsPass, Continuous: true,
		},
		Host: host, Home: home, MinSize: 30, Mean: egracons.MeanByCredits,
	})
	if err != nil {
		return err
	}
	dir := s.path("grades")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	file := func(name string) string { return filepath.Join(dir, name) }
	if err := writeFile(file("transcript.json"), report.WriteJSON); err != nil {
		return err
	}
	if err := writeFile(file("transcript.csv"), report.WriteCSV); err != nil {
		return err
	}
	if err := writeFile(file("transcript.html"), func(w io.Writer) error {
		return report.WritePage(w, egracons.PageOptions{Lang: egracons.Lang(pageLang(s.lang)), Charts: true})
	}); err != nil {
		return err
	}
	converted := 0
	for _, l := range report.Lines {
		if l.Err == nil && l.Result.Suggestion != "" {
			converted++
		}
		if l.Err != nil {
			continue
		}
		name := "explain-" + l.Course.Code + ".txt"
		if err := writeFile(file(name), func(w io.Writer) error {
			_, err := fmt.Fprintf(w, "%s\n\n%s\n", l.Result.Explain(egracons.French), l.Result.Explain(egracons.English))
			return err
		}); err != nil {
			return err
		}
	}
	mean := "none"
	if report.Mean != nil {
		mean = report.Mean.Value.Decimal(2)
	}
	res.converted = true
	res.put(res.outcomes, line{student, stepGrades, "converted", fmt.Sprintf("%d of %d courses converted, mean %s", converted, len(report.Lines), mean)})
	return s.chart(file("chart.svg"), host, home)
}

// chart draws the mapping of all grades of computing, the student's 8 marked.
func (s *season) chart(path string, host, home egracons.Source) error {
	query := egracons.Query{Cycle: egracons.Bachelor, ISCED: "0613"}
	from, err := host.Find(query)
	if err != nil {
		return err
	}
	to, err := home.Find(query)
	if err != nil {
		return err
	}
	c, err := egracons.NewConverter(from, to, egracons.Rules{Policy: egracons.Midpoint, Tie: egracons.Better, MinShare: egracons.MustParseNumber("0.02")})
	if err != nil {
		return err
	}
	return writeFile(path, func(w io.Writer) error {
		return c.WriteChart(w, egracons.ChartOptions{Grade: "8", Lang: egracons.Lang(pageLang(s.lang))})
	})
}

// transcript is what the host sent back.
func transcript(student string) egracons.Transcript {
	return egracons.Transcript{
		ID: "rentree-1", Date: passerelle.MustParseDate("2026-09-03"), Student: student,
		Host: egracons.Party{Name: "Universiteit Voorbeeld", HEI: "uni-voorbeeld.example"},
		Home: egracons.Party{Name: "Université d'Exemple", HEI: "univ.example"},
		Courses: []egracons.Course{
			{Code: "ALG2", Title: "Algorithms II", Credits: egracons.Int(6), Grade: "8", Cycle: egracons.Bachelor, ISCED: "0613"},
			{Code: "DB1", Title: "Databases", Credits: egracons.Int(6), Grade: "7", Cycle: egracons.Bachelor, ISCED: "0612"},
			{Code: "NET", Title: "Networks", Credits: egracons.Int(6), Grade: "9", Cycle: egracons.Bachelor, ISCED: "0612"},
			{Code: "NL1", Title: "Dutch for beginners", Credits: egracons.Int(3), Grade: "V", Cycle: egracons.Bachelor, ISCED: "0231"},
			{Code: "STAT", Title: "Statistics", Credits: egracons.Int(6), Grade: "6", Cycle: egracons.Bachelor, ISCED: "0542"},
			{Code: "PHIL", Title: "Philosophy of science", Credits: egracons.Int(3), Grade: "5", Cycle: egracons.Bachelor, ISCED: "0223"},
		},
	}
}

// hostTables are the tables that the host gave.
func hostTables() (*egracons.Groups, error) {
	var grades []egracons.Grade
	var weights []egracons.Weight
	for _, r := range hostResults {
		grades = append(grades, egracons.Grade{Label: r.grade, Passing: true})
		weights = append(weights, egracons.Weight{Grade: r.grade, Number: egracons.Int(20 * r.share)})
	}
	for _, label := range []string{"5", "4", "3", "2", "1"} {
		grades = append(grades, egracons.Grade{Label: label})
	}
	grades = append(grades[:len(hostResults):len(hostResults)], append([]egracons.Grade{{Label: "V", Passing: true, Ungraded: true}}, grades[len(hostResults):]...)...)
	scale, err := egracons.NewScale("nl-10", grades...)
	if err != nil {
		return nil, err
	}
	var tables []*egracons.Table
	for _, isced := range []string{"0613", "0612", "0542", "0231", "0223"} {
		t, err := egracons.NewTable(egracons.TableSpec{
			Identity: egracons.Identity{
				Institution: "Universiteit Voorbeeld", HEI: "uni-voorbeeld.example", Cycle: egracons.Bachelor, ISCED: isced, Published: true,
				Period: egracons.Period{From: passerelle.MustParseDate("2023-09-01"), To: passerelle.MustParseDate("2026-08-31")},
			},
			Scale: scale, Basis: egracons.Counts, Weights: weights,
		})
		if err != nil {
			return nil, err
		}
		tables = append(tables, t)
	}
	return egracons.NewGroups(tables...)
}

// homeTables counts the results of three years at home, as a student system holds
// them.
func homeTables(seed uint64) (*egracons.Groups, error) {
	scale, err := egracons.Points{
		ID: "fr-20", Best: egracons.Int(20), Worst: egracons.Int(0), Pass: egracons.Int(10), Step: egracons.Int(1), Rounding: egracons.Floor,
	}.Scale()
	if err != nil {
		return nil, err
	}
	tables, _, err := egracons.Tabulate(homeResults(seed), egracons.Tabulation{
		Identity: egracons.Identity{
			Institution: "Université d'Exemple", HEI: "univ.example",
			Period: egracons.Period{From: passerelle.MustParseDate("2023-09-01"), To: passerelle.MustParseDate("2026-08-31")},
		},
		Scale: scale,
	})
	if err != nil {
		return nil, err
	}
	return egracons.NewGroups(tables...)
}

// homeResults makes the sittings of some hundred students in a few fields, with
// the marks that French bachelors give: many between 10 and 14, few above 16.
func homeResults(seed uint64) iter.Seq2[egracons.ResultRow, error] {
	return func(yield func(egracons.ResultRow, error) bool) {
		r := rand.New(rand.NewPCG(seed, 0x61ade5))
		for _, isced := range []string{"0613", "0612", "0541", "0231"} {
			for n := range 600 {
				mark := 11.5 + 3*r.NormFloat64()
				row := egracons.ResultRow{
					Student: fmt.Sprint(n), Course: isced, Cycle: egracons.Bachelor, ISCED: isced, Date: passerelle.NewDate(2024+n%3, 6, 1+n%28),
					Grade: fmt.Sprintf("%.2f", min(max(mark, 0), 20)), Credited: mark >= 10,
				}
				if !yield(row, nil) {
					return
				}
			}
		}
	}
}
