package registry

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/transport"
)

// Refresh asks the source whether the catalogue changed, and puts the new index in
// place when it did. One query is made at a time; a call that comes less than MinGap
// after the last query of a remote source makes none, and returns the error of that
// one. Its error is an [*Error], or that of ctx; the copy that is there stays.
func (c *Client) Refresh(ctx context.Context) (changed bool, err error) {
	select {
	case c.turn <- struct{}{}:
		defer func() { <-c.turn }()
	case <-ctx.Done():
	}
	if err := ctx.Err(); err != nil {
		return false, err
	}
	c.mu.Lock()
	tooSoon := c.cfg.Source.remote() && !c.attempted.IsZero() && time.Since(c.attempted) < c.cfg.MinGap
	last := c.err
	c.mu.Unlock()
	if tooSoon {
		return false, last
	}
	before := c.current.Load()
	changed, err = c.query(ctx, before)
	if err != nil && ctx.Err() != nil {
		err = ctx.Err() // it counts all the same: impatient callers must not ask without end
	}
	c.attempt(err)
	switch {
	case err != nil:
		level := slog.LevelWarn
		if before == nil || c.aging(time.Since(before.confirmed)) {
			level = slog.LevelError
		}
		c.log.Log(ctx, level, "the catalogue could not be refreshed", "error", err)
	case changed:
		r := c.current.Load().index.Report()
		c.log.Info("a new catalogue is in place", "hosts", r.Hosts, "institutions", r.HEIs, "entries", r.Entries)
		if c.cfg.OnChange != nil {
			c.cfg.OnChange(c.current.Load().index)
		}
	}
	return changed, err
}

// query asks the source and takes in its answer.
func (c *Client) query(ctx context.Context, before *state) (changed bool, err error) {
	var have edition
	if before != nil {
		have = before.edition
	}
	a, err := c.cfg.Source.fetch(ctx, c, have)
	if err != nil {
		return false, wrap("fetch", err)
	}
	defer a.close()
	now := time.Now().Round(0) // the wall clock counts while a machine sleeps
	next := &state{edition: a.edition, confirmed: now, fresh: now.Add(a.fresh)}
	if a.body == nil {
		if before == nil {
			return false, wrap("fetch", errNotModified)
		}
		next.index = before.index
		c.current.Store(next)
		c.keep(next, &a)
		return false, nil
	}
	body := newHashing(a.body)
	if next.index, err = Parse(body, c.cfg.Limits); err != nil {
		return false, err
	}
	if sum := body.sum(); sum != next.edition.Sum { // a file that changed while it was read
		next.edition = edition{Sum: sum}
	}
	c.current.Store(next)
	c.keep(next, &a)
	return true, nil
}

var errNotModified = &kindError{passerelle.ErrProtocol, "the registry says that nothing changed since nothing"}

// attempt notes what came of a query.
func (c *Client) attempt(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.attempted, c.err, c.retry = time.Now(), err, c.cfg.RetryAfter
	if e, ok := errors.AsType[*transport.Error](err); ok {
		c.retry = min(max(c.retry, e.RetryAfter), maxInterval)
	}
}

// untilNext returns how long Run waits.
func (c *Client) untilNext() time.Duration {
	c.mu.Lock()
	attempted, retry, err := c.attempted, c.retry, c.err
	c.mu.Unlock()
	var wait time.Duration
	switch s := c.current.Load(); {
	case err != nil:
		wait = time.Until(attempted.Add(retry))
	case s != nil:
		next := s.confirmed.Add(c.cfg.Interval)
		if s.fresh.After(next) {
			next = s.fresh
		}
		wait = min(time.Until(next), maxInterval) // the clock may have been set back
	}
	if !attempted.IsZero() && c.cfg.Source.remote() {
		wait = max(wait, time.Until(attempted.Add(c.cfg.MinGap)))
	}
	return max(wait, 0)
}
