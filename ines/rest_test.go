package ines_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/ines"
	"github.com/passerelle-sup/passerelle/ines/inestest"
	"github.com/passerelle-sup/passerelle/internal/testutil"
	"github.com/passerelle-sup/passerelle/transport"
)

func restClient(tb testing.TB, s *inestest.Server, change ...func(*ines.RESTConfig)) *ines.REST {
	tb.Helper()
	cfg := s.RESTConfig()
	cfg.Transport.Retry = quick
	for _, f := range change {
		f(&cfg)
	}
	c, err := ines.NewREST(cfg)
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

var (
	rightPair = ines.VerifyRequest{INE: bea, BirthDate: anais.BirthDate}
	wrongPair = ines.VerifyRequest{INE: bea, BirthDate: hans.BirthDate}
)

func TestREST(t *testing.T) {
	t.Parallel()
	for name, listen := range map[string]func(inestest.TB, inestest.Config) *inestest.Server{"http": inestest.NewServer, "https": inestest.NewTLSServer} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := listen(t, inestest.Config{})
			add(t, s, anais, rnie, bea)
			c := restClient(t, s)
			for range 3 {
				a, err := c.Verify(t.Context(), rightPair)
				if err != nil {
					t.Fatal(err)
				}
				testutil.Equal(t, "status", a.Status, ines.StatusConfirmed)
				testutil.Equal(t, "maître", a.Master.String(), rnie.String())
				testutil.Equal(t, "person", a.Person, anais)
				testutil.Equal(t, "unread", a.Unread, nil)
			}
			a, err := c.Verify(t.Context(), wrongPair)
			if err != nil {
				t.Fatal(err)
			}
			testutil.Equal(t, "status of the wrong date", a.Status, ines.StatusUnknown)
			testutil.Equal(t, "tokens asked for", s.Received(inestest.OpToken), 1)
			testutil.Equal(t, "verifications", s.Received(ines.OpVerify), 4)

			s.ExpireTokens()
			if _, err := c.Verify(t.Context(), rightPair); err != nil {
				t.Errorf("after the tokens died: %v", err)
			}
			testutil.Equal(t, "tokens asked for", s.Received(inestest.OpToken), 2)
		})
	}
}

func TestRESTTokenLife(t *testing.T) {
	t.Parallel()
	s := inestest.NewServer(t, inestest.Config{TokenLife: 2 * time.Second}) // renewed at half of their life
	add(t, s, anais, rnie, bea)
	c := restClient(t, s)
	for i := range 2 {
		if i > 0 {
			time.Sleep(1100 * time.Millisecond)
		}
		if _, err := c.Verify(t.Context(), rightPair); err != nil {
			t.Fatal(err)
		}
	}
	testutil.Equal(t, "tokens asked for", s.Received(inestest.OpToken), 2)
}

func TestRESTCredentials(t *testing.T) {
	t.Parallel()
	s := inestest.NewServer(t, inestest.Config{})
	add(t, s, anais, rnie, bea)
	tests := map[string]struct {
		change func(*ines.RESTConfig)
		want   error
	}{
		"wrong secret":  {func(c *ines.RESTConfig) { c.Password = "nothing" }, passerelle.ErrUnauthorized},
		"wrong channel": {func(c *ines.RESTConfig) { c.Channel = "elsewhere" }, passerelle.ErrForbidden},
	}
	for name, tc := range tests {
		_, err := restClient(t, s, tc.change).Verify(t.Context(), rightPair)
		if !errors.Is(err, tc.want) {
			t.Errorf("%s: got %v, want %v", name, err, tc.want)
		}
	}
}

