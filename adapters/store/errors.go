package store

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"

	"github.com/passerelle-sup/passerelle"
)

// Error is a failure of the database. errors.Is(err, passerelle.ErrUnavailable) is true of
// it: it says nothing about the question asked. Its text names the operation and what the
// driver said, which holds no value of a row.
type Error struct {
	What string // operation: "campaign: claim"
	Err  error  // the driver's error
}

// Error returns the operation and the driver's words.
func (e *Error) Error() string { return "store: " + e.What + ": " + words(e.Err) }

// Unwrap returns the driver's error.
func (e *Error) Unwrap() error { return e.Err }

// Is reports whether target is ErrUnavailable.
func (e *Error) Is(target error) bool { return target == passerelle.ErrUnavailable }

// taxonomy are the errors that a write returns as they are: they are answers.
var taxonomy = []error{
	passerelle.ErrNotFound, passerelle.ErrInvalid, passerelle.ErrConflict, passerelle.ErrAmbiguous, passerelle.ErrGone,
	context.Canceled, context.DeadlineExceeded,
}

// answer reports whether err is an answer of this package or of its caller, not a failure of
// the database.
func answer(err error) bool {
	for _, target := range taxonomy {
		if errors.Is(err, target) {
			return true
		}
	}
	return false
}

// failed names the operation of a failure. A deadline that is not that of ctx is the
// database's.
func failed(ctx context.Context, what string, err error) error {
	late := ctx.Err() == nil && (errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled))
	if answer(err) && !late {
		return err
	}
	return &Error{What: what, Err: err}
}

// errClosed is a call after Close.
var errClosed = fmt.Errorf("store: the database was closed: %w", driver.ErrBadConn)
