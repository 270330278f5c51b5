package supdata_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/supdata"
	"github.com/passerelle-sup/passerelle/supdata/feedtest"
)

func openFile(tb testing.TB, path string) *supdata.File {
	tb.Helper()
	l, err := supdata.OpenFile(path)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { l.Close() })
	return l
}

func TestFileLedger(t *testing.T) {
	t.Parallel()
	feedtest.Ledger(t, func(t *testing.T) supdata.Ledger { return openFile(t, filepath.Join(t.TempDir(), "ledger")) })
}

// TestFileReopens closes and opens a ledger, so that only the file remembers.
func TestFileReopens(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "ledger")
	l := openFile(t, path)
	c := supdata.Claim{ID: "c", Key: "k1", Student: "csv:1", Sending: goodEnrolment(), At: today}
	claimed, err := l.Claim(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := supdata.OpenFile(path); !errors.Is(err, passerelle.ErrConflict) {
		t.Errorf("opening a ledger in use = %v; want ErrConflict", err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	l = openFile(t, path)
	got, err := l.Get(t.Context(), "k1")
	if err != nil || got.ClaimID != claimed.ClaimID || got.State != supdata.StateClaimed || *got.Sending != goodEnrolment() {
		t.Errorf("after reopening: %+v, %v", got, err)
	}
	c.ID, c.Key = "d", "k2"
	if _, err := l.Claim(t.Context(), c); !errors.Is(err, passerelle.ErrConflict) {
		t.Errorf("the enrolment was forgotten over a restart: %v", err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the ledger's mode is %v, %v; want 0600", info.Mode(), err)
	}
}

// TestFileCompacts writes one record so often that opening again shortens the file.
func TestFileCompacts(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "ledger")
	l := openFile(t, path)
	r := supdata.Record{Key: "k1", State: supdata.StateRefused, Since: today}
	for range 1100 {
		var err error
		if r, err = l.Put(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	l.Close()
	before, _ := os.Stat(path)
	l = openFile(t, path)
	after, _ := os.Stat(path)
	if after.Size() > before.Size()/100 {
		t.Errorf("1100 writes of one record: %d bytes before opening again, %d after", before.Size(), after.Size())
	}
	if got, err := l.Get(t.Context(), "k1"); err != nil || got.Version != 1100 {
		t.Errorf("after compaction: version %d, %v; want 1100", got.Version, err)
	}
}

func TestFileRefusesForeign(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "ledger")
	if err := os.WriteFile(path, []byte("student;ine\n1;2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := supdata.OpenFile(path); !errors.Is(err, passerelle.ErrInvalid) {
		t.Errorf("a CSV file opened as a ledger = %v; want ErrInvalid", err)
	}
}

// TestSettle ends a doubt in both ways.
func TestSettle(t *testing.T) {
	t.Parallel()
	l := supdata.NewMemory()
	if _, err := supdata.Settle(t.Context(), l, "k1", supdata.Settlement{At: today}); !errors.Is(err, passerelle.ErrNotFound) {
		t.Errorf("settling what nobody sent = %v; want ErrNotFound", err)
	}
	c := supdata.Claim{ID: "c", Key: "k1", Student: "csv:1", Sending: goodEnrolment(), At: today}
	if _, err := l.Claim(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	r, err := supdata.Settle(t.Context(), l, "k1", supdata.Settlement{At: today.Add(time.Hour)})
	if err != nil || r.State != supdata.StateNew || r.Sending != nil || r.Fed != nil {
		t.Fatalf("settled as not recorded: %+v, %v", r, err)
	}
	c.ID = "d"
	if _, err := l.Claim(t.Context(), c); err != nil {
		t.Fatalf("what was not recorded cannot be sent again: %v", err)
	}
	r, err = supdata.Settle(t.Context(), l, "k1", supdata.Settlement{Fed: true, ID: "77", At: today})
	if err != nil || r.State != supdata.StateFed || r.ID != "77" || *r.Fed != goodEnrolment() {
		t.Fatalf("settled as recorded: %+v, %v", r, err)
	}
	if _, err := supdata.Settle(t.Context(), l, "k1", supdata.Settlement{At: today}); !errors.Is(err, passerelle.ErrConflict) {
		t.Errorf("settling what is in no doubt = %v; want ErrConflict", err)
	}
}
