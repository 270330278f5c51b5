package adapters_test

import (
	"context"
	"fmt"
	"io"
	"iter"
	"log"
	"strings"
	"time"

	"github.com/passerelle-sup/passerelle/adapters/apogee"
	"github.com/passerelle-sup/passerelle/adapters/apogee/apogeetest"
	"github.com/passerelle-sup/passerelle/adapters/pegase"
	"github.com/passerelle-sup/passerelle/adapters/pegase/pegasetest"
	"github.com/passerelle-sup/passerelle/adapters/table"
	"github.com/passerelle-sup/passerelle/aglae"
	"github.com/passerelle-sup/passerelle/egracons"
	"github.com/passerelle-sup/passerelle/esi"
	"github.com/passerelle-sup/passerelle/ewp/elmo"
	"github.com/passerelle-sup/passerelle/ine"
	"github.com/passerelle-sup/passerelle/ines"
	"github.com/passerelle-sup/passerelle/ines/campaign"
	"github.com/passerelle-sup/passerelle/sis"
	"github.com/passerelle-sup/passerelle/supdata"
	"github.com/passerelle-sup/passerelle/uai"
)

var autumn = time.Date(2026, 10, 1, 8, 0, 0, 0, time.UTC)

// feedAll hands one student system to everything in the SDK that takes one: what
// differs between systems ends at the sis.Source.
func feedAll(src sis.Source) error {
	ctx := context.Background()
	// The campaign of immatriculation, dry.
	service, err := ines.NewSOAP(ines.SOAPConfig{Contract: ines.ReferenceContract(), Endpoint: "https://ines.invalid/"})
	if err != nil {
		return err
	}
	season, err := campaign.New(campaign.Config{
		Source: src, Service: service, Ledger: campaign.NewMemory(), UAI: uai.MustParse("0511296G"), Year: 2026, DryRun: true, Now: func() time.Time { return autumn },
	})
	if err != nil {
		return err
	}
	report, err := season.Run(ctx)
	if err != nil {
		return err
	}
	fmt.Println("INES:", report.Total, "students,", report.Counts[campaign.Planned], "questions planned")

	// The controls of grants: numbers of each enrolment.
	students := map[sis.StudentID]sis.Student{}
	for s, err := range src.Students(ctx, sis.Query{}) {
		if err == nil {
			students[s.ID] = s
		}
	}
	regs := func(yield func(aglae.Registration, error) bool) {
		for e, err := range src.Enrolments(ctx, sis.Query{Year: 2026}) {
			if err == nil && !yield(aglae.RegistrationOf(students[e.Student], e), nil) {
				return
			}
		}
	}
	control := aglae.Gather(aglae.ControlNumbers, autumn, aglae.CheckNumbers(regs, aglae.NumberOptions{}))
	fmt.Println("AGLAE:", len(control.Rows) > 0, "there are numbers to look at")

	// The file for SUPDATA.
	feeder, err := supdata.NewFeeder(supdata.FeederConfig{Source: src, Year: 2026, Mapping: supdata.Mapping{Communes: map[uai.Code]string{uai.MustParse("0511296G"): "51454"}}, Now: func() time.Time { return autumn }})
	if err != nil {
		return err
	}
	fed, err := feeder.Export(ctx, io.Discard, supdata.Layout{Codes: supdata.InferredCodes(), Columns: []supdata.Column{{Title: "INE", Field: supdata.FieldINE}}})
	if err != nil {
		return err
	}
	fmt.Println("SUPDATA:", fed.Total() > 0, "enrolments were read")

	// Identifiers for cards and EWP.
	ids := 0
	for _, s := range students {
		if _, err := (esi.France{}).Build(ine.Judge(s.INE).Number, s.ID.Local); err == nil {
			ids++
		}
	}
	fmt.Println("cards:", ids > 0, "students have a European Student Identifier")
	return nil
}

