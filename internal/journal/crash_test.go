package journal

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"testing"

	passerelle "github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/internal/testutil"
)

// disk stands between a journal and its file, knows what was synced, and fails when it is told to.
type disk struct {
	sink
	mu      sync.Mutex
	writes  int
	syncs   int
	written int64
	synced  int64
	failAt  int64 // no byte beyond this offset fits; 0: no limit
	quiet   bool  // a write that does not fit returns no error, only a short count
	syncErr error
}

func newDisk(f sink) *disk { return &disk{sink: f} }

func (d *disk) Write(p []byte) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.writes++
	if d.failAt > 0 && d.written+int64(len(p)) > d.failAt {
		n, err := d.sink.Write(p[:max(d.failAt-d.written, 0)])
		d.written += int64(n)
		if err == nil && !d.quiet {
			err = syscall.ENOSPC
		}
		return n, err
	}
	n, err := d.sink.Write(p)
	d.written += int64(n)
	return n, err
}

func (d *disk) Sync() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.syncs++
	if d.syncErr != nil {
		return d.syncErr
	}
	d.synced = d.written
	return nil
}

// TestFullDisk lets the disk fill up at every offset of a record.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	line := int64(len(appendLine(nil, 1, []byte(`"record"`))))
	for room := range line {
		path := filepath.Join(dir, fmt.Sprint(room))
		j, _ := open(t, path, Options{wrap: func(f sink) sink {
			d := newDisk(f)
			d.failAt, d.quiet = 2*line+room, room%2 == 0
			return d
		}})
		appendAll(t, j, "record", "record")
		err := j.Append("record")
		want := error(syscall.ENOSPC)
		if room%2 == 0 {
			want = io.ErrShortWrite
		}
		if !errors.Is(err, want) || !errors.Is(err, passerelle.ErrUnavailable) {
			t.Fatalf("room for %d bytes: %v, want ErrUnavailable and %v", room, err, want)
		}
		for name, again := range map[string]error{
			"Append": j.Append("record"), "Sync": j.Sync(), "Compact": j.Compact(slices.Values([]any{1})), "Close": j.Close(),
		} {
			if again != err {
				t.Errorf("%s of a broken journal: %v, want the very error %v", name, again, err)
			}
		}
		j, got := open(t, path, Options{})
		testutil.Equal(t, "replay", got, []string{`"record"`, `"record"`})
		if rep, _ := j.Repaired(); rep.Length != room {
			t.Errorf("room for %d bytes: repaired %d", room, rep.Length)
		}
		j.Close()
	}
}

// TestSyncIsNeverRetried breaks one sync: the journal must not try another, which could succeed and mean nothing.
func TestSyncIsNeverRetried(t *testing.T) {
	t.Parallel()
	var d *disk
	j, _ := open(t, filepath.Join(t.TempDir(), "ledger"), Options{wrap: func(f sink) sink { d = newDisk(f); return d }})
	appendAll(t, j, 1)
	d.syncErr = syscall.EIO
	err := j.Append(2)
	if !errors.Is(err, syscall.EIO) {
		t.Fatalf("Append: %v, want EIO", err)
	}
	syncs, writes := d.syncs, d.writes
	d.syncErr = nil
	if again := j.Append(3); again != err {
		t.Errorf("Append after a failed sync: %v, want the same error", again)
	}
	if again := j.Sync(); again != err {
		t.Errorf("Sync after a failed sync: %v, want the same error", again)
	}
	testutil.Equal(t, "writes and syncs after the failure", []int{d.writes, d.syncs}, []int{writes, syncs})
	testutil.Equal(t, "Len counts the acknowledged", j.Len(), int64(1))
}

// TestFailureReachesEveryWaiter: appenders that share a batch share its failure, and nobody hangs.
func TestFailureReachesEveryWaiter(t *testing.T) {
	t.Parallel()
	var d *disk
	j, _ := open(t, filepath.Join(t.TempDir(), "ledger"), Options{wrap: func(f sink) sink { d = newDisk(f); return d }})
	d.failAt = 4000
	var wg sync.WaitGroup
	acked := make([]int, 16)
	for g := range acked {
		wg.Go(func() {
			for j.Append(g) == nil {
				acked[g]++
			}
		})
	}
	wg.Wait()
	total := 0
	for _, n := range acked {
		total += n
	}
	testutil.Equal(t, "records on file", j.Len(), int64(total))
	if total == 0 {
		t.Error("nothing was acknowledged before the disk was full")
	}
}

// TestPowerCut keeps of the file what was synced and a random part of the rest:
// every acknowledged record is there, in order, and nothing that was not appended.
func TestPowerCut(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(7, 7))
	for round := range 20 {
		path := filepath.Join(t.TempDir(), "ledger")
		var d *disk
		j, _ := open(t, path, Options{wrap: func(f sink) sink { d = newDisk(f); return d }})
		base := j.Size()
		d.failAt = 500 + rng.Int64N(3000) // ends the run while all are writing
		var mu sync.Mutex
		acked := map[string]bool{}
		lastOf := map[int]int{}
		var wg sync.WaitGroup
		for g := range 8 {
			wg.Go(func() {
				for i := 0; ; i++ {
					if j.Append(fmt.Sprintf("%d-%d", g, i)) != nil {
						return
					}
					mu.Lock()
					acked[fmt.Sprintf(`"%d-%d"`, g, i)] = true
					mu.Unlock()
				}
			})
		}
		wg.Wait()
		j.Close()
		keep := base + d.synced + rng.Int64N(d.written-d.synced+1)
		if err := os.Truncate(path, keep); err != nil {
			t.Fatal(err)
		}
		_, got := open(t, path, Options{})
		for _, rec := range got {
			var g, i int
			if _, err := fmt.Sscanf(rec, `"%d-%d"`, &g, &i); err != nil {
				t.Fatalf("round %d: record %s was never appended", round, rec)
			}
			if i != lastOf[g] {
				t.Fatalf("round %d: writer %d: record %d where %d was due", round, g, i, lastOf[g])
			}
			lastOf[g]++
			delete(acked, rec)
		}
		if len(acked) > 0 || len(got) == 0 {
			t.Fatalf("round %d: %d acknowledged records lost of %d", round, len(acked), len(got)+len(acked))
		}
	}
}

// TestGroupCommit counts syncs: those who append together share them.
func TestGroupCommit(t *testing.T) {
	t.Parallel()
	var d *disk
	path := filepath.Join(t.TempDir(), "ledger")
	gate := make(chan struct{})
	j, _ := open(t, path, Options{wrap: func(f sink) sink { d = newDisk(gated{f, gate}); return d }})
	const waiting = 50
	var wg sync.WaitGroup
	for i := range waiting + 1 {
		wg.Go(func() {
			if err := j.Append(i); err != nil {
				t.Error(err)
			}
		})
	}
	// One is stopped in its write; all others join the batch behind it.
	for {
		j.mu.Lock()
		n := j.seq
		j.mu.Unlock()
		if n == waiting+1 {
			break
		}
	}
	close(gate)
	wg.Wait()
	if d.syncs > 2 {
		t.Errorf("%d syncs for %d records, want at most 2", d.syncs, waiting+1)
	}
	j.Close()
	_, got := open(t, path, Options{})
	testutil.Equal(t, "records", len(got), waiting+1)
}

// gated lets no write pass before the gate is closed.
type gated struct {
	sink
	gate chan struct{}
}

func (g gated) Write(p []byte) (int, error) {
	<-g.gate
	return g.sink.Write(p)
}
