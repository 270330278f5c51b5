package egracons

import (
	"fmt"
	"html"
	"io"
	"math/big"
	"strconv"
	"strings"
	"unicode/utf8"
)

// ChartOptions says what a chart shows.
type ChartOptions struct {
	Grade string // host grade of the student to mark; "" draws the mapping of all grades
	Lang  Lang
	// ShowHost draws the whole host table although its institution did not publish
	// it. Otherwise only the student's interval is drawn: tables given for
	// conversions are confidential.
	ShowHost bool
}

// Measures of the drawing, in user units. Text is 16 units so that it stays
// legible when 520 units are shown on a telephone.
const (
	chartWidth  = 520
	chartTop    = 92
	chartFoot   = 76
	chartHeight = 400 // at least; more when there are many labels
	axisEnd     = 54
	hostBar     = 160
	homeBar     = 290
	barWidth    = 48
	labelSpace  = 19 // least distance between two labels
	labelMax    = 11 // characters
)

// segment is one grade of a bar.
type segment struct {
	label  string
	note   string // beside the label
	lo, hi float64
	class  string // plain, candidate, mark
}

// WriteChart draws both distributions side by side as an SVG picture: each
// column is all passing grades, the best on top, and bands lead from each host
// grade to the home grade suggested for it. The student's grade, its stretch in
// the home column and the suggestion are marked by darkness and words, so that
// they show in grey too. The error is that of [Converter.Convert] or of w.
func (c *Converter) WriteChart(w io.Writer, options ChartOptions) error {
	_, err := c.chart(options, w)
	return err
}

func (c *Converter) chart(options ChartOptions, w io.Writer) (int, error) {
	d := drawing{words: wordsOf(options.Lang)}
	student := -1
	var result Result
	if options.Grade != "" {
		var err error
		if result, err = c.Convert(options.Grade); err != nil {
			return 0, err
		}
		student, _ = c.host.scale.rank(options.Grade)
		d.description = result.Explain(options.Lang)
	}
	open := options.ShowHost || c.host.identity.Published
	host := c.hostSegments(student, open, d.words)
	home := c.homeSegments(result, d.words)
	d.height = max(chartHeight, float64(labelSpace*(max(len(host), len(home))+2)))
	d.title = d.words.title
	if result.Suggestion != "" {
		d.title = fmt.Sprintf(d.words.chartTitle, result.Grade, result.Suggestion)
	}
	d.begin(c)
	if !open && student < 0 {
		d.text(hostBar+barWidth/2, d.y(0.5), "middle", "", d.words.hidden)
	}
	d.bands(c.mapping(open, student), student)
	if result.Status == Converted {
		for _, edge := range []Number{result.Interval.Low, result.Interval.High} {
			fmt.Fprintf(&d, `<line class="edge" x1="%d" y1="%s" x2="%d" y2="%[2]s"/>`+"\n", hostBar+barWidth, d.at(share(edge)), homeBar)
		}
	}
	d.column(hostBar, host, false)
	d.column(homeBar, home, true)
	d.WriteString("</svg>\n")
	return io.WriteString(w, d.String())
}

// hostSegments lists the host grades to draw; of a table that is not open, the
// student's and what stands above and below it, without label.
func (c *Converter) hostSegments(student int, open bool, w *words) []segment {
	var out []segment
	for i, rank := range c.host.graded {
		s := segment{label: c.host.scale.grades[rank].Label, class: "plain"}
		interval := c.host.interval(i)
		s.lo, s.hi = share(interval.Low), share(interval.High)
		if rank == student {
			s.class = "mark"
		}
		switch {
		case rank == student && !open:
			return []segment{{lo: 0, hi: s.lo, class: "plain"}, s, {lo: s.hi, hi: 1, class: "plain", note: w.hidden}}
		case rank == student || s.hi > s.lo:
			out = append(out, s)
		}
	}
	if !open {
		return []segment{{lo: 0, hi: 1, class: "plain"}}
	}
	return out
}

// homeSegments lists the awarded home grades, candidates with their shares.
func (c *Converter) homeSegments(r Result, w *words) []segment {
	var out []segment
	for i, rank := range c.home.graded {
		s := segment{label: c.home.scale.grades[rank].Label, class: "plain"}
		interval := c.home.interval(i)
		s.lo, s.hi = share(interval.Low), share(interval.High)
		for _, candidate := range r.Candidates {
			if candidate.Grade == s.label {
				s.class = "candidate"
				if candidate.Share.Sign() > 0 {
					places := 1
					if utf8.RuneCountInString(s.label) > 6 {
						places = 0
					}
					s.note = w.percent(candidate.Share, places)
				}
			}
		}
		if s.label == r.Suggestion {
			s.class = "mark"
		}
		if s.hi > s.lo {
			out = append(out, s)
		}
	}
	return out
}

