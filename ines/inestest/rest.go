package inestest

import (
	"crypto/rand"
	"encoding/json"
	"io"
	"net/http"
	"strings"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ine"
	"github.com/passerelle-sup/passerelle/ines"
)

// token is the OAuth2 token endpoint, client credentials by HTTP Basic.
func (s *Service) token(w http.ResponseWriter, r *http.Request) {
	fault, err := s.arrive()
	if err != nil {
		say(w, http.StatusInternalServerError, map[string]string{"error": "server_error"})
		return
	}
	planOf(r.Context()).fault = fault
	username, password, ok := r.BasicAuth()
	switch {
	case r.Method != http.MethodPost:
		say(w, http.StatusMethodNotAllowed, map[string]string{"error": "invalid_request"})
	case fault == ServerFault || fault == ServerFaultAfter:
		say(w, http.StatusInternalServerError, map[string]string{"error": "server_error"})
	case !ok || !equal(username, s.cfg.Client.Username) || !equal(password, s.cfg.Client.Password):
		w.Header().Set("WWW-Authenticate", "Basic")
		say(w, http.StatusUnauthorized, map[string]string{"error": "invalid_client"})
	case r.FormValue("grant_type") != "client_credentials":
		say(w, http.StatusBadRequest, map[string]string{"error": "unsupported_grant_type"})
	default:
		token := rand.Text()
		s.mu.Lock()
		s.tokens[token] = s.now().Add(s.cfg.TokenLife)
		s.mu.Unlock()
		say(w, http.StatusOK, map[string]any{"access_token": token, "token_type": "Bearer", "expires_in": int(s.cfg.TokenLife.Seconds())})
	}
}

// arrive counts a request to the token endpoint and draws its fault.
func (s *Service) arrive() (Fault, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	fault := s.trouble(OpToken, true, 0)
	return fault, s.keep(event{Arrival: &arrival{Op: OpToken, Processed: !fault.before()}})
}

// verify is the verification seen in the open.
func (s *Service) verify(w http.ResponseWriter, r *http.Request) {
	token, bearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	switch {
	case r.Method != http.MethodPost || r.URL.RawQuery != "":
		say(w, http.StatusMethodNotAllowed, nil)
		return
	case !bearer || !s.alive(token) || r.Header.Get("x-jwt-assertion") != token:
		w.Header().Set("WWW-Authenticate", "Bearer")
		say(w, http.StatusUnauthorized, map[string]string{"message": "token"})
		return
	case r.Header.Get("X-channel") != s.cfg.Channel:
		say(w, http.StatusForbidden, map[string]string{"message": "canal inconnu"})
		return
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, 1<<16))
	if err != nil {
		return
	}
	request, ok := question(body)
	if !ok {
		say(w, http.StatusBadRequest, map[string]string{"message": "demande invalide : " + string(body)})
		return
	}
	answers, fault, err := s.process(request, true)
	if err != nil {
		say(w, http.StatusInternalServerError, nil)
		return
	}
	planOf(r.Context()).fault = fault
	switch {
	case fault == Unauthorized:
		s.ExpireTokens()
	case fault == ServerFault || fault == ServerFaultAfter:
		say(w, http.StatusInternalServerError, map[string]string{"message": words(request)})
	case fault.before():
	case answers[0].Status != ines.StatusConfirmed:
		say(w, http.StatusNotFound, map[string]string{"message": "étudiant inconnu : " + request.INE.String()})
	default:
		p := answers[0].Person
		say(w, http.StatusOK, map[string]any{
			"ineMaitre": answers[0].Master, "nomFamille": p.BirthName, "nomUsage": p.UsageName,
			"prenom1": p.GivenNames[0], "prenom2": p.GivenNames[1], "prenom3": p.GivenNames[2],
			"sexe": passerelle.SexCodesHF.Format(p.Sex), "dateNaissance": p.BirthDate, "lieuNaissance": p.Birthplace.Code(),
			"etatDemande": []string{"VALIDÉ"},
		})
	}
}

// question reads the body of a verification.
func question(body []byte) (ines.VerifyRequest, bool) {
	var q struct{ INE, DateNaissance string }
	if json.Unmarshal(body, &q) != nil {
		return ines.VerifyRequest{}, false
	}
	number, err1 := ine.Parse(q.INE)
	birth, err2 := passerelle.ParseDate(q.DateNaissance)
	return ines.VerifyRequest{INE: number, BirthDate: birth}, err1 == nil && err2 == nil
}

func (s *Service) alive(token string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	end, ok := s.tokens[token]
	return ok && s.now().Before(end)
}

func say(w http.ResponseWriter, status int, body any) {
	data, err := json.Marshal(body)
	if err != nil {
		status, data = http.StatusInternalServerError, nil
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(data)
}
