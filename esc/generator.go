package esc

import (
	"cmp"
	"context"
	"encoding/binary"
	"math/rand/v2"
	"sync"
	"time"

	passerelle "github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/hei"
)

const (
	// blockSize is how many numbers are made from one reading of the clock: one
	// millisecond of ticks.
	blockSize = ticksPerMilli

	// sequenceRange bounds the clock sequence: the official generator draws from
	// 0 to 0x3ffe, never 0x3fff.
	sequenceRange = 0x3fff

	maxTicks = 1<<60 - 1

	defaultMaxWait = time.Second
	defaultAhead   = 100 * time.Millisecond

	// pollEvery bounds one sleep: a clock that is put right meanwhile is noticed.
	pollEvery = time.Second
)

// Config sets up a [Generator]. The zero value is ready for use: prefix 000, no
// memory of earlier runs.
type Config struct {
	// Prefix tells apart the servers of one institution, 0 to 999. Give each
	// process that makes numbers its own: two processes with one prefix may make
	// equal numbers, unless they share Reservations. (Numbers with prefix 988 seem to be
	// those that the router assigns itself: deduced, not published.)
	Prefix int

	// Reservations remembers which ticks were taken by earlier runs; see
	// [FileReservations]. When nil, a process that restarts after the clock was
	// set back may use ticks a second time.
	Reservations Reservations

	// Ahead is how much time is reserved at once. A bulk run makes one reservation
	// per Ahead; a process that restarts sooner waits for the rest of it. 0 means 100 ms.
	Ahead time.Duration

	// MaxWait is the longest that Next waits for the clock to pass the last tick
	// used, after it was set back. Beyond it, Next returns a [*ClockError] at once.
	// 0 means one second; a negative value never waits for a clock set back.
	MaxWait time.Duration

	// Now is the clock; nil means time.Now. It is read once per 10 000 numbers and
	// while waiting for the next millisecond.
	Now func() time.Time

	// ClockSequence draws the clock sequence of each number, of which the low 14
	// bits are kept; nil draws from 0 to 0x3ffe at random, as the official generator does.
	// Calls are serialised.
	ClockSequence func() uint16
}

// Generator makes card numbers as the official generator does while the clock
// advances: 10 000 consecutive ticks per reading of the clock, never two readings
// of one millisecond. Where the official generator uses ticks again, when the clock
// is set back, it waits or returns a [*ClockError]: no tick is ever used twice.
//
// Make one Generator per prefix and share it: its methods are safe for
// concurrent use.
type Generator struct {
	prefix       uint64
	reservations Reservations
	ahead        uint64 // ticks
	maxWait      time.Duration
	now          func() time.Time
	sequence     func() uint16

	mu        sync.Mutex
	next      uint64        // next tick of the current block
	end       uint64        // end of the current block
	floor     uint64        // no tick below it may be used again
	reserved  uint64        // end of our last reservation
	reserving chan struct{} // closed when the reservation under way ends; nil without one
}

// NewGenerator checks cfg and returns a generator. Its error lists every fault, as
// passerelle.FieldErrors.
func NewGenerator(cfg Config) (*Generator, error) {
	var faults passerelle.FieldErrors
	if cfg.Prefix < 0 || cfg.Prefix > 999 {
		faults.Add("Prefix", "range", "0 to 999")
	}
	if cfg.Ahead < 0 || cfg.Ahead > time.Hour {
		faults.Add("Ahead", "range", "0 to one hour")
	}
	if err := faults.Err(); err != nil {
		return nil, err
	}
	g := &Generator{
		prefix:       decimalAsHex(uint64(cfg.Prefix)),
		reservations: cfg.Reservations,
		ahead:        uint64(max(cmp.Or(cfg.Ahead, defaultAhead).Milliseconds(), 1)) * ticksPerMilli,
		maxWait:      cmp.Or(cfg.MaxWait, defaultMaxWait),
		now:          cfg.Now,
		sequence:     cfg.ClockSequence,
	}
	if g.now == nil {
		g.now = time.Now
	}
	return g, nil
}

