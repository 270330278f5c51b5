package tors_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/egracons"
	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/elmo"
	"github.com/passerelle-sup/passerelle/ewp/ewptest"
	"github.com/passerelle-sup/passerelle/ewp/term"
	"github.com/passerelle-sup/passerelle/ewp/tors"
	"github.com/passerelle-sup/passerelle/sis"
)

// A university issues transcripts, and its partner, which was told so, reads them.
func ExampleClient_Get() {
	desk := &ewptest.Transcripts{}
	network, err := ewptest.Listen(ewptest.Config{Universities: []ewptest.UniversityConfig{
		{HEI: ewp.MustParseHEIID("uni-a.example"), Register: desk.Serve}, {HEI: ewp.MustParseHEIID("uni-b.example")},
	}})
	if err != nil {
		log.Fatal(err)
	}
	defer network.Close()
	host, home := network.University("uni-a.example"), network.University("uni-b.example")
	ids := desk.Issue(host.HEI, home.HEI, 2)

	client := tors.NewClient(home.Client)
	for t, err := range client.Get(context.Background(), tors.GetRequest{HEI: host.HEI, IDs: ids}) {
		if err != nil {
			log.Fatal(err)
		}
		report := t.ELMO.Reports[0]
		fmt.Println(t.OMobilityID, t.Year, len(t.Courses("")), "courses,", report.CreditsPassed("ects").RatString(), "credits, complete:", t.Validate(tors.V3) == nil)
	}
	// Output:
	// mobility-1 2025/2026 6 courses, 20 credits, complete: true
	// mobility-2 2025/2026 6 courses, 22 credits, complete: true
}

// The results of a student system become a transcript; what the network demands and
// the system does not have is told.
func ExampleRegistrar_Transcript() {
	registrar := tors.Registrar{
		HEI:    ewp.MustParseHEIID("univ-exemple.example"),
		Issuer: elmo.Issuer{Titles: ewp.Texts{{Lang: "fr", Value: "Université d'Exemple"}}, URL: "https://univ-exemple.example"},
		Sheet: elmo.Sheet{
			Lang:  "fr",
			LOSID: func(code string) string { return "CR/" + code },
			LOIID: func(code string, year int) string { return fmt.Sprintf("CRI/%s-%d", code, year) },
		},
		Term: func(r sis.Result) *elmo.AcademicTerm {
			return &elmo.AcademicTerm{Titles: ewp.Texts{{Lang: "fr", Value: "Semestre 1"}}, Start: "2025-09-01", End: "2026-01-31"}
		},
	}
	t, err := registrar.Transcript(tors.Stay{
		OMobilityID: "b1ab0888", Year: term.Starting(2025), ESI: "urn:schac:personalUniqueCode:int:esi:uni-beispiel.example:1234",
		Student: passerelle.Person{BirthName: "MUSTER", GivenNames: [3]string{"Erika"}, BirthDate: passerelle.MustParseDate("2004-08-12")},
		Results: []sis.Result{
			{Year: 2025, Course: sis.Course{Code: "ALG", Title: "Algèbre"}, Mark: "14,5", Credits: "6", Passed: sis.PassedYes},
			{Year: 2025, Course: sis.Course{Code: "ANA", Title: "Analyse", ECTS: "6"}, Mark: "ABJ", Passed: sis.PassedNo},
		},
	})
	fmt.Println(len(t.ELMO.Reports[0].Specifications), "courses")
	fmt.Println(err)
	// Output:
	// 2 courses
	// elmo.report[0].learningOpportunitySpecification[0].specifies.learningOpportunityInstance.resultDistribution: required: want how often each result was given; elmo.report[0].learningOpportunitySpecification[1].specifies.learningOpportunityInstance.resultDistribution: required: want how often each result was given
}

// At home: what was agreed upon, what came of it, and the rows for the student system.
func ExampleCompare() {
	t := ewptest.NewTranscript(ewptest.TranscriptConfig{Seed: 4, Courses: 2, Failed: 1})
	agreed := []tors.Component{
		{LOSID: "CR/c-4-0", Title: "as agreed", ECTS: "6"},
		{LOSID: "CR/c-4-1", Title: "as agreed", ECTS: "3"},
		{Code: "PHI", Title: "Philosophy", ECTS: "4"},
	}
	for _, m := range tors.Compare(agreed, &t) {
		fmt.Println(m.Agreed.LOSID, m.Agreed.Code, m.Taken != nil, m.Passed())
	}
	for _, r := range t.ELMO.Reports[0].Results(sis.StudentID{System: "csv", Local: "22001"}, "en") {
		fmt.Println(r.Student, r.Course.Code, r.Mark, r.Passed == sis.PassedYes)
	}
	// Output:
	// CR/c-4-0  true true
	// CR/c-4-1  true false
	//  PHI false false
	// csv:22001 CR/c-4-0 C true
	// csv:22001 CR/c-4-1 F false
}

