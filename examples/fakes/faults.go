package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
)

// faults are the kinds of trouble of one service, under one set of names for all.
type faults struct {
	kinds      []string
	operations []string // those whose next requests can be told apart; none: all together
	single     bool     // one fault at a time

	setShares func(map[string]float64) error     // nil: it draws none
	setNext   func(operation string, k []string) // nil: it takes no script
	setAlways func(k []string)                   // nil: no fault stays in force
	presets   map[string]map[string]float64      // by day
	mu        sync.Mutex
	shares    map[string]float64
	always    []string
}

// days are what -faults and a preset may be; "none" makes no trouble.
var days = []string{"none", "mild", "harsh"}

// even gives the same share to some kinds of trouble.
func even[F ~string](share float64, kinds ...F) map[string]float64 {
	shares := make(map[string]float64)
	for _, k := range kinds {
		shares[string(k)] = share
	}
	return shares
}

// texts are kinds of trouble as texts.
func texts[F ~string](kinds []F) []string {
	out := make([]string, 0, len(kinds))
	for _, k := range kinds {
		if k != "" {
			out = append(out, string(k))
		}
	}
	return out
}

// typed are texts as the faults of a fake.
func typed[F ~string](kinds []string) []F {
	out := make([]F, len(kinds))
	for i, k := range kinds {
		out[i] = F(k)
	}
	return out
}

// typedShares are shares by the faults of a fake.
func typedShares[F ~string](shares map[string]float64) map[F]float64 {
	out := make(map[F]float64, len(shares))
	for k, share := range shares {
		out[F(k)] = share
	}
	return out
}

// panel is what a service offers of its faults.
type panel struct {
	Kinds      []string           `json:"kinds"`
	Operations []string           `json:"operations,omitempty"`
	Shares     map[string]float64 `json:"shares,omitempty"`
	Always     []string           `json:"always,omitempty"`
	Takes      []string           `json:"takes"` // the forms of a change
}

func (f *faults) panel() panel {
	f.mu.Lock()
	defer f.mu.Unlock()
	p := panel{Kinds: f.kinds, Operations: f.operations, Shares: maps.Clone(f.shares), Always: slices.Clone(f.always)}
	if f.setShares != nil {
		p.Takes = append(p.Takes, "shares", "preset")
	}
	if f.setNext != nil {
		p.Takes = append(p.Takes, "next")
	}
	if f.setAlways != nil {
		p.Takes = append(p.Takes, "always")
	}
	return p
}

// change is what PUT /SERVICE/faults takes: one of its forms.
type change struct {
	Preset    string             `json:"preset"`
	Shares    map[string]float64 `json:"shares"`
	Next      []string           `json:"next"` // "" lets a request through
	Always    []string           `json:"always"`
	Operation string             `json:"operation"` // of next and always
}

func (f *faults) change(c change) error {
	given := 0
	for _, is := range []bool{c.Preset != "", c.Shares != nil, c.Next != nil, c.Always != nil} {
		if is {
			given++
		}
	}
	if given != 1 {
		return badRequest(`want one of {"preset":"mild"}, {"shares":{"503":0.1}}, {"next":["503",""]}, {"always":["slow"]}`)
	}
	if f.single && len(c.Next)+len(c.Always) > 1 {
		return badRequest("this service takes one fault at a time")
	}
	if c.Operation != "" && !slices.Contains(f.operations, c.Operation) {
		return badRequest(fmt.Sprintf("operation %q: want one of %s", c.Operation, strings.Join(f.operations, ", ")))
	}
	for _, k := range slices.Concat(c.Next, c.Always, slices.Collect(maps.Keys(c.Shares))) {
		if k != "" && !slices.Contains(f.kinds, k) {
			return badRequest(fmt.Sprintf("fault %q: want one of %s", k, strings.Join(f.kinds, ", ")))
		}
	}
	switch {
	case c.Next != nil:
		return f.script(c)
	case c.Always != nil:
		return f.stay(c)
	case c.Preset != "":
		if !slices.Contains(days, c.Preset) {
			return badRequest(fmt.Sprintf("preset %q: want none, mild or harsh", c.Preset))
		}
		c.Shares = f.presets[c.Preset]
	}
	return f.draw(c.Shares)
}

// script sets the faults of the next requests.
func (f *faults) script(c change) error {
	switch {
	case f.setNext == nil:
		return badRequest("next: this service takes no script")
	case c.Operation == "" && len(f.operations) > 0:
		return badRequest("next: which operation: want one of " + strings.Join(f.operations, ", "))
	}
	f.setNext(c.Operation, c.Next)
	return nil
}

// stay puts faults in force until the next change.
func (f *faults) stay(c change) error {
	if f.setAlways == nil {
		return badRequest("always: no fault of this service stays; use shares or next")
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.always = c.Always
	f.setAlways(c.Always)
	return nil
}

// draw sets the shares of trouble.
func (f *faults) draw(shares map[string]float64) error {
	if f.setShares == nil {
		return badRequest("shares: this service draws no faults")
	}
	sum := 0.0
	for k, share := range shares {
		if !(share >= 0 && share <= 1) || k == "" {
			return badRequest(fmt.Sprintf("shares: %q: want from 0 to 1", k))
		}
		sum += share
	}
	if sum > 1+1e-9 {
		return badRequest("shares: want 1 at the most in sum")
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.setShares(shares); err != nil {
		return badRequest(err.Error())
	}
	f.shares = maps.Clone(shares)
	return nil
}

// withFaults gives a service its faults, and the day that -faults asks for.
func (h *house) withFaults(f *fake, of *faults) error {
	f.faults = of
	if of.setShares == nil {
		return nil
	}
	return of.draw(of.presets[h.options.faults])
}
