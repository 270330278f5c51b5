package jobs_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/adapters/jobs"
	"github.com/passerelle-sup/passerelle/adapters/store"
	"github.com/passerelle-sup/passerelle/adapters/store/storetest"
	"github.com/passerelle-sup/passerelle/ewp/cnr"
	"github.com/passerelle-sup/passerelle/ines"
	"github.com/passerelle-sup/passerelle/ines/campaign"
	"github.com/passerelle-sup/passerelle/ines/inestest"
	"github.com/passerelle-sup/passerelle/sis"
	"github.com/passerelle-sup/passerelle/transport"
	"github.com/passerelle-sup/passerelle/uai"
)

// cohort is a base of invented people, none of whom has a number.
type cohort []passerelle.Person

func newCohort(n int) cohort {
	c := make(cohort, 0, n)
	for p := range inestest.Generate(11, n) {
		c = append(c, p)
	}
	return c
}

func (c cohort) student(i int) sis.Student {
	return sis.Student{ID: sis.StudentID{System: "csv", Local: strconv.Itoa(i)}, Person: c[i]}
}

func (c cohort) Students(_ context.Context, q sis.Query) iter.Seq2[sis.Student, error] {
	return func(yield func(sis.Student, error) bool) {
		for _, id := range q.IDs {
			if i, err := strconv.Atoi(id.Local); err == nil && !yield(c.student(i), nil) {
				return
			}
		}
		for i := range c {
			if len(q.IDs) > 0 || !yield(c.student(i), nil) {
				return
			}
		}
	}
}

func (c cohort) Enrolments(context.Context, sis.Query) iter.Seq2[sis.Enrolment, error] {
	return func(func(sis.Enrolment, error) bool) {}
}

// task is what a worker process is told to do.
type task struct {
	Store    string // URL
	River    bool
	INES     string // endpoint
	Partner  string // URL that takes notifications
	Students int
	Part     int
	MaxBytes int64
	Report   string // file for the report of the round
}

// workerVar holds the task of a worker process, which is this test binary.
const workerVar = "PASSERELLE_TEST_WORKER"

// seasonLimit is how long a season may take after the last kill.
func seasonLimit() time.Duration {
	if isLong() {
		return 15 * time.Minute
	}
	return 3 * time.Minute
}

// worker is the main function of a worker process. It runs until it is killed, or until its
// store fails.
func worker(text string) {
	if err := work(text); err != nil {
		fmt.Fprintln(os.Stderr, "worker:", err)
		os.Exit(1)
	}
}

func work(text string) error {
	var t task
	if err := json.Unmarshal([]byte(text), &t); err != nil {
		return err
	}
	go func() { // it ends with the test
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(2)
	}()
	ctx := context.Background()
	s, err := store.Open(ctx, store.Config{URL: t.Store, MaxBytes: t.MaxBytes, Connections: 8})
	if err != nil {
		return err
	}
	defer s.Close()
	job, err := campaignJob(s.Campaign(), t)
	if err != nil {
		return err
	}
	outbox, err := cnr.NewOutbox(cnr.OutboxConfig{Queue: s.Notifications("outbox"), Send: sender(t.Partner), Work: cnr.Work{
		Lease: 3 * time.Second, Poll: 200 * time.Millisecond, Backoff: func(int) time.Duration { return 100 * time.Millisecond },
	}})
	if err != nil {
		return err
	}
	cfg := jobs.Config{Work: s.Work(), Jobs: []jobs.Job{job}, Services: []func(context.Context){outbox.Run}, Workers: 2, Lease: 3 * time.Second, Poll: 200 * time.Millisecond, RetryAfter: 100 * time.Millisecond, MaxAttempts: 1000, Log: slog.New(slog.NewTextHandler(os.Stderr, nil))}
	if t.River {
		r, err := jobs.NewRiver(ctx, cfg, t.Store)
		if err != nil {
			return err
		}
		return r.Run(ctx)
	}
	r, err := jobs.New(cfg)
	if err != nil {
		return err
	}
	return r.Run(ctx)
}

// campaignJob is the campaign of a task.
func campaignJob(l campaign.Ledger, t task) (jobs.Job, error) {
	service, err := ines.NewSOAP(ines.SOAPConfig{Contract: ines.ReferenceContract(), Endpoint: t.INES, Transport: transport.Config{Retry: transport.RetryPolicy{MaxAttempts: 2}}})
	if err != nil {
		return jobs.Job{}, err
	}
	return jobs.Campaign(jobs.CampaignConfig{
		Config: campaign.Config{
			Source: newCohort(t.Students), Ledger: l, UAI: uai.MustParse("0511296G"), Year: 2026, Service: service,
			MaxRegister: -1, StopPercent: -1, UniqueReferences: true, MaxFailures: 1000,
		},
		PartSize: t.Part,
		OnReport: func(_ context.Context, r *campaign.Report) error {
			data, err := json.Marshal(r)
			if err != nil {
				return err
			}
			whole := t.Report + "." + strconv.Itoa(os.Getpid())
			if err := os.WriteFile(whole, data, 0o600); err != nil {
				return err
			}
			return os.Rename(whole, t.Report)
		},
	})
}

