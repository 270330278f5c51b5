package apogee_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strings"

	"github.com/passerelle-sup/passerelle/adapters/apogee"
	"github.com/passerelle-sup/passerelle/adapters/apogee/apogeetest"
	"github.com/passerelle-sup/passerelle/egracons"
	"github.com/passerelle-sup/passerelle/ines"
	"github.com/passerelle-sup/passerelle/ines/campaign"
	"github.com/passerelle-sup/passerelle/ines/inestest"
	"github.com/passerelle-sup/passerelle/sis"
	"github.com/passerelle-sup/passerelle/uai"
)

// fakes are an Apogée of 40 people and an INES that knows 30 of them.
func fakes() (*apogeetest.Server, *inestest.Server) {
	school, err := apogeetest.Listen(apogeetest.Config{Seed: 1, Students: 40})
	if err != nil {
		log.Fatal(err)
	}
	register, err := inestest.Listen(inestest.Config{Seed: 1, Population: 30})
	if err != nil {
		log.Fatal(err)
	}
	return school, register
}

// From Apogée's base to INES: the students of the year are judged, and those without a
// definitive number get one, in a file for the registrar's office.
func Example_campaign() {
	ctx := context.Background()
	school, register := fakes()
	defer school.Close()
	defer register.Close()
	dir, err := os.MkdirTemp("", "apogee")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)

	// Apogée: in production apogee.Open(ctx, "oracle", …), with the list of INSEE.
	communes, err := apogee.ReadCommunes(strings.NewReader(apogeetest.CommunesCSV()))
	if err != nil {
		log.Fatal(err)
	}
	cfg := school.SQLConfig()
	cfg.Communes = communes
	base, err := apogee.Open(ctx, apogeetest.Driver, school.DSN(), cfg)
	if err != nil {
		log.Fatal(err)
	}
	defer base.Close()
	file, err := apogee.OpenINEFile(filepath.Join(dir, "ine.csv"))
	if err != nil {
		log.Fatal(err)
	}
	defer file.Close()

	// INES.
	service, err := ines.NewSOAP(register.SOAPConfig())
	if err != nil {
		log.Fatal(err)
	}
	job, err := campaign.New(campaign.Config{
		Source: base, Writer: file, Service: service, Ledger: campaign.NewMemory(),
		UAI: uai.MustParse("0673021V"), Year: 2026, Query: sis.Query{Year: 2026}, Now: register.Now,
	})
	if err != nil {
		log.Fatal(err)
	}
	report, err := job.Run(ctx)
	if err != nil {
		log.Fatal(err)
	}
	for _, o := range campaign.Outcomes() {
		if n := report.Counts[o]; n > 0 {
			fmt.Printf("%d %s\n", n, o.Title(campaign.English))
		}
	}
	// Output:
	// 14 definitive INE, nothing to ask
	// 7 INE found by INES
	// 3 INE created by INES
	// 9 wrong INE, corrected by INES
	// 2 INE to check
}

// From Apogée's marks to a grade table, one for each field.
func Example_grades() {
	ctx := context.Background()
	school, register := fakes()
	defer school.Close()
	defer register.Close()
	base, err := apogee.NewSQL(school.SQLConfig())
	if err != nil {
		log.Fatal(err)
	}
	scale, err := egracons.Points{ID: "fr-20", Best: egracons.Int(20), Worst: egracons.Int(0), Pass: egracons.Int(10), Step: egracons.Int(1), Rounding: egracons.Floor}.Scale()
	if err != nil {
		log.Fatal(err)
	}
	rows := func(yield func(egracons.ResultRow, error) bool) {
		for s, err := range base.Students(ctx, sis.Query{Year: 2025}) {
			if err != nil {
				log.Print(err)
				continue
			}
			for r, err := range base.Results(ctx, s.ID, 2025) {
				row := egracons.ResultRow{Student: r.Student.Local, Course: r.Course.Code, Cycle: egracons.Bachelor, ISCED: "0541",
					Grade: r.Mark, Credited: r.Passed == sis.PassedYes}
				if r.Mark == "" { // not published yet
					row.Kind = egracons.Ungraded
				}
				if !yield(row, err) {
					return
				}
			}
		}
	}
	tables, tally, err := egracons.Tabulate(rows, egracons.Tabulation{Identity: egracons.Identity{HEI: "univ.example"}, Scale: scale})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(tally.Rows, "rows,", tally.Counted, "counted,", tally.NotCredited, "not credited,", tally.Ungraded, "without a mark")
	for _, row := range tables[0].Rows() {
		if row.Count.Sign() > 0 {
			fmt.Print(row.Grade.Label, ": ", row.Count, "  ")
		}
	}
	fmt.Println()
	// Output:
	// 83 rows, 38 counted, 39 not credited, 6 without a mark
	// 19: 2  18: 1  17: 3  16: 2  15: 4  14: 3  13: 4  12: 5  11: 8  10: 6
}

// The services, for a site that opens no base.
func ExampleNewSource() {
	ctx := context.Background()
	school, register := fakes()
	defer school.Close()
	defer register.Close()
	client, err := apogee.New(school.Config()) // in production: apogee.Config{URL: "https://…/services", Username: …}
	if err != nil {
		log.Fatal(err)
	}
	source, err := apogee.NewSource(apogee.SourceConfig{Client: client, Year: 2026, Steps: []apogee.Versioned{{Code: "MASB1"}}})
	if err != nil {
		log.Fatal(err)
	}
	for s, err := range source.Students(ctx, sis.Query{INEStates: []sis.INEState{sis.INENone}}) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(s.ID, s.Person.BirthName, s.Person.Birthplace.Name)
	}
	// Output:
	// apogee:22600026 BENAÏM RĪGA
}
