package iias_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/passerelle-sup/passerelle/ewp/iias"
	"github.com/passerelle-sup/passerelle/ewp/internal/documenttest"
	"github.com/passerelle-sup/passerelle/internal/testutil"
)

// TestValidate changes one thing of a good agreement at a time.
func TestValidate(t *testing.T) {
	t.Parallel()
	good := full(t)
	if err := good.Validate(); err != nil {
		t.Fatal(err)
	}
	const (
		studies    = "cooperation-conditions.student-studies-mobility-spec[0]"
		traineeing = "cooperation-conditions.student-traineeship-mobility-spec[0]"
		teaching   = "cooperation-conditions.staff-teacher-mobility-spec[0]"
	)
	for name, c := range map[string]struct {
		change func(a *iias.Agreement, m *iias.Condition)
		want   string // fields and rules, comma between
	}{
		"one partner":           {func(a *iias.Agreement, _ *iias.Condition) { a.Partners = a.Partners[:1] }, "partner length"},
		"twice one":             {func(a *iias.Agreement, _ *iias.Condition) { a.Partners[1].HEI = a.Partners[0].HEI }, "partner[1].hei-id different, " + studies + ".sending-hei-id partner, " + traineeing + ".sending-hei-id partner, " + teaching + ".sending-hei-id partner, cooperation-conditions.staff-training-mobility-spec[0].sending-hei-id partner"},
		"nobody":                {func(a *iias.Agreement, _ *iias.Condition) { a.Partners[0].IIAID, a.Partners[0].Code = "", "" }, "partner[0].iia-id required, partner[0].iia-code required"},
		"partner unknown there": {func(a *iias.Agreement, _ *iias.Condition) { a.Partners[1].IIAID, a.Partners[1].Code = "", "" }, ""},
		"identifiers": {func(a *iias.Agreement, _ *iias.Condition) {
			a.Partners[0].IIAID, a.Partners[1].Unit, a.PDF = "a b", "é", strings.Repeat("x", 65)
		}, "partner[0].iia-id pattern, partner[1].ounit-id pattern, pdf-file pattern"},
		"signing date": {func(a *iias.Agreement, _ *iias.Condition) { a.Partners[0].SigningDate = "31/03/2026" }, "partner[0].signing-date date"},
		"contacts": {func(a *iias.Agreement, m *iias.Condition) {
			a.Partners[0].Contacts[1].Names, m.ReceivingContacts[0].Emails = nil, []string{"x"}
		}, "partner[0].contact[1].contact-name required, " + studies + ".receiving-contact[0].email[0] pattern"},
		"effect":        {func(a *iias.Agreement, _ *iias.Condition) { a.InEffect = "yes" }, "in-effect boolean"},
		"termination":   {func(a *iias.Agreement, _ *iias.Condition) { a.Conditions.TerminatedAsAWhole = "false" }, "cooperation-conditions.terminated-as-a-whole code"},
		"third party":   {func(_ *iias.Agreement, m *iias.Condition) { m.SendingHEI = uniC }, studies + ".sending-hei-id partner"},
		"one's own":     {func(_ *iias.Agreement, m *iias.Condition) { m.ReceivingHEI = m.SendingHEI }, studies + ".sending-hei-id partner"},
		"years":         {func(_ *iias.Agreement, m *iias.Condition) { m.FirstYear, m.LastYear = "2026/2028", "2027" }, studies + ".receiving-first-academic-year-id pattern, " + studies + ".receiving-last-academic-year-id pattern"},
		"years reverse": {func(_ *iias.Agreement, m *iias.Condition) { m.LastYear = "2025/2026" }, studies + ".receiving-last-academic-year-id range"},
		"southern":      {func(_ *iias.Agreement, m *iias.Condition) { m.FirstYear, m.LastYear = "2026/2026", "2026/2026" }, ""},
		"no persons":    {func(_ *iias.Agreement, m *iias.Condition) { m.MobilitiesPerYear.Value = "0" }, studies + ".mobilities-per-year range"},
		"flag":          {func(_ *iias.Agreement, m *iias.Condition) { m.MobilitiesPerYear.NotYetDefined = "x" }, studies + ".mobilities-per-year.not-yet-defined boolean"},
		"no language":   {func(_ *iias.Agreement, m *iias.Condition) { m.Languages = nil }, studies + ".recommended-language-skill required"},
		"language": {func(_ *iias.Agreement, m *iias.Condition) {
			m.Languages[0].Code, m.Languages[0].Level = "English language", "native"
		}, studies + ".recommended-language-skill[0].language pattern, " + studies + ".recommended-language-skill[0].cefr-level pattern"},
		"no subject": {func(_ *iias.Agreement, m *iias.Condition) { m.SubjectAreas = nil }, studies + ".subject-area required"},
		"subject": {func(_ *iias.Agreement, m *iias.Condition) {
			m.SubjectAreas[0].ISCED = iias.ISCED{Code: "54", V6Value: "0541"}
		}, studies + ".subject-area[0].isced-f-code pattern, " + studies + ".subject-area[0].isced-f-code.v6-value pattern"},
		"months":      {func(_ *iias.Agreement, m *iias.Condition) { m.MonthsPerYear = "5.125" }, studies + ".total-months-per-year range"},
		"days":        {func(_ *iias.Agreement, m *iias.Condition) { m.MonthsPerYear, m.DaysPerYear = "", "5" }, studies + ".total-days-per-year absent"},
		"not blended": {func(_ *iias.Agreement, m *iias.Condition) { m.Blended = "" }, studies + ".blended boolean"},
		"no level":    {func(_ *iias.Agreement, m *iias.Condition) { m.EQFLevels = nil }, studies + ".eqf-level required"},
		"level":       {func(_ *iias.Agreement, m *iias.Condition) { m.EQFLevels = []string{"6", "9"} }, studies + ".eqf-level[1] range"},
		"staff": {func(a *iias.Agreement, _ *iias.Condition) {
			m := &a.Conditions.StaffTeaching[0]
			m.MonthsPerYear, m.Blended, m.EQFLevels = "1", "true", []string{"6"}
		}, teaching + ".total-months-per-year absent, " + teaching + ".blended absent, " + teaching + ".eqf-level absent"},
	} {
		a := full(t)
		c.change(&a, &a.Conditions.StudentStudies[0])
		testutil.Equal(t, name, strings.Join(documenttest.Faults(t, a.Validate()), ", "), c.want)
		_, err := iias.Seal(a)
		if (err != nil) != (c.want != "") {
			t.Errorf("%s: sealing: %v", name, err)
		}
	}
}

