package institutions

import (
	"slices"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp/internal/lexical"
)

// Validate returns everything that the schema refuses, and a root unit that is not
// among the units, which the official validator refuses, as passerelle.FieldErrors
// whose paths are those of the elements.
func (h HEI) Validate() error { return h.Faults("").Err() }

// Faults is Validate for an institution inside a document: paths begin with path.
func (h HEI) Faults(path string) passerelle.FieldErrors {
	f := lexical.Under(path)
	f.HEI("hei-id", h.ID)
	for i, id := range h.OtherIDs {
		f.Required(lexical.At("other-id", i)+"@type", id.Type, "the type of the identifier")
		f.Required(lexical.At("other-id", i), id.Value, "an identifier")
	}
	f.Names("name", h.Names)
	if h.Street != nil {
		f.In("street-address", h.Street.Validate())
	}
	if h.Mailing != nil {
		f.In("mailing-address", h.Mailing.Validate())
	}
	f.Links("website-url", h.Websites)
	if h.Logo != "" {
		f.HTTPS("logo-url", h.Logo)
	}
	f.Links("mobility-factsheet-url", h.Factsheets)
	f.Links("course-catalogue-url", h.Catalogues)
	for i, c := range h.Contacts {
		f.In(lexical.At("contact", i), c.Validate())
	}
	if h.RootUnit != "" {
		f.Identifier("root-ounit-id", h.RootUnit)
		if !slices.Contains(h.Units, h.RootUnit) {
			f.Add("root-ounit-id", "reference", "a unit that is among ounit-id too")
		}
	}
	seen := make(map[string]bool, len(h.Units))
	for i, id := range h.Units {
		f.Identifier(lexical.At("ounit-id", i), id)
		if seen[id] {
			f.Add(lexical.At("ounit-id", i), "duplicate", "each unit once")
		}
		seen[id] = true
	}
	return f.List()
}