// TestRESTFaults sets each kind of trouble on both endpoints.
func TestRESTFaults(t *testing.T) {
	t.Parallel()
	type want struct {
		err     error
		arrived int // of two attempts allowed
	}
	tests := map[inestest.Fault]struct{ token, verify want }{
		inestest.Unavailable:      {want{passerelle.ErrUnavailable, 2}, want{passerelle.ErrUnavailable, 2}},
		inestest.Maintenance:      {want{passerelle.ErrUnavailable, 2}, want{passerelle.ErrUnavailable, 2}},
		inestest.RateLimited:      {want{passerelle.ErrRateLimited, 2}, want{passerelle.ErrRateLimited, 2}},
		inestest.Unauthorized:     {want{passerelle.ErrUnauthorized, 1}, want{passerelle.ErrUnauthorized, 2}}, // one renewal
		inestest.CutBefore:        {want{passerelle.ErrUnavailable, 2}, want{passerelle.ErrUnavailable, 2}},
		inestest.ServerFault:      {want{passerelle.ErrUnavailable, 1}, want{passerelle.ErrUnavailable, 1}},
		inestest.ServerFaultAfter: {want{passerelle.ErrUnavailable, 1}, want{passerelle.ErrUnavailable, 1}},
		inestest.Slow:             {want{passerelle.ErrUnavailable, 2}, want{passerelle.ErrUnavailable, 2}},
		inestest.AnswerLost:       {want{passerelle.ErrUnavailable, 2}, want{passerelle.ErrUnavailable, 2}},
		inestest.Truncated:        {want{passerelle.ErrUnavailable, 2}, want{passerelle.ErrUnavailable, 2}},
		inestest.WrongCharset:     {want{nil, 1}, want{passerelle.ErrProtocol, 1}}, // a token is ASCII: what stands beside it does not matter
	}
	for fault, tc := range tests {
		for op, want := range map[ines.Operation]want{inestest.OpToken: tc.token, ines.OpVerify: tc.verify} {
			t.Run(string(fault)+"/"+string(op), func(t *testing.T) {
				t.Parallel()
				s := inestest.NewServer(t, inestest.Config{Faults: inestest.Faults{Delay: 5 * time.Second}})
				add(t, s, anais, rnie, bea)
				c := restClient(t, s, func(cfg *ines.RESTConfig) {
					cfg.Transport.Retry.MaxAttempts = 2
					if fault == inestest.Slow {
						cfg.Transport.AttemptTimeout = 300 * time.Millisecond
					}
				})
				s.Script(op, fault, fault, fault, fault, fault, fault, fault, fault)
				a, err := c.Verify(t.Context(), rightPair)
				if !errors.Is(err, want.err) || (err == nil) != (want.err == nil) {
					t.Errorf("got %v, want %v", err, want.err)
				}
				if err != nil && a.Status != "" {
					t.Errorf("status %q beside the error", a.Status)
				}
				if got := s.Received(op); got != want.arrived && !(op == inestest.OpToken && got > want.arrived) {
					t.Errorf("requests: got %d, want %d", got, want.arrived)
				}
			})
		}
	}
}

