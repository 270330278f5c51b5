package egracons

import (
	_ "embed"
	"html/template"
	"io"
	"strings"
)

//go:embed page.html
var pageSource string

var pageTemplate = template.Must(template.New("page").Parse(pageSource))

// PageOptions says what a page shows.
type PageOptions struct {
	Lang Lang
	// Charts adds a chart to the explanation of each grade.
	Charts bool
	// ShowHost draws host tables that are not published; see [ChartOptions].
	ShowHost bool
}

// pageData is what the template prints.
type pageData struct {
	Lang   Lang
	Words  map[string]string
	Facts  [][2]string
	Rows   []pageRow
	Mean   string
	MeanOf string
	// SomeLeft tells that some rows are not in the mean.
	SomeLeft bool
}

type pageRow struct {
	Code, Title, Credits, Grade, Position, Candidates, Suggestion, Status, Approved, Error string
	Explanation                                                                            []string
	Chart                                                                                  template.HTML
	Left                                                                                   bool
}

// WritePage writes the report as one HTML page that prints on paper and reads on
// a telephone: what was converted, into what, why, and where to sign. It loads
// nothing and runs no script. The host's table is not on it unless it is published
// or the options say so.
func (r *Report) WritePage(w io.Writer, options PageOptions) error {
	words := wordsOf(options.Lang)
	t := r.Transcript
	data := pageData{Lang: words.lang, Words: words.page()}
	for _, fact := range [][2]string{{words.reference, t.ID}, {words.date, dateText(words, t)}, {words.from, t.Host.Name}, {words.to, t.Home.Name},
		{words.rules, words.policy[r.Rules.Policy]}} {
		if fact[1] != "" {
			data.Facts = append(data.Facts, fact)
		}
	}
	for _, line := range r.Lines {
		row, err := line.row(words, options)
		if err != nil {
			return err
		}
		data.Rows = append(data.Rows, row)
	}
	if m := r.Mean; m != nil {
		data.Mean = words.number(m.Value.Decimal(2))
		data.MeanOf = words.meanText(m.Courses, len(r.Lines))
		data.SomeLeft = len(m.Left) > 0
		for _, i := range m.Left {
			data.Rows[i].Left = true
		}
	}
	return pageTemplate.Execute(w, data)
}

func dateText(w *words, t Transcript) string {
	if w.lang == French {
		return t.Date.French()
	}
	return t.Date.String()
}

// row prints one line.
func (l Line) row(w *words, options PageOptions) (pageRow, error) {
	row := pageRow{Code: l.Course.Code, Title: l.Course.Title, Credits: w.number(l.Course.Credits.String()), Grade: l.Course.Grade, Approved: l.Approved.Grade}
	if l.Err != nil {
		row.Error, row.Status = w.problem(l.Course.Grade, l.Err), w.notConverted
		return row, nil
	}
	r := l.Result
	row.Suggestion, row.Status = r.Suggestion, w.status[r.Status]
	if r.Mark.IsSet() {
		row.Suggestion = strings.TrimSpace(r.Suggestion + " (" + w.number(r.Mark.Decimal(2)) + ")")
	}
	row.Explanation = strings.Split(r.Explain(options.Lang), "\n")
	if r.Status != Converted {
		return row, nil
	}
	row.Position = w.percent(r.Interval.Low, 1) + " – " + w.percent(r.Interval.High, 1)
	var candidates []string
	for _, c := range r.Candidates {
		candidates = append(candidates, c.Grade)
	}
	row.Candidates = strings.Join(candidates, ", ")
	if options.Charts && l.converter != nil {
		var chart strings.Builder
		if err := l.converter.WriteChart(&chart, ChartOptions{Grade: l.Course.Grade, Lang: options.Lang, ShowHost: options.ShowHost}); err != nil {
			return row, err
		}
		row.Chart = template.HTML(chart.String()) // escaped as it was drawn
	}
	return row, nil
}

// page lists the texts of the template.
func (w *words) page() map[string]string {
	return map[string]string{"title": w.title, "course": w.course, "credits": w.credits, "grade": w.grade, "position": w.position, "candidate": w.candidate,
		"suggestion": w.suggestion, "approved": w.approved, "mean": w.mean, "left": w.left, "why": w.why, "byHand": w.byHand}
}
