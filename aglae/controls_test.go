package aglae_test

import (
	"errors"
	"fmt"
	"iter"
	"slices"
	"testing"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/aglae"
	"github.com/passerelle-sup/passerelle/ine"
	"github.com/passerelle-sup/passerelle/internal/testutil"
	"github.com/passerelle-sup/passerelle/particulier"
	"github.com/passerelle-sup/passerelle/sis"
)

func TestLikeness(t *testing.T) {
	t.Parallel()
	const right, other = "223456789HE", "100000007AK" // right keys
	for i, tc := range []struct {
		ine, grant string
		want       aglae.Likeness
		mistyped   bool
	}{
		0:  {right, right, aglae.Likeness{Slip: aglae.Same}, false},
		1:  {" 2234 56789he ", right, aglae.Likeness{Slip: aglae.Same}, false},
		2:  {"223456789HE\u00a0", "\t" + right, aglae.Likeness{Slip: aglae.Same}, false},
		3:  {"223456780HE", right, aglae.Likeness{Slip: aglae.Substituted, Pos: 9, Right: aglae.RightGrantNumber, WrongKey: true}, true},
		4:  {right, "223456780HE", aglae.Likeness{Slip: aglae.Substituted, Pos: 9, Right: aglae.RightINE, WrongKey: true}, true},
		5:  {right, "X23456789HE", aglae.Likeness{Slip: aglae.Substituted, Pos: 1, Right: aglae.RightINE}, true},
		6:  {"223465789HE", right, aglae.Likeness{Slip: aglae.Swapped, Pos: 5, Right: aglae.RightGrantNumber, WrongKey: true}, true},
		7:  {right, "223456789EH", aglae.Likeness{Slip: aglae.Swapped, Pos: 10, Right: aglae.RightINE, WrongKey: true}, true},
		8:  {right, "23456789HE", aglae.Likeness{Slip: aglae.Dropped, Pos: 2, Right: aglae.RightINE}, true},
		9:  {right, "223456789HEX", aglae.Likeness{Slip: aglae.Dropped, Pos: 12, Right: aglae.RightINE}, true},
		10: {right, "100000007CD", aglae.Likeness{Right: aglae.RightINE, WrongKey: true}, true},
		11: {"100000007CD", right, aglae.Likeness{Right: aglae.RightGrantNumber, WrongKey: true}, true},
		12: {right, other, aglae.Likeness{}, false},
		13: {right, "2234567890123", aglae.Likeness{Right: aglae.RightINE}, false},
		14: {"not an ine", right, aglae.Likeness{Right: aglae.RightGrantNumber}, false},
		15: {"1234A56789B", right, aglae.Likeness{}, false}, // SIFA: its key is not checked, so neither is preferred
		16: {"A", "AB", aglae.Likeness{Slip: aglae.Dropped, Pos: 2}, true},
		17: {"ABC", "CBA", aglae.Likeness{}, false},
	} {
		got := aglae.LikenessOf(tc.ine, tc.grant)
		testutil.Equal(t, fmt.Sprint(i), got, tc.want)
		if got.Mistyped() != tc.mistyped {
			t.Errorf("%d: mistyped is %v", i, got.Mistyped())
		}
	}
}

