package store_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/adapters/store"
	"github.com/passerelle-sup/passerelle/adapters/store/storetest"
)

func begin(t *testing.T, w store.Work, job, round string) bool {
	t.Helper()
	begun, err := w.Begin(t.Context(), job, round)
	if err != nil {
		t.Fatal(err)
	}
	return begun
}

func take(t *testing.T, w store.Work, number int, worker string, lease time.Duration) (store.Part, bool) {
	t.Helper()
	p, ok, err := w.Take(t.Context(), "job", "r1", number, worker, lease)
	if err != nil {
		t.Fatal(err)
	}
	return p, ok
}

func end(t *testing.T, w store.Work, p store.Part, worker string, plan ...json.RawMessage) []store.Part {
	t.Helper()
	more, err := w.End(t.Context(), p, worker, "done", "", plan)
	if err != nil {
		t.Fatal(err)
	}
	return more
}

func numbers(parts []store.Part) (n []int) {
	for _, p := range parts {
		n = append(n, p.Number)
	}
	return n
}

func due(t *testing.T, w store.Work) []int {
	t.Helper()
	parts, err := w.Due(t.Context(), 100)
	if err != nil {
		t.Fatal(err)
	}
	return numbers(parts)
}

// A round goes from its plan over its parts to its end.
func TestWorkRound(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, open func(t *testing.T) *store.Store) {
		w := open(t).Work()
		if !begin(t, w, "job", "r1") || begin(t, w, "job", "r1") || begin(t, w, "job", "r2") || !begin(t, w, "other", "r1") {
			t.Error("a round begins once, and not beside another of its job")
		}
		plan, ok := take(t, w, 0, "w1", time.Minute)
		if !ok || plan.Step != store.StepPlan || plan.Attempt != 1 {
			t.Fatalf("plan %+v, %v", plan, ok)
		}
		if _, ok := take(t, w, 0, "w2", time.Minute); ok {
			t.Error("a part on lease was taken by another")
		}
		if more := numbers(end(t, w, plan, "w1", json.RawMessage(`["a"]`), json.RawMessage(`["b"]`))); !slices.Equal(more, []int{1, 2}) {
			t.Errorf("after the plan parts %v are due; want 1 and 2", more)
		}
		one, _ := take(t, w, 1, "w1", time.Minute)
		two, _ := take(t, w, 2, "w2", time.Minute)
		if string(one.Data) != `["a"]` || string(two.Data) != `["b"]` || two.Step != store.StepWork {
			t.Errorf("parts %+v and %+v", one, two)
		}
		if err := w.Halt(t.Context(), "job", "r1", "credentials"); err != nil {
			t.Fatal(err)
		}
		if more := end(t, w, one, "w1"); len(more) != 0 {
			t.Errorf("%v are due before the last part has ended", numbers(more))
		}
		if err := w.Renew(t.Context(), one, "w1", time.Minute); !errors.Is(err, passerelle.ErrConflict) {
			t.Errorf("Renew of an ended part = %v; want ErrConflict", err)
		}
		if _, err := w.End(t.Context(), two, "w1", "done", "", nil); !errors.Is(err, passerelle.ErrConflict) {
			t.Errorf("End by another worker = %v; want ErrConflict", err)
		}
		if more := numbers(end(t, w, two, "w2")); !slices.Equal(more, []int{3}) {
			t.Errorf("after the last part %v is due; want 3, which finishes", more)
		}
		finish, _ := take(t, w, 3, "w3", time.Minute)
		if ended, halted, err := w.Round(t.Context(), "job", "r1"); ended || halted != "credentials" || err != nil {
			t.Errorf("round: ended %v, halted %q, %v", ended, halted, err)
		}
		queues, err := w.Queues(t.Context())
		if q := queues["job"]; err != nil || q.Waiting != 0 || q.Working != 1 || q.Ended["done"] != 3 || q.Oldest <= 0 || queues["other"].Waiting != 1 {
			t.Errorf("queues %+v, %v", queues, err)
		}
		if finish.Step != store.StepFinish {
			t.Errorf("the last part is %+v", finish)
		}
		end(t, w, finish, "w3")
		if ended, _, err := w.Round(t.Context(), "job", "r1"); !ended || err != nil {
			t.Errorf("round: ended %v, %v; want true", ended, err)
		}
		if begin(t, w, "job", "r1") || !begin(t, w, "job", "r2") {
			t.Error("a round that ended does not begin again, and the next one does")
		}
		if err := w.Forget(t.Context(), time.Now().Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
		if _, _, err := w.Round(t.Context(), "job", "r1"); !errors.Is(err, passerelle.ErrNotFound) {
			t.Errorf("a forgotten round: %v; want ErrNotFound", err)
		}
		if _, _, err := w.Round(t.Context(), "job", "r2"); err != nil {
			t.Errorf("a round under way was forgotten: %v", err)
		}
	})
}

