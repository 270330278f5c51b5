package apogee

import (
	"context"
	"errors"
	"iter"
	"slices"
	"strconv"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/sis"
)

// SourceConfig says which students a [Source] gives.
type SourceConfig struct {
	Client *Client // required
	// Year is the academic year whose students are listed when a query names none.
	Year int // required
	// Steps, Diplomas and Components are listed one by one, as the service has no
	// list of everybody. One of them is required, for queries without IDs.
	Steps, Diplomas []Versioned
	Components      []string
	// Emails asks for the institutional address of each student: one more call each.
	Emails bool
	// Communes finds the code of a French birthplace. nil leaves it missing.
	Communes *Communes
}

// Source is Apogée read by its SOAP services, as a [sis.Source]: for a site that
// opens no base. It makes one call for each student and, for enrolments, one for each
// of his years. The services tell no time of change, so that a query by ModifiedSince
// gives everybody, and there is no sis.Deltas. It keeps the numbers of the students
// that it lists, and is safe for concurrent use.
type Source struct{ cfg SourceConfig }

var _ sis.Source = (*Source)(nil)

// NewSource checks cfg. Its error is a passerelle.FieldErrors.
func NewSource(cfg SourceConfig) (*Source, error) {
	var faults passerelle.FieldErrors
	if cfg.Client == nil {
		faults.Add("Client", "required", "a client of the services")
	}
	if cfg.Year < 1990 || cfg.Year > 2200 {
		faults.Add("Year", "range", "the first civil year of the academic year, such as 2026")
	}
	if err := faults.Err(); err != nil {
		return nil, err
	}
	return &Source{cfg}, nil
}

// Students implements [sis.Source], in the order of the student numbers. A student
// who is listed and whom the service then does not know, or whose record cannot be
// read, is a *sis.RowError; a service that does not answer ends the sequence.
func (s *Source) Students(ctx context.Context, q sis.Query) iter.Seq2[sis.Student, error] {
	return func(yield func(sis.Student, error) bool) {
		err := s.each(ctx, q, func(codEtu string, asked bool) (bool, error) {
			student, err := s.student(ctx, codEtu, q.Year)
			switch {
			case notFound(err) && asked:
				return true, nil
			case notFound(err):
				err = &sis.RowError{Provenance: sis.Provenance{Source: string(OpStudent)}, ID: sis.StudentID{System: System, Local: codEtu}, Err: err}
			}
			if row, ok := errors.AsType[*sis.RowError](err); ok {
				return yield(sis.Student{}, row), nil
			}
			if err != nil {
				return false, err
			}
			if len(q.INEStates) > 0 && !slices.Contains(q.INEStates, student.INEState) {
				return true, nil
			}
			return yield(student, nil), nil
		})
		if err != nil {
			yield(sis.Student{}, err)
		}
	}
}

func (s *Source) student(ctx context.Context, codEtu string, year int) (sis.Student, error) {
	identity, err := s.cfg.Client.Identity(ctx, codEtu)
	if err != nil {
		return sis.Student{}, err
	}
	student, err := identity.Student()
	if err != nil {
		return sis.Student{}, err
	}
	s.cfg.Communes.fill(&student.Person.Birthplace)
	if s.cfg.Emails {
		text := ""
		if year != 0 {
			text = strconv.Itoa(year)
		}
		addresses, err := s.cfg.Client.Addresses(ctx, codEtu, text, "O")
		if err != nil && !notFound(err) {
			return sis.Student{}, err
		}
		student.Email, student.PersonalEmail = addresses.Directory, addresses.Email
	}
	return student, nil
}

// Enrolments implements [sis.Source]: the enrolments in steps that are in force.
func (s *Source) Enrolments(ctx context.Context, q sis.Query) iter.Seq2[sis.Enrolment, error] {
	return func(yield func(sis.Enrolment, error) bool) {
		err := s.each(ctx, q, func(codEtu string, _ bool) (bool, error) {
			years := []string{strconv.Itoa(q.Year)}
			if q.Year == 0 {
				var err error
				if years, err = s.cfg.Client.Years(ctx, codEtu); err != nil {
					return false, err
				}
				slices.Sort(years)
			}
			for _, year := range years {
				steps, err := s.cfg.Client.Steps(ctx, codEtu, year)
				if err != nil {
					return false, err
				}
				for _, step := range steps {
					if !yield(step.Enrolment(codEtu, year)) {
						return false, nil
					}
				}
			}
			return true, nil
		})
		if err != nil {
			yield(sis.Enrolment{}, err)
		}
	}
}

// each hands over the numbers of the students that q asks for, in their order, until
// do returns false or an error. asked says that the query named them.
func (s *Source) each(ctx context.Context, q sis.Query, do func(codEtu string, asked bool) (bool, error)) error {
	numbers, asked, err := s.numbers(ctx, q)
	if err != nil {
		return err
	}
	for _, n := range numbers {
		if err := ctx.Err(); err != nil {
			return err
		}
		codEtu := strconv.FormatUint(n, 10)
		if asked && q.Year != 0 {
			years, err := s.cfg.Client.Years(ctx, codEtu)
			if err != nil {
				return err
			}
			if !slices.Contains(years, strconv.Itoa(q.Year)) {
				continue
			}
		}
		if more, err := do(codEtu, asked); err != nil || !more {
			return err
		}
	}
	return nil
}

// numbers returns the student numbers that q asks for, sorted, each once.
func (s *Source) numbers(ctx context.Context, q sis.Query) (all []uint64, asked bool, err error) {
	add := func(codEtu string) {
		if n, err := strconv.ParseUint(codEtu, 10, 64); err == nil && n > 0 {
			all = append(all, n)
		}
	}
	done := func() []uint64 {
		slices.Sort(all)
		return slices.Compact(all)
	}
	if len(q.IDs) > 0 {
		for _, id := range q.IDs {
			if id.System == "" || id.System == System {
				add(id.Local)
			}
		}
		return done(), true, nil
	}
	year := q.Year
	if year == 0 {
		year = s.cfg.Year
	}
	var lists []ListRequest
	for _, v := range s.cfg.Steps {
		lists = append(lists, ListRequest{Steps: []Versioned{v}})
	}
	for _, v := range s.cfg.Diplomas {
		lists = append(lists, ListRequest{Diplomas: []Versioned{v}})
	}
	for _, v := range s.cfg.Components {
		lists = append(lists, ListRequest{Components: []string{v}})
	}
	if len(lists) == 0 {
		return nil, false, passerelle.FieldErrors{{Field: "SourceConfig.Steps", Rule: "required", Want: "steps, diplomas or components to list, or a query by IDs"}}
	}
	for _, r := range lists {
		r.Year = strconv.Itoa(year)
		for l, err := range s.cfg.Client.List(ctx, r) {
			if err != nil {
				return nil, false, err
			}
			add(l.CodEtu)
		}
	}
	return done(), false, nil
}
