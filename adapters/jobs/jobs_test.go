package jobs_test

import (
	"context"
	"encoding/json"
	"errors"
	"expvar"
	"fmt"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/adapters/jobs"
	"github.com/passerelle-sup/passerelle/adapters/store"
	"github.com/passerelle-sup/passerelle/adapters/store/storetest"
)

func TestMain(m *testing.M) {
	if url := os.Getenv(workerVar); url != "" {
		worker(url)
		return
	}
	os.Exit(storetest.Main(m))
}

// runner is what both runners are.
type runner interface {
	Run(ctx context.Context) error
	Once(ctx context.Context, job string) error
	Figures(ctx context.Context) jobs.Figures
	Var() expvar.Var
}

// open returns a runner of a kind on a database.
func open(t testing.TB, kind, url string, cfg jobs.Config) (runner, *store.Store) {
	t.Helper()
	s := storetest.Open(t, store.Config{URL: url, Connections: 8})
	cfg.Work = s.Work()
	if kind == "river" {
		r, err := jobs.NewRiver(t.Context(), cfg, url)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(r.Close)
		return r, s
	}
	r, err := jobs.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return r, s
}

// start runs a runner until stop, which returns what Run returned.
func start(t testing.TB, r runner) (stop func() error) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- r.Run(ctx) }()
	var once sync.Once
	var err error
	stop = func() error {
		once.Do(func() {
			cancel()
			err = <-ended
		})
		return err
	}
	t.Cleanup(func() {
		if err := stop(); err != nil {
			t.Errorf("Run = %v", err)
		}
	})
	return stop
}

// each runs a test with every runner, on every database.
func each(t *testing.T, run func(t *testing.T, kind, url string)) {
	for _, c := range []struct{ kind, database string }{{"local", "sqlite"}, {"local", "postgres"}, {"river", "postgres"}} {
		t.Run(c.kind+" on "+c.database, func(t *testing.T) {
			t.Parallel()
			run(t, c.kind, storetest.URL(t, c.database))
		})
	}
}

// counter notes what was worked on.
type counter struct {
	mu   sync.Mutex
	seen map[string]int
}

func (c *counter) add(name string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.seen == nil {
		c.seen = make(map[string]int)
	}
	c.seen[name]++
	return c.seen[name]
}

func (c *counter) of(name string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.seen[name]
}

func parts(n int) []json.RawMessage {
	all := make([]json.RawMessage, n)
	for i := range all {
		all[i] = fmt.Appendf(nil, `"part %d"`, i)
	}
	return all
}

func fast(all ...jobs.Job) jobs.Config {
	return jobs.Config{Jobs: all, Poll: 50 * time.Millisecond, RetryAfter: 20 * time.Millisecond, Lease: 30 * time.Second, Grace: 2 * time.Second}
}

// Three processes share the rounds of a job: every part is worked on once, the end comes after
// all of them, and a failing part is tried again.
func TestRounds(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, kind, url string) {
		var seen counter
		var finished atomic.Bool
		job := jobs.Job{
			Name: "job",
			Plan: func(context.Context) ([]json.RawMessage, error) {
				if seen.add("plan")%2 == 1 {
					return nil, errors.New("the source is away")
				}
				return parts(30), nil
			},
			Work: func(_ context.Context, _ *jobs.Round, part json.RawMessage) error {
				if finished.Load() {
					t.Error("a part is worked on after the end")
				}
				switch n := seen.add(string(part)); {
				case string(part) == `"part 3"` && n < 3:
					return errors.New("the service is away")
				case string(part) == `"part 4"` && n < 2:
					panic("a fault of the job")
				}
				return nil
			},
			Finish: func(context.Context, *jobs.Round) error {
				seen.add("finish")
				finished.Store(true)
				return nil
			},
		}
		var first runner
		for range 3 {
			r, _ := open(t, kind, url, fast(job))
			start(t, r)
			first = r
		}
		if err := first.Once(t.Context(), "job"); err != nil {
			t.Fatal(err)
		}
		for i := range 30 {
			want := map[int]int{3: 3, 4: 2}[i]
			if n := seen.of(fmt.Sprintf(`"part %d"`, i)); n != max(1, want) {
				t.Errorf("part %d was worked on %d times; want %d", i, n, max(1, want))
			}
		}
		if plans, ends := seen.of("plan"), seen.of("finish"); plans != 2 || ends != 1 {
			t.Errorf("%d plans and %d ends; want 2, of which one failed, and 1", plans, ends)
		}
		f := first.Figures(t.Context())
		if q := f.Queues["job"]; f.Error != "" || q.Ended[jobs.Done] != 32 || q.Waiting+q.Working != 0 {
			t.Errorf("figures %+v; want 32 parts done", f)
		}
		if text := first.Var().String(); !strings.Contains(text, `"Ended":{"done":32}`) {
			t.Errorf("expvar: %s", text)
		}
	})
}

