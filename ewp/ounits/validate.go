package ounits

import (
	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp/internal/lexical"
)

// Validate returns everything that the schema refuses, as passerelle.FieldErrors whose
// paths are those of the elements.
func (u Unit) Validate() error { return u.Faults("").Err() }

// Faults is Validate for a unit inside a document: paths begin with path.
func (u Unit) Faults(path string) passerelle.FieldErrors {
	f := lexical.Under(path)
	f.Identifier("ounit-id", u.ID)
	f.Required("ounit-code", u.Code, "a code for people")
	f.Names("name", u.Names)
	if u.Parent != "" {
		f.Identifier("parent-ounit-id", u.Parent)
	}
	if u.Street != nil {
		f.In("street-address", u.Street.Validate())
	}
	if u.Mailing != nil {
		f.In("mailing-address", u.Mailing.Validate())
	}
	f.Links("website-url", u.Websites)
	if u.Logo != "" {
		f.HTTPS("logo-url", u.Logo)
	}
	f.Links("mobility-factsheet-url", u.Factsheets)
	for i, c := range u.Contacts {
		f.In(lexical.At("contact", i), c.Validate())
	}
	return f.List()
}

// Check returns what is wrong with all units of an institution together, beside what is
// wrong with each: identifiers and codes that are not unique, parents that are not among
// them, and units above themselves. Paths begin with the position: "ounit[2]". Several
// units without a parent are no fault.
func Check(units []Unit) error {
	var f lexical.Faults
	byID, byCode := make(map[string]int, len(units)), make(map[string]int, len(units))
	for i, u := range units {
		path := lexical.At("ounit", i)
		f.In(path, u.Validate())
		if _, again := byID[u.ID]; again {
			f.Add(path+".ounit-id", "duplicate", "an identifier of its own")
		} else {
			byID[u.ID] = i
		}
		if _, again := byCode[u.Code]; again {
			f.Add(path+".ounit-code", "duplicate", "a code of its own")
		}
		byCode[u.Code] = i
	}
	for i, u := range units {
		if u.Parent == "" {
			continue
		}
		path := lexical.At("ounit", i) + ".parent-ounit-id"
		if _, ok := byID[u.Parent]; !ok {
			f.Add(path, "reference", "a unit that is among them")
		} else if inCircle(units, byID, i) {
			f.Add(path, "circle", "no unit that is below this one")
		}
	}
	return f.Err()
}

// inCircle reports whether a unit is above itself.
func inCircle(units []Unit, byID map[string]int, i int) bool {
	at := i
	for range units {
		parent, ok := byID[units[at].Parent]
		if !ok {
			return false
		}
		if parent == i {
			return true
		}
		at = parent
	}
	return false
}

// Children returns the units below each unit, by its identifier, in the order given.
// Those below "" are the roots: units without a parent, or with one that is not among
// them.
func Children(units []Unit) map[string][]Unit {
	known := make(map[string]bool, len(units))
	for _, u := range units {
		known[u.ID] = true
	}
	children := make(map[string][]Unit)
	for _, u := range units {
		parent := u.Parent
		if !known[parent] {
			parent = ""
		}
		children[parent] = append(children[parent], u)
	}
	return children
}

// Root returns the unit that stands for the institution: the only one without a parent,
// when there are others below it. The Institutions API names it as root-ounit-id.
func Root(units []Unit) (Unit, bool) {
	roots := Children(units)[""]
	if len(roots) != 1 || len(units) < 2 {
		return Unit{}, false
	}
	return roots[0], true
}
