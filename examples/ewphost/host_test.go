package main

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"encoding/json"
	"encoding/pem"
	"encoding/xml"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/passerelle-sup/passerelle/ewp"
	"github.com/passerelle-sup/passerelle/ewp/discovery"
	"github.com/passerelle-sup/passerelle/ewp/echo"
	"github.com/passerelle-sup/passerelle/ewp/httpsig"
	"github.com/passerelle-sup/passerelle/internal/testutil"
)

// From keys to calls in both directions, as the help tells it.
func TestTwoHosts(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.publish(t)
	ready, log, stop := m.serve(t, hostConfig)
	if ready.Hosts != 2 || !slices.Contains(ready.Paths, "/echo") || !slices.Contains(ready.Paths, "/file") || !slices.IsSorted(ready.Paths) {
		t.Errorf("ready: %+v, want two hosts in the catalogue, and the paths of the sample, echo and file among them", ready)
	}
	m.serve(t, partnerConfig)
	agreement, err := os.ReadFile("sample/data/file/uni-beispiel.example/5f0c2d1e-agreement.pdf")
	if err != nil {
		t.Fatal(err)
	}
	call := func(config, hei string, args ...string) []string {
		return append([]string{"call", "-config", m.path(config), "-hei", hei}, args...)
	}
	const host, partner = "univ-exemple.example", "uni-beispiel.example"
	const private = "confidential value"
	for name, test := range map[string]struct {
		args       []string
		code       int
		out        string // whole; of an echo, the values
		diagnostic string
	}{
		"echo":          {call(partnerConfig, host, "-api", "echo", "-param", "echo="+private, "-param", "echo=b", "-param", "echo="+private), exitDone, private + "|b|" + private, "signed:  yes"},
		"echo, reverse": {call(hostConfig, partner, "-api", "echo", "-param", "echo=x=y"), exitDone, "x=y", "version: 2.0.1"},
		"encrypted":     {call(hostConfig, partner, "-api", "echo", "-param", "echo=c", "-gcm"), exitDone, "c", "signed:  yes"},
		"file":          {call(partnerConfig, host, "-api", "file", "-param", "file_id=5f0c2d1e-agreement"), exitDone, string(agreement), "status:  200"},
		"not its file":  {call(hostConfig, host, "-api", "file", "-param", "file_id=5f0c2d1e-agreement"), exitRefused, "", "partner: there is nothing"},
		"path as file":  {call(partnerConfig, host, "-api", "file", "-param", "file_id=../uni-beispiel.example/5f0c2d1e-agreement"), exitRefused, "", "404"},
		"no parameter":  {call(partnerConfig, host, "-api", "file"), exitRefused, "", "file_id"},
		"no such API":   {call(hostConfig, partner, "-api", "iias", "-endpoint", "get"), exitFailed, "", "no host of this institution declares this API"},
		"no such HEI":   {call(hostConfig, "nobody.example", "-api", "echo"), exitFailed, "", "no host of the catalogue covers this institution"},
		"no document":   {call(hostConfig, partner, "-api", "omobilities", "-endpoint", "update"), exitUsage, "", "document"},
	} {
		code, out, diag := m.run(t, test.args...)
		if code != test.code || !strings.Contains(diag, test.diagnostic) {
			t.Errorf("%s: exit code %d, want %d and %q:\n%s", name, code, test.code, test.diagnostic, diag)
		}
		if code == exitDone && slices.Contains(test.args, "echo") {
			var answer echo.Response
			if err := xml.Unmarshal([]byte(out), &answer); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			caller := host
			if slices.Contains(test.args, host) {
				caller = partner
			}
			if !slices.Equal(answer.HEIs, []ewp.HEIID{ewp.MustParseHEIID(caller)}) {
				t.Errorf("%s: taken for %v, want %s", name, answer.HEIs, caller)
			}
			out = strings.Join(answer.Echo, "|")
		}
		if out != test.out {
			t.Errorf("%s: standard output is %q, want %q", name, out, test.out)
		}
	}
	stop()
	for _, secret := range []string{private, "confidential", "5f0c2d1e"} {
		if strings.Contains(log.String(), secret) {
			t.Errorf("the log repeats a parameter (%q):\n%s", secret, log)
		}
	}
	if want := "caller=" + partner; !strings.Contains(log.String(), want) {
		t.Errorf("the log does not tell who called (%q):\n%s", want, log)
	}
}

