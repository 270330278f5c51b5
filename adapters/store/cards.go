package store

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/esc/router"
)

// cardState is a router.State.
type cardState struct{ s *Store }

// Cards returns the state of the synchronisation with the ESC router. Personal: the
// reference, the names, which hold identifiers and card numbers, and the record.
func (s *Store) Cards() router.State { return cardState{s} }

// Load implements router.State.
func (c cardState) Load(ctx context.Context, k router.Key) (router.Record, error) {
	var r router.Record
	found := false
	err := c.s.read(ctx, "cards: load", `SELECT record FROM card_records WHERE pic = $1 AND student = $2`, []any{k.PIC, k.Student}, func(scan func(into ...any) error) error {
		found = true
		return scan(asJSON(&r))
	})
	if err == nil && !found {
		err = fmt.Errorf("cards: no record of that student: %w", passerelle.ErrNotFound)
	}
	return r, err
}

// Save implements router.State.
func (c cardState) Save(ctx context.Context, r router.Record) error {
	data, err := toJSON("cards", r, r.PIC, r.Student)
	if err != nil {
		return err
	}
	return c.s.write(ctx, "cards: save", true, func(q querier, _ bool) error {
		_, err := q.exec(`INSERT INTO card_records (pic, student, open, touched, record) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (pic, student) DO UPDATE SET open = excluded.open, touched = excluded.touched, record = excluded.record`,
			r.PIC, r.Student, flag(r.Pending != nil || r.Present), c.s.now().Unix(), data)
		return err
	})
}

// Reserve implements router.State.
func (c cardState) Reserve(ctx context.Context, name string, k router.Key) (holder router.Key, err error) {
	if err := texts("cards", name, k.PIC, k.Student); err != nil {
		return router.Key{}, err
	}
	err = c.s.write(ctx, "cards: reserve", false, func(q querier, _ bool) error {
		rows, err := q.exec(`INSERT INTO card_names (name, pic, student, touched) VALUES ($1, $2, $3, $4) ON CONFLICT (name) DO NOTHING`, name, k.PIC, k.Student, c.s.now().Unix())
		if err != nil {
			return err
		}
		if holder = k; rows == 1 {
			return nil
		}
		err = q.row(`SELECT pic, student FROM card_names WHERE name = $1`, []any{name}, &holder.PIC, &holder.Student)
		if isNoRows(err) { // released meanwhile
			err = errAgain
		}
		return err
	})
	return holder, err
}

// Release implements router.State.
func (c cardState) Release(ctx context.Context, name string, k router.Key) error {
	return c.s.write(ctx, "cards: release", true, func(q querier, _ bool) error {
		_, err := q.exec(`DELETE FROM card_names WHERE name = $1 AND pic = $2 AND student = $3`, name, k.PIC, k.Student)
		return err
	})
}

// Records implements router.State, a page at a time.
func (c cardState) Records(ctx context.Context) iter.Seq2[router.Record, error] {
	var after router.Key
	return pages(ctx, func() ([]router.Record, error) {
		return collect(ctx, c.s, "cards: records", `SELECT pic, student, record FROM card_records WHERE (pic, student) > ($1, $2) ORDER BY pic, student LIMIT 500`,
			[]any{after.PIC, after.Student}, func(scan func(into ...any) error) (r router.Record, err error) {
				err = scan(&after.PIC, &after.Student, asJSON(&r))
				return r, err
			})
	})
}

// toJSON writes a record, after texts has passed its keys.
func toJSON(name string, record any, keys ...string) (string, error) {
	if err := texts(name, keys...); err != nil {
		return "", err
	}
	data, err := json.Marshal(record)
	if err != nil {
		return "", fmt.Errorf("%s: writing a record: %w", name, passerelle.ErrInvalid)
	}
	return string(data), nil
}
