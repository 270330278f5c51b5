package sis_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/internal/testutil"
	"github.com/passerelle-sup/passerelle/sis"
)

func openINE(tb testing.TB, path string) *sis.INEFile {
	tb.Helper()
	f, err := sis.OpenINEFile(path)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { f.Close() })
	return f
}

var ineUpdate = sis.INEUpdate{
	Student: sis.StudentID{System: "csv", Local: "20260001"}, Year: 2026, Definitive: "0123456789A", Moment: "2026P00001",
	Alternates: []string{"1111111111B", "2222222222C"}, DecidedAt: time.Date(2026, 9, 1, 10, 0, 0, 0, time.UTC), Origin: "registration",
}

const ineHeader = "system;student;year;ine;ine_previous;ine_alternates;decided_at;origin\n"

func TestINEFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "ine.csv")
	first := ineUpdate
	second := sis.INEUpdate{Student: sis.StudentID{Local: `a;"b`}, Definitive: "3333333333D"}
	nextYear := first
	nextYear.Year++
	other := first
	other.Definitive = "4444444444E"
	replaced := other
	replaced.Moment = first.Definitive

	want := ineHeader +
		"csv;20260001;2026;0123456789A;2026P00001;1111111111B|2222222222C;2026-09-01T10:00:00Z;registration\n" +
		`;"a;""b";;3333333333D;;;;` + "\n" +
		"csv;20260001;2027;0123456789A;2026P00001;1111111111B|2222222222C;2026-09-01T10:00:00Z;registration\n" +
		"csv;20260001;2026;4444444444E;0123456789A;1111111111B|2222222222C;2026-09-01T10:00:00Z;registration\n"
	for round := range 2 { // the second time on the file of the first: nothing more is written
		f := openINE(t, path)
		for i, u := range []sis.INEUpdate{first, second, first, nextYear, replaced, first, replaced} {
			if err := f.WriteINE(t.Context(), u); err != nil {
				t.Fatalf("round %d, update %d: %v", round, i, err)
			}
		}
		err := f.WriteINE(t.Context(), sis.INEUpdate{Student: first.Student, Definitive: "5555555555F", Moment: "2026P00001"})
		if !errors.Is(err, passerelle.ErrConflict) || strings.Contains(err.Error(), "5555555555F") || strings.Contains(err.Error(), "4444444444E") {
			t.Errorf("round %d: another number: %v, want ErrConflict without numbers", round, err)
		}
		got, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		testutil.Equal(t, "file", string(got), want)
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Errorf("second Close: %v", err)
		}
		if err := f.WriteINE(t.Context(), first); !errors.Is(err, fs.ErrClosed) {
			t.Errorf("after Close: %v, want fs.ErrClosed", err)
		}
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	testutil.Equal(t, "permission", info.Mode().Perm(), fs.FileMode(0o600))
}

func TestINEFileRefuses(t *testing.T) {
	t.Parallel()
	f := openINE(t, filepath.Join(t.TempDir(), "ine.csv"))
	err := f.WriteINE(t.Context(), sis.INEUpdate{Origin: "a\nb"})
	if !errors.Is(err, passerelle.ErrInvalid) ||
		err.Error() != "Student: required: want the student whose number it is; Definitive: required: want the definitive number; origin: character: want no line break" {
		t.Errorf("an empty update: %v", err)
	}
	long := ineUpdate
	long.Alternates = []string{strings.Repeat("x", 64<<10)}
	if err := f.WriteINE(t.Context(), long); !errors.Is(err, passerelle.ErrInvalid) {
		t.Errorf("a huge update: %v, want ErrInvalid", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := f.WriteINE(ctx, ineUpdate); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// TestINEFileEveryPrefix cuts the file at every byte, as a crash does: the whole rows count, and the lost update can be written again.
func TestINEFileEveryPrefix(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "whole")
	f := openINE(t, path)
	second := ineUpdate
	second.Student.Local = "20260002"
	for _, u := range []sis.INEUpdate{ineUpdate, second} {
		if err := f.WriteINE(t.Context(), u); err != nil {
			t.Fatal(err)
		}
	}
	f.Close()
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for cut := range len(whole) {
		path := filepath.Join(dir, fmt.Sprint(cut))
		if err := os.WriteFile(path, whole[:cut], 0o600); err != nil {
			t.Fatal(err)
		}
		f, err := sis.OpenINEFile(path)
		if err != nil {
			t.Fatalf("cut at %d: %v", cut, err)
		}
		for _, u := range []sis.INEUpdate{ineUpdate, second} {
			if err := f.WriteINE(t.Context(), u); err != nil {
				t.Fatalf("cut at %d: %v", cut, err)
			}
		}
		f.Close()
		got, _ := os.ReadFile(path)
		if string(got) != string(whole) {
			t.Fatalf("cut at %d: the file is\n%s\nwant\n%s", cut, got, whole)
		}
	}
}

func TestINEFileForeign(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ data, want string }{
		"another file": {"student;ine\n1;2\n", "f: header: want the first line of an INE file, as this package writes it"},
		"a text":       {"hello", "f: header: want the first line of an INE file, as this package writes it"},
		"a huge line":  {strings.Repeat("x", 1<<20), "f: header: want the first line of an INE file, as this package writes it"},
		"a huge row":   {ineHeader + strings.Repeat("x", 1<<20), "f:2: row: fields: want 8 fields, as this package writes them"},
		"a short row":  {ineHeader + "csv;1\n", "f:2: row: fields: want 8 fields, as this package writes them"},
		"a broken row": {ineHeader + "csv;\"1\n", "f:2: row: fields: want 8 fields, as this package writes them"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "f")
			if err := os.WriteFile(path, []byte(c.data), 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := sis.OpenINEFile(path)
			if !errors.Is(err, passerelle.ErrInvalid) || err.Error() != c.want {
				t.Errorf("got %v, want %s", err, c.want)
			}
			if after, _ := os.ReadFile(path); string(after) != c.data {
				t.Error("a refused file was changed")
			}
		})
	}
}

func TestINEFileConcurrent(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "ine.csv")
	f := openINE(t, path)
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for i := range 10 {
				u := ineUpdate
				u.Student.Local = fmt.Sprint(g/2, "-", i) // two goroutines for each student
				if err := f.WriteINE(t.Context(), u); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	testutil.Equal(t, "lines", strings.Count(string(data), "\n"), 1+40)
}

// A file-based system is a source and a writer, each on its own file.
func ExampleINEFile() {
	dir, err := os.MkdirTemp("", "ine")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "ine.csv")
	file, err := sis.OpenINEFile(path)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer file.Close()
	err = file.WriteINE(context.Background(), sis.INEUpdate{
		Student:    sis.StudentID{System: "csv", Local: "20260001"},
		Year:       2026,
		Definitive: "0123456789A",
		DecidedAt:  time.Date(2026, 9, 1, 10, 0, 0, 0, time.UTC),
		Origin:     "registration",
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	data, err := os.ReadFile(path)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(string(data))
	// Output:
	// system;student;year;ine;ine_previous;ine_alternates;decided_at;origin
	// csv;20260001;2026;0123456789A;;;2026-09-01T10:00:00Z;registration
}
