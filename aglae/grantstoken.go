package aglae

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/transport"
)

// CnousCredentials gets tokens of the Cnous. Since December 2025 they come as JSON
// from {TokenURL}?grant_type=client_credentials, asked with an empty body; before, and
// still for student cards, in a header of the answer: see LegacyEnv.
type CnousCredentials struct {
	// TokenURL is the token endpoint, without query. Required.
	TokenURL     string
	ClientID     string // required
	ClientSecret string // required; never shown
	// LegacyEnv, "PRD" or "PPD", asks in the older way: grant and environment in the
	// form, the token in the header "authorization" of the answer.
	LegacyEnv string
	Transport transport.Config
	// Now is the clock; nil is time.Now.
	Now func() time.Time
}

// LogValue hides the secret.
func (c CnousCredentials) LogValue() slog.Value {
	return slog.GroupValue(slog.String("client_id", c.ClientID), slog.String("client_secret", "***"), slog.String("env", c.LegacyEnv))
}

// NewCnousTokens returns a source that keeps its token until shortly before its
// announced end, or until the service refuses it, and asks for one only once whatever
// the number of callers. Its error is passerelle.FieldErrors; errors of Token are
// *[Error], or that of the context.
func NewCnousTokens(c CnousCredentials) (transport.TokenSource, error) {
	var faults passerelle.FieldErrors
	checkBase(&faults, "TokenURL", c.TokenURL)
	if c.ClientID == "" {
		faults.Add("ClientID", "required", "the identifier given by the Cnous")
	}
	if c.ClientSecret == "" {
		faults.Add("ClientSecret", "required", "the secret given by the Cnous")
	}
	if c.LegacyEnv != "" && c.LegacyEnv != "PRD" && c.LegacyEnv != "PPD" {
		faults.Add("LegacyEnv", "code", "PRD, PPD, or empty for the current way")
	}
	faults = append(faults, c.Transport.Faults("Transport.")...)
	if err := faults.Err(); err != nil {
		return nil, err
	}
	client, err := transport.New(c.Transport)
	if err != nil {
		return nil, err
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return &cnousTokens{cfg: c, http: client, turn: make(chan struct{}, 1)}, nil
}

// checkBase notes what is wrong with the address of a service.
func checkBase(faults *passerelle.FieldErrors, field, address string) {
	u, err := url.Parse(address)
	switch {
	case address == "":
		faults.Add(field, "required", "the address that came with the keys")
	case err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || u.Scheme != "https" && u.Scheme != "http":
		faults.Add(field, "url", "an absolute https URL without credentials or query")
	case u.Scheme == "http" && u.Hostname() != "localhost" && u.Hostname() != "127.0.0.1" && u.Hostname() != "::1":
		faults.Add(field, "scheme", "https: credentials and personal data travel")
	}
}

type cnousTokens struct {
	cfg  CnousCredentials
	http *transport.Client
	turn chan struct{} // held while the fields below are used

	token   string
	expires time.Time // zero: not announced
}

// earlier is how long before its end a token is renewed, at most half of its life.
const earlier = 30 * time.Second

func (s *cnousTokens) Token(ctx context.Context) (string, error) {
	select {
	case s.turn <- struct{}{}:
	case <-ctx.Done():
		return "", ctx.Err()
	}
	defer func() { <-s.turn }()
	if s.token != "" && (s.expires.IsZero() || s.cfg.Now().Before(s.expires)) {
		return s.token, nil
	}
	token, life, err := s.ask(ctx)
	if err != nil {
		return "", err
	}
	s.token, s.expires = token, time.Time{}
	if life > 0 {
		s.expires = s.cfg.Now().Add(life - min(earlier, life/2))
	}
	return token, nil
}

func (s *cnousTokens) Drop(token string) {
	s.turn <- struct{}{}
	defer func() { <-s.turn }()
	if s.token == token {
		s.token = ""
	}
}

func (s *cnousTokens) ask(ctx context.Context) (token string, life time.Duration, err error) {
	const operation = "cnous.token"
	pair := base64.StdEncoding.EncodeToString([]byte(s.cfg.ClientID + ":" + s.cfg.ClientSecret))
	r := &transport.Request{
		Operation: "aglae." + operation, Method: http.MethodPost, URL: s.cfg.TokenURL + "?grant_type=client_credentials",
		Header: http.Header{
			"Accept": {"application/json"}, "Content-Type": {"application/x-www-form-urlencoded"}, "Authorization": {"Basic " + pair},
		},
		Class: transport.Idempotent, Credentials: true, MaxBody: 64 << 10,
	}
	if s.cfg.LegacyEnv != "" {
		r.URL, r.Body = s.cfg.TokenURL, []byte("grant_type=client_credentials&env="+s.cfg.LegacyEnv)
	}
	resp, err := s.http.Do(ctx, r)
	if err == nil {
		err = resp.Err()
	}
	if err != nil {
		return "", 0, notAnswered(operation, err)
	}
	var expiresIn float64
	if s.cfg.LegacyEnv != "" {
		token = resp.Header.Get("Authorization")
		if scheme, rest, ok := strings.Cut(token, " "); ok && strings.EqualFold(scheme, "bearer") {
			token = rest
		}
	} else {
		var w struct {
			AccessToken string  `json:"access_token"`
			ExpiresIn   float64 `json:"expires_in"` // seconds
		}
		if json.Unmarshal(resp.Body, &w) == nil {
			token, expiresIn = w.AccessToken, w.ExpiresIn
		}
	}
	if token == "" || strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r >= 0x7f }) {
		return "", 0, &Error{Operation: operation, HTTP: resp.Status, Result: passerelle.Answered, Err: &protocolError{"no token in it"}}
	}
	return token, time.Duration(min(max(expiresIn, 0), 30*24*3600) * float64(time.Second)), nil
}
