package registry

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/passerelle-sup/passerelle/internal/testutil"
)

func TestCopy(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		names := func() []string {
			var names []string
			entries, err := os.ReadDir(dir)
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range entries {
				names = append(names, e.Name())
			}
			return names
		}
		s := &server{body: one("a.example")}
		c := s.client(t, Config{CopyDir: dir})
		if _, err := c.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		first := names()
		if len(first) != 2 || first[1] != "catalogue.json" {
			t.Fatalf("files %v", first)
		}

		// A restart: no query until the copy is due, then a conditional one.
		time.Sleep(10 * time.Minute)
		os.WriteFile(filepath.Join(dir, "catalogue-1.part"), nil, 0o600) // of a process that was killed
		c = s.client(t, Config{CopyDir: dir})
		holds(t, c, "a.example")
		if st := c.State(); !st.Restored || time.Until(st.Next) != 5*time.Minute || time.Since(st.Confirmed) != 10*time.Minute {
			t.Errorf("state %+v", st)
		}
		testutil.Equal(t, "files", names(), first)
		if changed, err := c.Refresh(t.Context()); changed || err != nil || s.requests[1].Header.Get("If-None-Match") == "" {
			t.Errorf("refresh after restart: %v %v", changed, err)
		}

		// The 304 is remembered as a confirmation.
		time.Sleep(time.Hour)
		c = s.client(t, Config{CopyDir: dir})
		if st := c.State(); time.Since(st.Confirmed) != time.Hour || time.Until(st.Next) != 0 {
			t.Errorf("state %+v", st)
		}

		// Another catalogue takes the place of the copy, and no file is left over.
		s.body = one("b.example")
		if changed, err := c.Refresh(t.Context()); !changed || err != nil {
			t.Errorf("changed: %v %v", changed, err)
		}
		if second := names(); len(second) != 2 || second[0] == first[0] {
			t.Errorf("files %v after %v", second, first)
		}
		holds(t, s.client(t, Config{CopyDir: dir}), "b.example")

		// A copy that is too old is there and not trusted.
		time.Sleep(DefaultMaxAge + time.Second)
		c = s.client(t, Config{CopyDir: dir})
		holds(t, c, "")
		c.Refresh(t.Context())
		holds(t, c, "b.example")
	})
}

func TestDamagedCopy(t *testing.T) {
	t.Parallel()
	tests := map[int]struct {
		name   string
		damage func(dir, file string) error
	}{
		0: {"no note", func(dir, file string) error { return os.Remove(filepath.Join(dir, noteName)) }},
		1: {"a note cut short", func(dir, file string) error { return os.Truncate(filepath.Join(dir, noteName), 20) }},
		2: {"no catalogue", func(dir, file string) error { return os.Remove(file) }},
		3: {"a catalogue cut short", func(dir, file string) error { return os.Truncate(file, 200) }},
		4: {"another catalogue", func(dir, file string) error { return os.WriteFile(file, []byte(one("evil.example")), 0o600) }},
		5: {"of another source", func(dir, file string) error { return edit(dir, address, "https://other.invalid/") }},
		6: {"of another format", func(dir, file string) error { return edit(dir, noteFormat, "x/2") }},
		7: {"of another folder", func(dir, file string) error { return edit(dir, `"file": "`, `"file": "../`) }},
		8: {"whole", func(dir, file string) error { return nil }},
	}
	for i := range len(tests) {
		tt := tests[i]
		t.Run(fmt.Sprint(i, " ", tt.name), func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			s := &server{body: one("a.example")}
			if _, err := s.client(t, Config{CopyDir: dir}).Refresh(t.Context()); err != nil {
				t.Fatal(err)
			}
			files, err := filepath.Glob(filepath.Join(dir, "catalogue-*.xml"))
			if err != nil || len(files) != 1 {
				t.Fatal(files, err)
			}
			if err := tt.damage(dir, files[0]); err != nil {
				t.Fatal(err)
			}
			var l testutil.Leaks
			c := s.client(t, Config{CopyDir: dir, Logger: l.Logger()})
			want := ""
			if tt.name == "whole" {
				want = "a.example"
			} else if l.Log() == "" {
				t.Error("nothing is logged")
			}
			holds(t, c, want)
			if _, err := c.Refresh(t.Context()); err != nil {
				t.Error(err)
			}
			holds(t, c, "a.example")
			holds(t, s.client(t, Config{CopyDir: dir}), "a.example")
		})
	}
}

func edit(dir, old, new string) error {
	path := filepath.Join(dir, noteName)
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	return os.WriteFile(path, []byte(strings.Replace(string(data), old, new, 1)), 0o600)
}

// TestCopyCannotBeWritten checks that a full or missing disk does not cost the index.
func TestCopyCannotBeWritten(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := &server{body: one("a.example")}
	var l testutil.Leaks
	c := s.client(t, Config{CopyDir: dir, MinGap: -1, Logger: l.Logger()})
	if err := os.Mkdir(filepath.Join(dir, noteName), 0o700); err != nil { // no note can take its place
		t.Fatal(err)
	}
	if _, err := c.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	holds(t, c, "a.example")
	if !strings.Contains(l.Log(), "could not be written") {
		t.Error("nothing is logged")
	}
	os.RemoveAll(dir)
	if _, err := c.Refresh(t.Context()); err != nil { // 304: nothing to spool
		t.Error(err)
	}
	s.body = one("b.example")
	if _, err := c.Refresh(t.Context()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
	holds(t, c, "a.example")
}
