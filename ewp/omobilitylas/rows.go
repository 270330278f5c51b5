package omobilitylas

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp/contact"
	"github.com/passerelle-sup/passerelle/ewp/term"
)

// Letter names a table by its letter in the template, or by its type of mobility.
type Letter string

// The tables.
const (
	A             Letter = "A" // studied at the receiving institution
	B             Letter = "B" // recognised by the sending institution
	C             Letter = "C" // studied online
	BlendedTable  Letter = "blended"
	DoctoralTable Letter = "doctoral"
)

// table returns where the table of a letter stands; nil for a letter that is none.
func (t *Tables) table(l Letter) **Table {
	switch l {
	case A:
		return &t.Studied
	case B:
		return &t.Recognized
	case C:
		return &t.Virtual
	case BlendedTable:
		return &t.Blended
	case DoctoralTable:
		return &t.Doctoral
	}
	return nil
}

// Row is a component as a student system keeps it.
type Row struct {
	Table       Letter
	Code        string // in the catalogue of who gives it, for people
	Title       string
	Credits     Hundredths // ECTS, 0 where nothing is counted
	Term        int        // number of the term, from 1; 0 where not said
	Terms       int        // how many terms the year has; required with Term
	Conditions  string     // of a recognition that is not automatic
	Description string
	// Status, Reason and Text are those of a change, empty in a first version.
	Status Mark
	Reason Reason
	Text   string
}

// Hundredths is a number of credits in hundredths: 750 is 7.5. It is what
// mobility.Credits is, and can be converted to and from it.
type Hundredths int64

// String returns the number as it is written in a document: "7.5", "" for 0.
func (h Hundredths) String() string {
	if h <= 0 {
		return ""
	}
	text := fmt.Sprintf("%d.%02d", h/100, h%100)
	return strings.TrimSuffix(strings.TrimRight(text, "0"), ".")
}

// ParseHundredths reads a decimal number that is not negative, with two decimals at the
// most. Its error is a *passerelle.ParseError.
func ParseHundredths(s string) (Hundredths, error) {
	fault := &passerelle.ParseError{Type: "credits", Rule: "pattern", Want: "a number as 7.5, with two decimals at the most"}
	whole, part, _ := strings.Cut(strings.TrimPrefix(strings.TrimSpace(s), "+"), ".")
	part = strings.TrimRight(part, "0")
	const most = 6 // digits, far beyond any year
	if len(whole) > most || len(part) > 2 || whole+part == "" && !strings.Contains(s, "0") {
		return 0, fault
	}
	digits := whole + part + "00"[len(part):]
	n, err := strconv.ParseUint(digits, 10, 32)
	if err != nil {
		return 0, fault
	}
	return Hundredths(n), nil
}

// TablesOf returns the tables of rows, each in their order. Tables A and B of a semester
// mobility are there where the table of one row is A, B or C, because a first version
// has both. A row of no table is left out.
func TablesOf(rows []Row) Tables {
	var t Tables
	for _, row := range rows {
		table := t.table(row.Table)
		if table == nil {
			continue
		}
		if *table == nil {
			*table = TableOf()
		}
		(*table).Components = append((*table).Components, row.component())
	}
	if t.Studied != nil || t.Recognized != nil || t.Virtual != nil {
		for _, l := range []Letter{A, B} {
			if table := t.table(l); *table == nil {
				*table = TableOf()
			}
		}
	}
	return t
}

func (r Row) component() Component {
	c := Component{
		Status: r.Status, Reason: r.Reason, ReasonText: r.Text,
		LOSCode: r.Code, Title: r.Title, RecognitionConditions: r.Conditions, ShortDescription: r.Description,
	}
	if r.Term > 0 {
		c.Term = &term.Part{Number: strconv.Itoa(r.Term), Total: strconv.Itoa(r.Terms)}
	}
	if r.Credits > 0 {
		c.Credits = []Credit{{Scheme: SchemeECTS, Value: r.Credits.String()}}
	}
	return c
}

// Rows returns the components of all tables, in the order of the tables. Credits and
// terms that are not numbers are left out of the row, and reasons that the schema does
// not have.
func (t Tables) Rows() []Row {
	var rows []Row
	for _, l := range []Letter{A, B, C, BlendedTable, DoctoralTable} {
		table := *t.table(l)
		if table == nil {
			continue
		}
		for _, c := range table.Components {
			row := Row{
				Table: l, Code: c.LOSCode, Title: c.Title, Conditions: c.RecognitionConditions, Description: c.ShortDescription,
				Status: c.Status, Reason: c.KnownReason(), Text: c.ReasonText,
			}
			row.Credits, _ = ParseHundredths(c.ECTS())
			if c.Term != nil {
				if number, total, ok := c.Term.Ints(); ok {
					row.Term, row.Terms = number, total
				}
			}
			rows = append(rows, row)
		}
	}
	return rows
}

// StudentOf returns the student of civil identity p: the usage name where there is one,
// as on the papers that are shown at the border. citizenship is a country of ISO 3166-1,
// esi the European Student Identifier as esi.ID.String gives it.
func StudentOf(p passerelle.Person, esi, citizenship, email string) Student {
	s := Student{GivenNames: p.Given(), FamilyName: p.UsageName, GlobalID: esi, Citizenship: citizenship, Gender: contact.GenderUnknown, Email: email}
	if strings.TrimSpace(s.FamilyName) == "" {
		s.FamilyName = p.BirthName
	}
	if !p.BirthDate.IsZero() {
		s.BirthDate = p.BirthDate.String()
	}
	switch p.Sex {
	case passerelle.SexFemale:
		s.Gender = contact.GenderFemale
	case passerelle.SexMale:
		s.Gender = contact.GenderMale
	}
	return s
}
