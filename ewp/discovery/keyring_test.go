package discovery

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/registry"
	"github.com/passerelle-sup/passerelle/internal/testutil"
)

// ringTest plays the world around a ring: a registry that shows what it is told to.
type ringTest struct {
	t     *testing.T
	ring  *Keyring
	role  Role
	keys  []ewp.PublicKey
	shown []ewp.PublicKey
}

func newRingTest(t *testing.T, role Role, store Store) *ringTest {
	t.Helper()
	ring, err := NewKeyring(t.Context(), KeyringConfig{HEI: ewp.MustParseHEIID("univ-exemple.fr"), Role: role, Store: store})
	if err != nil {
		t.Fatal(err)
	}
	return &ringTest{t: t, ring: ring, role: role, keys: testKeys()}
}

// advance asks the ring to look at the catalogue, and compares the phases of its
// keys in order, "-" for none, and the key that signs, counted from 0 or -1.
func (r *ringTest) advance(phases string, signing int, published ...int) {
	r.t.Helper()
	clients, servers := r.shown, []ewp.PublicKey(nil)
	if r.role == Server {
		clients, servers = servers, clients
	}
	if _, err := r.ring.Advance(r.t.Context(), catalogueOf(r.t, hostOf("univ-exemple.fr", "", clients, servers))); err != nil {
		r.t.Fatal(err)
	}
	r.check(phases, signing, published...)
}

func (r *ringTest) check(phases string, signing int, published ...int) {
	r.t.Helper()
	var got []string
	for _, rec := range r.ring.Records() {
		got = append(got, string(rec.Phase))
	}
	if s := strings.Join(got, " "); s != phases {
		r.t.Errorf("phases %q, want %q", s, phases)
	}
	key, ok := r.ring.Signing()
	if ok != (signing >= 0) || ok && key.Fingerprint() != r.keys[signing].Fingerprint() {
		r.t.Errorf("signing: %v, want key %d", ok, signing)
	}
	var want []ewp.PublicKey
	for _, i := range published {
		want = append(want, r.keys[i])
	}
	testutil.Equal(r.t, "published", r.ring.Published(), want, compareKeys)
}

func (r *ringTest) announce(i int) {
	r.t.Helper()
	if err := r.ring.Announce(r.t.Context(), r.keys[i]); err != nil {
		r.t.Fatal(err)
	}
}

func TestRotation(t *testing.T) {
	t.Parallel()
	for _, role := range []Role{Client, Server} {
		t.Run(fmt.Sprint(role), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				r := newRingTest(t, role, nil)
				r.check("", -1)
				r.announce(0)
				r.announce(0)
				r.advance("announced", -1, 0)
				r.shown = r.keys[:1]
				r.advance("active", 0, 0) // the first one need not wait
				r.announce(1)
				time.Sleep(10 * time.Hour)
				r.advance("active announced", 0, 0, 1)
				r.shown = r.keys[:2]
				r.advance("active visible", 0, 0, 1)
				time.Sleep(DefaultSettle - time.Second)
				r.advance("active visible", 0, 0, 1)
				time.Sleep(time.Second)
				r.advance("superseded active", 1, 0, 1)
				time.Sleep(DefaultOverlap - time.Second)
				r.advance("superseded active", 1, 0, 1)
				time.Sleep(time.Second)
				r.advance("withdrawn active", 1, 1)
				time.Sleep(time.Hour)
				r.advance("withdrawn active", 1, 1)
				r.shown = r.keys[1:2]
				r.advance("gone active", 1, 1)
				if err := r.ring.Announce(t.Context(), r.keys[0]); !errors.Is(err, passerelle.ErrConflict) {
					t.Errorf("a key that is gone comes back: %v", err)
				}
			})
		})
	}
}

// TestDropped checks that a key which the registry takes back does not come into use.
func TestDropped(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRingTest(t, Client, nil)
		r.announce(0)
		r.shown = r.keys[:1]
		r.advance("active", 0, 0)
		r.announce(1)
		r.shown = r.keys[:2]
		r.advance("active visible", 0, 0, 1)
		r.shown = r.keys[:1]
		time.Sleep(DefaultSettle)
		r.advance("active announced", 0, 0, 1)
		r.shown = r.keys[:2]
		r.advance("active visible", 0, 0, 1) // and waits anew
		r.announce(2)
		r.shown = r.keys[:3]
		r.advance("active visible visible", 0, 0, 1, 2)
		time.Sleep(DefaultSettle)
		r.advance("superseded superseded active", 2, 0, 1, 2)
	})
}

