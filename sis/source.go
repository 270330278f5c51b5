package sis

import (
	"context"
	"fmt"
	"iter"
	"strings"
	"time"

	"github.com/passerelle-sup/passerelle"
)

// Query narrows what a [Source] gives. The zero value asks for everything.
type Query struct {
	Year          int         // academic year, by its first civil year; 0 for all
	ModifiedSince time.Time   // records changed at or after; zero for all
	INEStates     []INEState  // students in one of these states; empty for all
	IDs           []StudentID // these students; empty for all
}

// Source gives the records of a student system. Sequences can be ranged over
// once; each call reads anew. Order is the system's own and stable between two calls
// on an unchanged base. Implementations are safe for concurrent use.
//
// The adapter invents nothing: a missing birthplace or INE stays missing.
type Source interface {
	Students(ctx context.Context, q Query) iter.Seq2[Student, error]
	Enrolments(ctx context.Context, q Query) iter.Seq2[Enrolment, error]
}

// Deltas is the add-on of sources that can tell what changed.
type Deltas interface {
	// Changes gives the students changed since cursor, the oldest first. The
	// empty cursor starts from the beginning. Each delta carries the cursor from
	// which the next call resumes after it: an opaque text.
	Changes(ctx context.Context, cursor string) iter.Seq2[Delta, error]
}

// Delta is one change of a student.
type Delta struct {
	Student Student
	Cursor  string
}

// INEWriter is the add-on of systems that take an INE back.
type INEWriter interface {
	// WriteINE records u. It may be called again with the same update after a
	// crash or a lost answer and must then change nothing more. It returns
	// an error of the root taxonomy; ErrConflict says that the system holds another
	// confirmed number.
	WriteINE(ctx context.Context, u INEUpdate) error
}

// INEUpdate is what an immatriculation brings back to the student system: the
// definitive number on the student, and the number of the moment on the
// enrolment of the year, both dated and traceable.
type INEUpdate struct {
	Student    StudentID
	Year       int       // academic year of the enrolment
	Definitive string    // INE maître, as INES gave it
	Moment     string    // the number that the student held until then; empty when there was none
	Alternates []string  // further numbers of the same person known to INES
	DecidedAt  time.Time // when INES gave the definitive number
	Origin     string    // which operation gave it: "verification", "search", "registration", "follow-up"
}

// GradesReader is the add-on of sources that hold marks.
type GradesReader interface {
	// Results gives the results of one student, in the order of the transcript.
	Results(ctx context.Context, student StudentID, year int) iter.Seq2[Result, error]
}

// RowError concerns one record of a source; the sequence goes on after it. It
// holds no value of the record. errors.Is(err, passerelle.ErrInvalid) is true of it.
type RowError struct {
	Provenance
	Column int       // position in the row, in bytes from 1; 0 when it is not known
	Field  string    // name of the column or field
	ID     StudentID // whose record it is, when that could be read
	Err    error     // why it was refused
}

// Error returns the place and the reason.
func (e *RowError) Error() string {
	var b strings.Builder
	b.WriteString(e.Source)
	if e.Line > 0 {
		fmt.Fprintf(&b, ":%d", e.Line)
		if e.Column > 0 {
			fmt.Fprintf(&b, ":%d", e.Column)
		}
	}
	if e.Field != "" {
		fmt.Fprintf(&b, ": column %s", e.Field)
	}
	fmt.Fprintf(&b, ": %v", e.Err)
	return strings.TrimPrefix(b.String(), ": ")
}

// Unwrap returns the reason.
func (e *RowError) Unwrap() error { return e.Err }

// Is reports whether target is ErrInvalid.
func (e *RowError) Is(target error) bool { return target == passerelle.ErrInvalid }

// Outcome returns NotSent: a row that cannot be read never left.
func (e *RowError) Outcome() passerelle.Outcome { return passerelle.NotSent }