// A lease that is not renewed ends; a part that failed or was given back comes again.
func TestWorkLeases(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, open func(t *testing.T) *store.Store) {
		w := open(t).Work()
		begin(t, w, "job", "r1")
		p, _ := take(t, w, 0, "dies", 2*time.Second)
		if got := due(t, w); len(got) != 0 {
			t.Errorf("%v are due while on lease", got)
		}
		if err := w.Renew(t.Context(), p, "dies", 4*time.Second); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2500 * time.Millisecond)
		if _, ok := take(t, w, 0, "early", time.Minute); ok {
			t.Error("taken although the lease was renewed")
		}
		time.Sleep(2 * time.Second)
		q, ok := take(t, w, 0, "heir", time.Minute)
		if !ok || q.Attempt != 2 {
			t.Fatalf("after the lease: %+v, %v; want attempt 2", q, ok)
		}
		if _, err := w.End(t.Context(), p, "dies", "done", "", nil); !errors.Is(err, passerelle.ErrConflict) {
			t.Errorf("the dead worker ended the part: %v", err)
		}
		if err := w.GiveBack(t.Context(), q, "heir"); err != nil {
			t.Fatal(err)
		}
		if q, ok = take(t, w, 0, "again", time.Minute); !ok || q.Attempt != 2 {
			t.Errorf("given back: %+v, %v; want attempt 2 still", q, ok)
		}
		if err := w.Retry(t.Context(), q, "again", 2*time.Second, "away"); err != nil {
			t.Fatal(err)
		}
		if _, ok := take(t, w, 0, "soon", time.Minute); ok {
			t.Error("taken before the pause ended")
		}
		time.Sleep(2100 * time.Millisecond)
		if q, ok = take(t, w, 0, "later", time.Minute); !ok || q.Attempt != 3 {
			t.Errorf("after the pause: %+v, %v; want attempt 3", q, ok)
		}
	})
}

// However many workers end parts at once, exactly one of them makes the end due.
func TestWorkEndsOnce(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, open func(t *testing.T) *store.Store) {
		w := open(t).Work()
		begin(t, w, "job", "r1")
		plan, _ := take(t, w, 0, "w", time.Minute)
		const parts = 24
		end(t, w, plan, "w", slices.Repeat([]json.RawMessage{json.RawMessage("1")}, parts)...)
		var taken, finishes atomic.Int64
		var all sync.WaitGroup
		for i := range 3 * parts {
			all.Go(func() {
				worker := fmt.Sprint("w", i)
				p, ok, err := w.Take(t.Context(), "job", "r1", i/3+1, worker, time.Minute)
				if err != nil {
					t.Error(err)
				}
				if !ok {
					return
				}
				taken.Add(1)
				more, err := w.End(t.Context(), p, worker, "done", "", nil)
				if err != nil {
					t.Error(err)
				}
				finishes.Add(int64(len(more)))
			})
		}
		all.Wait()
		if taken.Load() != parts || finishes.Load() != 1 {
			t.Errorf("%d parts were taken and %d ends became due; want %d and 1", taken.Load(), finishes.Load(), parts)
		}
	})
}

// Two processes share a pace, and a pause that one of them is told.
func TestLimiter(t *testing.T) {
	t.Parallel()
	for _, kind := range storetest.Databases {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			url := storetest.URL(t, kind)
			name := store.LimitName("particulier", "univ-ville.example", "token")
			limiters := make([]*store.Limiter, 2)
			for i := range limiters {
				var err error
				if limiters[i], err = storetest.Open(t, store.Config{URL: url}).Limiter(name, 100); err != nil {
					t.Fatal(err)
				}
			}
			begun := time.Now()
			var all sync.WaitGroup
			for _, l := range limiters {
				for range 3 {
					all.Go(func() {
						for range 10 {
							if err := l.Wait(t.Context()); err != nil {
								t.Error(err)
							}
						}
					})
				}
			}
			all.Wait()
			if took := time.Since(begun); took < 585*time.Millisecond {
				t.Errorf("60 turns at 100 a second took %v; want 590 ms at the least", took)
			}
			paused := time.Now()
			limiters[0].Refused(paused.Add(4 * time.Second))
			limiters[1].Refused(paused.Add(time.Second)) // the longer pause stays
			short, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
			defer cancel()
			if err := limiters[1].Wait(short); !errors.Is(err, passerelle.ErrRateLimited) || passerelle.OutcomeOf(err) != passerelle.NotSent {
				t.Errorf("Wait that would end after the deadline = %v; want ErrRateLimited, not sent", err)
			}
			if err := limiters[1].Wait(t.Context()); err != nil {
				t.Error(err)
			}
			if waited := time.Since(paused); waited < 3900*time.Millisecond {
				t.Errorf("the other process went on after %v of a pause of 4 s", waited)
			}
			ended, cancel := context.WithCancel(t.Context())
			cancel()
			if err := limiters[0].Wait(ended); !errors.Is(err, context.Canceled) {
				t.Errorf("Wait under an ended context = %v", err)
			}
		})
	}
	s := storetest.Open(t, store.Config{URL: storetest.URL(t, "sqlite")})
	for _, perSecond := range []float64{0, -1, 1001} {
		if _, err := s.Limiter("x", perSecond); !errors.Is(err, passerelle.ErrInvalid) {
			t.Errorf("Limiter of %v a second = %v; want ErrInvalid", perSecond, err)
		}
	}
}
