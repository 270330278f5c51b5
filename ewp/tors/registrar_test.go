package tors_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/elmo"
	"github.com/passerelle-sup/passerelle/ewp/tors"
	"github.com/passerelle-sup/passerelle/internal/testutil"
	"github.com/passerelle-sup/passerelle/sis"
)

// TestTranscript makes a transcript of rows; the rows come back at the other side.
func TestTranscript(t *testing.T) {
	t.Parallel()
	tr := transcript(t)
	var got []sis.Result
	for _, r := range tr.ELMO.Reports[0].Results(sis.StudentID{}, "en") {
		got = append(got, sis.Result{Year: r.Year, Course: sis.Course{Code: r.Course.Code, Title: r.Course.Title, Parent: r.Course.Parent}, Mark: r.Mark, Passed: r.Passed, Credits: r.Credits})
	}
	testutil.Equal(t, "results", got, []sis.Result{
		{Year: 2025, Course: sis.Course{Code: "CR/m1", Title: "Informatics"}, Mark: "C", Passed: sis.PassedYes, Credits: "12"},
		{Year: 2025, Course: sis.Course{Code: "CR/alg", Title: "Algorithms", Parent: "CR/m1"}, Mark: "B", Passed: sis.PassedYes, Credits: "7.5"},
		{Year: 2025, Course: sis.Course{Code: "CR/net", Title: "Networks", Parent: "CR/m1"}, Mark: "D", Passed: sis.PassedYes, Credits: "4.5"},
		{Year: 2025, Course: sis.Course{Code: "CR/sta", Title: "Statistics <b>&"}, Mark: "F", Passed: sis.PassedNo},
		{Year: 2025, Course: sis.Course{Code: "CR/his", Title: "History of Rome"}, Mark: "A", Passed: sis.PassedYes, Credits: "5"},
	})
	alg := tr.ELMO.Reports[0].Specifications[0].Parts[0].Specification
	if id := elmo.IdentifierOf(alg.Specifies.Instance.Identifiers, "ewp-loi-id"); id != "CRI/alg-2025-1" {
		t.Errorf("the instance of Algorithms is %q; want that of the agreement", id)
	}
	testutil.Equal(t, "tables", len(tr.Conversion.Tables), 1)
	if l := tr.ELMO.Learner; l.AlternativeName.Value != "Jan Piotr Nowak" || l.BirthName != "" || l.DateOfBirth != "2003-02-01" {
		t.Errorf("the learner is %+v", l)
	}
	s := stay()
	s.Student.UsageName = "Nowak-Kowal"
	married, err := registrar(t).Transcript(s)
	if l := married.ELMO.Learner; err != nil || l.FamilyName != "Nowak-Kowal" || l.BirthName != "Nowak" {
		t.Errorf("%v: the learner is %+v", err, l)
	}
}

// TestIncomplete says what a student system lacks, and makes nothing up.
func TestIncomplete(t *testing.T) {
	t.Parallel()
	s := stay()
	s.ESI, s.Student.BirthDate = "", passerelle.MustParseDate("2003-02-00")
	s.Results = []sis.Result{{Year: 2025, Course: sis.Course{Code: "X", Title: "X"}}}
	tr, err := tors.Registrar{HEI: ewp.MustParseHEIID("uni-a.example"), Issuer: elmo.Issuer{Titles: ewp.Texts{{Value: "A"}}}}.Transcript(s)
	const (
		course   = "elmo.report[0].learningOpportunitySpecification[0]"
		instance = course + ".specifies.learningOpportunityInstance"
	)
	testutil.Equal(t, "faults", faults(t, err), []string{
		"elmo.learner.dateOfBirth required", "elmo.learner.identifier required", course + ".identifier pattern",
		instance + ".academicTerm required", instance + ".credit required", instance + ".identifier pattern",
		instance + ".resultDistribution required", instance + ".resultLabel required",
	})
	if i := tr.ELMO.Reports[0].Specifications[0].Specifies.Instance; i.Status != elmo.InProgress || tr.Conversion != nil {
		t.Errorf("made up: %+v, %+v", i, tr.Conversion)
	}
}

// TestCompare holds a transcript against what was agreed upon.
func TestCompare(t *testing.T) {
	t.Parallel()
	tr := transcript(t)
	var got []string
	for _, m := range tors.Compare(agreed, &tr) {
		line := "-"
		if m.Agreed != nil {
			line = m.Agreed.Title
		}
		line += ": "
		switch {
		case m.Taken == nil:
			line += "not taken"
		case m.Passed():
			line += "passed as " + m.Taken.Titles[0].Value
		default:
			line += "failed as " + m.Taken.Titles[0].Value
		}
		got = append(got, line)
	}
	testutil.Equal(t, "matches", got, []string{
		"Algorithms: passed as Algorithms", "Networking: passed as Networks", "STATISTICS <b>&: failed as Statistics <b>&", "Philosophy: not taken",
		"-: passed as History of Rome",
	})
	// A module that was agreed upon takes its parts with it; nothing is taken twice.
	module := []tors.Component{{Code: "M1"}, {Code: "M1"}, {LOSID: "CR/his"}}
	matches := tors.Compare(module, &tr)
	if len(matches) != 4 || matches[0].Taken == nil || matches[1].Taken != nil || matches[2].Taken == nil || matches[3].Taken.Titles[0].Value != "Statistics <b>&" {
		t.Errorf("%d matches: %+v", len(matches), matches)
	}
	if none := tors.Compare(nil, &tors.ToR{}); len(none) != 0 {
		t.Errorf("of nothing: %+v", none)
	}
}

// TestFiles decodes attachments within their limits.
func TestFiles(t *testing.T) {
	t.Parallel()
	tr := transcript(t)
	tr.ELMO.Attachments = []elmo.Attachment{{Type: "Other", Contents: ewp.Texts{
		{Value: "https://tracker.example/pixel.png"}, elmo.NewContent("text/html", []byte("<b>hi</b>"), "en"),
	}}}
	type seen struct{ Kind, Media, Data, Rule string }
	read := func(l tors.FileLimits) (list []seen, last error) {
		for f, err := range tr.Files(l) {
			s := seen{f.Type, f.MediaType, string(f.Data), ""}
			if fault, ok := errors.AsType[*passerelle.ParseError](err); ok {
				s.Rule = fault.Rule
			} else if err != nil {
				return list, err
			}
			list = append(list, s)
		}
		return list, nil
	}
	all, err := read(tors.FileLimits{})
	testutil.Equal(t, "files", all, []seen{
		{tors.TranscriptOfRecords, "application/pdf", "%PDF-1.7", ""}, {"Other", "", "", "scheme"}, {"Other", "text/html", "<b>hi</b>", ""},
	})
	if err != nil {
		t.Error(err)
	}
	if list, err := read(tors.FileLimits{Count: 1}); !errors.Is(err, passerelle.ErrInvalid) || len(list) != 1 {
		t.Errorf("more files than allowed: %v, %v", list, err)
	}
	if list, err := read(tors.FileLimits{TotalBytes: 10}); !errors.Is(err, passerelle.ErrInvalid) || len(list) != 2 {
		t.Errorf("more bytes than allowed: %v, %v", list, err)
	}
	list, err := read(tors.FileLimits{EachBytes: 8})
	if err != nil || list[2].Rule != "length" || list[0].Data != "%PDF-1.7" {
		t.Errorf("a file that is too long: %v, %v", list, err)
	}
	if i := slices.IndexFunc(list, func(s seen) bool { return strings.Contains(s.Data, "tracker") }); i >= 0 {
		t.Error("an address was taken for a file")
	}
}
