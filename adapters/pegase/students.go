package pegase

import (
	"context"
	"errors"
	"iter"
	"slices"
	"sync"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ines"
	"github.com/passerelle-sup/passerelle/sis"
)

// Students gives the students that q asks for, each once.
//
// Without a year and a time it searches the identities, state of the INE by state, so that
// the state is known of everybody; those in a state that the search does not know are
// found at the end, by a search for everybody, when the totals tell that there are some. The search
// tells no time of change. With a year
// or a time, and without states or IDs, it reads the flow of enrolments. Students in
// certain states or with certain IDs are filtered by year and time with their files, at
// one more call each. People without a student number are left out: they are not students yet.
//
// It keeps some twenty bytes for each student. A record that cannot be read is a
// [sis.RowError].
func (c *Client) Students(ctx context.Context, q sis.Query) iter.Seq2[sis.Student, error] {
	return func(yield func(sis.Student, error) bool) {
		r := &students{Client: c, q: q, given: make(map[uint64]struct{}), yield: while(ctx, yield)}
		switch {
		case len(q.IDs) > 0:
			r.byID(ctx)
		case len(q.INEStates) == 0 && (q.Year != 0 || !q.ModifiedSince.IsZero()):
			r.byFlow(ctx)
		default:
			r.byState(ctx)
		}
	}
}

// students is one reading of students. Its steps report whether to go on.
type students struct {
	*Client
	q     sis.Query
	given map[uint64]struct{} // who was given, or was found not to match
	yield func(sis.Student, error) bool
}

// first reports whether a student is met for the first time.
func (r *students) first(code string) bool {
	key := hash(code)
	if _, again := r.given[key]; again {
		return false
	}
	r.given[key] = struct{}{}
	return true
}

// give hands on a student or an error that concerns one; it ends the sequence with any other.
func (r *students) give(s sis.Student, err error) bool {
	_, row := errors.AsType[*sis.RowError](err)
	return r.yield(s, err) && (err == nil || row)
}

// byFlow gives those who have an enrolment that changed, or of the year.
func (r *students) byFlow(ctx context.Context) {
	for row, err := range r.Flow(ctx, FlowQuery{Since: r.q.ModifiedSince}) {
		if err != nil {
			if !r.give(sis.Student{}, err) {
				return
			}
			continue
		}
		if r.q.Year != 0 && row.Year != r.q.Year {
			if row.Year == 0 && !r.give(sis.Student{}, r.row(opFlow, "anneeUniversitaire", row.Code, noYear)) {
				return
			}
			continue
		}
		if !r.first(row.Code) {
			continue
		}
		s, err := r.flowStudent(row)
		if err == nil {
			s, err = r.detailed(ctx, s)
		}
		if !r.give(s, err) {
			return
		}
	}
}

// noYear is the reason of an enrolment that cannot be asked for by year.
var noYear = &passerelle.ParseError{Type: "enrolment", Rule: "required", Want: "the academic year, to select by it"}

// byID gives those named in the query.
func (r *students) byID(ctx context.Context) {
	for _, id := range r.q.IDs {
		if !r.ours(id) || !r.first(id.Local) {
			continue
		}
		for s, err := range r.Search(ctx, SearchQuery{Code: id.Local}) {
			if err != nil {
				if !r.give(sis.Student{}, err) {
					return
				}
				continue
			}
			if s.Code == id.Local && !r.whole(ctx, s) {
				return
			}
		}
	}
}

// byState searches state by state.
func (r *students) byState(ctx context.Context) {
	total := int64(0)
	for _, w := range stateWords {
		if !w.search || !r.worthSearching(w.state) {
			continue
		}
		if !r.search(ctx, SearchQuery{Status: w.status}, &total) {
			return
		}
	}
	if len(r.q.INEStates) > 0 && !r.wantsUnsearchable() {
		return
	}
	p, err := r.searchPage(ctx, SearchQuery{}, 0)
	if err != nil {
		r.give(sis.Student{}, err)
		return
	}
	if p.Total > total { // somebody is in a state that cannot be searched for
		r.search(ctx, SearchQuery{}, new(int64))
	}
}

