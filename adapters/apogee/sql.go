package apogee

import (
	"context"
	"database/sql"
	"errors"
	"iter"
	"strings"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/adapters/table"
	"github.com/passerelle-sup/passerelle/sis"
)

// SQLConfig says which base a [SQL] reads, and how.
type SQLConfig struct {
	// DB is the base. Required by NewSQL; Open fills it.
	DB table.Querier
	// Mapping holds the queries. The zero value is that of [Mapping] without options.
	Mapping table.Mapping
	// Communes finds the code of a French birthplace by its name and department, as
	// Apogée has no code. nil leaves the commune missing.
	Communes *Communes
	// Now is the clock of Changes. nil is time.Now.
	Now func() time.Time
}

// SQL is Apogée read by queries: a [sis.Source], sis.Deltas and sis.GradesReader. It
// is safe for concurrent use. It is no sis.INEWriter: see [OpenINEFile].
type SQL struct {
	table    *table.SQL
	communes *Communes
	db       *sql.DB // opened here; nil otherwise
}

var (
	_ sis.Source       = (*SQL)(nil)
	_ sis.Deltas       = (*SQL)(nil)
	_ sis.GradesReader = (*SQL)(nil)
)

// Open opens a base by the name of a database/sql driver and its data source name,
// and checks the queries against it. The driver is the caller's import: package oracle below this
// one brings github.com/sijms/go-ora as "oracle". Close the result.
func Open(ctx context.Context, driver, dsn string, cfg SQLConfig) (*SQL, error) {
	db, err := sql.Open(driver, dsn)
	if err != nil {
		// A driver may quote the data source name, which holds the password.
		return nil, &table.Error{Source: System, Op: "open", Text: "driver " + driver + " is not there or refuses the data source name", Err: passerelle.ErrInvalid}
	}
	cfg.DB = db
	s, err := NewSQL(cfg)
	if err == nil {
		err = s.Check(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	s.db = db
	return s, nil
}

// NewSQL returns a source that reads cfg.DB. Nothing is read yet. Its error is a
// passerelle.FieldErrors.
func NewSQL(cfg SQLConfig) (*SQL, error) {
	if cfg.Mapping.Queries == (table.Queries{}) {
		m, err := Mapping(Options{Dialect: cfg.Mapping.Dialect})
		if err != nil {
			return nil, err
		}
		cfg.Mapping = m
	}
	t, err := table.NewSQL(table.SQLConfig{DB: cfg.DB, Mapping: cfg.Mapping, Now: cfg.Now})
	if err != nil {
		return nil, err
	}
	return &SQL{table: t, communes: cfg.Communes}, nil
}

// Close closes the base that Open opened; otherwise it does nothing.
func (s *SQL) Close() error {
	if s.db == nil {
		return nil
	}
	return s.db.Close()
}

// Check runs each query for no row: see table.SQL.Check.
func (s *SQL) Check(ctx context.Context) error { return s.table.Check(ctx) }

// Students implements [sis.Source]. A person of INDIVIDU without COD_ETU is a
// *sis.RowError that names COD_IND. See table.SQL.Students.
func (s *SQL) Students(ctx context.Context, q sis.Query) iter.Seq2[sis.Student, error] {
	return func(yield func(sis.Student, error) bool) {
		for student, err := range s.table.Students(ctx, numeric(q)) {
			if err == nil {
				s.communes.fill(&student.Person.Birthplace)
			}
			if !yield(student, err) {
				return
			}
		}
	}
}

// Enrolments implements [sis.Source]: the enrolments in steps that are in force.
func (s *SQL) Enrolments(ctx context.Context, q sis.Query) iter.Seq2[sis.Enrolment, error] {
	return s.table.Enrolments(ctx, numeric(q))
}

// Changes implements [sis.Deltas]: see table.SQL.Changes. A change of an enrolment is
// one of its student.
func (s *SQL) Changes(ctx context.Context, cursor string) iter.Seq2[sis.Delta, error] {
	return func(yield func(sis.Delta, error) bool) {
		for delta, err := range s.table.Changes(ctx, cursor) {
			if err == nil {
				s.communes.fill(&delta.Student.Person.Birthplace)
			}
			if !yield(delta, err) {
				return
			}
		}
	}
}

// Results implements [sis.GradesReader]. Passed is what TYP_RESULTAT says of the
// decision; a mark under the lock of anonymity is missing, with its decision.
func (s *SQL) Results(ctx context.Context, student sis.StudentID, year int) iter.Seq2[sis.Result, error] {
	return func(yield func(sis.Result, error) bool) {
		if !digits(student.Local) {
			yield(sis.Result{}, passerelle.FieldErrors{{Field: "student.Local", Rule: "character", Want: "a COD_ETU: digits"}})
			return
		}
		for r, err := range s.table.Results(ctx, student, year) {
			if strings.HasPrefix(r.Mark, ",") || strings.HasPrefix(r.Mark, ".") {
				r.Mark = "0" + r.Mark // Oracle writes a half as ,5
			}
			if !yield(r, err) {
				return
			}
		}
	}
}

// numeric takes the students out of a query who cannot be in Apogée: Oracle would
// fail on a text that it compares with a number.
func numeric(q sis.Query) sis.Query {
	if len(q.IDs) == 0 {
		return q
	}
	kept := make([]sis.StudentID, 0, len(q.IDs))
	for _, id := range q.IDs {
		if digits(id.Local) {
			kept = append(kept, id)
		}
	}
	if len(kept) == 0 {
		kept = []sis.StudentID{{System: "none"}} // nobody, where no ID at all would be everybody
	}
	q.IDs = kept
	return q
}

func digits(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }
