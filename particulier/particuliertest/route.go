package particuliertest

import (
	"net/http"
	"slices"
	"strings"

	"github.com/passerelle-sup/passerelle/particulier"
)

// route answers one request.
func (s *Service) route(r *http.Request, fault Fault) reply {
	op, known := operationOf(r.URL.Path)
	switch {
	case r.Method != http.MethodGet:
		return reply{status: http.StatusMethodNotAllowed, media: "text/plain", body: []byte("method\n")}
	case strings.HasSuffix(r.URL.Path, "/ping") || r.URL.Path == "/api/pings":
		return s.ping(r.URL.Path)
	case r.URL.Path == "/api/introspect":
		return s.introspect(r)
	case !known:
		return reply{status: http.StatusNotFound, media: "text/html; charset=utf-8", body: []byte("<html><body>404</body></html>\n")}
	}
	if failure, failed := fault.failure(op); failed {
		return failure
	}
	q := question{op: op, query: r.URL.Query()}
	if refusal := s.authorize(r, &q); refusal != nil {
		return *refusal
	}
	if refusal := q.check(s.now().Year()); refusal != nil {
		return *refusal
	}
	key := credential(r) + " " + r.URL.Path + "?" + q.query.Encode()
	s.mu.Lock()
	busy := s.inFlight[key]
	s.inFlight[key] = true
	s.mu.Unlock()
	if busy {
		failure, _ := InFlight.failure(op)
		return failure
	}
	defer func() {
		s.mu.Lock()
		delete(s.inFlight, key)
		s.mu.Unlock()
	}()
	return s.lookUp(&q)
}

// authorize checks the token, or the person whom FranceConnect names.
func (s *Service) authorize(r *http.Request, q *question) *reply {
	refuse := func(status int, code, title string, source any) *reply {
		out := q.op.failAt(status, code, title, title+".", source)
		return &out
	}
	bearer, isBearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if q.op.mode == "france_connect" || q.op.version == 2 && isBearer {
		pivot, ok := s.cfg.FranceConnect[bearer]
		switch {
		case bearer == "" || strings.ContainsAny(bearer, "<>\" "):
			return refuse(http.StatusUnauthorized, "50001", "Le jeton FranceConnect est mal formé", nil)
		case !ok || pivot.Expired:
			return refuse(http.StatusUnauthorized, "50002", "Le jeton FranceConnect est inconnu ou expiré", nil)
		case pivot.NoIdentity:
			return refuse(http.StatusUnauthorized, "50003", "Le jeton FranceConnect n'a pas l'identité pivot", nil)
		}
		q.pivot, q.scopes = &pivot, pivot.Scopes
	} else {
		value := bearer
		if q.op.version == 2 {
			value = r.Header.Get("X-Api-Key")
		}
		token, ok := s.cfg.Tokens[value]
		at := map[string]string{"parameter": "token"}
		switch {
		case !ok:
			return refuse(http.StatusUnauthorized, "00101", "Interdit", at)
		case token.State == TokenExpired:
			return refuse(http.StatusUnauthorized, "00103", "Jeton expiré", at)
		case token.State == TokenBlacklisted && q.op.version == 2:
			out := texts(http.StatusUnauthorized, "Votre jeton est sur liste noire")
			return &out
		case token.State == TokenBlacklisted:
			return refuse(http.StatusUnauthorized, "00105", "Jeton sur liste noire", at)
		case token.State == TokenNotFound:
			return refuse(http.StatusUnauthorized, "00106", "Jeton non trouvé", at)
		case token.WrongAddress:
			return refuse(http.StatusForbidden, "00107", "Adresse IP non autorisée", map[string]string{"header": "X-Forwarded-For"})
		}
		q.scopes = token.Scopes
	}
	if q.scopes != nil && !slices.ContainsFunc(q.scopes, func(scope string) bool { return strings.HasPrefix(scope, q.op.resource+"_") }) {
		return refuse(http.StatusForbidden, "00100", "Privilèges insuffisants", nil)
	}
	return nil
}

