package site_test

import (
	"encoding/pem"
	"errors"
	"log/slog"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/passerelle-sup/passerelle"
	"github.com/passerelle-sup/passerelle/adapters/apogee/apogeetest"
	"github.com/passerelle-sup/passerelle/adapters/pegase/pegasetest"
	"github.com/passerelle-sup/passerelle/adapters/site"
	"github.com/passerelle-sup/passerelle/ines"
	"github.com/passerelle-sup/passerelle/ines/inestest"
	"github.com/passerelle-sup/passerelle/internal/testutil"
	"github.com/passerelle-sup/passerelle/sis"
	"github.com/passerelle-sup/passerelle/transport"
)

const head = `{"uai":"0511296G","year":2026,`

// TestFaults: every fault is told, by its path, and all at once.
func TestFaults(t *testing.T) {
	t.Parallel()
	for i, c := range []struct {
		text   string
		fields string
	}{
		0:  {`{}`, "uai, year"},
		1:  {head + `"lang":"de"}`, "lang"},
		2:  {head + `"ines":{}}`, "ines"},
		3:  {head + `"ines":{"reference":true,"username":"u"}}`, "ines.endpoint, ines.password"},
		4:  {head + `"ines":{"reference":true,"wsdl":"w","security":"x","endpoint":"e","password":{"env":"A","file":"b"},"tls":{"client_cert":"c"}}}`, "ines, ines.security, ines.password, ines.tls.client_cert"},
		5:  {head + `"sql":{}}`, "sql.driver, sql.mapping, sql.dsn"},
		6:  {head + `"apogee":{}}`, "apogee"},
		7:  {head + `"apogee":{"url":"u","dsn":{"env":"X"},"username":"a","header":"h"}}`, "apogee, apogee.password, apogee.header_key"},
		8:  {head + `"apogee":{"url":"u"}}`, "apogee.steps"},
		9:  {head + `"pegase":{}}`, "pegase.tenant, pegase.username, pegase.password"},
		10: {head + `"particulier":{}}`, "particulier.base_url, particulier.recipient, particulier.token"},
		11: {head + `"supdata":{"per_second":-1}}`, "supdata.base_url, supdata.per_second, supdata.key"},
		12: {head + `"router":{}}`, "router.environment, router.pic, router.token"},
		13: {head + `"ewp":{}}`, "ewp.catalogue"},
		15: {head + `"aglae":{"reference":true},"cvec":{"per_second":-1}}`, "aglae.endpoint, cvec.base_url, cvec.per_second"},
		14: {head + `"hei":"univ-exemple.fr"}`, ""},
		16: {head + `"hei":"nulle part","campaign":{"max_register":-2,"stop_percent":101,"settle_after_days":-1,"parallel":-1}}`,
			"hei, campaign.max_register, campaign.stop_percent, campaign.settle_after_days, campaign.parallel"},
		17: {head + `"campaign":{"max_register":-1,"stop_percent":-1}}`, ""},
		18: {head + `"ewp":{"catalogue":"http://registry.example/catalogue.xml"}}`, "ewp.catalogue"},
		19: {head + `"ewp":{"catalogue":"catalogue.xml"}}`, ""},
	} {
		_, err := site.Decode(strings.NewReader(c.text), "")
		faults, _ := errors.AsType[passerelle.FieldErrors](err)
		var fields []string
		for _, f := range faults {
			fields = append(fields, f.Field)
		}
		if got := strings.Join(fields, ", "); got != c.fields || (err == nil) != (c.fields == "") {
			t.Errorf("%d: %s: faults of %q (%v), want %q", i, c.text, got, err, c.fields)
		}
	}
	for i, c := range []struct{ text, want string }{
		0: {head + `"uia":"x"}`, "uia"}, 1: {head, "JSON"}, 2: {`{"uai":7}`, "uai"}, 3: {head + `"hei":""} x`, "nothing after"},
		4: {`{"uai":"` + strings.Repeat("x", 1<<20) + `"}`, "1 MiB"}, 5: {head + `"particulier":{"recipient":"123"}}`, "a SIRET: 14 digits"},
	} {
		_, err := site.Decode(strings.NewReader(c.text), "")
		fault, ok := errors.AsType[*passerelle.ParseError](err)
		if !ok || !strings.Contains(fault.Want, c.want) {
			t.Errorf("%d: %v, want a ParseError that names %q", i, err, c.want)
		}
	}
}

