package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/passerelle-sup/passerelle"
)

// Step is what a part of a round does.
type Step string

// The steps of a round, in order.
const (
	StepPlan   Step = "plan"   // cut the round into parts
	StepWork   Step = "work"   // one of the parts
	StepFinish Step = "finish" // once, when all parts have ended
)

// Part is one piece of a round of recurring work, which one process at a time has on lease.
type Part struct {
	Job     string // "ines-campaign"
	Round   string // name of the round within the job
	Number  int    // 0 plans, the last one finishes
	Step    Step
	Data    json.RawMessage // what its work is; gone once it has ended
	Attempt int             // from 1
	Created time.Time
}

// Work keeps the rounds of recurring work: which parts there are, who works on them, how they
// ended. It decides who does what; a queue beside it only wakes the workers up. It is safe for
// concurrent use, by several processes too.
type Work struct{ s *Store }

// Work returns the rounds that are kept in the store.
func (s *Store) Work() Work { return Work{s} }

// Begin opens a round with its first part, which plans it, and reports whether it did: not
// when there is a round of that name already, nor while another one of the job is under way.
func (w Work) Begin(ctx context.Context, job, round string) (bool, error) {
	if err := texts("work", job, round); err != nil {
		return false, err
	}
	begun := false
	err := w.s.write(ctx, "work: begin", false, func(q querier, perhaps bool) error {
		if err := q.lock("work\n" + job); err != nil {
			return err
		}
		rows, err := q.exec(`INSERT INTO work_rounds (job, name, begun, halted, ended) SELECT $1, $2, `+w.s.engine.clock()+`, '', 0
WHERE NOT EXISTS (SELECT 1 FROM work_rounds WHERE job = $1 AND (name = $2 OR ended = 0))`, job, round)
		if err != nil || rows == 0 {
			if err == nil && perhaps { // the answer to an earlier try was lost
				var open int
				err = q.row(`SELECT COUNT(*) FROM work_rounds WHERE job = $1 AND name = $2 AND ended = 0`, []any{job, round}, &open)
				begun = open > 0
			}
			return err
		}
		begun = true
		return w.add(q, job, round, 0, StepPlan, "")
	})
	return begun, err
}

func (w Work) add(q querier, job, round string, number int, step Step, data string) error {
	_, err := q.exec(`INSERT INTO work_parts (job, round, number, step, data, due, attempts, worker, outcome, error, created, ended)
VALUES ($1, $2, $3, $4, $5, 0, 0, '', '', '', `+w.s.engine.clock()+`, 0) ON CONFLICT (job, round, number) DO NOTHING`, job, round, number, string(step), data)
	return err
}

// Due lists parts that wait to be worked on, the oldest first, at most limit of them.
func (w Work) Due(ctx context.Context, limit int) ([]Part, error) {
	query := `SELECT job, round, number, step, attempts FROM work_parts WHERE ended = 0 AND due <= ` + w.s.engine.clock() + ` ORDER BY created, job, number LIMIT $1`
	return collect(ctx, w.s, "work: due", query, []any{limit}, func(scan func(into ...any) error) (p Part, err error) {
		err = scan(&p.Job, &p.Round, &p.Number, &p.Step, &p.Attempt)
		return p, err
	})
}

// Take leases a part to a worker for a time, and reports whether it did: another worker may
// have it, or it has ended. The name of the worker is new for each call.
func (w Work) Take(ctx context.Context, job, round string, number int, worker string, lease time.Duration) (Part, bool, error) {
	p := Part{Job: job, Round: round, Number: number}
	taken := false
	clock := w.s.engine.clock()
	err := w.s.write(ctx, "work: take", true, func(q querier, _ bool) error {
		var data string
		var created int64
		err := q.row(`UPDATE work_parts SET due = `+clock+` + $1, worker = $2, attempts = CASE WHEN worker = $2 THEN attempts ELSE attempts + 1 END
WHERE job = $3 AND round = $4 AND number = $5 AND ended = 0 AND (due <= `+clock+` OR worker = $2) RETURNING step, data, attempts, created`,
			[]any{lease.Microseconds(), worker, job, round, number}, &p.Step, &data, &p.Attempt, &created)
		if taken = err == nil; isNoRows(err) {
			return nil
		}
		p.Data, p.Created = json.RawMessage(data), time.UnixMicro(created)
		return err
	})
	return p, taken, err
}

// Renew prolongs the lease of a part. It returns an error that is passerelle.ErrConflict when
// the worker does not have it any more.
func (w Work) Renew(ctx context.Context, p Part, worker string, lease time.Duration) error {
	return w.update(ctx, "work: renew", p, worker, `due = `+w.s.engine.clock()+` + $1`, lease.Microseconds())
}

// GiveBack ends the lease of a part that was not worked on to its end, without counting the
// attempt.
func (w Work) GiveBack(ctx context.Context, p Part, worker string) error {
	return w.update(ctx, "work: give back", p, worker, `due = $1, worker = '', attempts = attempts - 1`, 0)
}

// Retry ends the lease of a part that failed, which is due again after a time. reason is for
// people and holds no personal data.
func (w Work) Retry(ctx context.Context, p Part, worker string, after time.Duration, reason string) error {
	return w.update(ctx, "work: retry", p, worker, `due = `+w.s.engine.clock()+` + $1, worker = '', error = $6`, after.Microseconds(), reason)
}

// errLost says that a part is no longer the worker's.
var errLost = fmt.Errorf("store: another worker has the part, or it has ended: %w", passerelle.ErrConflict)

