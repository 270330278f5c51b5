package aglae_test

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/aglae"
	"github.com/passerelle-sup/passerelle/aglae/aglaetest"
	"github.com/passerelle-sup/passerelle/ine"
)

// A desk asks while a student enrols, and replays once the Crous has processed the file.
func ExampleConnector() {
	number := ine.MustParse("223456789HE")
	server, err := aglaetest.Listen(aglaetest.Config{})
	if err != nil {
		panic(err)
	}
	defer server.Close()
	binding, err := aglae.NewSOAP(server.SOAPConfig())
	if err != nil {
		panic(err)
	}
	desk, err := aglae.NewConnector(aglae.ConnectorConfig{Binding: binding, Log: aglae.NewMemoryLog()})
	if err != nil {
		panic(err)
	}
	ctx := context.Background()

	a, err := desk.Ask(ctx, aglae.Question{Student: "20260001", Year: 2026, INE: number})
	fmt.Println(a.Verdict, err, "ask for the paper:", a.AskPaper())
	for _, c := range a.Causes {
		fmt.Println(" perhaps:", c.Text(aglae.English))
	}

	server.Put(aglaetest.File{Number: aglae.GrantNumberOf(number), State: aglaetest.Conditional})
	a, err = desk.Replay(ctx, "20260001", 2026)
	fmt.Println(a.Verdict, err, "ask for the paper:", a.AskPaper())
	// Output:
	// wait <nil> ask for the paper: true
	//  perhaps: file not processed by the Crous yet
	//  perhaps: file waiting for papers
	//  perhaps: file validated, progress to be checked
	//  perhaps: student known to AGLAE under another number, or not known
	// holder <nil> ask for the paper: false
}

// A mistyped INE is found beside the grant number, with the one whose key is right.
func ExampleCheckNumbers() {
	base := func(yield func(aglae.Registration, error) bool) {
		_ = yield(aglae.Registration{Student: "20260001", INE: "223456789HE", GrantNumber: "2234 56789 he"}, nil) &&
			yield(aglae.Registration{Student: "20260002", INE: "223465789HE", GrantNumber: "223456789HE"}, nil)
	}
	for row, err := range aglae.CheckNumbers(base, aglae.NumberOptions{}) {
		if err != nil {
			panic(err)
		}
		fmt.Println(row.Student, row.Finding, "→", row.Suggestion)
		fmt.Println(row.Reason.Text(aglae.French))
	}
	// Output:
	// 20260002 mistyped → 223456789HE
	// deux caractères voisins sont inversés (position 5) et seule la clé du numéro de boursier est juste
}

// The message about the conditional grants that are still open.
func ExampleReport_Mail() {
	base := func(yield func(aglae.Registration, error) bool) {
		yield(aglae.Registration{Student: "20260001", Key: "droit", Decision: aglae.Conditional, NotifiedOn: passerelle.NewDate(2026, 6, 30)}, nil)
	}
	at := time.Date(2026, 11, 27, 8, 0, 0, 0, time.UTC)
	report := aglae.Gather(aglae.ControlConditional, at, aglae.OpenConditional(base, passerelle.DateOf(at), 30))
	mail, err := report.Split()["droit"].Mail(aglae.French)
	if err != nil {
		panic(err)
	}
	fmt.Println(mail.Subject)
	fmt.Fprint(os.Stdout, mail.Text)
	// Output:
	// AGLAE, bourses conditionnelles en attente : 1 ligne au 27/11/2026 (droit)
	// 1 ligne dans cette liste, au 27/11/2026.
	//
	//      1  bourse conditionnelle en attente
	//
	// bourse conditionnelle en attente
	// → Rejouer l'inscription ; à défaut, signaler au Crous.
	//   20260001 — notification conditionnelle depuis 150 jours
}

// An enrolment is told to the Crous: the wish of the file matches, which is case A.
func ExampleEvents() {
	number := ine.MustParse("223456789HE")
	server, err := aglaetest.Listen(aglaetest.Config{Files: []aglaetest.File{{
		Number: aglae.GrantNumberOf(number), State: aglaetest.Conditional, Wishes: []aglae.Wish{{UAI: aglaetest.PilotUAI}},
	}}})
	if err != nil {
		panic(err)
	}
	defer server.Close()
	events, err := aglae.NewEvents(server.EventsConfig())
	if err != nil {
		panic(err)
	}
	receipt, err := events.Notify(context.Background(), aglae.Event{
		ID: "2026-1", Kind: aglae.Enrolled, Student: "20260001", Year: 2026, INE: number, UAI: aglaetest.PilotUAI, On: passerelle.NewDate(2026, 9, 7),
	})
	file, _ := server.File(aglae.GrantNumberOf(number))
	fmt.Println("case", receipt.Case, err, file.State)
	// Output: case A <nil> definitive
}
