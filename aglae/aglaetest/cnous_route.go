package aglaetest

import (
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/aglae"
)

// token answers both ways of asking for one.
func (s *Cnous) token(r *http.Request) cnousReply {
	pair := base64.StdEncoding.EncodeToString([]byte(s.cfg.ClientID + ":" + s.cfg.ClientSecret))
	legacy := r.URL.Path == CnousLegacyTokenPath
	grant := r.URL.Query().Get("grant_type")
	if legacy {
		grant = r.PostFormValue("grant_type")
		if env := r.PostFormValue("env"); env != "PRD" && env != "PPD" {
			return cnousRefusal(http.StatusBadRequest, "Mauvais paramètres")
		}
	}
	switch {
	case r.Method != http.MethodPost:
		return cnousRefusal(http.StatusMethodNotAllowed, "Méthode non autorisée")
	case r.Header.Get("Authorization") != "Basic "+pair:
		return cnousRefusal(http.StatusUnauthorized, "Identifiants invalides")
	case grant != "client_credentials":
		return cnousRefusal(http.StatusBadRequest, "Mauvais paramètres")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.issued++
	token := "jeton-" + strconv.Itoa(s.issued)
	s.tokens[token] = s.cfg.Now().Add(s.cfg.TokenLife)
	if legacy {
		return cnousReply{status: http.StatusOK, media: "text/plain", header: http.Header{"Authorization": {"Bearer " + token}}}
	}
	return cnousJSON(http.StatusOK, map[string]any{"access_token": token, "expires_in": int(s.cfg.TokenLife.Seconds())})
}

// route answers one request that meets no fault.
func (s *Cnous) route(r *http.Request, path string, body []byte) cnousReply {
	s.mu.Lock()
	defer s.mu.Unlock()
	token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if end, ok := s.tokens[token]; !ok || !s.cfg.Now().Before(end) {
		return cnousRefusal(http.StatusUnauthorized, "Jeton invalide")
	}
	role, answer := RoleReadStatus, s.grants
	if strings.Contains(path, "export") {
		role, answer = RoleReadFile, s.files
	}
	if s.cfg.Roles != nil && !slices.Contains(s.cfg.Roles, role) {
		return cnousRefusal(http.StatusForbidden, "Accès refusé")
	}
	return answer(r, path, body)
}

// pivots are the two identities that can be asked for.
type pivots struct {
	LastName, FirstNames, BirthPlace, Civility string
	BirthDate                                  string
	CampaignYear                               int
}

// grants answers the operations about one student. The caller holds the lock.
func (s *Cnous) grants(r *http.Request, path string, body []byte) cnousReply {
	unknown := cnousRefusal(http.StatusNotFound, "Étudiant(e) non trouvé(e)")
	wrong := cnousRefusal(http.StatusBadRequest, "Mauvais paramètres")
	switch number, ok := strings.CutPrefix(path, "/v1/boursier/"); {
	case !ok:
		return cnousReply{status: http.StatusNotFound, media: "text/html", body: []byte("<html>404</html>")}
	case r.Method == http.MethodPost && number == "donnees-pivots":
		var q pivots
		if json.Unmarshal(body, &q) != nil {
			return wrong
		}
		return s.byIdentity(q, wrong, unknown)
	case r.Method == http.MethodGet && number == "find":
		var w struct {
			Given    string `json:"given_name"`
			Family   string `json:"family_name"`
			Date     string `json:"birthdate"`
			Gender   string `json:"gender"`
			Place    string `json:"birthplace"`
			Campaign int    `json:"campaignYear"`
		}
		if json.Unmarshal(body, &w) != nil {
			return wrong
		}
		first, _, _ := strings.Cut(w.Given, " ")
		return s.byIdentity(pivots{w.Family, first, w.Place, w.Gender, w.Date, w.Campaign}, wrong, unknown)
	case r.Method == http.MethodGet && len(number) == 11:
		campaign := 0
		if text := r.URL.Query().Get("campaignYear"); text != "" {
			var err error
			if campaign, err = strconv.Atoi(text); err != nil {
				return wrong
			}
		}
		found := s.find(campaign, func(p aglae.CnousRecord) bool { return strings.EqualFold(p.INE.Value, number) })
		if len(found) == 0 {
			return unknown
		}
		return cnousReply{status: http.StatusOK, media: "application/json", body: found[0]}
	}
	return wrong
}

func (s *Cnous) byIdentity(q pivots, wrong, unknown cnousReply) cnousReply {
	first, _, _ := strings.Cut(q.FirstNames, ",")
	date, err := passerelle.ParseFrenchDate(q.BirthDate)
	if err != nil || strings.TrimSpace(q.LastName) == "" || strings.TrimSpace(first) == "" {
		return wrong
	}
	found := s.find(q.CampaignYear, func(p aglae.CnousRecord) bool {
		born, err := p.BirthDate.Value.Date()
		place, placed := p.BirthPlace.Value.COG.Get()
		return err == nil && born == date && passerelle.SameName(p.LastName.Value, q.LastName) &&
			passerelle.SameName(p.FirstName.Value, first) && (q.Civility == "" || q.Civility == p.Civility.Value) &&
			(q.BirthPlace == "" || !placed || place == q.BirthPlace)
	})
	if len(found) == 0 {
		return unknown
	}
	return cnousJSON(http.StatusOK, found)
}

// find returns one record of each student that fits: that of the campaign, or the newest.
func (s *Cnous) find(campaign int, fits func(aglae.CnousRecord) bool) (found []json.RawMessage) {
	newest := map[string]person{}
	for _, p := range s.people {
		year := p.record.Campaign.Value.Year.Value
		if !fits(p.record) || campaign != 0 && year != campaign {
			continue
		}
		key := p.record.INE.Value
		if before, ok := newest[key]; !ok || year >= before.record.Campaign.Value.Year.Value {
			newest[key] = p
		}
	}
	for _, key := range slices.Sorted(maps.Keys(newest)) {
		found = append(found, newest[key].raw)
	}
	return found
}
