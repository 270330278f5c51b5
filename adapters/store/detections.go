package store

import (
	"context"
	"fmt"
	"iter"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/aglae"
)

// detections are an aglae.DetectionLog.
type detections struct{ s *Store }

// Detections returns the log of answers about grants. Personal: the reference, and the
// record, which holds the numbers asked about.
func (s *Store) Detections() aglae.DetectionLog { return detections{s} }

// newest is the condition that no answer about a student and year is later than d.
const newest = `NOT EXISTS (SELECT 1 FROM grant_detections l WHERE l.year = d.year AND l.student = d.student AND (l.at, l.seq) > (d.at, d.seq))`

// Record implements aglae.DetectionLog.
func (l detections) Record(ctx context.Context, d aglae.Detection) error {
	if err := d.Check(); err != nil {
		return err
	}
	data, err := toJSON("aglae", d, d.Student)
	if err != nil {
		return err
	}
	return l.s.write(ctx, "aglae: record", true, func(q querier, perhaps bool) error {
		if perhaps { // the answer to an earlier try was lost
			n := 0
			err := q.row(`SELECT COUNT(*) FROM grant_detections WHERE year = $1 AND student = $2 AND at = $3 AND record = $4`, []any{d.Year, d.Student, d.At.UnixNano(), data}, &n)
			if err != nil || n > 0 {
				return err
			}
		}
		_, err := q.exec(`INSERT INTO grant_detections (student, year, at, wait, touched, record) VALUES ($1, $2, $3, $4, $5, $6)`,
			d.Student, d.Year, d.At.UnixNano(), flag(d.Verdict != aglae.Holder), l.s.now().Unix(), data)
		return err
	})
}

// Latest implements aglae.DetectionLog.
func (l detections) Latest(ctx context.Context, student string, year int) (aglae.Detection, error) {
	var d aglae.Detection
	found := false
	err := l.s.read(ctx, "aglae: latest", `SELECT record FROM grant_detections WHERE year = $1 AND student = $2 ORDER BY at DESC, seq DESC LIMIT 1`, []any{year, student},
		func(scan func(into ...any) error) error {
			found = true
			return scan(asJSON(&d))
		})
	if err == nil && !found {
		err = fmt.Errorf("aglae: nothing was asked about this student and year: %w", passerelle.ErrNotFound)
	}
	return d, err
}

// Open implements aglae.DetectionLog, a page at a time.
func (l detections) Open(ctx context.Context, year int) iter.Seq2[aglae.Detection, error] {
	after := ""
	return pages(ctx, func() ([]aglae.Detection, error) {
		return l.page(ctx, `SELECT student, record FROM grant_detections d WHERE year = $1 AND student > $2 AND wait = 1 AND `+newest+` ORDER BY student LIMIT 500`, []any{year, after}, &after)
	})
}

// Detections implements aglae.DetectionLog, a page at a time.
func (l detections) Detections(ctx context.Context, since time.Time) iter.Seq2[aglae.Detection, error] {
	from := int64(0)
	if !since.IsZero() {
		from = since.UnixNano()
	}
	after := int64(0)
	return pages(ctx, func() ([]aglae.Detection, error) {
		return l.page(ctx, `SELECT seq, record FROM grant_detections WHERE seq > $1 AND at >= $2 ORDER BY seq LIMIT 500`, []any{after, from}, &after)
	})
}

// page reads rows of a position and a record.
func (l detections) page(ctx context.Context, query string, args []any, after any) ([]aglae.Detection, error) {
	return collect(ctx, l.s, "aglae: detections", query, args, func(scan func(into ...any) error) (d aglae.Detection, err error) {
		err = scan(after, asJSON(&d))
		return d, err
	})
}
