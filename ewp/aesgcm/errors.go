package aesgcm

import "github.com/passerelle-sup/passerelle"

const (
	// ErrDecrypt says that a body could not be decrypted, and on purpose not why:
	// it was cut, changed, or meant for another key. A server answers 400.
	ErrDecrypt refusal = "encrypted body: cannot be decrypted with our keys"
	// ErrTooLarge says that a body is longer than accepted; it was not looked at.
	ErrTooLarge refusal = "encrypted body: longer than accepted"
)

// refusal is an error that errors.Is knows as passerelle.ErrInvalid too.
type refusal string

// Error returns the text.
func (r refusal) Error() string { return string(r) }

// Is reports whether target is passerelle.ErrInvalid.
func (r refusal) Is(target error) bool { return target == passerelle.ErrInvalid }
