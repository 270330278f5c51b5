package pegase

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"iter"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ines"
	"github.com/passerelle-sup/passerelle/sis"
)

// ReplicaConfig says where the daily copy (DRE) is. Either DB, or Driver and DSN.
type ReplicaConfig struct {
	// Driver is the name of a database/sql driver that the program has imported: the copy is
	// a PostgreSQL database, usually "dre" with the read-only user "reader".
	Driver string
	DSN    string  // address and password, in the driver's own form; never shown
	DB     *sql.DB // a database opened by the caller, who closes it

	System  string         // system of the student IDs; empty: DefaultSystem
	Queries ReplicaQueries // what is asked; the zero value is the tables documented for 2025
	// Passing is that of [Config].
	Passing map[string]sis.Passed
	// Location is the zone of times that have none. nil means UTC.
	Location *time.Location
}

// LogValue gives the driver, and no address.
func (c ReplicaConfig) LogValue() slog.Value { return slog.GroupValue(slog.String("driver", c.Driver)) }

// Replica reads the daily copy of a tenant's databases (DRE). The copy is made anew every
// night, and connections are cut then: a sequence that is cut ends with
// passerelle.ErrUnavailable. It has no changes to follow; ask for Query.ModifiedSince. Queries
// are filtered here, row by row: the whole table is read each time.
//
// It is safe for concurrent use.
type Replica struct {
	cfg  ReplicaConfig
	db   *sql.DB
	ours bool // opened here
}

var (
	_ sis.Source       = (*Replica)(nil)
	_ sis.GradesReader = (*Replica)(nil)
)

// OpenReplica checks the configuration and returns a reader. It does not connect. Its
// error is passerelle.FieldErrors.
func OpenReplica(cfg ReplicaConfig) (*Replica, error) {
	var faults passerelle.FieldErrors
	switch {
	case cfg.DB != nil && (cfg.Driver != "" || cfg.DSN != ""):
		faults.Add("DB", "alone", "either DB, or Driver and DSN")
	case cfg.DB != nil:
	case cfg.Driver == "" || cfg.DSN == "":
		faults.Add("Driver", "required", "the name of a database/sql driver and its DSN, or a DB")
	case !slices.Contains(sql.Drivers(), cfg.Driver):
		faults.Add("Driver", "unknown", "a driver that the program imports: "+strings.Join(sql.Drivers(), ", "))
	}
	if err := faults.Err(); err != nil {
		return nil, err
	}
	r := &Replica{cfg: cfg, db: cfg.DB}
	if r.db == nil {
		db, err := sql.Open(cfg.Driver, cfg.DSN)
		if err != nil { // its text may quote the DSN
			return nil, passerelle.FieldErrors{{Field: "DSN", Rule: "form", Want: "an address in the form of the driver"}}
		}
		r.db, r.ours = db, true
	}
	r.cfg.System = cmp.Or(cfg.System, DefaultSystem)
	r.cfg.Queries = cfg.Queries.withDefaults()
	if r.cfg.Location == nil {
		r.cfg.Location = time.UTC
	}
	return r, nil
}

// Close closes the connections, unless the caller opened them.
func (r *Replica) Close() error {
	if !r.ours {
		return nil
	}
	return r.db.Close()
}

// ReplicaError is a query that failed. errors.Is finds ErrUnavailable.
type ReplicaError struct {
	Query string // "students", "enrolments", "results"
	Err   error  // the driver's error: its text may be personal
}

// Error names the query and nothing of the driver's words, which may quote values.
func (e *ReplicaError) Error() string {
	return "pegase replica: " + e.Query + ": the database did not answer the query"
}

// Unwrap returns the class and the driver's error.
func (e *ReplicaError) Unwrap() []error { return []error{passerelle.ErrUnavailable, e.Err} }

// Outcome returns Answered: a read changes nothing.
func (e *ReplicaError) Outcome() passerelle.Outcome { return passerelle.Answered }