// band leads from a host grade to its place in the home grade suggested for it.
type band struct {
	rank              int
	lo, hi, low, high float64
}

// mapping returns the bands. Host grades that go to one home grade share it in
// proportion, so that no two bands cross.
func (c *Converter) mapping(open bool, student int) []band {
	var bands []band
	target := map[string][2]float64{}
	for i, rank := range c.home.graded {
		interval := c.home.interval(i)
		target[c.home.scale.grades[rank].Label] = [2]float64{share(interval.Low), share(interval.High)}
	}
	taken, used := map[string]float64{}, map[string]float64{}
	for pass := range 2 {
		for i, rank := range c.host.graded {
			r := c.rows[rank].result
			interval := c.host.interval(i)
			width := share(interval.High) - share(interval.Low)
			if r.Status != Converted || width == 0 {
				continue
			}
			if pass == 0 {
				taken[r.Suggestion] += width
				continue
			}
			to := target[r.Suggestion]
			start := to[0] + (to[1]-to[0])*used[r.Suggestion]/taken[r.Suggestion]
			used[r.Suggestion] += width
			if end := to[0] + (to[1]-to[0])*used[r.Suggestion]/taken[r.Suggestion]; open || rank == student {
				bands = append(bands, band{rank, share(interval.Low), share(interval.High), start, end})
			}
		}
	}
	return bands
}

// share turns an exact share into a place on the drawing, the only use of
// floating point here.
func share(n Number) float64 {
	f, _ := new(big.Float).SetRat(n.value()).Float64()
	return f
}

// drawing is an SVG picture in the making.
type drawing struct {
	strings.Builder
	words              *words
	title, description string
	height             float64
}

func (d *drawing) y(share float64) float64 { return chartTop + share*d.height }

func (d *drawing) at(share float64) string { return point(d.y(share)) }

// point writes a coordinate with one decimal.
func point(v float64) string { return strconv.FormatFloat(v, 'f', 1, 64) }

const chartStyle = `<style>
.chart{background:#fff}
.chart text{font:16px system-ui,"Segoe UI","DejaVu Sans",sans-serif;fill:#222}
.chart .title{font-size:18px;font-weight:700}.chart .head{font-weight:700}.chart .small{font-size:14px;fill:#555}.chart .strong{font-weight:700}
.chart rect{stroke:#777;stroke-width:.7}.chart .plain{fill:#f1f1f1}.chart .candidate{fill:#9dbbdc}.chart .mark{fill:#17457a;stroke:#0b2545;stroke-width:1.5}
.chart .band{fill:#e6e6e6;stroke:#fff;stroke-width:1}.chart .band.odd{fill:#d8d8d8}.chart .band.mark{fill:#5d86b5;stroke:#17457a}
.chart line{stroke:#999;stroke-width:.7}.chart .edge{stroke:#17457a;stroke-dasharray:5 3;stroke-width:1.2}
</style>
`

// begin writes the head: title, names, axis.
func (d *drawing) begin(c *Converter) {
	h := int(d.height) + chartTop + chartFoot
	fmt.Fprintf(d, `<svg xmlns="http://www.w3.org/2000/svg" class="chart" role="img" viewBox="0 0 %d %d" width="%[1]d" height="%[2]d">`+"\n", chartWidth, h)
	fmt.Fprintf(d, "<title>%s</title>\n", html.EscapeString(d.title))
	if d.description != "" {
		fmt.Fprintf(d, "<desc>%s</desc>\n", html.EscapeString(d.description))
	}
	d.WriteString(chartStyle)
	d.text(0, 20, "start", "title", cut(d.title, 50))
	d.text(0, 48, "start", "head", d.words.hostColumn)
	d.text(0, 66, "start", "small", cut(institution(c.host), 32))
	d.text(chartWidth, 48, "end", "head", d.words.homeColumn)
	d.text(chartWidth, 66, "end", "small", cut(institution(c.home), 32))
	for tick := 0; tick <= 100; tick += 20 {
		y := d.y(float64(tick) / 100)
		d.text(axisEnd-6, y+4, "end", "small", strconv.Itoa(tick)+d.words.before+"%")
		fmt.Fprintf(d, `<line x1="%d" y1="%s" x2="%d" y2="%[2]s"/>`+"\n", axisEnd-4, point(y), axisEnd+2)
	}
	d.text(0, float64(h)-10, "start", "small", d.words.axis)
	x := 0.0
	for _, key := range [][2]string{{"mark", d.words.marked}, {"candidate", d.words.overlapping}} {
		if d.description != "" {
			fmt.Fprintf(d, `<rect class="%s" x="%s" y="%d" width="13" height="13"/>`+"\n", key[0], point(x+1), h-43)
			d.text(x+20, float64(h)-32, "start", "small", key[1])
			x += chartWidth / 2
		}
	}
}

