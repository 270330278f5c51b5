package ewptest

import (
	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/contact"
	"github.com/passerelle-sup/passerelle/ewp/ounits"
)

// campusUnits are the unit that stands for the institution, and two faculties.
func campusUnits(i ewp.Institution) []ounits.Unit {
	units := []ounits.Unit{
		{ID: "unit-0", Code: "UNIV", Names: i.Names},
		{ID: "unit-1", Code: "FAC-SCI", Names: ewp.Texts{{Lang: "en", Value: "Faculty of Science"}, {Lang: "fr", Value: "UFR Sciences"}}, Abbreviation: "SCI", Parent: "unit-0"},
		{ID: "unit-2", Code: "FAC-LET", Names: ewp.Texts{{Lang: "en", Value: "Faculty of Arts"}, {Lang: "fr", Value: "UFR Lettres"}}, Abbreviation: "LET", Parent: "unit-0"},
	}
	for n := range units {
		units[n].Contacts = []contact.Contact{campusOffice(i)}
	}
	return units
}