// crew keeps worker processes alive while they are killed.
type crew struct {
	t     *testing.T
	tasks func(life int) task // what the next process is told
	kills atomic.Int64
	full  atomic.Int64 // lives that met a full disk

	mu      sync.Mutex
	lives   int
	running map[*exec.Cmd]bool
	over    bool
	all     sync.WaitGroup
}

// hire starts n workers, each of which is replaced when it dies.
func (c *crew) hire(n int) {
	c.running = make(map[*exec.Cmd]bool)
	for range n {
		c.all.Go(func() {
			for c.live() {
			}
		})
	}
	c.t.Cleanup(c.dismiss)
}

// live is the life of one process. It is false when there shall be no other one.
func (c *crew) live() bool {
	c.mu.Lock()
	if c.over {
		c.mu.Unlock()
		return false
	}
	c.lives++
	text, err := json.Marshal(c.tasks(c.lives))
	if err != nil {
		c.t.Error(err)
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), workerVar+"="+string(text))
	var said strings.Builder
	cmd.Stderr = &said
	leash, err := cmd.StdinPipe()
	if err != nil {
		c.t.Error(err)
	}
	defer leash.Close()
	if err := cmd.Start(); err != nil {
		c.t.Error(err)
		c.mu.Unlock()
		return false
	}
	c.running[cmd] = true
	c.mu.Unlock()
	err = cmd.Wait()
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.running, cmd)
	if strings.Contains(said.String(), "disk is full") {
		c.full.Add(1)
	}
	if err != nil && cmd.ProcessState.ExitCode() >= 0 {
		c.t.Logf("a worker ended by itself: %v: %s", err, strings.TrimSpace(said.String()))
	}
	return !c.over
}

// kill kills one of the workers.
func (c *crew) kill(pick int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for cmd := range c.running {
		if pick == 0 {
			_ = cmd.Process.Kill()
			c.kills.Add(1)
			return
		}
		pick--
	}
}

// dismiss ends all workers.
func (c *crew) dismiss() {
	c.mu.Lock()
	c.over = true
	for cmd := range c.running {
		_ = cmd.Process.Kill()
	}
	c.mu.Unlock()
	c.all.Wait()
}

// register is the fake INES of a season, with mild faults.
func register(t testing.TB, latency time.Duration) *inestest.Server {
	t.Helper()
	faults := inestest.Mild
	faults.RateLimited, faults.Unavailable, faults.Delay = 0, 0.005, latency
	return inestest.NewServer(t, inestest.Config{Seed: 5, Faults: faults})
}

// check looks at the end of a season: every student in one outcome, and no registration sent
// twice.
func check(t *testing.T, ledger campaign.Ledger, service *inestest.Server, students int, report string) {
	t.Helper()
	var r campaign.Report
	data, err := os.ReadFile(report)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &r); err != nil {
		t.Fatal(err)
	}
	sum := 0
	for _, n := range r.Counts {
		sum += n
	}
	if r.Total != students || sum != students {
		t.Errorf("the report is about %d students in %d outcomes; want %d in as many", r.Total, sum, students)
	}
	if r.Stopped != "" {
		t.Errorf("the run stopped: %s", r.Stopped)
	}
	t.Logf("outcomes %v", r.Counts)
	seen := make(map[string]bool)
	for rec, err := range ledger.Records(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		if seen[rec.Student] || rec.Outcome == "" {
			t.Errorf("%s: twice in the ledger, or without outcome", rec.Student)
		}
		seen[rec.Student] = true
	}
	if unanswered := r.Counts[campaign.Unanswered]; len(seen) > students || len(seen) < students-unanswered {
		t.Errorf("the ledger knows %d students; want %d, but for the %d about whom nothing was answered", len(seen), students, unanswered)
	}
	if twice := service.Twice(); len(twice) > 0 {
		t.Errorf("%d people were given two numbers", len(twice))
	}
	created := 0
	for i := range students {
		count := service.RegistrationsOf(fmt.Sprintf("csv:%d", i))
		if count.Processed > 1 {
			t.Errorf("student %d was registered %d times", i, count.Processed)
		}
		created += count.Created
	}
	if known := r.Counts[campaign.Created] + r.Counts[campaign.Found] + r.Counts[campaign.Confirmed]; known > created || created-known > r.Counts[campaign.Doubtful] {
		t.Errorf("%d numbers were created, %d are known, %d in doubt", created, known, r.Counts[campaign.Doubtful])
	}
}

