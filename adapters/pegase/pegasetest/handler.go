package pegasetest

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strconv"
	"time"
)

// object is a JSON object under way.
type object map[string]any

// Handler serves the token service and all APIs, at the paths of the real hosts.
func (s *Service) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("POST "+pathToken, s.around(Token, s.token))
	idt := pathIDT + "/etablissements/{structure}/identites"
	mux.Handle("GET "+idt+"/apprenants", s.around(Search, s.search))
	mux.Handle("GET "+idt+"/{id}", s.around(Identity, s.identity))
	mux.Handle("GET "+idt+"/pegase/{pegase}", s.around(Identity, s.identity))
	mux.Handle("GET "+pathINS+"/gestion/flux-inscriptions/pagine", s.around(Flow, s.flow))
	mux.Handle("GET "+pathINS+"/gestion/inscription/{structure}/{code}/{$}", s.around(File, s.file))
	mux.Handle("POST "+pathGestion+"/gestion/apprenants/{structure}/{code}/modifierDonneesIne", s.around(Correction, s.correction))
	odf := pathODF + "/etablissement/{structure}"
	mux.Handle("GET "+odf+"/espaces", s.around(Periods, s.periodList))
	mux.Handle("GET "+odf+"/objets-maquette", s.around(Programmes, s.programmeList))
	mux.Handle("GET "+odf+"/maquette/{id}", s.around(Tree, s.tree))
	mux.Handle("GET "+pathCHC+"/cursus", s.around(Courses, s.courses))
	mux.Handle("GET "+pathCOC+"/etablissements/{structure}/periodes/{period}/apprenants/{code}/chemins/{path}", s.around(Marks, s.marks))
	return mux
}

// answer is what an operation says.
type answer struct {
	status int
	body   any // JSON, or text when it is a string
	header map[string]string
}

// refuse is an error answer.
func refuse(status int, code, message string) answer {
	return answer{status: status, body: object{"code": code, "message": message}}
}

// around stands between the network and an operation: counts, hook, token, faults, form.
func (s *Service) around(op Operation, do func(*http.Request) answer) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fault, n := s.next(op)
		if s.cfg.Before != nil {
			s.cfg.Before(op, n, r.URL.Query())
		}
		a, worked := s.troubled(fault), false
		if a == nil {
			a, worked = s.authorised(op, r), true
		}
		if a == nil {
			s.mu.Lock()
			done := do(r)
			s.mu.Unlock()
			a = &done
		}
		body := s.render(w.Header(), r, a)
		if worked {
			switch fault {
			case AnswerLost:
				panic(http.ErrAbortHandler)
			case Slow:
				s.wait(r)
			}
		}
		w.Header().Set("Date", s.Now().UTC().Format(http.TimeFormat))
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
		w.WriteHeader(a.status)
		if worked && fault == Truncated {
			_, _ = w.Write(body[:len(body)/2])
			_ = http.NewResponseController(w).Flush() // else the half is dropped with the connection
			panic(http.ErrAbortHandler)
		}
		_, _ = w.Write(body)
	})
}

// next counts a request and draws its fault.
func (s *Service) next(op Operation) (Fault, int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.counts[op]++
	if script := s.script[op]; len(script) > 0 {
		s.script[op] = script[1:]
		return script[0], s.counts[op]
	}
	return s.faults.draw(s.random), s.counts[op]
}

// troubled is the answer of a fault before work, or nil.
func (s *Service) troubled(fault Fault) *answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	wait := map[string]string{}
	if s.faults.RetryAfter > 0 {
		wait["Retry-After"] = strconv.Itoa(int(s.faults.RetryAfter / time.Second))
	}
	var a answer
	switch fault {
	case Unavailable:
		a = answer{status: http.StatusServiceUnavailable, body: "Service indisponible", header: wait}
	case RateLimited:
		a = answer{status: http.StatusTooManyRequests, body: "Trop de requêtes", header: wait}
	case ServerError:
		a = refuse(http.StatusInternalServerError, "erreurTechnique", "Erreur technique")
	case ExpiredToken:
		clear(s.tokens)
		a = refuse(http.StatusForbidden, "forbidden", "Le token est expiré")
	default:
		return nil
	}
	return &a
}

func (s *Service) wait(r *http.Request) {
	s.mu.Lock()
	delay := s.faults.Delay
	s.mu.Unlock()
	if delay == 0 {
		delay = time.Second
	}
	select {
	case <-time.After(delay):
	case <-r.Context().Done():
	}
}

// render writes the body of an answer and its headers.
func (s *Service) render(h http.Header, r *http.Request, a *answer) []byte {
	for name, value := range a.header {
		h.Set(name, value)
	}
	if text, ok := a.body.(string); ok {
		h.Set("Content-Type", "text/plain;charset=UTF-8")
		return []byte(text)
	}
	h.Set("Content-Type", "application/json")
	if a.status >= 400 {
		if s.cfg.Quirks.SwappedErrorType {
			h.Set("Content-Type", "json/application")
		}
		if s.cfg.Quirks.WrappedErrors {
			a.body = object{
				"correlationId": "2deccdb8-f9f7-47a8-8e12-269509af24a2", "timestamp": s.Now().UTC().Format(time.RFC3339), "version": "1.6.0",
				"path": r.URL.Path, "statusCode": strconv.Itoa(a.status), "errors": []any{a.body},
			}
		}
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(a.body); err != nil {
		panic(err) // the bodies are made here
	}
	return b.Bytes()
}

// structure reports whether a request is for the establishment of the tenant.
func (s *Service) structure(r *http.Request) bool { return r.PathValue("structure") == s.cfg.Structure }

var notFound = refuse(http.StatusNotFound, "notFound", "Ressource inexistante")

// paged cuts a list to the page that a request asks for. It is false for a wrong page.
func (s *Service) paged(r *http.Request, total, size, most int) (from, to int, page object, ok bool) {
	q := r.URL.Query()
	number, err1 := strconv.Atoi(or(q.Get("page"), "0"))
	taille, err2 := strconv.Atoi(or(q.Get("taille"), strconv.Itoa(size)))
	if err1 != nil || err2 != nil || number < 0 || taille < 1 || taille > most {
		return 0, 0, nil, false
	}
	if small := s.cfg.Quirks.SmallPages; small > 0 {
		taille = min(taille, small)
	}
	from = min(number*taille, total)
	to = min(from+taille, total)
	return from, to, object{"totalElements": total, "totalPages": (total + taille - 1) / taille, "taille": taille, "page": number}, true
}

func or(s, other string) string {
	if s == "" {
		return other
	}
	return s
}
