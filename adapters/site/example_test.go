package site_test

import (
	"fmt"
	"strings"

	"github.com/passerelle-sup/passerelle/adapters/site"
)

// What is wrong in a configuration is told at once, by its path.
func ExampleDecode() {
	_, err := site.Decode(strings.NewReader(`{
	  "uai": "0511296G", "year": 2026,
	  "pegase": {"tenant": "univ-exemple", "username": "svc-api", "password": {}}
	}`), ".")
	fmt.Println(err)
	// Output:
	// pegase.password: required: want {"env": "NAME"} or {"file": "path"}: where the secret is
}

// The addresses of a tenant, to be compared with those that the vendor gave.
func ExampleConfig_PegaseEndpoints() {
	cfg, err := site.Decode(strings.NewReader(`{
	  "uai": "0511296G", "year": 2026,
	  "pegase": {"tenant": "univ-exemple", "username": "svc-api", "password": {"env": "PEGASE_PASSWORD"}}
	}`), ".")
	if err != nil {
		fmt.Println(err)
		return
	}
	endpoints, err := cfg.PegaseEndpoints()
	fmt.Println(endpoints.IDT, err)
	// Output:
	// https://idt.univ-exemple.pc-scol.fr/api/idt/ext/v1 <nil>
}
