package journal

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	passerelle "github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/internal/testutil"
)

const testKind = "test-ledger/1"

// open opens the journal and returns what it replays.
func open(tb testing.TB, path string, opts Options) (*Journal, []string) {
	tb.Helper()
	j, got, err := tryOpen(path, opts)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { j.Close() })
	return j, got
}

func tryOpen(path string, opts Options) (*Journal, []string, error) {
	var got []string
	opts.Kind = testKind
	opts.Replay = func(r Record) error {
		got = append(got, string(r.Data))
		return nil
	}
	j, err := Open(path, opts)
	return j, got, err
}

func appendAll(tb testing.TB, j *Journal, values ...any) {
	tb.Helper()
	for _, v := range values {
		if err := j.Append(v); err != nil {
			tb.Fatal(err)
		}
	}
}

func TestRoundTrip(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "ledger")
	j, got := open(t, path, Options{})
	testutil.Equal(t, "records of a new journal", len(got), 0)
	appendAll(t, j,
		map[string]any{"student": "S-1", "note": "line\nbreak, accents éè, zero \x00"},
		json.RawMessage("{ \"spaced\" :\n 1 }"),
		nil,
		"text",
	)
	if err := j.Append(1, 2, 3); err != nil {
		t.Fatal(err)
	}
	want := []string{`{"note":"line\nbreak, accents éè, zero \u0000","student":"S-1"}`, `{"spaced":1}`, `null`, `"text"`, `1`, `2`, `3`}
	testutil.Equal(t, "Len", j.Len(), int64(len(want)))

	var read []string
	for rec, err := range j.Records() {
		if err != nil {
			t.Fatal(err)
		}
		if rec.Seq != int64(len(read)+1) {
			t.Errorf("record %d has number %d", len(read)+1, rec.Seq)
		}
		read = append(read, string(rec.Data))
	}
	testutil.Equal(t, "Records", read, want)
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}

	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	testutil.Equal(t, "Size", j.Size(), info.Size())
	if runtime.GOOS != "windows" {
		testutil.Equal(t, "permission", info.Mode().Perm(), fs.FileMode(0o600))
	}

	j, got = open(t, path, Options{})
	testutil.Equal(t, "replay", got, want)
	appendAll(t, j, "after")
	j.Close()
	_, got = open(t, path, Options{})
	testutil.Equal(t, "second replay", got, append(want, `"after"`))
}

func TestFileFormat(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "ledger")
	j, _ := open(t, path, Options{})
	appendAll(t, j, map[string]int{"a": 1}, map[string]int{"a": 2})
	j.Close()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	testutil.Golden(t, "format.journal", data)
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		content string
		kind    string
		want    string
	}{
		"other kind":    {"passerelle journal 1: outbox/2\n", testKind, "another kind: outbox/2, want test-ledger/1"},
		"other format":  {"passerelle journal 2: test-ledger/1\n", testKind, "another format version"},
		"a CSV file":    {"student;ine\n1;2\n", testKind, "not a journal"},
		"binary":        {"\x00\x01\x02\n", testKind, "not a journal"},
		"long nonsense": {strings.Repeat("x", 5<<20), testKind, "not a journal"},
		"no kind":       {"", "", "Options.Kind"},
		"blank in kind": {"", "a b", "Options.Kind"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "f")
			if err := os.WriteFile(path, []byte(c.content), 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := Open(path, Options{Kind: c.kind})
			if !errors.Is(err, passerelle.ErrInvalid) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("Open: %v, want ErrInvalid with %q", err, c.want)
			}
			after, _ := os.ReadFile(path)
			if string(after) != c.content {
				t.Error("a refused file was changed")
			}
			for _, serr := range Scan(path, Options{Kind: c.kind}) {
				if !errors.Is(serr, passerelle.ErrInvalid) {
					t.Errorf("Scan: %v, want ErrInvalid", serr)
				}
			}
		})
	}
	_, err := Open(t.TempDir(), Options{Kind: testKind})
	if err == nil {
		t.Error("Open of a folder succeeded")
	}
	for _, err := range Scan(filepath.Join(t.TempDir(), "absent"), Options{Kind: testKind}) {
		if !errors.Is(err, passerelle.ErrNotFound) {
			t.Errorf("Scan of no file: %v, want ErrNotFound", err)
		}
	}
	if _, err := Open(filepath.Join(t.TempDir(), "no", "folder"), Options{Kind: testKind}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Open in no folder: %v, want fs.ErrNotExist", err)
	}
}

