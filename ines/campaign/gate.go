package campaign

import (
	"context"
	"errors"
	"sync"

	"github.com/passerelle-sup/passerelle"
)

// gate decides, for a whole run, whether INES may still be called and whether a
// further registration may be sent. Its methods are safe for concurrent use.
type gate struct {
	mu          sync.Mutex
	maxFailures int
	stopPercent int
	room        int // registrations left; negative: no limit
	limited     int // the limit that room started from, for people

	accepted bool   // INES has taken the credentials in this run
	refusals int    // calls in a row that refused the credentials or the right
	failures int    // calls in a row without an answer
	noCalls  Reason // why no call is made any more; zero while they are
	answered int    // registrations answered
	bad      int    // of those, litiges and refusals
	noSends  Reason // why nothing is registered any more
}

// calls reports whether INES may be called, and why not.
func (g *gate) calls() (why Reason, ok bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.noCalls, g.noCalls.IsZero()
}

// sawAnswer counts a call that was answered.
func (g *gate) sawAnswer() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.failures, g.refusals, g.accepted = 0, 0, true
}

// maxRefusals is how many refusals in a row end the calls once the credentials
// have been accepted: one may be an accident, many lock an account.
const maxRefusals = 3

// sawError counts a call that ended in err: refused credentials close the gate
// at once when they were never accepted, silence after a number of calls in a row.
func (g *gate) sawError(err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case errors.Is(err, passerelle.ErrUnauthorized), errors.Is(err, passerelle.ErrForbidden):
		if g.refusals++; g.accepted && g.refusals < maxRefusals {
			return
		}
		g.noCalls = because("credentials")
		if errors.Is(err, passerelle.ErrForbidden) {
			g.noCalls = because("right")
		}
	case errors.Is(err, passerelle.ErrInvalid), errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded) && passerelle.OutcomeOf(err) == passerelle.NotSent:
		// refused for what it says, or ended by us
	default:
		if g.failures++; g.failures >= g.maxFailures && g.noCalls.IsZero() {
			g.noCalls = because("silence", g.failures)
		}
	}
}

// admit takes the right to send one registration, or says why there is none.
func (g *gate) admit() (why Reason, ok bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case !g.noCalls.IsZero():
		return g.noCalls, false
	case !g.noSends.IsZero():
		return g.noSends, false
	case g.room == 0:
		return because("limit", g.limited), false
	}
	if g.room > 0 {
		g.room--
	}
	return Reason{}, true
}

// giveBack returns a right that was not used.
func (g *gate) giveBack() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.room >= 0 {
		g.room++
	}
}

// registered counts the answer to a registration.
func (g *gate) registered(bad bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.answered++
	if bad {
		g.bad++
	}
	if g.stopPercent >= 0 && g.answered >= stopSample && g.bad*100 > g.stopPercent*g.answered && g.noSends.IsZero() {
		g.noSends = because("share", g.bad, g.answered, g.stopPercent)
	}
}

// stopped tells why the run stopped calling or registering.
func (g *gate) stopped() Reason {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.noCalls.IsZero() {
		return g.noCalls
	}
	return g.noSends
}
