package discovery

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/registry"
)

// Role is what a key is for.
type Role uint8

// The roles.
const (
	Client Role = iota + 1 // signs requests
	Server                 // signs answers
)

// Phase is where a key is in its life.
type Phase string

// The phases, in order. A key is in the manifest from Announced to Superseded.
const (
	Announced  Phase = "announced"  // in the manifest, not seen in the catalogue so far
	Visible    Phase = "visible"    // in the catalogue, not everywhere known yet
	Active     Phase = "active"     // signs; at most one key of a ring does
	Superseded Phase = "superseded" // signs no more, still in the manifest for what is under way
	Withdrawn  Phase = "withdrawn"  // out of the manifest, still in the catalogue
	Gone       Phase = "gone"       // out of the catalogue: the private key can be destroyed
)

// KeyRecord is a key of a ring. The private key is the caller's.
type KeyRecord struct {
	Key   ewp.PublicKey `json:"key"`
	Phase Phase         `json:"phase"`
	Since time.Time     `json:"since"` // of the phase
}

// Default values of [KeyringConfig].
const (
	DefaultSettle  = 3 * time.Hour
	DefaultOverlap = 24 * time.Hour
)

// KeyringConfig is how keys are replaced.
type KeyringConfig struct {
	// HEI is the institution that the host covers. Required.
	HEI ewp.HEIID
	// Role is what the keys are for. Required.
	Role Role
	// Settle is how long a key is in the catalogue before it signs: partners may keep
	// their copies for three hours (ewp-specs-api-registry 1.5.0), and refuse a key
	// that they do not know. The first key of a ring does not wait. 0 is
	// DefaultSettle; the time itself is deduced, not published.
	Settle time.Duration
	// Overlap is how long a key that was replaced stays published, for answers and
	// retries that are under way. 0 is DefaultOverlap, deduced.
	Overlap time.Duration
	// Store keeps the records. Nil keeps them in memory: a restart then forgets how
	// far a rotation is, which takes longer than most processes live.
	Store Store
}

// Keyring leads the keys of one role through their lives: publish, wait until the
// catalogue shows it and partners had time to see that, use, retire. It only keeps
// books; the caller publishes [Keyring.Published] in the manifest, signs with
// [Keyring.Signing], and calls [Keyring.Advance] now and then: after each change of
// the catalogue, and every few minutes. It is safe for concurrent use.
type Keyring struct {
	cfg KeyringConfig

	mu      sync.Mutex
	records []KeyRecord // oldest first
}

// NewKeyring returns a ring with the records of the store. Its error is
// passerelle.FieldErrors for faults of cfg, or that of the store.
func NewKeyring(ctx context.Context, cfg KeyringConfig) (*Keyring, error) {
	var faults passerelle.FieldErrors
	if cfg.HEI.IsZero() {
		faults.Add("HEI", "required", "the institution that the host covers")
	}
	if cfg.Role != Client && cfg.Role != Server {
		faults.Add("Role", "required", "Client or Server")
	}
	if cfg.Settle < 0 {
		faults.Add("Settle", "range", "no negative value; 0 is the default")
	}
	if cfg.Overlap < 0 {
		faults.Add("Overlap", "range", "no negative value; 0 is the default")
	}
	if err := faults.Err(); err != nil {
		return nil, err
	}
	cfg.Settle = cmp.Or(cfg.Settle, DefaultSettle)
	cfg.Overlap = cmp.Or(cfg.Overlap, DefaultOverlap)
	if cfg.Store == nil {
		cfg.Store = &memory{}
	}
	records, err := cfg.Store.Load(ctx)
	if err != nil {
		return nil, err
	}
	return &Keyring{cfg: cfg, records: records}, nil
}

// Announce adds a key, which is then among those to publish. Adding one that is in
// the ring already changes nothing, unless it was given up: its error is then
// passerelle.ErrConflict, because a withdrawn key must not come back. A key that the
// registry would drop is a *passerelle.ParseError.
func (k *Keyring) Announce(ctx context.Context, key ewp.PublicKey) error {
	if err := key.Usable(); err != nil {
		return err
	}
	return k.change(ctx, func(records []KeyRecord) ([]KeyRecord, error) {
		if i := find(records, key.Fingerprint()); i >= 0 {
			if !published(records[i].Phase) {
				return nil, fmt.Errorf("key %v was withdrawn: %w", key.Fingerprint(), passerelle.ErrConflict)
			}
			return records, nil
		}
		return append(records, KeyRecord{Key: key, Phase: Announced, Since: time.Now().Round(0)}), nil
	})
}

