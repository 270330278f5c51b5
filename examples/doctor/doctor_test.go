package main

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/passerelle-sup/passerelle/adapters/apogee/apogeetest"
	"github.com/passerelle-sup/passerelle/adapters/pegase/pegasetest"
	"github.com/passerelle-sup/passerelle/aglae/aglaetest"
	"github.com/passerelle-sup/passerelle/cvec/cvectest"
	"github.com/passerelle-sup/passerelle/esc/esctest"
	"github.com/passerelle-sup/passerelle/esc/router"
	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ines"
	"github.com/passerelle-sup/passerelle/ines/inestest"
	"github.com/passerelle-sup/passerelle/particulier/particuliertest"
	"github.com/passerelle-sup/passerelle/supdata/supdatatest"
)

// examine runs the program on a configuration and returns state and detail of each
// check, by "service check".
func examine(t *testing.T, want int, dir, config string, args ...string) (map[string]finding, string) {
	t.Helper()
	path := filepath.Join(dir, "config.json")
	if err := os.WriteFile(path, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	var out, diag bytes.Buffer
	if got := run(t.Context(), append([]string{"-config", path}, args...), &out, &diag); got != want {
		t.Errorf("exit code %d; want %d\n%s%s", got, want, out.String(), diag.String())
	}
	found := map[string]finding{}
	for line := range strings.Lines(out.String()) {
		var f finding
		if err := json.Unmarshal([]byte(line), &f); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		if f.OK != (f.State != stateFault) || f.State == stateFault && f.Fix == "" {
			t.Errorf("%s: ok goes with the state, and a fault says what to do", line)
		}
		found[f.Service+" "+f.Check] = f
	}
	return found, diag.String()
}

const establishment = `{"uai":"0511296G","year":2026,"hei":"univ-exemple.fr"`

// wants compares the states of some checks.
func wants(t *testing.T, found map[string]finding, states map[string]string) {
	t.Helper()
	for check, state := range states {
		if f, ok := found[check]; !ok || f.State != state {
			t.Errorf("%s is %q (%s); want %s", check, f.State, f.Detail, state)
		}
	}
}

// listen starts a server over TLS and writes its certificate as ca.pem.
func listen(t *testing.T, dir string, h http.Handler) string {
	t.Helper()
	s := httptest.NewUnstartedServer(h)
	s.Config.ErrorLog = nil
	s.StartTLS()
	t.Cleanup(s.Close)
	writeFile(t, dir, "ca.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})))
	return s.URL
}

func writeFile(t *testing.T, dir, name, content string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestHealthy: nothing is wrong with an establishment on good fakes, but what a fake is.
func TestHealthy(t *testing.T) {
	dir := t.TempDir()
	tenant, err := pegasetest.Listen(pegasetest.Config{Seed: 1, Population: 20})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(tenant.Close)
	pegase := tenant.ClientConfig()
	endpoints, err := json.Marshal(pegase.Endpoints)
	if err != nil {
		t.Fatal(err)
	}
	school, err := apogeetest.New(apogeetest.Config{Seed: 1, Students: 20})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { school.Close() })
	services := httptest.NewServer(school.Handler())
	t.Cleanup(services.Close)
	writeFile(t, dir, "communes.csv", apogeetest.CommunesCSV())
	register, err := inestest.New(inestest.Config{Account: ines.Credentials{Username: "univ", Password: "s3cr3t"}})
	if err != nil {
		t.Fatal(err)
	}
	address := listen(t, dir, register.Handler())
	api := particuliertest.NewServer(t, particuliertest.Config{})
	feed := supdatatest.NewServer(t, supdatatest.Config{Store: supdatatest.Sandbox()})
	cards, err := esctest.NewRouter(esctest.RouterConfig{Organisations: []router.Organisation{{PIC: "999465982", Token: "s3cr3t"}}})
	if err != nil {
		t.Fatal(err)
	}
	cardServer := esctest.NewServer(cards)
	t.Cleanup(cardServer.Close)
	crous := aglaetest.NewServer(t, aglaetest.Config{})
	contribution := cvectest.NewServer(t, cvectest.Config{})
	for name, value := range map[string]string{
		"DOCTOR_PEGASE": pegase.Password, "DOCTOR_INES": "s3cr3t", "DOCTOR_API": particuliertest.TestToken, "DOCTOR_SUPDATA": supdatatest.TestKey, "DOCTOR_ROUTER": "s3cr3t",
	} {
		t.Setenv(name, value)
	}
	config := establishment + `,
		"pegase":{"endpoints":` + string(endpoints) + `,"username":"` + pegase.Username + `","password":{"env":"DOCTOR_PEGASE"}},
		"apogee":{"url":"` + services.URL + `/services","components":["UF0"],"communes":"communes.csv"},
		"ines":{"reference":true,"endpoint":"` + address + inestest.PathSOAP + `","username":"univ","password":{"env":"DOCTOR_INES"},"tls":{"ca":"ca.pem"}},
		"particulier":{"base_url":"` + api.URL + `","recipient":"13002526500013","token":{"env":"DOCTOR_API"},"tls":{"ca":"ca.pem"}},
		"supdata":{"base_url":"` + feed.URL + `","key":{"env":"DOCTOR_SUPDATA"}},
		"aglae":{"reference":true,"endpoint":"` + crous.URL + aglaetest.PathConnector + `"},
		"cvec":{"base_url":"` + contribution.URL + `"},
		"router":{"base_url":"` + cardServer.URL + `","pic":"999465982","token":{"env":"DOCTOR_ROUTER"}}}`
	found, diag := examine(t, exitFault, dir, config)
	wants(t, found, map[string]string{
		"pegase address token": stateOK, "pegase credentials": stateOK, "pegase token": stateOK,
		"apogee address": stateOK, "apogee services": stateOK,
		"ines contract": stateFault, // the invented one
		"ines address":  stateOK, "ines address certificate": stateOK, "ines address clock": stateOK, "ines account": stateOK,
		"particulier token": stateOK, "particulier pace": stateUnchecked,
		"supdata address": stateOK, "supdata key": stateUnchecked, "supdata codes": stateFault, // inferred
		"aglae contract": stateFault, "aglae account": stateOK, "cvec address": stateOK, "cvec verification": stateOK,
		"router address": stateOK, "router token": stateOK, "router token end": stateUnchecked,
	})
	if !strings.HasSuffix(diag, "3 faults.\n") {
		t.Errorf("people are told %q", diag)
	}
	if strings.Contains(diag, "s3cr3t") || len(register.Created()) != 0 {
		t.Errorf("a secret was shown, or somebody registered: %s", diag)
	}
	if n, m := cards.Counts(); n+m != 0 {
		t.Errorf("%d persons and %d cards were created", n, m)
	}

	// Wrong secrets, and what else goes wrong, one by one.
	for _, name := range []string{"DOCTOR_PEGASE", "DOCTOR_INES", "DOCTOR_API", "DOCTOR_ROUTER"} {
		t.Setenv(name, "wr0ng")
	}
	t.Setenv("DOCTOR_SUPDATA", "")
	found, diag = examine(t, exitFault, dir, strings.Replace(config, `,"tls":{"ca":"ca.pem"}`, "", 1) /* that of ines */)
	wants(t, found, map[string]string{
		"pegase credentials": stateFault, "ines address": stateFault, "particulier token": stateFault, "supdata secret": stateFault, "router token": stateFault,
	})
	if !strings.Contains(found["ines address"].Detail, "does not trust") || !strings.Contains(found["supdata secret"].Detail, "DOCTOR_SUPDATA") || strings.Contains(diag, "wr0ng") {
		t.Errorf("the findings do not say what is wrong, or show a secret:\n%s", diag)
	}
	found, _ = examine(t, exitFault, dir, config, "-only", "ines")
	wants(t, found, map[string]string{"ines account": stateFault})
	for check := range found {
		if !strings.HasPrefix(check, "ines ") {
			t.Errorf("-only ines checks %s", check)
		}
	}
	cards.Change(func(c *esctest.RouterConfig) { c.Unlisted = true })
	t.Setenv("DOCTOR_ROUTER", "s3cr3t")
	found, _ = examine(t, exitFault, dir, config, "-only", "router")
	if f := found["router token"]; f.State != stateFault || !strings.Contains(f.Fix, "address") && !strings.Contains(f.Detail, "address") {
		t.Errorf("an address that the router does not know: %+v", f)
	}
	found, _ = examine(t, exitDone, dir, config, "-only", " router ", "-offline")
	wants(t, found, map[string]string{"router address": stateUnchecked})
	cards.Requests() // forgets those so far
	examine(t, exitFault, dir, config, "-only", "router,ines", "-offline")
	if n := len(cards.Requests()); n != 0 {
		t.Errorf("-offline calls the router %d times", n)
	}
}

// TestNothingClaimed: what was not seen is not called good.
func TestNothingClaimed(t *testing.T) {
	dir := t.TempDir()
	nowhere := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(nowhere.Close)
	tenant, err := pegasetest.Listen(pegasetest.Config{Seed: 1, Population: 20, Now: func() time.Time { return time.Now().Add(-2 * time.Hour) }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(tenant.Close)
	pegase := tenant.ClientConfig()
	endpoints, err := json.Marshal(pegase.Endpoints)
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("DOCTOR_PEGASE", pegase.Password)
	t.Setenv("DOCTOR_UNSET", "")
	t.Setenv("DOCTOR_DSN", "oracle://scott:s3%cr3t@127.0.0.1:1/svc")
	writeFile(t, dir, "queries.json", `{"dialect":"oracle","required":["student"],"queries":{"students":"SELECT '1' AS student FROM DUAL"}}`)
	for i, c := range []struct {
		config string
		args   []string
		exit   int
		states map[string]string
	}{
		0: {`"apogee":{"url":"` + nowhere.URL + `/services","components":["UF0"]}`, nil, exitFault, map[string]string{"apogee address": stateOK, "apogee services": stateFault}},
		1: {`"pegase":{"endpoints":` + string(endpoints) + `,"username":"` + pegase.Username + `","password":{"env":"DOCTOR_PEGASE"}}`, nil, exitFault,
			map[string]string{"pegase credentials": stateOK, "pegase token": stateFault}},
		2: {`"ines":{"reference":true,"endpoint":"` + nowhere.URL + `","username":"u","password":{"env":"DOCTOR_UNSET"}}`, []string{"-offline"}, exitFault, map[string]string{"ines secret": stateFault}},
		3: {`"aglae":{"reference":true,"endpoint":"` + nowhere.URL + `","username":"u","password":{"env":"DOCTOR_UNSET"}}`, []string{"-offline"}, exitFault, map[string]string{"aglae secret": stateFault}},
		4: {`"sql":{"driver":"oracle","dsn":{"env":"DOCTOR_UNSET"},"mapping":"queries.json"}`, []string{"-offline"}, exitFault, map[string]string{"sql secret": stateFault}},
		5: {`"sql":{"driver":"oracle","dsn":{"env":"DOCTOR_DSN"},"mapping":"queries.json"}`, []string{"-offline"}, exitDone, map[string]string{"sql base": stateUnchecked}},
		6: {`"sql":{"driver":"oracle","dsn":{"env":"DOCTOR_DSN"},"mapping":"queries.json"},"apogee":{"dsn":{"env":"DOCTOR_DSN"}}`, nil, exitFault, map[string]string{"sql base": stateFault, "apogee base": stateFault}},
		7: {`"apogee":{"dsn":{"env":"DOCTOR_UNSET"},"communes":"c"}`, []string{"-offline"}, exitFault, map[string]string{"apogee secret": stateFault}},
		8: {`"cvec":{"base_url":"` + nowhere.URL + `"}`, nil, exitFault, map[string]string{"cvec address": stateOK, "cvec verification": stateFault}},
		9: {`"ewp":{"catalogue":"none.xml"}`, []string{"-only", "ewp,cvec"}, exitUsage, nil},
	} {
		found, diag := examine(t, c.exit, dir, establishment+","+c.config+"}", c.args...)
		wants(t, found, c.states)
		if strings.Contains(diag, "cr3t") {
			t.Errorf("%d: a secret is shown: %s", i, diag)
		}
		if t.Failed() {
			t.Fatalf("case %d", i)
		}
	}
}

// TestNetwork: what is wrong on the way is told, and what to do.
func TestNetwork(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("DOCTOR_KEY", "s3cr3t")
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	refused := closed.Addr().String()
	closed.Close()
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { silent.Close() })
	late := listen(t, dir, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Date", time.Now().Add(-time.Hour).UTC().Format(http.TimeFormat))
	}))
	for i, c := range []struct{ address, check, detail string }{
		0: {"https://" + refused + "/api", "address", "no connection"},
		1: {"https://" + silent.Addr().String() + "/api", "address", "no answer in time"},
		2: {"http://supdata.example/api", "address", "not https"},
		3: {"supdata", "address", "no http(s) URL"},
		4: {"https://user:s3cr3t@supdata.example/", "configuration", ""},
		5: {late, "address clock", "1h0m"},
		6: {"https://name.invalid/api", "address", "not known"},
	} {
		found, diag := examine(t, exitFault, dir, establishment+`,"supdata":{"base_url":"`+c.address+`","key":{"env":"DOCTOR_KEY"},"tls":{"ca":"ca.pem"}}}`, "-timeout", "300ms")
		f, ok := found["supdata "+c.check]
		if i >= 2 && i <= 4 { // the client itself may refuse the address before it is called
			if f2, refused := found["supdata configuration"]; refused {
				f, ok = f2, true
				c.detail = ""
			}
		}
		if !ok || f.State != stateFault || !strings.Contains(f.Detail, c.detail) {
			t.Errorf("%d: %s: %+v, want a fault that says %q\n%s", i, c.address, f, c.detail, diag)
		}
		if strings.Contains(diag, "s3cr3t") {
			t.Errorf("%d: a secret is shown: %s", i, diag)
		}
	}
}

// TestEWP: the place of an institution in the catalogue, and what is wrong with it.
func TestEWP(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	weak, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	for name, k := range map[string]*rsa.PrivateKey{"own.key": key, "weak.key": weak} {
		writeFile(t, dir, name, string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(k)})))
	}
	writeFile(t, dir, "open.key", string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})))
	if err := os.Chmod(filepath.Join(dir, "open.key"), 0o644); err != nil {
		t.Fatal(err)
	}
	public, err := ewp.NewPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	iias := fmt.Sprintf(`<iias xmlns="%s" version="7.0.0"><get-url>https://%%s.example/iias/get</get-url></iias>`, ewp.IIAs.Namespace())
	host := func(name string) string {
		return `<host><ewp:admin-email>ewp@` + name + `.example</ewp:admin-email><apis-implemented>` + fmt.Sprintf(iias, name) + `</apis-implemented>
			<institutions-covered><hei-id>univ-exemple.fr</hei-id></institutions-covered>
			<client-credentials-in-use><rsa-public-key sha-256="` + public.Fingerprint().String() + `"/></client-credentials-in-use></host>`
	}
	catalogue := func(hosts ...string) string {
		return `<?xml version="1.0"?><catalogue xmlns="` + ewp.NamespaceRegistry + `" xmlns:ewp="` + ewp.NamespaceCommon + `">` + strings.Join(hosts, "") +
			`<institutions><hei id="univ-exemple.fr"><name>Université Exemple</name></hei></institutions>
			<binaries><rsa-public-key sha-256="` + public.Fingerprint().String() + `">` + public.String() + `</rsa-public-key></binaries></catalogue>`
	}
	writeFile(t, dir, "good.xml", catalogue(host("a")))
	writeFile(t, dir, "two.xml", catalogue(host("a"), host("b")))
	writeFile(t, dir, "none.xml", strings.ReplaceAll(catalogue(host("a")), "univ-exemple.fr", "univ-autre.fr"))
	writeFile(t, dir, "bare.xml", regexp.MustCompile(`(?s)<iias.*</iias>`).ReplaceAllString(catalogue(host("a")), ""))
	writeFile(t, dir, "broken.xml", "<catalogue>")
	for i, c := range []struct {
		config string
		exit   int
		states map[string]string
	}{
		0: {`"catalogue":"good.xml","client_keys":["own.key"]`, exitDone, map[string]string{
			"ewp catalogue": stateOK, "ewp institution": stateOK, "ewp apis": stateOK, "ewp client keys": stateOK, "ewp client keys in the catalogue": stateOK}},
		1:  {`"catalogue":"good.xml","server_keys":["own.key"]`, exitFault, map[string]string{"ewp server keys": stateOK, "ewp server keys in the catalogue": stateFault}},
		2:  {`"catalogue":"good.xml","client_keys":["weak.key"]`, exitFault, map[string]string{"ewp client keys": stateFault}},
		3:  {`"catalogue":"good.xml","client_keys":["absent.key"]`, exitFault, map[string]string{"ewp client keys": stateFault}},
		10: {`"catalogue":"good.xml","client_keys":["open.key"]`, exitFault, map[string]string{"ewp client keys": stateFault}},
		4:  {`"catalogue":"two.xml"`, exitFault, map[string]string{"ewp api iias": stateFault, "ewp institution": stateOK}},
		8: {`"catalogue":"bare.xml"`, exitFault, map[string]string{
			"ewp apis": stateFault, "ewp client keys": stateUnchecked, "ewp server keys": stateUnchecked, "ewp manifest": stateUnchecked}},
		9: {`"catalogue":"good.xml","manifest_url":"https://a.example/manifest.xml"`, exitFault, map[string]string{"ewp apis": stateOK, "ewp manifest address": stateFault}},
		5: {`"catalogue":"none.xml"`, exitFault, map[string]string{"ewp institution": stateFault}},
		6: {`"catalogue":"broken.xml"`, exitFault, map[string]string{"ewp catalogue": stateFault}},
		7: {`"catalogue":"missing.xml"`, exitFault, map[string]string{"ewp catalogue": stateFault}},
	} {
		found, _ := examine(t, c.exit, dir, establishment+`,"ewp":{`+c.config+`}}`)
		wants(t, found, c.states)
		if t.Failed() {
			t.Fatalf("case %d", i)
		}
	}
}