// update changes a part that a worker has on lease.
func (w Work) update(ctx context.Context, what string, p Part, worker, set string, args ...any) error {
	return w.s.write(ctx, what, true, func(q querier, perhaps bool) error {
		rows, err := q.exec(`UPDATE work_parts SET `+set+` WHERE job = $2 AND round = $3 AND number = $4 AND worker = $5 AND ended = 0`,
			append([]any{args[0], p.Job, p.Round, p.Number, worker}, args[1:]...)...)
		if err == nil && rows == 0 && !perhaps {
			err = errLost
		}
		return err
	})
}

// End ends a part that a worker has on lease. The part that plans gives the data of those
// that work; when the last of them has ended, the part that finishes is due; its end is that of
// the round. outcome and reason are for people, without personal data. More names the parts that
// became due. Its error is passerelle.ErrConflict when the worker does not have the part any more.
func (w Work) End(ctx context.Context, p Part, worker, outcome, reason string, plan []json.RawMessage) (more []Part, err error) {
	err = w.s.write(ctx, "work: end", false, func(q querier, perhaps bool) error {
		more = nil
		if err := q.lock("work\n" + p.Job); err != nil {
			return err
		}
		clock := w.s.engine.clock()
		rows, err := q.exec(`UPDATE work_parts SET ended = `+clock+`, outcome = $1, error = $2, data = '' WHERE job = $3 AND round = $4 AND number = $5 AND worker = $6 AND ended = 0`,
			outcome, reason, p.Job, p.Round, p.Number, worker)
		if err != nil {
			return err
		}
		if rows == 0 && !perhaps {
			return errLost
		}
		if p.Step == StepFinish {
			_, err := q.exec(`UPDATE work_rounds SET ended = `+clock+` WHERE job = $1 AND name = $2`, p.Job, p.Round)
			return err
		}
		for i, data := range plan {
			more = append(more, Part{Job: p.Job, Round: p.Round, Number: i + 1, Step: StepWork})
			if err := w.add(q, p.Job, p.Round, i+1, StepWork, string(data)); err != nil {
				return err
			}
		}
		var left, last int
		if err := q.row(`SELECT COALESCE(SUM(CASE WHEN ended = 0 THEN 1 ELSE 0 END), 0), MAX(number) FROM work_parts WHERE job = $1 AND round = $2`, []any{p.Job, p.Round}, &left, &last); err != nil || left > 0 {
			return err
		}
		more = append(more, Part{Job: p.Job, Round: p.Round, Number: last + 1, Step: StepFinish})
		return w.add(q, p.Job, p.Round, last+1, StepFinish, "")
	})
	return more, err
}

// Halt notes that the round must call nobody any more, and why: refused credentials, a share of
// refusals. The first reason stays.
func (w Work) Halt(ctx context.Context, job, round, why string) error {
	return w.s.write(ctx, "work: halt", true, func(q querier, _ bool) error {
		_, err := q.exec(`UPDATE work_rounds SET halted = $1 WHERE job = $2 AND name = $3 AND halted = ''`, why, job, round)
		return err
	})
}

// Round tells whether a round has ended, and why it was halted, "" when it was not. The error
// of a round that there is not is passerelle.ErrNotFound.
func (w Work) Round(ctx context.Context, job, round string) (ended bool, halted string, err error) {
	found := false
	err = w.s.read(ctx, "work: round", `SELECT ended, halted FROM work_rounds WHERE job = $1 AND name = $2`, []any{job, round}, func(scan func(into ...any) error) error {
		var at int64
		err := scan(&at, &halted)
		found, ended = true, at > 0
		return err
	})
	if err == nil && !found {
		err = fmt.Errorf("store: no round of that name: %w", passerelle.ErrNotFound)
	}
	return ended, halted, err
}

// Queue is how the parts of a job stand, on all machines.
type Queue struct {
	Waiting int            // parts that are due, or will be
	Working int            // parts on lease
	Oldest  time.Duration  // age of the oldest part that has not ended
	Ended   map[string]int // parts by outcome
}

// Queues tells how the parts of each job stand.
func (w Work) Queues(ctx context.Context) (map[string]Queue, error) {
	type row struct {
		job, outcome string
		state, count int
		age          int64
	}
	query := `SELECT job, outcome, CASE WHEN ended > 0 THEN 2 WHEN worker <> '' AND due > ` + w.s.engine.clock() + ` THEN 1 ELSE 0 END AS state, COUNT(*), ` +
		w.s.engine.clock() + ` - MIN(created) FROM work_parts GROUP BY 1, 2, 3`
	rows, err := collect(ctx, w.s, "work: queues", query, nil, func(scan func(into ...any) error) (r row, err error) {
		err = scan(&r.job, &r.outcome, &r.state, &r.count, &r.age)
		return r, err
	})
	if err != nil {
		return nil, err
	}
	queues := make(map[string]Queue)
	for _, r := range rows {
		q := queues[r.job]
		if q.Ended == nil {
			q.Ended = make(map[string]int)
		}
		switch r.state {
		case 2:
			q.Ended[r.outcome] += r.count
		case 1:
			q.Working += r.count
		default:
			q.Waiting += r.count
		}
		if r.state < 2 {
			q.Oldest = max(q.Oldest, time.Duration(r.age)*time.Microsecond)
		}
		queues[r.job] = q
	}
	return queues, nil
}

// Forget removes the rounds that ended before a day, with their parts.
func (w Work) Forget(ctx context.Context, before time.Time) error {
	return w.s.write(ctx, "work: forget", false, func(q querier, _ bool) error {
		at := before.UnixMicro()
		if _, err := q.exec(`DELETE FROM work_parts WHERE EXISTS (SELECT 1 FROM work_rounds r WHERE r.job = work_parts.job AND r.name = work_parts.round AND r.ended > 0 AND r.ended < $1)`, at); err != nil {
			return err
		}
		_, err := q.exec(`DELETE FROM work_rounds WHERE ended > 0 AND ended < $1`, at)
		return err
	})
}
