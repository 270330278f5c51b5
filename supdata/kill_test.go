package supdata_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/passerelle-sup/passerelle/supdata"
	"github.com/passerelle-sup/passerelle/supdata/supdatatest"
)

// TestMain makes the test binary its own victim: the kill test starts it again as a feeder.
func TestMain(m *testing.M) {
	if url := os.Getenv("SUPDATA_TEST_FEED"); url != "" {
		childFeeder(url, os.Getenv("SUPDATA_TEST_LEDGER"), os.Getenv("SUPDATA_TEST_SIZE"))
		return
	}
	os.Exit(m.Run())
}

// childFeeder feeds the school of the test until it is killed, or done.
func childFeeder(url, path, size string) {
	die := func(err error) {
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	n, err := strconv.Atoi(size)
	die(err)
	b, _ := school(n)
	ledger, err := supdata.OpenFile(path)
	die(err)
	client, err := supdata.New(supdata.Config{BaseURL: url, Key: supdatatest.TestKey, Codes: supdata.InferredCodes(), PerSecond: -1})
	die(err)
	feeder, err := supdata.NewFeeder(supdata.FeederConfig{Client: client, Source: b, Ledger: ledger, Year: 2026, Parallel: 8, Batch: 50})
	die(err)
	_, err = feeder.Run(context.Background())
	die(err)
}

// TestKill kills a feeder at random instants and starts it again, until it has gone
// through: nothing is lost, and nothing is sent twice. What a kill leaves open is listed.
func TestKill(t *testing.T) {
	t.Parallel()
	rounds, size := 3, 600
	if os.Getenv("CI_LONG") == "1" {
		rounds, size = 50, 4000
	}
	b, store := school(size)
	server := supdatatest.NewServer(t, supdatatest.Config{Store: store, Latency: 2 * time.Millisecond})
	path := filepath.Join(t.TempDir(), "ledger")
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	killed := 0
	for round := range rounds {
		before := server.Requests()
		cmd := exec.CommandContext(t.Context(), os.Args[0])
		cmd.Env = append(os.Environ(), "SUPDATA_TEST_FEED="+server.URL, "SUPDATA_TEST_LEDGER="+path, "SUPDATA_TEST_SIZE="+strconv.Itoa(size))
		cmd.Stderr = os.Stderr
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		// Wait until it sends, so that the kill hits work.
		for waited := time.Now(); server.Requests() == before && time.Since(waited) < 20*time.Second; {
			time.Sleep(time.Millisecond)
		}
		timer := time.AfterFunc(time.Duration(rng.Int64N(int64(60*time.Millisecond))), func() { cmd.Process.Kill() })
		err := cmd.Wait()
		timer.Stop()
		if err == nil {
			t.Logf("round %d: the feeder was done before it was killed", round)
			break
		}
		if cmd.ProcessState.ExitCode() != -1 {
			t.Fatalf("round %d: the feeder ended by itself: %v", round, err)
		}
		killed++
	}
	if killed == 0 {
		t.Fatal("no feeder was killed: the test proved nothing")
	}

	// One whole run: everything is fed, or listed as doubtful.
	ledger := openFile(t, path)
	client, err := supdata.New(server.ClientConfig())
	if err != nil {
		t.Fatal(err)
	}
	feeder, err := supdata.NewFeeder(supdata.FeederConfig{Client: client, Source: b, Ledger: ledger, Year: 2026, Parallel: 8})
	if err != nil {
		t.Fatal(err)
	}
	report, err := feeder.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d kills: %s", killed, report)
	doubtful := map[string]bool{}
	for _, it := range report.Items {
		if it.Outcome != supdata.Doubtful {
			t.Errorf("listed as %s: only doubts are expected", it.Outcome)
		}
		doubtful[it.Key] = true
	}
	if sum := report.Counts[supdata.Fed] + report.Counts[supdata.Unchanged] + len(doubtful); sum != size {
		t.Errorf("%d enrolments are fed or in doubt; want all %d", sum, size)
	}
	if most := killed * 3 * 8; len(doubtful) > most {
		t.Errorf("%d doubts after %d kills with 8 calls under way; want %d at the most", len(doubtful), killed, most)
	}
	if twice := store.Twice(); len(twice) > 0 {
		t.Errorf("%d students were recorded twice", len(twice))
	}
	for i, s := range b.students {
		key := supdata.Key(b.enrolments[i])
		switch n := len(store.Enrolments(s.INE)); {
		case doubtful[key]: // recorded or not: that is the doubt
		case n != 1:
			t.Errorf("enrolment %d is recorded %d times and in no doubt; want once", i, n)
		default:
			rec, err := ledger.Get(t.Context(), key)
			if err != nil || rec.ID != store.Enrolments(s.INE)[0].ID {
				t.Errorf("enrolment %d: the ledger has number %q, %v", i, rec.ID, err)
			}
		}
	}
}
