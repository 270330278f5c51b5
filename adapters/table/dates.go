package table

import (
	"strings"
	"time"
)

// pattern is a form of dates, as the mapping writes it.
type pattern struct {
	text string
	at   [6]int // where year, month, day, hour, minute and second start; -1 when absent
}

var patternParts = [6]string{"YYYY", "MM", "DD", "HH", "MI", "SS"}

// parsePattern reads a form: year, month and day once each, and a time from the hour down.
func parsePattern(text string) (pattern, bool) {
	p := pattern{text: text}
	rest := text
	for i, part := range patternParts {
		p.at[i] = strings.Index(text, part)
		if strings.Count(text, part) > 1 {
			return p, false
		}
		rest = strings.ReplaceAll(rest, part, "")
	}
	timed := p.at[3] >= 0
	ok := p.at[0] >= 0 && p.at[1] >= 0 && p.at[2] >= 0 && timed == (p.at[4] >= 0) && (timed || p.at[5] < 0)
	return p, ok && !strings.ContainsFunc(rest, func(r rune) bool { return r >= '0' && r <= '9' || r >= 0x80 })
}

// iso returns v, which has the form p, as YYYY-MM-DD, followed by THH:MM:SS when the
// form has a time. Days and months 00 stay: whoever reads the date judges them.
func (p pattern) iso(v string) (string, bool) {
	if len(v) != len(p.text) {
		return "", false
	}
	number := [len("YYYY-MM-DD HH:MI:SS")]bool{}
	if len(p.text) > len(number) {
		return "", false
	}
	for i, at := range p.at {
		if at >= 0 {
			for j := range len(patternParts[i]) {
				number[at+j] = true
			}
		}
	}
	for i := range len(v) {
		switch {
		case number[i] && (v[i] < '0' || v[i] > '9'):
			return "", false
		case !number[i] && v[i] != p.text[i]:
			return "", false
		}
	}
	part := func(i int) string {
		if p.at[i] < 0 {
			return "00"
		}
		return v[p.at[i] : p.at[i]+len(patternParts[i])]
	}
	out := part(0) + "-" + part(1) + "-" + part(2)
	if p.at[3] >= 0 {
		out += "T" + part(3) + ":" + part(4) + ":" + part(5)
	}
	return out, true
}

// settled returns the latest wall clock time in loc up to which every change is
// visible: overlap before now, and never inside an hour that the end of summer time
// is about to repeat, where a later change would get an earlier time.
func settled(now time.Time, overlap time.Duration, loc *time.Location) time.Time {
	at := now.Add(-overlap).In(loc)
	_, end := at.ZoneBounds()
	if end.IsZero() {
		return at
	}
	_, before := at.Zone()
	_, after := end.Zone()
	// The wall clock shows this time twice: now, and right after the change.
	repeated := end.Add(time.Duration(after-before) * time.Second)
	if after < before && !at.Before(repeated) {
		return repeated.Add(-time.Second)
	}
	return at
}
