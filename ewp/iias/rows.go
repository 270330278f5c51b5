package iias

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/contact"
)

// Sheet is an agreement as a student system keeps it: two parties, and a row for each
// thing that is agreed on. [Sheet.Agreement] and [SheetOf] turn it into the own copy
// and back.
type Sheet struct {
	Own, Partner Party
	InEffect     bool
	Terminated   bool // as a whole, before any exchange
	Rows         []Row
}

// Party is one side of a [Sheet].
type Party struct {
	HEI     ewp.HEIID
	ID      string // iia-id of its copy; of the partner's, "" while it is not known
	Code    string // number of the agreement there
	Unit    string // organizational unit that is the partner, by its own identifier
	Signer  *contact.Contact
	Signed  passerelle.Date
	Contact []contact.Contact
	// SameYear says that its academic years begin and end in one calendar year
	// ("2026/2026"), as in the southern hemisphere.
	SameYear bool
}

// Row is one thing that is agreed on: one direction of one kind of mobility.
type Row struct {
	Kind      Kind
	Incoming  bool   // the partner sends, and we receive
	From, To  string // units that send and receive, "" where not said
	FirstYear int    // calendar year in which the first academic year begins: 2026
	LastYear  int
	Persons   int        // at most, each year
	Languages []Skill    // one at least for studies and teaching
	Subjects  []string   // ISCED-F, four digits; one at least
	Months    Hundredths // of students, all together each year; 0 where not said
	Days      Hundredths // of staff
	Blended   bool
	EQF       []int // levels of the students, 1 to 8
	Terms     string
}

// Skill is a language and its level, "" where any will do: {"en", "B2"}.
type Skill struct{ Language, Level string }

// Hundredths is a number of months or days, in hundredths: 550 is 5.5.
type Hundredths int

// String returns the number as it is written in a document: "5.5", "" for 0.
func (h Hundredths) String() string {
	if h <= 0 {
		return ""
	}
	text := fmt.Sprintf("%d.%02d", h/100, h%100)
	return strings.TrimSuffix(strings.TrimRight(text, "0"), ".")
}

// Agreement returns the own copy. The order of the rows of one kind is that of the
// conditions, and part of the hash: keep it. What is missing is said by
// [Agreement.Validate].
func (s Sheet) Agreement() Agreement {
	a := Agreement{Partners: []Partner{s.Own.partner(), s.Partner.partner()}, InEffect: strconv.FormatBool(s.InEffect)}
	if s.Terminated {
		a.Conditions.TerminatedAsAWhole = "true"
	}
	for _, row := range s.Rows {
		if list := a.Conditions.Of(row.Kind); list != nil {
			*list = append(*list, row.condition(s.Own, s.Partner))
		}
	}
	return a
}

func (p Party) partner() Partner {
	return Partner{HEI: p.HEI, Unit: p.Unit, IIAID: p.ID, Code: p.Code, SigningContact: p.Signer, SigningDate: p.Signed.String(), Contacts: p.Contact}
}

func (r Row) condition(own, partner Party) Condition {
	from, to := own, partner
	if r.Incoming {
		from, to = partner, own
	}
	c := Condition{
		SendingHEI: from.HEI, SendingUnit: r.From, ReceivingHEI: to.HEI, ReceivingUnit: r.To,
		FirstYear: academicYear(r.FirstYear, to.SameYear), LastYear: academicYear(r.LastYear, to.SameYear),
		MobilitiesPerYear: Number{Value: strconv.Itoa(r.Persons)},
		OtherTerms:        r.Terms, MonthsPerYear: r.Months.String(), DaysPerYear: r.Days.String(),
	}
	for _, l := range r.Languages {
		c.Languages = append(c.Languages, Language{Code: strings.ToLower(l.Language), Level: l.Level})
	}
	for _, code := range r.Subjects {
		c.SubjectAreas = append(c.SubjectAreas, SubjectArea{ISCED: ISCED{Code: code}})
	}
	if r.Kind.IsStudent() {
		c.Blended = strconv.FormatBool(r.Blended)
	}
	for _, level := range r.EQF {
		c.EQFLevels = append(c.EQFLevels, strconv.Itoa(level))
	}
	return c
}

// academicYear returns "2026/2027", or "2026/2026".
func academicYear(begins int, same bool) string {
	if begins == 0 {
		return ""
	}
	ends := begins + 1
	if same {
		ends = begins
	}
	return fmt.Sprintf("%04d/%04d", begins, ends)
}

