package main

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"maps"
	"net/http/httptest"
	"net/mail"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/adapters/pegase/pegasetest"
	"github.com/passerelle-sup/passerelle/adapters/table"
	"github.com/passerelle-sup/passerelle/ine"
	"github.com/passerelle-sup/passerelle/ines"
	"github.com/passerelle-sup/passerelle/ines/campaign"
	"github.com/passerelle-sup/passerelle/ines/inestest"
	"github.com/passerelle-sup/passerelle/supdata"
)

// TestMain makes the test binary the program itself when a test starts it again.
func TestMain(m *testing.M) {
	if os.Getenv("RENTREE_IS_PROGRAM") == "1" {
		os.Exit(run(context.Background(), os.Args[1:], os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}

// rentree runs the program in this process and wants an exit code.
func rentree(t *testing.T, want int, args ...string) (stdout, stderr string) {
	t.Helper()
	var out, diag bytes.Buffer
	if got := run(t.Context(), args, &out, &diag); got != want {
		t.Fatalf("rentree %s: exit code %d; want %d\n%s", strings.Join(args, " "), got, want, diag.String())
	}
	return out.String(), diag.String()
}

// outcomes reads outcomes.jsonl and fails the test when a student has two lines
// for one step.
func outcomes(t *testing.T, dir string) map[string]map[string]line {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, "outcomes.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]map[string]line{stepINE: {}, stepINES: {}, stepGrades: {}, stepCard: {}, stepFeed: {}, stepCVEC: {}, stepGrant: {}, stepMobility: {}, stepEWP: {}, stepStatus: {}}
	for text := range strings.Lines(string(data)) {
		var l line
		if err := json.Unmarshal([]byte(text), &l); err != nil {
			t.Fatalf("outcomes.jsonl: %v in %q", err, text)
		}
		if _, again := all[l.Step][l.Student]; again {
			t.Errorf("%s has two outcomes for step %s", l.Student, l.Step)
		}
		all[l.Step][l.Student] = l
	}
	return all
}

func readTotals(t *testing.T, dir string) totals {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, "report.json"))
	if err != nil {
		t.Fatal(err)
	}
	var out totals
	if err := json.Unmarshal(data, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// adds fails the test unless the counts of a report add up to its students.
func (x totals) adds(t *testing.T) {
	t.Helper()
	before, after := 0, 0
	for _, n := range x.INE {
		before += n
	}
	for _, n := range x.INES {
		after += n
	}
	unreadable := x.INES[campaign.Unreadable]
	if before+unreadable != x.Students || after != x.Students {
		t.Errorf("%d verdicts and %d unreadable, %d outcomes, of %d students", before, unreadable, after, x.Students)
	}
}

func TestSeason(t *testing.T) {
	t.Parallel()
	out := filepath.Join(t.TempDir(), "out")
	stdout, stderr := rentree(t, exitDone, "-out", out)
	if stdout != out+"\n" {
		t.Errorf("stdout is %q; want the folder alone", stdout)
	}
	if strings.Contains(stderr, "\r") || !strings.Contains(stderr, "600  students in the base") {
		t.Errorf("off a terminal the program shows no progress, and the table at the end: %q", stderr)
	}
	got := readTotals(t, out)
	got.adds(t)
	if got.Students != 600 || got.Days != fakeDays || got.Fake.Twice != 0 {
		t.Errorf("%d students in %d days, %d persons created twice", got.Students, got.Days, got.Fake.Twice)
	}
	for o, atLeast := range map[campaign.Outcome]int{
		campaign.Definitive: 300, campaign.Confirmed: 60, campaign.Found: 20, campaign.Created: 90, campaign.Replaced: 20, campaign.Corrected: 10,
		campaign.Litige: 1, campaign.Incomplete: 18, campaign.Invalid: 2, campaign.ToCheck: 20,
	} {
		if got.INES[o] < atLeast {
			t.Errorf("%d students are %s; want at least %d", got.INES[o], o, atLeast)
		}
	}
	for _, none := range []campaign.Outcome{campaign.Doubtful, campaign.Unanswered, campaign.Held, campaign.Unreadable, campaign.InProgress} {
		if got.INES[none] != 0 {
			t.Errorf("%d students are %s after an easy season; want none", got.INES[none], none)
		}
	}
	if got.Written != got.INES[campaign.Found]+got.INES[campaign.Created]+got.INES[campaign.Replaced]+got.INES[campaign.Corrected] {
		t.Errorf("%d numbers were written back of %v", got.Written, got.INES)
	}
	all := outcomes(t, out)
	if len(all[stepINE]) != 600 || len(all[stepINES]) != 600 {
		t.Errorf("%d verdicts and %d outcomes; want 600 each", len(all[stepINE]), len(all[stepINES]))
	}
	for _, name := range []string{"outcomes.jsonl", "report.json", "report.html", "indicators.csv", "actions.csv", "actions.json", "mail.eml", "written-back.csv", "state.db"} {
		info, err := os.Stat(filepath.Join(out, name))
		if err != nil {
			t.Error(err)
		} else if info.Mode().Perm() != 0o600 || info.Size() == 0 {
			t.Errorf("%s: mode %v, %d bytes; want 0600 and something in it", name, info.Mode(), info.Size())
		}
	}
	if len(all[stepGrades]) != 1 {
		t.Errorf("%d transcripts were converted; want 1", len(all[stepGrades]))
	}
	for _, name := range []string{"transcript.html", "transcript.json", "transcript.csv", "chart.svg", "explain-ALG2.txt"} {
		if info, err := os.Stat(filepath.Join(out, "grades", name)); err != nil || info.Size() == 0 {
			t.Errorf("grades/%s is missing or empty: %v", name, err)
		}
	}
	known := got.INES[campaign.Definitive] + got.INES[campaign.Confirmed] + got.Written
	rest := got.Fed[supdata.Held] + got.Fed[supdata.Duplicate] // no confirmed INE, or one person in two records
	if got.Fed[supdata.Fed] < known || got.Fed[supdata.Fed]+rest != 600 || len(all[stepFeed]) != 600 {
		t.Errorf("SUPDATA: %v of %d students whose INE is known, %d lines", got.Fed, known, len(all[stepFeed]))
	}
	for student, l := range all[stepStatus] {
		if l.Outcome != "enrolled" {
			t.Errorf("%s was fed and reads as %s", student, l.Outcome)
		}
	}
	if len(all[stepStatus]) != 5 {
		t.Errorf("%d students were read back; want 5", len(all[stepStatus]))
	}
	checkDesk(t, out, got, all)
	checkStay(t, out, all)
	cards := map[string]int{}
	for student, l := range all[stepCard] {
		cards[l.Outcome]++
		for _, name := range []string{".png", "-seal.png"} {
			if _, err := os.Stat(filepath.Join(out, "cards", strings.TrimPrefix(student, "csv:")+name)); err != nil {
				t.Error(err)
			}
		}
		if l.Outcome == "registered" && !strings.HasSuffix(l.Detail, "says: accepted") {
			t.Errorf("%s: %s", student, l.Detail)
		}
	}
	if want := map[string]int{"registered": 10, "no-consent": 1, "withdrawn": 1}; !maps.Equal(cards, want) {
		t.Errorf("cards are %v; want %v", cards, want)
	}
	message, err := os.ReadFile(filepath.Join(out, "mail.eml"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := mail.ReadMessage(bytes.NewReader(message)); err != nil {
		t.Errorf("mail.eml: %v", err)
	}

	// The history of one student, and of one whom nobody asked about.
	var created string
	for student, l := range all[stepINES] {
		if l.Outcome == string(campaign.Created) {
			created = student
		}
	}
	stdout, _ = rentree(t, exitDone, "-out", out, "-explain", created)
	for _, want := range []string{created, "registration", "written back"} {
		if !strings.Contains(stdout, want) {
			t.Errorf("-explain %s lacks %q:\n%s", created, want, stdout)
		}
	}
	rentree(t, exitFail, "-out", out, "-explain", "csv:nobody")

	// The same folder again: refused without -resume, and nothing new with it.
	rentree(t, exitUsage, "-out", out)
	rentree(t, exitDone, "-out", out, "-resume")
	again := readTotals(t, out)
	if again.Fake.Created != got.Fake.Created || again.Calls[ines.OpRegister] != 0 {
		t.Errorf("resumed after the end: %d numbers created, %d calls to register; want %d and none", again.Fake.Created, again.Calls[ines.OpRegister], got.Fake.Created)
	}
	for student, l := range outcomes(t, out)[stepINES] {
		if before := all[stepINES][student]; before.Outcome != l.Outcome {
			t.Errorf("%s was %s and is %s after resuming", student, before.Outcome, l.Outcome)
		}
	}
}

func TestDryRun(t *testing.T) {
	t.Parallel()
	out := filepath.Join(t.TempDir(), "out")
	rentree(t, exitDone, "-out", out, "-dry-run", "-size", "120")
	got := readTotals(t, out)
	got.adds(t)
	if !got.DryRun || got.INES[campaign.Planned] == 0 || len(got.Calls) != 0 || got.Written != 0 {
		t.Errorf("dry run: %+v", got)
	}
	data, err := os.ReadFile(filepath.Join(out, "requests.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	requests := 0
	for text := range strings.Lines(string(data)) {
		var r ines.RegisterRequest
		if err := json.Unmarshal([]byte(text), &r); err != nil || len(r.Person.Missing()) != 0 || r.UAI.String() != "0511296G" {
			t.Errorf("a request that would be sent: %v, %+v", err, r)
		}
		requests++
	}
	if requests == 0 || requests > got.INES[campaign.Planned] {
		t.Errorf("%d requests would be sent for %d planned students", requests, got.INES[campaign.Planned])
	}
	for _, none := range []string{"state.db", "written-back.csv", "fake-ines.journal"} {
		if _, err := os.Stat(filepath.Join(out, none)); err == nil {
			t.Errorf("a dry run left %s", none)
		}
	}
}

// TestOwnBase runs a base with bad rows: each is told by line and column, the
// other rows go on, and the exit code says that something was left.
func TestOwnBase(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	base := filepath.Join(dir, "base.csv")
	rows := "student;ine;birth_name;given_name_1;sex;birth_date;birth_commune\n" +
		"1;223456789HE;Lefèvre;Zoé;F;2007-03-01;67482\n" +
		"2;;Garçon;Loïc;M;31/02/2007;67482\n" + // no such day
		"3;;Garçon;Loïc;M;01/03/2007;67482\n" +
		"4;;Noël;Éléonore;F;2007-03-01;2A004;too many\n" +
		"5;1234D56789B;Noël;Éléonore;F;2007-03-01;2A004\n"
	if err := os.WriteFile(base, []byte(rows), 0o600); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(dir, "out")
	rentree(t, exitPart, "-students", base, "-out", out)
	got := readTotals(t, out)
	got.adds(t)
	if got.Students != 5 || got.INES[campaign.Unreadable] != 2 || got.INES[campaign.Created] != 2 || got.INES[campaign.Definitive] != 1 {
		t.Errorf("outcomes %v; want 1 definitive, 2 created, 2 unreadable", got.INES)
	}
	if l := outcomes(t, out)[stepINE]["csv:2 line 3"]; !strings.Contains(l.Detail, "base.csv:3") || !strings.Contains(l.Detail, "birth_date") || strings.Contains(l.Detail, "2007") {
		t.Errorf("the bad birth date is told as %q; want file, line and column, without the date", l.Detail)
	}
}

// TestBadFiles wants an error that says what to do.
func TestBadFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := func(name, content string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	latin := file("latin.csv", "student;ine;birth_name;given_name_1;sex;birth_date;birth_commune\n1;;Lef\xe8vre;Zo\xe9;F;2007-03-01;67482\n")
	short := file("short.csv", "student;ine\n1;\n")
	for i, c := range []struct {
		code int
		args []string
		want string
	}{
		0:  {exitFail, []string{"-students", short}, "birth_date"},
		1:  {exitPart, []string{"-students", latin}, "in the base"},
		2:  {exitFail, []string{"-students", filepath.Join(dir, "none.csv")}, "none.csv"},
		3:  {exitUsage, []string{"-students", short, "-config", file("a.json", `{"uai":"0511296G","yeer":1}`)}, "yeer"},
		4:  {exitUsage, []string{"-students", short, "-config", file("b.json", `{"uai":"051","year":2026}`)}, "uai"},
		5:  {exitUsage, []string{"-students", latin, "-config", file("c.json", `{"uai":"0511296G","year":2026}`)}, "not public"},
		6:  {exitUsage, []string{"-config", "x.json"}, "-students"},
		7:  {exitUsage, []string{"-source", "scodoc"}, "pegase"},
		8:  {exitUsage, []string{"-faults", "some"}, "mild"},
		9:  {exitUsage, []string{"-size", "5"}, "60"},
		10: {exitUsage, []string{"-resume"}, "-out"},
		11: {exitUsage, []string{"-explain", "csv:1"}, "-out"},
		12: {exitUsage, []string{"students.csv"}, "no arguments"},
		13: {exitUsage, []string{"-unknown"}, "unknown"},
		14: {exitDone, []string{"-h"}, "outcomes.jsonl"},
		15: {exitUsage, []string{"-out", dir, "-explain", "csv:1", "-settle", "csv:1", "-decision", "start-over"}, "one at a time"},
		16: {exitUsage, []string{"-out", dir, "-settle", "csv:1", "-decision", "start-over", "-dry-run"}, "-dry-run"},
		17: {exitUsage, []string{"-out", dir, "-explain", "csv:1", "-resume"}, "-resume"},
		23: {exitUsage, []string{"-students", short, "-size", "60"}, "-size is for the sample"},
		18: {exitUsage, []string{"-out", dir, "-explain", ""}, "-explain is empty"},
		19: {exitUsage, []string{"-config", ""}, "-config is empty"},
		20: {exitUsage, []string{"-source", "pegase", "-config", file("d.json", `{"uai":"0511296G","year":2026,"ines":{"reference":true,"endpoint":"https://ines.invalid/"}}`)}, "pegase"},
		21: {exitUsage, []string{"-source", "sql", "-config", filepath.Join(dir, "d.json")}, "sql"},
		22: {exitUsage, []string{"-source", "apogee", "-config", filepath.Join(dir, "d.json")}, "apogee"},
	} {
		args := c.args
		if i < 6 {
			args = append(args, "-out", filepath.Join(dir, "out", string(rune('a'+i))))
		}
		_, stderr := rentree(t, c.code, args...)
		if !strings.Contains(stderr, c.want) {
			t.Errorf("%d: rentree %s says %q; want %q in it", i, strings.Join(args, " "), stderr, c.want)
		}
	}
}

// TestRealService points -config at a service of its own, over https, as it would
// be pointed at the real one.
func TestRealService(t *testing.T) {
	t.Setenv("RENTREE_TEST_PASSWORD", "secret")
	service, err := inestest.New(inestest.Config{Account: ines.Credentials{Username: "univ", Password: "secret"}})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewTLSServer(service.Handler())
	t.Cleanup(server.Close)
	dir := t.TempDir()
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	base := filepath.Join(dir, "base.csv")
	rows := "COD_ETU,NNE,CLE,NOM,PRENOM,SEXE,NAISSANCE,LIEU\n" +
		"20260001,,,Lef\xe8vre,Zo\xe9,F,01/03/2007,67482\n" +
		"20260002,049400406,2M,Gar\xe7on,Lo\xefc,M,02/03/2007,2A004\n"
	config := `{"uai":"0511296G","year":2026,"csv":{"charset":"windows-1252","system":"apogee","columns":{"student":"COD_ETU","ine":"NNE","ine_key":"CLE",
		"birth_name":"NOM","given_name_1":"PRENOM","sex":"SEXE","birth_date":"NAISSANCE","birth_commune":"LIEU"}},
		"ines":{"reference":true,"tls":{"ca":"ca.pem"},"endpoint":"` + server.URL + inestest.PathSOAP + `","username":"univ","password":{"env":"RENTREE_TEST_PASSWORD"},"security":"digest"}}`
	for path, content := range map[string]string{base: rows, filepath.Join(dir, "config.json"): config, filepath.Join(dir, "ca.pem"): string(ca)} {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	out := filepath.Join(dir, "out")
	rentree(t, exitDone, "-students", base, "-config", filepath.Join(dir, "config.json"), "-out", out)
	got := readTotals(t, out)
	got.adds(t)
	if got.INES[campaign.Created] != 1 || got.INES[campaign.ToCheck] != 1 || got.Fake != nil {
		t.Errorf("outcomes %v; want 1 created, 1 to check", got.INES)
	}
	created := service.Created()
	if len(created) != 1 || created[0].Student != "apogee:20260001" || created[0].Person.BirthName != "Lefèvre" {
		t.Fatalf("the service created %d numbers; want one, for apogee:20260001", len(created))
	}
	file, err := os.ReadFile(filepath.Join(out, "written-back.csv"))
	if err != nil || !bytes.Contains(file, []byte(created[0].Number.String())) {
		t.Errorf("the number did not come back: %v\n%s", err, file)
	}
}

// TestCohort has every kind of student in the smallest cohort and the default one.
func TestCohort(t *testing.T) {
	t.Parallel()
	for _, size := range []int{60, 600, 20_000} {
		met := map[kind]int{}
		numbers := map[ine.Number]bool{}
		c := cohort{size: size, seed: 1, add: func(_ passerelle.Person, of ...ine.Number) error {
			for _, n := range of {
				if numbers[n] {
					return fmt.Errorf("a number of family %s is given twice", n.Family())
				}
				numbers[n] = true
			}
			return nil
		}}
		for _, k := range c.kinds() {
			met[k]++
		}
		for k := current; k <= wrongKey; k++ {
			if met[k] == 0 && !(size == 60 && k == current) {
				t.Errorf("no student of kind %d among %d", k, size)
			}
		}
		refs, statuses := map[string]bool{}, map[ine.Status]int{}
		for s, err := range c.students() {
			if err != nil {
				t.Fatal(err)
			}
			refs[s.ID.String()] = true
			statuses[ine.Judge(s.INE).Status]++
		}
		if len(refs) != size {
			t.Errorf("%d references among %d students", len(refs), size)
		}
		if len(statuses) != 6 {
			t.Errorf("statuses of %d students: %v; want all six", size, statuses)
		}
	}
}

// TestSettle explains a student whom INES was never asked about, and ends a doubt.
func TestSettle(t *testing.T) {
	t.Parallel()
	out := filepath.Join(t.TempDir(), "out")
	rentree(t, exitFail, "-out", out, "-explain", "csv:2026000001") // there is no memory, and none is made
	if _, err := os.Stat(filepath.Join(out, "state.db")); err == nil {
		t.Error("-explain made a memory")
	}
	ledger := filepath.Join(out, "state.db")
	rentree(t, exitDone, "-out", out, "-size", "60")
	for student, l := range outcomes(t, out)[stepINES] {
		if l.Outcome == string(campaign.Definitive) {
			stdout, _ := rentree(t, exitDone, "-out", out, "-explain", student)
			if !strings.Contains(stdout, student+": ines: definitive") {
				t.Errorf("-explain of a student with nothing to ask: %q", stdout)
			}
			break
		}
	}
	l, err := campaign.OpenFile(ledger)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.Claim(t.Context(), campaign.Claim{ID: "x", Student: "csv:lost", Identity: "someone", At: seasonStart}); err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	rentree(t, exitUsage, "-out", out, "-settle", "csv:lost", "-decision", "whatever")
	rentree(t, exitUsage, "-out", out, "-decision", "ask-again")
	rentree(t, exitFail, "-out", out, "-settle", "csv:lost", "-decision", "ask-again") // it does not fit a doubt
	stdout, _ := rentree(t, exitDone, "-out", out, "-settle", "csv:lost", "-decision", "never-arrived")
	if !strings.Contains(stdout, "settled by a person: never arrived") {
		t.Errorf("-settle prints %q; want the history with the decision", stdout)
	}
}

// TestOtherSeason refuses a memory that belongs to another service or cohort, and
// a dry run leaves the results of the real runs alone.
func TestOtherSeason(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	out := filepath.Join(dir, "out")
	rentree(t, exitDone, "-out", out, "-size", "60")
	before, err := os.ReadFile(filepath.Join(out, "report.json"))
	if err != nil {
		t.Fatal(err)
	}
	_, stderr := rentree(t, exitUsage, "-out", out, "-size", "61", "-resume")
	if !strings.Contains(stderr, "another season") {
		t.Errorf("another cohort is refused with %q", stderr)
	}
	config := filepath.Join(dir, "config.json")
	if err := os.WriteFile(config, []byte(`{"uai":"0511296G","year":2026,"ines":{"reference":true,"endpoint":"https://ines.invalid/"}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	rentree(t, exitUsage, "-students", filepath.Join(out, "students.csv"), "-config", config, "-out", out, "-resume")
	_, stderr = rentree(t, exitUsage, "-students", filepath.Join(out, "students.csv"), "-config", config, "-out", out, "-dry-run")
	if !strings.Contains(stderr, "another season") {
		t.Errorf("a dry run that would look at the memory of another service is refused with %q", stderr)
	}
	rentree(t, exitDone, "-out", out, "-size", "60", "-dry-run")
	after, err := os.ReadFile(filepath.Join(out, "report.json"))
	if err != nil || !bytes.Equal(before, after) {
		t.Errorf("a dry run wrote over the results of a real one: %v", err)
	}
	if got := readTotals(t, filepath.Join(out, "dry-run")); !got.DryRun {
		t.Errorf("the dry run says %+v", got)
	}
}

// TestSystems plays the season on the fakes of the student systems.
func TestSystems(t *testing.T) {
	t.Parallel()
	for _, source := range []string{"apogee", "pegase"} {
		out := filepath.Join(t.TempDir(), source)
		rentreeAny(t, "-source", source, "-size", "120", "-out", out)
		got := readTotals(t, out)
		got.adds(t)
		if got.Students < 100 || got.INES[campaign.Definitive] == 0 || got.Fake.Created == 0 || got.Fake.Twice != 0 {
			t.Errorf("%s: %+v", source, got)
		}
		_, err := os.Stat(filepath.Join(out, "written-back.csv"))
		if taken := source == "pegase"; taken != (err != nil) {
			t.Errorf("%s: the numbers go to a file (%v) or to the system itself", source, err)
		}
		rentreeAny(t, "-source", source, "-size", "120", "-out", out, "-resume")
		if again := readTotals(t, out); again.Fake.Created != got.Fake.Created {
			t.Errorf("%s: %d numbers created, %d after resuming", source, got.Fake.Created, again.Fake.Created)
		}
	}
}

// rentreeAny runs the program, whose base holds records that no system reads.
func rentreeAny(t *testing.T, args ...string) {
	t.Helper()
	var out, diag bytes.Buffer
	if got := run(t.Context(), args, &out, &diag); got != exitDone && got != exitPart {
		t.Fatalf("rentree %s: exit code %d\n%s", strings.Join(args, " "), got, diag.String())
	}
}

// TestDuplicates gives each record of a doubled reference its own line.
func TestDuplicates(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	base := filepath.Join(dir, "base.csv")
	rows := "student;ine;birth_name;given_name_1;sex;birth_date;birth_commune\n" +
		"1;;Lefèvre;Zoé;F;2007-03-01;67482\n" +
		"1;223456789HE;Lefèvre;Zoé;F;2007-03-01;67482\n"
	if err := os.WriteFile(base, []byte(rows), 0o600); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(dir, "out")
	rentree(t, exitDone, "-students", base, "-out", out)
	all := outcomes(t, out)
	if all[stepINES]["csv:1"].Outcome != "definitive" || all[stepINES]["csv:1 line 2"].Outcome != "duplicate" || len(all[stepINE]) != 2 {
		t.Errorf("outcomes %v", all)
	}
	if got := readTotals(t, out); got.Fake.Registrations != 0 {
		t.Errorf("%d registrations of a student who has a number", got.Fake.Registrations)
	}
}

// checkStay looks at the incoming student: everything was agreed, once changed and
// approved again, and the results came home.
func checkStay(t *testing.T, out string, all map[string]map[string]line) {
	t.Helper()
	l := all[stepMobility]["mobility:"+incomerID]
	if l.Outcome != "completed" || !strings.Contains(l.Detail, "birth dates same; names differ by 0+0") || len(all[stepMobility]) != 1 {
		t.Errorf("the incoming student: %+v", l)
	}
	var timeline []struct {
		Step, Stage string
		Times       int
	}
	data, err := os.ReadFile(filepath.Join(out, "mobility", "timeline.json"))
	if err != nil || json.Unmarshal(data, &timeline) != nil || len(timeline) != 12 {
		t.Fatalf("timeline: %v, %s", err, data)
	}
	for _, m := range timeline {
		if m.Stage != "done" || (m.Times == 2) != (m.Step == "course-choice" || m.Step == "referent-approval") {
			t.Errorf("timeline: %+v", m)
		}
	}
	if l := all[stepEWP]["mobility:"+incomerID]; l.Outcome != "exchanged" || strings.Count(l.Detail, ";") != 6 || !strings.HasSuffix(l.Detail, "came back with 7.5 credits") {
		t.Errorf("Erasmus Without Paper: %+v", l)
	}
	for name, want := range map[string]string{
		"ewp.txt":         "its change is approved by both",
		"supplement.html": "Licence Informatique", "transcoded.html": "Universiteit Voorbeeld", "received.xml": "VAN DER VOORBEELD", "indicators.csv": "double-degree",
		"demands.json": "learning-agreement",
	} {
		data, err := os.ReadFile(filepath.Join(out, "mobility", name))
		if name == "indicators.csv" {
			want = "full-year;uni-voorbeeld.example;NL"
		}
		if err != nil || !strings.Contains(string(data), want) {
			t.Errorf("mobility/%s: %v, or nothing about %q in it", name, err, want)
		}
	}
}

// checkDesk looks at what the enrolment desk brought: every student was seen, the
// Crous were asked about the declared ones, and nobody is said not to hold a grant.
func checkDesk(t *testing.T, out string, got totals, all map[string]map[string]line) {
	t.Helper()
	if len(all[stepCVEC]) != 600 || got.Desk == nil {
		t.Fatalf("%d certificates were looked at; want 600", len(all[stepCVEC]))
	}
	want := map[string]int{"holder": 75, "wait": 3}
	for verdict, n := range want {
		if got.Desk.Grants[verdict] < n {
			t.Errorf("AGLAE says %v; want %d %s or more", got.Desk.Grants, n, verdict)
		}
	}
	for ref, l := range all[stepGrant] {
		switch l.Outcome {
		case "holder", "wait", "unavailable":
		default:
			t.Errorf("%s: %q: the connector has no such answer", ref, l.Outcome)
		}
		if paper := strings.HasPrefix(l.Detail, "paper"); paper == (l.Outcome == "holder") {
			t.Errorf("%s: %s, %s", ref, l.Outcome, l.Detail)
		}
	}
	if n := got.Desk.CVEC; n["valid"] < 560 || n["not-found"] != 6 || n["other-person"] != 6 {
		t.Errorf("certificates: %v", n)
	}
	reports := got.Desk.Reports
	if reports["numbers"]["mistyped"] != 1 || reports["undeclared"]["undeclared"] != 1 || reports["undeclared"]["unenrolled"] != 0 || reports["unconfirmed"]["not_asked"] != 0 {
		t.Errorf("controls: %v", reports)
	}
	for _, name := range []string{"numbers", "conditional", "unconfirmed", "undeclared", "detections", "crous"} {
		info, err := os.Stat(filepath.Join(out, "grants", name+".csv"))
		if err != nil || info.Size() == 0 || info.Mode().Perm() != 0o600 {
			t.Errorf("grants/%s.csv: %v, %v", name, info, err)
		}
	}
}

// TestRealPegase points -config at a Pégase and an INES of their own: first dry, then
// with a cap on what is created.
func TestRealPegase(t *testing.T) {
	t.Setenv("RENTREE_PEGASE_PASSWORD", "")
	pegase, err := pegasetest.Listen(pegasetest.Config{Seed: 3, Population: 60})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pegase.Close)
	client := pegase.ClientConfig()
	service, err := inestest.New(inestest.Config{})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewTLSServer(service.Handler())
	t.Cleanup(server.Close)
	dir := t.TempDir()
	endpoints, err := json.Marshal(client.Endpoints)
	if err != nil {
		t.Fatal(err)
	}
	config := `{"uai":"0511296G","year":2026,"pegase":{"endpoints":` + string(endpoints) + `,"username":"` + client.Username + `","password":{"env":"RENTREE_PEGASE_PASSWORD"}},
		"ines":{"reference":true,"tls":{"ca":"ca.pem"},"endpoint":"` + server.URL + inestest.PathSOAP + `"},"campaign":{"max_register":3}}`
	for name, content := range map[string]string{
		"config.json": config, "ca.pem": string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	args := []string{"-source", "pegase", "-config", filepath.Join(dir, "config.json"), "-out", filepath.Join(dir, "out")}
	if _, stderr := rentree(t, exitUsage, args...); !strings.Contains(stderr, "pegase.password") || !strings.Contains(stderr, "RENTREE_PEGASE_PASSWORD") {
		t.Errorf("without its password: %q; want the field and the variable", stderr)
	}
	t.Setenv("RENTREE_PEGASE_PASSWORD", client.Password)
	rentree(t, exitDone, append(args, "-dry-run")...)
	if n := len(service.Created()); n != 0 {
		t.Errorf("a dry run created %d numbers", n)
	}
	rentree(t, exitPart, append(args, "-resume")...)
	got := readTotals(t, filepath.Join(dir, "out"))
	got.adds(t)
	if n := len(service.Created()); n > 3 || n == 0 || got.INES[campaign.Held] == 0 || got.Students != 60 {
		t.Errorf("%d numbers were created of %v; want 1 to 3, and others held back by the cap", n, got.INES)
	}
}

// TestNoSuchColumn: a column that is none is a mistake of the configuration, also where
// it only shows when the base is opened.
func TestNoSuchColumn(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, content := range map[string]string{
		"config.json": `{"uai":"0511296G","year":2026,"csv":{"columns":{"colour":"COULEUR"}},"ines":{"reference":true,"endpoint":"https://ines.invalid/"}}`,
		"base.csv":    "COULEUR\nbleu\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	_, stderr := rentree(t, exitUsage, "-students", filepath.Join(dir, "base.csv"), "-config", filepath.Join(dir, "config.json"), "-dry-run", "-out", filepath.Join(dir, "out"))
	if !strings.Contains(stderr, "columns.colour") {
		t.Errorf("%q; want the name of the column", stderr)
	}
}

// TestSampleConfig keeps the sample readable.
func TestSampleConfig(t *testing.T) {
	t.Parallel()
	c, err := readConfig("config.sample.json", "csv")
	if err != nil {
		t.Fatal(err)
	}
	if c.CSV == nil || c.Apogee == nil || c.Pegase == nil || c.INES == nil || c.Campaign.MaxRegister != 10 {
		t.Errorf("the sample shows %+v; want every section and a cap of ten", c)
	}
	if _, err := table.NewCSV("sample", nil, *c.CSV); err != nil {
		t.Error(err)
	}
}