// waitRound waits for the end of a round.
func waitRound(t *testing.T, w store.Work, job, round string, limit time.Duration) {
	t.Helper()
	for deadline := time.Now().Add(limit); ; time.Sleep(100 * time.Millisecond) {
		ended, _, err := w.Round(t.Context(), job, round)
		if err != nil {
			t.Fatal(err)
		}
		if ended {
			return
		}
		if time.Now().After(deadline) {
			queues, err := w.Queues(t.Context())
			t.Fatalf("the round has not ended after %v: %+v, %v", limit, queues, err)
		}
	}
}

func isLong() bool { return os.Getenv("CI_LONG") == "1" }

// TestSeason lets four processes run a campaign on one PostgreSQL, kills them at random, and
// restarts the database meanwhile.
func TestSeason(t *testing.T) {
	t.Parallel()
	students, killing, part := 1200, 8*time.Second, 25
	if isLong() {
		students, killing, part = 20_000, time.Minute, 100
	}
	postgres := storetest.StartOwn(t)
	url := postgres.Schema(t)
	service := register(t, 20*time.Millisecond)
	partner := newPartner(t)
	report := filepath.Join(t.TempDir(), "report.json")
	s := storetest.Open(t, store.Config{URL: url})
	changes := partner.change(t, s.Notifications("outbox"), students/4)
	if begun, err := s.Work().Begin(t.Context(), "ines-campaign", "season"); err != nil || !begun {
		t.Fatal(begun, err)
	}
	c := &crew{t: t, tasks: func(int) task {
		return task{Store: url, River: true, INES: service.URL + inestest.PathSOAP, Partner: partner.URL, Students: students, Part: part, Report: report}
	}}
	c.hire(4)
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	restarted := false
	for begun := time.Now(); time.Since(begun) < killing; {
		time.Sleep(200*time.Millisecond + time.Duration(rng.Int64N(int64(killing/20))))
		c.kill(rng.IntN(4))
		if !restarted && time.Since(begun) > killing/2 {
			restarted = true
			if err := postgres.Crash(); err != nil {
				t.Fatal(err)
			}
			time.Sleep(500 * time.Millisecond)
			if err := postgres.Up(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if !restarted || c.kills.Load() < 3 {
		t.Fatalf("restarted %v, %d kills: the test proved nothing", restarted, c.kills.Load())
	}
	waitRound(t, s.Work(), "ines-campaign", "season", seasonLimit())
	partner.wait(t, s.Notifications("outbox"), <-changes)
	c.dismiss()
	t.Logf("%d kills", c.kills.Load())
	check(t, s.Campaign(), service, students, report)
}

// TestSeasonAlone is one process at a time on SQLite, killed at random, on a disk that is full
// now and then.
func TestSeasonAlone(t *testing.T) {
	t.Parallel()
	students, lives := 800, 6
	if isLong() {
		students, lives = 20_000, 20
	}
	url := storetest.URL(t, "sqlite")
	service := register(t, 20*time.Millisecond)
	partner := newPartner(t)
	report := filepath.Join(t.TempDir(), "report.json")
	s := storetest.Open(t, store.Config{URL: url})
	changes := partner.change(t, s.Notifications("outbox"), students/4)
	if begun, err := s.Work().Begin(t.Context(), "ines-campaign", "season"); err != nil || !begun {
		t.Fatal(begun, err)
	}
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	c := &crew{t: t, tasks: func(life int) task {
		task := task{Store: url, INES: service.URL + inestest.PathSOAP, Partner: partner.URL, Students: students, Part: 50, Report: report}
		if life <= lives { // each life finds a little more room, and then no limit
			task.MaxBytes = int64(140<<10) + int64(life*students*150/lives)
		}
		return task
	}}
	c.hire(1)
	for c.lived() <= lives {
		time.Sleep(time.Second + time.Duration(rng.Int64N(int64(2*time.Second))))
		c.kill(0)
	}
	waitRound(t, s.Work(), "ines-campaign", "season", seasonLimit())
	partner.wait(t, s.Notifications("outbox"), <-changes)
	c.dismiss()
	if c.full.Load() == 0 {
		t.Error("no process met a full disk: the test proved less than it should")
	}
	t.Logf("%d kills, %d of them on a full disk", c.kills.Load(), c.full.Load())
	check(t, s.Campaign(), service, students, report)
}

// lived tells how many processes there were.
func (c *crew) lived() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.lives
}
