package esc_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	passerelle "github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/esc"
	"github.com/passerelle-sup/passerelle/internal/testutil"
)

const pic = "999859608"

func newGenerator(tb testing.TB, cfg esc.Config) *esc.Generator {
	tb.Helper()
	g, err := esc.NewGenerator(cfg)
	if err != nil {
		tb.Fatal(err)
	}
	return g
}

func next(tb testing.TB, g *esc.Generator) esc.Number {
	tb.Helper()
	n, err := g.Next(tb.Context(), pic)
	if err != nil {
		tb.Fatal(err)
	}
	return n
}

// fixed is a clock that stands still at so many milliseconds since 1970.
func fixed(ms int64) func() time.Time {
	return func() time.Time { return time.UnixMilli(ms) }
}

// The vectors of the fact sheet, 13.2, which the official formula gives.
func TestGeneratorVectors(t *testing.T) {
	t.Parallel()
	tests := [...]struct {
		prefix int
		pic    string
		ms     int64
		tick   int
		clock  uint16
		want   string
	}{
		0: {66, "999859608", 0, 0, 0x8000, "069b5400-0b1d-1000-8000-066999859608"},
		1: {66, "999859608", 1700000000000, 0, 0x8000, "f7c9d400-7085-103c-8000-066999859608"},
		2: {66, "999859608", 1700000000000, 1, 0xbffe, "f7c9d401-7085-103c-bffe-066999859608"},
		3: {0, "999893752", 1700000000000, 9999, 0x9b31, "f7c9fb0f-7085-103c-9b31-000999893752"},
		4: {999, "000000001", 4102444799999, 0, 0xa5a5, "a8c0acf0-caa1-1091-a5a5-999000000001"},
	}
	for i, tt := range tests {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			g := newGenerator(t, esc.Config{
				Prefix: tt.prefix, Now: fixed(tt.ms),
				ClockSequence: func() uint16 { return tt.clock },
			})
			var n esc.Number
			var err error
			for range tt.tick + 1 {
				if n, err = g.Next(t.Context(), tt.pic); err != nil {
					t.Fatal(err)
				}
			}
			if n.String() != tt.want {
				t.Errorf("number %v, want %s", n, tt.want)
			}
		})
	}
}

// The clock is read once per 10 000 numbers: the reference keeps the time of the
// first call, however long ago it was.
func TestGeneratorReadsClockPerBlock(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		readings := 0
		g := newGenerator(t, esc.Config{Now: func() time.Time { readings++; return time.Now() }})
		start := time.Now()
		for i := range 10_000 {
			d := next(t, g).Decode()
			if !d.IssuedAt.Equal(start) || d.Tick != i {
				t.Fatalf("number %d says %v and tick %d, want %v and %d", i, d.IssuedAt, d.Tick, start, i)
			}
			if i < 3 {
				time.Sleep(200 * time.Millisecond)
			}
		}
		if readings != 1 {
			t.Errorf("the clock was read %d times for one block, want 1", readings)
		}
		before := time.Now()
		if d := next(t, g).Decode(); !d.IssuedAt.Equal(before) || d.Tick != 0 || readings != 2 {
			t.Errorf("the next block begins at %v, tick %d, after %d readings; want %v, 0, 2", d.IssuedAt, d.Tick, readings, before)
		}
	})
}

// Ticks used up within a millisecond: the generator waits for the next one.
func TestGeneratorWaitsForNextMillisecond(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := newGenerator(t, esc.Config{MaxWait: -1})
		start := time.Now()
		var last uint64
		for i := range 35_000 {
			n := next(t, g)
			if i > 0 && n.Ticks() != last+1 {
				t.Fatalf("number %d has tick %d after %d", i, n.Ticks(), last)
			}
			last = n.Ticks()
		}
		if got := time.Since(start); got != 3*time.Millisecond {
			t.Errorf("35 000 numbers took %v of the clock, want 3ms", got)
		}
	})
}