// SheetOf reads a copy, of ours or of the partner's, into a sheet of the institution
// own. Its error is passerelle.FieldErrors with the path of each value that a sheet
// cannot hold, flags of version 6 among them; the sheet is then without these.
func SheetOf(a Agreement, own ewp.HEIID) (Sheet, error) {
	var c check
	var s Sheet
	s.InEffect, _ = a.IsInEffect()
	s.Terminated = a.Conditions.Terminated()
	for i, p := range a.Partners {
		party := Party{HEI: p.HEI, ID: p.IIAID, Code: p.Code, Unit: p.Unit, Signer: p.SigningContact, Contact: p.Contacts}
		if p.SigningDate != "" {
			signed, err := passerelle.ParseDate(trim(p.SigningDate))
			c.unless(err == nil, fmt.Sprintf("partner[%d].signing-date", i), "date", "YYYY-MM-DD")
			party.Signed = signed
		}
		if p.HEI == own {
			s.Own = party
		} else {
			s.Partner = party
		}
	}
	c.unless(!s.Own.HEI.IsZero() && !s.Partner.HEI.IsZero(), "partner", "partner", "the own institution and another one")
	c.faults = append(c.faults, a.Flags()...)
	for _, kind := range Kinds() {
		for i, m := range *a.Conditions.Of(kind) {
			row := c.row(m, kind, own, fmt.Sprintf("cooperation-conditions.%s[%d]", kind, i))
			s.Rows = append(s.Rows, row)
			receiver := &s.Partner
			if row.Incoming {
				receiver = &s.Own
			}
			first, second, _ := strings.Cut(trim(m.FirstYear), "/")
			receiver.SameYear = receiver.SameYear || first == second && first != ""
		}
	}
	return s, c.faults.Err()
}

// row reads a condition.
func (c *check) row(m Condition, kind Kind, own ewp.HEIID, path string) Row {
	r := Row{
		Kind: kind, Incoming: m.ReceivingHEI == own, From: m.SendingUnit, To: m.ReceivingUnit,
		FirstYear: yearOf(trim(m.FirstYear)), LastYear: yearOf(trim(m.LastYear)), Terms: m.OtherTerms,
	}
	c.years(m, path)
	var ok bool
	if r.Persons, ok = m.Mobilities(); !ok && !isTrue(m.MobilitiesPerYear.NotYetDefined) {
		c.faults.Add(path+".mobilities-per-year", "range", "a whole number above 0")
	}
	for i, l := range m.Languages {
		c.unless(l.SubjectArea == nil, fmt.Sprintf("%s.recommended-language-skill[%d].subject-area", path, i), "unsupported", "a language for all subject areas")
		r.Languages = append(r.Languages, Skill{trim(l.Code), trim(l.Level)})
	}
	for i, s := range m.SubjectAreas {
		c.unless(s.Clarification == nil || *s.Clarification == "", fmt.Sprintf("%s.subject-area[%d].isced-clarification", path, i), "unsupported", "a code that says all")
		r.Subjects = append(r.Subjects, trim(s.ISCED.Code))
	}
	const number = "a number above 0 with two decimals at most"
	months, okMonths := m.Months()
	days, okDays := m.Days()
	c.unless(okMonths || m.MonthsPerYear == "", path+".total-months-per-year", "range", number)
	c.unless(okDays || m.DaysPerYear == "", path+".total-days-per-year", "range", number)
	r.Months, r.Days = Hundredths(months), Hundredths(days)
	if r.Blended, ok = m.IsBlended(); !ok && kind.IsStudent() {
		c.faults.Add(path+".blended", "boolean", "true or false")
	}
	for i, level := range m.EQFLevels {
		n, err := strconv.Atoi(trim(level))
		c.unless(err == nil, fmt.Sprintf("%s.eqf-level[%d]", path, i), "range", "1 to 8")
		r.EQF = append(r.EQF, n)
	}
	return r
}

// Mirror returns the copy by which we agree with a partner's: the same conditions, we
// as the owner under our own identifier and number, the partner second under its. Flags
// of version 6 stay, for a person to settle.
func Mirror(theirs Agreement, id, code string) Agreement {
	a := theirs
	owner, other := theirs.Other(), theirs.Owner()
	owner.IIAID, owner.Code = id, code
	a.Partners = []Partner{owner, other}
	a.Hash, a.PDF = "", ""
	return a
}
