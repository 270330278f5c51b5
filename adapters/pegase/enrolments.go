package pegase

import (
	"context"
	"errors"
	"iter"
	"slices"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/sis"
)

// Enrolments gives the enrolments that q asks for: those of certain students from their
// files, and all others from the flow, the oldest change first. The files tell the CVEC
// number and the exchange; the flow does not. The ID of an enrolment is its path and its
// period. INEStates needs the states of the students, which it asks for first.
func (c *Client) Enrolments(ctx context.Context, q sis.Query) iter.Seq2[sis.Enrolment, error] {
	return func(yield func(sis.Enrolment, error) bool) {
		yield = while(ctx, yield)
		switch {
		case len(q.INEStates) > 0:
			c.stateEnrolments(ctx, q, yield)
		case len(q.IDs) > 0:
			met := make(map[string]bool, len(q.IDs))
			for _, id := range q.IDs {
				if !c.ours(id) || met[id.Local] {
					continue
				}
				met[id.Local] = true
				if !c.fileEnrolments(ctx, id.Local, q, yield) {
					return
				}
			}
		default:
			c.flowEnrolments(ctx, q, yield)
		}
	}
}

// stateEnrolments gives the enrolments of the students in certain states.
func (c *Client) stateEnrolments(ctx context.Context, q sis.Query, yield func(sis.Enrolment, error) bool) {
	for s, err := range c.Students(ctx, sis.Query{INEStates: q.INEStates, IDs: q.IDs}) {
		if err != nil {
			if !yield(sis.Enrolment{}, err) {
				return
			}
			continue
		}
		if !c.fileEnrolments(ctx, s.ID.Local, q, yield) {
			return
		}
	}
}

// fileEnrolments gives the enrolments of a student. It reports whether to go on.
func (c *Client) fileEnrolments(ctx context.Context, code string, q sis.Query, yield func(sis.Enrolment, error) bool) bool {
	file, err := c.File(ctx, code)
	if errors.Is(err, passerelle.ErrNotFound) {
		return true
	}
	if err != nil {
		yield(sis.Enrolment{}, err)
		return false
	}
	for _, e := range file.Enrolments {
		out, err := c.fileEnrolment(file.Student, e)
		if err == nil && (q.Year != 0 && out.Year != q.Year || !changedSince(out.ModifiedAt, q.ModifiedSince)) {
			continue
		}
		if !yield(out, err) {
			return false
		}
	}
	return true
}

// flowEnrolments gives the enrolments of the flow.
func (c *Client) flowEnrolments(ctx context.Context, q sis.Query, yield func(sis.Enrolment, error) bool) {
	for row, err := range c.Flow(ctx, FlowQuery{Since: q.ModifiedSince}) {
		var out sis.Enrolment
		switch {
		case err != nil:
		case q.Year != 0 && row.Year == 0:
			err = c.row(opFlow, "anneeUniversitaire", row.Code, noYear)
		case q.Year != 0 && row.Year != q.Year:
			continue
		default:
			out, err = c.flowEnrolment(row)
		}
		if !yield(out, err) {
			return
		}
	}
}

// enrolled gives the enrolments of a year that count: those that were not cancelled. Year
// 0 is every year.
func (f File) enrolled(year int) []FileEnrolment {
	return slices.DeleteFunc(slices.Clone(f.Enrolments), func(e FileEnrolment) bool {
		return status(e.State) == sis.EnrolmentCancelled || year != 0 && e.Target.Period.Year != year
	})
}
