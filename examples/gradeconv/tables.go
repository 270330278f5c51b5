package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/passerelle-sup/passerelle/egracons"
)

// line is what is printed for one host grade.
type line struct {
	HostGrade   string            `json:"host_grade"`
	Status      string            `json:"status,omitzero"` // "failed", "pass-only"; absent when converted
	Lo          string            `json:"lo,omitzero"`     // percent from the best grade, four decimals
	Hi          string            `json:"hi,omitzero"`
	Candidates  []candidate       `json:"candidates"`
	Suggestion  string            `json:"suggestion,omitzero"`
	Policy      string            `json:"policy,omitzero"`
	ByPolicy    map[string]string `json:"by_policy,omitempty"`
	Average     string            `json:"average,omitzero"` // four decimals, of an averaging policy
	Warnings    []string          `json:"warnings"`
	Explanation string            `json:"explanation,omitzero"`
	Error       string            `json:"error,omitzero"`
}

type candidate struct {
	Grade string `json:"grade"`
	Share string `json:"share"` // four decimals
	Left  bool   `json:"left_out,omitzero"`
}

// order is what the command line asks for.
type order struct {
	grade, explain, chart string
	rules                 egracons.Rules
	all                   bool
	host, home            *egracons.Table
}

// tables converts the grades of a table.
func tables(args []string, stdout, stderr io.Writer) error {
	f := flags("gradeconv", stderr)
	var o order
	file := f.String("tables", "", "CSV `file` of grade tables")
	host := f.String("host", "", "`ID` of the table of the host institution, where the grade was given")
	home := f.String("home", "", "`ID` of the table of the home institution, which recognises it")
	policy := f.String("policy", "", "`policy` that chooses among the candidates, or all")
	tie := f.String("tie", "", "who wins where two are equally right: better or worse (default better)")
	share := f.String("min-share", "", "leave out candidates with a smaller `share`, 0 to 1")
	f.StringVar(&o.grade, "grade", "", "convert this `grade` only")
	f.StringVar(&o.explain, "explain", "", "add an explanation in this `language`: en or fr")
	f.StringVar(&o.chart, "chart", "", "draw both tables into this SVG `file`")
	if err := parse(f, args, "tables", "host", "home", "policy"); err != nil {
		return err
	}
	if err := o.setRules(*policy, *tie, *share, stderr); err != nil {
		return err
	}
	if o.explain != "" && o.explain != "en" && o.explain != "fr" {
		return wrong("-explain: en or fr, not %q", o.explain)
	}
	if err := o.load(*file, *host, *home, stderr); err != nil {
		return err
	}
	return o.convert(stdout, stderr)
}

// setRules reads the rules.
func (o *order) setRules(policy, tie, share string, stderr io.Writer) (err error) {
	o.rules.Policy, o.all = egracons.Midpoint, policy == "all"
	if o.all {
		fmt.Fprintln(stderr, "gradeconv: policy all: the suggestion is that of midpoint, the others are in by_policy")
	} else if o.rules.Policy, err = egracons.ParsePolicy(policy); err != nil {
		return wrong("-policy: %v", err)
	}
	o.rules.Tie = egracons.Better
	if tie == "" {
		fmt.Fprintln(stderr, "gradeconv: ties go to the better grade (-tie better, the default)")
	} else if o.rules.Tie, err = egracons.ParseTie(tie); err != nil {
		return wrong("-tie: %v", err)
	}
	if share != "" {
		o.rules.MinShare, err = egracons.ParseNumber(share)
		if err != nil || o.rules.MinShare.Sign() < 0 || o.rules.MinShare.Cmp(egracons.Int(1)) > 0 {
			return wrong("-min-share: a decimal from 0 to 1, not %q", share)
		}
	}
	return nil
}

