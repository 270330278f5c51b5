package cvectest_test

import (
	"errors"
	"io"
	"net/http"
	"testing"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/cvec"
	"github.com/passerelle-sup/passerelle/cvec/cvectest"
)

// get asks without the client of this module.
func get(t *testing.T, url string) (status int, body string) {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(b)
}

// TestWire compares what is on the wire with the descriptions of the service.
func TestWire(t *testing.T) {
	t.Parallel()
	one := cvectest.Certificate{
		Number: cvec.MustParse("VER5ABCDEF12"), INE: "1234567890V", Crous: "Versailles", State: cvec.StatePaid, Label: "Payée",
		Person: passerelle.Person{BirthName: "Dupont", GivenNames: [3]string{"Zoé"}, Sex: passerelle.SexFemale, BirthDate: passerelle.MustParseDate("2004-02-29")},
	}
	current := cvectest.NewServer(t, cvectest.Config{Certificates: []cvectest.Certificate{one}})
	older := cvectest.NewServer(t, cvectest.Config{Certificates: []cvectest.Certificate{one}, Spelling: cvectest.Older})
	for i, c := range []struct {
		url    string
		status int
		body   string
	}{
		0: {current.URL + "/api/attestation/VER5ABCDEF12?etudiant=DUPON", 200, `{"crous":"Versailles","date_naissance":"29/02/2004","etat":{"code":"75","libelle":"Payée"},"exoneration":null,"ine":"1234567890V","nom":"Dupont","nomUsage":"","prenom":"Zoé","sexe":"F"}`},
		1: {older.URL + "/api/attestation/VER5ABCDEF12?etudiant=DUPON", 200, `{"crous":"Versailles","dateNaissance":"29/02/2004","etat":{"code":75,"libelle":"Payée"},"exoneration":null,"ine":"1234567890V","nom":"Dupont","nomUsage":"","prenom":"Zoé","sexe":"2"}`},
		2: {current.URL + "/api/attestation/VER5ABCDEF12?etudiant=DUPUI", 400, `{"code":"400","message":"Attestation non trouvée"}`},
		3: {current.URL + "/api/attestation/VER5ABCDEF13?etudiant=DUPON", 400, `{"code":"400","message":"Attestation non trouvée"}`},
		4: {current.URL + "/api/attestation/?etudiant=DUPON", 404, `{"code":"404","message":"Le code est manquant"}`},
		5: {current.URL + "/elsewhere", 404, `<html>404</html>`},
	} {
		if status, body := get(t, c.url); status != c.status || body != c.body {
			t.Errorf("%d: %d %s; want %d %s", i, status, body, c.status, c.body)
		}
	}
}

func TestState(t *testing.T) {
	t.Parallel()
	n := cvec.MustParse("VER5ABCDEF12")
	s := cvectest.NewServer(t, cvectest.Config{PerSecond: 3})
	c, err := cvec.New(cvec.Config{BaseURL: s.URL, PerSecond: 1000})
	if err != nil {
		t.Fatal(err)
	}
	ask := func() (cvec.Record, error) { return c.Verify(t.Context(), cvec.Request{Number: n, Key: "LI"}) }
	if _, err := ask(); !errors.Is(err, passerelle.ErrNotFound) || s.SetState(n, "80") {
		t.Errorf("a certificate that is not there: %v", err)
	}
	s.Put(cvectest.Certificate{Number: n, Person: passerelle.Person{BirthName: "Li"}, State: cvec.StateValid})
	if r, err := ask(); err != nil || r.State != cvec.StateValid {
		t.Errorf("put: %v, %v", r.State, err)
	}
	s.SetState(n, "80")
	if r, err := ask(); err != nil || r.State != "80" {
		t.Errorf("changed: %v, %v", r.State, err)
	}
	if status, _ := get(t, s.URL+"/api/attestation/"+n.String()+"?etudiant=LI"); status != http.StatusTooManyRequests {
		t.Errorf("the fourth request of a second: %d; want 429", status)
	}
	if s.Requests() != 4 {
		t.Errorf("%d requests; want 4", s.Requests())
	}
}

// TestDraw: the same seed meets the same trouble, about as often as asked.
func TestDraw(t *testing.T) {
	t.Parallel()
	run := func(seed uint64) (statuses []int, down int) {
		s := cvectest.NewServer(t, cvectest.Config{Seed: seed, Faults: map[cvectest.Fault]float64{cvectest.Down: 0.3, cvectest.Internal: 0.1}})
		for range 200 {
			status, _ := get(t, s.URL+"/api/attestation/VER5ABCDEF12?etudiant=LI")
			statuses = append(statuses, status)
			if status == http.StatusServiceUnavailable {
				down++
			}
		}
		return statuses, down
	}
	first, down := run(1)
	second, _ := run(1)
	for i := range first {
		if first[i] != second[i] {
			t.Fatalf("request %d: %d and %d with the same seed", i, first[i], second[i])
		}
	}
	if down < 40 || down > 80 {
		t.Errorf("%d of 200 requests met a fault of share 0.3", down)
	}
}