func institution(t *Table) string {
	if t.identity.Institution != "" {
		return t.identity.Institution
	}
	return t.identity.Name()
}

// cut shortens a text to n characters.
func cut(s string, n int) string {
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	return string([]rune(s)[:n-1]) + "…"
}

func (d *drawing) text(x, y float64, anchor, class, s string) {
	fmt.Fprintf(d, `<text x="%s" y="%s" text-anchor="%s"`, point(x), point(y), anchor)
	if class != "" {
		fmt.Fprintf(d, ` class="%s"`, class)
	}
	fmt.Fprintf(d, ">%s</text>\n", html.EscapeString(s))
}

// bands draws the mapping, the student's band last so that it is on top.
func (d *drawing) bands(bands []band, student int) {
	left, right := hostBar+barWidth, homeBar
	draw := func(b band, class string) {
		fmt.Fprintf(d, `<polygon class="%s" points="%d,%s %d,%s %[4]d,%[6]s %[2]d,%[7]s"/>`+"\n", class, left, d.at(b.lo), right, d.at(b.low), d.at(b.high), d.at(b.hi))
	}
	for i, b := range bands {
		if class := "band"; b.rank != student {
			if i%2 == 1 {
				class = "band odd"
			}
			draw(b, class)
		}
	}
	for _, b := range bands {
		if b.rank == student {
			draw(b, "band mark")
		}
	}
}

// column draws a bar and its labels, on the left of the host's and on the right
// of the home's, pushed apart where they would touch.
func (d *drawing) column(x int, segments []segment, right bool) {
	var labelled []segment
	for _, s := range segments {
		fmt.Fprintf(d, `<rect class="%s" x="%d" y="%s" width="%d" height="%s"/>`+"\n", s.class, x, d.at(s.lo), barWidth, point(max((s.hi-s.lo)*d.height, 0.5)))
		if s.label != "" {
			labelled = append(labelled, s)
		}
		if s.label == "" && s.note != "" {
			d.text(float64(x), d.y(1)+18, "start", "small", s.note)
		}
	}
	places := d.spread(labelled)
	for i, s := range labelled {
		middle := d.y((s.lo + s.hi) / 2)
		class := ""
		if s.class == "mark" {
			class = "strong"
		}
		if right {
			d.leader(x+barWidth, middle, x+barWidth+14, places[i])
			text := cut(s.label, labelMax)
			if s.note != "" {
				text += " (" + s.note + ")"
			}
			if s.class == "mark" {
				text = "◀ " + text
			}
			d.text(float64(x+barWidth+18), places[i]+5, "start", class, text)
			continue
		}
		d.leader(x, middle, x-14, places[i])
		text := cut(s.label, labelMax)
		if s.class == "mark" {
			text += " ▶"
		}
		d.text(float64(x-18), places[i]+5, "end", class, text)
	}
}

func (d *drawing) leader(x1 int, y1 float64, x2 int, y2 float64) {
	fmt.Fprintf(d, `<line x1="%d" y1="%s" x2="%d" y2="%s"/>`+"\n", x1, point(y1), x2, point(y2))
}

// spread returns the height of each label: the middle of its segment where there
// is room, else the nearest place that keeps labels in order and apart.
func (d *drawing) spread(segments []segment) []float64 {
	out := make([]float64, len(segments))
	for i, s := range segments {
		out[i] = d.y((s.lo + s.hi) / 2)
		if i > 0 {
			out[i] = max(out[i], out[i-1]+labelSpace)
		}
	}
	bottom := d.y(1)
	for i := len(out) - 1; i >= 0; i-- {
		out[i] = min(out[i], bottom)
		bottom = out[i] - labelSpace
	}
	return out
}