// A part that always fails ends as failed, is told, and the round ends.
func TestFailed(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, kind, url string) {
		cfg := fast(jobs.Job{
			Name: "job", Plan: func(context.Context) ([]json.RawMessage, error) { return parts(2), nil },
			Work: func(_ context.Context, _ *jobs.Round, part json.RawMessage) error {
				if string(part) == `"part 1"` {
					return errors.New("never")
				}
				return nil
			},
		})
		observed := &observer{}
		cfg.MaxAttempts, cfg.Observer = 3, observed
		r, _ := open(t, kind, url, cfg)
		start(t, r)
		if err := r.Once(t.Context(), "job"); err != nil {
			t.Fatal(err)
		}
		if q := r.Figures(t.Context()).Queues["job"]; q.Ended[jobs.Failed] != 1 || q.Ended[jobs.Done] != 3 {
			t.Errorf("ended %v; want one failed", q.Ended)
		}
		if n := observed.of("work retry never"); n != 2 {
			t.Errorf("the observer saw %d attempts that are tried again; want 2", n)
		}
		if n := observed.of("work failed never"); n != 1 {
			t.Errorf("the observer saw %d failed parts; want 1", n)
		}
	})
}

type observer struct{ counter }

func (o *observer) PartEnded(_ string, step store.Step, outcome string, _ time.Duration, err error) {
	text := ""
	if err != nil {
		text = " " + err.Error()
	}
	o.add(string(step) + " " + outcome + text)
}

// A round that is halted on one machine works on no further part on any.
func TestHalt(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, kind, url string) {
		var worked atomic.Int64
		var halted atomic.Value
		job := jobs.Job{
			Name: "job", Plan: func(context.Context) ([]json.RawMessage, error) { return parts(20), nil },
			Work: func(ctx context.Context, r *jobs.Round, _ json.RawMessage) error {
				worked.Add(1)
				return r.Halt(ctx, "refused credentials")
			},
			Finish: func(_ context.Context, r *jobs.Round) error {
				halted.Store(r.Halted)
				return nil
			},
		}
		cfg := fast(job)
		cfg.Workers = 1
		var r runner
		for range 2 {
			r, _ = open(t, kind, url, cfg)
			start(t, r)
		}
		if err := r.Once(t.Context(), "job"); err != nil {
			t.Fatal(err)
		}
		if n := worked.Load(); n > 2 {
			t.Errorf("%d parts were worked on; want one by each of 2 workers at the most", n)
		}
		if halted.Load() != "refused credentials" {
			t.Errorf("the end was told %q", halted.Load())
		}
	})
}

// A runner that is stopped ends what is under way, or gives it back: another goes on at once,
// without counting an attempt.
func TestStop(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, kind, url string) {
		began := make(chan struct{}, 10)
		slow := jobs.Job{
			Name: "job", Plan: func(context.Context) ([]json.RawMessage, error) { return parts(1), nil },
			Work: func(ctx context.Context, _ *jobs.Round, _ json.RawMessage) error {
				began <- struct{}{}
				<-ctx.Done()
				return ctx.Err()
			},
		}
		cfg := fast(slow)
		cfg.Grace, cfg.Lease = 300*time.Millisecond, time.Hour
		r, s := open(t, kind, url, cfg)
		stop := start(t, r)
		go func() { _ = r.Once(context.Background(), "job") }()
		<-began
		begun := time.Now()
		if err := stop(); err != nil {
			t.Errorf("Run = %v", err)
		}
		if took := time.Since(begun); took < 250*time.Millisecond || took > 10*time.Second {
			t.Errorf("stopping took %v; want the grace of 300 ms", took)
		}
		due, err := s.Work().Due(t.Context(), 10)
		if err != nil || len(due) != 1 || due[0].Number != 1 || due[0].Attempt != 0 {
			t.Errorf("due %+v, %v; want part 1, given back", due, err)
		}
	})
}

// A round begins by the clock, once however many processes there are.
func TestEvery(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, kind, url string) {
		var rounds counter
		var names sync.Map
		job := jobs.Job{Name: "job", Every: 300 * time.Millisecond, Finish: func(_ context.Context, r *jobs.Round) error {
			names.Store(r.Name, true)
			rounds.add(r.Name)
			return nil
		}}
		for range 3 {
			r, _ := open(t, kind, url, fast(job))
			start(t, r)
		}
		n := 0
		for deadline := time.Now().Add(30 * time.Second); n < 2 && time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
			n = 0
			for name := range names.Range {
				n++
				if times := rounds.of(name.(string)); times > 1 {
					t.Errorf("round %s ended %d times", name, times)
				}
			}
		}
		if n < 2 {
			t.Errorf("%d rounds in 30 s at one every 300 ms", n)
		}
	})
}

func TestConfig(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t, store.Config{URL: storetest.URL(t, "sqlite")})
	for i, c := range []struct {
		cfg    jobs.Config
		faults int
	}{
		0: {jobs.Config{}, 2},
		1: {jobs.Config{Work: s.Work(), Jobs: []jobs.Job{{}}}, 2},
		2: {jobs.Config{Work: s.Work(), Jobs: []jobs.Job{{Name: "a", Finish: func(context.Context, *jobs.Round) error { return nil }}, {Name: "a", Plan: func(context.Context) ([]json.RawMessage, error) { return nil, nil }}}}, 2},
		3: {jobs.Config{Work: s.Work(), Workers: -1, Lease: -1, Poll: -1, MaxAttempts: -1, RetryAfter: -1, Grace: -1, Keep: -1}, 8},
	} {
		_, err := jobs.New(c.cfg)
		if faults, ok := errors.AsType[passerelle.FieldErrors](err); !ok || len(faults) != c.faults {
			t.Errorf("%d: New = %v; want %d faults", i, err, c.faults)
		}
	}
	r, err := jobs.New(fast(jobs.Job{Name: "a", Finish: func(context.Context, *jobs.Round) error { return nil }}))
	if err == nil {
		t.Errorf("New without a store = %v", r)
	}
}
