package table

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/passerelle-sup/passerelle"
)

// Error says that a file or a base could not be read. errors.Is finds the error of
// the context, ErrNotFound for a file that does not exist, and else ErrUnavailable.
type Error struct {
	Source string // name of the mapping or of the base
	Op     string // what was done: "open", "students", "enrolments", "results", "changes"
	// Text is what the base said of the query, without the bound values; empty for
	// an error while rows were read, whose text may quote them.
	Text string
	Err  error // the cause. Its text may be personal.
}

// Error returns the source, the operation and the text of the base.
func (e *Error) Error() string {
	text := e.Text
	switch {
	case errors.Is(e.Err, context.Canceled):
		text = context.Canceled.Error()
	case errors.Is(e.Err, context.DeadlineExceeded):
		text = context.DeadlineExceeded.Error()
	case text == "":
		text = fmt.Sprintf("reading failed (%T)", e.Err)
	}
	return e.Source + ": " + e.Op + ": " + text
}

// Unwrap returns the cause and its class in the taxonomy.
func (e *Error) Unwrap() []error {
	switch {
	case errors.Is(e.Err, context.Canceled), errors.Is(e.Err, context.DeadlineExceeded):
		return []error{e.Err}
	case errors.Is(e.Err, fs.ErrNotExist):
		return []error{passerelle.ErrNotFound, e.Err}
	}
	return []error{passerelle.ErrUnavailable, e.Err}
}

// Outcome returns NotSent: reading changes nothing.
func (e *Error) Outcome() passerelle.Outcome { return passerelle.NotSent }
