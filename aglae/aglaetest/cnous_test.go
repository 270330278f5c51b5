package aglaetest_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/aglae/aglaetest"
)

const student = `{"lastName":"Durand","firstName":"Léa","birthDate":"2003-02-01T00:00:00+01:00","ine":"1234567890V","boursier":true}`

// call asks the fake without the client of this module.
func call(t *testing.T, method, url, token, body string) (status int, answer string, header http.Header) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(url, "token") {
		r.SetBasicAuth(aglaetest.CnousClientID, aglaetest.CnousClientSecret)
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	} else if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(b), resp.Header
}

// TestCnousWire compares what is on the wire with the descriptions of the service.
func TestCnousWire(t *testing.T) {
	t.Parallel()
	s := aglaetest.NewCnousServer(t, aglaetest.CnousConfig{Records: []json.RawMessage{json.RawMessage(student)}, ExportLooks: 1})
	status, answer, _ := call(t, "POST", s.URL+aglaetest.CnousTokenPath+"?grant_type=client_credentials", "", "")
	if status != 200 || answer != `{"access_token":"jeton-1","expires_in":7200}` {
		t.Errorf("token: %d %s", status, answer)
	}
	status, answer, header := call(t, "POST", s.URL+aglaetest.CnousLegacyTokenPath, "", "grant_type=client_credentials&env=PPD")
	if status != 200 || answer != "" || header.Get("Authorization") != "Bearer jeton-2" {
		t.Errorf("older token: %d %s %v", status, answer, header)
	}
	base := s.BaseURL()
	for i, c := range []struct {
		method, url, token, body string
		status                   int
		answer                   string
	}{
		0:  {"GET", "/v1/boursier/1234567890V", "jeton-1", "", 200, student},
		1:  {"GET", "/v1/boursier/1234567890v", "jeton-2", "", 200, student},
		2:  {"GET", "/v1/boursier/1234567890V", "", "", 401, ""},
		3:  {"GET", "/v1/boursier/1234567890V", "faux", "", 401, ""},
		4:  {"GET", "/v1/boursier/9999999999X", "jeton-1", "", 404, `{"code":404,"description":"Étudiant(e) non trouvé(e)"}`},
		5:  {"GET", "/v1/boursier/1234567890V?campaignYear=x", "jeton-1", "", 400, `{"code":400,"description":"Mauvais paramètres"}`},
		6:  {"POST", "/v1/boursier/donnees-pivots", "jeton-1", `{"lastName":"DURAND","firstNames":"lea, ana","birthDate":"01/02/2003"}`, 200, "[" + student + "]"},
		7:  {"POST", "/v1/boursier/donnees-pivots", "jeton-1", `{"lastName":"DURAND","birthDate":"01/02/2003"}`, 400, ""},
		8:  {"GET", "/v1/boursier/find", "jeton-1", `{"family_name":"Durand","given_name":"Léa Ana","birthdate":"01/02/2003"}`, 200, "[" + student + "]"},
		9:  {"POST", "/v1/scholarship-holder-api-export/create", "jeton-1", `{"cogCodes":["78590"],"minScholarshipLevel":"0Bis","campaignYear":null}`, 201, `{"id":"1000","message":"Export en cours de génération"}`},
		10: {"POST", "/v1/scholarship-holder-api-export/create", "jeton-1", `{"cogCodes":["78590"],"minScholarshipLevel":"0bis"}`, 400, ""},
		11: {"GET", "/v1/export/1000/download", "jeton-1", "", 202, ""},
		12: {"GET", "/v1/export/1000/download", "jeton-1", "", 200, ""},
		13: {"GET", "/v1/export/1001/download", "jeton-1", "", 404, `{"message":"Export introuvable","status":404}`},
	} {
		status, answer, _ := call(t, c.method, base+c.url, c.token, c.body)
		if status != c.status || c.answer != "" && answer != c.answer {
			t.Errorf("%d: %d %s; want %d %s", i, status, answer, c.status, c.answer)
		}
	}
}

func TestCnousRecords(t *testing.T) {
	t.Parallel()
	for i, raw := range []string{0: `[]`, 1: `{}`, 2: `[` + student + `]`, 3: `[` + student + `,` + student + `]`, 4: `?`} {
		if _, err := aglaetest.NewCnous(aglaetest.CnousConfig{Records: []json.RawMessage{json.RawMessage(raw)}}); err == nil || !(errors.Is(err, passerelle.ErrInvalid) || errors.Is(err, passerelle.ErrProtocol)) {
			t.Errorf("%d: %v; want a refusal", i, err)
		}
	}
}
