package ewptest

import (
	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/contact"
	"github.com/passerelle-sup/passerelle/ewp/institutions"
	"github.com/passerelle-sup/passerelle/ewp/ounits"
)

// campusInstitution describes an institution with its units, as its manifest does.
func campusInstitution(i ewp.Institution, units []ounits.Unit) institutions.HEI {
	h := institutions.FromCatalogue(i)
	h.Street = &contact.Address{Lines: []string{"1 rue de l'Exemple"}, PostalCode: "99999", Locality: "Exemple", Country: "FR"}
	h.Mailing = h.Street
	h.Websites = ewp.Texts{{Value: "https://" + i.ID.String() + "/"}}
	h.Factsheets = ewp.Texts{{Lang: "en", Value: "https://" + i.ID.String() + "/factsheet.pdf"}}
	h.Contacts = []contact.Contact{campusOffice(i)}
	for _, u := range units {
		h.Units = append(h.Units, u.ID)
	}
	if root, ok := ounits.Root(units); ok {
		h.RootUnit = root.ID
	}
	return h
}

// campusOffice is whom partners write to.
func campusOffice(i ewp.Institution) contact.Contact {
	return contact.Contact{
		Names:  ewp.Texts{{Lang: "en", Value: "International office"}, {Lang: "fr", Value: "Relations internationales"}},
		Phones: []contact.Phone{{E164: "+33100000000"}},
		Emails: []string{"international@" + i.ID.String()},
	}
}
