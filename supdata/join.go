package supdata

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/sis"
)

// pair is an enrolment and its student, or a record that could not be read.
type pair struct {
	seq       int // place in the source, from 1
	student   sis.Student
	enrolment sis.Enrolment
	bad       error // concerns this record alone
}

// errNoStudent is an enrolment whose student the source does not give.
var errNoStudent = fmt.Errorf("the source has no student of that reference: %w", passerelle.ErrNotFound)

// pairs reads the enrolments in batches, and the students of each batch together, so
// that a base of any size takes the memory of one batch. A fatal error is the last
// element.
func (f *Feeder) pairs(ctx context.Context) iter.Seq2[pair, error] {
	return func(yield func(pair, error) bool) {
		batch := make([]pair, 0, f.cfg.Batch)
		seq := 0
		flush := func() bool {
			if err := f.students(ctx, batch); err != nil {
				yield(pair{}, err)
				return false
			}
			for _, p := range batch {
				if !yield(p, nil) {
					return false
				}
			}
			batch = batch[:0]
			return true
		}
		for e, err := range f.cfg.Source.Enrolments(ctx, sis.Query{Year: f.cfg.Year}) {
			if err == nil {
				err = ctx.Err()
			}
			seq++
			p := pair{seq: seq, enrolment: e}
			if err != nil {
				row, ok := errors.AsType[*sis.RowError](err)
				if !ok {
					yield(pair{}, fmt.Errorf("supdata: reading the enrolments: %w", err))
					return
				}
				p.bad = row
				p.enrolment.Student = row.ID
			}
			batch = append(batch, p)
			if len(batch) == f.cfg.Batch && !flush() {
				return
			}
		}
		flush()
	}
}

// students fills in the students of a batch.
func (f *Feeder) students(ctx context.Context, batch []pair) error {
	known := make(map[sis.StudentID]*sis.Student, len(batch))
	ids := make([]sis.StudentID, 0, len(batch))
	for _, p := range batch {
		if _, met := known[p.enrolment.Student]; p.bad == nil && !met {
			known[p.enrolment.Student] = nil
			ids = append(ids, p.enrolment.Student)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	rows := make(map[sis.StudentID]error)
	for s, err := range f.cfg.Source.Students(ctx, sis.Query{IDs: ids}) {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			row, ok := errors.AsType[*sis.RowError](err)
			if !ok {
				return fmt.Errorf("supdata: reading the students: %w", err)
			}
			rows[row.ID] = row
			continue
		}
		known[s.ID] = &s
	}
	for i := range batch {
		p := &batch[i]
		if p.bad != nil {
			continue
		}
		switch s := known[p.enrolment.Student]; {
		case s != nil:
			p.student = *s
		case rows[p.enrolment.Student] != nil:
			p.bad = rows[p.enrolment.Student]
		default:
			p.bad = errNoStudent
		}
	}
	return nil
}
