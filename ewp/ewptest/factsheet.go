package ewptest

import (
	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/factsheet"
)

// campusFactsheet has one office for everything.
func campusFactsheet(i ewp.Institution) factsheet.Factsheet {
	office := campusOffice(i)
	return factsheet.Factsheet{
		HEI: i.ID,
		Calendar: factsheet.Calendar{
			Nominations:  factsheet.Terms{Autumn: "--05-15", Spring: "--10-15"},
			Applications: factsheet.Terms{Autumn: "--06-15", Spring: "--11-15"},
		},
		Requirements:  []factsheet.Requirement{{Name: factsheet.TranscriptOfRecords, Details: "In English or in French"}},
		DecisionWeeks: "4", ToRWeeks: "5",
	}.WithOffice(factsheet.Information{
		Email: office.Email(), Phone: office.Phones[0], Websites: ewp.Texts{{Lang: "en", Value: "https://" + i.ID.String() + "/en/international"}},
	})
}
