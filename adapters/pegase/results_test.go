package pegase_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/adapters/pegase"
	"github.com/passerelle-sup/passerelle/adapters/pegase/pegasetest"
	"github.com/passerelle-sup/passerelle/internal/testutil"
	"github.com/passerelle-sup/passerelle/sis"
)

func TestResults(t *testing.T) {
	t.Parallel()
	server, c := tenant(t, pegasetest.Config{}, func(c *pegase.Config) {
		c.Passing = map[string]sis.Passed{"TRE002": sis.PassedNo}
	})
	server.Add(lucie)
	result := func(course sis.Course, r sis.Result) sis.Result {
		r.Student, r.Year, r.Period, r.Scale, r.Course = id(lucie.Code), 2026, "PERIODE-26-27", "20", course
		r.Provenance.Source = "pegase.marks"
		return r
	}
	testutil.Equal(t, "results", all(t, c.Results(t.Context(), id(lucie.Code), 2026)), []sis.Result{
		result(sis.Course{Code: "LIC-DROIT-A1", Kind: "Année", Title: "Première année", ECTS: "60"},
			sis.Result{Mark: "12.468", Passed: sis.PassedYes, Code: "TRE001", Session: 1, Credits: "60"}),
		// Nothing is published: neither a mark nor a failure.
		result(sis.Course{Code: "S1", Kind: "Semestre", Title: "Semestre 1", ECTS: "30", Parent: "LIC-DROIT-A1"}, sis.Result{}),
		// The grouping above it is in the path and not in the list.
		result(sis.Course{Code: "ESPAGNOL", Kind: "UE", Title: "Espagnol", ECTS: "6.5", Parent: "S1"},
			sis.Result{Mark: "14.57", Passed: sis.PassedYes, Code: "TRE001", Session: 2, Credits: "6.5"}),
		// Only the first session is published.
		result(sis.Course{Code: "DROIT", Kind: "UE", Title: "Droit civil", ECTS: "6", Parent: "S1"}, sis.Result{Mark: "7.25", Session: 1}),
		result(sis.Course{Code: "LATIN", Kind: "UE", Title: "Latin", ECTS: "3", Parent: "S1"}, sis.Result{Mark: "INJUSTIFIEE", Passed: sis.PassedNo, Code: "TRE002"}),
	})
	if got := all(t, c.Results(t.Context(), id(lucie.Code), 2024)); len(got) != 0 {
		t.Errorf("results of another year: %v", got)
	}
	if got := all(t, c.Results(t.Context(), id(lucie.Code), 0)); len(got) != 5 {
		t.Errorf("%d results of all years; want 5", len(got))
	}
	_, errs := collect(c.Results(t.Context(), id("nobody"), 0))
	if len(errs) != 1 || !errors.Is(errs[0], passerelle.ErrNotFound) {
		t.Errorf("results of nobody: %v; want ErrNotFound", errs)
	}
	_, errs = collect(c.Results(t.Context(), sis.StudentID{System: "apogee", Local: lucie.Code}, 0))
	if len(errs) != 1 || !errors.Is(errs[0], passerelle.ErrInvalid) {
		t.Errorf("results of another system's student: %v; want ErrInvalid", errs)
	}
}

// A cancelled enrolment has no results; two enrolments on one path give them once.
func TestResultsEnrolments(t *testing.T) {
	t.Parallel()
	server, c := tenant(t, pegasetest.Config{})
	twice := lucie
	twice.Enrolments = append(slices.Clone(lucie.Enrolments), lucie.Enrolments[0])
	server.Add(twice)
	if got := all(t, c.Results(t.Context(), id(lucie.Code), 0)); len(got) != 5 {
		t.Errorf("%d results of two enrolments on one path; want 5", len(got))
	}
	server.Change(lucie.Code, func(s *pegasetest.Student) {
		for i := range s.Enrolments {
			s.Enrolments[i].Status = "annulee"
		}
	})
	if got := all(t, c.Results(t.Context(), id(lucie.Code), 0)); len(got) != 0 {
		t.Errorf("results of cancelled enrolments: %v", got)
	}
}

// An API that is not configured is a fault of the configuration, except where it only adds.
func TestResultsEndpoints(t *testing.T) {
	t.Parallel()
	server, c := tenant(t, pegasetest.Config{}, func(c *pegase.Config) { c.Endpoints.CHC = "" })
	server.Add(lucie)
	if got := all(t, c.Results(t.Context(), id(lucie.Code), 0)); len(got) != 5 || got[0].Course.Kind != "" || got[0].Mark != "12.468" {
		t.Errorf("results without the choices of courses: %v", got)
	}
	bare := client(t, server, func(c *pegase.Config) {
		c.Endpoints.COC, c.Endpoints.CHC, c.Endpoints.ODF, c.Endpoints.Gestion = "", "", "", ""
	})
	_, results := collect(bare.Results(t.Context(), id(lucie.Code), 0))
	_, periods := collect(bare.Periods(t.Context()))
	_, courses := bare.Courses(t.Context(), lucie.Code)
	_, marks := bare.Marks(t.Context(), "P", lucie.Code, "A")
	_, tree := bare.Tree(t.Context(), "x")
	_, writer := bare.INEWriter()
	for i, err := range []error{results[0], periods[0], courses, marks, tree, writer} {
		faults, ok := errors.AsType[passerelle.FieldErrors](err)
		if !ok || !strings.HasPrefix(faults[0].Field, "Endpoints.") {
			t.Errorf("%d: error %v; want the endpoint that is missing", i, err)
		}
	}
}

func TestMarks(t *testing.T) {
	t.Parallel()
	server, c := tenant(t, pegasetest.Config{})
	server.Add(lucie)
	got, err := c.Marks(t.Context(), "PERIODE-26-27", lucie.Code, "LIC-DROIT>LIC-DROIT-A1>S1>OPTIONS")
	if err != nil || len(got) != 1 {
		t.Fatalf("marks %v, error %v; want those below the path", got, err)
	}
	if m := got[0]; m.GPA == nil || m.GPA.Value != "0.70" || m.ECTSGrade == nil || m.ECTSGrade.Value != "B" || m.Final != "14.57" || m.First != "8" || !m.PublishedFinal {
		t.Errorf("the mark is %+v", m)
	}
}

func TestProgrammes(t *testing.T) {
	t.Parallel()
	server, c := tenant(t, pegasetest.Config{})
	server.AddProgramme(pegasetest.Programme{Code: "LIC-DROIT", Label: "Licence de droit", Nodes: lucie.Enrolments[0].Nodes})
	server.AddProgramme(pegasetest.Programme{Code: "MAS-RH", Label: "Master ressources humaines", Year: 2027, Draft: true})
	for i := range 230 {
		server.AddProgramme(pegasetest.Programme{Code: "DU-" + string(rune('A'+i%26)), Label: "Diplôme", Year: 2027})
	}
	periods := all(t, c.Periods(t.Context()))
	if len(periods) != 2 || periods[0].Code != "PERIODE-26-27" || periods[0].Year != 2026 {
		t.Errorf("the periods are %+v", periods)
	}
	if n := len(all(t, c.Programmes(t.Context(), pegase.ProgrammeQuery{}))); n != 232 {
		t.Errorf("%d programmes; want 232", n)
	}
	if n := len(all(t, c.Programmes(t.Context(), pegase.ProgrammeQuery{Period: periods[1].ID, ApprovedOnly: true}))); n != 230 {
		t.Errorf("%d approved programmes of 2027; want 230", n)
	}
	found := all(t, c.Programmes(t.Context(), pegase.ProgrammeQuery{Text: "licence"}))
	if len(found) != 1 {
		t.Fatalf("%d programmes with the word; want 1", len(found))
	}
	tree, err := c.Tree(t.Context(), found[0].ID)
	if err != nil {
		t.Fatal(err)
	}
	var paths []string
	for path, node := range tree.Walk() {
		paths = append(paths, path+" "+string(node.ECTS))
	}
	testutil.Equal(t, "tree", paths, []string{
		"LIC-DROIT ", "LIC-DROIT>LIC-DROIT-A1 60", "LIC-DROIT>LIC-DROIT-A1>S1 30", "LIC-DROIT>LIC-DROIT-A1>S1>OPTIONS ",
		"LIC-DROIT>LIC-DROIT-A1>S1>OPTIONS>ESPAGNOL 6.5", "LIC-DROIT>LIC-DROIT-A1>S1>DROIT 6", "LIC-DROIT>LIC-DROIT-A1>S1>LATIN 3",
	})
	for range tree.Walk() {
		break // stopping early is allowed
	}
	if _, err := c.Tree(t.Context(), "nothing"); !errors.Is(err, passerelle.ErrNotFound) {
		t.Errorf("an unknown programme: %v; want ErrNotFound", err)
	}
}
