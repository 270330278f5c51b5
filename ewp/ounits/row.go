package ounits

import (
	"github.com/passerelle-sup/passerelle/ewp"
)

// Row is a unit as student systems keep it: a code, a label in the language of the
// country, perhaps one in English.
type Row struct {
	// ID is the key of the unit, of 1 to 64 printable ASCII characters. Empty stands for
	// Code, which must never change then.
	ID           string
	Code         string // as people know it: "UFR-SCI"
	Name         string
	NameEnglish  string // empty when there is none
	Abbreviation string
	Parent       string // ID of the unit above, empty for none
	Website      string
}

// Unit returns the unit, with Name in a language such as "fr".
func (r Row) Unit(lang string) Unit {
	u := Unit{ID: r.ID, Code: r.Code, Abbreviation: r.Abbreviation, Parent: r.Parent}
	if u.ID == "" {
		u.ID = r.Code
	}
	if r.NameEnglish != "" {
		u.Names = append(u.Names, ewp.Text{Lang: "en", Value: r.NameEnglish})
	}
	if r.Name != "" {
		u.Names = append(u.Names, ewp.Text{Lang: lang, Value: r.Name})
	}
	if r.Website != "" {
		u.Websites = ewp.Texts{{Value: r.Website}}
	}
	return u
}

// Row returns what a row of a student system holds of the unit: Name is in the first
// of the languages that there is one in, else in any.
func (u Unit) Row(langs ...string) Row {
	r := Row{ID: u.ID, Code: u.Code, Name: u.Names.In(langs...).Value, Abbreviation: u.Abbreviation, Parent: u.Parent}
	if u.Names.Has("en") {
		r.NameEnglish = u.Names.In("en").Value
	}
	r.Website = u.Websites.In(langs...).Value
	return r
}

// FromRows returns the units of rows. Its error is that of [Check], whose positions are
// those of the rows.
func FromRows(rows []Row, lang string) ([]Unit, error) {
	units := make([]Unit, len(rows))
	for i, r := range rows {
		units[i] = r.Unit(lang)
	}
	return units, Check(units)
}