// grades hands the marks of one student to the grade tables, and to a transcript.
func grades(results []sis.Result, student sis.StudentID) error {
	scale, err := egracons.Points{ID: "fr-20", Best: egracons.Int(20), Worst: egracons.Int(0), Pass: egracons.Int(10), Step: egracons.Int(1), Rounding: egracons.Floor}.Scale()
	if err != nil {
		return err
	}
	var rows iter.Seq2[egracons.ResultRow, error] = func(yield func(egracons.ResultRow, error) bool) {
		for _, r := range results {
			if r.Passed == sis.PassedYes && !yield(egracons.ResultRow{
				Student: r.Student.String(), Course: r.Course.Code, Grade: strings.Replace(r.Mark, ",", ".", 1), Credited: true, Cycle: egracons.Bachelor, ISCED: "0421",
			}, nil) {
				return
			}
		}
	}
	if _, _, err := egracons.Tabulate(rows, egracons.Tabulation{Identity: egracons.Identity{HEI: "univ-exemple.fr"}, Scale: scale}); err != nil {
		return err
	}
	transcript := elmo.Report{Specifications: elmo.Sheet{Lang: "fr"}.Specifications(results)}
	fmt.Println("grades:", len(results) > 0, "results are in the transcript, which reads", len(transcript.Results(student, "fr")) == len(results))
	return nil
}

// Pégase feeds everything.
func Example_pegase() {
	tenant, err := pegasetest.Listen(pegasetest.Config{Seed: 1, Population: 30, Now: func() time.Time { return autumn }})
	if err != nil {
		log.Fatal(err)
	}
	defer tenant.Close()
	cfg := tenant.ClientConfig()
	cfg.Details = pegase.DetailsAlways
	client, err := pegase.New(cfg)
	if err != nil {
		log.Fatal(err)
	}
	if err := feedAll(client); err != nil {
		log.Fatal(err)
	}
	// Output:
	// INES: 30 students, 9 questions planned
	// AGLAE: true there are numbers to look at
	// SUPDATA: true enrolments were read
	// cards: true students have a European Student Identifier
}

// Apogée feeds everything, marks included.
func Example_apogee() {
	school, err := apogeetest.New(apogeetest.Config{Seed: 1, Students: 30})
	if err != nil {
		log.Fatal(err)
	}
	defer school.Close()
	cfg := school.SQLConfig()
	if cfg.Communes, err = apogee.ReadCommunes(strings.NewReader(apogeetest.CommunesCSV())); err != nil {
		log.Fatal(err)
	}
	base, err := apogee.NewSQL(cfg)
	if err != nil {
		log.Fatal(err)
	}
	if err := feedAll(base); err != nil {
		log.Fatal(err)
	}
	for s, err := range base.Students(context.Background(), sis.Query{}) {
		if err != nil {
			log.Fatal(err)
		}
		var results []sis.Result
		for r, err := range base.Results(context.Background(), s.ID, 2025) {
			if err != nil {
				log.Fatal(err)
			}
			results = append(results, r)
		}
		if len(results) == 0 {
			continue
		}
		if err := grades(results, s.ID); err != nil {
			log.Fatal(err)
		}
		break
	}
	// Output:
	// INES: 30 students, 18 questions planned
	// AGLAE: true there are numbers to look at
	// SUPDATA: true enrolments were read
	// cards: true students have a European Student Identifier
	// grades: true results are in the transcript, which reads true
}

// A plain CSV feeds everything too.
func Example_csv() {
	const file = "student;ine;birth_name;given_name_1;sex;birth_date;birth_commune;year;uai;programme_sise;main;status;regime;component\n" +
		"1;223456789HE;LEFÈVRE;Zoé;F;28.02.2007;67482;2026;0511296G;2500123;1;E;10;UFR1\n" +
		"2;;DIOP;Awa;F;01.03.2007;51454;2026;0511296G;2500123;1;E;10;UFR1\n"
	src, err := table.NewCSV("base.csv", func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(file)), nil },
		table.Mapping{Dates: []string{"DD.MM.YYYY"}, Values: map[string]map[string]string{"status": {"E": "valid"}}})
	if err != nil {
		log.Fatal(err)
	}
	if err := feedAll(src); err != nil {
		log.Fatal(err)
	}
	// Output:
	// INES: 2 students, 1 questions planned
	// AGLAE: true there are numbers to look at
	// SUPDATA: true enrolments were read
	// cards: true students have a European Student Identifier
}
