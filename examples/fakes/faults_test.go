package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/passerelle-sup/passerelle/internal/testutil"
)

// subject is a service of the table of faults.
type subject struct {
	name string
	// folder and kind are where its faults are declared: "supdata/supdatatest", "Fault".
	folder, kind string
	operation    string // whose requests meet the faults
	ask          func(url string) (*http.Request, error)
	hidden       []string // faults that one call of ask does not show
	waits        bool     // the clock moves by a minute before each call: the service bans who does not wait after a 429
}

const register = `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><immatriculer xmlns="urn:example:invented:passerelle:ines:1">` +
	`<referenceEtudiant>1</referenceEtudiant><nomFamille>Martin</nomFamille><prenom1>Zoé</prenom1><sexe>F</sexe><dateNaissance>2006-11-02</dateNaissance>` +
	`<lieuNaissance>35238</lieuNaissance><etablissement>0542493S</etablissement></immatriculer></s:Body></s:Envelope>`

const interroger = `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><interrogerBourse xmlns="urn:example:invented:passerelle:aglae:1">` +
	`<nne>082242525JK</nne><anneeUniversitaire>2026</anneeUniversitaire></interrogerBourse></s:Body></s:Envelope>`

const enrolment = `{"ine":"082242525JK","dateNaissance":"1997-10-22","dateDebutInscription":"2026-09-01","dateFinInscription":"2027-08-31",` +
	`"statut":"inscrit","codeCommune":"54395","uai":"0542493S"}`

// request makes a request with headers, given by name and value.
func request(method, url, body string, headers ...string) (*http.Request, error) {
	r, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	return r, nil
}

var subjects = []subject{
	{"ines", "ines/inestest", "Fault", "registration", func(url string) (*http.Request, error) {
		return request("POST", url+"/soap", register, "Content-Type", "text/xml; charset=utf-8", "SOAPAction", `"urn:example:invented:passerelle:ines:1:immatriculer"`)
	}, []string{"wrong-charset", "duplicated", "litige-storm"}, false},
	{"supdata", "supdata/supdatatest", "Fault", "", func(url string) (*http.Request, error) {
		return request("POST", url+"/inscription", enrolment, "Content-Type", "application/json", "X-API-Key", "cle-de-test")
	}, []string{"page-after", "wrong-charset", "no-number"}, false},
	{"aglae", "aglae/aglaetest", "Fault", "ask", func(url string) (*http.Request, error) {
		return request("POST", url+"/connecteur", interroger, "Content-Type", "text/xml; charset=utf-8", "SOAPAction", `"urn:example:invented:passerelle:aglae:1:interrogerBourse"`)
	}, []string{"page-200", "wrong-charset", "empty", "unknown-word", "personal-word", "no-word", "no-verdict", "two-verdicts", "other-element"}, false},
	{"particulier", "particulier/particuliertest", "Fault", "", func(url string) (*http.Request, error) {
		return request("GET", url+"/v3/cnous/etudiant_boursier/ine?ine=082242525JK&recipient=13002526500013", "", "Authorization", "Bearer jeton-de-test")
	}, []string{"page-200", "null", "empty", "holes", "wrong-type", "wrong-charset", "plain-media"}, true},
	{"cnous", "aglae/aglaetest", "CnousFault", "", func(url string) (*http.Request, error) {
		return request("GET", url+"/v1/boursier/082242525JK", "", "Authorization", "Bearer jeton-1")
	}, []string{"page-200", "empty", "empty-list", "null", "nameless", "no-status", "wrong-type", "wrong-charset"}, false},
	{"cvec", "cvec/cvectest", "Fault", "", func(url string) (*http.Request, error) {
		return request("GET", url+"/api/attestation/VER5AAAAAA12?etudiant=LEMAI", "")
	}, []string{"page-200", "null", "no-state", "wrong-type", "wrong-charset"}, false},
	{"router", "esc/esctest", "Fault", "persons", func(url string) (*http.Request, error) {
		return request("GET", url+"/esc-rest/api/v2/persons", "", "Authorization", "Bearer jeton-de-carte")
	}, []string{"not-json"}, false},
	{"emrex", "emrex/emrextest", "Fault", "", func(url string) (*http.Request, error) {
		return request("POST", url, "sessionId=abc&returnUrl=https%3A%2F%2Fsis.example%2F", "Content-Type", "application/x-www-form-urlencoded")
	}, []string{
		"tampered", "other-key", "unsigned", "wrapped", "other-session", "no-code", "unknown-code", "truncated", "bomb", "mime-lines", "no-results", "cancelled", "failed",
	}, false},
	{"uni-a.example", "ewp/ewptest", "Fault", "", nil, nil, false},
}

// see is what a call meets. Only one that is to be slow is timed: others may be, on a
// machine that has much to do.
func see(client *http.Client, r *http.Request, slow bool) string {
	start := time.Now()
	resp, err := client.Do(r)
	if err != nil {
		return "cut"
	}
	defer resp.Body.Close()
	_, err = io.Copy(io.Discard, resp.Body)
	late := ""
	if slow && time.Since(start) > 900*time.Millisecond {
		late = ", late"
	}
	if err != nil {
		return "cut in the body"
	}
	return strconv.Itoa(resp.StatusCode) + late
}