func TestCheckNumbers(t *testing.T) {
	t.Parallel()
	const right, other, provisional = "223456789HE", "100000007AK", "1234D56789B"
	for i, tc := range []struct {
		reg        aglae.Registration
		finding    aglae.Finding // "" for no row
		reason     string
		suggestion string
	}{
		0:  {aglae.Registration{INE: right, GrantNumber: right}, "", "", ""},
		1:  {aglae.Registration{INE: "2234 56789 he", GrantNumber: right + "  "}, "", "", ""},
		2:  {aglae.Registration{INE: right}, "", "", ""},
		3:  {aglae.Registration{INE: right, Flag: aglae.FlagHolder}, aglae.FoundMissingGrantNumber, "no-grant-number", ""},
		4:  {aglae.Registration{INE: right, Decision: aglae.Conditional}, aglae.FoundMissingGrantNumber, "no-grant-number", ""},
		5:  {aglae.Registration{}, aglae.FoundMissingINE, "no-ine", ""},
		6:  {aglae.Registration{INE: " \t", GrantNumber: other}, aglae.FoundMissingINE, "no-ine-grant", other},
		7:  {aglae.Registration{GrantNumber: "X"}, aglae.FoundMissingINE, "no-ine", ""},
		8:  {aglae.Registration{INE: provisional}, aglae.FoundProvisionalINE, "provisional", ""},
		9:  {aglae.Registration{INE: provisional, GrantNumber: right}, aglae.FoundProvisionalINE, "provisional-grant-ine", right},
		10: {aglae.Registration{INE: provisional, GrantNumber: "123"}, aglae.FoundProvisionalINE, "provisional-grant", ""},
		11: {aglae.Registration{INE: right, GrantNumber: other, OtherINEs: []string{"x", "100000007 ak"}}, aglae.FoundOlderINE, "older-ine", ""},
		12: {aglae.Registration{INE: right, GrantNumber: "223456780HE"}, aglae.FoundMistyped, "slip-ine", right},
		13: {aglae.Registration{INE: "223456780HE", GrantNumber: right}, aglae.FoundMistyped, "slip-grant", right},
		14: {aglae.Registration{INE: right, GrantNumber: "100000007CD"}, aglae.FoundMistyped, "wrong-key-ine", right},
		15: {aglae.Registration{INE: right, GrantNumber: other}, aglae.FoundDifferent, "different", ""},
		16: {aglae.Registration{INE: right, GrantNumber: "2234567890123"}, aglae.FoundDifferent, "different-ine", right},
		17: {aglae.Registration{INE: "223456780HE", GrantNumber: "223456780HE"}, "", "", ""}, // equal: the key is the business of package ine
	} {
		tc.reg.Student, tc.reg.Key, tc.reg.Line, tc.reg.Year = "S", "K", 7, 2026
		rows, errs := rowsOf(aglae.CheckNumbers(seq(tc.reg), aglae.NumberOptions{}))
		if len(errs) > 0 || len(rows) > 1 || (len(rows) == 1) != (tc.finding != "") {
			t.Errorf("%d: got %v, %v", i, rows, errs)
			continue
		}
		if len(rows) == 0 {
			continue
		}
		want := aglae.Row{
			Control: aglae.ControlNumbers, Finding: tc.finding, Student: "S", Key: "K", Line: 7, Year: 2026,
			INE: tc.reg.INE, GrantNumber: tc.reg.GrantNumber, Suggestion: tc.suggestion, Reason: rows[0].Reason,
		}
		testutil.Equal(t, fmt.Sprint(i), rows[0], want)
		testutil.Equal(t, fmt.Sprint(i, " reason"), rows[0].Reason.Key, tc.reason)
	}
	rules := &ine.Rules{Custom: []ine.Rule{{Name: "ours", Match: ine.Prefix("2234"), Status: ine.StatusProvisional}}}
	rows, _ := rowsOf(aglae.CheckNumbers(seq(aglae.Registration{INE: right, GrantNumber: other}), aglae.NumberOptions{Rules: rules}))
	if len(rows) != 1 || rows[0].Finding != aglae.FoundProvisionalINE {
		t.Errorf("the caller's own rule: got %v", rows)
	}
}

func TestOpenConditional(t *testing.T) {
	t.Parallel()
	on := passerelle.NewDate(2026, 11, 27)
	regs := []aglae.Registration{
		{Student: "old", Decision: aglae.Conditional, NotifiedOn: passerelle.NewDate(2026, 6, 30)},
		{Student: "young", Decision: aglae.Conditional, NotifiedOn: passerelle.NewDate(2026, 11, 20)},
		{Student: "undated", Decision: aglae.Conditional},
		{Student: "definitive", Decision: aglae.Definitive, NotifiedOn: passerelle.NewDate(2026, 6, 30)},
		{Student: "declared", Flag: aglae.FlagHolder},
	}
	show := func(min int) (all []string) {
		rows, errs := rowsOf(aglae.OpenConditional(seq(regs...), on, min))
		if len(errs) > 0 {
			t.Error(errs)
		}
		for _, r := range rows {
			all = append(all, fmt.Sprintf("%s %d %s", r.Student, r.Days, r.Reason))
		}
		return all
	}
	testutil.Equal(t, "all", show(0), []string{
		"old 150 conditional notification for 150 days", "young 7 conditional notification for 7 days", "undated 0 conditional notification, day not known",
	})
	testutil.Equal(t, "30 days", show(30), []string{"old 150 conditional notification for 150 days", "undated 0 conditional notification, day not known"})
}

// answerOf is a detection.
func answerOf(student string, minute int, v aglae.Verdict) aglae.Detection {
	return aglae.Detection{Student: student, Year: 2026, At: time.Date(2026, 9, 7, 10, minute, 0, 0, time.UTC), Verdict: v, Source: aglae.SourceConnector}
}