// A host that signs with another key than its manifest promised is not believed.
func TestForgedAnswer(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.publish(t)
	m.must(t, "keygen", "-out", m.path("forged"))
	m.edit(t, hostConfig, func(text string) string { return strings.Replace(text, "keys/server.key", "forged/server.key", 1) })
	m.serve(t, hostConfig)
	code, out, diag := m.run(t, "call", "-config", m.path(partnerConfig), "-hei", "univ-exemple.example", "-api", "echo")
	if code != exitRefused || out != "" || !strings.Contains(diag, "key") {
		t.Errorf("exit code %d, want %d and nothing of the answer:\n%s%s", code, exitRefused, out, diag)
	}
}

// The manifest that is served is the one that is printed, before there is a catalogue
// too, and the registry would take it.
func TestManifest(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	printed, _ := m.must(t, "manifest", "-config", m.path(partnerConfig))
	ready, _, _ := m.serve(t, partnerConfig)
	if ready.Hosts != 0 {
		t.Errorf("%d hosts, want a host without catalogue", ready.Hosts)
	}
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}
	defer client.CloseIdleConnections()
	response, err := client.Get(ready.Manifest)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	served, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	testutil.Equal(t, "manifest", string(served), printed)

	manifest, dropped, err := discovery.Read(bytes.NewReader(served))
	if err != nil || len(dropped) > 0 {
		t.Fatal(err, dropped)
	}
	if refused := manifest.Check(discovery.Against{}).Refused; len(refused) > 0 {
		t.Errorf("the registry would refuse %v", refused)
	}
	address, _ := manifest.APIs[0].Value("url")
	testutil.Equal(t, "URL", []string{manifest.URL, address}, []string{ready.Manifest, strings.TrimSuffix(ready.Manifest, "manifest.xml") + "echo"})
	testutil.Equal(t, "security", manifest.APIs[0].Security, gcmSecurity)
	testutil.Equal(t, "keys", []int{len(manifest.ClientKeys), len(manifest.ServerKeys)}, []int{1, 1})

	response, err = client.Post(ready.Manifest, "text/plain", nil)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if response.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("POST of the manifest: %s", response.Status)
	}
	// Without a catalogue nobody can be let in.
	response, err = client.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if response.StatusCode != http.StatusUnauthorized {
		t.Errorf("unsigned call: %s, want 401", response.Status)
	}
}

