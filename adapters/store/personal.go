package store

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"time"
)

// personal is a table that holds personal data, as exports and purges see it.
type personal struct {
	table  string
	id     string // SQL of what tells its rows apart
	record string // SQL of its content, as JSON text
	keep   string // SQL condition of the rows that a purge leaves alone, whatever their age
}

// personalTables lists every table with personal data. Each has the columns student and
// touched.
var personalTables = []personal{
	{table: "campaign_records", id: "id", record: "record", keep: "open = 1"},
	{table: "feed_records", id: "id", record: "record", keep: "open = 1"},
	{table: "card_records", id: "pic", record: "record", keep: "open = 1"},
	{
		table: "card_names", id: "name", record: `'{}'`,
		keep: "EXISTS (SELECT 1 FROM card_records r WHERE r.pic = card_names.pic AND r.student = card_names.student)",
	},
	{table: "grant_detections", id: "CAST(seq AS TEXT)", record: "record", keep: "1 = 0"},
}

// PersonalTables names the tables that hold personal data, for the register of processing.
func PersonalTables() []string {
	names := make([]string, len(personalTables))
	for i, t := range personalTables {
		names[i] = t.table
	}
	return names
}

// Entry is one row about a student. It is personal data.
type Entry struct {
	Table   string          `json:"table"`
	ID      string          `json:"id"`
	Written time.Time       `json:"written"` // when it was written last
	Record  json.RawMessage `json:"record"`
}

// Export gives everything that the store holds about a student: for the right of access.
// student is the reference in the student system, as sis.StudentID.String gives it; for
// cards, the reference that the caller gave to the router's synchronisation. A fatal
// error is the last element.
func (s *Store) Export(ctx context.Context, student string) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		for _, t := range personalTables {
			query := fmt.Sprintf(`SELECT %s, touched, %s FROM %s WHERE student = $1 ORDER BY touched, 1`, t.id, t.record, t.table)
			found, err := collect(ctx, s, "export", query, []any{student}, func(scan func(into ...any) error) (Entry, error) {
				var at int64
				var id, record string
				err := scan(&id, &at, &record)
				return Entry{Table: t.table, ID: id, Written: time.Unix(at, 0).UTC(), Record: json.RawMessage(record)}, err
			})
			if err != nil {
				yield(Entry{}, err)
				return
			}
			for _, e := range found {
				if !yield(e, nil) {
					return
				}
			}
		}
	}
}

// Purged is what a purge did.
type Purged struct {
	Removed map[string]int64 // rows, by table
	Kept    map[string]int64 // rows that are older and not settled: doubts, pending registrations, cards at the router
}

// purgeStep is how many rows a purge removes at once, so that nobody waits for it long.
const purgeStep = 1000

// Purge removes the rows that were written last before a day and that are settled. What
// is not settled stays, whatever its age, and is counted: removing a doubt would allow a
// second registration. A registration whose row was removed is recognised no more, which is
// why the number has to be in the student system by then: rows whose number was not
// written back are not settled.
func (s *Store) Purge(ctx context.Context, before time.Time) (Purged, error) {
	p := Purged{Removed: make(map[string]int64), Kept: make(map[string]int64)}
	day := before.Unix()
	for _, t := range personalTables {
		for {
			var rows int64
			remove := fmt.Sprintf(`DELETE FROM %[1]s WHERE touched < $1 AND NOT (%[2]s) AND student IN (
SELECT student FROM %[1]s WHERE touched < $1 AND NOT (%[2]s) LIMIT %[3]d)`, t.table, t.keep, purgeStep)
			err := s.write(ctx, "purge", true, func(q querier, _ bool) (err error) {
				rows, err = q.exec(remove, day)
				return err
			})
			if err != nil {
				return p, err
			}
			p.Removed[t.table] += rows
			if rows == 0 {
				break
			}
		}
		var kept int64
		count := fmt.Sprintf(`SELECT COUNT(*) FROM %s WHERE touched < $1`, t.table)
		err := s.read(ctx, "purge", count, []any{day}, func(scan func(into ...any) error) error { return scan(&kept) })
		if err != nil {
			return p, err
		}
		p.Kept[t.table] += kept
	}
	return p, nil
}
