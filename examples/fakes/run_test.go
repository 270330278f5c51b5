package main

import (
	"bytes"
	"context"
	"encoding/json"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestUsage(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	for i, c := range []struct {
		args []string
		code int
		says string
	}{
		0: {[]string{"-h"}, exitDone, "Exit codes:"},
		1: {[]string{"-listen", "0.0.0.0:8400"}, exitUsage, "loopback"},
		2: {[]string{"-listen", "example.org:8400"}, exitUsage, "loopback"},
		3: {[]string{"-listen", "127.0.0.1"}, exitUsage, "address and a port"},
		4: {[]string{"-listen", "127.0.0.1:65535"}, exitUsage, "want a port"},
		5: {[]string{"-faults", "wild"}, exitUsage, "none, mild or harsh"},
		6: {[]string{"-population", "-1"}, exitUsage, "-population"},
		7: {[]string{"now"}, exitUsage, "one argument too many"},
		8: {[]string{"-colour"}, exitUsage, "-colour"},
		9: {[]string{"-listen", taken.Addr().String(), "-population", "3"}, exitFailed, "address already in use"},
	} {
		ctx, cancel := context.WithCancel(t.Context())
		cancel() // whatever starts ends at once
		var out bytes.Buffer
		if code := run(ctx, c.args, &out, &out); code != c.code || !strings.Contains(out.String(), c.says) {
			t.Errorf("%d: %v ends with %d and says %q; want %d and %q", i, c.args, code, out.String(), c.code, c.says)
		}
	}
}

// TestPorts: with a port, every service that has a place has the port of its place.
func TestPorts(t *testing.T) {
	t.Parallel()
	h := &house{options: options{listen: "127.0.0.1:8400"}}
	probe, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	free := probe.Addr().(*net.TCPAddr).Port
	if err := probe.Close(); err != nil {
		t.Fatal(err)
	}
	h.listen = (&net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: free - 2}).String()
	h.fakes = []*fake{{name: "one"}}
	address, err := h.serve(http.NotFoundHandler())
	if err != nil {
		t.Skipf("port %d was taken meanwhile: %v", free, err)
	}
	defer h.close()
	if want := "http://" + probe.Addr().String(); address != want {
		t.Errorf("the second service is at %s; want %s", address, want)
	}
}

func TestHarshAndOut(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "files")
	lines := program(t, "-faults", "harsh", "-population", "12", "-out", dir)
	for name, line := range lines {
		for _, key := range []string{"ca", "client_key", "server_key"} {
			path, ok := line[key].(string)
			if !ok {
				continue
			}
			if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 || filepath.Dir(path) != dir {
				t.Errorf("%s: %s = %s: %v", name, key, path, err)
			}
		}
	}
	control := lines["control"]["url"].(string)
	for _, name := range []string{"ines", "supdata", "aglae", "particulier", "cnous", "cvec", "router"} {
		var p panel
		if err := json.Unmarshal([]byte(body(t, control+"/"+name+"/faults", nil)), &p); err != nil {
			t.Fatal(err)
		}
		sum := 0.0
		for _, share := range p.Shares {
			sum += share
		}
		if sum < 0.2 || sum > 1 {
			t.Errorf("%s: on a harsh day %.2f of the requests meet trouble", name, sum)
		}
	}
}

// TestOwnOnly: no web page reaches the control, whatever name it gives to this machine.
func TestOwnOnly(t *testing.T) {
	t.Parallel()
	h := &house{options: options{listen: "127.0.0.1:0"}, clock: &clock{}}
	control, err := h.listenControl()
	if err != nil {
		t.Fatal(err)
	}
	defer h.close()
	_, port, _ := strings.Cut(strings.TrimPrefix(control.URL, "http://"), ":")
	for i, c := range []struct {
		host, origin string
		ok           bool
	}{
		0: {"127.0.0.1:" + port, "", true},
		1: {"localhost:" + port, "http://localhost:" + port, true},
		2: {"site.example:" + port, "", false},
		3: {"127.0.0.1", "", false},
		4: {"127.0.0.1:1", "", false},
		5: {"127.0.0.1:" + port, "https://site.example", false},
		6: {"127.0.0.1:" + port, "null", false},
		7: {"127.0.0.1:" + port, "http://127.0.0.1:1", false},
		8: {"127.0.0.1.site.example:" + port, "", false},
	} {
		got := body(t, control.URL+"/clock", func(r *http.Request) {
			r.Host = c.host
			if c.origin != "" {
				r.Header.Set("Origin", c.origin)
			}
		})
		if strings.Contains(got, "now") != c.ok {
			t.Errorf("%d: Host %q, Origin %q: %s", i, c.host, c.origin, got)
		}
	}
}

// body is what a GET answers.
func body(t *testing.T, url string, change func(*http.Request)) string {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	if change != nil {
		change(r)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var b bytes.Buffer
	if _, err := b.ReadFrom(resp.Body); err != nil {
		t.Fatal(err)
	}
	return b.String()
}