func TestRevoke(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRingTest(t, Client, nil)
		r.announce(0)
		r.shown = r.keys[:1]
		r.advance("active", 0, 0)
		r.announce(1)
		r.shown = r.keys[:2]
		r.advance("active visible", 0, 0, 1)
		if err := r.ring.Revoke(t.Context(), r.keys[0].Fingerprint()); err != nil {
			t.Fatal(err)
		}
		r.check("withdrawn active", 1, 1)
		if err := r.ring.Revoke(t.Context(), r.keys[1].Fingerprint()); err != nil {
			t.Fatal(err)
		}
		r.check("withdrawn withdrawn", -1)
		if err := r.ring.Revoke(t.Context(), r.keys[2].Fingerprint()); !errors.Is(err, passerelle.ErrNotFound) {
			t.Errorf("an unknown key: %v", err)
		}
	})
}

// TestNotShown checks what does not count as being shown.
func TestNotShown(t *testing.T) {
	t.Parallel()
	k := testKeys()[:1]
	tests := map[int]struct {
		role  Role
		hosts []string
		want  Phase
	}{
		0: {Client, []string{hostOf("univ-exemple.fr", "", nil, k)}, Announced},
		1: {Server, []string{hostOf("univ-exemple.fr", "", k, nil)}, Announced},
		2: {Client, []string{hostOf("autre-exemple.fr", "", k, nil)}, Announced},
		3: {Server, []string{hostOf("autre-exemple.fr", "", nil, k)}, Announced},
		4: {Client, []string{hostOf("univ-exemple.fr", "", k, nil), hostOf("autre-exemple.fr", "", k, nil)}, Announced},
		5: {Server, []string{hostOf("univ-exemple.fr", "", nil, nil), hostOf("univ-exemple.fr", "", nil, k)}, Active},
		6: {Client, []string{hostOf("univ-exemple.fr", "", k, nil)}, Active},
	}
	for i, tt := range tests {
		ring, err := NewKeyring(t.Context(), KeyringConfig{HEI: ewp.MustParseHEIID("univ-exemple.fr"), Role: tt.role})
		if err != nil {
			t.Fatal(err)
		}
		if err := ring.Announce(t.Context(), k[0]); err != nil {
			t.Fatal(err)
		}
		changed, err := ring.Advance(t.Context(), catalogueOf(t, tt.hosts...))
		if err != nil || ring.Records()[0].Phase != tt.want || (len(changed) > 0) != (tt.want == Active) {
			t.Errorf("%d: %v, changed %v, %v; want %v", i, ring.Records()[0].Phase, changed, err, tt.want)
		}
	}
}

type down struct{}

func (down) Index() (*registry.Index, error) { return nil, passerelle.ErrUnavailable }

// TestUnknownIsNotNo checks that a catalogue that cannot be asked changes nothing.
func TestUnknownIsNotNo(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRingTest(t, Client, nil)
		r.announce(0)
		r.shown = r.keys[:1]
		r.advance("active", 0, 0)
		r.announce(1)
		r.shown = r.keys[:2]
		r.advance("active visible", 0, 0, 1)
		time.Sleep(100 * time.Hour)
		if _, err := r.ring.Advance(t.Context(), down{}); !errors.Is(err, passerelle.ErrUnavailable) {
			t.Errorf("got %v", err)
		}
		r.check("active visible", 0, 0, 1)
	})
}

// full is a store that cannot save.
type full struct{ memory }

func (*full) Save(context.Context, []KeyRecord) error { return errors.New("full") }

func TestStoreFails(t *testing.T) {
	t.Parallel()
	r := newRingTest(t, Client, &full{})
	if err := r.ring.Announce(t.Context(), r.keys[0]); err == nil {
		t.Error("what was not saved is announced")
	}
	r.check("", -1)
}

func TestFileStore(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "keys")
	open := func() (*FileStore, *ringTest) {
		s, err := OpenFileStore(path)
		if err != nil {
			t.Fatal(err)
		}
		return s, newRingTest(t, Client, s)
	}
	s, r := open()
	r.announce(0)
	r.shown = r.keys[:1]
	r.advance("active", 0, 0)
	r.announce(1)
	if _, err := OpenFileStore(path); err == nil {
		t.Error("two processes hold the file")
	}
	before := r.ring.Records()
	s.Close()
	if err := r.ring.Announce(t.Context(), r.keys[2]); err == nil {
		t.Error("saved in a closed file")
	}
	s, r = open()
	defer s.Close()
	r.check("active announced", 0, 0, 1)
	testutil.Equal(t, "records", r.ring.Records(), before, compareKeys)
}

func TestKeyringFaults(t *testing.T) {
	t.Parallel()
	_, err := NewKeyring(t.Context(), KeyringConfig{Settle: -1, Overlap: -1})
	list, _ := errors.AsType[passerelle.FieldErrors](err)
	testutil.Equal(t, "faults", faults(list), []string{"HEI required", "Role required", "Settle range", "Overlap range"})
	r := newRingTest(t, Client, nil)
	if err := r.ring.Announce(t.Context(), ewp.PublicKey{}); !errors.Is(err, passerelle.ErrInvalid) {
		t.Errorf("no key: %v", err)
	}
}
