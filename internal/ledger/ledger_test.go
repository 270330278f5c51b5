package ledger_test

import (
	"context"
	"errors"
	"path/filepath"
	"testing"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/internal/ledger"
)

// seat is a record: a seat, and who sits on it.
type seat struct {
	Key     string
	Version int64
	Guest   string
}

var errTaken = errors.New("taken")

var kind = ledger.Kind[seat]{
	Name: "seats", File: "seats/1",
	Key:     func(s *seat) string { return s.Key },
	Version: func(s *seat) *int64 { return &s.Version },
	Holds:   func(s *seat) string { return s.Guest },
	Clone:   func(s seat) seat { return s },
	Missing: func(string) error { return passerelle.ErrNotFound },
	Check: func(stored, s *seat) error {
		if stored.Version != s.Version {
			return passerelle.ErrConflict
		}
		return nil
	},
}

// sit claims a seat for a guest who sits nowhere else.
func sit(key, guest string) func(rec, holder seat) (seat, error) {
	return func(rec, holder seat) (seat, error) {
		if holder.Key != "" || rec.Guest != "" {
			return rec, errTaken
		}
		rec.Key, rec.Guest = key, guest
		return rec, nil
	}
}

// claimer is what both ledgers are.
type claimer interface {
	Get(key string) (seat, error)
	Put(ctx context.Context, s seat) (seat, error)
	Claim(ctx context.Context, key, name string, grant func(rec, holder seat) (seat, error)) (seat, error)
}

func TestNamesAreHeldOnce(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "seats")
	file, err := ledger.Open(path, kind)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { file.Close() }()
	for name, l := range map[string]claimer{"memory": ledger.NewMemory(kind), "file": file} {
		ctx := t.Context()
		if _, err := l.Get("1"); !errors.Is(err, passerelle.ErrNotFound) {
			t.Errorf("%s: an empty ledger gives %v", name, err)
		}
		first, err := l.Claim(ctx, "1", "Ada", sit("1", "Ada"))
		if err != nil || first.Version != 1 {
			t.Fatalf("%s: %+v, %v", name, first, err)
		}
		if _, err := l.Claim(ctx, "2", "Ada", sit("2", "Ada")); !errors.Is(err, errTaken) {
			t.Errorf("%s: a guest sits twice: %v", name, err)
		}
		if _, err := l.Put(ctx, seat{Key: "1"}); !errors.Is(err, passerelle.ErrConflict) {
			t.Errorf("%s: an old version is written over a new one: %v", name, err)
		}
		first.Guest = "" // gets up
		if _, err := l.Put(ctx, first); err != nil {
			t.Fatal(err)
		}
		if s, err := l.Claim(ctx, "2", "Ada", sit("2", "Ada")); err != nil || s.Guest != "Ada" {
			t.Errorf("%s: the name is not free again: %+v, %v", name, s, err)
		}
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	if file, err = ledger.Open(path, kind); err != nil {
		t.Fatal(err)
	}
	if _, err := file.Claim(t.Context(), "3", "Ada", sit("3", "Ada")); !errors.Is(err, errTaken) {
		t.Errorf("the name was forgotten with the process: %v", err)
	}
	other := kind
	other.File = "chairs/1"
	if _, err := ledger.Open(path, other); err == nil {
		t.Error("a ledger of another kind was opened")
	}
}
