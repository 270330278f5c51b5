package particuliertest_test

import (
	"errors"
	"io/fs"
	"net/http"
	"testing"
	"testing/fstest"
	"time"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/particulier/particuliertest"
)

// get asks the service without client and network.
func get(t *testing.T, s *particuliertest.Service, path string) *http.Response {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://staging.example"+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+particuliertest.TestToken)
	resp, err := s.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	return resp
}

// TestStagingRule: all parameters in small letters, the whole set equal, recipient apart.
func TestStagingRule(t *testing.T) {
	t.Parallel()
	s := particuliertest.New(particuliertest.Config{PerSecond: -1, Cases: particuliertest.NewCases([]particuliertest.Case{{
		Path: "/v3/mesri/statut_etudiant/identite", Status: 200, Payload: []byte(`{"data":{}}`),
		Params: map[string]any{"nomNaissance": "DUPONT", "prenoms": []any{"Ana"}, "anneeDateNaissance": 2001, "moisDateNaissance": 2, "jourDateNaissance": 3, "sexeEtatCivil": "F"},
	}})})
	const date = "&anneeDateNaissance=2001&moisDateNaissance=2&jourDateNaissance=3&sexeEtatCivil=F"
	for i, c := range []struct {
		query string
		want  int
	}{
		0: {"nomNaissance=Dupont&prenoms%5B%5D=ANA" + date, 200},
		1: {"nomNaissance=dupont&prenoms[]=ana" + date, 200},
		2: {"nomNaissance=dupont&prenoms[]=ana&prenoms[]=b" + date, 404},
		3: {"nomNaissance=dupont&prenoms[]=ana&codeCogInseeCommuneNaissance=67482" + date, 404},
		4: {"nomNaissance=dupond&prenoms[]=ana" + date, 404},
		5: {"nomNaissance=dupont&prenoms[]=ana&anneeDateNaissance=2001", 422},
	} {
		if got := get(t, s, "/v3/mesri/statut_etudiant/identite?recipient="+particuliertest.TestRecipient+"&"+c.query); got.StatusCode != c.want {
			t.Errorf("%d: %d; want %d", i, got.StatusCode, c.want)
		}
	}
	if got := get(t, s, "/v3/mesri/statut_etudiant/identite?recipient=12345&nomNaissance=dupont"); got.StatusCode != 422 {
		t.Errorf("a recipient that is none: %d; want 422", got.StatusCode)
	}
	for _, path := range []string{"/v3/autre", "/v4/mesri/statut_etudiant/ine", "/v3/mesri/statut_etudiant/nir"} {
		if got := get(t, s, path); got.StatusCode != 404 {
			t.Errorf("%s: %d; want 404", path, got.StatusCode)
		}
	}
}

// TestUnknownV4 answers people whom v4 does not know as asked.
func TestUnknownV4(t *testing.T) {
	t.Parallel()
	for status, want := range map[int]int{0: 404, 500: 500} {
		s := particuliertest.New(particuliertest.Config{UnknownV4: status})
		if got := get(t, s, "/v4/cnous/etudiant_boursier/ine?ine=1234567890V&recipient="+particuliertest.TestRecipient); got.StatusCode != want {
			t.Errorf("%d: %d; want %d", status, got.StatusCode, want)
		}
	}
}

// TestLimits counts the requests of a token in a second and of an address in a minute, and
// bans who goes on.
func TestLimits(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC)
	s := particuliertest.New(particuliertest.Config{PerSecond: 20, PerMinute: 50, Now: func() time.Time { return now }})
	for i := range 25 {
		got := get(t, s, "/api/ping")
		if want := map[bool]int{true: 200, false: 429}[i < 20]; got.StatusCode != want {
			t.Fatalf("request %d: %d; want %d", i, got.StatusCode, want)
		}
		if i >= 20 && (got.Header.Get("Retry-After") != "1" || got.Header.Get("RateLimit-Limit") != "20") {
			t.Errorf("headers of a 429: %v", got.Header)
		}
	}
	s.Advance(1100 * time.Millisecond)
	for i := range 20 {
		if got := get(t, s, "/api/ping"); got.StatusCode != 200 {
			t.Fatalf("request %d of the next second: %d", i, got.StatusCode)
		}
	}
	s.Advance(1100 * time.Millisecond)
	for i := range 6 {
		if got, want := get(t, s, "/api/ping"), map[bool]int{true: 200, false: 429}[i < 5]; got.StatusCode != want {
			t.Fatalf("request %d of the minute: %d; want %d", 46+i, got.StatusCode, want)
		}
	}
	s.Advance(time.Second)
	r, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://staging.example/api/ping", nil)
	if resp, err := s.RoundTrip(r); err == nil || !s.Banned() {
		t.Errorf("going on after a 429: %v, banned %v; want no answer", resp, s.Banned())
	}
	s.Advance(12 * time.Hour)
	if s.Banned() || get(t, s, "/api/ping").StatusCode != 200 {
		t.Error("the ban does not end")
	}
}

// TestLoadCases refuses what is no list of cases.
func TestLoadCases(t *testing.T) {
	t.Parallel()
	if _, err := particuliertest.LoadCases(fstest.MapFS{}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
	for i, text := range []string{0: "x", 1: `{"path":""}`, 2: `{"path":"/x","status":200}` + "\nnull"} {
		if _, err := particuliertest.LoadCases(fstest.MapFS{"cases.jsonl": {Data: []byte(text)}}); !errors.Is(err, passerelle.ErrInvalid) {
			t.Errorf("%d: %v; want ErrInvalid", i, err)
		}
	}
	c, err := particuliertest.LoadCases(fstest.MapFS{"cases.jsonl": {Data: []byte(`{"path":"/x","status":200}` + "\n\n")}})
	if err != nil || len(c.All()) != 1 {
		t.Errorf("one case: %v, %v", c, err)
	}
}
