package store

import (
	"context"
	"fmt"
	"iter"
	"strings"

	"github.com/passerelle-sup/passerelle"
)

// kind says what the records of a ledger are: keyed, versioned, of which some hold a name (a
// civil identity, a fingerprint) that only one of them may have claimed.
type kind[R any] struct {
	table string // as in the migrations
	name  string // of the package, in errors

	key     func(r *R) string
	student func(r *R) string // reference of the student, for exports
	version func(r *R) *int64
	holds   func(r *R) string // the name that it holds, "" for none
	claimed func(r *R) bool   // it is in the state that only a claim enters
	open    func(r *R) bool   // it is not settled: a purge leaves it alone
	clone   func(r R) R       // a copy that shares nothing
	missing func(key string) error
}

// ledger is the table of one kind. The statements are written once.
type ledger[R any] struct {
	s *Store
	kind[R]
	sql statements
}

// statements of a ledger.
type statements struct{ get, decide, insert, keep, update, page string }

func newLedger[R any](s *Store, k kind[R]) *ledger[R] {
	fill := func(query string) string { return strings.ReplaceAll(query, "{table}", k.table) }
	return &ledger[R]{s: s, kind: k, sql: statements{
		get: fill(`SELECT record FROM {table} WHERE id = $1`),
		decide: fill(`SELECT record FROM {table} WHERE id = $1
UNION ALL SELECT record FROM {table} WHERE holds = $2 AND id <> $1`),
		insert: fill(`INSERT INTO {table} (student, version, holds, open, touched, record, id) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (id) DO NOTHING`),
		keep:   fill(`UPDATE {table} SET version = $1, open = $2, touched = $3, record = $4 WHERE id = $5 AND version = $6 AND student = $7 AND holds IS NOT DISTINCT FROM $8`),
		update: fill(`UPDATE {table} SET student = $1, version = $2, holds = $3, open = $4, touched = $5, record = $6 WHERE id = $7 AND version = $8`),
		page:   fill(`SELECT id, record FROM {table} WHERE id > $1 ORDER BY id LIMIT 500`),
	}}
}

// Get returns the record of a key, or what kind.missing says.
func (l *ledger[R]) Get(ctx context.Context, key string) (R, error) {
	var r R
	found := false
	err := l.s.read(ctx, l.name+": get", l.sql.get, []any{key}, func(scan func(into ...any) error) error {
		found = true
		return scan(asJSON(&r))
	})
	if err == nil && !found {
		err = l.missing(key)
	}
	return r, err
}

// Put writes r over the version that its writer read.
func (l *ledger[R]) Put(ctx context.Context, r R) (R, error) {
	var zero R
	key, old := l.key(&r), *l.version(&r)
	if key == "" {
		return zero, fmt.Errorf("%s: a record needs a key: %w", l.name, passerelle.ErrInvalid)
	}
	if old < 0 || l.claimed(&r) && old == 0 {
		return zero, l.refused(old)
	}
	*l.version(&r) = old + 1
	data, err := l.encode(&r)
	if err != nil {
		return zero, err
	}
	err = l.s.write(ctx, l.name+": put", !l.claimed(&r), func(q querier, perhaps bool) error {
		if l.claimed(&r) { // only over one that is claimed
			var stored R
			if err := q.row(l.sql.get, []any{key}, asJSON(&stored)); err != nil && !isNoRows(err) {
				return err
			}
			if !l.claimed(&stored) {
				return l.refused(old)
			}
		}
		rows, err := l.save(q, &r, old, data)
		if err != nil || rows == 1 {
			return err
		}
		if perhaps { // the answer to an earlier try was lost
			var stored string
			if err := q.row(l.sql.get, []any{key}, &stored); err == nil && stored == data {
				return nil
			}
		}
		return fmt.Errorf("%s: version %d is not the stored one any more: %w", l.name, old, passerelle.ErrConflict)
	})
	if err != nil {
		return zero, err
	}
	return l.clone(r), nil
}

// refused says why a record cannot be put.
func (l *ledger[R]) refused(version int64) error {
	if version < 0 {
		return fmt.Errorf("%s: version %d is not the stored one: %w", l.name, version, passerelle.ErrConflict)
	}
	return fmt.Errorf("%s: only Claim enters the claimed state: %w", l.name, passerelle.ErrInvalid)
}

// claim writes what grant makes of the record of a key and of another record that holds
// name, the zero ones where there are none. An error of grant is returned and nothing is
// written. mine recognises the result of this very claim.
func (l *ledger[R]) claim(ctx context.Context, key, name string, grant func(rec, holder R) (R, error), mine func(rec R) bool) (R, error) {
	var next R
	err := l.s.write(ctx, l.name+": claim", false, func(q querier, perhaps bool) error {
		if name != "" {
			if err := q.lock(l.table + "\n" + name); err != nil {
				return err
			}
		}
		var rec, holder R
		err := q.query(l.sql.decide, []any{key, name}, func(scan func(into ...any) error) error {
			var r R
			if err := scan(asJSON(&r)); err != nil {
				return err
			}
			if l.key(&r) == key {
				rec = r
			} else if name != "" {
				holder = r
			}
			return nil
		})
		if err != nil {
			return err
		}
		if perhaps && mine(rec) { // granted by a try whose answer was lost
			next = rec
			return nil
		}
		if next, err = grant(rec, holder); err != nil {
			return err
		}
		old := *l.version(&rec)
		*l.version(&next) = old + 1
		data, err := l.encode(&next)
		if err != nil {
			return err
		}
		rows, err := l.save(q, &next, old, data)
		if err == nil && rows == 0 {
			err = errAgain
		}
		return err
	})
	if err != nil {
		var zero R
		return zero, err
	}
	return l.clone(next), nil
}

// save writes a record in the place of version old.
func (l *ledger[R]) save(q querier, r *R, old int64, data string) (rows int64, err error) {
	var holds any
	if name := l.holds(r); name != "" {
		holds = name
	}
	key, student, version, open, touched := l.key(r), l.student(r), *l.version(r), flag(l.open(r)), l.s.now().Unix()
	if old == 0 {
		return q.exec(l.sql.insert, student, version, holds, open, touched, data, key)
	}
	// Most writes change no indexed column, and then no index.
	if rows, err = q.exec(l.sql.keep, version, open, touched, data, key, old, student, holds); err != nil || rows == 1 {
		return rows, err
	}
	return q.exec(l.sql.update, student, version, holds, open, touched, data, key, old)
}

// encode writes a record.
func (l *ledger[R]) encode(r *R) (string, error) {
	return toJSON(l.name, r, l.key(r), l.student(r), l.holds(r))
}

// Records gives every record by the order of keys, a page at a time, so that the ledger can be
// written meanwhile.
func (l *ledger[R]) Records(ctx context.Context) iter.Seq2[R, error] {
	after := ""
	return pages(ctx, func() ([]R, error) {
		return collect(ctx, l.s, l.name+": records", l.sql.page, []any{after}, func(scan func(into ...any) error) (r R, err error) {
			err = scan(&after, asJSON(&r))
			return r, err
		})
	})
}
