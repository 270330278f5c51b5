package cnr_test

import (
	"path/filepath"
	"testing"

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
