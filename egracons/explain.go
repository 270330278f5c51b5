package egracons

import (
	"fmt"
	"strings"
)

// Lang is a language of explanations, charts and pages.
type Lang string

// Languages. Any other value reads as English.
const (
	English Lang = "en"
	French  Lang = "fr"
)

// Explain tells a student, a teacher or a board how the result came about: where
// the grade stands among the passing grades of the host, which home grades stand
// there, how the rule chose, and what to look at twice. One sentence a line. It
// tells the host's interval and never its table.
func (r Result) Explain(lang Lang) string {
	w := wordsOf(lang)
	var lines []string
	say := func(format string, args ...any) { lines = append(lines, fmt.Sprintf(format, args...)) }
	host, home := w.origin(r.Host), w.origin(r.Home)
	switch r.Status {
	case Failed:
		return fmt.Sprintf(w.failed, r.Grade, host)
	case PassOnly:
		say(w.passOnly, r.Grade, host)
		if r.Mark.IsSet() {
			say(w.ownAverage, w.number(r.Mark.String()))
			if r.Suggestion != "" {
				say(w.suggested, r.Suggestion)
			}
		} else {
			say("%s", w.noMark)
		}
	case Converted:
		r.explainConverted(w, say, host, home)
	default:
		return ""
	}
	for _, warning := range r.Warnings {
		lines = append(lines, w.warning(warning))
	}
	return strings.Join(append(lines, w.approval), "\n")
}

func (r Result) explainConverted(w *words, say func(string, ...any), host, home string) {
	if r.Given != r.Grade {
		say(w.binned, r.Given, r.Grade)
	}
	low, high := w.percent(r.Interval.Low, 2), w.percent(r.Interval.High, 2)
	better := w.noneBetter
	if r.Interval.Low.Sign() > 0 {
		better = fmt.Sprintf(w.someBetter, low)
	}
	if r.Interval.IsEmpty() {
		say(w.point, r.Grade, host, low)
	} else {
		say(w.interval, r.Grade, host, low, high, better)
	}
	var parts, dropped []string
	for _, c := range r.Candidates {
		text := c.Grade
		if !r.Interval.IsEmpty() {
			text = fmt.Sprintf("%s (%s)", c.Grade, w.percent(c.Share, 2))
		}
		if c.Kept {
			parts = append(parts, text)
		} else {
			dropped = append(dropped, text)
		}
	}
	say(w.candidates, home, w.list(parts))
	if len(dropped) > 0 {
		say(w.dropped, w.list(dropped), w.percent(r.MinShare, 2))
	}
	say("%s %s", fmt.Sprintf(w.rule, w.policy[r.Policy]), w.tie[r.Tie])
	if r.Average.IsSet() {
		say(w.average, w.number(r.Average.Decimal(4)))
	}
	say(w.suggested, r.Suggestion)
	if r.Mark.IsSet() {
		say(w.continuous, w.number(r.Mark.Decimal(2)))
	}
}
