package iias_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/passerelle-sup/passerelle/ewp/iias"
	"github.com/passerelle-sup/passerelle/ewp/internal/documenttest"
	"github.com/passerelle-sup/passerelle/internal/testutil"
)

// TestSameContent: spelling does not count, and everything else does.
func TestSameContent(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(a *iias.Agreement, m *iias.Condition)
		same   bool
	}{
		"nothing":             {func(*iias.Agreement, *iias.Condition) {}, true},
		"decimals":            {func(_ *iias.Agreement, m *iias.Condition) { m.MonthsPerYear, m.MobilitiesPerYear.Value = "05.00", "03" }, true},
		"boolean":             {func(_ *iias.Agreement, m *iias.Condition) { m.Blended = "0" }, true},
		"language in capital": {func(_ *iias.Agreement, m *iias.Condition) { m.Languages[0].Code = "EN-gb" }, true},
		"contacts":            {func(a *iias.Agreement, m *iias.Condition) { m.SendingContacts, a.Partners[0].Contacts = nil, nil }, true},
		"numbers":             {func(a *iias.Agreement, _ *iias.Condition) { a.Partners[0].Code, a.PDF = "other", "" }, true},
		"order of levels":     {func(_ *iias.Agreement, m *iias.Condition) { slices.Reverse(m.EQFLevels) }, true},
		"empty elements": {func(_ *iias.Agreement, m *iias.Condition) {
			empty := ""
			m.OtherTerms, m.Languages[0].SubjectArea.Clarification = " ", &empty
		}, true},
		"persons":       {func(_ *iias.Agreement, m *iias.Condition) { m.MobilitiesPerYear.Value = "4" }, false},
		"undefined":     {func(_ *iias.Agreement, m *iias.Condition) { m.MobilitiesPerYear.NotYetDefined = "true" }, false},
		"last year":     {func(_ *iias.Agreement, m *iias.Condition) { m.LastYear = "2029/2030" }, false},
		"level":         {func(_ *iias.Agreement, m *iias.Condition) { m.Languages[0].Level = "B1" }, false},
		"unit":          {func(_ *iias.Agreement, m *iias.Condition) { m.ReceivingUnit = "u" }, false},
		"clarification": {func(_ *iias.Agreement, m *iias.Condition) { m.SubjectAreas[0].Clarification = nil }, false},
		"direction": {func(_ *iias.Agreement, m *iias.Condition) {
			m.SendingHEI, m.ReceivingHEI = m.ReceivingHEI, m.SendingHEI
		}, false},
		"termination": {func(a *iias.Agreement, _ *iias.Condition) { a.Conditions.TerminatedAsAWhole = "1" }, false},
		"one more": {func(a *iias.Agreement, m *iias.Condition) {
			a.Conditions.StudentStudies = append(a.Conditions.StudentStudies, *m)
		}, false},
	} {
		a, b := full(t), full(t)
		c.change(&b, &b.Conditions.StudentStudies[0])
		if iias.SameContent(a, b) != c.same || iias.SameContent(b, a) != c.same {
			t.Errorf("%s: %v", name, iias.Differences(a, b))
		}
	}
	reordered := full(t)
	more := reordered.Conditions.StudentStudies[0]
	more.LastYear = "2027/2028"
	a, b := full(t), full(t)
	a.Conditions.StudentStudies = append(a.Conditions.StudentStudies, more)
	b.Conditions.StudentStudies = append([]iias.Condition{more}, b.Conditions.StudentStudies...)
	if d := iias.Differences(a, b); len(d) > 0 {
		t.Errorf("the order of conditions counts: %v", d)
	}
}

// TestDifferences tells what is where.
func TestDifferences(t *testing.T) {
	t.Parallel()
	a, b := sheet(uniA, uniB, "A-1", "B-1", 2).Agreement(), sheet(uniB, uniA, "B-1", "A-1", 3).Agreement()
	b.Conditions.StaffTeaching = nil
	const both = "eqf-level=6\neqf-level=7\nmobilities-per-year="
	got := iias.Differences(a, b)
	if len(got) != 3 {
		t.Fatalf("%d differences: %v", len(got), got)
	}
	for i, want := range []iias.Difference{
		{InFirst: true, Kind: iias.StudentStudies, Content: both + "2"}, {InFirst: false, Kind: iias.StudentStudies, Content: both + "3"}, {InFirst: true, Kind: iias.StaffTeaching},
	} {
		if got[i].InFirst != want.InFirst || got[i].Kind != want.Kind || i < 2 && !strings.Contains(got[i].Content, want.Content) {
			t.Errorf("%d: %+v, want %+v", i, got[i], want)
		}
	}
}

