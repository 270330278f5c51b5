package store

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ines/campaign"
)

// upgradeURLs gives the test a new database of each kind; the tests of the package set it.
var upgradeURLs func(tb testing.TB) map[string]string

// Tables of every earlier version are brought up to date, and what is in them stays.
func TestUpgrade(t *testing.T) {
	t.Parallel()
	for version := 1; version <= len(migrations); version++ {
		for kind, url := range upgradeURLs(t) {
			t.Run(fmt.Sprintf("%s from %d", kind, version), func(t *testing.T) {
				t.Parallel()
				old, err := connect(t.Context(), Config{URL: url, Connections: 2})
				if err != nil {
					t.Fatal(err)
				}
				if err := old.migrate(t.Context(), version); err != nil {
					t.Fatal(err)
				}
				want, err := old.Campaign().Claim(t.Context(), campaign.Claim{ID: "c", Student: "csv:1", Identity: "identity"})
				if err != nil {
					t.Fatal(err)
				}
				if err := old.Close(); err != nil {
					t.Fatal(err)
				}
				var all sync.WaitGroup
				for range 4 { // several processes start on it at once
					all.Go(func() {
						s, err := Open(t.Context(), Config{URL: url, Connections: 2})
						if err != nil {
							t.Error(err)
							return
						}
						defer s.Close()
						if got, err := s.Campaign().Get(t.Context(), "csv:1"); err != nil || got.ClaimID != want.ClaimID {
							t.Errorf("after the upgrade: %v, %v; want %v", got, err, want)
						}
					})
				}
				all.Wait()
			})
		}
	}
}

// Tables that a newer release has written are refused, and left as they are.
func TestNewer(t *testing.T) {
	t.Parallel()
	for kind, url := range upgradeURLs(t) {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			s, err := Open(t.Context(), Config{URL: url, Connections: 2})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			err = s.write(t.Context(), "test", true, func(q querier, _ bool) error {
				_, err := q.exec(`INSERT INTO store_version (version) VALUES ($1)`, len(migrations)+1)
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := Open(t.Context(), Config{URL: url}); !errors.Is(err, passerelle.ErrConflict) {
				t.Errorf("Open of newer tables = %v; want ErrConflict", err)
			}
		})
	}
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	notADatabase := filepath.Join(dir, "text")
	if err := os.WriteFile(notADatabase, []byte("this is no database, and long enough to be read as one"), 0o600); err != nil {
		t.Fatal(err)
	}
	for i, c := range []struct {
		cfg  Config
		want error
	}{
		0: {Config{}, passerelle.ErrInvalid},
		1: {Config{URL: "mysql://host/base"}, passerelle.ErrInvalid},
		2: {Config{URL: "sqlite:"}, passerelle.ErrInvalid},
		3: {Config{URL: filepath.Join(dir, "a"), Patience: -1, Connections: -1, MaxBytes: -1}, passerelle.ErrInvalid},
		4: {Config{URL: "sqlite:" + notADatabase}, passerelle.ErrUnavailable},
		5: {Config{URL: "postgres:///base?host=" + dir + "&user=u", Patience: 1}, passerelle.ErrUnavailable},
	} {
		if _, err := Open(t.Context(), c.cfg); !errors.Is(err, c.want) {
			t.Errorf("%d: Open = %v; want %v", i, err, c.want)
		}
	}
	_, err := Open(t.Context(), Config{Patience: -1, Connections: -1})
	if faults, ok := errors.AsType[passerelle.FieldErrors](err); !ok || len(faults) != 3 {
		t.Errorf("Open = %v; want three faults at once", err)
	}
}
