package iias

import (
	"fmt"
	"regexp"
	"strconv"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp/internal/lexical"
	"github.com/passerelle-sup/passerelle/ewp/term"
)

var (
	cefrLevel = regexp.MustCompile(`^[ABC][12]$`).MatchString
	iscedCode = regexp.MustCompile(`^[0-9]{4}$`).MatchString
	v6Code    = regexp.MustCompile(`^[0-9]{1,3}$`).MatchString
)

const wantID = "an identifier of 1 to 64 printable characters without blanks"

// check collects the faults of an agreement.
type check struct{ faults passerelle.FieldErrors }

func (c *check) unless(ok bool, path, rule, want string) {
	if !ok {
		c.faults.Add(path, rule, want)
	}
}

// Validate returns every rule that the copy breaks, as passerelle.FieldErrors whose
// paths are those of the elements: of the schema, of the text of the specification
// (the owner first, with identifier and number), and of the Commission's mandatory
// business requirements of 24 October 2022 (EQF levels for studies). That a condition
// names a subject area, and that its institutions are the two partners, is deduced.
//
// Flags of version 6 are no fault of a copy that was not changed since, see
// [Agreement.Flags].
func (a Agreement) Validate() error {
	var c check
	c.unless(len(a.Partners) == 2, "partner", "length", "two partners")
	for i, p := range a.Partners {
		c.partner(p, fmt.Sprintf("partner[%d]", i), i == 0)
	}
	owner, other := a.Owner(), a.Other()
	c.unless(len(a.Partners) < 2 || owner.HEI != other.HEI, "partner[1].hei-id", "different", "another institution than that of the owner")
	_, ok := boolean(a.InEffect)
	c.unless(ok, "in-effect", "boolean", "true or false")
	const conditions = "cooperation-conditions"
	switch a.Conditions.TerminatedAsAWhole {
	case "", "true", "1":
	default:
		c.faults.Add(conditions+".terminated-as-a-whole", "code", "true, or nothing")
	}
	for _, kind := range Kinds() {
		for i, condition := range *a.Conditions.Of(kind) {
			path := fmt.Sprintf("%s.%s[%d]", conditions, kind, i)
			c.condition(condition, kind, path)
			if len(a.Partners) == 2 {
				between := condition.SendingHEI == owner.HEI && condition.ReceivingHEI == other.HEI ||
					condition.SendingHEI == other.HEI && condition.ReceivingHEI == owner.HEI
				c.unless(between, path+".sending-hei-id", "partner", "one partner that sends, and the other that receives")
			}
		}
	}
	c.optional(lexical.IsIdentifier, a.PDF, "pdf-file", wantID)
	return c.faults.Err()
}

func (c *check) partner(p Partner, path string, owner bool) {
	c.unless(!p.HEI.IsZero(), path+".hei-id", "required", "the institution")
	c.unless(!owner || p.IIAID != "", path+".iia-id", "required", wantID)
	c.unless(!owner || p.Code != "", path+".iia-code", "required", "the number of the agreement, for people")
	c.optional(lexical.IsIdentifier, p.IIAID, path+".iia-id", wantID)
	c.optional(lexical.IsIdentifier, p.Unit, path+".ounit-id", wantID)
	if p.SigningDate != "" {
		d, err := passerelle.ParseDate(trim(p.SigningDate))
		c.unless(err == nil && !d.Partial(), path+".signing-date", "date", "YYYY-MM-DD")
	}
	if p.SigningContact != nil {
		c.faults = append(c.faults, p.SigningContact.Faults(path+".signing-contact")...)
	}
	for i, contact := range p.Contacts {
		c.faults = append(c.faults, contact.Faults(fmt.Sprintf("%s.contact[%d]", path, i))...)
	}
}

// optional checks the form of a value that may be absent.
func (c *check) optional(ok func(string) bool, value, path, want string) {
	c.unless(value == "" || ok(value), path, "pattern", want)
}

func (c *check) condition(m Condition, kind Kind, path string) {
	c.unless(!m.SendingHEI.IsZero(), path+".sending-hei-id", "required", "the institution that sends")
	c.unless(!m.ReceivingHEI.IsZero(), path+".receiving-hei-id", "required", "the institution that receives")
	c.optional(lexical.IsIdentifier, m.SendingUnit, path+".sending-ounit-id", wantID)
	c.optional(lexical.IsIdentifier, m.ReceivingUnit, path+".receiving-ounit-id", wantID)
	for i, contact := range m.SendingContacts {
		c.faults = append(c.faults, contact.Faults(fmt.Sprintf("%s.sending-contact[%d]", path, i))...)
	}
	for i, contact := range m.ReceivingContacts {
		c.faults = append(c.faults, contact.Faults(fmt.Sprintf("%s.receiving-contact[%d]", path, i))...)
	}
	c.years(m, path)
	n, err := strconv.Atoi(m.MobilitiesPerYear.Value)
	c.unless(err == nil && n > 0, path+".mobilities-per-year", "range", "a whole number above 0")
	c.flag(m.MobilitiesPerYear.NotYetDefined, path+".mobilities-per-year")

	c.unless(len(m.Languages) > 0 || kind != StudentStudies && kind != StaffTeaching, path+".recommended-language-skill", "required", "a language at least")
	for i, l := range m.Languages {
		at := fmt.Sprintf("%s.recommended-language-skill[%d]", path, i)
		c.unless(lexical.IsLanguage(l.Code), at+".language", "pattern", "a language tag: en, pt-BR")
		c.optional(cefrLevel, l.Level, at+".cefr-level", "A1, A2, B1, B2, C1 or C2")
		c.flag(l.NotYetDefined, at)
		if l.SubjectArea != nil {
			c.subject(*l.SubjectArea, at+".subject-area")
		}
	}
	c.unless(len(m.SubjectAreas) > 0, path+".subject-area", "required", "a subject area at least")
	for i, s := range m.SubjectAreas {
		c.subject(s, fmt.Sprintf("%s.subject-area[%d]", path, i))
	}
	c.duration(m, kind, path)
}