// worthSearching reports whether students in one of the wanted states can be found by a
// search for this one.
func (r *students) worthSearching(state sis.INEState) bool {
	if len(r.q.INEStates) == 0 || slices.Contains(r.q.INEStates, state) {
		return true
	}
	return state != sis.INEVerified && r.wantsUnsearchable()
}

// wantsUnsearchable reports whether a state is wanted that the search does not know.
func (r *students) wantsUnsearchable() bool {
	return slices.ContainsFunc(r.q.INEStates, func(s sis.INEState) bool {
		for _, w := range stateWords {
			if w.state == s && w.search {
				return false
			}
		}
		return true
	})
}

// search gives those whom a search finds. Identities are read several at a time and given
// in order.
func (r *students) search(ctx context.Context, q SearchQuery, found *int64) bool {
	batch := make([]Summary, 0, r.cfg.Parallel)
	for s, err := range r.Search(ctx, q) {
		*found++
		if err != nil {
			if !r.give(sis.Student{}, err) {
				return false
			}
			continue
		}
		if s.Code == "" || !r.first(s.Code) {
			continue
		}
		if r.enough(q.Status) {
			if !r.matching(ctx)(r.summaryStudent(s, StateOf(q.Status))) {
				return false
			}
			continue
		}
		if batch = append(batch, s); len(batch) == cap(batch) {
			if !r.flush(ctx, batch) {
				return false
			}
			batch = batch[:0]
		}
	}
	return r.flush(ctx, batch)
}

// enough reports whether the line of a search for a state says all that is wanted.
func (r *students) enough(status ines.Status) bool {
	switch {
	case status == "": // the state is not known
		return false
	case len(r.q.INEStates) > 0 && !slices.Contains(r.q.INEStates, StateOf(status)):
		return false // looked at for a state that cannot be searched for
	}
	return r.cfg.Details == DetailsNever || r.cfg.Details == DetailsWhenNeeded && status == ines.StatusConfirmed
}

// flush reads the identities of a batch at the same time, and gives them in order.
func (r *students) flush(ctx context.Context, batch []Summary) bool {
	type result struct {
		identity Identity
		err      error
	}
	results := make([]result, len(batch))
	var readers sync.WaitGroup
	for i, s := range batch {
		readers.Go(func() { results[i].identity, results[i].err = r.Identity(ctx, s.ID) })
	}
	readers.Wait()
	give := r.matching(ctx)
	for i, s := range batch {
		switch got := results[i]; {
		case errors.Is(got.err, passerelle.ErrNotFound): // gone since the search
		case got.err != nil:
			return r.give(sis.Student{}, got.err)
		case !give(r.identityStudent(got.identity, s.Code)):
			return false
		}
	}
	return true
}

// whole reads and gives one student.
func (r *students) whole(ctx context.Context, s Summary) bool { return r.flush(ctx, []Summary{s}) }

// matching returns what gives a student if the query wants him or her.
func (r *students) matching(ctx context.Context) func(sis.Student, error) bool {
	return func(s sis.Student, err error) bool {
		if err != nil {
			return r.give(s, err)
		}
		if len(r.q.INEStates) > 0 && !slices.Contains(r.q.INEStates, s.INEState) {
			return true
		}
		if r.q.Year == 0 && r.q.ModifiedSince.IsZero() {
			return r.yield(s, nil)
		}
		file, err := r.File(ctx, s.ID.Local)
		if errors.Is(err, passerelle.ErrNotFound) {
			return true // never enrolled
		}
		if err != nil {
			return r.give(sis.Student{}, err)
		}
		wanted, err := r.enrolledAsAsked(file)
		if err != nil {
			return r.give(sis.Student{}, err)
		}
		s.ModifiedAt = epoch(file.Student.Modified)
		return !wanted || r.yield(s, nil)
	}
}

// enrolledAsAsked reports whether a file has an enrolment of the wanted year, and
// something in it that changed since the wanted time.
func (r *students) enrolledAsAsked(f File) (bool, error) {
	for _, e := range f.Enrolments {
		out, err := r.fileEnrolment(f.Student, e)
		if err != nil {
			return false, err
		}
		changed := changedSince(out.ModifiedAt, r.q.ModifiedSince) || changedSince(epoch(f.Student.Modified), r.q.ModifiedSince)
		if (r.q.Year == 0 || out.Year == r.q.Year) && changed {
			return true, nil
		}
	}
	return false, nil
}
