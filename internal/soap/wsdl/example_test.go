package wsdl_test

import (
	"fmt"
	"os"

	"github.com/passerelle-sup/passerelle/internal/soap"
	"github.com/passerelle-sup/passerelle/internal/soap/wsdl"
)

// A mapping is checked against the contract before the first call.
func Example() {
	d, err := wsdl.Read(wsdl.FromFS(os.DirFS("testdata")), "immatriculation.wsdl")
	if err != nil {
		fmt.Println(err)
		return
	}
	input := d.Operation("immatriculer", soap.V12).Input
	fmt.Println(input.Required())
	for _, fault := range input.Unknown("nom", "naissance/commune/code", "naissance/lieu") {
		fmt.Println(fault)
	}
	// Output:
	// [nom prenom naissance] <nil>
	// naissance/lieu: unknown: want one of date, commune, pays
}
