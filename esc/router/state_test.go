package router_test

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/esc/esctest"
	"github.com/passerelle-sup/passerelle/esc/router"
)

func TestMemoryState(t *testing.T) {
	t.Parallel()
	esctest.TestState(t, false, func(*testing.T, string) (router.State, func()) { return &router.MemoryState{}, func() {} })
}

func TestFileState(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	esctest.TestState(t, true, func(t *testing.T, name string) (router.State, func()) {
		t.Helper()
		s := must(router.OpenState(filepath.Join(dir, strings.ReplaceAll(name, "/", "_"))))(t)
		return s, func() {
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		}
	})
	// One process at a time.
	path := filepath.Join(dir, "one")
	first := must(router.OpenState(path))(t)
	defer first.Close()
	if _, err := router.OpenState(path); !errors.Is(err, passerelle.ErrConflict) {
		t.Errorf("opened twice: %v", err)
	}
}

// A crash between any two steps: a new Sync on the same file goes on.
func TestSyncSurvivesRestart(t *testing.T) {
	t.Parallel()
	b := newBed(t, esctest.RouterConfig{})
	path := filepath.Join(t.TempDir(), "state")
	open := func() (*router.Sync, *router.FileState) {
		s := must(router.OpenState(path))(t)
		return must(router.NewSync(router.SyncConfig{Client: b.client, State: s, Now: func() time.Time { return today }}))(t), s
	}
	first, state := open()
	b.fake.Script("create-card", esctest.AnswerLost)
	b.fake.Script("update-card", esctest.Unavailable, esctest.Unavailable, esctest.Unavailable)
	if r := must(first.Apply(t.Context(), wanted()))(t); r.Effect != router.Deferred {
		t.Fatalf("%s, %v", r.Effect, r.Err)
	}
	if err := state.Close(); err != nil {
		t.Fatal(err)
	}
	second, state := open()
	defer state.Close()
	// Consent is gone meanwhile: what may have been sent is deleted.
	w := wanted()
	w.Consent = false
	if r := must(second.Apply(t.Context(), w))(t); r.Effect != router.Removed {
		t.Errorf("%s, %v", r.Effect, r.Err)
	}
	if persons, cards := b.fake.Counts(); persons+cards != 0 {
		t.Errorf("the router still holds %d persons and %d cards", persons, cards)
	}
}
