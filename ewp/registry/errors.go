package registry

import "errors"

// Error is a catalogue that could not be fetched, read, or trusted any more.
// errors.Is knows it by its cause: passerelle.ErrProtocol for a document that is no
// catalogue, passerelle.ErrUnavailable for a registry that does not answer and for
// a copy that is too old, fs.ErrNotExist for a file that is not there.
type Error struct {
	Op  string // "fetch", "read", "parse", "copy" or "ask"
	Err error
}

// Error returns the step and the cause.
func (e *Error) Error() string { return "registry: " + e.Op + ": " + e.Err.Error() }

// Unwrap returns Err.
func (e *Error) Unwrap() error { return e.Err }

// kindError is a cause of ours, with its place in the taxonomy.
type kindError struct {
	kind error
	text string
}

func (e *kindError) Error() string        { return e.text }
func (e *kindError) Is(target error) bool { return target == e.kind }

// wrap returns err inside an Error, unless it is one already.
func wrap(op string, err error) error {
	if own, ok := errors.AsType[*Error](err); ok {
		return own
	}
	return &Error{Op: op, Err: err}
}
