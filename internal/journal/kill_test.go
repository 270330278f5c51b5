//go:build unix

package journal

import (
	"bufio"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	passerelle "github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/internal/testutil"
)

// TestMain makes the test binary its own victim: the tests start it again in these roles.
func TestMain(m *testing.M) {
	switch os.Getenv("JOURNAL_TEST_ROLE") {
	case "writer":
		childWriter(os.Getenv("JOURNAL_TEST_FILE"))
	case "full":
		childFull(os.Getenv("JOURNAL_TEST_FILE"))
	default:
		os.Exit(m.Run())
	}
}

func child(tb testing.TB, role, path string) *exec.Cmd {
	cmd := exec.CommandContext(tb.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), "JOURNAL_TEST_ROLE="+role, "JOURNAL_TEST_FILE="+path)
	cmd.Stderr = os.Stderr
	return cmd
}

// childWriter appends numbers from four goroutines until it is killed, prints each
// that was acknowledged, and compacts all the time.
func childWriter(path string) {
	var mu sync.Mutex
	var state []string
	j, err := Open(path, Options{Kind: testKind, Replay: func(r Record) error {
		state = append(state, strings.Trim(string(r.Data), `"`))
		return nil
	}})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println("open")
	base := len(state)
	for g := range 4 {
		go func() {
			for i := 0; ; i++ {
				v := fmt.Sprintf("%d.%d.%d", base, g, i)
				mu.Lock()
				state = append(state, v)
				mu.Unlock()
				if err := j.Append(v); err != nil {
					fmt.Fprintln(os.Stderr, err)
					os.Exit(1)
				}
				fmt.Println(v) // one write: whole or not at all
				if g == 0 && i%20 == 19 {
					err := j.Compact(func(yield func(any) bool) {
						mu.Lock()
						defer mu.Unlock()
						for _, v := range state {
							if !yield(v) {
								return
							}
						}
					})
					if err != nil {
						fmt.Fprintln(os.Stderr, err)
						os.Exit(1)
					}
				}
			}
		}()
	}
	select {}
}

// TestKill kills a writing process at random instants. What it said it had
// written is there after each, in order.
func TestKill(t *testing.T) {
	t.Parallel()
	rounds := 3
	if os.Getenv("CI_LONG") == "1" {
		rounds = 50
	}
	path := filepath.Join(t.TempDir(), "ledger")
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	var acked []string
	for round := range rounds {
		cmd := child(t, "writer", path)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		if !lines.Scan() || lines.Text() != "open" {
			t.Fatalf("round %d: the child did not open the journal: %q", round, lines.Text())
		}
		if round == 0 {
			_, _, err := tryOpen(path, Options{})
			if !errors.Is(err, passerelle.ErrConflict) || !strings.Contains(err.Error(), "process "+strconv.Itoa(cmd.Process.Pid)) {
				t.Errorf("Open while another process writes: %v, want ErrConflict that names process %d", err, cmd.Process.Pid)
			}
		}
		timer := time.AfterFunc(20*time.Millisecond+time.Duration(rng.Int64N(int64(200*time.Millisecond))), func() { cmd.Process.Kill() })
		before := len(acked)
		for lines.Scan() {
			acked = append(acked, lines.Text())
		}
		err = cmd.Wait()
		timer.Stop()
		if cmd.ProcessState.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
			t.Fatalf("round %d: the child ended by itself: %v", round, err)
		}
		if len(acked) == before {
			t.Logf("round %d: killed before anything was acknowledged", round)
		}

		j, got, err := tryOpen(path, Options{})
		if err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		j.Close()
		at := map[string]int{}
		for i, rec := range got {
			if _, again := at[strings.Trim(rec, `"`)]; !again {
				at[strings.Trim(rec, `"`)] = i
			}
		}
		last := map[string]int{} // of each writer
		for _, v := range acked {
			i, ok := at[v]
			if !ok {
				t.Fatalf("round %d: %s was acknowledged and is lost", round, v)
			}
			writer := v[:strings.LastIndexByte(v, '.')]
			if prev, ok := last[writer]; ok && i <= prev {
				t.Fatalf("round %d: %s is out of order", round, v)
			}
			last[writer] = i
		}
	}
	if len(acked) == 0 {
		t.Fatal("nothing was acknowledged in any round")
	}
	t.Logf("%d records acknowledged in %d rounds", len(acked), rounds)
}

// TestCloseReleasesCopies: a process being started shares the lock's open file
// until its exec; closing the journal must release the lock all the same.
func TestCloseReleasesCopies(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "ledger")
	j, _ := open(t, path, Options{})
	fd, err := syscall.Dup(int(j.lock.Fd()))
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Close(fd)
	j.Close()
	open(t, path, Options{})
}

// childFull appends under a file size limit until the system cuts a write short.
func childFull(path string) {
	signal.Ignore(syscall.SIGXFSZ)
	limit := syscall.Rlimit{Cur: 5000, Max: 5000}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		fmt.Println("skip:", err)
		return
	}
	j, err := Open(path, Options{Kind: testKind})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	n := 0
	for {
		if err = j.Append(strings.Repeat("x", 100)); err != nil {
			break
		}
		n++
	}
	if again := j.Append("more"); again != err || !errors.Is(err, passerelle.ErrUnavailable) {
		fmt.Fprintln(os.Stderr, "after the failure:", err, again)
		os.Exit(1)
	}
	fmt.Println(n)
}

// TestSystemCutsWrite has the kernel itself cut a write short.
func TestSystemCutsWrite(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "ledger")
	out, err := child(t, "full", path).Output()
	if err != nil {
		t.Fatal(err)
	}
	said := strings.TrimSpace(string(out))
	if strings.HasPrefix(said, "skip:") {
		t.Skip(said)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	testutil.Equal(t, "size at the limit", info.Size(), int64(5000))
	j, got := open(t, path, Options{})
	testutil.Equal(t, "records replayed", strconv.Itoa(len(got)), said)
	if _, repaired := j.Repaired(); !repaired {
		t.Error("no torn end was repaired")
	}
}
