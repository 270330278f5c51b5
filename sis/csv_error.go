package sis

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/passerelle-sup/passerelle"
)

// Rules of a CSVError.
const (
	CSVRuleRead      = "read"      // the file cannot be opened, read or written
	CSVRuleEmpty     = "empty"     // there is no first line
	CSVRuleEncoding  = "encoding"  // the file, or its first line, is in another encoding
	CSVRuleHeader    = "header"    // the first line cannot be split, or is no header
	CSVRuleMissing   = "missing"   // columns are missing
	CSVRuleDuplicate = "duplicate" // a column is there twice
	CSVRuleOption    = "option"    // CSVOptions contradicts itself or names what does not exist
)

// CSVError concerns a CSV file as a whole. errors.Is finds ErrInvalid; for rule
// "read" ErrNotFound or ErrUnavailable, and the cause.
type CSVError struct {
	Source  string
	Rule    string
	Columns []string // columns at fault, as the file should name them
	Found   []string // columns of the file; nil when its first line may be no header but a record
	Want    string   // what was expected, for a person to read
	Err     error    // cause of rule "read"
}

// Error returns the file, the rule and the columns.
func (e *CSVError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s", e.Source, e.Rule)
	if len(e.Columns) > 0 {
		fmt.Fprintf(&b, ": %s", strings.Join(e.Columns, ", "))
	}
	if e.Found != nil {
		fmt.Fprintf(&b, "; found: %s", strings.Join(e.Found, ", "))
	}
	if e.Want != "" {
		fmt.Fprintf(&b, ": want %s", e.Want)
	}
	if e.Err != nil {
		fmt.Fprintf(&b, ": %v", e.Err)
	}
	return b.String()
}

// Unwrap returns the class of the root taxonomy, and the cause when there is one.
func (e *CSVError) Unwrap() []error {
	switch {
	case e.Err == nil:
		return []error{passerelle.ErrInvalid}
	case errors.Is(e.Err, fs.ErrNotExist):
		return []error{passerelle.ErrNotFound, e.Err}
	default:
		return []error{passerelle.ErrUnavailable, e.Err}
	}
}

// Outcome returns NotSent: nothing that could not be read was sent.
func (e *CSVError) Outcome() passerelle.Outcome { return passerelle.NotSent }