func TestGeneratorClockSetBack(t *testing.T) {
	t.Parallel()
	// set makes a generator whose clock was set back by d after one block.
	set := func(t *testing.T, d, maxWait time.Duration) *esc.Generator {
		var offset time.Duration
		g := newGenerator(t, esc.Config{MaxWait: maxWait, Now: func() time.Time { return time.Now().Add(offset) }})
		for range 10_000 {
			next(t, g)
		}
		offset = -d
		return g
	}
	t.Run("waits", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			g := set(t, 400*time.Millisecond, 0)
			start := time.Now()
			d := next(t, g).Decode()
			if waited := time.Since(start); waited != 401*time.Millisecond {
				t.Errorf("waited %v, want 401ms", waited)
			}
			if want := start.Add(time.Millisecond); !d.IssuedAt.Equal(want) || d.Tick != 0 {
				t.Errorf("first number after the wait: %v, tick %d; want %v, 0", d.IssuedAt, d.Tick, want)
			}
		})
	})
	t.Run("refuses beyond MaxWait", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			g := set(t, time.Hour, 0)
			start := time.Now()
			_, err := g.Next(t.Context(), pic)
			var ce *esc.ClockError
			if !errors.As(err, &ce) || !errors.Is(err, passerelle.ErrUnavailable) || passerelle.OutcomeOf(err) != passerelle.NotSent {
				t.Fatalf("error %v, want a *ClockError that is ErrUnavailable and NotSent", err)
			}
			if !ce.Last.Equal(start) || !ce.Now.Equal(start.Add(-time.Hour)) {
				t.Errorf("error says last %v, now %v; want %v and one hour before", ce.Last, ce.Now, start)
			}
			if !strings.Contains(err.Error(), "1h0m0s") {
				t.Errorf("error does not say how far the clock is behind: %v", err)
			}
			if !time.Now().Equal(start) {
				t.Errorf("the refusal took %v, want none", time.Since(start))
			}
		})
	})
	t.Run("refuses at once when told to", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			g := set(t, 5*time.Millisecond, -1)
			if _, err := g.Next(t.Context(), pic); !errors.Is(err, passerelle.ErrUnavailable) {
				t.Errorf("error %v, want ErrUnavailable", err)
			}
			time.Sleep(6 * time.Millisecond)
			next(t, g) // the clock has passed the last tick
		})
	})
	t.Run("the context ends the wait", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			g := set(t, time.Hour, 2*time.Hour)
			ctx, cancel := context.WithTimeout(t.Context(), 90*time.Second)
			defer cancel()
			start := time.Now()
			_, err := g.Next(ctx, pic)
			if !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != 90*time.Second {
				t.Errorf("error %v after %v, want the deadline after 90s", err, time.Since(start))
			}
		})
	})
	t.Run("a clock put right ends the wait", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			var offset atomic.Int64
			g := newGenerator(t, esc.Config{MaxWait: 2 * time.Hour, Now: func() time.Time { return time.Now().Add(time.Duration(offset.Load())) }})
			for range 10_000 {
				next(t, g)
			}
			offset.Store(int64(-time.Hour))
			time.AfterFunc(10*time.Second+time.Millisecond, func() { offset.Store(0) })
			start := time.Now()
			next(t, g)
			if waited := time.Since(start); waited < 10*time.Second || waited > 12*time.Second {
				t.Errorf("waited %v, want about 11s: the clock was right again after 10s", waited)
			}
		})
	})
}

func TestGeneratorClockOutOfRange(t *testing.T) {
	t.Parallel()
	for name, now := range map[string]time.Time{
		"before 1970":    time.UnixMilli(-1),
		"beyond 60 bits": time.Date(5700, 1, 1, 0, 0, 0, 0, time.UTC),
	} {
		g := newGenerator(t, esc.Config{Now: func() time.Time { return now }})
		var ce *esc.ClockError
		if _, err := g.Next(t.Context(), pic); !errors.As(err, &ce) || !ce.Last.IsZero() {
			t.Errorf("%s: error %v, want a *ClockError without a last time", name, err)
		}
	}
}

