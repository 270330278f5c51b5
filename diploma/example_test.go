package diploma_test

import (
	"fmt"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/diploma"
)

// What a draft lacks is listed by section, before anybody signs it.
func ExampleSupplement_Missing() {
	s := diploma.Supplement{
		Wording: diploma.English(),
		Holder:  passerelle.Person{BirthName: "LEFÈVRE", GivenNames: [3]string{"Zoé"}},
		Explained: map[string]string{
			"1.4": "The institution gives no student number to the public.",
		},
	}
	for _, m := range s.Missing()[:3] {
		fmt.Printf("%s %s: %s\n", m.Number, m.Title, m.Want)
	}
	// Output:
	// 1.3 Date of birth (dd/mm/yyyy): the holder, from the student system
	// 2.1 Name of qualification and (if applicable) title conferred (in original language): the record of the programme
	// 2.2 Main field(s) of study for the qualification: the record of the programme
}