// TestRESTAnswers reads answers as they come.
func TestRESTAnswers(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		status      int
		kind, body  string
		answer      ines.Status
		master      string
		unread      int
		err         error
		code, words string
	}{
		"nothing":        {200, "application/json", ``, ines.StatusConfirmed, "", 0, nil, "", ""},
		"no content":     {204, "", ``, ines.StatusConfirmed, "", 0, nil, "", ""},
		"created":        {201, "application/json", `{}`, ines.StatusConfirmed, "", 0, nil, "", ""},
		"nulls":          {200, "application/json", `{"ineMaitre":null,"nomUsage":null,"etatDemande":[]}`, ines.StatusConfirmed, "", 0, nil, "", ""},
		"full":           {200, "application/json", `{"ineMaitre":"223456789HE","sexe":"H","dateNaissance":"2005-03-14","nouveau":{"a":[1]}}`, ines.StatusConfirmed, "223456789HE", 0, nil, "", ""},
		"odd values":     {200, "application/json", `{"ineMaitre":"223456789HE","sexe":"X","dateNaissance":"14/03/2005","prenom1":7}`, ines.StatusConfirmed, "223456789HE", 3, nil, "", ""},
		"odd maître":     {200, "application/json", `{"ineMaitre":"?"}`, "", "", 0, passerelle.ErrProtocol, "", ""},
		"no object":      {200, "application/json", `[]`, "", "", 0, passerelle.ErrProtocol, "", ""},
		"null":           {200, "application/json", `null`, "", "", 0, passerelle.ErrProtocol, "", ""},
		"page":           {200, "text/html; charset=utf-8", `<html>connexion</html>`, "", "", 0, passerelle.ErrProtocol, "", ""},
		"not found":      {404, "application/json", `{"code":"404-A","message":"inconnu"}`, ines.StatusUnknown, "", 0, nil, "404-A", "inconnu"},
		"bad request":    {400, "application/json", `{"description":"refusé"}`, ines.StatusUnknown, "", 0, nil, "", "refusé"},
		"empty 404":      {404, "", ``, ines.StatusUnknown, "", 0, nil, "", ""},
		"page not found": {404, "text/html", `<html>404</html>`, "", "", 0, passerelle.ErrUnavailable, "", ""},
		"forbidden":      {403, "application/json", `{"message":"canal"}`, "", "", 0, passerelle.ErrForbidden, "", "canal"},
		"conflict":       {409, "application/json", `{}`, "", "", 0, passerelle.ErrUnavailable, "", ""},
		"teapot":         {418, "application/json", `{}`, "", "", 0, passerelle.ErrUnavailable, "", ""},
		"error":          {500, "application/json", `{"code":"E5"}`, "", "", 0, passerelle.ErrUnavailable, "E5", ""},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == ines.TokenPath {
					w.Header().Set("Content-Type", "application/json")
					_, _ = io.WriteString(w, `{"access_token":"jeton","token_type":"Bearer"}`)
					return
				}
				if tc.kind != "" {
					w.Header().Set("Content-Type", tc.kind)
				}
				w.WriteHeader(tc.status)
				_, _ = io.WriteString(w, tc.body)
			}))
			t.Cleanup(server.Close)
			c, err := ines.NewREST(ines.RESTConfig{BaseURL: server.URL + "/", Username: "u", Password: "p", Channel: "c", Transport: transport.Config{Retry: quick}})
			if err != nil {
				t.Fatal(err)
			}
			a, err := c.Verify(t.Context(), rightPair)
			if !errors.Is(err, tc.err) || (err == nil) != (tc.err == nil) {
				t.Fatalf("got %v, want %v", err, tc.err)
			}
			if errors.Is(err, passerelle.ErrNotFound) || errors.Is(err, passerelle.ErrConflict) {
				t.Errorf("%v says something of a person", err)
			}
			code, words := a.Code, a.Message
			if e, ok := errors.AsType[*ines.Error](err); ok {
				code, words = e.Code, e.Message
			}
			testutil.Equal(t, "code", code, tc.code)
			testutil.Equal(t, "words", words, tc.words)
			testutil.Equal(t, "status", a.Status, tc.answer)
			testutil.Equal(t, "maître", a.Master.String(), tc.master)
			testutil.Equal(t, "unread", len(a.Unread), tc.unread)
		})
	}
}

// TestRESTWire looks at the bytes of a verification.
func TestRESTWire(t *testing.T) {
	t.Parallel()
	var log []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		log = append(log, r.Method, r.URL.RequestURI(), r.Header.Get("Content-Type"), r.Header.Get("Authorization"),
			r.Header.Get("x-jwt-assertion"), r.Header.Get("X-channel"), string(body))
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"access_token":"jeton","token_type":"Bearer"}`)
	}))
	t.Cleanup(server.Close)
	c, err := ines.NewREST(ines.RESTConfig{BaseURL: server.URL, Username: "univ", Password: "secret", Channel: "canal"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Verify(t.Context(), ines.VerifyRequest{INE: rnie, BirthDate: anais.BirthDate}); err != nil {
		t.Fatal(err)
	}
	testutil.Equal(t, "requests", strings.Join(log, "\n"), strings.Join([]string{
		"POST", "/oauth2/token", "application/x-www-form-urlencoded", "Basic dW5pdjpzZWNyZXQ=", "", "", "grant_type=client_credentials",
		"POST", "/api-ines-etudiants/verification", "application/json", "Bearer jeton", "jeton", "canal", `{"ine":"223456789HE","dateNaissance":"2005-03-14"}`,
	}, "\n"))
}

func TestNewRESTFaults(t *testing.T) {
	t.Parallel()
	_, err := ines.NewREST(ines.RESTConfig{})
	testutil.Equal(t, "empty", faultNames(t, err), []string{"BaseURL required", "Username required", "Password required", "Channel required"})
	_, err = ines.NewREST(ines.RESTConfig{BaseURL: "ines", Username: "u", Password: "p", Channel: "c"})
	testutil.Equal(t, "no address", faultNames(t, err), []string{"BaseURL url"})
	if _, err := ines.NewREST(ines.RESTConfig{BaseURL: ines.RESTProduction, Username: "u", Password: "p", Channel: "c"}); err != nil {
		t.Errorf("production: %v", err)
	}
	s := inestest.NewServer(t, inestest.Config{})
	if _, err := restClient(t, s).Verify(t.Context(), ines.VerifyRequest{}); passerelle.OutcomeOf(err) != passerelle.NotSent {
		t.Errorf("empty request: got %v, want not sent", err)
	}
}
