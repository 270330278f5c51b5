package esc_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	passerelle "github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/esc"
)

// A process that dies and starts again, clock set back or not, never yields a
// tick that it yielded before. Each run takes over the file as the one before left
// it on the disk, which it never closed.
func TestReservationsAcrossCrashes(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := func(run int) string { return filepath.Join(dir, fmt.Sprint("ticks-", run)) }
	synctest.Test(t, func(t *testing.T) {
		seen := map[uint64]bool{}
		var offset time.Duration
		for run := range 20 {
			g := newGenerator(t, esc.Config{
				Reservations: openReservations(t, file(run)),
				MaxWait:      time.Minute,
				Now:          func() time.Time { return time.Now().Add(offset) },
			})
			for range 100 + run*3000 {
				n := next(t, g)
				if seen[n.Ticks()] {
					t.Fatalf("run %d: tick %d was used before", run, n.Ticks())
				}
				seen[n.Ticks()] = true
			}
			left, err := os.ReadFile(file(run))
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file(run+1), left, 0o600); err != nil {
				t.Fatal(err)
			}
			offset -= time.Duration(run%3) * 200 * time.Millisecond
		}
	})
}

// Without memory of earlier runs a restart with the clock set back repeats ticks:
// the test above would notice it.
func TestReservationsAreWhatPreventsIt(t *testing.T) {
	t.Parallel()
	now := fixed(1700000000000)
	a, b := next(t, newGenerator(t, esc.Config{Now: now})), next(t, newGenerator(t, esc.Config{Now: now}))
	if a.Ticks() != b.Ticks() {
		t.Errorf("ticks %d and %d: two generators of one millisecond should begin with one tick", a.Ticks(), b.Ticks())
	}
}

// Two generators on one set of reservations share a prefix without a duplicate.
func TestReservationsShared(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		shared := new(esc.MemoryReservations)
		cfg := esc.Config{Reservations: shared, Ahead: 3 * time.Millisecond}
		generators := []*esc.Generator{newGenerator(t, cfg), newGenerator(t, cfg)}
		seen := map[uint64]bool{}
		for i := range 200_000 {
			n := next(t, generators[i/1000%2])
			if seen[n.Ticks()] {
				t.Fatalf("number %d: tick %d was used before", i, n.Ticks())
			}
			seen[n.Ticks()] = true
		}
	})
}

// countingReservations records what is asked, and fails or stalls on demand.
type countingReservations struct {
	esc.MemoryReservations
	calls atomic.Int64
	fail  atomic.Bool
	stall chan struct{}
}

var errDisk = errors.New("no space left")

func (c *countingReservations) Reserve(ctx context.Context, first, end uint64) (uint64, error) {
	c.calls.Add(1)
	if c.stall != nil {
		select {
		case <-c.stall:
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	}
	if c.fail.Load() {
		return 0, errDisk
	}
	return c.MemoryReservations.Reserve(ctx, first, end)
}

func TestReservationsAhead(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := new(countingReservations)
		g := newGenerator(t, esc.Config{Reservations: r, Ahead: 10 * time.Millisecond})
		for range 200_000 { // 20 ms of ticks
			next(t, g)
		}
		if r.calls.Load() != 2 {
			t.Errorf("%d reservations for 20 ms of ticks with 10 ms ahead, want 2", r.calls.Load())
		}
	})
}

func TestReservationsFailure(t *testing.T) {
	t.Parallel()
	r := new(countingReservations)
	r.fail.Store(true)
	g := newGenerator(t, esc.Config{Reservations: r})
	if n, err := g.Next(t.Context(), pic); !errors.Is(err, errDisk) || !n.IsZero() {
		t.Errorf("got %v, %v; want no number and the failure of the disk", n, err)
	}
	r.fail.Store(false)
	next(t, g)
}

// While one caller waits for a slow reservation, the others can give up.
func TestReservationsSlow(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := &countingReservations{stall: make(chan struct{})}
		g := newGenerator(t, esc.Config{Reservations: r})
		var first, second esc.Number
		var wg sync.WaitGroup
		wg.Go(func() { first = next(t, g) })
		synctest.Wait()
		wg.Go(func() { second = next(t, g) })
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := g.Next(ctx, pic); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error %v, want the deadline", err)
		}
		close(r.stall)
		wg.Wait()
		if first.IsZero() || second.IsZero() || first.Ticks() == second.Ticks() || r.calls.Load() != 1 {
			t.Errorf("numbers %v and %v after %d reservations, want two ticks of one", first, second, r.calls.Load())
		}
	})
}

func openReservations(tb testing.TB, path string) *esc.FileReservations {
	tb.Helper()
	r, err := esc.OpenReservations(path)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { r.Close() })
	return r
}

func TestFileReservations(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "ticks")
	r := openReservations(t, path)
	if free, err := r.Reserve(t.Context(), 100, 200); free > 100 || err != nil {
		t.Fatalf("first reservation: %d, %v", free, err)
	}
	if free, err := r.Reserve(t.Context(), 150, 300); free != 200 || err != nil {
		t.Errorf("overlapping reservation: %d, %v; want it refused with 200", free, err)
	}
	if _, err := esc.OpenReservations(path); !errors.Is(err, passerelle.ErrConflict) {
		t.Errorf("a second holder of the file: %v, want ErrConflict", err)
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	again := openReservations(t, path)
	if free, err := again.Reserve(t.Context(), 199, 300); free != 200 || err != nil {
		t.Errorf("reservation after a restart: %d, %v; want it refused with 200", free, err)
	}
	if free, err := again.Reserve(t.Context(), 200, 300); free > 200 || err != nil {
		t.Errorf("reservation that follows: %d, %v; want it taken", free, err)
	}
}

// The file does not grow without end, and rewriting it forgets nothing.
func TestFileReservationsCompact(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "ticks")
	r := openReservations(t, path)
	const last = 2500
	for i := range uint64(last) {
		if free, err := r.Reserve(t.Context(), i, i+1); free > i || err != nil {
			t.Fatalf("reservation %d: %d, %v", i, free, err)
		}
	}
	info, err := os.Stat(path)
	if err != nil || info.Size() > 64<<10 {
		t.Errorf("%d reservations take %d bytes, %v", last, info.Size(), err)
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	if free, err := openReservations(t, path).Reserve(t.Context(), 0, 1); free != last || err != nil {
		t.Errorf("after a restart %d is the first free tick, %v; want %d", free, err, last)
	}
}

func TestFileReservationsRefusesOtherFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for i, content := range []string{
		"300\n", "{}\n",
		"passerelle journal 1: another-kind/1\n",
		"passerelle journal 1: escn-ticks/1\n00000000 1 {\"free\":300}\n8f2bb3e1 2 {}\n",
	} {
		path := filepath.Join(dir, fmt.Sprint(i))
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := esc.OpenReservations(path); !errors.Is(err, passerelle.ErrInvalid) {
			t.Errorf("%d: %v, want ErrInvalid", i, err)
		}
	}
}
