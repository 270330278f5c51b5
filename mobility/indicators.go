package mobility

import (
	"cmp"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"time"
)

// Cell is one line of the indicators: mobilities that share the six dimensions, and
// how long they have been, or were, at the step.
type Cell struct {
	Year      int       `json:"year"`
	Direction Direction `json:"direction"`
	Type      string    `json:"type"`
	Partner   string    `json:"partner"`
	Country   string    `json:"country"`
	Component string    `json:"component"`
	Step      string    `json:"step"`  // or "completed", "refused", "withdrawn"
	Count     int       `json:"count"` // mobilities that stand there now; 0 for a step that all have passed
	Passed    int       `json:"passed"`
	// MeanDays and MaxDays are the delays of those that passed the step: from the step
	// before to this one.
	MeanDays float64 `json:"mean_days"`
	MaxDays  float64 `json:"max_days"`
}

type cellKey struct {
	year                                      int
	direction                                 Direction
	kind, partner, country, component, status string
}

type cellSum struct {
	count, passed int
	total, most   time.Duration
}

// Indicators counts mobilities and delays by year, direction, type, partner, country,
// component and step. Its memory is that of the lines, not of the mobilities. The
// zero value is ready; it is not safe for concurrent use.
type Indicators struct {
	cells map[cellKey]*cellSum
	// Least is the number of mobilities below which a figure, Count or Passed, has its
	// line left out, so that nobody can be recognised in a published table, and nobody's
	// delay be read in it. 0 and 1 leave out nothing.
	Least int
}

// Add counts one mobility as it is now.
func (x *Indicators) Add(f *Flow, r Record, now time.Time) {
	if x.cells == nil {
		x.cells = map[cellKey]*cellSum{}
	}
	at := func(step string) *cellSum {
		k := cellKey{r.Year, r.Direction, r.Type, r.Partner, r.Country, r.Component, step}
		if x.cells[k] == nil {
			x.cells[k] = &cellSum{}
		}
		return x.cells[k]
	}
	at(cmp.Or(r.Step, string(r.Status))).count++
	for _, m := range f.Timeline(r, now) {
		if m.Stage == StageDone {
			c := at(m.Step.Code)
			c.passed++
			c.total += m.After
			c.most = max(c.most, m.After)
		}
	}
}

// Cells returns the lines, sorted by their dimensions.
func (x *Indicators) Cells() []Cell {
	const day = float64(24 * time.Hour)
	var out []Cell
	for k, c := range x.cells {
		if c.count > 0 && c.count < x.Least || c.passed > 0 && c.passed < x.Least {
			continue
		}
		cell := Cell{k.year, k.direction, k.kind, k.partner, k.country, k.component, k.status, c.count, c.passed, 0, float64(c.most) / day}
		if c.passed > 0 {
			cell.MeanDays = float64(c.total) / float64(c.passed) / day
		}
		out = append(out, cell)
	}
	slices.SortFunc(out, func(a, b Cell) int {
		return cmp.Or(cmp.Compare(a.Year, b.Year), cmp.Compare(a.Direction, b.Direction), cmp.Compare(a.Type, b.Type), cmp.Compare(a.Partner, b.Partner),
			cmp.Compare(a.Country, b.Country), cmp.Compare(a.Component, b.Component), cmp.Compare(a.Step, b.Step))
	})
	return out
}

// WriteCSV writes the lines with a header, semicolons between, for the
// decision-support system. A text that a spreadsheet would take for a formula gets
// an apostrophe in front.
func (x *Indicators) WriteCSV(w io.Writer) error {
	out := csv.NewWriter(w)
	out.Comma = ';'
	out.Write([]string{"year", "direction", "type", "partner", "country", "component", "step", "count", "passed", "mean_days", "max_days"}) // its error is Flush's
	for _, c := range x.Cells() {
		out.Write([]string{
			strconv.Itoa(c.Year), string(c.Direction), plain(c.Type), plain(c.Partner), plain(c.Country), plain(c.Component), plain(c.Step),
			strconv.Itoa(c.Count), strconv.Itoa(c.Passed), fmt.Sprintf("%.2f", c.MeanDays), fmt.Sprintf("%.2f", c.MaxDays),
		})
	}
	out.Flush()
	return out.Error()
}

// WriteJSON writes the lines as one JSON array.
func (x *Indicators) WriteJSON(w io.Writer) error {
	cells := x.Cells()
	if cells == nil {
		cells = []Cell{}
	}
	return json.NewEncoder(w).Encode(cells)
}

// plain keeps a spreadsheet from taking a text for a formula.
func plain(s string) string {
	if s != "" && (s[0] == '=' || s[0] == '+' || s[0] == '-' || s[0] == '@' || s[0] == '\t' || s[0] == '\r') {
		return "'" + s
	}
	return s
}

// Weekly counts things by ISO week: verdicts on INEs, litiges, conditional grants.
// The zero value is ready; it is not safe for concurrent use.
type Weekly struct {
	weeks map[string]map[string]int
	names map[string]bool
}

// Add counts n things of a name in the week of a day.
func (w *Weekly) Add(at time.Time, name string, n int) {
	if w.weeks == nil {
		w.weeks, w.names = map[string]map[string]int{}, map[string]bool{}
	}
	year, week := at.ISOWeek()
	key := fmt.Sprintf("%04d-W%02d", year, week)
	if w.weeks[key] == nil {
		w.weeks[key] = map[string]int{}
	}
	w.weeks[key][name] += n
	w.names[name] = true
}

// WriteCSV writes a line a week and a column a name, semicolons between.
func (w *Weekly) WriteCSV(out io.Writer) error {
	c := csv.NewWriter(out)
	c.Comma = ';'
	names := slices.Sorted(maps.Keys(w.names))
	row := []string{"week"}
	for _, name := range names {
		row = append(row, plain(name))
	}
	c.Write(row) // its error is Flush's
	for _, week := range slices.Sorted(maps.Keys(w.weeks)) {
		row = append(row[:0], week)
		for _, name := range names {
			row = append(row, strconv.Itoa(w.weeks[week][name]))
		}
		c.Write(row)
	}
	c.Flush()
	return c.Error()
}

// WriteJSON writes an object a week: {"week": "2026-W36", "litige": 3}.
func (w *Weekly) WriteJSON(out io.Writer) error {
	rows := []map[string]any{}
	for _, week := range slices.Sorted(maps.Keys(w.weeks)) {
		row := map[string]any{"week": week}
		for name := range w.names {
			row[name] = w.weeks[week][name]
		}
		rows = append(rows, row)
	}
	return json.NewEncoder(out).Encode(rows)
}