func TestGeneratorRefusesArguments(t *testing.T) {
	t.Parallel()
	for _, prefix := range []int{-1, 1000, 6666} {
		var faults passerelle.FieldErrors
		_, err := esc.NewGenerator(esc.Config{Prefix: prefix, Ahead: -1})
		if !errors.As(err, &faults) || len(faults) != 2 || faults[0].Field != "Prefix" || faults[1].Field != "Ahead" {
			t.Errorf("prefix %d and a negative Ahead: %v, want both faults", prefix, err)
		}
	}
	g := newGenerator(t, esc.Config{})
	for _, bad := range []string{"", "InvalidPicOfMoreThan9Chars", "99985960", "9998596080", "99985960a", "٩٩٩٨٥٩٦٠٨", " 99859608"} {
		var pe *passerelle.ParseError
		if _, err := g.Next(t.Context(), bad); !errors.As(err, &pe) || pe.Type != "PIC" {
			t.Errorf("PIC %q: %v, want a parse error of the PIC", bad, err)
		}
	}
}

// The clock sequence of the official generator runs from 0x8000 to 0xBFFE, drawn
// for each number.
func TestGeneratorClockSequence(t *testing.T) {
	t.Parallel()
	g := newGenerator(t, esc.Config{Prefix: 7})
	seen := map[uint16]bool{}
	for range 20_000 {
		n := next(t, g)
		if c := n.ClockSequence(); c < 0x8000 || c > 0xbffe {
			t.Fatalf("clock sequence %04x out of range", c)
		}
		seen[n.ClockSequence()] = true
		u, err := uuid.Parse(n.String())
		if err != nil || u.Version() != 1 || u.Variant() != uuid.RFC4122 || uint64(u.Time()) != n.Ticks() {
			t.Fatalf("a UUID library reads %v as %v, version %v, ticks %d", n, u, u.Version(), u.Time())
		}
	}
	// 20 000 draws among 16 383 leave about 29 % unseen.
	if len(seen) < 10_000 {
		t.Errorf("%d different clock sequences in 20 000 numbers: they are not drawn one by one", len(seen))
	}
}

// hammer draws numbers from several goroutines while the clock is set back in the
// middle, and fails on a tick used twice.
func hammer(t *testing.T, total int, cfg esc.Config) {
	const workers = 16
	var offset atomic.Int64
	cfg.Now = func() time.Time { return time.Now().Add(time.Duration(offset.Load())) }
	g := newGenerator(t, cfg)
	per := total / workers
	ticks := make([]uint64, workers*per)
	var made, refused atomic.Int64
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			mine := ticks[w*per : (w+1)*per]
			for i := 0; i < per; {
				n, err := g.Next(t.Context(), pic)
				if errors.Is(err, passerelle.ErrUnavailable) {
					refused.Add(1)
					time.Sleep(time.Millisecond)
					continue
				}
				if err != nil {
					t.Error(err)
					return
				}
				mine[i] = n.Ticks()
				i++
				if made.Add(1) == int64(total/2) {
					offset.Store(int64(-50 * time.Millisecond))
				}
			}
		})
	}
	wg.Wait()
	if cfg.MaxWait < 0 && refused.Load() == 0 {
		t.Error("no call was refused although the clock was set back")
	}
	slices.Sort(ticks)
	for i := 1; i < len(ticks); i++ {
		if ticks[i] == ticks[i-1] {
			t.Fatalf("tick %d was used twice", ticks[i])
		}
	}
}

func TestGeneratorConcurrent(t *testing.T) {
	t.Parallel()
	t.Run("waits", func(t *testing.T) { hammer(t, 400_000, esc.Config{}) })
	t.Run("refuses", func(t *testing.T) { hammer(t, 400_000, esc.Config{MaxWait: -1}) })
	t.Run("reserves", func(t *testing.T) {
		hammer(t, 400_000, esc.Config{Reservations: new(esc.MemoryReservations), Ahead: 2 * time.Millisecond})
	})
}

func TestGeneratorConcurrentLong(t *testing.T) {
	testutil.Long(t)
	t.Run("waits", func(t *testing.T) { hammer(t, 10_000_000, esc.Config{}) })
	t.Run("refuses", func(t *testing.T) { hammer(t, 10_000_000, esc.Config{MaxWait: -1}) })
}