func TestReplayError(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "ledger")
	j, _ := open(t, path, Options{})
	appendAll(t, j, 1, 2, 3)
	j.Close()
	stop := errors.New("not understood")
	_, err := Open(path, Options{Kind: testKind, Replay: func(r Record) error {
		if r.Seq == 2 {
			return stop
		}
		return nil
	}})
	if !errors.Is(err, stop) || !strings.Contains(err.Error(), "record 2") {
		t.Errorf("got %v, want the error of Replay with the number of the record", err)
	}
	open(t, path, Options{}) // the lock was released
}

func TestOneWriter(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "ledger")
	link := filepath.Join(dir, "link")
	j, _ := open(t, path, Options{})
	if err := os.Symlink(path, link); err != nil {
		t.Skip(err)
	}
	for _, name := range []string{path, link} {
		_, _, err := tryOpen(name, Options{})
		if !errors.Is(err, passerelle.ErrConflict) || !strings.Contains(err.Error(), "this very process") {
			t.Errorf("second Open: %v, want ErrConflict that names this process", err)
		}
	}
	appendAll(t, j, 1)
	if err := j.Compact(slices.Values([]any{1, 2})); err != nil {
		t.Fatal(err)
	}
	if _, _, err := tryOpen(path, Options{}); !errors.Is(err, passerelle.ErrConflict) {
		t.Errorf("Open after Compact: %v, want ErrConflict", err)
	}
	j.Close()
	_, got := open(t, link, Options{})
	testutil.Equal(t, "replay through the link", got, []string{"1", "2"})

	dangling := filepath.Join(dir, "dangling")
	if err := os.Symlink(filepath.Join(dir, "nowhere"), dangling); err != nil {
		t.Fatal(err)
	}
	if _, _, err := tryOpen(dangling, Options{}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Open of a link to nowhere: %v, want fs.ErrNotExist", err)
	}
}

// secretValue fails to marshal with an error that repeats its content.
type secretValue struct{}

func (secretValue) MarshalJSON() ([]byte, error) { return nil, errors.New("bad INE 0123456789A") }

func TestAppendRefuses(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "ledger")
	j, _ := open(t, path, Options{MaxRecord: 100})
	appendAll(t, j, strings.Repeat("x", 98))
	for name, v := range map[string]any{"too large": strings.Repeat("x", 99), "no JSON": secretValue{}, "a function": func() {}} {
		err := j.Append("first", v)
		if !errors.Is(err, passerelle.ErrInvalid) {
			t.Errorf("%s: %v, want ErrInvalid", name, err)
		}
		if strings.Contains(fmt.Sprint(err), "0123456789A") {
			t.Errorf("%s: the error repeats the value: %v", name, err)
		}
	}
	appendAll(t, j, "last")
	j.Close()
	_, got := open(t, path, Options{MaxRecord: 100})
	testutil.Equal(t, "replay", got, []string{`"` + strings.Repeat("x", 98) + `"`, `"last"`})
}

func TestClosed(t *testing.T) {
	t.Parallel()
	j, _ := open(t, filepath.Join(t.TempDir(), "ledger"), Options{})
	appendAll(t, j, 1)
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	if err := j.Close(); err != nil {
		t.Errorf("second Close: %v", err)
	}
	var readErr error
	for _, err := range j.Records() {
		readErr = err
	}
	for name, err := range map[string]error{
		"Append": j.Append(2), "Sync": j.Sync(), "Compact": j.Compact(slices.Values([]any{3})), "Records": readErr,
	} {
		if !errors.Is(err, fs.ErrClosed) || !errors.Is(err, passerelle.ErrGone) {
			t.Errorf("%s after Close: %v, want ErrGone and fs.ErrClosed", name, err)
		}
	}
}

func TestNoSync(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "ledger")
	var disk *disk
	j, _ := open(t, path, Options{NoSync: true, wrap: func(f sink) sink { disk = newDisk(f); return disk }})
	appendAll(t, j, 1, 2)
	testutil.Equal(t, "syncs under NoSync", disk.syncs, 0)
	if err := j.Sync(); err != nil {
		t.Fatal(err)
	}
	testutil.Equal(t, "syncs after Sync", disk.syncs, 1)
	j.Close()
	_, got := open(t, path, Options{NoSync: true})
	testutil.Equal(t, "replay", got, []string{"1", "2"})
}