func TestAnswerControls(t *testing.T) {
	t.Parallel()
	holder, none := aglae.FlagHolder, aglae.FlagUndeclared
	regs := []aglae.Registration{
		{Student: "confirmed", Year: 2026, Flag: holder},
		{Student: "twice", Year: 2026, Flag: none, Key: "law"},
		{Student: "twice", Year: 2026, Flag: holder, Key: "letters"}, // the second enrolment is declared
		{Student: "never", Year: 2026, Flag: holder},
		{Student: "waits", Year: 2026, Flag: holder},
		{Student: "silent", Year: 2026, Flag: holder},
		{Student: "flips", Year: 2026, Flag: holder},
		{Student: "forgotten", Year: 2026, Flag: none},
		{Student: "untold", Year: 2026},
		{Student: "nobody", Year: 2026, Flag: none},
		{Student: "confirmed", Year: 2025, Flag: holder}, // another year
	}
	detections := []aglae.Detection{
		answerOf("confirmed", 1, aglae.Holder), answerOf("twice", 2, aglae.Holder), answerOf("waits", 3, aglae.Wait), answerOf("waits", 4, aglae.Unavailable),
		answerOf("silent", 5, aglae.Unavailable), answerOf("flips", 6, aglae.Holder), answerOf("flips", 7, aglae.Wait), answerOf("forgotten", 8, aglae.Holder),
		answerOf("untold", 9, aglae.Holder), answerOf("nobody", 9, aglae.Wait), answerOf("left", 9, aglae.Holder), answerOf("left too", 9, aglae.Wait),
	}
	show := func(rows iter.Seq2[aglae.Row, error]) (all []string) {
		for r, err := range rows {
			if err != nil {
				t.Error(err)
			}
			all = append(all, fmt.Sprintf("%d %s %s %s %v", r.Year, r.Student, r.Finding, r.Reason.Key, r.Verdict))
		}
		return all
	}
	for _, j := range []aglae.Join{{}, {Rows: 1}, {Rows: 3}} {
		testutil.Equal(t, "unconfirmed", show(aglae.DeclaredUnconfirmed(seq(regs...), seq(detections...), j)), []string{
			"2025 confirmed not_asked declared-not-asked undetermined",
			"2026 never not_asked declared-not-asked undetermined",
			"2026 silent no_answer declared-no-answer unavailable",
			"2026 waits waiting declared-waiting wait",
		})
		testutil.Equal(t, "undeclared", show(aglae.ConfirmedUndeclared(seq(regs...), seq(detections...), j)), []string{
			"2026 forgotten undeclared confirmed-undeclared holder",
			"2026 left unenrolled confirmed-unenrolled holder",
			"2026 untold undeclared confirmed-unknown holder",
		})
	}
	testutil.Equal(t, "log", len(show(aglae.ListDetections(seq(detections...), true))), 12)
	testutil.Equal(t, "log of those not confirmed", show(aglae.ListDetections(seq(detections[2:5]...), false)), []string{
		"2026 waits detection detection-wait wait", "2026 waits detection detection-no-answer unavailable", "2026 silent detection detection-no-answer unavailable",
	})
}