// met sets each fault of a service in turn and says what a good call meets.
func met(s subject, line map[string]any, control string) (map[string]string, error) {
	seen := make(map[string]string)
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 30 * time.Second}
	put := func(path, body string) (panel, error) {
		var p panel
		r, err := request("PUT", control+path, body)
		if err != nil {
			return p, err
		}
		resp, err := client.Do(r)
		if err != nil {
			return p, err
		}
		defer resp.Body.Close()
		data, err := io.ReadAll(resp.Body)
		if err != nil || resp.StatusCode != http.StatusOK {
			return p, fmt.Errorf("%s: %s: %d %s: %w", s.name, body, resp.StatusCode, data, err)
		}
		return p, json.Unmarshal(data, &p)
	}
	set := func(body string) (panel, error) { return put("/"+s.name+"/faults", body) }
	stays := s.name == "emrex" || s.ask == nil // the faults of the others are scripted
	quiet := `{"preset":"none"}`
	if stays {
		quiet = `{"always":[]}`
	}
	p, err := set(quiet)
	if err != nil {
		return nil, err
	}
	for _, kind := range p.Kinds {
		if s.ask == nil || slices.Contains(s.hidden, kind) {
			seen[kind] = "●"
			continue
		}
		body := fmt.Sprintf(`{"next":[%q],"operation":%q}`, kind, s.operation)
		if stays {
			body = fmt.Sprintf(`{"always":[%q]}`, kind)
		}
		if _, err := set(body); err != nil {
			return nil, err
		}
		if s.waits {
			if _, err := put("/clock", `{"advance":"61s"}`); err != nil {
				return nil, err
			}
		}
		r, err := s.ask(line["url"].(string))
		if err != nil {
			return nil, err
		}
		seen[kind] = see(client, r, kind == "slow")
	}
	return seen, nil
}

// declared reads what the source says of the faults of a package, by their text.
func declared(t *testing.T, folder, kind string) map[string]string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(testutil.ModuleRoot(t), filepath.FromSlash(folder), "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	says := make(map[string]string)
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok {
				return true
			}
			if of, ok := spec.Type.(*ast.Ident); !ok || of.Name != kind || len(spec.Values) != 1 {
				return true
			}
			lit, ok := spec.Values[0].(*ast.BasicLit)
			if !ok {
				return true
			}
			value, err := strconv.Unquote(lit.Value)
			if err != nil {
				t.Fatal(err)
			}
			text := spec.Comment.Text()
			if text == "" {
				text = spec.Doc.Text()
			}
			says[value] = strings.Join(strings.Fields(text), " ")
			return true
		})
	}
	return says
}

// The part of the page that this test writes.
const (
	partBegin = "<!-- faults -->\n"
	partEnd   = "<!-- end of faults -->"
)

// TestFaults sets every fault of every service by the control, makes a call, and compares
// what happens with the table of docs/fakes.md.
func TestFaults(t *testing.T) {
	t.Parallel()
	lines := program(t)
	control := lines["control"]["url"].(string)
	token, err := request("POST", lines["cnous"]["token"].(string)+"?grant_type=client_credentials", "")
	if err != nil {
		t.Fatal(err)
	}
	token.SetBasicAuth("universite-de-test", "secret-de-test")
	if got := see(http.DefaultClient, token, false); got != "200" {
		t.Fatalf("a token of the Cnous: %s", got)
	}
	seen, errs := make([]map[string]string, len(subjects)), make([]error, len(subjects))
	var all sync.WaitGroup
	for i, s := range subjects {
		all.Go(func() { seen[i], errs[i] = met(s, lines[s.name], control) })
	}
	all.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	compare(t, table(t, seen))
}

// table writes the faults of all services.
func table(t *testing.T, seen []map[string]string) string {
	t.Helper()
	kinds := make(map[string]bool)
	var b strings.Builder
	b.WriteString("| fault |")
	for i, s := range subjects {
		fmt.Fprintf(&b, " %s |", strings.Replace(s.name, "uni-a.example", "universities", 1))
		for k := range seen[i] {
			kinds[k] = true
		}
	}
	b.WriteString("\n|---|" + strings.Repeat("---|", len(subjects)) + "\n")
	for _, k := range slices.Sorted(maps.Keys(kinds)) {
		fmt.Fprintf(&b, "| `%s` |", k)
		for i := range subjects {
			fmt.Fprintf(&b, " %s |", seen[i][k])
		}
		b.WriteString("\n")
	}
	for i, s := range subjects {
		says := declared(t, s.folder, s.kind)
		fmt.Fprintf(&b, "\n### What they are: %s\n\n", strings.Replace(s.name, "uni-a.example", "the universities", 1))
		for _, k := range slices.Sorted(maps.Keys(seen[i])) {
			if _, ok := says[k]; !ok {
				t.Errorf("%s declares no fault %q", s.folder, k)
			}
			fmt.Fprintf(&b, "- `%s`", k)
			if says[k] != "" {
				b.WriteString(": " + strings.TrimSuffix(says[k], "."))
			}
			b.WriteString("\n")
		}
		for k := range says {
			if _, ok := seen[i][k]; !ok && k != "" {
				t.Errorf("%s: the control does not offer the fault %q", s.name, k)
			}
		}
	}
	return b.String()
}

// compare holds the written part of the page against got, or rewrites it under -update.
func compare(t *testing.T, got string) {
	t.Helper()
	name := filepath.Join(testutil.ModuleRoot(t), "docs", "fakes.md")
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, begins := strings.Cut(string(data), partBegin)
	want, tail, ends := strings.Cut(rest, partEnd)
	if !begins || !ends {
		t.Fatal("docs/fakes.md has no place for the table of faults")
	}
	if flag.Lookup("update").Value.String() == "true" {
		if err := os.WriteFile(name, []byte(head+partBegin+got+partEnd+tail), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	testutil.Equal(t, "the table of faults of docs/fakes.md (run the test with -update to write it)", got, want)
}
