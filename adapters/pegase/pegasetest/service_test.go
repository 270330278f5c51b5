package pegasetest_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/adapters/pegase/pegasetest"
	"github.com/passerelle-sup/passerelle/ine"
	"github.com/passerelle-sup/passerelle/ines"
	"github.com/passerelle-sup/passerelle/internal/testutil"
)

var noon = time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC)

func serve(t *testing.T, cfg pegasetest.Config) *pegasetest.Server {
	t.Helper()
	cfg.Now = func() time.Time { return noon }
	return pegasetest.NewServer(t, cfg)
}

// login asks for a token.
func login(t *testing.T, s *pegasetest.Server, form url.Values) (int, string) {
	t.Helper()
	resp, err := http.PostForm(s.URL+"/cas/v1/tickets", form)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}

var account = url.Values{"username": {"svc-api"}, "password": {"secret"}, "token": {"true"}}

// get asks an API with a token.
func get(t *testing.T, s *pegasetest.Server, path, authorization string) (*http.Response, map[string]any) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	if authorization != "" {
		req.Header.Set("Authorization", authorization)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, nil
	}
	defer resp.Body.Close()
	var body map[string]any
	if json.NewDecoder(resp.Body).Decode(&body) != nil {
		return resp, nil
	}
	return resp, body
}

const everybody = "/api/idt/ext/v1/etablissements/ETAB00/identites/apprenants"

func TestToken(t *testing.T) {
	t.Parallel()
	s := serve(t, pegasetest.Config{TokenLife: time.Minute})
	if status, _ := login(t, s, url.Values{"username": {"svc-api"}, "password": {"wrong"}}); status != http.StatusUnauthorized {
		t.Errorf("a wrong password: %d; want 401", status)
	}
	status, token := login(t, s, account)
	if status != http.StatusCreated || strings.Count(token, ".") != 2 {
		t.Fatalf("%d %s; want 201 and the bare text of a JWT", status, token)
	}
	resp, err := http.PostForm(s.URL+"/cas/v1/tickets?password=secret", account)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusBadRequest {
		t.Errorf("credentials in the address: %d; want 400", resp.StatusCode)
	}
	for i, c := range []struct {
		authorization string
		want          int
	}{
		0: {"Bearer " + token, 200}, 1: {"", 401}, 2: {"Bearer opaque", 401}, 3: {"Basic " + token, 401}, 4: {"Bearer " + token[:len(token)-4] + "AAAA", 403},
	} {
		if resp, _ := get(t, s, everybody, c.authorization); resp.StatusCode != c.want {
			t.Errorf("%d: %d; want %d", i, resp.StatusCode, c.want)
		}
	}
	s.Advance(time.Minute)
	if resp, _ := get(t, s, everybody, "Bearer "+token); resp.StatusCode != http.StatusForbidden {
		t.Errorf("an expired token: %d; want 403", resp.StatusCode)
	}
}

func TestPaging(t *testing.T) {
	t.Parallel()
	s := serve(t, pegasetest.Config{Population: 60})
	_, token := login(t, s, account)
	for i, c := range []struct {
		query  string
		status int
		items  int
	}{
		0: {"", 200, 10}, 1: {"?taille=500", 200, 60}, 2: {"?taille=501", 400, 0}, 3: {"?page=5&taille=11", 200, 5}, 4: {"?page=9", 200, 0},
		5: {"?taille=0", 400, 0}, 6: {"?page=-1", 400, 0}, 7: {"?etatIneMaitre=IMAT_EN_COURS", 400, 0}, 8: {"?tri=couleur", 400, 0},
		9: {"?codeApprenant=000000007", 200, 1}, 10: {"?codeApprenant=00000000&exact=false", 200, 9},
	} {
		resp, body := get(t, s, everybody+c.query, "Bearer "+token)
		items, _ := body["items"].([]any)
		if resp.StatusCode != c.status || len(items) != c.items {
			t.Errorf("%d: %s: %d with %d items; want %d with %d", i, c.query, resp.StatusCode, len(items), c.status, c.items)
		}
	}
}

func TestFaults(t *testing.T) {
	t.Parallel()
	s := serve(t, pegasetest.Config{Faults: pegasetest.Faults{Delay: 30 * time.Millisecond, RetryAfter: 7 * time.Second}})
	_, token := login(t, s, account)
	for i, c := range []struct {
		fault  pegasetest.Fault
		status int // 0: the connection is cut
	}{
		0: {pegasetest.NoFault, 200}, 1: {pegasetest.Unavailable, 503}, 2: {pegasetest.RateLimited, 429}, 3: {pegasetest.ServerError, 500},
		4: {pegasetest.Slow, 200}, 5: {pegasetest.Truncated, 200}, 6: {pegasetest.AnswerLost, 0}, 7: {pegasetest.ExpiredToken, 403}, 8: {pegasetest.NoFault, 403},
	} {
		s.Script(pegasetest.Search, c.fault)
		start := time.Now()
		resp, body := get(t, s, everybody, "Bearer "+token)
		status := 0
		if resp != nil {
			status = resp.StatusCode
		}
		if status != c.status {
			t.Errorf("%d: %s: %d; want %d", i, c.fault, status, c.status)
		}
		switch c.fault {
		case pegasetest.Slow:
			if took := time.Since(start); took < 30*time.Millisecond {
				t.Errorf("slow took %s", took)
			}
		case pegasetest.Truncated:
			if body != nil {
				t.Error("a truncated body is whole")
			}
		case pegasetest.RateLimited, pegasetest.Unavailable:
			if resp.Header.Get("Retry-After") != "7" {
				t.Errorf("%s: Retry-After %q", c.fault, resp.Header.Get("Retry-After"))
			}
		}
	}
	if n := s.Requests(pegasetest.Search); n != 9 {
		t.Errorf("%d requests were counted; want 9", n)
	}
	bad := pegasetest.Faults{Slow: 0.7, AnswerLost: 0.7}
	if err := s.SetFaults(bad); !errors.Is(err, passerelle.ErrInvalid) {
		t.Errorf("shares of 1.4: %v; want ErrInvalid", err)
	}
	if _, err := pegasetest.New(pegasetest.Config{Population: -1, Faults: bad}); !errors.Is(err, passerelle.ErrInvalid) {
		t.Errorf("a negative population: %v; want ErrInvalid", err)
	}
}

// The same seed makes the same people, and their numbers have right keys.
func TestPopulate(t *testing.T) {
	t.Parallel()
	a, b := serve(t, pegasetest.Config{Seed: 3, Population: 50}), serve(t, pegasetest.Config{Seed: 3, Population: 50})
	confirmed := 0
	for _, code := range []string{"000000001", "000000025", "000000050"} {
		one, ok := a.Student(code)
		two, _ := b.Student(code)
		if !ok {
			t.Fatalf("there is no %s", code)
		}
		testutil.Equal(t, "student", one, two)
		if one.Status == ines.StatusConfirmed {
			confirmed++
			if n := ine.MustParse(one.INE); n.Key() != ine.KeyOK {
				t.Errorf("the INE of %s has no right key", code)
			}
		}
	}
	if confirmed == 0 {
		t.Error("nobody is confirmed")
	}
	if a.Change("nobody", func(*pegasetest.Student) {}) {
		t.Error("somebody who is not there was changed")
	}
}