// TestFlags: what version 6 left open is listed, keeps a copy from being approved, and
// from being proposed anew.
func TestFlags(t *testing.T) {
	t.Parallel()
	a := full(t)
	if flags := a.Flags(); len(flags) > 0 {
		t.Errorf("flags of a copy without: %v", flags)
	}
	m := &a.Conditions.StudentStudies[0]
	m.MobilitiesPerYear.NotYetDefined = "true"
	m.Languages[0].NotYetDefined = "1"
	m.Languages[0].SubjectArea.ISCED.V6Value = "54"
	m.SubjectAreas[0].ISCED.V6Value = "54"
	const at = "cooperation-conditions.student-studies-mobility-spec[0]."
	testutil.Equal(t, "flags", documenttest.Faults(t, a.Flags()), []string{
		at + "mobilities-per-year not-yet-defined", at + "recommended-language-skill[0] not-yet-defined",
		at + "recommended-language-skill[0].subject-area.isced-f-code v6-value", at + "subject-area[0].isced-f-code v6-value",
	})
	r, err := iias.Seal(a)
	if err != nil {
		t.Fatal(err)
	}
	if c, err := iias.Compute([]byte(r.XML)); err != nil || c.Approvable {
		t.Errorf("%v, %v; want a copy that may not be approved", c.Approvable, err)
	}
	if _, _, err := iias.Create(a, nil, day); fmt.Sprint(err) != a.Flags().Error() {
		t.Errorf("proposed: %v; want its flags", err)
	}
}

// TestAccessors read leaves that are text.
func TestAccessors(t *testing.T) {
	t.Parallel()
	for i, c := range []struct {
		text string
		want int
		ok   bool
	}{
		0: {"5", 500, true}, 1: {"5.00", 500, true}, 2: {" 05.5\n", 550, true}, 3: {".25", 25, true}, 4: {"+1.", 100, true}, 5: {"0", 0, false},
		6: {"", 0, false}, 7: {"5,5", 0, false}, 8: {"-5", -500, false}, 9: {"5.125", 0, false}, 10: {"1e2", 0, false}, 11: {"5.10", 510, true},
	} {
		if got, ok := (iias.Condition{MonthsPerYear: c.text}).Months(); ok != c.ok || ok && got != c.want {
			t.Errorf("%d: %q is %d, %v", i, c.text, got, ok)
		}
		if got, ok := (iias.Condition{DaysPerYear: c.text}).Days(); ok != c.ok || ok && got != c.want {
			t.Errorf("%d: %q is %d, %v", i, c.text, got, ok)
		}
	}
	m := iias.Condition{MobilitiesPerYear: iias.Number{Value: "3"}, Blended: "1"}
	if n, ok := m.Mobilities(); n != 3 || !ok {
		t.Errorf("%d, %v", n, ok)
	}
	if blended, ok := m.IsBlended(); !blended || !ok {
		t.Errorf("%v, %v", blended, ok)
	}
	m.MobilitiesPerYear.NotYetDefined = "true"
	if n, ok := m.Mobilities(); ok {
		t.Errorf("%d, though it is not yet defined", n)
	}
	for i, h := range []struct {
		n    iias.Hundredths
		want string
	}{0: {500, "5"}, 1: {550, "5.5"}, 2: {5, "0.05"}, 3: {0, ""}, 4: {1000, "10"}, 5: {-1, ""}} {
		testutil.Equal(t, fmt.Sprint(i), h.n.String(), h.want)
	}
}
