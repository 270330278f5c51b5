package main

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/passerelle-sup/passerelle/ewp"
)

// start runs the program in this process.
func start(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, diag bytes.Buffer
	code = run(t.Context(), args, &out, &diag)
	return code, out.String(), diag.String()
}

func TestHelp(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"-h"}, {"--help"}, {"help"}, {"serve", "-h"}, {"call", "-config", "x", "-h"}, {"catalogue", "-h"}} {
		if code, stdout, stderr := start(t, args...); code != exitDone || stdout != help || stderr != "" {
			t.Errorf("ewphost %v: exit code %d, %d bytes, %q; want the help", args, code, len(stdout), stderr)
		}
	}
	for name := range commands {
		if !strings.Contains(help, "ewphost "+name) {
			t.Errorf("the help does not tell of %q", name)
		}
	}
	for line := range strings.SplitSeq(help, "\n") {
		if len([]rune(line)) > 100 {
			t.Errorf("a line is too long for a terminal: %q", line)
		}
	}
}

func TestUsage(t *testing.T) {
	t.Parallel()
	tests := [...]struct {
		args []string
		want string
	}{
		0:  {nil, "a command is missing"},
		1:  {[]string{"start"}, `no such command: "start"`},
		2:  {[]string{"keygen"}, "-out is missing"},
		3:  {[]string{"keygen", "-out", "x", "-bits", "1024"}, "2048"},
		4:  {[]string{"keygen", "-out", "x", "y"}, "one argument too many"},
		5:  {[]string{"manifest"}, "-config is missing"},
		6:  {[]string{"catalogue"}, "files of manifests"},
		7:  {[]string{"serve"}, "-config is missing"},
		8:  {[]string{"serve", "-config", "x", "-port", "1"}, "-port"},
		9:  {[]string{"call", "-config", "x", "-hei", "h"}, "-api is missing"},
		10: {[]string{"call", "-config", "x", "-hei", "a b", "-api", "echo"}, "-hei"},
		11: {[]string{"call", "-config", "x", "-hei", "h", "-api", "ech"}, `no such API: "ech"`},
		12: {[]string{"call", "-config", "x", "-hei", "h", "-api", "iias"}, "get, index, stats"},
		13: {[]string{"call", "-config", "x", "-hei", "h", "-api", "echo", "-endpoint", "get"}, "one address"},
		14: {[]string{"call", "-config", "x", "-hei", "h", "-api", "echo", "-param", "echo"}, "NAME=VALUE"},
	}
	for i, test := range tests {
		code, stdout, stderr := start(t, test.args...)
		if code != exitUsage || stdout != "" || !strings.Contains(stderr, test.want) || !strings.Contains(stderr, "ewphost -h") {
			t.Errorf("%d: ewphost %v: exit code %d, %q, %q; want usage and %q", i, test.args, code, stdout, stderr, test.want)
		}
	}
}

