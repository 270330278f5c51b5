package journal

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	passerelle "github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/internal/testutil"
)

func TestCompact(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "ledger")
	j, _ := open(t, path, Options{})
	for range 20 {
		appendAll(t, j, "old")
	}
	before := j.Size()
	if err := j.Compact(slices.Values([]any{"a", "b"})); err != nil {
		t.Fatal(err)
	}
	if j.Size() >= before || j.Len() != 2 {
		t.Errorf("after Compact: %d bytes, %d records", j.Size(), j.Len())
	}
	appendAll(t, j, "c")
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	testutil.Equal(t, "Size", j.Size(), info.Size())
	if err := j.Compact(slices.Values([]any{"x"})); err != nil {
		t.Fatal(err)
	}
	appendAll(t, j, "y")
	j.Close()
	j, got := open(t, path, Options{})
	testutil.Equal(t, "replay", got, []string{`"x"`, `"y"`})
	if err := j.Compact(slices.Values([]any{})); err != nil {
		t.Fatal(err)
	}
	j.Close()
	_, got = open(t, path, Options{})
	testutil.Equal(t, "replay of nothing", len(got), 0)
}

// TestCompactFails: whatever fails before the replacement, the journal goes on with what it had.
func TestCompactFails(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "ledger")
	fault := syscall.Errno(0)
	var d *disk
	j, _ := open(t, path, Options{MaxRecord: 50, wrap: func(f sink) sink {
		d = newDisk(f)
		switch fault {
		case syscall.ENOSPC:
			d.failAt = 60
		case syscall.EIO:
			d.syncErr = syscall.EIO
		}
		return d
	}})
	appendAll(t, j, 1, 2)
	if err := j.Compact(slices.Values([]any{"fine", strings.Repeat("x", 51)})); !errors.Is(err, passerelle.ErrInvalid) {
		t.Errorf("a record too large: %v, want ErrInvalid", err)
	}
	for _, fault = range []syscall.Errno{syscall.ENOSPC, syscall.EIO} {
		if err := j.Compact(slices.Values([]any{"a long record, longer", "than the room on the disk"})); !errors.Is(err, fault) {
			t.Errorf("Compact: %v, want %v", err, fault)
		}
	}
	fault = 0
	if _, err := os.Stat(path + tempSuffix); err == nil {
		t.Error("a failed Compact left its file behind")
	}
	appendAll(t, j, 3)
	j.Close()

	// A compaction that died leaves its file; it counts for nothing.
	write(t, path+tempSuffix, append(header(testKind), "half a"...))
	_, got := open(t, path, Options{})
	testutil.Equal(t, "replay", got, []string{"1", "2", "3"})
	if _, err := os.Stat(path + tempSuffix); err == nil {
		t.Error("Open left the file of a dead compaction")
	}
}

// TestCompactUnderLoad compacts a set, kept as the documentation asks, while
// others add to it: nothing acknowledged is lost.
func TestCompactUnderLoad(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "ledger")
	j, _ := open(t, path, Options{NoSync: true})
	var mu sync.Mutex
	var state []int
	snapshot := func(yield func(any) bool) {
		mu.Lock()
		defer mu.Unlock()
		for _, v := range state {
			if !yield(v) {
				return
			}
		}
	}
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			for i := range 200 {
				v := g*1000 + i
				mu.Lock()
				state = append(state, v)
				mu.Unlock()
				if err := j.Append(v); err != nil {
					t.Error(err)
					return
				}
				if i%50 == 49 {
					if err := j.Compact(snapshot); err != nil {
						t.Error(err)
						return
					}
				}
			}
		})
	}
	wg.Wait()
	j.Close()
	_, got := open(t, path, Options{})
	// A value whose append waited for a compaction that took it along is there twice: replaying a set does not mind.
	slices.Sort(got)
	testutil.Equal(t, "different values", len(slices.Compact(got)), 800)
}
