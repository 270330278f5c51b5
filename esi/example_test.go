package esi_test

import (
	"errors"
	"fmt"
	"log"

	"github.com/passerelle-sup/passerelle/esi"
	"github.com/passerelle-sup/passerelle/ine"
)

func ExampleFromINE() {
	for _, s := range []string{"223456789HE", "2024D00001A"} {
		id, err := esi.FromINE(ine.MustParse(s))
		if errors.Is(err, esi.ErrProvisional) {
			fmt.Println("wait for the definitive INE")
			continue
		} else if err != nil {
			log.Fatal(err)
		}
		fmt.Println(id)
	}
	// Output:
	// urn:schac:personalUniqueCode:int:esi:fr:223456789HE
	// wait for the definitive INE
}

func ExampleRead() {
	for _, s := range []string{
		"urn:schac:personalUniqueCode:int:esi:uio.no:1234567890",
		"urn:schac:PersonalUniqueCode:int:esi:HR:xxxxxxxxxx",
		"ES-999898311-0617102195",
	} {
		r, err := esi.Read(s)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(r.ID.Form(), r.ID.Scope(), r.ID.Code(), r.Variants)
	}
	// Output:
	// institution uio.no 1234567890 []
	// country HR xxxxxxxxxx [prefix-case]
	// legacy ES 0617102195 [legacy]
}

func ExampleID_Key() {
	a := esi.MustParse("urn:schac:personalUniqueCode:int:esi:fr:223456789HE")
	b := esi.MustParse("urn:schac:personalUniqueCode:int:esi:FR:223456789he")
	fmt.Println(a == b, a.Equal(b), a.Key() == b.Key())
	// Output: false true true
}

func ExampleFromSAML() {
	r, err := esi.FromSAML(map[string][]string{
		"urn:oid:1.3.6.1.4.1.25178.1.2.14": {
			"urn:schac:personalUniqueCode:fi:tut.fi:hetu:010161-995A",
			"urn:schac:personalUniqueCode:int:esi:uma.es:0617102195",
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(r.ID)
	// Output: urn:schac:personalUniqueCode:int:esi:uma.es:0617102195
}

func ExampleFrance_Release() {
	id, err := esi.France{}.Release("223456789HE") // the values of supannCodeINE
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(esi.SAMLName, id)
	// Output: urn:oid:1.3.6.1.4.1.25178.1.2.14 urn:schac:personalUniqueCode:int:esi:fr:223456789HE
}

func ExampleConformance() {
	for _, f := range esi.Conformance(esi.MustParse("urn:schac:personalUniqueCode:int:esi:se:123")) {
		fmt.Println(f)
	}
	// Output: scope: form: want the institution form in SE, as in urn:schac:personalUniqueCode:int:esi:ladok.se:externtstudentuid-857c0573-0000-4000-8000-000000000000
}
