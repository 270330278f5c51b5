package supdatatest_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/passerelle-sup/passerelle/supdata/supdatatest"
)

const good = `{"ine":"0AYIOP071Y8","dateNaissance":"1996-12-26","dateDebutInscription":"2026-09-01","dateFinInscription":"2027-08-31","statut":"admis","regime":"contrat d'apprentissage","codeCommune":"44000","uai":"0011402U","cursus":"L","diplome":"2500123","niveauDiplome":"01"}`

func post(t *testing.T, s *supdatatest.Server, method, path, key, body string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, strings.TrimSuffix(s.URL, supdatatest.Prefix)+path, bytes.NewReader([]byte(body)))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("X-API-Key", key)
	r.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(data)
}

// TestStrict looks at the wire without the client: what the fake takes and refuses.
func TestStrict(t *testing.T) {
	t.Parallel()
	s := supdatatest.NewServer(t, supdatatest.Config{})
	with := func(old, new string) string {
		if !strings.Contains(good, old) {
			t.Fatalf("%q is not in the request", old)
		}
		return strings.Replace(good, old, new, 1)
	}
	const path = "/api/inscription"
	for i, c := range []struct {
		method, path, key, body string
		status                  int
		message, parameter      string // JSON
	}{
		0:  {"POST", path, supdatatest.TestKey, good, 200, "une nouvelle inscription créée", ""},
		1:  {"POST", path, "autre", good, 401, "échec d'authentification", `"le token 384 n'est pas valide"`},
		2:  {"POST", path, supdatatest.TestKey, with("1996-12-26", "1996-12-27"), 404, "étudiant introuvable", `["0AYIOP071Y8","1996-12-27"]`},
		3:  {"POST", path, supdatatest.TestKey, with("0011402U", "0011402A"), 404, "étudiant introuvable", `["0011402A"]`},
		4:  {"POST", path, supdatatest.TestKey, with("0AYIOP071Y8", "0AYIOP"), 400, "la valeur du paramètre n'est pas valide", `"le format de ine n'est pas valide"`},
		5:  {"POST", path, supdatatest.TestKey, with("2026-09-01", "01/09/2026"), 400, "la valeur du paramètre n'est pas valide", `"le format de dateDebutInscription n'est pas valide"`},
		6:  {"POST", path, supdatatest.TestKey, with(`"statut":"admis"`, `"statut":"1"`), 400, "la valeur du paramètre n'est pas valide", `"le format de statut n'est pas valide"`},
		7:  {"POST", path, supdatatest.TestKey, with("contrat d'apprentissage", "autre"), 400, "la valeur du paramètre n'est pas valide", `"le format de regime n'est pas valide"`},
		8:  {"POST", path, supdatatest.TestKey, "{", 400, "la valeur du paramètre n'est pas valide", `"le corps de la requête n'est pas valide"`},
		9:  {"GET", path, supdatatest.TestKey, "", 405, "", ""},
		10: {"POST", "/inscription", supdatatest.TestKey, good, 404, "", ""},
	} {
		status, body := post(t, s, c.method, c.path, c.key, c.body)
		var got struct {
			Message string
			Details struct{ Parameter json.RawMessage }
		}
		_ = json.Unmarshal([]byte(body), &got) // a page is none
		if status != c.status || got.Message != c.message || string(got.Details.Parameter) != c.parameter {
			t.Errorf("%d: %d %s; want %d, %q, %s", i, status, body, c.status, c.message, c.parameter)
		}
	}
	if n := s.Store().Count(); n != 1 {
		t.Errorf("%d enrolments recorded; want 1", n)
	}
}

// TestSecondCall records a second call beside the first, or replaces it when told to.
func TestSecondCall(t *testing.T) {
	t.Parallel()
	for _, replace := range []bool{false, true} {
		s := supdatatest.NewServer(t, supdatatest.Config{})
		if replace {
			s.Store().ReplaceOnSecond()
		}
		for _, statut := range []string{"admis", "inscrit"} {
			if status, body := post(t, s, "POST", "/api/inscription", supdatatest.TestKey, strings.Replace(good, "admis", statut, 1)); status != 200 {
				t.Fatal(status, body)
			}
		}
		list := s.Store().Enrolments("0AYIOP071Y8")
		if want := map[bool]int{false: 2, true: 1}[replace]; len(list) != want || list[len(list)-1].Statut != "inscrit" || (len(s.Store().Twice()) == 0) != replace {
			t.Errorf("replace %v: %+v, twice %v", replace, list, s.Store().Twice())
		}
	}
}

// TestFaults meets every fault: before work nothing is recorded, after work the enrolment is.
func TestFaults(t *testing.T) {
	t.Parallel()
	recorded := map[supdatatest.Fault]int{
		supdatatest.Slow: 1, supdatatest.AnswerLost: 1, supdatatest.Truncated: 1, supdatatest.InternalAfter: 1, supdatatest.GatewayAfter: 1,
		supdatatest.PageAfter: 1, supdatatest.WrongCharset: 1, supdatatest.NoNumber: 1,
	}
	for _, fault := range supdatatest.AllFaults() {
		s := supdatatest.NewServer(t, supdatatest.Config{Delay: time.Millisecond, Faults: map[supdatatest.Fault]float64{fault: 1}})
		resp, err := http.DefaultClient.Do(request(t, s))
		answer := fmt.Sprint(err)
		if err == nil {
			data, err := io.ReadAll(resp.Body)
			answer = fmt.Sprint(resp.StatusCode, string(data), err)
			resp.Body.Close()
		}
		if n := s.Store().Count(); n != recorded[fault] {
			t.Errorf("%s: %d recorded; want %d (%s)", fault, n, recorded[fault], answer)
		}
		s.SetFaults(nil)
		s.Script(supdatatest.NoFault)
		if status, body := post(t, s, "POST", "/api/inscription", supdatatest.TestKey, good); status != 200 {
			t.Errorf("%s: without fault %d %s", fault, status, body)
		}
		if fault != supdatatest.Slow && strings.HasPrefix(answer, "200") && strings.Contains(answer, "id_inscription") && strings.HasSuffix(answer, "<nil>") && fault != supdatatest.WrongCharset {
			t.Errorf("%s did no harm: %s", fault, answer)
		}
	}
}

func request(t *testing.T, s *supdatatest.Server) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL+"/inscription", strings.NewReader(good))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("X-API-Key", supdatatest.TestKey)
	r.Header.Set("Content-Type", "application/json")
	return r
}
