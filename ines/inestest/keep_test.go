package inestest_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ine"
	"github.com/passerelle-sup/passerelle/ines"
	"github.com/passerelle-sup/passerelle/ines/inestest"
	"github.com/passerelle-sup/passerelle/internal/testutil"
	"github.com/passerelle-sup/passerelle/uai"
)

var exact = []cmp.Option{
	cmp.Comparer(func(a, b ine.Number) bool { return a == b }), cmp.Comparer(func(a, b uai.Code) bool { return a == b }),
}

// state is all that a service tells of itself.
type state struct {
	People             []inestest.Record
	Dossiers           []inestest.Dossier
	Of                 inestest.Count
	Received, Searched int
}

func stateOf(s *inestest.Server) state {
	return state{s.People(), s.Dossiers(), s.Registrations(eve), s.Received(ines.OpRegister), s.Received(ines.OpSearch)}
}

func TestJournal(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "register")
	now := time.Date(2026, 9, 1, 8, 0, 0, 0, time.UTC)
	cfg := inestest.Config{Seed: 5, Population: 20, Journal: path, Tomorrow: 0, Now: func() time.Time { return now }}
	s, err := inestest.Listen(cfg)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Add(with(eve, func(p *passerelle.Person) { p.BirthName = "Poirier" }), rnie, bea); err != nil {
		t.Fatal(err)
	}
	c := client(t, s)
	register(t, c, "S-1", eve)
	register(t, c, "S-2", with(eve, func(p *passerelle.Person) { p.BirthName = "Bérangé" })) // litige
	late := with(eve, func(p *passerelle.Person) { p.BirthDate.Year = 1999 })
	s.Script(ines.OpRegister, inestest.LateCreation)
	_, _ = c.Register(t.Context(), ines.RegisterRequest{Student: "S-3", Person: late, UAI: lorrain})
	_, _ = c.Search(t.Context(), ines.SearchRequest{Person: eve})
	advance(t, s, time.Hour)
	if err := s.ResolveLitige(s.Litiges()[0].ID, ine.Number{}); err != nil {
		t.Fatal(err)
	}
	before := stateOf(s)
	if _, err := inestest.Listen(cfg); !errors.Is(err, passerelle.ErrConflict) {
		t.Errorf("a second service on the same journal: got %v, want conflict", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}

	s = inestest.NewServer(t, cfg)
	testutil.Equal(t, "state after the reopening", stateOf(s), before, exact...)
	testutil.Equal(t, "clock", s.Now(), now.Add(time.Hour))
	testutil.Equal(t, "late creation", s.Registrations(late), inestest.Count{Received: 1, Processed: 1})
	advance(t, s, 24*time.Hour)
	testutil.Equal(t, "late creation, a day after", s.Registrations(late), inestest.Count{Received: 1, Processed: 1, Created: 1})
	again := register(t, client(t, s), "S-1", eve)
	testutil.Equal(t, "known after the reopening", again.Master.String(), before.Dossiers[0].Number.String())
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}

	cfg.Seed = 6
	if _, err := inestest.Listen(cfg); !errors.Is(err, passerelle.ErrConflict) {
		t.Errorf("another seed: got %v, want conflict", err)
	}
}

// TestJournalCut takes bytes off the end, as a kill in the middle of a write does:
// what is left is a state that the service was in.
func TestJournalCut(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "register")
	s, err := inestest.Listen(inestest.Config{Journal: path})
	if err != nil {
		t.Fatal(err)
	}
	c := client(t, s)
	for i := range 5 {
		register(t, c, "S", with(eve, func(p *passerelle.Person) { p.BirthDate.Year = 1990 + i }))
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for cut := 1; cut < 400; cut += 37 {
		short := filepath.Join(t.TempDir(), "short")
		if err := os.WriteFile(short, whole[:len(whole)-cut], 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := inestest.Listen(inestest.Config{Journal: short})
		if err != nil {
			t.Fatalf("cut by %d: %v", cut, err)
		}
		if n := len(s.Created()); n < 3 || n > 5 || len(s.People()) != n {
			t.Errorf("cut by %d: %d numbers for %d people", cut, n, len(s.People()))
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