// A transcript that came is converted by the grade tables in it. Which grade is the
// best, and which pass, is what the sending university knows of its partner.
func ExampleToR_Tables() {
	t := ewptest.NewTranscript(ewptest.TranscriptConfig{Seed: 2, Courses: 3, Failed: 1, ISCED: []string{"0613"}})

	hostTables, err := t.Tables(ewptest.LetterScale(), egracons.Bachelor)
	if err != nil {
		log.Fatal(err)
	}
	host, err := egracons.NewGroups(hostTables...)
	if err != nil {
		log.Fatal(err)
	}
	scale, err := egracons.NewScale("0-20", egracons.Grade{Label: "16-20", Passing: true}, egracons.Grade{Label: "14-15", Passing: true},
		egracons.Grade{Label: "12-13", Passing: true}, egracons.Grade{Label: "10-11", Passing: true})
	if err != nil {
		log.Fatal(err)
	}
	home, err := egracons.NewTable(egracons.TableSpec{Scale: scale, Basis: egracons.Counts, Weights: []egracons.Weight{
		{Grade: "16-20", Number: egracons.Int(50)}, {Grade: "14-15", Number: egracons.Int(120)}, {Grade: "12-13", Number: egracons.Int(180)}, {Grade: "10-11", Number: egracons.Int(150)},
	}})
	if err != nil {
		log.Fatal(err)
	}
	report, err := egracons.ConvertTranscript(egracons.Transcript{ID: t.OMobilityID, Courses: t.Courses(egracons.Bachelor)}, egracons.TranscriptRules{
		Rules: egracons.Rules{Policy: egracons.Midpoint, Tie: egracons.Better}, Host: host, Home: home,
	})
	if err != nil {
		log.Fatal(err)
	}
	for _, line := range report.Lines {
		fmt.Println(line.Course.Code, line.Course.Credits, "credits:", line.Course.Grade, "becomes", line.Result.Suggestion, line.Result.Status, line.Err)
	}
	// Output:
	// C100 4 credits: E becomes 10-11 converted <nil>
	// C101 5 credits: A becomes 16-20 converted <nil>
	// C102 7 credits: F becomes  failed <nil>
}

// The grade table of a field, as it goes into a transcript.
func ExampleNewISCEDTable() {
	scale, err := egracons.NewScale("A-C", egracons.Grade{Label: "A", Passing: true}, egracons.Grade{Label: "B", Passing: true}, egracons.Grade{Label: "F"})
	if err != nil {
		log.Fatal(err)
	}
	table, err := tors.NewISCEDTable(egracons.TableSpec{
		Identity: egracons.Identity{ISCED: "0613"}, Scale: scale, Basis: egracons.Counts,
		Weights: []egracons.Weight{{Grade: "A", Number: egracons.Int(1)}, {Grade: "B", Number: egracons.Int(2)}, {Grade: "F", Number: egracons.Int(3)}},
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(table.ISCED, table.Grades)
	// Output:
	// 0613 [{A 16.6667} {B 33.3333} {F 50.0000}]
}

// The receiving university tells the sending one that a transcript is there.
func ExampleClient_Notify() {
	desk := &ewptest.Transcripts{} // of the sending university
	network, err := ewptest.Listen(ewptest.Config{Universities: []ewptest.UniversityConfig{
		{HEI: ewp.MustParseHEIID("uni-a.example")}, {HEI: ewp.MustParseHEIID("uni-b.example"), Register: desk.Serve},
	}})
	if err != nil {
		log.Fatal(err)
	}
	defer network.Close()
	host := tors.NewClient(network.University("uni-a.example").Client)
	err = host.Notify(context.Background(), tors.NotifyRequest{HEI: ewp.MustParseHEIID("uni-b.example"), IDs: []string{"mobility-1"}})
	for _, n := range desk.Notices() {
		fmt.Println(n.Caller, n.IDs, err)
	}
	// Output:
	// uni-a.example [mobility-1] <nil>
}

// A document on disk, in whichever version it was written, becomes one of version 2.
func ExampleEncode() {
	t := ewptest.NewTranscript(ewptest.TranscriptConfig{Courses: 1})
	t.ELMO.GeneratedDate = time.Date(2026, 2, 16, 9, 0, 0, 0, time.UTC).Format(time.RFC3339)
	t.ELMO.Reports, t.ELMO.Learner, t.Conversion = nil, elmo.Learner{GivenNames: "Erika", FamilyName: "Muster", DateOfBirth: "2004-08-12"}, nil
	if err := tors.Encode(os.Stdout, tors.V2, []tors.ToR{t}); err != nil {
		log.Fatal(err)
	}
	// Output:
	// <?xml version="1.0" encoding="UTF-8"?>
	// <imobility-tors-get-response xmlns="https://github.com/erasmus-without-paper/ewp-specs-api-imobility-tors/blob/stable-v2/endpoints/get-response.xsd"><tor><omobility-id>mobility-0</omobility-id><elmo xmlns="https://github.com/emrex-eu/elmo-schemas/tree/v1"><generatedDate>2026-02-16T09:00:00Z</generatedDate><learner><givenNames>Erika</givenNames><familyName>Muster</familyName><bday>2004-08-12</bday></learner></elmo></tor></imobility-tors-get-response>
}
