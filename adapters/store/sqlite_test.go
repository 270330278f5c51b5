package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ines/campaign"
)

// A write that fails in the database does not take along those that share its
// transaction.
func TestNeighbours(t *testing.T) {
	t.Parallel()
	s, err := Open(t.Context(), Config{URL: filepath.Join(t.TempDir(), "state.db")})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	e := s.engine.(*liteEngine)
	insert := func(name string) func(q querier) error {
		return func(q querier) error {
			_, err := q.exec(`INSERT INTO ewp_keyrings (name, record) VALUES ($1, $2)`, name, "[]")
			return err
		}
	}
	refusal := fmt.Errorf("no: %w", passerelle.ErrConflict)
	batch := []*liteWrite{
		{op: insert("a")}, {op: insert("a")}, // the second breaks the primary key
		{op: func(querier) error { return refusal }},
		{op: func(q querier) error { _ = insert("b")(q); return refusal }}, // refused after it wrote
		{op: insert("c")},
	}
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	batch = append(batch, &liteWrite{ctx: cancelled, op: insert("d")})
	// The writer waits in the first one until all are asked for, so that they share a transaction.
	asked := make(chan struct{})
	first := make(chan error, 1)
	go func() { first <- e.write(t.Context(), true, func(querier) error { <-asked; return nil }) }()
	for _, w := range batch {
		if w.ctx == nil {
			w.ctx = t.Context()
		}
		w.done = make(chan error, 1)
		e.asked <- w
	}
	close(asked)
	if err := <-first; err != nil {
		t.Fatal(err)
	}
	var got []error
	for _, w := range batch {
		got = append(got, <-w.done)
	}
	for i, want := range []bool{0: true, 1: false, 2: false, 3: false, 4: true, 5: false} {
		if (got[i] == nil) != want {
			t.Errorf("%d: %v; want success %v", i, got[i], want)
		}
	}
	if !errors.Is(got[2], refusal) || !errors.Is(got[3], refusal) || !errors.Is(got[5], context.Canceled) {
		t.Errorf("the answers changed on the way: %v", got)
	}
	for name, want := range map[string]bool{"a": true, "b": false, "c": true, "d": false} {
		found := false
		err := s.read(t.Context(), "test", `SELECT 1 FROM ewp_keyrings WHERE name = $1`, []any{name}, func(func(into ...any) error) error {
			found = true
			return nil
		})
		if err != nil || found != want {
			t.Errorf("row %s is there: %v, %v; want %v", name, found, err, want)
		}
	}
}

// A full disk fails the writes that need room, loses nothing that was acknowledged,
// and when there is room again the store goes on.
func TestFull(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "state.db")
	s, err := Open(t.Context(), Config{URL: path, MaxBytes: 160 << 10})
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	kept, refused := map[string]campaign.Record{}, 0
	claim := func(s *Store, i int) (campaign.Record, error) {
		student := fmt.Sprintf("csv:%d", i)
		return s.Campaign().Claim(t.Context(), campaign.Claim{ID: fmt.Sprint("claim-", i), Student: student, Identity: student})
	}
	var all sync.WaitGroup
	for worker := range 8 {
		all.Go(func() {
			for i := range 100 {
				r, err := claim(s, worker*100+i)
				mu.Lock()
				switch {
				case err == nil:
					kept[r.Student] = r
				case errors.Is(err, passerelle.ErrUnavailable):
					refused++
				default:
					t.Errorf("claim on a full disk = %v; want ErrUnavailable", err)
				}
				mu.Unlock()
			}
		})
	}
	all.Wait()
	if refused == 0 || len(kept) == 0 {
		t.Fatalf("%d claims were kept and %d refused: the disk was not filled", len(kept), refused)
	}
	if _, err := s.Campaign().Get(t.Context(), "csv:0"); err != nil && !errors.Is(err, passerelle.ErrNotFound) {
		t.Errorf("reading from a full disk: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if s, err = Open(t.Context(), Config{URL: path}); err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for i := range 800 {
		student := fmt.Sprintf("csv:%d", i)
		want, acknowledged := kept[student]
		got, err := claim(s, i)
		switch {
		case acknowledged && !errors.Is(err, passerelle.ErrConflict):
			t.Fatalf("%s was claimed and can be claimed again: %v, %v", student, got, err)
		case acknowledged && want.ClaimID == "":
			t.Fatalf("%s: acknowledged without its claim", student)
		case !acknowledged && err != nil:
			t.Fatalf("%s: refused by the full disk, and still when there is room: %v", student, err)
		}
	}
}

// The file is its owner's alone, and its name may hold anything.
func TestFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "new folder", "état ?#%20.db")
	s, err := Open(t.Context(), Config{URL: "sqlite:" + path})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	files, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if info, err := f.Info(); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v, %v; want 0600", f.Name(), info.Mode(), err)
		}
	}
	if _, err := os.Stat(path); err != nil {
		t.Error(err)
	}
}

func TestClosed(t *testing.T) {
	t.Parallel()
	for kind, url := range upgradeURLs(t) {
		s, err := Open(t.Context(), Config{URL: url, Patience: 2 * time.Second})
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Close(); err != nil {
			t.Errorf("%s: Close = %v", kind, err)
		}
		if _, err := s.Campaign().Claim(t.Context(), campaign.Claim{ID: "c", Student: "csv:1", Identity: "i"}); !errors.Is(err, passerelle.ErrUnavailable) {
			t.Errorf("%s: Claim after Close = %v; want ErrUnavailable", kind, err)
		}
	}
}