// TestMirror: the answer to a proposal says the same, from the other side.
func TestMirror(t *testing.T) {
	t.Parallel()
	proposal := full(t)
	proposal.Partners[1].IIAID = ""
	answer := iias.Mirror(proposal, "B-7", "B/2026/7")
	if err := answer.Validate(); err != nil {
		t.Fatal(err)
	}
	if !iias.SameContent(proposal, answer) || answer.Owner().HEI != uniB || answer.Owner().IIAID != "B-7" || answer.Owner().Code != "B/2026/7" ||
		answer.Other().IIAID != "A-1" || answer.PDF != "" || answer.Hash != "" {
		t.Errorf("%+v", answer)
	}
	if proposal.Owner().HEI != uniA {
		t.Error("the proposal was changed")
	}
}

// TestSheet: rows of a student system, as a document and back.
func TestSheet(t *testing.T) {
	t.Parallel()
	want := sheet(uniA, uniB, "A-1", "B-1", 3)
	want.InEffect, want.Terminated = true, true
	want.Rows = append(want.Rows, iias.Row{
		Kind: iias.StudentTraineeship, Incoming: true, From: "u-1", To: "u-2", FirstYear: 2026, LastYear: 2026, Persons: 1,
		Subjects: []string{"0541", "0311"}, Months: 325, Blended: true, Terms: "none",
	})
	slices.SortStableFunc(want.Rows, func(a, b iias.Row) int {
		return slices.Index(iias.Kinds(), a.Kind) - slices.Index(iias.Kinds(), b.Kind)
	})
	a := want.Agreement()
	if err := a.Validate(); err != nil {
		t.Fatal(err)
	}
	got, err := iias.SheetOf(a, uniA)
	if err != nil {
		t.Fatal(err)
	}
	testutil.Equal(t, "sheet", got, want, documenttest.HEIs)

	// The same from the other side: what comes in there goes out here.
	other, err := iias.SheetOf(iias.Mirror(a, "B-1", "B"), uniB)
	if err != nil || other.Own.HEI != uniB || other.Rows[0].Incoming == want.Rows[0].Incoming {
		t.Errorf("%+v, %v", other, err)
	}
	for i, c := range []struct {
		change func(m *iias.Condition)
		want   []string
	}{
		0: {func(m *iias.Condition) { m.MobilitiesPerYear.Value, m.FirstYear = "many", "26" }, []string{"receiving-first-academic-year-id pattern", "mobilities-per-year range"}},
		1: {func(m *iias.Condition) { m.MobilitiesPerYear.NotYetDefined = "true" }, []string{"mobilities-per-year not-yet-defined"}},
		2: {func(m *iias.Condition) { text := "x"; m.SubjectAreas[0].Clarification = &text }, []string{"subject-area[0].isced-clarification unsupported"}},
		3: {func(m *iias.Condition) { m.Languages[0].SubjectArea = &m.SubjectAreas[0] }, []string{"recommended-language-skill[0].subject-area unsupported"}},
		4: {func(m *iias.Condition) { m.Blended, m.EQFLevels, m.MonthsPerYear = "x", []string{"six"}, "x" }, []string{"total-months-per-year range", "blended boolean", "eqf-level[0] range"}},
	} {
		a := want.Agreement()
		c.change(&a.Conditions.StudentStudies[0])
		_, err := iias.SheetOf(a, uniA)
		for j := range c.want {
			c.want[j] = "cooperation-conditions.student-studies-mobility-spec[0]." + c.want[j]
		}
		testutil.Equal(t, "faults", documenttest.Faults(t, err), c.want)
		if t.Failed() {
			t.Fatalf("case %d", i)
		}
	}
	if _, err := iias.SheetOf(a, uniC); err == nil {
		t.Error("a sheet of an institution that is no partner")
	}
}

// TestSouthernYears: the numbering is the receiver's.
func TestSouthernYears(t *testing.T) {
	t.Parallel()
	s := sheet(uniA, uniB, "A-1", "B-1", 1)
	s.Partner.SameYear = true
	a := s.Agreement()
	testutil.Equal(t, "years", []string{a.Conditions.StudentStudies[0].FirstYear, a.Conditions.StaffTeaching[0].FirstYear}, []string{"2026/2026", "2026/2027"})
	got, err := iias.SheetOf(a, uniA)
	if err != nil || got.Own.SameYear || !got.Partner.SameYear {
		t.Errorf("%+v, %v", got, err)
	}
}
