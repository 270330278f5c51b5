package supdatatest

import (
	"maps"
	"math/rand/v2"
	"slices"
)

// Fault is a kind of trouble. Before work nothing was recorded; after work the
// enrolment was, and the client may never know.
type Fault string

// The faults.
const (
	NoFault Fault = ""

	Unavailable  Fault = "503"         // before work
	Maintenance  Fault = "maintenance" // before work: 503 with a page
	TooMany      Fault = "429"         // before work
	Unauthorized Fault = "401"         // before work
	BadValue     Fault = "400"         // before work
	Internal     Fault = "500"         // before work
	PageNotFound Fault = "page-404"    // before work: the page of a proxy, which says nothing of the student
	Cut          Fault = "cut"         // before work: the connection is cut

	Slow          Fault = "slow"          // after work
	AnswerLost    Fault = "answer-lost"   // after work: the connection is cut
	Truncated     Fault = "truncated"     // after work: half of the body
	InternalAfter Fault = "500-after"     // after work
	GatewayAfter  Fault = "504-after"     // after work: a gateway gave up
	PageAfter     Fault = "page-after"    // after work: 200 with a page
	WrongCharset  Fault = "wrong-charset" // after work: bytes that are not UTF-8
	NoNumber      Fault = "no-number"     // after work: 200 without id_inscription
)

// AllFaults lists the kinds of trouble.
func AllFaults() []Fault {
	return []Fault{
		Unavailable, Maintenance, TooMany, Unauthorized, BadValue, Internal, PageNotFound, Cut,
		Slow, AnswerLost, Truncated, InternalAfter, GatewayAfter, PageAfter, WrongCharset, NoNumber,
	}
}

// Script sets the faults of the next requests, one by one, before any draw;
// [NoFault] lets one through.
func (s *Service) Script(faults ...Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.script = append(s.script, faults...)
}

// SetFaults replaces the shares of trouble.
func (s *Service) SetFaults(shares map[Fault]float64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = maps.Clone(shares)
}

// arrive counts a request and picks its fault.
func (s *Service) arrive() Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests++
	s.flying++
	s.peak = max(s.peak, s.flying)
	if len(s.script) > 0 {
		f := s.script[0]
		s.script = s.script[1:]
		return f
	}
	if len(s.faults) == 0 {
		return NoFault
	}
	at := rand.New(rand.NewPCG(s.cfg.Seed, uint64(s.requests))).Float64()
	for _, f := range slices.Sorted(maps.Keys(s.faults)) {
		if at < s.faults[f] {
			return f
		}
		at -= s.faults[f]
	}
	return NoFault
}
