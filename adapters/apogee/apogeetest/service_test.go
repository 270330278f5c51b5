package apogeetest_test

import (
	"database/sql"
	"fmt"
	"hash/fnv"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/passerelle-sup/passerelle/adapters/apogee"
	"github.com/passerelle-sup/passerelle/adapters/apogee/apogeetest"
	"github.com/passerelle-sup/passerelle/ine"
	"github.com/passerelle-sup/passerelle/internal/testutil"
)

const good = `<?xml version="1.0" encoding="ISO-8859-15"?>
<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><a:recupererInfosAdmEtu_v4 xmlns:a="gouv.education.apogee.commun.servicesmetiers.EtudiantMetier"><_codEtu>22600000</_codEtu></a:recupererInfosAdmEtu_v4></s:Body></s:Envelope>`

// send posts a request as it is.
func send(tb testing.TB, url, body string, change func(*http.Request)) (int, string) {
	tb.Helper()
	r, err := http.NewRequestWithContext(tb.Context(), http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		tb.Fatal(err)
	}
	r.Header.Set("Content-Type", "text/xml; charset=ISO-8859-15")
	r.Header["SOAPAction"] = []string{`""`}
	if change != nil {
		change(r)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		tb.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		tb.Fatal(err)
	}
	return resp.StatusCode, string(text)
}

// A client that departs from the contracts is found out.
func TestStrict(t *testing.T) {
	t.Parallel()
	server := apogeetest.NewServer(t, apogeetest.Config{Students: 1})
	for name, c := range map[string]struct {
		service, body string
		change        func(*http.Request)
		status        int
		want          string
	}{
		"good":             {"/EtudiantMetier", good, nil, 200, "<numEtu>22600000</numEtu>"},
		"?wsdl":            {"/EtudiantMetier?wsdl", good, nil, 200, "<numEtu>22600000</numEtu>"},
		"no action":        {"/EtudiantMetier", good, func(r *http.Request) { delete(r.Header, "SOAPAction") }, 500, "SOAPAction"},
		"bare action":      {"/EtudiantMetier", good, func(r *http.Request) { r.Header["SOAPAction"] = []string{""} }, 500, "SOAPAction"},
		"media type":       {"/EtudiantMetier", good, func(r *http.Request) { r.Header.Set("Content-Type", "application/soap+xml") }, 500, "want text/xml"},
		"GET":              {"/EtudiantMetier", "", func(r *http.Request) { r.Method = http.MethodGet }, 405, "POST"},
		"other service":    {"/AdministratifMetier", good, nil, 500, "has no operation"},
		"namespace":        {"/EtudiantMetier", strings.Replace(good, "servicesmetiers.EtudiantMetier", "servicesmetiers.Autre", 1), nil, 500, "want the namespace"},
		"qualified child":  {"/EtudiantMetier", strings.ReplaceAll(good, "_codEtu", "a:_codEtu"), nil, 500, "want _codEtu in no namespace"},
		"unknown child":    {"/EtudiantMetier", strings.ReplaceAll(good, "_codEtu", "codEtu"), nil, 500, "no element codEtu is expected there"},
		"encoding":         {"/EtudiantMetier", strings.Replace(good, "-15", "-2", 1), nil, 500, "want ISO-8859-15"},
		"not well-formed":  {"/EtudiantMetier", good[:200], nil, 500, "want well-formed XML"},
		"malformed number": {"/EtudiantMetier", strings.Replace(good, "22600000", "A1", 1), nil, 500, "technical.parameter.noncoherentinput.codEtu"},
		"nobody":           {"/EtudiantMetier", strings.Replace(good, "22600000", "1", 1), nil, 500, "technical.data.nullretrieve.etudiant"},
	} {
		status, text := send(t, server.URL+c.service, c.body, c.change)
		if status != c.status || !strings.Contains(text, c.want) {
			t.Errorf("%s: %d %s, want %d and %q", name, status, text, c.status, c.want)
		}
	}
}

// Every answer, faults on purpose aside, is XML for a foreign parser.
func TestWellFormed(t *testing.T) {
	t.Parallel()
	xmllint := testutil.Program(t, "xmllint")
	for style := range apogeetest.NilMixed + 1 {
		server := apogeetest.NewServer(t, apogeetest.Config{Students: 1, Nil: style})
		for _, number := range []string{"22600000", "1"} {
			_, text := send(t, server.URL+"/EtudiantMetier", strings.Replace(good, "22600000", number, 1), nil)
			cmd := exec.CommandContext(t.Context(), xmllint, "--noout", "-")
			cmd.Stdin = strings.NewReader(text)
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("style %d, student %s: %s", style, number, out)
			}
		}
	}
}

