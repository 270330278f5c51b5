package ewptest

import (
	"sync/atomic"
	"time"
)

// Clock is the time of a network: the time of the process, moved. It goes on by
// itself, and inside a testing/synctest bubble it goes as the time there does. The
// zero value is the time of the process. It is safe for concurrent use.
type Clock struct{ offset atomic.Int64 }

// Now returns the time.
func (c *Clock) Now() time.Time { return time.Now().Add(time.Duration(c.offset.Load())) }

// Advance moves the clock, backwards if d is negative.
func (c *Clock) Advance(d time.Duration) { c.offset.Add(int64(d)) }

// Set moves the clock to a time.
func (c *Clock) Set(t time.Time) { c.offset.Store(int64(time.Until(t))) }