// TestSecrets: a secret comes from where the file says, and its absence is told
// by place, never by value.
func TestSecrets(t *testing.T) {
	dir := t.TempDir()
	write := func(name, content string, mode os.FileMode) {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), mode); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, mode); err != nil { // whatever the umask
			t.Fatal(err)
		}
	}
	write("key", "  s3cr3t\n", 0o600)
	write("empty", "\n", 0o600)
	write("open", "s3cr3t", 0o666)
	write("long", strings.Repeat("x", 65<<10), 0o600)
	t.Setenv("SITE_TEST_KEY", "s3cr3t")
	t.Setenv("SITE_TEST_EMPTY", "")
	for i, c := range []struct{ place, fault string }{
		0: {`{"env":"SITE_TEST_KEY"}`, ""},
		1: {`{"file":"key"}`, ""},
		2: {`{"env":"SITE_TEST_EMPTY"}`, "SITE_TEST_EMPTY"},
		3: {`{"file":"empty"}`, "file empty"},
		4: {`{"file":"open"}`, "its owner alone"},
		5: {`{"file":"long"}`, "64 KiB"},
		6: {`{"file":"absent"}`, "no such file"},
	} {
		cfg, err := site.Decode(strings.NewReader(head+`"supdata":{"base_url":"https://supdata.invalid/api","key":`+c.place+`}}`), dir)
		if err != nil {
			t.Fatal(err)
		}
		_, err = cfg.OpenSUPDATA(transport.Config{})
		secret, failed := errors.AsType[*site.SecretError](err)
		switch {
		case c.fault == "" && err != nil:
			t.Errorf("%d: %v", i, err)
		case c.fault != "" && (!failed || secret.Field != "supdata.key" || !strings.Contains(err.Error(), c.fault) || !errors.Is(err, passerelle.ErrInvalid)):
			t.Errorf("%d: %v, want a SecretError of supdata.key that says %q", i, err, c.fault)
		case err != nil && strings.Contains(err.Error(), "s3cr3t"):
			t.Errorf("%d: the error shows the secret: %v", i, err)
		}
		if line := slog.AnyValue(cfg.SUPDATA.Key).Resolve().String(); strings.Contains(line, "s3cr3t") || line == "" {
			t.Errorf("%d: the place is logged as %q", i, line)
		}
	}
}

