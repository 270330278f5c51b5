package router_test

import (
	"errors"
	"net/http"
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

// watched looks at the state at the moment a request leaves.
type watched struct {
	base  http.RoundTripper
	state router.State
	t     *testing.T
	seen  map[string]int
}

func (w *watched) RoundTrip(r *http.Request) (*http.Response, error) {
	record, err := w.state.Load(r.Context(), wanted().Key)
	kind := r.Method + " " + r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:]
	w.seen[kind]++
	switch kind {
	case "POST persons":
		if err != nil || !record.Present || !record.ESI.Equal(ada) {
			w.t.Errorf("the person is sent and not on record: %+v, %v", record, err)
		}
	case "POST cards":
		if _, ok := record.Cards[number]; !ok {
			w.t.Errorf("the card is sent and not on record: %+v, %v", record, err)
		}
	}
	return w.base.RoundTrip(r)
}

// What may be at the router is on record before it is sent: a process killed in
// between can still withdraw it.
func TestOnRecordBeforeSent(t *testing.T) {
	t.Parallel()
	b := newBed(t, esctest.RouterConfig{})
	w := &watched{base: http.DefaultTransport, state: &router.MemoryState{}, t: t, seen: make(map[string]int)}
	b.config.Transport.Base = w
	client := must(router.New(b.config))(t)
	s := must(router.NewSync(router.SyncConfig{Client: client, State: w.state, Now: func() time.Time { return today }}))(t)
	if r := must(s.Apply(t.Context(), wanted()))(t); r.Effect != router.Sent {
		t.Errorf("%s, %v", r.Effect, r.Err)
	}
	if w.seen["POST persons"] != 1 || w.seen["POST cards"] != 1 {
		t.Errorf("requests %v", w.seen)
	}
}
