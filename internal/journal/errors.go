package journal

import (
	"fmt"
	"strings"

	passerelle "github.com/passerelle-sup/passerelle"
)

// Error says which operation on which journal failed. errors.Is finds the class
// of the root taxonomy (ErrConflict: in use; ErrInvalid: not such a journal, or a
// record that cannot be one; ErrNotFound: no file; ErrGone: closed; ErrUnavailable:
// the system refused) and the system's own error. Its text holds no record.
type Error struct {
	Op    string // "open", "read", "append", "sync", "compact", "close"; "use" after Close
	Path  string
	Class error  // one of the root taxonomy
	Text  string // what happened, for a person
	Err   error  // the cause, may be nil
}

// Error returns operation, path and what happened.
func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "journal: %s %s", e.Op, e.Path)
	if e.Text != "" {
		b.WriteString(": " + e.Text)
	} else if e.Err != nil {
		b.WriteString(": " + e.Err.Error())
	}
	return b.String()
}

// Unwrap returns the class and the cause.
func (e *Error) Unwrap() []error {
	if e.Err == nil {
		return []error{e.Class}
	}
	return []error{e.Class, e.Err}
}

// DamageError says that a part of a journal is not the records that were
// written. errors.Is(err, passerelle.ErrInvalid) is true of it.
type DamageError struct {
	Path   string
	Offset int64 // of the first damaged byte, from 0
	Length int64 // bytes until the next good record or the end; 0 when records are missing between two good lines
	After  int64 // number of the last good record before it; 0 when there is none
	Lost   int64 // records known to be lost, from the number of the next good one; 0 when nothing good follows
	Torn   bool  // the end of the file, cut by a crash while writing
	Rule   string
}

// The values of DamageError.Rule.
const (
	RuleChecksum = "checksum" // the line does not give its checksum, or has none
	RuleLength   = "length"   // the line is longer than Options.MaxRecord allows
	RuleSequence = "sequence" // the number of the record does not follow
	RuleTorn     = "torn"     // the file ends within the record
)

// Error returns where the damage is and what is wrong there.
func (e *DamageError) Error() string {
	what := "damaged"
	if e.Torn {
		what = "cut short"
	}
	s := fmt.Sprintf("journal: %s: %s at offset %d (%d bytes after record %d): %s", e.Path, what, e.Offset, e.Length, e.After, e.Rule)
	if e.Lost > 0 {
		s += fmt.Sprintf(", %d records lost", e.Lost)
	}
	return s
}

// Is reports whether target is passerelle.ErrInvalid.
func (e *DamageError) Is(target error) bool { return target == passerelle.ErrInvalid }