// Students gives the students of the copy, each row of the query one. A row that tells no
// time of change is given whatever the query's.
func (r *Replica) Students(ctx context.Context, q sis.Query) iter.Seq2[sis.Student, error] {
	return func(yield func(sis.Student, error) bool) {
		if q.Year != 0 {
			r.studentsOfYear(ctx, q, yield)
			return
		}
		for row, err := range r.rows(ctx, "students", r.cfg.Queries.Students, columnsOf(q, studentColumns)) {
			if err != nil {
				yield(sis.Student{}, err)
				return
			}
			s, err := r.student(row)
			if err == nil && !wanted(q, s) {
				continue
			}
			if !yield(s, err) {
				return
			}
		}
	}
}

// studentsOfYear gives those who have an enrolment of the year. It keeps some twenty bytes
// for each.
func (r *Replica) studentsOfYear(ctx context.Context, q sis.Query, yield func(sis.Student, error) bool) {
	enrolled := make(map[uint64]struct{})
	for e, err := range r.Enrolments(ctx, sis.Query{Year: q.Year, IDs: q.IDs}) {
		if _, row := errors.AsType[*sis.RowError](err); err != nil && !row {
			yield(sis.Student{}, err)
			return
		}
		if err == nil {
			enrolled[hash(e.Student.Local)] = struct{}{}
		}
	}
	q.Year = 0
	for s, err := range r.Students(ctx, q) {
		if _, in := enrolled[hash(s.ID.Local)]; err == nil && !in {
			continue
		}
		if !yield(s, err) {
			return
		}
	}
}

// Enrolments gives the enrolments of the copy. INEStates is not asked of it.
func (r *Replica) Enrolments(ctx context.Context, q sis.Query) iter.Seq2[sis.Enrolment, error] {
	return func(yield func(sis.Enrolment, error) bool) {
		if len(q.INEStates) > 0 {
			yield(sis.Enrolment{}, passerelle.FieldErrors{{Field: "Query.INEStates", Rule: "unsupported", Want: "no state: ask for the students first"}})
			return
		}
		needs := columnsOf(q, enrolmentColumns)
		if q.Year != 0 {
			needs = append(needs, "year")
		}
		for row, err := range r.rows(ctx, "enrolments", r.cfg.Queries.Enrolments, needs) {
			if err != nil {
				yield(sis.Enrolment{}, err)
				return
			}
			e, err := r.enrolment(row)
			if err == nil && (q.Year != 0 && e.Year != q.Year || !named(q, e.Student) || !changedSince(e.ModifiedAt, q.ModifiedSince)) {
				continue
			}
			if !yield(e, err) {
				return
			}
		}
	}
}

// Results gives the results of a student by the query of the configuration, which has no
// default: the columns of the marks are not documented.
func (r *Replica) Results(ctx context.Context, student sis.StudentID, year int) iter.Seq2[sis.Result, error] {
	return func(yield func(sis.Result, error) bool) {
		var faults passerelle.FieldErrors
		if r.cfg.Queries.Results == "" {
			faults.Add("Queries.Results", "required", "a query of the results of the student $1")
		}
		if student.System != r.cfg.System && student.System != "" {
			faults.Add("student.System", "system", r.cfg.System)
		}
		if err := faults.Err(); err != nil {
			yield(sis.Result{}, err)
			return
		}
		needs := slices.Clone(resultColumns)
		if year != 0 {
			needs = append(needs, "year")
		}
		for row, err := range r.rows(ctx, "results", r.cfg.Queries.Results, needs, student.Local) {
			if err != nil {
				yield(sis.Result{}, err)
				return
			}
			result, err := r.result(row, student)
			if err == nil && year != 0 && result.Year != year {
				continue
			}
			if !yield(result, err) {
				return
			}
		}
	}
}

// wanted reports whether a query asks for a student.
func wanted(q sis.Query, s sis.Student) bool {
	if len(q.INEStates) > 0 && !slices.Contains(q.INEStates, s.INEState) {
		return false
	}
	return named(q, s.ID) && changedSince(s.ModifiedAt, q.ModifiedSince)
}

// named reports whether a query asks for a student by ID, with the system or without.
func named(q sis.Query, id sis.StudentID) bool {
	return len(q.IDs) == 0 || slices.Contains(q.IDs, id) || slices.Contains(q.IDs, sis.StudentID{Local: id.Local})
}

