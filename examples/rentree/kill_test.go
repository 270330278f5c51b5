package main

import (
	"errors"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/passerelle-sup/passerelle/ines"
	"github.com/passerelle-sup/passerelle/ines/campaign"
	"github.com/passerelle-sup/passerelle/ines/inestest"
)

// TestKilled kills the program at random instants of a harsh season and resumes
// it, until it ends: every student has exactly one outcome, and the register has
// created nobody twice. CI_LONG=1 makes fifty seasons of it.
func TestKilled(t *testing.T) {
	if testing.Short() {
		t.Skip("starts the program several times")
	}
	t.Parallel()
	seasons := 1
	if os.Getenv("CI_LONG") == "1" {
		seasons = 17
	}
	for n := range seasons {
		killedSeason(t, uint64(time.Now().UnixNano()), uint64(n+1))
	}
}

// killedSeason kills one season three times at least.
func killedSeason(t *testing.T, draw, seed uint64) {
	t.Helper()
	t.Logf("instants drawn from seed %d", draw)
	const kills, size = 3, "200"
	r := rand.New(rand.NewPCG(draw, seed))
	out := filepath.Join(t.TempDir(), "out")
	args := []string{"-size", size, "-faults", "harsh", "-out", out, "-resume"}
	killed := 0
	for killed < kills {
		cmd := exec.CommandContext(t.Context(), os.Args[0], args...)
		cmd.Env = append(os.Environ(), "RENTREE_IS_PROGRAM=1")
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Duration(50+r.IntN(900)) * time.Millisecond)
		if err := cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
			t.Fatal(err)
		}
		cmd.Wait() //nolint:errcheck // it was killed
		if cmd.ProcessState.Exited() {
			break // it was quicker: what follows resumes a season that has ended
		}
		killed++
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0], args...)
	cmd.Env = append(os.Environ(), "RENTREE_IS_PROGRAM=1")
	diag, err := cmd.CombinedOutput()
	if exit, ok := errors.AsType[*exec.ExitError](err); err != nil && (!ok || exit.ExitCode() != exitPart) {
		t.Fatalf("after %d kills the season did not end: %v\n%s", killed, err, diag)
	}
	got := readTotals(t, out)
	got.adds(t)
	all := outcomes(t, out)
	if len(all[stepINE]) != 200 || len(all[stepINES]) != 200 {
		t.Errorf("after %d kills: %d verdicts and %d outcomes; want 200 each", killed, len(all[stepINE]), len(all[stepINES]))
	}
	checkRegister(t, out, all[stepINES])
}

// checkRegister reads the memory of the fake INES, independently of the program.
func checkRegister(t *testing.T, out string, said map[string]line) {
	t.Helper()
	service, err := inestest.New(inestest.Config{Seed: 1, Tomorrow: 0.15, Journal: filepath.Join(out, "fake-ines.journal"), Now: func() time.Time { return seasonStart }})
	if err != nil {
		t.Fatal(err)
	}
	defer service.Close()
	if twice := service.Twice(); len(twice) != 0 {
		t.Errorf("the register created %d persons twice", len(twice))
	}
	if service.Processed(ines.OpRegister) == 0 {
		t.Error("the register remembers no registration: the test proves nothing")
	}
	for _, d := range service.Dossiers() {
		if n := service.RegistrationsOf(d.Student); n.Processed > 1 {
			t.Errorf("%d registrations of %s were processed", n.Processed, d.Student)
		}
		outcome := campaign.Outcome(said[d.Student].Outcome)
		switch {
		case d.Created && outcome != campaign.Created && outcome != campaign.Doubtful && outcome != campaign.Duplicate:
			// A duplicate is one of two records of one person, of which the other got the number.
			t.Errorf("%s was created, and the report says %s", d.Student, outcome)
		case !d.Created && outcome == campaign.Created && d.Status != ines.StatusConfirmed:
			t.Errorf("%s is %s at the register, and the report says %s", d.Student, d.Status, outcome)
		}
	}
}
