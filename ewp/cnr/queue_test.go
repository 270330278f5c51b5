package cnr_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp/cnr"
	"github.com/passerelle-sup/passerelle/ewp/cnr/cnrtest"
)

func openFile(t testing.TB, path string) *cnr.File {
	t.Helper()
	f, err := cnr.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

func TestMemory(t *testing.T) {
	t.Parallel()
	cnrtest.Queue(t, func(*testing.T) cnr.Queue { return cnr.NewMemory() })
	m := cnr.NewMemory()
	cnrtest.Marks(t, func(*testing.T) (cnr.Marks, func()) { return m, func() {} })
}

func TestFile(t *testing.T) {
	t.Parallel()
	cnrtest.Queue(t, func(t *testing.T) cnr.Queue { return openFile(t, filepath.Join(t.TempDir(), "queue")) })
	path := filepath.Join(t.TempDir(), "queue")
	t.Run("reopened", func(t *testing.T) {
		cnrtest.Reopened(t, func(t *testing.T) (cnr.Queue, func()) {
			f := openFile(t, path)
			return f, func() { f.Close() }
		})
	})
	marks := filepath.Join(t.TempDir(), "marks")
	t.Run("marks", func(t *testing.T) {
		cnrtest.Marks(t, func(t *testing.T) (cnr.Marks, func()) {
			f := openFile(t, marks)
			return f, func() { f.Close() }
		})
	})
}

// TestBrokenFile: a queue that cannot write gives nothing out any more, since nobody
// could say that it is done.
func TestBrokenFile(t *testing.T) {
	t.Parallel()
	f := openFile(t, filepath.Join(t.TempDir(), "queue"))
	if err := f.Add(t.Context(), start, iia(peer, "1")); err != nil {
		t.Fatal(err)
	}
	f.Close()
	if err := f.Add(t.Context(), start, iia(peer, "2")); !errors.Is(err, passerelle.ErrGone) {
		t.Errorf("Add to a closed file: %v, want ErrGone", err)
	}
	if got, err := f.Claim(t.Context(), start, start.Add(time.Minute), 9); len(got) != 0 || !errors.Is(err, passerelle.ErrUnavailable) {
		t.Errorf("Claim after a failed write: %v, %v, want ErrUnavailable", got, err)
	}
}

// TestFileStaysSmall: a file that is written for ever does not grow for ever, and
// keeps what it holds.
func TestFileStaysSmall(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "queue")
	f := openFile(t, path)
	batch := make([]cnr.Change, 500)
	for i := range batch {
		batch[i] = iia(peer, "the same")
	}
	for range 10 {
		if err := f.Add(t.Context(), start, batch...); err != nil {
			t.Fatal(err)
		}
	}
	if info, err := os.Stat(path); err != nil || info.Size() > 400_000 {
		t.Errorf("5000 changes of one object take %d bytes, %v, want those of a few hundred", info.Size(), err)
	}
	f.Close()
	if e := only(t, openFile(t, path), iia(peer, "the same")); e.Changes != 5000 {
		t.Errorf("%d changes after opening again, want 5000", e.Changes)
	}
}
