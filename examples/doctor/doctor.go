package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/passerelle-sup/passerelle/adapters/site"
)

// The states of a finding.
const (
	stateOK        = "ok"
	stateFault     = "fault"
	stateUnchecked = "unchecked" // no harmless call tells it
)

// finding is one line of the answer.
type finding struct {
	Service string `json:"service"`
	Check   string `json:"check"`
	OK      bool   `json:"ok"` // false for a fault
	State   string `json:"state"`
	Detail  string `json:"detail"`
	Fix     string `json:"fix"`
}

// service is a section of the configuration and how it is checked.
type service struct {
	name       string
	configured func(*site.Config) bool
	check      func(context.Context, *doctor)
}

// services are checked in this order.
var services = []service{
	{"pegase", func(c *site.Config) bool { return c.Pegase != nil }, checkPegase},
	{"apogee", func(c *site.Config) bool { return c.Apogee != nil }, checkApogee},
	{"sql", func(c *site.Config) bool { return c.SQL != nil }, checkSQL},
	{"ines", func(c *site.Config) bool { return c.INES != nil }, checkINES},
	{"particulier", func(c *site.Config) bool { return c.Particulier != nil }, checkParticulier},
	{"supdata", func(c *site.Config) bool { return c.SUPDATA != nil }, checkSUPDATA},
	{"aglae", func(c *site.Config) bool { return c.AGLAE != nil }, checkAGLAE},
	{"cvec", func(c *site.Config) bool { return c.CVEC != nil }, checkCVEC},
	{"router", func(c *site.Config) bool { return c.Router != nil }, checkRouter},
	{"ewp", func(c *site.Config) bool { return c.EWP != nil }, checkEWP},
}

// names lists the services, for people.
func names() []string {
	var out []string
	for _, s := range services {
		out = append(out, s.name)
	}
	return out
}

// doctor collects findings. It is not safe for concurrent use.
type doctor struct {
	cfg      *site.Config
	opts     options
	out      io.Writer
	now      func() time.Time
	service  string // that is being checked
	findings []finding
	err      error // of the output
}

func (d *doctor) add(check, state, detail, fix string) {
	f := finding{d.service, check, state != stateFault, state, detail, fix}
	d.findings = append(d.findings, f)
	line, err := json.Marshal(f)
	if err == nil {
		_, err = d.out.Write(append(line, '\n'))
	}
	if err != nil && d.err == nil {
		d.err = err
	}
}

func (d *doctor) ok(check, format string, args ...any) {
	d.add(check, stateOK, fmt.Sprintf(format, args...), "")
}

func (d *doctor) fault(check, detail, fix string) { d.add(check, stateFault, detail, fix) }

func (d *doctor) unchecked(check, detail, fix string) { d.add(check, stateUnchecked, detail, fix) }

// bounded is the context of one check.
func (d *doctor) bounded(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, d.opts.timeout)
}

// print writes the findings for people and returns how many are faults.
func (d *doctor) print(w io.Writer) int {
	faults := 0
	table := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	for _, f := range d.findings {
		mark := map[string]string{stateOK: "ok", stateFault: "FAULT", stateUnchecked: "-"}[f.State]
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", mark, f.Service, f.Check, f.Detail)
		if f.Fix != "" {
			fmt.Fprintf(table, "\t\t\t→ %s\n", f.Fix)
		}
		if f.State == stateFault {
			faults++
		}
	}
	if err := table.Flush(); err != nil && d.err == nil {
		d.err = err
	}
	plural := "s"
	if faults == 1 {
		plural = ""
	}
	fmt.Fprintf(w, "%d checks, %d fault%s.\n", len(d.findings), faults, plural)
	return faults
}

// cut shortens what a service said to one line.
func cut(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	if len(s) > 300 {
		s = strings.ToValidUTF8(s[:300], "") + "…"
	}
	return s
}
