package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/passerelle-sup/passerelle/internal/testutil"
)

// program is the built program, in a folder of its own.
var program struct {
	sync.Once
	dir, path string
	err       error
}

func TestMain(m *testing.M) {
	code := m.Run()
	if program.dir != "" {
		os.RemoveAll(program.dir)
	}
	os.Exit(code)
}

// build returns the path of the program.
func build(t *testing.T) string {
	t.Helper()
	compiler := testutil.Program(t, "go")
	program.Do(func() {
		program.dir, program.err = os.MkdirTemp("", "ewphost")
		if program.err != nil {
			return
		}
		program.path = filepath.Join(program.dir, "ewphost")
		if out, err := exec.Command(compiler, "build", "-o", program.path, ".").CombinedOutput(); err != nil {
			program.err = fmt.Errorf("%w: %s", err, out)
		}
	})
	if program.err != nil {
		t.Fatal(program.err)
	}
	return program.path
}

// machine is a folder with a copy of the sample, on ports that are free.
type machine struct{ dir, program string }

// The two configurations of the sample.
const (
	hostConfig    = "config.json"
	partnerConfig = "partner.json"
)

func newMachine(t *testing.T) *machine {
	t.Helper()
	m := &machine{t.TempDir(), build(t)}
	if err := os.CopyFS(m.dir, os.DirFS("sample")); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{hostConfig, partnerConfig} {
		port := freePort(t)
		m.edit(t, name, func(text string) string { return regexp.MustCompile(`844\d`).ReplaceAllString(text, port) })
	}
	m.must(t, "keygen", "-out", m.path("keys"))
	m.must(t, "keygen", "-out", m.path("partner-keys"))
	return m
}

func (m *machine) path(name string) string { return filepath.Join(m.dir, name) }

func (m *machine) edit(t *testing.T, name string, change func(string) string) {
	t.Helper()
	data, err := os.ReadFile(m.path(name))
	if err != nil {
		t.Fatal(err)
	}
	m.write(t, name, change(string(data)))
}

func (m *machine) write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(m.path(name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// run runs the program to its end.
func (m *machine) run(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, diag bytes.Buffer
	cmd := exec.CommandContext(t.Context(), m.program, args...)
	cmd.Stdout, cmd.Stderr = &out, &diag
	err := cmd.Run()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return exit.ExitCode(), out.String(), diag.String()
	} else if err != nil {
		t.Fatal(err)
	}
	return 0, out.String(), diag.String()
}

// must runs the program, which must succeed.
func (m *machine) must(t *testing.T, args ...string) (stdout, stderr string) {
	t.Helper()
	code, stdout, stderr := m.run(t, args...)
	if code != exitDone {
		t.Fatalf("ewphost %s: exit code %d\n%s", strings.Join(args, " "), code, stderr)
	}
	return stdout, stderr
}

// publish writes the catalogue of both hosts.
func (m *machine) publish(t *testing.T) {
	t.Helper()
	for name, config := range map[string]string{"host.xml": hostConfig, "partner.xml": partnerConfig} {
		manifest, _ := m.must(t, "manifest", "-config", m.path(config))
		m.write(t, name, manifest)
	}
	catalogue, _ := m.must(t, "catalogue", m.path("host.xml"), m.path("partner.xml"))
	m.write(t, "catalogue.xml", catalogue)
}

// serve starts a host, which is stopped when the test ends: it must then end well.
func (m *machine) serve(t *testing.T, config string) (ready listening, log *bytes.Buffer, stop func()) {
	t.Helper()
	log = new(bytes.Buffer)
	cmd := exec.Command(m.program, "serve", "-v", "-config", m.path(config))
	cmd.Stderr = log
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	stop = sync.OnceFunc(func() {
		if err := cmd.Process.Signal(os.Interrupt); err != nil {
			t.Error(err)
		}
		timer := time.AfterFunc(30*time.Second, func() { cmd.Process.Kill() })
		defer timer.Stop()
		if err := cmd.Wait(); err != nil {
			t.Errorf("interrupted: %v\n%s", err, log)
		}
	})
	t.Cleanup(stop)
	line, err := bufio.NewReader(out).ReadBytes('\n')
	if err != nil {
		t.Fatalf("the host said nothing: %v", err)
	}
	if err := json.Unmarshal(line, &ready); err != nil {
		t.Fatalf("%v: %s", err, line)
	}
	return ready, log, stop
}

func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return port
}
