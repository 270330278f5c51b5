package particulier

import (
	"context"
	"fmt"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/passerelle-sup/passerelle"
)

// Values of the limits.
const (
	// DefaultPerSecond keeps under both limits of the service, 20 a second for a
	// token and 1000 a minute for an address: it makes 960 a minute.
	DefaultPerSecond = 16
	// DefaultPause is how long nothing is sent after a 429 that names no time. It is
	// the window of the limit per address.
	DefaultPause = time.Minute
)

// Limiter paces the calls of everything that the service counts together. It is
// safe for concurrent use. [NewLimiter] gives one for a process; several machines
// that share a token or an address need one that they all ask.
type Limiter interface {
	// Wait returns when a request may be sent, or an error when ctx ends, or would
	// end, before.
	Wait(ctx context.Context) error
	// Refused tells that the service answered 429: nothing may be sent before until.
	Refused(until time.Time)
}

// RateLimiter is a [Limiter] for one process. Create it with [NewLimiter].
type RateLimiter struct {
	rate *rate.Limiter

	mu    sync.Mutex
	until time.Time // nothing is sent before
}

// NewLimiter returns a limiter that lets perSecond requests through each second, one by
// one, without bursts. 0 is DefaultPerSecond; a negative value does not pace, and
// stops on a 429 still.
func NewLimiter(perSecond float64) *RateLimiter {
	limit := rate.Limit(perSecond)
	switch {
	case perSecond == 0:
		limit = DefaultPerSecond
	case perSecond < 0:
		limit = rate.Inf
	}
	return &RateLimiter{rate: rate.NewLimiter(limit, 1)}
}

// Wait implements [Limiter]. Its errors are a *PausedError, that of ctx, or one
// that is passerelle.ErrRateLimited when the turn would come after the deadline.
func (l *RateLimiter) Wait(ctx context.Context) error {
	for {
		if err := l.pause(ctx); err != nil {
			return err
		}
		if err := l.rate.Wait(ctx); err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			return fmt.Errorf("particulier: the turn comes after the deadline: %w", passerelle.ErrRateLimited)
		}
		if l.left() <= 0 { // no 429 came meanwhile
			return nil
		}
	}
}

// pause waits until nothing is forbidden, or fails at once when ctx ends before.
func (l *RateLimiter) pause(ctx context.Context) error {
	for {
		left := l.left()
		if left <= 0 {
			return ctx.Err()
		}
		if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) < left {
			return &PausedError{Left: left}
		}
		timer := time.NewTimer(left)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		}
	}
}

func (l *RateLimiter) left() time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	return time.Until(l.until)
}

// Refused implements [Limiter]. An earlier, longer pause stays.
func (l *RateLimiter) Refused(until time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if until.After(l.until) {
		l.until = until
	}
}

// PausedError says that a call was not sent because the service asked for a pause
// that outlasts the call. errors.Is(err, passerelle.ErrRateLimited) is true of it.
type PausedError struct {
	Left time.Duration // of the pause
}

// Error tells how long the pause is.
func (e *PausedError) Error() string {
	return "particulier: the service asked for a pause, of which " + e.Left.Round(time.Second).String() + " are left"
}

// Is reports whether target is ErrRateLimited.
func (e *PausedError) Is(target error) bool { return target == passerelle.ErrRateLimited }

// Outcome returns NotSent.
func (e *PausedError) Outcome() passerelle.Outcome { return passerelle.NotSent }

// turn is the limiter of the transport: the shared one, after the delay that the
// service asked of this call.
type turn struct{ Limiter }

type notBeforeKey struct{}

// Wait waits for the call's own delay, then for the shared limiter.
func (t turn) Wait(ctx context.Context) error {
	if at, ok := ctx.Value(notBeforeKey{}).(*time.Time); ok && !at.IsZero() {
		left := time.Until(*at)
		if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) < left {
			return &PausedError{Left: left}
		}
		timer := time.NewTimer(max(left, 0))
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return t.Limiter.Wait(ctx)
}
