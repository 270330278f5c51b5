package store

import (
	"context"

	"github.com/passerelle-sup/passerelle/ewp/discovery"
)

// keyring is the discovery.Store of one ring.
type keyring struct {
	s    *Store
	name string
}

// Keyring returns the records of a ring of keys of Erasmus Without Paper, one for each
// host and role: "client", "server". It holds public keys, and nothing personal.
func (s *Store) Keyring(name string) discovery.Store { return keyring{s, name} }

// Load implements discovery.Store.
func (k keyring) Load(ctx context.Context) ([]discovery.KeyRecord, error) {
	var records []discovery.KeyRecord
	err := k.s.read(ctx, "keyring: load", `SELECT record FROM ewp_keyrings WHERE name = $1`, []any{k.name}, func(scan func(into ...any) error) error {
		return scan(asJSON(&records))
	})
	return records, err
}

// Save implements discovery.Store.
func (k keyring) Save(ctx context.Context, records []discovery.KeyRecord) error {
	data, err := toJSON("keyring", records, k.name)
	if err != nil {
		return err
	}
	return k.s.write(ctx, "keyring: save", true, func(q querier, _ bool) error {
		_, err := q.exec(`INSERT INTO ewp_keyrings (name, record) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET record = excluded.record`, k.name, data)
		return err
	})
}
