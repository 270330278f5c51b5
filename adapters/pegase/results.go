package pegase

import (
	"context"
	"errors"
	"iter"
	"strconv"
	"strings"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/sis"
)

// Results gives the published results of a student in an academic year, 0 for all years,
// in the order of the transcript: for each enrolment that was not cancelled, the object of
// the enrolment and everything below it, parents first.
//
// What is final is given where it is published, else the second session, else the first. An
// object of which nothing is published is given without mark, PassedUnknown: "not
// published" is not "no mark", and [Client.Marks] tells them apart. In place of a mark an
// absence is given by Pégase's word, JUSTIFIEE or INJUSTIFIEE. Whether a result is a pass is
// told by [Config.Passing]. The kind and the worth in credits of an object come from the
// choices of courses (CHC), when that API is configured.
//
// passerelle.ErrNotFound when there is no such student.
func (c *Client) Results(ctx context.Context, student sis.StudentID, year int) iter.Seq2[sis.Result, error] {
	return func(yield func(sis.Result, error) bool) {
		yield = while(ctx, yield)
		if !c.ours(student) {
			yield(sis.Result{}, passerelle.FieldErrors{{Field: "student.System", Rule: "system", Want: c.cfg.System}})
			return
		}
		if err := c.results(ctx, student.Local, year, yield); err != nil {
			yield(sis.Result{}, err)
		}
	}
}

// results reads file, courses and marks. Its error is the last element still to be given.
func (c *Client) results(ctx context.Context, code string, year int, yield func(sis.Result, error) bool) error {
	if err := needed("COC", c.cfg.Endpoints.COC); err != nil {
		return err
	}
	file, err := c.File(ctx, code)
	if err != nil {
		return err
	}
	enrolments := file.enrolled(year)
	if len(enrolments) == 0 {
		return nil
	}
	taught, err := c.taught(ctx, code)
	if err != nil {
		return err
	}
	given := make(map[string]bool) // by period and path: enrolments can overlap
	for _, e := range enrolments {
		period := e.Target.Period
		marks, err := c.Marks(ctx, period.Code, code, e.Target.PathCode())
		if errors.Is(err, passerelle.ErrNotFound) {
			continue // nothing is recorded on this path
		}
		if err != nil {
			return err
		}
		codes := make(map[string]string, len(marks)) // code of each path of this list
		for _, m := range marks {
			codes[m.Path] = m.Object.Code
			if given[period.Code+"|"+m.Path] {
				continue
			}
			given[period.Code+"|"+m.Path] = true
			r := c.result(m)
			r.Student, r.Year, r.Period = c.id(code), period.Year, period.Code
			r.Course.Parent = parent(m.Path, codes)
			if course := taught[period.Code][m.Object.Code]; course != nil {
				r.Course.Kind, r.Course.ECTS = course.Kind, string(course.ECTS)
			}
			if !yield(r, nil) {
				return nil
			}
		}
	}
	return nil
}

// taught gives the objects that a student has, by period and code; nothing without CHC.
func (c *Client) taught(ctx context.Context, code string) (map[string]map[string]*Course, error) {
	if c.cfg.Endpoints.CHC == "" {
		return nil, nil
	}
	trees, err := c.Courses(ctx, code)
	if err != nil && !errors.Is(err, passerelle.ErrNotFound) {
		return nil, err
	}
	taught := make(map[string]map[string]*Course)
	for _, tree := range trees {
		if tree.Root == nil {
			continue
		}
		if taught[tree.Period.Code] == nil {
			taught[tree.Period.Code] = make(map[string]*Course)
		}
		tree.Root.index(taught[tree.Period.Code])
	}
	return taught, nil
}

// parent is the code of the nearest object above a path that the list has: groupings on
// the way may be left out of it.
func parent(path string, codes map[string]string) string {
	for {
		i := strings.LastIndexByte(path, '>')
		if i < 0 {
			return ""
		}
		path = path[:i]
		if code, ok := codes[path]; ok {
			return code
		}
	}
}

// result takes from a mark what counts.
func (c *Client) result(m Mark) sis.Result {
	r := sis.Result{
		Course:     sis.Course{Code: m.Object.Code, Title: m.Object.Label},
		Scale:      string(m.Scale),
		Provenance: sis.Provenance{Source: opMarks},
	}
	mark, outcome, absence := Text(""), (*MarkResult)(nil), ""
	switch {
	case m.PublishedFinal:
		mark, outcome, absence = m.Final, m.FinalResult, m.FinalAbsence
		if mark == "" {
			mark = m.Retained
		}
		r.Session, r.Credits = m.Session, string(m.FinalCredits)
	case m.PublishedSecond && (m.Second != "" || m.SecondResult != nil || m.SecondAbsence != ""):
		mark, outcome, absence = m.Second, m.SecondResult, m.SecondAbsence
		r.Session = 2
	case m.PublishedFirst:
		mark, outcome, absence = m.First, m.FirstResult, m.FirstAbsence
		r.Session, r.Credits = 1, string(m.FirstCredits)
	}
	if r.Mark = string(mark); r.Mark == "" {
		r.Mark = absence
	}
	if outcome != nil {
		r.Code = outcome.Code
	}
	r.Passed = passed(c.cfg.Passing, r)
	return r
}

// passed tells whether a result is a pass, by the establishment's list of codes.
func passed(list map[string]sis.Passed, r sis.Result) sis.Passed {
	if p, ok := list[r.Code]; ok && r.Code != "" {
		return p
	}
	if n, err := strconv.ParseFloat(r.Credits, 64); err == nil && n > 0 {
		return sis.PassedYes
	}
	return sis.PassedUnknown
}
