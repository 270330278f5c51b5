package hei_test

import (
	"fmt"
	"strings"

	"github.com/passerelle-sup/passerelle/hei"
)

func ExampleParseErasmusCode() {
	code, err := hei.ParseErasmusCode("f\u00a0 st.exemple 1")
	fmt.Printf("%q %s %v\n", code, code.Country(), err)
	_, err = hei.ParseErasmusCode("FEXEMPLE01")
	fmt.Println(err)
	// Output:
	// "F  ST-EXEMPLE01" FR <nil>
	// Erasmus code: country at position 1: want one letter and two blanks, two letters and one blank, IRL or LUX
}

func ExampleDirectory() {
	list := "Erasmus Code;PIC;OID;Legal Name\nF  EXEMPLE01;999999991;E10000001;Université d'Exemple\n"
	var directory hei.Directory
	for charter, err := range hei.ReadECHE(strings.NewReader(list), int64(len(list))) {
		if err != nil {
			fmt.Println(err)
			continue
		}
		directory.Add(charter.Institution())
	}
	// What the catalogue of the network says of an institution.
	partner, err := hei.FromOtherIDs("EWP", "exemple.example", func(yield func(typ, value string) bool) { yield("pic", "999999991") })
	if err != nil {
		fmt.Println(err)
	}
	directory.Add(partner)

	for _, m := range directory.Find(hei.Query{Code: hei.MustParseErasmusCode("F EXEMPLE01")}) {
		fmt.Println(m.Source, m.Name, m.Domain, m.By, m.Direct)
	}
	// Output:
	// ECHE Université d'Exemple  erasmus true
	// EWP  exemple.example pic false
}