// TestDSN: a data source name that its driver cannot read is not repeated, and one
// that it can read is told by what went wrong.
func TestDSN(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "queries.json"), []byte(`{"dialect":"oracle","required":["student"],"queries":{"students":"SELECT '1' AS student FROM DUAL"}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg := decode(t, head+`"apogee":{"dsn":{"env":"SITE_TEST_DSN"}},"sql":{"driver":"oracle","dsn":{"env":"SITE_TEST_DSN"},"mapping":"queries.json"}}`, dir)
	for i, c := range []struct {
		dsn  string
		form bool
	}{
		0: {"oracle://scott:s3%cr3t@127.0.0.1:1/svc", true}, 1: {"oracle://scott:s3/cr3t@127.0.0.1:1/svc", true}, 2: {"oracle://sc ott:s3cr3t@127.0.0.1:1/svc", true},
		3: {"oracle://scott:s3cr3t@127.0.0.1:1/svc", false},
	} {
		t.Setenv("SITE_TEST_DSN", c.dsn)
		_, _, apogee := cfg.OpenApogee(t.Context(), transport.Config{})
		_, sql := cfg.OpenSQL(t.Context())
		for field, err := range map[string]error{"apogee.dsn": apogee, "sql.dsn": sql} {
			faults, isForm := errors.AsType[passerelle.FieldErrors](err)
			if err == nil || isForm != c.form || isForm && faults[0].Field != field || strings.Contains(err.Error(), "cr3t") {
				t.Errorf("%d: %s: %v; want a fault of the form %v, without the password", i, field, err, c.form)
			}
		}
	}
	if err := cfg.CheckSecret(cfg.SQL.DSN, "sql.dsn"); err != nil {
		t.Errorf("a secret that is there: %v", err)
	}
	t.Setenv("SITE_TEST_DSN", "")
	if missing, ok := errors.AsType[*site.SecretError](cfg.CheckSecret(cfg.SQL.DSN, "sql.dsn")); !ok || missing.Field != "sql.dsn" {
		t.Errorf("a secret that is not there: %v", missing)
	}
}

func decode(t *testing.T, text, dir string) *site.Config {
	t.Helper()
	cfg, err := site.Decode(strings.NewReader(text), dir)
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

func count(t *testing.T, src sis.Source) int {
	t.Helper()
	n := 0
	for _, err := range src.Students(t.Context(), sis.Query{}) {
		if err != nil {
			t.Fatal(err)
		}
		n++
	}
	return n
}

// TestINES calls a register over TLS with a digest account, as the file says.
func TestINES(t *testing.T) {
	dir := t.TempDir()
	service, err := inestest.New(inestest.Config{Account: ines.Credentials{Username: "univ", Password: "s3cr3t"}})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewTLSServer(service.Handler())
	t.Cleanup(server.Close)
	if err := os.WriteFile(filepath.Join(dir, "ca.pem"), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("SITE_TEST_INES", "s3cr3t")
	for i, security := range []string{0: "basic", 1: "token", 2: "digest"} {
		cfg := decode(t, head+`"ines":{"reference":true,"endpoint":"`+server.URL+inestest.PathSOAP+`","username":"univ","password":{"env":"SITE_TEST_INES"},
			"security":"`+security+`","tls":{"ca":"ca.pem"}}}`, dir)
		client, err := cfg.OpenINES(transport.Config{}, false)
		if err != nil {
			t.Fatal(err)
		}
		person := passerelle.Person{BirthName: "LEFÈVRE", GivenNames: [3]string{"ZOÉ"}, Sex: passerelle.SexFemale, BirthDate: passerelle.NewDate(2007, 3, 1),
			Birthplace: passerelle.Birthplace{Commune: "67482"}}
		answer, err := client.Search(t.Context(), ines.SearchRequest{Person: person})
		if err != nil || answer.Status != ines.StatusUnknown {
			t.Errorf("%d: %s account: %v, %v, want an answer that nobody is known", i, security, answer.Status, err)
		}
	}
	if _, err := decode(t, head+`"hei":""}`, dir).OpenINES(transport.Config{}, false); !errors.Is(err, passerelle.ErrInvalid) {
		t.Errorf("without the section: %v", err)
	}
	// A dry run needs no password, and a contract without its files is told by file.
	cfg := decode(t, head+`"ines":{"wsdl":"none.wsdl","mapping":"none.json","username":"u","password":{"env":"SITE_TEST_UNSET"}}}`, dir)
	if _, err := cfg.OpenINES(transport.Config{}, true); !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), "none.wsdl") {
		t.Errorf("a contract without its files: %v", err)
	}
}

// TestSystems reads the fakes of Pégase and Apogée's services, and a file, by a
// configuration alone.
func TestSystems(t *testing.T) {
	dir := t.TempDir()
	tenant, err := pegasetest.Listen(pegasetest.Config{Seed: 1, Population: 40})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(tenant.Close)
	e := tenant.ClientConfig()
	t.Setenv("SITE_TEST_PEGASE", e.Password)
	cfg := decode(t, head+`"pegase":{"tenant":"univ-exemple","endpoints":{"token":"`+e.Endpoints.Token+`","idt":"`+e.Endpoints.IDT+`","ins":"`+e.Endpoints.INS+`"},
		"username":"`+e.Username+`","password":{"env":"SITE_TEST_PEGASE"}}}`, dir)
	client, err := cfg.OpenPegase(transport.Config{})
	if err != nil {
		t.Fatal(err)
	}
	if n := count(t, client); n != 40 {
		t.Errorf("Pégase gives %d students, want 40", n)
	}
	if got, err := cfg.PegaseEndpoints(); err != nil || got.INS != e.Endpoints.INS || got.Gestion != "https://ins.univ-exemple.pc-scol.fr/api/v5/ins" {
		t.Errorf("addresses %+v, %v: want those of the file, and the tenant's for the others", got, err)
	}

	school, err := apogeetest.New(apogeetest.Config{Seed: 1, Students: 40})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { school.Close() })
	services := httptest.NewServer(school.Handler())
	t.Cleanup(services.Close)
	if err := os.WriteFile(filepath.Join(dir, "communes.csv"), []byte(apogeetest.CommunesCSV()), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg = decode(t, head+`"apogee":{"url":"`+services.URL+`/services","components":["UF0","UF1"],"communes":"communes.csv"}}`, dir)
	src, closer, err := cfg.OpenApogee(t.Context(), transport.Config{})
	if err != nil || closer != nil {
		t.Fatal(closer, err)
	}
	if n := count(t, src); n == 0 || n > 40 {
		t.Errorf("Apogée's services give %d students, want some of 40", n)
	}

	t.Setenv("SITE_TEST_DSN", "file:"+filepath.Join(dir, "school.db"))
	mapping := `{"dialect":"sqlite","required":["student"],"queries":{"students":"SELECT '1' AS student UNION SELECT '2'"}}`
	if err := os.WriteFile(filepath.Join(dir, "queries.json"), []byte(mapping), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg = decode(t, head+`"sql":{"driver":"sqlite","dsn":{"env":"SITE_TEST_DSN"},"mapping":"queries.json"},"csv":{"required":["student"],"dates":["DD.MM.YYYY"]}}`, dir)
	base, err := cfg.OpenSQL(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if n := count(t, base); n != 2 {
		t.Errorf("the base gives %d students, want 2", n)
	}
	if err := base.Close(); err != nil {
		t.Error(err)
	}
	file := filepath.Join(dir, "base.csv")
	if err := os.WriteFile(file, []byte("student;birth_date\n1;28.02.2007\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	table, err := cfg.OpenCSV(file)
	if err != nil {
		t.Fatal(err)
	}
	for s, err := range table.Students(t.Context(), sis.Query{}) {
		testutil.Equal(t, "birth date", s.Person.BirthDate, passerelle.NewDate(2007, 2, 28))
		if err != nil {
			t.Error(err)
		}
	}
}