// Every fault of a configuration is told, each on a line with its field.
func TestConfigFaults(t *testing.T) {
	t.Parallel()
	tests := [...]struct {
		text string
		want []string // of each line of standard error
	}{
		0: {`{`, []string{"unexpected EOF"}},
		1: {`{"hei": "x"}`, []string{`unknown field "hei"`}},
		2: {`{"hei_id": "a b"}`, []string{"HEI id"}},
		3: {`{} {}`, []string{"want one JSON object"}},
		4: {`{"apis": {"echo": {"max": "x"}}}`, []string{"max: want a whole number"}},
		5: {`{"apis": {"echo": {"gcm": 1}}}`, []string{"gcm: want true or false"}},
		8: {`{"apis": {"echo": {"anonymous": "yes"}}}`, []string{"anonymous: want true or false"}},
		6: {`{}`, []string{"hei_id", "names", "listen", "tls_cert", "tls_key", "client_keys", "server_keys", "catalogue", "data", "admin_email", "admin_provider", "apis", "base_url"}},
		7: {
			`{"hei_id": "u.example", "names": {"": "U"}, "base_url": "https://u.example/", "listen": "8443", "tls_cert": "c", "tls_key": "k",
				"client_keys": ["k"], "server_keys": ["k"], "catalogue": "http://c/", "data": "d", "admin_email": "a@u.example", "admin_provider": "p",
				"apis": {"discovery": {}, "echo": {"max-iia-ids": 1}, "unheard-of": {}}}`,
			[]string{"base_url", "catalogue", "listen", "apis.discovery", "apis.echo.max-iia-ids", "apis.unheard-of"},
		},
	}
	for i, test := range tests {
		name := filepath.Join(t.TempDir(), "config.json")
		if err := os.WriteFile(name, []byte(test.text), 0o600); err != nil {
			t.Fatal(err)
		}
		code, stdout, stderr := start(t, "manifest", "-config", name)
		if code != exitFailed || stdout != "" {
			t.Errorf("%d: exit code %d, %q", i, code, stdout)
		}
		lines := strings.Split(strings.TrimSuffix(stderr, "\n"), "\n")
		if len(lines) != len(test.want) {
			t.Errorf("%d: %d faults, want %d:\n%s", i, len(lines), len(test.want), stderr)
			continue
		}
		for j, want := range test.want {
			if !strings.HasPrefix(lines[j], "ewphost: "+name) || !strings.Contains(lines[j], want) {
				t.Errorf("%d: line %q, want the file and %q", i, lines[j], want)
			}
		}
	}
}

// What is missing or wrong on disk is named.
func TestFiles(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.write(t, "text.pem", "no PEM")
	for i, test := range [...]struct{ old, new, want string }{
		0: {"keys/server.key", "keys/absent.key", "absent.key"},
		1: {"keys/server.key", "text.pem", "text.pem: want a private key in PEM"},
		2: {"keys/server.key", "keys/tls.pem", `found "CERTIFICATE"`},
		3: {"keys/server.key", "keys/tls.key", "RSA keys only"},
		4: {"keys/client.key", "keys/tls.key", "RSA keys only"},
	} {
		data, err := os.ReadFile(m.path(hostConfig))
		if err != nil {
			t.Fatal(err)
		}
		m.write(t, "changed.json", strings.Replace(string(data), test.old, test.new, 1))
		code, stdout, stderr := start(t, "manifest", "-config", m.path("changed.json"))
		if code != exitFailed || stdout != "" || !strings.Contains(stderr, test.want) {
			t.Errorf("%d: exit code %d, %q, %q; want %q", i, code, stdout, stderr, test.want)
		}
	}
	for i, test := range [...]struct {
		args []string
		want string
	}{
		0: {[]string{"serve", "-config", m.path("absent.json")}, "absent.json"},
		1: {[]string{"catalogue", m.path("text.pem")}, "text.pem"},
		2: {[]string{"call", "-config", m.path(hostConfig), "-hei", "h", "-api", "echo"}, "catalogue"},
	} {
		code, stdout, stderr := start(t, test.args...)
		if code != exitFailed || stdout != "" || !strings.Contains(stderr, test.want) {
			t.Errorf("%d: exit code %d, %q, %q; want %q", i, code, stdout, stderr, test.want)
		}
	}
}

// Every API that can be configured has its name from the network, and the folder of
// the sample tells of its data.
func TestServices(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile("sample/data/README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range serviceNames() {
		if api, ok := ewp.ParseAPI(name); !ok || services[api] == nil {
			t.Errorf("%q is no API that can be served", name)
		}
		if !strings.Contains(string(readme), "`"+name) {
			t.Errorf("sample/data/README.md does not tell of %q", name)
		}
	}
	if names := serviceNames(); !slices.IsSorted(names) || !slices.Contains(names, "echo") {
		t.Errorf("names: %v, want echo among them, sorted", names)
	}
}
