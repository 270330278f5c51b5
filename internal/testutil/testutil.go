// Package testutil holds what the tests of the module share: golden files,
// comparison, gates for foreign programs and shared data, and a watch for personal
// data in logs and errors. It is imported by tests only.
package testutil

import (
	"bytes"
	"flag"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite the golden files with what the tests got")

// Equal fails the test when got differs from want, and shows the difference.
func Equal[T any](tb testing.TB, what string, got, want T, opts ...cmp.Option) {
	tb.Helper()
	if diff := cmp.Diff(want, got, opts...); diff != "" {
		tb.Errorf("%s differs (-want +got):\n%s", what, diff)
	}
}

// Golden compares got with testdata/name and rewrites that file under -update.
func Golden(tb testing.TB, name string, got []byte) {
	tb.Helper()
	path := filepath.Join("testdata", filepath.FromSlash(name))
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			tb.Fatal(err)
		}
		if err := os.WriteFile(path, got, 0o644); err != nil {
			tb.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		tb.Fatalf("golden file: %v (run the test with -update to write it)", err)
	}
	if !bytes.Equal(got, want) {
		tb.Errorf("%s differs (-want +got):\n%s", path, cmp.Diff(string(want), string(got)))
	}
}

// ModuleRoot returns the folder of the SDK's go.mod.
func ModuleRoot(tb testing.TB) string {
	tb.Helper()
	dir, err := os.Getwd()
	if err != nil {
		tb.Fatal(err)
	}
	for {
		data, err := os.ReadFile(filepath.Join(dir, "go.mod"))
		if err == nil && bytes.HasPrefix(data, []byte("module github.com/passerelle-sup/passerelle\n")) {
			return dir
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			tb.Fatal("no go.mod of the SDK above the working folder")
		}
		dir = parent
	}
}

// Shared returns the path of a file or folder of the reference material, which
// is not part of the module: the folder "shared" beside the checkout, or the one
// named by PASSERELLE_SHARED. It skips the test where the material is absent.
func Shared(tb testing.TB, name string) string {
	tb.Helper()
	base := os.Getenv("PASSERELLE_SHARED")
	if base == "" {
		base = filepath.Join(ModuleRoot(tb), "..", "shared")
	}
	path := filepath.Join(base, filepath.FromSlash(name))
	if _, err := os.Stat(path); err != nil {
		tb.Skipf("reference material absent: no %s beside the checkout nor under PASSERELLE_SHARED", name)
	}
	return path
}

// Program returns the path of a program used as a foreign peer, such as xmllint,
// and skips the test where it is not installed.
func Program(tb testing.TB, name string) string {
	tb.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		tb.Skipf("%s is not installed", name)
	}
	return path
}

// Long skips the test unless CI_LONG=1 asks for the long ones.
func Long(tb testing.TB) {
	tb.Helper()
	if !IsLong() {
		tb.Skip("long test: set CI_LONG=1 to run it")
	}
}

// IsLong reports whether CI_LONG=1 asks for long tests and big volumes.
func IsLong() bool { return os.Getenv("CI_LONG") == "1" }

// Seeds adds to f the content of every file of a folder, whatever its depth.
func Seeds(f *testing.F, folder string) {
	f.Helper()
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || strings.HasPrefix(entry.Name(), ".") {
			return err
		}
		data, err := os.ReadFile(path)
		f.Add(data)
		return err
	})
	if err != nil {
		f.Fatal(err)
	}
}