// Revoke withdraws a key at once, whatever its phase, because its private part may
// be known to others: Discovery 6.0.0 wants it out of the manifest immediately. If
// it was the one that signs, the newest visible key takes its place. The caller must
// publish the manifest after it. Its error is passerelle.ErrNotFound for a key that
// is not in the ring.
func (k *Keyring) Revoke(ctx context.Context, key ewp.Fingerprint) error {
	return k.change(ctx, func(records []KeyRecord) ([]KeyRecord, error) {
		i := find(records, key)
		if i < 0 {
			return nil, fmt.Errorf("key %v: %w", key, passerelle.ErrNotFound)
		}
		if published(records[i].Phase) {
			wasActive := records[i].Phase == Active
			enter(&records[i], Withdrawn)
			if next := newest(records, Visible); wasActive && next >= 0 {
				enter(&records[next], Active)
			}
		}
		return records, nil
	})
}

// Advance looks up the keys in the catalogue, and moves on those whose time has
// come. It returns the records that changed; the manifest must be published again
// when one of them is Withdrawn. Its error is that of the catalogue or of the store,
// and nothing changed then: a catalogue that cannot be asked says nothing about a
// key.
func (k *Keyring) Advance(ctx context.Context, catalogue registry.Catalogue) ([]KeyRecord, error) {
	x, err := catalogue.Index()
	if err != nil {
		return nil, err
	}
	var changed []KeyRecord
	err = k.change(ctx, func(records []KeyRecord) ([]KeyRecord, error) {
		before := slices.Clone(records)
		k.advance(records, func(f ewp.Fingerprint) bool { return k.shows(x, f) })
		for i, r := range records {
			if r.Phase != before[i].Phase {
				changed = append(changed, r)
			}
		}
		return records, nil
	})
	if err != nil {
		return nil, err
	}
	return changed, nil
}

// advance is what becomes of the records, given what the catalogue shows.
func (k *Keyring) advance(records []KeyRecord, shown func(ewp.Fingerprint) bool) {
	now := time.Now()
	for i := range records {
		r := &records[i]
		there := shown(r.Key.Fingerprint())
		switch {
		case r.Phase == Announced && there:
			enter(r, Visible)
		case r.Phase == Visible && !there: // the registry dropped it, or another host came first
			enter(r, Announced)
		case r.Phase == Superseded && now.Sub(r.Since) >= k.cfg.Overlap:
			enter(r, Withdrawn)
		case r.Phase == Withdrawn && !there:
			enter(r, Gone)
		}
	}
	next, active := newest(records, Visible), newest(records, Active)
	if next < 0 || active >= 0 && now.Sub(records[next].Since) < k.cfg.Settle {
		return
	}
	enter(&records[next], Active)
	for i := range records {
		// Older keys that never signed are overtaken, and go the same way.
		if p := records[i].Phase; i != next && (p == Active || p == Visible && i < next) {
			enter(&records[i], Superseded)
		}
	}
}

// shows reports whether the catalogue gives the key the role, for the institution
// and for no other.
func (k *Keyring) shows(x *registry.Index, key ewp.Fingerprint) bool {
	if k.cfg.Role == Client {
		heis, _ := x.HEIsOfClientKey(key)
		hei, ok := heis.One()
		return ok && hei == k.cfg.HEI
	}
	for h := range x.HostsOf(k.cfg.HEI) {
		if h.HasServerKey(key) {
			return true
		}
	}
	return false
}

// Published returns the keys that belong in the manifest, oldest first.
func (k *Keyring) Published() []ewp.PublicKey {
	k.mu.Lock()
	defer k.mu.Unlock()
	var keys []ewp.PublicKey
	for _, r := range k.records {
		if published(r.Phase) {
			keys = append(keys, r.Key)
		}
	}
	return keys
}

// Signing returns the key that signs. It is false while there is none: a host with
// only announced keys must wait until the catalogue shows one.
func (k *Keyring) Signing() (ewp.PublicKey, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if i := newest(k.records, Active); i >= 0 {
		return k.records[i].Key, true
	}
	return ewp.PublicKey{}, false
}

// Records returns all records, oldest first.
func (k *Keyring) Records() []KeyRecord {
	k.mu.Lock()
	defer k.mu.Unlock()
	return slices.Clone(k.records)
}

// change saves what edit makes of the records, and only then takes it in.
func (k *Keyring) change(ctx context.Context, edit func([]KeyRecord) ([]KeyRecord, error)) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	next, err := edit(slices.Clone(k.records))
	if err != nil {
		return err
	}
	if slices.Equal(next, k.records) {
		return nil
	}
	if err := k.cfg.Store.Save(ctx, next); err != nil {
		return err
	}
	k.records = next
	return nil
}

func enter(r *KeyRecord, p Phase) { r.Phase, r.Since = p, time.Now().Round(0) }

func published(p Phase) bool { return p != Withdrawn && p != Gone }

func find(records []KeyRecord, key ewp.Fingerprint) int {
	return slices.IndexFunc(records, func(r KeyRecord) bool { return r.Key.Fingerprint() == key })
}

// newest returns the last record in a phase, or -1.
func newest(records []KeyRecord, p Phase) int {
	for i := len(records) - 1; i >= 0; i-- {
		if records[i].Phase == p {
			return i
		}
	}
	return -1
}