// digest sums the content of the base up.
func digest(tb testing.TB, db *sql.DB) string {
	tb.Helper()
	h := fnv.New64a()
	for _, name := range []string{"INDIVIDU", "INS_ADM_ANU", "INS_ADM_ETP", "INS_ANTICIPE_ETP", "INS_DETTE_ETP", "ADRESSE", "ANNU_MEL_LOGIN", "RESULTAT_ELP", "AVCT_OBJ_ANO"} {
		rows, err := db.Query("SELECT * FROM " + name + " ORDER BY rowid")
		if err != nil {
			tb.Fatal(err)
		}
		defer rows.Close()
		columns, err := rows.Columns()
		if err != nil {
			tb.Fatal(err)
		}
		cells, targets := make([]any, len(columns)), make([]any, len(columns))
		for i := range cells {
			targets[i] = &cells[i]
		}
		n := 0
		for ; rows.Next(); n++ {
			if err := rows.Scan(targets...); err != nil {
				tb.Fatal(err)
			}
			fmt.Fprintln(h, name, cells)
		}
		if err := rows.Err(); err != nil || n == 0 {
			tb.Fatalf("%s: %d rows, %v", name, n, err)
		}
	}
	return fmt.Sprintf("%x", h.Sum64())
}

// The same seed makes the same base, another one another.
func TestCohort(t *testing.T) {
	t.Parallel()
	sums := map[string]int{}
	for _, seed := range []uint64{1, 1, 2} {
		s, err := apogeetest.New(apogeetest.Config{Seed: seed, Students: 100})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		sums[digest(t, s.DB())]++
	}
	if len(sums) != 2 {
		t.Errorf("three bases of two seeds: %v, want two that are the same", sums)
	}
	s, err := apogeetest.New(apogeetest.Config{Seed: 1, Students: 20})
	if err != nil {
		t.Fatal(err)
	}
	rows, err := s.DB().Query(`SELECT COALESCE(COD_NNE_IND, '-'), COALESCE(COD_CLE_NNE_IND, '-') FROM INDIVIDU ORDER BY COD_IND`)
	if err != nil {
		t.Fatal(err)
	}
	var families []string
	for rows.Next() {
		var body, key string
		if err := rows.Scan(&body, &key); err != nil {
			t.Fatal(err)
		}
		if len(body) != 10 && body != "-" {
			t.Errorf("COD_NNE_IND %q is not padded", body)
		}
		v := ine.Judge(strings.Trim(body, "- ") + strings.Trim(key, "- "))
		families = append(families, fmt.Sprint(v.Family, "/", v.Status, "/", len(key)))
	}
	if err := rows.Close(); err != nil {
		t.Fatal(err)
	}
	testutil.Golden(t, "families.txt", []byte(strings.Join(families, "\n")+"\n"))

	folder := strings.TrimPrefix(strings.Split(s.DSN(), "?")[0], "file:")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(folder); !os.IsNotExist(err) {
		t.Errorf("the base is still there after Close: %v", err)
	}
	if _, err := apogeetest.New(apogeetest.Config{Students: -1, Charset: "x", Nil: 9}); err == nil || strings.Count(err.Error(), ";") != 2 {
		t.Errorf("error %v, want three faults", err)
	}
}

// Calls are counted, scripts are used up, Always stays.
func TestScript(t *testing.T) {
	t.Parallel()
	server := apogeetest.NewServer(t, apogeetest.Config{Students: 1})
	server.Script(apogee.OpStudent, apogeetest.Maintenance)
	server.Always(apogee.OpStudent, apogeetest.NullRetrieve)
	var got []int
	for range 3 {
		status, _ := send(t, server.URL+"/EtudiantMetier", good, nil)
		got = append(got, status)
	}
	server.Always(apogee.OpStudent, apogeetest.NoFault)
	status, _ := send(t, server.URL+"/EtudiantMetier", good, nil)
	testutil.Equal(t, "statuses", append(got, status), []int{200, 500, 500, 200})
	testutil.Equal(t, "calls", server.Calls(apogee.OpStudent), 4)
}
