package pegase

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"slices"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/sis"
)

// window is a stretch of time in seconds since 1970: from, included, to, excluded.
type window struct{ from, to int64 }

// slice is everything that a window holds, the oldest change first, each row once.
type slice struct {
	window
	rows []FlowEntry
	bad  []rowFault
}

// faults are the rows that could not be read.
func (s slice) faults(c *Client) []*sis.RowError {
	var all []*sis.RowError
	for _, f := range s.bad {
		all = append(all, c.row(opFlow, f.field, "", misshapen(f)))
	}
	return all
}

const (
	maxSplit  = 16
	windowAim = pageSize * 3 / 5 // rows that a window is cut for
)

// slices gives the windows in the order of time, each cut until it fits one page: one
// answer, in which nothing can move. Only a second that holds more than a page is read in
// several. An error is the last element.
func (c *Client) slices(ctx context.Context, q FlowQuery, windows ...window) iter.Seq2[slice, error] {
	return func(yield func(slice, error) bool) {
		stack := slices.Clone(windows)
		slices.Reverse(stack)
		for len(stack) > 0 {
			w := stack[len(stack)-1]
			stack = stack[:len(stack)-1]
			if w.from >= w.to {
				continue
			}
			p, _, err := c.flowPage(ctx, q, w, 0, pageSize)
			if err != nil {
				yield(slice{}, err)
				return
			}
			whole := p.last(0, pageSize)
			if !whole && w.to-w.from > 1 {
				stack = append(stack, cut(w, p.Total)...)
				continue
			}
			s := slice{window: w, rows: p.Items, bad: p.bad}
			if !whole {
				if s, err = c.second(ctx, q, w); err != nil {
					yield(slice{}, err)
					return
				}
			}
			s.arrange()
			if !yield(s, nil) {
				return
			}
		}
	}
}

// cut divides a window for the number of rows that it holds, the latest part first.
func cut(w window, rows int64) []window {
	span := w.to - w.from
	n := min(max(2, rows/windowAim+1), maxSplit, span)
	parts := make([]window, 0, n)
	for i := n - 1; i >= 0; i-- {
		parts = append(parts, window{w.from + span/n*i + min(i, span%n), w.from + span/n*(i+1) + min(i+1, span%n)})
	}
	return parts
}

// second reads all pages of one second. Rows can only leave it, when they change again;
// those behind them then move up over the border of a page. The pages are read again until
// nothing moved.
func (c *Client) second(ctx context.Context, q FlowQuery, w window) (slice, error) {
	s := slice{window: w}
	given := make(map[uint64]struct{})
	for pass := range maxPasses {
		moved, total := false, int64(-1)
		for number := 0; ; number++ {
			p, _, err := c.flowPage(ctx, q, w, number, pageSize)
			if err != nil {
				return s, err
			}
			moved = moved || total >= 0 && p.Total != total
			total = p.Total
			for _, row := range p.Items {
				if _, again := given[row.key()]; !again {
					given[row.key()] = struct{}{}
					s.rows = append(s.rows, row)
				}
			}
			if pass == 0 {
				s.bad = append(s.bad, p.bad...)
			}
			if p.last(number, pageSize) {
				break
			}
		}
		if !moved {
			return s, nil
		}
	}
	return s, fmt.Errorf("%s: rows of one second kept moving while they were read: %w", opFlow, passerelle.ErrUnavailable)
}

// arrange puts the rows in the order of their changes, and takes out those given twice.
func (s *slice) arrange() {
	type keyed struct {
		at  int64
		key uint64
		row int
	}
	order := make([]keyed, len(s.rows))
	for i, row := range s.rows {
		order[i] = keyed{row.Modified, row.key(), i}
	}
	slices.SortFunc(order, func(a, b keyed) int { return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.key, b.key)) })
	order = slices.CompactFunc(order, func(a, b keyed) bool { return a.key == b.key && a.at == b.at })
	rows := make([]FlowEntry, len(order))
	for i, k := range order {
		rows[i] = s.rows[k.row]
	}
	s.rows = rows
}