// lookUp finds the person.
func (s *Service) lookUp(q *question) reply {
	if c := s.cfg.Cases.find(q); c != nil {
		out := reply{status: c.Status, media: q.media(), body: c.Payload}
		if s.cfg.ScopedCases && c.Status == http.StatusOK {
			out.body = mask(q, out.body)
		}
		return out
	}
	body, found := s.held(q)
	switch {
	case found > 1:
		return q.op.ambiguous()
	case found == 1:
		return reply{status: http.StatusOK, media: q.media(), body: mask(q, body)}
	case q.op.version == 4 && s.cfg.UnknownV4 == http.StatusInternalServerError:
		failure, _ := Internal.failure(q.op)
		return failure
	}
	if c := s.cfg.Cases.notFound(q.op); c != nil {
		return reply{status: c.Status, media: q.media(), body: c.Payload}
	}
	return q.op.notFound()
}

// held asks those who hold people, and tells how many match.
func (s *Service) held(q *question) ([]byte, int) {
	if q.op.resource == "mesri" {
		if s.cfg.Students == nil {
			return nil, 0
		}
		var list []particulier.StudentStatus
		if ine := q.query.Get("ine"); ine != "" && q.pivot == nil {
			if st, ok := s.cfg.Students.StudentStatusByINE(ine); ok {
				list = append(list, st)
			}
		} else if p, ok := q.person(); ok {
			list = s.cfg.Students.StudentStatusByIdentity(p)
		}
		if len(list) != 1 {
			return nil, len(list)
		}
		return encodeStatus(q, list[0]), 1
	}
	if s.cfg.Scholarships == nil {
		return nil, 0
	}
	var list []particulier.Scholarship
	if ine := q.query.Get("ine"); ine != "" && q.pivot == nil {
		if st, ok := s.cfg.Scholarships.ScholarshipByINE(ine, q.campaign()); ok {
			list = append(list, st)
		}
	} else if p, ok := q.person(); ok {
		list = s.cfg.Scholarships.ScholarshipByIdentity(p, q.campaign())
	}
	if len(list) != 1 {
		return nil, len(list)
	}
	return encodeScholarship(q, list[0]), 1
}

func (q *question) media() string {
	if q.op.version == 2 {
		return mediaV2
	}
	return mediaV3
}

// ping answers how the service is.
func (s *Service) ping(path string) reply {
	s.mu.Lock()
	health := s.health
	s.mu.Unlock()
	name := strings.TrimSuffix(strings.TrimPrefix(path, "/api/"), "/ping")
	probes := []string{
		"cnous_etudiant_boursier_ine", "cnous_etudiant_boursier_identite", "cnous_etudiant_boursier_france_connect",
		"mesri_statut_etudiant_ine", "mesri_statut_etudiant_identite",
	}
	if path != "/api/ping" && path != "/api/pings" && !slices.Contains(probes, name) {
		return reply{status: http.StatusNotFound, media: "text/html; charset=utf-8", body: []byte("<html></html>")}
	}
	status := http.StatusOK
	if health != "ok" {
		status = http.StatusBadGateway
	}
	body := map[string]string{"status": health, "last_update": s.now().UTC().Format("2006-01-02T15:04:05Z"), "last_ok_status": "2026-01-01T00:00:00Z"}
	if health == "maintenance" {
		body["until"] = s.now().UTC().Add(3600e9).Format("2006-01-02T15:04:05Z")
	}
	return reply{status: status, media: mediaV2, body: must(body)}
}

// introspect tells a token's scopes.
func (s *Service) introspect(r *http.Request) reply {
	token, ok := s.cfg.Tokens[r.Header.Get("X-Api-Key")]
	if !ok || token.State != TokenActive {
		return operation{version: 2}.fail(http.StatusUnauthorized, "", "", "Votre jeton est inconnu ou inactif")
	}
	scopes := token.Scopes
	if scopes == nil {
		scopes = AllScopes()
	}
	return reply{status: http.StatusOK, media: mediaV2, body: must(map[string]any{"_id": token.ID, "name": token.Name, "scopes": scopes})}
}