// student makes a student of a row.
func (r *Replica) student(row replicaRow) (sis.Student, error) {
	id := sis.StudentID{System: r.cfg.System, Local: row.text("student")}
	birth, err := date(row.text("birth_date"))
	if err != nil {
		return sis.Student{}, row.fault("birth_date", id, err)
	}
	place, field, err := birthplace(row.text("birth_commune"), row.text("birth_country"), row.text("birth_town_abroad"))
	if err != nil {
		column := "birth_commune"
		if field == "paysNaissance" {
			column = "birth_country"
		}
		return sis.Student{}, row.fault(column, id, err)
	}
	others, err := textArray(row.text("other_ines"))
	if err != nil {
		return sis.Student{}, row.fault("other_ines", id, err)
	}
	modified, err := row.time("modified_at", r.cfg.Location)
	if err != nil {
		return sis.Student{}, row.fault("modified_at", id, err)
	}
	ine := number(row.text("ine"))
	return sis.Student{
		ID: id, Internal: row.text("internal"),
		Person: passerelle.Person{
			BirthName: row.text("birth_name"), UsageName: row.text("usage_name"),
			GivenNames: [3]string{row.text("given_name_1"), row.text("given_name_2"), row.text("given_name_3")},
			Sex:        sex(row.text("sex")), BirthDate: birth, Birthplace: place,
		},
		INE: ine, INEState: StateOf(ines.Status(number(row.text("ine_state")))), OtherINEs: numbers(ine, others),
		Nationalities: nationalities(row.text("nationality"), row.text("nationality_2")),
		Email:         row.text("email"), PersonalEmail: row.text("personal_email"),
		ModifiedAt: modified, Provenance: row.provenance(),
	}, nil
}

// enrolment makes an enrolment of a row.
func (r *Replica) enrolment(row replicaRow) (sis.Enrolment, error) {
	id := sis.StudentID{System: r.cfg.System, Local: row.text("student")}
	e := sis.Enrolment{
		Student: id, ID: row.text("enrolment"), Period: row.text("period"), UAI: row.text("uai"), Component: row.text("component"),
		Programme: sis.Programme{Code: row.text("programme"), Version: row.text("period"), SISE: row.text("sise"), Label: row.text("label")},
		Main:      row.yes("main"), Status: status(row.text("status")), Payment: row.text("payment"), Regime: row.text("regime"),
		Mobility: mobility(row.text("mobility")), Exchange: row.text("exchange"),
		INE: number(row.text("ine")), CVEC: row.text("cvec"), Provenance: row.provenance(),
	}
	var err error
	if e.Year, err = row.year(); err != nil {
		return sis.Enrolment{}, row.fault("year", id, err)
	}
	if e.ValidatedAt, err = row.time("validated_at", r.cfg.Location); err != nil {
		return sis.Enrolment{}, row.fault("validated_at", id, err)
	}
	if e.ModifiedAt, err = row.time("modified_at", r.cfg.Location); err != nil {
		return sis.Enrolment{}, row.fault("modified_at", id, err)
	}
	return e, nil
}

// result makes a result of a row.
func (r *Replica) result(row replicaRow, id sis.StudentID) (sis.Result, error) {
	out := sis.Result{
		Student: id, Period: row.text("period"),
		Course: sis.Course{Code: row.text("course"), Kind: row.text("kind"), Title: row.text("title"), ECTS: row.text("ects"), Parent: row.text("parent")},
		Mark:   row.text("mark"), Scale: row.text("scale"), Code: row.text("code"), Credits: row.text("credits"), Provenance: row.provenance(),
	}
	var err error
	if out.Year, err = row.year(); err != nil {
		return sis.Result{}, row.fault("year", id, err)
	}
	if s := row.text("session"); s != "" {
		if out.Session, err = strconv.Atoi(s); err != nil {
			return sis.Result{}, row.fault("session", id, &passerelle.ParseError{Type: "session", Rule: "form", Want: "a number"})
		}
	}
	if out.At, err = row.time("at", r.cfg.Location); err != nil {
		return sis.Result{}, row.fault("at", id, err)
	}
	out.Passed = passed(r.cfg.Passing, out)
	return out, nil
}
