package ewptest

import (
	"context"
	"iter"
	"strconv"
	"time"

	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/courses"
	"github.com/passerelle-sup/passerelle/ewp/discovery"
	"github.com/passerelle-sup/passerelle/ewp/ewpserver"
	"github.com/passerelle-sup/passerelle/ewp/ounits"
	"github.com/passerelle-sup/passerelle/ewp/term"
)

// CampusChanged is when the courses of a [Campus] changed last.
var CampusChanged = time.Date(2025, 6, 1, 12, 0, 0, 0, time.UTC)

// campusCourses are a course given in two years, and a programme with a module that the
// course is in, all of the first faculty.
func campusCourses(_ ewp.Institution, units []ounits.Unit) []courses.Specification {
	unit := units[len(units)-1].ID
	autumn := func(year int) courses.Instance {
		first, last := strconv.Itoa(year)+"-09-01", strconv.Itoa(year+1)+"-01-31"
		return courses.Instance{
			ID: "CRI/inf-301-" + strconv.Itoa(year), Start: first, End: last,
			Term: &term.Term{
				YearID: term.Starting(year).String(), EWPID: term.ID{Year: term.Starting(year), Number: 1, Total: 2}.String(),
				Names: ewp.Texts{{Lang: "en", Value: "Autumn term"}}, Start: first, End: last,
			},
			Grading: &courses.GradingScheme{
				Labels: ewp.Texts{{Value: "0-20"}}, Descriptions: ewp.Texts{{Lang: "en", Value: "Written exam of two hours; 10 is the pass mark"}},
			},
			Credits:  []courses.Credit{{Scheme: courses.SchemeECTS, Level: "Bachelor", Value: "6"}},
			Language: "en", Hours: "48",
		}
	}
	return []courses.Specification{
		{
			ID: "CR/inf-301", Code: "INF-301", Unit: unit, Titles: ewp.Texts{{Lang: "en", Value: "Algorithms"}, {Lang: "fr", Value: "Algorithmique"}},
			Type: courses.Course.Type(), ISCED: "0613", EQF: "6",
			Descriptions: ewp.Texts{{Lang: "en", Value: "Sorting, graphs and complexity.\n\nOutcomes: to choose an algorithm and to prove it."}},
			Instances:    []courses.Instance{autumn(2025), autumn(2026)},
		},
		{ID: "MOD/ue-51", Code: "UE-51", Unit: unit, Titles: ewp.Texts{{Lang: "en", Value: "Foundations"}}, Type: courses.Module.Type(), Parts: []string{"CR/inf-301"}},
		{ID: "DEP/l3-info", Code: "L3-INFO", Unit: unit, Titles: ewp.Texts{{Lang: "en", Value: "Bachelor in computer science, third year"}}, Type: courses.Programme.Type(), Parts: []string{"MOD/ue-51"}},
	}
}

// replicated lists courses, none of which changed after CampusChanged.
type replicated []courses.Specification

// Changed implements courses.Lister.
func (l replicated) Changed(ctx context.Context, p ewpserver.Parties, since time.Time) iter.Seq2[string, error] {
	if since.After(CampusChanged) {
		l = nil
	}
	return courses.List(l).Changed(ctx, p, since)
}

// besideAddress returns the elements that the manifest entry of an API has after its
// address, beside limits: simple-course-replication says twice whether anonymous clients
// may call, and that modified_since is understood.
func besideAddress(r ewpserver.Route) []discovery.Element {
	if r.API != ewp.SimpleCourseReplication {
		return nil
	}
	return []discovery.Element{
		discovery.Value("allows-anonymous-access", strconv.FormatBool(r.Security.Has(ewp.ClientAnonymous))),
		discovery.Value("supports-modified-since", "true"),
	}
}
