package table

import (
	"cmp"
	"context"
	"io"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/sis"
)

// csvBatch is how many changes of a file are sorted at a time.
const csvBatch = 4096

// CSV is a file read with a mapping: a [sis.CSV] that can tell what changed, by its
// column modified_at. It is safe for concurrent use.
type CSV struct {
	*sis.CSV
	// Now is the clock of Changes. nil is time.Now. It must be set before the first use.
	Now func() time.Time

	m Mapping
}

var (
	_ sis.Source = (*CSV)(nil)
	_ sis.Deltas = (*CSV)(nil)
)

// OpenCSV returns the source of the file at path, after a look at its first line.
// Its error is a passerelle.FieldErrors for the mapping, a *sis.CSVError for the file.
func OpenCSV(path string, m Mapping) (*CSV, error) {
	c, err := NewCSV(filepath.Base(path), func() (io.ReadCloser, error) { return os.Open(path) }, m)
	if err != nil {
		return nil, err
	}
	if _, err := c.Layout(); err != nil {
		return nil, err
	}
	return c, nil
}

// NewCSV returns a source that reads what open gives, anew for each call; name
// stands for it in provenances and errors. See [OpenCSV] for its error.
func NewCSV(name string, open func() (io.ReadCloser, error), m Mapping) (*CSV, error) {
	m.System = cmp.Or(m.System, "csv")
	opts, err := m.csvOptions()
	if err != nil {
		return nil, err
	}
	c, err := sis.NewCSV(cmp.Or(m.Name, name), open, opts)
	if err != nil {
		return nil, err
	}
	return &CSV{CSV: c, m: m}, nil
}

// Changes implements [sis.Deltas], as [SQL.Changes] does. A file has no index: it is
// read through once for every few thousand changes, so that memory stays the same.
func (c *CSV) Changes(ctx context.Context, cursor string) iter.Seq2[sis.Delta, error] {
	return func(yield func(sis.Delta, error) bool) {
		if err := c.changes(ctx, cursor, yield); err != nil {
			yield(sis.Delta{}, err)
		}
	}
}

func (c *CSV) changes(ctx context.Context, cursor string, yield func(sis.Delta, error) bool) error {
	start, _, err := parseCursor(c.m.System, cursor)
	if err != nil {
		return err
	}
	var after place
	if start.at != "" {
		if after.at, err = time.Parse(time.RFC3339Nano, start.at); err != nil {
			return &passerelle.ParseError{Type: "cursor", Rule: "form", Want: "a cursor that this source gave"}
		}
		after.student, _ = start.student.(string)
	}
	layout, err := c.Layout()
	if err != nil {
		return err
	}
	if !slices.Contains(layout.Used, "modified_at") {
		return &sis.CSVError{Source: c.name(), Rule: sis.CSVRuleMissing, Columns: []string{cmp.Or(c.m.Columns["modified_at"], "modified_at")}, Want: "that column, for changes"}
	}
	now := c.Now
	if now == nil {
		now = time.Now
	}
	until := settled(now(), c.m.overlap(), c.m.location())
	for first := true; ; first = false {
		batch, more, err := c.batch(ctx, after, until, first, yield)
		if err != nil || !more {
			return err
		}
		for _, s := range batch {
			after = placeOf(s)
			delta := sis.Delta{Student: s, Cursor: formatCursor(c.m.System, key{student: s.ID.Local, at: s.ModifiedAt.UTC().Format(time.RFC3339Nano)})}
			if !yield(delta, nil) {
				return nil
			}
		}
		if len(batch) < csvBatch {
			return nil
		}
	}
}

// batch reads the file through and returns the first changes after a place, in
// order. The rows at fault are told when it is the first of a call.
func (c *CSV) batch(ctx context.Context, after place, until time.Time, first bool, yield func(sis.Delta, error) bool) ([]sis.Student, bool, error) {
	var batch []sis.Student
	keep := func() {
		slices.SortStableFunc(batch, func(a, b sis.Student) int { return placeOf(a).compare(placeOf(b)) })
		batch = slices.CompactFunc(batch, func(a, b sis.Student) bool { return placeOf(a) == placeOf(b) })
		batch = batch[:min(len(batch), csvBatch)]
	}
	for s, err := range c.Students(ctx, sis.Query{ModifiedSince: after.at}) {
		if err == nil && s.ModifiedAt.IsZero() {
			err = &sis.RowError{Provenance: s.Provenance, Field: "modified_at", ID: s.ID,
				Err: &passerelle.ParseError{Type: "time", Rule: "required", Want: "the time of the last change"}}
		}
		if err != nil {
			if _, row := err.(*sis.RowError); !row {
				return nil, false, err
			}
			if first && !yield(sis.Delta{}, err) {
				return nil, false, nil
			}
			continue
		}
		if placeOf(s).compare(after) <= 0 || s.ModifiedAt.After(until) {
			continue
		}
		if batch = append(batch, s); len(batch) >= 2*csvBatch {
			keep()
		}
	}
	keep()
	return batch, true, nil
}

// name returns what stands for the file in errors.
func (c *CSV) name() string { return cmp.Or(c.m.Name, c.m.System) }

// place is where a change stands in the order of changes.
type place struct {
	at      time.Time
	student string
}

func placeOf(s sis.Student) place { return place{s.ModifiedAt.UTC(), s.ID.Local} }

func (p place) compare(q place) int {
	return cmp.Or(p.at.Compare(q.at), strings.Compare(p.student, q.student))
}
