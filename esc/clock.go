package esc

import (
	"time"

	passerelle "github.com/passerelle-sup/passerelle"
)

// ClockError says that no number can be made because the clock stands before the
// last tick taken, or outside the years that a number can hold. Waiting or setting
// the clock right is all there is to do. errors.Is(err, passerelle.ErrUnavailable) is
// true of it.
type ClockError struct {
	Last time.Time // last millisecond used or reserved; zero when the clock is out of range
	Now  time.Time // what the clock says
}

// Error returns how far the clock is behind.
func (e *ClockError) Error() string {
	if e.Last.IsZero() {
		return "ESCN: the clock says " + e.Now.UTC().Format(time.RFC3339) + ", which a card number cannot hold"
	}
	return "ESCN: the clock is " + e.Last.Sub(e.Now).String() + " behind the ticks already taken: was it set back?"
}

// Is reports whether target is passerelle.ErrUnavailable.
func (e *ClockError) Is(target error) bool { return target == passerelle.ErrUnavailable }

// Outcome returns NotSent: the failure is local.
func (e *ClockError) Outcome() passerelle.Outcome { return passerelle.NotSent }
