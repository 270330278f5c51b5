package pegase_test

import (
	"context"
	"fmt"
	"log"
	"slices"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/adapters/pegase"
	"github.com/passerelle-sup/passerelle/adapters/pegase/pegasetest"
	"github.com/passerelle-sup/passerelle/egracons"
	"github.com/passerelle-sup/passerelle/ines"
	"github.com/passerelle-sup/passerelle/ines/campaign"
	"github.com/passerelle-sup/passerelle/ines/inestest"
	"github.com/passerelle-sup/passerelle/sis"
	"github.com/passerelle-sup/passerelle/uai"
)

// open starts a tenant with Lucie and Estelle. With a real one the configuration is
// pegase.Config{Endpoints: …, Username: "svc-api", Password: …}.
func open() (*pegasetest.Server, *pegase.Client) {
	server, err := pegasetest.Listen(pegasetest.Config{Now: func() time.Time { return day }})
	if err != nil {
		log.Fatal(err)
	}
	server.Add(lucie)
	server.Add(estelle)
	client, err := pegase.New(server.ClientConfig())
	if err != nil {
		log.Fatal(err)
	}
	return server, client
}

// The daily immatriculation of a tenant: the campaign reads Pégase, asks INES, and hands the
// numbers back.
func Example() {
	server, client := open()
	defer server.Close()
	register, err := inestest.Listen(inestest.Config{Now: func() time.Time { return day }})
	if err != nil {
		log.Fatal(err)
	}
	defer register.Close()
	service, err := ines.NewSOAP(register.SOAPConfig())
	if err != nil {
		log.Fatal(err)
	}

	writer, err := client.INEWriter() // leave it out and the report alone tells the numbers
	if err != nil {
		log.Fatal(err)
	}
	daily, err := campaign.New(campaign.Config{
		Source: client, Writer: writer, Service: service, Ledger: campaign.NewMemory(), UAI: uai.MustParse("0511296G"), Year: 2026,
		Query: sis.Query{INEStates: []sis.INEState{sis.INEUnverified, sis.INEUnknown, sis.INELitige}},
		Now:   func() time.Time { return day },
	})
	if err != nil {
		log.Fatal(err)
	}
	report, err := daily.Run(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	for _, o := range campaign.Outcomes() {
		if n := report.Counts[o]; n > 0 {
			fmt.Println(n, o.Title(campaign.English))
		}
	}
	after, _ := server.Student(estelle.Code)
	fmt.Println("in Pégase:", after.Status, len(after.INE), "characters")
	// Output:
	// 1 INE created by INES
	// in Pégase: CONFIRME 11 characters
}

// The marks of a year as rows that a grade table is counted from.
func ExampleClient_Results() {
	server, client := open()
	defer server.Close()

	rows := func(yield func(egracons.ResultRow, error) bool) {
		for r, err := range client.Results(context.Background(), sis.StudentID{System: "pegase", Local: lucie.Code}, 2026) {
			if r.Course.Kind == "UE" && !yield(egracons.ResultRow{
				Student: r.Student.String(), Course: r.Course.Code, Grade: r.Mark, Credited: r.Passed == sis.PassedYes,
				Cycle: egracons.Bachelor, ISCED: "0421", Degree: "LIC-DROIT",
			}, err) {
				return
			}
		}
	}
	for row, err := range rows {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(row.Course, row.Grade, row.Credited)
	}
	scale, err := egracons.Points{ID: "fr-20", Best: egracons.Int(20), Worst: egracons.Int(0), Pass: egracons.Int(10), Step: egracons.Int(1), Rounding: egracons.Floor}.Scale()
	if err != nil {
		log.Fatal(err)
	}
	_, tally, err := egracons.Tabulate(rows, egracons.Tabulation{Identity: egracons.Identity{HEI: "univ-exemple.fr"}, Scale: scale})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(tally.Counted, "counted,", tally.NotCredited, "not credited")
	// Output:
	// ESPAGNOL 14.57 true
	// DROIT 7.25 false
	// LATIN INJUSTIFIEE false
	// 1 counted, 2 not credited
}

// What changed since the last time. The cursor is kept with what was done about the delta.
func ExampleClient_Changes() {
	server, client := open()
	defer server.Close()
	cursor := ""
	for delta, err := range client.Changes(context.Background(), cursor) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(delta.Student.ID, delta.Student.INEState)
		cursor = delta.Cursor
	}
	server.Advance(time.Hour)
	server.Change(lucie.Code, func(s *pegasetest.Student) { s.Person.UsageName = "Petit" })
	server.Advance(time.Minute)
	for delta, err := range client.Changes(context.Background(), cursor) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println("again:", delta.Student.ID)
	}
	// Output:
	// pegase:000000001 unverified
	// pegase:000000002 unknown
	// again: pegase:000000001
}

// The nightly copy of the databases, with the queries for tables that have moved. With a real
// copy the configuration is pegase.ReplicaConfig{Driver: "pgx", DSN: …}.
func ExampleReplica() {
	server, _ := open()
	defer server.Close()
	db, err := server.Replica()
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	replica, err := pegase.OpenReplica(pegase.ReplicaConfig{DB: db})
	if err != nil {
		log.Fatal(err)
	}
	for s, err := range replica.Students(context.Background(), sis.Query{INEStates: []sis.INEState{sis.INEUnknown}}) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(s.ID, s.INEState, s.Person.Birthplace.Country)
	}
	// Output:
	// pegase:000000002 unknown 99243
}

// The courses of a programme, as course catalogues want them.
func ExampleClient_Tree() {
	server, client := open()
	defer server.Close()
	server.AddProgramme(pegasetest.Programme{Code: "LIC-DROIT", Label: "Licence de droit", Nodes: lucie.Enrolments[0].Nodes})
	ctx := context.Background()
	for programme, err := range client.Programmes(ctx, pegase.ProgrammeQuery{ApprovedOnly: true}) {
		if err != nil {
			log.Fatal(err)
		}
		tree, err := client.Tree(ctx, programme.ID)
		if err != nil {
			log.Fatal(err)
		}
		for path, node := range tree.Walk() {
			if slices.Contains([]string{"UE", "EC"}, node.Type) {
				fmt.Println(path, node.ECTS)
			}
		}
	}
	// Output:
	// LIC-DROIT>LIC-DROIT-A1>S1>OPTIONS>ESPAGNOL 6.5
	// LIC-DROIT>LIC-DROIT-A1>S1>DROIT 6
	// LIC-DROIT>LIC-DROIT-A1>S1>LATIN 3
}

// A student whom nobody knows, however the service says so.
func ExampleError() {
	server, err := pegasetest.Listen(pegasetest.Config{Quirks: pegasetest.Quirks{UnknownIs500: true}})
	if err != nil {
		log.Fatal(err)
	}
	defer server.Close()
	client, err := pegase.New(server.ClientConfig())
	if err != nil {
		log.Fatal(err)
	}
	_, err = client.File(context.Background(), "000000009")
	fmt.Println(err, "-", passerelle.OutcomeOf(err))
	// Output:
	// pegase.file: HTTP 500: not found - answered
}
