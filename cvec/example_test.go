package cvec_test

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/cvec"
	"github.com/passerelle-sup/passerelle/cvec/cvectest"
	"github.com/passerelle-sup/passerelle/sis"
	"github.com/passerelle-sup/passerelle/transport"
)

func ExampleClient_Check() {
	person := passerelle.Person{BirthName: "Noël-Roux", GivenNames: [3]string{"Zoé"}, BirthDate: passerelle.MustParseDate("2004-02-29")}
	service := cvectest.Listen(cvectest.Config{Certificates: []cvectest.Certificate{
		{Number: cvec.MustParse("VER5ABCDEF12"), Person: person, INE: "1234567890V", State: cvec.StatePaid},
	}})
	defer service.Close()
	client, err := cvec.New(cvec.Config{
		BaseURL: service.URL, Cache: &cvec.Memory{}, Campaign: 2026,
		Transport: transport.Config{Retry: transport.RetryPolicy{MaxAttempts: 1}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	certificate, err := cvec.ParseCertificate("ver5 abcdef 12 / noelr")
	if err != nil {
		fmt.Println(err)
		return
	}
	verdict, err := client.Check(context.Background(), cvec.Question{Certificate: certificate, Person: person, INEs: []string{"1234567890V"}})
	fmt.Println(verdict.Outcome, verdict.Record.State.Text(), err)

	// The service is down: the registration goes on, the question stays open.
	service.Script(cvectest.Down)
	certificate.Number = cvec.MustParse("VER5ABCDEF13")
	verdict, err = client.Check(context.Background(), cvec.Question{Certificate: certificate, Person: person})
	fmt.Println(verdict.Outcome, verdict.Outcome.Retry(), errors.Is(err, passerelle.ErrUnavailable))
	// Output:
	// valid valid, paid <nil>
	// service-down true true
}

func ExampleFind() {
	text := "ATTESTATION D'ACQUITTEMENT DE LA CVEC\nN° VER5 ABCDEF 12 / DUPON\nAnnée universitaire 2026-2027"
	for _, c := range cvec.Find(text) {
		fmt.Println(c.Number, c.Key, c.Number.Crous())
	}
	// Output: VER5ABCDEF12 DUPON VER
}

func ExampleNameKeyOf() {
	for _, name := range []string{"Le Goff", "D'Été", "Noël-Roux", "Li", ""} {
		fmt.Print(cvec.NameKeyOf(name), " ")
	}
	// Output: LEGOF DETE NOELR LI -
}

func ExampleNewExporter() {
	list, err := cvec.NewExporter(os.Stdout, cvec.Layout{Columns: []cvec.Column{
		{Field: cvec.FieldUAI}, {Field: cvec.FieldINE}, {Field: cvec.FieldNumber},
	}})
	if err != nil {
		fmt.Println(err)
		return
	}
	err = list.Write(cvec.Listed{
		Student:   sis.Student{INE: "1234567890V"},
		Enrolment: sis.Enrolment{UAI: "0782562L", CVEC: "VER5 ABCDEF 12 / DUPON"},
	})
	if err == nil {
		err = list.Flush()
	}
	if err != nil {
		fmt.Println(err)
	}
	// Output: 0782562L;1234567890V;VER5ABCDEF12
}