// load finds the two tables. Another table of the file that is wrong is told and
// does not matter.
func (o *order) load(file, host, home string, stderr io.Writer) error {
	data, err := os.Open(file)
	if err != nil {
		return err
	}
	defer data.Close()
	found := map[string]*egracons.Table{}
	for table, err := range egracons.ReadTables(data, egracons.PublishedLayout()) {
		if bad, ok := errors.AsType[*egracons.Error](err); ok && bad.Table != "" && bad.Table != host && bad.Table != home {
			fmt.Fprintln(stderr, "gradeconv: left out:", err)
			continue
		}
		if err != nil {
			return err
		}
		found[table.Identity().ID] = table
	}
	for _, side := range []struct {
		flag, id string
		table    **egracons.Table
	}{{"-host", host, &o.host}, {"-home", home, &o.home}} {
		if *side.table = found[side.id]; *side.table == nil {
			return wrong("%s: no table %q in the file; it has %s", side.flag, side.id, strings.Join(slices.Sorted(maps.Keys(found)), ", "))
		}
	}
	return nil
}

// convert prints the lines and draws the chart.
func (o *order) convert(stdout, stderr io.Writer) error {
	converters := map[egracons.Policy]*egracons.Converter{}
	policies := []egracons.Policy{o.rules.Policy}
	if o.all {
		policies = egracons.Policies()
	}
	for _, policy := range policies {
		rules := o.rules
		rules.Policy = policy
		c, err := egracons.NewConverter(o.host, o.home, rules)
		if err != nil && policy == o.rules.Policy {
			return &exitError{refused, err}
		} else if err != nil {
			fmt.Fprintf(stderr, "gradeconv: %s left out: %v\n", policy, err)
			continue
		}
		converters[policy] = c
	}
	grades, failing := o.grades()
	if len(failing) > 0 {
		fmt.Fprintln(stderr, "gradeconv: failing grades, not converted:", strings.Join(failing, ", "))
	}
	write := printer(stdout)
	bad := 0
	for _, grade := range grades {
		l := o.line(grade, converters)
		if l.Error != "" || l.Status != "" {
			bad++
		}
		if err := write(l); err != nil {
			return err
		}
	}
	if err := o.draw(converters[o.rules.Policy]); err != nil {
		return err
	}
	if bad > 0 {
		return &exitError{refused, fmt.Errorf("%d of %d grades not converted", bad, len(grades))}
	}
	return nil
}

// grades returns what to convert, and which grades of the table are not.
func (o *order) grades() (grades, failing []string) {
	if o.grade != "" {
		return []string{o.grade}, nil
	}
	for _, g := range o.host.Scale().Grades() {
		if g.Passing {
			grades = append(grades, g.Label)
		} else {
			failing = append(failing, g.Label)
		}
	}
	return grades, failing
}

// line converts one grade.
func (o *order) line(grade string, converters map[egracons.Policy]*egracons.Converter) line {
	l := line{HostGrade: grade, Candidates: []candidate{}, Warnings: []string{}}
	r, err := converters[o.rules.Policy].Convert(grade)
	if err != nil {
		l.Error = err.Error()
		return l
	}
	l.HostGrade, l.Policy = r.Grade, r.Policy.String()
	if o.explain != "" {
		l.Explanation = r.Explain(egracons.Lang(o.explain))
	}
	if r.Status != egracons.Converted {
		l.Status = r.Status.String()
		return l
	}
	l.Lo, l.Hi = r.Interval.Low.Percent(4), r.Interval.High.Percent(4)
	l.Suggestion, l.Average = r.Suggestion, r.Average.Decimal(4)
	for _, c := range r.Candidates {
		l.Candidates = append(l.Candidates, candidate{c.Grade, c.Share.Decimal(4), !c.Kept})
	}
	for _, w := range r.Warnings {
		l.Warnings = append(l.Warnings, w.String())
	}
	if o.all {
		l.ByPolicy = map[string]string{}
		for policy, c := range converters {
			if suggestion, err := c.Grade(grade); err == nil {
				l.ByPolicy[policy.String()] = suggestion
			}
		}
	}
	return l
}

// draw writes the chart. The tables are the user's own: both are shown. A grade
// that does not convert is not marked.
func (o *order) draw(c *egracons.Converter) error {
	if o.chart == "" {
		return nil
	}
	options := egracons.ChartOptions{ShowHost: true, Lang: egracons.Lang(o.explain)}
	if r, err := c.Convert(o.grade); err == nil && r.Status == egracons.Converted {
		options.Grade = o.grade
	}
	var svg bytes.Buffer
	if err := c.WriteChart(&svg, options); err != nil {
		return err
	}
	return os.WriteFile(o.chart, svg.Bytes(), 0o644)
}
