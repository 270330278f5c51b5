package pegasetest_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/adapters/pegase"
	"github.com/passerelle-sup/passerelle/adapters/pegase/pegasetest"
	"github.com/passerelle-sup/passerelle/ines"
	"github.com/passerelle-sup/passerelle/sis"
)

// A tenant in which INES does not confirm what it is asked about.
func Example() {
	server, err := pegasetest.Listen(pegasetest.Config{
		Quirks:   pegasetest.AllQuirks,
		Confirms: func(string, passerelle.Person) bool { return false },
	})
	if err != nil {
		log.Fatal(err)
	}
	defer server.Close()
	server.Add(pegasetest.Student{Code: "20260001", Person: passerelle.Person{
		BirthName: "Martin", GivenNames: [3]string{"Côme"}, Sex: passerelle.SexMale,
		BirthDate: passerelle.NewDate(2006, 11, 2), Birthplace: passerelle.Birthplace{Commune: "35238"},
	}, Status: ines.StatusUnknown})

	client, err := pegase.New(server.ClientConfig())
	if err != nil {
		log.Fatal(err)
	}
	writer, err := client.INEWriter()
	if err != nil {
		log.Fatal(err)
	}
	err = writer.WriteINE(context.Background(), sis.INEUpdate{
		Student: sis.StudentID{System: "pegase", Local: "20260001"}, Definitive: "223456789HE",
	})
	fmt.Println(errors.Is(err, passerelle.ErrInvalid), passerelle.OutcomeOf(err))
	after, _ := server.Student("20260001")
	fmt.Println(after.Status)
	// Output:
	// true answered
	// INCONNU
}

// Trouble on purpose: the next answers of one operation, one by one.
func ExampleService_Script() {
	server, err := pegasetest.Listen(pegasetest.Config{Population: 3})
	if err != nil {
		log.Fatal(err)
	}
	defer server.Close()
	client, err := pegase.New(server.ClientConfig())
	if err != nil {
		log.Fatal(err)
	}
	server.Script(pegasetest.File, pegasetest.ExpiredToken, pegasetest.ServerError)
	for range 2 {
		_, err = client.File(context.Background(), "000000001")
		fmt.Println(err)
	}
	fmt.Println(server.Tokens(), "tokens,", server.Requests(pegasetest.File), "requests")
	// Output:
	// pegase.file: HTTP 500: code erreurTechnique: unavailable
	// <nil>
	// 2 tokens, 3 requests
}
