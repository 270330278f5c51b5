package apogeetest_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/adapters/apogee"
	"github.com/passerelle-sup/passerelle/adapters/apogee/apogeetest"
)

// Trouble on purpose, and what a client makes of it.
func ExampleService_Script() {
	server, err := apogeetest.Listen(apogeetest.Config{Seed: 1, Students: 10})
	if err != nil {
		log.Fatal(err)
	}
	defer server.Close()
	client, err := apogee.New(server.Config())
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	server.Script(apogee.OpStudent, apogeetest.UnknownFault)
	_, err = client.Identity(ctx, "22600001")
	fmt.Println(err)
	_, err = client.Identity(ctx, "1")
	fmt.Println(err, errors.Is(err, passerelle.ErrNotFound))
	identity, err := client.Identity(ctx, "22600001")
	fmt.Println(identity.CodEtu, err)
	// Output:
	// apogee: student: unavailable
	// apogee: student: not found (technical.data.nullretrieve.etudiant) true
	// 22600001 <nil>
}
