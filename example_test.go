package passerelle_test

import (
	"errors"
	"fmt"

	"github.com/passerelle-sup/passerelle"
)

// Two spellings of one name, as two systems recorded it.
func ExampleSameName() {
	fmt.Println(passerelle.FoldName("d’Arc-Lœtitia"))
	fmt.Println(passerelle.SameName("Jean-François", "JEAN FRANCOIS"))
	// Output:
	// D ARC LOETITIA
	// true
}

// What a registration lacks is listed field by field.
func ExamplePerson_Missing() {
	p := passerelle.Person{BirthName: "Lefèvre", GivenNames: [3]string{"Zoé"}, Sex: passerelle.SexFemale}
	fmt.Println(p.Missing())
	// Output:
	// BirthDate: required: want the birth date; Birthplace: required: want the COG code of the commune, or 99xxx of the country
}

// A call that failed may be repeated only when nothing of it was sent.
func ExampleOutcomeOf() {
	fmt.Println(passerelle.OutcomeOf(errors.New("connection reset")))
	_, err := passerelle.ParseDate("2007-02-30")
	fmt.Println(passerelle.OutcomeOf(err), errors.Is(err, passerelle.ErrInvalid))
	// Output:
	// unknown
	// not sent true
}
