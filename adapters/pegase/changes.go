package pegase

import (
	"context"
	"errors"
	"iter"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/sis"
)

// Changes gives the students whose enrolments, or whose own data, changed since cursor,
// the oldest change first. A student with several changes close together is given once.
// [Config.Details] says whose identity is read.
//
// # Nothing missed, nothing doubled
//
// The upper bound is frozen when the run starts, at the earlier of the two machines'
// clocks. Time is cut into windows whose rows fit one page of the flow, so that a row which
// changes meanwhile leaves its window and appears in a later one, and pushes nobody over the
// border of a page. The last [Config.Overlap] before the bound is read again by the next run,
// for changes that were stored late; the cursor remembers the rows of that stretch that were given.
//
// A cursor may be kept of any delta. It is a text of some twenty bytes and eleven for each
// row given since its time: of the last window, or of the last Overlap.
func (c *Client) Changes(ctx context.Context, from string) iter.Seq2[sis.Delta, error] {
	return func(yield func(sis.Delta, error) bool) {
		yield = while(ctx, yield)
		at, err := parseCursor(from)
		if err != nil {
			yield(sis.Delta{}, err)
			return
		}
		until, err := c.horizon(ctx)
		if err != nil {
			yield(sis.Delta{}, err)
			return
		}
		settled := max(at.from, until-int64(c.cfg.Overlap.Seconds()))
		reader := &changes{Client: c, at: at, settled: settled, until: until}
		for s, err := range c.slices(ctx, FlowQuery{}, window{at.from, settled}, window{settled, until}) {
			if err != nil {
				yield(sis.Delta{}, err)
				return
			}
			if !reader.slice(ctx, s, yield) {
				return
			}
		}
	}
}

// changes is one run over the flow.
type changes struct {
	*Client
	at      cursor
	settled int64 // nothing is stored late before this time
	until   int64
}

// slice gives the students of a window. It reports whether to go on.
func (r *changes) slice(ctx context.Context, s slice, yield func(sis.Delta, error) bool) bool {
	r.at.reach(min(s.from, r.settled))
	for _, e := range s.faults(r.Client) {
		if !yield(sis.Delta{}, e) {
			return false
		}
	}
	last := make(map[string]int, len(s.rows)) // row of a student's last change that was not given
	end := -1
	for i, row := range s.rows {
		if !r.at.has(row.key()) {
			last[row.Code], end = i, i
		}
	}
	for i, row := range s.rows {
		key := row.key()
		if r.at.has(key) {
			continue
		}
		r.at.add(key, r.until)
		if last[row.Code] != i {
			continue
		}
		if i == end {
			r.at.reach(min(s.to, r.settled))
		}
		student, err := r.flowStudent(row)
		if err == nil {
			student, err = r.detailed(ctx, student)
		}
		if _, concerned := errors.AsType[*sis.RowError](err); err != nil && !concerned {
			yield(sis.Delta{}, err)
			return false
		}
		delta := sis.Delta{}
		if err == nil {
			delta = sis.Delta{Student: student, Cursor: r.at.String()}
		}
		if !yield(delta, err) {
			return false
		}
	}
	return true
}

// detailed reads the identity of a student where the configuration wants it. The time of
// change stays. An identity that is gone leaves the student as the flow told.
func (c *Client) detailed(ctx context.Context, s sis.Student) (sis.Student, error) {
	if s.Internal == "" || c.cfg.Details == DetailsNever || c.cfg.Details == DetailsWhenNeeded && s.INE != "" {
		return s, nil
	}
	identity, err := c.Identity(ctx, s.Internal)
	if errors.Is(err, passerelle.ErrNotFound) {
		return s, nil
	}
	if err != nil {
		return s, err
	}
	whole, err := c.identityStudent(identity, s.ID.Local)
	whole.ModifiedAt = s.ModifiedAt
	return whole, err
}