// Next returns a new number for the institution of the given PIC (nine digits).
//
// It waits, as long as ctx allows, for the next millisecond when the ticks of
// this one are used up, and for a clock that was set back by no more than MaxWait.
// Its error is a *passerelle.ParseError when pic is none, a [*ClockError], the error of
// the context, or that of the reservation.
func (g *Generator) Next(ctx context.Context, pic string) (Number, error) {
	node, err := packPIC(pic)
	if err != nil {
		return Number{}, err
	}
	node |= g.prefix << 36
	for {
		g.mu.Lock()
		if g.next < g.end {
			n := assemble(g.next, g.drawSequence(), node)
			g.next++
			g.mu.Unlock()
			return n, nil
		}
		if err := g.refill(ctx); err != nil {
			return Number{}, err
		}
	}
}

func (g *Generator) drawSequence() uint16 {
	if g.sequence != nil {
		return g.sequence()
	}
	return uint16(rand.Uint32N(sequenceRange))
}

// refill opens the next block of ticks, or waits for what prevents it. It is
// called with g.mu held, and releases it: nothing waits under the lock, so that
// every caller can give up by its own context.
func (g *Generator) refill(ctx context.Context) error {
	if pending := g.reserving; pending != nil {
		g.mu.Unlock()
		select {
		case <-pending:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}

	now := g.now()
	start, err := blockOf(now)
	if err != nil {
		g.mu.Unlock()
		return err
	}
	if start < g.floor {
		floor := g.floor
		g.mu.Unlock()
		return g.waitFor(ctx, floor, now)
	}
	if g.reservations == nil || start+blockSize <= g.reserved {
		g.open(start)
		g.mu.Unlock()
		return nil
	}

	done := make(chan struct{})
	g.reserving = done
	g.mu.Unlock()

	end := start + g.ahead
	taken, err := g.reservations.Reserve(ctx, start, end)

	g.mu.Lock()
	defer g.mu.Unlock()
	g.reserving = nil
	close(done)
	switch {
	case err != nil:
		return err
	case taken > start:
		g.floor = max(g.floor, taken)
	default:
		g.reserved = end
		g.open(start)
	}
	return nil
}

func (g *Generator) open(start uint64) {
	g.next, g.end = start, start+blockSize
	g.floor = g.end
}

// waitFor waits until the clock should have reached floor, the first tick that is
// free. Being less than one block short is the ordinary wait for the next
// millisecond, which the official generator does as well.
func (g *Generator) waitFor(ctx context.Context, floor uint64, now time.Time) error {
	last := officialTime(floor - 1)
	wait := officialTime(floor + ticksPerMilli - 1).Sub(now) // rounded up to a millisecond
	if wait > time.Millisecond && wait > g.maxWait {
		return &ClockError{Last: last, Now: now}
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	timer := time.NewTimer(min(wait, pollEvery))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// blockOf returns the first tick of the millisecond of t.
func blockOf(t time.Time) (uint64, error) {
	ms := t.UnixMilli()
	if ms < 0 || ms > (maxTicks-officialEpoch)/ticksPerMilli-1 {
		return 0, &ClockError{Now: t}
	}
	return uint64(ms)*ticksPerMilli + officialEpoch, nil
}

// assemble lays out the 16 bytes. node holds twelve decimal digits, four bits each.
func assemble(ticks uint64, sequence uint16, node uint64) Number {
	var n Number
	binary.BigEndian.PutUint32(n.b[0:], uint32(ticks))
	binary.BigEndian.PutUint16(n.b[4:], uint16(ticks>>32))
	binary.BigEndian.PutUint16(n.b[6:], uint16(ticks>>48)|0x1000)
	binary.BigEndian.PutUint64(n.b[8:], uint64(sequence&0x3fff|0x8000)<<48|node)
	return n
}

// packPIC writes the nine digits of a PIC on four bits each.
func packPIC(pic string) (uint64, error) {
	if _, err := hei.ParsePIC(pic); err != nil {
		return 0, err
	}
	if len(pic) != 9 { // blanks around it are for people
		return 0, &passerelle.ParseError{Type: "PIC", Rule: "length", Want: "9 digits"}
	}
	var packed uint64
	for _, digit := range pic {
		packed = packed<<4 | uint64(digit-'0')
	}
	return packed, nil
}

// decimalAsHex writes the three last decimal digits of v on four bits each.
func decimalAsHex(v uint64) uint64 { return v/100%10<<8 | v/10%10<<4 | v%10 }
