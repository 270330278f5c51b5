package cvectest

import (
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
)

// Fault is a kind of trouble.
type Fault string

// The faults.
const (
	NoFault Fault = ""

	Down         Fault = "503"           // with a page of HTML
	Internal     Fault = "500"           // with {"code","message"}
	TooMany      Fault = "429"           // with Retry-After
	Page         Fault = "page-200"      // 200 with a page of HTML
	PageBad      Fault = "page-400"      // 400 with a page of HTML: says nothing of a certificate
	PageNotFound Fault = "page-404"      // 404 with a page of HTML: the same
	CodeMissing  Fault = "404"           // the service's own 404
	Null         Fault = "null"          // 200 with null
	NoState      Fault = "no-state"      // 200 with everything but the state
	WrongType    Fault = "wrong-type"    // 200 with lists where texts should be
	WrongCharset Fault = "wrong-charset" // bytes that are not UTF-8
	Truncated    Fault = "truncated"     // half of the body, then the connection is cut
	Cut          Fault = "cut"           // the connection is cut
	Slow         Fault = "slow"          // after Config.Delay
)

// AllFaults lists the kinds of trouble.
func AllFaults() []Fault {
	return []Fault{
		Down, Internal, TooMany, Page, PageBad, PageNotFound, CodeMissing, Null, NoState, WrongType, WrongCharset, Truncated, Cut, Slow,
	}
}

// Script sets the faults of the next requests, one by one, before any draw; [NoFault]
// lets one through.
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

// draw picks the fault of the next request. The caller holds the lock.
func (s *Service) draw() Fault {
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

// spoil puts a fault in the place of an answer, or into it.
func (f Fault) spoil(r reply) reply {
	page := func(status int) reply {
		return reply{status, "text/html; charset=utf-8", []byte("<html><body>Service momentanément indisponible</body></html>\n")}
	}
	switch f {
	case Down:
		return page(http.StatusServiceUnavailable)
	case Internal:
		return refusal(http.StatusInternalServerError, "Erreur interne")
	case TooMany:
		return refusal(http.StatusTooManyRequests, "Trop de requêtes")
	case Page:
		return page(http.StatusOK)
	case PageBad:
		return page(http.StatusBadRequest)
	case PageNotFound:
		return page(http.StatusNotFound)
	case CodeMissing:
		return refusal(http.StatusNotFound, "Le code est manquant")
	case Null:
		return reply{http.StatusOK, "application/json", []byte("null")}
	case NoState:
		return reply{http.StatusOK, "application/json", []byte(`{"nom":"INCONNU","prenom":"Alix","etat":null,"exoneration":null}`)}
	case WrongType:
		return reply{http.StatusOK, "application/json", []byte(`{"nom":["INCONNU"],"etat":[75]}`)}
	case WrongCharset:
		r.body = append(slices.Clone(r.body), 0xE9)
	}
	return r
}
