package iias

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// SameContent reports whether two copies agree on the same: see [Differences].
func SameContent(a, b Agreement) bool { return len(Differences(a, b)) == 0 }

// Difference is something that one of two copies has, and the other has not.
type Difference struct {
	// InFirst says which of the two copies has it.
	InFirst bool
	Kind    Kind   // of the condition; "" for the agreement as a whole
	Content string // what it has, one value a line
}

// Differences returns what two copies do not agree on: whether the agreement is
// terminated, and each condition that has no equal in the other copy, the most alike
// ones next to each other. Two copies with none present the same conditions, which the
// specification demands before they are approved; their hashes differ nevertheless.
//
// Spelling does not count: order, "5.00" and "5", "true" and "1", "EN-gb" and "en",
// empty elements. Neither do contacts, numbers, signatures and PDFs. That is the
// comparison proposed beside version 7 (compare_version_7.xsl, never released) but for
// the identifiers, which it compares as a set: the mapping is looked at in approving.
func Differences(a, b Agreement) []Difference {
	var found []Difference
	if a.Conditions.Terminated() != b.Conditions.Terminated() {
		found = append(found, Difference{InFirst: a.Conditions.Terminated(), Content: "terminated-as-a-whole=1"})
	}
	for _, kind := range Kinds() {
		inA, inB := normal(*a.Conditions.Of(kind)), normal(*b.Conditions.Of(kind))
		onlyA, onlyB := without(inA, inB), without(inB, inA)
		var of []Difference
		for _, content := range onlyA {
			of = append(of, Difference{true, kind, content})
		}
		for _, content := range onlyB {
			of = append(of, Difference{false, kind, content})
		}
		slices.SortStableFunc(of, func(x, y Difference) int { return cmp.Compare(x.Content, y.Content) })
		found = append(found, of...)
	}
	return found
}

// without returns the values of a that b has not, as often as they are too many.
func without(a, b []string) []string {
	rest := slices.Clone(a)
	for _, v := range b {
		if i := slices.Index(rest, v); i >= 0 {
			rest = slices.Delete(rest, i, i+1)
		}
	}
	return rest
}

// normal returns the conditions in a form that equal ones share.
func normal(conditions []Condition) []string {
	var all []string
	for _, c := range conditions {
		all = append(all, strings.Join(normalCondition(c), "\n"))
	}
	return all
}

func normalCondition(c Condition) []string {
	lines := lines{
		"sending-hei-id=" + c.SendingHEI.String(), "receiving-hei-id=" + c.ReceivingHEI.String(),
		"receiving-first-academic-year-id=" + trim(c.FirstYear), "receiving-last-academic-year-id=" + trim(c.LastYear),
	}
	lines.add("sending-ounit-id", c.SendingUnit)
	lines.add("receiving-ounit-id", c.ReceivingUnit)
	if isTrue(c.MobilitiesPerYear.NotYetDefined) {
		lines.add("mobilities-per-year", "not yet defined")
	} else {
		lines.add("mobilities-per-year", decimal(c.MobilitiesPerYear.Value))
	}
	for _, l := range c.Languages {
		lines.add("recommended-language-skill", normalLanguage(l))
	}
	for _, s := range c.SubjectAreas {
		lines.add("subject-area", normalSubject(s))
	}
	lines.add("other-info-terms", strings.Join(strings.Fields(c.OtherTerms), " "))
	lines.add("total-months-per-year", decimal(c.MonthsPerYear))
	lines.add("total-days-per-year", decimal(c.DaysPerYear))
	if blended, ok := c.IsBlended(); ok {
		lines.add("blended", strconv.FormatBool(blended))
	} else {
		lines.add("blended", c.Blended)
	}
	for _, level := range c.EQFLevels {
		lines.add("eqf-level", decimal(level))
	}
	slices.Sort(lines)
	return lines
}

// lines are elements with their values.
type lines []string

// add adds an element that is not empty.
func (l *lines) add(name, value string) {
	if value = trim(value); value != "" {
		*l = append(*l, name+"="+value)
	}
}

func normalLanguage(l Language) string {
	if isTrue(l.NotYetDefined) {
		return "not yet defined"
	}
	code, _, _ := strings.Cut(strings.ToLower(trim(l.Code)), "-")
	text := strings.TrimSpace(code + " " + trim(l.Level))
	if l.SubjectArea != nil {
		text += " " + normalSubject(*l.SubjectArea)
	}
	return text
}

func normalSubject(s SubjectArea) string {
	text := trim(cmp.Or(s.ISCED.V6Value, s.ISCED.Code))
	if s.Clarification != nil {
		if c := strings.Join(strings.Fields(*s.Clarification), " "); c != "" {
			text += fmt.Sprintf(" (%s)", c)
		}
	}
	return text
}

// decimal writes a number without what does not change it; anything else stays.
func decimal(s string) string {
	s = trim(s)
	whole, part, _ := strings.Cut(strings.TrimPrefix(s, "+"), ".")
	if whole+part == "" || strings.Trim(whole+part, "0123456789") != "" {
		return s
	}
	whole, part = strings.TrimLeft(whole, "0"), strings.TrimRight(part, "0")
	if whole == "" {
		whole = "0"
	}
	if part != "" {
		whole += "." + part
	}
	return whole
}
