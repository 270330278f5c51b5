package store

import (
	"context"
	"fmt"
	"iter"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ewp/cnr"
)

// Notifications is a queue of change notifications of Erasmus Without Paper, with the marks of
// its nightly index.
type Notifications interface {
	cnr.Queue
	cnr.Marks
}

// notifications is the queue of a name.
type notifications struct {
	s    *Store
	name string
}

// Notifications returns the queue of a name: one for the outbox, one for the inbox, of each host
// that shares the store. Personal: the identifiers of mobilities, and the entry, which holds the
// partner's words.
func (s *Store) Notifications(name string) Notifications { return notifications{s, name} }

// locked runs op alone on the queue.
func (n notifications) locked(ctx context.Context, what string, op func(q querier, perhaps bool) error) error {
	return n.s.write(ctx, "cnr: "+what, false, func(q querier, perhaps bool) error {
		if err := q.lock("cnr\n" + n.name); err != nil {
			return err
		}
		return op(q, perhaps)
	})
}

// Add implements cnr.Queue.
func (n notifications) Add(ctx context.Context, at time.Time, changes ...cnr.Change) error {
	return n.add(ctx, at, changes, cnr.Entry.Merge)
}

// Again implements cnr.Queue.
func (n notifications) Again(ctx context.Context, at time.Time, changes ...cnr.Change) error {
	return n.add(ctx, at, changes, cnr.Entry.Again)
}

// add merges changes. One whose answer was lost is merged twice, which costs a message at the
// most.
func (n notifications) add(ctx context.Context, at time.Time, changes []cnr.Change, merge func(cnr.Entry, cnr.Change, time.Time) cnr.Entry) error {
	for _, c := range changes {
		if err := c.Check(); err != nil {
			return err
		}
		if err := texts("cnr", c.ID); err != nil {
			return err
		}
	}
	return n.locked(ctx, "add", func(q querier, _ bool) error {
		for _, c := range changes {
			e, err := n.get(q, c)
			if err != nil {
				return err
			}
			if err := n.put(q, merge(e, c, at)); err != nil {
				return err
			}
		}
		return nil
	})
}

// get returns the entry of a change, the zero one where there is none.
func (n notifications) get(q querier, c cnr.Change) (cnr.Entry, error) {
	var e cnr.Entry
	err := q.row(`SELECT record FROM cnr_entries WHERE queue = $1 AND sender = $2 AND receiver = $3 AND api = $4 AND id = $5`, n.key(c), asJSON(&e))
	if isNoRows(err) {
		err = nil
	}
	return e, err
}

func (n notifications) key(c cnr.Change) []any {
	return []any{n.name, c.From.String(), c.To.String(), c.API.String(), c.ID}
}

// put stores an entry.
func (n notifications) put(q querier, e cnr.Entry) error {
	data, err := toJSON("cnr", e)
	if err != nil {
		return err
	}
	leased := int64(0)
	if e.State == cnr.Waiting {
		leased = nanos(e.Leased)
	}
	_, err = q.exec(`INSERT INTO cnr_entries (queue, sender, receiver, api, id, waiting, ready, attempts, since, leased, settled, record)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
ON CONFLICT (queue, sender, receiver, api, id) DO UPDATE SET waiting = excluded.waiting, ready = excluded.ready, attempts = excluded.attempts,
since = excluded.since, leased = excluded.leased, settled = excluded.settled, record = excluded.record`,
		append(n.key(e.Change), flag(e.State == cnr.Waiting), nanos(e.Ready()), e.Attempts, nanos(e.Since), leased, nanos(e.Settled), data)...)
	return err
}

// nanos is a time as the columns have it: nanoseconds since 1970, 0 for the zero time.
func nanos(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixNano()
}

// inOrder is the order in which entries are done.
const inOrder = ` ORDER BY ready, attempts, since, id LIMIT `

// Claim implements cnr.Queue.
func (n notifications) Claim(ctx context.Context, now, until time.Time, limit int) ([]cnr.Entry, error) {
	if limit < 1 || !until.After(now) {
		return nil, fmt.Errorf("cnr: claim: a limit above 0 and a lease that ends after now are needed: %w", passerelle.ErrInvalid)
	}
	var claimed []cnr.Entry
	err := n.locked(ctx, "claim", func(q querier, _ bool) error {
		claimed = nil
		var sender, receiver, api string
		err := q.row(`SELECT sender, receiver, api FROM cnr_entries e WHERE queue = $1 AND waiting = 1 AND ready <= $2 AND NOT EXISTS
(SELECT 1 FROM cnr_entries l WHERE l.queue = e.queue AND l.sender = e.sender AND l.receiver = e.receiver AND l.waiting = 1 AND l.leased > $2)`+inOrder+`1`,
			[]any{n.name, now.UnixNano()}, &sender, &receiver, &api)
		if isNoRows(err) {
			return nil
		}
		if err != nil {
			return err
		}
		err = q.query(`SELECT record FROM cnr_entries WHERE queue = $1 AND sender = $2 AND receiver = $3 AND api = $4 AND waiting = 1 AND ready <= $5`+inOrder+`$6`,
			[]any{n.name, sender, receiver, api, now.UnixNano(), limit}, func(scan func(into ...any) error) error {
				var e cnr.Entry
				err := scan(asJSON(&e))
				claimed = append(claimed, e)
				return err
			})
		if err != nil {
			return err
		}
		var claim int64
		err = q.row(`INSERT INTO cnr_queues (name, claims) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET claims = cnr_queues.claims + $2 RETURNING claims`,
			[]any{n.name, len(claimed)}, &claim)
		if err != nil {
			return err
		}
		for i := range claimed {
			claimed[i] = claimed[i].Lease(claim-int64(i), until)
			if err := n.put(q, claimed[i]); err != nil {
				return err
			}
		}
		return nil
	})
	return claimed, err
}

