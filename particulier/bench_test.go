package particulier_test

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/passerelle-sup/passerelle/particulier"
	"github.com/passerelle-sup/passerelle/particulier/particuliertest"
)

// statusBody is the body of an answer.
const statusBody = `{"data":{"identite":{"nom_naissance":"MARTIN","prenom":"Jeanne","date_naissance":"2001-11-10"},"admissions":[{"date_debut":"2022-08-01","date_fin":"2023-07-30","est_inscrit":true,"regime_formation":{"libelle":"formation initiale","code":"RF1"},"code_cog_insee_commune":"75020","etablissement_etudes":{"uai":"0750106H","nom":"ECOLE TECHNOLOGIQUE PRIVEE"}}]},"links":{},"meta":{}}`

// BenchmarkDecode reads one answer, and reads the same bytes into a map for comparison.
func BenchmarkDecode(b *testing.B) {
	body := []byte(statusBody)
	b.Run("status", func(b *testing.B) {
		b.ReportAllocs()
		b.SetBytes(int64(len(body)))
		for b.Loop() {
			if _, err := particulier.DecodeStudentStatus(body); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("floor/json", func(b *testing.B) {
		b.ReportAllocs()
		b.SetBytes(int64(len(body)))
		for b.Loop() {
			var m map[string]any
			if err := json.Unmarshal(body, &m); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkCall asks one question over loopback TLS, and does the same with net/http alone.
func BenchmarkCall(b *testing.B) {
	s := particuliertest.NewServer(b, particuliertest.Config{Students: known{}, PerSecond: -1, PerMinute: -1})
	b.Run("client", func(b *testing.B) {
		client := unpaced(b, s)
		b.ReportAllocs()
		for b.Loop() {
			if _, err := client.StudentStatusByINE(b.Context(), particulier.INERequest{INE: knownINE}); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("floor/http", func(b *testing.B) {
		client := &http.Client{Transport: s.Transport()}
		b.ReportAllocs()
		for b.Loop() {
			req, err := http.NewRequest(http.MethodGet, s.URL+"/v3/mesri/statut_etudiant/ine?ine="+knownINE+"&recipient="+particuliertest.TestRecipient, nil)
			if err != nil {
				b.Fatal(err)
			}
			req.Header.Set("Authorization", "Bearer "+particuliertest.TestToken)
			resp, err := client.Do(req)
			if err != nil {
				b.Fatal(err)
			}
			var m map[string]any
			err = json.NewDecoder(resp.Body).Decode(&m)
			resp.Body.Close()
			if err != nil || resp.StatusCode != http.StatusOK {
				b.Fatal(err, resp.Status)
			}
		}
	})
}