func TestCrossCrous(t *testing.T) {
	t.Parallel()
	person := func(name string) passerelle.Person {
		return passerelle.Person{BirthName: name, GivenNames: [3]string{"Ada"}, BirthDate: passerelle.NewDate(2007, 3, 4)}
	}
	regs := []aglae.Registration{
		{Student: "moves", INE: "223456789he", Decision: aglae.Conditional, Flag: aglae.FlagHolder},
		{Student: "stays", INE: "100000007AK", Decision: aglae.Conditional, Flag: aglae.FlagHolder},
		{Student: "by grant number", INE: "1234D56789B", GrantNumber: "900 1", Decision: aglae.Conditional, Flag: aglae.FlagHolder},
		{Student: "struck", INE: "100000014AC", Decision: aglae.Definitive, Flag: aglae.FlagHolder},
		{Student: "undeclared", INE: "100000021KC", Decision: aglae.Conditional, Flag: aglae.FlagUndeclared},
		{Student: "newcomer", INE: "1234D56790C", Person: person("Müller"), Flag: aglae.FlagHolder},
		{Student: "homonym 1", INE: "A1", Person: person("Martin"), Flag: aglae.FlagHolder},
		{Student: "homonym 2", INE: "A2", Person: person("MARTIN")},
		{Student: "absent", INE: "A3", Person: person("Absent"), Flag: aglae.FlagHolder},
		{Student: "no holder", INE: "A4", Person: person("Personne")},
		{Student: "older", INE: "A5", OtherINEs: []string{"9005"}, Decision: aglae.Conditional, Flag: aglae.FlagHolder},
		{Student: "nothing known", Flag: aglae.FlagHolder},
		{Student: "definitive", INE: "A6", Decision: aglae.Definitive, Flag: aglae.FlagHolder},
		{Student: "two enrolments", INE: "A7", Person: person("Double"), Flag: aglae.FlagHolder},
		{Student: "two enrolments", INE: "A7", Person: person("Double"), Flag: aglae.FlagHolder},
		{Student: "struck, not held", INE: "A8"},
		{Student: "said twice", INE: "A9", Decision: aglae.Conditional, Flag: aglae.FlagHolder},
	}
	struck := func(line int, ine string, on passerelle.Date) aglae.CrousRow {
		return aglae.CrousRow{Line: line, INE: ine, Decision: aglae.Definitive, StruckOff: particulier.Some(true), StruckOn: on}
	}
	file := []aglae.CrousRow{
		{Line: 1, INE: "2234 56789HE", Decision: aglae.Definitive},
		{Line: 2, INE: "100000007AK", Decision: aglae.Conditional},
		{Line: 3, FileNumber: "9001", Decision: aglae.Definitive},
		struck(4, "100000014AC", passerelle.NewDate(2026, 10, 2)),
		{Line: 5, INE: "100000021KC", Decision: aglae.Definitive},
		{Line: 6, INE: "100000028JF", Person: person("MULLER"), Decision: aglae.Definitive},
		{Line: 7, INE: "9002", Person: person("Martin"), Decision: aglae.Definitive},
		{Line: 8, INE: "9003", Decision: aglae.Definitive},
		{Line: 9},
		{Line: 10, INE: "9005", Decision: aglae.Definitive},
		{Line: 11, INE: "A6", Decision: aglae.Definitive},
		{Line: 12, INE: "9007", Person: person("Double")},
		struck(13, "A8", passerelle.Date{}),
		{Line: 14, INE: "A9", Decision: aglae.Conditional},
		{Line: 15, INE: "A9", Decision: aglae.Definitive}, // the last line says the state of things
	}
	want := []string{
		"moves definitive crous-definitive 1 ",
		"by grant number definitive crous-definitive 3 ",
		"struck struck_off crous-struck-on 4 ",
		"undeclared undeclared crous-undeclared 5 ",
		"undeclared definitive crous-definitive 5 ",
		"newcomer other_number crous-other-number 6 100000028JF",
		"homonym 1 homonyms crous-homonyms 7 ",
		"homonym 2 homonyms crous-homonyms 7 ",
		"absent absent crous-absent 0 ",
		"older definitive crous-definitive 10 ",
		"nothing known absent crous-absent 0 ",
		"two enrolments other_number crous-other-number 12 9007",
		"two enrolments other_number crous-other-number 12 9007",
		"said twice definitive crous-definitive 15 ",
	}
	show := func(o aglae.CrossOptions) (all []string) {
		for r, err := range aglae.CrossCrous(seq(regs...), seq(file...), o) {
			if err != nil {
				t.Error(err)
			}
			all = append(all, fmt.Sprintf("%s %s %s %d %s", r.Student, r.Finding, r.Reason.Key, r.CrousLine, r.Suggestion))
		}
		return all
	}
	for _, rows := range []int{0, 1, 2, 5} {
		testutil.Equal(t, fmt.Sprint("rows in memory: ", rows), show(aglae.CrossOptions{Join: aglae.Join{Rows: rows}}), want)
		testutil.Equal(t, "with those not enrolled", show(aglae.CrossOptions{Join: aglae.Join{Rows: rows}, Unenrolled: true}),
			append(slices.Clone(want), " unenrolled crous-unenrolled 8 ", " unenrolled crous-unenrolled 9 "))
	}
	if got := show(aglae.CrossOptions{AllDefinitive: true}); !slices.Contains(got, "stays definitive crous-definitive 2 ") {
		t.Errorf("a file of definitive grants does not move the conditional: %v", got)
	}
}

// TestZerosAreNobody crosses lists where thousands have one meaningless number.
func TestZerosAreNobody(t *testing.T) {
	t.Parallel()
	many := func(yield func(aglae.Registration, error) bool) {
		for i := range 3000 {
			if !yield(aglae.Registration{Student: fmt.Sprint(i), INE: "0000000000", Flag: aglae.FlagHolder}, nil) {
				return
			}
		}
	}
	report := aglae.Gather(aglae.ControlCrous, time.Now(), aglae.CrossCrous(many, seq(aglae.CrousRow{Line: 1, INE: "0000000000"}), aglae.CrossOptions{}))
	testutil.Equal(t, "counts", report.Counts, map[aglae.Finding]int{aglae.FoundHomonyms: 3000})
}

