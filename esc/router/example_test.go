package router_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/esc"
	"github.com/passerelle-sup/passerelle/esc/esctest"
	"github.com/passerelle-sup/passerelle/esc/router"
	"github.com/passerelle-sup/passerelle/esi"
)

func ExampleSync() {
	// A fake on loopback stands for the router. Against the real one:
	// router.Config{Environment: router.Sandbox, Organisations: …}.
	fake, err := esctest.NewRouter(esctest.RouterConfig{Organisations: []router.Organisation{{PIC: "999465982", Token: "example"}}})
	if err != nil {
		panic(err)
	}
	server := esctest.NewServer(fake)
	defer server.Close()
	client, err := router.New(fake.ClientConfig(server.URL))
	if err != nil {
		panic(err)
	}
	sync, err := router.NewSync(router.SyncConfig{Client: client, State: &router.MemoryState{}}) // router.OpenState("esc.journal")
	if err != nil {
		panic(err)
	}

	ctx := context.Background()
	student := router.Wanted{
		Key:      router.Key{PIC: "999465982", Student: "20260001"},
		ESI:      esi.MustParse("urn:schac:personalUniqueCode:int:esi:fr:123456789AB"),
		FullName: "Ada Lovelace", Email: "ada@univ-ville.example", Level: router.Master,
		Cards: []router.WantedCard{{
			Number: esc.MustParse("d88b02c1-894e-1038-a711-001999465982"), State: router.Active, Type: router.CardSmartNoCDZ,
			IssuedAt: passerelle.MustParseDate("2026-09-01"), ExpiresAt: passerelle.MustParseDate("2099-09-30"),
		}},
	}
	apply := func() {
		result, err := sync.Apply(ctx, student)
		if err != nil {
			panic(err) // the state or the context: the router's failures are in the result
		}
		fmt.Println(result.Effect, len(result.Steps))
	}
	apply() // no consent, nothing sent
	student.Consent = true
	apply()
	apply()
	student.Consent = false
	apply()
	// Output:
	// nothing 0
	// sent 2
	// unchanged 0
	// removed 2
}

func ExampleClient_Verify() {
	fake, err := esctest.NewRouter(esctest.RouterConfig{})
	if err != nil {
		panic(err)
	}
	server := esctest.NewServer(fake)
	defer server.Close()
	client, err := router.New(fake.ClientConfig(server.URL)) // the verifier takes no token
	if err != nil {
		panic(err)
	}
	_, err = client.Verify(context.Background(), router.CardRequest{Number: "d88b02c1-894e-1038-a711-001999465982"})
	fmt.Println(errors.Is(err, passerelle.ErrNotFound))
	// Output: true
}
