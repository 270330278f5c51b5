package pegasetest

import (
	"net/http"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// token is the CAS: a form in, 201 and the bare text of a JWT out.
func (s *Service) token(r *http.Request) answer {
	if r.URL.RawQuery != "" || r.ParseForm() != nil {
		return answer{status: http.StatusBadRequest, body: "credentials belong in the form"}
	}
	if r.PostForm.Get("username") != s.cfg.Username || r.PostForm.Get("password") != s.cfg.Password {
		return answer{status: http.StatusUnauthorized, body: "authentication_exceptions"}
	}
	now := s.now()
	exp := now.Add(s.cfg.TokenLife)
	token, err := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{
		"sub": s.cfg.Username, "iat": now.Unix(), "exp": exp.Unix(), "jti": s.issued,
	}).SignedString(s.key)
	if err != nil {
		return answer{status: http.StatusInternalServerError, body: err.Error()}
	}
	s.issued++
	s.tokens[token] = exp
	return answer{status: http.StatusCreated, body: token}
}

// authorised checks the token of a request: 401 when it is missing or badly formed, 403 when it is
// expired or not ours, nil when it is good.
func (s *Service) authorised(op Operation, r *http.Request) *answer {
	if op == Token {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	token, bearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !bearer || strings.Count(token, ".") != 2 {
		a := refuse(http.StatusUnauthorized, "unauthorized", "Le token est absent ou n'est pas au bon format")
		return &a
	}
	if exp, known := s.tokens[token]; !known || !s.now().Before(exp) {
		a := refuse(http.StatusForbidden, "forbidden", "Le token est expiré ou sa signature est incorrecte")
		return &a
	}
	return nil
}

// ExpireTokens makes every token given so far dead.
func (s *Service) ExpireTokens() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.tokens)
}

// Tokens is how many tokens were given.
func (s *Service) Tokens() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.issued
}

// now is Now for those who hold the lock.
func (s *Service) now() time.Time { return s.cfg.Now().Add(s.offset) }