// TestErrorsPass checks that what a source could not read is told by every control, once
// for each time it is read, and ends none.
func TestErrorsPass(t *testing.T) {
	t.Parallel()
	boom := errors.New("line 3: unreadable")
	regs := func(yield func(aglae.Registration, error) bool) {
		_ = yield(aglae.Registration{}, boom) && yield(aglae.Registration{Student: "S", Year: 2026, Flag: aglae.FlagHolder, Decision: aglae.Conditional}, nil)
	}
	dets := func(yield func(aglae.Detection, error) bool) {
		_ = yield(aglae.Detection{}, boom) && yield(answerOf("T", 1, aglae.Holder), nil)
	}
	file := func(yield func(aglae.CrousRow, error) bool) {
		_ = yield(aglae.CrousRow{}, boom) && yield(aglae.CrousRow{Line: 2, INE: "X"}, nil)
	}
	for name, tc := range map[string]struct {
		rows  iter.Seq2[aglae.Row, error]
		errs  int
		found aglae.Finding
	}{
		"numbers":     {aglae.CheckNumbers(regs, aglae.NumberOptions{}), 1, aglae.FoundMissingINE},
		"conditional": {aglae.OpenConditional(regs, passerelle.NewDate(2026, 1, 1), 0), 1, aglae.FoundConditional},
		"unconfirmed": {aglae.DeclaredUnconfirmed(regs, dets, aglae.Join{}), 2, aglae.FoundNotAsked},
		"undeclared":  {aglae.ConfirmedUndeclared(regs, dets, aglae.Join{}), 2, aglae.FoundUnenrolled},
		"detections":  {aglae.ListDetections(dets, true), 1, aglae.FoundDetection},
		"crous":       {aglae.CrossCrous(regs, file, aglae.CrossOptions{}), 2, aglae.FoundAbsent},
	} {
		report := aglae.Gather("", time.Now(), tc.rows)
		if len(report.Errs()) != tc.errs || len(report.Rows) != 1 || report.Counts[tc.found] != 1 {
			t.Errorf("%s: %d errors and %v, want %d and one %s", name, len(report.Errs()), report.Counts, tc.errs, tc.found)
		}
		for _, err := range report.Errs() {
			if !errors.Is(err, boom) {
				t.Errorf("%s: %v", name, err)
			}
		}
		for range tc.rows {
			break // a caller may stop at any element
		}
		n := 0
		for range tc.rows {
			if n++; n == 2 {
				break
			}
		}
	}
}

// TestEveryFindingIsExplained looks into the source for the findings, the controls and
// the keys of reasons: none goes without words.
func TestEveryFindingIsExplained(t *testing.T) {
	t.Parallel()
	findings := constants(t, "Finding")
	if len(findings) != 18 {
		t.Errorf("%d findings found in the source, want 18: %v", len(findings), findings)
	}
	for _, lang := range []aglae.Lang{aglae.French, aglae.English} {
		for _, value := range findings {
			f := aglae.Finding(value)
			if f.Title(lang) == value || f.Todo(lang) == "" && f != aglae.FoundDetection {
				t.Errorf("%s has no words in %s", f, lang)
			}
		}
		for _, c := range aglae.Controls() {
			if c.Title(lang) == string(c) {
				t.Errorf("%s has no title in %s", c, lang)
			}
		}
		for _, key := range reasonKeys(t) {
			if text := (aglae.Reason{Key: key, Args: []string{"7"}}).Text(lang); text == key {
				t.Errorf("the reason %s has no text in %s", key, lang)
			}
		}
	}
	testutil.Equal(t, "of tomorrow", aglae.Reason{Key: "of tomorrow"}.Text(aglae.French), "of tomorrow")
}

func TestRegistrationOf(t *testing.T) {
	t.Parallel()
	s := sis.Student{ID: sis.StudentID{System: "csv", Local: "20260001"}, INE: "223456789HE", OtherINEs: []string{"1"}, GrantNumber: "9", Person: passerelle.Person{BirthName: "Essai"}}
	e := sis.Enrolment{Year: 2026, Component: "droit", INE: "100000007AK"}
	want := aglae.Registration{Student: "csv:20260001", Key: "droit", Year: 2026, INE: "223456789HE", OtherINEs: []string{"1"}, GrantNumber: "9", Person: s.Person}
	testutil.Equal(t, "both numbers", aglae.RegistrationOf(s, e), want)
	s.INE = ""
	want.INE = "100000007AK"
	testutil.Equal(t, "the number of the enrolment alone", aglae.RegistrationOf(s, e), want)
}
