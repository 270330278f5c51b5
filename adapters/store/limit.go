package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"sync"
	"time"

	"github.com/passerelle-sup/passerelle"
)

// Limiter paces the calls of everything that a service counts together, on all machines
// that share the store: it gives turns at a fixed distance, by the clock of the database. It is a
// transport.Limiter and a particulier.Limiter. A process that dies loses its turn. It is safe for
// concurrent use.
type Limiter struct {
	s        *Store
	name     string
	interval time.Duration

	mu    sync.Mutex
	until time.Time // nothing is sent before, as this process was told
}

// Limiter returns the limiter of a name, which lets perSecond calls through each second, one
// by one, without bursts. perSecond is above 0 and at most 1000; all machines give the same. Use
// one name for each institution and token, see [LimitName]. Each turn is a write of the database.
func (s *Store) Limiter(name string, perSecond float64) (*Limiter, error) {
	if !(perSecond > 0 && perSecond <= 1000) {
		return nil, passerelle.FieldErrors{{Field: "perSecond", Rule: "range", Want: "above 0, at most 1000"}}
	}
	if err := texts("limiter", name); err != nil {
		return nil, err
	}
	return &Limiter{s: s, name: name, interval: time.Duration(float64(time.Second) / perSecond)}, nil
}

// LimitName names the limiter of a service, an institution and a token, of which it keeps
// a digest only.
func LimitName(service, institution, token string) string {
	sum := sha256.Sum256([]byte("passerelle/limit 1\n" + token))
	return service + "/" + institution + "/" + hex.EncodeToString(sum[:8])
}

// Wait returns when a call may be sent. Its error is that of ctx, that of the database, or
// one that is passerelle.ErrRateLimited when the turn comes after the deadline of ctx.
func (l *Limiter) Wait(ctx context.Context) error {
	for {
		wait, paused, err := l.turn(ctx)
		if err != nil {
			return err
		}
		l.mu.Lock()
		if own := time.Until(l.until); own > wait {
			wait, paused = own, true
		}
		l.mu.Unlock()
		if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) < wait {
			return &turnError{wait}
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return ctx.Err()
		}
		if !paused { // after a pause everybody takes a new turn
			return nil
		}
	}
}

// turn takes the next turn, and tells how far it is; during a pause it tells how long that
// lasts.
func (l *Limiter) turn(ctx context.Context) (wait time.Duration, paused bool, err error) {
	clock := l.s.engine.clock()
	query := fmt.Sprintf(`INSERT INTO limits (name, next, until) VALUES ($1, %[1]s + $2, 0)
ON CONFLICT (name) DO UPDATE SET next = CASE WHEN limits.until > %[1]s THEN limits.next WHEN limits.next > %[1]s THEN limits.next + $2 ELSE %[1]s + $2 END
RETURNING next - $2 - %[1]s, until - %[1]s`, clock)
	var turn, pause int64 // microseconds
	err = l.s.write(ctx, "limiter: wait", true, func(q querier, _ bool) error {
		return q.row(query, []any{l.name, l.interval.Microseconds()}, &turn, &pause)
	})
	if err != nil {
		return 0, false, err
	}
	if pause > 0 {
		return time.Duration(pause) * time.Microsecond, true, nil
	}
	return max(0, time.Duration(turn)*time.Microsecond), false, nil
}

// refusedPatience bounds how long Refused waits for the database: the process itself
// keeps the pause in any case.
const refusedPatience = 5 * time.Second

// Refused tells that the service answered 429: no machine sends anything before until. An
// earlier, longer pause stays.
func (l *Limiter) Refused(until time.Time) {
	l.mu.Lock()
	if until.After(l.until) {
		l.until = until
	}
	l.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), refusedPatience)
	defer cancel()
	clock := l.s.engine.clock()
	left := time.Until(until).Microseconds()
	_ = l.s.write(ctx, "limiter: pause", true, func(q querier, _ bool) error {
		_, err := q.exec(fmt.Sprintf(`INSERT INTO limits (name, next, until) VALUES ($1, %[1]s, %[1]s + $2)
ON CONFLICT (name) DO UPDATE SET until = CASE WHEN limits.until > excluded.until THEN limits.until ELSE excluded.until END`, clock), l.name, left)
		return err
	})
}

// turnError says that a turn comes after the deadline.
type turnError struct{ wait time.Duration }

func (e *turnError) Error() string {
	return "store: the next turn is " + e.wait.Round(time.Millisecond).String() + " away, after the deadline"
}
func (e *turnError) Is(target error) bool        { return target == passerelle.ErrRateLimited }
func (e *turnError) Outcome() passerelle.Outcome { return passerelle.NotSent }