// years checks the two years of a condition.
func (c *check) years(m Condition, path string) {
	const want = "YYYY/YYYY, the second one year after the first, or the same"
	first, last := yearOf(m.FirstYear), yearOf(m.LastYear)
	c.unless(first > 0, path+".receiving-first-academic-year-id", "pattern", want)
	c.unless(last > 0, path+".receiving-last-academic-year-id", "pattern", want)
	c.unless(first == 0 || last == 0 || last >= first, path+".receiving-last-academic-year-id", "range", "not before the first year")
}

// flag checks a flag of version 6.
func (c *check) flag(value, path string) {
	if value != "" {
		_, ok := boolean(value)
		c.unless(ok, path+".not-yet-defined", "boolean", "true, or nothing")
	}
}

func (c *check) subject(s SubjectArea, path string) {
	c.unless(iscedCode(s.ISCED.Code), path+".isced-f-code", "pattern", "four digits of ISCED-F 2013")
	c.optional(v6Code, s.ISCED.V6Value, path+".isced-f-code.v6-value", "one to three digits")
}

// duration checks what only students, or only staff, have.
func (c *check) duration(m Condition, kind Kind, path string) {
	const want = "a number above 0 with two decimals at most"
	_, months := m.Months()
	_, days := m.Days()
	c.unless(m.MonthsPerYear == "" || months, path+".total-months-per-year", "range", want)
	c.unless(m.DaysPerYear == "" || days, path+".total-days-per-year", "range", want)
	if !kind.IsStudent() {
		c.unless(m.MonthsPerYear == "", path+".total-months-per-year", "absent", "days: months are of students")
		c.unless(m.Blended == "", path+".blended", "absent", "nothing: it is of students")
		c.unless(len(m.EQFLevels) == 0, path+".eqf-level", "absent", "nothing: it is of students")
		return
	}
	c.unless(m.DaysPerYear == "", path+".total-days-per-year", "absent", "months: days are of staff")
	_, ok := boolean(m.Blended)
	c.unless(ok, path+".blended", "boolean", "true or false; false for what was agreed before there was blended mobility")
	c.unless(len(m.EQFLevels) > 0 || kind != StudentStudies, path+".eqf-level", "required", "a level at least")
	for i, level := range m.EQFLevels {
		n, err := strconv.Atoi(level)
		c.unless(err == nil && n >= 1 && n <= 8, fmt.Sprintf("%s.eqf-level[%d]", path, i), "range", "1 to 8")
	}
}

// Flags lists the elements that were approved under version 6 without being what
// version 7 demands (not-yet-defined, v6-value). A copy that has any may not be
// approved anew, and has to lose them when it is modified: a person gives the values.
func (a Agreement) Flags() passerelle.FieldErrors {
	var c check
	flag := func(value, path string) {
		c.unless(!isTrue(value), path, "not-yet-defined", "a value, given by a person")
	}
	subject := func(s SubjectArea, path string) {
		c.unless(s.ISCED.V6Value == "", path+".isced-f-code", "v6-value", "a code of four digits, chosen by a person")
	}
	for _, kind := range Kinds() {
		for i, m := range *a.Conditions.Of(kind) {
			path := fmt.Sprintf("cooperation-conditions.%s[%d]", kind, i)
			flag(m.MobilitiesPerYear.NotYetDefined, path+".mobilities-per-year")
			for j, l := range m.Languages {
				at := fmt.Sprintf("%s.recommended-language-skill[%d]", path, j)
				flag(l.NotYetDefined, at)
				if l.SubjectArea != nil {
					subject(*l.SubjectArea, at+".subject-area")
				}
			}
			for j, s := range m.SubjectAreas {
				subject(s, fmt.Sprintf("%s.subject-area[%d]", path, j))
			}
		}
	}
	return c.faults
}

// yearOf returns the civil year in which an academic year begins, 0 for what is none.
func yearOf(id string) int {
	year, err := term.ParseYear(id)
	if err != nil {
		return 0
	}
	return year.First()
}
