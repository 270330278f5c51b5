package inestest_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ines"
	"github.com/passerelle-sup/passerelle/ines/inestest"
	"github.com/passerelle-sup/passerelle/uai"
)

var martin = passerelle.Person{
	BirthName: "Martin", GivenNames: [3]string{"Côme"}, Sex: passerelle.SexMale,
	BirthDate: passerelle.NewDate(2006, 11, 2), Birthplace: passerelle.Birthplace{Commune: "35238"},
}

// The mistake that must never be made: the answer to a registration was lost, the
// register says that it knows nobody, and the registration is sent again. The
// first one was only late.
func ExampleService_Twice() {
	server, err := inestest.Listen(inestest.Config{})
	if err != nil {
		log.Fatal(err)
	}
	defer server.Close()
	client, err := ines.NewSOAP(server.SOAPConfig())
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	server.Script(ines.OpRegister, inestest.LateCreation)
	registration := ines.RegisterRequest{Student: "20260001", Person: martin, UAI: uai.MustParse("0542493S")}

	_, err = client.Register(ctx, registration)
	fmt.Println("registration:", passerelle.OutcomeOf(err))
	found, err := client.Search(ctx, ines.SearchRequest{Person: martin})
	fmt.Println("search:", found.Status, err)
	again, err := client.Register(ctx, registration)
	fmt.Println("sent again:", again.Status, err)

	if err := server.Advance(24 * time.Hour); err != nil {
		log.Fatal(err)
	}
	fmt.Printf("the day after: %+v, %d registered twice\n", server.Registrations(martin), len(server.Twice()))
	// Output:
	// registration: unknown
	// search: INCONNU <nil>
	// sent again: CONFIRME <nil>
	// the day after: {Received:2 Processed:2 Created:2}, 1 registered twice
}

// Look-alikes are a litige until a person decides.
func ExampleService_ResolveLitige() {
	server, err := inestest.Listen(inestest.Config{})
	if err != nil {
		log.Fatal(err)
	}
	defer server.Close()
	known, err := server.Add(martin)
	if err != nil {
		log.Fatal(err)
	}
	client, err := ines.NewSOAP(server.SOAPConfig())
	if err != nil {
		log.Fatal(err)
	}
	ctx, school := context.Background(), uai.MustParse("0542493S")
	typo := martin
	typo.BirthName = "Marti"
	answer, err := client.Register(ctx, ines.RegisterRequest{Student: "20260001", Person: typo, UAI: school})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(answer.Status)

	if err := server.ResolveLitige(answer.RequestID, known.Master); err != nil {
		log.Fatal(err)
	}
	for answer, err := range client.FollowUp(ctx, ines.FollowUpRequest{UAI: school}) {
		fmt.Println(answer.Student, answer.Status, answer.Master == known.Master, err)
	}
	// Output:
	// LITIGE
	// 20260001 CONFIRME true <nil>
}

// A service on a bad day. The same seed makes the same trouble.
func ExampleConfig() {
	server, err := inestest.Listen(inestest.Config{Seed: 1, Population: 1000, Tomorrow: 0.1, Faults: inestest.Harsh})
	if err != nil {
		log.Fatal(err)
	}
	defer server.Close()
	client, err := ines.NewSOAP(server.SOAPConfig())
	if err != nil {
		log.Fatal(err)
	}
	answered, unknown := 0, 0
	for i, record := range server.People()[:40] {
		_, err := client.Register(context.Background(), ines.RegisterRequest{Student: fmt.Sprint(i), Person: record.Person, UAI: uai.MustParse("0542493S")})
		switch {
		case err == nil:
			answered++
		case passerelle.OutcomeOf(err) == passerelle.Unknown && !errors.Is(err, context.Canceled):
			unknown++
		}
	}
	fmt.Println(answered > 20, unknown > 3, len(server.Created()))
	// Output:
	// true true 0
}
