package campaign_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ines/campaign"
	"github.com/passerelle-sup/passerelle/ines/campaign/campaigntest"
)

func openFile(t *testing.T, path string) *campaign.File {
	t.Helper()
	l, err := campaign.OpenFile(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

func TestFileLedger(t *testing.T) {
	t.Parallel()
	campaigntest.Ledger(t, func(t *testing.T) campaign.Ledger { return openFile(t, filepath.Join(t.TempDir(), "ledger")) })
}

// TestFileReopens closes and opens a ledger, so that only the file remembers.
func TestFileReopens(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "ledger")
	l := openFile(t, path)
	claimed, err := l.Claim(t.Context(), campaign.Claim{ID: "c", Student: "csv:1", Identity: "id", At: campaignDay})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := campaign.OpenFile(path); !errors.Is(err, passerelle.ErrConflict) {
		t.Errorf("opening a ledger in use = %v; want ErrConflict", err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	l = openFile(t, path)
	got, err := l.Get(t.Context(), "csv:1")
	if err != nil || got.ClaimID != claimed.ClaimID || got.Version != 1 || got.State != campaign.StateClaimed {
		t.Errorf("after reopening: %+v, %v", got, err)
	}
	if _, err := l.Claim(t.Context(), campaign.Claim{ID: "d", Student: "csv:2", Identity: "id", At: campaignDay}); !errors.Is(err, passerelle.ErrConflict) {
		t.Errorf("the identity was forgotten over a restart: %v", err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the ledger's mode is %v, %v; want 0600", info.Mode(), err)
	}
}

// TestFileCompacts writes one record so often that opening again shortens the file.
func TestFileCompacts(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "ledger")
	l := openFile(t, path)
	r := campaign.Record{Student: "csv:1", State: campaign.StateUnknown, Since: campaignDay}
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
	if got, err := l.Get(t.Context(), "csv:1"); err != nil || got.Version != 1100 {
		t.Errorf("after compaction: version %d, %v; want 1100", got.Version, err)
	}
}

func TestFileRefusesForeign(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "ledger")
	if err := os.WriteFile(path, []byte("student;ine\n1;223456789HE\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := campaign.OpenFile(path); !errors.Is(err, passerelle.ErrInvalid) {
		t.Errorf("a CSV file opened as a ledger = %v; want ErrInvalid", err)
	}
}
