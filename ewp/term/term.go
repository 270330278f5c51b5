package term

import (
	"strconv"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/internal/lexical"
)

// Namespace is that of version 1: of the element academic-term and of what is in a
// [Term] under any name. NamespaceV2 is that of what is in a [Part].
const (
	Namespace   = "https://github.com/erasmus-without-paper/ewp-specs-types-academic-term/tree/stable-v1"
	NamespaceV2 = "https://github.com/erasmus-without-paper/ewp-specs-types-academic-term/tree/stable-v2"
)

// Term is an academic term of an institution, in version 1.
type Term struct {
	YearID string    `xml:"https://github.com/erasmus-without-paper/ewp-specs-types-academic-term/tree/stable-v1 academic-year-id"` // see ParseYear
	EWPID  string    `xml:"https://github.com/erasmus-without-paper/ewp-specs-types-academic-term/tree/stable-v1 ewp-id,omitempty"` // see ParseID; experimental, says the schema
	Names  ewp.Texts `xml:"https://github.com/erasmus-without-paper/ewp-specs-types-academic-term/tree/stable-v1 display-name"`     // "Autumn term 2025/2026"
	Start  string    `xml:"https://github.com/erasmus-without-paper/ewp-specs-types-academic-term/tree/stable-v1 start-date"`       // YYYY-MM-DD
	End    string    `xml:"https://github.com/erasmus-without-paper/ewp-specs-types-academic-term/tree/stable-v1 end-date"`         // YYYY-MM-DD
}

// Dates returns the first and the last day. Its error is a *passerelle.ParseError.
func (t Term) Dates() (first, last passerelle.Date, err error) {
	if first, err = lexical.Date(t.Start); err == nil {
		last, err = lexical.Date(t.End)
	}
	return first, last, err
}

// Validate returns everything that the schema refuses, and what contradicts itself, as
// passerelle.FieldErrors whose paths are those of the elements.
func (t Term) Validate() error { return t.Faults("").Err() }

// Faults is Validate for a term inside a document: paths begin with path.
func (t Term) Faults(path string) passerelle.FieldErrors {
	f := lexical.Under(path)
	year, err := ParseYear(t.YearID)
	if err != nil {
		f.Add("academic-year-id", "academic-year", "an academic year as 2025/2026")
	}
	if t.EWPID != "" {
		switch id, err := ParseID(t.EWPID); {
		case err != nil:
			f.Add("ewp-id", "academic-term", "a term as 2025/2026-2/2")
		case !year.IsZero() && id.Year != year:
			f.Add("ewp-id", "conflict", "a term of the academic year in academic-year-id")
		}
	}
	f.Names("display-name", t.Names)
	first, last := f.Date("start-date", t.Start), f.Date("end-date", t.End)
	if !first.IsZero() && !last.IsZero() && last.Before(first) {
		f.Add("end-date", "range", "no day before start-date")
	}
	return f.List()
}

// Part is a term among those of a year that is named elsewhere, the TermId of version
// 2, as learning agreements have it.
type Part struct {
	Number string `xml:"https://github.com/erasmus-without-paper/ewp-specs-types-academic-term/tree/stable-v2 term-number"` // from "1"
	Total  string `xml:"https://github.com/erasmus-without-paper/ewp-specs-types-academic-term/tree/stable-v2 total-terms"`
}

// Ints returns both numbers. It is false where one is no whole number.
func (p Part) Ints() (number, total int, ok bool) {
	number, err1 := strconv.Atoi(lexical.Token(p.Number))
	total, err2 := strconv.Atoi(lexical.Token(p.Total))
	return number, total, err1 == nil && err2 == nil
}

// In returns the term as an [ID] of an academic year. It is false where the numbers
// are none of a term, or of a year with more than nine.
func (p Part) In(y Year) (ID, bool) {
	number, total, ok := p.Ints()
	if !ok || y.IsZero() || number < 1 || number > total || total > 9 {
		return ID{}, false
	}
	return ID{y, number, total}, true
}

// Validate returns what the schema refuses, and numbers that are none of a term, as
// passerelle.FieldErrors.
func (p Part) Validate() error { return p.Faults("").Err() }

// Faults is Validate for a part inside a document: paths begin with path.
func (p Part) Faults(path string) passerelle.FieldErrors {
	f := lexical.Under(path)
	switch number, total, ok := p.Ints(); {
	case !ok:
		f.Integer("term-number", p.Number)
		f.Integer("total-terms", p.Total)
	case number < 1 || number > total:
		f.Add("term-number", "range", "1 to the number of terms of the year")
	}
	return f.List()
}