// Settle implements cnr.Queue.
func (n notifications) Settle(ctx context.Context, r cnr.Result, claimed ...cnr.Entry) error {
	var lost error
	err := n.locked(ctx, "settle", func(q querier, perhaps bool) error {
		lost = nil
		for _, c := range claimed {
			stored, err := n.get(q, c.Change)
			if err != nil {
				return err
			}
			next, err := stored.Settle(c, r)
			switch {
			case err == nil:
				if err := n.put(q, next); err != nil {
					return err
				}
			case !perhaps || !stored.Settled.Equal(r.At): // else settled by a try whose answer was lost
				lost = err
			}
		}
		return nil
	})
	if err == nil {
		err = lost
	}
	return err
}

// Next implements cnr.Queue.
func (n notifications) Next(ctx context.Context) (time.Time, error) {
	var next time.Time
	err := n.s.read(ctx, "cnr: next", `SELECT COALESCE(MIN(CASE WHEN b.until > e.ready THEN b.until ELSE e.ready END), 0) FROM cnr_entries e JOIN
(SELECT sender, receiver, MAX(leased) AS until FROM cnr_entries WHERE queue = $1 AND waiting = 1 GROUP BY sender, receiver) b
ON b.sender = e.sender AND b.receiver = e.receiver WHERE e.queue = $1 AND e.waiting = 1`, []any{n.name}, func(scan func(into ...any) error) error {
		var at int64
		err := scan(&at)
		if at != 0 {
			next = time.Unix(0, at).UTC()
		}
		return err
	})
	return next, err
}

// Entries implements cnr.Queue, a page at a time.
func (n notifications) Entries(ctx context.Context, f cnr.Filter) iter.Seq2[cnr.Entry, error] {
	var after struct{ sender, receiver, api, id string }
	route := make([]string, 3) // "" matches all
	if !f.Route.From.IsZero() {
		route[0] = f.Route.From.String()
	}
	if !f.Route.To.IsZero() {
		route[1] = f.Route.To.String()
	}
	if !f.Route.API.IsZero() {
		route[2] = f.Route.API.String()
	}
	all := pages(ctx, func() ([]cnr.Entry, error) {
		return collect(ctx, n.s, "cnr: entries", `SELECT sender, receiver, api, id, record FROM cnr_entries WHERE queue = $1 AND (sender, receiver, api, id) > ($2, $3, $4, $5)
AND ($6 = '' OR sender = $6) AND ($7 = '' OR receiver = $7) AND ($8 = '' OR api = $8) AND ($9 = '' OR id = $9) ORDER BY sender, receiver, api, id LIMIT 500`,
			[]any{n.name, after.sender, after.receiver, after.api, after.id, route[0], route[1], route[2], f.ID}, func(scan func(into ...any) error) (e cnr.Entry, err error) {
				err = scan(&after.sender, &after.receiver, &after.api, &after.id, asJSON(&e))
				return e, err
			})
	})
	return func(yield func(cnr.Entry, error) bool) {
		for e, err := range all {
			if err == nil && !f.Match(e) {
				continue
			}
			if !yield(e, err) {
				return
			}
		}
	}
}

// Purge implements cnr.Queue.
func (n notifications) Purge(ctx context.Context, before time.Time) (int, error) {
	var rows int64
	err := n.locked(ctx, "purge", func(q querier, _ bool) (err error) {
		rows, err = q.exec(`DELETE FROM cnr_entries WHERE queue = $1 AND waiting = 0 AND settled < $2`, n.name, nanos(before))
		return err
	})
	return int(rows), err
}

// Mark implements cnr.Marks.
func (n notifications) Mark(ctx context.Context, r cnr.Route) (cnr.Mark, error) {
	var m cnr.Mark
	err := n.s.read(ctx, "cnr: mark", `SELECT record FROM cnr_marks WHERE queue = $1 AND sender = $2 AND receiver = $3 AND api = $4`,
		n.key(cnr.Change{Route: r})[:4], func(scan func(into ...any) error) error { return scan(asJSON(&m)) })
	return m, err
}

// SetMark implements cnr.Marks.
func (n notifications) SetMark(ctx context.Context, r cnr.Route, m cnr.Mark) error {
	c := cnr.Change{Route: r, ID: "-"}
	if err := c.Check(); err != nil {
		return err
	}
	data, err := toJSON("cnr", m)
	if err != nil {
		return err
	}
	return n.s.write(ctx, "cnr: set mark", true, func(q querier, _ bool) error {
		_, err := q.exec(`INSERT INTO cnr_marks (queue, sender, receiver, api, record) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (queue, sender, receiver, api) DO UPDATE SET record = excluded.record`, append(n.key(c)[:4], data)...)
		return err
	})
}