func TestKeygen(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	before, err := os.ReadFile(m.path("keys/server.key"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(m.path("keys/client.key")); err != nil {
		t.Fatal(err)
	}
	code, out, diag := m.run(t, "keygen", "-out", m.path("keys"))
	if code != exitFailed || out != "" || !strings.Contains(diag, "server.key is there already") {
		t.Errorf("exit code %d, want %d:\n%s%s", code, exitFailed, out, diag)
	}
	after, err := os.ReadFile(m.path("keys/server.key"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(m.path("keys/client.key")); err == nil || !bytes.Equal(before, after) {
		t.Error("keygen changed a folder that has keys")
	}
	for _, name := range []string{"keys/server.key", "keys/tls.key"} {
		info, err := os.Stat(m.path(name))
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%s: mode %v, want it for its owner alone", name, info.Mode())
		}
	}
	out, _ = m.must(t, "keygen", "-bits", "3072", "-out", m.path("long"))
	var first written
	if err := json.Unmarshal([]byte(strings.SplitN(out, "\n", 2)[0]), &first); err != nil {
		t.Fatal(err)
	}
	key, err := readKey(first.File)
	if err != nil {
		t.Fatal(err)
	}
	public, err := ewp.NewPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	testutil.Equal(t, "fingerprint", first.Fingerprint, public.Fingerprint().String())
	testutil.Equal(t, "bits", key.N.BitLen(), 3072)
}

// The catalogue of a registry over https, and its copy when the registry is away; a
// third host plays the portal to which failures are reported.
func TestRegistryAndReports(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	// The partner's configuration, as that of the portal, in a folder of its own data.
	m.edit(t, partnerConfig, func(text string) string {
		return strings.NewReplacer("uni-beispiel.example", "stats.erasmuswithoutpaper.eu", `"data": "data"`, `"data": "portal"`,
			`"echo": {"gcm": true}`, `"monitoring": {}`).Replace(text)
	})
	m.publish(t)
	catalogue, err := os.ReadFile(m.path("catalogue.xml"))
	if err != nil {
		t.Fatal(err)
	}
	registry := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.Write(catalogue) }))
	defer registry.Close()
	m.write(t, "registry.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: registry.Certificate().Raw})))
	m.edit(t, hostConfig, func(text string) string {
		return strings.NewReplacer(`"tls_roots": [`, `"copies": "copies", "tls_roots": ["registry.pem", `, `"catalogue.xml"`, `"`+registry.URL+`"`).Replace(text)
	})
	ready, log, stop := m.serve(t, hostConfig)
	if ready.Hosts != 2 {
		stop()
		t.Fatalf("ready: %+v, want the two hosts of the registry's catalogue\n%s", ready, log)
	}
	m.serve(t, partnerConfig)
	m.must(t, "call", "-config", m.path(hostConfig), "-hei", "univ-exemple.example", "-api", "echo")
	registry.Close()

	code, out, diag := m.run(t, "call", "-report", "-config", m.path(hostConfig), "-hei", "univ-exemple.example", "-api", "file", "-param", "file_id=confidential")
	for _, want := range []string{"the copy of the catalogue is used", "404", "reported: this failure of univ-exemple.example"} {
		if code != exitRefused || out != "" || !strings.Contains(diag, want) {
			t.Fatalf("exit code %d, want %d and %q:\n%s%s", code, exitRefused, want, out, diag)
		}
	}
	data, err := os.ReadFile(m.path("portal/monitoring/reports.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	var got reported
	if err := json.Unmarshal(data, &got); err != nil {
		t.Fatalf("%v: %s", err, data)
	}
	want := reported{Time: got.Time, Reporter: "univ-exemple.example", HEI: "univ-exemple.example", API: "file", Status: 404, ServerMessage: got.ServerMessage, ClientMessage: got.ClientMessage}
	testutil.Equal(t, "report", got, want)
	if got.ServerMessage == "" || got.ClientMessage == "" || time.Since(got.Time) > time.Minute || strings.Contains(string(data), "confidential") {
		t.Errorf("report: %s, want what both sides said, now, and no parameter", data)
	}
}

// A request whose last byte is on its way when the host is interrupted is answered.
func TestGracefulStop(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.publish(t)
	ready, log, stop := m.serve(t, hostConfig)
	head, last := m.signed(t, ready, "echo=bonjour")
	conn, err := tls.Dial("tcp", ready.Listening, &tls.Config{InsecureSkipVerify: true})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.Write(head); err != nil {
		t.Fatal(err)
	}
	// The host sends this when it begins to read the body.
	answers := bufio.NewReader(conn)
	interim, err := http.ReadResponse(answers, nil)
	if err != nil || interim.StatusCode != http.StatusContinue {
		t.Fatal(interim, err)
	}
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		stop()
	}()
	for start := time.Now(); ; time.Sleep(10 * time.Millisecond) { // until nobody else is let in
		c, err := net.Dial("tcp", ready.Listening)
		if err != nil {
			break
		}
		c.Close()
		if time.Since(start) > 10*time.Second {
			t.Fatal("interrupted, and still listening")
		}
	}
	if _, err := conn.Write(last); err != nil {
		t.Fatal(err)
	}
	response, err := http.ReadResponse(answers, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK || !bytes.Contains(body, []byte("<echo>bonjour</echo>")) {
		t.Errorf("%s, %q, %v; want the echo", response.Status, body, err)
	}
	<-stopped
	if strings.Contains(log.String(), "level=WARN") || strings.Contains(log.String(), "level=ERROR") {
		t.Errorf("the log complains:\n%s", log)
	}
}

// signed returns a request of the partner as it goes over the wire, but for the last
// byte of its body, and that byte.
func (m *machine) signed(t *testing.T, host listening, body string) (head, last []byte) {
	t.Helper()
	key, err := readKey(m.path("partner-keys/client.key"))
	if err != nil {
		t.Fatal(err)
	}
	signer, err := httpsig.NewSigner(httpsig.SignerConfig{Key: key})
	if err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequest(http.MethodPost, strings.Replace(host.Manifest, manifestPath, "/echo", 1), strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Expect", "100-continue")
	if err := signer.SignRequest(r); err != nil {
		t.Fatal(err)
	}
	var wire bytes.Buffer
	if err := r.Write(&wire); err != nil {
		t.Fatal(err)
	}
	end := wire.Len() - 1
	return wire.Bytes()[:end], wire.Bytes()[end:]
}
