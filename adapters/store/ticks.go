package store

import (
	"context"
	"fmt"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/esc"
)

// reservations are the esc.Reservations of one prefix.
type reservations struct {
	s      *Store
	prefix int
}

// Reservations returns up to where the ticks of a prefix of card numbers are taken.
// Several processes may share a prefix through it. Nothing of it is personal.
func (s *Store) Reservations(prefix int) esc.Reservations { return reservations{s, prefix} }

// maxTicks is beyond what a card number can hold.
const maxTicks = 1 << 60

// Reserve implements esc.Reservations.
func (r reservations) Reserve(ctx context.Context, first, end uint64) (free uint64, err error) {
	if first >= end || end > maxTicks {
		return 0, fmt.Errorf("esc: ticks from %d to %d cannot be reserved: %w", first, end, passerelle.ErrInvalid)
	}
	err = r.s.write(ctx, "esc: reserve", false, func(q querier, _ bool) error {
		if err := q.lock(fmt.Sprintf("ticks\n%d", r.prefix)); err != nil {
			return err
		}
		err := q.row(`SELECT free FROM esc_ticks WHERE prefix = $1`, []any{r.prefix}, &free)
		switch {
		case isNoRows(err):
			free = 0
		case err != nil:
			return err
		case free > first:
			return nil // after a lost answer, too: ticks are lost then, none is used twice
		}
		_, err = q.exec(`INSERT INTO esc_ticks (prefix, free) VALUES ($1, $2) ON CONFLICT (prefix) DO UPDATE SET free = excluded.free`, r.prefix, int64(end))
		return err
	})
	return free, err
}
