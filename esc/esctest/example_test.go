package esctest_test

import (
	"context"
	"fmt"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/esc/esctest"
	"github.com/passerelle-sup/passerelle/esc/router"
	"github.com/passerelle-sup/passerelle/esi"
)

func Example() {
	fake, err := esctest.NewRouter(esctest.RouterConfig{
		Organisations: []router.Organisation{{PIC: "999465982", Token: "example"}},
		LowerCase:     true, // as some identifiers come back
	})
	if err != nil {
		panic(err)
	}
	server := esctest.NewServer(fake)
	defer server.Close()
	client, err := router.New(fake.ClientConfig(server.URL))
	if err != nil {
		panic(err)
	}

	fake.Script("create-person", esctest.AnswerLost)
	person := router.PersonUpdate{
		Identifier: esi.MustParse("urn:schac:personalUniqueCode:int:esi:fr:123456789AB"),
		Enrolments: []router.Enrolment{{Organisation: "999465982", FullName: "Ada Lovelace"}},
	}
	_, err = client.CreatePerson(context.Background(), router.PersonWrite{Person: person})
	fmt.Println(passerelle.OutcomeOf(err))
	_, done, err := client.EnsurePerson(context.Background(), router.PersonWrite{Person: person})
	fmt.Println(done, err)
	for _, r := range fake.Requests() {
		fmt.Println(r.Operation, r.Status)
	}
	// Output:
	// unknown
	// updated <nil>
	// create-person 0
	// create-person 409
	// update-person 200
}
