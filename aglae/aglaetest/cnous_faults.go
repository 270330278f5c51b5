package aglaetest

import (
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
)

// CnousFault is a kind of trouble.
type CnousFault string

// The faults.
const (
	NoCnousFault CnousFault = ""

	CnousDown         CnousFault = "503"           // with a page of HTML
	CnousError        CnousFault = "500"           // {"status","message"}
	CnousTooMany      CnousFault = "429"           // with Retry-After
	CnousForbidden    CnousFault = "403"           // the role is missing
	CnousPage         CnousFault = "page-200"      // 200 with a page of HTML
	CnousPageNotFound CnousFault = "page-404"      // 404 with a page of HTML: says nothing of anybody
	CnousBadRequest   CnousFault = "400"           // "Mauvais paramètres"
	CnousEmpty        CnousFault = "empty"         // 200 without a body
	CnousEmptyList    CnousFault = "empty-list"    // 200 with []
	CnousNull         CnousFault = "null"          // 200 with null
	CnousNameless     CnousFault = "nameless"      // 200 with {}
	CnousNoStatus     CnousFault = "no-status"     // 200 with a name alone
	CnousWrongType    CnousFault = "wrong-type"    // 200 with a number where a text should be
	CnousWrongCharset CnousFault = "wrong-charset" // bytes that are not UTF-8
	CnousTruncated    CnousFault = "truncated"     // half of the body, then the connection is cut
	CnousCut          CnousFault = "cut"           // the connection is cut before the work
	CnousLost         CnousFault = "lost"          // the work is done, and the connection cut before the answer
	CnousSlow         CnousFault = "slow"          // after CnousConfig.Delay
)

// AllCnousFaults lists the kinds of trouble.
func AllCnousFaults() []CnousFault {
	return []CnousFault{
		CnousDown, CnousError, CnousTooMany, CnousForbidden, CnousPage, CnousPageNotFound, CnousBadRequest, CnousEmpty, CnousEmptyList, CnousNull,
		CnousNameless, CnousNoStatus, CnousWrongType, CnousWrongCharset, CnousTruncated, CnousCut, CnousLost, CnousSlow,
	}
}

// Script sets the faults of the next requests, one by one, before any draw;
// [NoCnousFault] lets one through. Requests for tokens meet none.
func (s *Cnous) Script(faults ...CnousFault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.script = append(s.script, faults...)
}

// SetFaults replaces the shares of trouble.
func (s *Cnous) SetFaults(shares map[CnousFault]float64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = maps.Clone(shares)
}

// draw picks the fault of the next request. The caller holds the lock.
func (s *Cnous) draw() CnousFault {
	if len(s.script) > 0 {
		f := s.script[0]
		s.script = s.script[1:]
		return f
	}
	if len(s.faults) == 0 {
		return NoCnousFault
	}
	at := rand.New(rand.NewPCG(s.cfg.Seed, uint64(s.requests))).Float64()
	for _, f := range slices.Sorted(maps.Keys(s.faults)) {
		if at < s.faults[f] {
			return f
		}
		at -= s.faults[f]
	}
	return NoCnousFault
}

// instead is what a fault answers in place of the service, if it is one of those.
func (f CnousFault) instead() (cnousReply, bool) {
	page := func(status int) (cnousReply, bool) {
		return cnousReply{status: status, media: "text/html", body: []byte("<html><body>Service momentanément indisponible</body></html>\n")}, true
	}
	ok := func(body string) (cnousReply, bool) {
		return cnousReply{status: http.StatusOK, media: "application/json", body: []byte(body)}, true
	}
	switch f {
	case CnousDown:
		return page(http.StatusServiceUnavailable)
	case CnousError:
		return cnousJSON(http.StatusInternalServerError, map[string]any{"status": 500, "message": "Erreur interne"}), true
	case CnousTooMany:
		r := cnousRefusal(http.StatusTooManyRequests, "Trop de requêtes")
		r.header = http.Header{"Retry-After": {"1"}}
		return r, true
	case CnousForbidden:
		return cnousRefusal(http.StatusForbidden, "Accès refusé"), true
	case CnousPage:
		return page(http.StatusOK)
	case CnousPageNotFound:
		return page(http.StatusNotFound)
	case CnousBadRequest:
		return cnousRefusal(http.StatusBadRequest, "Mauvais paramètres"), true
	case CnousEmpty:
		return ok("")
	case CnousEmptyList:
		return ok("[]")
	case CnousNull:
		return ok("null")
	case CnousNameless:
		return ok("{}")
	case CnousNoStatus:
		return ok(`{"lastName":"Inconnu"}`)
	case CnousWrongType:
		return ok(`{"lastName":5,"boursier":"non"}`)
	}
	return cnousReply{}, false
}