// TestUsage: wrong flags and files are told, with the exit code for it.
func TestUsage(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	writeFile(t, dir, "bad.json", `{"uai":"x"}`)
	writeFile(t, dir, "nothing.json", establishment+`}`)
	for i, c := range []struct {
		code int
		args []string
		want string
	}{
		0: {exitUsage, nil, "-config"},
		1: {exitUsage, []string{"-config", filepath.Join(dir, "bad.json")}, "year"},
		2: {exitFail, []string{"-config", filepath.Join(dir, "absent.json")}, "absent.json"},
		3: {exitUsage, []string{"-config", filepath.Join(dir, "nothing.json")}, "no service"},
		4: {exitUsage, []string{"-config", "x", "-only", "scodoc"}, "pegase"},
		8: {exitUsage, []string{"-config", filepath.Join(dir, "nothing.json"), "-only", "ines"}, "-only names ines"},
		5: {exitUsage, []string{"-config", "x", "-timeout", "0s"}, "20s"},
		6: {exitUsage, []string{"x"}, "no arguments"},
		7: {exitDone, []string{"-h"}, "without creating anything"},
	} {
		var out, diag bytes.Buffer
		if got := run(t.Context(), c.args, &out, &diag); got != c.code || !strings.Contains(diag.String(), c.want) || out.Len() != 0 {
			t.Errorf("%d: exit code %d, says %q; want %d and %q", i, got, diag.String(), c.code, c.want)
		}
	}
}
