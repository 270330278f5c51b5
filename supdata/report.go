package supdata

import (
	"cmp"
	"encoding/csv"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// FeedReport is what a run did. It holds no personal data beyond the references
// of the student system.
type FeedReport struct {
	Started time.Time       `json:"started"`
	Ended   time.Time       `json:"ended"`
	Year    int             `json:"year,omitempty"`
	DryRun  bool            `json:"dry_run,omitempty"`
	Calls   int             `json:"calls"` // enrolments sent
	Counts  map[Outcome]int `json:"counts"`
	// Items are the enrolments whose outcome is Listed: those that someone has to look at, in
	// the order of the source, and last those that are no longer there.
	Items   []Item `json:"items"`
	Stopped string `json:"stopped,omitempty"` // why the run ended early
}

// Total returns how many enrolments the report is about.
func (r *FeedReport) Total() int {
	n := 0
	for _, c := range r.Counts {
		n += c
	}
	return n
}

// String returns the counts on one line.
func (r *FeedReport) String() string {
	var parts []string
	for _, o := range Outcomes() {
		if n := r.Counts[o]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, o))
		}
	}
	s := strings.Join(parts, ", ")
	if s == "" {
		s = "no enrolment"
	}
	if r.Stopped != "" {
		s += "; stopped: " + r.Stopped
	}
	return s
}

// WriteCSV writes the items, one a line, for the people who act on them.
func (r *FeedReport) WriteCSV(w io.Writer) error {
	c := csv.NewWriter(w)
	c.Comma = ';'
	rows := [][]string{{"student", "key", "outcome", "fields", "from", "to", "id", "http", "uid", "detail"}}
	for _, i := range r.Items {
		status := ""
		if i.HTTP != 0 {
			status = strconv.Itoa(i.HTTP)
		}
		rows = append(rows, []string{
			i.Student, i.Key, string(i.Outcome), strings.Join(i.Fields, " "), string(i.From), string(i.To), i.ID, status, i.UID, i.Detail,
		})
	}
	return c.WriteAll(rows)
}

// progress collects what becomes of the enrolments, and prints the time left.
type progress struct {
	f      *Feeder
	mu     sync.Mutex
	report *FeedReport
	plan   Estimate
	first  time.Time // of the first call
	last   time.Time // of the last line
}

// add takes the outcome of one enrolment.
func (p *progress) add(i Item) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.report.Counts[i.Outcome]++
	if i.Outcome.Listed() {
		p.report.Items = append(p.report.Items, i)
	}
	if p.f.cfg.OnItem != nil {
		p.f.cfg.OnItem(i)
	}
}

// end dates the report and puts its items in order.
func (p *progress) end() {
	p.report.Ended = p.f.cfg.Now()
	slices.SortStableFunc(p.report.Items, func(a, b Item) int {
		return cmp.Or(cmp.Compare(min(b.seq, 1), min(a.seq, 1)), cmp.Compare(a.seq, b.seq), cmp.Compare(a.Key, b.Key))
	})
}

// called counts a call and prints a line from time to time.
func (p *progress) called() {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.f.cfg.Now()
	p.report.Calls++
	if p.f.cfg.Print == nil {
		return
	}
	if p.report.Calls == 1 {
		p.first, p.last = now, now
	}
	if now.Sub(p.last) < p.f.cfg.PrintEvery {
		return
	}
	p.last = now
	rate := float64(p.report.Calls-1) / now.Sub(p.first).Seconds()
	left := Estimate{ToSend: max(p.plan.ToSend-p.report.Calls, 0), PerSecond: rate}
	fmt.Fprintf(p.f.cfg.Print, "supdata: %d of %d sent, %s left\n", p.report.Calls, p.plan.ToSend, left.about())
}

// Estimate is how much a run has to send, and how long that takes.
type Estimate struct {
	ToSend    int
	PerSecond float64 // 0: not known, without pace
}

// Left returns how long the sending takes, 0 when it is not known.
func (e Estimate) Left() time.Duration {
	if e.PerSecond <= 0 {
		return 0
	}
	return time.Duration(float64(e.ToSend) / e.PerSecond * float64(time.Second))
}

// about writes the time left for a person to read.
func (e Estimate) about() string {
	switch left := e.Left(); {
	case e.ToSend == 0:
		return "nothing"
	case left == 0:
		return "an unknown time"
	case left < time.Minute:
		return "less than a minute"
	case left < time.Hour:
		return fmt.Sprintf("about %d min", int(left.Round(time.Minute).Minutes()))
	default:
		left = left.Round(time.Minute)
		return fmt.Sprintf("about %d h %02d min", int(left.Hours()), int(left.Minutes())%60)
	}
}

// String tells the number and the time.
func (e Estimate) String() string {
	if e.PerSecond <= 0 {
		return fmt.Sprintf("%d enrolments to send, without pace", e.ToSend)
	}
	return fmt.Sprintf("%d enrolments to send at %g a second: %s", e.ToSend, e.PerSecond, e.about())
}
