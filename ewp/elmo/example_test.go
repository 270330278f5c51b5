package elmo_test

import (
	"fmt"

	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/elmo"
	"github.com/passerelle-sup/passerelle/sis"
)

// Results of a student system become a transcript; what the version demands and is
// absent is told before anything is sent.
func ExampleDocument_Validate() {
	results := []sis.Result{
		{Year: 2026, Course: sis.Course{Code: "ALG", Title: "Algèbre"}, Credits: "7,5", Passed: sis.PassedYes, Mark: "14"},
	}
	d := &elmo.Document{
		GeneratedDate: "2027-02-15T10:00:00Z",
		Learner:       elmo.Learner{GivenNames: "Zoé", FamilyName: "LEFÈVRE"},
		Reports: []elmo.Report{{
			Issuer:         elmo.Issuer{Identifiers: []elmo.Identifier{{Type: "schac", Value: "univ-exemple.fr"}}, Titles: ewp.Texts{{Value: "Université Exemple"}}},
			Specifications: elmo.Sheet{Lang: "fr"}.Specifications(results),
			IssueDate:      "2027-02-15T10:00:00Z",
		}},
	}
	fmt.Println(d.Validate(elmo.V1))
	fmt.Println(d.Validate(elmo.V2))
	fmt.Println(d.Reports[0].CreditsPassed("ects").FloatString(1), "credits")
	// Output:
	// <nil>
	// learner.alternativeName: required: want an alternative name: 2.1.1 demands one, 2.1.2 does not; an empty one will do
	// 7.5 credits
}
